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

/// Returns the status of a rejection of axum, if [`map_error`](crate::StatusMapLayer::map_error) does not map it.
pub(crate) fn status_of(error: &(dyn std::error::Error + 'static)) -> Option<Status> {
    let lists = [
        rejection::STATUS_OF,
        #[cfg(feature = "axum-multipart")]
        multipart::STATUS_OF,
        #[cfg(feature = "axum-multipart")]
        multipart::ERROR_STATUS_OF,
        #[cfg(feature = "axum-ws")]
        websocket::STATUS_OF,
    ];
    lists.into_iter().flatten().find_map(|status_of| status_of(error))
}

/// A complete response with a problem document (RFC 9457): see [`Status::into_http_response`].
///
/// # Example: return an error from a handler
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

/// Never rejects: a request without conditions is performed.
///
/// To refuse changes without a condition, use
/// [`require_preconditions`](crate::ConditionalLayer::require_preconditions).
///
/// # Example: check before the expensive part
///
/// ```
/// use tower_status::{ETag, Preconditions, Status, Validators};
///
/// async fn order(preconditions: Preconditions) -> Result<(Validators, &'static str), Status> {
///     let current = Validators::new().with_etag(ETag::strong("v7").map_err(Status::from_error)?);
///     preconditions.check(Some(&current))?; // returns a 304
///     Ok((current, "an expensive page"))
/// }
/// ```
impl<S: Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_parts(parts))
    }
}

/// Adds the validators to a response: `ETag`, `Last-Modified`, and the fields that a 304 repeats.
///
/// # Example: add the new tag to the response to a write
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
        self.write_to(parts.headers_mut());
        Ok(parts)
    }
}
