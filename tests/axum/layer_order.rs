//! The documented order of layers, over HTTP/1.1 and HTTP/2: every error is explained, readable, and reported once.

use std::{
    future::pending,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderValue, Request, StatusCode, header, response::Parts},
    middleware::{Next, from_fn},
    response::Response,
    routing::{get, post},
};
use bytes::Bytes;
use http_body_util::Full;
use tower::{
    ServiceExt, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer,
    util::MapRequestLayer,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
    cors::CorsLayer,
    decompression::Decompression,
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use tower_status::{ConditionalLayer, Status, StatusMapLayer};

use crate::common::{
    Fields, PROBLEM_JSON, Reports,
    connection::{Client, http1, http2},
    field, in_its_own_process, json, lines, read, request, router,
    service::Id7,
    text,
};

const ORIGIN: &str = "https://shop.example";

/// The messages of a Connect stream are compressed one by one, if at all.
const NO_STREAM: NotForContentType = NotForContentType::const_new("application/connect+");

/// Returns a text longer than the 32 bytes below which tower-http compresses nothing.
fn long(text: &str) -> String {
    text.repeat(20)
}

fn explode() -> Response {
    panic!("secret of a panic")
}

async fn authenticate(request: Request<Body>, next: Next) -> Result<Response, Status> {
    if request.uri().path() == "/account" {
        return Err(Status::unauthorized(r#"Bearer realm="shop""#).with_detail(long("sign in to see it, ")));
    }
    Ok(next.run(request).await)
}

/// Returns the routes of a shop, each of which fails in a different way.
fn routes() -> Router {
    let versioned = || async { ([("etag", r#"W/"v7""#), ("cache-control", "max-age=60")], long("seven tulips, ")) };
    let conditional = ConditionalLayer::new().require_preconditions();
    Router::new()
        .route("/orders/{id}", get(async |Path(_): Path<u64>| "an order"))
        .route("/versioned", get(versioned).put(async || StatusCode::NO_CONTENT).layer(conditional))
        .route("/text", get(async || (StatusCode::CONFLICT, long("it was sold, "))))
        .route("/status", get(async || Status::not_found().with_detail(long("nothing here, "))))
        .route("/hidden", get(async || (StatusCode::BAD_GATEWAY, long("secret of an upstream, "))))
        .route("/panics", get(async || explode()))
        .route("/hangs", get(pending::<()>))
        .route("/account", get(async || "the account"))
        .route("/none", get(async || StatusCode::NO_CONTENT))
        .route("/shop.Orders/Get", post(async || Status::not_found().with_detail(long("nothing here, "))))
}

/// Removes `identity;q=0` and `*;q=0` from Accept-Encoding: `CompressionLayer` turns any response to such a request into
/// a 406.
fn accept_identity(mut request: Request<Body>) -> Request<Body> {
    let excludes_identity = |member: &str| {
        let (coding, weight) = member.split_once(';').unwrap_or((member, "q=1"));
        let is_zero = weight.trim().get(2..).is_some_and(|weight| weight.parse() == Ok(0.0));
        is_zero && ["*", "identity"].iter().any(|excluded| coding.trim().eq_ignore_ascii_case(excluded))
    };
    let lines = request.headers().get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let kept: Vec<_> = lines.flat_map(|line| line.split(',')).filter(|member| !excludes_identity(member)).collect();
    match HeaderValue::from_str(&kept.join(",")) {
        Ok(kept) if !kept.is_empty() => request.headers_mut().insert(header::ACCEPT_ENCODING, kept),
        _ => request.headers_mut().remove(header::ACCEPT_ENCODING),
    };
    request
}

/// Adds the layers in the documented order.
fn documented(layer: StatusMapLayer) -> Router {
    let id = header::HeaderName::from_static("x-request-id");
    let app = routes().layer((
        TraceLayer::new_for_http().on_failure(()),
        MapRequestLayer::new(accept_identity),
        CompressionLayer::new().compress_when(DefaultPredicate::new().and(NO_STREAM)),
        layer,
        TimeoutLayer::new(Duration::ZERO),
        LoadShedLayer::new(),
        GlobalConcurrencyLimitLayer::new(512),
        CatchPanicLayer::new(),
        from_fn(authenticate),
    ));
    // A separate call, because `CorsLayer` requires a body that implements `Default`, which `TraceLayer`'s does not.
    app.layer((
        CorsLayer::new().allow_origin([HeaderValue::from_static(ORIGIN)]),
        SetRequestIdLayer::new(id.clone(), Id7),
        PropagateRequestIdLayer::new(id),
    ))
}

async fn clients(app: &Router) -> [(&'static str, Client); 2] {
    [("HTTP/1.1", http1(app.clone()).await), ("HTTP/2", http2(app.clone()).await)]
}

async fn ask(client: &Client, method: &str, path: &str, fields: Fields<'_>) -> (Parts, Bytes) {
    let fields = [&[("host", "shop.example"), ("origin", ORIGIN)], fields].concat();
    let client = Decompression::new(client.clone());
    read(client.oneshot(request(method, path, &fields).map(|()| Full::default())).await.unwrap()).await
}

async fn ask_raw(client: &Client, method: &str, path: &str, fields: Fields<'_>) -> Parts {
    let request = request(method, path, &[&[("host", "shop.example")], fields].concat());
    read(client.clone().oneshot(request.map(|()| Full::default())).await.unwrap()).await.0
}

#[tokio::test]
async fn every_error_is_explained_in_the_documented_order() {
    let stale: Fields<'_> = &[("if-match", "\"v1\"")];
    #[rustfmt::skip]
    let rows: [(&str, &str, Fields<'_>, u16, &str); 11] = [
        ("GET", "/orders/tulip", &[], 400, "Invalid URL: Cannot parse `tulip` to a `u64`"),
        ("GET", "/text", &[], 409, "it was sold, "),
        ("GET", "/status", &[], 404, "nothing here, "),
        ("GET", "/hidden", &[], 502, ""),
        ("GET", "/panics", &[], 500, ""),
        ("GET", "/hangs", &[], 503, ""),
        ("GET", "/account", &[], 401, "sign in to see it, "),
        ("GET", "/nowhere", &[], 404, ""),
        ("POST", "/text", &[], 405, ""),
        ("GET", "/versioned", stale, 412, ""),
        ("PUT", "/versioned", &[], 428, ""),
    ];
    let reports = Reports::default();
    let app = documented(reports.record(StatusMapLayer::new()));
    for (version, client) in clients(&app).await {
        for (method, path, fields, code, detail) in rows {
            let row = format!("{version} {method} {path}");
            for accept in ["*/*", "text/html,application/xhtml+xml;q=0.9"] {
                let (parts, body) = ask(&client, method, path, &[fields, &[("accept", accept)]].concat()).await;
                let content_type = if accept == "*/*" { PROBLEM_JSON } else { "text/html; charset=utf-8" };
                assert_eq!(parts.status, code, "{row}");
                assert_eq!(parts.headers[header::CONTENT_TYPE], content_type, "{row}");
                assert_eq!(field(&parts.headers, "cache-control").as_deref(), Some("no-store"), "{row}");
                assert_eq!(parts.headers["x-request-id"], "id-7", "{row}");
                assert_eq!(parts.headers["access-control-allow-origin"], ORIGIN, "{row}");
                let vary = lines(&parts.headers, "vary").join(",").to_lowercase();
                assert!(
                    ["origin", "accept", "accept-encoding"].iter().all(|name| vary.contains(name)),
                    "{row}: {vary}"
                );
                assert!(text(&body).contains("id-7") && !text(&body).contains("secret"), "{row}: {}", text(&body));
                if accept == "*/*" {
                    let problem = json(&body);
                    assert_eq!((&problem["status"], &problem["request_id"]), (&code.into(), &"id-7".into()), "{row}");
                    assert!(problem["detail"].as_str().unwrap().starts_with(detail), "{row}: {problem}");
                }
                assert_eq!(reports.take(), [code], "{row}");
            }
            let raw = ask_raw(&client, method, path, &[fields, &[("accept-encoding", "gzip")]].concat()).await;
            assert_eq!(raw.headers[header::CONTENT_ENCODING], "gzip", "{row}");
            assert_eq!(reports.take(), [code], "{row}");
        }
    }
}

#[tokio::test]
async fn successes_pass_in_the_documented_order() {
    let current: Fields<'_> = &[("if-none-match", "W/\"v7\"")];
    let rows: [(&str, &str, Fields<'_>, u16, &str); 5] = [
        ("GET", "/orders/7", &[], 200, "an order"),
        ("GET", "/versioned", &[], 200, "seven tulips, "),
        ("GET", "/versioned", current, 304, ""),
        ("HEAD", "/versioned", current, 304, ""),
        ("GET", "/none", &[], 204, ""),
    ];
    let reports = Reports::default();
    let app = documented(reports.record(StatusMapLayer::new()));
    for (version, client) in clients(&app).await {
        for (method, path, fields, code, content) in rows {
            let row = format!("{version} {method} {path} {fields:?}");
            let (parts, body) = ask(&client, method, path, fields).await;
            assert_eq!(parts.status, code, "{row}");
            assert!(text(&body).starts_with(content) && body.is_empty() == content.is_empty(), "{row}: {body:?}");
            assert_eq!(reports.take(), [0; 0], "{row}");
        }
    }
}

/// tower-http 0.7 calls the inner service, replaces the code of its response by 406, and keeps the rest.
#[tokio::test]
async fn an_accept_encoding_without_identity_changes_no_response_in_the_documented_order() {
    let grpc: Fields<'_> = &[("content-type", "application/grpc")];
    let layer = || StatusMapLayer::new().rpc(true);
    let without = routes().layer((CompressionLayer::new(), layer()));
    for excluded in ["*;q=0", "identity;q=0", "IDENTITY ; Q=0.000", "gzip;q=0, *;q=0", "zstd, identity;q=0"] {
        let coding = [("accept-encoding", excluded)];
        let with = [&clients(&documented(layer())).await[..], &clients(&without).await].concat();
        for (index, (version, client)) in with.iter().enumerate() {
            let is_documented = index < 2;
            let row = format!("{version} {excluded}, the documented order: {is_documented}");
            let expected = |code| if is_documented { code } else { 406 };

            let parts = ask_raw(client, "GET", "/versioned", &coding).await;
            assert_eq!(parts.status, expected(200), "{row}");
            assert_eq!(field(&parts.headers, "cache-control").as_deref(), Some("max-age=60"), "{row}");

            let parts = ask_raw(client, "GET", "/status", &coding).await;
            assert_eq!(parts.status, expected(404), "{row}");

            let parts = ask_raw(client, "POST", "/shop.Orders/Get", &[grpc, &coding].concat()).await;
            assert_eq!((parts.status.as_u16(), &parts.headers["grpc-status"]), (expected(200), &"5".parse().unwrap()));
        }
    }
}

/// Connect Protocol Reference: Content-Encoding is for unary messages alone.
#[tokio::test]
async fn a_connect_error_is_compressed_unless_it_is_a_stream() {
    let stream: Fields<'_> = &[("content-type", "application/connect+json"), ("accept-encoding", "gzip")];
    let unary: Fields<'_> =
        &[("content-type", "application/json"), ("connect-protocol-version", "1"), ("accept-encoding", "gzip")];
    let layer = || StatusMapLayer::new().rpc(true);
    let without = routes().layer((CompressionLayer::new(), layer()));
    for (version, client) in clients(&documented(layer())).await {
        let raw = ask_raw(&client, "POST", "/shop.Orders/Get", unary).await;
        assert!(raw.status == 404 && raw.headers[header::CONTENT_ENCODING] == "gzip", "{version}");
        let (_, body) = ask(&client, "POST", "/shop.Orders/Get", &unary[..2]).await;
        assert_eq!(
            (&json(&body)["code"], &json(&body)["message"]),
            (&"not_found".into(), &long("nothing here, ").into())
        );
        let raw = ask_raw(&client, "POST", "/shop.Orders/Get", stream).await;
        assert!(raw.status == 200 && !raw.headers.contains_key(header::CONTENT_ENCODING), "{version}");
    }
    for (version, client) in clients(&without).await {
        let raw = ask_raw(&client, "POST", "/shop.Orders/Get", stream).await;
        assert!(raw.headers.contains_key(header::CONTENT_ENCODING), "{version}: so the predicate is needed");
    }
}

#[test]
fn accept_identity_removes_only_what_excludes_identity() {
    let rows: [(&[&str], Option<&str>); 12] = [
        (&[], None),
        (&["gzip, br"], Some("gzip, br")),
        (&["gzip, *;q=0"], Some("gzip")),
        (&["identity;q=0, gzip;q=0.5"], Some(" gzip;q=0.5")),
        (&["*;q=0"], None),
        (&["identity ; q=0.0"], None),
        (&["Identity;Q=0."], None),
        (&["gzip;q=0", "*;q=0"], Some("gzip;q=0")),
        (&["identity;q=0.1"], Some("identity;q=0.1")),
        (&["identity, *;q=1"], Some("identity, *;q=1")),
        (&["gzip;q=é"], None),
        (&["identity;"], Some("identity;")),
    ];
    for (lines, expected) in rows {
        let lines: Vec<_> = lines.iter().map(|line| ("accept-encoding", *line)).collect();
        let sent = accept_identity(request("GET", "/", &lines).map(|()| Body::empty()));
        assert_eq!(field(sent.headers(), "accept-encoding").as_deref(), expected, "{lines:?}");
    }
}

/// A writer that keeps what a subscriber writes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "tracing")]
#[test]
fn an_error_is_logged_once_in_the_span_of_its_request() {
    in_its_own_process("layer_order::an_error_is_logged_once_in_the_span_of_its_request", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(each_error_is_logged_once_in_a_span());
    });
}

#[cfg(feature = "tracing")]
async fn each_error_is_logged_once_in_a_span() {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::DEBUG);
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    let app = documented(StatusMapLayer::new());
    struct Row {
        path: &'static str,
        level: &'static str,
        route: &'static str,
    }
    let rows = [
        Row { path: "/orders/tulip", level: "DEBUG", route: "/orders/{id}" },
        Row { path: "/hidden", level: "ERROR", route: "/hidden" },
        Row { path: "/panics", level: "ERROR", route: "/panics" },
        Row { path: "/hangs", level: "ERROR", route: "/hangs" },
    ];
    for Row { path, level, route } in rows {
        router::ask(&app, "GET", path, &[]).await;
        let log = String::from_utf8(std::mem::take(&mut *written.0.lock().unwrap())).unwrap();
        let log: Vec<_> = log.lines().filter(|line| line.contains("tower_status") || line.contains("failed")).collect();
        let [line] = log[..] else { panic!("{path}: {log:?}") };
        assert!(line.contains(&format!("request{{method=GET uri={path} version=HTTP/1.1}}: tower_status: ")), "{line}");
        assert!(line.contains(level) && line.contains(&format!(" route=\"{route}\" ")), "{line}");
    }
}
