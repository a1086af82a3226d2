//! The fields of a gRPC error, and the limit of their size.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS, RpcError, message};

/// What clients accept by default (RFC 9113 §10.5.1).
pub(super) const LIMIT: usize = 8 * 1024;

/// The part of the limit that the fields of an inner response leave to the status.
pub(super) const RESERVED: usize = 1024;

/// Returns the size of a header field: its name, its value, and 32 bytes (RFC 9113 §6.5.2).
pub(super) fn field_size(name: &str, value: usize) -> usize {
    name.len() + value + 32
}

/// Appends the fields of an error to a head of which `used` bytes are used. What exceeds the limit is left out: the
/// details first, then the end of the message, then metadata.
pub(super) fn append(error: &RpcError<'_>, head: &mut HeaderMap, used: usize) {
    let field = |name: &HeaderName, length: usize| if length == 0 { 0 } else { field_size(name.as_str(), length) };
    let number = HeaderValue::from_static(error.code.number());
    let mut used = used + field(&GRPC_STATUS, number.len());
    let _ = head.try_insert(&GRPC_STATUS, number);
    let metadata: usize = error.metadata.iter().map(|(name, value)| field_size(name.as_str(), value.len())).sum();
    let room = LIMIT.saturating_sub(used + metadata + 1);

    let message =
        if error.message.len() > room { Cow::Borrowed(&*error.message) } else { message::encode(&error.message) };
    let with_message = field(&GRPC_MESSAGE, message.len());
    // Of what is longer than that, nothing would fit.
    let fits = !error.details.is_empty() && error.details.len() < LIMIT;
    let details = if fits { STANDARD_NO_PAD.encode(&error.details) } else { String::new() };
    let with_details = field(&GRPC_STATUS_DETAILS, details.len());
    let message = if with_message <= room {
        message
    } else {
        message::cut(&error.message, room.saturating_sub(field_size(GRPC_MESSAGE.as_str(), 0))).into()
    };
    let details = if with_message + with_details <= room { details } else { String::new() };
    for (name, text) in [(&GRPC_MESSAGE, &*message), (&GRPC_STATUS_DETAILS, &details)] {
        if text.is_empty() {
            continue;
        }
        if let Ok(value) = HeaderValue::from_str(text) {
            used += field(name, value.len());
            let _ = head.try_insert(name, value);
        }
    }
    for (name, value) in &error.metadata {
        let with = used + field_size(name.as_str(), value.len());
        if with < LIMIT && head.try_append(name.clone(), value.clone()).is_ok() {
            used = with;
        }
    }
}
