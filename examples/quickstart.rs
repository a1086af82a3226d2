//! A small shop with every kind of error. Start it with `cargo run --example quickstart` and try the lines it prints.

use std::{io, time::Duration};

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, time::sleep};
use tower::{limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_status::{IntoStatus, OrStatus, Status, StatusMapLayer};

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("order {0} does not exist")]
    NoSuchOrder(u64),
    #[error("order {0} was deleted")]
    Deleted(u64),
    #[error("sign in to see your account")]
    SignIn,
    #[error("the card provider is down")]
    Card(#[from] io::Error),
}

impl IntoStatus for ShopError {
    fn status(&self) -> Status {
        match self {
            Self::NoSuchOrder(id) => Status::not_found().with_extension("order_id", id),
            Self::Deleted(_) => Status::gone().with_title("Order deleted"),
            Self::SignIn => Status::unauthorized(r#"Bearer realm="shop""#),
            Self::Card(_) => Status::service_unavailable().with_retry_after(Duration::from_secs(30)),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Order {
    id: u64,
    item: String,
}

async fn order(Path(id): Path<u64>) -> Result<Json<Order>, Status> {
    match id {
        7 => Ok(Json(Order { id, item: "seven tulips".into() })),
        9 => Err(ShopError::Deleted(id))?,
        _ => Err(ShopError::NoSuchOrder(id))?,
    }
}

async fn new_order(Json(order): Json<Order>) -> Result<StatusCode, Status> {
    (order.id == 10).then_some(StatusCode::CREATED).or_status((StatusCode::CONFLICT, "the next order is number 10"))
}

async fn account() -> Result<(), Status> {
    Err(ShopError::SignIn)?
}

async fn pay() -> Result<(), Status> {
    Err(ShopError::Card(io::Error::other("connect to 10.0.0.7 as shop:tulip: refused")))?
}

async fn invoice() -> Result<String, Status> {
    Ok(std::fs::read_to_string("/no/such/invoice")?) // a foreign error: 500, and nothing of it is shown
}

async fn any_status(Path(code): Path<u16>) -> Status {
    match StatusCode::from_u16(code) {
        Ok(status) if (200..600).contains(&code) => Status::new(status),
        _ => Status::bad_request().with_detail("a status code is a number from 200 to 599"),
    }
}

fn app() -> Router {
    Router::new()
        .route("/orders", post(new_order))
        .route("/orders/{id}", get(order))
        .route("/account", get(account))
        .route("/pay", get(pay))
        .route("/invoice", get(invoice))
        .route("/slow", get(async || sleep(Duration::from_secs(60)).await))
        .route("/status/{code}", get(any_status))
        .layer((
            StatusMapLayer::new(), // the first is outermost: from here on no error is left
            TimeoutLayer::new(Duration::from_secs(1)),
            (LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(512)),
        ))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().init();
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".into());
    let listener = TcpListener::bind(address).await?;
    examples::print_tour(listener.local_addr()?);
    axum::serve(listener, app()).await
}
