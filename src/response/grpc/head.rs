//! Reads the gRPC status in the head of a response: that of a Trailers-Only response.

use http::{HeaderMap, header};
use percent_encoding::percent_decode;

use super::{GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS, headers};
use crate::{Protocol, Status, catalog::GrpcCode};

/// Returns whether a response has a gRPC status in its head.
#[inline]
pub(crate) fn has_status(fields: &HeaderMap) -> bool {
    // A success has few fields: comparing their names is cheaper than hashing.
    fields.keys().any(|name| *name == GRPC_STATUS)
}

/// Returns the code in the head of a response.
pub(crate) fn status(fields: &HeaderMap) -> Option<GrpcCode> {
    let number = fields.get(&GRPC_STATUS)?.to_str().ok().and_then(|text| text.parse().ok());
    Some(number.map_or(GrpcCode::Unknown, GrpcCode::from_number))
}

/// Returns whether the media type of a response is gRPC's or gRPC-Web's.
pub(crate) fn is_typed(fields: &HeaderMap) -> bool {
    fields.get(header::CONTENT_TYPE).is_some_and(|value| Protocol::of_media_type(value.as_bytes()).is_grpc())
}

/// Returns the status in the head of a Trailers-Only response with this code.
pub(crate) fn status_of_head(code: GrpcCode, fields: &HeaderMap) -> Status {
    let message = fields.get(&GRPC_MESSAGE).map(|value| percent_decode(value.as_bytes()).decode_utf8_lossy());
    let status = match message.filter(|message| !message.is_empty()) {
        Some(message) => Status::new(code.into()).with_detail(message.into_owned()),
        // An unknown method in gRPC is a 404 without a detail.
        None if code == GrpcCode::Unimplemented => Status::not_found(),
        None => Status::new(code.into()),
    };
    status.with_grpc_code(code)
}

/// Returns the header fields and the metadata of a status.
pub(crate) fn own_fields(status: &Status) -> HeaderMap {
    let mut own = status.headers().clone();
    if let Some(rpc) = status.rpc() {
        headers::apply(&mut own, &rpc.metadata);
    }
    own
}

/// Removes a gRPC status and its metadata, `own`, from the head: all lines of each name, because the head does not show
/// which of them middleware has added.
pub(crate) fn remove_status(fields: &mut HeaderMap, own: &HeaderMap) {
    for name in [&GRPC_STATUS, &GRPC_MESSAGE, &GRPC_STATUS_DETAILS].into_iter().chain(own.keys()) {
        fields.remove(name);
    }
}
