//! What talking costs: accounts, prices, sums and caps, on a real Postgres.

use std::time::{Duration, SystemTime};

use avaaz_agent::host::{Claimed, Lease, Notice, TurnRecord, TutorHost as _, UsageRecord};
use avaaz_backend::tutor_host::PgTutorHost;
use avaaz_tutor::{EndReason, Speaker, Spending, Usage};
use axum::http::StatusCode;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::livekit::LiveKitServer;
use crate::support::{Persona, TestApp};

/// 20 dollars for a million tokens out, as the test's table has it.
const PRICES: &str = r#"{"currency": "EUR", "prices": [{"model": "m", "from": "2020-01-01",
    "input_text": 1, "input_audio": 10, "cached_input": 0.1, "output_text": 2, "output_audio": 20}]}"#;

struct World {
    app: TestApp,
    _server: LiveKitServer,
    _prices: tempfile::NamedTempFile,
}

impl World {
    async fn new(caps: &[(&str, &str)]) -> Self {
        let server = LiveKitServer::start(None).await;
        let prices = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(prices.path(), PRICES).unwrap();
        let app = TestApp::configured(|env| {
            env.set("LIVEKIT_URL", server.url());
            env.set("AVAAZ_PRICES_FILE", prices.path().to_string_lossy());
            for (name, value) in caps {
                env.set(name, *value);
            }
        })
        .await;
        Self {
            app,
            _server: server,
            _prices: prices,
        }
    }

    /// Opens a conversation and claims it.
    async fn talk(&self, host: &PgTutorHost, learner: &Persona) -> Claimed {
        let id = learner
            .post("/sessions/default/token")
            .await
            .text("conversation_id");
        let claimed = host.claim(Uuid::now_v7(), 10).await.unwrap();
        let claimed = claimed.into_iter();
        claimed
            .into_iter()
            .find(|claimed| claimed.lease.conversation.to_string() == id)
            .expect("it waits")
    }
}

fn account(model: &str, output_audio_tokens: u64) -> UsageRecord {
    UsageRecord {
        id: Uuid::now_v7(),
        turn: None,
        provider: "openai".into(),
        model: model.into(),
        usage: Usage {
            input_text_tokens: 100,
            output_audio_tokens,
            ..Usage::default()
        },
        at: SystemTime::now(),
    }
}

fn turn(seq: u32) -> TurnRecord {
    let now = SystemTime::now();
    TurnRecord {
        id: Uuid::now_v7(),
        seq,
        speaker: Speaker::Tutor,
        text: "words".to_owned(),
        text_pending: false,
        started_at: now - Duration::from_secs(2),
        ended_at: now,
        interrupted: false,
        heard_ms: Some(2000),
        first_audio_ms: Some(250),
        latency_ms: Some(300),
        first_heard_ms: Some(420),
        provider: Some("openai".into()),
        model: Some("m".into()),
    }
}

/// Returns what the tutor is told of money, if it is told within a moment.
async fn told(host: &PgTutorHost) -> Option<Spending> {
    let told = async {
        loop {
            if let Notice::Spent { spending, .. } = host.next_notice().await {
                return spending;
            }
        }
    };
    timeout(Duration::from_millis(300), told).await.ok()
}

async fn end(host: &PgTutorHost, lease: Lease) {
    host.end(lease, EndReason::LearnerEnded, SystemTime::now())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_a_conversation_cost_is_shown_with_it_and_by_day() {
    let world = World::new(&[]).await;
    let ada = world.app.learner().await;
    let host = world.app.tutor_host();
    let lease = world.talk(&host, &ada).await.lease;
    let reply = turn(1);
    host.record_turn(lease, reply.clone()).await.unwrap();
    let first = UsageRecord {
        turn: Some(reply.id),
        ..account("m", 1000)
    };
    for _ in 0..2 {
        host.record_usage(lease, first.clone()).await.unwrap();
    }
    host.record_usage(lease, account("m", 500)).await.unwrap();

    let path = format!("/conversations/{}", lease.conversation);
    let shown = ada.get(&path).await.body;
    let usage = &shown["usage"];
    assert_eq!(usage["output_audio_tokens"], 1500, "the retry counts once");
    assert_eq!(usage["input_text_tokens"], 200);
    assert_eq!(usage["cost_micros"], 100 + 20_000 + 100 + 10_000);
    assert_eq!(usage["currency"], "EUR");
    assert_eq!(usage["unpriced_models"], json!([]));
    let shown = &shown["turns"][0];
    assert_eq!(
        [
            &shown["first_audio_ms"],
            &shown["latency_ms"],
            &shown["first_heard_ms"]
        ],
        [&json!(250), &json!(300), &json!(420)]
    );

    let report = ada.get("/sessions/default/usage").await;
    assert_eq!(report.status, StatusCode::OK);
    let body = report.body;
    assert_eq!(body["total"]["cost_micros"], 30_200);
    assert_eq!(body["days"].as_array().unwrap().len(), 1);
    assert_eq!(body["days"][0]["date"], body["to"]);
    assert_eq!(body["days"][0]["cost_micros"], 30_200);
    assert_eq!(
        body["conversations"][0]["conversation_id"],
        lease.conversation.to_string()
    );

    // Whoever deletes a conversation does not undo what it cost.
    ada.delete(&path).await;
    let body = ada.get("/sessions/default/usage").await.body;
    assert_eq!(body["total"]["cost_micros"], 30_200);
    assert!(body["conversations"][0]["conversation_id"].is_null());
    let ben = world.app.learner().await;
    let others = ben.get("/sessions/default/usage").await.body;
    assert!(others["total"]["cost_micros"].is_null());
}

#[tokio::test]
async fn a_model_without_a_price_is_said_and_costs_nothing_that_we_know_of() {
    let world = World::new(&[]).await;
    let ada = world.app.learner().await;
    let host = world.app.tutor_host();
    let lease = world.talk(&host, &ada).await.lease;
    host.record_usage(lease, account("brand-new", 1000))
        .await
        .unwrap();
    let body = ada.get("/sessions/default/usage").await.body;
    assert!(body["total"]["cost_micros"].is_null());
    assert_eq!(body["total"]["output_audio_tokens"], 1000);
    assert_eq!(body["total"]["unpriced_models"], json!(["brand-new"]));
}

#[tokio::test]
async fn days_are_those_of_the_learners_time_zone() {
    let world = World::new(&[]).await;
    let ada = world.app.learner().await;
    ada.patch("/auth/me", &json!({"time_zone": "Pacific/Kiritimati"}))
        .await;
    let host = world.app.tutor_host();
    let lease = world.talk(&host, &ada).await.lease;
    for at in ["2026-03-01T09:59:00Z", "2026-03-01T10:00:00Z"] {
        let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
        let account = UsageRecord {
            at: at.into(),
            ..account("m", 1000)
        };
        host.record_usage(lease, account).await.unwrap();
    }
    let march = "/sessions/default/usage?from=2026-03-01&to=2026-03-02";
    let body = ada.get(march).await.body;
    assert_eq!(body["time_zone"], "Pacific/Kiritimati");
    let days: Vec<_> = body["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| &day["date"])
        .collect();
    assert_eq!(days, ["2026-03-01", "2026-03-02"]);
    let first = ada
        .get("/sessions/default/usage?from=2026-03-01&to=2026-03-01")
        .await;
    assert_eq!(first.body["total"]["output_audio_tokens"], 1000);
}

#[tokio::test]
async fn days_that_are_none_are_refused_with_the_field() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=9999-12-31", "from"),
        ("from=2026-03-02&to=2026-03-01", "from"),
        ("from=2024-01-01&to=2026-03-01", "from"),
    ] {
        let refused = ada.get(&format!("/sessions/default/usage?{query}")).await;
        assert_eq!(refused.problem(), "validation_failed", "{query}");
        assert_eq!(refused.body["errors"][0]["field"], field, "{query}");
    }
}

#[tokio::test]
async fn the_tutor_is_told_when_a_conversation_has_spent_nearly_all_and_all() {
    let world = World::new(&[("AVAAZ_MAX_COST_PER_CONVERSATION", "0.1")]).await;
    let ada = world.app.learner().await;
    let host = world.app.tutor_host();
    let lease = world.talk(&host, &ada).await.lease;
    host.record_usage(lease, account("m", 2_500)).await.unwrap();
    assert_eq!(told(&host).await, None);
    host.record_usage(lease, account("m", 1_500)).await.unwrap();
    assert_eq!(told(&host).await, Some(Spending::NearlyAll));
    host.record_usage(lease, account("m", 1_000)).await.unwrap();
    assert_eq!(told(&host).await, Some(Spending::All));
    end(&host, lease).await;

    // The next conversation has a purse of its own.
    let next = world.talk(&host, &ada).await.lease;
    host.record_usage(next, account("m", 1_000)).await.unwrap();
    assert_eq!(told(&host).await, None);
}

#[tokio::test]
async fn a_learner_who_has_spent_their_day_is_told_in_the_next_conversation_too() {
    let world = World::new(&[("AVAAZ_MAX_COST_PER_LEARNER_DAY", "0.05")]).await;
    let (ada, ben) = (world.app.learner().await, world.app.learner().await);
    let host = world.app.tutor_host();
    let lease = world.talk(&host, &ada).await.lease;
    host.record_usage(lease, account("m", 3_000)).await.unwrap();
    assert_eq!(told(&host).await, Some(Spending::All));
    end(&host, lease).await;
    let next = world.talk(&host, &ada).await;
    assert_eq!(next.spending, Some(Spending::All), "at its very beginning");
    let others = world.talk(&host, &ben).await;
    assert_eq!(
        others.spending, None,
        "another learner's day is another one"
    );
}

#[tokio::test]
async fn a_conversation_may_take_what_is_left_of_the_learners_day() {
    let world = World::new(&[("AVAAZ_MAX_MINUTES_PER_LEARNER_DAY", "10")]).await;
    let ada = world.app.learner().await;
    let host = world.app.tutor_host();
    let first = world.talk(&host, &ada).await;
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let around =
        |limit: Duration, expected: Duration| limit.abs_diff(expected) < Duration::from_secs(20);
    assert!(
        around(first.time_limit, minutes(10)),
        "{:?}",
        first.time_limit
    );
    end(&host, first.lease).await;
    // Part of it may have been yesterday, right after midnight: then it does not count.
    let talked: f64 = sqlx::query_scalar(
        "UPDATE conversations SET started_at = greatest(now() - interval '7 minutes', date_trunc('day', now(), 'UTC')), ended_at = now()
         RETURNING extract(epoch FROM ended_at - started_at)::float8",
    )
    .fetch_one(&world.app.pool)
    .await
    .unwrap();
    let second = world.talk(&host, &ada).await;
    let left = minutes(10) - Duration::from_secs_f64(talked);
    assert!(around(second.time_limit, left), "{:?}", second.time_limit);
}

#[tokio::test]
async fn whoever_lost_the_lease_writes_no_account() {
    let world = World::new(&[]).await;
    let ada = world.app.learner().await;
    let host = world.app.tutor_host();
    let lease = world.talk(&host, &ada).await.lease;
    let stale = Lease {
        epoch: lease.epoch - 1,
        ..lease
    };
    assert!(host.record_usage(stale, account("m", 1)).await.is_err());
    let body = ada.get("/sessions/default/usage").await.body;
    assert!(body["total"]["cost_micros"].is_null());
}
