//! Whether the process lives, and whether everything around it does.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::config::RealtimeConfig;
use crate::livekit::LiveKit;
use crate::provider_check::ProviderCheck;

/// How long one check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer stands: whoever polls must not wear out what is polled.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// A provider may count what it is asked.
const PROVIDER_FRESH_FOR: Duration = Duration::from_secs(30);

/// Returns `/health`, `/healthz` and `/health/ready`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(live_too))
        .routes(routes!(ready))
}

/// The process lives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    status: &'static str,
    /// The release.
    version: &'static str,
}

/// Whether everything around the server is well.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReadyAnswer {
    /// `ok` when every check is.
    pub status: CheckStatus,
    /// Each by its name.
    pub checks: Checks,
}

/// What was checked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Checks {
    /// Postgres.
    pub database: Check,
    /// The voice server.
    pub livekit: Check,
    /// The realtime model service.
    pub provider: Check,
}

/// One check.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Check {
    /// How it is.
    pub status: CheckStatus,
    /// The same for people.
    pub detail: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It does what it should.
    Ok,
    /// It does not.
    Failed,
}

impl Check {
    /// It is well.
    #[must_use]
    pub fn ok(detail: impl Into<String>) -> Self {
        Self {
            status: CheckStatus::Ok,
            detail: detail.into(),
        }
    }

    /// It is not.
    #[must_use]
    pub fn failed(detail: impl Into<String>) -> Self {
        Self {
            status: CheckStatus::Failed,
            detail: detail.into(),
        }
    }

    fn is_ok(&self) -> bool {
        self.status == CheckStatus::Ok
    }
}

/// Asks everything around us, not too often.
#[derive(Debug)]
pub struct Readiness {
    pool: PgPool,
    livekit: Arc<LiveKit>,
    provider: ProviderCheck,
    last: Mutex<Option<(Instant, ReadyAnswer)>>,
    last_provider: Mutex<Option<(Instant, Check)>>,
}

impl Readiness {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(pool: PgPool, livekit: Arc<LiveKit>, realtime: &RealtimeConfig) -> Self {
        let provider = ProviderCheck::new(realtime);
        Self {
            pool,
            livekit,
            provider,
            last: Mutex::default(),
            last_provider: Mutex::default(),
        }
    }

    /// Returns how everything is. Many who ask at once share one answer.
    pub async fn check(&self) -> ReadyAnswer {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < FRESH_FOR
        {
            return answer.clone();
        }
        let (database, livekit, provider) =
            tokio::join!(self.database(), self.livekit(), self.provider());
        let all_ok = database.is_ok() && livekit.is_ok() && provider.is_ok();
        let status = if all_ok {
            CheckStatus::Ok
        } else {
            CheckStatus::Failed
        };
        let answer = ReadyAnswer {
            status,
            checks: Checks {
                database,
                livekit,
                provider,
            },
        };
        *last = Some((Instant::now(), answer.clone()));
        answer
    }

    async fn database(&self) -> Check {
        let version =
            sqlx::query_scalar!(r#"SELECT extversion FROM pg_extension WHERE extname = 'vector'"#);
        in_time(async {
            match version.fetch_optional(&self.pool).await {
                Ok(Some(version)) => Check::ok(format!("answers; pgvector {version}")),
                Ok(None) => Check::failed("has no pgvector: run `avaaz migrate`"),
                // The error itself could hold the address and its password.
                Err(_) => Check::failed("cannot be reached"),
            }
        })
        .await
    }

    async fn livekit(&self) -> Check {
        in_time(async {
            match Box::pin(self.livekit.check()).await {
                Ok(()) => Check::ok("answers and takes our keys"),
                Err(error) => {
                    tracing::debug!(%error, "LiveKit is not ready");
                    Check::failed("cannot be reached, or refuses our keys")
                }
            }
        })
        .await
    }

    async fn provider(&self) -> Check {
        let mut last = self.last_provider.lock().await;
        if let Some((at, check)) = &*last
            && check.is_ok()
            && at.elapsed() < PROVIDER_FRESH_FOR
        {
            return check.clone();
        }
        let check = in_time(self.provider.check()).await;
        *last = Some((Instant::now(), check.clone()));
        check
    }
}

async fn in_time(check: impl Future<Output = Check>) -> Check {
    timeout(CHECK_TIMEOUT, check).await.unwrap_or_else(|_| {
        Check::failed(format!(
            "does not answer within {} s",
            CHECK_TIMEOUT.as_secs()
        ))
    })
}

/// Says that the process lives. Touches nothing else.
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, body = Health)))]
async fn live() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The same as `/health`.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = Health)))]
async fn live_too() -> Json<Health> {
    live().await
}

/// Says whether the server can do its work.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "operation",
    responses((status = 200, body = ReadyAnswer), (status = 503, description = "Something is not well", body = ReadyAnswer))
)]
async fn ready(State(app): State<AppState>) -> (StatusCode, Json<ReadyAnswer>) {
    let answer = app.readiness.check().await;
    let status = if answer.status == CheckStatus::Ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(answer))
}
