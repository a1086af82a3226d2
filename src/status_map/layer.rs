//! [`StatusMapLayer`]: layer, service and future. They decide nothing: see `plan`.

use std::{
    borrow::Cow,
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{exchange::Exchange, options::Options, plan::plan, resolve, respond::respond};
use crate::{Context, Format, IntoStatus, Page, Render, Status, StatusBody, warning::warning};

/// Gives every error response of the inner service the correct, documented status.
///
/// Errors of the inner service, from `call` and from `poll_ready`, become responses, so the error of the service is
/// [`Infallible`]. A [`Status`] that a handler has returned is written in the format that the client reads. A bare 404 of
/// a router is explained. Header fields that a code requires are added. Every error response is reported once. A response
/// below 400 passes unchanged, without an allocation.
///
/// Add it outside of the layers that may fail, such as timeout, load-shed and authentication, and inside of CORS, request
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

    /// Maps a foreign error type to a status; return `None` to try the next error of the chain.
    ///
    /// The error is found wherever it is in the chain of causes of a carried error: [`Status::from_error`], a
    /// `BoxError`, an `io::Error`. The outermost error that is mapped wins; of several closures for one type, the first
    /// that returns a status. The error becomes the status's source. Its `Display` is not shown.
    ///
    /// # Example: map a database's errors
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
    pub fn map_error<E: Error + Send + Sync + 'static>(
        self,
        map: impl Fn(&E) -> Option<Status> + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| options.mappers.push(resolve::map_error(map)))
    }

    /// Recognizes one of the application's own error types when it arrives boxed, as tower's middleware boxes it.
    ///
    /// # Example: recognize an error behind tower's timeout
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

    /// Changes an error status before it is written: also that of an inner, gRPC or Connect response, and under
    /// [`fill(false)`](Self::fill).
    ///
    /// If the code changes, the body is replaced, and only header fields stay that do not depend on the code: a 403 that
    /// is concealed as a 404 looks like a real one. [`keep_headers`](Self::keep_headers) adds to these.
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
    pub fn map_status(self, map: impl Fn(Status, &Context<'_>) -> Status + Send + Sync + 'static) -> Self {
        self.with(|options| options.map_status = Some(Arc::new(map)))
    }

    /// Sets a closure that is called once per error response, with the error that led to it: for metrics and alarms.
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

    /// Writes bodies in a custom format: see [`Render`].
    pub fn render(self, render: impl Render) -> Self {
        self.with(|options| options.render = Some(Arc::new(render)))
    }

    /// Adds the site's name, links and color to the built-in HTML pages. Default: none.
    ///
    /// # Example: a shop
    ///
    /// ```
    /// use tower_status::{Page, StatusMapLayer};
    ///
    /// let page = Page::new().site("Shop").home("/").sign_in("/login").support("mailto:help@example.org");
    /// let layer = StatusMapLayer::new().page(page);
    /// ```
    pub fn page(self, page: Page) -> Self {
        self.with(|options| options.page = page)
    }

    /// Sets the formats that are offered, in order of preference. Default: all, JSON first.
    ///
    /// With one format nothing is negotiated, and `Vary` is not changed. An empty list is dropped with a warning.
    ///
    /// # Example: prefer pages to problem documents
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

    /// Sets the WWW-Authenticate of a 401 that has none (RFC 9110 §15.5.2). Default: `Bearer realm="api"`, and one
    /// warning.
    ///
    /// A malformed value is dropped with a warning.
    ///
    /// # Example: basic authentication
    ///
    /// ```
    /// use tower_status::StatusMapLayer;
    ///
    /// let layer = StatusMapLayer::new().default_challenge(r#"Basic realm="shop", charset="UTF-8""#);
    /// ```
    pub fn default_challenge(self, challenge: impl TryInto<HeaderValue>) -> Self {
        let challenge = challenge.try_into().ok().filter(|value| !value.as_bytes().trim_ascii().is_empty());
        if challenge.is_none() {
            warning!("dropped a malformed challenge");
            return self;
        }
        self.with(|options| options.default_challenge = challenge)
    }

    /// Keeps further header fields of a response whose code [`map_status`](Self::map_status) or a failed precondition
    /// changes. Default: none.
    ///
    /// The fields of the connection, the session and its security are always kept: Date, Server, Via, Alt-Svc, Connection,
    /// Set-Cookie, Vary, Strict-Transport-Security, Access-Control-\*, Timing-Allow-Origin, Cross-Origin-\*,
    /// Origin-Agent-Cluster, Content-Security-Policy, Content-Security-Policy-Report-Only, X-Content-Type-Options,
    /// X-Frame-Options, Referrer-Policy, Permissions-Policy, Reporting-Endpoints, Report-To, NEL, the request id, and
    /// `no-store`. Names of fields that describe a body, or that tell caches for how long they may keep it, have no effect.
    ///
    /// # Example: keep the name of the region
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_status::StatusMapLayer;
    ///
    /// let layer = StatusMapLayer::new().keep_headers(&[HeaderName::from_static("x-region")]);
    /// ```
    pub fn keep_headers(self, names: &[HeaderName]) -> Self {
        self.with(|options| options.keep_headers = names.to_vec())
    }

    /// Sets whether error responses that the inner service has built itself are explained and completed. Default: `true`.
    ///
    /// Turn it off in a reverse proxy: responses of its upstreams then pass unchanged, also the body of a 5xx. They are
    /// still reported, and `map_status` can still change their code.
    pub fn fill(self, fill: bool) -> Self {
        self.with(|options| options.fill = fill)
    }

    /// Sets whether the validators of a response to GET or HEAD are evaluated, as
    /// [`ConditionalLayer::new`](crate::ConditionalLayer::new) does. Default: `true`.
    ///
    /// Turn it off in a reverse proxy: its upstreams evaluate their own (RFC 9110 §13.2.1).
    pub fn conditional(self, conditional: bool) -> Self {
        self.with(|options| options.conditional = conditional)
    }

    /// Sets whether gRPC, gRPC-Web and Connect requests are recognized and get an error of their protocol. Default: `true`
    /// with the feature `tonic` or `connectrpc`, otherwise `false`.
    ///
    /// A gRPC error has the HTTP status 200. On a server without gRPC, a client that claims to speak it would hide every
    /// error from rate limits and alarms at the edge.
    pub fn rpc(self, rpc: bool) -> Self {
        self.with(|options| options.rpc = rpc)
    }

    /// Sets the limit of the size of a gRPC error's header fields, in bytes as HTTP/2 counts them. Default: 3 KiB.
    ///
    /// What exceeds it is left out: the details first, then the end of the message, then metadata. Most clients accept
    /// 8 KiB. A proxy may accept less: nginx reads 4 KiB and responds 502 to more, unless its `grpc_buffer_size` is raised,
    /// too. A `tonic::Status` that is converted from a [`Status`] always has the default limit, because a stream sends it in
    /// its trailers.
    ///
    /// # Example: a server that only gRPC clients connect to
    ///
    /// ```
    /// use tower_status::StatusMapLayer;
    ///
    /// let layer = StatusMapLayer::new().grpc_limit(8 * 1024);
    /// ```
    pub fn grpc_limit(self, bytes: usize) -> Self {
        self.with(|options| options.grpc_limit = bytes)
    }

    /// Sets the domain of `google.rpc.ErrorInfo`, which makes its reasons unique. Default: the service in the path, such as
    /// `shop.v1.Orders`.
    ///
    /// # Example: one domain for all services
    ///
    /// ```
    /// use tower_status::StatusMapLayer;
    ///
    /// let layer = StatusMapLayer::new().error_domain("shop.example");
    /// ```
    pub fn error_domain(self, domain: impl Into<Cow<'static, str>>) -> Self {
        let domain = domain.into();
        self.with(|options| options.error_domain = Some(domain))
    }

    /// Sets whether clients see the detail and the extension members of a 5xx. Default: `false`. For development only.
    pub fn expose_server_errors(self, expose: bool) -> Self {
        self.with(|options| options.expose_server_errors = expose)
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl<S> Layer<S> for StatusMapLayer {
    type Service = StatusMap<S>;

    fn layer(&self, inner: S) -> Self::Service {
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
        let exchange = Exchange::new(&mut request, Arc::clone(&self.options));
        let inner = match &self.readiness_error {
            None => Inner::Called { future: self.inner.call(request) },
            Some(status) => Inner::NotReady { status: Some(status.clone()) },
        };
        StatusMapFuture { inner, exchange }
    }
}

pin_project! {
    /// The future of [`StatusMap`].
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
