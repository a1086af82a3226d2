//! [`StatusMapLayer`]: Layer, Service and Future; what they decide is in `answer`.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use http::{HeaderValue, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::{
    Context, Format, IntoStatus, Render, Status, conditional::ConditionalHeaders, response::body::StatusBody,
    warning::warning,
};

mod inner_response;
mod log;
mod options;
mod plan;
mod request;
mod resolve;

pub use inner_response::KeepBody;
use options::Options;
use plan::{answer, passes};
use request::{Noted, Trail};

/// Makes every answer carry the correct, documented status.
///
/// Errors of the inner service, of its `call` and of its `poll_ready`, become responses, so the service's error is
/// [`Infallible`] from here on; a [`Status`] that axum made a response of is answered in the form that the client
/// reads; a bare 404 of a router is explained; what a code demands is completed; and every answer of 400 and above
/// is reported once. A response below 400 passes as it is, without an allocation.
///
/// The order of layers: CORS and request id outside, then this one, then trace, compression, timeout, load-shed and
/// a global concurrency limit. Panics are not caught: tower-http's `CatchPanicLayer` goes inside.
///
/// # Example: one line
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
    /// The layer as most applications want it. Its options are shared by all its clones.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says the status of another crate's error, wherever it stands in the chain of causes of a carried error
    /// ([`Status::from_error`], a `BoxError`, an `io::Error`); `None`: the search goes on.
    ///
    /// The outermost error that is known wins; of several closures for one type, the first that says a status. The
    /// error becomes the status's source, its `Display` is not shown.
    ///
    /// # Example: a database's errors
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    /// use tower_status::{Status, StatusMapLayer};
    ///
    /// let layer = StatusMapLayer::new().map_error(|error: &Error| match error.kind() {
    ///     ErrorKind::NotFound => Some(Status::not_found()),
    ///     ErrorKind::StorageFull => Some(Status::insufficient_storage()),
    ///     _ => None,
    /// });
    /// ```
    pub fn map_error<E: Error + 'static>(self, map: impl Fn(&E) -> Option<Status> + Send + Sync + 'static) -> Self {
        self.with(|options| options.mappers.push(resolve::map_error(map)))
    }

    /// Knows an error type of the application's own where it arrives boxed, as tower's middleware boxes it.
    ///
    /// # Example: an error that went through tower's timeout
    ///
    /// ```
    /// use tower_status::{IntoStatus, Status, StatusMapLayer};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("sold out")]
    /// struct SoldOut;
    ///
    /// impl IntoStatus for SoldOut {
    ///     fn status(&self) -> Status {
    ///         Status::conflict()
    ///     }
    /// }
    ///
    /// let layer = StatusMapLayer::new().recognize::<SoldOut>();
    /// ```
    pub fn recognize<E: IntoStatus>(self) -> Self {
        self.with(|options| options.mappers.push(resolve::recognize::<E>()))
    }

    /// The WWW-Authenticate of every 401 that names none (RFC 9110 §15.5.2); otherwise `Bearer realm="api"`.
    ///
    /// A malformed one is dropped with a warning.
    ///
    /// # Example: basic authentication
    ///
    /// ```
    /// let layer = tower_status::StatusMapLayer::new().default_challenge(r#"Basic realm="shop", charset="UTF-8""#);
    /// ```
    pub fn default_challenge(self, challenge: impl TryInto<HeaderValue>) -> Self {
        let challenge = challenge.try_into().ok().filter(|value| !value.as_bytes().trim_ascii().is_empty());
        if challenge.is_none() {
            warning!("dropped a malformed challenge");
            return self;
        }
        self.with(|options| options.default_challenge = challenge)
    }

    /// Whether answers of 400 and above that the inner service made itself are explained and completed; `true`
    /// unless said.
    ///
    /// A reverse proxy says `false`: its upstreams' answers pass without a field added or a body replaced, also a
    /// 5xx's. They are still reported.
    pub fn fill(self, fill: bool) -> Self {
        self.with(|options| options.fill = fill)
    }

    /// The forms that are offered, the preferred one first; all, with JSON first, unless said.
    ///
    /// With one form nothing is negotiated and `Vary` is left alone. An empty list is dropped with a warning.
    ///
    /// # Example: pages before problem documents
    ///
    /// ```
    /// use tower_status::{Format, StatusMapLayer};
    ///
    /// let layer = StatusMapLayer::new().formats(&[Format::Html, Format::Json]);
    /// ```
    pub fn formats(self, formats: &[Format]) -> Self {
        if formats.is_empty() {
            warning!("dropped an empty list of formats");
            return self;
        }
        let mut distinct = Vec::new();
        for format in formats {
            if !distinct.contains(format) {
                distinct.push(*format);
            }
        }
        self.with(|options| options.formats = distinct)
    }

    /// Writes bodies in a form of the application's own: see [`Render`].
    pub fn render(self, render: impl Render) -> Self {
        self.with(|options| options.render = Some(Arc::new(render)))
    }

    /// Shows details and extension members of 5xx to clients: for development only.
    pub fn expose_server_errors(self, expose: bool) -> Self {
        self.with(|options| options.expose_server_errors = expose)
    }

    /// Whether the validators that a 200 or 206 to GET or HEAD carries are judged, as
    /// [`ConditionalLayer::new`](crate::ConditionalLayer::new) does; `true` unless said.
    ///
    /// A reverse proxy says `false`: its upstreams judge for themselves.
    pub fn conditional(self, conditional: bool) -> Self {
        self.with(|options| options.conditional = conditional)
    }

    /// Changes a status before it is answered; a body that stood for another status is replaced.
    ///
    /// # Example: conceal what exists
    ///
    /// ```
    /// use tower_status::{Status, StatusMapLayer};
    ///
    /// let layer = StatusMapLayer::new().map_status(|status, context| match status.code().as_u16() {
    ///     403 if context.path.starts_with("/private/") => Status::not_found(),
    ///     550 => Status::forbidden(),
    ///     _ => status,
    /// });
    /// ```
    pub fn map_status(self, map_status: impl Fn(Status, &Context<'_>) -> Status + Send + Sync + 'static) -> Self {
        self.with(|options| options.map_status = Some(Arc::new(map_status)))
    }

    /// Is told of every answer of 400 and above once, with the error that led to it: for metrics and alarms.
    ///
    /// # Example: count server errors
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use tower_status::StatusMapLayer;
    ///
    /// static FAILURES: AtomicU64 = AtomicU64::new(0);
    ///
    /// let layer = StatusMapLayer::new().on_error(|status, _context| {
    ///     if status.is_server_error() {
    ///         FAILURES.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// ```
    pub fn on_error(self, on_error: impl Fn(&Status, &Context<'_>) + Send + Sync + 'static) -> Self {
        self.with(|options| options.on_error = Some(Arc::new(on_error)))
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl<S> Layer<S> for StatusMapLayer {
    type Service = StatusMap<S>;

    fn layer(&self, inner: S) -> Self::Service {
        StatusMap { inner, options: Arc::clone(&self.options), failed: None }
    }
}

/// The service that [`StatusMapLayer`] makes; its error is [`Infallible`].
#[derive(Debug)]
pub struct StatusMap<S> {
    inner: S,
    options: Arc<Options>,
    /// What `poll_ready` failed with: the answer to every later call of this instance.
    failed: Option<Status>,
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

/// A clone starts without the readiness error that this instance may have met.
impl<S: Clone> Clone for StatusMap<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), options: Arc::clone(&self.options), failed: None }
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
        if self.failed.is_none() {
            self.failed = ready!(self.inner.poll_ready(cx)).err().map(Into::into);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let options = Arc::clone(&self.options);
        let noted = Noted::of(&request, &options);
        let watched = options.has_hook() || log::is_watched();
        let trail = if noted.has_trail(watched) { Some(noted.trail(&request, watched)) } else { None };
        if noted.is_conditional() || self.failed.is_some() {
            let conditions = ConditionalHeaders::from_request(&mut request);
            let inner = match &self.failed {
                None => Inner::Called { future: self.inner.call(request) },
                Some(status) => Inner::Failed { status: Some(status.clone()) },
            };
            return StatusMapFuture { inner, noted, trail, conditions, options };
        }
        // By itself, since a future is moved as a whole, and this one has no conditions to move.
        let inner = Inner::Called { future: self.inner.call(request) };
        StatusMapFuture { inner, noted, trail, conditions: None, options }
    }
}

pin_project! {
    /// The future of [`StatusMap`].
    pub struct StatusMapFuture<F> {
        #[pin]
        inner: Inner<F>,
        noted: Noted,
        trail: Option<Trail>,
        conditions: Option<Box<ConditionalHeaders>>,
        options: Arc<Options>,
    }
}

pin_project! {
    #[project = InnerProjection]
    enum Inner<F> {
        Called { #[pin] future: F },
        Failed { status: Option<Status> },
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
        let outcome = match this.inner.project() {
            InnerProjection::Called { future } => match ready!(future.poll(cx)) {
                Ok(response) if passes(&response, this.conditions.as_deref()) => {
                    return Poll::Ready(Ok(response.map(StatusBody::inner)));
                }
                outcome => outcome.map_err(Into::into),
            },
            InnerProjection::Failed { status } => Err(status.take().unwrap_or(Status::internal_server_error())),
        };
        Poll::Ready(Ok(answer(outcome, this.noted, this.conditions.as_deref(), this.trail.as_ref(), this.options, cx)))
    }
}

impl<F> fmt::Debug for StatusMapFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusMapFuture").field("options", &self.options).finish_non_exhaustive()
    }
}
