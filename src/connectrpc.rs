//! The conversion of a [`Status`] into a [`connectrpc::ConnectError`].

use std::sync::Arc;

use connectrpc::{ConnectError, ErrorCode};

use crate::{
    Status,
    response::{connect, grpc::RpcRequest},
    status::StatusSource,
};

/// Converts a status for `?` in a handler of the crate `connectrpc`: its code, its message unless hidden, its details and
/// its metadata.
///
/// A [`StatusMapLayer`](crate::StatusMapLayer) outside reports the error, but without its source: the crate's server does
/// not keep it. Display and Debug of the `ConnectError` show no more than the client may see.
///
/// # Example: return an application's error from a handler
///
/// ```
/// use connectrpc::{ConnectError, ErrorCode};
/// use tower_status::{IntoStatus, Status};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("order {0} does not exist")]
/// struct NoSuchOrder(u64);
///
/// impl IntoStatus for NoSuchOrder {
///     fn status(&self) -> Status {
///         Status::not_found()
///     }
/// }
///
/// fn order(id: u64) -> Result<(), ConnectError> {
///     Err(Status::from(NoSuchOrder(id)))?
/// }
///
/// let error = order(8).unwrap_err();
/// assert_eq!((error.code, error.message.as_deref()), (ErrorCode::NotFound, Some("order 8 does not exist")));
/// ```
impl From<Status> for ConnectError {
    fn from(status: Status) -> Self {
        let status = status.sent_on();
        let error = connect::error(&status, &RpcRequest::default());
        let code = ErrorCode::from_grpc_code(error.code as u32).unwrap_or(ErrorCode::Unknown);
        let mut made = Self::new(code, error.message.as_ref()).with_headers(error.metadata);
        made.details = error.details.iter().map(connect::wire_detail).collect();
        made.with_shared_source(Arc::new(StatusSource(status)))
    }
}
