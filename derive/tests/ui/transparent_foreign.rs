use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(transparent)]
    Database(#[source] std::num::ParseIntError),
}

fn main() {}
