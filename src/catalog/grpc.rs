//! The codes of gRPC, and the HTTP statuses that correspond to them.

use std::fmt;

use http::StatusCode;

use super::get;

/// A [gRPC status code].
///
/// `code as i32` is its number. [`Display`](fmt::Display) prints its name, such as `NOT_FOUND`.
///
/// [gRPC status code]: https://grpc.io/docs/guides/status-codes/
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrpcCode {
    /// Not an error.
    Ok = 0,
    /// The operation was cancelled, typically by the caller.
    Cancelled = 1,
    /// The error is of an unknown kind.
    Unknown = 2,
    /// An argument is not valid, regardless of the state of the system.
    InvalidArgument = 3,
    /// The deadline passed before the operation was complete.
    DeadlineExceeded = 4,
    /// What was requested does not exist.
    NotFound = 5,
    /// What was to be created already exists.
    AlreadyExists = 6,
    /// The caller is known, but has no permission for the operation.
    PermissionDenied = 7,
    /// A quota, a limit or storage space is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the operation requires.
    FailedPrecondition = 9,
    /// The operation was aborted, typically because of a concurrent one.
    Aborted = 10,
    /// The operation went beyond the valid range.
    OutOfRange = 11,
    /// The operation does not exist or is not supported.
    Unimplemented = 12,
    /// An invariant of the server is broken.
    Internal = 13,
    /// The service is unavailable at the moment. A later attempt may succeed.
    Unavailable = 14,
    /// Data was lost or corrupted beyond recovery.
    DataLoss = 15,
    /// The request has no valid credentials.
    Unauthenticated = 16,
}

impl fmt::Display for GrpcCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        })
    }
}

impl GrpcCode {
    /// Returns what the code means, in a sentence for the developer of a client.
    ///
    /// It is the message of an error without a detail whose gRPC code was set with
    /// [`with_grpc_code`](crate::Status::with_grpc_code).
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Ok => "The operation has succeeded.",
            Self::Cancelled => "The operation was cancelled.",
            Self::Unknown => "An unknown error occurred.",
            Self::InvalidArgument => "An argument of the request is not valid.",
            Self::DeadlineExceeded => "The operation was not complete before the deadline.",
            Self::NotFound => "What was requested does not exist.",
            Self::AlreadyExists => "What was to be created already exists.",
            Self::PermissionDenied => "The caller does not have permission for this operation.",
            Self::ResourceExhausted => "A quota or a limit is used up.",
            Self::FailedPrecondition => "The system is not in the state that this operation requires.",
            Self::Aborted => "The operation was aborted because of a conflict with another one.",
            Self::OutOfRange => "The operation went beyond the valid range.",
            Self::Unimplemented => "The server does not support this operation.",
            Self::Internal => "An unexpected condition on the server prevented this operation.",
            Self::Unavailable => "The service is unavailable at the moment. Try again later.",
            Self::DataLoss => "Data was lost or corrupted.",
            Self::Unauthenticated => "The request has no valid credentials.",
        }
    }

    /// Returns the number in digits.
    pub(crate) const fn number(self) -> &'static str {
        match self {
            Self::Ok => "0",
            Self::Cancelled => "1",
            Self::Unknown => "2",
            Self::InvalidArgument => "3",
            Self::DeadlineExceeded => "4",
            Self::NotFound => "5",
            Self::AlreadyExists => "6",
            Self::PermissionDenied => "7",
            Self::ResourceExhausted => "8",
            Self::FailedPrecondition => "9",
            Self::Aborted => "10",
            Self::OutOfRange => "11",
            Self::Unimplemented => "12",
            Self::Internal => "13",
            Self::Unavailable => "14",
            Self::DataLoss => "15",
            Self::Unauthenticated => "16",
        }
    }

    /// Returns the code with this number, otherwise `UNKNOWN`.
    pub(crate) fn from_number(number: i32) -> Self {
        GRPC_CODES.into_iter().find(|code| *code as i32 == number).unwrap_or(Self::Unknown)
    }
}

/// Every code in the order of its number.
pub const GRPC_CODES: [GrpcCode; 17] = [
    GrpcCode::Ok,
    GrpcCode::Cancelled,
    GrpcCode::Unknown,
    GrpcCode::InvalidArgument,
    GrpcCode::DeadlineExceeded,
    GrpcCode::NotFound,
    GrpcCode::AlreadyExists,
    GrpcCode::PermissionDenied,
    GrpcCode::ResourceExhausted,
    GrpcCode::FailedPrecondition,
    GrpcCode::Aborted,
    GrpcCode::OutOfRange,
    GrpcCode::Unimplemented,
    GrpcCode::Internal,
    GrpcCode::Unavailable,
    GrpcCode::DataLoss,
    GrpcCode::Unauthenticated,
];

/// Returns the code for gRPC clients: the catalog's [`grpc`](super::Entry::grpc). A code without an entry is `CANCELLED`
/// for nginx's 499, `FAILED_PRECONDITION` for any other 4xx, `INTERNAL` for a 5xx, otherwise `UNKNOWN`.
///
/// # Example: the code that gRPC clients get
///
/// ```
/// use http::StatusCode;
/// use tower_status::catalog::GrpcCode;
///
/// assert_eq!(GrpcCode::from(StatusCode::TOO_MANY_REQUESTS), GrpcCode::ResourceExhausted);
/// ```
impl From<StatusCode> for GrpcCode {
    fn from(code: StatusCode) -> Self {
        match (get(code), code.as_u16()) {
            (Some(entry), _) => entry.grpc,
            (None, 499) => Self::Cancelled,
            (None, 400..=499) => Self::FailedPrecondition,
            (None, 500..=599) => Self::Internal,
            (None, _) => Self::Unknown,
        }
    }
}

/// Returns the HTTP status that [code.proto] lists for a gRPC code.
///
/// # Example: the code of an upstream server
///
/// ```
/// use http::StatusCode;
/// use tower_status::catalog::GrpcCode;
///
/// assert_eq!(StatusCode::from(GrpcCode::Unavailable), 503);
/// assert_eq!(StatusCode::from(GrpcCode::Cancelled), 499);
/// ```
///
/// [code.proto]: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
impl From<GrpcCode> for StatusCode {
    fn from(code: GrpcCode) -> Self {
        /// Not registered: nginx logs it if the client closes the connection first.
        const CLIENT_CLOSED_REQUEST: StatusCode = match StatusCode::from_u16(499) {
            Ok(code) => code,
            Err(_) => panic!("a status code has three digits"),
        };
        match code {
            GrpcCode::Ok => Self::OK,
            GrpcCode::Cancelled => CLIENT_CLOSED_REQUEST,
            GrpcCode::InvalidArgument | GrpcCode::FailedPrecondition | GrpcCode::OutOfRange => Self::BAD_REQUEST,
            GrpcCode::Unauthenticated => Self::UNAUTHORIZED,
            GrpcCode::PermissionDenied => Self::FORBIDDEN,
            GrpcCode::NotFound => Self::NOT_FOUND,
            GrpcCode::AlreadyExists | GrpcCode::Aborted => Self::CONFLICT,
            GrpcCode::ResourceExhausted => Self::TOO_MANY_REQUESTS,
            GrpcCode::Unknown | GrpcCode::Internal | GrpcCode::DataLoss => Self::INTERNAL_SERVER_ERROR,
            GrpcCode::Unimplemented => Self::NOT_IMPLEMENTED,
            GrpcCode::Unavailable => Self::SERVICE_UNAVAILABLE,
            GrpcCode::DeadlineExceeded => Self::GATEWAY_TIMEOUT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_discriminant() {
        for code in GRPC_CODES {
            assert_eq!(code.number(), (code as i32).to_string());
        }
    }
}
