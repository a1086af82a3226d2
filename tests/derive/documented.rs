//! The documentation in `STATUSES`.
#![allow(dead_code)] // documented, not constructed

use std::{borrow::Cow, collections::HashMap, io, sync::Arc};

use http::StatusCode;
use serde::Serialize;
use tower_status::{Documented, DocumentedStatus, IntoStatus, MemberSchema, Status, catalog::GrpcCode};

use crate::keys::Keyed;

const fn one(code: StatusCode, name: &'static str) -> DocumentedStatus {
    DocumentedStatus::new(code).with_name(name)
}

#[derive(Debug, thiserror::Error, IntoStatus)]
enum Stock {
    #[error("{0} sold out")]
    #[status(409, type = "/sold-out")]
    SoldOut(&'static str),
    #[error("stock-taking")]
    #[status(503)]
    Closed,
}

const STOCK: &[Documented] = &[
    Documented::One(one(StatusCode::CONFLICT, "SoldOut").with_type("/sold-out").with_detail("{0} sold out")),
    // Clients do not see the detail of a 5xx.
    Documented::One(one(StatusCode::SERVICE_UNAVAILABLE, "Closed")),
];

/// An error that does not list its statuses.
#[derive(Debug, thiserror::Error)]
#[error("card")]
struct Card;

impl IntoStatus for Card {
    fn status(&self) -> Status {
        Status::payment_required()
    }
}

#[derive(Debug, thiserror::Error, IntoStatus)]
enum Shop<E> {
    #[error("order {order_id} does not exist")]
    #[status(404, title = "Missing", type = "/missing")]
    NoSuchOrder { order_id: u64 },
    #[error("internal {0}")]
    #[status(404, detail = "no order {0:?}")]
    Detail(u64),
    #[error("shown {0}")]
    #[status(500, expose)]
    Exposed(u64),
    #[error(transparent)]
    #[status(transparent)]
    Stock(#[from] Stock),
    #[error("boxed")]
    #[status(transparent)]
    Boxed(#[source] Box<Stock>),
    #[error("generic")]
    #[status(transparent)]
    Generic(E),
    #[error("card")]
    #[status(transparent)]
    Card(Box<Card>),
    #[error("foreign")]
    #[status(from_error)]
    Foreign(#[source] io::Error),
    #[error("upstream {code}")]
    #[status(title = "Upstream")]
    Upstream {
        #[status(code)]
        code: StatusCode,
    },
}

#[test]
fn variants_are_listed_in_their_order() {
    const KEYED: &[Documented] = &[Documented::One(
        one(StatusCode::NOT_FOUND, "Keyed")
            .with_title("Missing")
            .with_detail("message")
            .with_headers(&["x-a"])
            .with_extensions(&[("code", MemberSchema::Constant("missing")), ("id", MemberSchema::Integer)]),
    )];
    assert_eq!(Stock::STATUSES, Some(STOCK));
    assert_eq!(Keyed::STATUSES, Some(KEYED));
    let missing = one(StatusCode::NOT_FOUND, "NoSuchOrder").with_title("Missing").with_type("/missing");
    let expected = [
        Documented::One(missing.with_detail("order {order_id} does not exist")),
        Documented::One(one(StatusCode::NOT_FOUND, "Detail").with_detail("no order {0:?}")),
        Documented::One(one(StatusCode::INTERNAL_SERVER_ERROR, "Exposed").with_detail("shown {0}")),
        Documented::All(STOCK),
        Documented::All(STOCK),
        Documented::All(KEYED),
        Documented::Undocumented("Card"),
        Documented::One(one(StatusCode::INTERNAL_SERVER_ERROR, "Foreign")),
        Documented::One(
            DocumentedStatus::any_code().with_name("Upstream").with_title("Upstream").with_detail("upstream {code}"),
        ),
    ];
    assert_eq!(Shop::<Keyed>::STATUSES, Some(&expected[..]));
}

#[test]
fn tree_is_walked_depth_first() {
    let shop = Documented::of::<Shop<Keyed>>();
    let codes: Vec<_> = shop.iter().map(|status| status.code.map(|code| code.as_u16())).collect();
    let expected = [404, 404, 500, 409, 503, 409, 503, 404, 500].map(Some);
    assert_eq!(codes, [&expected[..], &[None]].concat());
    assert_eq!(shop.undocumented().collect::<Vec<_>>(), ["Card"]);
    let card: Vec<_> = Documented::of::<Card>().undocumented().collect();
    assert!(matches!(&*card, [name] if name.ends_with("::Card")), "{card:?}");
    assert_eq!(Documented::of::<Card>().iter().count(), 0);
}

#[derive(Debug, Serialize)]
struct Line {
    count: u8,
}

type Lines = Vec<u8>;

/// The names of standard types are looked up by the compiler, not by the derive.
mod own {
    #[derive(Debug, serde::Serialize)]
    pub(crate) struct String(u8);
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
#[status(422)]
struct Members<T: std::fmt::Debug> {
    #[status(extension)]
    string: String,
    #[status(extension)]
    text: Cow<'static, str>,
    #[status(extension)]
    own: own::String,
    #[status(extension)]
    integer: u64,
    #[status(extension)]
    number: f32,
    #[status(extension)]
    boolean: bool,
    #[status(extension)]
    optional: Option<Box<str>>,
    #[status(extension)]
    list: Vec<Line>,
    #[status(extension)]
    nested: Box<[Option<&'static str>]>,
    #[status(extension)]
    alias: Lines,
    #[status(extension)]
    map: HashMap<String, Line>,
    #[status(extension)]
    any: serde_json::Value,
    #[status(extension)]
    struct_: Line,
    #[status(extension)]
    generic: T,
}

#[test]
fn schema_of_a_member_is_that_of_its_type() {
    use MemberSchema::{Any, Array, Boolean, Integer, Nullable, Number, Object, String};

    let documented: Vec<_> = Documented::of::<Members<u8>>().iter().collect();
    let [DocumentedStatus { extensions, .. }] = &*documented else { panic!("{documented:?}") };
    let expected = [
        ("string", String),
        ("text", String),
        ("own", Any),
        ("integer", Integer),
        ("number", Number),
        ("boolean", Boolean),
        ("optional", Nullable(&String)),
        ("list", Array(&Any)),
        ("nested", Array(&Nullable(&String))),
        ("alias", Array(&Integer)),
        ("map", Object(&[])),
        ("any", Any),
        ("struct_", Any),
        // The schema is known only for a concrete type.
        ("generic", Any),
    ];
    assert_eq!(*extensions, expected);
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
enum Properties {
    /// The card was declined.
    ///
    ///     The provider decides.
    #[status(402, extension("code" = "declined"), extension("retries" = 3), extension("rate" = 0.5))]
    #[status(extension("final" = true), grpc = ABORTED, advice = "Use another card.")]
    Declined,
    #[status(503, extension("code" = "down", public), retry_after = 30, header("Link" = "</>; rel=help"))]
    #[status(advice = "Is {region} the nearest?")]
    Down {
        #[status(extension, public)]
        region: String,
        #[status(extension)]
        hidden: u8,
    },
    #[status(401, challenge = "Bearer", header("WWW-Authenticate" = "Basic"))]
    SignIn,
    #[status(407, challenge = "Basic")]
    Proxy,
    #[status(405, allow = "GET")]
    ReadOnly(#[status(retry_after)] Option<u8>),
    #[status(303, location = "/")]
    Moved,
    #[status(308)]
    MovedTo(#[status(location)] String),
}

#[test]
fn every_property_that_clients_see_is_listed() {
    use MemberSchema::{Boolean, Constant, Integer, Number, String};

    let down = one(StatusCode::SERVICE_UNAVAILABLE, "Down").with_headers(&["link", "retry-after"]);
    let expected = [
        one(StatusCode::PAYMENT_REQUIRED, "Declined")
            .with_detail("message")
            .with_advice("Use another card.")
            .with_description("The card was declined.\n\n    The provider decides.")
            .with_extensions(&[
                ("code", Constant("declined")),
                ("retries", Integer),
                ("rate", Number),
                ("final", Boolean),
            ])
            .with_grpc_code(GrpcCode::Aborted),
        // The advice is shown on a 5xx, too.
        down.with_advice("Is {region} the nearest?").with_extensions(&[("code", Constant("down")), ("region", String)]),
        one(StatusCode::UNAUTHORIZED, "SignIn").with_detail("message").with_headers(&["www-authenticate"]),
        one(StatusCode::PROXY_AUTHENTICATION_REQUIRED, "Proxy")
            .with_detail("message")
            .with_headers(&["proxy-authenticate"]),
        one(StatusCode::METHOD_NOT_ALLOWED, "ReadOnly").with_detail("message").with_headers(&["allow", "retry-after"]),
        one(StatusCode::SEE_OTHER, "Moved").with_detail("message").with_headers(&["location"]),
        one(StatusCode::PERMANENT_REDIRECT, "MovedTo").with_detail("message").with_headers(&["location"]),
    ];
    assert_eq!(Documented::of::<Properties>().iter().collect::<Vec<_>>(), expected);
}

#[test]
fn type_without_variants_has_no_statuses_and_infallible_neither() {
    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum Never {}

    assert_eq!(Never::STATUSES, Some(&[][..]));
    assert_eq!(std::convert::Infallible::STATUSES, Some(&[][..]));
    assert_eq!(<Box<Stock> as IntoStatus>::STATUSES, Some(STOCK));
    assert_eq!(<Arc<Stock> as IntoStatus>::STATUSES, Some(STOCK));
}
