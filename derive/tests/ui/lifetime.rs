use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404)]
struct Shop<'a>(&'a str);

fn status() -> tower_status::Status {
    Shop("x").into()
}

fn main() {}
