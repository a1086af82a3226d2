//! A server around the layers that reports what happens in it, and a client that reads the bytes of HTTP/1.1.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
};
use tower::{BoxError, Layer, ServiceExt, service_fn, util::BoxCloneService};
use tower_http::catch_panic::CatchPanicLayer;
use tower_status::{ConditionalLayer, Status, StatusMapLayer};

use crate::common::{
    body::{
        Script,
        Step::{Fails, Hangs, Panics, Waits},
        data, script, trailers,
    },
    response,
};

/// An event in the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A handler or a body has begun.
    Begun,
    /// A handler or a body was dropped, finished or not.
    Dropped,
    /// A connection has ended.
    Closed,
}
use Event::{Begun, Closed, Dropped};

/// Sends an event when it is created, and one when it is dropped.
struct Held(UnboundedSender<Event>);

impl Held {
    fn new(events: &UnboundedSender<Event>) -> Self {
        let _ = events.send(Begun);
        Self(events.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.send(Dropped);
    }
}

type Outcome = Result<Response<UnsyncBoxBody<Bytes, BoxError>>, Status>;

/// Returns a response with this body, which holds a [`Held`].
#[allow(clippy::unnecessary_wraps)] // the outcome of a handler
fn scripted(status: u16, content_type: &str, body: Script, events: &UnboundedSender<Event>) -> Outcome {
    let held = Held::new(events);
    let body = body.map_err(move |error| {
        let _ = &held;
        BoxError::from(error)
    });
    Ok(response(status, &[("content-type", content_type)], UnsyncBoxBody::new(body)))
}

#[allow(clippy::unnecessary_wraps)] // the outcome of a handler
fn good(text: &'static str) -> Outcome {
    Ok(Response::new(Full::from(text).map_err(BoxError::from).boxed_unsync()))
}

const SIXTY: &str = "012345678901234567890123456789012345678901234567890123456789";
const HTML: &str = "text/html";

async fn handle(mut request: Request<Incoming>, events: UnboundedSender<Event>) -> Outcome {
    let path = request.uri().path().to_owned();
    let send = |body| scripted(200, HTML, body, &events);
    match &*path {
        "/" => good("good"),
        "/hangs" => {
            let _held = Held::new(&events);
            std::future::pending().await
        }
        "/reads" => {
            let held = Held::new(&events);
            let read = request.into_body().collect().await;
            drop(held);
            match read {
                Ok(body) => Err(Status::conflict().with_detail(format!("{} bytes", body.to_bytes().len()))),
                Err(error) => Err(Status::bad_request().with_source(error)),
            }
        }
        "/rejects" => Err(Status::payload_too_large()),
        "/panics" => panic!("secret"),
        "/body/hangs" => send(script([data("begun"), Hangs])),
        "/body/fails" => send(script([data("a"), data("b"), data("c"), Waits, Fails])),
        "/body/fails/tagged" => send(script([data("a"), data("b"), data("c"), Fails]).exact(4)),
        "/body/panics" => send(script([data("a"), Waits, Panics])),
        "/body/panics/tagged" => send(script([data("a"), Panics]).exact(9)),
        "/body/panics/text" => scripted(404, "text/plain", script([Panics]), &events),
        // Above the limit for generated tags.
        "/body/short" => send(script([data("abc"), Waits]).exact(99)),
        "/body/short/tagged" => send(script([data("abc")]).exact(9)),
        "/body/long" => send(script([data(SIXTY), data(SIXTY)]).exact(99)),
        "/body/long/tagged" => send(script([data("abc"), data("def")]).exact(4)),
        "/body/trailers" => send(script([data("a"), trailers()])),
        "/body/trailers/error" => scripted(404, HTML, script([data("a"), trailers()]), &events),
        "/upgrades" => {
            let upgraded = hyper::upgrade::on(&mut request);
            let held = Held::new(&events);
            tokio::spawn(async move {
                let mut stream = TokioIo::new(upgraded.await.unwrap());
                let (mut reader, mut writer) = tokio::io::split(&mut stream);
                tokio::io::copy(&mut reader, &mut writer).await.unwrap();
                drop(held);
            });
            let mut response = good("")?;
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            response.headers_mut().insert("upgrade", HeaderValue::from_static("echo"));
            response.headers_mut().insert("connection", HeaderValue::from_static("upgrade"));
            Ok(response)
        }
        "/upgrade/required" => Err(Status::upgrade_required("echo")),
        path => Err(Status::not_found().with_detail(format!("there is nothing at {path}"))),
    }
}

/// Whether a `CatchPanicLayer` is inside `StatusMapLayer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panic {
    Caught,
    Uncaught,
}

pub(crate) struct Server {
    address: SocketAddr,
    events: UnboundedReceiver<Event>,
    reports: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(panics: Panic) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, events) = unbounded_channel();
        let reports = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&reports);
        let layer = StatusMapLayer::new().rpc(true).on_error(move |_, _| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (sender, closed) = (sender.clone(), Closer(sender.clone()));
                let inner = service_fn(move |request| handle(request, sender.clone()));
                let inner = ConditionalLayer::new().generate_etags(64).layer(inner);
                let inner = if panics == Panic::Caught {
                    let caught = CatchPanicLayer::new().layer(inner);
                    BoxCloneService::new(caught.map_response(|response| response.map(BodyExt::boxed_unsync)))
                } else {
                    BoxCloneService::new(inner.map_response(|response| response.map(BodyExt::boxed_unsync)))
                };
                let service = layer.layer(inner);
                tokio::spawn(async move {
                    let service = TowerToHyperService::new(service);
                    let server = auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
                    drop(closed);
                });
            }
        });
        Self { address, events, reports, accepting }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    pub(crate) async fn connect_http2(&self) -> http2::SendRequest<Empty<Bytes>> {
        let stream = TokioIo::new(self.connect().await);
        let (client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub(crate) fn request(&self, path: &str) -> Request<Empty<Bytes>> {
        let uri: Uri = format!("http://{}{path}", self.address).parse().unwrap();
        Request::builder().uri(uri).body(Empty::new()).unwrap()
    }

    pub(crate) async fn expect(&mut self, expected: &[Event], name: &str) {
        for event in expected {
            assert_eq!(self.events.recv().await.as_ref(), Some(event), "{name}");
        }
    }

    pub(crate) async fn expect_in_any_order(&mut self, expected: &[Event], name: &str) {
        let mut events = Vec::new();
        for _ in expected {
            events.extend(self.events.recv().await);
        }
        assert!(expected.iter().all(|event| events.contains(event)), "{name}: {events:?}");
    }

    /// Checks that a new connection is served.
    pub(crate) async fn serves_on(&mut self, name: &str) {
        let mut stream = self.connect().await;
        stream.write_all(b"GET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let text = to_end(&mut stream).await;
        assert!(text.starts_with("HTTP/1.1 404 ") && text.contains("there is nothing at /nowhere"), "{name}: {text}");
        self.expect(&[Closed], name).await;
    }

    pub(crate) fn reports(&self) -> usize {
        self.reports.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Sends an event when a connection ends, even by a panic.
struct Closer(UnboundedSender<Event>);

impl Drop for Closer {
    fn drop(&mut self) {
        let _ = self.0.send(Closed);
    }
}

// ----- a client of HTTP/1.1 that reads the bytes -----

/// Reads to the end of the connection, which may be a reset.
pub(crate) async fn to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// Reads one response that has a Content-Length, and no byte more. Returns code, head and body.
pub(crate) async fn next_response(stream: &mut TcpStream) -> (u16, String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (code, head, String::from_utf8(body).unwrap())
}

/// Checks that a body is the problem document of this code.
pub(crate) fn assert_problem(body: &str, code: u16) {
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    assert_eq!(json["status"], code, "{body}");
    assert!(!body.contains("secret"), "{body}");
}
