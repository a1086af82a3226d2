//! [`ConditionalLayer`]: the layer, its service and its future. The rules are in the other modules.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Method, Request, Response, request};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{
    etag::ETag, generate::GeneratedETags, options::Options, pending::Pending, source::FromSource,
    validators::Validators,
};
use crate::{Status, response::StatusBody, warning::warning};

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
    options: Arc<Options>,
    source: V,
    /// `None`: XXH3.
    hasher: Option<H>,
}

/// The validators are those of the response.
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
    ///
    /// # Requests with conditions
    ///
    /// The tag of a response to HEAD, and of content that is not available at once, is unknown. If-Match and If-None-Match
    /// with a list of tags then count as true, so a HEAD with If-None-Match gets a 200:
    /// [`head_as_get`](Self::head_as_get) changes that. An If-Range with a generated tag counts as false, because the
    /// handler cannot compare it: `Range` is removed from the request.
    pub fn generate_etags(self, max_bytes: u64) -> Self {
        self.with(|options| options.generate = Some(GeneratedETags { max_bytes, weak: false }))
    }

    /// Adds weak tags (RFC 9110 §8.8.1), otherwise as [`generate_etags`](Self::generate_etags): for responses that a
    /// layer outside compresses.
    pub fn generate_weak_etags(self, max_bytes: u64) -> Self {
        self.with(|options| options.generate = Some(GeneratedETags { max_bytes, weak: true }))
    }

    /// Replaces XXH3: makes the tags of [`generate_etags`](Self::generate_etags) from the frames of the content. The tag
    /// is used unchanged, weak or strong; `None`: the response gets no tag.
    ///
    /// The function must return the same tag however the content is divided into frames.
    ///
    /// # Example: a hash with a key
    ///
    /// Without the key nobody can craft two contents with the same tag.
    ///
    /// ```
    /// use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    /// use bytes::Bytes;
    /// use hmac::{Hmac, KeyInit, Mac};
    /// use sha2::Sha256;
    /// use tower_status::{ConditionalLayer, ETag};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let keyed = Hmac::<Sha256>::new_from_slice(b"a key of 32 bytes, the same on each replica")?;
    ///
    /// let layer = ConditionalLayer::new().generate_etags(1024 * 1024).etag_hasher(move |frames: &[Bytes]| {
    ///     let mut hash = keyed.clone();
    ///     frames.iter().for_each(|frame| hash.update(frame));
    ///     ETag::strong(URL_SAFE_NO_PAD.encode(hash.finalize().into_bytes())).ok()
    /// });
    /// # let _ = layer;
    /// # Ok(())
    /// # }
    /// ```
    pub fn etag_hasher<N>(self, hasher: N) -> ConditionalLayer<V, N>
    where
        N: Fn(&[Bytes]) -> Option<ETag> + Clone,
    {
        ConditionalLayer { options: self.options, source: self.source, hasher: Some(hasher) }
    }

    /// Sends a HEAD request to the inner service as a GET, without `Range`, and drops the body of the response.
    ///
    /// So a response to HEAD has all header fields of the response to GET: the generated `ETag`, and the Content-Length
    /// if the size of the content is known. It costs what the GET costs.
    pub fn head_as_get(self) -> Self {
        self.with(|options| options.head_as_get = true)
    }

    /// Compares the tags of If-Match weakly for methods that change state, for servers behind a proxy that weakens tags:
    /// nginx with `gzip on`, Cloudflare and Envoy turn `"v1"` into `W/"v1"`, and every guarded PUT would be a 412.
    ///
    /// This deviates from RFC 9110 §13.1.1 (the Open Data Protocol requires it). It is wrong if two versions with the same weak tag differ
    /// in a way that matters for the change, for instance for a byte-exact patch (RFC 5789 §2).
    ///
    /// It applies to a [source of validators](Self::validators) and to [`Preconditions`](crate::Preconditions) in the
    /// handler.
    pub fn weak_if_match(self) -> Self {
        self.with(|options| options.tags.weak_if_match = true)
    }

    /// Removes one of these suffixes from a tag of If-Match and If-None-Match that does not match as sent, for servers
    /// behind a proxy that appends it: Apache's `mod_deflate` turns `"v1"` into `"v1-gzip"`.
    ///
    /// The server's own tags must not end in such a suffix: `"a-gzip"` and `"a"` would be the same version. If-Range is
    /// compared as sent, because a range of the encoded content is not one of the content. A suffix that is empty, or
    /// cannot be part of a tag, is dropped with a warning.
    ///
    /// It applies to the same comparisons as [`weak_if_match`](Self::weak_if_match), and to responses.
    ///
    /// # Example: behind Apache and nginx
    ///
    /// ```
    /// use tower_status::ConditionalLayer;
    ///
    /// let layer = ConditionalLayer::new().weak_if_match().strip_tag_suffixes(["-gzip", "-br", ";br"]);
    /// ```
    pub fn strip_tag_suffixes(self, suffixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let suffixes: Vec<String> = suffixes.into_iter().map(Into::into).collect();
        self.with(|options| {
            options.tags.suffixes = Vec::new();
            for suffix in suffixes {
                if suffix.is_empty() || ETag::strong(&suffix).is_err() {
                    warning!("dropped a malformed suffix of entity tags: {suffix:?}");
                } else {
                    options.tags.suffixes.push(suffix.into());
                }
            }
        })
    }

    /// Responds with 428 (RFC 6585 §3) to a PUT, PATCH or DELETE that has neither If-Match nor If-None-Match nor a valid
    /// If-Unmodified-Since. The handler does not run. [`require_preconditions_for`](Self::require_preconditions_for)
    /// chooses other methods.
    ///
    /// **It requires a condition, but does not evaluate it:** a request with a stale If-Match reaches the handler. A
    /// [source of validators](Self::validators) or [`Preconditions::check`](crate::Preconditions::check) in the handler
    /// evaluates it: use one of them as well.
    ///
    /// Any If-None-Match counts, because `*` guards a creation, and any `If` (RFC 4918 §10.4), which the handler
    /// must evaluate. An invalid date does not count. A valid date that must be
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

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
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
