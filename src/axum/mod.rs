//! [`Status`] as axum's response, [`Preconditions`] as its extractor, [`Validators`] as its header fields.

use std::convert::Infallible;

use ::axum::{
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use http::request::Parts;

use crate::{Preconditions, Status, Validators};

#[cfg(feature = "axum-multipart")]
mod multipart;
pub(crate) mod rejection;
#[cfg(feature = "axum-ws")]
mod websocket;

/// A complete problem document (RFC 9457), written when someone reads it.
///
/// It keeps the status, so that a [`StatusMapLayer`](crate::StatusMapLayer) outside answers in the form that the
/// client reads instead, and reports it. Without that layer nobody logs what a 5xx hides.
///
/// # Example: a handler's error
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_status::{Status, StatusMapLayer};
///
/// async fn order() -> Result<String, Status> {
///     Err(Status::not_found().with_detail("order 8 does not exist"))
/// }
///
/// let app: Router = Router::new().route("/orders/8", get(order)).layer(StatusMapLayer::new());
/// ```
///
/// # Example: an extractor of your own
///
/// ```
/// use axum::{Json, extract::{FromRequest, Request}};
/// use tower_status::Status;
///
/// struct Age(u8);
///
/// impl<S: Send + Sync> FromRequest<S> for Age {
///     type Rejection = Status;
///
///     async fn from_request(request: Request, state: &S) -> Result<Self, Status> {
///         let Json(age) = Json::<u8>::from_request(request, state).await?;
///         if age > 130 {
///             return Err(Status::unprocessable_entity().with_detail("the age must be at most 130"));
///         }
///         Ok(Self(age))
///     }
/// }
/// ```
impl IntoResponse for Status {
    fn into_response(self) -> Response {
        self.into_http_response().map(Body::new)
    }
}

/// Never rejects.
///
/// It only judges the preconditions that there are: a change without any is refused by
/// [`require_preconditions`](crate::ConditionalLayer::require_preconditions).
///
/// # Example: leave before the expensive part
///
/// ```
/// use tower_status::{ETag, Preconditions, Status, Validators};
///
/// async fn order(preconditions: Preconditions) -> Result<(Validators, &'static str), Status> {
///     let current = Validators::new().with_etag(ETag::strong("v7").map_err(Status::from_error)?);
///     preconditions.check(Some(&current))?; // a 304 leaves here
///     Ok((current, "what was expensive to make"))
/// }
/// ```
impl<S: Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(&parts.method, &parts.headers))
    }
}

/// The validators of what is sent: `ETag`, `Last-Modified`, and the fields that its 304 repeats.
///
/// # Example: a tag on the answer to a write
///
/// ```
/// use axum::response::IntoResponse;
/// use http::StatusCode;
/// use tower_status::{ETag, Status, Validators};
///
/// async fn written() -> Result<impl IntoResponse, Status> {
///     let tag = ETag::strong("v8").map_err(Status::from_error)?;
///     Ok((Validators::new().with_etag(tag), StatusCode::NO_CONTENT))
/// }
/// ```
impl IntoResponseParts for Validators {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.describe(parts.headers_mut());
        Ok(parts)
    }
}
