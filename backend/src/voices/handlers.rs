//! `/api/v1/voices`

use avaaz_agent::realtime;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};

use super::answers::{SampleFile, VoiceAnswer, VoicesAnswer};
use super::samples::{SampleKey, Sampling};
use crate::app::AppState;
use crate::auth::Learner;
use crate::error::{ApiError, Problem};
use crate::sessions::domain::Settings;
use crate::sessions::store;
use crate::usage::domain::zone_of;

/// Returns the voices of the provider that serves the learner's next conversation: the one of their choice, else the server's.
///
/// # Errors
/// 503 `voice_unavailable` when the server has no provider at all.
#[utoipa::path(
    get,
    path = "/api/v1/voices",
    tag = "sessions",
    responses(
        (status = 200, body = VoicesAnswer),
        (status = 503, description = "`voice_unavailable`", body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn list(
    State(app): State<AppState>,
    learner: Learner,
) -> Result<Json<VoicesAnswer>, ApiError> {
    let session = store::get_or_create_default(&app.pool, learner.id).await?;
    let speaker = app.voices.serving(session.settings.provider);
    let speaker = speaker.ok_or_else(no_provider)?;
    let voices = speaker.provider.voices();
    let names = offered(&voices, &session.settings);
    Ok(Json(VoicesAnswer {
        provider: speaker.provider.name().to_owned(),
        items: names
            .into_iter()
            .map(|name| {
                let is_default = voices.default.as_ref() == Some(&name);
                VoiceAnswer::new(name, is_default)
            })
            .collect(),
    }))
}

/// Returns one sentence by a voice, in the language that the learner learns, as WAV. The provider says it when it is asked for the
/// first time; its cost is in the usage of whoever asked, and under the caps. It is kept for a while for everybody.
///
/// # Errors
/// 404 for a voice that is not in the list; 429 `rate_limited`, or `spending_cap_reached`; 503 `voice_unavailable`.
#[utoipa::path(
    get,
    path = "/api/v1/voices/{voice}/sample",
    tag = "sessions",
    params(("voice" = String, Path, description = "A voice's `id`")),
    responses(
        (status = 200, body = SampleFile, content_type = "audio/wav"),
        (status = 304, description = "Not changed since the `ETag` that the client has"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`, or `spending_cap_reached`: what may be spent today is spent", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`voice_unavailable`", body = Problem, content_type = "application/problem+json")
    )
)]
pub async fn sample(
    State(app): State<AppState>,
    learner: Learner,
    Path(voice): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let session = store::get_or_create_default(&app.pool, learner.id).await?;
    let speaker = app.voices.serving(session.settings.provider);
    let speaker = speaker.ok_or_else(no_provider)?;
    if !offered(&speaker.provider.voices(), &session.settings).contains(&voice) {
        return Err(ApiError::not_found());
    }
    let key = SampleKey::new(speaker, voice, session.settings.target_language);
    // The same address sounds different once another language or provider is chosen: browsers ask again each time.
    let caching = AppendHeaders([
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::ETAG, key.tag()),
    ]);
    if knows(&headers, &key.tag()) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    app.limits.voice_sample(learner.id)?;
    let sampling = Sampling {
        pool: app.pool.clone(),
        config: app.config.clone(),
        speaker: speaker.clone(),
        learner: learner.id,
        zone: zone_of(&learner.time_zone),
    };
    let wav = app.voices.samples.get(key, sampling).await?;
    Ok((caching, [(header::CONTENT_TYPE, "audio/wav")], wav).into_response())
}

/// Returns the names of the known voices, and of the learner's own where there may be others.
fn offered(voices: &realtime::Voices, settings: &Settings) -> Vec<String> {
    let mut names = voices.names.clone();
    if let Some(own) = &settings.voice
        && !names.contains(own)
        && voices.take(own)
    {
        names.push(own.clone());
    }
    names
}

/// Returns whether the client has what we would send.
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag))
}

fn no_provider() -> ApiError {
    ApiError::voice_unavailable("no provider is set up")
}
