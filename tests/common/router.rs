//! axum applications.

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, response::Parts};
use tower::ServiceExt;

use super::Fields;

/// Sends a request without content to an application, and reads the response.
pub(crate) async fn ask(app: &Router, method: &str, target: &str, fields: Fields<'_>) -> (Parts, Bytes) {
    send(app, super::request(method, target, fields).map(|()| Body::empty())).await
}

/// Sends a request to an application, and reads the response.
pub(crate) async fn send(app: &Router, request: Request<Body>) -> (Parts, Bytes) {
    super::read(app.clone().oneshot(request).await.unwrap()).await
}
