//! `/api/v1/turns/search`

use avaaz_tutor::Speaker;
use axum::http::StatusCode;

use super::World;
use crate::support::TestApp;

const FIRST: &[(Speaker, &str)] = &[
    (Speaker::Tutor, "Where would you like to travel?"),
    (
        Speaker::Learner,
        "I would like to see the old trams of Lisbon.",
    ),
    (Speaker::Tutor, "Lisbon has many hills."),
];
const SECOND: &[(Speaker, &str)] = &[
    (Speaker::Tutor, "Welcome back."),
    (Speaker::Learner, "I have been to LISBON!"),
    (Speaker::Learner, ""),
];

#[tokio::test]
async fn what_was_said_is_found_again_newest_first_and_page_by_page() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let first = world.conversation(&ada, FIRST).await;
    ada.post(&format!("/conversations/{first}/end")).await;
    let second = world.conversation(&ada, SECOND).await;

    let found = ada.get("/api/v1/turns/search?q=lisbon&limit=2").await;
    assert_eq!(found.status, StatusCode::OK, "{found:?}");
    let items = found.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["conversation_id"], second.as_str());
    assert_eq!(items[0]["text"], "I have been to LISBON!");
    assert_eq!(items[0]["seq"], 2);
    assert_eq!(items[1]["conversation_id"], first.as_str());
    assert_eq!(items[1]["text"], "Lisbon has many hills.");

    let cursor = found.text("next_cursor");
    let rest = ada
        .get(&format!("/api/v1/turns/search?q=lisbon&cursor={cursor}"))
        .await;
    let items = rest.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["text"], FIRST[1].1);
    assert!(rest.body["next_cursor"].is_null());

    let none = ada.get("/api/v1/turns/search?q=lisbon%20hamburg").await;
    assert_eq!(none.body["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_search_decrypts_ones_own_turns_and_no_others() {
    let world = World::new().await;
    let (ada, eve) = (world.app.learner().await, world.app.learner().await);
    world.conversation(&ada, FIRST).await;
    for _ in 0..3 {
        let id = world.conversation(&eve, FIRST).await;
        eve.post(&format!("/conversations/{id}/end")).await;
    }
    let keys = &world.app.state.keys;
    let before = keys.opened();
    let found = ada.get("/api/v1/turns/search?q=lisbon").await;
    assert_eq!(found.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        keys.opened() - before,
        3,
        "Ada's three turns, not Eve's nine"
    );

    let nobody = world.app.learner().await;
    let before = keys.opened();
    let found = nobody.get("/api/v1/turns/search?q=lisbon").await;
    assert_eq!(found.body["items"].as_array().unwrap().len(), 0);
    assert_eq!(keys.opened(), before);
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_refused_with_its_field() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    for query in ["", "?q=", "?q=%20", "?q=a&limit=0", "?q=a&cursor=nowhere"] {
        let answer = ada.get(&format!("/api/v1/turns/search{query}")).await;
        assert_eq!(answer.problem(), "validation_failed", "{query}");
    }
    assert_eq!(
        world
            .app
            .anonymous()
            .get("/api/v1/turns/search?q=a")
            .await
            .problem(),
        "unauthorized"
    );
}

#[tokio::test]
async fn searches_are_limited_for_each_learner_alone_and_those_that_cannot_be_do_not_count() {
    let app = TestApp::configured(|env| env.set("AVAAZ_SEARCHES_PER_LEARNER", "2")).await;
    let (ada, eve) = (app.learner().await, app.learner().await);
    for path in ["/api/v1/turns/search", "/documents/search"] {
        let search = format!("{path}?q=lisbon");
        for _ in 0..3 {
            let invalid = ada.get(&format!("{path}?q=")).await;
            assert_eq!(invalid.problem(), "validation_failed");
        }
        for _ in 0..2 {
            assert_eq!(ada.get(&search).await.status, StatusCode::OK, "{path}");
        }
        let refused = ada.get(&search).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.problem(), "rate_limited");
        assert_eq!(eve.get(&search).await.status, StatusCode::OK, "{path}");
    }
}
