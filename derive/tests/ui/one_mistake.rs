//! One mistake is one error: after it, nothing is reported as missing.
use tower_status::IntoStatus;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(defualt = 500)]
enum Misspelt {
    NoSuchOrder,
    SoldOut,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(500)]
enum Code {
    NoSuchOrder,
    SoldOut,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(title = "Sold out")]
enum Misplaced {
    NoSuchOrder,
    SoldOut,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status("500")]
enum Syntax {
    NoSuchOrder,
    SoldOut,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(default)]
enum NoValue {
    NoSuchOrder,
    SoldOut,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
enum Variants {
    #[status(426, header("Upgrade", "h2c"))]
    Header,
    CodeAtRunTime(#[status(cod)] axum::http::StatusCode),
    #[status(303)]
    Location(#[status(locaton)] String),
}

fn main() {}
