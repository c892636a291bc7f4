//! Who holds a conversation, and how it changes hands.

use std::time::Duration;

use avaaz_agent::host::Notice;
use avaaz_agent::room::{ClosedReason, RoomEvent};

use crate::support::world::{World, wait};

#[tokio::test(start_paused = true)]
async fn a_lost_lease_stops_at_once_and_writes_nothing_more() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "One two three four five.",
        Duration::from_millis(5000),
    )
    .await;
    wait(1000).await;
    world.host.lose_leases();
    wait(1100).await;
    assert!(stay.is_closed());
    assert!(line.is_closed());
    let written = world.host.written();
    assert_eq!(written.turns.len(), 1);
    assert_eq!(written.refused, 0, "not even tried");
    assert!(written.released.is_empty() && written.ended.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_notice_of_a_lost_lease_needs_no_renewal() {
    let mut world = World::new().await;
    let (stay, _line, _microphone) = world.greeted().await;
    world
        .host
        .notify(Notice::LeaseLost {
            conversation: world.conversation,
        })
        .await;
    wait(10).await;
    assert!(stay.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_twin_in_the_room_means_that_the_lease_is_lost() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "One two three four five.",
        Duration::from_millis(5000),
    )
    .await;
    wait(1500).await;
    world.host.lose_leases();
    stay.tell(RoomEvent::Closed(ClosedReason::DuplicateIdentity))
        .await;
    wait(100).await;
    assert!(line.is_closed());
    let written = world.host.written();
    assert_eq!(written.turns.len(), 1);
    assert!(written.released.is_empty() && written.ended.is_empty());
}

#[tokio::test(start_paused = true)]
async fn shutting_down_finishes_the_sentence_and_hands_over() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "One two three four five.",
        Duration::from_millis(5000),
    )
    .await;
    wait(2000).await;
    world.runtime.close();
    wait(1000).await;
    assert!(!stay.is_closed(), "it is still speaking");
    let opened_late = world.host.open(Vec::new()).await;
    world.runtime.ended().await;
    assert!(stay.is_closed());
    let written = world.host.written();
    assert_eq!(written.turns.len(), 2);
    assert_eq!(written.turns[1].text, "One two three four five.");
    assert!(!written.turns[1].interrupted);
    assert_eq!(written.released.len(), 1);
    assert_eq!(written.released[0].conversation, world.conversation);
    assert_ne!(opened_late, world.conversation);
    assert_eq!(world.rooms.count(), 1, "nothing new was claimed");
}

#[tokio::test(start_paused = true)]
async fn the_second_step_cuts() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "One two three four five.",
        Duration::from_millis(9000),
    )
    .await;
    wait(1000).await;
    world.runtime.close();
    world.runtime.cut();
    tokio::time::timeout(Duration::from_secs(1), world.runtime.ended())
        .await
        .unwrap();
    assert!(stay.is_closed());
    assert_eq!(world.host.written().released.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_given_back_now_is_given_back_later() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    world.host.set_down(true);
    line.replies("r1", "One two three.", Duration::from_millis(600))
        .await;
    wait(1_500).await;
    stay.tell(RoomEvent::Closed(ClosedReason::RoomClosed)).await;
    wait(60_000).await;
    assert!(world.host.written().released.is_empty());
    world.host.set_down(false);
    wait(5_000).await;
    assert_eq!(world.host.written().turns.len(), 2);
    assert_eq!(world.host.written().released.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_serves_no_more_than_it_has_room_for() {
    let world = World::new().await;
    for _ in 0..60 {
        world.host.open(Vec::new()).await;
    }
    wait(5_000).await;
    assert_eq!(world.rooms.count(), 50);
    let second = world.another_runtime();
    wait(2_000).await;
    assert_eq!(world.rooms.count(), 61);
    second.cut();
    second.ended().await;
    assert_eq!(world.host.written().released.len(), 11);
}
