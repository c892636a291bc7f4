//! What a person types.

pub mod agent;
pub mod dev;
pub mod doctor;
pub mod jobs;
pub mod migrate;
pub mod openapi;
pub mod parse_document;
pub mod retention;
pub mod rotate_keys;
pub mod serve;
pub mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Env;
use crate::{telemetry, tls};

/// The server of Avaaz, a voice tutor that you host yourself.
#[derive(Debug, Parser)]
#[command(name = "avaaz", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API and the web app, and the tutor of every conversation.
    Serve(serve::Arguments),
    /// Serves conversations only: as many of these as you like may share one database.
    Agent,
    /// Brings the database's schema up to this release.
    Migrate,
    /// Checks a deployment and says what to do about what is wrong.
    Doctor,
    /// Shows what the job queue holds, and what could not be done.
    Jobs(jobs::Arguments),
    /// Starts everything that is missing on this machine, and serves.
    Dev,
    /// Erases what is older than the configuration keeps it, as the server does once a day.
    Retention(retention::Arguments),
    /// Gives the words at rest a new key, while the server serves.
    RotateKeys(rotate_keys::Arguments),
    /// Prints the description of the HTTP API.
    Openapi,
    /// Reads one document; the server starts it.
    #[command(hide = true)]
    ParseDocument(parse_document::Arguments),
}

/// Does what was typed.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::ParseDocument(arguments) = arguments.command {
        // A process that reads what a stranger wrote has nothing else in it.
        return parse_document::main(arguments);
    }
    let env = Env::of_process();
    telemetry::start(&env);
    tls::install();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let done = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.command {
                Command::Serve(arguments) => serve::main(&env, arguments).await,
                Command::Agent => agent::main(&env).await,
                Command::Migrate => migrate::main(&env).await,
                Command::Doctor => doctor::main(&env).await,
                Command::Jobs(arguments) => jobs::main(&env, arguments).await,
                Command::Dev => dev::main(&env).await,
                Command::Retention(arguments) => retention::main(&env, arguments).await,
                Command::RotateKeys(arguments) => rotate_keys::main(&env, arguments).await,
                Command::Openapi => openapi::main(),
                Command::ParseDocument(_) => Ok(()),
            }
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("avaaz: {error:#}");
            ExitCode::FAILURE
        }
    }
}
