//! Under axum: what handlers return, what extractors refuse, what the router answers, and how HEAD relates to GET.
// A test says what is wrong by failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{collections::HashMap, io, time::Duration};

use axum::{
    Extension, Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Query},
    http::{HeaderMap, Method, Request, StatusCode, header, response::Parts},
    response::IntoResponse,
    routing::{get, post},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{BoxError, Layer, ServiceExt};
use tower_status::{IntoStatus, OrStatus, Status, StatusMapLayer, catalog};

const JSON: &str = "application/problem+json";
const FORMS: [(&str, &str); 3] =
    [("*/*", JSON), ("text/html", "text/html; charset=utf-8"), ("text/plain", "text/plain; charset=utf-8")];

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("order {0} does not exist")]
    NoSuchOrder(u64),
    #[error("secret of the card provider")]
    Card(#[source] io::Error),
}

impl IntoStatus for ShopError {
    fn status(&self) -> Status {
        match self {
            Self::NoSuchOrder(id) => Status::not_found().with_extension("order_id", id),
            Self::Card(_) => Status::service_unavailable().with_retry_after(Duration::from_millis(1500)),
        }
    }
}

fn request(method: &str, uri: &str, accept: &str) -> Request<Body> {
    Request::builder().method(method).uri(uri).header(header::ACCEPT, accept).body(Body::empty()).unwrap()
}

async fn send(app: &Router, request: Request<Body>) -> (Parts, Bytes) {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

async fn fetch(app: &Router, uri: &str) -> (Parts, Value) {
    let (parts, body) = send(app, request("GET", uri, "*/*")).await;
    assert_eq!(parts.headers[header::CONTENT_TYPE], JSON, "{uri}");
    (parts, serde_json::from_slice(&body).unwrap())
}

/// A field's lines, joined.
fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

fn explanation(code: StatusCode) -> &'static str {
    catalog::get(code).unwrap().explanation
}

fn boxed() -> BoxError {
    "secret of a box".into()
}

fn foreign() -> Result<String, BoxError> {
    Err(boxed())
}

fn failing_handlers() -> Router {
    type Outcome = Result<String, Status>;
    async fn anyhow_error() -> Outcome {
        #[cfg(feature = "anyhow")]
        Err(anyhow::anyhow!("secret").context("secret context"))?;
        Err(Status::internal_server_error())
    }
    Router::new()
        .route("/io", get(async || -> Outcome { Ok(std::fs::read_to_string("/no/such/secret")?) }))
        .route("/io-kind", get(async || -> Outcome { Err(io::Error::new(io::ErrorKind::NotFound, "secret"))? }))
        .route("/code", get(async || -> Outcome { Err(StatusCode::CONFLICT)? }))
        .route("/continue", get(async || -> Outcome { Err(StatusCode::CONTINUE)? }))
        .route("/pair", get(async || -> Outcome { Err((StatusCode::CONFLICT, "no more tulips"))? }))
        .route(
            "/owned-pair",
            get(async || -> Outcome { Err((StatusCode::CONFLICT, "no more ".to_owned() + "roses"))? }),
        )
        .route("/boxed", get(async || -> Outcome { Err(boxed())? }))
        .route("/boxed-status", get(async || -> Outcome { Err(BoxError::from(Status::gone()))? }))
        .route("/own", get(async || -> Outcome { Err(ShopError::NoSuchOrder(8))? }))
        .route("/own-5xx", get(async || -> Outcome { Err(ShopError::Card(io::Error::other("secret")))? }))
        .route("/none", get(async || -> Outcome { None.or_status(StatusCode::NOT_FOUND) }))
        .route(
            "/parse",
            get(async || -> Outcome { Ok("secret".parse::<u8>().or_status(Status::bad_request())?.to_string()) }),
        )
        .route("/upstream", get(async || -> Outcome { Err(boxed()).or_status_with(Status::bad_gateway) }))
        .route("/foreign", get(async || -> Outcome { foreign().map_err(Status::from_error) }))
        .route("/exposed", get(async || Status::internal_server_error().with_detail("the printer is on fire").expose()))
        .route("/masked", get(async || Status::bad_gateway().with_detail("secret").with_extension("secret", "secret")))
        .route("/anyhow", get(anyhow_error))
}

#[tokio::test]
async fn every_error_of_a_handler_becomes_its_status_in_the_form_of_the_client() {
    let rows = [
        ("/io", 500, None, None),
        ("/io-kind", 500, None, None),
        ("/code", 409, None, None),
        ("/continue", 500, None, None),
        ("/pair", 409, Some("no more tulips"), None),
        ("/owned-pair", 409, Some("no more roses"), None),
        ("/boxed", 500, None, None),
        ("/boxed-status", 410, None, None),
        ("/own", 404, Some("order 8 does not exist"), None),
        ("/own-5xx", 503, None, Some("2")),
        ("/none", 404, None, None),
        ("/parse", 400, None, None),
        ("/upstream", 502, None, None),
        ("/foreign", 500, None, None),
        ("/exposed", 500, Some("the printer is on fire"), None),
        ("/masked", 502, None, None),
        ("/anyhow", 500, None, None),
    ];
    let app = failing_handlers().layer(StatusMapLayer::new());
    for (uri, code, detail, retry_after) in rows {
        for (accept, content_type) in FORMS {
            let (parts, body) = send(&app, request("GET", uri, accept)).await;
            let row = format!("{uri} {accept}");
            let body = str::from_utf8(&body).unwrap();
            assert_eq!(parts.status, code, "{row}");
            assert_eq!(field(&parts.headers, "content-type").as_deref(), Some(content_type), "{row}");
            assert_eq!(field(&parts.headers, "cache-control").as_deref(), Some("no-store"), "{row}");
            assert_eq!(field(&parts.headers, "x-content-type-options").as_deref(), Some("nosniff"), "{row}");
            assert_eq!(
                field(&parts.headers, "vary").map(|vary| vary.to_lowercase()).as_deref(),
                Some("accept"),
                "{row}"
            );
            assert_eq!(field(&parts.headers, "retry-after").as_deref(), retry_after, "{row}");
            assert_eq!(field(&parts.headers, "content-length"), Some(body.len().to_string()), "{row}");
            let language = detail.is_none().then_some("en");
            assert_eq!(field(&parts.headers, "content-language").as_deref(), language, "{row}");
            assert!(body.contains(detail.unwrap_or(explanation(parts.status))), "{row}: {body}");
            assert!(body.contains(catalog::get(parts.status).unwrap().title), "{row}: {body}");
            assert!(!body.contains("secret") && !format!("{:?}", parts.headers).contains("secret"), "{row}: {body}");
        }
    }
    let (_, body) = fetch(&app, "/own").await;
    let whole = json!({ "type": "about:blank", "title": "Not Found", "status": 404,
        "detail": "order 8 does not exist", "order_id": 8 });
    assert_eq!(body, whole);
}

const APPLICATION_JSON: Option<&str> = Some("application/json");

/// Method, target, content type and content, and the code that they are refused with.
type Sent = (&'static str, &'static str, Option<&'static str>, &'static [u8], u16);

/// Its name must not reach a client.
#[derive(Clone)]
struct SecretPool;

#[tokio::test]
async fn what_extractors_refuse_is_explained_by_their_own_words() {
    let app = Router::new()
        .route("/path/{id}", get(async |_: Path<u64>| ()))
        .route("/query", get(async |_: Query<(u32,)>| ()))
        .route("/page", get(async |_: Query<HashMap<String, u32>>| ()))
        .route("/json", post(async |_: Json<HashMap<String, u64>>| ()))
        .route("/extension", get(async |_: Extension<SecretPool>| ()))
        .route("/text", post(async |_: String| ()))
        .route("/bytes", post(async |_: Bytes| ()))
        .layer(DefaultBodyLimit::max(12));
    let layered = app.clone().layer(StatusMapLayer::new());
    let rows: &[Sent] = &[
        ("GET", "/path/tulip", None, b"", 400),
        ("GET", "/path/%FF", None, b"", 400),
        ("GET", "/path/18446744073709551616", None, b"", 400),
        ("GET", "/path/%3Cscript%3E", None, b"", 400),
        ("GET", "/page?n=many", None, b"", 400),
        ("POST", "/json", None, b"{}", 415),
        ("POST", "/json", Some("text/plain"), b"{}", 415),
        ("POST", "/json", APPLICATION_JSON, b"{", 400),
        ("POST", "/json", APPLICATION_JSON, b"", 400),
        ("POST", "/json", APPLICATION_JSON, b"{\"id\":\"x\"}", 422),
        ("POST", "/json", APPLICATION_JSON, b"{\"id\":1234567}", 413),
        ("POST", "/text", None, b"\xff", 400),
        ("POST", "/bytes", None, b"thirteen byte", 413),
    ];
    for &(method, uri, content_type, sent, code) in rows {
        let row = format!("{method} {uri} {content_type:?} {sent:?}");
        let ask = || {
            let mut asked = request(method, uri, "*/*").map(|_| Body::from(sent));
            if let Some(value) = content_type {
                asked.headers_mut().insert(header::CONTENT_TYPE, value.parse().unwrap());
            }
            asked
        };
        let (_, words) = send(&app, ask()).await;
        let (parts, body) = send(&layered, ask()).await;
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(parts.status, code, "{row}");
        assert_eq!(parts.headers[header::CONTENT_TYPE], JSON, "{row}");
        assert_eq!(document["status"], code, "{row}");
        assert_eq!(document["title"], catalog::get(parts.status).unwrap().title, "{row}");
        assert_eq!(document["detail"], str::from_utf8(&words).unwrap(), "{row}");
        assert!(!words.is_empty(), "{row}");
    }
    for (accept, content_type) in FORMS {
        let (parts, body) = send(&layered, request("GET", "/extension", accept)).await;
        let body = str::from_utf8(&body).unwrap();
        assert_eq!(
            (parts.status.as_u16(), field(&parts.headers, "content-type").as_deref()),
            (500, Some(content_type))
        );
        assert!(body.contains(explanation(parts.status)), "{body}");
        for leak in ["SecretPool", "Extension", "extension"] {
            assert!(!body.contains(leak), "{body}");
        }
    }
}

#[tokio::test]
async fn the_answers_of_the_router_are_explained() {
    let inner = Router::new().route("/orders", get(async || "orders"));
    let answered = Router::new()
        .route("/known", get(async || "known"))
        .fallback(async || (StatusCode::NOT_FOUND, "no page of the shop"));
    let app = Router::new()
        .route("/", get(async || "shop"))
        .route("/new", post(async || "new"))
        .route("/none", get(async || StatusCode::NOT_FOUND))
        .route("/json", get(async || (StatusCode::NOT_FOUND, Json(json!({ "mine": true })))))
        .nest("/api", inner)
        .nest("/pages", answered)
        .layer(StatusMapLayer::new());
    let explained = Some(explanation(StatusCode::NOT_FOUND));
    let not_allowed = Some(explanation(StatusCode::METHOD_NOT_ALLOWED));
    let rows = [
        ("GET", "/nowhere", 404, None, explained),
        ("POST", "/nowhere", 404, None, explained),
        ("BREW", "/nowhere", 404, None, explained),
        ("GET", "/none", 404, None, explained),
        ("GET", "/api", 404, None, explained),
        ("GET", "/api/nowhere", 404, None, explained),
        ("GET", "/pages/nowhere", 404, None, Some("no page of the shop")),
        ("POST", "/", 405, Some("GET,HEAD"), not_allowed),
        ("BREW", "/", 405, Some("GET,HEAD"), not_allowed),
        ("GET", "/new", 405, Some("POST"), not_allowed),
        ("DELETE", "/api/orders", 405, Some("GET,HEAD"), not_allowed),
        ("DELETE", "/pages/known", 405, Some("GET,HEAD"), not_allowed),
        ("GET", "/api/orders", 200, None, None),
    ];
    for (method, uri, code, allow, says) in rows {
        for (accept, content_type) in FORMS {
            let (parts, body) = send(&app, request(method, uri, accept)).await;
            let row = format!("{method} {uri} {accept}");
            assert_eq!(parts.status, code, "{row}");
            assert_eq!(field(&parts.headers, "allow").as_deref(), allow, "{row}");
            if let Some(says) = says {
                assert_eq!(field(&parts.headers, "content-type").as_deref(), Some(content_type), "{row}");
                assert!(str::from_utf8(&body).unwrap().contains(says), "{row}");
            }
        }
    }
    let (parts, body) = send(&app, request("GET", "/json", "text/html")).await;
    assert_eq!(parts.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(&body[..], br#"{"mine":true}"#);
}

#[tokio::test]
async fn a_fallback_keeps_its_own_status() {
    let app: Router = Router::new().fallback(async || Status::gone().with_detail("the shop closed"));
    let allowing = Router::new().route("/", get(async || "")).method_not_allowed_fallback(async || Status::forbidden());
    let rows = [(app, "GET", "/anything", 410), (allowing, "POST", "/", 403)];
    for (app, method, uri, code) in rows {
        let (parts, body) = send(&app.layer(StatusMapLayer::new()), request(method, uri, "*/*")).await;
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((parts.status.as_u16(), document["status"].as_u64()), (code, Some(code.into())), "{uri}");
    }
}

/// Everything that an answer depends on, for HEAD and GET.
fn for_head() -> Router {
    Router::new()
        .route("/text", get(async || "seven tulips"))
        .route("/empty", get(async || ""))
        .route("/not-found", get(async || Status::not_found()))
        .route("/detail", get(async || Status::conflict().with_detail("it was sold").with_extension("order", 7)))
        .route("/masked", get(async || Status::internal_server_error().with_detail("secret")))
        .route("/own", get(async || -> Result<(), Status> { Err(ShopError::NoSuchOrder(8))? }))
        .route("/unauthorized", get(async || Status::new(StatusCode::UNAUTHORIZED)))
        .route("/moved", get(async || Status::moved_permanently("/text")))
        .route("/bare-404", get(async || StatusCode::NOT_FOUND))
        .route("/bare-500", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/words", get(async || (StatusCode::CONFLICT, "it was sold")))
        .route("/secret", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "secret")))
        .route("/json", get(async || (StatusCode::CONFLICT, Json(json!({ "mine": true })))))
        .route("/long", get(async || (StatusCode::CONFLICT, "x".repeat(8193))))
        .route("/204", get(async || Status::new(StatusCode::NO_CONTENT)))
        .route("/205", get(async || Status::new(StatusCode::RESET_CONTENT)))
        .route("/304", get(async || Status::not_modified()))
        .route("/status-200", get(async || Status::new(StatusCode::OK)))
}

const FOR_HEAD: [&str; 19] = [
    "/text",
    "/empty",
    "/not-found",
    "/detail",
    "/masked",
    "/own",
    "/unauthorized",
    "/moved",
    "/bare-404",
    "/bare-500",
    "/words",
    "/secret",
    "/json",
    "/long",
    "/204",
    "/205",
    "/304",
    "/status-200",
    "/nowhere",
];

/// RFC 9110 §8.6: Content-Length of an answer to HEAD is what GET would have sent, or absent.
#[tokio::test]
async fn head_gets_the_fields_of_get_and_no_body() {
    let around = Router::new().fallback_service(StatusMapLayer::new().layer(for_head()));
    let apps = [
        ("as a layer of the router", for_head().layer(StatusMapLayer::new())),
        ("around the router", around),
        ("twice", for_head().layer(StatusMapLayer::new()).layer(StatusMapLayer::new())),
        ("without", for_head()),
    ];
    let mut wrong = Vec::new();
    for (place, app) in &apps {
        for uri in FOR_HEAD {
            for (accept, _) in FORMS {
                let row = format!("{place} {uri} {accept}");
                let (got, content) = send(app, request("GET", uri, accept)).await;
                let (head, nothing) = send(app, request("HEAD", uri, accept)).await;
                assert_eq!(head.status, got.status, "{row}");
                assert!(nothing.is_empty(), "{row}");
                let length = field(&head.headers, "content-length");
                if length.is_some_and(|length| length != content.len().to_string()) {
                    wrong.push(format!("{row}: {:?}, but GET sends {}", head.headers, content.len()));
                }
                let sorted = |mut headers: HeaderMap| {
                    headers.remove(header::CONTENT_LENGTH);
                    let mut lines: Vec<_> =
                        headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
                    lines.sort();
                    lines
                };
                let (head, got) = (sorted(head.headers), sorted(got.headers));
                if head != got {
                    wrong.push(format!("{row}:\n  HEAD {head:?}\n  GET  {got:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// RFC 9110 §8.6: none in a 204; in a 304 only what a 200 would have had, which is not known here.
#[tokio::test]
async fn a_status_without_content_says_no_length() {
    let mut wrong = Vec::new();
    for (place, app) in [("layered", for_head().layer(StatusMapLayer::new())), ("without", for_head())] {
        for method in ["GET", "HEAD"] {
            for uri in ["/204", "/304"] {
                let (parts, body) = send(&app, request(method, uri, "text/html")).await;
                if let Some(length) = field(&parts.headers, "content-length") {
                    wrong.push(format!("{place} {method} {uri}: content-length: {length}"));
                }
                assert_eq!(field(&parts.headers, "content-type"), None, "{place} {method} {uri}");
                assert!(body.is_empty(), "{place} {method} {uri}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn options_of_a_request_reach_the_answer() {
    let seen = async |method: Method| Status::not_implemented().with_detail(method.to_string()).expose();
    let app = Router::new().fallback(seen).layer(StatusMapLayer::new());
    for method in ["GET", "PUT", "OPTIONS", "TRACE", "PROPFIND"] {
        let (parts, body) = send(&app, request(method, "/", "*/*")).await;
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((parts.status.as_u16(), document["detail"].as_str()), (501, Some(method)));
    }
}

#[tokio::test]
async fn a_status_is_a_response_by_itself() {
    let response = Status::not_found().into_response();
    assert_eq!(response.status(), 404);
    assert!(response.extensions().get::<Status>().is_some());
}
