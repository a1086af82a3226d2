use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(403, challenge = "Bearer")]
    Challenge,
    #[status(404, location = "/orders")]
    Location,
    #[status(404, expose)]
    Expose,
}

fn main() {}
