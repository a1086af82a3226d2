use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(default = 204)]
enum Shop {
    Empty,
}

fn main() {}
