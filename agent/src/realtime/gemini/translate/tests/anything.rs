//! Whatever comes in whatever order, what we tell and what we send makes sense.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

const SESSIONS: u64 = 300;
const STEPS: usize = 200;

/// What was told and sent in one session.
#[derive(Default)]
struct Seen {
    /// Whether each reply is over.
    replies: HashMap<ReplyId, bool>,
    /// Whether the words of each stretch of speech are final.
    items: HashMap<ItemId, bool>,
    calls: HashMap<Arc<str>, u32>,
    in_activity: bool,
}

impl Seen {
    fn event(&mut self, event: &ProviderEvent) {
        match event {
            ProviderEvent::ReplyStarted { reply } => {
                assert_eq!(
                    self.replies.insert(reply.clone(), false),
                    None,
                    "begun twice"
                );
            }
            ProviderEvent::ReplyAudio { reply, .. } => {
                assert_eq!(
                    self.replies.get(reply),
                    Some(&false),
                    "sound of no open reply"
                );
            }
            ProviderEvent::ReplyWords { reply, .. } => {
                assert!(self.replies.contains_key(reply), "words of no reply");
            }
            ProviderEvent::ReplyEnded { reply, .. } => {
                assert_ne!(
                    self.replies.insert(reply.clone(), true),
                    Some(true),
                    "ended twice"
                );
            }
            ProviderEvent::LearnerWordsDelta { item, .. } => {
                assert_ne!(
                    self.items.get(item),
                    Some(&true),
                    "words after the final ones"
                );
                self.items.insert(item.clone(), false);
            }
            ProviderEvent::LearnerWords { item, .. } => {
                assert_ne!(
                    self.items.insert(item.clone(), true),
                    Some(true),
                    "final twice"
                );
            }
            ProviderEvent::ToolCalled(call) => {
                assert_eq!(self.calls.insert(call.id.clone(), 0), None, "called twice");
            }
            ProviderEvent::Used { reply, .. } => {
                assert!(reply.as_ref().is_none_or(|reply| reply.0.starts_with("t-")));
            }
            _ => {}
        }
    }

    fn frame(&mut self, frame: &Value) {
        let keys: Vec<&String> = frame.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 1);
        if let Some(input) = frame["realtimeInput"].as_object() {
            match input.keys().next().unwrap().as_str() {
                "activityStart" => assert!(!std::mem::replace(&mut self.in_activity, true)),
                "activityEnd" => assert!(std::mem::replace(&mut self.in_activity, false)),
                _ => assert!(self.in_activity, "sound outside a turn"),
            }
        }
        if let Some(id) = frame.pointer("/toolResponse/functionResponses/0/id") {
            let answered = self
                .calls
                .get_mut(id.as_str().unwrap())
                .expect("no such call");
            *answered += 1;
            assert_eq!(*answered, 1, "answered twice");
        }
    }
}

fn anything_received(dice: &mut StdRng) -> Value {
    let id = format!("c{}", dice.random_range(0..4));
    match dice.random_range(0..14) {
        0..3 => json!({"serverContent": audio(&[1, 2])}),
        3 => json!({"serverContent": {"outputTranscription": {"text": "word"}}}),
        4 => json!({"serverContent": {"inputTranscription": {"text": " word"}}}),
        5 => json!({"serverContent": {"inputTranscription": {"text": " word", "finished": true}}}),
        6 => json!({"serverContent": {"generationComplete": true}}),
        7 => json!({"serverContent": {"interrupted": true}}),
        8 => {
            json!({"serverContent": {"turnComplete": true}, "usageMetadata": {"promptTokenCount": 1}})
        }
        9 => {
            json!({"serverContent": {"interrupted": true, "turnComplete": true, "inputTranscription": {"text": "x"}}})
        }
        10 => json!({"toolCall": {"functionCalls": [{"id": id, "name": "end"}]}}),
        11 => json!({"toolCallCancellation": {"ids": [id]}}),
        12 => json!({"sessionResumptionUpdate": {}, "usageMetadata": {}}),
        _ => json!({"setupComplete": {}, "news": [id]}),
    }
}

fn anything_asked(dice: &mut StdRng, seen: &Seen) -> ProviderCommand {
    let some_reply = seen.replies.keys().min().cloned().unwrap_or(reply(1));
    match dice.random_range(0..12) {
        0..4 => ProviderCommand::Audio(Pcm {
            samples: [1].into(),
            rate_hz: INPUT_RATE_HZ,
        }),
        4 | 5 => ProviderCommand::BeginTurn,
        6 | 7 => ProviderCommand::Commit,
        8 => ProviderCommand::Reply { instructions: None },
        9 => ProviderCommand::Text("Hm?".to_owned()),
        10 => ProviderCommand::Truncate {
            reply: some_reply,
            heard: Duration::ZERO,
            heard_text: "word".to_owned(),
        },
        _ => ProviderCommand::ToolResult {
            call: format!("c{}", dice.random_range(0..4)).into(),
            name: "end".to_owned(),
            output: "{}".to_owned(),
        },
    }
}

#[test]
fn in_any_order_replies_words_turns_and_calls_begin_and_end_once() {
    for seed in 0..SESSIONS {
        let mut dice = StdRng::seed_from_u64(seed);
        let (mut translator, mut seen) = (ready(), Seen::default());
        for _ in 0..STEPS {
            let step = if dice.random_bool(0.6) {
                translator.received(&anything_received(&mut dice).to_string())
            } else {
                translator.command(anything_asked(&mut dice, &seen))
            };
            step.events.iter().for_each(|event| seen.event(event));
            frames(&step).iter().for_each(|frame| seen.frame(frame));
            assert_eq!(step.close, None);
        }
        // Whatever came before, a question is answered.
        for _ in 0..2 {
            translator.command(ProviderCommand::Text("And now?".to_owned()));
        }
        let events = content(&mut translator, audio(&[1]));
        let [
            ProviderEvent::ReplyStarted { .. },
            ProviderEvent::ReplyAudio { .. },
        ] = events.as_slice()
        else {
            panic!("seed {seed}: {events:?}")
        };
    }
}
