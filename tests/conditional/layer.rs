//! `ConditionalLayer`, and `StatusMapLayer` which does the same: the validators of the response decide.

use std::{
    convert::Infallible,
    future::ready,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response, response::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full, channel::Channel};
use tower::{Layer, Service, ServiceExt};
use tower_status::{ConditionalLayer, ETag, KeepBody, StatusBody, StatusMapLayer};

use crate::common::{
    Fields, Reports,
    body::{
        Script,
        Step::{self, Hangs, Panics},
        data, script,
    },
    field, full, get, header_map, lines, read, request, response, returns, returns_once, text,
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const TAG: (&str, &str) = ("etag", "\"v1\"");
/// A condition that is false for [`TAG`].
const SAME: (&str, &str) = ("if-none-match", "\"v1\"");

/// Sends a request through each of the layers to a service that returns this response.
async fn both(request: Request<()>, inner: Response<Full<Bytes>>) -> [(Parts, Bytes); 2] {
    let inner = returns(Ok::<_, Infallible>(inner));
    let conditional = ConditionalLayer::new().layer(inner.clone()).oneshot(request.clone()).await.unwrap();
    let status_map = StatusMapLayer::new().layer(inner).oneshot(request).await.unwrap();
    [read(conditional).await, read(status_map).await]
}

/// A request, the response of the handler, and the code that is sent.
struct Case {
    name: &'static str,
    method: &'static str,
    conditions: Fields<'static>,
    code: u16,
    validators: Fields<'static>,
    sent: u16,
}

/// Returns a GET whose handler returns a 200.
fn case(name: &'static str, conditions: Fields<'static>, validators: Fields<'static>, sent: u16) -> Case {
    Case { name, method: "GET", conditions, code: 200, validators, sent }
}

impl Case {
    fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn code(self, code: u16) -> Self {
        Self { code, ..self }
    }
}

#[tokio::test]
async fn the_validators_of_a_200_or_206_decide_for_get_and_head() {
    const TAGGED: Fields<'_> = &[TAG];
    const DATED: Fields<'_> = &[("last-modified", DATE)];
    const BOTH: Fields<'_> = &[TAG, ("last-modified", DATE)];
    const NONE_MATCH: Fields<'_> = &[SAME];
    const MATCH_OTHER: Fields<'_> = &[("if-match", "\"v0\"")];
    const OTHER: (&str, &str) = ("if-none-match", "\"v0\"");
    const BEFORE: (&str, &str) = ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT");
    let rows = [
        case("the same tag", NONE_MATCH, TAGGED, 304),
        case("the same tag of a HEAD", NONE_MATCH, TAGGED, 304).method("HEAD"),
        case("the same tag of a 206", NONE_MATCH, TAGGED, 304).code(206),
        case("another tag", &[OTHER], TAGGED, 200),
        case("a weak tag in the second line", &[OTHER, ("if-none-match", "W/\"v1\"")], TAGGED, 304),
        case("the same date", &[("if-modified-since", DATE)], DATED, 304),
        case("no validators", NONE_MATCH, &[], 200),
        case("If-Match with another tag", MATCH_OTHER, TAGGED, 412),
        case("not modified since", &[("if-unmodified-since", DATE)], DATED, 200),
        case("modified since", &[BEFORE], DATED, 412),
        case("If-Match before a date", &[("if-match", "\"v1\""), BEFORE], BOTH, 200),
        case("If-None-Match before a date", &[OTHER, ("if-modified-since", DATE)], BOTH, 200),
        // A change is decided before the handler.
        case("POST", NONE_MATCH, TAGGED, 200).method("POST"),
        case("PUT", MATCH_OTHER, TAGGED, 200).method("PUT"),
        case("OPTIONS", NONE_MATCH, TAGGED, 200).method("OPTIONS"),
        // Another response than a 200 or 206 wins.
        case("a 401", NONE_MATCH, TAGGED, 401).code(401),
        case("a 403", NONE_MATCH, TAGGED, 403).code(403),
        case("a 404", NONE_MATCH, TAGGED, 404).code(404),
        case("a 410 with If-Match", MATCH_OTHER, TAGGED, 410).code(410),
        case("a 500", NONE_MATCH, TAGGED, 500).code(500),
        case("a 301", NONE_MATCH, TAGGED, 301).code(301),
        case("a 201", NONE_MATCH, TAGGED, 201).code(201),
    ];
    for Case { name, method, conditions, code, validators, sent } in rows {
        let inner = full(code, &[validators, &[("content-type", "application/json")]].concat(), "x");
        for (parts, body) in both(request(method, "/", conditions), inner).await {
            assert_eq!(parts.status, sent, "{name}");
            assert_eq!(body.is_empty(), sent == 304, "{name}");
        }
    }
}

/// RFC 9110 §15.4.5
#[tokio::test]
async fn a_304_keeps_the_fields_that_do_not_describe_the_content() {
    const KEPT: Fields<'_> = &[
        TAG,
        ("cache-control", "private"),
        ("cache-control", "max-age=5"),
        ("content-location", "/a"),
        ("date", DATE),
        ("expires", DATE),
        ("vary", "accept"),
        ("vary", "origin"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("access-control-allow-origin", "*"),
        ("strict-transport-security", "max-age=1"),
        ("x-request-id", "7"),
        ("content-security-policy", "script-src 'nonce-1'"),
    ];
    const REMOVED: Fields<'_> = &[
        ("content-type", "text/plain"),
        ("content-length", "5"),
        ("content-encoding", "gzip"),
        ("content-language", "en"),
        ("content-range", "bytes 0-4/9"),
        ("content-digest", "sha-256=:x:"),
        ("repr-digest", "sha-256=:x:"),
        ("digest", "x"),
        ("content-md5", "x"),
        ("signature", "s=:x:"),
        ("signature-input", "s=(\"content-digest\")"),
        ("transfer-encoding", "chunked"),
        ("trailer", "x"),
        ("last-modified", DATE),
    ];
    let inner = full(200, &[KEPT, REMOVED].concat(), "tulip");
    for (parts, _) in both(get("/", &[SAME]), inner).await {
        assert_eq!(parts.status, 304);
        let kept = header_map(KEPT);
        for name in kept.keys() {
            assert_eq!(lines(&parts.headers, name.as_str()), lines(&kept, name.as_str()), "{name}");
        }
        for (name, _) in REMOVED {
            assert_eq!(field(&parts.headers, name), None, "{name}");
        }
    }
}

/// It is the only validator that the client can update.
#[tokio::test]
async fn a_304_without_a_tag_keeps_last_modified() {
    let inner = full(200, &[("last-modified", DATE)], "tulip");
    for (parts, _) in both(get("/", &[("if-modified-since", DATE)]), inner).await {
        assert_eq!(parts.status, 304);
        assert_eq!(field(&parts.headers, "last-modified").as_deref(), Some(DATE));
    }
}

#[tokio::test]
async fn the_body_of_a_304_is_not_read() {
    let inner = returns(Ok::<_, Infallible>(response(200, &[TAG], script([Panics]))));
    for response in [
        ConditionalLayer::new().layer(inner.clone()).oneshot(get("/", &[SAME])).await.unwrap(),
        StatusMapLayer::new().layer(inner).oneshot(get("/", &[SAME])).await.unwrap(),
    ] {
        assert_eq!(response.status(), 304);
        assert!(response.body().is_end_stream());
        assert!(read(response).await.1.is_empty());
    }
}

#[tokio::test]
async fn with_conditional_false_conditions_are_ignored() {
    let inner = returns_once(Ok::<_, Infallible>(full(200, &[TAG], "x")));
    let layer = StatusMapLayer::new().conditional(false);
    assert_eq!(layer.layer(inner).oneshot(get("/", &[SAME])).await.unwrap().status(), 200);
}

/// RFC 9110 §13.2.1: only a success is evaluated.
#[tokio::test]
async fn a_response_with_the_grpc_status_of_an_error_is_no_304() {
    for (grpc_status, expected) in [("0", 304), ("5", 404)] {
        let inner = returns(Ok::<_, Infallible>(full(200, &[TAG, ("grpc-status", grpc_status)], "")));
        let layer = StatusMapLayer::new().rpc(true);
        let alone = layer.layer(inner.clone()).oneshot(get("/", &[SAME])).await.unwrap();
        let nested = layer.layer(ConditionalLayer::new().layer(inner)).oneshot(get("/", &[SAME])).await.unwrap();
        assert_eq!([alone.status(), nested.status()], [expected; 2], "{grpc_status}");
    }
}

#[tokio::test]
async fn a_412_is_explained_and_reported_and_loses_the_fields_of_the_content() {
    let reports = Reports::default();
    let outer = reports.record(StatusMapLayer::new().conditional(false));
    let inner = full(200, &[TAG, ("content-type", "text/plain"), ("set-cookie", "a=1")], "x");
    let service = outer.layer(ConditionalLayer::new().layer(returns_once(Ok::<_, Infallible>(inner))));
    let request = get("/", &[("if-match", "\"v0\""), ("accept", "text/plain")]);
    let (parts, body) = read(service.oneshot(request).await.unwrap()).await;
    assert_eq!(parts.status, 412);
    assert_eq!(parts.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(parts.headers["set-cookie"], "a=1");
    assert!(!parts.headers.contains_key("etag"));
    assert!(text(&body).starts_with("412 Precondition Failed"));
    assert_eq!(reports.take(), [412]);
}

// ----- generated tags -----

/// Sends a request without conditions to a service that returns this response.
async fn once(layer: ConditionalLayer, method: &str, inner: Response<Script>) -> Response<StatusBody<Script>> {
    layer.layer(returns_once(Ok::<_, Infallible>(inner))).oneshot(request(method, "/", &[])).await.unwrap()
}

fn tag<B>(response: &Response<B>) -> Option<String> {
    field(response.headers(), "etag")
}

/// Returns the frames `seven` and ` `.
fn frames() -> Script {
    script([data("seven"), data(" ")]).knows_size()
}

#[tokio::test]
async fn a_tag_is_generated_for_a_200_of_known_size_up_to_the_limit_and_leaves_its_frames() {
    let strong = ETag::of_bytes(b"seven ").to_string();
    let rows = [
        ("above the size", ConditionalLayer::new().generate_etags(8), strong.clone()),
        ("the size", ConditionalLayer::new().generate_etags(6), strong.clone()),
        ("weak", ConditionalLayer::new().generate_weak_etags(8), format!("W/{strong}")),
    ];
    for (name, layer, expected) in rows {
        let response = once(layer, "GET", response(200, &[], frames())).await;
        assert_eq!(tag(&response), Some(expected), "{name}");
        assert_eq!(read(response).await.1, "seven ", "{name}");
    }
}

#[tokio::test]
async fn without_a_generated_tag_the_body_is_not_read() {
    const NO_STORE: Fields<'_> = &[("cache-control", "private"), ("cache-control", "max-age=0, No-Store")];
    let on = || ConditionalLayer::new().generate_etags(8);
    let unread = |code, fields| response(code, fields, script([Panics]).exact(6));
    let rows = [
        ("one byte above the limit", ConditionalLayer::new().generate_etags(5), "GET", unread(200, &[])),
        ("no limit set", ConditionalLayer::new(), "GET", unread(200, &[])),
        ("HEAD", on(), "HEAD", unread(200, &[])),
        ("PUT", on(), "PUT", unread(200, &[])),
        ("a 201", on(), "GET", unread(201, &[])),
        ("a 206", on(), "GET", unread(206, &[])),
        ("a 404", on(), "GET", unread(404, &[])),
        ("no-store", on(), "GET", unread(200, NO_STORE)),
        ("unknown size", on(), "GET", response(200, &[], script([Panics]))),
    ];
    for (name, layer, method, inner) in rows {
        assert_eq!(tag(&once(layer, method, inner).await), None, "{name}");
    }
    let own = once(on(), "GET", unread(200, &[("etag", "\"own\"")])).await;
    assert_eq!(tag(&own).as_deref(), Some("\"own\""));
}

/// The server removes it, if there is one (RFC 9110 §9.3.2).
#[tokio::test]
async fn body_of_a_handlers_own_response_to_head_passes_unchanged() {
    let response = once(ConditionalLayer::new(), "HEAD", response(200, &[("etag", "\"v1\"")], frames().exact(6))).await;
    assert!(!response.headers().contains_key("content-length"), "{:?}", response.headers());
    assert_eq!(read(response).await.1, "seven ");
}

#[tokio::test]
async fn content_that_is_not_ready_or_longer_than_its_size_gets_no_tag() {
    let layer = || ConditionalLayer::new().generate_etags(8);
    let longer = once(layer(), "GET", response(200, &[], frames().exact(3))).await;
    assert_eq!(tag(&longer), None);
    assert_eq!(read(longer).await.1, "seven ");

    let not_ready = script([data("seven"), data(" "), Hangs]).exact(8);
    let not_ready = once(layer(), "GET", response(200, &[], not_ready)).await;
    assert_eq!(tag(&not_ready), None);
    let mut body = not_ready.into_body();
    for expected in ["seven", " "] {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_generated_tag_does_not_depend_on_the_frames_which_pass_unchanged() {
    let trailers = header_map(&[("x-sum", "7")]);
    let cuts: &[&[&'static str]] = &[
        &["seven tulips"],
        &["seven", " ", "tulips"],
        &["", "seven tulips", ""],
        &["s", "even tulip", "s"],
        &[],
        &[""],
        &["", ""],
    ];
    for cut in cuts {
        for sent in [None, Some(trailers.clone())] {
            let steps = cut.iter().map(|part| data(*part)).chain(sent.clone().map(Step::Trailers));
            let inner = response(200, &[], script(steps).knows_size());
            let response = once(ConditionalLayer::new().generate_etags(1 << 20), "GET", inner).await;
            let content = cut.concat();
            assert_eq!(tag(&response), Some(ETag::of_bytes(content.as_bytes()).to_string()), "{cut:?}");
            assert_eq!(response.body().size_hint().lower(), content.len() as u64, "{cut:?}");
            let mut body = response.into_body();
            let (mut seen, mut seen_trailers) = (Vec::new(), None);
            while let Some(frame) = body.frame().await {
                match frame.unwrap().into_data() {
                    Ok(data) => seen.push(data),
                    Err(frame) => seen_trailers = frame.into_trailers().ok(),
                }
            }
            assert_eq!(seen, *cut);
            assert_eq!(seen_trailers, sent, "{cut:?}");
        }
    }
}

#[tokio::test]
async fn a_request_with_the_generated_tag_gets_a_304() {
    let inner = returns(Ok::<_, Infallible>(full(200, &[], "tulips")));
    let service = StatusMapLayer::new().layer(ConditionalLayer::new().generate_etags(64).layer(inner));
    let first = tag(&service.clone().oneshot(get("/", &[])).await.unwrap()).unwrap();
    let second = service.oneshot(get("/", &[("if-none-match", &first)])).await.unwrap();
    assert_eq!(second.status(), 304);
    assert_eq!(tag(&second), Some(first));
    assert!(second.body().is_end_stream());
}

#[tokio::test]
async fn many_large_streams_are_not_buffered() {
    for body in [script([Panics]).exact(64 << 20), script([Panics])] {
        let mut responses = Vec::new();
        for _ in 0..200 {
            let layer = ConditionalLayer::new().generate_etags(1 << 20);
            responses.push(once(layer, "GET", response(200, &[], body.clone())).await);
        }
        assert!(responses.iter().all(|response| tag(response).is_none()));
    }
}

/// The second event is sent when the first has arrived, so a layer that waited for the end would hang.
#[tokio::test]
async fn an_event_stream_passes_frame_by_frame_at_once() {
    let (mut events, stream) = Channel::<Bytes, Infallible>::new(1);
    let inner = returns_once(Ok::<_, Infallible>(response(200, &[("content-type", "text/event-stream")], stream)));
    let service = StatusMapLayer::new().layer(ConditionalLayer::new().generate_etags(1 << 20).layer(inner));
    let response = service.oneshot(get("/", &[])).await.unwrap();
    assert_eq!(tag(&response), None);
    let mut stream = response.into_body();
    for event in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
        events.send_data(Bytes::from_static(event.as_bytes())).await.unwrap();
        assert_eq!(stream.frame().await.unwrap().unwrap().into_data().unwrap(), event);
    }
    let trailers = header_map(&[("x-sum", "3")]);
    events.send_trailers(trailers.clone()).await.unwrap();
    assert_eq!(stream.frame().await.unwrap().unwrap().into_trailers().unwrap(), trailers);
    drop(events);
    assert!(stream.frame().await.is_none());
}

#[test]
fn readiness_is_that_of_the_inner_service() {
    struct Unready(Poll<Result<(), &'static str>>);
    impl Service<Request<()>> for Unready {
        type Response = Response<Full<Bytes>>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            self.0
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            ready(Err("called"))
        }
    }
    for state in [Poll::Pending, Poll::Ready(Ok(())), Poll::Ready(Err("closed"))] {
        let mut service = ConditionalLayer::new().layer(Unready(state));
        assert_eq!(service.poll_ready(&mut Context::from_waker(Waker::noop())), state);
    }
}

/// `KeepBody` of a 200 is about its body, which the 412 does not have.
#[tokio::test]
async fn a_412_in_place_of_a_kept_body_is_written_like_any_other() {
    let inner = || {
        let mut response = full(200, &[("etag", "\"v7\"")], "seven");
        response.extensions_mut().insert(KeepBody);
        tower::service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(response.clone())))
    };
    for method in ["GET", "HEAD"] {
        let request = || request(method, "/", &[("if-match", "\"nope\""), ("accept", "text/html")]);
        let alone = StatusMapLayer::new().layer(inner()).oneshot(request()).await.unwrap();
        let layers = StatusMapLayer::new().layer(ConditionalLayer::new().layer(inner()));
        let response = layers.oneshot(request()).await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()), (412, alone.headers()), "{method}");
    }
}
