//! What a method means for the conditions of its request (RFC 9110 §13.2.1).

use http::Method;

/// Returns whether a method only reads: its response decides. QUERY is defined in RFC 10008.
pub(super) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::QUERY)
}

/// Returns whether a method changes state. CONNECT, OPTIONS and TRACE neither select nor modify a representation, so
/// their conditions are ignored (RFC 9110 §13.2.1).
pub(super) fn changes(method: &Method) -> bool {
    !reads(method) && !matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE)
}
