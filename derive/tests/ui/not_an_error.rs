use tower_status::{IntoStatus, Status};

#[derive(Debug, IntoStatus)]
#[status(404, axum)]
struct Shop;

#[derive(IntoStatus)]
#[status(default = 500)]
enum Stock {
    Closed,
}

// None of these adds an error.
async fn handler() -> Result<(), Shop> {
    Err(Shop)
}

fn main() {
    let _ = Status::from(Shop);
    let _ = Status::from(Stock::Closed);
    let _ = axum::Router::<()>::new().route("/", axum::routing::get(handler));
}
