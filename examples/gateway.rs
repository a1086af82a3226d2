//! A gateway with hyper-util's client, and the errors of the upstream that it passes on. `cargo run --example gateway`

use std::{io, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{Request, StatusCode, Uri},
    response::Response,
    routing::get,
};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpListener;
use tower::timeout::TimeoutLayer;
use tower_status::{Status, StatusMapLayer};

#[derive(Clone)]
struct Gateway {
    client: Client<HttpConnector, Body>,
    upstream: String,
}

/// Forwards a GET. Errors that the client can act on are passed on; any other error of the upstream is a 502.
async fn forward(State(gateway): State<Gateway>, uri: Uri) -> Result<Response, Status> {
    let request = Request::get(format!("{}{uri}", gateway.upstream)).body(Body::empty()).map_err(Status::from_error)?;
    // The layer maps the error.
    let response = gateway.client.request(request).await.map_err(Status::from_error)?;
    let (parts, body) = response.into_parts();
    if parts.status.as_u16() < 400 {
        return Ok(Response::from_parts(parts, Body::new(body)));
    }
    // Not `from_error`: a body that is too long is the upstream's fault, not a 413.
    let body = to_bytes(Body::new(body), 64 * 1024).await.map_err(|error| Status::bad_gateway().with_source(error))?;
    match Status::from_problem(&parts, &body) {
        Some(problem) if [StatusCode::NOT_FOUND, StatusCode::TOO_MANY_REQUESTS].contains(&problem.code()) => {
            Err(problem)
        }
        // A source is only in the log; exposed, with the detail that a 5xx hides.
        Some(problem) => Err(Status::bad_gateway().with_source(problem.expose())),
        None => Err(Status::bad_gateway()),
    }
}

async fn order(Path(id): Path<u64>) -> Result<&'static str, Status> {
    match id {
        7 => Ok("seven tulips\n"),
        _ => Err(Status::not_found().with_detail(format!("order {id} does not exist")).with_extension("order_id", id)),
    }
}

/// Starts the service behind the gateway, and returns its address.
async fn upstream() -> io::Result<String> {
    let busy = || async { Status::too_many_requests().with_retry_after(Duration::from_secs(5)) };
    let broken = || async { Status::internal_server_error().with_detail("tulip: no such table").expose() };
    let shop = Router::new()
        .route("/orders/{id}", get(order))
        .route("/busy", get(busy))
        .route("/broken", get(broken))
        .layer(StatusMapLayer::new());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, shop).await });
    Ok(address)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().init();
    let gateway = Gateway { client: Client::builder(TokioExecutor::new()).build_http(), upstream: upstream().await? };
    // No server listens on the port of a closed listener.
    let closed = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let down = Gateway { upstream: format!("http://{closed}"), ..gateway.clone() };
    let app =
        Router::new().route("/down", get(forward).with_state(down)).fallback(get(forward).with_state(gateway)).layer((
            // A refused connection, or one that ends too early.
            StatusMapLayer::new().map_error(|_: &Error| Some(Status::bad_gateway())),
            TimeoutLayer::new(Duration::from_secs(10)),
        ));

    let listener = examples::listen().await;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/orders/8    404, passed on with its members");
    println!("  curl -i {url}/busy        429, passed on with its Retry-After");
    println!("  curl -i {url}/broken      502, the problem of the upstream is only in the log");
    println!("  curl -i {url}/down        502, the connection is refused");
    axum::serve(listener, app).await
}
