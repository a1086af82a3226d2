use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(transparent)]
    Two(std::io::Error, std::io::Error),
    #[status(transparent)]
    None,
}

fn main() {}
