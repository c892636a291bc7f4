//! People who use the API.

use avaaz_backend::tls;
use axum::http::{HeaderMap, Method, StatusCode};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use uuid::Uuid;

/// The password of every learner that tests make.
pub const PASSWORD: &str = "correct horse battery";

/// What the API answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is empty, a string when it is none.
    pub body: Value,
}

impl Answer {
    /// Returns the `code` of a problem, having looked at the rest of it.
    pub fn problem(&self) -> &str {
        let content_type = self.headers.get("content-type").expect("a content type");
        assert_eq!(content_type, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status.as_u16());
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        for field in ["type", "title", "detail"] {
            let text = self.body[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{field} is missing: {self:?}");
        }
        self.body["code"].as_str().expect("a code")
    }

    /// Returns a header that must be there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("{name} is missing: {self:?}"));
        value.to_str().expect("a header of letters")
    }

    /// Returns the refresh cookie as a browser would send it back.
    pub fn cookie(&self) -> String {
        let cookie = self.header("set-cookie");
        cookie.split(';').next().unwrap_or_default().to_owned()
    }

    /// Returns a text of the body.
    pub fn text(&self, field: &str) -> String {
        let text = self.body[field].as_str();
        text.unwrap_or_else(|| panic!("no {field}: {self:?}"))
            .to_owned()
    }
}

/// Somebody with or without an access token.
#[derive(Clone)]
pub struct Persona {
    /// The account's id; nil without one.
    pub id: Uuid,
    /// What they are called.
    pub display_name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their access token.
    pub access_token: Option<String>,
    /// Their refresh token.
    pub refresh_token: String,
    client: reqwest::Client,
    url: String,
}

impl Persona {
    pub(super) fn anonymous(client: reqwest::Client, url: &str) -> Self {
        Self {
            id: Uuid::nil(),
            display_name: String::new(),
            email: String::new(),
            access_token: None,
            refresh_token: String::new(),
            client,
            url: url.to_owned(),
        }
    }

    pub(super) async fn register(client: reqwest::Client, url: &str) -> Self {
        let anonymous = Self::anonymous(client, url);
        let email = format!("{}@example.org", Uuid::now_v7().simple());
        let body = json!({"email": email, "password": PASSWORD, "display_name": "Ada"});
        let answer = anonymous.post_json("/auth/register", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let id = answer.body["user"]["id"].as_str().expect("an id");
        Self {
            id: id.parse().expect("a UUID"),
            display_name: "Ada".into(),
            email,
            access_token: Some(answer.text("access_token")),
            refresh_token: answer.text("refresh_token"),
            ..anonymous
        }
    }

    /// The same person with another access token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            access_token: Some(token.into()),
            ..self.clone()
        }
    }

    /// GETs a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POSTs nothing to a path.
    pub async fn post(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    /// POSTs JSON to a path.
    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// POSTs whatever it is to a path.
    pub async fn post_raw(&self, path: &str, content_type: &str, body: String) -> Answer {
        let request = self.request(Method::POST, path);
        let request = request.header("content-type", content_type).body(body);
        self.send(request).await
    }

    /// POSTs as LiveKit does.
    pub async fn post_webhook(&self, path: &str, signature: &str, body: String) -> Answer {
        let request = self.request(Method::POST, path);
        let request = request.header("content-type", "application/webhook+json");
        self.send(request.header("authorization", signature).body(body))
            .await
    }

    /// PATCHes a path with JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body))
            .await
    }

    /// DELETEs a path.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Begins any other request.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.access_token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the API answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer is whole");
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        };
        Answer {
            status,
            headers,
            body,
        }
    }
}

pub(super) fn json_client() -> reqwest::Client {
    tls::install();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.build().expect("a client")
}
