//! Text from servers that are only nearly compatible.

use std::time::Duration;

use avaaz_models::openai::ChatModel;
use avaaz_models::{
    Completion, FinishReason, JsonSchema, Message, ModelError, TextModel as _, TextRequest,
    TokenUsage, collect,
};
use serde_json::{Value, json};

use crate::at;
use crate::raw::{Answer, RawServer};

fn request() -> TextRequest {
    TextRequest::new([Message::system("Be kind."), Message::user("Olá!")])
        .within(Duration::from_secs(20))
}

async fn streamed(server: &RawServer) -> Result<Completion, ModelError> {
    let model = ChatModel::new(&at(&server.base_url));
    collect(model.stream(request()).await?).await
}

fn said(text: &str) -> Value {
    json!({"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]})
}

const WHIMSICAL: &str = concat!(
    ": keep-alive\r\n\r\n",
    "data: {\"choices\": [{\"delta\": {\"role\": \"assistant\", \"content\": null, \"reasoning_content\": \"hm\"}}]}\r\n\r\n",
    ": keep-alive\r\n\r\n",
    "data: this is not JSON\r\n\r\n",
    "data: {\"id\": null, \"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Olá, coração\"}, \"finish_reason\": \"\"}], \"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": 1}}\r\n\r\n",
    "data: {\"choices\": []}\r\n\r\n",
    "event: message\r\ndata: {\"choices\": [{\"index\": 1, \"delta\": {\"content\": \"another answer\"}}, {\"delta\": {\"content\": [{\"type\": \"text\", \"text\": \" こんにちは\"}]}, \"finish_reason\": \"stop\"}], \"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": 9, \"new\": {}}}\r\n\r\n",
);

#[tokio::test]
async fn a_stream_is_understood_however_it_is_cut_and_without_an_end_mark() {
    let expected = Completion {
        text: "Olá, coração こんにちは".into(),
        reason: FinishReason::Stop,
        usage: Some(TokenUsage {
            input_tokens: 7,
            cached_tokens: 0,
            output_tokens: 9,
        }),
    };
    for cut_every in [1, 7, 100_000] {
        let server = RawServer::answering(vec![Answer::events(WHIMSICAL, cut_every)]).await;
        assert_eq!(
            streamed(&server).await.as_ref(),
            Ok(&expected),
            "{cut_every}"
        );
    }
}

#[tokio::test]
async fn a_stream_that_just_ends_after_words_is_whole_and_one_without_words_is_none() {
    let words = "data: {\"choices\": [{\"delta\": {\"content\": \"Olá\"}}]}\n\n";
    let server = RawServer::answering(vec![Answer::events(words, 1_000)]).await;
    assert_eq!(streamed(&server).await.unwrap().text, "Olá");
    let nothing = Answer::events(": nothing\n\n", 1_000);
    let server = RawServer::answering(vec![nothing, Answer::events(words, 1_000)]).await;
    assert_eq!(streamed(&server).await.unwrap().text, "Olá");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_whole_answer_to_a_request_for_a_stream_is_taken() {
    let server =
        RawServer::answering(vec![Answer::json(200, &said("<think>hm</think>\nOlá"))]).await;
    assert_eq!(streamed(&server).await.unwrap().text, "Olá");
}

#[tokio::test]
async fn a_model_that_declines_is_not_asked_again() {
    let refusal = json!({"choices": [{"message": {"content": null, "refusal": "I cannot help with that."}, "finish_reason": "stop"}]});
    let server = RawServer::answering(vec![Answer::json(200, &refusal)]).await;
    let model = ChatModel::new(&at(&server.base_url));
    assert_eq!(model.complete(request()).await, Err(ModelError::Declined));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn the_field_for_the_longest_answer_is_learned() {
    let refusal = json!({"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter"}});
    let server = RawServer::answering(vec![
        Answer::json(400, &refusal),
        Answer::json(200, &said("Olá")),
    ])
    .await;
    let model = ChatModel::new(&at(&server.base_url));
    for _ in 0..2 {
        model.complete(request().max_tokens(77)).await.unwrap();
    }
    let asked = server.asked();
    assert_eq!(asked[0]["max_tokens"], 77);
    assert_eq!(asked.len(), 3);
    for asked in &asked[1..] {
        assert_eq!(asked["max_completion_tokens"], 77);
        assert_eq!(asked.get("max_tokens"), None);
    }
}

#[tokio::test]
async fn a_server_that_knows_no_schemas_is_told_it_in_words() {
    let server = RawServer::answering(vec![
        Answer::text(400, "text/plain", "unknown response format"),
        Answer::json(
            422,
            &json!({"detail": [{"loc": ["body", "response_format"], "msg": "extra fields"}]}),
        ),
        Answer::json(200, &said("{}")),
    ])
    .await;
    let model = ChatModel::new(&at(&server.base_url));
    let schema =
        json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
    let request = request().following(JsonSchema::new("nothing", schema));
    assert_eq!(model.complete(request).await.unwrap().text, "{}");
    let kinds = server.asked();
    let kinds: Vec<_> = kinds
        .iter()
        .map(|asked| asked["response_format"]["type"].as_str())
        .collect();
    assert_eq!(kinds, [Some("json_schema"), Some("json_object"), None]);
    let asked = server.asked();
    let roles = asked[2]["messages"].as_array().unwrap().iter();
    let roles: Vec<_> = roles
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["system", "system", "user"]);
    let words = asked[2]["messages"][1]["content"].as_str().unwrap();
    assert!(words.contains("additionalProperties"), "{words}");
}

#[tokio::test]
async fn a_request_that_is_too_long_is_refused_for_good() {
    let refusal = json!({"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400});
    let server = RawServer::answering(vec![Answer::json(400, &refusal)]).await;
    assert_eq!(streamed(&server).await, Err(ModelError::TooLong));
    assert_eq!(server.asked().len(), 1);
}
