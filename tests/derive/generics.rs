//! Type parameters, whose bounds the derive writes.

use std::fmt::{Debug, Display};

use tower_status::{Documented, IntoStatus, Status};

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("sold out")]
#[status(409)]
struct SoldOut;

#[derive(Debug, thiserror::Error, IntoStatus)]
enum Shop<T, E, const N: usize>
where
    T: Debug + Clone,
{
    #[error("no order {0}")]
    #[status(404, detail = "no order {0} of {1:?}")]
    NoSuchOrder(#[status(extension = "order")] T, [u8; N]),
    #[error("moved to {0}")]
    #[status(301, location = "/orders/{0}")]
    Moved(T),
    #[error("stock")]
    #[status(transparent)]
    Stock(E),
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("card")]
#[status(from_error)]
struct Card<E>(#[source] E);

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("marked")]
#[status(500)]
struct Marked<E>(#[status(source)] Option<Box<E>>);

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("wait {for_it}")]
#[status(503, retry_after = for_it)]
struct Wait<D: Display = u64> {
    for_it: D,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("both")]
#[status(transparent)]
struct Both<A: IntoStatus>(Box<A>);

#[test]
fn generic_types_have_a_status() {
    let shop: fn(Shop<u64, SoldOut, 2>) -> Status = Status::from;
    let missing = shop(Shop::NoSuchOrder(8, [1, 2]));
    assert_eq!(missing.detail(), Some("no order 8 of [1, 2]"));
    assert_eq!(missing.extension("order").unwrap(), 8);
    assert_eq!(shop(Shop::Moved(8)).headers()["location"], "/orders/8");
    assert_eq!(shop(Shop::Stock(SoldOut)).code(), 409);
    let statuses = Shop::<u64, SoldOut, 2>::STATUSES.unwrap();
    assert_eq!(statuses[2], Documented::All(SoldOut::STATUSES.unwrap()));
    assert_eq!(Status::from(Card(std::fmt::Error)).code(), 500);
    assert_eq!(Status::from(Marked(Some(Box::new(std::fmt::Error)))).code(), 500);
    assert_eq!(Status::from(Wait { for_it: 7 }).headers()["retry-after"], "7");
    assert_eq!(Status::from(Both(Box::new(SoldOut))).detail(), Some("sold out"));
}
