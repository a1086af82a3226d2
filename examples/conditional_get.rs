//! What need not be sent again leaves as a 304. `cargo run --example conditional_get`

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use serde_json::json;
use tokio::net::TcpListener;
use tower_status::{ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators};

/// The version of the one row that this database has.
type Version = Arc<AtomicU64>;

/// The row's version is its entity tag: a client that has this version gets a 304 before the expensive part.
async fn order(State(version): State<Version>, preconditions: Preconditions) -> Result<impl IntoResponse, Status> {
    let version = version.load(Ordering::Acquire);
    let tag = ETag::strong(format!("order-7-v{version}")).map_err(Status::from_error)?;
    preconditions.check(Some(&Validators::new().with_etag(tag.clone())))?;
    // From here on it is expensive.
    Ok(([("etag", tag.to_string())], Json(json!({ "id": 7, "item": "seven tulips", "version": version }))))
}

async fn change(State(version): State<Version>) -> String {
    format!("version {}\n", version.fetch_add(1, Ordering::AcqRel) + 1)
}

/// No version at hand: the layer makes a tag of the content.
async fn catalogue() -> String {
    "a tulip, red, two euros\n".repeat(1000)
}

fn app() -> Router {
    Router::new()
        .route("/orders/7", get(order).post(change))
        .route("/catalogue", get(catalogue).layer(ConditionalLayer::new().generate_etags(64 * 1024)))
        .layer(StatusMapLayer::new())
        .with_state(Arc::new(AtomicU64::new(1)))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".into());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/orders/7                                     200 with its tag");
    println!("  curl -i -H 'if-none-match: \"order-7-v1\"' {url}/orders/7    304 without a body");
    println!("  curl -i -X POST {url}/orders/7                             the order changes: 200 again");
    println!("  curl -i {url}/catalogue                                    200 with a tag of its content");
    axum::serve(listener, app()).await
}
