//! The errors and their status. The pages under `/problems` explain them.

use serde::Serialize;
use sqlx::error::ErrorKind;
use std::time::Duration;
use tower_status::{IntoStatus, Status};

/// An error in one field of a document, at a JSON pointer (RFC 6901).
#[derive(Debug, Serialize)]
pub(crate) struct Mistake {
    pub(crate) pointer: &'static str,
    pub(crate) detail: &'static str,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, utoipa)]
pub(crate) enum OrderError {
    #[error("order {order_id} does not exist")]
    #[status(404, type = "/problems/no-such-order", title = "No such order")]
    NoSuchOrder {
        #[status(extension)]
        order_id: i64,
    },
    #[error("order {0} was deleted")]
    #[status(GONE, type = "/problems/order-deleted", title = "Order deleted")]
    Deleted(i64),
    #[error("the order is not valid")]
    #[status(422, type = "/problems/invalid-order", title = "Order not accepted")]
    Invalid {
        #[status(extension)]
        errors: Vec<Mistake>,
    },
    #[error("there is no customer named {name}")]
    #[status(404, type = "/problems/no-such-customer", title = "No such customer")]
    NoSuchCustomer { name: String },
    #[error("the shop is closed for stock-taking")]
    #[status(503, retry_after = 120, type = "/problems/stock-taking", title = "Stock-taking", expose)]
    StockTaking,
    #[error(transparent)]
    #[status(transparent)]
    Access(#[from] AccessError),
    #[error("the database failed")]
    #[status(from_error)]
    Database(#[from] sqlx::Error),
}

/// The errors of routes that always fail.
#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, utoipa)]
pub(crate) enum RouteError {
    #[error("the orders have moved to /orders")]
    #[status(301, location = "/orders")]
    Moved,
    #[error("reports are not available yet")]
    #[status(501, type = "/problems/no-reports", title = "No reports yet", expose)]
    NoReports,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, utoipa)]
pub(crate) enum AccessError {
    #[error("sign in to do this")]
    #[status(401, challenge = r#"Bearer realm="orders""#, type = "/problems/sign-in", title = "Sign in")]
    SignIn,
    #[error("auditors cannot change orders")]
    #[status(403, type = "/problems/read-only", title = "Read only")]
    ReadOnly,
    #[error("this account does not have permission to delete orders")]
    #[status(550, type = "/problems/no-right", title = "Missing permission")]
    NoRight,
}

/// Returns the status of a database error; `None`: a 500 that hides it.
pub(crate) fn database(error: &sqlx::Error) -> Option<Status> {
    match error {
        sqlx::Error::RowNotFound => Some(Status::not_found()),
        sqlx::Error::PoolTimedOut => Some(Status::service_unavailable().with_retry_after(Duration::from_secs(2))),
        sqlx::Error::Database(cause) if cause.kind() == ErrorKind::ForeignKeyViolation => {
            let errors = vec![Mistake { pointer: "#/customer", detail: "does not exist" }];
            Some(OrderError::Invalid { errors }.into())
        }
        sqlx::Error::Database(cause) if cause.kind() == ErrorKind::UniqueViolation => {
            Some(Status::conflict().with_detail("an order with this reference already exists"))
        }
        _ => None,
    }
}
