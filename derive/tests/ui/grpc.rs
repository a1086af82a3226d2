use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(503, grpc = UNAVAILBLE)]
    Misspelt,
    #[status(503, grpc = OK)]
    NoError,
    #[status(503, grpc = "UNAVAILABLE")]
    Text,
}

fn main() {}
