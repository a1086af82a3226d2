//! What need not be sent again leaves as a 304. `cargo run --example conditional_get`

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_status::{ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators};

/// The one row that this database has.
#[derive(Clone)]
struct Row {
    version: u64,
    changed: SystemTime,
}

type Database = Arc<Mutex<Row>>;

/// A client that has this version gets a 304 before the expensive part.
async fn order(State(row): State<Database>, asked: Preconditions) -> Result<(Validators, Json<Value>), Status> {
    let Row { version, changed } = row.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let tag = ETag::strong(format!("order-7-v{version}")).map_err(Status::from_error)?;
    let current = Validators::new().with_etag(tag).with_last_modified(changed);
    asked.check(Some(&current))?;
    // From here on it is expensive.
    Ok((current, Json(json!({ "id": 7, "item": "seven tulips", "version": version }))))
}

async fn change(State(row): State<Database>) -> String {
    let mut row = row.lock().unwrap_or_else(PoisonError::into_inner);
    *row = Row { version: row.version + 1, changed: SystemTime::now() };
    format!("version {}\n", row.version)
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
        .with_state(Arc::new(Mutex::new(Row { version: 1, changed: SystemTime::now() })))
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
