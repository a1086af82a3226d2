use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(304)]
    Unchanged,
    #[status(NOT_MODIFIED)]
    Unmodified,
}

fn main() {}
