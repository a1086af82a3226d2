//! `StatusMapLayer` and its options: nesting, `map_status`, `render`, `on_error`, the context and the request id.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_status::{Context, Format, KeepBody, Render, Rendered, Status, StatusMapLayer};

type Outcome = Result<Response<Full<Bytes>>, Status>;

async fn send(layer: &StatusMapLayer, request: Request<()>, outcome: Outcome) -> (StatusCode, HeaderMap, String) {
    let inner = service_fn(|_: Request<()>| std::future::ready(outcome.clone()));
    read(layer.layer(inner).oneshot(request).await.unwrap()).await
}

async fn read<B: http_body::Body<Error: std::fmt::Debug>>(response: Response<B>) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn response(code: u16, fields: &[(&'static str, &'static str)], body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in fields {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    response
}

fn keep(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response.extensions_mut().insert(KeepBody);
    response
}

const TEXT: (&str, &str) = ("content-type", "text/plain");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Every kind of answer of 400 and above, and the code that it is reported with.
fn kinds() -> Vec<(&'static str, Outcome, u16)> {
    vec![
        ("an error", Err(Status::not_found()), 404),
        ("a 5xx error", Err(Status::bad_gateway().with_detail("secret")), 502),
        ("550", Err(Status::permission_denied()), 550),
        ("a carrier", Err(Status::from_error("secret")), 500),
        ("an empty 404", Ok(response(404, &[], "")), 404),
        ("a text 404", Ok(response(404, &[TEXT], "it")), 404),
        ("a JSON 422", Ok(response(422, &[JSON], "{}")), 422),
        ("a 401", Ok(response(401, &[], "")), 401),
        ("a text 500", Ok(response(500, &[TEXT], "secret")), 500),
        ("a JSON 500", Ok(response(500, &[JSON], "{}")), 500),
        ("a kept 500", Ok(keep(response(500, &[TEXT], "kept"))), 500),
        ("a 500 that is OK to gRPC", Ok(response(500, &[TEXT, ("grpc-status", "0")], "secret")), 500),
        ("a 503 that is UNAVAILABLE to gRPC", Ok(response(503, &[("grpc-status", "14")], "")), 503),
        ("an unknown 499", Ok(response(499, &[], "")), 499),
        ("an unknown 599", Ok(response(599, &[], "")), 599),
    ]
}

/// Writes down the codes that it is told of.
fn told(layer: StatusMapLayer) -> (StatusMapLayer, Arc<Mutex<Vec<u16>>>) {
    let codes = Arc::<Mutex<Vec<u16>>>::default();
    let written = Arc::clone(&codes);
    let layer = layer.on_error(move |status, _| written.lock().unwrap().push(status.code().as_u16()));
    (layer, codes)
}

#[tokio::test]
async fn on_error_is_told_of_each_answer_of_400_and_above_once() {
    for fill in [true, false] {
        for (name, outcome, code) in kinds() {
            let (layer, codes) = told(StatusMapLayer::new().fill(fill));
            assert_eq!(send(&layer, Request::new(()), outcome).await.0, code);
            assert_eq!(*codes.lock().unwrap(), [code], "{name}, fill({fill})");
        }
        for code in [200, 204, 304, 302, 399] {
            let (layer, codes) = told(StatusMapLayer::new().fill(fill));
            send(&layer, Request::new(()), Ok(response(code, &[], ""))).await;
            send(&layer, Request::new(()), Err(StatusCode::from_u16(code).unwrap().into())).await;
            assert_eq!(*codes.lock().unwrap(), [0_u16; 0], "{code}, fill({fill})");
        }
    }
}

#[tokio::test]
async fn nested_layers_render_and_report_once() {
    for (name, outcome, code) in kinds() {
        for fill in [true, false] {
            let (inner, inner_codes) = told(StatusMapLayer::new().fill(fill));
            let alone = send(&inner, Request::new(()), outcome.clone()).await;
            let (outer, outer_codes) = told(
                StatusMapLayer::new()
                    .formats(&[Format::Html])
                    .default_challenge("Outer")
                    .expose_server_errors(true)
                    .map_status(|_, _| Status::im_a_teapot())
                    .render(Echo),
            );
            let service = service_fn(|_: Request<()>| std::future::ready(outcome.clone()));
            let nested = outer.layer(inner.layer(service)).oneshot(Request::new(())).await.unwrap();
            assert_eq!(read(nested).await, alone, "{name}");
            assert_eq!(*inner_codes.lock().unwrap(), [code, code], "{name}");
            assert!(outer_codes.lock().unwrap().is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_code_that_was_changed_in_between_is_another_answer() {
    for (name, outcome, code) in kinds() {
        for (changed, reported) in [(401, &[401][..]), (409, &[409]), (503, &[503]), (550, &[550]), (200, &[])] {
            if changed == code {
                continue;
            }
            let (outer, codes) = told(StatusMapLayer::new());
            let service = StatusMapLayer::new().layer(service_fn(|_: Request<()>| std::future::ready(outcome.clone())));
            let service = service.map_response(move |mut response| {
                *response.status_mut() = StatusCode::from_u16(changed).unwrap();
                response
            });
            let response = outer.layer(service).oneshot(Request::new(())).await.unwrap();
            let (code, headers, body) = read(response).await;
            assert_eq!(code, changed, "{name}");
            assert_eq!(*codes.lock().unwrap(), reported, "{name} to {changed}");
            assert!(!body.contains("secret"), "{name} to {changed}: {body}");
            assert!(changed != 401 || headers.contains_key("www-authenticate"), "{name} to {changed}");
        }
    }
}

#[allow(clippy::too_many_lines)] // a table
#[tokio::test]
async fn a_rewritten_answer_keeps_nothing_of_what_it_was() {
    let conceal = |status: Status, _: &Context<'_>| match status.code().as_u16() {
        401 | 403 | 500 => Status::not_found(),
        _ => status,
    };
    let redirect = |_: Status, _: &Context<'_>| Status::see_other("/login").with_header("x-new", "1");
    let nothing = |_: Status, _: &Context<'_>| StatusCode::NO_CONTENT.into();
    let same = |status: Status, _: &Context<'_>| status;
    let titled = |status: Status, _: &Context<'_>| status.with_title("New title");
    let l = StatusMapLayer::new;
    let forbidden = Status::forbidden().with_detail("old").with_title("old").with_header("x-old", "1");
    let forbidden = forbidden.with_extension("old", 1).with_type("/old").with_instance("/old");
    let json = |code| Ok(response(code, &[JSON, ("etag", "\"old\""), ("set-cookie", "a=1")], "{\"old\":1}"));
    let kept = |code| Ok(keep(response(code, &[TEXT, ("set-cookie", "a=1")], "kept")));
    let rows = [
        ("error", l().map_status(conceal), Err(forbidden.clone()), 404, "Not Found", &["x-old"][..], &[][..]),
        (
            "challenge",
            l().map_status(conceal),
            Err(Status::unauthorized("old")),
            404,
            "Not Found",
            &["www-authenticate"],
            &[],
        ),
        (
            "default challenge",
            l().map_status(conceal),
            Err(StatusCode::UNAUTHORIZED.into()),
            404,
            "Not Found",
            &["www-authenticate"],
            &[],
        ),
        ("5xx", l().map_status(conceal), Err(Status::from_error("old")), 404, "Not Found", &[], &[]),
        (
            "5xx detail",
            l().map_status(conceal),
            Err((StatusCode::INTERNAL_SERVER_ERROR, "old").into()),
            404,
            "Not Found",
            &[],
            &[],
        ),
        (
            "empty",
            l().map_status(conceal),
            Ok(response(403, &[("set-cookie", "a=1")], "")),
            404,
            "Not Found",
            &[],
            &["set-cookie"],
        ),
        (
            "text",
            l().map_status(conceal),
            Ok(response(403, &[TEXT, ("content-length", "3")], "old")),
            404,
            "Not Found",
            &["content-length"],
            &[],
        ),
        ("JSON", l().map_status(conceal), json(403), 404, "Not Found", &["etag"], &["set-cookie"]),
        ("JSON 500", l().map_status(conceal), json(500), 404, "Not Found", &["etag"], &["set-cookie"]),
        ("kept", l().map_status(conceal), kept(403), 404, "Not Found", &[], &["set-cookie"]),
        (
            "redirect",
            l().map_status(redirect),
            Err(forbidden),
            303,
            "See Other",
            &["x-old", "cache-control"],
            &["location", "x-new"],
        ),
        (
            "redirect of JSON",
            l().map_status(redirect),
            json(401),
            303,
            "See Other",
            &["etag", "www-authenticate"],
            &["location", "x-new"],
        ),
        (
            "redirect of 500",
            l().map_status(redirect),
            Ok(response(500, &[TEXT], "old")),
            303,
            "See Other",
            &[],
            &["location"],
        ),
        ("no content", l().map_status(nothing), json(404), 204, "", &["etag", "content-type"], &["set-cookie"]),
        ("no content of kept", l().map_status(nothing), kept(404), 204, "", &[], &["set-cookie"]),
        ("untouched", l().map_status(same), json(404), 404, "{\"old\":1}", &[], &["etag", "set-cookie"]),
        ("a title", l().map_status(titled), Ok(response(404, &[TEXT], "it")), 404, "New title", &[], &[]),
    ];
    for (name, layer, outcome, code, text, gone, there) in rows {
        let (layer, codes) = told(layer);
        let (status, headers, body) = send(&layer, Request::new(()), outcome).await;
        assert_eq!(status, code, "{name}");
        assert!(body.contains(text) && (!text.is_empty() || body.is_empty()), "{name}: {body}");
        assert!(name == "untouched" || !body.contains("old"), "{name}: {body}");
        for field in gone {
            assert!(!headers.contains_key(*field), "{name}: {field} in {headers:?}");
        }
        for field in there {
            assert!(headers.contains_key(*field), "{name}: no {field} in {headers:?}");
        }
        let reported: &[u16] = if code < 400 { &[] } else { &[code] };
        assert_eq!(*codes.lock().unwrap(), reported, "{name}");
    }
}

#[tokio::test]
async fn a_rewrite_may_carry_what_map_error_knows() {
    let layer = StatusMapLayer::new()
        .map_error(|_: &std::fmt::Error| Some(Status::conflict()))
        .map_status(|_, _| Status::from_error(std::fmt::Error));
    assert_eq!(send(&layer, Request::new(()), Err(Status::not_found())).await.0, 409);
}

/// Says all that it is given.
struct Echo;

impl Render for Echo {
    fn render(&self, status: &Status, context: &Context<'_>) -> Option<Rendered> {
        if context.format == Format::Text {
            return None;
        }
        let source = std::error::Error::source(status).map(ToString::to_string);
        let body = format!("{status} {status:?} {source:?} {context:?} {:?}", status.extensions());
        Some(Rendered::new(HeaderValue::from_static("application/xml"), body))
    }
}

#[tokio::test]
async fn render_writes_the_body_and_sees_nothing_that_must_stay_inside() {
    let inside = || BoxError::from("secret source");
    let said =
        |code: u16| Status::from((StatusCode::from_u16(code).unwrap(), "the detail")).with_extension("x", "more");
    let rows = [
        ("404", said(404), &["the detail", "more"][..], &[][..]),
        ("550", said(550), &["the detail", "more"], &[]),
        ("500", said(500), &["500 Internal Server Error"], &["the detail", "more"]),
        ("599", said(599), &["599"], &["the detail", "more"]),
        ("exposed", said(500).expose(), &["the detail", "more"], &[]),
        ("404 with a source", said(404).with_source(inside()), &["the detail", "more"], &["secret"]),
        ("500 with a source", said(500).with_source(inside()), &["500"], &["the detail", "more", "secret"]),
        ("exposed with a source", said(500).with_source(inside()).expose(), &["the detail", "more"], &["secret"]),
        ("a carrier", Status::from_error(inside()), &["500"], &["secret"]),
    ];
    for (name, status, seen, unseen) in rows {
        let layer = StatusMapLayer::new().render(Echo);
        let (_, headers, body) = send(&layer, Request::new(()), Err(status.clone())).await;
        assert_eq!(headers["content-type"], "application/xml", "{name}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{name}");
        assert_eq!(headers["cache-control"], "no-store", "{name}");
        for text in seen {
            assert!(body.contains(text), "{name}: no {text} in {body}");
        }
        for text in unseen {
            assert!(!body.contains(text), "{name}: {text} in {body}");
        }
        let text = Request::builder().header("accept", "text/plain").body(()).unwrap();
        let (_, headers, _) = send(&layer, text, Err(status)).await;
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8", "{name}: the built-in form");
    }
}

#[tokio::test]
async fn the_context_tells_of_the_request() {
    let rows = [
        ("GET", "/a/b?secret=1", "", "GET /a/b Json"),
        ("POST", "/", "text/html", "POST / Html"),
        ("OPTIONS", "*", "text/plain", "OPTIONS * Text"),
        ("HEAD", "https://example.org/x%20y?z", "*/*", "HEAD /x%20y Json"),
        ("GET", "https://example.org", "", "GET / Json"),
        ("CONNECT", "example.org:443", "", "CONNECT  Json"),
        ("PROPFIND", "/a;b/", "text/html;q=0", "PROPFIND /a;b/ Json"),
    ];
    for (method, uri, accept, expected) in rows {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (first, second) = (Arc::clone(&seen), Arc::clone(&seen));
        let write = |seen: &Mutex<Vec<String>>, context: &Context<'_>| {
            seen.lock().unwrap().push(format!("{} {} {:?}", context.method, context.path, context.format));
        };
        let layer = StatusMapLayer::new()
            .map_status(move |status, context| {
                write(&first, context);
                status
            })
            .on_error(move |_, context| write(&second, context));
        for outcome in [Err(Status::gone()), Ok(response(404, &[], "")), Ok(response(404, &[JSON], "{}"))] {
            let request = Request::builder().method(method).uri(uri).header("accept", accept).body(()).unwrap();
            send(&layer, request, outcome).await;
            assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [expected, expected], "{method} {uri}");
        }
    }
}

#[tokio::test]
async fn a_request_id_is_shown_if_it_can_do_no_harm() {
    let [id128, id129] = [128, 129].map(|length| &*Box::leak("i".repeat(length).into_boxed_str()));
    let rows: [(Option<&'static str>, Option<&'static str>, Option<&str>); 17] = [
        (None, None, None),
        (Some("r-1"), None, Some("r-1")),
        (None, Some("i-1"), Some("i-1")),
        (Some("r-1"), Some("i-1"), Some("i-1")),
        (Some("azAZ09._:+/=-"), None, Some("azAZ09._:+/=-")),
        (Some(id128), None, Some(id128)),
        (Some(id129), None, None),
        (Some(""), None, None),
        (Some("a b"), None, None),
        (Some("<b>"), None, None),
        (Some("a\"b"), None, None),
        (Some("a,b"), None, None),
        (Some("a\u{e4}"), None, None),
        (Some("a~"), None, None),
        (Some("a\\b"), None, None),
        (None, Some("a b"), None),
        (None, Some(id129), None),
    ];
    for (requested, answered, expected) in rows {
        let seen = Arc::<Mutex<Option<String>>>::default();
        let written = Arc::clone(&seen);
        let layer = StatusMapLayer::new().on_error(move |_, context| {
            *written.lock().unwrap() = context.request_id.map(str::to_owned);
        });
        for code in [404, 500] {
            let fields: Vec<_> = answered.map(|id| ("x-request-id", id)).into_iter().collect();
            let outcomes = [
                Some(Ok(response(code, &fields, ""))),
                answered.is_none().then(|| Err(StatusCode::from_u16(code).unwrap().into())),
            ];
            for outcome in outcomes.into_iter().flatten() {
                let mut request = Request::new(());
                if let Some(id) = requested {
                    request.headers_mut().insert("x-request-id", HeaderValue::from_bytes(id.as_bytes()).unwrap());
                }
                let (_, _, body) = send(&layer, request, outcome).await;
                let json: serde_json::Value = serde_json::from_str(&body).unwrap();
                assert_eq!(
                    json.get("request_id").map(|id| id.as_str().unwrap()),
                    expected,
                    "{requested:?} {answered:?}"
                );
                assert_eq!(seen.lock().unwrap().as_deref(), expected, "{requested:?} {answered:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_applications_own_request_id_is_not_shadowed_and_a_masked_one_is_not_shown() {
    let own = |status: Status| status.with_extension("request_id", "secret");
    let rows = [
        (own(Status::not_found()), "secret"),
        (own(Status::bad_gateway().expose()), "secret"),
        (own(Status::bad_gateway()), "r-1"),
    ];
    for (status, expected) in rows {
        let request = Request::builder().header("x-request-id", "r-1").body(()).unwrap();
        let (_, _, body) = send(&StatusMapLayer::new(), request, Err(status)).await;
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((json["request_id"].as_str(), body.matches("request_id").count()), (Some(expected), 1), "{body}");
    }
}

/// RFC 9110 §6.4.1, §8.6.
#[tokio::test]
async fn what_never_has_content_has_none_whoever_made_it() {
    let plain = [("content-length", "4"), ("content-encoding", "gzip"), ("x-kept", "1")];
    let grpc = [("content-type", "application/grpc"), ("grpc-status", "0")];
    let rows = [(204, None), (205, None), (304, Some("4"))];
    for ((code, length), said) in rows.iter().flat_map(|row| (0..=2).map(move |said| (*row, said))) {
        let fields = [&plain[..], &grpc[..said]].concat();
        let request = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
        let request = if said == 1 { request } else { Request::new(()) };
        let (status, headers, body) = send(&StatusMapLayer::new(), request, Ok(response(code, &fields, "body"))).await;
        assert_eq!((status.as_u16(), body.as_str(), &headers["x-kept"]), (code, "", &HeaderValue::from_static("1")));
        assert_eq!(headers.get("content-length").map(|value| value.to_str().unwrap()), length, "{code}");
        assert_eq!(headers.get("content-encoding"), None, "{code}");
    }
}

/// What an application lists may be long.
#[tokio::test]
async fn many_lines_of_one_field_take_linear_time() {
    let uris: Vec<_> = (0..20_000).map(|number| format!("/{number}")).collect();
    let answer = send(&StatusMapLayer::new(), Request::new(()), Err(Status::multiple_choices(&uris))).await;
    assert_eq!(answer.1.get_all("link").iter().count(), 20_000);
}
