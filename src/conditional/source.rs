//! The service with a source of validators, which is asked before the handler.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response, request};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::Service;

use super::{
    layer::{Conditional, ConditionalFuture, Pending, status_response},
    preconditions::{apply_if_range, check_before_handler, is_conditional, is_ignored},
    validators::Validators,
};
use crate::{Status, response::body::StatusBody};

/// The validators are those that the application returns before the handler runs.
#[derive(Clone, Copy)]
pub struct FromSource<F>(pub(super) F);

impl<F> fmt::Debug for FromSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromSource")
    }
}

impl<S, F, Fut, ReqBody, ResBody> Service<Request<ReqBody>> for Conditional<S, FromSource<F>>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    F: Fn(&request::Parts) -> Fut,
    Fut: Future<Output = Result<Option<Validators>, Status>>,
    ResBody: Body,
{
    type Response = Response<StatusBody<ResBody>>;
    type Error = S::Error;
    type Future = SourceFuture<S, Fut, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        if self.options.lacks_precondition(&request) {
            return SourceFuture { state: State::Inner { inner: ConditionalFuture::precondition_required() } };
        }
        let pending = Pending::new(&mut request, self.options);
        if !is_conditional(request.method(), request.headers()) {
            let inner = pending.response_of(self.inner.call(request));
            return SourceFuture { state: State::Inner { inner } };
        }
        let (parts, body) = request.into_parts();
        let source = (self.source.0)(&parts);
        let request = Request::from_parts(parts, body);
        // The instance that was polled ready is the one to call.
        let clone = self.inner.clone();
        let service = std::mem::replace(&mut self.inner, clone);
        let waiting = Waiting { service, request, pending, require: self.options.require };
        SourceFuture { state: State::Source { source, waiting: Some(waiting) } }
    }
}

/// The request, until it is known whether the handler runs.
struct Waiting<S, ReqBody> {
    service: S,
    request: Request<ReqBody>,
    pending: Pending,
    require: bool,
}

impl<S, ReqBody> Waiting<S, ReqBody> {
    /// Calls the handler, unless the source decides the response.
    fn proceed(mut self, source: Result<Option<Validators>, Status>) -> Result<ConditionalFuture<S::Future>, Status>
    where
        S: Service<Request<ReqBody>>,
    {
        let current = source?;
        let (method, headers) = (self.request.method(), self.request.headers());
        if self.require && is_ignored(method, headers, current.as_ref()) {
            return Err(Status::precondition_required());
        }
        check_before_handler(method, headers, current.as_ref())?;
        apply_if_range(self.request.headers_mut(), current.as_ref());
        self.pending.evaluated = current.is_none_or(|current| current.has_any());
        Ok(self.pending.response_of(self.service.call(self.request)))
    }
}

pin_project! {
    /// The future of [`Conditional`] with a source of validators.
    pub struct SourceFuture<S: Service<Request<ReqBody>>, Fut, ReqBody> {
        #[pin]
        state: State<S, Fut, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<ReqBody>>, Fut, ReqBody> {
        Source { #[pin] source: Fut, waiting: Option<Waiting<S, ReqBody>> },
        Inner { #[pin] inner: ConditionalFuture<S::Future> },
    }
}

impl<S, Fut, ReqBody, ResBody> Future for SourceFuture<S, Fut, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    Fut: Future<Output = Result<Option<Validators>, Status>>,
    ResBody: Body,
{
    type Output = Result<Response<StatusBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Inner { inner } => return inner.poll(cx),
                StateProjection::Source { source, waiting } => {
                    let source = ready!(source.poll(cx));
                    // Taken once, when the source is ready: a future that is polled after its end stays pending.
                    let Some(waiting) = waiting.take() else { return Poll::Pending };
                    let head = waiting.pending.head;
                    waiting.proceed(source).map_err(|status| status_response(status, head))
                }
            };
            match next {
                Ok(inner) => state.set(State::Inner { inner }),
                Err(response) => return Poll::Ready(Ok(response)),
            }
        }
    }
}

impl<S: Service<Request<ReqBody>>, Fut, ReqBody> fmt::Debug for SourceFuture<S, Fut, ReqBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFuture").finish_non_exhaustive()
    }
}
