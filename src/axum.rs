//! [`Status`] as axum's response.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::OnceLock,
    task::{Context, Poll},
};

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::{Status, complete, reply};

/// A complete problem document (RFC 9457), written when someone reads it.
///
/// It keeps the status, so that a [`StatusMapLayer`](crate::StatusMapLayer) outside answers in the form that the
/// client reads instead, and reports it.
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
impl IntoResponse for Status {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        let code = self.code();
        *response.status_mut() = code;
        let headers = response.headers_mut();
        complete::say(headers, self.headers());
        complete::complete(headers, code, Some(&complete::DEFAULT_CHALLENGE), true);
        if reply::describe_document(headers, &self) {
            *response.body_mut() = Body::new(Document { status: self.clone(), written: OnceLock::new(), read: false });
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document that is written when it is read, so that a layer that answers in its place wastes nothing.
struct Document {
    status: Status,
    written: OnceLock<Bytes>,
    read: bool,
}

impl Document {
    fn bytes(&self) -> &Bytes {
        self.written.get_or_init(|| reply::document(&self.status))
    }
}

impl HttpBody for Document {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let unread = !std::mem::replace(&mut self.read, true);
        Poll::Ready(unread.then(|| Ok(Frame::data(self.bytes().clone()))))
    }

    fn is_end_stream(&self) -> bool {
        self.read
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(if self.read { 0 } else { self.bytes().len() as u64 })
    }
}
