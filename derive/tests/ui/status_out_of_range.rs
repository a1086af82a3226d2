use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(200)]
    Fine,
    #[status(600)]
    Beyond,
    #[status(StatusCode::CREATED)]
    Created,
    #[status(70000)]
    NoStatus,
}

fn main() {}
