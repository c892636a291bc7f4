//! Whose turn it is, by our own ear: pauses, coughs, and speech that falls into the tutor's words.
mod support;

use std::time::Duration;

use avaaz_tutor::{
    Input, Output, Patience, ProviderCommand, ProviderEvent, ReplyEnd, Speaker, TurnDetection,
};
use support::*;

const WORDS: [&str; 6] = ["Shall", " we", " talk", " about", " your", " weekend?"];

/// A world whose provider finds turns, or leaves that to us.
fn world(finds_turns: bool, patience: Patience) -> World {
    let mut setup = bridge_setup();
    setup.capabilities.finds_turns = finds_turns;
    setup.greeted = true;
    setup.brief.patience = patience;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    hears(&mut world, 1000, false);
    world.log.clear();
    world
}

/// The learner's microphone hears voice, or none, for so many ms.
fn hears(world: &mut World, ms_long: u64, is_voice: bool) {
    for _ in 0..ms_long / 20 {
        piece(world, is_voice, is_voice);
    }
}

/// Twenty ms, and what the detector makes of them.
fn piece(world: &mut World, is_voice: bool, detected: bool) {
    world.run(ms(20));
    let pcm = if is_voice { voice(20) } else { silence(20) };
    world.give(Input::LearnerAudio(pcm));
    world.give(Input::LearnerVoice { is_voice: detected });
}

fn audio_sent(world: &World) -> Duration {
    world
        .commands()
        .iter()
        .filter_map(|command| match command {
            ProviderCommand::Audio(pcm) => Some(pcm.duration()),
            _ => None,
        })
        .sum()
}

fn count(world: &World, wanted: impl Fn(&Output) -> bool) -> usize {
    world
        .outputs()
        .into_iter()
        .filter(|output| wanted(output))
        .count()
}

fn asked(world: &World, wanted: &ProviderCommand) -> usize {
    count(
        world,
        |output| matches!(output, Output::ToProvider(command) if command == wanted),
    )
}

/// What the provider was told of acting by itself, in order.
fn acts(world: &World) -> Vec<bool> {
    world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            ProviderCommand::Change(setup) => match setup.turn_detection {
                TurnDetection::Listening { acts, .. } => Some(acts),
                TurnDetection::Manual => None,
            },
            _ => None,
        })
        .collect()
}

/// The tutor has been speaking for a second; all of the reply has come.
fn speaking(finds_turns: bool) -> World {
    let mut world = world(finds_turns, Patience::Normal);
    world.says("r1", &WORDS, 500);
    hears(&mut world, 1000, false);
    world
}

#[test]
fn a_turn_that_we_find_is_given_whole_and_nothing_else_is() {
    let mut world = world(false, Patience::Normal);
    hears(&mut world, 2000, true);
    hears(&mut world, 3000, false);
    let requests = world.requests();
    assert_eq!(
        requests,
        [
            &ProviderCommand::BeginTurn,
            &ProviderCommand::Commit,
            &ProviderCommand::Reply { instructions: None }
        ]
    );
    // What came just before the voice, the voice, and the silence that ended it.
    assert_eq!(audio_sent(&world), ms(300 + 2000 + 700));
    let commands = world.commands();
    assert_eq!(commands[0], &ProviderCommand::BeginTurn);
    assert_eq!(
        (world.turns()[0].speaker, world.turns().len()),
        (Speaker::Learner, 1)
    );
    world.words("i1", "I went to the market.");
    assert_eq!(world.caption(1), "I went to the market.");
}

#[test]
fn a_short_answer_is_a_turn_and_a_click_is_none() {
    let mut world = world(false, Patience::Quick);
    hears(&mut world, 60, true);
    hears(&mut world, 1000, false);
    assert!(world.commands().is_empty());
    hears(&mut world, 260, true);
    hears(&mut world, 1000, false);
    assert_eq!(asked(&world, &ProviderCommand::Commit), 1);
}

#[test]
fn how_long_a_silence_ends_a_turn_follows_patience() {
    for (patience, ends_after) in [
        (Patience::Quick, 400),
        (Patience::Normal, 700),
        (Patience::Patient, 3400),
    ] {
        let mut world = world(false, patience);
        hears(&mut world, 1000, true);
        hears(&mut world, ends_after - 20, false);
        assert_eq!(asked(&world, &ProviderCommand::Commit), 0, "{patience:?}");
        hears(&mut world, 20, false);
        assert_eq!(asked(&world, &ProviderCommand::Commit), 1, "{patience:?}");
    }
}

/// A small generator of random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from + self.0 % (to - from)
    }
}

#[test]
fn a_patient_learner_who_pauses_for_three_seconds_is_not_cut() {
    const UTTERANCES: u32 = 1000;
    let mut dice = Dice(0x5eed_1234_abcd);
    let (mut cut, mut longest_wait) = (0, Duration::ZERO);
    for _ in 0..UTTERANCES {
        let mut world = world(false, Patience::Patient);
        let phrases = dice.between(2, 4);
        for phrase in 0..phrases {
            for _ in 0..dice.between(2, 8) {
                // A syllable or two, of which the detector misses some; then what lies between.
                for _ in 0..dice.between(6, 20) {
                    let missed = dice.between(0, 100) < 6;
                    piece(&mut world, true, !missed);
                }
                hears(&mut world, 20 * dice.between(0, 9), false);
            }
            if phrase + 1 < phrases {
                let pause = 3000 + dice.between(0, 200);
                for _ in 0..pause / 20 {
                    // A breath, a chair.
                    let mistaken = dice.between(0, 200) == 0;
                    piece(&mut world, false, mistaken);
                }
            }
        }
        if asked(&world, &ProviderCommand::Commit) > 0 {
            cut += 1;
        }
        let spoken = world.now;
        while asked(&world, &ProviderCommand::Commit) == 0 {
            hears(&mut world, 20, false);
        }
        longest_wait = longest_wait.max(world.now - spoken);
    }
    assert!(cut * 100 < UTTERANCES * 2, "{cut} of {UTTERANCES} were cut");
    assert!(longest_wait <= ms(3500), "answered after {longest_wait:?}");
}

#[test]
fn a_cough_holds_the_reply_for_a_moment_and_leaves_no_turn() {
    for finds_turns in [true, false] {
        let mut world = speaking(finds_turns);
        world.log.clear();
        let began = world.now;
        hears(&mut world, 80, true);
        let held = world
            .log
            .iter()
            .find(|(_, output)| *output == Output::PausePlayout)
            .expect("held")
            .0;
        assert!(held - began <= ms(80), "held after {:?}", held - began);
        if finds_turns {
            world.starts_speaking("cough");
        }
        hears(&mut world, 200, true);
        hears(&mut world, 600, false);
        assert!(world.has(&Output::ResumePlayout));
        if finds_turns {
            world.stops_speaking("cough");
            world.words("cough", "");
        }
        hears(&mut world, 4000, false);
        assert!(!world.has(&Output::StopPlayout));
        let turns = world.turns();
        assert_eq!(turns.len(), 1, "finds turns: {finds_turns}");
        assert_eq!(
            (turns[0].text.as_str(), turns[0].interrupted),
            ("Shall we talk about your weekend?", false)
        );
        assert_eq!(turns[0].heard, Some(ms(3000)));
        assert!(world.replies_asked().is_empty());
        assert_eq!(asked(&world, &ProviderCommand::BeginTurn), 0);
        assert_eq!(asked(&world, &ProviderCommand::Commit), 0);
        if !finds_turns {
            assert!(audio_sent(&world).is_zero());
        }
    }
}

#[test]
fn speech_drops_the_reply_at_what_was_heard_and_is_answered_once() {
    for finds_turns in [true, false] {
        let mut world = speaking(finds_turns);
        hears(&mut world, 300, true);
        if finds_turns {
            world.starts_speaking("i1");
        }
        hears(&mut world, 900, true);
        assert_eq!(count(&world, |o| *o == Output::StopPlayout), 1);
        hears(&mut world, 800, false);
        if finds_turns {
            world.stops_speaking("i1");
        }
        world.words("i1", "Wait, I have a question.");
        world.run(ms(300));

        let turns = world.turns();
        assert_eq!(turns.len(), 2, "finds turns: {finds_turns}");
        assert_eq!(
            (turns[0].text.as_str(), turns[0].interrupted),
            ("Shall", true)
        );
        assert_eq!(turns[1].speaker, Speaker::Learner);
        assert_eq!(world.caption(1), "Shall");
        assert_eq!(world.caption(2), "Wait, I have a question.");
        let truncated = world
            .commands()
            .into_iter()
            .filter_map(|command| match command {
                ProviderCommand::Truncate { heard, .. } => Some(*heard),
                _ => None,
            })
            .collect::<Vec<_>>();
        assert_eq!(truncated, [turns[0].heard.unwrap()]);
        assert!((ms(940)..ms(1100)).contains(&truncated[0]), "{truncated:?}");
        assert_eq!(world.replies_asked(), [None]);

        world.says("r2", &["Yes?"], 300);
        hears(&mut world, 1000, false);
        assert_eq!(world.turns().len(), 3);
    }
}

#[test]
fn the_provider_acts_by_itself_only_while_the_tutor_is_silent() {
    let mut world = speaking(true);
    assert_eq!(acts(&world), [false]);
    hears(&mut world, 4000, false);
    assert_eq!(acts(&world), [false, true]);
    world.log.clear();
    hears(&mut world, 300, true);
    world.starts_speaking("i1");
    hears(&mut world, 900, true);
    world.stops_speaking("i1");
    // It answers by itself: no round trip.
    assert!(world.requests().is_empty(), "{:?}", world.requests());
}

#[test]
fn speech_that_crosses_the_switch_is_answered_once_whoever_answers() {
    for answers_by_itself in [true, false] {
        let mut world = speaking(true);
        hears(&mut world, 1900, false);
        // The reply has just ended, or is about to.
        while acts(&world) != [false, true] {
            hears(&mut world, 20, false);
        }
        world.starts_speaking("i1");
        hears(&mut world, 300, true);
        world.stops_speaking("i1");
        world.words("i1", "Yes.");
        world.log.clear();
        if answers_by_itself {
            hears(&mut world, 300, false);
            world.says("r2", &["Good."], 500);
        }
        hears(&mut world, 3000, false);
        let expected: &[Option<&str>] = if answers_by_itself { &[] } else { &[None] };
        assert_eq!(world.replies_asked(), expected);
    }
}

#[test]
fn a_listener_who_agrees_does_not_end_the_reply_but_a_short_word_in_earnest_does() {
    for (words, ends) in [("Mm-hm.", false), ("Wait!", true)] {
        let mut world = speaking(true);
        world.log.clear();
        hears(&mut world, 200, true);
        world.starts_speaking("i1");
        hears(&mut world, 200, true);
        hears(&mut world, 600, false);
        world.stops_speaking("i1");
        world.words("i1", words);
        assert_eq!(world.has(&Output::StopPlayout), ends, "{words}");
        hears(&mut world, 4000, false);
        assert_eq!(world.replies_asked().len(), usize::from(ends), "{words}");
        let learner = world
            .turns()
            .into_iter()
            .filter(|turn| turn.speaker == Speaker::Learner)
            .count();
        assert_eq!(learner, usize::from(ends), "{words}");
    }
}

#[test]
fn a_short_answer_into_the_last_sound_of_a_question_counts() {
    let mut world = world(false, Patience::Normal);
    world.says("r1", &WORDS, 500);
    hears(&mut world, 2700, false);
    hears(&mut world, 300, true);
    hears(&mut world, 1000, false);
    assert_eq!(asked(&world, &ProviderCommand::BeginTurn), 1);
    assert_eq!(asked(&world, &ProviderCommand::Commit), 1);
}

#[test]
fn a_reply_that_the_provider_stopped_for_a_cough_is_taken_up_again() {
    let mut world = world(true, Patience::Normal);
    world.says_without_end("r1", &WORDS[..3], 500);
    hears(&mut world, 100, true);
    world.starts_speaking("cough");
    world.ends("r1", ReplyEnd::Cancelled);
    hears(&mut world, 500, false);
    world.stops_speaking("cough");
    world.words("cough", "");
    hears(&mut world, 3000, false);
    let asked = world.replies_asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].unwrap().contains("Go on from there"));
}

#[test]
fn speech_that_the_provider_does_not_notice_does_not_hold_the_floor() {
    let mut world = speaking(true);
    hears(&mut world, 700, true);
    assert!(world.has(&Output::StopPlayout));
    hears(&mut world, 3000, false);
    let asked = world.replies_asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].unwrap().contains("Go on from there"));
}

#[test]
fn a_provider_that_does_not_notice_speech_is_left_for_a_session_that_hears_all_of_it() {
    let mut world = world(true, Patience::Normal);
    hears(&mut world, 1_000, false);
    world.log.clear();
    hears(&mut world, 2_000, true);
    assert!(world.opened().is_empty());
    hears(&mut world, 400, true);
    assert_eq!(world.opened().len(), 1, "it ought to have said something");
    world.log.clear();
    world.ready();
    let replayed: std::time::Duration = world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            ProviderCommand::Audio(pcm) => Some(pcm.duration()),
            _ => None,
        })
        .sum();
    assert!(replayed >= ms(2_400), "from its beginning: {replayed:?}");
    world.starts_speaking("i1");
    hears(&mut world, 200, true);
    world.stops_speaking("i1");
    world.words("i1", "Do you hear me?");
    assert_eq!(world.turns().len(), 1);
}

#[test]
fn a_provider_that_does_not_notice_the_end_of_speech_is_left_once_it_is_later_than_patience_allows()
{
    for (patience, waits) in [
        (Patience::Quick, 3_000),
        (Patience::Normal, 5_000),
        (Patience::Patient, 9_000),
    ] {
        let mut world = world(true, patience);
        hears(&mut world, 1_000, false);
        hears(&mut world, 400, true);
        world.starts_speaking("i1");
        hears(&mut world, 1_000, true);
        world.log.clear();
        hears(&mut world, waits, false);
        assert!(
            world.opened().is_empty(),
            "{patience:?}: it may be waiting for more"
        );
        hears(&mut world, 600, false);
        assert_eq!(world.opened().len(), 1, "{patience:?}");
        world.ready();
        world.starts_speaking("new1");
        world.stops_speaking("new1");
        world.words("new1", "I went home.");
        assert_eq!(
            world.turns().len(),
            1,
            "one turn, though two sessions heard it"
        );
    }
}

#[test]
fn noise_that_no_session_takes_for_speech_opens_them_more_and_more_seldom() {
    let mut world = world(true, Patience::Normal);
    world.log.clear();
    for _ in 0..60 {
        hears(&mut world, 500, true);
        hears(&mut world, 1_500, false);
        if world.commands().is_empty() || !world.opened().is_empty() {
            world.ready();
        }
    }
    assert!(world.opened().len() <= 7, "{}", world.opened().len());
}

#[test]
fn a_turn_that_goes_on_while_the_session_is_lost_is_given_to_the_next_one_whole() {
    let mut world = world(false, Patience::Normal);
    hears(&mut world, 1000, true);
    world.provider(ProviderEvent::Closed(fault(avaaz_tutor::FaultKind::Broken)));
    hears(&mut world, 500, true);
    world.log.clear();
    world.ready();
    assert_eq!(world.commands()[0], &ProviderCommand::BeginTurn);
    hears(&mut world, 500, true);
    hears(&mut world, 1000, false);
    assert_eq!(audio_sent(&world), ms(300 + 2000 + 700));
    assert_eq!(world.replies_asked(), [None]);
}

#[test]
fn what_is_said_before_the_first_session_is_ready_is_a_turn() {
    let mut setup = bridge_setup();
    setup.capabilities.finds_turns = false;
    let mut world = World::new(setup);
    world.joins();
    hears(&mut world, 1000, true);
    hears(&mut world, 1000, false);
    assert!(world.commands().is_empty());
    world.ready();
    assert_eq!(
        world.requests(),
        [
            &ProviderCommand::BeginTurn,
            &ProviderCommand::Commit,
            &ProviderCommand::Reply { instructions: None }
        ]
    );
}

#[test]
fn what_is_said_while_one_provider_is_left_for_another_that_leaves_turns_to_us_is_not_lost() {
    for speaks_on in [false, true] {
        let mut world = world(true, Patience::Normal);
        world.provider(ProviderEvent::Closed(fault(avaaz_tutor::FaultKind::Broken)));
        hears(&mut world, 1000, true);
        hears(&mut world, 500, false);
        hears(&mut world, if speaks_on { 300 } else { 0 }, true);
        world.log.clear();
        world.can.finds_turns = false;
        world.ready();
        hears(&mut world, 2000, false);
        assert_eq!(
            world.requests(),
            [
                &ProviderCommand::BeginTurn,
                &ProviderCommand::Commit,
                &ProviderCommand::Reply { instructions: None }
            ]
        );
        assert!(audio_sent(&world) >= ms(1500), "{:?}", audio_sent(&world));
        assert_eq!(world.turns().len(), 1);
    }
}

#[test]
fn an_ear_that_falls_silent_ends_the_turn() {
    let mut world = world(false, Patience::Normal);
    hears(&mut world, 1000, true);
    world.run(secs(3));
    assert_eq!(asked(&world, &ProviderCommand::Commit), 1);
}

#[test]
fn a_sound_of_which_nothing_more_is_heard_does_not_hold_the_reply() {
    let mut world = speaking(false);
    hears(&mut world, 100, true);
    assert!(world.has(&Output::PausePlayout));
    world.run(secs(1));
    assert!(world.has(&Output::ResumePlayout));
}
