//! Rules about header fields that several parts of the crate share.

mod accept;
pub(crate) mod connect_request;
pub(crate) mod list;
pub(crate) mod media_type;
mod protocol;
mod retry_after;

pub use accept::Format;
pub(crate) use accept::negotiate;
pub use protocol::Protocol;
pub(crate) use retry_after::retry_after;

/// The header field with the request's id.
pub(crate) static X_REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-request-id");
