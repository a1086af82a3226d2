//! A crate that depends on tower-status under another name.

extern crate tower_status as renamed;

#[derive(Debug, thiserror::Error, renamed::IntoStatus)]
#[error("sold out")]
#[status(409, crate = "self::renamed")]
struct SoldOut;

#[derive(Debug, thiserror::Error, renamed::IntoStatus)]
#[error("stock")]
#[status(crate = "renamed", default = 500)]
enum Stock {
    #[status(transparent)]
    SoldOut(#[from] SoldOut),
}

#[test]
fn crate_key_replaces_the_path() {
    assert_eq!(renamed::Status::from(Stock::from(SoldOut)).code(), 409);
}
