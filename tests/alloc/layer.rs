//! A response below 400 passes without an allocation, whatever the request and the options.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Future, Ready, ready},
    marker::PhantomPinned,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use tower_status::{ConditionalLayer, Format, Status, StatusMapLayer, Translate, status_map::Text};

use crate::common::{Fields, error::SoldOut, response, returns_once};

const FIREFOX: [(&str, &str); 14] = [
    ("host", "shop.example"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://shop.example/orders"),
    ("connection", "keep-alive"),
    ("cookie", "session=0123456789abcdef; theme=dark"),
    ("upgrade-insecure-requests", "1"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
    ("x-request-id", "0198c0de-7000-7000-8000-000000000000"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("priority", "u=0, i"),
];

/// Conditions that change no response without validators.
const CONDITIONS: [(&str, &str); 5] = [
    ("if-none-match", "\"v1\", W/\"v2\", \"v3\""),
    ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("if-range", "\"v1\""),
    ("range", "bytes=0-1"),
];

/// Builds a request whose values are in the binary.
fn from_static(method: Method, uri: &'static str) -> Request<()> {
    let mut request = Request::builder().method(method).uri(uri).body(()).unwrap();
    for (name, value) in FIREFOX {
        request.headers_mut().append(name, HeaderValue::from_static(value));
    }
    request
}

/// Builds a request whose values share the buffer that a server read them into.
fn from_buffer(method: &str, target: &str, fields: Fields<'_>) -> Request<()> {
    let mut block = BytesMut::from(target);
    for (_, value) in fields {
        block.extend_from_slice(value.as_bytes());
    }
    block.extend_from_slice(b"the next request");
    let length = block.len() - "the next request".len();
    let received = block.split_to(length).freeze();
    let mut request = Request::builder().method(method).body(()).unwrap();
    *request.uri_mut() = http::Uri::from_maybe_shared(received.slice(..target.len())).unwrap();
    let mut start = target.len();
    for (name, value) in fields {
        let shared = received.slice(start..start + value.len());
        start += value.len();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_maybe_shared(shared).unwrap());
    }
    request
}

fn requests() -> Vec<(&'static str, Request<()>)> {
    let long = vec!["text/html;q=0.5"; 10_000].join(",");
    let with = |name, value| [&FIREFOX[..], &[(name, value)]].concat();
    vec![
        ("none", Request::new(())),
        ("static", from_static(Method::GET, "/orders/7?page=2")),
        ("static HEAD", from_static(Method::HEAD, "/")),
        ("shared", from_buffer("GET", "/orders/7?page=2", &FIREFOX)),
        ("shared POST", from_buffer("POST", "http://shop.example/orders?x", &FIREFOX)),
        ("CONNECT", from_buffer("CONNECT", "shop.example:443", &FIREFOX)),
        ("OPTIONS *", from_buffer("OPTIONS", "*", &FIREFOX)),
        ("two Accept lines", from_buffer("GET", "/", &with("accept", "text/plain;q=0.1"))),
        ("two ids", from_buffer("GET", "/", &with("x-request-id", "7"))),
        ("10,000 members", from_buffer("GET", "/", &[("accept", &long)])),
        ("10,000 members twice", from_buffer("GET", "/", &[("accept", &long), ("accept", &long)])),
        ("a cached page", from_buffer("GET", "/", &with("if-none-match", "\"v7\", W/\"v6\""))),
        ("every condition", from_buffer("GET", "/", &CONDITIONS)),
        ("every condition of a PUT", from_buffer("PUT", "/", &CONDITIONS)),
        ("three If-None-Match lines", from_buffer("GET", "/", &[("if-none-match", "\"v1\""); 3])),
        ("a malformed Accept", from_buffer("GET", "/", &[("accept", "/;;q=\"\\")])),
        ("a short method", from_buffer("PROPFIND", "/", &FIREFOX)),
        ("a method as long as `http` keeps without a Box", from_buffer("VERSION-CONTROL", "/", &FIREFOX)),
    ]
}

struct German;

impl Translate for German {
    fn languages(&self) -> &[&'static str] {
        &["en", "de"]
    }

    fn text(&self, _: &str, _: Text<'_>) -> Option<String> {
        panic!("no error")
    }
}

fn layers() -> Vec<(&'static str, StatusMapLayer)> {
    let all = StatusMapLayer::new()
        .on_error(|_, _| panic!("no error"))
        .map_status(|_, _| panic!("no error"))
        .map_error(|_: &std::io::Error| None)
        .recognize::<SoldOut>()
        .default_challenge("Basic")
        .formats(&[Format::Html, Format::Text]);
    vec![
        ("default", StatusMapLayer::new()),
        ("on_error", StatusMapLayer::new().on_error(|_, _| ())),
        ("map_status", StatusMapLayer::new().map_status(|status, _| status)),
        ("translate", StatusMapLayer::new().translate(German)),
        ("other id", StatusMapLayer::new().request_id_header(header::ETAG)),
        ("one format", StatusMapLayer::new().formats(&[Format::Json])),
        ("fill(false)", StatusMapLayer::new().fill(false).expose_server_errors(true)),
        ("all", all),
    ]
}

pin_project_lite::pin_project! {
    /// A body of two frames that is not `Unpin`.
    struct Frames {
        frames: VecDeque<Bytes>,
        #[pin]
        marker: PhantomPinned,
    }
}

impl Frames {
    fn new() -> Self {
        let frames = ["seven ", "tulips"].map(|text| Bytes::from_static(text.as_bytes())).into();
        Self { frames, marker: PhantomPinned }
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.project().frames.pop_front().map(|data| Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.frames.iter().map(|data| data.len() as u64).sum())
    }
}

/// Returns the allocations of one call and of reading its response.
fn drive<S, B>(service: &mut S, request: Request<()>) -> u64
where
    S: Service<Request<()>, Response = Response<B>, Error: std::fmt::Debug>,
    B: Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let cx = &mut Context::from_waker(Waker::noop());
    measure(|| {
        let Poll::Ready(Ok(())) = service.poll_ready(cx) else { panic!("not ready") };
        let future = pin!(service.call(request));
        let Poll::Ready(Ok(response)) = future.poll(cx) else { panic!("no response") };
        assert!(response.status().as_u16() < 400);
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(cx) {
            drop(frame.unwrap());
        }
    })
    .count_total
}

/// Returns the allocations without the layer, and with it.
fn both<B: Body<Data = Bytes, Error = Infallible>>(
    layer: &StatusMapLayer,
    request: impl Fn() -> Request<()>,
    response: impl Fn() -> Response<B>,
) -> (u64, u64) {
    let without = drive(&mut returns_once(Ok::<_, Status>(response())), request());
    let with = drive(&mut layer.layer(returns_once(Ok::<_, Status>(response()))), request());
    (without, with)
}

fn ok<B>(status: u16, body: B) -> Response<B> {
    response(status, &[("content-type", "text/plain"), ("vary", "origin")], body)
}

fn tulips() -> Response<Full<Bytes>> {
    ok(200, Full::new(Bytes::from_static(b"seven tulips")))
}

/// Returns the allocations for the conditions of a GET: one for the conditions, and three for the request's extensions,
/// which are empty here; three more for a field of several lines.
fn kept_conditions(request: &Request<()>) -> u64 {
    let lines = |name| request.headers().get_all(name).iter().count();
    let lines = [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE].map(lines);
    match lines.into_iter().max() {
        Some(1) if request.method() == Method::GET => 4,
        Some(2..) if request.method() == Method::GET => 7,
        _ => 0,
    }
}

#[test]
fn a_200_allocates_only_for_conditions() {
    let mut wrong = Vec::new();
    for (layer_name, layer) in layers() {
        for (request_name, request) in requests() {
            let counts = both(&layer, || request.clone(), tulips);
            if counts != (0, kept_conditions(&request)) {
                wrong.push(format!("{layer_name}, {request_name}: {counts:?} without and with"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A router has added extensions to the request. Then the conditions take two allocations: themselves, and the Box of
/// their extension.
#[test]
fn conditions_of_a_routed_request_allocate_twice_and_once_more_per_inner_layer() {
    let request = || {
        let mut request = from_buffer("GET", "/", &[("if-none-match", "\"v1\"")]);
        // The table of the extensions has room for three.
        request.extensions_mut().insert(7_u64);
        request
    };
    assert_eq!(both(&StatusMapLayer::new(), request, tulips), (0, 2));
    let inner = ConditionalLayer::new().layer(returns_once(Ok::<_, Status>(tulips())));
    assert_eq!(drive(&mut StatusMapLayer::new().layer(inner), request()), 3);
}

#[test]
fn each_captured_value_takes_one_allocation_and_none_without_a_hook() {
    let request = || from_buffer("GET", "/orders/7", &FIREFOX);
    let one = || StatusMapLayer::new().capture(|request| request.headers.len());
    let rows = [
        (one(), 0),
        (one().on_error(|_, _| ()), 1),
        (one().capture(|_| 7_usize).on_error(|_, _| ()), 1),
        (one().capture(|_| 7_u8).map_status(|status, _| status), 2),
    ];
    for (layer, expected) in rows {
        assert_eq!(both(&layer, request, tulips), (0, expected), "{layer:?}");
    }
}

const SINCE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

#[derive(Clone)]
struct Extension;

#[test]
fn no_response_below_400_allocates() {
    let request = || from_buffer("GET", "/orders/7", &FIREFOX);
    for (layer_name, layer) in layers() {
        for code in [200, 201, 202, 204, 205, 206, 207, 226, 300, 301, 302, 303, 304, 307, 308, 399] {
            let row = format!("{layer_name}, {code}");
            assert_eq!(both(&layer, request, || ok(code, Full::new(Bytes::from_static(b"x")))), (0, 0), "{row}");
            assert_eq!(both(&layer, request, || ok(code, Frames::new())), (0, 0), "frames: {row}");
            assert_eq!(both(&layer, request, || ok(code, "tulips".to_owned())), (0, 0), "a String: {row}");
            let extended = || {
                let mut response = ok(code, Frames::new());
                response.extensions_mut().insert(Extension);
                response.extensions_mut().insert(7_u64);
                response
            };
            assert_eq!(both(&layer, request, extended), (0, 0), "extensions: {row}");
            let validated = || {
                let mut response = ok(code, Frames::new());
                response.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"v8\""));
                response.headers_mut().insert(header::LAST_MODIFIED, HeaderValue::from_static(SINCE));
                response
            };
            assert_eq!(both(&layer, request, validated), (0, 0), "validators: {row}");
            let with_status = || {
                let mut response = ok(code, Frames::new());
                response.extensions_mut().insert(Status::not_found().with_detail("set by the application"));
                response
            };
            assert_eq!(both(&layer, request, with_status), (0, 0), "a Status as an extension: {row}");
        }
    }
}

#[cfg(feature = "tracing")]
#[test]
fn a_200_allocates_only_for_conditions_with_a_subscriber() {
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
    tracing::subscriber::with_default(subscriber, || {
        let layer = StatusMapLayer::new();
        for (name, request) in requests() {
            drive(&mut layer.layer(returns_once(Ok::<_, Status>(tulips()))), request.clone());
            assert_eq!(both(&layer, || request.clone(), tulips), (0, kept_conditions(&request)), "{name}");
        }
    });
}

/// A service that is not `Clone`.
struct NotClone;

impl Service<Request<()>> for NotClone {
    type Response = Response<Frames>;
    type Error = Status;
    type Future = Ready<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Err(Status::not_found()))
    }
}

#[test]
fn layering_and_cloning_allocate_nothing() {
    for (name, layer) in layers() {
        let cloned = measure(|| drop(std::hint::black_box(layer.clone())));
        let layered = measure(|| drop(std::hint::black_box(layer.layer(NotClone))));
        let service = layer.layer(service_fn(|_: Request<()>| ready(Ok::<_, Status>(Response::new(Frames::new())))));
        let service_cloned = measure(|| drop(std::hint::black_box(service.clone())));
        assert_eq!((cloned.count_total, layered.count_total, service_cloned.count_total), (0, 0, 0), "{name}");
    }
}

#[test]
fn the_data_of_an_inner_body_is_not_copied() {
    let cx = &mut Context::from_waker(Waker::noop());
    let data = Bytes::from(vec![7; 100]);
    let mut service = StatusMapLayer::new().layer(returns_once(Ok::<_, Status>(ok(200, Full::new(data.clone())))));
    let Poll::Ready(Ok(response)) = pin!(service.call(Request::new(()))).poll(cx) else { panic!("no response") };
    assert_eq!(response.body().size_hint().exact(), Some(100));
    assert!(!response.body().is_end_stream());
    let Poll::Ready(Some(Ok(frame))) = pin!(response.into_body()).poll_frame(cx) else { panic!("no frame") };
    assert_eq!(frame.into_data().unwrap().as_ptr(), data.as_ptr());
}

/// The text of a 5xx is read for the log, of which 8 KiB are kept.
#[cfg(feature = "tracing")]
#[test]
fn the_long_text_of_a_5xx_is_not_copied_whole() {
    use crate::common::{
        body::{data, script},
        now,
    };

    let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
    tracing::subscriber::with_default(subscriber, || {
        let long = Bytes::from(vec![b'a'; 16 << 20]);
        for frames in [vec![data("a"), data(long.clone())], vec![data(long.clone()), data("a")]] {
            let inner = response(500, &[("content-type", "text/plain")], script(frames));
            let mut service = StatusMapLayer::new().layer(returns_once(Ok::<_, Status>(inner)));
            let allocated = measure(|| drop(now(service.call(Request::new(())))));
            assert!(allocated.bytes_max < 256 * 1024, "{allocated:?}");
        }
    });
}

#[test]
fn a_bare_status_and_a_clone_allocate_nothing() {
    let status = Status::not_found().with_detail("nothing is here");
    assert_eq!(measure(|| drop(std::hint::black_box(Status::not_found()))).count_total, 0);
    assert_eq!(measure(|| drop(std::hint::black_box(Status::new(StatusCode::GONE).clone()))).count_total, 0);
    assert_eq!(measure(|| drop(std::hint::black_box(status.clone()))).count_total, 0);
    assert_eq!(HeaderMap::<HeaderValue>::new().capacity(), 0);
}
