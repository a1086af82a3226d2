//! Unit, tuple and struct variants, and structs of each kind.

use tower_status::{IntoStatus, Status};

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(default = 500)]
enum Shop {
    #[status(404)]
    Unit,
    #[status(404)]
    EmptyTuple(),
    #[status(404)]
    EmptyStruct {},
    #[status(404)]
    Tuple(u8, #[status(extension = "second")] u8),
    #[status(404)]
    Struct {
        a: u8,
        #[status(extension)]
        b: u8,
    },
    Default(Box<Self>),
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404)]
struct Unit;

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404)]
struct Tuple(#[status(extension = "id")] u8);

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("x")]
#[status(404)]
struct Struct {
    #[status(extension)]
    id: u8,
}

// An `expr` reaches the derive in an invisible group.
macro_rules! made_by_a_macro {
    ($name:ident $code:literal $title:expr) => {
        #[derive(Debug, thiserror::Error, IntoStatus)]
        #[error("x")]
        #[status($code, title = $title)]
        struct $name;
    };
}

made_by_a_macro! { Made 404 "Made" }

#[test]
fn every_shape_has_a_status() {
    let rows: [(Status, u16, Option<u8>); 9] = [
        (Shop::Unit.into(), 404, None),
        (Shop::EmptyTuple().into(), 404, None),
        (Shop::EmptyStruct {}.into(), 404, None),
        (Shop::Tuple(1, 2).into(), 404, Some(2)),
        (Shop::Struct { a: 1, b: 2 }.into(), 404, Some(2)),
        (Shop::Default(Box::new(Shop::Unit)).into(), 500, None),
        (Unit.into(), 404, None),
        (Tuple(3).into(), 404, Some(3)),
        (Struct { id: 4 }.into(), 404, Some(4)),
    ];
    for (status, code, extension) in rows {
        assert_eq!(status.code(), code, "{status:?}");
        let member = status.extensions().first().map(|(_, value)| value.as_u64().unwrap());
        assert_eq!(member, extension.map(u64::from), "{status:?}");
    }
    assert_eq!(Status::from(Made).title(), Some("Made"));
}
