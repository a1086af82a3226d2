//! Connections in memory: hyper's server around a service, and hyper's client, which exchange real bytes and frames.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::Full;
use hyper::{body::Incoming, client, server};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tokio::{io::duplex, sync::Mutex};
use tower::{Service, service_fn, util::BoxCloneService};
use tower_status::BoxError;

/// A client of one connection. It sends the requests of [`request`](super::request), whose target is a path.
pub(crate) type Client = BoxCloneService<Request<Full<Bytes>>, Response<Incoming>, hyper::Error>;

const BUFFER: usize = 64 * 1024;

/// Serves one HTTP/2 connection.
pub(crate) async fn http2<S, B>(service: S) -> Client
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let (near, far) = duplex(BUFFER);
    let server = server::conn::http2::Builder::new(TokioExecutor::new());
    tokio::spawn(server.serve_connection(TokioIo::new(far), TowerToHyperService::new(service)));
    let handshake = client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    BoxCloneService::new(service_fn(move |mut request: Request<Full<Bytes>>| {
        let mut sender = sender.clone();
        // RFC 9113 §8.3.1: a request has a scheme and an authority.
        *request.uri_mut() = format!("http://shop.example{}", request.uri()).parse::<Uri>().unwrap();
        async move { sender.send_request(request).await }
    }))
}

/// Serves one HTTP/1.1 connection. A response has to be read before the next request.
pub(crate) async fn http1<S, B>(service: S) -> Client
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let (near, far) = duplex(BUFFER);
    let server = server::conn::http1::Builder::new();
    tokio::spawn(server.serve_connection(TokioIo::new(far), TowerToHyperService::new(service)));
    let (sender, connection) = client::conn::http1::handshake(TokioIo::new(near)).await.unwrap();
    tokio::spawn(connection);
    let sender = Arc::new(Mutex::new(sender));
    BoxCloneService::new(service_fn(move |request| {
        let sender = Arc::clone(&sender);
        async move {
            let mut sender = sender.lock().await;
            sender.ready().await?;
            sender.send_request(request).await
        }
    }))
}
