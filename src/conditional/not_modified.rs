//! The 304: a 200 without its content.

use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use http_body::Body;

use crate::response::{self, body::StatusBody};

/// Turns a 200 or 206 into a 304 (RFC 9110 §15.4.5). The body is dropped unread.
pub(crate) fn not_modified<B, C: Body>(response: Response<B>) -> Response<StatusBody<C>> {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    remove_content_headers(&mut parts.headers);
    let body = response::no_content(parts.status);
    Response::from_parts(parts, body)
}

/// Removes the header fields that a 304 does not have (RFC 9110 §15.4.5).
pub(crate) fn remove_content_headers(headers: &mut HeaderMap) {
    let has_etag = headers.contains_key(header::ETAG);
    let is_removed = |name: &HeaderName| describes_content(name) || has_etag && *name == header::LAST_MODIFIED;
    // One at a time, so that no list of names is allocated.
    while let Some(name) = headers.keys().find(|name| is_removed(name)).cloned() {
        headers.remove(name);
    }
}

fn describes_content(name: &HeaderName) -> bool {
    match *name {
        header::CONTENT_TYPE
        | header::CONTENT_LENGTH
        | header::CONTENT_ENCODING
        | header::CONTENT_LANGUAGE
        | header::CONTENT_RANGE
        | header::CONTENT_DISPOSITION
        | header::TRANSFER_ENCODING
        | header::TRAILER => true,
        _ => matches!(name.as_str(), "content-digest" | "repr-digest" | "digest" | "content-md5"),
    }
}
