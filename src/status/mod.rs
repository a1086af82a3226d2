//! [`Status`]: a status code with everything that its response needs.

use std::{any::type_name_of_val, borrow::Cow, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};

use crate::{
    BoxError,
    catalog::{self, Entry, GrpcCode},
};

mod constructors;
mod display;
mod documented;
mod extension_members;
mod from_problem;
mod getters;
mod header_values;
mod hidden;
mod internal;
mod into_status;
mod invalid_header;
mod setters;
mod source;
mod status_source;

pub use documented::{Documented, DocumentedStatus, MemberSchema};
use extension_members::Members;
pub use extension_members::RESERVED;
pub(crate) use extension_members::{ADVICE, DEBUG, REQUEST_ID, TRACE_ID};
pub(crate) use header_values::is_singleton;
pub use header_values::{FRAMING, SINGLE};
pub use into_status::{IntoStatus, OrStatus};
pub use invalid_header::InvalidHeader;
pub use source::{Cause, CauseOf};
pub(crate) use source::{LINKS, Source, cut};
#[cfg(any(feature = "tonic", feature = "connectrpc"))]
pub(crate) use status_source::StatusSource;

/// A status code with the header fields and texts of its response.
///
/// A handler returns it as its error; a layer turns it into the response. It takes 16 bytes. A bare status allocates
/// nothing, the first setter allocates once, and clones share what is set.
///
/// A response has its final status as an extension, for reading. Editing that has no effect: use
/// [`map_status`](crate::StatusMapLayer::map_status).
///
/// # Example: return an error from a handler
///
/// ```
/// use tower_status::{OrStatus, Status};
///
/// fn order(id: u64) -> Result<&'static str, Status> {
///     let found = (id == 7).then_some("seven tulips");
///     found.or_status(Status::not_found().with_extension("order_id", id))
/// }
///
/// assert_eq!(order(8).unwrap_err().code(), 404);
/// ```
///
/// # Example: explain a problem in full
///
/// ```
/// use std::time::Duration;
/// use tower_status::Status;
///
/// let status = Status::service_unavailable()
///     .with_type("/problems/stock-taking")
///     .with_title("Stock-taking")
///     .with_detail("The warehouse counts its tulips until noon.")
///     .with_extension("until", "12:00")
///     .with_retry_after(Duration::from_secs(1800))
///     .expose(); // otherwise a 5xx hides its detail and extension members
///
/// assert_eq!(status.to_string(), "503 Stock-taking: The warehouse counts its tulips until noon.");
/// assert_eq!(status.headers()["retry-after"], "1800");
/// ```
#[derive(Clone)]
#[must_use = "a Status does nothing until it is returned as an error or a response"]
pub struct Status {
    code: StatusCode,
    exposed: bool,
    resolution: Resolution,
    /// The detail is the error's `Display`, which is not meant for clients.
    detail_is_display: bool,
    grpc_code: Option<GrpcCode>,
    parts: Option<Arc<Parts>>,
}

/// Whether the layer has to find the status in the source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resolution {
    Final,
    Unresolved,
    /// As `Unresolved`, but the source contains this status, which is used if the layer finds no other one.
    Provisional,
    /// Final: nothing maps the carried error.
    Unmapped,
}

/// The properties that most statuses do not have. The first setter allocates them.
#[derive(Clone, Default)]
struct Parts {
    title: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
    type_uri: Option<Cow<'static, str>>,
    instance: Option<Cow<'static, str>>,
    advice: Option<Cow<'static, str>>,
    /// The name of the error's variant or struct.
    name: Option<&'static str>,
    retry_after: Option<Duration>,
    /// Boxed, because most statuses have none, and an empty map takes 96 bytes.
    headers: Option<Box<HeaderMap>>,
    extensions: Members,
    source: Option<Source>,
    rpc: Option<Box<Rpc>>,
    received: from_problem::Received,
}

/// The properties of a `tonic::Status` beside its message, kept for gRPC clients.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) code: GrpcCode,
    pub(crate) details: Bytes,
    pub(crate) metadata: HeaderMap,
}

/// The source of a 500 that was meant to be another status.
#[derive(Debug, thiserror::Error)]
#[error("malformed value of the header field {field}, which {code} requires")]
struct Malformed {
    field: HeaderName,
    code: StatusCode,
}

impl Status {
    /// Creates a status that has only its code. Its texts are those of the [catalog].
    ///
    /// A 1xx is no final response (RFC 9110 §15.2) and becomes 500.
    ///
    /// # Example: a constant status
    ///
    /// ```
    /// use http::StatusCode;
    /// use tower_status::Status;
    ///
    /// const LOCKED: Status = Status::new(StatusCode::LOCKED);
    /// assert_eq!(LOCKED.code(), 423);
    /// assert_eq!(Status::new(StatusCode::CONTINUE).code(), 500);
    /// ```
    pub const fn new(code: StatusCode) -> Self {
        let code = match code.as_u16() {
            ..=199 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => code,
        };
        Self {
            code,
            exposed: false,
            resolution: Resolution::Final,
            detail_is_display: false,
            grpc_code: None,
            parts: None,
        }
    }

    /// Carries an error that has no status, for `?` on foreign errors.
    ///
    /// The layer maps it with `map_error` and `recognize`; an error that nothing maps is a 500 that shows no part of it.
    /// A `Status` in a `Box` or `Arc` is returned. An `anyhow::Error` or `eyre::Report` keeps its contexts (features
    /// `anyhow` and `eyre`).
    ///
    /// # Example: a database error in a handler
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// fn count() -> Result<u64, Status> {
    ///     "many".parse().map_err(Status::from_error)
    /// }
    ///
    /// assert_eq!(count().unwrap_err().to_string(), "500 Internal Server Error");
    /// ```
    pub fn from_error(error: impl Into<BoxError> + 'static) -> Self {
        let type_name = type_name_of_val(&error);
        #[cfg(any(feature = "anyhow", feature = "eyre"))]
        let error = {
            let mut error = Some(error);
            #[cfg(feature = "anyhow")]
            if let Some(report) = source::take::<_, anyhow::Error>(&mut error) {
                return report.into();
            }
            #[cfg(feature = "eyre")]
            if let Some(report) = source::take::<_, eyre::Report>(&mut error) {
                return report.into();
            }
            let Some(error) = error else { return Self::unresolved() };
            error
        };
        let error: BoxError = error.into();
        match source::downcast::<Status>(&*error) {
            Some(status) => status.clone(),
            None => Self::carrying(Source::boxed(error, type_name)),
        }
    }

    /// Returns the status of an error whose source has to be resolved, for a hand-written
    /// [`status`](crate::IntoStatus::status).
    ///
    /// The layer maps the source with `map_error` and `recognize`; a source that nothing maps is a 500.
    pub const fn unresolved() -> Self {
        let mut status = Self::internal_server_error();
        status.resolution = Resolution::Unresolved;
        status
    }

    pub(crate) fn carrying(source: Source) -> Self {
        let mut status = Self::unresolved();
        status.set_source(source);
        status
    }

    /// Returns the status code.
    pub const fn code(&self) -> StatusCode {
        self.code
    }

    /// Returns whether the server is at fault: 500 and above, except 550, which counts as a 4xx everywhere in this crate.
    ///
    /// # Example: distinguish server errors from client errors
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// assert!(Status::bad_gateway().is_server_error());
    /// assert!(!Status::permission_denied().is_server_error());
    /// assert!(Status::permission_denied().code().is_server_error()); // `http` looks only at the class
    /// ```
    pub fn is_server_error(&self) -> bool {
        catalog::is_server_error(self.code)
    }

    /// Returns the catalog's entry of the code; a code without an entry has that of its class's x00 (RFC 9110 §15).
    pub fn entry(&self) -> &'static Entry {
        catalog::entry(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes() {
        assert_eq!(size_of::<Status>(), 16);
        assert_eq!(size_of::<Option<Status>>(), 16);
    }
}
