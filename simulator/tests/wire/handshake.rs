use std::time::Duration;

use avaaz_simulator::{Options, Simulator};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{Client, start, start_with};

#[tokio::test]
async fn a_wrong_key_is_told_by_a_frame_after_the_upgrade_and_closes_with_3000() {
    let simulator = start(json!({})).await;
    let mut client = Client::open(&simulator, "model=gpt-realtime-2.1", Some("sk-bad"))
        .await
        .unwrap();
    let error = client.next().await;
    assert_eq!(error["error"]["code"], "invalid_api_key");
    let close = client.closed().await;
    assert_eq!(u16::from(close.code), 3000);
    assert_eq!(
        close.reason.as_str(),
        "invalid_request_error.invalid_api_key"
    );
}

#[tokio::test]
async fn a_missing_key_is_an_error_without_a_code() {
    let simulator = start(json!({})).await;
    let mut client = Client::open(&simulator, "model=gpt-realtime-2.1", None)
        .await
        .unwrap();
    assert!(client.next().await["error"]["code"].is_null());
    assert_eq!(
        client.closed().await.reason.as_str(),
        "invalid_request_error"
    );
}

#[tokio::test]
async fn only_the_given_key_is_accepted_where_one_is_given() {
    let options = Options {
        api_key: Some("sk-mine".into()),
        ..Options::default()
    };
    let simulator = start_with(json!({}), options).await;
    for (key, first) in [("sk-mine", "session.created"), ("sk-other", "error")] {
        let mut client = Client::open(&simulator, "model=gpt-realtime-2.1", Some(key))
            .await
            .unwrap();
        assert_eq!(client.next().await["type"], first);
    }
}

#[tokio::test]
async fn an_unknown_or_missing_model_closes_with_4000() {
    let simulator = start(json!({})).await;
    for (query, code) in [("model=gpt-4", "invalid_model"), ("", "missing_model")] {
        let mut client = Client::open(&simulator, query, Some("sk-good"))
            .await
            .unwrap();
        assert_eq!(client.next().await["error"]["code"], code);
        let close = client.closed().await;
        assert_eq!(u16::from(close.code), 4000);
        assert_eq!(
            close.reason.as_str(),
            format!("invalid_request_error.{code}")
        );
    }
}

#[tokio::test]
async fn a_session_ends_at_its_limit_with_an_error_and_1001() {
    let simulator = start(json!({"session_limit_ms": 300})).await;
    let mut client = Client::connect(&simulator).await;
    let error = client.next().await;
    assert_eq!(error["error"]["code"], "session_expired");
    let close = client.closed().await;
    assert_eq!(u16::from(close.code), 1001);
    assert!(close.reason.as_str().contains("maximum duration"));
}

#[tokio::test]
async fn a_scripted_http_status_answers_the_upgrade() {
    let script = json!({"connections": [{"kind": "http_status", "status": 401}]});
    let simulator = start(script).await;
    let refused = Client::open(&simulator, "model=gpt-realtime-2.1", Some("sk-good")).await;
    assert!(matches!(refused, Err(Error::Http(answer)) if answer.status() == 401));
    Client::connect(&simulator).await;
}

#[tokio::test]
async fn connections_are_refused_closed_and_silenced_in_the_order_of_the_script() {
    let simulator = start(json!({"connections": [
        {"kind": "refuse", "code": "insufficient_quota"},
        {"kind": "close", "after_ms": 50, "code": 1012, "reason": "restarting"},
        {"kind": "silent"},
    ]}))
    .await;
    let open = || Client::open(&simulator, "model=gpt-realtime-2.1", Some("sk-good"));

    let mut refused = open().await.unwrap();
    assert_eq!(refused.next().await["error"]["code"], "insufficient_quota");
    assert_eq!(u16::from(refused.closed().await.code), 3000);

    let close = open().await.unwrap().closed().await;
    assert_eq!(
        (u16::from(close.code), close.reason.as_str()),
        (1012, "restarting")
    );

    let mut silent = open().await.unwrap();
    let heard = tokio::time::timeout(Duration::from_millis(300), silent.next()).await;
    assert!(heard.is_err(), "{heard:?}");
    Client::connect(&simulator).await;
}

#[tokio::test]
async fn stopping_the_simulator_closes_its_connections() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let (close, ()) = tokio::join!(client.closed(), simulator.shutdown());
    assert_eq!(u16::from(close.code), 1001);
}

#[tokio::test]
async fn a_connection_is_pinged_again_and_again() {
    let options = Options {
        ping_every: Duration::from_millis(50),
        ..Options::default()
    };
    let simulator = start_with(json!({}), options).await;
    let mut client = Client::connect(&simulator).await;
    for _ in 0..3 {
        let message = client.next_message().await;
        assert!(matches!(message, Some(Ok(Message::Ping(_)))), "{message:?}");
    }
}

#[tokio::test]
async fn a_taken_port_is_told_by_its_address() {
    let simulator = start(json!({})).await;
    let options = Options {
        addr: simulator.addr,
        ..Options::default()
    };
    let error = Simulator::start(options).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&simulator.addr.to_string()), "{message}");
}
