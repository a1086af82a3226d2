//! hyper without a framework, HTTP/1.1 and HTTP/2 on one port. `cargo run --example hyper`

use std::{io, time::Duration};

use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tower::{ServiceBuilder, timeout::TimeoutLayer};
use tower_status::{Status, StatusMapLayer};

async fn shop(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Status> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Ok(Response::new(Full::from("seven tulips\n"))),
        (_, "/") => Err(Status::method_not_allowed("GET")),
        (_, "/report") => Err(Status::from_error(io::Error::other("report.csv: no space left on device"))),
        (_, "/slow") => std::future::pending().await,
        (_, path) => Err(Status::not_found().with_detail(format!("there is nothing at {path}"))),
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().init();
    let listener = examples::listen().await;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/nowhere                 404, a problem document");
    println!("  curl -i -X POST {url}/                405 with Allow");
    println!("  curl -i {url}/slow                    503 after one second");
    println!("  curl -i --http2-prior-knowledge {url}/report   500, the error is only in the log");

    let service = ServiceBuilder::new()
        .layer(StatusMapLayer::new())
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .service_fn(shop);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let connection = auto::Builder::new(TokioExecutor::new());
            if let Err(error) = connection.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("connection: {error}");
            }
        });
    }
}
