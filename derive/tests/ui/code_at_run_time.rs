use axum::http::StatusCode;
use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(502)]
    Code(#[status(code)] StatusCode),
    #[status(challenge = "Bearer", allow = "GET", location = "/")]
    Keys(#[status(code)] StatusCode),
    Twice(#[status(code)] StatusCode, #[status(code)] StatusCode),
    Location(#[status(code)] StatusCode, #[status(location)] String),
    #[status(from_error)]
    FromError(#[source] std::io::Error, #[status(code)] StatusCode),
    Value(#[status(code = 502)] StatusCode),
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
struct Number(#[status(code)] u16);

fn main() {}
