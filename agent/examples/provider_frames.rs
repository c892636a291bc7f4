//! Prints every kind of frame that we send to OpenAI Realtime, one line of JSON each, as the real translation makes them.
//!
//! Their check against the service's own types is `tests/python/test_translated_frames.py`.

use std::time::Duration;

use avaaz_agent::realtime::openai::manners::{Manners, NoiseReduction, TurnFinder};
use avaaz_agent::realtime::openai::translate::Translator;
use avaaz_agent::realtime::openai::{DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL};
use avaaz_agent::realtime::socket::{Step, Translate as _};
use avaaz_tutor::{
    PastTurn, Patience, Pcm, ProviderCommand, ReplyId, SessionSetup, Speaker, ToolOffer,
    TurnDetection,
};

fn main() {
    let by_sense = |noise_reduction| Manners {
        turn_detection: TurnFinder::Semantic,
        noise_reduction,
        ..Manners::default()
    };
    for setup in setups() {
        for (model, voice, manners) in [
            (
                DEFAULT_TRANSCRIPTION_MODEL,
                Some("marin"),
                Manners::default(),
            ),
            (
                DEFAULT_TRANSCRIPTION_MODEL,
                None,
                by_sense(NoiseReduction::NearField),
            ),
            (
                "gpt-realtime-whisper",
                None,
                by_sense(NoiseReduction::FarField),
            ),
        ] {
            one_session(&setup, model, voice, manners);
        }
    }
}

fn one_session(
    setup: &SessionSetup,
    transcription_model: &str,
    voice: Option<&str>,
    manners: Manners,
) {
    let mut session = Translator::new(
        DEFAULT_MODEL.to_owned(),
        transcription_model.to_owned(),
        voice.map(str::to_owned),
        setup.clone(),
    )
    .with_manners(manners);
    print(session.received(r#"{"type":"session.created"}"#));
    print(session.received(r#"{"type":"session.updated"}"#));
    print(session.command(ProviderCommand::Reply {
        instructions: Some("Greet.".to_owned()),
    }));
    print(session.command(ProviderCommand::Reply { instructions: None }));
    print(session.command(ProviderCommand::Audio(Pcm {
        samples: vec![1; 480].into(),
        rate_hz: 24_000,
    })));
    print(session.command(ProviderCommand::BeginTurn));
    print(session.command(ProviderCommand::Commit));
    print(session.received(r#"{"type":"response.created","response":{"id":"resp_1"}}"#));
    // A second of sound.
    let second = format!(
        r#"{{"type":"response.output_audio.delta","response_id":"resp_1","item_id":"item_1","content_index":0,"delta":"{}"}}"#,
        "AAAA".repeat(16_000)
    );
    print(session.received(&second));
    let reply = ReplyId("item_1".into());
    for heard in [0, 420, 5000] {
        print(session.command(ProviderCommand::Truncate {
            reply: reply.clone(),
            heard: Duration::from_millis(heard),
            heard_text: "Hello".to_owned(),
        }));
    }
    print(session.command(ProviderCommand::Cancel { reply }));
    print(
        session.received(
            r#"{"type":"response.done","response":{"id":"resp_1","status":"cancelled"}}"#,
        ),
    );
    print(session.command(ProviderCommand::Text("What is an apple?".to_owned())));
    print(session.command(ProviderCommand::ToolResult {
        call: "call_1".into(),
        name: "end".to_owned(),
        output: r#"{"ok":true}"#.to_owned(),
    }));
    changes(&mut session, setup);
}

/// Every way in which a living session can change.
fn changes(session: &mut Translator, setup: &SessionSetup) {
    let mut wanted = setup.clone();
    for patience in [Patience::Patient, Patience::Normal, Patience::Quick] {
        for acts in [true, false] {
            wanted.turn_detection = TurnDetection::Listening { patience, acts };
            print(session.command(ProviderCommand::Change(Box::new(wanted.clone()))));
        }
    }
    wanted.turn_detection = TurnDetection::Manual;
    print(session.command(ProviderCommand::Change(Box::new(wanted.clone()))));
    wanted.instructions = "You are strict.".to_owned();
    wanted.speed = 1.2;
    wanted.languages = vec!["fr".to_owned()];
    wanted.tools.clear();
    print(session.command(ProviderCommand::Change(Box::new(wanted))));
}

/// Every way in which a setup can differ.
fn setups() -> Vec<SessionSetup> {
    let plain = SessionSetup {
        instructions: "You are a tutor.".to_owned(),
        voice: None,
        speed: 1.0,
        turn_detection: TurnDetection::Listening {
            patience: Patience::Normal,
            acts: true,
        },
        languages: vec!["en-GB".to_owned()],
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
    let rich = SessionSetup {
        voice: Some("cedar".to_owned()),
        speed: 0.8,
        turn_detection: TurnDetection::Manual,
        languages: vec!["en-GB".to_owned(), "de".to_owned(), "fil".to_owned()],
        history: vec![turn(1, Speaker::Tutor), turn(2, Speaker::Learner)],
        tools: vec![ToolOffer {
            name: "end_conversation".to_owned(),
            description: "Ends the conversation.".to_owned(),
            parameters: r#"{"type":"object","properties":{"why":{"type":"string"}}}"#.to_owned(),
        }],
        ..plain.clone()
    };
    vec![plain, rich]
}

fn print(step: Step) {
    for frame in step.frames {
        println!("{frame}");
    }
}
