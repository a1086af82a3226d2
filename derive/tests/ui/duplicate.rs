use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(axum, axum, crate = "::tower_status", crate = "::tower_status")]
enum Shop {
    #[status(404, title = "A", title = "B")]
    Key,
    #[status(404)]
    #[status(410)]
    Status,
    #[status(503, retry_after = 1)]
    KeyAndField(#[status(retry_after)] u64),
    #[status(404, header("Expires" = "0"), header("expires" = "0"))]
    Field,
    #[status(404)]
    Extension(#[status(extension = "id")] u64, #[status(extension = "id")] u64),
}

fn main() {}
