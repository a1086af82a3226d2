//! Decides how the inner service's outcome becomes a response. Reads the body ahead where that decides, and calls
//! `map_status`; changes nothing of the response.

use std::task;

use http::{HeaderMap, HeaderValue, Response, StatusCode, response};
use http_body::Body;

use super::{
    connect_response::ConnectError,
    exchange::Exchange,
    inner_response::InnerError,
    resolve::{MappedBy, resolve},
};
use crate::{
    Status, Verdict,
    catalog::{self, GrpcCode},
    response::{
        Content, KeepBody, StatusBody, grpc,
        headers::FilledIn,
        record::{Record, Recorded, is_empty},
    },
};

/// How an outcome becomes a response.
pub(super) enum Plan<B: Body> {
    /// The response is unchanged.
    Pass(Response<B>),
    /// The 200 becomes a 304.
    NotModified(Response<B>),
    /// A response whose code has no content loses its body and the fields that describe one.
    NoContent(Response<B>),
    /// The body of an error response is kept.
    Keep(Keep<B>),
    /// The body is written.
    Write(Write<B>),
}

pub(super) struct Keep<B: Body> {
    pub(super) status: Status,
    pub(super) response: Response<StatusBody<B>>,
    /// Whether required fields are added: not to the response of another protocol, and not under `fill(false)`.
    pub(super) adds_required: bool,
    /// Whether the code has no content, so that the body is removed all the same.
    pub(super) removes_content: bool,
    pub(super) request_id: Option<HeaderValue>,
}

pub(super) struct Write<B: Body> {
    pub(super) status: Status,
    pub(super) origin: Origin,
    /// The head of the response that is replaced.
    pub(super) parts: response::Parts,
    /// The body that is replaced: dropped when the response has been reported.
    pub(super) replaced: Option<StatusBody<B>>,
    pub(super) inherited: Inherited,
    pub(super) content: Content,
    pub(super) request_id: Option<HeaderValue>,
    pub(super) mapped_by: MappedBy,
}

/// The origin of a status.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The inner service has returned an error.
    Error,
    /// The inner service has returned a response that was built from a `Status`.
    Status,
    /// The inner service has built the response itself.
    Inner,
}

/// The header fields of the replaced response that stay.
pub(super) enum Inherited {
    /// Those of the same status in another format: its own fields, and those that were added to the response later.
    Status { own: HeaderMap, filled_in: FilledIn },
    /// Those that do not describe the body.
    SameCode,
    /// The same, without the gRPC status in the head and its metadata.
    GrpcHead { own: HeaderMap },
    /// Those that do not depend on the code.
    CodeChanged { filled_in: FilledIn },
}

/// Decides how an outcome becomes a response.
#[inline]
pub(super) fn plan<B: Body, E: Into<Status>>(
    outcome: Result<Response<B>, E>,
    exchange: &mut Exchange,
    cx: &mut task::Context<'_>,
) -> Plan<B> {
    let response = match outcome {
        Ok(response) => response,
        Err(status) => return error(status.into(), exchange),
    };
    match exchange.evaluate(&response) {
        Verdict::Proceed if is_success(&response, exchange) && is_complete(&response, exchange) => Plan::Pass(response),
        Verdict::Proceed => plan_response(response, exchange, cx),
        Verdict::NotModified => Plan::NotModified(response),
        Verdict::PreconditionFailed => precondition_failed(response, exchange),
    }
}

/// Returns whether a response is neither an error nor built by this crate.
#[inline]
fn is_success<B>(response: &Response<B>, exchange: &Exchange) -> bool {
    response.status().as_u16() < 400
        && !Record::is_in(response)
        && !(exchange.options.rpc && grpc::has_status(response.headers()))
}

/// Passes a success on. An empty body of a response without content is kept.
fn pass<B: Body>(response: Response<B>, exchange: &Exchange) -> Plan<B> {
    if is_complete(&response, exchange) { Plan::Pass(response) } else { Plan::NoContent(response) }
}

/// Returns whether nothing has to be removed from a success: its code has content, or the response has none.
#[inline]
fn is_complete<B: Body>(response: &Response<B>, exchange: &Exchange) -> bool {
    let code = response.status();
    catalog::entry(code).has_content || code.is_informational() || !exchange.options.fill || has_no_content(response)
}

/// Returns whether a response has neither a body nor a field that describes one.
fn has_no_content<B: Body>(response: &Response<B>) -> bool {
    let fields = [http::header::CONTENT_ENCODING, http::header::TRANSFER_ENCODING];
    is_empty(response.body()) && !fields.iter().any(|name| response.headers().contains_key(name))
}

/// Plans a response that a layer inside may have written, that was built from a `Status`, or that is an error.
#[inline(never)]
fn plan_response<B: Body>(response: Response<B>, exchange: &mut Exchange, cx: &mut task::Context<'_>) -> Plan<B> {
    let code = response.status();
    match Record::read(&response, exchange.request.head) {
        Recorded::Intact(record) if record.finished && record.code == code => Plan::Pass(response),
        // Middleware has turned it into a success.
        Recorded::Intact(record) if code.as_u16() < 400 && record.code != code => pass(response, exchange),
        Recorded::Intact(record) => built(record, response, exchange),
        Recorded::BodyReplaced(record) if !record.finished => inner(Some(record.status), response, exchange, cx),
        Recorded::BodyReplaced(_) | Recorded::No => inner(None, response, exchange, cx),
    }
}

/// Plans the response to an error that the inner service has returned.
#[inline(never)]
fn error<B: Body>(status: Status, exchange: &mut Exchange) -> Plan<B> {
    let (parts, ()) = Response::new(()).into_parts();
    Draft::new(status, Origin::Error, parts, None, exchange).decide(exchange)
}

/// Plans a 412 (RFC 9110 §13.1.1, §13.1.4): the fields of the 200 are wrong for the 412 that replaces it.
#[inline(never)]
fn precondition_failed<B: Body>(response: Response<B>, exchange: &mut Exchange) -> Plan<B> {
    let (parts, body) = response.into_parts();
    let draft = Draft {
        code_changed: true,
        ..Draft::new(Status::precondition_failed(), Origin::Inner, parts, Some(StatusBody::inner(body)), exchange)
    };
    draft.decide(exchange)
}

/// Plans a response that was built from a `Status`, and whose body is the one that was built.
fn built<B: Body>(record: Record, response: Response<B>, exchange: &mut Exchange) -> Plan<B> {
    let (parts, body) = response.into_parts();
    // Middleware may have changed the code.
    let own = record.status.headers().clone();
    let keeps_body = parts.extensions.get::<KeepBody>().is_some();
    let status = if parts.status == record.code { record.status } else { record.status.with_code(parts.status) };
    let draft = Draft {
        keeps_body,
        inherited: Inherited::Status { own, filled_in: record.filled_in },
        filled_in: record.filled_in,
        ..Draft::new(status, Origin::Status, parts, Some(StatusBody::inner(body)), exchange)
    };
    draft.decide(exchange)
}

/// Plans an error response of the inner service. `built_from` is set if middleware has replaced the body of a `Status`.
fn inner<B: Body>(
    built_from: Option<Status>,
    response: Response<B>,
    exchange: &mut Exchange,
    cx: &mut task::Context<'_>,
) -> Plan<B> {
    let protocol = exchange.request.protocol;
    let is_grpc = protocol.is_grpc();
    let code = response.status();
    let failed = code.as_u16() >= 400;
    if exchange.options.rpc {
        let counts = |code: &GrpcCode| !failed || *code != GrpcCode::Ok && (exchange.options.fill || is_grpc);
        if let Some(code) = grpc::status(response.headers()).filter(counts) {
            return grpc_response(code, response, exchange);
        }
    }
    if !failed {
        return pass(response, exchange);
    }
    let origin = if built_from.is_some() { Origin::Status } else { Origin::Inner };
    let built_from = built_from.map(|status| if status.code() == code { status } else { status.with_code(code) });
    if !exchange.options.fill || is_grpc && grpc::is_typed(response.headers()) {
        let status = built_from.unwrap_or_else(|| Status::new(code));
        let (parts, body) = response.into_parts();
        let body = Some(StatusBody::inner(body));
        let draft = Draft { keeps_body: true, ..Draft::new(status, origin, parts, body, exchange) };
        return draft.decide(exchange);
    }
    let (parts, body) = response.into_parts();
    let read = if protocol.is_connect() {
        match ConnectError::read(protocol, &parts, body, cx) {
            ConnectError::Kept(status, body) => {
                let body = Some(body);
                let draft = Draft { keeps_body: true, ..Draft::new(status, origin, parts, body, exchange) };
                return draft.decide(exchange);
            }
            // GET's response may be kept: the length of a response to HEAD is unknown.
            ConnectError::OtherJson(body) => {
                InnerError { text_unknown: exchange.request.head, ..InnerError::replaced(Status::new(code), body) }
            }
            ConnectError::NotRead(body) => InnerError::read(&parts, body, exchange.request.head, cx),
        }
    } else {
        InnerError::read(&parts, body, exchange.request.head, cx)
    };
    let is_unknown_method = protocol.is_rpc() && code == StatusCode::NOT_FOUND;
    let status = inner_status(built_from, read.status, is_unknown_method);
    // An RPC client reads no other body.
    let keeps_body = (read.keeps_body || protocol.is_connect())
        && (!protocol.is_rpc() || parts.extensions.get::<KeepBody>().is_some());
    let shows_text = read.text_unknown && (!status.hides() || exchange.options.exposes());
    let mut draft = Draft { keeps_body, ..Draft::new(status, origin, parts, Some(read.body), exchange) };
    if shows_text {
        draft.content = Content::Unknown;
    }
    draft.decide(exchange)
}

/// Returns the status of an inner response: that of its code, or the one from which it was built.
fn inner_status(built_from: Option<Status>, read: Status, is_unknown_method: bool) -> Status {
    match built_from {
        None if is_unknown_method => read.with_grpc_code(GrpcCode::Unimplemented),
        None => read,
        // The text that middleware wrote replaces the detail.
        Some(status) => match read.detail() {
            Some(text) => status.with_detail(text.to_owned()),
            None => status,
        },
    }
}

/// Plans a response whose head has a gRPC status.
fn grpc_response<B: Body>(code: GrpcCode, response: Response<B>, exchange: &mut Exchange) -> Plan<B> {
    let protocol = exchange.request.protocol;
    if code == GrpcCode::Ok || !exchange.options.fill && !protocol.is_grpc() {
        return pass(response, exchange);
    }
    let (parts, body) = response.into_parts();
    let body = Some(StatusBody::inner(body));
    #[cfg(feature = "tonic")]
    if let Some(status) = exchange.options.fill.then(|| crate::tonic::built_from(&parts.extensions)).flatten() {
        let own = grpc::own_fields(&status);
        let inherited = if protocol.is_rpc() {
            Inherited::Status { own, filled_in: FilledIn::default() }
        } else {
            Inherited::GrpcHead { own }
        };
        let code_changed = !protocol.is_rpc() && parts.status != status.code();
        let draft = Draft { code_changed, inherited, ..Draft::new(status, Origin::Status, parts, body, exchange) };
        return draft.decide(exchange);
    }
    let status = grpc_status(code, &parts);
    if protocol.is_grpc() {
        let draft = Draft { keeps_body: true, ..Draft::new(status, Origin::Inner, parts, body, exchange) };
        return draft.decide(exchange);
    }
    let inherited = Inherited::GrpcHead { own: grpc::own_fields(&status) };
    let code_changed = !protocol.is_rpc() && parts.status != status.code();
    let draft = Draft { code_changed, inherited, ..Draft::new(status, Origin::Inner, parts, body, exchange) };
    draft.decide(exchange)
}

/// Returns the status of a Trailers-Only response. tonic keeps more of the status than the head has.
fn grpc_status(code: GrpcCode, parts: &response::Parts) -> Status {
    #[cfg(feature = "tonic")]
    if let Some(status) = crate::tonic::status_of(&parts.extensions) {
        return status;
    }
    grpc::status_of_head(code, &parts.headers)
}

/// An error response before its final status is known.
struct Draft<B: Body> {
    status: Status,
    origin: Origin,
    parts: response::Parts,
    body: Option<StatusBody<B>>,
    keeps_body: bool,
    /// The response had another code.
    code_changed: bool,
    /// Which header fields stay if the code does not change.
    inherited: Inherited,
    filled_in: FilledIn,
    content: Content,
}

impl<B: Body> Draft<B> {
    fn new(
        status: Status,
        origin: Origin,
        parts: response::Parts,
        body: Option<StatusBody<B>>,
        exchange: &Exchange,
    ) -> Self {
        Self {
            status,
            origin,
            parts,
            body,
            keeps_body: false,
            code_changed: false,
            inherited: Inherited::SameCode,
            filled_in: FilledIn::default(),
            content: if exchange.request.head { Content::Removed } else { Content::Sent },
        }
    }

    /// Decides with the final status.
    fn decide(self, exchange: &mut Exchange) -> Plan<B> {
        let request_id = exchange.request_id(&self.parts.headers);
        exchange.request.negotiate(&exchange.options.formats);
        let (found, by) = resolve(self.status, &exchange.options.mappers);
        let (status, mapped_by) = exchange.map_status((found.clone(), by), request_id.as_ref());
        let status = exchange.sent_on(status);
        let is_rpc = exchange.request.protocol.is_rpc();
        let is_changed = status.code() != found.code() || is_rpc && status.grpc_code() != found.grpc_code();
        let is_kept = self.keeps_body && !is_changed;
        // The new status has another text: a concealed status has the length of a real one.
        let content = if is_changed && self.content == Content::Unknown { Content::Removed } else { self.content };
        match self.body {
            Some(body) if is_kept => Plan::Keep(Keep {
                status,
                adds_required: exchange.options.fill && !is_rpc,
                removes_content: exchange.options.fill && !catalog::entry(self.parts.status).has_content,
                response: Response::from_parts(self.parts, body),
                request_id,
            }),
            replaced => Plan::Write(Write {
                status,
                origin: self.origin,
                parts: self.parts,
                replaced,
                inherited: if self.code_changed || is_changed {
                    Inherited::CodeChanged { filled_in: self.filled_in }
                } else {
                    self.inherited
                },
                content,
                request_id,
                mapped_by,
            }),
        }
    }
}
