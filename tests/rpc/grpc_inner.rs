//! What becomes of the inner service's own responses on a gRPC request: converted, or untouched frame for frame.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    cell::RefCell,
    collections::VecDeque,
    convert::Infallible,
    future::{self, Future, ready},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tower::{Layer, Service, service_fn};
use tower_status::{KeepBody, Protocol, Status, StatusMapLayer, catalog::GrpcCode};

#[derive(Clone, Debug)]
enum Step {
    Data(&'static [u8]),
    /// `grpc-status` and a field more.
    Trailers,
    Fails,
    /// Not ready once.
    Waits,
    /// Never ready again.
    Hangs,
}
use Step::{Data, Fails, Hangs, Trailers, Waits};

/// A body that does what it is told.
#[derive(Clone, Debug, Default)]
struct Script {
    steps: VecDeque<Step>,
    hint: (u64, Option<u64>),
    /// Knows its end before it is asked.
    knows: bool,
}

fn trailers() -> HeaderMap {
    let fields = [("grpc-status", "5"), ("grpc-message", "no such order"), ("x-shard", "7")];
    fields.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).into_iter().collect()
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let Some(step) = self.steps.pop_front() else { return Poll::Ready(None) };
        Poll::Ready(Some(Ok(match step {
            Data(bytes) => Frame::data(Bytes::from_static(bytes)),
            Trailers => Frame::trailers(trailers()),
            Fails => return Poll::Ready(Some(Err("it failed"))),
            Waits => return Poll::Pending,
            Hangs => {
                self.steps.push_front(Hangs);
                return Poll::Pending;
            }
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.knows && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let (lower, upper) = self.hint;
        let mut hint = SizeHint::new();
        if let Some(upper) = upper {
            hint.set_upper(upper);
        }
        hint.set_lower(lower);
        hint
    }
}

fn script<const N: usize>(steps: [Step; N]) -> Script {
    Script { steps: steps.into(), hint: (0, None), knows: false }
}

fn known(text: &'static str) -> Script {
    let steps = if text.is_empty() { VecDeque::new() } else { [Data(text.as_bytes())].into() };
    Script { steps, hint: (text.len() as u64, Some(text.len() as u64)), knows: true }
}

/// Every frame, and what the body says of itself before each.
fn transcript<B: Body<Data = Bytes, Error = &'static str>>(body: B) -> Vec<String> {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    let mut seen = Vec::new();
    for _ in 0..20 {
        let hint = body.size_hint();
        seen.push(format!("end {}, {} to {:?}", body.is_end_stream(), hint.lower(), hint.upper()));
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => seen.push("pending".into()),
            Poll::Ready(None) => {
                seen.push("none".into());
                break;
            }
            Poll::Ready(Some(frame)) => seen.push(format!("{frame:?}")),
        }
    }
    seen
}

type Fields<'a> = &'a [(&'static str, &'static str)];

fn response<B>(code: u16, fields: Fields<'_>, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in fields {
        response.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    response
}

fn request(method: Method, content_type: Option<&str>) -> Request<()> {
    let mut request = Request::builder().method(method).uri("/shop.Orders/Get");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    request.body(()).unwrap()
}

fn grpc() -> Request<()> {
    request(Method::POST, Some("application/grpc+proto"))
}

fn service<B>(
    outcome: Result<Response<B>, Status>,
) -> impl Service<Request<()>, Response = Response<B>, Error = Status, Future = future::Ready<Result<Response<B>, Status>>>
{
    let prepared = RefCell::new(Some(outcome));
    service_fn(move |_: Request<()>| ready(prepared.take().unwrap()))
}

/// The answer, which nothing may keep waiting: neither a body nor its end.
fn at_once<S, B>(mut service: S, request: Request<()>) -> Response<B>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    let cx = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(cx) else { panic!("no answer at once") };
    response
}

fn ask(
    layer: &StatusMapLayer,
    request: Request<()>,
    inner: Response<Script>,
) -> Response<impl Body<Data = Bytes, Error = &'static str> + use<>> {
    at_once(layer.layer(service(Ok(inner))), request)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    assert!(headers.get_all(name).iter().count() <= 1, "{name} stands once");
    headers.get(name).map(|value| value.to_str().unwrap())
}

// ----- Converted -----

const TYPES: [Option<&str>; 9] = [
    None,
    Some("text/plain"),
    Some("text/plain; charset=utf-8"),
    Some("text/html; charset=utf-8"),
    Some("application/json"),
    Some("application/problem+json"),
    Some("application/xml"),
    Some("application/octet-stream"),
    Some("application/grpcfoo"),
];

#[test]
fn a_failure_that_is_not_grpc_becomes_one() {
    let bodies = [
        ("empty", known("")),
        ("text", known("what the proxy wrote")),
        ("frames", script([Data(b"what "), Data(b"the proxy"), Data(b" wrote")])),
        ("late", script([Waits, Data(b"what the proxy wrote")])),
        ("endless", script([Data(b"what the"), Hangs])),
        ("failing", script([Data(b"what the"), Fails])),
        ("with trailers", script([Data(b"what the proxy wrote"), Trailers])),
    ];
    #[rustfmt::skip]
    let codes = [
        (400, "3"), (401, "16"), (403, "7"), (404, "12"), (405, "12"), (413, "8"), (415, "12"), (429, "8"),
        (500, "13"), (502, "14"), (503, "14"), (504, "4"), (550, "7"), (599, "13"),
    ];
    for (code, number) in codes {
        for content_type in TYPES {
            for (name, body) in &bodies {
                let row = format!("{code} {content_type:?} {name}");
                let mut inner = response(code, &[], body.clone());
                if let Some(content_type) = content_type {
                    inner.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
                }
                let answer = ask(&StatusMapLayer::new().rpc(true), grpc(), inner);
                assert_eq!(answer.status(), 200, "{row}");
                assert_eq!(text(answer.headers(), "content-type"), Some("application/grpc+proto"), "{row}");
                assert_eq!(text(answer.headers(), "grpc-status"), Some(number), "{row}");
                assert!(answer.body().is_end_stream(), "{row}");
                // A small text of a 4xx that is there is its detail; nothing of a 5xx's, or of another form, is shown.
                let is_text = content_type.is_some_and(|value| value.starts_with("text/plain"));
                let shown = code < 500 || code == 550;
                let message = text(answer.headers(), "grpc-message").unwrap_or_default();
                let status = answer.extensions().get::<Status>().unwrap();
                if shown && is_text && matches!(*name, "text" | "frames") {
                    assert_eq!(message, "what the proxy wrote", "{row}");
                } else {
                    let is_set_apart = status.grpc_code().filter(|code| *code != status.entry().grpc);
                    let expected = is_set_apart.map_or(status.entry().explanation, GrpcCode::explanation);
                    assert!(message == expected || code == 599, "{row}: {message}");
                    assert!(!message.contains("proxy"), "{row}: {message}");
                }
                assert_eq!(transcript(answer.into_body()).last().map(String::as_str), Some("none"), "{row}");
            }
        }
    }
}

/// As in HTTP, what describes the body goes with it; what is of HTTP alone goes, too; CORS stays, or no page can read it.
#[test]
fn the_head_is_edited_in_place() {
    #[rustfmt::skip]
    let fields = [
        ("content-type", "text/html"), ("content-length", "20"), ("content-encoding", "gzip"), ("content-language", "de"),
        ("etag", "\"v1\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("accept-ranges", "bytes"),
        ("trailer", "x-sum"), ("retry-after", "7"), ("www-authenticate", "Basic"), ("allow", "GET"),
        ("cache-control", "max-age=60"), ("location", "/elsewhere"), ("grpc-encoding", "gzip"),
        ("access-control-allow-origin", "https://shop.example"), ("vary", "origin"), ("x-request-id", "id-7"),
    ];
    let stay = ["access-control-allow-origin", "vary", "x-request-id"];
    for (content_type, ours) in [
        ("application/grpc", &["grpc-status", "grpc-message", "grpc-status-details-bin"][..]),
        (
            "application/grpc-web",
            &["grpc-status", "grpc-message", "grpc-status-details-bin", "access-control-expose-headers"],
        ),
        ("application/grpc-web-text", &[]),
    ] {
        for code in [401, 405, 429, 503] {
            let inner = response(code, &fields, known("what the proxy wrote"));
            let answer = ask(&StatusMapLayer::new().rpc(true), request(Method::POST, Some(content_type)), inner);
            let mut names: Vec<_> = answer.headers().keys().map(HeaderName::as_str).collect();
            let mut expected = [&stay[..], ours, &["content-type"]].concat();
            names.sort_unstable();
            expected.sort_unstable();
            assert_eq!(names, expected, "{content_type} {code}");
            assert_eq!(text(answer.headers(), "content-type"), Some(content_type));
        }
    }
}

#[test]
fn grpc_web_is_converted_in_its_own_form() {
    let inner = || response(409, &[("content-type", "text/plain")], known("sold out"));
    let answer =
        ask(&StatusMapLayer::new().rpc(true), request(Method::POST, Some("application/grpc-web+proto")), inner());
    assert_eq!(
        (text(answer.headers(), "grpc-status"), text(answer.headers(), "grpc-message")),
        (Some("10"), Some("sold out"))
    );
    assert!(answer.body().is_end_stream());

    let answer =
        ask(&StatusMapLayer::new().rpc(true), request(Method::POST, Some("application/grpc-web-text")), inner());
    assert_eq!(text(answer.headers(), "grpc-status"), None, "never both head and frame");
    let cx = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(body)) = pin!(answer.into_body().collect()).poll(cx) else { panic!("it is all there") };
    let frame = STANDARD.decode(body.to_bytes()).unwrap();
    let block = String::from_utf8(frame[5..].to_vec()).unwrap();
    assert_eq!(frame[0], 0x80);
    assert!(block.contains("grpc-status:10\r\n") && block.contains("grpc-message:sold out\r\n"), "{block}");
}

// ----- Untouched -----

fn bodies() -> Vec<(&'static str, Script)> {
    vec![
        ("empty", known("")),
        ("empty of unknown end", script([])),
        ("known", known("\0\0\0\0\x01x")),
        ("trailers alone", script([Trailers])),
        ("a message and trailers", script([Data(b"\0\0\0\0\x01x"), Trailers])),
        (
            "streaming",
            script([Waits, Data(b"\0\0\0\0\x01x"), Waits, Data(b"\0\0\0\0\x01y"), Data(b""), Waits, Trailers]),
        ),
        ("failing", script([Data(b"\0\0\0\0\x01x"), Fails])),
        ("endless", script([Data(b"\0\0\0\0\x01x"), Hangs])),
        ("a hint", Script { hint: (6, Some(600)), ..script([Data(b"\0\0\0\0\x01x"), Trailers]) }),
        ("a lower bound", Script { hint: (6, None), ..script([Data(b"\0\0\0\0\x01x")]) }),
        ("exact", Script { hint: (6, Some(6)), ..script([Data(b"\0\0\0\0\x01x")]) }),
    ]
}

/// Whatever it says, and whatever the layer was told.
#[test]
fn what_is_grpc_already_passes_frame_for_frame() {
    #[rustfmt::skip]
    let heads: [(u16, Fields<'_>); 17] = [
        (200, &[("content-type", "application/grpc")]),
        (200, &[("content-type", "application/grpc+proto"), ("grpc-encoding", "gzip"), ("x-shard", "7")]),
        (200, &[("content-type", "Application/GRPC+Proto")]),
        (200, &[("content-type", "application/grpc; charset=utf-8")]),
        (200, &[("content-type", "application/grpc-web+proto")]),
        (200, &[("content-type", "application/grpc-web-text")]),
        (400, &[("content-type", "application/grpc")]),
        (404, &[("content-type", "application/grpc+proto"), ("retry-after", "7"), ("etag", "\"v1\"")]),
        (503, &[("content-type", "application/grpc"), ("content-length", "6")]),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "0")]),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "5"), ("grpc-message", "a%20b")]),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "13"), ("grpc-message", "secret"), ("grpc-status-details-bin", "?!")]),
        (200, &[("grpc-status", "12")]),
        (200, &[("content-type", "text/html"), ("grpc-status", "14")]),
        (503, &[("content-type", "application/json"), ("grpc-status", "14"), ("www-authenticate", "Basic")]),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "x")]),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "99")]),
    ];
    let layers = [
        ("default", StatusMapLayer::new().rpc(true)),
        ("fill(false)", StatusMapLayer::new().rpc(true).fill(false)),
        ("hooks", StatusMapLayer::new().rpc(true).on_error(|_, _| ()).map_status(|status, _| status)),
        ("exposing", StatusMapLayer::new().rpc(true).expose_server_errors(true).conditional(false)),
    ];
    for (layer_name, layer) in &layers {
        for (code, fields) in heads {
            for (body_name, body) in bodies() {
                for asked in ["application/grpc+proto", "application/grpc-web", "application/grpc-web-text"] {
                    let row = format!("{layer_name} {code} {fields:?} {body_name} {asked}");
                    let inner = response(code, fields, body.clone());
                    let answer = ask(layer, request(Method::POST, Some(asked)), inner.clone());
                    assert_eq!((answer.status(), answer.headers()), (inner.status(), inner.headers()), "{row}");
                    assert_eq!(transcript(answer.into_body()), transcript(body.clone()), "{row}");
                }
            }
        }
    }
}

/// Successes of any kind.
/// RFC 9110 §15.5.2: a challenge is due whoever made the 401, and whatever its body speaks.
#[test]
#[rustfmt::skip]
fn a_401_that_is_typed_as_grpc_is_challenged() {
    for (layer, inner, challenge) in [
        (StatusMapLayer::new().rpc(true).default_challenge("Basic"), &[("content-type", "application/grpc")][..], Some("Basic")),
        (StatusMapLayer::new().rpc(true).default_challenge("Basic"), &[("content-type", "application/grpc"), ("grpc-status", "0")], Some("Basic")),
        (StatusMapLayer::new().rpc(true), &[("content-type", "application/grpc"), ("www-authenticate", "Digest")], Some("Digest")),
        (StatusMapLayer::new().rpc(true).fill(false).default_challenge("Basic"), &[("content-type", "application/grpc")], None),
    ] {
        let answer = ask(&layer, grpc(), response(401, inner, known("theirs")));
        assert_eq!(answer.status(), 401);
        assert_eq!(text(answer.headers(), "www-authenticate"), challenge, "{inner:?}");
        assert_eq!(transcript(answer.into_body()), transcript(known("theirs")));
    }
}

/// RFC 9110 §15.3.5: a 204 has no content, also where its head says that gRPC failed.
#[test]
fn a_204_that_says_a_grpc_failure_has_no_content() {
    let nothing = ["end true, 0 to Some(0)", "none"].map(str::to_owned).to_vec();
    for (fill, content) in [(true, nothing), (false, transcript(known("theirs")))] {
        let fields = [("content-type", "application/grpc"), ("grpc-status", "12")];
        let answer = ask(&StatusMapLayer::new().rpc(true).fill(fill), grpc(), response(204, &fields, known("theirs")));
        assert_eq!((answer.status().as_u16(), text(answer.headers(), "grpc-status")), (204, Some("12")));
        assert_eq!(transcript(answer.into_body()), content);
    }
}

#[test]
fn every_success_passes_frame_for_frame() {
    #[rustfmt::skip]
    let heads: [(u16, Fields<'_>); 6] = [
        (200, &[]),
        (200, &[("content-type", "text/html")]),
        (200, &[("content-type", "application/json"), ("etag", "\"v1\"")]),
        (201, &[("content-type", "text/plain")]),
        (302, &[("location", "/elsewhere")]),
        (399, &[]),
    ];
    for (code, fields) in heads {
        for (name, body) in bodies() {
            let inner = response(code, fields, body.clone());
            let answer = ask(&StatusMapLayer::new().rpc(true), grpc(), inner.clone());
            assert_eq!((answer.status(), answer.headers()), (inner.status(), inner.headers()), "{code} {name}");
            assert_eq!(transcript(answer.into_body()), transcript(body), "{code} {name}");
        }
    }
}

/// A reverse proxy's: its upstreams' answers pass, its own failures are still gRPC's.
#[test]
fn fill_false() {
    let layer = StatusMapLayer::new().rpc(true).fill(false);
    for code in [400, 401, 404, 405, 500, 503] {
        for content_type in TYPES {
            for (name, body) in bodies() {
                let mut inner = response(code, &[("retry-after", "7")], body.clone());
                if let Some(content_type) = content_type {
                    inner.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
                }
                let answer = ask(&layer, grpc(), inner.clone());
                assert_eq!((answer.status(), answer.headers()), (inner.status(), inner.headers()), "{code} {name}");
                assert_eq!(transcript(answer.into_body()), transcript(body), "{code} {name}");
            }
        }
    }
    let failed = Err::<Response<Script>, _>(Status::bad_gateway());
    let answer = at_once(layer.layer(service(failed)), grpc());
    assert_eq!((answer.status().as_u16(), text(answer.headers(), "grpc-status")), (200, Some("14")));
}

/// One response whose body is meant, whoever asks.
#[test]
fn keep_body() {
    for code in [404, 500] {
        for (name, body) in bodies() {
            let mut inner = response(code, &[("content-type", "text/html")], body.clone());
            inner.extensions_mut().insert(KeepBody);
            let answer = ask(&StatusMapLayer::new().rpc(true), grpc(), inner);
            let kept = (
                answer.status().as_u16(),
                text(answer.headers(), "content-type"),
                text(answer.headers(), "grpc-status"),
            );
            assert_eq!(kept, (code, Some("text/html"), None), "{code} {name}");
            assert_eq!(transcript(answer.into_body()), transcript(body), "{code} {name}");
        }
    }
}

// ----- Nested layers -----

#[test]
fn an_outer_layer_changes_nothing() {
    let outer =
        || StatusMapLayer::new().rpc(true).map_status(|_, _| panic!("finished")).on_error(|_, _| panic!("reported"));
    for asked in ["application/grpc", "application/grpc-web", "application/grpc-web-text", "application/json"] {
        let request = || request(Method::POST, Some(asked));
        let status = || Status::conflict().with_type("/problems/x").with_detail("sold out").with_header("x-shard", "7");
        let html = || response(503, &[("content-type", "text/html")], known("a page"));
        let outcomes = [Err(status()), Ok(html()), Ok(response(404, &[], known("")))];
        for (row, outcome) in outcomes.into_iter().enumerate() {
            if row == 1 && asked == "application/json" {
                continue; // a page that is not ours passes
            }
            let alone = at_once(StatusMapLayer::new().rpc(true).layer(service(outcome.clone())), request());
            let nested = at_once(outer().layer(StatusMapLayer::new().rpc(true).layer(service(outcome))), request());
            assert_eq!((alone.status(), alone.headers()), (nested.status(), nested.headers()), "{asked} {row}");
            assert_eq!(transcript(alone.into_body()), transcript(nested.into_body()), "{asked} {row}");
        }
    }
}

// ----- Ordinary requests -----

/// That reach a service which speaks gRPC alone, such as tonic's routes: HTTP 200 and Trailers-Only.
#[test]
fn an_ordinary_request_gets_http() {
    // code.proto's table.
    #[rustfmt::skip]
    let codes = [
        ("1", 499), ("2", 500), ("3", 400), ("4", 504), ("5", 404), ("6", 409), ("7", 403), ("8", 429), ("9", 400),
        ("10", 409), ("11", 400), ("12", 501), ("13", 500), ("14", 503), ("15", 500), ("16", 401), ("x", 500), ("99", 500),
    ];
    for (number, code) in codes {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS, Method::PUT] {
            for asked in [None, Some("application/json"), Some("application/grpc")] {
                if asked == Some("application/grpc") && method == Method::POST {
                    continue;
                }
                let row = format!("{number} {method} {asked:?}");
                let mut inner =
                    response(200, &[("content-type", "application/grpc"), ("grpc-message", "what it said")], known(""));
                inner.headers_mut().insert("grpc-status", HeaderValue::from_static(number));
                let answer = ask(&StatusMapLayer::new().rpc(true), request(method.clone(), asked), inner);
                assert_eq!(answer.status().as_u16(), code, "{row}");
                assert_eq!(text(answer.headers(), "content-type"), Some("application/problem+json"), "{row}");
                let left: Vec<_> = answer.headers().keys().filter(|name| name.as_str().starts_with("grpc-")).collect();
                assert!(left.is_empty(), "{row}: {left:?}");
                assert_eq!(answer.headers().contains_key("www-authenticate"), code == 401, "{row}");
                let cx = &mut Context::from_waker(Waker::noop());
                let Poll::Ready(Ok(body)) = pin!(answer.into_body().collect()).poll(cx) else {
                    panic!("it is all there")
                };
                let body = body.to_bytes();
                if method == Method::HEAD {
                    assert!(body.is_empty(), "{row}");
                    continue;
                }
                let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(problem["status"], code, "{row}");
                // INTERNAL, UNKNOWN and DATA_LOSS are masked, as every 5xx.
                assert_eq!(problem["detail"] == "what it said", code < 500, "{row}: {problem}");
            }
        }
    }
}

/// tonic says no more than the code of a method that it does not know: to HTTP that is 404, as a bare 404 is that code to
/// gRPC (http-grpc-status-mapping.md).
#[test]
fn an_ordinary_request_to_an_unknown_method() {
    for asked in [None, Some("application/json")] {
        let inner = response(200, &[("content-type", "application/grpc"), ("grpc-status", "12")], known(""));
        let answer = ask(&StatusMapLayer::new().rpc(true), request(Method::POST, asked), inner);
        assert_eq!(answer.status(), 404);
        assert_eq!(text(answer.headers(), "content-type"), Some("application/problem+json"));
        assert_eq!(text(answer.headers(), "grpc-status"), None);
    }
}

// ----- The report -----

/// A failure that is not ours is reported as well, by its status, once.
#[test]
fn whoever_made_it() {
    type Code = (u16, Option<GrpcCode>);
    type Told = Arc<Mutex<Vec<(u16, Option<GrpcCode>, Protocol)>>>;
    #[rustfmt::skip]
    let rows: [(u16, Fields<'_>, Option<Code>); 9] = [
        (200, &[("content-type", "application/grpc")], None),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "0")], None),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "5"), ("grpc-message", "x")], Some((404, Some(GrpcCode::NotFound)))),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "14")], Some((503, Some(GrpcCode::Unavailable)))),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "2")], Some((500, Some(GrpcCode::Unknown)))),
        (200, &[("content-type", "application/grpc"), ("grpc-status", "x")], Some((500, Some(GrpcCode::Unknown)))),
        (404, &[], Some((404, Some(GrpcCode::Unimplemented)))),
        (503, &[("content-type", "text/html")], Some((503, None))),
        (405, &[("content-type", "application/json")], Some((405, None))),
    ];
    for (code, fields, expected) in rows {
        let told = Told::default();
        let layer = || {
            let told = Arc::clone(&told);
            StatusMapLayer::new().rpc(true).on_error(move |status, context| {
                told.lock().unwrap().push((status.code().as_u16(), status.grpc_code(), context.protocol));
            })
        };
        let inner = response(code, fields, known(""));
        let _ = at_once(layer().layer(layer().layer(service(Ok(inner)))), grpc());
        let expected: Vec<_> = expected.map(|(code, grpc)| (code, grpc, Protocol::Grpc)).into_iter().collect();
        assert_eq!(*told.lock().unwrap(), expected, "{code} {fields:?}");
    }
}

// ----- Allocation -----

/// As grpc-go sends them.
const CALL: [(&str, &str); 7] = [
    ("content-type", "application/grpc+proto"),
    ("te", "trailers"),
    ("user-agent", "grpc-go/1.80.0"),
    ("grpc-timeout", "999m"),
    ("grpc-accept-encoding", "gzip"),
    ("x-request-id", "0198c0de-7000-7000-8000-000000000000"),
    ("authorization", "Bearer 0123456789abcdef"),
];

const WEB: [(&str, &str); 6] = [
    ("accept", "application/grpc-web-text"),
    ("content-type", "application/grpc-web-text"),
    ("x-grpc-web", "1"),
    ("x-user-agent", "grpc-web-javascript/0.1"),
    ("origin", "https://shop.example"),
    ("accept", "*/*"),
];

fn from_static(fields: &[(&'static str, &'static str)]) -> Request<()> {
    let mut request = request(Method::POST, None);
    *request.uri_mut() = http::Uri::from_static("/shop.Orders/Get");
    for (name, value) in fields {
        request.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    request
}

/// Values that share the buffer in which a server received them.
fn from_buffer(fields: &[(&'static str, &'static str)]) -> Request<()> {
    const PATH: &str = "/shop.Orders/Get";
    let mut block = BytesMut::from(PATH);
    for (_, value) in fields {
        block.extend_from_slice(value.as_bytes());
    }
    let length = block.len();
    block.extend_from_slice(b"the next request");
    let received = block.split_to(length).freeze();
    let mut request = Request::post("/").body(()).unwrap();
    *request.uri_mut() = http::Uri::from_maybe_shared(received.slice(..PATH.len())).unwrap();
    let mut start = PATH.len();
    for (name, value) in fields {
        let value = HeaderValue::from_maybe_shared(received.slice(start..start + value.len())).unwrap();
        start += value.len();
        request.headers_mut().append(*name, value);
    }
    request
}

/// Allocations of one call whose whole body is read, its trailers included.
fn drive<S, B>(mut service: S, request: Request<()>) -> u64
where
    S: Service<Request<()>, Response = Response<B>, Error: std::fmt::Debug>,
    B: Body<Data = Bytes, Error = &'static str>,
{
    let cx = &mut Context::from_waker(Waker::noop());
    measure(|| {
        let Poll::Ready(Ok(())) = service.poll_ready(cx) else { panic!("not ready") };
        let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(cx) else { panic!("no answer") };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(cx) {
            drop(frame.unwrap());
        }
    })
    .count_total
}

#[derive(Clone)]
struct Mine;

#[test]
fn a_success_costs_no_more_than_without_the_layer() {
    let layers = [
        ("default", StatusMapLayer::new().rpc(true)),
        ("on_error", StatusMapLayer::new().rpc(true).on_error(|_, _| panic!("no error"))),
        ("rewrite", StatusMapLayer::new().rpc(true).map_status(|_, _| panic!("nothing to rewrite"))),
        ("fill(false)", StatusMapLayer::new().rpc(true).fill(false)),
    ];
    #[rustfmt::skip]
    let heads: [Fields<'_>; 4] = [
        &[("content-type", "application/grpc+proto")],
        &[("content-type", "application/grpc"), ("grpc-status", "0")],
        &[("content-type", "application/grpc-web+proto"), ("grpc-encoding", "identity")],
        &[],
    ];
    for (layer_name, layer) in &layers {
        for (call_name, call) in [("gRPC", &CALL[..]), ("gRPC-Web", &WEB)] {
            for (request_name, request) in [("static", from_static(call)), ("shared", from_buffer(call))] {
                for fields in heads {
                    for (body_name, body) in bodies().into_iter().filter(|(name, _)| *name != "failing") {
                        for extended in [false, true] {
                            let row =
                                format!("{layer_name} {call_name} {request_name} {fields:?} {body_name} {extended}");
                            let answer = || {
                                let mut answer = response(200, fields, body.clone());
                                if extended {
                                    answer.extensions_mut().insert(Mine);
                                }
                                Ok(answer)
                            };
                            let without = drive(service(answer()), request.clone());
                            let with = drive(layer.layer(service(answer())), request.clone());
                            assert_eq!(with, without, "{row}");
                        }
                    }
                }
            }
        }
    }
}
