//! Prints every kind of frame that we send to Gemini Live, one line of JSON each, as the real translation makes them.
//!
//! Their check against the service's own types is `tests/python/test_gemini_frames.py`.

use std::time::Duration;

use avaaz_agent::realtime::gemini::DEFAULT_MODEL;
use avaaz_agent::realtime::gemini::translate::Translator;
use avaaz_agent::realtime::socket::{Step, Translate as _};
use avaaz_tutor::{
    PastTurn, Pcm, ProviderCommand, ReplyId, ResumeHandle, SessionSetup, Speaker, ToolOffer,
    TurnDetection,
};

const MODELS: [&str; 4] = [
    DEFAULT_MODEL,
    "gemini-3.8-live-extended-thinking",
    "gemini-3.1-flash-live-preview",
    "gemini-2.5-flash-native-audio-preview-12-2025",
];

fn main() {
    for setup in setups() {
        for model in MODELS {
            one_session(&setup, model);
        }
    }
}

fn one_session(setup: &SessionSetup, model: &str) {
    let mut session = Translator::new(model.to_owned(), "s".to_owned(), setup.clone());
    print(session.opened());
    print(session.received(r#"{"setupComplete":{}}"#));
    print(session.command(ProviderCommand::Reply {
        instructions: Some("Greet.".to_owned()),
    }));
    print(session.received(r#"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}}"#));
    let reply = ReplyId("s-reply-1".into());
    print(session.command(ProviderCommand::Cancel {
        reply: reply.clone(),
    }));
    print(session.command(ProviderCommand::Truncate {
        reply: reply.clone(),
        heard: Duration::from_millis(420),
        heard_text: "Hello".to_owned(),
    }));
    print(session.command(ProviderCommand::BeginTurn));
    print(session.command(ProviderCommand::Truncate {
        reply,
        heard: Duration::ZERO,
        heard_text: String::new(),
    }));
    print(session.command(ProviderCommand::Audio(Pcm {
        samples: vec![-1; 320].into(),
        rate_hz: 16_000,
    })));
    print(session.command(ProviderCommand::Commit));
    print(session.command(ProviderCommand::Reply { instructions: None }));
    print(session.command(ProviderCommand::Reply { instructions: None }));
    print(session.command(ProviderCommand::Text("What is an apple?".to_owned())));
    for (call, output) in [
        ("call_1", r#"{"ok":true}"#),
        ("call_2", "done"),
        ("call_3", r#"{"error":"no"}"#),
    ] {
        print(session.received(&format!(
            r#"{{"toolCall":{{"functionCalls":[{{"id":"{call}","name":"end_conversation"}}]}}}}"#
        )));
        print(session.command(ProviderCommand::ToolResult {
            call: call.into(),
            name: "end_conversation".to_owned(),
            output: output.to_owned(),
        }));
    }
    let without_tools = SessionSetup {
        tools: Vec::new(),
        ..setup.clone()
    };
    for setup in [setup, &without_tools, setup] {
        print(session.command(ProviderCommand::Change(Box::new(setup.clone()))));
    }
}

/// Every way in which a setup can differ.
fn setups() -> Vec<SessionSetup> {
    let plain = SessionSetup {
        instructions: "You are a tutor.".to_owned(),
        voice: None,
        speed: 1.0,
        turn_detection: TurnDetection::Manual,
        languages: Vec::new(),
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    };
    let turn = |seq, speaker| PastTurn {
        seq,
        speaker,
        text: "Words".to_owned(),
        interrupted: false,
    };
    let tool = |name: &str, parameters: &str| ToolOffer {
        name: name.to_owned(),
        description: "Does it.".to_owned(),
        parameters: parameters.to_owned(),
    };
    let rich = SessionSetup {
        voice: Some("Kore".to_owned()),
        speed: 0.8,
        languages: vec!["en-GB".to_owned(), "de".to_owned(), "fil".to_owned()],
        history: vec![turn(1, Speaker::Tutor), turn(2, Speaker::Learner)],
        tools: vec![
            tool("end_conversation", r#"{"type":"object","properties":{}}"#),
            tool(
                "set_patience",
                r##"{"type":"object","additionalProperties":false,"required":["patience"],"$defs":{"n":{"type":["integer","null"]}},
                    "properties":{"patience":{"type":"string","enum":["patient","quick"],"default":"quick"},"why":{"const":"asked"},
                                  "for":{"$ref":"#/$defs/n"},"list":{"type":"array","items":{"oneOf":[{"type":"number"},{"type":"boolean"}]}}}}"##,
            ),
        ],
        resume: Some(ResumeHandle("handle".into())),
        ..plain.clone()
    };
    vec![plain, rich]
}

fn print(step: Step) {
    for frame in step.frames {
        println!("{frame}");
    }
}
