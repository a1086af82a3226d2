//! [`ConditionalLayer`]: the layer, its service and its future. The rules are in the other modules.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{etag::ETag, options::Options, pending::Pending};
use crate::{Status, response::StatusBody};

/// Handles conditional requests: responds with 304 if the client has the current representation, and with 412 if a
/// change would overwrite a version that the client does not know.
///
/// There are three ways to use it, from the least work for the application to the least work for the server:
///
/// 1. `ConditionalLayer::new()` evaluates the conditions of a GET or HEAD against the `ETag` and `Last-Modified` of the
///    response. [`StatusMapLayer`](crate::StatusMapLayer) includes this.
/// 2. [`generate_etags`](Self::generate_etags) adds an entity tag to responses without one.
/// 3. [`validators`](Self::validators) asks the application for the validators before the handler, which does not run if
///    they decide the response. For PUT, PATCH and DELETE this is the only way beside
///    [`Preconditions::check`](crate::Preconditions::check).
///
/// Add it inside `StatusMapLayer`, which explains its 412 and 428, and inside authentication and routing: a decision
/// before the handler reveals whether the client has guessed the entity tag.
///
/// A strong tag depends on the content coding (RFC 9110 §8.8.3.3). With compression outside, generate
/// [weak](Self::generate_weak_etags) tags, and make the tags of handlers weak. With compression inside, a compressed
/// response has no known size and gets no tag.
///
/// tower-http's `ServeDir` has its own validators, which are used. Two of its gaps cannot be filled afterwards: its 304
/// has no `Vary`, and it sends a 206 if `If-Range` is false. The example `files` shows a source of validators for it.
///
/// Any other 2xx of a GET with a validator becomes a 412 if If-Match or If-Unmodified-Since is false, but never a 304.
/// QUERY (RFC 10008) is handled as GET, without a source of validators.
///
/// # The header fields of a 304
///
/// A 304 has the fields of the 200, except those of its content. A client applies them to the stored response (RFC 9111
/// §3.2), so a Content-Security-Policy with a nonce would not match the stored page, and block its scripts. Remove it
/// outside of this layer and of `StatusMapLayer`:
///
/// ```
/// use http::{Request, Response, header};
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_status::ConditionalLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower::BoxError> {
/// let service = ServiceBuilder::new()
///     .map_response(|mut response: Response<_>| {
///         if response.status() == 304 {
///             response.headers_mut().remove(header::CONTENT_SECURITY_POLICY);
///         }
///         response
///     })
///     .layer(ConditionalLayer::new())
///     .service_fn(async |_: Request<()>| {
///         let page = Response::builder()
///             .header("etag", "\"v7\"")
///             .header("content-security-policy", "script-src 'nonce-4AEemGb0'")
///             .body("<script nonce=4AEemGb0>..</script>".to_owned())?;
///         Ok::<_, tower::BoxError>(page)
///     });
///
/// let again = Request::builder().header("if-none-match", "\"v7\"").body(())?;
/// let response = service.oneshot(again).await?;
/// assert_eq!((response.status().as_u16(), response.headers().get("content-security-policy")), (304, None));
/// # Ok(())
/// # }
/// ```
///
/// # Example: tags for small responses
///
/// ```
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_status::ConditionalLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower::BoxError> {
/// let service = ServiceBuilder::new()
///     .layer(ConditionalLayer::new().generate_etags(64 * 1024))
///     .service_fn(async |_: Request<()>| Ok::<_, tower::BoxError>(Response::new("seven tulips".to_owned())));
///
/// let first = service.clone().oneshot(Request::new(())).await?;
/// let again = Request::builder().header("if-none-match", &first.headers()["etag"]).body(())?;
/// assert_eq!(service.oneshot(again).await?.status(), 304);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is added to a service"]
pub struct ConditionalLayer<V = FromResponse, H = fn(&[Bytes]) -> Option<ETag>> {
    pub(super) options: Arc<Options>,
    pub(super) source: V,
    /// `None`: XXH3.
    pub(super) hasher: Option<H>,
}

/// The layer has no source of validators: those of the response decide.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromResponse;

impl ConditionalLayer {
    /// Creates a layer that evaluates conditions against the validators of the response to a GET or HEAD.
    pub fn new() -> Self {
        Self { options: Arc::default(), source: FromResponse, hasher: None }
    }
}

impl Default for ConditionalLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<V, H> ConditionalLayer<V, H> {
    /// Responds with 428 (RFC 6585 §3) to a PUT, PATCH or DELETE that has neither If-Match nor If-None-Match nor a valid
    /// If-Unmodified-Since. The handler does not run. [`require_preconditions_for`](Self::require_preconditions_for)
    /// chooses other methods.
    ///
    /// **It requires a condition, but does not evaluate it:** a request with a stale If-Match reaches the handler. A
    /// [source of validators](Self::validators) or [`Preconditions::check`](crate::Preconditions::check) in the handler
    /// evaluates it: use one of them as well.
    ///
    /// Any If-None-Match counts, because `*` guards a creation, and so does any `If` (RFC 4918 §10.4), which the handler
    /// must evaluate. An invalid date does not count. A valid date that must be ignored, because the resource has no
    /// date, is detected only with a [source](Self::validators). Around axum's `MethodRouter`, methods without a handler
    /// get a 428 as well: use `route_layer`, which is inside. An extractor that authenticates runs after this layer.
    ///
    /// # Example: no blind write
    ///
    /// ```
    /// use http::{Method, Request, Response};
    /// use tower::{ServiceBuilder, ServiceExt};
    /// use tower_status::ConditionalLayer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower::BoxError> {
    /// let service = ServiceBuilder::new()
    ///     .layer(ConditionalLayer::new().require_preconditions())
    ///     .service_fn(async |_: Request<()>| Ok::<_, tower::BoxError>(Response::new(String::new())));
    ///
    /// let blind = Request::builder().method(Method::PUT).body(())?;
    /// assert_eq!(service.oneshot(blind).await?.status(), 428);
    /// # Ok(())
    /// # }
    /// ```
    pub fn require_preconditions(self) -> Self {
        self.require_preconditions_for([Method::PUT, Method::PATCH, Method::DELETE])
    }

    /// Requires a condition for these methods, otherwise as [`require_preconditions`](Self::require_preconditions).
    ///
    /// # Example: properties of a file as well
    ///
    /// ```
    /// use http::Method;
    /// use tower_status::ConditionalLayer;
    ///
    /// # fn main() -> Result<(), http::method::InvalidMethod> {
    /// let proppatch = Method::from_bytes(b"PROPPATCH")?;
    /// let layer = ConditionalLayer::new().require_preconditions_for([Method::PUT, Method::DELETE, proppatch]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn require_preconditions_for(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods = methods.into_iter().collect();
        self.with(|options| options.require = methods)
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl<V, H> fmt::Debug for ConditionalLayer<V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionalLayer").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<S, V: Clone, H: Clone> Layer<S> for ConditionalLayer<V, H> {
    type Service = Conditional<S, V, H>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { options, source, hasher } = self.clone();
        Conditional { inner, options, source, hasher }
    }
}

/// The service of [`ConditionalLayer`]; its error is the inner service's.
#[derive(Clone)]
pub struct Conditional<S, V = FromResponse, H = fn(&[Bytes]) -> Option<ETag>> {
    pub(super) inner: S,
    pub(super) options: Arc<Options>,
    pub(super) source: V,
    pub(super) hasher: Option<H>,
}

impl<S> Conditional<S> {
    /// Wraps a service with the layer's defaults.
    pub fn new(inner: S) -> Self {
        ConditionalLayer::new().layer(inner)
    }
}

impl<S, V, H> Conditional<S, V, H> {
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

impl<S: fmt::Debug, V, H> fmt::Debug for Conditional<S, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conditional")
            .field("inner", &self.inner)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<S, H, ReqBody, ResBody> Service<Request<ReqBody>> for Conditional<S, FromResponse, H>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    H: Fn(&[Bytes]) -> Option<ETag> + Clone,
    ResBody: Body,
{
    type Response = Response<StatusBody<ResBody>>;
    type Error = S::Error;
    type Future = ConditionalFuture<S::Future, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut pending = Pending::new(&mut request, &self.options, self.hasher.as_ref());
        if self.options.lacks_condition(request.method(), request.headers()) {
            return pending.refuse(Status::precondition_required());
        }
        pending.prepare(&mut request);
        pending.response_of(self.inner.call(request))
    }
}

pin_project! {
    /// The future of [`Conditional`].
    #[must_use = "a future does nothing until it is polled"]
    pub struct ConditionalFuture<F, H = fn(&[Bytes]) -> Option<ETag>> {
        #[pin]
        state: State<F>,
        pending: Pending<H>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Inner { #[pin] inner: F },
        Refused { status: Status },
    }
}

impl<H> Pending<H> {
    pub(super) fn response_of<F>(self, inner: F) -> ConditionalFuture<F, H> {
        ConditionalFuture { state: State::Inner { inner }, pending: self }
    }

    pub(super) fn refuse<F>(self, status: Status) -> ConditionalFuture<F, H> {
        ConditionalFuture { state: State::Refused { status }, pending: self }
    }
}

impl<F, H, ResBody, E> Future for ConditionalFuture<F, H>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    H: Fn(&[Bytes]) -> Option<ETag>,
    ResBody: Body,
{
    type Output = Result<Response<StatusBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(Ok(match this.state.project() {
            StateProjection::Inner { inner } => this.pending.respond(ready!(inner.poll(cx))?, cx),
            StateProjection::Refused { status } => this.pending.respond_with(status.clone()),
        }))
    }
}

impl<F, H> fmt::Debug for ConditionalFuture<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionalFuture").finish_non_exhaustive()
    }
}
