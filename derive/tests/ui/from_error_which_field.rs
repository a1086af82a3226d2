use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Shop {
    #[status(from_error)]
    None,
    #[status(from_error)]
    Which(std::io::Error, std::fmt::Error),
}

fn main() {}
