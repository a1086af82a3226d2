//! gRPC and gRPC-Web: a status as the fields of a Trailers-Only response, or as gRPC-Web's trailer frame.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, response};
use http_body::Body;

use super::{PublicProblem, body::StatusBody, caching, context::Context, headers};
use crate::{Protocol, Status, fields::retry_after};

mod details;
mod error;
mod head;
mod message;
mod metadata;
mod trailers;
mod web;

pub(crate) use error::RpcError;
pub(crate) use head::{has_status, is_typed, remove_status, status, status_of_head};
use metadata::is_metadata;
use trailers::{LIMIT, RESERVED, field_size};

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Makes a response the gRPC response of its request. Returns its body.
pub(crate) fn write<B: Body>(
    parts: &mut response::Parts,
    status: &Status,
    context: &Context<'_>,
    content_type: HeaderValue,
    expose: bool,
) -> StatusBody<B> {
    let headers = &mut parts.headers;
    let delay = retry_after(status.headers()).or(retry_after(headers));
    let error = RpcError::of(status, context.path, context.request_id, delay, expose);
    // gRPC sends every error with the HTTP status 200.
    parts.status = StatusCode::OK;
    let mut used = replace_head(headers, content_type);
    if context.protocol == Protocol::GrpcWeb {
        used += web::expose_fields(headers);
    }
    if context.protocol == Protocol::GrpcWebText {
        let mut fields = HeaderMap::new();
        trailers::append(&error, &mut fields, used);
        return StatusBody::written(STANDARD.encode(web::trailer_frame(&fields)).into());
    }
    trailers::append(&error, headers, used);
    StatusBody::empty()
}

/// Leaves of the header fields those that may be beside a gRPC status, as long as they fit. Returns their size.
fn replace_head(headers: &mut HeaderMap, content_type: HeaderValue) -> usize {
    let inner = std::mem::take(headers);
    // The server adds the pseudo-header field and the Date.
    let servers = field_size(":status", "200".len()) + field_size("date", "Sun, 06 Nov 1994 08:49:37 GMT".len());
    let mut used = servers + field_size("content-type", content_type.len());
    let _ = headers.try_insert(header::CONTENT_TYPE, content_type);
    for (name, value) in inner.iter().filter(|(name, _)| is_metadata(name)) {
        let with = used + field_size(name.as_str(), value.len());
        if with < LIMIT - RESERVED && headers.try_append(name.clone(), value.clone()).is_ok() {
            used = with;
        }
    }
    used
}
