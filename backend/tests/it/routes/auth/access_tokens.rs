use std::time::Duration;

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde_json::{Value, json};

use crate::support::{Persona, TestApp};

/// The claims of a token, without looking at its signature.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

async fn code(persona: &Persona, token: &str) -> String {
    let refused = persona.with_token(token).get("/auth/me").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    refused.problem().to_owned()
}

#[tokio::test]
async fn anybody_can_check_a_token_with_the_public_keys() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let token = ada.access_token.as_deref().unwrap();
    let keys: JwkSet =
        serde_json::from_value(app.anonymous().get("/.well-known/jwks.json").await.body).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!(header.alg, Algorithm::EdDSA);
    let key = keys
        .find(&header.kid.unwrap())
        .expect("the key that signed is published");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["avaaz"]);
    validation.set_issuer(&["http://localhost:8000/"]);
    let read = decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap();
    assert_eq!(read.claims["sub"], ada.id.to_string());
    assert_eq!(
        read.claims["exp"].as_i64().unwrap() - read.claims["iat"].as_i64().unwrap(),
        900
    );
    assert!(!token.contains("example.org") && !claims(token).to_string().contains("example.org"));
}

#[tokio::test]
async fn a_token_is_good_for_a_quarter_of_an_hour() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    app.wait(Duration::from_secs(14 * 60));
    assert_eq!(ada.get("/auth/me").await.status, StatusCode::OK);
    app.wait(Duration::from_secs(61));
    assert_eq!(
        code(&ada, ada.access_token.as_deref().unwrap()).await,
        "token_expired"
    );
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let token = ada.access_token.clone().unwrap();
    let real_claims = claims(&token);
    let public = app.anonymous().get("/.well-known/jwks.json").await.body["keys"][0]["x"]
        .as_str()
        .unwrap()
        .to_owned();
    let header = |alg| Header {
        kid: decode_header(&token).unwrap().kid,
        ..Header::new(alg)
    };

    // The public key as the secret of a symmetric algorithm, in both spellings.
    let spelled = EncodingKey::from_secret(public.as_bytes());
    let raw = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(&public).unwrap());
    let symmetric =
        [spelled, raw].map(|key| encode(&header(Algorithm::HS256), &real_claims, &key).unwrap());
    // No signature at all, and a signature of another key.
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!(
        "{}.{}.",
        part(&json!({"alg": "none", "typ": "JWT"})),
        part(&real_claims)
    );
    let other = TestApp::start().await;
    let foreign = other.learner().await.access_token.unwrap();
    // Somebody else's claims under a real signature.
    let pieces: Vec<_> = token.split('.').collect();
    let mut of_eve = real_claims.clone();
    of_eve["sub"] = uuid::Uuid::now_v7().to_string().into();
    let changed = format!("{}.{}.{}", pieces[0], part(&of_eve), pieces[2]);
    let cut = format!("{}.{}.", pieces[0], pieces[1]);

    for forged in [
        &symmetric[0],
        &symmetric[1],
        &unsigned,
        &foreign,
        &changed,
        &cut,
        &"x".repeat(5000),
        &"a.b.c".to_owned(),
    ] {
        assert_eq!(code(&ada, forged).await, "unauthorized", "{forged:.60}");
    }
    // A forged one that is too old as well is no more than forged.
    app.wait(Duration::from_secs(3600));
    assert_eq!(code(&ada, &symmetric[0]).await, "unauthorized");
}

#[tokio::test]
async fn without_a_bearer_token_nothing_opens() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let token = ada.access_token.as_deref().unwrap();
    for header in [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        format!("Basic {token}"),
        token.to_owned(),
    ] {
        let anonymous = app.anonymous();
        let request = anonymous
            .request(Method::GET, "/auth/me")
            .header("authorization", &header);
        let refused = anonymous.send(request).await;
        assert_eq!(refused.problem(), "unauthorized", "{header:.20}");
    }
    let anonymous = app.anonymous();
    let lower = anonymous
        .request(Method::GET, "/auth/me")
        .header("authorization", format!("bearer {token}"));
    assert_eq!(anonymous.send(lower).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_token_of_a_deleted_account_opens_nothing() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    sqlx::query("DELETE FROM users WHERE id = $1")
        .bind(ada.id)
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(
        code(&ada, ada.access_token.as_deref().unwrap()).await,
        "unauthorized"
    );
}
