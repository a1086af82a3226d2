//! The layers of tower and tower-http inside and outside, nested layers, and hidden texts.

use std::{
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderName, HeaderValue, Request, StatusCode, header, response::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http_body_util::{BodyExt, Channel};
use tokio::sync::Notify;
use tower::{ServiceExt, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::CorsLayer,
    decompression::Decompression,
    limit::RequestBodyLimitLayer,
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
};
use tower_status::{Context, Format, Render, Rendered, Status, StatusMapLayer};

use crate::common::{
    PROBLEM_JSON, Reports,
    error::SoldOut,
    field, is_explained, json, read,
    router::{ask, send},
    service::Id7,
    text,
};

const ACCEPTS: [&str; 7] =
    ["*/*", "text/html", "text/plain", "application/json", "image/png", "*/*;q=0", "text/plain;q=1, garbage"];

fn explains(parts: &Parts, body: &[u8]) -> bool {
    is_explained(parts.status, body)
}

#[tokio::test]
async fn the_layers_of_a_typical_stack_compile_in_one_tuple() {
    let app: Router = Router::new().route("/orders/{id}", get(async || "seven tulips")).layer((
        StatusMapLayer::new(),
        TimeoutLayer::new(Duration::from_secs(1)),
        LoadShedLayer::new(),
        GlobalConcurrencyLimitLayer::new(512),
    ));
    let (parts, body) = ask(&app, "GET", "/orders/7", &[]).await;
    assert_eq!((parts.status.as_u16(), text(&body)), (200, "seven tulips"));
}

#[tokio::test]
async fn a_timeout_is_a_503() {
    let app = Router::new()
        .route("/slow", get(future::pending::<()>))
        .route("/fast", get(async || "fast"))
        .layer((StatusMapLayer::new(), TimeoutLayer::new(Duration::ZERO)));
    for accept in ACCEPTS {
        let (parts, body) = ask(&app, "GET", "/slow", &[("accept", accept)]).await;
        assert_eq!(parts.status, 503, "{accept}");
        assert!(explains(&parts, &body), "{accept}");
    }
    assert_eq!(ask(&app, "GET", "/fast", &[]).await.0.status, 200);
}

#[tokio::test]
async fn second_request_is_shed_with_retry_after_at_a_limit_of_one() {
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
    let first = tokio::spawn({
        let app = app.clone();
        async move { ask(&app, "GET", "/slow", &[]).await.0.status }
    });
    entered.notified().await;
    for uri in ["/slow", "/other", "/nowhere"] {
        let (parts, body) = ask(&app, "GET", uri, &[]).await;
        assert_eq!((parts.status.as_u16(), field(&parts.headers, "retry-after").as_deref()), (503, Some("1")), "{uri}");
        assert_eq!(parts.headers[header::CONTENT_TYPE], PROBLEM_JSON, "{uri}");
        assert!(explains(&parts, &body), "{uri}");
    }
    release.notify_one();
    assert_eq!(first.await.unwrap(), 200);
    assert_eq!(ask(&app, "GET", "/other", &[]).await.0.status, 200);
}

fn explode() -> Response {
    panic!("secret of a panic")
}

#[tokio::test]
async fn a_panic_caught_inside_is_a_500_without_its_message() {
    type Any = Box<dyn std::any::Any + Send>;
    let with_message = |panic: Any| {
        let text = (*panic.downcast::<&str>().unwrap()).to_owned();
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    };
    let apps = [
        Router::new().route("/", get(async || explode())).layer((StatusMapLayer::new(), CatchPanicLayer::new())),
        Router::new()
            .route("/", get(async || explode()))
            .layer((StatusMapLayer::new(), CatchPanicLayer::custom(with_message))),
    ];
    for app in &apps {
        for accept in ACCEPTS {
            let (parts, body) = ask(app, "GET", "/", &[("accept", accept)]).await;
            let text = text(&body);
            assert_eq!(parts.status, 500, "{accept}");
            assert!(explains(&parts, &body) && !text.contains("secret") && !text.contains("panic"), "{accept}: {text}");
        }
    }
}

/// Counts its calls.
struct Counting(Arc<AtomicUsize>);

impl Render for Counting {
    fn render(&self, _: &Status, _: &Context<'_>) -> Option<Rendered> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[tokio::test]
async fn nested_layers_render_and_report_each_error_once() {
    type Build = fn(Router, StatusMapLayer) -> Router;
    let at_root: [(&str, Build); 5] = [
        ("one layer", |app, layer| app.layer(layer)),
        ("two layers", |app, layer| app.layer(layer.clone()).layer(layer)),
        ("one tuple", |app, layer| app.layer((layer.clone(), layer.clone(), layer))),
        ("merged", |app, layer| Router::new().merge(app.layer(layer.clone())).layer(layer)),
        ("route_layer", |app, layer| app.route_layer(layer.clone()).layer(layer)),
    ];
    let nested: [(&str, Build); 2] = [
        ("nest", |app, layer| Router::new().nest("/in", app.layer(layer.clone())).layer(layer)),
        ("nest_service", |app, layer| Router::new().nest_service("/in", app.layer(layer.clone())).layer(layer)),
    ];
    let builds = at_root
        .map(|(name, build)| (name, "", build))
        .into_iter()
        .chain(nested.map(|(name, build)| (name, "/in", build)));
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
        ("/sold-out", 409),
        ("/bare", 404),
        ("/code", 403),
        ("/text", 502),
        ("/words", 409),
        ("/ok", 200),
        ("/nowhere", 404),
    ];
    for (build_name, prefix, build) in builds {
        for (path, code) in rows {
            for accept in ["*/*", "text/html"] {
                let (rendered, reports) = (Arc::new(AtomicUsize::new(0)), Reports::default());
                let layer = reports.record(StatusMapLayer::new().render(Counting(Arc::clone(&rendered))));
                let app = build(routes(), layer);
                let (parts, body) = ask(&app, "GET", &format!("{prefix}{path}"), &[("accept", accept)]).await;
                let row = format!("{build_name} {path} {accept}");
                let expected = if code < 400 { vec![] } else { vec![code] };
                assert_eq!(parts.status, code, "{row}");
                assert_eq!(rendered.load(Ordering::Relaxed), expected.len(), "rendered: {row}");
                assert_eq!(reports.take(), expected, "reported: {row}");
                assert_eq!(parts.extensions.get::<Status>().is_some(), code >= 400, "{row}");
                assert!(code != 502 || !text(&body).contains("secret"), "{row}");
            }
        }
    }
}

#[tokio::test]
async fn the_source_of_a_status_that_axum_built_reaches_on_error() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let layer = StatusMapLayer::new().on_error(move |status, context| {
        assert!(status.source().unwrap().is::<SoldOut>());
        assert_eq!((status.detail(), context.path, context.method.as_str()), (Some("sold out"), "/a", "GET"));
        assert_eq!(context.format, Format::Html);
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let app = Router::new().route("/a", get(async || -> Result<(), Status> { Err(SoldOut)? })).layer(layer);
    let (parts, _) = ask(&app, "GET", "/a?b=secret", &[("accept", "text/html")]).await;
    assert!(parts.extensions.get::<Status>().unwrap().source().unwrap().is::<SoldOut>());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
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
async fn compression_inside_or_outside_shows_nothing_hidden_and_is_readable() {
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
                for coding in ["gzip", "br", "deflate", "gzip;q=1, identity;q=0"] {
                    let row = format!("{place} {uri} {accept} {coding}");
                    let fields = [("accept", accept), ("accept-encoding", coding)];
                    let (raw, _) = ask(app, "GET", uri, &fields).await;
                    let compressed = raw.headers.contains_key(header::CONTENT_ENCODING);
                    let request = crate::common::get(uri, &fields).map(|()| Body::empty());
                    let (parts, body) = read(Decompression::new(app.clone()).oneshot(request).await.unwrap()).await;
                    let text = text(&body);
                    assert_eq!(parts.status, code, "{row}");
                    // After one decoding the client has the text, without the secret.
                    assert!(!text.contains("secret"), "{row}: {text}");
                    if code == 200 || *place == "outside" {
                        assert!(compressed, "{row}: {:?}", raw.headers);
                    }
                    if code >= 500 || uri == "/nowhere" {
                        assert!(explains(&parts, &body), "{row}: {text}");
                    }
                    if parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| value == PROBLEM_JSON) {
                        assert_eq!(json(&body)["status"], code, "{row}");
                    }
                    let vary = field(&raw.headers, "vary").unwrap_or_default().to_lowercase();
                    assert!(!compressed || vary.contains("accept-encoding"), "{row}: {vary}");
                }
            }
        }
    }
}

/// 8 KiB is the longest text that becomes a detail. The text of a 5xx is replaced, whatever its length.
#[tokio::test]
async fn a_text_above_8_kib_is_kept_for_a_4xx_and_replaced_for_a_5xx() {
    let echo = async |Path((code, length)): Path<(u16, usize)>| {
        (crate::common::code(code), "secret".repeat(length / 6 + 1)[..length].to_owned())
    };
    let app = Router::new().route("/{code}/{length}", get(echo)).layer(StatusMapLayer::new());
    for length in [1, 8191, 8192, 8193, 16384, 100_000] {
        for accept in ACCEPTS {
            for code in [500, 501, 502, 503, 504, 599] {
                let (parts, body) = ask(&app, "GET", &format!("/{code}/{length}"), &[("accept", accept)]).await;
                assert_eq!(parts.status, code);
                assert!(!text(&body).contains("secret") && body.len() < 8192, "{code} {length} {accept}");
            }
            let (parts, body) = ask(&app, "GET", &format!("/400/{length}"), &[("accept", accept)]).await;
            let kept = parts.headers[header::CONTENT_TYPE] == "text/plain; charset=utf-8" && body.len() == length;
            assert_eq!(kept, length > 8192, "{length} {accept}");
        }
    }
}

/// The available part of an endless 5xx body is hidden as well.
#[tokio::test]
async fn an_endless_body_is_not_waited_for() {
    for code in [StatusCode::CONFLICT, StatusCode::INTERNAL_SERVER_ERROR] {
        let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(4);
        sender.try_send(http_body::Frame::data(Bytes::from_static(b"secret"))).unwrap();
        let body = Arc::new(Mutex::new(Some(Body::new(body))));
        let app = Router::new()
            .route(
                "/",
                get(async move || (code, [("content-type", "text/plain")], body.lock().unwrap().take().unwrap())),
            )
            .layer(StatusMapLayer::new());
        let mut response = app.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), code);
        let frame = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(&frame[..] == b"secret", code == StatusCode::CONFLICT);
        drop(sender);
    }
}

/// Sets `Vary: origin`.
fn cors() -> CorsLayer {
    CorsLayer::new().allow_origin([HeaderValue::from_static("https://shop.example")])
}

#[tokio::test]
async fn cors_and_request_id_inside_or_outside_reach_every_response() {
    const ID: HeaderName = HeaderName::from_static("x-request-id");
    let outside = (cors(), SetRequestIdLayer::new(ID, Id7), PropagateRequestIdLayer::new(ID), StatusMapLayer::new());
    let inside = (SetRequestIdLayer::new(ID, Id7), StatusMapLayer::new(), PropagateRequestIdLayer::new(ID), cors());
    let all_inside = (StatusMapLayer::new(), SetRequestIdLayer::new(ID, Id7), PropagateRequestIdLayer::new(ID), cors());
    let apps = [
        ("outside", leaking().layer(outside)),
        ("inside", leaking().layer(inside)),
        ("all inside", leaking().layer(all_inside)),
    ];
    for (place, app) in &apps {
        for uri in ["/text", "/untyped", "/status", "/boxed", "/found", "/echo", "/nowhere"] {
            for sent in [None, Some("theirs:9")] {
                let row = format!("{place} {uri} {sent:?}");
                let expected = sent.unwrap_or("id-7");
                let mut fields = vec![("accept", "application/json"), ("origin", "https://shop.example")];
                fields.extend(sent.map(|id| ("x-request-id", id)));
                let (parts, body) = ask(app, "GET", uri, &fields).await;
                let origin = field(&parts.headers, "access-control-allow-origin");
                let vary = field(&parts.headers, "vary").unwrap().to_lowercase();
                assert_eq!(json(&body)["request_id"], expected, "{row}");
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
async fn a_body_above_the_limit_is_a_413_with_and_without_content_length() {
    struct Row {
        content: &'static str,
        content_length: bool,
        code: u16,
    }
    let read_all = async |body: Bytes| body.len().to_string();
    let app = Router::new().route("/", post(read_all)).layer((StatusMapLayer::new(), RequestBodyLimitLayer::new(4)));
    let rows = [
        Row { content: "four", content_length: true, code: 200 },
        Row { content: "fifth", content_length: true, code: 413 },
        Row { content: "fifth", content_length: false, code: 413 },
    ];
    for Row { content, content_length, code } in rows {
        let mut request = Request::post("/").body(Body::from(content)).unwrap();
        if content_length {
            request.headers_mut().insert(header::CONTENT_LENGTH, content.len().into());
        }
        let (parts, body) = send(&app, request).await;
        assert_eq!(parts.status, code, "{content} {content_length}");
        assert!(code == 200 || json(&body)["status"] == 413, "{content} {content_length}");
    }
}
