//! Conversions between [`tonic::Status`] and [`Status`].

use std::{error::Error, sync::Arc};

use bytes::Bytes;
use http::Extensions;
use tonic::{Code, metadata::MetadataMap};

use crate::{
    IntoStatus, Status,
    catalog::GrpcCode,
    response::grpc::{RpcError, RpcRequest, code},
    status::{Rpc, StatusSource},
};

/// gRPC clients get its code, message, details and metadata. Plain HTTP clients get the status of [code.proto].
///
/// This applies to the error itself and to one directly in a carrier ([`Status::from_error`]). Deeper in a chain it is the
/// error of an upstream, of which only the code is used. Messages and details of `INTERNAL`, `UNKNOWN` and `DATA_LOSS`
/// are hidden like those of a 5xx.
///
/// [code.proto]: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
impl IntoStatus for tonic::Status {
    fn status(&self) -> Status {
        if let Some(status) = built_from_status(self) {
            return status.clone();
        }
        let code = match GrpcCode::from(self.code()) {
            GrpcCode::Ok => GrpcCode::Unknown,
            code => code,
        };
        let rpc = Rpc {
            code,
            details: Bytes::copy_from_slice(self.details()),
            metadata: self.metadata().clone().into_headers(),
        };
        Status::new(code.into()).with_grpc_code(code).with_detail(self.message().to_owned()).with_rpc(rpc)
    }
}

/// Converts a status for `?` in a tonic handler: its code, its message unless hidden, and its details.
///
/// A [`StatusMapLayer`](crate::StatusMapLayer) outside finds the status again, maps and reports it. Display and Debug of the
/// `tonic::Status` show no more than the client may see.
///
/// # Example: return an application's error from a tonic handler
///
/// ```
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
/// fn order(id: u64) -> Result<tonic::Response<()>, tonic::Status> {
///     Err(Status::from(NoSuchOrder(id)))?
/// }
///
/// let error = order(8).unwrap_err();
/// assert_eq!((error.code(), error.message()), (tonic::Code::NotFound, "order 8 does not exist"));
/// ```
impl From<Status> for tonic::Status {
    fn from(status: Status) -> Self {
        let status = status.sent_on();
        let mut error = RpcError::new(&status, code(&status), &RpcRequest::default());
        error.fit_for_tonic();
        let (code, details) = (error.code.into(), error.details.encode(error.code, &error.message));
        let metadata = MetadataMap::from_headers(error.metadata);
        let mut made = Self::with_details_and_metadata(code, error.message.into_owned(), details, metadata);
        made.set_source(Arc::new(StatusSource(status)));
        made
    }
}

impl From<Code> for GrpcCode {
    fn from(code: Code) -> Self {
        Self::from_number(code.into())
    }
}

impl From<GrpcCode> for Code {
    fn from(code: GrpcCode) -> Self {
        Self::from_i32(code as i32)
    }
}

/// Returns the [`Status`] that a response of tonic's was built from.
pub(crate) fn built_from(extensions: &Extensions) -> Option<Status> {
    built_from_status(extensions.get()?).cloned()
}

/// Returns the status of a response of tonic's, unless it has only a code: then the head has the same information.
pub(crate) fn status_of(extensions: &Extensions) -> Option<Status> {
    let status: &tonic::Status = extensions.get()?;
    (!status.message().is_empty()).then(|| status.clone().into())
}

/// Returns the wrapped status. Only `From<Status>` creates a source of this type, and nothing can change the code or
/// message afterwards.
fn built_from_status(status: &tonic::Status) -> Option<&Status> {
    let StatusSource(status) = Error::source(status)?.downcast_ref()?;
    Some(status)
}
