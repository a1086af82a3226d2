//! The responses that a cache may store (RFC 9111): freshness belongs to one response.

use http::{HeaderMap, HeaderName, StatusCode, header};

use super::headers::{NO_STORE, remove_all};
use crate::{catalog, fields::list::has_token};

/// Returns whether a field sets the lifetime of a response in a cache (RFC 9111 §5.2, §5.3, RFC 9213).
fn is_lifetime(name: &HeaderName) -> bool {
    *name == header::CACHE_CONTROL
        || *name == header::EXPIRES
        || name.as_str().ends_with("-cache-control")
        || matches!(name.as_str(), "surrogate-control" | "edge-control" | "x-accel-expires")
}

/// Returns whether a field belongs to the freshness of one response.
pub(crate) fn is_freshness(name: &HeaderName) -> bool {
    is_lifetime(name) || matches!(*name, header::AGE | header::PRAGMA | header::WARNING)
}

/// Returns whether a response must not be stored (RFC 9111 §5.2.2.5).
pub(crate) fn has_no_store(headers: &HeaderMap) -> bool {
    headers.get_all(header::CACHE_CONTROL).iter().any(|value| has_token(value.as_bytes(), b"no-store"))
}

/// Returns whether no cache may store a response with this code, even if the application sets a lifetime: a 5xx that this
/// crate has written, and codes whose section forbids it (RFC 6585).
pub(crate) fn is_never_stored(code: StatusCode) -> bool {
    catalog::is_server_error(code) || catalog::entry(code).never_stored
}

/// Sets `no-store` on an error response, unless it is a 4xx with a lifetime. Returns whether it was set.
pub(crate) fn set_no_store(headers: &mut HeaderMap, code: StatusCode) -> bool {
    if code.as_u16() < 400 {
        return false;
    }
    if is_never_stored(code) {
        remove_freshness(headers);
    }
    !headers.keys().any(is_lifetime) && headers.try_insert(header::CACHE_CONTROL, NO_STORE.clone()).is_ok()
}

/// Sets `no-store` on a response whose body is kept, if its code requires it. Returns whether it was set.
pub(crate) fn set_required_no_store(headers: &mut HeaderMap, code: StatusCode) -> bool {
    catalog::entry(code).never_stored && set_no_store(headers, code)
}

/// Removes the freshness of a response that another one replaces.
pub(crate) fn remove_freshness(headers: &mut HeaderMap) {
    remove_all(headers, is_freshness);
}

/// Keeps the `no-store` of a response whose code was changed: the fields that stay may need its protection.
pub(crate) fn keep_no_store(headers: &mut HeaderMap) {
    remove_freshness(headers);
    let _ = headers.try_insert(header::CACHE_CONTROL, NO_STORE.clone());
}
