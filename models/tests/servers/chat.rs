//! Text from the simulator, and what it lets go wrong.

use std::time::{Duration, Instant};

use avaaz_models::openai::ChatModel;
use avaaz_models::{
    FinishReason, JsonSchema, Message, ModelError, TextEvent, TextModel as _, TextRequest,
    complete_json,
};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;

use crate::{at, simulator};

fn request() -> TextRequest {
    TextRequest::new([
        Message::system("You teach Portuguese."),
        Message::user("I like green apples."),
    ])
    .within(Duration::from_secs(20))
}

#[tokio::test]
async fn an_answer_comes_word_by_word_and_with_its_figures() {
    let simulator = simulator(json!({})).await;
    let model = ChatModel::new(&at(&simulator.base_url()));
    let events: Vec<_> = model.stream(request()).await.unwrap().collect().await;
    let mut text = String::new();
    for event in &events[..events.len() - 1] {
        match event {
            Ok(TextEvent::Delta(piece)) => text.push_str(piece),
            other => panic!("{other:?}"),
        }
    }
    assert!(events.len() > 5, "{events:?}");
    assert!(text.contains("I like green apples."), "{text}");
    let Some(Ok(TextEvent::Finished { reason, usage })) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!(*reason, FinishReason::Stop);
    assert!(usage.unwrap().output_tokens > 5);
    let whole = model.complete(request()).await.unwrap();
    assert_eq!((whole.text, whole.usage), (text, *usage));
}

#[derive(Debug, Deserialize, PartialEq)]
struct Facts {
    facts: Vec<String>,
}

fn facts() -> JsonSchema {
    JsonSchema::new(
        "facts",
        json!({
            "type": "object",
            "properties": {"facts": {"type": "array", "items": {"type": "string"}}},
            "required": ["facts"],
            "additionalProperties": false,
        }),
    )
}

#[tokio::test]
async fn data_follows_the_schema_and_quotes_the_prompt() {
    let simulator = simulator(json!({})).await;
    let model = ChatModel::new(&at(&simulator.base_url()));
    let answer = complete_json::<Facts>(&model, request().following(facts())).await;
    let facts = vec!["I like green apples.".to_owned()];
    assert_eq!(answer.unwrap().value, Facts { facts });
}

#[tokio::test]
async fn the_script_answers_by_schema() {
    let simulator =
        simulator(json!({"answers": [{"schema": "facts", "answer": {"facts": ["likes apples"]}}]}))
            .await;
    let model = ChatModel::new(&at(&simulator.base_url()));
    let answer = complete_json::<Facts>(&model, request().following(facts())).await;
    assert_eq!(answer.unwrap().value.facts, ["likes apples"]);
}

#[tokio::test]
async fn an_answer_ends_at_its_longest() {
    let simulator = simulator(json!({})).await;
    let model = ChatModel::new(&at(&simulator.base_url()));
    let answer = model.complete(request().max_tokens(3)).await.unwrap();
    assert_eq!(answer.reason, FinishReason::Length);
    assert_eq!(answer.text.chars().count(), 12);
}

#[tokio::test]
async fn a_server_that_fails_for_a_while_is_asked_again() {
    for kind in ["http_status", "error", "drop"] {
        let simulator = simulator(json!({"faults": [{"kind": kind, "times": 2}]})).await;
        let model = ChatModel::new(&at(&simulator.base_url()));
        let answer = model.complete(request()).await;
        assert!(answer.is_ok(), "{kind}: {answer:?}");
        assert_eq!(simulator.stats().received("chat.completions"), 3, "{kind}");
        let stream = model.stream(request()).await.unwrap();
        assert!(stream.all(async |event| event.is_ok()).await);
    }
}

#[tokio::test]
async fn a_wrong_key_is_tried_once() {
    let simulator = simulator(json!({})).await;
    let mut config = at(&simulator.base_url());
    config.api_key = Some("sk-wrong".to_owned().into());
    let refused = ChatModel::new(&config).complete(request()).await;
    assert_eq!(refused, Err(ModelError::KeyRefused { status: 401 }));
    assert_eq!(simulator.stats().received("chat.completions"), 1);
}

#[tokio::test]
async fn whoever_would_wait_too_long_is_told_at_once() {
    let fault = json!({"kind": "http_status", "status": 429, "code": "rate_limit_exceeded", "retry_after_s": 60});
    let simulator = simulator(json!({"faults": [fault]})).await;
    let model = ChatModel::new(&at(&simulator.base_url()));
    let begun = Instant::now();
    let refused = model.complete(request()).await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(60)));
    assert!(refused.retry_helps() && begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_answer_that_breaks_off_ends_with_an_error_and_is_not_begun_anew() {
    for (kind, expected) in [
        ("drop", ModelError::Unreachable),
        (
            "error",
            ModelError::ServerFailed {
                status: 200,
                retry_after: None,
            },
        ),
        ("stall", ModelError::TimedOut),
    ] {
        let fault = json!({"kind": kind, "after_words": 3});
        let simulator = simulator(json!({"faults": [fault]})).await;
        let model = ChatModel::new(&at(&simulator.base_url()));
        let request = request().within(Duration::from_secs(2));
        let events: Vec<_> = model.stream(request).await.unwrap().collect().await;
        // A connection that breaks off may take the last words with it.
        let (last, words) = events.split_last().unwrap();
        assert_eq!(last, &Err(expected), "{kind}");
        let are_words = |event: &Result<_, _>| matches!(event, Ok(TextEvent::Delta(_)));
        assert!(
            (1..=3).contains(&words.len()) && words.iter().all(are_words),
            "{kind}: {events:?}"
        );
        assert_eq!(simulator.stats().received("chat.completions"), 1);
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_left_alone_after_some_tries() {
    let simulator = simulator(json!({})).await;
    let model = ChatModel::new(&at(&simulator.base_url()));
    simulator.shutdown().await;
    let mut last = Ok(());
    for _ in 0..3 {
        last = model.complete(request()).await.map(drop);
        if matches!(last, Err(ModelError::Resting { .. })) {
            break;
        }
        assert_eq!(last, Err(ModelError::Unreachable));
    }
    let error = last.unwrap_err();
    assert!(
        error.retry_helps() && error.retry_after().is_some(),
        "{error}"
    );
    let begun = Instant::now();
    assert!(model.complete(request()).await.is_err());
    assert!(begun.elapsed() < Duration::from_millis(200), "it tried");
}
