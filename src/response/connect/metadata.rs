//! The header fields that are metadata in Connect.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::grpc;

/// Removes gRPC metadata that is not metadata in Connect. Values of `-bin` fields lose their padding.
pub(super) fn restrict(metadata: &mut HeaderMap) {
    let all = std::mem::take(metadata);
    for (name, value) in all.iter().filter(|(name, _)| !is_reserved(name) && is_valid(name)) {
        let is_binary = name.as_str().ends_with("-bin");
        if let Some(value) = if is_binary { unpadded(value) } else { printable(value) } {
            let _ = metadata.try_append(name.clone(), value);
        }
    }
}

/// Returns whether a name is reserved: it has one of the protocol's prefixes, or is on the list of connect-go.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    ["connect-", "grpc-", "trailer-"].iter().any(|prefix| name.as_str().starts_with(prefix))
        || matches!(*name, header::ACCEPT_ENCODING | header::HOST | header::USER_AGENT)
}

/// Returns whether a field has a meaning for one code alone, and Connect's HTTP status is another.
pub(super) fn needs_its_code(name: &HeaderName) -> bool {
    matches!(*name, header::CONTENT_RANGE | header::LOCATION | header::REFRESH)
}

/// Returns the fields of HTTP that a unary error has beside its metadata.
pub(super) fn http_fields(fields: &HeaderMap) -> HeaderMap {
    // The server sets the Date.
    let stays = |name: &HeaderName| grpc::is_http_only(name) && !needs_its_code(name) && *name != header::DATE;
    let mut kept = HeaderMap::new();
    for (name, value) in fields.iter().filter(|(name, _)| stays(name)) {
        let _ = kept.try_append(name.clone(), value.clone());
    }
    kept
}

/// Returns whether a name is a `Header-Name`: `1*( 0-9 a-z _ - . )`.
fn is_valid(name: &HeaderName) -> bool {
    name.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() || b"_-.".contains(&byte))
}

/// Returns the value if it is an `ASCII-Value`: printable.
fn printable(value: &HeaderValue) -> Option<HeaderValue> {
    value.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~')).then(|| value.clone())
}

fn unpadded(value: &HeaderValue) -> Option<HeaderValue> {
    HeaderValue::from_str(value.to_str().ok()?.trim_end_matches('=')).ok()
}
