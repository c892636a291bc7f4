use super::*;

fn parameters(schema: &Value) -> Option<Value> {
    FunctionDeclaration::new("f".to_owned(), "d".to_owned(), &schema.to_string(), None).parameters
}

#[test]
fn a_message_may_lack_everything_and_hold_anything() {
    assert!(ServerMessage::read("not json").is_none());
    assert!(ServerMessage::read("[]").is_none());
    let message = ServerMessage::read(
        r#"{"serverContent":{"modelTurn":{"parts":[{"thought":"x","news":1,"text":"hm"}]},"turnComplete":"yes","turnCompleteReason":"NEW"},
            "goAway":{"timeLeft":7},"news":{}}"#,
    )
    .unwrap();
    let content = message.server_content.unwrap();
    assert_eq!(content.turn_complete, None);
    assert_eq!(content.model_turn.unwrap().parts.len(), 1);
    assert_eq!(message.go_away.unwrap().time_left, Duration::ZERO);
    assert_eq!(message.unknown, ["news"]);
}

#[test]
fn numbers_may_come_as_text_and_durations_with_fractions() {
    let message = ServerMessage::read(
        r#"{"goAway":{"timeLeft":"12.5s"},"usageMetadata":{"promptTokenCount":"12","responseTokenCount":3}}"#,
    )
    .unwrap();
    assert_eq!(
        message.go_away.unwrap().time_left,
        Duration::from_millis(12_500)
    );
    let usage = message.usage_metadata.unwrap();
    assert_eq!(
        (usage.prompt_token_count, usage.response_token_count),
        (12, 3)
    );
}

#[test]
fn the_rate_of_sound_stands_in_its_type() {
    let rate = |mime_type: &str| {
        let mime_type = mime_type.to_owned();
        let data = String::new();
        InlineData { mime_type, data }.rate_hz(24_000)
    };
    assert_eq!(rate("audio/pcm;rate=16000"), Some(16_000));
    assert_eq!(rate("audio/pcm"), Some(24_000));
    assert_eq!(rate("image/png"), None);
}

#[test]
fn a_schema_is_reduced_to_what_the_service_takes() {
    let made = parameters(&json!({
        "$schema": "x",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "why": {"type": "string", "description": "Why.", "default": "x", "enum": ["a", "b"]},
            "note": {"type": ["string", "null"]},
            "kind": {"const": "only"},
            "when": {"$ref": "#/$defs/when"},
            "list": {"type": "array", "items": {"type": "integer", "minimum": 1, "exclusiveMaximum": 5}},
            "either": {"oneOf": [{"type": "number"}, {"type": "boolean"}]},
        },
        "required": ["why"],
        "$defs": {"when": {"type": "object", "properties": {"day": {"type": "string", "format": "date"}}}},
    }));
    assert_eq!(
        made.unwrap(),
        json!({
            "type": "OBJECT",
            "properties": {
                "why": {"type": "STRING", "description": "Why.", "enum": ["a", "b"]},
                "note": {"type": "STRING", "nullable": true},
                "kind": {"type": "STRING", "enum": ["only"]},
                "when": {"type": "OBJECT", "properties": {"day": {"type": "STRING", "format": "date"}}},
                "list": {"type": "ARRAY", "items": {"type": "INTEGER", "minimum": 1}},
                "either": {"anyOf": [{"type": "NUMBER"}, {"type": "BOOLEAN"}]},
            },
            "required": ["why"],
        })
    );
}

#[test]
fn a_property_may_bear_the_name_of_a_keyword() {
    let made = parameters(
        &json!({"type": "object", "properties": {"default": {"type": "string"}, "const": {"type": "string"}}}),
    );
    assert_eq!(
        made.unwrap()["properties"],
        json!({"default": {"type": "STRING"}, "const": {"type": "STRING"}})
    );
}

#[test]
fn a_schema_that_refers_to_itself_ends_somewhere() {
    let made = parameters(&json!({"type": "object", "properties": {"next": {"$ref": "#"}}}));
    assert!(made.unwrap().to_string().len() < 2_000);
}

#[test]
fn a_function_without_parameters_has_none() {
    assert_eq!(
        parameters(&json!({"type": "object", "properties": {}})),
        None
    );
    assert_eq!(parameters(&json!("nonsense")), None);
}

#[test]
fn the_result_of_a_tool_is_always_an_object() {
    let response = |output: &str| {
        FunctionResponse::new("1".to_owned(), "f".to_owned(), output.to_owned()).response
    };
    assert_eq!(response("plain words"), json!({"output": "plain words"}));
    assert_eq!(response(r#"{"ok":true}"#), json!({"output": {"ok": true}}));
    assert_eq!(response("[1]"), json!({"output": [1]}));
    assert_eq!(response(r#"{"error":"no"}"#), json!({"error": "no"}));
}
