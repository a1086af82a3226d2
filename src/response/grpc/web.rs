//! gRPC-Web: the trailer frame, and what pages of other origins may read.

use http::{HeaderMap, HeaderValue, header};

use super::trailers::field_size;
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

/// Exposes the gRPC status to pages of other origins (Fetch §3.3.6). Returns the size of what was added.
pub(super) fn expose_fields(headers: &mut HeaderMap) -> usize {
    const FIELDS: HeaderValue = HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin");
    let names = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    let exposed = |name: &str| {
        let mut lines = headers.get_all(header::ACCESS_CONTROL_EXPOSE_HEADERS).iter();
        lines.any(|line| has_token(line.as_bytes(), name.as_bytes()) || has_token(line.as_bytes(), b"*"))
    };
    if names.into_iter().all(exposed) {
        return 0;
    }
    let _ = headers.try_append(header::ACCESS_CONTROL_EXPOSE_HEADERS, FIELDS);
    field_size(header::ACCESS_CONTROL_EXPOSE_HEADERS.as_str(), FIELDS.len())
}
