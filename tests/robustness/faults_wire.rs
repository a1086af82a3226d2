//! The fault matrix on loopback: hyper's server around the layers, and clients that leave, reset, pipeline and upgrade.
//! No step waits for a time: a stage is reached when its service says so, and left when what it held is dropped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    collections::VecDeque,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
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

// ----- the server -----

/// What happens on the server.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    /// A handler, or a body, has begun.
    Begun,
    /// It was dropped, finished or not.
    Dropped,
    /// A connection has ended.
    Closed,
}
use Event::{Begun, Closed, Dropped};

/// Says when it is made, and when it is dropped.
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

#[derive(Clone, Copy)]
enum Step {
    Data(&'static str),
    Trailers,
    Errs,
    Panics,
    Hangs,
    /// So that what came before is sent.
    Waits,
}
use Step::{Data, Errs, Hangs, Panics, Trailers, Waits};

struct Script {
    steps: VecDeque<Step>,
    exact: Option<u64>,
    _held: Held,
}

impl Body for Script {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(match self.steps.pop_front() {
            Some(Data(text)) => Some(Ok(Frame::data(text.into()))),
            Some(Trailers) => {
                let trailers = [(HeaderName::from_static("server-timing"), HeaderValue::from_static("a"))];
                Some(Ok(Frame::trailers(HeaderMap::from_iter(trailers))))
            }
            Some(Errs) => Some(Err("secret".into())),
            Some(Panics) => panic!("secret"),
            Some(Waits) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Hangs) => {
                self.steps.push_front(Hangs);
                return Poll::Pending;
            }
            None => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.exact.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

type Answer = Result<Response<UnsyncBoxBody<Bytes, BoxError>>, Status>;

#[allow(clippy::unnecessary_wraps)] // as a handler answers
fn scripted(
    code: u16,
    content_type: &str,
    steps: &[Step],
    exact: Option<u64>,
    events: &UnboundedSender<Event>,
) -> Answer {
    let body = Script { steps: steps.iter().copied().collect(), exact, _held: Held::new(events) };
    let mut response = Response::new(UnsyncBoxBody::new(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response.headers_mut().insert("content-type", content_type.parse().unwrap());
    Ok(response)
}

#[allow(clippy::unnecessary_wraps)] // as a handler answers
fn good(text: &'static str) -> Answer {
    Ok(Response::new(Full::from(text).map_err(BoxError::from).boxed_unsync()))
}

const SIXTY: &str = "012345678901234567890123456789012345678901234567890123456789";
const HTML: &str = "text/html";

async fn handle(mut request: Request<Incoming>, events: UnboundedSender<Event>) -> Answer {
    let path = request.uri().path().to_owned();
    let say = |steps: &[Step], exact| scripted(200, HTML, steps, exact, &events);
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
        "/refuses" => Err(Status::payload_too_large()),
        "/panics" => panic!("secret"),
        "/body/hangs" => say(&[Data("begun"), Hangs], None),
        "/body/errs" => say(&[Data("a"), Data("b"), Data("c"), Waits, Errs], None),
        "/body/errs/tagged" => say(&[Data("a"), Data("b"), Data("c"), Errs], Some(4)),
        "/body/panics" => say(&[Data("a"), Waits, Panics], None),
        "/body/panics/tagged" => say(&[Data("a"), Panics], Some(9)),
        "/body/panics/text" => scripted(404, "text/plain", &[Panics], None, &events),
        // Longer than what is tagged.
        "/body/short" => say(&[Data("abc"), Waits], Some(99)),
        "/body/short/tagged" => say(&[Data("abc")], Some(9)),
        "/body/long" => say(&[Data(SIXTY), Data(SIXTY)], Some(99)),
        "/body/long/tagged" => say(&[Data("abc"), Data("def")], Some(4)),
        "/body/trailers" => say(&[Data("a"), Trailers], None),
        "/body/trailers/error" => scripted(404, HTML, &[Data("a"), Trailers], None, &events),
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
        path => Err(Status::not_found().with_detail(format!("nothing is at {path}"))),
    }
}

struct Server {
    address: SocketAddr,
    events: UnboundedReceiver<Event>,
    told: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// `catch`: with a `CatchPanicLayer` inside.
    async fn start(catch: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, events) = unbounded_channel();
        let told = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&told);
        let layer = StatusMapLayer::new().on_error(move |_, _| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (sender, closed) = (sender.clone(), Closer(sender.clone()));
                let inner = service_fn(move |request| handle(request, sender.clone()));
                let inner = ConditionalLayer::new().generate_etags(64).layer(inner);
                let inner = if catch {
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
        Self { address, events, told, accepting }
    }

    async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    async fn connect_http2(&self) -> http2::SendRequest<Empty<Bytes>> {
        let stream = TokioIo::new(self.connect().await);
        let (client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        client
    }

    fn request(&self, path: &str) -> Request<Empty<Bytes>> {
        let uri: Uri = format!("http://{}{path}", self.address).parse().unwrap();
        Request::builder().uri(uri).body(Empty::new()).unwrap()
    }

    async fn expect(&mut self, expected: &[Event], name: &str) {
        for event in expected {
            assert_eq!(self.events.recv().await.as_ref(), Some(event), "{name}");
        }
    }

    async fn expect_in_any_order(&mut self, expected: &[Event], name: &str) {
        let mut events = Vec::new();
        for _ in expected {
            events.extend(self.events.recv().await);
        }
        assert!(expected.iter().all(|event| events.contains(event)), "{name}: {events:?}");
    }

    /// Whatever happened, a new connection is served.
    async fn serves_on(&mut self, name: &str) {
        let mut stream = self.connect().await;
        stream.write_all(b"GET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let text = to_end(&mut stream).await;
        assert!(text.starts_with("HTTP/1.1 404 ") && text.contains("nothing is at /nowhere"), "{name}: {text}");
        self.expect(&[Closed], name).await;
    }

    fn told(&self) -> usize {
        self.told.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Says that a connection has ended, also where it panics.
struct Closer(UnboundedSender<Event>);

impl Drop for Closer {
    fn drop(&mut self) {
        let _ = self.0.send(Closed);
    }
}

// ----- a client of HTTP/1.1 that shows what is on the wire -----

/// A reset is an end, too.
async fn to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// One answer of a known length, and no byte more.
async fn answer(stream: &mut TcpStream) -> (u16, String, String) {
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

fn is_problem(body: &str, code: u16) {
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    assert_eq!(json["status"], code, "{body}");
    assert!(!body.contains("secret"), "{body}");
}

// ----- clients that leave -----

/// The stage, what is sent, what is reached, what is read, what happens when the client leaves, and what is reported.
type Leaving = (&'static str, String, &'static [Event], &'static str, &'static [Event], usize);

#[tokio::test]
async fn a_client_that_leaves_at_any_stage_leaves_nothing_behind() {
    const BODY: &str = "POST /reads HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n";
    const CHUNKED: &str = "POST /reads HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc";
    let rows: [Leaving; 9] = [
        ("before a byte", String::new(), &[], "", &[Closed], 0),
        ("in the request line", "GET /ha".into(), &[], "", &[Closed], 0),
        ("in the head", "GET /hangs HTTP/1.1\r\nhost: a\r\nacce".into(), &[], "", &[Closed], 0),
        // The handler's own 400 goes nowhere, but it was one.
        ("before the body", BODY.into(), &[Begun], "", &[Dropped, Closed], 1),
        ("in the body", format!("{BODY}abc"), &[Begun], "", &[Dropped, Closed], 1),
        ("in a chunk", CHUNKED.into(), &[Begun], "", &[Dropped, Closed], 1),
        (
            "while the handler runs",
            "GET /hangs HTTP/1.1\r\nhost: a\r\n\r\n".into(),
            &[Begun],
            "",
            &[Dropped, Closed],
            0,
        ),
        (
            "in the answer's body",
            "GET /body/hangs HTTP/1.1\r\nhost: a\r\n\r\n".into(),
            &[Begun],
            "begun",
            &[Dropped, Closed],
            0,
        ),
        ("after the answer", "GET / HTTP/1.1\r\nhost: a\r\n\r\n".into(), &[], "good", &[Closed], 0),
    ];
    for reset in [false, true] {
        for (name, sent, reached, read, left, told) in &rows {
            let name = &*format!("{name}, reset: {reset}");
            let mut server = Server::start(false).await;
            let mut stream = server.connect().await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            server.expect(reached, name).await;
            let mut seen = Vec::new();
            while !seen.ends_with(read.as_bytes()) {
                seen.push(stream.read_u8().await.unwrap());
            }
            if reset {
                stream.set_zero_linger().unwrap();
            }
            drop(stream);
            server.expect(left, name).await;
            // Where the handler had read nothing, a reset may stop it before its 400.
            assert!(server.told() == *told || reset && server.told() < *told, "{name}: told {}", server.told());
            server.serves_on(name).await;
        }
    }
}

#[tokio::test]
async fn a_reset_stream_of_http2_leaves_its_connection_alone() {
    let mut server = Server::start(false).await;
    let mut client = server.connect_http2().await;
    // While the handler runs.
    let hanging = tokio::spawn(client.send_request(server.request("/hangs")));
    server.expect(&[Begun], "hangs").await;
    hanging.abort();
    server.expect(&[Dropped], "hangs").await;
    // In the body of the answer.
    let response = client.send_request(server.request("/body/hangs")).await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "begun");
    server.expect(&[Begun], "body").await;
    drop(body);
    server.expect(&[Dropped], "body").await;
    assert_eq!(server.told(), 0);
    // The same connection serves on, until its client goes.
    for _ in 0..3 {
        let response = client.send_request(server.request("/nowhere")).await.unwrap();
        assert_eq!(response.status(), 404);
        is_problem(std::str::from_utf8(&response.into_body().collect().await.unwrap().to_bytes()).unwrap(), 404);
    }
    let hanging = tokio::spawn(client.send_request(server.request("/hangs")));
    server.expect(&[Begun], "goes").await;
    drop(client);
    hanging.abort();
    server.expect_in_any_order(&[Dropped, Closed], "goes").await;
    server.serves_on("goes").await;
}

// ----- services and bodies that fail -----

/// What a handler or a body does to its own connection it does to no other.
#[tokio::test]
async fn over_http1_a_failure_ends_its_own_connection_and_no_other() {
    // With `CatchPanicLayer` inside or not; what the client sees: a status, or `None` where the connection ends before
    // one; whether the answer comes to its end.
    let rows = [
        ("/panics", false, None, false),
        ("/panics", true, Some(500), true),
        ("/body/panics", false, Some(200), false),
        ("/body/panics", true, Some(200), false),
        ("/body/panics/tagged", false, None, false),
        // Inside of `ConditionalLayer` the panic is one of its future, so what stands around it catches it.
        ("/body/panics/tagged", true, Some(500), true),
        // The layer itself looks at this one, and nothing stands around it.
        ("/body/panics/text", true, None, false),
        ("/body/errs", false, Some(200), false),
        ("/body/errs/tagged", false, Some(200), false),
        ("/body/short", false, Some(200), false),
        // What was looked at has the length that it has.
        ("/body/short/tagged", false, Some(200), true),
        ("/body/trailers", false, Some(200), true),
        ("/body/trailers/error", false, Some(404), true),
    ];
    for (path, catch, code, ends) in rows {
        let name = &*format!("{path}, catch: {catch}");
        let server = Server::start(catch).await;
        let mut other = server.connect().await;
        other.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert_eq!(answer(&mut other).await.2, "good", "{name}");
        let mut stream = server.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let text = to_end(&mut stream).await;
        let seen = text.split(' ').nth(1).map(|code| code.parse().unwrap());
        // Of an answer that does not come to its end, the beginning may not have been sent yet.
        assert!(seen == code || !ends && seen.is_none(), "{name}: {text}");
        if let Some(500) = code {
            is_problem(text.split_once("\r\n\r\n").unwrap().1, 500);
        }
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let ended = match length {
            Some(length) => length == body.len().to_string(),
            None => body.ends_with("0\r\n\r\n"),
        };
        assert_eq!(ended, ends, "{name}: {text}");
        assert!(!text.contains("secret"), "{name}: {text}");
        // The other connection, which was there before.
        other.write_all(b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert_eq!(answer(&mut other).await.0, 404, "{name}");
        drop((other, server.connect().await));
    }
}

/// Each stream is its own: the connection goes on.
#[tokio::test]
async fn over_http2_a_failure_ends_its_own_stream_and_no_other() {
    let rows = [
        ("/panics", false, None, false),
        ("/panics", true, Some(500), true),
        ("/body/panics", false, Some(200), false),
        ("/body/panics/tagged", false, None, false),
        ("/body/panics/tagged", true, Some(500), true),
        ("/body/panics/text", true, None, false),
        ("/body/errs", false, Some(200), false),
        ("/body/errs/tagged", false, Some(200), false),
        ("/body/short", false, Some(200), false),
        // What was looked at has the length that it has.
        ("/body/short/tagged", false, Some(200), true),
        ("/body/trailers", false, Some(200), true),
        ("/body/trailers/error", false, Some(404), true),
    ];
    for (path, catch, code, ends) in rows {
        let name = &*format!("{path}, catch: {catch}");
        let mut server = Server::start(catch).await;
        let mut client = server.connect_http2().await;
        let hanging = tokio::spawn(client.send_request(server.request("/hangs")));
        server.expect(&[Begun], name).await;
        let answered = client.send_request(server.request(path)).await;
        let (seen, read) = match answered {
            Err(_) => (None, None),
            Ok(response) => (Some(response.status().as_u16()), response.into_body().collect().await.ok()),
        };
        // Of an answer that does not come to its end, the beginning may not have been sent yet.
        assert!(seen == code || !ends && seen.is_none(), "{name}: {seen:?}");
        assert_eq!(read.is_some(), ends, "{name}");
        if let Some(read) = read {
            let trailers = read.trailers().cloned().unwrap_or_default();
            assert_eq!(trailers.contains_key("server-timing"), path.contains("trailers"), "{name}");
            if code == Some(500) {
                is_problem(std::str::from_utf8(&read.to_bytes()).unwrap(), 500);
            }
        }
        // The stream beside it still hangs, and another is answered.
        assert!(!hanging.is_finished(), "{name}");
        assert_eq!(client.send_request(server.request("/nowhere")).await.unwrap().status(), 404, "{name}");
        hanging.abort();
    }
}

/// A length that lies is never a short answer that looks whole, and never a byte of one answer in the next.
#[tokio::test]
async fn a_length_that_lies_is_no_other_answer() {
    let rows = [
        ("/body/short", false),
        ("/body/short/tagged", true),
        // Cut by hyper.
        ("/body/long", true),
        // What was looked at and what its body still promises are more than what comes.
        ("/body/long/tagged", false),
    ];
    for (path, whole) in rows {
        let server = Server::start(false).await;
        let mut stream = server.connect().await;
        for path in [path, "/"] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
            let _ = stream.write_all(request.as_bytes()).await;
        }
        let text = to_first_end(&mut stream).await;
        // A connection that is reset may lose what was sent.
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            assert!(!whole && text.is_empty(), "{path}: {text}");
            continue;
        };
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        assert_eq!(rest.len() >= length, whole, "{path}: {text}");
        let next = rest.get(length..).unwrap_or_default();
        assert!(next.is_empty() || next.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {text}");
    }
}

/// To the server's end of the connection, or to the answer of `/`.
async fn to_first_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\ngood") {
        match stream.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(bytes).unwrap()
}

// ----- 100-continue, unread bodies, pipelines -----

/// RFC 9110 §10.1.1: a final status in place of 100, where the body is not asked for.
#[tokio::test]
async fn an_early_error_answers_100_continue() {
    let rows = [("/refuses", 413), ("/nowhere", 404), ("/panics", 500)];
    for (path, code) in rows {
        let mut server = Server::start(true).await;
        let mut stream = server.connect().await;
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // The body is held back, so this is all that comes, and then the end: what follows could be body or request.
        let text = to_end(&mut stream).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {code} ")), "{path}: {text}");
        is_problem(body, code);
        assert_eq!(server.told(), 1, "{path}");
        server.expect(&[Closed], path).await;
        server.serves_on(path).await;
    }
    // A handler that reads has the body sent, and its error is an answer on a connection that goes on.
    let server = Server::start(true).await;
    let mut stream = server.connect().await;
    let head = b"POST /reads HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    stream.write_all(head).await.unwrap();
    assert_eq!(answer(&mut stream).await.0, 100);
    stream.write_all(b"ninebytesGET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let (code, _, body) = answer(&mut stream).await;
    assert!(code == 409 && body.contains("9 bytes"), "{body}");
    assert_eq!(answer(&mut stream).await.2, "good");
}

/// What is left unread of a request's body is never taken for the next request.
#[tokio::test]
async fn a_pipeline_after_an_error_with_unread_body_stays_in_step() {
    const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let chunk = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let post =
        |path: &str, fields: &str, body: &str| format!("POST {path} HTTP/1.1\r\nhost: a\r\n{fields}\r\n\r\n{body}");
    let sized = format!("content-length: {}", SMUGGLED.len());
    let many = SMUGGLED.repeat(20_000);
    let rows = [
        ("413, sized", post("/refuses", &sized, SMUGGLED), 413),
        ("413, chunked", post("/refuses", "transfer-encoding: chunked", &chunk), 413),
        ("404, sized", post("/nowhere", &sized, SMUGGLED), 404),
        ("500, sized", post("/panics", &sized, SMUGGLED), 500),
        ("409, read", post("/reads", &sized, SMUGGLED), 409),
        ("409, read, chunked", post("/reads", "transfer-encoding: chunked", &chunk), 409),
        ("413, of 800 KB", post("/refuses", &format!("content-length: {}", many.len()), &many), 413),
        ("413, never sent", post("/refuses", "content-length: 4000", SMUGGLED), 413),
    ];
    for (name, first, code) in rows {
        let server = Server::start(true).await;
        let stream = server.connect().await;
        let (mut reader, mut writer) = stream.into_split();
        // Written beside reading: a server that closes early does not read all of it.
        let rest = "GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let all = first + if name.ends_with("never sent") { "" } else { rest };
        let writing = tokio::spawn(async move {
            let _ = writer.write_all(all.as_bytes()).await;
            writer
        });
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes).await;
        drop(writing.await.unwrap());
        let text = String::from_utf8(bytes).unwrap();
        // All three in order, or the first, and the connection ends.
        let codes: Vec<_> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        let all = [&*code.to_string(), "404", "200"];
        assert!(codes == all || codes == all[..1], "{name}: {text}");
        assert!(name.starts_with("413, of") || name.ends_with("sent") || codes == all, "{name}: {codes:?}");
        assert!(!text.contains("smuggled"), "{name}: {text}");
    }
}

/// Each error of a pipeline has its own answer, in the order of the requests.
#[tokio::test]
async fn pipelined_errors_are_answered_in_order() {
    let server = Server::start(true).await;
    let mut stream = server.connect().await;
    let paths = ["/1", "/panics", "/2", "/refuses", "/", "/upgrade/required", "/3"];
    let all = paths.map(|path| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
    stream.write_all(all.concat().as_bytes()).await.unwrap();
    for (path, code) in paths.into_iter().zip([404, 500, 404, 413, 200, 426, 404]) {
        let (seen, _, body) = answer(&mut stream).await;
        assert_eq!(seen, code, "{path}");
        assert!(code != 404 || body.contains(&format!("nothing is at {path}\"")), "{path}: {body}");
    }
    assert_eq!(server.told(), 6);
}

// ----- upgrades -----

/// A 101 passes as it is, and what is behind it is no longer HTTP.
#[tokio::test]
async fn an_upgrade_passes_and_a_refused_one_is_explained() {
    let mut server = Server::start(true).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /upgrade/required HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let (code, head, body) = answer(&mut stream).await;
    assert!(code == 426 && head.contains("upgrade: echo\r\n") && head.contains("connection: upgrade\r\n"), "{head}");
    is_problem(&body, 426);
    let upgrade = b"GET /upgrades HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(upgrade).await.unwrap();
    let (code, head, _) = answer(&mut stream).await;
    assert!(code == 101 && head.contains("upgrade: echo\r\n"), "{head}");
    for field in ["content-length", "content-type", "transfer-encoding", "vary"] {
        assert!(!head.contains(field), "{head}");
    }
    server.expect(&[Begun], "upgrade").await;
    for text in ["GET / HTTP/1.1\r\n\r\n", "\0\u{1}"] {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut echoed = vec![0; text.len()];
        stream.read_exact(&mut echoed).await.unwrap();
        assert_eq!(echoed, text.as_bytes());
    }
    assert_eq!(server.told(), 1);
    drop(stream);
    server.expect_in_any_order(&[Closed, Dropped], "upgrade").await;
    server.serves_on("upgrade").await;
}
