//! [`ConditionalLayer`]: conditional requests (RFC 9110 §13) around a service; what they decide is in `precondition`.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Method, Request, Response, StatusCode, header, request};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::{
    Status,
    response::{
        self,
        body::{Look, StatusBody},
        headers::lists,
    },
};

mod date;
mod etag;
mod evaluate;
mod headers;
mod not_modified;
mod preconditions;
mod validators;

pub use etag::{ETag, InvalidETag};
use evaluate::Evaluated;
pub(crate) use evaluate::evaluate_response;
pub use evaluate::{Verdict, evaluate, range_applies};
pub(crate) use headers::ConditionalHeaders;
pub(crate) use not_modified::{not_modified, remove_content_headers};
pub use preconditions::Preconditions;
pub use validators::Validators;

/// Answers conditional requests: a 304 for what need not be sent again, a 412 for what must not be overwritten.
///
/// There are three ways, from the cheapest for the application to the cheapest for the server:
///
/// 1. `ConditionalLayer::new()` judges what the answer to a GET or HEAD carries: its `ETag` and `Last-Modified`. The
///    304 is the 200 edited in place. [`StatusMapLayer`](crate::StatusMapLayer) does this by itself.
/// 2. [`generate_etags`](Self::generate_etags) makes the entity tag of an answer that has none.
/// 3. [`validators`](Self::validators) asks the application before the handler, which does not run where the answer
///    is decided: the only way for PUT, PATCH and DELETE beside [`Preconditions::check`](crate::Preconditions::check).
///
/// It stands inside `StatusMapLayer`, which explains its 412 and 428, and inside authentication and routing: an entity
/// tag before the handler tells who asks whether the resource is what they guess.
///
/// A strong tag differs by content coding (RFC 9110 §8.8.3.3). So where a compression layer stands outside, generated
/// tags must be [weak](Self::generate_weak_etags); where one stands inside, what it encodes has no size yet and gets no tag.
/// The same holds for a strong tag of the handler's own: where its answer may be encoded outside, make it weak.
///
/// tower-http's `ServeDir` has validators of its own, which are honoured. What it leaves out cannot be repaired
/// afterwards: no `Vary` on its 304, and a 206 although `If-Range` failed.
///
/// # Example: tags for small answers
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

/// The validators are those of the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromResponse;

/// The validators are asked of the application, before the handler.
#[derive(Clone, Copy)]
pub struct FromSource<F>(F);

#[derive(Clone, Copy, Debug, Default)]
struct Options {
    generate: Option<u64>,
    weak: bool,
    required: bool,
}

impl ConditionalLayer {
    /// Judges the validators that the answer to a GET or HEAD carries.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<V> ConditionalLayer<V> {
    /// Gives a 200 to GET that has no `ETag` one: its content's XXH3-128 hash and length, the same on every replica.
    ///
    /// Only content whose exact size is known, is at most `max_bytes`, and is already there is looked at, frame by
    /// frame, without a copy; never `Cache-Control: no-store`. Everything else passes at once, the answer to a HEAD, too,
    /// which has no content to make a tag of. Allocates one Box for
    /// the body and the field value, and for content of several frames a queue.
    ///
    /// The hash has no key: who writes the content can write two contents of one tag. Where others trust what users
    /// wrote, say a tag of your own, a version or a cryptographic hash: it is never replaced.
    pub fn generate_etags(mut self, max_bytes: u64) -> Self {
        self.options.generate = Some(max_bytes);
        self.options.weak = false;
        self
    }

    /// As [`generate_etags`](Self::generate_etags), with weak tags (RFC 9110 §8.8.1): for responses that a layer outside
    /// encodes.
    pub fn generate_weak_etags(mut self, max_bytes: u64) -> Self {
        self.options.generate = Some(max_bytes);
        self.options.weak = true;
        self
    }

    /// Answers 428 (RFC 6585 §3) to a PUT, PATCH or DELETE that has neither If-Match nor If-None-Match nor a valid
    /// If-Unmodified-Since, so that each client says what its change is based on. The handler does not run.
    ///
    /// **It asks for a condition and compares nothing:** a stale If-Match reaches the handler. That it is a 412 is said by
    /// a [source of validators](Self::validators), or in the handler by
    /// [`Preconditions::check`](crate::Preconditions::check): have one of them beside it.
    ///
    /// Any If-None-Match counts, because `*` guards a creation. A date that is ignored does not count; whether a valid
    /// one is ignored, because the resource has no date, only a [source](Self::validators) tells. Methods that a route
    /// does not have are answered with 428, too, where the layer stands outside of axum's `MethodRouter`:
    /// its `route_layer` stands inside. An extractor that authenticates comes after it.
    ///
    /// # Example: no blind write
    ///
    /// ```
    /// use http::{HeaderMap, Method, Request, Response};
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
        self.options.required = true;
        self
    }

    /// Asks for the validators of the current representation before the handler, which does not run where the answer
    /// is a 304 or a 412. `None`: there is no current representation. An error is the answer.
    ///
    /// It is asked only for requests with a precondition, never for CONNECT, OPTIONS and TRACE. Where the precondition
    /// holds, a failed If-Range removes `Range` from the request (RFC 9110 §13.1.5), and the answer is not judged
    /// again by what the source has named. Where there is nothing to GET, HEAD or DELETE, the handler says so: its 404
    /// wins over a 412 (RFC 9110 §13.2.1).
    ///
    /// This is not atomic with the write: between the answer and the handler another request may write. Where that
    /// matters, the handler checks inside its transaction, with [`Preconditions`](crate::Preconditions).
    ///
    /// # Example: the version of a row
    ///
    /// The closure clones what it needs before its `async move`: the future outlives the request's head, so that an
    /// `async |parts|` closure, which borrows from it, does not compile.
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

impl<F> fmt::Debug for FromSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromSource")
    }
}

impl<S, V: Clone> Layer<S> for ConditionalLayer<V> {
    type Service = Conditional<S, V>;

    fn layer(&self, inner: S) -> Self::Service {
        Conditional { inner, options: self.options, source: self.source.clone() }
    }
}

/// The service that [`ConditionalLayer`] makes; its error is the inner service's.
#[derive(Clone, Copy)]
pub struct Conditional<S, V = FromResponse> {
    inner: S,
    options: Options,
    source: V,
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
            return ConditionalFuture::refused();
        }
        let after = After::of(&mut request, self.options);
        after.called(self.inner.call(request))
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
    type Future = AskingFuture<S, Fut, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        if self.options.lacks_precondition(&request) {
            return AskingFuture { state: Asking::Called { future: ConditionalFuture::refused() } };
        }
        let after = After::of(&mut request, self.options);
        if !preconditions::is_conditional(request.method(), request.headers()) {
            let future = self.inner.call(request);
            return AskingFuture { state: Asking::Called { future: after.called(future) } };
        }
        let (parts, body) = request.into_parts();
        let asked = (self.source.0)(&parts);
        let request = Request::from_parts(parts, body);
        // The instance that was polled ready is the one that is called.
        let clone = self.inner.clone();
        let service = std::mem::replace(&mut self.inner, clone);
        AskingFuture { state: Asking::Asked { asked, waiting: Some(Waiting { service, request, after }) } }
    }
}

impl Options {
    fn lacks_precondition<B>(&self, request: &Request<B>) -> bool {
        self.required && preconditions::is_missing(request.method(), request.headers())
    }
}

/// What is known of a request when its answer comes.
struct After {
    options: Options,
    get: bool,
    judged: bool,
    request: Option<Box<ConditionalHeaders>>,
}

impl After {
    fn of<B>(request: &mut Request<B>, options: Options) -> Self {
        let get = request.method() == Method::GET;
        Self { options, get, judged: false, request: ConditionalHeaders::from_request(request) }
    }

    fn called<F>(self, future: F) -> ConditionalFuture<F> {
        ConditionalFuture { state: Calling::Called { future, after: self } }
    }

    fn answer<B: Body>(&self, response: Response<B>, cx: &mut Context<'_>) -> Response<StatusBody<B>> {
        let mut response = match self.options.generate {
            Some(limit) if self.get => tagged(response, limit, self.options.weak, cx),
            _ => response.map(StatusBody::inner),
        };
        if self.judged {
            response.extensions_mut().insert(Evaluated);
        }
        match self.request.as_deref().map_or(Verdict::Proceed, |request| evaluate_response(request, &response)) {
            Verdict::Proceed => response,
            Verdict::NotModified => not_modified(response),
            Verdict::PreconditionFailed => {
                let (parts, _) = response.into_parts();
                response::unnegotiated(Status::precondition_failed(), parts)
            }
        }
    }
}

/// A 200 with the tag of its content, if all of that is already there.
fn tagged<B: Body>(response: Response<B>, limit: u64, weak: bool, cx: &mut Context<'_>) -> Response<StatusBody<B>> {
    let (mut parts, body) = response.into_parts();
    let limit = body.size_hint().exact().filter(|size| *size <= limit).and_then(|size| usize::try_from(size).ok());
    let Some(limit) = limit.filter(|_| may_be_tagged(parts.status, &parts.headers)) else {
        return Response::from_parts(parts, StatusBody::inner(body));
    };
    let look = Look::at(body, limit, cx);
    if let Some(content) = look.content() {
        let _ = parts.headers.try_insert(header::ETAG, ETag::of_pieces(content, weak).into());
    }
    Response::from_parts(parts, look.into_body())
}

/// Returns whether the response to a GET may be given a tag of its content (RFC 9110 §8.8.3).
fn may_be_tagged(code: StatusCode, answer: &HeaderMap) -> bool {
    code == StatusCode::OK
        && !answer.contains_key(header::ETAG)
        && !answer.get_all(header::CACHE_CONTROL).iter().any(|value| lists(value, b"no-store"))
}

/// A status as a handler's: a layer outside renders, rewrites and reports it.
fn decided<B: Body>(status: Status) -> Response<StatusBody<B>> {
    let (parts, ()) = Response::new(()).into_parts();
    response::unnegotiated(status, parts)
}

pin_project! {
    /// The future of [`Conditional`].
    pub struct ConditionalFuture<F> {
        #[pin]
        state: Calling<F>,
    }
}

pin_project! {
    #[project = CallingProjection]
    enum Calling<F> {
        Called { #[pin] future: F, after: After },
        Refused,
    }
}

impl<F> ConditionalFuture<F> {
    /// RFC 6585 §3.
    fn refused() -> Self {
        Self { state: Calling::Refused }
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
            CallingProjection::Called { future, after } => after.answer(ready!(future.poll(cx))?, cx),
            CallingProjection::Refused => decided(Status::precondition_required()),
        }))
    }
}

pin_project! {
    /// The future of [`Conditional`] with a source of validators.
    pub struct AskingFuture<S: Service<Request<ReqBody>>, Fut, ReqBody> {
        #[pin]
        state: Asking<S, Fut, ReqBody>,
    }
}

pin_project! {
    #[project = AskingProjection]
    enum Asking<S: Service<Request<ReqBody>>, Fut, ReqBody> {
        Asked { #[pin] asked: Fut, waiting: Option<Waiting<S, ReqBody>> },
        Called { #[pin] future: ConditionalFuture<S::Future> },
    }
}

/// The request, until it is known whether the handler runs.
struct Waiting<S, ReqBody> {
    service: S,
    request: Request<ReqBody>,
    after: After,
}

impl<S, ReqBody> Waiting<S, ReqBody> {
    /// The handler's future, or the answer in its place.
    fn decide(mut self, asked: Result<Option<Validators>, Status>) -> Result<ConditionalFuture<S::Future>, Status>
    where
        S: Service<Request<ReqBody>>,
    {
        let current = asked?;
        let (method, headers) = (self.request.method(), self.request.headers());
        if self.after.options.required && preconditions::is_ignored(method, headers, current.as_ref()) {
            return Err(Status::precondition_required());
        }
        preconditions::check_before_handler(method, headers, current.as_ref())?;
        preconditions::apply_if_range(self.request.headers_mut(), current.as_ref());
        // What the source said stands: the answer is not judged again.
        self.after.judged = current.is_none_or(|current| current.has_any());
        Ok(self.after.called(self.service.call(self.request)))
    }
}

impl<S, Fut, ReqBody, ResBody> Future for AskingFuture<S, Fut, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    Fut: Future<Output = Result<Option<Validators>, Status>>,
    ResBody: Body,
{
    type Output = Result<Response<StatusBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let decision = match state.as_mut().project() {
                AskingProjection::Called { future } => return future.poll(cx),
                AskingProjection::Asked { asked, waiting } => {
                    let asked = ready!(asked.poll(cx));
                    // It is taken once, when the source has answered: polled again, the future never ends.
                    let Some(waiting) = waiting.take() else { return Poll::Pending };
                    waiting.decide(asked)
                }
            };
            match decision {
                Ok(future) => state.set(Asking::Called { future }),
                Err(status) => return Poll::Ready(Ok(decided(status))),
            }
        }
    }
}

impl<F> fmt::Debug for ConditionalFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionalFuture").finish_non_exhaustive()
    }
}

impl<S: Service<Request<ReqBody>>, Fut, ReqBody> fmt::Debug for AskingFuture<S, Fut, ReqBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskingFuture").finish_non_exhaustive()
    }
}
