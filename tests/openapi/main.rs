//! The errors of an application in its OpenAPI document.
#![cfg(all(feature = "aide", feature = "derive", feature = "utoipa"))]
#![allow(dead_code)] // documented, not constructed
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod aide;
mod description;
mod utoipa;

use http::StatusCode;
use tower_status::{Documented, DocumentedStatus, IntoStatus, MemberSchema, Status};

/// An error that documents its statuses by hand.
#[derive(Debug, thiserror::Error)]
#[error("sold out")]
pub(crate) struct Stock;

impl IntoStatus for Stock {
    fn status(&self) -> Status {
        Status::conflict()
    }
    const STATUSES: Option<&'static [Documented]> = Some(&[
        Documented::One(DocumentedStatus::new(StatusCode::CONFLICT).with_name("SoldOut")),
        Documented::One(DocumentedStatus::new(StatusCode::CONFLICT).with_name("Reserved").with_extensions(&[
            ("any", MemberSchema::Any),
            ("kind", MemberSchema::Constant("reserved")),
            ("note", MemberSchema::Nullable(&MemberSchema::String)),
            ("flag", MemberSchema::Boolean),
            ("price", MemberSchema::Number),
            ("until", MemberSchema::Nullable(&MemberSchema::Any)),
            ("errors", MemberSchema::Array(&MemberSchema::Object(&[("pointer", MemberSchema::String)]))),
        ])),
        Documented::One(DocumentedStatus::new(StatusCode::NOT_MODIFIED)),
    ]);
}

/// An error with codes of the layer.
#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, aide, utoipa)]
pub(crate) enum Full {
    #[error("shelf {shelf}")]
    #[status(412)]
    Shelf {
        #[status(extension)]
        shelf: u64,
    },
    #[error("door {door}")]
    #[status(412)]
    Door {
        #[status(extension)]
        door: bool,
    },
    #[error("box {number}")]
    #[status(413)]
    Box {
        #[status(extension)]
        number: u64,
    },
    #[error("box")]
    #[status(413)]
    AnyBox,
    #[error("belt {belt}")]
    #[status(408)]
    Belt {
        #[status(extension)]
        belt: u64,
    },
}

/// The number of schemas that [`Full`] and the layer have together, by code.
const SCHEMAS_OF_FULL: [(&str, usize); 3] = [("412", 3), ("413", 2), ("408", 2)];

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, aide, utoipa)]
pub(crate) enum Shop {
    /// No order has this number.
    #[error("order {order_id} does not exist")]
    #[status(404, type = "/problems/no-such-order", title = "No such order", advice = "Is {order_id} on your receipt?")]
    NoSuchOrder {
        #[status(extension)]
        order_id: u64,
    },
    #[error("there is no *customer* {0}")]
    #[status(404)]
    NoSuchCustomer(String),
    #[error("sign in")]
    #[status(401, challenge = "Bearer")]
    SignIn,
    #[error("method")]
    #[status(405, allow = "GET")]
    Method,
    #[error("moved")]
    #[status(301, location = "/orders")]
    Moved,
    #[error("closed at {0}")]
    #[status(503, retry_after = 30, header("X-Shop" = "closed"))]
    Closed(u8),
    #[error("busy")]
    #[status(503, retry_after = 5)]
    Busy,
    #[error("upstream")]
    #[status(type = "/problems/upstream")]
    Upstream(#[status(code)] StatusCode),
    #[error(transparent)]
    #[status(transparent)]
    Stock(#[from] Stock),
}
