//! The learner's turns and words.

use super::*;

#[test]
fn sound_is_sent_within_a_turn_only() {
    let listening = TurnDetection::Listening {
        patience: avaaz_tutor::Patience::Normal,
        acts: true,
    };
    let setup = SessionSetup {
        turn_detection: listening,
        ..setup()
    };
    let mut translator = ready_with("gemini-3.8-live", setup);
    assert!(command(&mut translator, sound()).is_empty());
    assert_eq!(
        command(&mut translator, ProviderCommand::BeginTurn),
        [json!({"realtimeInput": {"activityStart": {}}})]
    );
    assert!(command(&mut translator, ProviderCommand::BeginTurn).is_empty());
    assert_eq!(
        command(&mut translator, sound()),
        [
            json!({"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "AQD+/w=="}}})
        ]
    );
    assert_eq!(
        command(&mut translator, ProviderCommand::Commit),
        [json!({"realtimeInput": {"activityEnd": {}}})]
    );
    assert!(command(&mut translator, ProviderCommand::Commit).is_empty());
    assert!(command(&mut translator, sound()).is_empty());
}

fn sound() -> ProviderCommand {
    ProviderCommand::Audio(Pcm {
        samples: [1, -2].into(),
        rate_hz: 16_000,
    })
}

#[test]
fn of_a_turn_whose_end_alone_is_told_all_that_was_said_is_sent_then() {
    let mut translator = ready();
    for _ in 0..2 {
        assert!(command(&mut translator, sound()).is_empty());
    }
    let sent = command(&mut translator, ProviderCommand::Commit);
    let kinds: Vec<&String> = sent
        .iter()
        .map(|frame| {
            frame["realtimeInput"]
                .as_object()
                .unwrap()
                .keys()
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(kinds, ["activityStart", "audio", "audio", "activityEnd"]);
    assert!(command(&mut translator, ProviderCommand::Commit).is_empty());
}

#[test]
fn what_is_kept_of_such_a_turn_is_bounded() {
    let mut translator = ready();
    for _ in 0..200 {
        let second = Pcm {
            samples: vec![0; 16_000].into(),
            rate_hz: 16_000,
        };
        command(&mut translator, ProviderCommand::Audio(second));
    }
    assert_eq!(command(&mut translator, ProviderCommand::Commit).len(), 62);
}

#[test]
fn a_turn_that_was_given_up_does_not_silence_the_tutor() {
    let mut translator = ready();
    command(&mut translator, ProviderCommand::BeginTurn);
    let instructions = Some("Go on.".to_owned());
    let sent = command(&mut translator, ProviderCommand::Reply { instructions });
    assert_eq!(sent[0], json!({"realtimeInput": {"activityEnd": {}}}));
    assert_eq!(sent[1]["clientContent"]["turnComplete"], true);
    assert_eq!(content(&mut translator, audio(&[1])).len(), 2);
}

#[test]
fn the_end_of_a_turn_asks_for_the_answer_and_a_second_question_is_a_question() {
    let mut translator = ready();
    command(&mut translator, ProviderCommand::BeginTurn);
    command(&mut translator, ProviderCommand::Commit);
    let ask = || ProviderCommand::Reply { instructions: None };
    assert!(command(&mut translator, ask()).is_empty());
    assert_eq!(command(&mut translator, ask()).len(), 1);
}

#[test]
fn typed_words_end_the_turn_that_is_open_and_are_answered() {
    let mut translator = ready();
    command(&mut translator, ProviderCommand::BeginTurn);
    let typed = ProviderCommand::Text("Why?".to_owned());
    assert_eq!(
        command(&mut translator, typed),
        [
            json!({"realtimeInput": {"activityEnd": {}}}),
            json!({"clientContent": {"turns": [{"role": "user", "parts": [{"text": "Why?"}]}], "turnComplete": true}}),
        ]
    );
}

#[test]
fn words_are_final_when_the_spoken_answer_is_complete() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    for delta in [" I", " went"] {
        let delta = delta.to_owned();
        assert_eq!(
            content(
                &mut translator,
                json!({"inputTranscription": {"text": delta}})
            ),
            [ProviderEvent::LearnerWordsDelta {
                item: item(1),
                delta
            }]
        );
    }
    content(&mut translator, audio(&[1]));
    // The last word comes when the answer has begun.
    content(
        &mut translator,
        json!({"inputTranscription": {"text": " home."}}),
    );
    let events = content(&mut translator, json!({"generationComplete": true}));
    let text = "I went home.".to_owned();
    assert_eq!(
        events[1..],
        [ProviderEvent::LearnerWords {
            item: item(1),
            text
        }]
    );
    let events = content(&mut translator, json!({"turnComplete": true}));
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn words_are_final_as_soon_as_the_service_says_so_but_not_before_the_turn_is() {
    let mut translator = ready();
    command(&mut translator, ProviderCommand::BeginTurn);
    let words = json!({"inputTranscription": {"text": " Yes", "finished": true}});
    assert_eq!(content(&mut translator, words).len(), 1);
    let step = translator.command(ProviderCommand::Commit);
    let text = "Yes".to_owned();
    assert_eq!(
        step.events,
        [ProviderEvent::LearnerWords {
            item: item(1),
            text
        }]
    );

    learner_speaks(&mut translator);
    let words = json!({"inputTranscription": {"finished": true}});
    let text = String::new();
    assert_eq!(
        content(&mut translator, words),
        [ProviderEvent::LearnerWords {
            item: item(2),
            text
        }]
    );
}

#[test]
fn words_that_come_after_the_answer_was_generated_still_belong_to_their_turn() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    content(&mut translator, audio(&[1]));
    assert_eq!(
        content(&mut translator, json!({"generationComplete": true})).len(),
        1
    );
    content(
        &mut translator,
        json!({"inputTranscription": {"text": " Late."}}),
    );
    let text = "Late.".to_owned();
    assert_eq!(
        content(&mut translator, json!({"turnComplete": true})),
        [ProviderEvent::LearnerWords {
            item: item(1),
            text
        }]
    );
}

#[test]
fn a_turn_of_which_nothing_was_understood_has_no_words() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    content(&mut translator, audio(&[1]));
    let events = content(
        &mut translator,
        json!({"generationComplete": true, "turnComplete": true}),
    );
    let text = String::new();
    assert_eq!(
        events[1..],
        [ProviderEvent::LearnerWords {
            item: item(1),
            text
        }]
    );
}

#[test]
fn the_next_turn_ends_the_words_of_the_one_before() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    content(
        &mut translator,
        json!({"inputTranscription": {"text": " One"}}),
    );
    let step = translator.command(ProviderCommand::BeginTurn);
    let text = "One".to_owned();
    assert_eq!(
        step.events,
        [ProviderEvent::LearnerWords {
            item: item(1),
            text
        }]
    );
    let delta = " Two".to_owned();
    assert_eq!(
        content(
            &mut translator,
            json!({"inputTranscription": {"text": " Two"}})
        ),
        [ProviderEvent::LearnerWordsDelta {
            item: item(2),
            delta
        }]
    );
}

#[test]
fn words_that_belong_to_no_turn_are_not_lost() {
    let mut translator = ready();
    let text = " Hello".to_owned();
    assert_eq!(
        content(
            &mut translator,
            json!({"inputTranscription": {"text": text}})
        ),
        [ProviderEvent::LearnerWords {
            item: item(1),
            text
        }]
    );
}

#[test]
fn the_end_of_an_interrupted_turn_ends_no_words_of_the_new_one() {
    let mut translator = ready();
    learner_speaks(&mut translator);
    content(&mut translator, audio(&[1]));
    command(&mut translator, ProviderCommand::BeginTurn);
    content(
        &mut translator,
        json!({"inputTranscription": {"text": " Wait"}}),
    );
    let events = content(&mut translator, json!({"interrupted": true}));
    assert_eq!(events, [ended(reply(2), ReplyEnd::Cancelled)]);
    command(&mut translator, ProviderCommand::Commit);
    assert!(content(&mut translator, json!({"turnComplete": true})).is_empty());
}
