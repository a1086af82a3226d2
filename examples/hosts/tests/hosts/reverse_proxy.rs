//! A reverse proxy with hyper-util's client: `fill(false)` and `conditional(false)` leave the responses of the upstream
//! alone (RFC 9110 §13.2.1); only errors of the proxy itself are written.

use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{Service, ServiceBuilder, service_fn};
use tower_status::{Status, StatusMapLayer};

/// Sends a request to the upstream.
async fn forward(
    client: Client<HttpConnector, Incoming>,
    upstream: String,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, Status> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("{upstream}{path}").parse::<Uri>().map_err(Status::from_error)?;
    client.request(request).await.map_err(Status::from_error)
}

/// Serves on a free port, and returns its address.
async fn serve<S, B>(service: S) -> String
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: std::error::Error + Send + Sync,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let connection = auto::Builder::new(TokioExecutor::new());
                let _ = connection.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    url
}

async fn proxy(upstream: String) -> String {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let layer = StatusMapLayer::new().fill(false).conditional(false).map_error(|_: &Error| Some(Status::bad_gateway()));
    let forward = move |request| forward(client.clone(), upstream.clone(), request);
    serve(ServiceBuilder::new().layer(layer).service(service_fn(forward))).await
}

#[tokio::test]
async fn responses_of_the_upstream_pass_and_a_refused_connection_is_a_502() {
    let upstream = serve(service_fn(async |request: Request<Incoming>| {
        let mut response = Response::new(Full::<Bytes>::from(match request.uri().path() {
            "/missing" => "",
            path => find(path),
        }));
        if request.uri().path() == "/missing" {
            *response.status_mut() = http::StatusCode::NOT_FOUND;
        }
        response.headers_mut().insert("etag", http::HeaderValue::from_static("\"v1\""));
        Ok::<_, std::convert::Infallible>(response)
    }))
    .await;
    let (client, url) = (reqwest::Client::new(), proxy(upstream).await);

    let order = client.get(format!("{url}/orders/7")).header("if-none-match", "\"v1\"").send().await.unwrap();
    assert_eq!(order.status(), 200, "the upstream decides about conditions");
    assert_eq!(order.text().await.unwrap(), "seven tulips");

    let missing = client.get(format!("{url}/missing")).send().await.unwrap();
    assert_eq!((missing.status().as_u16(), missing.headers().get("content-type")), (404, None));
    assert_eq!(missing.text().await.unwrap(), "");

    // Nothing listens on the port of a listener that is closed.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = reqwest::get(proxy(format!("http://{closed}")).await).await.unwrap();
    assert_eq!(refused.status(), 502);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
}

fn find(path: &str) -> &'static str {
    hosts::find(path).unwrap_or("nothing")
}
