//! [`ConditionalLayer`] with a source of validators, which is called before the handler.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Method, Request, Response, request};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::Service;

use super::{
    before_handler::{apply_if_range, calls_source, check_source},
    etag::ETag,
    layer::{Conditional, ConditionalFuture, ConditionalLayer},
    pending::Pending,
    validators::Validators,
};
use crate::{Status, response::StatusBody};

impl<V, H> ConditionalLayer<V, H> {
    /// Asks the application for the validators of the current representation before the handler, which does not run if
    /// they make the response a 304 or a 412. `None`: there is no current representation. An error becomes the response.
    ///
    /// The source is called for each GET and HEAD, and for each change that has a condition; never for QUERY, whose result
    /// depends on its content, nor for CONNECT, OPTIONS and TRACE.
    ///
    /// - It decides the conditions on the validators that it returns. For GET and HEAD, conditions on another validator are
    ///   left to the response. For a change, a validator that it does not return does not exist.
    /// - If there is nothing to GET, HEAD or DELETE, the handler's 404 takes precedence over a 412 (RFC 9110 §13.2.1).
    /// - If If-Range is false, `Range` is removed from the request (RFC 9110 §13.1.5).
    /// - `ETag` and Last-Modified are added to a 200 or 206 to GET or HEAD that lacks them and has no Content-Encoding. A
    ///   handler that may read a newer version sets its own. The response to a change never gets them: they are from
    ///   before the change (RFC 9110 §9.3.4).
    ///
    /// With feature `axum`, `parts.uri` is the URI that the client sent, also inside `Router::nest`, where handlers and
    /// layers see only the rest of its path.
    ///
    /// This is not atomic with the write: another request may write between the source and the handler. If that matters,
    /// check inside the handler's transaction, with [`Preconditions`](crate::Preconditions).
    ///
    /// # Example: the version of a row
    ///
    /// The closure clones what it needs before its `async move` block: the future outlives the request head, so an
    /// `async |parts|` closure, which borrows it, does not compile.
    ///
    /// ```
    /// use std::{collections::HashMap, sync::{Arc, RwLock}};
    /// use tower_status::{ConditionalLayer, ETag, Status, Validators};
    ///
    /// let versions = Arc::new(RwLock::new(HashMap::from([("/orders/7".to_owned(), 3)])));
    ///
    /// let layer = ConditionalLayer::new().require_preconditions().validators(move |parts| {
    ///     let (versions, path) = (versions.clone(), parts.uri.path().to_owned());
    ///     async move {
    ///         let version = versions.read().map_err(|_| Status::internal_server_error())?.get(&path).copied();
    ///         let Some(version) = version else { return Ok(None) };
    ///         let tag = ETag::strong(format!("v{version}")).map_err(Status::from_error)?;
    ///         Ok(Some(Validators::new().with_etag(tag)))
    ///     }
    /// });
    /// ```
    pub fn validators<F, Fut>(self, source: F) -> ConditionalLayer<FromSource<F>, H>
    where
        F: Fn(&request::Parts) -> Fut + Clone,
        Fut: Future<Output = Result<Option<Validators>, Status>> + 'static,
    {
        ConditionalLayer { options: self.options, source: FromSource(source), hasher: self.hasher }
    }
}

/// The layer has a source of validators, which the application returns before the handler runs.
#[derive(Clone, Copy)]
pub struct FromSource<F>(pub(super) F);

impl<F> fmt::Debug for FromSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromSource")
    }
}

impl<S, F, Fut, H, ReqBody, ResBody> Service<Request<ReqBody>> for Conditional<S, FromSource<F>, H>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    F: Fn(&request::Parts) -> Fut,
    Fut: Future<Output = Result<Option<Validators>, Status>>,
    H: Fn(&[Bytes]) -> Option<ETag> + Clone,
    ResBody: Body,
{
    type Response = Response<StatusBody<ResBody>>;
    type Error = S::Error;
    type Future = SourceFuture<S, Fut, H, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut pending = Pending::new(&mut request, &self.options, self.hasher.as_ref());
        if self.options.lacks_condition(request.method(), request.headers()) {
            return SourceFuture { state: State::Inner { inner: pending.refuse(Status::precondition_required()) } };
        }
        if !calls_source(request.method(), request.headers()) {
            pending.prepare(&mut request);
            return SourceFuture { state: State::Inner { inner: pending.response_of(self.inner.call(request)) } };
        }
        let (parts, body) = request.into_parts();
        let (source, parts) = call_with_original_uri(&self.source.0, parts);
        let request = Request::from_parts(parts, body);
        // The instance that was polled ready is the one to call.
        let clone = self.inner.clone();
        let service = std::mem::replace(&mut self.inner, clone);
        SourceFuture { state: State::Source { source, waiting: Some(Waiting { service, request, pending }) } }
    }
}

/// Calls a source with the URI that the client sent: axum's `Router::nest` removes the prefix from the request's.
fn call_with_original_uri<T>(
    source: impl FnOnce(&request::Parts) -> T,
    #[cfg_attr(not(feature = "axum"), expect(unused_mut, reason = "only axum changes the URI"))]
    mut parts: request::Parts,
) -> (T, request::Parts) {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = parts.extensions.get().cloned() {
        let inner = std::mem::replace(&mut parts.uri, uri);
        let source = source(&parts);
        parts.uri = inner;
        return (source, parts);
    }
    (source(&parts), parts)
}

/// The request, until it is known whether the handler runs.
struct Waiting<S, H, ReqBody> {
    service: S,
    request: Request<ReqBody>,
    pending: Pending<H>,
}

impl<S, H, ReqBody> Waiting<S, H, ReqBody> {
    /// Calls the handler, unless the source decides the response.
    fn proceed(mut self, source: Result<Option<Validators>, Status>) -> ConditionalFuture<S::Future, H>
    where
        S: Service<Request<ReqBody>>,
    {
        if let Err(status) = source.and_then(|current| self.check(current)) {
            return self.pending.refuse(status);
        }
        self.pending.prepare(&mut self.request);
        self.pending.response_of(self.service.call(self.request))
    }

    fn check(&mut self, current: Option<Validators>) -> Result<(), Status> {
        let (method, headers) = (self.request.method(), self.request.headers());
        let options = self.pending.options();
        if options.ignores_condition(method, headers, current.as_ref()) {
            return Err(Status::precondition_required());
        }
        check_source(method, headers, self.pending.conditions.as_deref(), current.as_ref(), &options.tags)?;
        if *method == Method::GET {
            apply_if_range(self.request.headers_mut(), current.as_ref());
        }
        self.pending.source = current.map(Into::into).unwrap_or_default();
        Ok(())
    }
}

pin_project! {
    /// The future of [`Conditional`] with a source of validators.
    #[must_use = "a future does nothing until it is polled"]
    pub struct SourceFuture<S: Service<Request<ReqBody>>, Fut, H, ReqBody> {
        #[pin]
        state: State<S, Fut, H, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<ReqBody>>, Fut, H, ReqBody> {
        Source { #[pin] source: Fut, waiting: Option<Waiting<S, H, ReqBody>> },
        Inner { #[pin] inner: ConditionalFuture<S::Future, H> },
    }
}

impl<S, Fut, H, ReqBody, ResBody> Future for SourceFuture<S, Fut, H, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    Fut: Future<Output = Result<Option<Validators>, Status>>,
    H: Fn(&[Bytes]) -> Option<ETag>,
    ResBody: Body,
{
    type Output = Result<Response<StatusBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let inner = match state.as_mut().project() {
                StateProjection::Inner { inner } => return inner.poll(cx),
                StateProjection::Source { source, waiting } => {
                    let source = ready!(source.poll(cx));
                    // Taken once, when the source is ready: a future that is polled after its end stays pending.
                    let Some(waiting) = waiting.take() else { return Poll::Pending };
                    waiting.proceed(source)
                }
            };
            state.set(State::Inner { inner });
        }
    }
}

impl<S: Service<Request<ReqBody>>, Fut, H, ReqBody> fmt::Debug for SourceFuture<S, Fut, H, ReqBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFuture").finish_non_exhaustive()
    }
}
