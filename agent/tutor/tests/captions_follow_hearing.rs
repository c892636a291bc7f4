//! The tutor's words are shown as they are heard.
mod support;

use avaaz_tutor::{Caption, Output};
use support::*;

const WORDS: [&str; 6] = ["Shall", " we", " talk", " about", " your", " weekend?"];

#[test]
fn words_appear_one_after_the_other_and_never_before_they_sound() {
    let mut world = World::greeted();
    let begun = world.now;
    world.says("r1", &WORDS, 500);
    assert_eq!(world.caption(2), "");
    world.run(secs(5));
    let mut shown = 0;
    let mut steps = 0;
    for (at, output) in &world.log {
        if let Output::Caption(Caption::Append { text, .. }) = output {
            shown += text.split_whitespace().count() as u64;
            steps += 1;
            assert!(
                *at >= begun + ms(500 * shown),
                "{shown} words at {:?}",
                *at - begun
            );
        }
    }
    assert!(steps >= 4, "{steps} steps");
    assert_eq!(world.caption(2), "Shall we talk about your weekend?");
}

#[test]
fn a_caption_begins_before_its_words_and_ends_with_its_turn() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 100);
    world.run(secs(2));
    let captions: Vec<_> = world
        .outputs()
        .into_iter()
        .filter_map(|output| match output {
            Output::Caption(caption) => Some(caption),
            _ => None,
        })
        .collect();
    assert!(matches!(captions[0], Caption::Begin { .. }));
    assert!(matches!(
        captions.last(),
        Some(Caption::Final {
            interrupted: false,
            ..
        })
    ));
}

#[test]
fn while_the_playout_is_held_no_word_appears() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 500);
    world.run(secs(1));
    world.give(avaaz_tutor::Input::LearnerLeft);
    let shown = world.caption(2);
    world.run(secs(5));
    assert_eq!(world.caption(2), shown);
    world.joins();
    world.run(secs(5));
    assert_eq!(world.caption(2), "Shall we talk about your weekend?");
}

#[test]
fn words_that_come_after_the_last_sound_are_kept() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 500);
    world.provider(avaaz_tutor::ProviderEvent::ReplyWords {
        reply: reply("r1"),
        delta: " Or not?".to_owned(),
    });
    world.run(secs(5));
    assert_eq!(
        world.turns().last().unwrap().text,
        "Shall we talk about your weekend? Or not?"
    );
}
