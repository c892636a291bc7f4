//! What the room survives.

use std::collections::BTreeMap;
use std::time::Duration;

use avaaz_agent::room::{AudioFrame, ClosedReason, RoomEvent, SendAudioError};
use bytes::Bytes;

use crate::guest::{FRAME, Guest, listen};
use crate::proxy::Proxy;
use crate::server::{Server, agents_at};

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_socket_resumes_the_same_stay() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    let mut tutor = Guest::join(&agents_at(proxy.port), "tutor-1").await;
    let (track, mut packets) = learner.track_of(&tutor).await;
    learner.joined("tutor-1").await;

    for round in 0..3 {
        proxy.cut();
        lost(&mut tutor).await;
        assert!(!tutor.back().await, "the stay should go on");
        tutor.write("lk.transcription", &format!("round {round}"), None);
        assert_eq!(learner.text().await.2, format!("round {round}"));
        tutor
            .room
            .set_attributes(BTreeMap::from([("round".to_owned(), round.to_string())]))
            .unwrap();
        learner
            .attribute("tutor-1", "round", &round.to_string())
            .await;
        media_is_up(&tutor).await;
        let (heard, ()) = tokio::join!(listen(&mut packets, 24), tutor.speak(25));
        assert_eq!(heard.len(), 25);
    }
    assert_eq!(tutor.audio.track_id(), track);
    assert!(
        !learner.has_seen(|event| matches!(event, RoomEvent::Left { .. })),
        "others saw us go"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn speech_goes_on_while_only_signalling_is_lost() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    let mut tutor = Guest::join(&agents_at(proxy.port), "tutor-1").await;
    let (_, mut from_learner) = tutor.track_of(&learner).await;
    learner.joined("tutor-1").await;
    let cutting = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        proxy.cut();
    };
    let (heard, (), ()) = tokio::join!(listen(&mut from_learner, 199), learner.speak(200), cutting);
    assert!(!tutor.back().await);
    // The path is looked for anew meanwhile, which may cost a few packets.
    assert!(heard.len() > 150, "{} of 200 packets came", heard.len());
    assert_eq!(heard.last().map(|(number, _)| *number), Some(199));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_is_joined_anew_with_all_attributes() {
    let mut server = Server::start();
    let mut tutor = Guest::join(&server.agents(), "tutor-1").await;
    let mut learner = Guest::join(&server.people(), "learner-1").await;
    tutor.joined("learner-1").await;
    tutor
        .room
        .set_attributes(BTreeMap::from([(
            "lk.agent.state".to_owned(),
            "listening".to_owned(),
        )]))
        .unwrap();
    learner
        .attribute("tutor-1", "lk.agent.state", "listening")
        .await;
    let (_, _old) = learner.track_of(&tutor).await;
    learner.forget_the_past();

    server.restart();
    lost(&mut tutor).await;
    let (tutor_fresh, learner_fresh) = tokio::join!(tutor.back(), learner.back());
    assert!(
        tutor_fresh && learner_fresh,
        "a server that forgot us is joined anew"
    );
    let seen = learner.joined("tutor-1").await;
    assert_eq!(
        seen.attributes.get("lk.agent.state").map(String::as_str),
        Some("listening")
    );

    let (track, mut packets) = learner.track_of(&tutor).await;
    assert_eq!(track, tutor.audio.track_id());
    media_is_up(&tutor).await;
    let (heard, ()) = tokio::join!(listen(&mut packets, 49), tutor.speak(50));
    assert_eq!(heard.len(), 50);
    tutor.write("lk.transcription", "back again", Some("learner-1"));
    assert_eq!(learner.text().await.2, "back again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_can_be_closed_while_its_server_is_gone() {
    let mut server = Server::start();
    let mut tutor = Guest::join(&server.agents(), "tutor-1").await;
    server.kill();
    lost(&mut tutor).await;
    tokio::time::timeout(Duration::from_secs(10), tutor.room.close())
        .await
        .expect("closing takes too long");
    assert_eq!(tutor.closed().await, ClosedReason::ByUs);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_and_who_came_during_an_outage_is_told_after_it() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let learner = Guest::join(&server.people(), "learner-1").await;
    let mut tutor = Guest::join(&agents_at(proxy.port), "tutor-1").await;
    let stay = tutor.joined("learner-1").await.sid;
    proxy.refuse(true);
    proxy.cut();
    lost(&mut tutor).await;
    learner.room.close().await;
    let _newcomer = Guest::join(&server.people(), "learner-2").await;
    proxy.refuse(false);
    assert!(!tutor.back().await);
    assert_eq!(tutor.left("learner-1").await, stay);
    tutor.joined("learner-2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_that_stops_is_told_holds_speech_back_and_comes_again() {
    let server = Server::start();
    let mut tutor = Guest::join(&server.agents(), "tutor-1").await;
    media_event(&mut tutor, true).await;
    // Nobody speaks: it is the quiet of the network that counts, not that of people.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(tutor.audio.is_up());
    assert!(!tutor.has_seen(|event| matches!(event, RoomEvent::MediaDown)));
    server.freeze(true);
    media_event(&mut tutor, false).await;
    let refused = tutor
        .audio
        .send(AudioFrame {
            opus: Bytes::from_static(&[7; 60]),
            duration: FRAME,
            level_dbov: 20,
            first: true,
        })
        .await;
    server.freeze(false);
    assert_eq!(refused, Err(SendAudioError::Down));
    media_event(&mut tutor, true).await;
    tutor.speak(5).await;
}

async fn media_event(guest: &mut Guest, up: bool) {
    guest
        .until("news of the media", |event| match event {
            RoomEvent::MediaUp if up => Ok(()),
            RoomEvent::MediaDown if !up => Ok(()),
            other => Err(other),
        })
        .await;
}

async fn lost(guest: &mut Guest) {
    guest
        .until("the loss", |event| match event {
            RoomEvent::Reconnecting => Ok(()),
            other => Err(other),
        })
        .await;
}

async fn media_is_up(guest: &Guest) {
    tokio::time::timeout(Duration::from_secs(10), async {
        while !guest.audio.is_up() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("media does not come up");
}
