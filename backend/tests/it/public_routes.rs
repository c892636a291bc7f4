//! What needs no sign-in, and that everything else does.

use avaaz_backend::openapi::{PUBLIC, document};
use axum::http::{Method, StatusCode};

use crate::support::TestApp;

#[tokio::test]
async fn only_the_listed_routes_answer_without_a_token() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let description = serde_json::to_value(document()).unwrap();
    let mut described = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| Method::from_bytes(key.to_uppercase().as_bytes()).is_ok())
        {
            let Some(operation) = item[method].get("responses").map(|_| &item[method]) else {
                continue;
            };
            let is_public = PUBLIC.contains(&(method.as_str(), path.as_str()));
            assert_eq!(
                operation.get("security").is_none(),
                is_public,
                "{method} {path}"
            );
            described.push((method.clone(), path.clone()));
            let called = path.replace("{id}", "0190c2f0-0000-7000-8000-000000000000");
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let mut request = anonymous.request(verb.clone(), &called);
            if verb != Method::GET {
                request = request
                    .header("content-type", "application/json")
                    .body("{}");
            }
            let answer = anonymous.send(request).await;
            if !is_public {
                assert_eq!(
                    answer.status,
                    StatusCode::UNAUTHORIZED,
                    "{method} {path} is open: {answer:?}"
                );
                assert_eq!(answer.problem(), "unauthorized");
            }
        }
    }
    for (method, path) in PUBLIC {
        assert!(
            described.contains(&((*method).to_owned(), (*path).to_owned())),
            "{method} {path} is listed but not there"
        );
    }
    assert!(described.len() > PUBLIC.len() + 8, "{described:?}");
}
