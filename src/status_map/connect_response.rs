//! Error responses of the inner service to Connect requests: those that are kept, and those that are converted.

use std::task;

use http::{HeaderMap, StatusCode, header, response};
use http_body::Body;

use super::inner_response::LIMIT;
use crate::{
    Protocol, Status,
    fields::{connect_request::is_streaming, media_type::MediaType},
    response::{StatusBody, connect, peek::Peeked},
};

/// An error response of the inner service to a Connect request.
pub(super) enum ConnectError<B: Body> {
    /// A response for the client: Connect's own error, or a status that the protocol requires.
    Kept(Status, StatusBody<B>),
    /// Other JSON, no part of which is shown.
    OtherJson(StatusBody<B>),
    /// Any other response.
    NotRead(B),
}

impl<B: Body> ConnectError<B> {
    pub(super) fn read(protocol: Protocol, parts: &response::Parts, body: B, cx: &mut task::Context<'_>) -> Self {
        let status = Status::new(parts.status);
        // The protocol reference requires these for a method or a message codec that the server does not support.
        let is_required = [StatusCode::METHOD_NOT_ALLOWED, StatusCode::UNSUPPORTED_MEDIA_TYPE].contains(&parts.status);
        let is_stream = parts.headers.get(header::CONTENT_TYPE).is_some_and(is_streaming);
        if is_required || is_stream {
            return Self::Kept(status, StatusBody::inner(body));
        }
        if protocol != Protocol::Connect || !is_json(&parts.headers) {
            return Self::NotRead(body);
        }
        let peeked = Peeked::new(body, LIMIT, cx);
        match peeked.complete().and_then(|text| connect::parse_code(&text)) {
            Some((code, message)) => Self::Kept(status.with_grpc_code(code).with_detail(message), peeked.into()),
            None => Self::OtherJson(StatusBody::unsent(peeked)),
        }
    }
}

/// Returns whether a body is JSON that is not content-coded.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| MediaType::parse(value.as_bytes()));
    content_type.is_some_and(|content_type| content_type.is("application/json"))
        && !headers.contains_key(header::CONTENT_ENCODING)
}
