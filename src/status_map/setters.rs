//! The options of a [`StatusMapLayer`].

use std::{borrow::Cow, error::Error, sync::Arc};

use http::{HeaderName, HeaderValue};

use super::resolve;
use crate::{
    Context, Format, IntoStatus, Page, Render, Status, StatusMapLayer, Translate, fields::uri_reference,
    response::capture::Capture, warning::warning,
};

impl StatusMapLayer {
    /// Maps a foreign error type to a status; return `None` to try the next error of the chain.
    ///
    /// The error is found wherever it is in the chain of causes of a carried error: [`Status::from_error`], a
    /// `BoxError`, an `io::Error`. The outermost error that is mapped decides; of several closures for one type, the first
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

    /// Changes an error status before it is written, including those of inner, gRPC and Connect responses, and under
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

    /// Keeps a value of each request for [`map_status`](Self::map_status), [`on_error`](Self::on_error) and
    /// [`render`](Self::render), which read it with [`Context::captured`]. Default: nothing.
    ///
    /// A capture of another type is added, one of the same type replaces the previous one. Each value takes one
    /// allocation per request. Without one of these hooks nothing is captured.
    ///
    /// # Example: count errors per tenant
    ///
    /// ```
    /// use http::{HeaderValue, request::Parts};
    /// use tower_status::StatusMapLayer;
    ///
    /// struct Tenant(Option<HeaderValue>);
    ///
    /// let layer = StatusMapLayer::new()
    ///     .capture(|request: &Parts| Tenant(request.headers.get("x-tenant").cloned()))
    ///     .on_error(|status, context| {
    ///         let tenant = context.captured::<Tenant>().and_then(|tenant| tenant.0.as_ref());
    ///         println!("{} for tenant {tenant:?}", status.code());
    ///     });
    /// ```
    pub fn capture<T: Send + Sync + 'static>(
        self,
        capture: impl Fn(&http::request::Parts) -> T + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| Capture::new(capture).add_to(&mut options.captures))
    }

    /// Writes bodies in a custom format: see [`Render`].
    pub fn render(self, render: impl Render) -> Self {
        self.with(|options| options.render = Some(Arc::new(render)))
    }

    /// Writes titles, explanations, advice, details and the words of the page in the language that Accept-Language prefers:
    /// see [`Translate`]. Default: English.
    ///
    /// Languages after the 256th are not used. Without any language the option is dropped with a warning.
    pub fn translate(self, translate: impl Translate) -> Self {
        if translate.languages().is_empty() {
            warning!("dropped a Translate without languages");
            return self;
        }
        self.with(|options| options.translate = Some(Arc::new(translate)))
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

    /// Sets the name of the header field with the id of a request. Default: `x-request-id`.
    ///
    /// The id is shown to clients as `request_id`, logged, and passed to the hooks as [`Context::request_id`].
    ///
    /// # Example: correlation ids
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_status::StatusMapLayer;
    ///
    /// let layer = StatusMapLayer::new().request_id_header(HeaderName::from_static("x-correlation-id"));
    /// ```
    pub fn request_id_header(self, name: HeaderName) -> Self {
        self.with(|options| options.request_id_header = Some(name))
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
    /// `no-store`. Names of fields that describe a body or set its lifetime in caches have no effect. A `ConditionalLayer`
    /// inside does not know these names: its own 412 has only the fields above.
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
    /// Turn it off in a reverse proxy: responses of its upstreams then pass unchanged, including the body of a 5xx. They are
    /// still reported, and `map_status` can still change their code.
    pub fn fill(self, fill: bool) -> Self {
        self.with(|options| options.fill = fill)
    }

    /// Sets whether the validators of a response to GET, HEAD or QUERY are evaluated, as
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
    /// The parts that exceed it are left out: the details first, then the end of the message, then metadata. Most clients accept
    /// 8 KiB. A proxy may accept less: nginx reads 4 KiB and responds 502 to more, unless its `grpc_buffer_size` is raised
    /// as well. A `tonic::Status` that is converted from a [`Status`] always has the default limit, because a stream sends it in
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

    /// Resolves every relative `type` against this URI (RFC 3986 §5.2), as RFC 9457 §3.1.1 recommends for clients that lose
    /// the address of the response. Default: `type` is sent as it was set.
    ///
    /// A relative URI is ignored with a warning. [`Problems::type_base`] and [`openapi::ProblemDetails::type_base`] do the
    /// same for the documentation.
    ///
    #[cfg_attr(feature = "problems", doc = "[`Problems::type_base`]: crate::problems::Problems::type_base")]
    #[cfg_attr(not(feature = "problems"), doc = "[`Problems::type_base`]: https://docs.rs/tower-status")]
    #[cfg_attr(
        any(feature = "aide", feature = "utoipa"),
        doc = "[`openapi::ProblemDetails::type_base`]: crate::openapi::ProblemDetails::type_base"
    )]
    #[cfg_attr(
        not(any(feature = "aide", feature = "utoipa")),
        doc = "[`openapi::ProblemDetails::type_base`]: https://docs.rs/tower-status"
    )]
    ///
    /// # Example: types under one address
    ///
    /// ```
    /// use http::{Request, Response};
    /// use tower::{ServiceBuilder, ServiceExt};
    /// use tower_status::{Status, StatusMapLayer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let service = ServiceBuilder::new()
    ///     .layer(StatusMapLayer::new().type_base("https://example.org/"))
    ///     .service_fn(async |_: Request<()>| Err::<Response<String>, _>(Status::gone().with_type("/problems/deleted")));
    ///
    /// let response = service.oneshot(Request::new(())).await.unwrap();
    /// let status: &Status = response.extensions().get().unwrap();
    /// assert_eq!(status.type_uri(), Some("https://example.org/problems/deleted"));
    /// # }
    /// ```
    pub fn type_base(self, uri: impl Into<Cow<'static, str>>) -> Self {
        let uri = uri.into();
        if uri_reference::is_relative(&uri) {
            warning!("ignored the type base {uri:?}: it is no absolute URI");
            return self;
        }
        self.with(|options| options.type_base = Some(uri))
    }

    /// Sets whether clients see the detail and the extension members of a 5xx. Default: `false`. For development only.
    pub fn expose_server_errors(self, expose: bool) -> Self {
        self.with(|options| options.expose_server_errors = expose)
    }

    /// Shows developers of the server the chain of causes of an error with the known types, the option that mapped it, and
    /// its backtrace. Default: `false`. Never turn it on in production.
    ///
    /// It is the member `debug` in JSON, a section of the page, the last lines of a text, and `google.rpc.DebugInfo` for gRPC
    /// and Connect clients. It includes [`expose_server_errors`](Self::expose_server_errors). The first layer that is applied
    /// with it logs a warning. Neither an environment variable nor the build profile turns it on.
    ///
    /// # Example: a flag of the application
    ///
    /// ```
    /// use tower_status::StatusMapLayer;
    ///
    /// let is_development = std::env::args().any(|argument| argument == "--debug");
    /// let layer = StatusMapLayer::new().debug(is_development);
    /// ```
    pub fn debug(self, debug: bool) -> Self {
        self.with(|options| options.debug = debug)
    }
}
