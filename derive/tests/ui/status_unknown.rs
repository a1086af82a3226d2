use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(NOT_FUOND)]
    Swapped,
    #[status(StatusCode::TEAPOT)]
    NoConstant,
    #[status(NotFound)]
    Variant,
    #[status("404")]
    Text,
    #[status = 404]
    Equals,
    #[status]
    Bare,
}

fn main() {}
