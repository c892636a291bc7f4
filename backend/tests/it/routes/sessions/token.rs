//! `/sessions/default/token`

use axum::http::StatusCode;
use livekit_api::access_token::TokenVerifier;
use livekit_api::services::room::RoomClient;
use serde_json::json;

use crate::support::TestApp;
use crate::support::livekit::{KEY, LiveKitServer, SECRET};

#[tokio::test]
async fn the_token_opens_the_learners_own_room_which_is_there_before_it() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let session = ada.get("/sessions/default").await.body;
    let answer = ada.post("/sessions/default/token").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let body = answer.body;
    let room = format!("session-{}", session["id"].as_str().unwrap());
    assert_eq!(body["room_name"], room);
    assert_eq!(body["participant_identity"], format!("learner-{}", ada.id));
    assert_eq!(body["server_url"], server.url());

    let claims = TokenVerifier::with_api_key(KEY, SECRET)
        .verify(body["participant_token"].as_str().unwrap())
        .unwrap();
    assert_eq!(claims.sub, body["participant_identity"].as_str().unwrap());
    assert_eq!(claims.video.room, room);
    assert_eq!(claims.name, ada.display_name);
    let expires_at: chrono::DateTime<chrono::Utc> =
        body["expires_at"].as_str().unwrap().parse().unwrap();
    assert!((expires_at.timestamp() - i64::try_from(claims.exp).unwrap()).abs() <= 1);
    let minutes = (expires_at - chrono::Utc::now()).num_seconds();
    assert!((590..=600).contains(&minutes), "ten minutes: {minutes} s");

    let rooms = RoomClient::with_api_key(&server.url().replace("ws", "http"), KEY, SECRET)
        .list_rooms(vec![])
        .await
        .unwrap();
    assert_eq!(
        (rooms[0].name.as_str(), rooms[0].departure_timeout),
        (room.as_str(), 120)
    );

    let live = ada.get("/sessions/default").await.body["live"].clone();
    assert_eq!(live["conversation_id"], body["conversation_id"]);
    assert_eq!(live["learner_present"], false);
}

#[tokio::test]
async fn fifty_tokens_at_once_are_for_one_conversation() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let calls = (0..50).map(|_| ada.post("/sessions/default/token"));
    let answers = futures_util::future::join_all(calls).await;
    let given: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::CREATED)
        .collect();
    assert!(given.len() > 1, "{}", answers[0].body);
    assert!(
        given
            .iter()
            .all(|answer| answer.body["conversation_id"] == given[0].body["conversation_id"])
    );
    assert!(
        answers.iter().all(|answer| matches!(
            answer.status,
            StatusCode::CREATED | StatusCode::TOO_MANY_REQUESTS
        )),
        "what is not given is too much, not an error"
    );
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM conversations")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn whatever_livekits_own_token_source_sends_is_taken_and_opens_no_other_room() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let (ada, ben) = (app.learner().await, app.learner().await);
    let bens = ben.post("/sessions/default/token").await.body;
    let wish = json!({
        "room_name": bens["room_name"], "participant_name": "Ben", "participant_identity": bens["participant_identity"],
        "participant_metadata": "", "participant_attributes": {}, "room_config": {"agents": [{"agent_name": "x"}]}
    });
    for body in [String::new(), "{}".into(), wish.to_string()] {
        for content_type in ["application/json", "text/plain"] {
            let answer = ada
                .post_raw("/sessions/default/token", content_type, body.clone())
                .await;
            assert_eq!(
                answer.status,
                StatusCode::CREATED,
                "{body} as {content_type}: {}",
                answer.body
            );
            assert_eq!(
                answer.body["participant_identity"],
                format!("learner-{}", ada.id)
            );
            assert_ne!(answer.body["room_name"], bens["room_name"]);
        }
    }
}

#[tokio::test]
async fn a_page_that_comes_back_does_not_take_a_conversation_from_the_page_that_has_it_now() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let ask = async |page: &str, coming_back: bool| {
        let wish = json!({"page": page, "coming_back": coming_back});
        ada.post_json("/sessions/default/token", &wish).await
    };
    let begun = ask("phone", true).await;
    assert_eq!(
        begun.status,
        StatusCode::CREATED,
        "there is nothing to take away: {begun:?}"
    );
    assert_eq!(ask("phone", true).await.status, StatusCode::CREATED);
    assert_eq!(ask("desk", false).await.status, StatusCode::CREATED);
    for nobody in ["phone", "not a name"] {
        let refused = ask(nobody, true).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (StatusCode::CONFLICT, "conversation_moved"),
            "{nobody}"
        );
    }
    let back = ask("desk", true).await;
    assert_eq!(
        back.body["conversation_id"], begun.body["conversation_id"],
        "{back:?}"
    );
    assert_eq!(ask("phone", false).await.status, StatusCode::CREATED);
    assert_eq!(ask("desk", true).await.problem(), "conversation_moved");

    // Clients that know nothing of this take it, too, and have no name to come back by.
    assert_eq!(
        ada.post("/sessions/default/token").await.status,
        StatusCode::CREATED
    );
    assert_eq!(ask("phone", true).await.problem(), "conversation_moved");
}

#[tokio::test]
async fn who_comes_back_after_the_end_begins_anew() {
    let server = LiveKitServer::start(None).await;
    let app = TestApp::with_livekit(server.url()).await;
    let ada = app.learner().await;
    let desk = json!({"page": "desk"});
    let first = ada.post_json("/sessions/default/token", &desk).await;
    let first = first.text("conversation_id");
    ada.post(&format!("/conversations/{first}/end")).await;
    let back = json!({"page": "phone", "coming_back": true});
    let next = ada.post_json("/sessions/default/token", &back).await;
    assert_eq!(next.status, StatusCode::CREATED, "{next:?}");
    assert_ne!(next.text("conversation_id"), first);
}

#[tokio::test]
async fn without_livekit_there_is_no_token_and_no_conversation() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let refused = ada.post("/sessions/default/token").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.body["code"], "livekit_unavailable");
    assert!(ada.get("/sessions/default").await.body["live"].is_null());
}
