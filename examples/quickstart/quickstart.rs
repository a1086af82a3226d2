//! A small shop with every kind of error. Run `cargo run --example quickstart` and try the lines that it prints.

use std::{
    io::{self, IsTerminal},
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
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use tower::{limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_status::{IntoStatus, Status, StatusMapLayer};

mod status;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum)]
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

#[derive(Serialize, Deserialize)]
struct Order {
    id: u64,
    item: String,
}

/// The number of the next order.
static NEXT: AtomicU64 = AtomicU64::new(10);

async fn order(Path(id): Path<u64>) -> Result<Json<Order>, ShopError> {
    match id {
        7 => Ok(Json(Order { id, item: "seven tulips".into() })),
        9 => Err(ShopError::Deleted(id)),
        _ => Err(ShopError::NoSuchOrder(id)),
    }
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
    Ok(std::fs::read_to_string("/no/such/invoice")?) // a foreign error: a 500 that hides it
}

fn app() -> Router {
    Router::new()
        .route("/orders", get(next_order).post(new_order))
        .route("/orders/{id}", get(order))
        .route("/account", get(async || ShopError::SignIn))
        .route("/pay", get(async || ShopError::Card(io::Error::other("shop:tulip@10.0.0.7: refused"))))
        .route("/invoice", get(invoice))
        .route("/slow", get(async || sleep(Duration::from_secs(60)).await))
        .route("/status/{code}", get(status::any_status))
        .layer((
            StatusMapLayer::new(), // the first layer is the outermost: it maps the errors of the others
            TimeoutLayer::new(Duration::from_secs(1)),
            (LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(512)),
        ))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_ansi(io::stdout().is_terminal()).init();
    let listener = quickstart::listen().await;
    quickstart::print_tour(listener.local_addr()?);
    axum::serve(listener, app()).await
}
