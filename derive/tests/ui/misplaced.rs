use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404, title = "Order missing", source, code = 404)]
enum Shop {
    #[status(404, axum, default = 500, source, public, code)]
    Variant,
    #[status(404)]
    Field(#[status(404, title = "Order missing", axum)] u64),
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404, default = 500)]
struct Alone;

fn main() {}
