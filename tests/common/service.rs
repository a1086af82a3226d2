//! Services that are never ready, and the parts of other layers.

use std::{
    future::Pending,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response};
use tower::Service;
use tower_http::request_id::{MakeRequestId, RequestId};
use tower_status::BoxError;

/// A service whose `poll_ready` is pending forever.
pub(crate) struct NeverReady;

impl Service<Request<()>> for NeverReady {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = Pending<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

/// A service whose `poll_ready` fails. It must not be polled again.
pub(crate) struct Broken(Option<BoxError>);

impl Broken {
    pub(crate) fn new(error: impl Into<BoxError>) -> Self {
        Self(Some(error.into()))
    }
}

impl Service<Request<()>> for Broken {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = Pending<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Err(self.0.take().expect("polled once")))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

/// Gives each request the id `id-7`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id7;

impl MakeRequestId for Id7 {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        Some(RequestId::new(HeaderValue::from_static("id-7")))
    }
}
