//! Connect: a status as a unary JSON error, or as the end-of-stream message of a streaming response.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, response};
use http_body::Body;

use super::{
    Content, StatusBody,
    context::Context,
    grpc::{self, GrpcOptions, RpcError, RpcRequest},
    headers,
    representation::{NOSNIFF, vary_by_language, with_content},
};
use crate::Status;

mod code;
mod metadata;
mod wire;

pub(crate) use wire::parse_code;
#[cfg(feature = "connectrpc")]
pub(crate) use wire::wire_detail;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A unary error, before it is written.
pub(crate) struct Unary<'a> {
    error: RpcError<'a>,
    /// The HTTP status of its code.
    pub(crate) status: StatusCode,
    /// The status's own header fields: those of HTTP, and the metadata.
    pub(crate) own: HeaderMap,
}

impl<'a> Unary<'a> {
    pub(crate) fn new(
        status: &'a Status,
        replaced: &HeaderMap,
        context: &Context<'a>,
        options: &GrpcOptions<'a>,
    ) -> Self {
        let error = error(status, &grpc::request(status, replaced, context, options));
        let mut own = metadata::http_fields(status.headers());
        headers::apply(&mut own, &error.header_fields);
        headers::apply(&mut own, &error.metadata);
        Self { status: error.code.into(), error, own }
    }

    /// Writes the body and the fields that describe it, but for `no-store`.
    pub(crate) fn write<B: Body>(
        self,
        headers: &mut HeaderMap,
        context: &Context<'_>,
        becomes: Content,
    ) -> StatusBody<B> {
        headers::remove_all(headers, |name| metadata::is_reserved(name) || metadata::needs_its_code(name));
        let _ = headers.try_insert(header::CONTENT_TYPE, JSON);
        let _ = headers.try_insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        vary_by_language(headers, context);
        with_content(headers, wire::unary(&self.error), becomes)
    }
}

/// Turns a response into a streaming response with one end-of-stream message. Returns its body.
pub(crate) fn write_stream<B: Body>(
    parts: &mut response::Parts,
    status: &Status,
    context: &Context<'_>,
    content_type: HeaderValue,
    options: &GrpcOptions<'_>,
) -> StatusBody<B> {
    let error = error(status, &grpc::request(status, &parts.headers, context, options));
    parts.status = StatusCode::OK;
    let stays = |name: &HeaderName| grpc::may_be_in_head(name) && !metadata::is_reserved(name);
    headers::remove_all(&mut parts.headers, |name| !stays(name));
    headers::apply(&mut parts.headers, &error.header_fields);
    let _ = parts.headers.try_insert(header::CONTENT_TYPE, content_type);
    StatusBody::written(wire::end_of_stream(&error))
}

/// Returns what a Connect client sees of a status.
pub(crate) fn error<'a>(status: &'a Status, request: &RpcRequest<'a>) -> RpcError<'a> {
    let mut error = RpcError::new(status, code::code(status), request);
    metadata::restrict(&mut error.metadata);
    error
}
