//! When a provider cannot be had, another one serves.
mod support;

use avaaz_tutor::{
    Caption, EndReason, FaultKind, HandOverCause, Input, Output, Pcm, ProviderCommand,
    ProviderEvent, Speaker, StoredPhrase, VoiceState,
};
use support::*;

fn with_two() -> World {
    let mut setup = bridge_setup();
    setup.providers = 2;
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.says("r0", &["Hello!"], 400);
    world.run(secs(6));
    world.log.clear();
    world
}

fn fails(world: &mut World, kind: FaultKind) {
    world.give(Input::ProviderFailed(fault(kind)));
}

fn used(world: &World) -> Vec<usize> {
    world
        .outputs()
        .into_iter()
        .filter_map(|output| match output {
            Output::UseProvider { slot } => Some(*slot),
            _ => None,
        })
        .collect()
}

fn notices(world: &World) -> usize {
    world
        .outputs()
        .into_iter()
        .filter(|output| {
            matches!(output, Output::Caption(Caption::Final { text, speaker: Speaker::Tutor, .. }) if text.contains("Your words are safe"))
        })
        .count()
}

#[test]
fn a_provider_that_refuses_us_is_left_at_once() {
    let mut world = with_two();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Refused)));
    assert_eq!(used(&world), [1]);
    let opened = world.opened();
    assert_eq!((opened.len(), opened[0].0), (1, world.now));
    assert_eq!(
        opened[0].1.voice, None,
        "the other one has voices of its own"
    );
    world.ready();
    assert_eq!(world.hand_overs()[0].to, 1);
    assert_eq!(
        world.hand_overs()[0].cause,
        HandOverCause::Fault(FaultKind::Refused)
    );
    assert!(world.voices().is_empty(), "there was a voice all the time");
}

#[test]
fn a_provider_that_breaks_is_tried_once_more_before_another_one_serves() {
    let mut world = with_two();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    fails(&mut world, FaultKind::Broken);
    assert!(used(&world).is_empty());
    world.run(secs(1));
    fails(&mut world, FaultKind::Broken);
    assert_eq!(used(&world), [1]);
    assert_eq!(world.opened().len(), 3);
}

#[test]
fn a_provider_that_is_known_to_be_away_is_passed_without_a_wait() {
    let mut world = with_two();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    fails(&mut world, FaultKind::Unavailable);
    assert_eq!(used(&world), [1]);
    assert_eq!(world.opened()[1].0, world.now);
}

#[test]
fn when_all_are_away_the_learner_is_told_and_the_conversation_goes_on_trying() {
    let mut world = with_two();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    for _ in 0..60 {
        if matches!(world.opened().last(), Some((at, _)) if *at <= world.now) {
            fails(&mut world, FaultKind::Broken);
        }
        world.run(secs(1));
    }
    assert!(!world.bridge.is_over());
    assert_eq!(world.voices(), [VoiceState::Unavailable]);
    assert_eq!(notices(&world), 1);
    assert!(
        world.has(&Output::PlayStored(StoredPhrase::NoVoice)),
        "and aloud"
    );
    assert!(used(&world).contains(&0) && used(&world).contains(&1));
    world.run(secs(16));
    world.ready();
    assert_eq!(world.voices().last(), Some(&VoiceState::Available));
    let told = &world.opened().last().unwrap().1.history;
    assert!(
        told.iter().all(|turn| !turn.text.contains("cannot reach")),
        "it is no part of the talk"
    );
}

#[test]
fn only_providers_that_all_refuse_end_a_conversation_early() {
    let mut world = with_two();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Refused)));
    while !world.bridge.is_over() && world.now < secs(200) {
        fails(&mut world, FaultKind::Refused);
        world.run(secs(1));
    }
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::ProviderFailed))
    );
    assert_eq!(world.opened().len(), 5, "each is asked three times");
}

#[test]
fn a_provider_that_is_wanted_takes_over_between_turns() {
    let mut world = with_two();
    world.says("r1", &["One."], 2000);
    world.give(Input::ProviderWanted { slot: 1 });
    world.run(ms(200));
    assert!(
        world
            .outputs()
            .iter()
            .any(|output| matches!(output, Output::OpenNext { slot: 1, .. }))
    );
    world.next_ready();
    world.run(secs(3));
    assert!(world.has(&Output::SwitchToNext));
    let handed_over = world.hand_overs()[0];
    assert_eq!((handed_over.from, handed_over.to), (0, 1));
}

#[test]
fn another_provider_hears_what_was_kept_at_its_own_rate() {
    let mut world = with_two();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Refused)));
    for _ in 0..50 {
        world.give(Input::LearnerAudio(voice(20)));
    }
    world.can.input_rate_hz = 16_000;
    world.log.clear();
    world.ready();
    let heard: Vec<&Pcm> = world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            ProviderCommand::Audio(pcm) => Some(pcm),
            _ => None,
        })
        .collect();
    assert!(heard.iter().all(|pcm| pcm.rate_hz == 16_000));
    assert_eq!(
        heard.iter().map(|pcm| pcm.samples.len()).sum::<usize>(),
        16_000
    );
}
