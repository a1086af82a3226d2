//! The reason phrase of an upstream, over real HTTP/1.1: hyper's client keeps it in the extensions of a response, and
//! hyper's server sends it. The feature `hyper` removes it from a response that is replaced.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, client, server};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tower::{BoxError, Layer, Service, service_fn};
use tower_status::{ConditionalLayer, KeepBody, Status, StatusMapLayer};

const SECRET: &str = "secret of the upstream";

/// Forwards the response of an upstream that sends these bytes.
fn proxy(
    upstream: String,
    keep_body: bool,
) -> impl Service<
    Request<Incoming>,
    Response = http::Response<Incoming>,
    Error = BoxError,
    Future: Future<Output = Result<http::Response<Incoming>, BoxError>> + Send,
> + Clone
+ Send {
    service_fn(move |_: Request<Incoming>| {
        let upstream = upstream.clone();
        async move {
            let (near, mut far) = duplex(4096);
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let _ = far.read(&mut request).await;
                let _ = far.write_all(upstream.as_bytes()).await;
            });
            let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(near)).await?;
            tokio::spawn(connection);
            let mut response = sender.send_request(Request::new(Empty::<Bytes>::new())).await?;
            if keep_body {
                response.extensions_mut().insert(KeepBody);
            }
            Ok(response)
        }
    })
}

/// Returns the status line that a client reads.
async fn status_line<S, B>(service: S, fields: &str) -> String
where
    S: Service<Request<Incoming>, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let (mut near, far) = duplex(64 * 1024);
    let service = TowerToHyperService::new(service);
    let connection = server::conn::http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(far), service);
    tokio::spawn(connection);
    near.write_all(format!("GET / HTTP/1.1\r\nhost: a\r\n{fields}\r\n").as_bytes()).await.unwrap();
    let mut response = String::new();
    near.read_to_string(&mut response).await.unwrap();
    response.lines().next().unwrap().to_owned()
}

struct Row {
    name: &'static str,
    upstream: &'static str,
    keep_body: bool,
    fill: bool,
    request: &'static str,
    sent: &'static str,
    /// The response has the upstream's code and body.
    is_kept: bool,
}

#[tokio::test]
async fn the_reason_phrase_of_an_upstream_is_not_sent_with_a_response_that_is_replaced() {
    let text = "content-type: text/plain\r\ncontent-length: 2\r\n\r\nit";
    let html = "content-type: text/html\r\ncontent-length: 2\r\n\r\nit";
    let tagged = "etag: \"v7\"\r\ncontent-length: 2\r\n\r\nit";
    let row =
        |name, upstream, sent| Row { name, upstream, keep_body: false, fill: true, request: "", sent, is_kept: false };
    let kept = |name, upstream, sent| Row { is_kept: true, ..row(name, upstream, sent) };
    let rows = [
        (row("the text of a 5xx", "500", "500 Internal Server Error"), text),
        (row("the text of a 4xx", "409", "409 Conflict"), text),
        (row("a concealed text", "403", "404 Not Found"), text),
        (row("a concealed page", "403", "404 Not Found"), html),
        (Row { fill: false, ..row("concealed in a proxy", "403", "404 Not Found") }, html),
        (Row { keep_body: true, ..row("concealed in spite of KeepBody", "403", "404 Not Found") }, html),
        (Row { request: "if-none-match: \"v7\"\r\n", ..row("a 304", "200", "304 Not Modified") }, tagged),
        (Row { request: "if-match: \"v1\"\r\n", ..row("a 412", "200", "412 Precondition Failed") }, tagged),
        (kept("a success", "200", "200 OK"), tagged),
        (kept("a page of a 5xx", "500", "500 Internal Server Error"), html),
        (Row { fill: false, ..kept("the text of a 5xx in a proxy", "500", "500 Internal Server Error") }, text),
        (Row { keep_body: true, ..kept("KeepBody", "500", "500 Internal Server Error") }, text),
    ];
    for (row, rest) in rows {
        let upstream = format!("HTTP/1.1 {} {SECRET}\r\n{rest}", row.upstream);
        let expected = if row.is_kept || cfg!(not(feature = "hyper")) {
            format!("HTTP/1.1 {} {SECRET}", row.sent.split(' ').next().unwrap())
        } else {
            format!("HTTP/1.1 {}", row.sent)
        };
        let layer = StatusMapLayer::new().fill(row.fill).map_status(|status, _| match status.code() {
            StatusCode::FORBIDDEN => Status::not_found(),
            _ => status,
        });
        let line = status_line(layer.layer(proxy(upstream.clone(), row.keep_body)), row.request).await;
        assert_eq!(line, expected, "{}", row.name);
        if !row.request.is_empty() {
            let line = status_line(ConditionalLayer::new().layer(proxy(upstream, false)), row.request).await;
            assert_eq!(line, expected, "{}, ConditionalLayer alone", row.name);
        }
    }
}

/// A phrase that the application sets beside its `Status` is not an upstream's.
#[tokio::test]
async fn the_reason_phrase_beside_a_status_is_sent() {
    let handler = service_fn(async |_: Request<Incoming>| {
        let mut response = Status::not_found().into_http_response();
        response.extensions_mut().insert(hyper::ext::ReasonPhrase::from_static(b"No Tulip"));
        Ok::<_, Status>(response.map(|body| body.map_err(BoxError::from)))
    });
    assert_eq!(status_line(StatusMapLayer::new().layer(handler), "").await, "HTTP/1.1 404 No Tulip");
}
