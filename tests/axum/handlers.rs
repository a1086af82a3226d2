//! Errors of handlers, rejections of extractors, responses of the router itself, and HEAD.

use std::{collections::HashMap, io, time::Duration};

use axum::{
    Extension, Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Query},
    http::{HeaderMap, Method, Request, StatusCode, header, response::Parts},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};
use tower::{BoxError, Layer};
use tower_status::{IntoStatus, OrStatus, Status, StatusMapLayer, catalog};

use crate::common::{
    FORMATS, PROBLEM_JSON, field, is_explained, json as parsed,
    router::{ask, send},
    shows, text,
};

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

/// Sends a GET request, and reads the problem document.
async fn get_problem(app: &Router, target: &str) -> (Parts, Value) {
    let (parts, body) = ask(app, "GET", target, &[("accept", "*/*")]).await;
    assert_eq!(parts.headers[header::CONTENT_TYPE], PROBLEM_JSON, "{target}");
    let problem = parsed(&body);
    (parts, problem)
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
        .route("/hidden", get(async || Status::bad_gateway().with_detail("secret").with_extension("secret", "secret")))
        .route("/anyhow", get(anyhow_error))
}

/// A request, and the expected response.
#[derive(Clone, Copy)]
struct Case {
    method: &'static str,
    target: &'static str,
    code: u16,
    allow: Option<&'static str>,
    retry_after: Option<&'static str>,
    /// What the body contains, if not the catalog's text of the code.
    detail: Option<&'static str>,
}

fn case(method: &'static str, target: &'static str, code: u16) -> Case {
    Case { method, target, code, allow: None, retry_after: None, detail: None }
}

impl Case {
    fn allow(self, methods: &'static str) -> Self {
        Self { allow: Some(methods), ..self }
    }

    fn retry_after(self, seconds: &'static str) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    fn detail(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

#[tokio::test]
async fn every_error_of_a_handler_becomes_its_status_in_each_format() {
    let rows = [
        case("GET", "/io", 500),
        case("GET", "/io-kind", 500),
        case("GET", "/code", 409),
        case("GET", "/continue", 500),
        case("GET", "/pair", 409).detail("no more tulips"),
        case("GET", "/owned-pair", 409).detail("no more roses"),
        case("GET", "/boxed", 500),
        case("GET", "/boxed-status", 410),
        case("GET", "/own", 404).detail("order 8 does not exist"),
        case("GET", "/own-5xx", 503).retry_after("2"),
        case("GET", "/none", 404),
        case("GET", "/parse", 400),
        case("GET", "/upstream", 502),
        case("GET", "/foreign", 500),
        case("GET", "/exposed", 500).detail("the printer is on fire"),
        case("GET", "/hidden", 502),
        case("GET", "/anyhow", 500),
    ];
    let app = failing_handlers().layer(StatusMapLayer::new());
    for Case { method, target, code, retry_after, detail, .. } in rows {
        for (accept, content_type) in FORMATS {
            let (parts, body) = ask(&app, method, target, &[("accept", accept)]).await;
            let row = format!("{target} {accept}");
            let body = text(&body);
            let field = |name| field(&parts.headers, name);
            assert_eq!(parts.status, code, "{row}");
            assert_eq!(field("content-type").as_deref(), Some(content_type), "{row}");
            assert_eq!(field("cache-control").as_deref(), Some("no-store"), "{row}");
            assert_eq!(field("x-content-type-options").as_deref(), Some("nosniff"), "{row}");
            assert_eq!(field("vary").map(|vary| vary.to_lowercase()).as_deref(), Some("accept"), "{row}");
            assert_eq!(field("retry-after").as_deref(), retry_after, "{row}");
            assert_eq!(field("content-length"), Some(body.len().to_string()), "{row}");
            assert_eq!(field("content-language").as_deref(), detail.is_none().then_some("en"), "{row}");
            assert!(shows(parts.status, detail, body.as_bytes()), "{row}: {body}");
            assert!(body.contains(catalog::get(parts.status).unwrap().title), "{row}: {body}");
            assert!(!body.contains("secret") && !format!("{:?}", parts.headers).contains("secret"), "{row}: {body}");
        }
    }
    let (_, problem) = get_problem(&app, "/own").await;
    let expected = json!({ "type": "about:blank", "title": "Not Found", "status": 404,
        "detail": "order 8 does not exist", "order_id": 8 });
    assert_eq!(problem, expected);
}

/// A request that an extractor rejects.
struct Rejected {
    method: &'static str,
    target: &'static str,
    content_type: Option<&'static str>,
    content: &'static [u8],
}

impl Rejected {
    fn get(target: &'static str) -> Self {
        Self { method: "GET", target, content_type: None, content: b"" }
    }

    fn post(target: &'static str, content: &'static [u8]) -> Self {
        Self { method: "POST", target, content_type: None, content }
    }

    fn content_type(self, content_type: &'static str) -> Self {
        Self { content_type: Some(content_type), ..self }
    }

    fn json(target: &'static str, content: &'static [u8]) -> Self {
        Self::post(target, content).content_type("application/json")
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.target).header(header::ACCEPT, "*/*");
        if let Some(content_type) = self.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        request.body(Body::from(self.content)).unwrap()
    }
}

/// A type whose name must not reach a client.
#[derive(Clone)]
struct SecretPool;

#[tokio::test]
async fn the_text_of_a_rejection_becomes_the_detail_unless_it_is_a_5xx() {
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
    let rows = [
        (Rejected::get("/path/tulip"), 400),
        (Rejected::get("/path/%FF"), 400),
        (Rejected::get("/path/18446744073709551616"), 400),
        (Rejected::get("/path/%3Cscript%3E"), 400),
        (Rejected::get("/page?n=many"), 400),
        (Rejected::post("/json", b"{}"), 415),
        (Rejected::post("/json", b"{}").content_type("text/plain"), 415),
        (Rejected::json("/json", b"{"), 400),
        (Rejected::json("/json", b""), 400),
        (Rejected::json("/json", b"{\"id\":\"x\"}"), 422),
        (Rejected::json("/json", b"{\"id\":1234567}"), 413),
        (Rejected::post("/text", b"\xff"), 400),
        (Rejected::post("/bytes", b"thirteen byte"), 413),
    ];
    for (rejected, code) in rows {
        let row = format!("{} {:?}", rejected.target, rejected.content);
        let (_, rejection) = send(&app, rejected.request()).await;
        let (parts, body) = send(&layered, rejected.request()).await;
        let problem = parsed(&body);
        assert_eq!(parts.status, code, "{row}");
        assert_eq!(parts.headers[header::CONTENT_TYPE], PROBLEM_JSON, "{row}");
        assert_eq!(problem["status"], code, "{row}");
        assert_eq!(problem["title"], catalog::get(parts.status).unwrap().title, "{row}");
        assert_eq!(problem["detail"], text(&rejection), "{row}");
        assert!(!rejection.is_empty(), "{row}");
    }
    for (accept, content_type) in FORMATS {
        let (parts, body) = ask(&layered, "GET", "/extension", &[("accept", accept)]).await;
        let body = text(&body);
        assert_eq!(parts.status, 500);
        assert_eq!(field(&parts.headers, "content-type").as_deref(), Some(content_type));
        assert!(is_explained(parts.status, body.as_bytes()), "{body}");
        for hidden in ["SecretPool", "Extension", "extension"] {
            assert!(!body.contains(hidden), "{body}");
        }
    }
}

#[tokio::test]
async fn the_responses_of_the_router_are_explained() {
    let inner = Router::new().route("/orders", get(async || "orders"));
    let with_fallback = Router::new()
        .route("/known", get(async || "known"))
        .fallback(async || (StatusCode::NOT_FOUND, "no page of the shop"));
    let app = Router::new()
        .route("/", get(async || "shop"))
        .route("/new", post(async || "new"))
        .route("/none", get(async || StatusCode::NOT_FOUND))
        .route("/json", get(async || (StatusCode::NOT_FOUND, Json(json!({ "mine": true })))))
        .nest("/api", inner)
        .nest("/pages", with_fallback)
        .layer(StatusMapLayer::new());
    let rows = [
        case("GET", "/nowhere", 404),
        case("POST", "/nowhere", 404),
        case("BREW", "/nowhere", 404),
        case("GET", "/none", 404),
        case("GET", "/api", 404),
        case("GET", "/api/nowhere", 404),
        case("GET", "/pages/nowhere", 404).detail("no page of the shop"),
        case("POST", "/", 405).allow("GET,HEAD"),
        case("BREW", "/", 405).allow("GET,HEAD"),
        case("GET", "/new", 405).allow("POST"),
        case("DELETE", "/api/orders", 405).allow("GET,HEAD"),
        case("DELETE", "/pages/known", 405).allow("GET,HEAD"),
    ];
    for Case { method, target, code, allow, detail, .. } in rows {
        for (accept, content_type) in FORMATS {
            let (parts, body) = ask(&app, method, target, &[("accept", accept)]).await;
            let row = format!("{method} {target} {accept}");
            assert_eq!(parts.status, code, "{row}");
            assert_eq!(field(&parts.headers, "allow").as_deref(), allow, "{row}");
            assert_eq!(field(&parts.headers, "content-type").as_deref(), Some(content_type), "{row}");
            assert!(shows(parts.status, detail, &body), "{row}");
        }
    }
    assert_eq!(ask(&app, "GET", "/api/orders", &[]).await.0.status, 200);
    let (parts, body) = ask(&app, "GET", "/json", &[("accept", "text/html")]).await;
    assert_eq!(parts.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(text(&body), r#"{"mine":true}"#);
}

#[tokio::test]
async fn the_status_of_a_fallback_is_kept() {
    let fallback: Router = Router::new().fallback(async || Status::gone().with_detail("the shop closed"));
    let method_fallback =
        Router::new().route("/", get(async || "")).method_not_allowed_fallback(async || Status::forbidden());
    for (app, method, code) in [(fallback, "GET", 410), (method_fallback, "POST", 403)] {
        let (parts, body) = ask(&app.layer(StatusMapLayer::new()), method, "/", &[]).await;
        assert_eq!((parts.status.as_u16(), &parsed(&body)["status"]), (code, &code.into()));
    }
}

/// Returns one route for each kind of response.
fn for_head() -> Router {
    Router::new()
        .route("/text", get(async || "seven tulips"))
        .route("/empty", get(async || ""))
        .route("/not-found", get(async || Status::not_found()))
        .route("/detail", get(async || Status::conflict().with_detail("it was sold").with_extension("order", 7)))
        .route("/hidden", get(async || Status::internal_server_error().with_detail("secret")))
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
    "/hidden",
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

/// RFC 9110 §8.6: Content-Length of a response to HEAD is that of GET, or absent.
#[tokio::test]
async fn a_response_to_head_has_the_fields_of_get_and_no_body() {
    let around = Router::new().fallback_service(StatusMapLayer::new().layer(for_head()));
    let apps = [
        ("a layer of the router", for_head().layer(StatusMapLayer::new())),
        ("around the router", around),
        ("two layers", for_head().layer(StatusMapLayer::new()).layer(StatusMapLayer::new())),
        ("no layer", for_head()),
    ];
    let mut wrong = Vec::new();
    for (name, app) in &apps {
        for target in FOR_HEAD {
            for (accept, _) in FORMATS {
                let row = format!("{name}, {target} {accept}");
                let (got, content) = ask(app, "GET", target, &[("accept", accept)]).await;
                let (head, no_content) = ask(app, "HEAD", target, &[("accept", accept)]).await;
                assert_eq!(head.status, got.status, "{row}");
                assert!(no_content.is_empty(), "{row}");
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

/// axum writes 0 for every empty body of exact size. hyper removes it over HTTP/1.1, where RFC 9110 §8.6 forbids it.
#[tokio::test]
async fn content_length_of_a_status_without_content_is_axums_0() {
    for (name, app) in [("a layer", for_head().layer(StatusMapLayer::new())), ("no layer", for_head())] {
        for method in ["GET", "HEAD"] {
            for target in ["/204", "/304"] {
                let row = format!("{name}, {method} {target}");
                let (parts, body) = ask(&app, method, target, &[("accept", "text/html")]).await;
                assert_eq!(field(&parts.headers, "content-length").as_deref(), Some("0"), "{row}");
                assert_eq!(field(&parts.headers, "content-type"), None, "{row}");
                assert!(body.is_empty(), "{row}");
            }
        }
    }
}

#[tokio::test]
async fn a_handler_sees_the_method_of_the_request() {
    let method = async |method: Method| Status::not_implemented().with_detail(method.to_string()).expose();
    let app = Router::new().fallback(method).layer(StatusMapLayer::new());
    for method in ["GET", "PUT", "OPTIONS", "TRACE", "PROPFIND"] {
        let (parts, body) = ask(&app, method, "/", &[]).await;
        assert_eq!((parts.status.as_u16(), parsed(&body)["detail"].as_str()), (501, Some(method)));
    }
}

#[tokio::test]
async fn the_response_of_a_status_has_the_status_as_an_extension() {
    let response = Status::not_found().into_response();
    assert_eq!(response.status(), 404);
    assert!(response.extensions().get::<Status>().is_some());
}
