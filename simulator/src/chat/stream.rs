//! An answer in pieces, as server-sent events.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::{Answer, faults};
use crate::ids::new_id;
use crate::script::{WritingFault, WritingFaultKind};
use crate::server::Shared;

const WORD_MS: u64 = 12;

/// Streams an answer, as far as the fault lets it come.
pub(super) fn stream(
    shared: Arc<Shared>,
    answer: Answer,
    includes_usage: bool,
    fault: Option<WritingFault>,
) -> Response {
    let pause = Duration::from_millis(shared.script.writing.word_ms.unwrap_or(WORD_MS));
    let pieces = Pieces {
        answer: &answer,
        includes_usage,
    };
    let mut events = pieces.events();
    let breaks_off = fault.map(|fault| {
        // The role comes before the first word.
        events.truncate(1 + fault.after_words);
        if fault.kind == WritingFaultKind::Error {
            events.push(event(&faults::error(&fault)));
        }
        fault.kind
    });
    let counted = shared.connections.token();
    let stop = shared.stop.clone();
    let paced = stream::iter(events).then(move |event| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(event)
    });
    let paced = paced.map(|event| event.map_err(|never| match never {}));
    let end = stream::once(async move {
        match breaks_off {
            Some(WritingFaultKind::Drop) => Some(Err(io::Error::other("the script drops it"))),
            Some(WritingFaultKind::Stall) => {
                stop.cancelled().await;
                None
            }
            _ => None,
        }
    });
    let whole = paced
        .chain(end.filter_map(std::future::ready))
        .inspect(move |_| {
            // The simulator ends after its answers.
            let _ = &counted;
        })
        .take_until(shared.stop.clone().cancelled_owned());
    (
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")],
        Body::from_stream(whole),
    )
        .into_response()
}

struct Pieces<'a> {
    answer: &'a Answer,
    includes_usage: bool,
}

impl Pieces<'_> {
    fn events(&self) -> Vec<Bytes> {
        let words = self.answer.text.split_inclusive(' ');
        let mut chunks = vec![self.chunk(
            json!({"role": "assistant", "content": "", "refusal": null}),
            None,
        )];
        chunks.extend(words.map(|word| self.chunk(json!({"content": word}), None)));
        chunks.push(self.chunk(json!({}), Some(self.answer.finish_reason)));
        if self.includes_usage {
            let mut last = self.chunk(json!({}), None);
            last["choices"] = json!([]);
            last["usage"] = self.answer.usage.clone();
            chunks.push(last);
        }
        let events = chunks.iter().map(event);
        events
            .chain([Bytes::from_static(b"data: [DONE]\n\n")])
            .collect()
    }

    fn chunk(&self, delta: Value, finish_reason: Option<&str>) -> Value {
        let mut chunk = json!({
            "id": self.answer.id,
            "object": "chat.completion.chunk",
            "created": 1_767_225_600,
            "model": self.answer.model,
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}],
            "service_tier": "default",
            "system_fingerprint": null,
            // Padding against eavesdroppers.
            "obfuscation": new_id("pad"),
        });
        if self.includes_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }
}

fn event(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}
