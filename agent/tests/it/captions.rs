//! How words are shown.

use std::time::Duration;

use avaaz_tutor::{PastTurn, Speaker};

use crate::support::world::{LEARNER, World, page, wait};

#[tokio::test(start_paused = true)]
async fn a_turn_keeps_its_place_before_it_has_words_and_one_stream_id_for_life() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.hears_speech("item1").await;
    wait(50).await;
    let place = stay.streams().pop().unwrap();
    assert_eq!(place.text, "…");
    assert!(place.closed);
    assert_eq!(place.header.topic, "lk.transcription");
    assert_eq!(place.header.on_behalf_of.as_deref(), Some(LEARNER));
    assert_eq!(place.header.attributes["lk.segment_id"], "turn-2");
    assert_eq!(place.header.attributes["lk.transcription_final"], "false");
    assert_eq!(place.header.attributes["lk.transcribed_track_id"], "TR_ada");

    wait(800).await;
    line.understands("item1", "Good morning.").await;
    wait(50).await;
    let words = stay
        .streams()
        .into_iter()
        .rfind(|stream| stream.header.attributes["lk.segment_id"] == "turn-2")
        .unwrap();
    assert_eq!(words.text, "Good morning.");
    assert_eq!(words.header.stream_id, place.header.stream_id);
    assert_eq!(words.header.attributes["lk.transcription_final"], "true");
}

#[tokio::test(start_paused = true)]
async fn the_tutors_words_come_in_one_open_stream_as_they_are_heard() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "Eins zwei drei vier fünf.",
        Duration::from_millis(5000),
    )
    .await;
    wait(2500).await;
    let open: Vec<_> = stay.streams().into_iter().filter(|s| !s.closed).collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].header.on_behalf_of, None);
    assert_eq!(
        open[0].header.attributes["lk.transcribed_track_id"],
        "TR_tutor"
    );
    assert!(open[0].text.starts_with("Eins zwei"), "{}", open[0].text);
    assert!(!open[0].text.contains("fünf"), "{}", open[0].text);
    wait(4000).await;
    assert!(stay.streams().iter().all(|stream| stream.closed));
    assert_eq!(
        page(&stay.streams()).last().unwrap().1,
        "Eins zwei drei vier fünf."
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_in_the_middle_of_a_reply_sees_all_of_it() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "Eins zwei drei vier fünf.",
        Duration::from_millis(5000),
    )
    .await;
    wait(2500).await;
    let before = stay.streams().len();
    stay.joins(LEARNER, "PA_2").await;
    wait(4000).await;
    let seen = page(&stay.streams()[before..]);
    let seen: Vec<(&str, &str)> = seen.iter().map(|(id, text)| (&**id, &**text)).collect();
    assert_eq!(
        seen,
        [
            ("turn-1", "Hello Ada."),
            ("turn-2", "Eins zwei drei vier fünf."),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_take_over_the_words_of_before_are_shown_and_nobody_is_greeted() {
    let history = (1..=301)
        .map(|seq| PastTurn {
            seq,
            speaker: if seq % 2 == 0 {
                Speaker::Learner
            } else {
                Speaker::Tutor
            },
            text: format!("Number {seq}."),
            interrupted: seq == 299,
        })
        .collect();
    let mut world = World::with_history(history).await;
    let (stay, line, _microphone) = world.begun().await;
    wait(2000).await;
    let shown = page(&stay.streams());
    assert_eq!(shown.len(), 200, "the last ones");
    assert_eq!(shown[0].0, "turn-102");
    assert_eq!(shown[199].1, "Number 301.");
    let interrupted = stay
        .streams()
        .iter()
        .filter(|stream| stream.header.attributes.contains_key("avaaz.interrupted"))
        .count();
    assert_eq!(interrupted, 1);
    assert!(line.asked().is_empty(), "{:?}", line.asked());
}

#[tokio::test(start_paused = true)]
async fn what_the_room_has_no_place_for_comes_later_and_in_order() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    stay.set_text_queue_full(true);
    line.hears_speech("item1").await;
    wait(700).await;
    line.understands("item1", "Are you there?").await;
    line.replies("r1", "I am.", Duration::from_millis(300))
        .await;
    wait(1500).await;
    assert_eq!(page(&stay.streams()).len(), 1);
    stay.set_text_queue_full(false);
    wait(200).await;
    let shown = page(&stay.streams());
    let shown: Vec<&str> = shown.iter().map(|(_, text)| &**text).collect();
    assert_eq!(shown, ["Hello Ada.", "Are you there?", "I am."]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_without_words_is_taken_away() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.hears_speech("item1").await;
    wait(700).await;
    line.understands("item1", "").await;
    wait(3000).await;
    let (segment, text) = page(&stay.streams()).pop().unwrap();
    assert_eq!(segment, "turn-2");
    assert_eq!(text, "\u{200B}", "clients drop empty chunks");
}
