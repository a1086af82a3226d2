use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(404, transparent, title = "Stock")]
    Stock(#[source] std::io::Error),
    #[status(from_error, title = "Database", expose)]
    Database(#[source] std::io::Error, #[status(extension = "table")] u64),
    #[status(transparent, from_error)]
    Both(#[source] std::io::Error),
}

fn main() {}
