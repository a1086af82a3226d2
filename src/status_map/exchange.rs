//! What is passed around for one request: its information and the layer's options.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, Request, Response};

use super::{
    log,
    options::Options,
    request::{self, LogContext, RequestInfo},
    resolve::resolve,
};
use crate::{
    Context, Format, Status, Verdict,
    conditional::{RequestConditions, evaluate_response},
    fields::X_REQUEST_ID,
};

/// A request's information and the layer's options.
pub(super) struct Exchange {
    pub(super) options: Arc<Options>,
    pub(super) request: RequestInfo,
    pub(super) log: Option<LogContext>,
    conditions: Option<Arc<RequestConditions>>,
}

impl Exchange {
    #[inline]
    pub(super) fn new<B>(request: &mut Request<B>, options: Arc<Options>) -> Self {
        let mut exchange = Self { request: RequestInfo::new(request), options, log: None, conditions: None };
        let options = &exchange.options;
        let fields = exchange.request.read(request, options);
        let protocol = exchange.request.protocol;
        let is_read = options.has_hook() || log::is_enabled();
        if is_read || protocol.is_rpc() || fields.has_request_id() {
            exchange.log = Some(LogContext::new(request, protocol, fields, is_read));
        }
        if fields.has_conditions() && options.conditional {
            exchange.conditions = RequestConditions::from_request(request);
        }
        exchange
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
        response.get(&X_REQUEST_ID).filter(is_valid).or(of_request.filter(is_valid)).cloned()
    }

    /// Returns what hooks and renderers see of the request.
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
            protocol: self.request.protocol,
            format: self.request.format.unwrap_or(Format::Json),
        }
    }

    /// Returns the final status: what the application's `map_status` makes of a resolved one.
    pub(super) fn map_status(&self, status: Status, request_id: Option<&HeaderValue>) -> Status {
        match &self.options.map_status {
            Some(map_status) => resolve(map_status(status, &self.context(request_id)), &self.options.mappers),
            None => status,
        }
    }
}
