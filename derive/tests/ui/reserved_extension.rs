use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404)]
struct Shop {
    #[status(extension)]
    r#type: u64,
    #[status(extension = "detail")]
    order: u64,
    #[status(extension = "")]
    empty: u64,
}

fn main() {}
