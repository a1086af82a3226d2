//! The responses that the layer can return on every route.

use http::StatusCode;

use super::{
    Defaults,
    describe::{self, Response},
};
use crate::DocumentedStatus;

const fn one(code: StatusCode, name: &'static str, description: &'static str) -> DocumentedStatus {
    DocumentedStatus::new(code).with_name(name).with_description(description)
}

const NOT_MODIFIED: DocumentedStatus =
    one(StatusCode::NOT_MODIFIED, "NotModified", "The client has the current representation.");

const ALL: [DocumentedStatus; 5] = [
    one(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", "The request did not arrive in time."),
    one(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", "A condition in the header fields is false."),
    one(StatusCode::PAYLOAD_TOO_LARGE, "ContentTooLarge", "The body is too large."),
    one(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "The server failed; its log has the reason."),
    one(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The server is overloaded, or took too long.")
        .with_headers(&["retry-after"]),
];

/// Returns the responses to requests with this method, in lower case. Only GET and HEAD have a 304 (RFC 9110 §15.4.5).
pub(super) fn for_method(method: &str) -> Vec<Response> {
    let is_safe = matches!(method, "get" | "head" | "query");
    describe::of_statuses(is_safe.then_some(NOT_MODIFIED).into_iter().chain(ALL))
}

/// Returns what adds the responses of the layer to every operation of a document.
///
/// See [`Defaults`].
#[must_use]
pub const fn defaults() -> Defaults {
    Defaults
}
