use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404)]
struct Stock;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(transparent)]
    Two(Stock, Stock),
    #[status(transparent)]
    None,
    Twice(#[status(transparent)] Stock, #[status(transparent)] Stock),
    #[status(404)]
    Code(#[status(transparent)] Stock, u8),
}

fn main() {}
