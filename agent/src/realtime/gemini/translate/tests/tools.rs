//! Calls of tools, and their results.

use super::*;

fn call(id: &str) -> Value {
    json!({"toolCall": {"functionCalls": [{"id": id, "name": "end", "args": {"why": "bye"}}]}})
}

fn result(call: &str) -> ProviderCommand {
    ProviderCommand::ToolResult {
        call: call.into(),
        name: "end".to_owned(),
        output: r#"{"ok":true}"#.to_owned(),
    }
}

#[test]
fn a_call_ends_what_was_being_said_and_its_result_is_sent_with_its_name() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    content(
        &mut translator,
        json!({"inputTranscription": {"text": "Bye"}}),
    );
    content(&mut translator, audio(&[1]));
    let events = receive(&mut translator, call("c1"));
    assert_eq!(
        events,
        [
            ended(reply(2), ReplyEnd::Complete),
            ProviderEvent::ToolCalled(ToolCall {
                id: "c1".into(),
                name: "end".to_owned(),
                arguments: r#"{"why":"bye"}"#.to_owned(),
            }),
        ]
    );
    let text = "Bye".to_owned();
    assert_eq!(
        content(&mut translator, json!({"turnComplete": true})),
        [ProviderEvent::LearnerWords {
            item: item(1),
            text
        }]
    );
    assert_eq!(
        command(&mut translator, result("c1")),
        [
            json!({"toolResponse": {"functionResponses": [{"id": "c1", "name": "end", "response": {"output": {"ok": true}}}]}})
        ]
    );
    assert_eq!(
        content(&mut translator, audio(&[2]))[0],
        ProviderEvent::ReplyStarted { reply: reply(3) }
    );
}

#[test]
fn words_that_come_after_a_call_alone_belong_to_the_turn_that_it_answers() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    let said = |translator: &mut Translator, delta: &str| {
        let events = content(translator, json!({"inputTranscription": {"text": delta}}));
        let delta = delta.to_owned();
        assert_eq!(
            events,
            [ProviderEvent::LearnerWordsDelta {
                item: item(1),
                delta
            }]
        );
    };
    said(&mut translator, " Thank");
    assert_eq!(receive(&mut translator, call("c1")).len(), 1);
    said(&mut translator, " you,");
    content(&mut translator, json!({"generationComplete": true}));
    let events = content(&mut translator, json!({"turnComplete": true}));
    assert!(events.is_empty(), "{events:?}");
    said(&mut translator, " that");
    command(&mut translator, result("c1"));
    content(&mut translator, audio(&[1]));
    said(&mut translator, " is all.");
    let text = "Thank you, that is all.".to_owned();
    assert_eq!(
        content(&mut translator, json!({"turnComplete": true})).last(),
        Some(&ProviderEvent::LearnerWords {
            item: item(1),
            text
        })
    );
}

#[test]
fn a_call_may_lack_its_arguments_and_even_its_id() {
    let mut translator = ready();
    let events = receive(
        &mut translator,
        json!({"toolCall": {"functionCalls": [{"name": "end"}, {"id": "c2"}]}}),
    );
    let [
        ProviderEvent::ToolCalled(call),
        ProviderEvent::Complained(_),
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((call.name.as_str(), call.arguments.as_str()), ("end", "{}"));
    let id = call.id.to_string();
    assert_eq!(command(&mut translator, result(&id)).len(), 1);
}

#[test]
fn a_call_that_is_told_twice_runs_once() {
    let mut translator = ready();
    assert_eq!(receive(&mut translator, call("c1")).len(), 1);
    assert!(receive(&mut translator, call("c1")).is_empty());
    assert_eq!(command(&mut translator, result("c1")).len(), 1);
    assert!(command(&mut translator, result("c1")).is_empty());
}

#[test]
fn the_result_of_a_call_that_was_taken_back_is_not_sent() {
    let mut translator = ready();
    receive(&mut translator, call("c1"));
    let back = json!({"toolCallCancellation": {"ids": ["c1", "never"]}});
    assert_eq!(
        receive(&mut translator, back.clone()),
        [ProviderEvent::ToolCancelled { call: "c1".into() }]
    );
    assert!(receive(&mut translator, back).is_empty());
    assert!(command(&mut translator, result("c1")).is_empty());
    assert!(command(&mut translator, result("of another session")).is_empty());
}
