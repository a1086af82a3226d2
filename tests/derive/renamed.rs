//! A crate that knows tower-status by another name.

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
fn another_name_of_the_crate() {
    assert_eq!(renamed::Status::from(Stock::from(SoldOut)).code(), 409);
}
