//! `avaaz serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::signals;
use crate::app::AppState;
use crate::auth;
use crate::clock::SystemClock;
use crate::config::{Config, Env};
use crate::conversations::sweeper;
use crate::{agent_runtime, database, http, jobs, metrics, web};
use avaaz_agent::shutdown::Shutdown;

/// What can be said after `serve`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Arguments {
    /// Leaves the conversations to `avaaz agent` processes.
    #[arg(long)]
    without_agent: bool,
}

/// Reads the configuration and serves until it is told to stop.
///
/// # Errors
/// A sentence about what is wrong.
pub async fn main(env: &Env, arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::read(env)?;
    serve(config, signals::shutdown()?, !arguments.without_agent).await
}

/// Serves until it is told to stop, and ends everything that it started.
///
/// # Errors
/// A sentence about a port or a key file.
pub async fn run(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    serve(config, shutdown, true).await
}

async fn serve(config: Config, shutdown: Shutdown, with_agent: bool) -> anyhow::Result<()> {
    let pool = database::pool(&config.database)?;
    let app = AppState::new(config, pool, Arc::new(SystemClock))?;
    let listener = listen(app.config.http.addr, "AVAAZ_HTTP_ADDR").await?;
    let web_listener = listen(app.config.http.web_addr, "AVAAZ_WEB_ADDR").await?;
    let runtime = if with_agent {
        let (pool, keys, livekit) = (app.pool.clone(), app.keys.clone(), app.livekit.clone());
        Some(agent_runtime::start(
            &app.config,
            pool,
            keys,
            livekit,
            &app.models,
        )?)
    } else {
        None
    };
    let tasks = TaskTracker::new();
    let stop = shutdown.begun_token();
    tasks.spawn(auth::purge::run(
        app.pool.clone(),
        app.clock.clone(),
        stop.clone(),
    ));
    tasks.spawn(metrics::upkeep(stop.clone()));
    tasks.spawn(forget_the_quiet(app.clone(), stop.clone()));
    tasks.spawn(sweeper::run(
        app.pool.clone(),
        app.keys.clone(),
        app.livekit.clone(),
        stop.clone(),
    ));
    tasks.spawn(jobs::run(jobs::all(), app.clone(), shutdown.clone()));
    let keys_are_needed = CancellationToken::new();
    let keys = app.keys.clone();
    let following = tokio::spawn(keys.follow(app.pool.clone(), keys_are_needed.clone()));
    let keys_are_needed = keys_are_needed.drop_guard();
    if let Some(runtime) = runtime {
        metrics::observe_agent(runtime.metrics());
        tasks.spawn(runtime.run(shutdown.clone()));
    }
    if app.config.demo
        && let Err(error) = auth::demo::ensure(&app.config, &app.pool, &app.passwords).await
    {
        tracing::warn!(%error, "there is no demo learner");
    }
    tracing::info!(addr = %listener.local_addr()?, "the API listens");
    let web_app = web::router(web::WebApp::of(&app.config));
    let served = tokio::try_join!(
        serve_http(listener, http::service(app.clone()), &shutdown),
        serve_http(web_listener, web_app, &shutdown),
    )
    .map(|((), ())| ());
    // Without a listener there is nothing left to do, whatever the reason.
    shutdown.begin();
    tasks.close();
    tasks.wait().await;
    tokio::select! {
        () = app.voices.close() => {}
        () = shutdown.is_cut() => {}
    }
    drop(keys_are_needed);
    let _ = following.await;
    app.pool.close().await;
    served
}

/// Binds a port, or says whose variable to change.
///
/// # Errors
/// When the port is taken.
pub async fn listen(addr: SocketAddr, variable: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr)
        .await
        .with_context(|| format!("{addr} cannot be listened on; free it, or set {variable}"))
}

/// Answers until the first step of the shutdown, then lets what was begun finish until the second.
///
/// # Errors
/// When the listener fails.
pub async fn serve_http(
    listener: TcpListener,
    router: Router,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let begun = shutdown.begun_token();
    let server = axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move { begun.cancelled().await });
    tokio::select! {
        served = server.into_future() => served.context("the listener failed"),
        () = shutdown.is_cut() => Ok(()),
    }
}

async fn forget_the_quiet(app: AppState, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => app.limits.forget_the_quiet(),
        }
    }
}
