//! The 304: a 200 without its content.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, response};
use http_body::Body;

use crate::response::{StatusBody, headers::describes_bytes, remove_reason_phrase};

/// Turns a 200 or 206 into a 304 (RFC 9110 §15.4.5). The body is dropped unread.
pub(crate) fn not_modified<B: Body, C: Body>(response: Response<B>) -> Response<StatusBody<C>> {
    let (mut parts, body) = response.into_parts();
    let length = content_length(&parts, &body);
    parts.status = StatusCode::NOT_MODIFIED;
    remove_reason_phrase(&mut parts.extensions);
    remove_content_headers(&mut parts.headers);
    if let Some(length) = length {
        let _ = parts.headers.try_insert(header::CONTENT_LENGTH, length);
    }
    Response::from_parts(parts, StatusBody::empty())
}

/// Returns the length of the 200's content, where it is known (RFC 9110 §8.6).
fn content_length(parts: &response::Parts, body: &impl Body) -> Option<HeaderValue> {
    if parts.status != StatusCode::OK || parts.headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    // The body of a response to HEAD is empty, so its size is not that of GET's.
    let exact = || body.size_hint().exact().filter(|length| *length > 0).map(HeaderValue::from);
    let mut lines = parts.headers.get_all(header::CONTENT_LENGTH).iter();
    match (lines.next(), lines.next()) {
        (None, _) => exact(),
        (Some(length), None) => Some(length.clone()),
        // It is unknown which of several lengths is right.
        (Some(_), Some(_)) => None,
    }
}

/// Removes the header fields that a 304 does not have (RFC 9110 §15.4.5).
pub(crate) fn remove_content_headers(headers: &mut HeaderMap) {
    let has_etag = headers.contains_key(header::ETAG);
    let is_removed = |name: &HeaderName| describes_content(name) || has_etag && *name == header::LAST_MODIFIED;
    // Removed one at a time, so that no list of names is allocated.
    while let Some(name) = headers.keys().find(|name| is_removed(name)).cloned() {
        headers.remove(name);
    }
}

fn describes_content(name: &HeaderName) -> bool {
    describes_bytes(name)
        || matches!(*name, header::CONTENT_LANGUAGE | header::CONTENT_RANGE | header::CONTENT_DISPOSITION)
}
