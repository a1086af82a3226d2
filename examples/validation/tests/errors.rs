//! The errors that clients get for content that is not valid.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may panic

use axum::{
    body::Body,
    http::{Request, Response},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{Layer, ServiceExt};
use tower_status::{Status, StatusMapLayer};

/// Sends content, and returns the status code and the problem document.
async fn send(target: &str, content: &Value) -> (u16, Value) {
    let request = axum::http::Request::post(target).header("content-type", "application/json");
    let request = request.body(Body::from(content.to_string())).unwrap();
    let response = validation::app().oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (code, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn validator_errors_have_message_code_and_pointer() {
    let content = json!({
        "email": "tulip",
        "password": "secret",
        "customer": { "name": "nobody" },
        "lines": [{ "count": 1 }, { "count": 0 }],
    });
    let (code, problem) = send("/validator", &content).await;
    assert_eq!(code, 422);
    assert_eq!(problem["detail"], "4 values of the content are not valid");
    let expected = json!([
        { "detail": "is not valid (unknown_customer)", "pointer": "#/customer/name", "code": "unknown_customer" },
        { "detail": "must be an email address", "pointer": "#/email", "code": "email" },
        { "detail": "is not valid (range: min 1, max 100)", "pointer": "#/lines/1/count", "code": "range" },
        { "detail": "is not valid (length: min 8)", "pointer": "#/password", "code": "length" },
    ]);
    assert_eq!(problem["errors"], expected);
    assert!(!problem.to_string().contains("secret"), "{problem}");
}

#[tokio::test]
async fn a_carried_error_has_its_status_and_the_log_has_no_rejected_value() {
    let rejected = || validation::rejected_password("hunter2");
    assert!(rejected().to_string().contains("hunter2"), "validator prints the value");
    let status = Status::from(rejected());
    let source = status.source().unwrap().to_string();
    assert_eq!(source, "#/password: is not valid (length: min 8)");

    let inner =
        tower::service_fn(|_: Request<Body>| async move { Err::<Response<Body>, _>(Status::from_error(rejected())) });
    let response = StatusMapLayer::new().layer(inner).oneshot(Request::default()).await.unwrap();
    assert_eq!(response.status(), 422);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["errors"][0]["pointer"], "#/password");
}

#[tokio::test]
async fn error_of_the_whole_content_points_at_the_document() {
    let line = json!({ "count": 1 });
    let content = json!({
        "email": "a@b.example",
        "password": "long enough",
        "customer": { "name": "somebody" },
        "lines": vec![line; 11],
    });
    let (code, problem) = send("/validator", &content).await;
    assert_eq!((code, &problem["detail"]), (422, &json!("1 value of the content is not valid")));
    let expected = json!([
        { "detail": "is not valid (too_many_lines)", "pointer": "#", "code": "too_many_lines" },
    ]);
    assert_eq!(problem["errors"], expected);
}

#[tokio::test]
async fn element_of_a_bare_list_has_its_index() {
    let (code, problem) = send("/validator/lines", &json!([{ "count": 1 }, { "count": 101 }])).await;
    assert_eq!((code, &problem["errors"][0]["pointer"]), (422, &json!("#/1/count")));
}

#[tokio::test]
async fn garde_errors_have_message_and_pointer() {
    let content = json!({
        "email": "tulip",
        "customer": { "name": "n" },
        "lines": [{ "count": 1 }, { "count": 0 }],
        "copies": ["abc", "a"],
    });
    let (code, problem) = send("/garde", &content).await;
    assert_eq!(code, 422);
    let errors = problem["errors"].as_array().unwrap();
    let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["#/copies/1", "#/customer/name", "#/email", "#/lines/1/count"]);
    // The messages of garde 0.23.
    assert_eq!(errors[1]["detail"], "length is lower than 2");
}

#[tokio::test]
async fn both_errors_of_axum_valid_have_a_status() {
    let rows = [
        (json!({ "email": "a@b.example" }), 200, Value::Null),
        (json!({ "email": "tulip" }), 422, json!("#/email")),
        (json!({ "email": 7 }), 422, json!("#/email")),
        (json!({}), 422, json!("#/email")),
    ];
    for (content, expected, pointer) in rows {
        let (code, problem) = send("/axum-valid", &content).await;
        assert_eq!((code, &problem["errors"][0]["pointer"]), (expected, &pointer), "{content}");
    }
}

#[tokio::test]
async fn valid_content_is_accepted() {
    let order = json!({
        "email": "a@b.example",
        "password": "long enough",
        "customer": { "name": "somebody" },
        "lines": [{ "count": 1 }],
        "copies": [],
    });
    for target in ["/validator", "/garde"] {
        assert_eq!(send(target, &order).await.0, 200, "{target}");
    }
}
