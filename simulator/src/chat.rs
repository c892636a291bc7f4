//! OpenAI's `/v1/chat/completions`, whole or streamed, and `/v1/embeddings`.

mod embeddings;
mod faults;
mod follow_schema;
mod request;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::ids::new_id;
use crate::openai_realtime::{check_key, http_error};
use crate::partner;
use crate::script::WritingPath;
use crate::server::Shared;
use crate::tokens::{CHARS_PER_TOKEN, text_tokens};
use request::ChatRequest;

pub(crate) use faults::WritingFaults;

/// The paths of text.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/embeddings", post(embeddings::embed))
}

/// What is answered, before it is put into one of the two shapes.
struct Answer {
    id: String,
    model: String,
    text: String,
    finish_reason: &'static str,
    usage: Value,
}

async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    shared.counters.on_received("chat.completions");
    if let Err(reason) = check_key(&shared, &headers) {
        return http_error(StatusCode::UNAUTHORIZED, "invalid_api_key", reason);
    }
    let request: ChatRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            let message = format!("We could not parse the JSON body of your request: {error}");
            return http_error(StatusCode::BAD_REQUEST, "invalid_request", &message);
        }
    };
    if let Err(message) = request.check() {
        return http_error(StatusCode::BAD_REQUEST, "invalid_value", &message);
    }
    let fault = shared.writing_faults.take(WritingPath::Chat, &body);
    let fault = match fault {
        Some(fault) if fault.is_of_the_whole(request.stream) => {
            return faults::fail(&shared, &fault).await;
        }
        fault => fault,
    };
    let answer = answer(&shared, &request);
    if request.stream {
        return stream::stream(shared, answer, request.includes_usage(), fault);
    }
    let pause = shared.script.writing.answer_ms.unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(pause)).await;
    Json(json!({
        "id": answer.id,
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": answer.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": answer.text, "refusal": null, "annotations": []},
            "logprobs": null,
            "finish_reason": answer.finish_reason,
        }],
        "usage": answer.usage,
        "service_tier": "default",
        "system_fingerprint": null,
    }))
    .into_response()
}

fn answer(shared: &Shared, request: &ChatRequest) -> Answer {
    let messages = request.texts();
    let scripted = shared
        .script
        .writing
        .answer_to(&messages, request.schema_name());
    let words = request.last_words();
    let whole = match (scripted, request.schema()) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(value), _) => value.to_string(),
        (None, Some(schema)) => follow_schema::answer(schema, words).to_string(),
        (None, None) if request.wants_json() => json!({"answer": words}).to_string(),
        (None, None) => partner::answer_text(&words, request.turns()).text,
    };
    let limit = request.token_limit().unwrap_or(u64::MAX);
    let is_cut = text_tokens(&whole) > limit;
    let letters = limit.saturating_mul(CHARS_PER_TOKEN);
    let text: String = if is_cut {
        whole
            .chars()
            .take(usize::try_from(letters).unwrap_or(usize::MAX))
            .collect()
    } else {
        whole
    };
    let prompt_tokens: u64 = messages.iter().map(|message| text_tokens(message)).sum();
    let completion_tokens = text_tokens(&text);
    Answer {
        id: new_id("chatcmpl"),
        model: request.model.clone(),
        usage: json!({
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
        }),
        text,
        finish_reason: if is_cut { "length" } else { "stop" },
    }
}
