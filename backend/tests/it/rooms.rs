//! What we ask of LiveKit, on a real livekit-server.

use std::time::{Duration, Instant};

use avaaz_backend::livekit::{LiveKit, LiveKitError};
use livekit_api::access_token::{Claims, TokenVerifier};
use livekit_api::services::room::RoomClient;

use crate::support::livekit::{KEY, LiveKitServer, SECRET, closed_port};

fn livekit(url: &str, secret: &str) -> LiveKit {
    LiveKit::new(url, url, KEY, secret.to_owned().into())
}

#[tokio::test]
async fn a_room_outlasts_the_minute_in_which_a_learner_may_come_back() {
    let server = LiveKitServer::start(None).await;
    let livekit = livekit(server.url(), SECRET);
    livekit.create_room("session-1").await.unwrap();
    livekit.create_room("session-1").await.unwrap();
    let rooms = RoomClient::with_api_key(&server.url().replace("ws", "http"), KEY, SECRET)
        .list_rooms(vec![])
        .await
        .unwrap();
    assert_eq!(rooms.len(), 1, "the same room is not made twice");
    assert_eq!(
        (
            rooms[0].name.as_str(),
            rooms[0].departure_timeout,
            rooms[0].empty_timeout
        ),
        ("session-1", 120, 300)
    );
    livekit.check().await.unwrap();
}

#[tokio::test]
async fn nobody_is_in_an_empty_room_nor_in_one_that_does_not_exist() {
    let server = LiveKitServer::start(None).await;
    let livekit = livekit(server.url(), SECRET);
    livekit.create_room("session-1").await.unwrap();
    assert!(!livekit.is_in_room("session-1", "learner-1").await.unwrap());
    assert!(!livekit.is_in_room("session-2", "learner-1").await.unwrap());
}

#[tokio::test]
async fn a_server_that_is_down_or_refuses_our_keys_is_unavailable_and_soon() {
    let began = Instant::now();
    let down = livekit(&format!("ws://127.0.0.1:{}", closed_port()), SECRET);
    assert!(matches!(
        down.create_room("session-1").await,
        Err(LiveKitError::Unavailable(_))
    ));
    assert!(began.elapsed() < Duration::from_secs(3));

    let server = LiveKitServer::start(None).await;
    let stranger = livekit(server.url(), "another-secret-of-at-least-32-characters");
    let Err(error) = stranger.check().await else {
        panic!("a wrong secret is refused")
    };
    assert!(!error.to_string().contains("another-secret"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_costs_the_learner_three_seconds() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", silent.local_addr().unwrap());
    let began = Instant::now();
    assert!(matches!(
        livekit(&url, SECRET).create_room("session-1").await,
        Err(LiveKitError::Unavailable(_))
    ));
    assert!(
        began.elapsed() < Duration::from_millis(3500),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_learners_token_opens_one_room_for_a_microphone_and_data_and_nothing_else() {
    let token = livekit("ws://localhost:7880", SECRET)
        .learner_token("session-1", "learner-1", "Ada")
        .unwrap();
    let claims: Claims = TokenVerifier::with_api_key(KEY, SECRET)
        .verify(&token)
        .unwrap();
    assert_eq!(
        (
            claims.sub.as_str(),
            claims.name.as_str(),
            claims.kind.as_str()
        ),
        ("learner-1", "Ada", "")
    );
    let video = claims.video;
    assert_eq!(video.room, "session-1");
    assert_eq!(video.can_publish_sources, ["microphone"]);
    assert!(
        video.room_join && video.can_publish() && video.can_subscribe() && video.can_publish_data()
    );
    assert!(
        !(video.room_create
            || video.room_list
            || video.room_admin
            || video.room_record
            || video.ingress_admin)
    );
    assert!(!(video.hidden || video.recorder || video.agent || video.can_update_own_metadata()));
    assert!(
        TokenVerifier::with_api_key(KEY, "another-secret-of-at-least-32-characters")
            .verify(&token)
            .is_err()
    );
}
