//! Rules about header fields that several parts of the crate share.

mod accept;
mod accept_language;
pub(crate) mod connect_request;
pub(crate) mod list;
pub(crate) mod media_type;
mod protocol;
mod retry_after;
mod rpc_request;
mod trace_context;
pub(crate) mod uri_reference;

pub use accept::Format;
pub(crate) use accept::negotiate;
pub(crate) use accept_language::preferred_language;
pub use protocol::Protocol;
pub(crate) use retry_after::retry_after;
pub(crate) use trace_context::{trace_id, traceparent};

/// The header field with the request's id, unless the application names another one.
pub(crate) static X_REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-request-id");
