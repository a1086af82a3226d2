//! The information about one request and the layer's options, which are passed around together.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, Request, Response};

use super::{
    log,
    options::Options,
    request::{self, LogContext, RequestInfo},
    resolve::{MappedBy, resolve},
};
use crate::{
    Context, Format, Status, Verdict,
    conditional::{RequestConditions, evaluate_response},
    fields,
    response::{BodyOptions, capture::Captured},
};

/// A request's information and the layer's options.
pub(super) struct Exchange {
    pub(super) options: Arc<Options>,
    pub(super) request: RequestInfo,
    pub(super) log: Option<LogContext>,
    conditions: Option<Arc<RequestConditions>>,
    captured: Option<Captured>,
}

impl Exchange {
    #[inline]
    pub(super) fn new<B>(request: &mut Request<B>, options: Arc<Options>) -> Self {
        let mut exchange =
            Self { request: RequestInfo::new(request), options, log: None, conditions: None, captured: None };
        let options = &exchange.options;
        let fields = exchange.request.read(request, options);
        let protocol = exchange.request.protocol;
        let is_read = options.has_hook() || log::is_enabled();
        if is_read || protocol.is_rpc() || fields.has_id() {
            exchange.log = Some(LogContext::new(request, protocol, fields, options, is_read));
        }
        if fields.has_conditions() && options.conditional {
            exchange.conditions = RequestConditions::from_request(request);
        }
        exchange
    }

    /// Returns whether the application captures a value of the request. Only hooks read it.
    #[inline]
    pub(super) fn captures(&self) -> bool {
        !self.options.captures.is_empty() && self.options.has_hook()
    }

    /// Captures the application's values of the request, which is returned unchanged.
    #[inline(never)]
    pub(super) fn capture<B>(&mut self, request: Request<B>) -> Request<B> {
        let (parts, body) = request.into_parts();
        self.captured = Captured::read(&parts, &self.options.captures);
        Request::from_parts(parts, body)
    }

    /// Evaluates the request's conditions on a response.
    #[inline]
    pub(super) fn evaluate<B>(&self, response: &Response<B>) -> Verdict {
        self.conditions.as_ref().map_or(Verdict::Proceed, |conditions| evaluate_response(conditions, response))
    }

    /// Returns the id of a response, otherwise that of its request.
    pub(super) fn request_id(&self, response: &HeaderMap) -> Option<HeaderValue> {
        let is_valid = |value: &&HeaderValue| request::request_id(value).is_some();
        let of_request = self.log.as_ref().and_then(|log| log.request_id.as_ref());
        response.get(self.options.request_id_header()).filter(is_valid).or(of_request.filter(is_valid)).cloned()
    }

    /// Returns the context that hooks and renderers get.
    pub(super) fn context<'a>(&'a self, request_id: Option<&'a HeaderValue>) -> Context<'a> {
        let log = self.log.as_ref();
        Context {
            method: log.map_or(&Method::GET, |log| &log.method),
            path: log.and_then(|log| log.path.as_ref()).map_or("", |path| path.path()),
            #[cfg(feature = "axum")]
            route: log.and_then(|log| log.route.as_ref()).map(axum::extract::MatchedPath::as_str),
            #[cfg(not(feature = "axum"))]
            route: None,
            request_id: request_id.and_then(request::request_id),
            trace_id: log.and_then(|log| log.traceparent.as_ref()).and_then(fields::trace_id),
            protocol: self.request.protocol,
            format: self.request.format.unwrap_or(Format::Json),
            language: self.language(),
            captured: self.captured.as_ref(),
            body: BodyOptions {
                page: &self.options.page,
                // Loading the address again repeats such a request.
                can_reload: self.request.gets,
                retry_after: None,
                expose: self.options.exposes(),
                debug: None,
                translate: self.options.translate.as_deref(),
            },
        }
    }

    /// Returns the language that the client prefers, if the application translates.
    fn language(&self) -> Option<&'static str> {
        self.options.translate.as_ref()?.languages().get(usize::from(self.request.language)).copied()
    }

    /// Returns the status as our clients get it: without what belongs to an upstream, and with an absolute type.
    pub(super) fn sent_on(&self, status: Status) -> Status {
        let status = status.sent_on();
        match &self.options.type_base {
            Some(base) => status.with_type_base(base),
            None => status,
        }
    }

    /// Returns the final status: the resolved one after the application's `map_status`.
    pub(super) fn map_status(
        &self,
        (status, by): (Status, MappedBy),
        request_id: Option<&HeaderValue>,
    ) -> (Status, MappedBy) {
        let Some(map_status) = &self.options.map_status else { return (status, by) };
        match resolve(map_status(status, &self.context(request_id)), &self.options.mappers) {
            (status, MappedBy::Itself) => (status, by),
            resolved => resolved,
        }
    }
}
