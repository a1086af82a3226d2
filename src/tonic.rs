//! [`tonic::Status`] as an error that answers for itself, and made of a [`Status`].

use std::sync::Arc;

use bytes::Bytes;
use http::Extensions;
use tonic::{Code, metadata::MetadataMap};

use crate::{
    IntoStatus, Status,
    catalog::GrpcCode,
    response::grpc::{Made, Trailers},
    status::Rpc,
};

/// gRPC clients get its code, message, details and metadata; to plain HTTP it is the status that [code.proto] names.
///
/// That holds for the error itself and for one directly in a carrier ([`Status::from_error`]). Deeper in a chain it is an
/// upstream's, and only its code is taken. Messages and details of `INTERNAL`, `UNKNOWN` and `DATA_LOSS` stay inside,
/// as those of a 5xx do.
///
/// [code.proto]: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
impl IntoStatus for tonic::Status {
    fn status(&self) -> Status {
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

/// For `?` in a tonic handler: the code, what may be shown as the message, and the details as `google.rpc.Status`.
///
/// The status stays its source, so that a [`StatusMapLayer`](crate::StatusMapLayer) outside recognises what it carries,
/// rewrites and reports it.
///
/// # Example: an application's error in a tonic handler
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
        let Trailers { code, message, details, metadata } = Trailers::of(&status, "", None, None, false);
        let metadata = MetadataMap::from_headers(metadata);
        let mut made = Self::with_details_and_metadata(code.into(), message.into_owned(), details, metadata);
        made.set_source(Arc::new(status));
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

/// What tonic made a response of.
pub(crate) fn made(extensions: &Extensions) -> Option<Made> {
    let made: &tonic::Status = extensions.get()?;
    let source = std::error::Error::source(made).and_then(|source| source.downcast_ref::<Status>());
    let unchanged = |status: &&Status| {
        let Trailers { code, message, .. } = Trailers::of(status, "", None, None, false);
        (Code::from(code), &*message) == (made.code(), made.message())
    };
    if let Some(status) = source.filter(unchanged) {
        return Some(Made { status: status.clone().unsent(), ours: true });
    }
    // A bare one says no more than the head does.
    (!made.message().is_empty()).then(|| Made { status: made.clone().into(), ours: false })
}
