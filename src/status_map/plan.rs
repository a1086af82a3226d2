//! One answer, from what the inner service did to what the client gets.

use std::task;

use http::{HeaderValue, Method, Response, StatusCode, response};
use http_body::Body;

use super::{
    inner_response::{Filled, KeepBody, fill},
    log as report,
    options::Options,
    request::{self as noted, Noted, Trail, X_REQUEST_ID},
    resolve,
};
use crate::{
    Context, Status, Verdict,
    catalog::GrpcCode,
    conditional::{ConditionalHeaders, evaluate_response, not_modified, remove_content_headers},
    response::{
        self as reply, Content, RenderOptions,
        body::StatusBody,
        grpc::{self, Made},
        headers as complete,
    },
    warning::warning,
};

/// Who made the status of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    /// The application or a middleware, as an error.
    Error,
    /// The application, as a `Status` that is a response already.
    Said,
    /// The inner service, as a response of its own.
    Inner,
}

/// Whether a response is one of the many that go out as they are, whatever was asked.
#[inline]
pub(crate) fn passes<B>(response: &Response<B>, conditions: Option<&ConditionalHeaders>) -> bool {
    let code = response.status();
    code.as_u16() < 400
        && !reply::has_no_content(code)
        && response.extensions().is_empty()
        && conditions.is_none()
        && !grpc::is_said(response.headers())
}

/// Passes a response that needs no change on as it is, else answers.
#[inline(never)]
pub(crate) fn answer<B: Body>(
    outcome: Result<Response<B>, Status>,
    noted: &Noted,
    conditions: Option<&ConditionalHeaders>,
    trail: Option<&Trail>,
    options: &Options,
    cx: &mut task::Context<'_>,
) -> Response<StatusBody<B>> {
    let content = if noted.head { Content::Withheld } else { Content::Sent };
    let response = match outcome {
        Err(status) => {
            let (parts, ()) = Response::new(()).into_parts();
            return Answer { maker: Maker::Error, status, parts, body: None, content }.finish(noted, trail, options);
        }
        Ok(response) => response,
    };
    match conditions.map_or(Verdict::Proceed, |conditions| evaluate_response(conditions, &response)) {
        Verdict::Proceed => {}
        Verdict::NotModified => return not_modified(response),
        Verdict::PreconditionFailed => {
            let status = Status::precondition_failed();
            let (parts, _) = response.into_parts();
            return Answer { maker: Maker::Error, status, parts, body: None, content }.finish(noted, trail, options);
        }
    }
    let failed = response.status().as_u16() >= 400;
    // What failed in HTTP is not OK, whatever it says to gRPC; and a proxy's plain clients read HTTP alone.
    let counts = |code: &GrpcCode| !failed || *code != GrpcCode::Ok && (options.fill || noted.protocol.is_grpc());
    if let Some(code) = grpc::said(response.headers()).filter(counts) {
        return grpc_answer(code, response, noted, trail, options);
    }
    if noted.protocol.is_grpc() && grpc::is_typed(response.headers()) {
        let finished = response.extensions().get().is_some_and(|said: &Status| said.sent() == Some(response.status()));
        if finished || !failed {
            return as_it_is(response, options);
        }
        return pass(Status::new(response.status()), response, noted, trail, options);
    }
    if !failed && response.extensions().is_empty() {
        return as_it_is(response, options);
    }
    let said = response.extensions().get::<Status>().cloned();
    // An inner layer finished it, and nobody has made another answer of it since.
    let finished = said.as_ref().is_some_and(|said| said.sent() == Some(response.status()));
    let said = said.filter(|said| said.sent().is_none());
    if finished || !failed && said.as_ref().is_none_or(|said| said.code() != response.status()) {
        return as_it_is(response, options);
    }
    if said.is_none() && !options.fill {
        return pass(Status::new(response.status()), response, noted, trail, options);
    }
    let (mut parts, body) = response.into_parts();
    if let Some(said) = &said {
        // What is written here again need not be taken back line by line.
        let again = failed && !said.is_carrier() && options.map_status.is_none() && !noted.protocol.is_grpc();
        if again && reply::is_untouched(&parts.headers, said) {
            parts.headers = http::HeaderMap::new();
        } else {
            complete::uncomplete(&mut parts.headers, said.code(), said.headers());
        }
    }
    let answer = if said.is_some() && reply::is_unnegotiated(&parts.headers) {
        Answer { maker: Maker::Said, status: Status::new(parts.status), parts, body: None, content }
    } else {
        let Filled { status, body, text_unknown } = fill(&parts, body, noted.head, cx);
        let text_unknown = text_unknown && (!status.hides() || options.expose_server_errors);
        let content = if text_unknown { Content::Unknown } else { content };
        // A gRPC client reads no other form.
        let body = body.filter(|_| !noted.protocol.is_grpc() || parts.extensions.get::<KeepBody>().is_some());
        Answer { maker: Maker::Inner, status, parts, body, content }
    };
    match said {
        Some(said) => answer.by(said),
        None => answer,
    }
    .finish(noted, trail, options)
}

/// A response whose head says a gRPC status: gRPC clients get it as it is, others in their own form.
fn grpc_answer<B: Body>(
    code: GrpcCode,
    response: Response<B>,
    noted: &Noted,
    trail: Option<&Trail>,
    options: &Options,
) -> Response<StatusBody<B>> {
    let finished = response.extensions().get().is_some_and(|said: &Status| said.sent() == Some(response.status()));
    if finished || code == GrpcCode::Ok || !options.fill && !noted.protocol.is_grpc() {
        return as_it_is(response, options);
    }
    let (mut parts, body) = response.into_parts();
    let Made { status, ours } = grpc::made(code, &parts);
    let ours = ours && options.fill;
    if !ours && noted.protocol.is_grpc() {
        return pass(status, Response::from_parts(parts, body), noted, trail, options);
    }
    let maker = if ours { Maker::Error } else { Maker::Inner };
    grpc::unsay(&mut parts.headers, &status);
    let content = if noted.head { Content::Withheld } else { Content::Sent };
    Answer { maker, status, parts, body: None, content }.finish(noted, trail, options)
}

/// An answer in the making.
struct Answer<B: Body> {
    maker: Maker,
    status: Status,
    parts: response::Parts,
    /// The inner body, if it stays.
    body: Option<StatusBody<B>>,
    content: Content,
}

impl<B: Body> Answer<B> {
    /// By a `Status` that is a response already; someone outside may have changed the response's code since.
    fn by(self, said: Status) -> Self {
        let status = if said.code() == self.status.code() { said } else { said.recoded(self.status.code()) };
        Self { maker: Maker::Said, status, ..self }
    }

    fn finish(mut self, noted: &Noted, trail: Option<&Trail>, options: &Options) -> Response<StatusBody<B>> {
        let Self { maker, .. } = self;
        let id = request_id(&self.parts, trail);
        let context = context(noted, trail, id.as_ref(), options);

        // ----- recognize -----
        let said = (maker == Maker::Said).then(|| self.status.clone());
        let mut status = resolve::settle(self.status, &options.mappers);
        if maker == Maker::Inner && context.protocol.is_grpc() && status.code() == StatusCode::NOT_FOUND {
            // Nobody said what was not found: the method.
            status = status.with_grpc_code(GrpcCode::Unimplemented);
        }
        if let Some(map_status) = &options.map_status {
            let rewritten = resolve::settle(map_status(status.clone(), &context), &options.mappers);
            if rewritten.code() != status.code() || rewritten.has_words() {
                // What stood for another status.
                self.body = self.body.filter(|_| self.parts.extensions.get::<KeepBody>().is_some());
            }
            if maker == Maker::Inner && rewritten.code() != status.code() {
                for name in status.entry().required_headers {
                    self.parts.headers.remove(name);
                }
            }
            status = rewritten;
        }
        self.status = status;

        // ----- complete, reply -----
        // Whoever made a response of a status has said its fields, and others may have changed them since.
        let is_said = said.as_ref().is_some_and(|said| self.status.is_same(said));
        if let Some(said) = said.filter(|_| !is_said || context.protocol.is_grpc()) {
            complete::unsay(&mut self.parts.headers, said.headers());
        }
        let body = if context.protocol.is_grpc() && self.body.is_none() {
            let content_type = noted.grpc_content_type();
            grpc::write(&mut self.parts, &self.status, &context, content_type, options.expose_server_errors)
        } else {
            self.in_http(is_said, &context, noted, options)
        };
        let Self { status, mut parts, .. } = self;

        // ----- report -----
        report(&status, &context, trail, options);
        parts.extensions.insert(status.sent_as(parts.status));
        Response::from_parts(parts, body)
    }

    /// Completes the header fields and writes the body, unless the inner one stays.
    fn in_http(&mut self, is_said: bool, context: &Context<'_>, noted: &Noted, options: &Options) -> StatusBody<B> {
        let Self { maker, status, parts, body, content } = self;
        let code = status.code();
        parts.status = code;
        let body = body.take().filter(|_| !reply::has_no_content(code));
        if code == StatusCode::NOT_MODIFIED {
            remove_content_headers(&mut parts.headers);
        } else if body.is_none() {
            complete::undescribe(&mut parts.headers, code, status.headers());
        }
        if !is_said {
            complete::say(&mut parts.headers, status.headers());
        }
        complete::complete(&mut parts.headers, code, options.default_challenge.as_ref(), noted.http1);
        if *maker != Maker::Inner {
            for name in complete::missing(&parts.headers, code, noted.http1) {
                warning!("a {code} goes out without {name}, which its section demands");
            }
        }
        body.unwrap_or_else(|| {
            let style = RenderOptions {
                render: options.render.as_deref(),
                expose: options.expose_server_errors,
                negotiated: options.formats.len() > 1,
                content: *content,
            };
            reply::write(&mut parts.headers, status, context, &style)
        })
    }
}

/// Passes a response on, unless it is one that never has content.
fn as_it_is<B: Body>(response: Response<B>, options: &Options) -> Response<StatusBody<B>> {
    if !options.fill || !reply::has_no_content(response.status()) || response.status().is_informational() {
        return response.map(StatusBody::inner);
    }
    let (mut parts, _) = response.into_parts();
    complete::empty(&mut parts.headers, parts.status);
    let body = reply::no_content(parts.status);
    Response::from_parts(parts, body)
}

/// Reports an answer whose body is not ours to touch.
fn pass<B: Body>(
    status: Status,
    response: Response<B>,
    noted: &Noted,
    trail: Option<&Trail>,
    options: &Options,
) -> Response<StatusBody<B>> {
    let (mut parts, body) = response.into_parts();
    if options.fill {
        complete::complete(&mut parts.headers, parts.status, options.default_challenge.as_ref(), noted.http1);
    }
    let id = request_id(&parts, trail);
    report(&status, &context(noted, trail, id.as_ref(), options), trail, options);
    parts.extensions.insert(status.sent_as(parts.status));
    as_it_is(Response::from_parts(parts, body), options)
}

fn report(status: &Status, context: &Context<'_>, trail: Option<&Trail>, options: &Options) {
    if status.code().as_u16() >= 400 {
        report::log(status, context, trail.is_some_and(|trail| trail.watched));
        if let Some(on_error) = &options.on_error {
            on_error(status, context);
        }
    }
}

fn context<'a>(
    noted: &Noted,
    trail: Option<&'a Trail>,
    request_id: Option<&'a HeaderValue>,
    options: &Options,
) -> Context<'a> {
    let request_id = request_id.and_then(noted::request_id);
    let (method, path) = trail.map_or((&Method::GET, None), |trail| (&trail.method, trail.path.as_ref()));
    Context::new(method, path, request_id, noted.protocol, noted.format(&options.formats))
}

/// The response's, else the request's.
fn request_id(parts: &response::Parts, trail: Option<&Trail>) -> Option<HeaderValue> {
    let valid = |value: &&HeaderValue| noted::request_id(value).is_some();
    parts
        .headers
        .get(&X_REQUEST_ID)
        .filter(valid)
        .or(trail.and_then(|trail| trail.request_id.as_ref()).filter(valid))
        .cloned()
}
