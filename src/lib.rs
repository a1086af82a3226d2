//! Error handling for [tower](https://docs.rs/tower) servers: one layer turns every error into the right HTTP status.
//!
//! [`StatusMapLayer`] adds the header fields that the status requires, and a body that explains it in the format that the
//! client reads: problem+json (RFC 9457), an HTML page, text, a gRPC status, or a Connect error. [`ConditionalLayer`] handles
//! conditional requests (RFC 9110 §13).
//!
//! ```toml
//! [dependencies]
//! tower-status = { version = "0.1", features = ["axum"] }
//! axum = "0.8"
//! thiserror = "2"
//! tower = { version = "0.5", features = ["limit", "load-shed", "timeout"] }
//! tower-http = { version = "0.7", features = ["compression-gzip"] }
//! ```
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "derive"))]
//! # mod example {
//! use std::time::Duration;
//! use axum::{Json, Router, extract::Path, routing::get};
//! use tower::{limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
//! use tower_http::compression::CompressionLayer;
//! use tower_status::{IntoStatus, StatusMapLayer};
//!
//! #[derive(Debug, thiserror::Error, IntoStatus)]
//! #[status(axum)] // also implements axum's `IntoResponse`
//! enum ShopError {
//!     #[error("order {order_id} does not exist")]
//!     #[status(404)]
//!     NoSuchOrder { #[status(extension)] order_id: u64 },
//!     #[error("the database failed")]
//!     #[status(from_error)] // the layer's `map_error` decides, otherwise a 500 that hides the error
//!     Database(#[from] std::io::Error),
//! }
//!
//! async fn order(Path(order_id): Path<u64>) -> Result<Json<&'static str>, ShopError> {
//!     match order_id {
//!         7 => Ok(Json("seven tulips")),
//!         _ => Err(ShopError::NoSuchOrder { order_id }),
//!     }
//! }
//!
//! pub fn app() -> Router {
//!     Router::new().route("/orders/{id}", get(order)).layer((
//!         CompressionLayer::new(), // the first layer is the outermost
//!         StatusMapLayer::new(),   // the layers inside may fail
//!         TimeoutLayer::new(Duration::from_secs(10)),
//!         LoadShedLayer::new(),
//!         GlobalConcurrencyLimitLayer::new(512),
//!     ))
//! }
//! # }
//! ```
//!
//! Without the derive, implement [`IntoStatus`] by hand. A handler that returns `Result<T, Status>` converts every such error
//! with `?`, a foreign one with [`Status::from_error`], and an `Option` with [`OrStatus`]. Without axum, the same layer goes
//! around any tower service:
//!
//! ```
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_status::{IntoStatus, Status, StatusMapLayer};
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("order {0} was deleted")]
//! struct Deleted(u64);
//!
//! impl IntoStatus for Deleted {
//!     fn status(&self) -> Status {
//!         Status::gone()
//!     }
//! }
//!
//! async fn order(_: Request<()>) -> Result<Response<String>, Status> {
//!     Err(Deleted(9))?
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let service = ServiceBuilder::new().layer(StatusMapLayer::new()).service_fn(order);
//!
//! let response = service.oneshot(Request::new(())).await.unwrap(); // Infallible
//! assert_eq!(response.status(), 410);
//! # }
//! ```
//!
//! # Layer order
//!
//! From the outside in:
//!
//! | layer | why it is there |
//! |---|---|
//! | `CorsLayer`, request id | every response has their fields, errors included |
//! | `TraceLayer` | the log line of an error is in the span of its request; `on_failure(())` avoids a second line |
//! | `CompressionLayer` | inside, it would compress a text before [`StatusMapLayer`] can explain it; never for `application/connect+` |
//! | [`StatusMapLayer`] | everything inside may fail |
//! | timeout, load-shed, a *global* concurrency limit | their errors become 503 |
//! | `CatchPanicLayer` | a panic becomes a 500; [`StatusMapLayer`] does not catch panics |
//! | authentication | its 401 and 403 are explained |
//! | [`ConditionalLayer`], on routes | 401, 403 and 404 take precedence over 304 and 412 |
//!
//! In a tuple of layers and in `ServiceBuilder` the first layer is the outermost. If `Router::layer` is called several
//! times, the *last* layer is. `CorsLayer` requires a body that implements `Default`, which the body of `TraceLayer` does
//! not: with axum, add CORS and request id in a separate call. This example needs tower-http's features `catch-panic`,
//! `compression-gzip`, `cors`, `request-id` and `trace`.
//!
//! ```
//! use std::time::Duration;
//! use axum::{Router, body::Body, extract::Request, http::{HeaderValue, StatusCode, header}, routing::get};
//! use tower::{
//!     limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer, util::MapRequestLayer,
//! };
//! use tower_http::{
//!     catch_panic::CatchPanicLayer,
//!     compression::{CompressionLayer, Predicate, predicate::{DefaultPredicate, NotForContentType}},
//!     cors::CorsLayer,
//!     request_id::{MakeRequestId, PropagateRequestIdLayer, SetRequestIdLayer}, trace::TraceLayer,
//! };
//! use tower_status::{ConditionalLayer, StatusMapLayer};
//!
//! # fn app(make_request_id: impl MakeRequestId + Clone + Send + Sync + 'static) -> Router {
//! let orders = get(async || "seven tulips").layer(ConditionalLayer::new().generate_weak_etags(64 * 1024));
//! let no_stream = NotForContentType::const_new("application/connect+"); // of Connect
//! let app = Router::new()
//!     .route("/orders", orders)
//!     .layer((
//!         TraceLayer::new_for_http().on_failure(()),
//!         MapRequestLayer::new(accept_identity),
//!         CompressionLayer::new().compress_when(DefaultPredicate::new().and(no_stream)),
//!         StatusMapLayer::new(),
//!         TimeoutLayer::new(Duration::from_secs(10)),
//!         LoadShedLayer::new(),
//!         GlobalConcurrencyLimitLayer::new(512),
//!         CatchPanicLayer::new(),
//!     ))
//!     .layer((
//!         CorsLayer::new(),
//!         SetRequestIdLayer::x_request_id(make_request_id), // such as tower-http's `MakeRequestUuid`
//!         PropagateRequestIdLayer::x_request_id(),
//!     ));
//! # app
//! # }
//!
//! /// Removes `identity;q=0` and `*;q=0` from Accept-Encoding.
//! fn accept_identity(mut request: Request) -> Request {
//!     let excludes_identity = |member: &str| {
//!         let (coding, weight) = member.split_once(';').unwrap_or((member, "q=1"));
//!         let is_zero = weight.trim().get(2..).is_some_and(|weight| weight.parse() == Ok(0.0));
//!         is_zero && ["*", "identity"].iter().any(|excluded| coding.trim().eq_ignore_ascii_case(excluded))
//!     };
//!     let lines = request.headers().get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
//!     let kept: Vec<_> = lines.flat_map(|line| line.split(',')).filter(|member| !excludes_identity(member)).collect();
//!     match HeaderValue::from_str(&kept.join(",")) {
//!         Ok(kept) if !kept.is_empty() => request.headers_mut().insert(header::ACCEPT_ENCODING, kept),
//!         _ => request.headers_mut().remove(header::ACCEPT_ENCODING),
//!     };
//!     request
//! }
//! # let request = Request::get("/").header("accept-encoding", "br, *;q=0").body(Body::empty()).unwrap();
//! # assert_eq!(accept_identity(request).headers()["accept-encoding"], "br");
//! # let request = Request::get("/").header("accept-encoding", "identity; q=0.0").body(Body::empty()).unwrap();
//! # assert!(accept_identity(request).headers().is_empty());
//! ```
//!
//! - **`accept_identity`**: tower-http 0.7's `CompressionLayer` replaces the code of any response by 406 if the request
//!   excludes the identity coding and accepts no coding that the server supports. It keeps the body, Cache-Control and gRPC fields, and
//!   [`StatusMapLayer`] inside does not see it.
//! - **Entity tags**: `CompressionLayer` keeps the `ETag`. With compression outside, use
//!   [weak](ConditionalLayer::generate_weak_etags) tags, and make the tags of handlers weak. If-Match never matches a weak
//!   tag (RFC 9110 §13.1.1), so exclude resources that clients change by their strong tag from compression, or
//!   use [`weak_if_match`](ConditionalLayer::weak_if_match).
//! - **HEAD**: the Content-Length of an error response to HEAD is that of GET without compression.
//! - **Metrics**: a layer inside [`StatusMapLayer`] sees an error before it is mapped: a carried one
//!   ([`Status::from_error`]) is still a 500 there. To count the responses that clients get, put it outside, or use
//!   [`on_error`](StatusMapLayer::on_error).
//! - **tower-http's own `TimeoutLayer`** builds its response itself: give it 503 or 504, because its 408 blames the client.
//! - **Two `StatusMapLayer`s**: the inner one decides; the `map_error` of the outer one is not called for its responses.
//!
#![doc = include_str!("rpc.md")]
//!
#![doc = include_str!("hosts.md")]
//!
//! # What a client never sees
//!
//! - The detail and the extension members of a 5xx, unless the status is [exposed](Status::expose) or the member is
//!   [public](Status::with_public_extension).
//! - The `source()` chain of any error.
//! - The body of a 5xx that the inner service built, unless its media type is one that an application chooses deliberately:
//!   JSON, HTML, XML, protobuf, CBOR, `MessagePack`, `application/vnd.*`, gRPC, Connect.
//!   [`KeepBody`] keeps any body.
//!
//! All of that is in the log line instead. A gRPC response of the inner service passes with its message. Messages of
//! `INTERNAL`, `UNKNOWN` and `DATA_LOSS` are hidden in the responses that this crate writes. The text of a 4xx is shown: it
//! explains to the client what to change.
//!
//! When [`map_status`](StatusMapLayer::map_status) conceals a 403 as a 404, the response equals a real 404 in everything but
//! the header fields that do not depend on the status, such as cookies and those of CORS.
//!
//! # Recipes
//!
//! [`IntoStatus`] has recipes for an anyhow newtype, `Box<dyn AppError>`, an envelope of your own, error codes, a status from a
//! database, and for unit tests of a status and of a route.
//!
//! # Troubleshooting
//!
//! - **An unsatisfied `Handler`**: put `#[axum::debug_handler]` (axum's feature `macros`) on the function: the compiler then
//!   names the argument or return type. Usually `#[status(axum)]` is missing on the error type, or the feature `axum`.
//! - **``the trait bound `Infallible: From<Box<(dyn std::error::Error + Send + Sync + 'static)>>` is not satisfied``** (or
//!   `dyn StdError`, in an application that depends on serde): a layer that can fail is outside the one that handles
//!   errors. Put both into one tuple, and `StatusMapLayer` first. Separate calls of `.layer(..)` do not compile in any
//!   order, because `Router::layer` accepts only layers whose services cannot fail.
//! - **``the trait bound `ResponseBody<..>: Default` is not satisfied``**: `CorsLayer` is in the same tuple as `TraceLayer`.
//!   See [Layer order](#layer-order).
//! - **``the trait bound `Status: IntoResponse` is not satisfied``**: the feature `axum` is missing.
//! - **`` `?` couldn't convert the error to `tonic::Status` ``**: `#[status(tonic)]` is missing on the error type. tonic has its
//!   own conversion from `io::Error`, which shows the error to the client: write `.map_err(Status::from)?`.
//! - **A 500, and nothing in the log**: install a subscriber, such as `tracing_subscriber::fmt().init()`. A 5xx is logged as an
//!   error, a 4xx at the level DEBUG. If a subscriber is installed, the route may not have the layer: `Router::layer` applies
//!   only to routes that were added before it. The error of a handler is then still a problem document, but it is not logged.
//!   During development, [`debug(true)`](StatusMapLayer::debug) shows the causes in the
//!   response.
//! - **An empty 404 under `nest`**: the layer is on a nested `Router`. Add it to the outer one.
//! - **An application's error in a `BoxError`** is a 500 until [`recognize::<ShopError>()`](StatusMapLayer::recognize) or
//!   [`map_error`](StatusMapLayer::map_error) maps it; the log line has `unmapped=true`. A boxed [`Status`] needs neither.
//! - **A concurrency limit per route never sheds** in axum: axum clones the service for each request, and
//!   `ConcurrencyLimitLayer` makes one limit for each route. Use `GlobalConcurrencyLimitLayer`.
//! - **An `anyhow::Error` that another layer has boxed** is lost: its type is private. Convert it to a [`Status`] in the
//!   handler, with `?` and the feature `anyhow`.
//! - **``implementation of `IntoStatus` is not general enough``** at `tokio::spawn(async { serve_connection(..) })` around a
//!   service whose error is `BoxError`: move the block into a generic `async fn serve<S: Service<..>>(service: S)`, and spawn
//!   that.
//! - **A 405 that `map_status` changes to a 404 has Allow**: axum adds it outside the layers of a `Router`, where
//!   [`on_error`](StatusMapLayer::on_error) does not see it. Add the layer around the whole `Router`:
//!   `StatusMapLayer::new().layer(router)`, which axum serves with `ServiceExt::into_make_service`.
//! - **`Content-Length: 0`** on a 204 over HTTP/2, and on a 304 or a response to HEAD of unknown length: axum adds it to every
//!   body that is known to be empty.
//! - **`<none>` as the reason phrase** of HTTP/1.1: hyper writes it for 550 and other codes without one. A response that a
//!   hyper client received keeps the phrase of its upstream. In a proxy, turn on the feature `hyper`: it removes the phrase
//!   when the code or the body is replaced.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `derive` (default) | `#[derive(IntoStatus)]` |
//! | `tracing` (default) | one log line per error response, a 5xx as an error, a 4xx for debugging; warnings about mistakes in the application |
//! | `axum` | [`Status`] as axum's `IntoResponse`, `IntoStatus` for axum's rejections, extractors that reject with a `Status`; without axum's server |
//! | `axum-multipart`, `axum-ws` | `IntoStatus` for the rejections of `Multipart` and `WebSocketUpgrade` |
//! | `tonic` | conversions between [`Status`] and `tonic::Status`; turns on [`rpc`](StatusMapLayer::rpc); without tonic's transport |
//! | `connectrpc` | `From<Status>` for `connectrpc::ConnectError`; turns on [`rpc`](StatusMapLayer::rpc) |
//! | `utoipa` | `utoipa::IntoResponses` for the errors of an operation, and the schema of a problem document |
//! | `aide` | the same for aide; turns on `axum` |
//! | `problems` | `Problems`, a service that explains the problems of an application |
//! | `anyhow`, `eyre` | `From<anyhow::Error>` and `From<eyre::Report>` for [`Status`] |
//! | `validator`, `garde` | `IntoStatus` for `validator::ValidationErrors` and `garde::Report` |
//! | `hyper` | removes the reason phrase of an upstream from a response that is replaced; for proxies |
//! | `buffer` | maps the errors of tower's `buffer` |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "axum")]
mod axum;
pub mod catalog;
pub mod conditional;
#[cfg(feature = "connectrpc")]
mod connectrpc;
#[cfg(any(feature = "aide", feature = "problems", feature = "utoipa"))]
mod example;
#[cfg(feature = "axum")]
pub mod extract;
#[cfg(any(feature = "axum", feature = "garde", feature = "validator"))]
mod field_errors;
mod fields;
#[cfg(any(feature = "aide", feature = "utoipa"))]
pub mod openapi;
#[cfg(feature = "problems")]
pub mod problems;
mod response;
mod status;
pub mod status_map;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(any(feature = "garde", feature = "validator"))]
mod validation;
mod warning;

pub use conditional::{
    etag::ETag,
    evaluate::{Verdict, evaluate, range_applies},
    layer::ConditionalLayer,
    preconditions::Preconditions,
    validators::Validators,
};
pub use fields::{Format, Protocol};
pub use response::{Context, KeepBody, Page, Render, Rendered, StatusBody, Translate};
pub use status::{Documented, DocumentedStatus, IntoStatus, InvalidHeader, MemberSchema, OrStatus, Status};
pub use status_map::layer::StatusMapLayer;
pub use tower::BoxError;
#[cfg(feature = "derive")]
#[doc = include_str!("derive.md")]
pub use tower_status_derive::IntoStatus;

/// The code of the README is compiled.
#[cfg(all(doctest, feature = "axum", feature = "derive", feature = "tonic", feature = "utoipa"))]
#[doc = include_str!("../README.md")]
struct Readme;
