//! Every answer of a [tower](https://docs.rs/tower)-based HTTP server carries the correct, documented status.
//!
//! An application says the status of each of its errors once, with [`IntoStatus`], derived or by hand;
//! [`StatusMapLayer`] does the rest: whatever goes wrong inside leaves as that status, with the header fields that its
//! RFC section demands and a body that explains it, as problem+json (RFC 9457), as a page for a person, as text, or
//! as a gRPC status.
//!
//! # Example: a handler's errors and tower's, answered
//!
//! ```
//! use std::time::Duration;
//! use http::{Request, Response};
//! use tower::{BoxError, ServiceBuilder, ServiceExt, timeout::TimeoutLayer};
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
//! let service = ServiceBuilder::new()
//!     .layer(StatusMapLayer::new())
//!     .layer(TimeoutLayer::new(Duration::from_secs(10)))
//!     .service_fn(order);
//!
//! let response = service.oneshot(Request::new(())).await.unwrap(); // Infallible
//! assert_eq!(response.status(), 410);
//! # }
//! ```
//!
//! # The order of layers
//!
//! From the outside in: CORS and request id; [`StatusMapLayer`]; trace, compression, timeout, load-shed, a *global*
//! concurrency limit; `CatchPanicLayer`; authentication; the routes. What stands outside sees complete answers, what
//! stands inside may fail in any way. In a tuple of layers and in `ServiceBuilder` the first is outermost; of several
//! calls of `Router::layer` the *last* is.
//!
//! - A trace or metrics layer inside sees an error before it is mapped: a carried one ([`Status::from_error`]) is still a
//!   500 there. Where it should count what the client gets, put it outside; and `TraceLayer::on_failure(())` spares the
//!   second log line of a 5xx.
//! - tower-http's own `TimeoutLayer` answers by itself: give it 503 or 504, since its 408 would blame the client.
//! - Of two `StatusMapLayer`s the inner one decides: the outer one's `map_error` is not asked again.
//!
//! [`ConditionalLayer`] stands on routes, inside of all of these, and with [weak](ConditionalLayer::generate_weak_etags) tags where
//! a compression layer outside encodes what it tagged.
//!
#![doc = include_str!("rpc.md")]
//!
//! # What a client never sees
//!
//! The detail and the extension members of a 5xx, unless the status is [exposed](Status::expose); any error's
//! `source()` chain; the plain or untyped text of a 5xx that some middleware wrote. All of that is in the log line
//! instead. JSON or HTML that an application wrote itself as the body of a 5xx passes: it is taken to be meant. So does a
//! gRPC answer, and with it the message of a `tonic::Status` that a tonic handler made itself.
//!
//! # Edges
//!
//! - **``the trait bound `Infallible: From<Box<(dyn std::error::Error + Send + Sync + 'static)>>` is not satisfied``**
//!   (or `dyn StdError`, in an application that names serde) is axum's word for a layer that fails outside of the one that handles failures. Put `StatusMapLayer` first in the tuple, or
//!   call `.layer(StatusMapLayer::new())` last in that chain.
//! - **``the trait bound `Status: IntoResponse` is not satisfied``**, or an unsatisfied `Handler`: the feature `axum` is
//!   missing, or `#[status(axum)]` on the error type.
//! - **``?` couldn't convert the error to `tonic::Status` ``**: `#[status(tonic)]` is missing on the error type. For
//!   `io::Error` tonic has a conversion of its own, which shows the error to the client: write `.map_err(Status::from)?`.
//! - **Errors that travel boxed**, in a `BoxError` or in `anyhow`, are known by their type after
//!   [`recognize::<ShopError>()`](StatusMapLayer::recognize) on the layer; a [`Status`] is known without.
//! - **A concurrency limit per route never sheds** in axum, because axum clones the service for each request and
//!   `ConcurrencyLimitLayer` makes one limit for each `layer` call and route: use `GlobalConcurrencyLimitLayer`.
//! - **An `anyhow::Error` that a tower layer has boxed** can no longer be told from any other error: turn it into a
//!   [`Status`] in the handler, with `?` and the feature `anyhow`.
//! - **``implementation of `IntoStatus` is not general enough``** is what the compiler says of
//!   `tokio::spawn(async { serve_connection(..) })` around a service whose error is `BoxError`. Move the block into a
//!   generic `async fn serve<S: Service<..>>(service: S)` and spawn that.
//! - **axum adds Allow to a 405 outside of the layers**, so [`on_error`](StatusMapLayer::on_error) does not see it.
//! - **HTTP/1.1 reason phrases** are the server's: hyper writes `<none>` for 550 and other codes that it does not know.
//!
//! # Features
//!
//! `derive` (default) is `#[derive(IntoStatus)]`; without it the derive is not built. `tracing` (default) writes one log
//! line for each answer of 400 and above, a 5xx as an error, a 4xx for debugging, and warns of what an application got
//! wrong. `axum` makes [`Status`] axum's `IntoResponse`, without axum's server, and gives axum's rejections their
//! status; `axum-multipart` and `axum-ws` do so for those of `Multipart` and `WebSocketUpgrade`. `tonic` converts between
//! [`Status`] and `tonic::Status`, without tonic's transport. `validator` and `garde` give the errors of these crates
//! their status. `problems` is a service that explains an application's
//! problems. `buffer` knows the errors of tower's `buffer`. `anyhow` converts `anyhow::Error` with `?`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "axum")]
mod axum;
pub mod catalog;
pub mod conditional;
#[cfg(feature = "axum")]
pub mod extract;
#[cfg(any(feature = "axum", feature = "garde", feature = "validator"))]
mod field_errors;
mod fields;
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

pub use conditional::{ConditionalLayer, ETag, Preconditions, Validators, Verdict, evaluate, range_applies};
pub use fields::{Format, Protocol};
pub use response::{Context, Page, Render, Rendered, StatusBody};
pub use status::{Documented, DocumentedStatus, IntoStatus, InvalidHeader, MemberSchema, OrStatus, Status};
pub use status_map::{inner_response::KeepBody, layer::StatusMapLayer};
pub use tower::BoxError;
#[cfg(feature = "derive")]
#[doc = include_str!("derive.md")]
pub use tower_status_derive::IntoStatus;

/// The README's code is compiled, with the lines that it leaves out.
#[cfg(all(doctest, feature = "axum", feature = "derive", feature = "tonic"))]
#[doc = include_str!("../tests/readme.md")]
struct Readme;
