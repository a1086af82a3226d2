//! Responses of the inner service to a gRPC call: those that become a gRPC error, and those that pass unchanged.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use tower::{Layer, Service};
use tower_status::{KeepBody, Protocol, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{
    Fields, PROBLEM_JSON,
    body::{
        Script,
        Step::{self, Fails, Hangs, Waits},
        data, known, script,
    },
    header_map, json, now, only_line as field, read, request, response, returns_once, rpc, text,
};

/// A gRPC frame with a message of one byte.
const MESSAGE: &str = "\0\0\0\0\x01x";
const PAGE: &str = "what the proxy wrote";

/// Returns the trailers of a failed call.
fn trailers() -> Step {
    Step::Trailers(header_map(&[("grpc-status", "5"), ("grpc-message", "no such order"), ("x-shard", "7")]))
}

/// Returns every frame, and the size hint before each.
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
                seen.push("the end".into());
                break;
            }
            Poll::Ready(Some(frame)) => seen.push(format!("{frame:?}")),
        }
    }
    seen
}

pub(crate) fn layer() -> StatusMapLayer {
    StatusMapLayer::new().rpc(true)
}

fn call() -> Request<()> {
    rpc("application/grpc+proto")
}

/// Sends a request to a service. The response must not wait for a body or its end.
fn at_once<S, B>(mut service: S, request: Request<()>) -> Response<B>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    now(service.call(request)).unwrap()
}

fn send(
    layer: &StatusMapLayer,
    request: Request<()>,
    inner: Response<Script>,
) -> Response<impl Body<Data = Bytes, Error = &'static str> + use<>> {
    at_once(layer.layer(returns_once(Ok::<_, Status>(inner))), request)
}

/// Checks that a response passes unchanged, frame by frame.
fn passes(layer: &StatusMapLayer, request: Request<()>, inner: &Response<Script>, row: &str) {
    let response = send(layer, request, inner.clone());
    assert_eq!((response.status(), response.headers()), (inner.status(), inner.headers()), "{row}");
    assert_eq!(transcript(response.into_body()), transcript(inner.body().clone()), "{row}");
}

/// Builds an inner response that may have a content type.
fn typed(status: u16, content_type: Option<&str>, body: &Script) -> Response<Script> {
    response(status, content_type.map(|value| ("content-type", value)).as_slice(), body.clone())
}

// ----- converted -----

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
fn an_error_that_is_not_grpc_becomes_a_grpc_error() {
    let bodies = [
        ("empty", known("")),
        ("text", known(PAGE)),
        ("frames", script([data("what "), data("the proxy"), data(" wrote")])),
        ("late", script([Waits, data(PAGE)])),
        ("endless", script([data("what the"), Hangs])),
        ("failing", script([data("what the"), Fails])),
        ("with trailers", script([data(PAGE), trailers()])),
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
                let response = send(&layer(), call(), typed(code, content_type, body));
                assert_eq!(response.status(), 200, "{row}");
                assert_eq!(field(response.headers(), "content-type"), Some("application/grpc+proto"), "{row}");
                assert_eq!(field(response.headers(), "grpc-status"), Some(number), "{row}");
                assert!(response.body().is_end_stream(), "{row}");
                // A short text of a 4xx or a 550 that is already available becomes the message; no other body is shown.
                let is_text = content_type.is_some_and(|value| value.starts_with("text/plain"));
                let is_shown = is_text && (code < 500 || code == 550) && matches!(*name, "text" | "frames");
                let message = field(response.headers(), "grpc-message").unwrap_or_default();
                let status = response.extensions().get::<Status>().unwrap();
                let own_code = status.grpc_code().filter(|code| *code != status.entry().grpc);
                let explanation = own_code.map_or(status.entry().explanation, GrpcCode::explanation);
                assert_eq!(message, if is_shown { PAGE } else { explanation }, "{row}");
                assert_eq!(transcript(response.into_body()).last().map(String::as_str), Some("the end"), "{row}");
            }
        }
    }
}

/// CORS is kept, because otherwise no page could read the response.
#[test]
fn a_converted_response_drops_fields_of_the_body_and_of_http() {
    #[rustfmt::skip]
    let fields = [
        ("content-type", "text/html"), ("content-length", "20"), ("content-encoding", "gzip"), ("content-language", "de"),
        ("etag", "\"v1\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("accept-ranges", "bytes"),
        ("trailer", "x-sum"), ("retry-after", "7"), ("www-authenticate", "Basic"), ("allow", "GET"),
        ("cache-control", "max-age=60"), ("location", "/elsewhere"), ("grpc-encoding", "gzip"),
        ("access-control-allow-origin", "https://shop.example"), ("vary", "origin"), ("x-request-id", "id-7"),
    ];
    let kept = ["content-type", "access-control-allow-origin", "vary", "x-request-id"];
    let status = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    let rows = [
        ("application/grpc", [&kept[..], &status].concat()),
        ("application/grpc-web", [&kept[..], &status, &["access-control-expose-headers"]].concat()),
        ("application/grpc-web-text", kept.to_vec()),
    ];
    for (content_type, expected) in rows {
        for code in [401, 405, 429, 503] {
            let mut expected = expected.clone();
            if content_type != "application/grpc-web-text" && matches!(code, 429 | 503) {
                expected.push("grpc-retry-pushback-ms");
            }
            expected.sort_unstable();
            let response = send(&layer(), rpc(content_type), response(code, &fields, known(PAGE)));
            let mut names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, expected, "{content_type} {code}");
            assert_eq!(field(response.headers(), "content-type"), Some(content_type));
        }
    }
}

#[test]
fn an_error_becomes_a_grpc_web_error_in_the_encoding_of_the_request() {
    let inner = || typed(409, Some("text/plain"), &known("sold out"));
    let binary = send(&layer(), rpc("application/grpc-web+proto"), inner());
    assert_eq!(field(binary.headers(), "grpc-status"), Some("10"));
    assert_eq!(field(binary.headers(), "grpc-message"), Some("sold out"));
    assert!(binary.body().is_end_stream());

    let (parts, body) = now(read(send(&layer(), rpc("application/grpc-web-text"), inner())));
    assert_eq!(field(&parts.headers, "grpc-status"), None, "in the head");
    let frame = STANDARD.decode(body).unwrap();
    let block = text(&frame[5..]);
    assert_eq!(frame[0], 0x80);
    assert!(block.contains("grpc-status:10\r\n") && block.contains("grpc-message:sold out\r\n"), "{block}");
}

// ----- unchanged -----

pub(crate) fn bodies() -> Vec<(&'static str, Script)> {
    let streaming = [Waits, data(MESSAGE), Waits, data("\0\0\0\0\x01y"), data(""), Waits, trailers()];
    vec![
        ("empty", known("")),
        ("empty without a size hint", script([])),
        ("a message", known(MESSAGE)),
        ("trailers", script([trailers()])),
        ("a message and trailers", script([data(MESSAGE), trailers()])),
        ("streaming", script(streaming)),
        ("failing", script([data(MESSAGE), Fails])),
        ("endless", script([data(MESSAGE), Hangs])),
        ("bounded", script([data(MESSAGE), trailers()]).between(6, Some(600))),
        ("with a lower bound", script([data(MESSAGE)]).between(6, None)),
        ("with an exact size", script([data(MESSAGE)]).exact(6)),
    ]
}

#[test]
fn a_grpc_response_passes_unchanged_whatever_the_options() {
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
        ("default", layer()),
        ("fill(false)", layer().fill(false)),
        ("hooks", layer().on_error(|_, _| ()).map_status(|status, _| status)),
        ("exposing", layer().expose_server_errors(true).conditional(false)),
    ];
    for (layer_name, layer) in &layers {
        for (code, fields) in heads {
            for (body_name, body) in bodies() {
                for content_type in ["application/grpc+proto", "application/grpc-web", "application/grpc-web-text"] {
                    let row = format!("{layer_name} {code} {fields:?} {body_name} {content_type}");
                    passes(layer, rpc(content_type), &response(code, fields, body.clone()), &row);
                }
            }
        }
    }
}

#[test]
fn required_fields_are_not_added_to_a_response_of_a_grpc_server() {
    const GRPC: (&str, &str) = ("content-type", "application/grpc");
    let rows: [(u16, Fields<'_>, Option<&str>); 5] = [
        (401, &[GRPC], None),
        (401, &[GRPC, ("grpc-status", "0")], None),
        (401, &[GRPC, ("www-authenticate", "Digest")], Some("Digest")),
        (429, &[GRPC], None),
        (426, &[GRPC, ("upgrade", "h2c")], None),
    ];
    for (code, fields, challenge) in rows {
        let response = send(&layer().default_challenge("Basic"), call(), response(code, fields, known("inner")));
        assert_eq!(response.status(), code);
        assert_eq!(field(response.headers(), "www-authenticate"), challenge, "{fields:?}");
        assert_eq!(response.headers().len(), fields.len(), "{:?}", response.headers());
        assert_eq!(transcript(response.into_body()), transcript(known("inner")));
    }
}

/// RFC 9110 §15.3.5
#[test]
fn a_204_with_a_grpc_status_loses_its_body_except_under_fill_false() {
    let empty = ["end true, 0 to Some(0)", "the end"].map(str::to_owned).to_vec();
    for (layer, expected) in [(layer(), empty), (layer().fill(false), transcript(known("inner")))] {
        let fields = [("content-type", "application/grpc"), ("grpc-status", "12")];
        let response = send(&layer, call(), response(204, &fields, known("inner")));
        assert_eq!((response.status().as_u16(), field(response.headers(), "grpc-status")), (204, Some("12")));
        assert_eq!(transcript(response.into_body()), expected);
    }
}

#[test]
fn a_response_below_400_passes_unchanged() {
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
            passes(&layer(), call(), &response(code, fields, body), &format!("{code} {name}"));
        }
    }
}

/// `fill(false)` is for a reverse proxy. Its own errors (`Err`) are still converted.
#[test]
fn fill_false_passes_error_responses_and_converts_returned_errors() {
    let layer = layer().fill(false);
    for code in [400, 401, 404, 405, 500, 503] {
        for content_type in TYPES {
            for (name, body) in bodies() {
                let mut inner = typed(code, content_type, &body);
                inner.headers_mut().insert("retry-after", HeaderValue::from_static("7"));
                passes(&layer, call(), &inner, &format!("{code} {content_type:?} {name}"));
            }
        }
    }
    let failing = returns_once(Err::<Response<Script>, _>(Status::bad_gateway()));
    let response = at_once(layer.layer(failing), call());
    assert_eq!((response.status().as_u16(), field(response.headers(), "grpc-status")), (200, Some("14")));
}

#[test]
fn a_response_with_keep_body_passes_unchanged() {
    for code in [404, 500] {
        for (name, body) in bodies() {
            let mut inner = typed(code, Some("text/html"), &body);
            inner.extensions_mut().insert(KeepBody);
            passes(&layer(), call(), &inner, &format!("{code} {name}"));
        }
    }
}

// ----- nested layers -----

#[test]
fn an_outer_layer_changes_no_error_of_an_inner_layer() {
    let outer = || layer().map_status(|_, _| panic!("already mapped")).on_error(|_, _| panic!("already reported"));
    let conflict = Status::conflict().with_type("/problems/x").with_detail("sold out").with_header("x-shard", "7");
    let page = typed(503, Some("text/html"), &known("a page"));
    let empty = typed(404, None, &known(""));
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text", "application/json"] {
        let outcomes =
            [("a Status", Err(conflict.clone())), ("an empty 404", Ok(empty.clone())), ("a page", Ok(page.clone()))];
        for (name, outcome) in outcomes {
            let row = format!("{name}, {content_type}");
            let alone = at_once(layer().layer(returns_once(outcome.clone())), rpc(content_type));
            let nested = at_once(outer().layer(layer().layer(returns_once(outcome))), rpc(content_type));
            assert_eq!((alone.status(), alone.headers()), (nested.status(), nested.headers()), "{row}");
            assert_eq!(transcript(alone.into_body()), transcript(nested.into_body()), "{row}");
        }
    }
}

// ----- plain requests -----

/// A plain request may reach tonic's routes. The table is that of code.proto.
#[test]
fn a_trailers_only_error_to_a_plain_request_becomes_an_http_error() {
    let types: [Fields<'_>; 3] =
        [&[], &[("content-type", "application/json")], &[("content-type", "application/grpc")]];
    #[rustfmt::skip]
    let codes = [
        ("1", 499), ("2", 500), ("3", 400), ("4", 504), ("5", 404), ("6", 409), ("7", 403), ("8", 429), ("9", 400),
        ("10", 409), ("11", 400), ("12", 501), ("13", 500), ("14", 503), ("15", 500), ("16", 401), ("x", 500), ("99", 500),
    ];
    for (number, code) in codes {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "PUT"] {
            // A POST with the type of gRPC is not a plain request.
            for fields in types.into_iter().take(if method == "POST" { 2 } else { 3 }) {
                let row = format!("{number} {method} {fields:?}");
                let inner_fields =
                    [("content-type", "application/grpc"), ("grpc-message", "the message"), ("grpc-status", number)];
                let inner = response(200, &inner_fields, known(""));
                let (parts, body) = now(read(send(&layer(), request(method, "/shop.Orders/Get", fields), inner)));
                assert_eq!(parts.status, code, "{row}");
                assert_eq!(field(&parts.headers, "content-type"), Some(PROBLEM_JSON), "{row}");
                let grpc: Vec<_> = parts.headers.keys().filter(|name| name.as_str().starts_with("grpc-")).collect();
                assert!(grpc.is_empty(), "{row}: {grpc:?}");
                assert_eq!(parts.headers.contains_key("www-authenticate"), code == 401, "{row}");
                if method == "HEAD" {
                    assert!(body.is_empty(), "{row}");
                    continue;
                }
                let problem = json(&body);
                assert_eq!(problem["status"], code, "{row}");
                // The message of a 5xx is hidden.
                assert_eq!(problem["detail"] == "the message", code < 500, "{row}: {problem}");
            }
        }
    }
}

/// For an unknown method tonic sends this code, without a message (http-grpc-status-mapping.md).
#[test]
fn unimplemented_without_a_message_is_a_404_to_a_plain_request() {
    for fields in [&[][..], &[("content-type", "application/json")]] {
        let inner = response(200, &[("content-type", "application/grpc"), ("grpc-status", "12")], known(""));
        let response = send(&layer(), request("POST", "/shop.Orders/Get", fields), inner);
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(field(response.headers(), "content-type"), Some(PROBLEM_JSON));
        assert_eq!(field(response.headers(), "grpc-status"), None);
    }
}

// ----- on_error -----

/// Responses that pass unchanged are reported too.
#[test]
fn an_inner_error_is_reported_once_with_its_codes() {
    /// The status code, and the gRPC code set on the status.
    type Codes = (u16, Option<GrpcCode>);
    type Reports = Arc<Mutex<Vec<(Codes, Protocol)>>>;
    const GRPC: (&str, &str) = ("content-type", "application/grpc");
    #[rustfmt::skip]
    let rows: [(u16, Fields<'_>, Option<Codes>); 9] = [
        (200, &[GRPC], None),
        (200, &[GRPC, ("grpc-status", "0")], None),
        (200, &[GRPC, ("grpc-status", "5"), ("grpc-message", "x")], Some((404, Some(GrpcCode::NotFound)))),
        (200, &[GRPC, ("grpc-status", "14")], Some((503, Some(GrpcCode::Unavailable)))),
        (200, &[GRPC, ("grpc-status", "2")], Some((500, Some(GrpcCode::Unknown)))),
        (200, &[GRPC, ("grpc-status", "x")], Some((500, Some(GrpcCode::Unknown)))),
        (404, &[], Some((404, Some(GrpcCode::Unimplemented)))),
        (503, &[("content-type", "text/html")], Some((503, None))),
        (405, &[("content-type", "application/json")], Some((405, None))),
    ];
    for (code, fields, expected) in rows {
        let reports = Reports::default();
        let reporting = || {
            let reports = Arc::clone(&reports);
            layer().on_error(move |status, context| {
                reports.lock().unwrap().push(((status.code().as_u16(), status.grpc_code()), context.protocol));
            })
        };
        let inner = returns_once(Ok::<_, Status>(response(code, fields, known(""))));
        let _ = at_once(reporting().layer(reporting().layer(inner)), call());
        let expected: Vec<_> = expected.map(|codes| (codes, Protocol::Grpc)).into_iter().collect();
        assert_eq!(*reports.lock().unwrap(), expected, "{code} {fields:?}");
    }
}

struct WithGrpcStatus {
    fill: bool,
    content_type: &'static str,
    http: u16,
    grpc: &'static str,
    reported: (u16, Option<GrpcCode>),
    passes: bool,
}

/// A proxy may set an error code for a response that has a gRPC status.
#[test]
fn a_grpc_status_decides_a_response_except_ok_and_to_a_plain_request_under_fill_false() {
    const GRPC: &str = "application/grpc";
    const PLAIN: &str = "application/json";
    const NOT_FOUND: (u16, Option<GrpcCode>) = (404, Some(GrpcCode::NotFound));
    #[rustfmt::skip]
    let rows = [
        WithGrpcStatus { fill: true, content_type: PLAIN, http: 200, grpc: "5", reported: NOT_FOUND, passes: false },
        WithGrpcStatus { fill: true, content_type: GRPC, http: 503, grpc: "5", reported: NOT_FOUND, passes: true },
        WithGrpcStatus { fill: true, content_type: PLAIN, http: 503, grpc: "5", reported: NOT_FOUND, passes: false },
        WithGrpcStatus { fill: true, content_type: PLAIN, http: 404, grpc: "5", reported: NOT_FOUND, passes: false },
        WithGrpcStatus { fill: true, content_type: PLAIN, http: 503, grpc: "0", reported: (503, None), passes: true },
        WithGrpcStatus { fill: false, content_type: GRPC, http: 503, grpc: "5", reported: NOT_FOUND, passes: true },
        WithGrpcStatus { fill: false, content_type: PLAIN, http: 503, grpc: "5", reported: (503, None), passes: true },
    ];
    for (WithGrpcStatus { fill, content_type, http, grpc, reported, passes }, is_typed) in
        rows.iter().flat_map(|row| [(row, true), (row, false)])
    {
        let row = format!("fill({fill}), {content_type}, {http}, {grpc}, typed: {is_typed}");
        let reports = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&reports);
        let layer = layer().fill(*fill).on_error(move |status, _| {
            seen.lock().unwrap().push((status.code().as_u16(), status.grpc_code()));
        });
        let fields = [("grpc-status", *grpc), ("content-type", "application/grpc")];
        let inner = response(*http, &fields[..=usize::from(is_typed)], known(MESSAGE));
        let response = send(&layer, rpc(content_type), inner);
        assert_eq!(*reports.lock().unwrap(), [*reported], "{row}");
        assert_eq!(response.status(), if *passes { *http } else { reported.0 }, "{row}");
        assert_eq!(field(response.headers(), "grpc-status"), passes.then_some(*grpc), "{row}");
    }
}
