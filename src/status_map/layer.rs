//! [`StatusMapLayer`]: layer, service and future. The decisions are in `plan`.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{exchange::Exchange, options::Options, plan::plan, respond::respond};
use crate::{Status, StatusBody, warning::warn_once};

/// Gives every error response of the inner service the correct, documented status.
///
/// Errors of the inner service, from `call` and from `poll_ready`, become responses, so the error of the service is
/// [`Infallible`]. A [`Status`] that a handler has returned is written in the format that the client reads. A bare 404 of
/// a router is explained. Header fields that a code requires are added. Every error response is reported once. A response
/// below 400 passes unchanged, without an allocation.
///
/// Add it outside the layers that may fail, such as timeout, load-shed and authentication, and inside CORS, request
/// id, trace and compression: see [Layer order](crate#layer-order). Panics are not caught: tower-http's
/// `CatchPanicLayer` goes inside.
///
/// # Example: a timeout becomes a 503
///
/// ```
/// use std::time::Duration;
/// use http::{Request, Response};
/// use tower::{BoxError, ServiceBuilder, ServiceExt, timeout::TimeoutLayer};
/// use tower_status::StatusMapLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let service = ServiceBuilder::new()
///     .layer(StatusMapLayer::new())
///     .layer(TimeoutLayer::new(Duration::ZERO))
///     .service_fn(|_: Request<()>| std::future::pending::<Result<Response<String>, BoxError>>());
///
/// let response = service.oneshot(Request::new(())).await.unwrap(); // Infallible
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a layer does nothing until it is added to a service"]
pub struct StatusMapLayer {
    options: Arc<Options>,
}

impl StatusMapLayer {
    /// Creates a layer with the default options. Clones share their options.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl<S> Layer<S> for StatusMapLayer {
    type Service = StatusMap<S>;

    fn layer(&self, inner: S) -> Self::Service {
        if self.options.debug {
            warn_once!("debug(true): clients see the causes of errors; turn it off in production");
        }
        StatusMap { inner, options: Arc::clone(&self.options), readiness_error: None }
    }
}

/// The service of a [`StatusMapLayer`]. Its error is [`Infallible`].
#[derive(Debug)]
pub struct StatusMap<S> {
    inner: S,
    options: Arc<Options>,
    /// The error of `poll_ready`: every later call of this instance returns the response for it.
    readiness_error: Option<Status>,
}

impl<S> StatusMap<S> {
    /// Wraps a service with the layer's defaults.
    pub fn new(inner: S) -> Self {
        StatusMapLayer::new().layer(inner)
    }

    /// Returns a reference to the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

/// A clone starts without the readiness error of this instance.
impl<S: Clone> Clone for StatusMap<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), options: Arc::clone(&self.options), readiness_error: None }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for StatusMap<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Error: Into<Status>,
    ResBody: Body,
{
    type Response = Response<StatusBody<ResBody>>;
    type Error = Infallible;
    type Future = StatusMapFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        if self.readiness_error.is_none() {
            self.readiness_error = ready!(self.inner.poll_ready(cx)).err().map(Into::into);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut exchange = Exchange::new(&mut request, Arc::clone(&self.options));
        if exchange.captures() {
            request = exchange.capture(request);
        }
        let inner = match &self.readiness_error {
            None => Inner::Called { future: self.inner.call(request) },
            Some(status) => Inner::NotReady { status: Some(status.clone()) },
        };
        StatusMapFuture { inner, exchange }
    }
}

pin_project! {
    /// The future of [`StatusMap`].
    #[must_use = "a future does nothing until it is polled"]
    pub struct StatusMapFuture<F> {
        #[pin]
        inner: Inner<F>,
        exchange: Exchange,
    }
}

pin_project! {
    #[project = InnerProjection]
    enum Inner<F> {
        Called { #[pin] future: F },
        NotReady { status: Option<Status> },
    }
}

impl<F, ResBody, E> Future for StatusMapFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    E: Into<Status>,
    ResBody: Body,
{
    type Output = Result<Response<StatusBody<ResBody>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let plan = match this.inner.project() {
            InnerProjection::Called { future } => plan(ready!(future.poll(cx)), this.exchange, cx),
            InnerProjection::NotReady { status } => {
                plan(Err(status.take().unwrap_or(Status::internal_server_error())), this.exchange, cx)
            }
        };
        Poll::Ready(Ok(respond(plan, this.exchange)))
    }
}

impl<F> fmt::Debug for StatusMapFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusMapFuture").field("options", &self.exchange.options).finish_non_exhaustive()
    }
}
