//! What the layer keeps of a request until the inner service responds, and how it changes the response.

use std::{sync::Arc, task::Context};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;

use super::{
    before_handler::{remove_range, remove_range_of_generated_etag},
    etag::ETag,
    evaluate::{Verdict, evaluate_response_with},
    generate::{Generated, GeneratedETags},
    not_modified::not_modified,
    options::{Options, SharedOptions},
    request_conditions::{Fact, RequestConditions},
    validators::SourceValidators,
};
use crate::{
    Status,
    response::{self, StatusBody},
};

pub(super) struct Pending<H> {
    options: Arc<Options>,
    hasher: Option<H>,
    method: PendingMethod,
    /// The conditions that the response decides.
    pub(super) conditions: Option<Arc<RequestConditions>>,
    /// The validators that a source returned, for the response to GET or HEAD.
    pub(super) source: SourceValidators,
}

/// What a method means for the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PendingMethod {
    Get,
    Head,
    /// The inner service gets a GET.
    HeadAsGet,
    Query,
    Other,
}

impl PendingMethod {
    fn new(method: &Method, options: &Options) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::HEAD if options.head_as_get => Self::HeadAsGet,
            Method::HEAD => Self::Head,
            Method::QUERY => Self::Query,
            _ => Self::Other,
        }
    }
}

impl<H> Pending<H> {
    pub(super) fn new<B>(request: &mut Request<B>, options: &Arc<Options>, hasher: Option<&H>) -> Self
    where
        H: Clone,
    {
        let method = PendingMethod::new(request.method(), options);
        let conditions = RequestConditions::from_request(request);
        SharedOptions::share(options, request.extensions_mut());
        Self {
            options: Arc::clone(options),
            hasher: hasher.filter(|_| options.generate.is_some()).cloned(),
            method,
            conditions,
            source: SourceValidators::default(),
        }
    }

    /// Changes the request for the inner service.
    pub(super) fn prepare<B>(&mut self, request: &mut Request<B>) {
        if self.method == PendingMethod::HeadAsGet {
            *request.method_mut() = Method::GET;
            remove_range(request.headers_mut());
        }
        if self.options.generate.is_none() {
            return;
        }
        if matches!(self.method, PendingMethod::Get | PendingMethod::Query) {
            remove_range_of_generated_etag(request.headers_mut(), self.hasher.is_some());
        }
        if let Some(conditions) = &self.conditions {
            conditions.add(Fact::TagAddedOutside);
        }
    }

    pub(super) fn respond<B: Body>(&self, response: Response<B>, cx: &mut Context<'_>) -> Response<StatusBody<B>>
    where
        H: Fn(&[Bytes]) -> Option<ETag>,
    {
        let (mut parts, body) = response.into_parts();
        self.add_source_validators(parts.status, &mut parts.headers);
        let response = Response::from_parts(parts, body);
        let (response, generated) = match self.options.generate {
            Some(generate) => self.generate_etag(generate, response, cx),
            None => (response.map(StatusBody::inner), Generated::Known),
        };
        if let Some(conditions) = self.conditions.as_ref().filter(|_| generated == Generated::Unknown) {
            conditions.add(Fact::TagUnknown);
        }
        match self.evaluate(&response) {
            Verdict::Proceed if self.method == PendingMethod::HeadAsGet => self.without_body(response),
            Verdict::Proceed => response,
            Verdict::NotModified => not_modified(response),
            Verdict::PreconditionFailed => {
                let (parts, _) = response.into_parts();
                self.without_body(response::replace_response(Status::precondition_failed(), parts))
            }
        }
    }

    /// Builds a response from a status; a `StatusMapLayer` outside renders and reports it.
    pub(super) fn respond_with<B: Body>(&self, status: Status) -> Response<StatusBody<B>> {
        let (parts, ()) = Response::new(()).into_parts();
        self.without_body(response::from_status(status, parts))
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    fn evaluate<B>(&self, response: &Response<B>) -> Verdict {
        let Some(conditions) = &self.conditions else { return Verdict::Proceed };
        evaluate_response_with(conditions, response, self.source.as_current(), &self.options.tags)
    }

    fn add_source_validators(&self, code: StatusCode, response: &mut HeaderMap) {
        let is_read = !matches!(self.method, PendingMethod::Query | PendingMethod::Other);
        if is_read && matches!(code, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
            self.source.add_to(response);
        }
    }

    fn generate_etag<B: Body>(
        &self,
        generate: GeneratedETags,
        response: Response<B>,
        cx: &mut Context<'_>,
    ) -> (Response<StatusBody<B>>, Generated)
    where
        H: Fn(&[Bytes]) -> Option<ETag>,
    {
        match self.method {
            PendingMethod::Get | PendingMethod::HeadAsGet | PendingMethod::Query => {
                generate.add_to(response, self.hasher.as_ref(), cx)
            }
            PendingMethod::Head => {
                let generated = generate.of_head(&response);
                (response.map(StatusBody::inner), generated)
            }
            PendingMethod::Other => (response.map(StatusBody::inner), Generated::Known),
        }
    }

    /// Removes the body of a response to HEAD.
    fn without_body<B: Body>(&self, response: Response<StatusBody<B>>) -> Response<StatusBody<B>> {
        let is_head = matches!(self.method, PendingMethod::Head | PendingMethod::HeadAsGet);
        if is_head { response::without_body(response) } else { response }
    }
}
