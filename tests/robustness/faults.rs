//! The fault matrix, without a wire: services, bodies, sources of validators and hooks that fail in every way they can.
//! `faults_wire` has what needs a connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    collections::VecDeque,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn, timeout::TimeoutLayer};
use tower_http::catch_panic::CatchPanicLayer;
use tower_status::{ConditionalLayer, ETag, Format, Render, Rendered, Status, StatusMapLayer, Validators};

type Answered = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send>>;

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    ErrsInPollReady,
    ErrsInCall,
    PanicsInCall,
    PanicsInFuture,
    PanicsInFutureLater,
    NeverAnswers,
    None,
}

/// Fails where the request's path is `/`, and counts who still holds something of a request.
#[derive(Clone)]
struct Faulty {
    fault: Fault,
    held: Arc<()>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self { fault, held: Arc::default() }
    }
}

impl Service<Request<()>> for Faulty {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Answered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(if self.fault == Fault::ErrsInPollReady { Err("secret".into()) } else { Ok(()) })
    }

    fn call(&mut self, request: Request<()>) -> Answered {
        let fault = if request.uri().path() == "/" { self.fault } else { Fault::None };
        assert_ne!(fault, Fault::PanicsInCall, "secret");
        let held = Arc::clone(&self.held);
        Box::pin(async move {
            let answer = match fault {
                Fault::ErrsInCall => Err("secret".into()),
                Fault::PanicsInFuture => panic!("secret"),
                Fault::PanicsInFutureLater => {
                    tokio::task::yield_now().await;
                    panic!("secret")
                }
                Fault::NeverAnswers => std::future::pending().await,
                _ => Ok(Response::new(Full::from("good"))),
            };
            drop(held);
            answer
        })
    }
}

fn get(path: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// Counts what it is told of.
fn counting(layer: StatusMapLayer) -> (StatusMapLayer, Arc<AtomicUsize>) {
    let told = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&told);
    let layer = layer.on_error(move |_, _| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    (layer, told)
}

async fn text<B: Body<Error: std::fmt::Debug>>(response: Response<B>) -> (u16, String) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), format!("{:?}\n{}", parts.headers, String::from_utf8_lossy(&body)))
}

// ----- the inner service -----

/// With `CatchPanicLayer` inside, a panic is an answer like any other.
#[tokio::test]
async fn a_service_that_fails_is_answered_and_reported_once_and_serves_on() {
    let rows = [
        (Fault::ErrsInPollReady, 500),
        (Fault::ErrsInCall, 500),
        (Fault::PanicsInCall, 500),
        (Fault::PanicsInFuture, 500),
        (Fault::PanicsInFutureLater, 500),
        (Fault::NeverAnswers, 503),
    ];
    for (fault, expected) in rows {
        for accept in ["application/json", "text/html", "text/plain"] {
            let (layer, told) = counting(StatusMapLayer::new());
            let service = ServiceBuilder::new()
                .layer(layer)
                .option_layer((fault == Fault::NeverAnswers).then(|| TimeoutLayer::new(Duration::ZERO)))
                .layer(CatchPanicLayer::new())
                .service(Faulty::new(fault));
            let response = service.clone().oneshot(get("/", &[("accept", accept)])).await.unwrap();
            assert!(response.headers()["content-type"].as_bytes().starts_with(&accept.as_bytes()[..6]), "{fault:?}");
            let (code, text) = text(response).await;
            assert_eq!((code, told.load(Ordering::Relaxed)), (expected, 1), "{fault:?}");
            assert!(!text.contains("secret") && !text.contains("anicked"), "{fault:?}: {text}");
            assert!(text.contains(StatusCode::from_u16(expected).unwrap().as_str()), "{fault:?}: {text}");
            if !matches!(fault, Fault::ErrsInPollReady | Fault::NeverAnswers) {
                assert_eq!(service.oneshot(get("/good", &[])).await.unwrap().status(), 200, "{fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_panic_is_not_caught_and_breaks_nothing_else() {
    for fault in [Fault::PanicsInCall, Fault::PanicsInFuture, Fault::PanicsInFutureLater] {
        let (layer, told) = counting(StatusMapLayer::new());
        let faulty = Faulty::new(fault);
        let service = layer.layer(faulty.clone());
        let failed = tokio::spawn(service.clone().oneshot(get("/", &[]))).await;
        assert!(failed.unwrap_err().is_panic(), "{fault:?}");
        assert_eq!(service.clone().oneshot(get("/good", &[])).await.unwrap().status(), 200, "{fault:?}");
        drop(service);
        assert_eq!(told.load(Ordering::Relaxed), 0, "{fault:?}");
        assert_eq!(Arc::strong_count(&faulty.held), 1, "{fault:?}");
    }
}

/// A client that leaves drops the layer's future, and with it all that is inside.
#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_dropped_whole() {
    let (layer, told) = counting(StatusMapLayer::new());
    let faulty = Faulty::new(Fault::NeverAnswers);
    let mut service = layer.layer(ConditionalLayer::new().generate_etags(9).layer(faulty.clone()));
    let mut answer = Box::pin(service.ready().await.unwrap().call(get("/", &[])));
    assert!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(Arc::strong_count(&faulty.held), 3, "the service's and the future's");
    drop(answer);
    assert_eq!(Arc::strong_count(&faulty.held), 2, "the service's");
    assert_eq!(told.load(Ordering::Relaxed), 0);
}

// ----- its body -----

#[derive(Clone, Copy, Debug)]
enum Step {
    Data(&'static str),
    Trailers,
    Errs,
    Panics,
    Waits,
    Ends,
}
use Step::{Data, Ends, Errs, Panics, Trailers, Waits};

/// Does what it is told, and says of itself what it is told.
#[derive(Clone, Debug)]
struct Script {
    steps: VecDeque<Step>,
    exact: Option<u64>,
    at_end: bool,
    held: Arc<()>,
}

fn script<const N: usize>(steps: [Step; N]) -> Script {
    Script { steps: steps.into(), exact: None, at_end: false, held: Arc::default() }
}

impl Script {
    fn exact(self, length: u64) -> Self {
        Self { exact: Some(length), ..self }
    }

    fn at_end(self) -> Self {
        Self { at_end: true, ..self }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(match self.steps.pop_front() {
            Some(Data(text)) => Some(Ok(Frame::data(text.into()))),
            Some(Trailers) => Some(Ok(Frame::trailers(HeaderMap::from_iter([(
                http::HeaderName::from_static("server-timing"),
                HeaderValue::from_static("a"),
            )])))),
            Some(Errs) => Some(Err("it errs")),
            Some(Panics) => panic!("it panics"),
            Some(Waits) => return Poll::Pending,
            Some(Ends) | None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.at_end
    }

    fn size_hint(&self) -> SizeHint {
        self.exact.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// What comes out up to the first end, polled as hyper does: again after `Pending` and after an error.
fn frames<B: Body<Data = Bytes, Error = &'static str>>(body: B) -> Vec<String> {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = Vec::new();
    while let Some(frame) = std::iter::repeat_with(|| body.as_mut().poll_frame(&mut cx)).find(Poll::is_ready) {
        match frame {
            Poll::Ready(Some(frame)) => frames.push(format!("{frame:?}")),
            _ => return frames,
        }
    }
    frames
}

async fn answered(
    code: u16,
    content_type: &str,
    body: Script,
) -> Response<impl Body<Data = Bytes, Error = &'static str>> {
    let inner = service_fn(|_: Request<()>| {
        let mut response = Response::new(body.clone());
        *response.status_mut() = StatusCode::from_u16(code).unwrap();
        if !content_type.is_empty() {
            response.headers_mut().insert("content-type", content_type.parse().unwrap());
        }
        std::future::ready(Ok::<_, Status>(response))
    });
    let layers = (StatusMapLayer::new(), ConditionalLayer::new().generate_etags(64));
    layers.layer(inner).oneshot(get("/", &[])).await.unwrap()
}

/// The frames of a body are what the body alone yields, also where it was looked at.
#[tokio::test]
async fn a_body_that_is_not_replaced_fails_as_it_would_alone() {
    let rows = [
        ("errs at once", script([Errs])),
        ("errs after three frames", script([Data("a"), Data("b"), Data("c"), Errs])),
        ("errs after three frames, of a known length", script([Data("a"), Data("b"), Data("c"), Errs]).exact(9)),
        ("errs and goes on", script([Data("a"), Errs, Data("b")])),
        ("errs twice", script([Errs, Data(""), Errs]).exact(1)),
        ("waits and errs", script([Data("a"), Waits, Errs]).exact(2)),
        ("ends too early", script([Data("a")]).exact(9)),
        ("ends too late", script([Data("a"), Data("bcd")]).exact(1)),
        ("ends late in its first frame", script([Data("abcd")]).exact(1)),
        ("is empty and says it is not", script([]).exact(9)),
        ("is not empty and says it is", script([Data("a")]).exact(0)),
        ("yields beyond the limit", script([Data("a"), Waits, Data("b")]).exact(64)),
        ("frames after the end", script([Data("a"), Ends, Data("b"), Errs])),
        ("frames after the end, of a known length", script([Data("a"), Ends, Data("b"), Errs]).exact(1)),
        ("a panic after the end", script([Data("a"), Ends, Panics]).exact(1)),
        ("sends trailers", script([Data("a"), Trailers])),
        ("sends trailers, of a known length", script([Data("a"), Trailers]).exact(1)),
        ("sends nothing but trailers", script([Trailers]).exact(0)),
        ("data after trailers", script([Data("a"), Trailers, Data("b"), Trailers]).exact(1)),
        ("waits before its trailers", script([Data("a"), Waits, Trailers]).exact(1)),
    ];
    for (name, body) in rows {
        let alone = frames(body.clone());
        for (code, content_type) in [(200, ""), (200, "text/html"), (404, "application/json"), (503, "text/html")] {
            let answer = answered(code, content_type, body.clone()).await;
            assert_eq!(frames(answer.into_body()), alone, "{name}, {code} {content_type}");
        }
    }
    // What is text of a 4xx stays, unless it came to its end.
    for body in [
        script([Data("a"), Data("b"), Data("c"), Errs]),
        script([Errs]),
        script([Waits, Data("a"), Errs]),
        script([Data("a"), Trailers]),
    ] {
        for content_type in ["", "text/plain"] {
            let answer = answered(404, content_type, body.clone()).await;
            assert_eq!(frames(answer.into_body()), frames(body.clone()), "{body:?}, {content_type}");
        }
    }
}

/// A lie about the length does not become an entity tag of something else.
#[tokio::test]
async fn a_tag_is_made_of_what_came_or_not_at_all() {
    let abc = Some("abc");
    let rows = [
        ("the truth", script([Data("abc")]).exact(3), abc),
        ("in three frames", script([Data("a"), Data("b"), Data("c")]).exact(3), abc),
        ("too long a length", script([Data("abc")]).exact(9), abc),
        ("too short a length", script([Data("abc")]).exact(2), None),
        ("no length", script([Data("abc")]), None),
        ("an error at the end", script([Data("abc"), Errs]).exact(3), None),
        ("an error before it", script([Data("a"), Errs, Data("bc")]).exact(3), None),
        ("trailers", script([Data("abc"), Trailers]).exact(3), abc),
        ("data after trailers", script([Data("abc"), Trailers, Data("d")]).exact(4), abc),
        ("not all there", script([Data("abc"), Waits]).exact(3), None),
        ("an early end", script([Data("abc"), Ends, Data("d")]).exact(4), abc),
    ];
    for (name, body, content) in rows {
        let answer = answered(200, "", body).await;
        let tag = content.map(|content| ETag::of_bytes(content.as_bytes()).to_string());
        assert_eq!(answer.headers().get("etag").map(|tag| tag.to_str().unwrap()), tag.as_deref(), "{name}");
    }
}

/// After its end a body that was looked at ends for good; one that passes is the inner service's own business.
#[tokio::test]
async fn after_the_end() {
    for body in
        [script([Data("a"), Ends, Data("b"), Panics]).exact(1), script([Data("a"), Data("b"), Ends, Panics]).exact(2)]
    {
        let frames = body.exact.unwrap();
        let mut looked = pin!(answered(200, "", body).await.into_body());
        for _ in 0..frames {
            assert!(!looked.is_end_stream() && looked.frame().await.unwrap().is_ok());
        }
        for _ in 0..3 {
            assert!(looked.is_end_stream() && looked.frame().await.is_none());
        }
    }
    let body = script([Data("a"), Ends, Data("b")]);
    let mut passed = pin!(answered(200, "", body).await.into_body());
    assert!(passed.frame().await.is_some() && passed.frame().await.is_none() && passed.frame().await.is_some());
}

/// Whatever the body of a 5xx does, its client gets a masked document of the right length.
#[tokio::test]
async fn the_body_of_a_5xx_that_fails_is_replaced() {
    let rows = [
        ("errs", script([Data("secret"), Errs])),
        ("waits for ever", script([Data("secret"), Waits])),
        ("says that it is at its end", script([Data("secret")]).at_end()),
        ("says that it is short", script([Data("secret secret")]).exact(1)),
        ("has trailers", script([Data("secret"), Trailers])),
        ("yields empty frames", script([Data(""); 200])),
    ];
    for (name, body) in rows {
        for content_type in ["", "text/plain"] {
            let held = Arc::clone(&body.held);
            let answer = answered(500, content_type, body.clone()).await;
            assert_eq!(Arc::strong_count(&held), 2, "{name}: this one and the row's");
            let said = answer.body().size_hint().exact();
            let body = answer.into_body().collect().await.unwrap();
            assert!(body.trailers().is_none(), "{name}");
            let body = body.to_bytes();
            assert_eq!(said, Some(body.len() as u64), "{name}");
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((&json["status"], json.to_string().contains("secret")), (&500.into(), false), "{name}");
        }
    }
}

/// Where the layer looks at a body, a panic in it is one of the layer's future; else it is its reader's.
#[tokio::test]
async fn a_panic_in_a_body_is_not_caught() {
    let rows = [
        ("a 200", 200, "", script([Data("a"), Panics]), false),
        ("a 200 that is tagged", 200, "", script([Data("a"), Panics]).exact(9), true),
        ("a 404 that may be text", 404, "text/plain", script([Data("a"), Panics]), true),
        ("a 404 of its own", 404, "text/html", script([Panics]), false),
        ("a 500 whose text is logged", 500, "text/plain", script([Panics]), true),
        ("a 500 after what is logged", 500, "text/plain", script([Waits, Panics]), false),
    ];
    for (name, code, content_type, body, looked) in rows {
        let answer = tokio::spawn(async move { answered(code, content_type, body).await });
        let answer = match answer.await {
            Err(error) => {
                assert!(error.is_panic() && looked, "{name}");
                continue;
            }
            Ok(answer) => answer,
        };
        assert!(!looked, "{name}");
        let read = tokio::task::spawn_blocking(|| frames(answer.into_body())).await;
        assert_eq!(read.is_err(), code != 500, "{name}");
    }
}

// ----- a source of validators -----

#[tokio::test]
async fn a_source_of_validators_that_fails_is_the_answer_and_the_handler_does_not_run() {
    #[derive(Clone, Copy, Debug)]
    enum Source {
        Errs,
        ErrsWith(u16),
        PanicsInCall,
        PanicsInFuture,
        Hangs,
        Answers,
    }
    let rows = [
        (Source::Errs, 500, false),
        (Source::ErrsWith(403), 403, false),
        (Source::ErrsWith(503), 503, false),
        (Source::PanicsInCall, 500, false),
        (Source::PanicsInFuture, 500, false),
        (Source::Hangs, 503, false),
        (Source::Answers, 200, true),
    ];
    for (source, code, runs) in rows {
        let runs_seen = Arc::new(AtomicUsize::new(0));
        let (counter, held) = (Arc::clone(&runs_seen), Arc::new(()));
        let holder = Arc::clone(&held);
        let handler = service_fn(move |_: Request<()>| {
            counter.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("good"))))
        });
        let asking = ConditionalLayer::new().validators(move |_| {
            assert!(!matches!(source, Source::PanicsInCall), "secret");
            let holder = Arc::clone(&holder);
            async move {
                let current = match source {
                    Source::Errs => Err(Status::from_error("secret")),
                    Source::ErrsWith(code) => Err(StatusCode::from_u16(code).unwrap().into()),
                    Source::PanicsInFuture => panic!("secret"),
                    Source::Hangs => std::future::pending().await,
                    _ => Ok(Some(Validators::new().with_etag(ETag::strong("now").unwrap()))),
                };
                drop(holder);
                current
            }
        });
        let (layer, told) = counting(StatusMapLayer::new());
        let service = ServiceBuilder::new()
            .layer(layer)
            .option_layer(matches!(source, Source::Hangs).then(|| TimeoutLayer::new(Duration::ZERO)))
            .layer(CatchPanicLayer::new())
            .layer(asking)
            .service(handler);
        for method in ["GET", "PUT"] {
            let mut request = get("/", &[("if-match", "\"now\"")]);
            *request.method_mut() = method.parse().unwrap();
            let (seen, text) = text(service.clone().oneshot(request).await.unwrap()).await;
            assert_eq!(seen, code, "{source:?}, {method}");
            assert!(!text.contains("secret"), "{source:?}: {text}");
        }
        assert_eq!(runs_seen.load(Ordering::Relaxed), if runs { 2 } else { 0 }, "{source:?}");
        assert_eq!(told.load(Ordering::Relaxed), if runs { 0 } else { 2 }, "{source:?}");
        assert_eq!(Arc::strong_count(&held), 2, "{source:?}: nothing of it is left but the layer's own");
        // A request without a precondition does not ask it.
        assert_eq!(service.oneshot(get("/", &[])).await.unwrap().status(), 200, "{source:?}");
    }
}

// ----- hooks -----

/// Writes what its length says, and panics at 418.
struct Writes(usize);

impl Render for Writes {
    fn render(&self, status: &Status, context: &tower_status::Context<'_>) -> Option<Rendered> {
        assert_ne!(status.code(), 418, "secret");
        let of_type = if context.format == Format::Html { "text/html" } else { "application/xml" };
        Some(Rendered::new(HeaderValue::from_static(of_type), vec![b'x'; self.0]))
    }
}

/// The next request is answered; a `CatchPanicLayer` outside makes an answer of it.
#[tokio::test]
async fn a_hook_that_panics_takes_nothing_else_along() {
    let teapot = |status: &Status| assert_ne!(status.code(), 418, "secret");
    let rows = [
        ("render", StatusMapLayer::new().render(Writes(1))),
        ("on_error", StatusMapLayer::new().on_error(move |status, _| teapot(status))),
        (
            "rewrite",
            StatusMapLayer::new().map_status(move |status, _| {
                teapot(&status);
                status
            }),
        ),
        (
            "map_error",
            StatusMapLayer::new().map_error(|error: &std::io::Error| {
                assert_ne!(error.kind(), std::io::ErrorKind::NotFound, "secret");
                None
            }),
        ),
    ];
    for (name, layer) in rows {
        let inner = service_fn(|request: Request<()>| {
            std::future::ready(Err::<Response<Empty<Bytes>>, Status>(match request.uri().path() {
                "/" if request.headers().contains_key("map") => {
                    std::io::Error::from(std::io::ErrorKind::NotFound).into()
                }
                "/" => Status::im_a_teapot(),
                _ => Status::gone(),
            }))
        });
        let fields: &[_] = if name == "map_error" { &[("map", "1")] } else { &[] };
        let service = layer.layer(inner);
        let failed = tokio::spawn(service.clone().oneshot(get("/", fields))).await;
        assert!(failed.unwrap_err().is_panic(), "{name}");
        assert_eq!(service.clone().oneshot(get("/gone", &[])).await.unwrap().status(), 410, "{name}");
        let caught = CatchPanicLayer::new().layer(service).oneshot(get("/", fields)).await.unwrap();
        assert_eq!(caught.status(), 500, "{name}");
        assert!(!text(caught).await.1.contains("secret"), "{name}");
    }
}

#[tokio::test]
async fn a_renderer_may_write_megabytes_or_nothing() {
    for length in [0, 1, 8 << 20] {
        for (code, accept) in [(404, "*/*"), (500, "*/*"), (404, "text/html")] {
            for method in ["GET", "HEAD"] {
                let inner = service_fn(|_: Request<()>| {
                    let code = StatusCode::from_u16(code).unwrap();
                    std::future::ready(Err::<Response<Empty<Bytes>>, Status>(code.into()))
                });
                let mut request = get("/", &[("accept", accept)]);
                *request.method_mut() = method.parse().unwrap();
                let response =
                    StatusMapLayer::new().render(Writes(length)).layer(inner).oneshot(request).await.unwrap();
                let said = response.headers().get("content-length").map(|said| said.to_str().unwrap().to_owned());
                let hint = response.body().size_hint().exact();
                let body = response.into_body().collect().await.unwrap().to_bytes();
                if method == "HEAD" {
                    assert_eq!((said, body.len()), (Some(length.to_string()), 0), "{code} {accept} {length}");
                } else {
                    assert_eq!((said, hint), (None, Some(length as u64)), "{code} {accept} {length}");
                    assert!(body.len() == length && body.iter().all(|byte| *byte == b'x'), "{code} {accept} {length}");
                }
            }
        }
    }
}

/// gRPC has one form: a renderer is not asked, and so cannot fail it.
#[tokio::test]
async fn a_renderer_is_not_asked_for_grpc() {
    let inner =
        service_fn(|_: Request<()>| std::future::ready(Err::<Response<Empty<Bytes>>, Status>(Status::im_a_teapot())));
    let mut request = get("/", &[("content-type", "application/grpc")]);
    *request.method_mut() = http::Method::POST;
    let response = StatusMapLayer::new().render(Writes(1)).layer(inner).oneshot(request).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "9", "FAILED_PRECONDITION, as of any other 4xx");
}
