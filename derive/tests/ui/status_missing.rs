use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(404)]
    NoSuchOrder,
    SoldOut,
    #[status(title = "Order deleted")]
    Deleted,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
struct Alone;

fn main() {}
