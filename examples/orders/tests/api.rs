//! The routes and layers of `orders::app`, without a server, each test with its own database.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may panic

use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Router, body::Body};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

struct Shop {
    app: Router,
    db: sqlx::SqlitePool,
    _folder: TempDir,
}

struct Response {
    code: StatusCode,
    fields: HeaderMap,
    body: String,
}

impl Response {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(|value| value.to_str().ok())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Shop {
    async fn open() -> Self {
        Self::with(4).await
    }

    async fn with(connections: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = orders::open(&folder.path().join("orders.db"), connections).await.unwrap();
        Self { app: orders::app(db.clone()), db, _folder: folder }
    }

    /// Sends a request. `line` is method and path, then fields as `name: value`, each after a `|`.
    async fn send(&self, line: &str, body: Value) -> Response {
        let mut parts = line.split('|').map(str::trim);
        let (method, path) = parts.next().unwrap().split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in parts.filter_map(|field| field.split_once(": ")) {
            request = match name {
                "as" => request.header("authorization", format!("Bearer {value}-token")),
                name => request.header(name, value),
            };
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                body.to_string().into()
            }
        };
        let (head, body) = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Response { code: head.status, fields: head.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

fn draft(reference: &str) -> Value {
    json!({ "reference": reference, "customer": 2, "item": "bulbs", "quantity": 3 })
}

// More than 60 lines: one table.
#[tokio::test]
async fn each_request_has_its_status_and_problem_type() {
    let shop = Shop::open().await;
    let none = Value::Null;
    let wrong = json!({ "reference": "", "customer": 1, "item": " ", "quantity": 0 });
    let stranger = json!({ "reference": "S-1", "customer": 99, "item": "bulbs", "quantity": 3 });
    #[rustfmt::skip]
    let rows = [
        ("GET /", &none, 303, ""),
        ("GET /orders", &none, 200, ""),
        ("GET /orders/1", &none, 200, ""),
        ("GET /orders/99", &none, 404, "/problems/no-such-order"),
        ("GET /orders/tulips", &none, 400, ""),
        ("GET /nothing", &none, 404, ""),
        ("POST /orders/1", &none, 405, ""),
        ("PATCH /orders/1", &none, 405, ""),
        ("GET /purchases", &none, 301, ""),
        ("GET /customers/Grace", &none, 303, ""),
        ("GET /customers/Ada", &none, 300, ""),
        ("GET /customers/Nobody", &none, 404, "/problems/no-such-customer"),
        ("GET /reports/2026", &none, 501, "/problems/no-reports"),
        ("GET /internal/audit", &none, 500, ""),
        ("POST /orders", &draft("N-1"), 401, "/problems/sign-in"),
        ("POST /orders | as: auditor", &draft("N-1"), 403, "/problems/read-only"),
        ("POST /orders | as: clerk", &draft("N-1"), 201, ""),
        ("POST /orders | as: clerk", &draft("N-1"), 409, ""),
        ("POST /orders | as: clerk", &wrong, 422, "/problems/invalid-order"),
        ("POST /orders | as: clerk", &json!({ "reference": 1 }), 422, ""),
        ("POST /orders | as: clerk", &stranger, 422, "/problems/invalid-order"),
        (r#"PUT /orders/1 | as: clerk | if-match: "v1""#, &stranger, 422, "/problems/invalid-order"),
        ("POST /orders | as: clerk", &none, 415, ""),
        ("PUT /orders/2", &draft("G-1"), 401, "/problems/sign-in"),
        ("DELETE /orders/2", &none, 401, "/problems/sign-in"),
        ("PUT /orders/2 | as: clerk", &draft("G-1"), 428, ""),
        (r#"PUT /orders/2 | as: clerk | if-match: "v7""#, &draft("G-1"), 412, ""),
        (r#"PUT /orders/2 | as: clerk | if-match: W/"v1""#, &draft("G-1"), 412, ""),
        (r#"PUT /orders/2 | as: clerk | if-match: "v1""#, &draft("G-1"), 200, ""),
        (r#"PUT /orders/2 | as: clerk | if-match: "v1""#, &draft("G-1"), 412, ""),
        (r#"PUT /orders/2 | as: clerk | if-match: "v2""#, &draft("A-1"), 409, ""),
        (r#"PUT /orders/99 | as: clerk | if-match: "v1""#, &draft("X"), 404, "/problems/no-such-order"),
        (r#"DELETE /orders/3 | as: clerk | if-match: "v1""#, &none, 403, "/problems/no-right"),
        (r#"DELETE /internal/orders/3 | as: clerk | if-match: "v1""#, &none, 550, "/problems/no-right"),
        ("DELETE /orders/3 | as: manager", &none, 428, ""),
        (r#"DELETE /orders/3 | as: manager | if-match: "v1""#, &none, 204, ""),
        ("GET /orders/3", &none, 410, "/problems/order-deleted"),
        (r#"DELETE /orders/3 | as: manager | if-match: "v1""#, &none, 410, "/problems/order-deleted"),
        ("GET /problems", &none, 200, ""),
        ("GET /assets/orders.js", &none, 200, ""),
        ("GET /openapi.json", &none, 200, ""),
        ("GET /api", &none, 303, ""),
        ("GET /api/", &none, 200, ""),
    ];
    for (line, body, code, problem) in rows {
        let response = shop.send(line, body.clone()).await;
        assert_eq!(response.code.as_u16(), code, "{line}: {}", response.body);
        if !problem.is_empty() {
            assert_eq!(response.json()["type"], problem, "{line}");
        }
        if code >= 400 {
            assert_eq!(response.json()["status"], code, "{line}");
            assert_eq!(response.field("content-type"), Some("application/problem+json"), "{line}");
            assert!(response.json()["request_id"].is_string(), "{line}: {}", response.body);
        }
    }
}

#[tokio::test]
async fn responses_have_the_header_fields_that_their_status_requires() {
    let shop = Shop::open().await;
    #[rustfmt::skip]
    let rows = [
        ("POST /orders", "www-authenticate", r#"Bearer realm="orders""#),
        ("GET /purchases", "location", "/orders"),
        ("GET /customers/Grace", "location", "/orders?customer=2"),
        ("PUT /orders", "allow", "GET,HEAD,POST"),
        ("GET /orders/1", "etag", r#""v1""#),
        ("GET /orders/1 | accept: text/html", "etag", r#"W/"v1-page""#),
        ("GET /orders/1", "vary", "accept"),
    ];
    for (line, name, expected) in rows {
        assert_eq!(shop.send(line, Value::Null).await.field(name), Some(expected), "{line}");
    }
    let choices = shop.send("GET /customers/Ada", Value::Null).await;
    assert_eq!(choices.json()["choices"], json!(["/orders?customer=1", "/orders?customer=3"]));
    let invalid =
        shop.send("POST /orders | as: clerk", json!({ "reference": "", "customer": 1, "item": " ", "quantity": 0 }));
    let invalid = invalid.await.json();
    let pointers: Vec<_> = invalid["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["#/reference", "#/item", "#/quantity"]);
}

#[tokio::test]
async fn accept_selects_json_or_a_page() {
    let shop = Shop::open().await;
    #[rustfmt::skip]
    let rows = [
        ("application/json", false), ("text/html", true), ("*/*", false), ("Text/HTML", true),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
        ("application/json, text/html;q=0", false), ("text/html;q=0.5, application/json", false),
    ];
    for (accept, page) in rows {
        for path in ["/orders", "/orders/1"] {
            let response = shop.send(&format!("GET {path} | accept: {accept}"), Value::Null).await;
            assert_eq!(response.body.starts_with("<!DOCTYPE html>"), page, "{path} {accept}");
        }
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_send_a_token_and_read_errors() {
    let shop = Shop::open().await;
    let preflight = "OPTIONS /orders/1 | origin: https://example.org | access-control-request-method: PUT";
    let response =
        shop.send(&format!("{preflight} | access-control-request-headers: authorization,if-match"), Value::Null).await;
    let allowed = response.field("access-control-allow-headers").unwrap();
    for name in ["authorization", "if-match", "content-type"] {
        assert!(allowed.contains(name), "{name} in {allowed}");
    }
    let refused = shop.send("PUT /orders/1 | origin: https://example.org", draft("A-1")).await;
    assert_eq!((refused.code.as_u16(), refused.field("access-control-allow-origin")), (401, Some("*")));
}

#[tokio::test]
async fn a_current_entity_tag_gets_304_until_a_change() {
    let shop = Shop::open().await;
    for line in
        ["GET /orders", "GET /orders/1", "GET /orders/1 | accept: text/html", "GET /assets/orders.css", "GET /problems"]
    {
        let first = shop.send(line, Value::Null).await;
        let tag = first.field("etag").unwrap();
        let again = shop.send(&format!("{line} | if-none-match: {tag}"), Value::Null).await;
        assert_eq!((again.code.as_u16(), &*again.body), (304, ""), "{line}");
        assert_eq!(again.field("etag"), Some(tag), "{line}");
    }
    let tag = shop.send("GET /orders", Value::Null).await.field("etag").unwrap().to_owned();
    shop.send("POST /orders | as: clerk", draft("N-2")).await;
    let changed = shop.send(&format!("GET /orders | if-none-match: {tag}"), Value::Null).await;
    assert_eq!(changed.code, 200, "the list has changed");
}

/// A strong tag identifies the bytes (RFC 9110 §8.8.1).
#[tokio::test]
async fn a_response_with_a_strong_tag_is_not_compressed() {
    let shop = Shop::open().await;
    let long = json!({ "reference": "L", "customer": 2, "item": "x".repeat(200), "quantity": 1 });
    shop.send("POST /orders | as: clerk", long).await;
    let rows =
        [("GET /orders/4", None), ("GET /orders/4 | accept: text/html", Some("gzip")), ("GET /orders", Some("gzip"))];
    for (line, expected) in rows {
        let response = shop.send(&format!("{line} | accept-encoding: gzip"), Value::Null).await;
        assert_eq!(response.field("content-encoding"), expected, "{line}");
    }
}

/// A client that excludes the identity coding gets the same responses, not a 406.
#[tokio::test]
async fn an_accept_encoding_without_identity_changes_no_status() {
    let shop = Shop::open().await;
    for coding in ["*;q=0", "identity;q=0", "gzip;q=0, *;q=0"] {
        for (line, code) in [("GET /orders", 200), ("GET /orders/tulip", 400), ("GET /orders/99", 404)] {
            let response = shop.send(&format!("{line} | accept-encoding: {coding}"), Value::Null).await;
            assert_eq!((response.code.as_u16(), response.field("content-encoding")), (code, None), "{line} {coding}");
        }
    }
}

#[tokio::test]
async fn during_stock_taking_requests_get_503_with_retry_after() {
    let shop = Shop::open().await;
    let switch = "PUT /internal/stock-taking";
    assert_eq!(shop.send(&format!("{switch} | as: clerk"), json!(true)).await.code.as_u16(), 550);
    assert_eq!(shop.send(&format!("{switch} | as: manager"), json!(true)).await.code, 204);
    let closed = shop.send("GET /orders", Value::Null).await;
    assert_eq!((closed.code.as_u16(), closed.field("retry-after")), (503, Some("120")));
    assert_eq!(closed.json()["detail"], "the shop is closed for stock-taking");
    assert_eq!(shop.send("GET /problems/stock-taking", Value::Null).await.code, 200);
    shop.send(&format!("{switch} | as: manager"), json!(false)).await;
    assert_eq!(shop.send("GET /orders", Value::Null).await.code, 200);
}

/// Every connection of the pool is in use.
#[tokio::test]
async fn a_full_pool_gets_503_with_retry_after() {
    let shop = Shop::with(1).await;
    let held = shop.db.acquire().await.unwrap();
    let response = shop.send("GET /orders", Value::Null).await;
    assert_eq!((response.code.as_u16(), response.field("retry-after")), (503, Some("2")));
    drop(held);
    assert_eq!(shop.send("GET /orders", Value::Null).await.code, 200);
}

/// RFC 9457 §3.1.1: a type is the address of its explanation.
#[tokio::test]
async fn every_problem_type_has_a_page() {
    let shop = Shop::open().await;
    let list = shop.send("GET /problems", Value::Null).await.json();
    let types: Vec<_> =
        list["problems"].as_array().unwrap().iter().filter_map(|problem| problem["type"].as_str()).collect();
    let expected = [
        "no-such-order",
        "order-deleted",
        "invalid-order",
        "no-such-customer",
        "no-reports",
        "stock-taking",
        "sign-in",
        "read-only",
        "no-right",
    ];
    for name in expected {
        assert!(types.contains(&&*format!("/problems/{name}")), "{name}");
    }
    for uri in types.into_iter().filter(|uri| *uri != "about:blank") {
        let page = shop.send(&format!("GET {uri} | accept: text/html"), Value::Null).await;
        assert_eq!(page.code, 200, "{uri}");
        assert!(page.body.contains("When you see this error"), "{uri}");
    }
}

#[tokio::test]
async fn the_openapi_document_has_every_error_of_an_operation() {
    let shop = Shop::open().await;
    let api = shop.send("GET /openapi.json", Value::Null).await.json();
    let responses = &api["paths"]["/orders/{id}"]["put"]["responses"];
    // Of the errors, the rejections, `map_error`, `map_status`, the preconditions and the layer.
    for code in ["400", "401", "403", "404", "409", "410", "412", "413", "415", "422", "428", "500", "503"] {
        let schema = &responses[code]["content"]["application/problem+json"]["schema"];
        assert!(schema.to_string().contains("#/components/schemas/ProblemDetails"), "{code}: {schema}");
    }
    assert!(responses["401"]["headers"]["WWW-Authenticate"].is_object());
    assert!(responses["503"]["headers"]["Retry-After"].is_object());
}

#[tokio::test]
async fn a_database_error_hides_its_sql() {
    let shop = Shop::open().await;
    for accept in ["application/json", "text/html", "text/plain"] {
        let response = shop.send(&format!("GET /internal/audit | accept: {accept}"), Value::Null).await;
        assert_eq!(response.code, 500);
        for secret in ["audit_log", "sqlite", "no such table", "count("] {
            assert!(!response.body.to_lowercase().contains(&secret.to_lowercase()), "{accept}: {}", response.body);
        }
    }
}
