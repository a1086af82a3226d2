//! Under axum: tower's and tower-http's layers inside and outside, nested layers, and what a client cannot unmask.
// A test says what is wrong by failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header, response::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use http_body_util::{BodyExt, Channel};
use serde_json::Value;
use tokio::sync::Notify;
use tower::{ServiceExt, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::CorsLayer,
    decompression::Decompression,
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
};
use tower_status::{Context, IntoStatus, Render, Rendered, Status, StatusMapLayer, catalog};

const JSON: &str = "application/problem+json";
const ACCEPTS: [&str; 7] =
    ["*/*", "text/html", "text/plain", "application/json", "image/png", "*/*;q=0", "text/plain;q=1, garbage"];

#[derive(Debug, thiserror::Error)]
#[error("sold out")]
struct SoldOut;

impl IntoStatus for SoldOut {
    fn status(&self) -> Status {
        Status::conflict()
    }
}

fn request(uri: &str, accept: &str) -> Request<Body> {
    Request::builder().uri(uri).header(header::ACCEPT, accept).body(Body::empty()).unwrap()
}

async fn send(app: &Router, request: Request<Body>) -> (Parts, Bytes) {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

fn explains(parts: &Parts, body: &[u8]) -> bool {
    str::from_utf8(body).unwrap().contains(catalog::get(parts.status).unwrap().explanation)
}

#[tokio::test]
async fn the_layers_of_the_design_compile_in_one_tuple() {
    let app: Router = Router::new().route("/orders/{id}", get(async || "seven tulips")).layer((
        StatusMapLayer::new(),
        TimeoutLayer::new(Duration::from_secs(1)),
        LoadShedLayer::new(),
        GlobalConcurrencyLimitLayer::new(512),
    ));
    let (parts, body) = send(&app, request("/orders/7", "*/*")).await;
    assert_eq!((parts.status.as_u16(), &body[..]), (200, &b"seven tulips"[..]));
}

#[tokio::test]
async fn a_timeout_is_a_503() {
    let app = Router::new()
        .route("/slow", get(future::pending::<()>))
        .route("/fast", get(async || "fast"))
        .layer((StatusMapLayer::new(), TimeoutLayer::new(Duration::ZERO)));
    for accept in ACCEPTS {
        let (parts, body) = send(&app, request("/slow", accept)).await;
        assert_eq!(parts.status, 503, "{accept}");
        assert!(explains(&parts, &body), "{accept}");
    }
    assert_eq!(send(&app, request("/fast", "*/*")).await.0.status, 200);
}

#[tokio::test]
async fn two_requests_at_once_where_one_is_allowed() {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (entered, release) = (Arc::clone(&entered), Arc::clone(&release));
        async move || {
            entered.notify_one();
            release.notified().await;
            "done"
        }
    };
    let app = Router::new().route("/slow", get(slow)).route("/other", get(async || "other")).layer((
        StatusMapLayer::new(),
        LoadShedLayer::new(),
        GlobalConcurrencyLimitLayer::new(1),
    ));
    let first = tokio::spawn(app.clone().oneshot(request("/slow", "*/*")));
    entered.notified().await;
    for uri in ["/slow", "/other", "/nowhere"] {
        let (parts, body) = send(&app, request(uri, "*/*")).await;
        assert_eq!((parts.status.as_u16(), field(&parts.headers, "retry-after").as_deref()), (503, Some("1")), "{uri}");
        assert_eq!(parts.headers[header::CONTENT_TYPE], JSON, "{uri}");
        assert!(explains(&parts, &body), "{uri}");
    }
    release.notify_one();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(send(&app, request("/other", "*/*")).await.0.status, 200);
}

fn explode() -> Response {
    panic!("secret of a panic")
}

#[tokio::test]
async fn a_panic_that_is_caught_inside_is_a_masked_500() {
    type Any = Box<dyn std::any::Any + Send>;
    let teller = |panic: Any| {
        let text = (*panic.downcast::<&str>().unwrap()).to_owned();
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    };
    let apps = [
        Router::new().route("/", get(async || explode())).layer((StatusMapLayer::new(), CatchPanicLayer::new())),
        Router::new()
            .route("/", get(async || explode()))
            .layer((StatusMapLayer::new(), CatchPanicLayer::custom(teller))),
    ];
    for app in &apps {
        for accept in ACCEPTS {
            let (parts, body) = send(app, request("/", accept)).await;
            let text = str::from_utf8(&body).unwrap();
            assert_eq!(parts.status, 500, "{accept}");
            assert!(explains(&parts, &body) && !text.contains("secret") && !text.contains("panic"), "{accept}: {text}");
        }
    }
}

/// Counts what it is asked to render.
struct Counting(Arc<AtomicUsize>);

impl Render for Counting {
    fn render(&self, _: &Status, _: &Context<'_>) -> Option<Rendered> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[tokio::test]
async fn every_answer_is_rendered_and_reported_once() {
    type Build = fn(Router, StatusMapLayer) -> Router;
    let builds: [(&str, &str, Build); 7] = [
        ("once", "", |app, layer| app.layer(layer)),
        ("twice", "", |app, layer| app.layer(layer.clone()).layer(layer)),
        ("in one tuple", "", |app, layer| app.layer((layer.clone(), layer.clone(), layer))),
        ("nested", "/in", |app, layer| Router::new().nest("/in", app.layer(layer.clone())).layer(layer)),
        ("nested service", "/in", |app, layer| {
            Router::new().nest_service("/in", app.layer(layer.clone())).layer(layer)
        }),
        ("merged", "", |app, layer| Router::new().merge(app.layer(layer.clone())).layer(layer)),
        ("on routes", "", |app, layer| app.route_layer(layer.clone()).layer(layer)),
    ];
    let routes = || {
        Router::new()
            .route("/sold-out", get(async || -> Result<(), Status> { Err(SoldOut)? }))
            .route("/bare", get(async || Status::not_found()))
            .route("/code", get(async || StatusCode::FORBIDDEN))
            .route("/text", get(async || (StatusCode::BAD_GATEWAY, "secret")))
            .route("/words", get(async || (StatusCode::CONFLICT, "it was sold")))
            .route("/ok", get(async || "ok"))
    };
    let rows = [
        ("/sold-out", 409, 1),
        ("/bare", 404, 1),
        ("/code", 403, 1),
        ("/text", 502, 1),
        ("/words", 409, 1),
        ("/ok", 200, 0),
        ("/nowhere", 404, 1),
    ];
    for (build_name, prefix, build) in builds {
        for (path, code, times) in rows {
            for accept in ["*/*", "text/html"] {
                let (rendered, reported) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
                let counter = Arc::clone(&reported);
                let layer = StatusMapLayer::new().render(Counting(Arc::clone(&rendered))).on_error(move |_, _| {
                    counter.fetch_add(1, Ordering::Relaxed);
                });
                let app = build(routes(), layer);
                let (parts, body) = send(&app, request(&format!("{prefix}{path}"), accept)).await;
                let row = format!("{build_name} {path} {accept}");
                assert_eq!(parts.status, code, "{row}");
                assert_eq!(rendered.load(Ordering::Relaxed), times, "rendered: {row}");
                assert_eq!(reported.load(Ordering::Relaxed), times, "reported: {row}");
                assert!(times == 0 || parts.extensions.get::<Status>().is_some(), "{row}");
                assert!(code != 502 || !str::from_utf8(&body).unwrap().contains("secret"), "{row}");
            }
        }
    }
}

#[tokio::test]
async fn the_status_of_a_response_reaches_the_layer_with_its_error() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let layer = StatusMapLayer::new().on_error(move |status, context| {
        assert!(status.source().unwrap().is::<SoldOut>());
        assert_eq!((status.detail(), context.path, context.method.as_str()), (Some("sold out"), "/a", "GET"));
        assert_eq!(context.format, tower_status::Format::Html);
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let app = Router::new().route("/a", get(async || -> Result<(), Status> { Err(SoldOut)? })).layer(layer);
    let (parts, _) = send(&app, request("/a?b=secret", "text/html")).await;
    assert!(parts.extensions.get::<Status>().unwrap().source().unwrap().is::<SoldOut>());
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}

fn leaking() -> Router {
    let long = || "secret of the database, ".repeat(20);
    let untyped = move || {
        let mut response = Response::new(Body::from(long()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    };
    Router::new()
        .route("/text", get(async move || (StatusCode::INTERNAL_SERVER_ERROR, long())))
        .route("/untyped", get(async move || untyped()))
        .route(
            "/status",
            get(async move || Status::bad_gateway().with_detail(long()).with_extension("secret", "secret")),
        )
        .route("/boxed", get(async move || -> Result<(), Status> { Err(tower::BoxError::from(long()))? }))
        .route("/found", get(async || Status::not_found().with_detail("nothing here, ".repeat(20))))
        .route("/echo", get(async || (StatusCode::CONFLICT, "it was sold, ".repeat(20))))
        .route("/ok", get(async || "seven tulips, ".repeat(20)))
}

#[tokio::test]
async fn compression_unmasks_nothing_and_stays_readable() {
    let apps = [
        ("inside", leaking().layer((StatusMapLayer::new(), CompressionLayer::new()))),
        ("outside", leaking().layer((CompressionLayer::new(), StatusMapLayer::new()))),
    ];
    let rows = [
        ("/text", 500),
        ("/untyped", 500),
        ("/status", 502),
        ("/boxed", 500),
        ("/found", 404),
        ("/echo", 409),
        ("/nowhere", 404),
        ("/ok", 200),
    ];
    for (place, app) in &apps {
        for (uri, code) in rows {
            for accept in ACCEPTS {
                for coding in ["gzip", "br", "deflate", "zstd", "gzip;q=1, identity;q=0"] {
                    let row = format!("{place} {uri} {accept} {coding}");
                    let ask = || {
                        let mut asked = request(uri, accept);
                        asked.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(coding));
                        asked
                    };
                    let (raw, _) = send(app, ask()).await;
                    let compressed = raw.headers.contains_key(header::CONTENT_ENCODING);
                    let response = Decompression::new(app.clone()).oneshot(ask()).await.unwrap();
                    let (parts, body) = response.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let text = str::from_utf8(&body).unwrap();
                    assert_eq!(parts.status, code, "{row}");
                    // What a client reads as it is must be neither a second coding nor the secret.
                    assert!(!text.contains("secret"), "{row}: {text}");
                    if code == 200 || *place == "outside" {
                        assert!(compressed, "{row}: {:?}", raw.headers);
                    }
                    if code >= 500 || uri == "/nowhere" {
                        assert!(explains(&parts, &body), "{row}: {text}");
                    }
                    if parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| value == JSON) {
                        assert_eq!(serde_json::from_str::<Value>(text).unwrap()["status"], code, "{row}");
                    }
                    let vary = field(&raw.headers, "vary").unwrap_or_default().to_lowercase();
                    assert!(!compressed || vary.contains("accept-encoding"), "{row}: {vary}");
                }
            }
        }
    }
}

/// 8 KiB is the longest text that becomes a detail; a longer one of a 5xx goes all the same.
#[tokio::test]
async fn a_long_echo_stays_a_4xx_of_its_own_and_leaves_a_5xx() {
    let echo = async |axum::extract::Path((code, length)): axum::extract::Path<(u16, usize)>| {
        (StatusCode::from_u16(code).unwrap(), "secret".repeat(length / 6 + 1)[..length].to_owned())
    };
    let app = Router::new().route("/{code}/{length}", get(echo)).layer(StatusMapLayer::new());
    for length in [1, 8191, 8192, 8193, 16384, 100_000] {
        for accept in ACCEPTS {
            for code in [500, 501, 502, 503, 504, 599] {
                let (parts, body) = send(&app, request(&format!("/{code}/{length}"), accept)).await;
                let text = str::from_utf8(&body).unwrap();
                assert_eq!(parts.status, code);
                assert!(!text.contains("secret") && body.len() < 8192, "{code} {length} {accept}");
            }
            let (parts, body) = send(&app, request(&format!("/400/{length}"), accept)).await;
            let untouched = parts.headers[header::CONTENT_TYPE] == "text/plain; charset=utf-8" && body.len() == length;
            assert_eq!(untouched, length > 8192, "{length} {accept}");
        }
    }
}

/// A body that never ends delays nothing, and what it said already is masked too.
#[tokio::test]
async fn an_endless_echo_is_not_waited_for() {
    for code in [StatusCode::CONFLICT, StatusCode::INTERNAL_SERVER_ERROR] {
        let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(4);
        sender.try_send(http_body::Frame::data(Bytes::from_static(b"secret"))).unwrap();
        let body = Arc::new(std::sync::Mutex::new(Some(Body::new(body))));
        let app = Router::new()
            .route(
                "/",
                get(async move || (code, [("content-type", "text/plain")], body.lock().unwrap().take().unwrap())),
            )
            .layer(StatusMapLayer::new());
        let mut response = app.oneshot(request("/", "*/*")).await.unwrap();
        assert_eq!(response.status(), code);
        let frame = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(&frame[..] == b"secret", code == StatusCode::CONFLICT);
        drop(sender);
    }
}

#[derive(Clone)]
struct Seven;

impl MakeRequestId for Seven {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        Some(RequestId::new(HeaderValue::from_static("id-7")))
    }
}

/// Says `Vary: origin`.
fn cors() -> CorsLayer {
    CorsLayer::new().allow_origin([HeaderValue::from_static("https://shop.example")])
}

#[tokio::test]
async fn cors_and_request_id_outside_reach_every_answer() {
    const ID: HeaderName = HeaderName::from_static("x-request-id");
    let outside = (cors(), SetRequestIdLayer::new(ID, Seven), PropagateRequestIdLayer::new(ID), StatusMapLayer::new());
    let inside = (SetRequestIdLayer::new(ID, Seven), StatusMapLayer::new(), PropagateRequestIdLayer::new(ID), cors());
    let all_inside =
        (StatusMapLayer::new(), SetRequestIdLayer::new(ID, Seven), PropagateRequestIdLayer::new(ID), cors());
    let apps = [
        ("outside", leaking().layer(outside)),
        ("inside", leaking().layer(inside)),
        ("all inside", leaking().layer(all_inside)),
    ];
    for (place, app) in &apps {
        for uri in ["/text", "/untyped", "/status", "/boxed", "/found", "/echo", "/nowhere"] {
            for (theirs, expected) in [(None, "id-7"), (Some("theirs:9"), "theirs:9")] {
                let row = format!("{place} {uri} {theirs:?}");
                let mut asked = request(uri, "application/json");
                asked.headers_mut().insert(header::ORIGIN, HeaderValue::from_static("https://shop.example"));
                if let Some(id) = theirs {
                    asked.headers_mut().insert(ID, HeaderValue::from_static(id));
                }
                let (parts, body) = send(app, asked).await;
                let document: Value = serde_json::from_slice(&body).unwrap();
                let origin = field(&parts.headers, "access-control-allow-origin");
                let vary = field(&parts.headers, "vary").unwrap().to_lowercase();
                assert_eq!(document["request_id"], expected, "{row}");
                assert_eq!(parts.headers[ID], expected, "{row}");
                assert_eq!(origin.as_deref(), Some("https://shop.example"), "{row}");
                assert!(
                    vary.contains("origin") && vary.split([',', '|']).any(|name| name.trim() == "accept"),
                    "{vary}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_body_limit_is_a_413() {
    let whole = async |body: Bytes| body.len().to_string();
    let app = Router::new()
        .route("/", axum::routing::post(whole))
        .layer((StatusMapLayer::new(), RequestBodyLimitLayer::new(4)));
    for (sent, length, code) in [("four", true, 200), ("fifth", true, 413), ("fifth", false, 413)] {
        let mut asked = request("/", "*/*").map(|_| Body::from(sent));
        *asked.method_mut() = axum::http::Method::POST;
        if length {
            asked.headers_mut().insert(header::CONTENT_LENGTH, sent.len().into());
        }
        let (parts, body) = send(&app, asked).await;
        assert_eq!(parts.status, code, "{sent} {length}");
        assert!(code == 200 || serde_json::from_slice::<Value>(&body).unwrap()["status"] == 413, "{sent} {length}");
    }
}
