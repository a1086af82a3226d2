use tower_status::{IntoStatus, Status};

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(axum)]
enum Shop {
    #[status(304)]
    Unchanged,
    NoSuchOrder,
    #[status(404, titel = "Order deleted")]
    Deleted,
}

// None of these adds an error.
async fn handler() -> Result<(), Shop> {
    Err(Shop::Deleted)
}

fn main() {
    let _ = Status::from(Shop::Unchanged);
    let _ = axum::Router::<()>::new().route("/", axum::routing::get(handler));
    println!("{:?}", Shop::STATUSES);
}
