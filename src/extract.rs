//! axum's extractors with [`Status`] as their rejection: change one import, and every rejection is a problem document.
//!
//! A rejection has axum's status code and text. What the client got wrong is in the member `errors`, with a JSON Pointer
//! (RFC 6901) into a body, or the name of a parameter of the query, the form or the path:
//!
//! ```json
//! {
//!     "type": "about:blank",
//!     "title": "Unprocessable Content",
//!     "status": 422,
//!     "detail": "Failed to deserialize the JSON body into the target type: lines[0]: missing field `count`",
//!     "errors": [{ "detail": "missing field `count`", "pointer": "#/lines/0/count" }]
//! }
//! ```
//!
//! # Example: a handler that reads JSON
//!
//! ```
//! use axum::{Router, routing::post};
//! use serde::{Deserialize, Serialize};
//! use tower_status::{Status, StatusMapLayer, extract::{Json, Path}};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Order {
//!     item: String,
//!     count: u32,
//! }
//!
//! async fn order(Path(customer): Path<u64>, Json(order): Json<Order>) -> Result<Json<Order>, Status> {
//!     if order.count > 100 {
//!         return Err(Status::conflict().with_detail(format!("customer {customer} cannot order so many")));
//!     }
//!     Ok(Json(order))
//! }
//!
//! let app: Router = Router::new().route("/customers/{customer}/orders", post(order)).layer(StatusMapLayer::new());
//! ```
//!
//! # Other extractors
//!
//! Every rejection of axum implements [`IntoStatus`](crate::IntoStatus), so these have the same responses:
//!
//! - a variant `#[status(transparent)] Json(#[from] JsonRejection)` of a derived error type, for handlers that take
//!   `Result<axum::Json<T>, JsonRejection>`;
//! - axum-extra's `WithRejection<axum::Json<T>, Status>`;
//! - an extractor of your own with `#[derive(FromRequest)]` and `#[from_request(via(axum::Json), rejection(Status))]`.
//!
//! # Bodies that are read without an extractor
//!
//! axum returns an `axum::Error` where a body cannot be read. One of a length limit is a 413. Any other is a 500, because
//! the bodies of responses, server-sent events and `WebSocket` return it too. A server that only reads request bodies
//! can map it to a 400:
//!
//! ```
//! use tower_status::{Status, StatusMapLayer};
//!
//! let layer = StatusMapLayer::new().map_error(|_: &axum::Error| Some(Status::bad_request()));
//! ```
//!
//! # What a `Deserialize` implementation writes is shown
//!
//! The message of an error in a `Deserialize` implementation becomes part of the detail, as in axum itself. If yours
//! fails with an internal text, such as the message of a database, hide it with
//! [`map_status`](crate::StatusMapLayer::map_status), or write a message for clients in the implementation:
//!
//! ```
//! use serde::{Deserialize, Deserializer, de::Error};
//!
//! struct Sku(String);
//!
//! impl<'de> Deserialize<'de> for Sku {
//!     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
//!         let text = String::deserialize(deserializer)?;
//!         # let look_up = |text: String| if text.is_empty() { Err("relation skus does not exist") } else { Ok(text) };
//!         // Not `Error::custom(error)`, which clients would read.
//!         look_up(text).map(Self).map_err(|_error| D::Error::custom("unknown SKU"))
//!     }
//! }
//! # assert_eq!(serde_json::from_str::<Sku>("\"\"").err().unwrap().to_string(), "unknown SKU");
//! # assert_eq!(serde_json::from_str::<Sku>("\"x\"").unwrap().0, "x");
//! ```

// The package examples/validation compiles this page's examples: they need derives that this package does not depend on.
#![cfg_attr(not(doctest), doc = include_str!("validation.md"))]

use std::ops::{Deref, DerefMut};

use axum::{
    extract::{
        FromRequest, FromRequestParts, OptionalFromRequest, OptionalFromRequestParts, RawPathParams, Request,
        rejection::PathRejection,
    },
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Uri, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Status, axum::rejection};

/// axum's [`Json`](axum::Json) with [`Status`] as its rejection; also a response.
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct Json<T>(pub T);

/// axum's [`Query`](axum::extract::Query) with [`Status`] as its rejection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

/// axum's [`Form`](axum::Form) with [`Status`] as its rejection; also a response.
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct Form<T>(pub T);

/// axum's [`Path`](axum::extract::Path) with [`Status`] as its rejection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Path<T>(pub T);

macro_rules! deref {
    ($($extractor:ident)*) => {$(
        impl<T> Deref for $extractor<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> DerefMut for $extractor<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }
    )*};
}

deref! { Json Query Form Path }

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: DeserializeOwned> Json<T> {
    /// Parses a body that has been read already, as [`axum::Json::from_bytes`] does.
    ///
    /// # Errors
    ///
    /// Returns a 400 if the bytes are not JSON, and a 422 if they are not a `T`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Status> {
        Ok(Self(axum::Json::from_bytes(bytes)?.0))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Status;

    async fn from_request(request: Request, state: &S) -> Result<Self, Status> {
        let axum::Json(value) = <axum::Json<T> as FromRequest<S>>::from_request(request, state).await?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Status;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Status> {
        let json = <axum::Json<T> as OptionalFromRequest<S>>::from_request(request, state).await?;
        Ok(json.map(|axum::Json(value)| Self(value)))
    }
}

/// A value that cannot be serialized is a 500, whose reason is in the log.
impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, APPLICATION_JSON)], body).into_response(),
            Err(error) => Status::internal_server_error().with_source(error).into_response(),
        }
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Parses the query of a URI, as [`axum::extract::Query::try_from_uri`] does.
    ///
    /// # Errors
    ///
    /// Returns a 400 if the query is not a `T`.
    pub fn try_from_uri(uri: &Uri) -> Result<Self, Status> {
        Ok(Self(axum::extract::Query::try_from_uri(uri)?.0))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Status;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Status> {
        Self::try_from_uri(&parts.uri)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Status;

    async fn from_request(request: Request, state: &S) -> Result<Self, Status> {
        let axum::Form(value) = <axum::Form<T> as FromRequest<S>>::from_request(request, state).await?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for Form<T> {
    fn into_response(self) -> Response {
        axum::Form(self.0).into_response()
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Status;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Status> {
        match <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(path_status(rejection, parts, state).await),
        }
    }
}

impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> OptionalFromRequestParts<S> for Path<T> {
    type Rejection = Status;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Status> {
        match <axum::extract::Path<T> as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(path) => Ok(path.map(|axum::extract::Path(value)| Self(value))),
            Err(rejection) => Err(path_status(rejection, parts, state).await),
        }
    }
}

/// Names the parameter even if axum's rejection has only its index.
async fn path_status<S: Send + Sync>(rejection: PathRejection, parts: &mut Parts, state: &S) -> Status {
    let params = RawPathParams::from_request_parts(parts, state).await;
    let names: Vec<_> = params.iter().flatten().map(|(name, _)| name).collect();
    rejection::path_status(rejection, &names)
}
