//! The errors of an application in its OpenAPI document.
//!
//! Everything comes from [`IntoStatus::STATUSES`](crate::IntoStatus::STATUSES), which the derive writes. The statuses of a
//! type are grouped by their code. Each response has:
//!
//! - the content `application/problem+json`, whose schema has the type and the extension members of each variant,
//! - one example for each variant, under the variant's name,
//! - the header fields that the status requires or sets, such as WWW-Authenticate, Allow, Retry-After and Location,
//! - the variant's doc comment as the description.
//!
//! A status whose code is a field of the variant is OpenAPI's `default` response. What is hidden from clients is left out.
//! What [`map_status`](crate::StatusMapLayer::map_status) changes is not known here.
//!
//! # utoipa (feature `utoipa`)
//!
//! `#[status(utoipa)]` implements `utoipa::IntoResponses`. Both modifiers are optional: [`defaults()`] adds the responses of
//! the layer to every operation; [`ProblemDetails`] then registers the schema once, and refers to it. List the rejection
//! of an extractor that is not a variant of the error type with [`ResponsesOf`].
//!
#![cfg_attr(feature = "utoipa", doc = "```")]
#![cfg_attr(not(feature = "utoipa"), doc = "```ignore")]
//! # #[cfg(feature = "derive")]
//! # fn main() {
//! use tower_status::{IntoStatus, openapi};
//! use utoipa::{Modify, OpenApi};
//!
//! #[derive(Debug, thiserror::Error, IntoStatus)]
//! #[status(utoipa)]
//! enum ShopError {
//!     /// No order has this number.
//!     #[error("order {order_id} does not exist")]
//!     #[status(404, type = "/problems/no-such-order", title = "No such order")]
//!     NoSuchOrder { #[status(extension)] order_id: u64 },
//!     #[error("sign in to see orders")]
//!     #[status(401, challenge = r#"Bearer realm="shop""#)]
//!     SignIn,
//! }
//!
//! #[utoipa::path(get, path = "/orders/{id}", params(("id" = u64, Path)), responses((status = 200, description = "The order"), ShopError))]
//! async fn order() {}
//!
//! #[derive(OpenApi)]
//! #[openapi(paths(order))]
//! struct Api;
//!
//! let mut api = Api::openapi();
//! openapi::defaults().modify(&mut api);
//! openapi::ProblemDetails.modify(&mut api);
//!
//! let api = serde_json::to_value(&api).unwrap();
//! let responses = &api["paths"]["/orders/{id}"]["get"]["responses"];
//! let content = &responses["404"]["content"]["application/problem+json"];
//! assert_eq!(responses["404"]["description"], "No order has this number.");
//! assert_eq!(content["schema"]["allOf"][0]["$ref"], "#/components/schemas/ProblemDetails");
//! assert_eq!(content["schema"]["allOf"][1]["properties"]["order_id"]["type"], "integer");
//! assert_eq!(content["examples"]["NoSuchOrder"]["value"]["detail"], "order 7 does not exist");
//! assert!(responses["401"]["headers"]["WWW-Authenticate"].is_object());
//! assert!(responses["503"].is_object()); // of the layer
//! # }
//! # #[cfg(not(feature = "derive"))]
//! # fn main() {}
//! ```
//!
//! # aide (feature `aide`)
//!
//! `#[status(aide)]` implements `aide::OperationOutput`, so that `Result<T, ShopError>` documents every error of the
//! operation. [`Status`](crate::Status) implements it, too: its code is not known, so it is the `default` response. The
//! extractors of [`extract`](crate::extract) and [`Preconditions`](crate::Preconditions) implement `aide::OperationInput`, and
//! document their rejections. Responses of one code are merged. [`Defaults::transform`](Defaults) and
//! [`ProblemDetails::transform`](ProblemDetails) are called in `finish_api_with`.
//!
#![cfg_attr(feature = "aide", doc = "```")]
#![cfg_attr(not(feature = "aide"), doc = "```ignore")]
//! # #[cfg(feature = "derive")]
//! # fn main() {
//! use aide::{axum::{ApiRouter, routing::get}, openapi::OpenApi};
//! use tower_status::{IntoStatus, extract::Path, openapi::{self, ProblemDetails}};
//!
//! #[derive(Debug, thiserror::Error, IntoStatus)]
//! #[status(axum, aide)]
//! enum ShopError {
//!     #[error("order {order_id} does not exist")]
//!     #[status(404)]
//!     NoSuchOrder { #[status(extension)] order_id: u64 },
//! }
//!
//! async fn order(Path(order_id): Path<u64>) -> Result<String, ShopError> {
//!     Err(ShopError::NoSuchOrder { order_id })
//! }
//!
//! let mut api = OpenApi::default();
//! let app: axum::Router = ApiRouter::new()
//!     .api_route("/orders/{id}", get(order))
//!     .finish_api_with(&mut api, |api| ProblemDetails.transform(openapi::defaults().transform(api)));
//!
//! let api = serde_json::to_value(&api).unwrap();
//! let responses = &api["paths"]["/orders/{id}"]["get"]["responses"];
//! assert!(responses["404"]["content"]["application/problem+json"]["examples"]["NoSuchOrder"].is_object());
//! assert!(responses["400"].is_object()); // of the path
//! assert!(responses["503"].is_object()); // of the layer
//! # }
//! # #[cfg(not(feature = "derive"))]
//! # fn main() {}
//! ```

use std::marker::PhantomData;

#[cfg(feature = "aide")]
mod aide;
mod defaults;
mod describe;
mod schema;
#[cfg(feature = "utoipa")]
mod utoipa;

#[cfg(feature = "aide")]
pub(crate) use aide::{add_responses_of as aide_responses_of, any_response as aide_response};
pub use defaults::defaults;
pub use describe::{Example, Header, Response, responses};
#[cfg(feature = "utoipa")]
pub(crate) use utoipa::responses_of as utoipa_responses_of;

/// Adds the responses that [`StatusMapLayer`](crate::StatusMapLayer) itself can return on every route: 408, 412, 413, 500
/// and 503, and 304 for GET, HEAD and QUERY. [`defaults()`] returns it.
///
/// What an operation documents for one of these codes stays beside it. A 404 or a 405 is no response of a documented
/// operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defaults;

/// Registers the schema of problem documents as the component `ProblemDetails`, and replaces each inline copy by a
/// reference (`$ref`).
///
/// Apply it after everything that adds responses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProblemDetails;

impl ProblemDetails {
    /// The name of the component.
    pub const NAME: &'static str = "ProblemDetails";

    /// Also resolves every relative `type` in the document against this URI, as
    /// [`StatusMapLayer::type_base`](crate::StatusMapLayer::type_base) sends it. Default: as it was set.
    pub fn type_base(self, uri: impl Into<String>) -> WithTypeBase {
        WithTypeBase { base: uri.into() }
    }
}

/// [`ProblemDetails`] that also resolves relative types: [`ProblemDetails::type_base`] returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithTypeBase {
    base: String,
}

/// The responses of error types that do not implement the trait of the OpenAPI library themselves, such as axum's
/// rejections: one type, or a tuple. Statuses with one code are one response.
///
/// # Example: a handler with the extractors of [`extract`](crate::extract)
///
#[cfg_attr(all(feature = "axum", feature = "utoipa"), doc = "```")]
#[cfg_attr(not(all(feature = "axum", feature = "utoipa")), doc = "```ignore")]
/// use axum::extract::rejection::{JsonRejection, PathRejection};
/// use tower_status::{Status, extract::{Json, Path}, openapi::ResponsesOf};
///
/// type Rejections = ResponsesOf<(PathRejection, JsonRejection)>;
///
/// #[utoipa::path(put, path = "/orders/{id}", params(("id" = u64, Path)), responses((status = 204), Rejections))]
/// async fn replace(Path(id): Path<u64>, Json(item): Json<String>) -> Result<(), Status> {
///     # let _ = (id, item);
///     Ok(())
/// }
///
/// # use utoipa::Path as _;
/// # let codes: Vec<_> = __path_replace::operation().responses.responses.into_keys().collect();
/// # assert_eq!(codes, ["204", "400", "413", "415", "422", "500"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponsesOf<E>(PhantomData<fn() -> E>);

/// An error type, or a tuple of error types, for [`ResponsesOf`].
pub trait ErrorTypes: sealed::Documented {}

impl<E: sealed::Documented> ErrorTypes for E {}

mod sealed {
    use crate::{Documented as Statuses, IntoStatus};

    pub trait Documented {
        /// Returns the statuses of each type.
        fn documented() -> Vec<Statuses>;
    }

    impl<E: IntoStatus> Documented for E {
        fn documented() -> Vec<Statuses> {
            vec![Statuses::of::<E>()]
        }
    }

    macro_rules! tuples {
        ($(($($ty:ident)+))+) => {$(
            impl<$($ty: IntoStatus),+> Documented for ($($ty,)+) {
                fn documented() -> Vec<Statuses> {
                    vec![$(Statuses::of::<$ty>()),+]
                }
            }
        )+};
    }

    tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }
}
