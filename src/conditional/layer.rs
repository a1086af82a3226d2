//! [`ConditionalLayer`]: the layer, its service and its future. The rules are in the other modules.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Method, Request, Response, header, request};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{
    evaluate::{Evaluated, Verdict, evaluate_response},
    generate::{GeneratedETags, with_generated_etag},
    headers::ConditionalHeaders,
    not_modified::not_modified,
    preconditions::is_missing,
    source::FromSource,
    validators::Validators,
};
use crate::{
    Status,
    response::{self, body::StatusBody},
};

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
/// before the handler tells the client whether its guess of the entity tag is right.
///
/// A strong tag depends on the content coding (RFC 9110 §8.8.3.3). With compression outside, generate
/// [weak](Self::generate_weak_etags) tags, and make the tags of handlers weak. With compression inside, a compressed
/// response has no known size and gets no tag.
///
/// tower-http's `ServeDir` has its own validators, which are used. Two of its gaps cannot be filled afterwards: its 304
/// has no `Vary`, and it sends a 206 if `If-Range` is false.
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
#[derive(Clone, Copy, Default)]
#[must_use = "a layer does nothing until it is added to a service"]
pub struct ConditionalLayer<V = FromResponse> {
    options: Options,
    source: V,
}

/// The validators are those of the response.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromResponse;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) generate: Option<GeneratedETags>,
    pub(super) require: bool,
}

impl ConditionalLayer {
    /// Creates a layer that evaluates conditions against the validators of the response to a GET or HEAD.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<V> ConditionalLayer<V> {
    /// Adds an `ETag` to a 200 to GET that has none: the XXH3-128 hash and the length of its content, the same on every
    /// replica.
    ///
    /// Only content whose exact size is known, at most `max_bytes` and already available gets a tag; it is hashed frame
    /// by frame without a copy. A response with `Cache-Control: no-store` gets none, nor does the response to a HEAD,
    /// which has no content. All other responses pass at once. Allocates a Box for the body, the field value, and a
    /// queue for content of several frames.
    ///
    /// The hash has no key: whoever controls the content can craft two contents with the same tag. If others rely on
    /// content that users wrote, set a tag in the handler, a version or a cryptographic hash: it is never replaced.
    pub fn generate_etags(mut self, max_bytes: u64) -> Self {
        self.options.generate = Some(GeneratedETags { max_bytes, weak: false });
        self
    }

    /// Adds weak tags (RFC 9110 §8.8.1), otherwise as [`generate_etags`](Self::generate_etags): for responses that a
    /// layer outside compresses.
    pub fn generate_weak_etags(mut self, max_bytes: u64) -> Self {
        self.options.generate = Some(GeneratedETags { max_bytes, weak: true });
        self
    }

    /// Responds with 428 (RFC 6585 §3) to a PUT, PATCH or DELETE without If-Match, If-None-Match and a valid
    /// If-Unmodified-Since. The handler does not run.
    ///
    /// **It requires a condition, but does not evaluate it:** a request with a stale If-Match reaches the handler. A
    /// [source of validators](Self::validators) or [`Preconditions::check`](crate::Preconditions::check) in the handler
    /// evaluates it: use one of them as well.
    ///
    /// Any If-None-Match counts, because `*` guards a creation. An invalid date does not count. A valid date that must be
    /// ignored, because the resource has no date, is detected only with a [source](Self::validators). Around axum's
    /// `MethodRouter`, methods without a handler get a 428 as well: `route_layer` is inside. An extractor that
    /// authenticates runs after this layer.
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
    pub fn require_preconditions(mut self) -> Self {
        self.options.require = true;
        self
    }

    /// Asks the application for the validators of the current representation before the handler, which does not run if
    /// they make the response a 304 or a 412. `None`: there is no current representation. An error becomes the response.
    ///
    /// The source is called only for requests with a condition, never for CONNECT, OPTIONS and TRACE. If the conditions
    /// are true, a failed If-Range removes `Range` from the request (RFC 9110 §13.1.5), and the response is not evaluated
    /// again by what the source named. If there is nothing to GET, HEAD or DELETE, the handler's 404 takes precedence
    /// over a 412 (RFC 9110 §13.2.1).
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
    pub fn validators<F, Fut>(self, source: F) -> ConditionalLayer<FromSource<F>>
    where
        F: Fn(&request::Parts) -> Fut + Clone,
        Fut: Future<Output = Result<Option<Validators>, Status>> + 'static,
    {
        ConditionalLayer { options: self.options, source: FromSource(source) }
    }
}

impl<V> fmt::Debug for ConditionalLayer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionalLayer").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<S, V: Clone> Layer<S> for ConditionalLayer<V> {
    type Service = Conditional<S, V>;

    fn layer(&self, inner: S) -> Self::Service {
        Conditional { inner, options: self.options, source: self.source.clone() }
    }
}

/// The service of [`ConditionalLayer`]; its error is the inner service's.
#[derive(Clone, Copy)]
pub struct Conditional<S, V = FromResponse> {
    pub(super) inner: S,
    pub(super) options: Options,
    pub(super) source: V,
}

impl<S> Conditional<S> {
    /// Wraps a service with the layer's defaults.
    pub fn new(inner: S) -> Self {
        ConditionalLayer::new().layer(inner)
    }
}

impl<S, V> Conditional<S, V> {
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

impl<S: fmt::Debug, V> fmt::Debug for Conditional<S, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conditional")
            .field("inner", &self.inner)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Conditional<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<StatusBody<ResBody>>;
    type Error = S::Error;
    type Future = ConditionalFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        if self.options.lacks_precondition(&request) {
            return ConditionalFuture::precondition_required();
        }
        let pending = Pending::new(&mut request, self.options);
        pending.response_of(self.inner.call(request))
    }
}

impl Options {
    pub(super) fn lacks_precondition<B>(&self, request: &Request<B>) -> bool {
        self.require && is_missing(request.method(), request.headers())
    }
}

/// What the layer keeps of a request until the response is there.
pub(super) struct Pending {
    pub(super) generate: Option<GeneratedETags>,
    pub(super) head: bool,
    pub(super) headers: Option<Box<ConditionalHeaders>>,
    /// The source of validators has decided.
    pub(super) evaluated: bool,
}

impl Pending {
    pub(super) fn new<B>(request: &mut Request<B>, options: Options) -> Self {
        let generate = options.generate.filter(|_| request.method() == Method::GET);
        let head = request.method() == Method::HEAD;
        Self { generate, head, headers: ConditionalHeaders::from_request(request), evaluated: false }
    }

    pub(super) fn response_of<F>(self, inner: F) -> ConditionalFuture<F> {
        ConditionalFuture { state: State::Inner { inner, pending: self } }
    }

    fn respond<B: Body>(&self, response: Response<B>, cx: &mut Context<'_>) -> Response<StatusBody<B>> {
        let mut response = match self.generate {
            Some(generate) => with_generated_etag(response, generate, cx),
            None => response.map(StatusBody::inner),
        };
        if self.evaluated {
            response.extensions_mut().insert(Evaluated);
        }
        let verdict = self.headers.as_deref().map_or(Verdict::Proceed, |headers| evaluate_response(headers, &response));
        match verdict {
            Verdict::Proceed => response,
            Verdict::NotModified => not_modified(response),
            Verdict::PreconditionFailed => {
                let (parts, _) = response.into_parts();
                without_body(self.head, response::replace_response(Status::precondition_failed(), parts))
            }
        }
    }
}

/// RFC 9110 §8.6, §9.3.2: the response to HEAD has no body, but the length of GET's.
fn without_body<B: Body>(head: bool, response: Response<StatusBody<B>>) -> Response<StatusBody<B>> {
    if !head {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        let _ = parts.headers.try_insert(header::CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, StatusBody::empty())
}

/// Builds a response from a status; a `StatusMapLayer` outside renders and reports it.
pub(super) fn status_response<B: Body>(status: Status, head: bool) -> Response<StatusBody<B>> {
    let (parts, ()) = Response::new(()).into_parts();
    without_body(head, response::from_status(status, parts))
}

pin_project! {
    /// The future of [`Conditional`].
    pub struct ConditionalFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Inner { #[pin] inner: F, pending: Pending },
        PreconditionRequired,
    }
}

impl<F> ConditionalFuture<F> {
    /// RFC 6585 §3.
    pub(super) fn precondition_required() -> Self {
        Self { state: State::PreconditionRequired }
    }
}

impl<F, ResBody, E> Future for ConditionalFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: Body,
{
    type Output = Result<Response<StatusBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match self.project().state.project() {
            StateProjection::Inner { inner, pending } => pending.respond(ready!(inner.poll(cx))?, cx),
            StateProjection::PreconditionRequired => status_response(Status::precondition_required(), false),
        }))
    }
}

impl<F> fmt::Debug for ConditionalFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionalFuture").finish_non_exhaustive()
    }
}
