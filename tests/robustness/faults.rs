//! The fault matrix without connections: services, bodies and sources of validators that fail in every way.
//! `faults_hooks` has the hooks, `faults_wire` the faults that need a connection.

use std::{
    future::{Future, pending, ready},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn, timeout::TimeoutLayer};
use tower_http::catch_panic::CatchPanicLayer;
use tower_status::{ConditionalLayer, ETag, Status, StatusMapLayer, Validators};

use crate::common::{
    FORMATS, Reports, all_text,
    body::{
        Script,
        Step::{Ends, Fails, Panics, Waits},
        data, script, trailers,
    },
    code, full, get, json, read, request, response, returns,
};

type BoxFuture = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send>>;

/// How a service fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    FailsInPollReady,
    FailsInCall,
    PanicsInCall,
    PanicsInFuture,
    PanicsInFutureLater,
    Hangs,
    None,
}

/// A service that fails on path `/`.
#[derive(Clone)]
struct Faulty {
    fault: Fault,
    /// Its strong count is one more than the number of services and of requests in flight.
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
    type Future = BoxFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(if self.fault == Fault::FailsInPollReady { Err("secret".into()) } else { Ok(()) })
    }

    fn call(&mut self, request: Request<()>) -> BoxFuture {
        let fault = if request.uri().path() == "/" { self.fault } else { Fault::None };
        assert_ne!(fault, Fault::PanicsInCall, "secret");
        let held = Arc::clone(&self.held);
        Box::pin(async move {
            let outcome = match fault {
                Fault::FailsInCall => Err("secret".into()),
                Fault::PanicsInFuture => panic!("secret"),
                Fault::PanicsInFutureLater => {
                    tokio::task::yield_now().await;
                    panic!("secret")
                }
                Fault::Hangs => pending().await,
                _ => Ok(full(200, &[], "good")),
            };
            drop(held);
            outcome
        })
    }
}

// ----- the inner service -----

/// `CatchPanicLayer` is inside.
#[tokio::test]
async fn a_service_that_fails_gets_one_response_one_report_and_serves_on() {
    let rows = [
        (Fault::FailsInPollReady, 500),
        (Fault::FailsInCall, 500),
        (Fault::PanicsInCall, 500),
        (Fault::PanicsInFuture, 500),
        (Fault::PanicsInFutureLater, 500),
        (Fault::Hangs, 503),
    ];
    for (fault, expected) in rows {
        for (accept, content_type) in FORMATS {
            let reports = Reports::default();
            let service = ServiceBuilder::new()
                .layer(reports.record(StatusMapLayer::new().rpc(true)))
                .option_layer((fault == Fault::Hangs).then(|| TimeoutLayer::new(Duration::ZERO)))
                .layer(CatchPanicLayer::new())
                .service(Faulty::new(fault));
            let (parts, body) = read(service.clone().oneshot(get("/", &[("accept", accept)])).await.unwrap()).await;
            assert_eq!(parts.status, expected, "{fault:?}");
            assert_eq!(reports.take(), [expected], "{fault:?}");
            assert_eq!(parts.headers["content-type"], content_type, "{fault:?}");
            let text = all_text(&parts, &body);
            assert!(!text.contains("secret") && !text.contains("anicked"), "{fault:?}: {text}");
            assert!(text.contains(&expected.to_string()), "{fault:?}: {text}");
            if !matches!(fault, Fault::FailsInPollReady | Fault::Hangs) {
                assert_eq!(service.oneshot(get("/good", &[])).await.unwrap().status(), 200, "{fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_panic_is_not_caught_and_the_service_serves_on() {
    for fault in [Fault::PanicsInCall, Fault::PanicsInFuture, Fault::PanicsInFutureLater] {
        let reports = Reports::default();
        let faulty = Faulty::new(fault);
        let service = reports.record(StatusMapLayer::new().rpc(true)).layer(faulty.clone());
        let failed = tokio::spawn(service.clone().oneshot(get("/", &[]))).await;
        assert!(failed.unwrap_err().is_panic(), "{fault:?}");
        assert_eq!(service.clone().oneshot(get("/good", &[])).await.unwrap().status(), 200, "{fault:?}");
        drop(service);
        assert!(reports.take().is_empty(), "{fault:?}");
        assert_eq!(Arc::strong_count(&faulty.held), 1, "{fault:?}");
    }
}

/// The future is dropped when a client disconnects.
#[tokio::test]
async fn dropping_the_future_drops_everything_inside() {
    let reports = Reports::default();
    let faulty = Faulty::new(Fault::Hangs);
    let layers = (reports.record(StatusMapLayer::new().rpc(true)), ConditionalLayer::new().generate_etags(9));
    let mut service = layers.layer(faulty.clone());
    let mut future = Box::pin(service.ready().await.unwrap().call(get("/", &[])));
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(Arc::strong_count(&faulty.held), 3, "held by both services and the future");
    drop(future);
    assert_eq!(Arc::strong_count(&faulty.held), 2, "held by both services");
    assert!(reports.take().is_empty());
}

// ----- its body -----

/// Returns the frames up to the first end, polled as hyper does: again after `Pending` and after an error.
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

/// Sends a request through both layers to a service that returns this body.
async fn respond(
    status: u16,
    content_type: &str,
    body: Script,
) -> Response<impl Body<Data = Bytes, Error = &'static str>> {
    let mut inner = response(status, &[], body);
    if !content_type.is_empty() {
        inner.headers_mut().insert("content-type", content_type.parse().unwrap());
    }
    let layers = (StatusMapLayer::new().rpc(true), ConditionalLayer::new().generate_etags(64));
    layers.layer(returns(Ok::<_, Status>(inner))).oneshot(get("/", &[])).await.unwrap()
}

/// This also applies if a layer has read part of the body.
#[tokio::test]
async fn a_body_that_is_not_replaced_has_the_frames_and_errors_that_it_has_alone() {
    let rows = [
        ("fails at once", script([Fails])),
        ("fails after three frames", script([data("a"), data("b"), data("c"), Fails])),
        ("fails after three frames, with an exact size", script([data("a"), data("b"), data("c"), Fails]).exact(9)),
        ("fails and goes on", script([data("a"), Fails, data("b")])),
        ("fails twice", script([Fails, data(""), Fails]).exact(1)),
        ("waits and fails", script([data("a"), Waits, Fails]).exact(2)),
        ("is shorter than its exact size", script([data("a")]).exact(9)),
        ("is longer than its exact size", script([data("a"), data("bcd")]).exact(1)),
        ("is longer than its exact size in one frame", script([data("abcd")]).exact(1)),
        ("is empty with an exact size of 9", script([]).exact(9)),
        ("is not empty with an exact size of 0", script([data("a")]).exact(0)),
        ("waits in the middle", script([data("a"), Waits, data("b")]).exact(64)),
        ("frames after the end", script([data("a"), Ends, data("b"), Fails])),
        ("frames after the end, with an exact size", script([data("a"), Ends, data("b"), Fails]).exact(1)),
        ("a panic after the end", script([data("a"), Ends, Panics]).exact(1)),
        ("sends trailers", script([data("a"), trailers()])),
        ("sends trailers, with an exact size", script([data("a"), trailers()]).exact(1)),
        ("sends only trailers", script([trailers()]).exact(0)),
        ("data after trailers", script([data("a"), trailers(), data("b"), trailers()]).exact(1)),
        ("waits before its trailers", script([data("a"), Waits, trailers()]).exact(1)),
    ];
    for (name, body) in rows {
        let alone = frames(body.clone());
        for (code, content_type) in [(200, ""), (200, "text/html"), (404, "application/json"), (503, "text/html")] {
            let response = respond(code, content_type, body.clone()).await;
            assert_eq!(frames(response.into_body()), alone, "{name}, {code} {content_type}");
        }
    }
    // The text of a 4xx is kept unless all of it is ready.
    for body in [
        script([data("a"), data("b"), data("c"), Fails]),
        script([Fails]),
        script([Waits, data("a"), Fails]),
        script([data("a"), trailers()]),
    ] {
        for content_type in ["", "text/plain"] {
            let response = respond(404, content_type, body.clone()).await;
            assert_eq!(frames(response.into_body()), frames(body.clone()), "{body:?}, {content_type}");
        }
    }
}

#[tokio::test]
async fn a_generated_tag_is_that_of_the_content_whatever_the_size_hint_is_or_absent() {
    let abc = Some("abc");
    let rows = [
        ("a true size", script([data("abc")]).exact(3), abc),
        ("in three frames", script([data("a"), data("b"), data("c")]).exact(3), abc),
        ("too large a size", script([data("abc")]).exact(9), abc),
        ("too small a size", script([data("abc")]).exact(2), None),
        ("no size", script([data("abc")]), None),
        ("an error at the end", script([data("abc"), Fails]).exact(3), None),
        ("an error before it", script([data("a"), Fails, data("bc")]).exact(3), None),
        ("trailers", script([data("abc"), trailers()]).exact(3), abc),
        ("data after trailers", script([data("abc"), trailers(), data("d")]).exact(4), abc),
        ("not all ready", script([data("abc"), Waits]).exact(3), None),
        ("an early end", script([data("abc"), Ends, data("d")]).exact(4), abc),
    ];
    for (name, body, content) in rows {
        let response = respond(200, "", body).await;
        let tag = content.map(|content| ETag::of_bytes(content.as_bytes()).to_string());
        assert_eq!(response.headers().get("etag").map(|tag| tag.to_str().unwrap()), tag.as_deref(), "{name}");
    }
}

#[tokio::test]
async fn a_body_that_was_read_ahead_stays_ended_and_one_that_passes_is_polled_again() {
    // The number of frames is the exact size.
    for (frames, steps) in [(1, [data("a"), Ends, data("b"), Panics]), (2, [data("a"), data("b"), Ends, Panics])] {
        let mut body = pin!(respond(200, "", script(steps).exact(frames)).await.into_body());
        for _ in 0..frames {
            assert!(!body.is_end_stream() && body.frame().await.unwrap().is_ok());
        }
        for _ in 0..3 {
            assert!(body.is_end_stream() && body.frame().await.is_none());
        }
    }
    let body = script([data("a"), Ends, data("b")]);
    let mut passed = pin!(respond(200, "", body).await.into_body());
    assert!(passed.frame().await.is_some() && passed.frame().await.is_none() && passed.frame().await.is_some());
}

#[tokio::test]
async fn a_text_body_of_a_5xx_that_fails_is_replaced() {
    let rows = [
        ("fails", script([data("secret"), Fails])),
        ("waits for ever", script([data("secret"), Waits])),
        ("claims to have ended", script([data("secret")]).claims_end()),
        ("has too small an exact size", script([data("secret secret")]).exact(1)),
        ("has trailers", script([data("secret"), trailers()])),
        ("has empty frames", script(vec![data(""); 200])),
    ];
    for (name, body) in rows {
        for content_type in ["", "text/plain"] {
            let held = body.held();
            let response = respond(500, content_type, body.clone()).await;
            assert_eq!(Arc::strong_count(&held), 2, "{name}: held by this test and by the row");
            let size = response.body().size_hint().exact();
            let collected = response.into_body().collect().await.unwrap();
            assert!(collected.trailers().is_none(), "{name}");
            let bytes = collected.to_bytes();
            assert_eq!(size, Some(bytes.len() as u64), "{name}");
            let problem = json(&bytes);
            assert!(problem["status"] == 500 && !problem.to_string().contains("secret"), "{name}: {problem}");
        }
    }
}

/// If the layer reads the body, the layer's future panics; otherwise the reader of the body does.
#[tokio::test]
async fn a_panic_in_a_body_is_not_caught() {
    struct Row {
        name: &'static str,
        code: u16,
        content_type: &'static str,
        body: Script,
        panics: In,
    }
    #[derive(PartialEq)]
    enum In {
        Future,
        Body,
        /// The body is replaced before the panic.
        Nothing,
    }
    #[rustfmt::skip]
    let rows = [
        Row { name: "a 200", code: 200, content_type: "", body: script([data("a"), Panics]), panics: In::Body },
        Row { name: "a 200 with a generated tag", code: 200, content_type: "", body: script([data("a"), Panics]).exact(9), panics: In::Future },
        Row { name: "a text of a 4xx", code: 404, content_type: "text/plain", body: script([data("a"), Panics]), panics: In::Future },
        Row { name: "a page of a 4xx", code: 404, content_type: "text/html", body: script([Panics]), panics: In::Body },
        Row { name: "a text of a 5xx", code: 500, content_type: "text/plain", body: script([Panics]), panics: In::Future },
        Row { name: "a text of a 5xx that waits", code: 500, content_type: "text/plain", body: script([Waits, Panics]), panics: In::Nothing },
    ];
    for Row { name, code, content_type, body, panics } in rows {
        let response = tokio::spawn(async move { respond(code, content_type, body).await }).await;
        assert_eq!(response.is_err(), panics == In::Future, "{name}");
        match response {
            Err(error) => assert!(error.is_panic(), "{name}"),
            Ok(response) => {
                let read = tokio::task::spawn_blocking(|| frames(response.into_body())).await;
                assert_eq!(read.is_err(), panics == In::Body, "{name}");
            }
        }
    }
}

// ----- a source of validators -----

/// The outcome of a source of validators.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Fails,
    FailsWith(u16),
    PanicsInCall,
    PanicsInFuture,
    Hangs,
    Succeeds,
}

#[tokio::test]
async fn the_error_of_a_source_of_validators_becomes_the_response_and_the_handler_does_not_run() {
    let rows = [
        (Source::Fails, 500),
        (Source::FailsWith(403), 403),
        (Source::FailsWith(503), 503),
        (Source::PanicsInCall, 500),
        (Source::PanicsInFuture, 500),
        (Source::Hangs, 503),
        (Source::Succeeds, 200),
    ];
    for (source, expected) in rows {
        let calls = Arc::new(AtomicUsize::new(0));
        let (counter, held) = (Arc::clone(&calls), Arc::new(()));
        let holder = Arc::clone(&held);
        let handler = service_fn(move |_: Request<()>| {
            counter.fetch_add(1, Ordering::Relaxed);
            ready(Ok::<_, BoxError>(full(200, &[], "good")))
        });
        let conditional = ConditionalLayer::new().validators(move |_| {
            assert_ne!(source, Source::PanicsInCall, "secret");
            let holder = Arc::clone(&holder);
            async move {
                let current = match source {
                    Source::Fails => Err(Status::from_error("secret")),
                    Source::FailsWith(status) => Err(code(status).into()),
                    Source::PanicsInFuture => panic!("secret"),
                    Source::Hangs => pending().await,
                    _ => Ok(Some(Validators::new().with_etag(ETag::strong("now").unwrap()))),
                };
                drop(holder);
                current
            }
        });
        let reports = Reports::default();
        let service = ServiceBuilder::new()
            .layer(reports.record(StatusMapLayer::new().rpc(true)))
            .option_layer((source == Source::Hangs).then(|| TimeoutLayer::new(Duration::ZERO)))
            .layer(CatchPanicLayer::new())
            .layer(conditional)
            .service(handler);
        for method in ["GET", "PUT"] {
            let request = request(method, "/", &[("if-match", "\"now\"")]);
            let (parts, body) = read(service.clone().oneshot(request).await.unwrap()).await;
            assert_eq!(parts.status, expected, "{source:?}, {method}");
            assert!(!all_text(&parts, &body).contains("secret"), "{source:?}: {parts:?} {body:?}");
        }
        let succeeds = source == Source::Succeeds;
        assert_eq!(calls.load(Ordering::Relaxed), if succeeds { 2 } else { 0 }, "{source:?}");
        assert_eq!(reports.take(), if succeeds { vec![] } else { vec![expected; 2] }, "{source:?}");
        assert_eq!(Arc::strong_count(&held), 2, "{source:?}: held by this test and by the layer");
        // Without a precondition the source is not called for this PUT.
        let plain = service.oneshot(request("PUT", "/", &[])).await.unwrap();
        assert_eq!(plain.status(), 200, "{source:?}");
    }
}
