use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404)]
struct Shop(#[status(extension)] u64);

fn main() {}
