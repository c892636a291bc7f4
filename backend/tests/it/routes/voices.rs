//! `/api/v1/voices`, with the simulator for a provider.

use std::io::Cursor;
use std::time::Duration;

use avaaz_backend::config::Env;
use avaaz_simulator::{Options, Running, Simulator};
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use hound::WavReader;
use serde_json::{Value, json};

use crate::support::{Persona, TestApp};

/// What a sample may not be longer than.
const LONGEST: Duration = Duration::from_secs(6);

async fn simulator(script: Value) -> Running {
    let script = serde_json::from_value(script).expect("a script");
    let options = Options {
        script,
        ..Options::default()
    };
    Simulator::start(options).await.expect("a free port")
}

/// An API whose only voice is a simulator.
async fn app(simulator: &Running, change: impl FnOnce(&mut Env)) -> TestApp {
    TestApp::configured(|env| {
        env.set("AVAAZ_SIMULATOR_URL", simulator.base_url());
        change(env);
    })
    .await
}

struct Sample {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Sample {
    /// Returns how long it sounds, having looked at the rest of it.
    fn length(&self) -> Duration {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        assert_eq!(self.headers["content-type"], "audio/wav");
        let wav = WavReader::new(Cursor::new(&self.body)).expect("it is WAV");
        assert_eq!((wav.spec().channels, wav.spec().sample_rate), (1, 24_000));
        Duration::from_millis(u64::from(wav.duration()) / 24)
    }
}

async fn sample(learner: &Persona, voice: &str, known: Option<&str>) -> Sample {
    let mut request = learner.request(Method::GET, &format!("/api/v1/voices/{voice}/sample"));
    if let Some(tag) = known {
        request = request.header("if-none-match", tag);
    }
    let response = request.send().await.expect("the API answers");
    Sample {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.bytes().await.expect("it is whole"),
    }
}

async fn refused(learner: &Persona, voice: &str) -> (StatusCode, String) {
    let answer = learner.get(&format!("/api/v1/voices/{voice}/sample")).await;
    (answer.status, answer.problem().to_owned())
}

#[tokio::test]
async fn the_voices_are_those_of_the_provider_that_serves_the_learner_next() {
    let simulator = simulator(json!({})).await;
    let app = app(&simulator, |env| {
        env.set("GEMINI_API_KEY", "AIza-test");
        env.set("GEMINI_BASE_URL", simulator.gemini_base_url());
    })
    .await;
    let ada = app.learner().await;
    let of_server = ada.get("/api/v1/voices").await.body;
    assert_eq!(of_server["provider"], "gemini");
    assert_eq!(of_server["items"].as_array().unwrap().len(), 30);
    assert_eq!(
        of_server["items"][0],
        json!({"id": "Puck", "name": "Puck", "is_default": true})
    );

    ada.patch("/sessions/default", &json!({"provider": "simulator"}))
        .await;
    let of_choice = ada.get("/api/v1/voices").await.body;
    assert_eq!(of_choice["provider"], "simulator");
    assert_eq!(of_choice["items"].as_array().unwrap().len(), 10);
    assert_eq!(
        of_choice["items"][0],
        json!({"id": "marin", "name": "Marin", "is_default": false})
    );

    // Not set up: somebody else serves in its place.
    ada.patch("/sessions/default", &json!({"provider": "openai"}))
        .await;
    let of_nobody = ada.get("/api/v1/voices").await.body;
    assert_eq!(of_nobody["provider"], "gemini");
}

#[tokio::test]
async fn a_voice_says_one_short_sentence_in_the_language_that_is_learnt() {
    let simulator = simulator(json!({
        "default": {"greeting": "Wrong."},
        "learners": [{
            "when_instructions_contain": "tutor of Portuguese (pt-BR)",
            // Longer than a sample may be: five words a second.
            "greeting": {"text": "um dois tres quatro cinco ".repeat(10), "beeps": true, "delivery_speed": 50},
        }],
    }))
    .await;
    let app = app(&simulator, |_| {}).await;
    let ada = app.learner().await;
    let english = sample(&ada, "marin", None).await;
    assert!(
        (Duration::from_millis(200)..Duration::from_secs(3)).contains(&english.length()),
        "{:?}",
        english.length()
    );
    assert_eq!(english.headers["cache-control"], "private, no-cache");
    let tag = english.headers["etag"].to_str().unwrap();
    let again = sample(&ada, "marin", Some(tag)).await;
    assert_eq!(
        (again.status, again.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );

    ada.patch("/sessions/default", &json!({"target_language": "pt-BR"}))
        .await;
    let portuguese = sample(&ada, "marin", Some(tag)).await;
    assert_eq!(portuguese.length(), LONGEST, "cut, and not the English one");
}

#[tokio::test]
async fn it_is_made_once_for_all_who_ask_and_then_kept() {
    let simulator = simulator(
        json!({"default": {"greeting": {"text": "Hello there", "first_audio_after_ms": 500}}}),
    )
    .await;
    let app = app(&simulator, |_| {}).await;
    let (ada, ben) = (app.learner().await, app.learner().await);
    let asked = (0..10).map(|place| {
        let learner = if place % 2 == 0 { &ada } else { &ben };
        sample(learner, "cedar", None)
    });
    let samples = futures_util::future::join_all(asked).await;
    assert!(samples.iter().all(|found| found.body == samples[0].body));
    assert!(samples[0].length() > Duration::from_millis(100));
    assert_eq!(sample(&ben, "cedar", None).await.body, samples[0].body);
    assert_eq!(simulator.stats().connections_total, 1);
    sample(&ben, "coral", None).await.length();
    assert_eq!(simulator.stats().connections_total, 2);
}

#[tokio::test]
async fn gemini_says_it_too() {
    let simulator = simulator(json!({})).await;
    let app = TestApp::configured(|env| {
        env.set("GEMINI_API_KEY", "AIza-test");
        env.set("GEMINI_BASE_URL", simulator.gemini_base_url());
    })
    .await;
    let ada = app.learner().await;
    let said = sample(&ada, "Kore", None).await;
    assert!(said.length() > Duration::from_millis(100) && said.length() <= LONGEST);
    assert_eq!(refused(&ada, "kore").await.1, "not_found");
}

#[tokio::test]
async fn a_voice_that_nobody_has_is_not_found_and_a_provider_that_is_away_is_said() {
    let simulator = simulator(json!({})).await;
    let app = app(&simulator, |_| {}).await;
    let ada = app.learner().await;
    assert_eq!(
        refused(&ada, "nobody").await,
        (StatusCode::NOT_FOUND, "not_found".to_owned())
    );
    drop(simulator);
    let away = ada.get("/api/v1/voices/marin/sample").await;
    assert_eq!(
        (away.status, away.problem()),
        (StatusCode::SERVICE_UNAVAILABLE, "voice_unavailable")
    );
    assert!(away.headers.contains_key("retry-after"));

    let mute = TestApp::start().await;
    let ben = mute.learner().await;
    for path in ["/api/v1/voices", "/api/v1/voices/marin/sample"] {
        assert_eq!(ben.get(path).await.problem(), "voice_unavailable", "{path}");
    }
}

#[tokio::test]
async fn what_failed_is_tried_again_by_the_next_who_asks() {
    let simulator =
        simulator(json!({"connections": [{"kind": "http_status", "status": 503}]})).await;
    let app = app(&simulator, |_| {}).await;
    let ada = app.learner().await;
    assert_eq!(refused(&ada, "marin").await.1, "voice_unavailable");
    sample(&ada, "marin", None).await.length();
}

#[tokio::test]
async fn one_learner_hears_only_so_many() {
    let simulator = simulator(json!({})).await;
    let app = app(&simulator, |env| {
        env.set("AVAAZ_VOICE_SAMPLES_PER_LEARNER", "1");
    })
    .await;
    let (ada, ben) = (app.learner().await, app.learner().await);
    let heard = sample(&ada, "marin", None).await;
    heard.length();
    assert_eq!(
        refused(&ada, "marin").await,
        (StatusCode::TOO_MANY_REQUESTS, "rate_limited".to_owned())
    );
    let tag = heard.headers["etag"].to_str().unwrap();
    assert_eq!(
        sample(&ada, "marin", Some(tag)).await.status,
        StatusCode::NOT_MODIFIED,
        "what a browser has costs nobody anything"
    );
    sample(&ben, "marin", None).await.length();
}

#[tokio::test]
async fn whoever_asks_first_pays_and_nobody_beyond_their_cap() {
    let simulator = simulator(json!({})).await;
    let app = TestApp::configured(|env| {
        // Under the name of a provider that has prices.
        env.set("OPENAI_API_KEY", "sk-test");
        env.set("OPENAI_BASE_URL", simulator.base_url());
        env.set("AVAAZ_MAX_COST_PER_LEARNER_DAY", "0.000001");
    })
    .await;
    let (ada, ben) = (app.learner().await, app.learner().await);
    sample(&ada, "marin", None).await.length();
    let usage = ada.get("/sessions/default/usage").await.body;
    assert!(
        usage["total"]["output_audio_tokens"].as_i64() > Some(0),
        "{usage}"
    );
    assert!(usage["total"]["cost_micros"].as_i64() > Some(0), "{usage}");
    assert!(usage["conversations"][0]["conversation_id"].is_null());
    assert_eq!(
        refused(&ada, "cedar").await,
        (
            StatusCode::TOO_MANY_REQUESTS,
            "spending_cap_reached".to_owned()
        )
    );
    sample(&ada, "marin", None).await.length();
    sample(&ben, "marin", None).await.length();
    let usage = ben.get("/sessions/default/usage").await.body;
    assert!(usage["total"]["cost_micros"].is_null(), "{usage}");
}

#[tokio::test]
async fn a_voice_that_the_provider_does_not_have_is_refused_and_one_from_before_is_let_go() {
    let simulator = simulator(json!({})).await;
    let app = app(&simulator, |env| {
        env.set("GEMINI_API_KEY", "AIza-test");
        env.set("GEMINI_BASE_URL", simulator.gemini_base_url());
    })
    .await;
    let ada = app.learner().await;
    let change = async |change: Value| ada.patch("/sessions/default", &change).await;
    let refused = change(json!({"voice": "marin", "goal": "talk"})).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::UNPROCESSABLE_ENTITY, "validation_failed")
    );
    let error = &refused.body["errors"][0];
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("voice"), &json!("unknown_value"))
    );
    assert!(error["detail"].as_str().unwrap().contains("Kore"));
    assert!(ada.get("/sessions/default").await.body["goal"].is_null());

    assert_eq!(change(json!({"voice": "Kore"})).await.body["voice"], "Kore");
    let moved = change(json!({"provider": "simulator"})).await;
    assert!(moved.body["voice"].is_null(), "{moved:?}");
    let both = change(json!({"provider": "gemini", "voice": "Zephyr"})).await;
    assert_eq!(both.body["voice"], "Zephyr");
    assert_eq!(
        change(json!({"provider": "simulator", "voice": "Zephyr"}))
            .await
            .problem(),
        "validation_failed"
    );
    assert!(change(json!({"voice": null})).await.body["voice"].is_null());
    assert_eq!(
        change(json!({"provider": "openai", "voice": "any-of-theirs"}))
            .await
            .body["voice"],
        "any-of-theirs",
        "what is not set up here is not known here"
    );
}
