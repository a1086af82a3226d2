//! A client that already has the current version gets a 304. `cargo run --example conditional_get`

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};
use tower_status::{ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators};

/// The only row of this database.
#[derive(Clone)]
struct Row {
    version: u64,
    changed: SystemTime,
}

type Database = Arc<Mutex<Row>>;

/// Returns the order, or a 304 before the expensive part if the client has the current version.
async fn order(State(row): State<Database>, preconditions: Preconditions) -> Result<(Validators, Json<Value>), Status> {
    let Row { version, changed } = row.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let tag = ETag::strong(format!("order-7-v{version}")).map_err(Status::from_error)?;
    let current = Validators::new().with_etag(tag).with_last_modified(changed);
    preconditions.check(Some(&current))?;
    // The expensive part begins here.
    Ok((current, Json(json!({ "id": 7, "item": "seven tulips", "version": version }))))
}

async fn change(State(row): State<Database>) -> String {
    let mut row = row.lock().unwrap_or_else(PoisonError::into_inner);
    *row = Row { version: row.version + 1, changed: SystemTime::now() };
    format!("version {}\n", row.version)
}

/// Has no version: the layer generates an entity tag from the content.
async fn catalog() -> String {
    "a tulip, red, two euros\n".repeat(1000)
}

fn app() -> Router {
    Router::new()
        .route("/orders/7", get(order).post(change))
        .route("/catalog", get(catalog).layer(ConditionalLayer::new().generate_etags(64 * 1024)))
        .layer(StatusMapLayer::new())
        .with_state(Arc::new(Mutex::new(Row { version: 1, changed: SystemTime::now() })))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = examples::listen().await;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/orders/7                                     200 with its entity tag");
    println!("  curl -i -H 'if-none-match: \"order-7-v1\"' {url}/orders/7    304 without a body");
    println!(
        "  curl -i -X POST {url}/orders/7                             changes the order: the line above then gets a 200"
    );
    println!("  curl -i {url}/catalog                                      200 with a tag generated from its content");
    axum::serve(listener, app()).await
}
