use super::*;

fn read(json: &str) -> ServerEvent<'_> {
    ServerEvent::read(json).unwrap()
}

#[test]
fn an_event_may_lack_everything() {
    assert_eq!(read("{}").kind(), Kind::Unknown);
    assert_eq!(read(r#"{"type":7}"#).kind(), Kind::Unknown);
    assert_eq!(
        read(r#"{"type":"response.done"}"#).kind(),
        Kind::ResponseDone
    );
}

#[test]
fn fields_of_another_shape_do_not_spoil_the_event() {
    let event = read(
        r#"{"type":"response.done","item_id":7,"delta":null,"transcript":{"a":[1]},"text":[true,{"b":2}],"content_index":"x","item":"y",
           "response":{"id":"resp_1","status":3,"status_details":[],"usage":{"input_token_details":{"text_tokens":"many"}}},"news":{}}"#,
    );
    assert_eq!(
        (
            event.item_id.as_ref(),
            event.delta.as_ref(),
            event.transcript.as_ref()
        ),
        ("", "", "")
    );
    let response = event.response.unwrap();
    assert_eq!(response.id.as_deref(), Some("resp_1"));
    assert_eq!(response.status, None);
    assert_eq!(
        response
            .usage
            .unwrap()
            .input_token_details
            .unwrap()
            .text_tokens,
        None
    );
}

#[test]
fn audio_is_borrowed_from_the_frame() {
    let event = read(r#"{"type":"response.output_audio.delta","delta":"AAAA"}"#);
    assert!(matches!(event.delta, Cow::Borrowed("AAAA")));
}
