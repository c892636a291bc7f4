//! `avaaz parse-document`: what the server starts to read a document. It is told everything, and reads no environment.

use std::process::ExitCode;

use avaaz_reader::{Kind, Limits, child};

/// What to read, and what that may take.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Arguments {
    /// What the document is.
    #[arg(long, value_parser = kind)]
    kind: Kind,
    /// What the process may allocate.
    #[arg(long)]
    memory_bytes: u64,
    /// How long it may take.
    #[arg(long)]
    seconds: u32,
}

/// Reads the document on the standard input.
#[must_use]
pub fn main(arguments: Arguments) -> ExitCode {
    let limits = Limits {
        memory_bytes: arguments.memory_bytes,
        seconds: arguments.seconds,
    };
    child::main(arguments.kind, limits)
}

fn kind(word: &str) -> Result<Kind, &'static str> {
    Kind::from_word(word).ok_or("there is no such kind of document")
}
