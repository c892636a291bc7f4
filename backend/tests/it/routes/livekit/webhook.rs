//! `/livekit/webhook`

use std::collections::BTreeMap;

use avaaz_agent::room::livekit::{LiveKitConfig, LiveKitConnector};
use avaaz_agent::room::{JoinRoom, ParticipantKind, RoomConnector as _};
use axum::http::StatusCode;
use base64::Engine as _;
use livekit_api::access_token::{AccessToken, Claims};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::livekit::{KEY, LiveKitServer, SECRET};
use crate::support::{Answer, TestApp};

/// Signs an event as livekit-server does: a token with the hash of the body.
fn signature(body: &str, secret: &str) -> String {
    let sha256 = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(body));
    AccessToken::with_api_key(KEY, secret)
        .with_sha256(&sha256)
        .to_jwt()
        .unwrap()
}

async fn tell(app: &TestApp, event: &Value) -> Answer {
    let body = event.to_string();
    let signature = signature(&body, SECRET);
    app.anonymous()
        .post_webhook("/livekit/webhook", &signature, body)
        .await
}

fn event(name: &str, room: &Value, identity: &str) -> Value {
    json!({
        "event": name,
        "room": {"sid": "RM_1", "name": room, "emptyTimeout": 300, "creationTime": "1785542400"},
        "participant": {"sid": "PA_1", "identity": identity, "state": "ACTIVE", "joinedAt": "1785542400"},
        "id": "EV_1", "createdAt": "1785542400"
    })
}

async fn is_present(app: &TestApp) -> bool {
    sqlx::query_scalar("SELECT learner_present FROM conversations")
        .fetch_one(&app.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_learner_who_joins_is_noted_and_one_who_left_too() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let token = ada.post("/sessions/default/token").await.body;
    let identity = token["participant_identity"].as_str().unwrap();
    assert_eq!(
        tell(
            &app,
            &event("participant_joined", &token["room_name"], identity)
        )
        .await
        .status,
        StatusCode::OK
    );
    assert!(is_present(&app).await);
    assert_eq!(
        ada.get("/sessions/default").await.body["live"]["learner_present"],
        true
    );
    assert_eq!(
        tell(
            &app,
            &event("participant_left", &token["room_name"], identity)
        )
        .await
        .status,
        StatusCode::OK
    );
    assert!(!is_present(&app).await);
    tell(
        &app,
        &event("participant_joined", &token["room_name"], identity),
    )
    .await;
    assert_eq!(
        tell(&app, &event("room_finished", &token["room_name"], ""))
            .await
            .status,
        StatusCode::OK
    );
    assert!(!is_present(&app).await);
}

#[tokio::test]
async fn others_in_the_room_are_not_the_learner() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let (ada, eve) = (app.learner().await, app.learner().await);
    let token = ada.post("/sessions/default/token").await.body;
    let conversation = token["conversation_id"].as_str().unwrap();
    for identity in [
        format!("tutor-{conversation}"),
        format!("learner-{}", eve.id),
        "learner-x".into(),
        String::new(),
    ] {
        assert_eq!(
            tell(
                &app,
                &event("participant_joined", &token["room_name"], &identity)
            )
            .await
            .status,
            StatusCode::OK
        );
        assert!(!is_present(&app).await, "{identity}");
    }
}

#[tokio::test]
async fn a_late_word_of_a_learner_who_is_not_there_opens_nothing() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let token = ada.post("/sessions/default/token").await.body;
    ada.post(&format!(
        "/conversations/{}/end",
        token["conversation_id"].as_str().unwrap()
    ))
    .await;
    let identity = token["participant_identity"].as_str().unwrap();
    assert_eq!(
        tell(
            &app,
            &event("participant_joined", &token["room_name"], identity)
        )
        .await
        .status,
        StatusCode::OK
    );
    assert!(ada.get("/sessions/default").await.body["live"].is_null());
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_changes_nothing() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let token = ada.post("/sessions/default/token").await.body;
    let body = event(
        "participant_joined",
        &token["room_name"],
        token["participant_identity"].as_str().unwrap(),
    )
    .to_string();
    let of_another_body = signature("{}", SECRET);
    let of_another_server = signature(&body, "another-secret-of-at-least-32-characters");
    let nameless = AccessToken::with_api_key(KEY, SECRET).to_jwt().unwrap();
    for wrong in [
        of_another_body,
        of_another_server,
        nameless,
        "no token".into(),
        String::new(),
    ] {
        let refused = app
            .anonymous()
            .post_webhook("/livekit/webhook", &wrong, body.clone())
            .await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::UNAUTHORIZED, &"unauthorized".into()),
            "{wrong}"
        );
    }
    assert!(!is_present(&app).await);
}

#[tokio::test]
async fn an_expired_signature_is_refused() {
    let app = TestApp::start().await;
    let body = event("room_started", &"session-1".into(), "").to_string();
    let sha256 = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&body));
    let claims = Claims {
        iss: KEY.into(),
        exp: 1_000_000_000,
        sha256,
        ..Default::default()
    };
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let expired = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    assert_eq!(
        app.anonymous()
            .post_webhook("/livekit/webhook", &expired, body)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn what_means_nothing_to_us_is_fine() {
    let app = TestApp::start().await;
    let events = [
        json!({"event": "egress_started", "egressInfo": {"egressId": "EG_1"}, "id": "EV_1"}),
        json!({"event": "something_new", "room": {"name": "lobby"}}),
        json!({"event": "participant_joined", "room": {"name": "session-none"}, "participant": {"identity": "learner-1"}}),
        json!({"event": "participant_joined"}),
        json!({"event": "room_finished", "room": {"name": format!("session-{}", uuid::Uuid::now_v7())}}),
        json!({"event": 5}),
        json!([]),
    ];
    for event in events {
        assert_eq!(tell(&app, &event).await.status, StatusCode::OK, "{event}");
    }
}

#[tokio::test]
async fn who_joins_again_with_a_kept_token_gets_a_new_conversation() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let token = ada.post("/sessions/default/token").await.body;
    let identity = token["participant_identity"].as_str().unwrap().to_owned();
    ada.post(&format!(
        "/conversations/{}/end",
        token["conversation_id"].as_str().unwrap()
    ))
    .await;

    let as_learner = LiveKitConfig {
        kind: ParticipantKind::Standard,
        ..LiveKitConfig::new(server.url(), KEY, SECRET.to_owned().into())
    };
    let join = JoinRoom {
        room: token["room_name"].as_str().unwrap().to_owned(),
        identity: identity.clone(),
        name: "Ada".into(),
        attributes: BTreeMap::new(),
    };
    let joined = LiveKitConnector::new(as_learner).join(join).await.unwrap();
    assert_eq!(
        tell(
            &app,
            &event("participant_joined", &token["room_name"], &identity)
        )
        .await
        .status,
        StatusCode::OK
    );
    let live = ada.get("/sessions/default").await.body["live"].clone();
    assert_eq!(live["learner_present"], true);
    assert_ne!(live["conversation_id"], token["conversation_id"]);

    // After a refresh the leave of the old participant is told late; the new one is there under the same identity.
    tell(
        &app,
        &event("participant_left", &token["room_name"], &identity),
    )
    .await;
    assert_eq!(
        ada.get("/sessions/default").await.body["live"]["learner_present"],
        true
    );
    joined.room.close().await;
}
