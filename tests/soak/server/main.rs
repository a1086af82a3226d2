//! The server of the soak: a shop over HTTP, gRPC, gRPC-Web and Connect behind compression, which counts its live heap.

/// The generated code of the Connect service.
#[path = "../../../examples/shop/connect.rs"]
#[allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]
mod connect;
mod rpc;
/// The generated code of the gRPC service.
#[path = "../../../examples/shop/v1.rs"]
#[allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]
mod shop;
#[path = "../../../examples/quickstart/status.rs"]
mod status;

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::extract::{Json, Path};
use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use peak_alloc::PeakAlloc;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, time::sleep};
use tower::{limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_status::{ConditionalLayer, IntoStatus, Status, StatusMapLayer};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, tonic, connect)]
enum ShopError {
    #[error("order {0} does not exist")]
    #[status(404)]
    NoSuchOrder(#[status(extension = "order_id")] u64),
    #[error("order {0} was deleted")]
    #[status(410, type = "/problems/order-deleted", title = "Order deleted")]
    Deleted(u64),
    #[error("sign in to see your account")]
    #[status(401, challenge = r#"Bearer realm="shop""#)]
    SignIn,
    #[error("the card provider is down")]
    #[status(503, retry_after = 30)]
    Card(#[from] io::Error),
}

/// Returns an error whose text no client may see.
fn refused() -> ShopError {
    ShopError::Card(io::Error::other("shop:tulip@10.0.0.7: refused"))
}

/// Returns the item of an order.
fn find(id: u64) -> Result<&'static str, ShopError> {
    match id {
        5 => Err(refused()),
        6 | 7 | 10 => Ok("seven tulips"),
        9 => Err(ShopError::Deleted(id)),
        _ => Err(ShopError::NoSuchOrder(id)),
    }
}

#[derive(Serialize, Deserialize)]
struct Order {
    id: u64,
    item: String,
}

/// The number of the next order.
static NEXT: AtomicU64 = AtomicU64::new(10);

async fn order(Path(id): Path<u64>) -> Result<Json<Order>, ShopError> {
    find(id).map(|item| Json(Order { id, item: item.into() }))
}

async fn next_order() -> Response {
    let next = NEXT.load(Ordering::Acquire);
    let tag = format!("\"{next}\"");
    ([("etag", &*tag), ("cache-control", "max-age=1")], format!("the next order is number {next}\n")).into_response()
}

async fn new_order(Json(order): Json<Order>) -> Result<StatusCode, Status> {
    let taken = NEXT.compare_exchange(order.id, order.id.saturating_add(1), Ordering::AcqRel, Ordering::Acquire);
    taken.map(|_| StatusCode::CREATED).map_err(|_| Status::conflict().with_detail("take the next number"))
}

async fn invoice() -> Result<String, Status> {
    Ok(std::fs::read_to_string("/no/such/invoice")?)
}

fn app() -> Router {
    // The messages of a stream are compressed one by one, if at all.
    let no_stream = NotForContentType::const_new("application/connect+");
    let bulbs = get(async || "a tulip in a color that has no name\n".repeat(200));
    Router::new()
        .route("/orders", get(next_order).post(new_order))
        .route("/orders/{id}", get(order))
        .route("/bulbs", bulbs.layer(ConditionalLayer::new().generate_weak_etags(64 << 10)))
        .route("/account", get(async || ShopError::SignIn))
        .route("/pay", get(async || refused()))
        .route("/invoice", get(invoice))
        .route("/slow", get(async || sleep(Duration::from_secs(60)).await))
        .route("/status/{code}", get(status::any_status))
        .route_service("/shop.v1.Shop/{method}", rpc::grpc())
        .nest_service("/connect", rpc::connect())
        .layer((
            CompressionLayer::new().compress_when(DefaultPredicate::new().and(no_stream)),
            StatusMapLayer::new(),
            TimeoutLayer::new(Duration::from_secs(1)),
            (LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(512)),
        ))
        .route("/heap", get(async || HEAP.current_usage().to_string()))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app()).await
}
