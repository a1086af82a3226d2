//! Under axum: what a `Status` is without a layer, and what stands beside it in a tuple.
// A test says what is wrong by failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header, response::Parts},
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use tower_status::{Status, StatusMapLayer, catalog};

use crate::common::shows;

async fn send(app: Router, accept: &str) -> (Parts, Bytes) {
    let request = Request::builder().uri("/").header(header::ACCEPT, accept).body(Body::empty()).unwrap();
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

/// A field's lines, joined.
fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

type Respond = fn() -> Response;

fn answering(respond: Respond) -> Router {
    Router::new().route("/", get(async move || respond()))
}

/// The status, and the fields that its section demands or that were said.
type Demanding = (fn() -> Status, u16, &'static [(&'static str, &'static str)]);

const DEMANDING: [Demanding; 16] = [
    (Status::not_found, 404, &[]),
    (|| Status::new(StatusCode::UNAUTHORIZED), 401, &[("www-authenticate", r#"Bearer realm="api""#)]),
    (|| Status::unauthorized("Basic realm=\"a\""), 401, &[("www-authenticate", "Basic realm=\"a\"")]),
    (|| Status::method_not_allowed("PUT"), 405, &[("allow", "PUT")]),
    (|| Status::method_not_allowed(""), 405, &[("allow", "")]),
    (|| Status::proxy_authentication_required("Basic"), 407, &[("proxy-authenticate", "Basic")]),
    (|| Status::range_not_satisfiable(7), 416, &[("content-range", "bytes */7")]),
    (|| Status::upgrade_required("websocket"), 426, &[("upgrade", "websocket"), ("connection", "upgrade")]),
    (|| Status::moved_permanently("/käse"), 301, &[("location", "/k%C3%A4se")]),
    (|| Status::found("/a"), 302, &[("location", "/a")]),
    (|| Status::see_other("/a"), 303, &[("location", "/a")]),
    (|| Status::temporary_redirect("/a"), 307, &[("location", "/a")]),
    (|| Status::permanent_redirect("/a"), 308, &[("location", "/a")]),
    (|| Status::multiple_choices(["/a"]), 300, &[("link", "</a>; rel=\"alternate\"")]),
    (|| Status::service_unavailable().with_retry_after(Duration::from_millis(2001)), 503, &[("retry-after", "3")]),
    (|| Status::too_many_requests().with_header("x-limit", "9"), 429, &[("x-limit", "9")]),
];

#[tokio::test]
async fn a_status_is_complete_with_and_without_a_layer() {
    for (status, code, fields) in DEMANDING {
        let app = || Router::new().route("/", get(async move || status()));
        for (layered, app) in [(false, app()), (true, app().layer(StatusMapLayer::new()))] {
            let (parts, body) = send(app, "*/*").await;
            let row = format!("{code}, layered: {layered}");
            let document: Value = serde_json::from_slice(&body).unwrap();
            let entry = catalog::get(parts.status).unwrap();
            let caching = (code >= 400).then_some("no-store");
            assert_eq!(parts.status, code, "{row}");
            assert_eq!(parts.headers[header::CONTENT_TYPE], "application/problem+json", "{row}");
            assert_eq!(parts.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{row}");
            assert_eq!(field(&parts.headers, "cache-control").as_deref(), caching, "{row}");
            assert_eq!(field(&parts.headers, "content-length"), Some(body.len().to_string()), "{row}");
            assert_eq!(document["type"], "about:blank", "{row}");
            assert_eq!(document["title"], entry.title, "{row}");
            assert_eq!(document["status"], code, "{row}");
            assert_eq!(document["detail"], entry.default_detail(), "{row}");
            for (name, value) in fields {
                assert_eq!(field(&parts.headers, name).as_deref(), Some(*value), "{row} {name}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_layer_a_5xx_is_masked_too() {
    let rows: [(fn() -> Status, bool); 5] = [
        (|| Status::internal_server_error().with_detail("secret").with_extension("secret", "secret"), false),
        (|| Status::from_error("secret"), false),
        (|| Status::bad_gateway().with_source("secret"), false),
        (|| Status::bad_gateway().with_detail("shown").expose(), true),
        (|| Status::permission_denied().with_detail("shown"), true),
    ];
    for (status, shown) in rows {
        let (parts, body) = send(answering_with(status), "text/html").await;
        let text = str::from_utf8(&body).unwrap();
        assert!(!text.contains("secret") && !format!("{:?}", parts.headers).contains("secret"), "{text}");
        assert_eq!(text.contains("shown"), shown, "{text}");
    }
}

fn answering_with(status: fn() -> Status) -> Router {
    Router::new().route("/", get(async move || status()))
}

const UNAUTHORIZED: Status = Status::new(StatusCode::UNAUTHORIZED);

/// axum: what stands before the last part of a tuple replaces what that part said.
#[tokio::test]
async fn a_tuple_overrides_the_fields_of_its_status_with_a_layer_as_without() {
    let rows: [(&str, &str, Respond); 13] = [
        ("retry-after", "120", || ([("retry-after", "120")], busy()).into_response()),
        ("www-authenticate", "Basic", || ([("www-authenticate", "Basic")], UNAUTHORIZED).into_response()),
        ("www-authenticate", "Basic", || {
            ([("www-authenticate", "Basic")], Status::unauthorized("Bearer")).into_response()
        }),
        ("allow", "PUT", || ([("allow", "PUT")], Status::method_not_allowed("GET, HEAD")).into_response()),
        ("location", "/b", || ([("location", "/b")], Status::found("/a")).into_response()),
        ("content-range", "bytes */9", || {
            ([("content-range", "bytes */9")], Status::range_not_satisfiable(7)).into_response()
        }),
        ("x-mine", "outer", || {
            ([("x-mine", "outer")], Status::not_found().with_header("x-mine", "inner")).into_response()
        }),
        ("cache-control", "max-age=60", || ([("cache-control", "max-age=60")], Status::not_found()).into_response()),
        ("cache-control", "no-cache", || {
            ([("cache-control", "no-cache")], Status::not_found().with_header("cache-control", "max-age=9"))
                .into_response()
        }),
        ("set-cookie", "a=1", || ([("set-cookie", "a=1")], Status::not_found()).into_response()),
        ("set-cookie", "b=2 | a=1", || {
            (AppendHeaders([("set-cookie", "a=1")]), Status::not_found().with_header("set-cookie", "b=2"))
                .into_response()
        }),
        ("x-mine", "seven", || ([("x-mine", "seven")], Status::bad_gateway()).into_response()),
        ("link", "</c>", || ([("link", "</c>")], Status::multiple_choices(["/a", "/b"])).into_response()),
    ];
    let mut wrong = Vec::new();
    for (name, expected, respond) in rows {
        for (layered, app) in [(false, answering(respond)), (true, answering(respond).layer(StatusMapLayer::new()))] {
            for accept in ["*/*", "text/html"] {
                let (parts, _) = send(app.clone(), accept).await;
                let got = field(&parts.headers, name);
                if got.as_deref() != Some(expected) {
                    wrong.push(format!(
                        "{} {name}, layered: {layered}, {accept}: {got:?}, not {expected:?}",
                        parts.status
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn busy() -> Status {
    Status::service_unavailable().with_retry_after(Duration::from_secs(30))
}

/// What was completed without a layer is completed again by it, as it was told.
#[tokio::test]
async fn a_layer_completes_in_its_own_way() {
    let rewrite = |status: Status| StatusMapLayer::new().map_status(move |_, _| status.clone());
    let basic = || StatusMapLayer::new().default_challenge("Basic");
    let bearer: Respond = || Status::unauthorized("Bearer").into_response();
    let unsaid: Respond = || UNAUTHORIZED.into_response();
    let cached: Respond = || Status::not_found().with_header("cache-control", "max-age=9").into_response();
    let rows = [
        ("www-authenticate", Some("Basic"), unsaid, basic()),
        ("www-authenticate", Some("Bearer"), bearer, basic()),
        ("www-authenticate", None, unsaid, rewrite(Status::not_found())),
        ("www-authenticate", None, bearer, rewrite(Status::not_found())),
        ("www-authenticate", Some("Digest"), bearer, rewrite(Status::unauthorized("Digest"))),
        ("retry-after", None, || busy().into_response(), rewrite(Status::not_found())),
        ("cache-control", Some("max-age=9"), cached, basic()),
        ("cache-control", Some("no-store"), cached, rewrite(Status::forbidden())),
        ("cache-control", None, cached, rewrite(Status::found("/a"))),
        ("cache-control", None, unsaid, rewrite(Status::found("/a"))),
        (
            "content-language",
            Some("en"),
            || Status::not_found().with_detail("it").into_response(),
            rewrite(Status::gone()),
        ),
        ("x-mine", None, || ([("x-mine", "7")], Status::gone()).into_response(), rewrite(Status::not_found())),
        ("x-mine", Some("7"), || ([("x-mine", "7")], Status::gone()).into_response(), basic()),
    ];
    for (name, expected, respond, layer) in rows {
        let (parts, _) = send(answering(respond).layer(layer), "*/*").await;
        assert_eq!(field(&parts.headers, name).as_deref(), expected, "{} {name}", parts.status);
    }
}

#[tokio::test]
async fn a_code_beside_a_status_is_the_code_of_the_answer() {
    let rows: [(u16, Option<&str>, Respond); 5] = [
        (409, Some("sold"), || (StatusCode::CONFLICT, Status::not_found().with_detail("sold")).into_response()),
        (404, Some("sold"), || (StatusCode::NOT_FOUND, Status::not_found().with_detail("sold")).into_response()),
        (400, None, || {
            (StatusCode::BAD_REQUEST, Status::internal_server_error().with_detail("secret")).into_response()
        }),
        (500, None, || (StatusCode::INTERNAL_SERVER_ERROR, Status::not_found().with_detail("secret")).into_response()),
        (403, None, || (StatusCode::FORBIDDEN, [("x-mine", "7")], Status::new(StatusCode::NOT_FOUND)).into_response()),
    ];
    for (code, detail, respond) in rows {
        for accept in ["*/*", "text/html", "text/plain"] {
            let (parts, body) = send(answering(respond).layer(StatusMapLayer::new()), accept).await;
            let text = str::from_utf8(&body).unwrap();
            let entry = catalog::get(parts.status).unwrap();
            assert_eq!(parts.status, code, "{accept}");
            assert!(shows(parts.status, detail, &body), "{code} {accept}: {text}");
            assert!(text.contains(entry.title) && !text.contains("secret"), "{code} {accept}: {text}");
        }
    }
}

/// What is no error keeps the body that it has.
#[tokio::test]
async fn a_success_that_keeps_a_status_passes() {
    let respond: Respond = || {
        let mut response = "seven tulips".into_response();
        response.extensions_mut().insert(Status::not_found());
        response
    };
    let (parts, body) = send(answering(respond).layer(StatusMapLayer::new()), "text/html").await;
    assert_eq!((parts.status.as_u16(), &body[..]), (200, &b"seven tulips"[..]));
}

/// A response that somebody wrote in place of a `Status` is that one's.
#[tokio::test]
async fn a_status_whose_body_was_replaced_is_not_written_over() {
    let respond: Respond = || {
        let mut response = Status::not_found().with_detail("gone").into_response();
        *response.body_mut() = Body::from("<p>mine</p>");
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
        response
    };
    let (parts, body) = send(answering(respond).layer(StatusMapLayer::new()), "*/*").await;
    assert_eq!((parts.status.as_u16(), &body[..]), (404, &b"<p>mine</p>"[..]));
    assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html");
}

#[tokio::test]
async fn a_status_in_a_result_is_the_same_answer() {
    type Outcome = Result<&'static str, Status>;
    let app = Router::new().route("/", get(async || -> Outcome { Err(Status::gone()) })).layer(StatusMapLayer::new());
    let direct = Router::new().route("/", get(async || Status::gone())).layer(StatusMapLayer::new());
    for accept in ["*/*", "text/html", "text/plain"] {
        let ((one, one_body), (two, two_body)) = (send(app.clone(), accept).await, send(direct.clone(), accept).await);
        assert_eq!((one.status, one.headers, one_body), (two.status, two.headers, two_body), "{accept}");
    }
}

/// What stands beside a status, its code, and the fields that stay.
type Beside = (Respond, u16, &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn fields_beside_a_status_that_is_no_error_stay() {
    #[rustfmt::skip]
    let rows: [Beside; 4] = [
        (|| ([("etag", "\"a\""), ("content-location", "/x"), ("cache-control", "no-store")], Status::not_modified()).into_response(),
            304, &[("etag", "\"a\""), ("content-location", "/x"), ("cache-control", "no-store")]),
        (|| ([("cache-control", "no-store")], Status::found("/x")).into_response(), 302, &[("cache-control", "no-store"), ("location", "/x")]),
        (|| ([("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")], Status::not_modified()).into_response(), 304, &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]),
        (|| ([("content-type", "text/plain")], Status::not_modified()).into_response(), 304, &[]),
    ];
    for (respond, code, fields) in rows {
        let (parts, body) = send(answering(respond).layer(StatusMapLayer::new()), "*/*").await;
        assert_eq!(parts.status, code);
        for (name, value) in fields {
            assert_eq!(field(&parts.headers, name).as_deref(), Some(*value), "{code} {name}");
        }
        if code == 304 {
            assert_eq!((parts.headers.get("content-type"), body.len()), (None, 0));
        }
    }
}

/// A status that another answer was finished with is an answer of its own.
#[tokio::test]
async fn a_status_of_another_answer_is_negotiated_and_reported_again() {
    let inner = answering(|| Status::conflict().into_response()).layer(StatusMapLayer::new());
    let gateway = async move || {
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let answer = inner.oneshot(request).await.unwrap();
        answer.extensions().get::<Status>().cloned().unwrap()
    };
    let reported = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = reported.clone();
    let layer = StatusMapLayer::new().on_error(move |_, _| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    let (parts, _) = send(Router::new().route("/", get(gateway)).layer(layer), "text/html").await;
    assert_eq!(
        (parts.status.as_u16(), field(&parts.headers, "content-type").as_deref()),
        (409, Some("text/html; charset=utf-8"))
    );
    assert_eq!(reported.load(std::sync::atomic::Ordering::Relaxed), 1);
}
