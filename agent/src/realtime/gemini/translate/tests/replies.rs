//! Replies, and how they end.

use super::*;

fn usage() -> Value {
    json!({
        "promptTokenCount": 30, "responseTokenCount": 20, "thoughtsTokenCount": 2, "cachedContentTokenCount": 5,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": "AUDIO", "tokenCount": "20"}, {"modality": "NEWS"}],
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
    })
}

fn cost() -> Usage {
    Usage {
        input_text_tokens: 10,
        input_audio_tokens: 20,
        cached_tokens: 5,
        output_text_tokens: 2,
        output_audio_tokens: 20,
    }
}

#[test]
fn a_reply_comes_with_sound_and_words_and_its_cost_follows() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    let reply = reply(2);
    let mut first = audio(&[1, -2]);
    first["outputTranscription"] = json!({"text": "Hi"});
    assert_eq!(
        content(&mut translator, first),
        [
            ProviderEvent::ReplyStarted {
                reply: reply.clone()
            },
            ProviderEvent::ReplyAudio {
                reply: reply.clone(),
                pcm: pcm(&[1, -2])
            },
            ProviderEvent::ReplyWords {
                reply: reply.clone(),
                delta: "Hi".to_owned()
            },
        ]
    );
    let mut last = audio(&[3]);
    last["generationComplete"] = json!(true);
    assert_eq!(
        content(&mut translator, last)[..2],
        [
            ProviderEvent::ReplyAudio {
                reply: reply.clone(),
                pcm: pcm(&[3])
            },
            ended(reply.clone(), ReplyEnd::Complete),
        ]
    );
    // Its last words come after its last sound.
    assert_eq!(
        content(
            &mut translator,
            json!({"outputTranscription": {"text": " there"}})
        ),
        [ProviderEvent::ReplyWords {
            reply: reply.clone(),
            delta: " there".to_owned()
        }]
    );
    let events = receive(
        &mut translator,
        json!({"serverContent": {"turnComplete": true}, "usageMetadata": usage()}),
    );
    let used = ProviderEvent::Used {
        reply: Some(reply),
        usage: cost(),
    };
    assert_eq!(events.last(), Some(&used));
}

#[test]
fn a_turn_that_is_complete_without_more_ends_its_reply_with_its_cost() {
    let mut translator = ready();
    content(&mut translator, audio(&[1]));
    let events = receive(
        &mut translator,
        json!({"serverContent": {"turnComplete": true}, "usageMetadata": usage()}),
    );
    assert_eq!(
        events,
        [ProviderEvent::ReplyEnded {
            reply: reply(1),
            how: ReplyEnd::Complete,
            usage: Some(cost())
        }]
    );
}

#[test]
fn sound_may_be_cut_anywhere_and_come_in_either_alphabet() {
    let mut translator = ready();
    let mut say = |bytes: &[u8]| {
        let data = URL_SAFE_NO_PAD.encode(bytes);
        content(&mut translator, sound("audio/pcm", &data))
            .pop()
            .unwrap()
    };
    assert_eq!(
        say(&[0xff, 0xfb, 0x03]),
        ProviderEvent::ReplyAudio {
            reply: reply(1),
            pcm: pcm(&[-1025])
        }
    );
    assert_eq!(
        say(&[0x02, 0x04, 0x00]),
        ProviderEvent::ReplyAudio {
            reply: reply(1),
            pcm: pcm(&[0x203, 4])
        }
    );
    assert!(matches!(
        content(&mut translator, sound("audio/pcm", "!")).as_slice(),
        [ProviderEvent::Complained(_)]
    ));
    assert!(content(&mut translator, sound("image/png", "AAAA")).is_empty());
}

#[test]
fn of_an_interrupted_reply_nothing_follows_and_the_next_one_is_another() {
    let mut translator = ready();
    content(&mut translator, audio(&[1]));
    command(&mut translator, ProviderCommand::BeginTurn);
    assert_eq!(
        content(&mut translator, json!({"interrupted": true})),
        [ended(reply(1), ReplyEnd::Cancelled)]
    );
    assert!(content(&mut translator, audio(&[2])).is_empty());
    assert!(
        content(
            &mut translator,
            json!({"outputTranscription": {"text": "x"}})
        )
        .is_empty()
    );
    assert!(content(&mut translator, json!({"turnComplete": true})).is_empty());
    command(&mut translator, ProviderCommand::Commit);
    let events = content(&mut translator, audio(&[3]));
    assert_eq!(events[0], ProviderEvent::ReplyStarted { reply: reply(3) });
}

#[test]
fn an_interruption_before_or_after_all_of_a_reply_ends_no_other_one() {
    let mut translator = ready();
    // Before anything of it came.
    learner_speaks(&mut translator);
    command(&mut translator, ProviderCommand::BeginTurn);
    assert!(content(&mut translator, json!({"interrupted": true})).is_empty());
    command(&mut translator, ProviderCommand::Commit);
    assert!(content(&mut translator, json!({"turnComplete": true})).is_empty());
    assert_eq!(content(&mut translator, audio(&[1])).len(), 2);
    // After its generation, while the service believes that it is being played.
    content(&mut translator, json!({"generationComplete": true}));
    assert!(
        content(
            &mut translator,
            json!({"interrupted": true, "turnComplete": true})
        )
        .iter()
        .all(|event| !matches!(event, ProviderEvent::ReplyEnded { .. }))
    );
    // After its turn.
    assert!(content(&mut translator, json!({"interrupted": true})).is_empty());
    learner_speaks(&mut translator);
    assert_eq!(content(&mut translator, audio(&[1])).len(), 2);
}

#[test]
fn what_is_generated_while_the_learner_speaks_is_not_heard() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    command(&mut translator, ProviderCommand::BeginTurn);
    assert!(content(&mut translator, audio(&[1])).is_empty());
    assert!(content(&mut translator, json!({"interrupted": true})).is_empty());
    assert!(content(&mut translator, json!({"turnComplete": true})).is_empty());
    command(&mut translator, ProviderCommand::Commit);
    assert_eq!(content(&mut translator, audio(&[1])).len(), 2);
}

#[test]
fn a_reply_that_we_cancel_ends_at_once_and_the_next_one_follows_its_turn() {
    let mut translator = ready();
    content(&mut translator, audio(&[1]));
    let step = translator.command(ProviderCommand::Cancel { reply: reply(1) });
    assert!(step.frames.is_empty());
    assert_eq!(step.events, [ended(reply(1), ReplyEnd::Cancelled)]);
    assert!(
        translator
            .command(ProviderCommand::Cancel { reply: reply(1) })
            .events
            .is_empty()
    );
    command(&mut translator, ProviderCommand::Text("Stop.".to_owned()));
    assert!(content(&mut translator, audio(&[1])).is_empty());
    assert!(
        content(
            &mut translator,
            json!({"interrupted": true, "turnComplete": true})
        )
        .is_empty()
    );
    assert_eq!(content(&mut translator, audio(&[2])).len(), 2);
}

#[test]
fn a_second_question_does_not_wait_for_a_turn_that_never_ends() {
    let mut translator = ready();
    content(&mut translator, audio(&[1]));
    command(&mut translator, ProviderCommand::Cancel { reply: reply(1) });
    let ask = || ProviderCommand::Reply { instructions: None };
    command(&mut translator, ask());
    assert!(content(&mut translator, audio(&[1])).is_empty());
    command(&mut translator, ask());
    assert_eq!(content(&mut translator, audio(&[1])).len(), 2);
}

#[test]
fn an_answer_of_nothing_is_an_answer() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    let events = content(&mut translator, json!({"turnComplete": true}));
    assert_eq!(events[0], ended(reply(2), ReplyEnd::Complete));
    assert!(content(&mut translator, json!({"turnComplete": true})).is_empty());
}

#[test]
fn sound_after_a_complete_generation_is_another_reply() {
    let mut translator = ready();
    content(&mut translator, audio(&[1]));
    content(&mut translator, json!({"generationComplete": true}));
    assert_eq!(
        content(&mut translator, audio(&[2]))[0],
        ProviderEvent::ReplyStarted { reply: reply(2) }
    );
}

#[test]
fn words_may_come_before_the_sound_and_after_the_turn() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    let words = |text: &str| json!({"outputTranscription": {"text": text}});
    assert_eq!(
        content(&mut translator, words("Hi"))[0],
        ProviderEvent::ReplyStarted { reply: reply(2) }
    );
    content(&mut translator, audio(&[1]));
    content(&mut translator, json!({"turnComplete": true}));
    assert_eq!(
        content(&mut translator, words(" there")),
        [ProviderEvent::ReplyWords {
            reply: reply(2),
            delta: " there".to_owned()
        }]
    );
}

#[test]
fn what_was_heard_is_told_before_the_next_turn() {
    let cut = |heard_text: &str| ProviderCommand::Truncate {
        reply: reply(1),
        heard: Duration::from_millis(300),
        heard_text: heard_text.to_owned(),
    };
    let mut translator = ready();
    content(&mut translator, audio(&[1]));
    assert!(command(&mut translator, cut(" Hello ")).is_empty());
    let sent = command(&mut translator, ProviderCommand::BeginTurn);
    assert_eq!(sent[0]["clientContent"]["turnComplete"], false);
    let note = &sent[0]["clientContent"]["turns"][0];
    assert_eq!(note["role"], "user");
    assert!(
        note["parts"][0]["text"]
            .as_str()
            .unwrap()
            .contains("only up to \"Hello\"")
    );
    assert_eq!(sent[1], json!({"realtimeInput": {"activityStart": {}}}));
    // The learner speaks already.
    let sent = command(&mut translator, cut(""));
    let note = sent[0]["clientContent"]["turns"][0]["parts"][0]["text"]
        .as_str()
        .unwrap();
    assert!(
        note.contains("before the learner heard any of it"),
        "{note}"
    );
    // A reply of another session.
    let foreign = ProviderCommand::Truncate {
        reply: ReplyId("u-reply-1".into()),
        heard: Duration::ZERO,
        heard_text: String::new(),
    };
    assert!(command(&mut translator, foreign).is_empty());
}
