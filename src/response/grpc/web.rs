//! gRPC-Web: the trailer frame, and the fields that pages of other origins may read.

use http::{HeaderMap, HeaderName, HeaderValue, header::ACCESS_CONTROL_EXPOSE_HEADERS};

use super::{GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS};
use crate::fields::list::has_token;

/// Returns a trailer frame: `0x80`, the length, and the fields.
pub(super) fn trailer_frame(fields: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::with_capacity(512);
    for (name, value) in fields {
        for part in [name.as_str().as_bytes(), b":", value.as_bytes(), b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    // The limit of the fields is far below 4 GiB.
    let length = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let mut frame = vec![0x80];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.append(&mut lines);
    frame
}

/// Exposes the gRPC status and its metadata to pages of other origins (Fetch §3.3.6).
pub(super) fn expose(headers: &mut HeaderMap, metadata: &HeaderMap) {
    let mut names: Vec<_> = unexposed_names(headers).map(HeaderName::as_str).collect();
    names.extend(metadata.keys().filter(|name| !is_exposed(headers, name)).map(HeaderName::as_str));
    if let Some(value) = (!names.is_empty()).then(|| HeaderValue::from_str(&names.join(", "))).and_then(Result::ok) {
        let _ = headers.try_append(ACCESS_CONTROL_EXPOSE_HEADERS, value);
    }
}

/// Returns the names of the gRPC status that are not exposed yet.
pub(super) fn unexposed_names(headers: &HeaderMap) -> impl Iterator<Item = &'static HeaderName> {
    [&GRPC_STATUS, &GRPC_MESSAGE, &GRPC_STATUS_DETAILS].into_iter().filter(|name| !is_exposed(headers, name))
}

/// Returns whether the name of a field is exposed already.
pub(super) fn is_exposed(headers: &HeaderMap, name: &HeaderName) -> bool {
    let mut lines = headers.get_all(ACCESS_CONTROL_EXPOSE_HEADERS).iter();
    lines.any(|line| has_token(line.as_bytes(), name.as_str().as_bytes()) || has_token(line.as_bytes(), b"*"))
}
