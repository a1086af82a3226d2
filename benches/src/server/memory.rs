//! What many open requests hold: with the layers of this crate, and with those of tower-http in the same place.

use std::{
    convert::Infallible,
    future::pending,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{StatusCode, Uri, header},
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use http_body::Frame;
use tokio::runtime::Runtime;
use tower::layer::layer_fn;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer, trace::TraceLayer,
};
use tower_status::{ConditionalLayer, StatusMapLayer};

use super::{
    FIREFOX, IDENTITY,
    connection::{Client, Protocol, Sent, Serve, runtime, serve},
    head,
};

/// Requests that stay open, with one layer.
#[derive(Debug)]
pub struct Load {
    /// The layer: a row of the table.
    pub layer: &'static str,
    /// What each request does: a column.
    pub state: &'static str,
    /// How many requests a connection has.
    pub requests: usize,
    sent: Sent,
    app: AddLayer,
}

type AddLayer = fn(Router) -> Router;

/// How many connections there are.
pub const CONNECTIONS: usize = 1000;

const GZIP: &str = "`CompressionLayer`, gzip";
const HOUR: Duration = Duration::from_secs(3600);

/// Returns each layer in each state.
pub fn loads() -> Vec<Load> {
    let layers: [(&str, AddLayer); 8] = [
        (IDENTITY, identity),
        ("`StatusMapLayer`", |app| app.layer(StatusMapLayer::new())),
        ("`ConditionalLayer`", |app| app.layer(ConditionalLayer::new().generate_etags(1 << 20))),
        ("`CatchPanicLayer`", |app| app.layer(CatchPanicLayer::new())),
        ("`TimeoutLayer`", |app| app.layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, HOUR))),
        ("`TraceLayer`", |app| app.layer(TraceLayer::new_for_http())),
        ("`CompressionLayer`, no encoding", |app| app.layer(CompressionLayer::new().no_gzip())),
        (GZIP, |app| app.layer(CompressionLayer::new())),
    ];
    let sent = |protocol, first| Sent { protocol, head: head(first, FIREFOX), body: b"" };
    let (http1, http2) = (Protocol::Http1, Protocol::Http2);
    let mut loads = Vec::new();
    for (layer, app) in layers {
        let mut add = |state, sent, requests| loads.push(Load { layer, state, requests, sent, app });
        add("request in flight, HTTP/1.1", sent(http1, "GET /pending"), 1);
        add("request in flight, HTTP/2", sent(http2, "GET /pending"), 100);
        add("idle stream, HTTP/1.1", sent(http1, "GET /stream"), 1);
        // 100,000 streams with gzip need 30 GiB.
        if layer != GZIP {
            add("idle stream, HTTP/2", sent(http2, "GET /stream"), 100);
        }
    }
    let layer = "identity layer, and the handler keeps the URI";
    let mut add = |state, sent, requests| loads.push(Load { layer, state, requests, sent, app: identity });
    add("request in flight, HTTP/1.1", sent(http1, "GET /pending/uri"), 1);
    add("request in flight, HTTP/2", sent(http2, "GET /pending/uri"), 100);
    loads
}

fn identity(app: Router) -> Router {
    app.layer(layer_fn(|route| route))
}

impl Load {
    /// Starts a server, with one connection for what all connections share.
    pub fn start(&self) -> Open {
        let count = Count::default();
        let routes = Router::new()
            .route("/pending", get(wait))
            .route("/pending/uri", get(wait_with_uri))
            .route("/stream", get(stream))
            .with_state(count.clone());
        let serve = serve((self.app)(routes), self.sent.protocol);
        let clients = Vec::with_capacity(1 + CONNECTIONS);
        let mut open =
            Open { clients, runtime: runtime(), serve, sent: self.sent, requests: self.requests, expected: 0, count };
        open.add(1);
        open
    }
}

/// The open requests of a server.
#[allow(missing_debug_implementations, reason = "the server is a closure")]
pub struct Open {
    clients: Vec<Client>,
    runtime: Runtime,
    serve: Serve,
    sent: Sent,
    requests: usize,
    expected: usize,
    count: Count,
}

impl Open {
    /// Opens connections with all their requests.
    ///
    /// # Panics
    ///
    /// If a request has ended.
    pub fn add(&mut self, connections: usize) {
        self.runtime.block_on(async {
            for _ in 0..connections {
                let mut client = Client::connect(&self.serve, self.sent).await;
                for _ in 0..self.requests {
                    client.send().await;
                    client.settle().await;
                }
                self.clients.push(client);
            }
        });
        self.expected += connections * self.requests;
        assert_eq!(self.count.0.load(Relaxed), self.expected, "requests are open");
    }
}

/// How many requests are open.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

/// Counts its request until it is dropped.
struct Counted(Count);

impl Counted {
    fn new(count: Count) -> Self {
        count.0.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

async fn wait(State(count): State<Count>) {
    let _counted = Counted::new(count);
    pending::<()>().await;
}

async fn wait_with_uri(State(count): State<Count>, uri: Uri) {
    let _counted = (Counted::new(count), uri);
    pending::<()>().await;
}

async fn stream(State(count): State<Count>) -> impl IntoResponse {
    let stream = Stream { first: Some(Bytes::from_static(b"[")), _counted: Counted::new(count) };
    ([(header::CONTENT_TYPE, "application/json")], Body::new(stream))
}

/// A body that is idle after its first bytes.
struct Stream {
    first: Option<Bytes>,
    _counted: Counted,
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.first.take().map_or(Poll::Pending, |first| Poll::Ready(Some(Ok(Frame::data(first)))))
    }
}
