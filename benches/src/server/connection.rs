//! A server and a client on one thread, over a connection in memory.
//!
//! The client writes the same bytes for each request and only looks for the end of the response, so that almost all
//! instructions are those of the server.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client, server};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    runtime::{Builder, Runtime},
    time::timeout,
};
use tower::{BoxError, Service};

use crate::Run;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// What a case sends: the request line and the header fields, one in each line, and the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) protocol: Protocol,
    pub(crate) head: &'static str,
    pub(crate) body: &'static [u8],
}

/// Starts a service as the server of a connection.
pub(crate) type Serve = Box<dyn Fn(DuplexStream)>;

/// Larger than any response: the server never waits for the client.
const BUFFER: usize = 512 * 1024;

pub(crate) fn serve<S, B>(service: S, protocol: Protocol) -> Serve
where
    S: Service<Request<Incoming>, Response = http::Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    Box::new(move |stream| {
        let (stream, service) = (TokioIo::new(stream), TowerToHyperService::new(service.clone()));
        if protocol == Protocol::Http2 {
            tokio::spawn(server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service));
        } else {
            tokio::spawn(server::conn::http1::Builder::new().serve_connection(stream, service));
        }
    })
}

/// Runs with a paused clock, which advances when no task is ready, so a timeout takes no time.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Sends a request again and again over one connection.
pub(crate) fn repeat(serve: &Serve, sent: Sent) -> Run {
    let runtime = runtime();
    let mut client = runtime.block_on(Client::connect(serve, sent));
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                client.send().await;
                match &mut client {
                    Client::Http1(client) => client.receive().await,
                    Client::Http2(client) => client.receive().await,
                }
            }
        });
    })
}

/// A connection, and the request that it sends.
pub(crate) enum Client {
    Http1(Http1),
    Http2(Http2),
}

impl Client {
    pub(crate) async fn connect(serve: &Serve, sent: Sent) -> Self {
        let (near, far) = duplex(BUFFER);
        serve(far);
        match sent.protocol {
            Protocol::Http1 => Self::Http1(Http1::new(near, sent)),
            Protocol::Http2 => Self::Http2(Http2::connect(near, sent).await),
        }
    }

    pub(crate) async fn send(&mut self) {
        match self {
            Self::Http1(client) => client.stream.write_all(&client.request).await.unwrap(),
            Self::Http2(client) => client.send().await,
        }
    }

    /// Reads what the server sends, until it has no more to do: only then the paused clock reaches the timeout.
    pub(crate) async fn settle(&mut self) {
        let (Self::Http1(Http1 { stream, .. }) | Self::Http2(Http2 { stream, .. })) = self;
        let mut bytes = [0; 1024];
        while let Ok(read) = timeout(Duration::from_millis(1), stream.read(&mut bytes)).await {
            assert!(read.unwrap() > 0, "the connection has ended");
        }
    }
}

pub(crate) struct Http1 {
    stream: DuplexStream,
    request: Vec<u8>,
    /// The first response, and then each later one, which has the same length.
    response: Vec<u8>,
}

impl Http1 {
    fn new(stream: DuplexStream, sent: Sent) -> Self {
        let (first, fields) = sent.head.split_once('\n').unwrap();
        let mut lines = vec![format!("{first} HTTP/1.1")];
        lines.extend(fields.lines().map(|line| line.trim().to_owned()));
        if !sent.body.is_empty() {
            lines.push(format!("content-length: {}", sent.body.len()));
        }
        let request = [lines.join("\r\n").as_bytes(), b"\r\n\r\n", sent.body].concat();
        Self { stream, request, response: Vec::new() }
    }

    async fn receive(&mut self) {
        if self.response.is_empty() {
            while !is_complete(&self.response) {
                assert!(self.stream.read_buf(&mut self.response).await.unwrap() > 0, "the connection has ended");
            }
        } else {
            self.stream.read_exact(&mut self.response).await.unwrap();
        }
    }
}

/// Returns whether this is a complete response, by its Content-Length.
fn is_complete(response: &[u8]) -> bool {
    let Some(head) = response.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let text = std::str::from_utf8(&response[..head]).unwrap();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    assert!(length.is_some() || text.starts_with("HTTP/1.1 304"), "no Content-Length: {text}");
    let is_empty = text.starts_with("HTTP/1.1 304");
    response.len() == head + 4 + length.filter(|_| !is_empty).map_or(0, |length| length.parse().unwrap())
}

/// The frames of RFC 9113 that a request needs.
pub(crate) struct Http2 {
    stream: DuplexStream,
    request: Vec<u8>,
    /// Where the number of the stream is in the request.
    numbers: Vec<usize>,
    next: u32,
    payload: Vec<u8>,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Encodes a field without an index (RFC 7541 §6.2.2), which changes no table.
fn literal(out: &mut Vec<u8>, name: &str, value: &str) {
    out.push(0);
    for text in [name, value] {
        let length = text.len();
        if length < 127 {
            out.push(u8::try_from(length).unwrap());
        } else {
            assert!(length < 127 + 128, "{name}");
            out.extend([127, u8::try_from(length - 127).unwrap()]);
        }
        out.extend_from_slice(text.as_bytes());
    }
}

impl Http2 {
    async fn connect(mut stream: DuplexStream, sent: Sent) -> Self {
        let window = i32::MAX.to_be_bytes();
        let initial_window_size = [&4_u16.to_be_bytes()[..], &window].concat();
        let increment = (i32::MAX - 65_535).to_be_bytes();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &initial_window_size)).await.unwrap();
        stream.write_all(&frame(SETTINGS, 1, 0, &[])).await.unwrap();
        stream.write_all(&frame(WINDOW_UPDATE, 0, 0, &increment)).await.unwrap();

        let (first, fields) = sent.head.split_once('\n').unwrap();
        let (method, path) = first.split_once(' ').unwrap();
        let mut block = Vec::new();
        let pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "shop.example")];
        let fields = fields.lines().map(|line| line.trim().split_once(": ").unwrap());
        let fields = fields.filter(|(name, _)| !["host", "connection"].contains(name));
        pseudo.into_iter().chain(fields).for_each(|(name, value)| literal(&mut block, name, value));
        let ends = if sent.body.is_empty() { END_STREAM } else { 0 };
        let mut request = frame(HEADERS, END_HEADERS | ends, 0, &block);
        let mut numbers = vec![5];
        if !sent.body.is_empty() {
            numbers.push(request.len() + 5);
            request.extend(frame(DATA, END_STREAM, 0, sent.body));
        }
        Self { stream, request, numbers, next: 1, payload: Vec::new() }
    }

    async fn send(&mut self) {
        for at in &self.numbers {
            self.request[*at..*at + 4].copy_from_slice(&self.next.to_be_bytes());
        }
        self.next += 2;
        self.stream.write_all(&self.request).await.unwrap();
    }

    async fn receive(&mut self) {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            self.payload.resize(length, 0);
            self.stream.read_exact(&mut self.payload).await.unwrap();
            match head[3] {
                DATA | HEADERS if head[4] & END_STREAM != 0 => return,
                RST_STREAM | GOAWAY => panic!("the server has ended the stream: {:?}", self.payload),
                _ => {}
            }
        }
    }
}

/// A response: its status, its header fields and trailers in order of their names, and its body. Date is left out, and so is
/// Content-Length in HTTP/2, where it is optional (RFC 9113 §8.1.1).
pub(crate) type Received = (u16, Vec<(String, Vec<u8>)>, Bytes);

/// Sends the request once, with hyper's client.
pub(crate) fn once(serve: &Serve, sent: Sent) -> Received {
    runtime().block_on(async {
        let (near, far) = duplex(BUFFER);
        serve(far);
        let mut request = crate::service::request(sent.head).map(|()| Full::new(Bytes::from_static(sent.body)));
        let near = TokioIo::new(near);
        let response = if sent.protocol == Protocol::Http2 {
            let uri = format!("http://shop.example{}", request.uri());
            *request.uri_mut() = uri.parse().unwrap();
            let (mut client, connection) = client::conn::http2::handshake(TokioExecutor::new(), near).await.unwrap();
            tokio::spawn(connection);
            client.send_request(request).await.unwrap()
        } else {
            let (mut client, connection) = client::conn::http1::handshake(near).await.unwrap();
            tokio::spawn(connection);
            client.send_request(request).await.unwrap()
        };
        let (mut parts, body) = response.into_parts();
        let body = body.collect().await.unwrap();
        parts.headers.extend(body.trailers().cloned().unwrap_or_default());
        let mut fields: Vec<_> =
            parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let is_http2 = sent.protocol == Protocol::Http2;
        fields.retain(|(name, _)| name != "date" && !(is_http2 && name == "content-length"));
        // tonic encodes spaces, which gRPC does not require.
        for (_, value) in fields.iter_mut().filter(|(name, _)| name == "grpc-message") {
            *value = String::from_utf8_lossy(value).replace("%20", " ").into_bytes();
        }
        fields.sort();
        (parts.status.as_u16(), fields, body.to_bytes())
    })
}
