//! The room client against a real livekit-server (`AVAAZ_LIVEKIT_SERVER`, else `livekit-server` on the path).

#![allow(clippy::unwrap_used)] // Everything here is test code, the helpers outside of test functions too.

mod guest;
mod proxy;
mod recovery;
mod server;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use avaaz_agent::room::{
    ClosedReason, JoinRoomError, ParticipantKind, RoomCommandError, RoomConnector, RoomEvent,
};
use bytes::Bytes;
use guest::{Guest, listen, request};
use server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_join_is_fast_and_both_sides_hear_each_other_without_a_gap() {
    let server = Server::start();
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    let began = Instant::now();
    let mut tutor = Guest::join(&server.agents(), "tutor-1").await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "the join took {took:?}");

    assert_eq!(learner.joined("tutor-1").await.kind, ParticipantKind::Agent);
    assert_eq!(
        tutor.joined("learner-1").await.kind,
        ParticipantKind::Standard
    );
    let (tutors_track, mut from_tutor) = learner.track_of(&tutor).await;
    let (_, mut from_learner) = tutor.track_of(&learner).await;
    assert_eq!(tutors_track, tutor.audio.track_id());

    let last = 149;
    let (to_learner, to_tutor, ..) = tokio::join!(
        listen(&mut from_tutor, last),
        listen(&mut from_learner, last),
        tutor.speak(150),
        learner.speak(150)
    );
    for heard in [to_learner, to_tutor] {
        let numbers: Vec<u32> = heard.iter().map(|(number, _)| *number).collect();
        assert_eq!(
            numbers,
            (0..=last).collect::<Vec<_>>(),
            "frames are missing or out of order"
        );
        for pair in heard.windows(2) {
            assert_eq!(pair[1].1.sequence, pair[0].1.sequence.wrapping_add(1));
            assert_eq!(pair[1].1.timestamp, pair[0].1.timestamp.wrapping_add(960));
        }
    }
    // The server reports to senders about every second or two.
    let deadline = Instant::now() + Duration::from_secs(10);
    while tutor.room.statistics().round_trip_ms.is_none() {
        assert!(Instant::now() < deadline, "no round trip is known");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(tutor.room.statistics().packets_sent >= 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_goes_both_ways_and_an_agent_may_speak_for_the_learner() {
    let server = Server::start();
    let mut tutor = Guest::join(&server.agents(), "tutor-1").await;
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    let mut other = Guest::join(&server.people(), "learner-2").await;

    tutor.write(
        "lk.transcription",
        "what the learner said",
        Some("learner-1"),
    );
    tutor.write("lk.transcription", "what the tutor said", None);
    let words = |from: &str, text: &str| {
        (
            from.to_owned(),
            "lk.transcription".to_owned(),
            text.to_owned(),
        )
    };
    assert_eq!(
        other.text().await,
        words("learner-1", "what the learner said")
    );
    assert_eq!(other.text().await, words("tutor-1", "what the tutor said"));

    let long = "não é à toa. ".repeat(5000);
    learner.write("lk.chat", &long, None);
    assert_eq!(
        tutor.text().await,
        ("learner-1".to_owned(), "lk.chat".to_owned(), long)
    );

    let old_client = r#"{"id":"m1","timestamp":1,"message":"olá"}"#;
    learner
        .room
        .send_data("lk-chat-topic", Bytes::from_static(old_client.as_bytes()))
        .unwrap();
    assert_eq!(
        tutor.text().await,
        (
            "learner-1".to_owned(),
            "lk.chat".to_owned(),
            "olá".to_owned()
        )
    );

    tutor
        .room
        .send_data("score", Bytes::from_static(b"7"))
        .unwrap();
    let data = learner
        .until("data", |event| match event {
            RoomEvent::Data {
                from,
                topic,
                payload,
            } => Ok((from, topic, payload)),
            other => Err(other),
        })
        .await;
    assert_eq!(
        data,
        (
            "tutor-1".to_owned(),
            "score".to_owned(),
            Bytes::from_static(b"7")
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_and_the_mute_state_reach_the_others() {
    let server = Server::start();
    let tutor = Guest::join(&server.agents(), "tutor-1").await;
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    let seen = learner.joined("tutor-1").await;
    assert_eq!(
        seen.attributes.get("lk.agent.state").map(String::as_str),
        Some("initializing")
    );
    for state in ["listening", "thinking", "speaking"] {
        tutor
            .room
            .set_attributes(BTreeMap::from([(
                "lk.agent.state".to_owned(),
                state.to_owned(),
            )]))
            .unwrap();
        learner.attribute("tutor-1", "lk.agent.state", state).await;
    }
    let (track, _packets) = learner.track_of(&tutor).await;
    for wanted in [true, false] {
        tutor.audio.set_muted(wanted);
        learner
            .until("the mute state", |event| match event {
                RoomEvent::TrackMuted {
                    ref track_id,
                    muted,
                    ..
                } if *track_id == track && muted == wanted => Ok(()),
                other => Err(other),
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_is_seen_at_once_and_ends_every_task() {
    let server = Server::start();
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    let before = alive_tasks();
    let mut tutor = Guest::join(&server.agents(), "tutor-1").await;
    let stay = learner.joined("tutor-1").await.sid;
    let (_, _packets) = learner.track_of(&tutor).await;
    assert!(alive_tasks() > before);

    let began = Instant::now();
    tutor.room.close().await;
    assert_eq!(learner.left("tutor-1").await, stay);
    let took = began.elapsed();
    // Without a word the server would notice after 20 s.
    assert!(
        took < Duration::from_secs(3),
        "the leave was seen after {took:?}"
    );
    assert_eq!(tutor.closed().await, ClosedReason::ByUs);
    assert!(tutor.hears_nothing_more().await);
    assert_eq!(
        tutor.room.send_data("late", Bytes::new()),
        Err(RoomCommandError::Closed)
    );
    tutor.room.close().await;

    let deadline = Instant::now() + Duration::from_secs(5);
    // The learner's own task for the tutor's track ends, too.
    while alive_tasks() > before {
        assert!(
            Instant::now() < deadline,
            "{} tasks before, {} after",
            before,
            alive_tasks()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_room_leaves_it() {
    let server = Server::start();
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    let tutor = Guest::join(&server.agents(), "tutor-1").await;
    learner.joined("tutor-1").await;
    let began = Instant::now();
    drop(tutor);
    learner.left("tutor-1").await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_join_under_the_same_identity_closes_the_older_one() {
    let server = Server::start();
    let mut older = Guest::join(&server.agents(), "tutor-1").await;
    let mut newer = Guest::join(&server.agents(), "tutor-1").await;
    assert_eq!(older.closed().await, ClosedReason::DuplicateIdentity);
    assert!(older.hears_nothing_more().await);
    newer.write("lk.transcription", "still here", None);
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    newer.joined("learner-1").await;
    learner.track_of(&newer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_who_comes_again_is_heard_again() {
    let server = Server::start();
    let mut tutor = Guest::join(&server.agents(), "tutor-1").await;
    // More often than there are sections for remote audio: the server uses them again.
    for _ in 0..6 {
        let learner = Guest::join(&server.people(), "learner-1").await;
        let stay = tutor.joined("learner-1").await.sid;
        let (track, mut packets) = tutor.track_of(&learner).await;
        let (heard, ()) = tokio::join!(listen(&mut packets, 24), learner.speak(25));
        assert_eq!(heard.len(), 25);
        learner.room.close().await;
        assert_eq!(tutor.left("learner-1").await, stay);
        tutor
            .until("the end of the track", |event| match event {
                RoomEvent::TrackDown { ref track_id, .. } if *track_id == track => Ok(()),
                other => Err(other),
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_or_refuses_is_told_in_time() {
    let began = Instant::now();
    let down = server::agents_at(server::silent_port())
        .join(request("tutor-1"))
        .await;
    assert!(matches!(down.err(), Some(JoinRoomError::Unreachable(_))));
    let server = Server::start();
    let refused = server::strangers_at(server.port())
        .join(request("tutor-1"))
        .await;
    assert!(matches!(refused.err(), Some(JoinRoomError::Refused(_))));
    assert!(began.elapsed() < Duration::from_secs(15));
}

fn alive_tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}
