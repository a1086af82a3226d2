//! Which responses a cache may keep (RFC 9111): freshness belongs to one response.

use http::{HeaderMap, HeaderName, StatusCode, header};

use super::headers::{NO_STORE, remove_all};
use crate::{catalog, fields::list::has_token};

/// Whether a field tells a cache for how long it may keep a response (RFC 9111 §5.2, §5.3, RFC 9213).
fn is_lifetime(name: &HeaderName) -> bool {
    *name == header::CACHE_CONTROL
        || *name == header::EXPIRES
        || name.as_str().ends_with("-cache-control")
        || matches!(name.as_str(), "surrogate-control" | "edge-control" | "x-accel-expires")
}

/// Whether a field belongs to the freshness of one response.
pub(crate) fn is_freshness(name: &HeaderName) -> bool {
    is_lifetime(name) || matches!(*name, header::AGE | header::PRAGMA | header::WARNING)
}

/// Whether a response must not be stored (RFC 9111 §5.2.2.5).
pub(crate) fn has_no_store(headers: &HeaderMap) -> bool {
    headers.get_all(header::CACHE_CONTROL).iter().any(|value| has_token(value.as_bytes(), b"no-store"))
}

/// Whether no cache may keep a response of this code, even if the application says for how long: a 5xx that this crate
/// has written, and codes whose section forbids it (RFC 6585).
pub(crate) fn is_never_stored(code: StatusCode) -> bool {
    catalog::is_server_error(code) || catalog::entry(code).never_stored
}

/// Sets `no-store` on an error response, unless the response of a 4xx tells caches for how long they may keep it. Returns
/// whether it was set.
pub(crate) fn set_no_store(headers: &mut HeaderMap, code: StatusCode) -> bool {
    if code.as_u16() < 400 {
        return false;
    }
    if is_never_stored(code) {
        remove_all(headers, is_freshness);
    }
    !headers.keys().any(is_lifetime) && headers.try_insert(header::CACHE_CONTROL, NO_STORE.clone()).is_ok()
}

/// Removes the freshness of a response whose code was changed.
pub(crate) fn remove_freshness(headers: &mut HeaderMap) {
    remove_all(headers, is_freshness);
}

/// Keeps the `no-store` of a response whose code was changed: what it protects may be in the fields that stay.
pub(crate) fn keep_no_store(headers: &mut HeaderMap) {
    remove_all(headers, is_freshness);
    let _ = headers.try_insert(header::CACHE_CONTROL, NO_STORE.clone());
}
