//! The fields of a gRPC error, in the head of a Trailers-Only response or in trailers.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderValue};

use super::{GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS, RpcError, message};

/// Appends the fields of an error to a head or to trailers.
pub(super) fn append(error: &RpcError<'_>, fields: &mut HeaderMap) {
    let _ = fields.try_insert(&GRPC_STATUS, HeaderValue::from_static(error.code.number()));
    let message = message::encode(&error.message);
    let details = STANDARD_NO_PAD.encode(error.details.encode(error.code, &error.message));
    for (name, text) in [(&GRPC_MESSAGE, &*message), (&GRPC_STATUS_DETAILS, &details)] {
        if let Some(value) =
            Some(text).filter(|text| !text.is_empty()).and_then(|text| HeaderValue::from_str(text).ok())
        {
            let _ = fields.try_insert(name, value);
        }
    }
    for (name, value) in &error.metadata {
        let _ = fields.try_append(name.clone(), value.clone());
    }
}
