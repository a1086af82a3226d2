//! Error types, with and without a status.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tower_status::{BoxError, IntoStatus, Status};

/// An error with a status: a 409.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("sold out")]
pub(crate) struct SoldOut;

impl IntoStatus for SoldOut {
    fn status(&self) -> Status {
        Status::conflict()
    }
}

/// An error without a status that has a cause.
#[derive(Debug, thiserror::Error)]
#[error("secret wrapper")]
pub(crate) struct Wrapper(#[source] pub(crate) BoxError);

/// Boxes an error whose cause is `error`.
pub(crate) fn wrapped(error: impl Into<BoxError>) -> BoxError {
    Wrapper(error.into()).into()
}

/// Returns the error of `http_body_util::Limited`.
pub(crate) async fn length_limit_error() -> BoxError {
    let error = Limited::new(Full::<Bytes>::from("123"), 2).collect().await.unwrap_err();
    assert!(error.is::<LengthLimitError>());
    error
}
