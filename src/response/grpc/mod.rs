//! gRPC and gRPC-Web: a status as the fields of a Trailers-Only response, or as gRPC-Web's trailer frame.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, response};
use http_body::Body;

use super::{DebugReport, PublicProblem, body::StatusBody, caching, context::Context, headers};
use crate::{Protocol, Status};

mod details;
mod error;
mod head;
mod limit;
mod message;
mod metadata;
mod request;
mod retry;
mod trailers;
mod web;

pub(crate) use details::Detail;
pub(crate) use error::{RpcError, code};
pub(crate) use head::{has_status, is_typed, own_fields, remove_status, status, status_of_head};
pub(crate) use limit::DEFAULT_LIMIT;
pub(crate) use metadata::{is_http_only, may_be_in_head};
pub(crate) use request::RpcRequest;

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// The layer's options that concern gRPC.
pub(crate) struct GrpcOptions<'a> {
    /// The limit of the size of the header fields.
    pub(crate) limit: usize,
    /// The domain of `ErrorInfo`; `None`: the service in the path.
    pub(crate) domain: Option<&'a str>,
}

/// Turns a response into a gRPC response. Returns its body.
pub(crate) fn write<B: Body>(
    parts: &mut response::Parts,
    status: &Status,
    context: &Context<'_>,
    content_type: HeaderValue,
    options: &GrpcOptions<'_>,
) -> StatusBody<B> {
    let headers = &mut parts.headers;
    let request = request(status, headers, context, options);
    let delay = request.delay;
    let mut error = RpcError::new(status, code(status), &request);
    // gRPC sends every error with the HTTP status 200.
    parts.status = StatusCode::OK;
    let own_fields = if context.protocol == Protocol::Grpc { metadata::cookies } else { metadata::web_fields };
    let used = limit::replace_head(headers, content_type, &own_fields(&error.header_fields), options.limit);
    retry::set_pushback(&mut error, headers, delay);
    match context.protocol {
        Protocol::GrpcWebText => {
            error.fit(used, options.limit);
            let mut fields = HeaderMap::new();
            trailers::append(&error, &mut fields);
            StatusBody::written(STANDARD.encode(web::trailer_frame(&fields)).into())
        }
        Protocol::GrpcWeb => {
            error.fit_exposed(used, options.limit, headers);
            web::expose(headers, &error.metadata);
            trailers::append(&error, headers);
            StatusBody::empty()
        }
        _ => {
            error.fit(used, options.limit);
            trailers::append(&error, headers);
            StatusBody::empty()
        }
    }
}

/// Returns the inputs of an error beside its status. `replaced` are the fields of the response that it replaces.
pub(crate) fn request<'a>(
    status: &Status,
    replaced: &HeaderMap,
    context: &Context<'a>,
    options: &GrpcOptions<'a>,
) -> RpcRequest<'a> {
    RpcRequest {
        domain: options.domain.unwrap_or(service(context.path)),
        ids: context.ids(),
        delay: retry::delay(status, replaced),
        expose: context.body.expose,
        debug: context.body.debug,
        language: context.translated_to(),
    }
}

/// Returns the service of `/package.Service/Method`.
fn service(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}
