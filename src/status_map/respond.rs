//! Writes a response as planned: header fields, body, log line and hooks.

use std::mem;

use http::{HeaderValue, Response, StatusCode, Version};
use http_body::Body;

use super::{
    debug,
    exchange::Exchange,
    log,
    plan::{Inherited, Keep, Origin, Plan, Write},
};
use crate::{
    Context, Protocol, Status,
    conditional::{not_modified, remove_content_headers},
    fields::retry_after,
    response::{
        RenderOptions, StatusBody, caching, code_change, connect,
        grpc::{self, GrpcOptions},
        headers,
        record::Record,
        remove_reason_phrase, write,
    },
    warning::warning,
};

/// Writes a response as planned.
#[inline]
pub(super) fn respond<B: Body>(plan: Plan<B>, exchange: &Exchange) -> Response<StatusBody<B>> {
    match plan {
        Plan::Pass(response) => response.map(StatusBody::inner),
        Plan::NotModified(response) => not_modified(response),
        Plan::NoContent(response) => no_content(response),
        Plan::Keep(keep) => keep_body(keep, exchange),
        Plan::Write(write) => write_response(write, exchange),
    }
}

fn no_content<B: Body>(response: Response<B>) -> Response<StatusBody<B>> {
    let (mut parts, _) = response.into_parts();
    headers::remove_content_fields(&mut parts.headers, parts.status);
    Response::from_parts(parts, StatusBody::empty())
}

#[inline(never)]
fn keep_body<B: Body>(keep: Keep<B>, exchange: &Exchange) -> Response<StatusBody<B>> {
    let Keep { status, mut response, adds_required, removes_content, request_id } = keep;
    let mut filled_in = headers::FilledIn::default();
    let mut removed = None;
    if removes_content {
        let code = response.status();
        headers::remove_content_fields(response.headers_mut(), code);
        removed = Some(mem::take(response.body_mut()));
    }
    if adds_required {
        let code = response.status();
        let challenge = exchange.options.default_challenge.as_ref();
        filled_in = headers::add_required(response.headers_mut(), code, challenge, exchange.request.version);
        filled_in.no_store = caching::set_required_no_store(response.headers_mut(), code);
    }
    report(&status, request_id.as_ref(), exchange);
    Record::insert(&mut response, status, filled_in, true);
    // A body may panic when it is dropped, so it is dropped after the report.
    drop(removed);
    response
}

#[inline(never)]
fn write_response<B: Body>(planned: Write<B>, exchange: &Exchange) -> Response<StatusBody<B>> {
    let Write { status, origin, mut parts, replaced, inherited, content, request_id, mapped_by } = planned;
    let debug = debug::report(&status, mapped_by, &exchange.options);
    let mut context = exchange.context(request_id.as_ref());
    context.body.debug = debug.as_ref();
    // The phrase beside a `Status` is that of the application.
    if !matches!(inherited, Inherited::Status { .. }) {
        remove_reason_phrase(&mut parts.extensions);
    }
    let rpc_options =
        GrpcOptions { limit: exchange.options.grpc_limit, domain: exchange.options.error_domain.as_deref() };
    let mut filled_in = headers::FilledIn::default();
    let body = if context.protocol == Protocol::Connect {
        let error = connect::Unary::new(&status, &parts.headers, &context, &rpc_options);
        if parts.status != error.status {
            caching::remove_freshness(&mut parts.headers);
        }
        parts.status = error.status;
        filled_in = write_headers(&mut parts.headers, error.status, &error.own, origin, &inherited, exchange);
        let body = error.write(&mut parts.headers, &context, content);
        if parts.status == status.code() {
            filled_in.no_store = caching::set_no_store(&mut parts.headers, parts.status);
        } else {
            // The freshness was that of the response with the other code.
            caching::keep_no_store(&mut parts.headers);
        }
        body
    } else if context.protocol.is_rpc() {
        inherit_metadata(&mut parts.headers, &inherited, exchange);
        let content_type = exchange.request.rpc_content_type();
        let write = if context.protocol.is_grpc() { grpc::write } else { connect::write_stream };
        write(&mut parts, &status, &context, content_type, &rpc_options)
    } else {
        parts.status = status.code();
        filled_in = write_headers(&mut parts.headers, status.code(), status.headers(), origin, &inherited, exchange);
        let options = RenderOptions {
            render: exchange.options.render.as_deref(),
            negotiated: exchange.options.formats.len() > 1,
            content,
        };
        context.body.retry_after = retry_after(&parts.headers).map(|delay| delay.as_secs());
        let body = write(&mut parts.headers, &status, &context, &options);
        filled_in.no_store = caching::set_no_store(&mut parts.headers, parts.status);
        body
    };
    report_in(&status, &context, exchange);
    let mut response = Response::from_parts(parts, body);
    Record::insert(&mut response, status, filled_in, true);
    // A body may panic when it is dropped, so the response is reported before.
    drop(replaced);
    response
}

/// Writes all header fields but those that describe the body. Returns those that were filled in.
fn write_headers(
    fields: &mut http::HeaderMap,
    code: StatusCode,
    of_status: &http::HeaderMap,
    origin: Origin,
    inherited: &Inherited,
    exchange: &Exchange,
) -> headers::FilledIn {
    let mut no_store = false;
    match inherited {
        Inherited::Status { own, filled_in } => {
            headers::remove_filled_in(fields, *filled_in);
            headers::remove_format_fields(fields, code, own);
            headers::replace(fields, own, of_status);
        }
        Inherited::SameCode => {
            headers::remove_representation_fields(fields, code);
            headers::apply(fields, of_status);
        }
        Inherited::GrpcHead { own } => {
            grpc::remove_status(fields, own);
            headers::remove_representation_fields(fields, code);
            headers::apply(fields, of_status);
        }
        Inherited::CodeChanged { filled_in } => {
            headers::remove_filled_in(fields, *filled_in);
            no_store = caching::has_no_store(fields);
            code_change::retain(fields, &exchange.options.keep_headers, exchange.options.request_id_header());
            headers::apply(fields, of_status);
        }
    }
    if code == StatusCode::NOT_MODIFIED {
        remove_content_headers(fields);
    }
    if no_store {
        caching::keep_no_store(fields);
    }
    let challenge = exchange.options.default_challenge.as_ref();
    let filled_in = headers::add_required(fields, code, challenge, exchange.request.version);
    // The warnings are for the application, which chose this status.
    if origin != Origin::Inner {
        warn_of_missing(fields, code, exchange.request.version);
    }
    filled_in
}

/// Warns of each field that the application's status lacks.
fn warn_of_missing(fields: &http::HeaderMap, code: StatusCode, version: Version) {
    for name in headers::missing(fields, code, version) {
        warning!("missing required header {name} of a {code}");
    }
    if code == StatusCode::UPGRADE_REQUIRED && version > Version::HTTP_11 {
        warning!("a 426 to a request over {version:?}, which has no Upgrade (RFC 9113 §8.6)");
    }
}

/// Removes the fields that the status itself will add to a gRPC response, and those of another code.
fn inherit_metadata(fields: &mut http::HeaderMap, inherited: &Inherited, exchange: &Exchange) {
    match inherited {
        Inherited::Status { own, .. } | Inherited::GrpcHead { own } => grpc::remove_status(fields, own),
        Inherited::CodeChanged { .. } => {
            code_change::retain(fields, &exchange.options.keep_headers, exchange.options.request_id_header());
        }
        Inherited::SameCode => {}
    }
}

fn report(status: &Status, request_id: Option<&HeaderValue>, exchange: &Exchange) {
    report_in(status, &exchange.context(request_id), exchange);
}

/// Logs an error response and calls the hook, once per response.
fn report_in(status: &Status, context: &Context<'_>, exchange: &Exchange) {
    // For an RPC client a redirect is an error as well.
    if status.code().as_u16() < 400 && !context.protocol.is_rpc() {
        return;
    }
    log::log(status, context, exchange.log.as_ref().is_some_and(|log| log.is_read));
    if let Some(on_error) = &exchange.options.on_error {
        on_error(status, context);
    }
}
