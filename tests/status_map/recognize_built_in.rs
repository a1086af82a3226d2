//! Errors that the layer knows by itself: tower's, a body's, and a `Status` anywhere in the chain.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    io,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, load_shed::error::Overloaded, service_fn,
    timeout::error::Elapsed,
};
use tower_status::{Status, StatusMapLayer};

/// Code, Retry-After and what the source is.
type Seen = (u16, Option<String>, Option<String>);

fn seen<B>(response: &Response<B>) -> Seen {
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let status = response.extensions().get::<Status>().unwrap();
    (response.status().as_u16(), retry_after, status.source().map(|source| format!("{source:?}")))
}

async fn answer(layer: StatusMapLayer, error: BoxError) -> Seen {
    let error = std::cell::Cell::new(Some(error));
    let inner = service_fn(|_: Request<()>| {
        let error = error.take().unwrap();
        async { Err::<Response<String>, _>(error) }
    });
    seen(&layer.layer(inner).oneshot(Request::new(())).await.unwrap())
}

#[derive(Debug, thiserror::Error)]
#[error("secret wrapper")]
struct Wrapper(#[source] BoxError);

fn wrapped(error: impl Into<BoxError>) -> BoxError {
    Wrapper(error.into()).into()
}

/// The error that `Limited` fails with.
async fn too_long() -> BoxError {
    let error = Limited::new(Full::<bytes::Bytes>::from("123"), 2).collect().await.unwrap_err();
    assert!(error.is::<LengthLimitError>());
    error
}

#[tokio::test]
async fn built_in_errors() {
    let rows = [
        ("Elapsed", BoxError::from(Elapsed::new()), 503, None),
        ("Overloaded", Overloaded::new().into(), 503, Some("1")),
        ("LengthLimitError", too_long().await, 413, None),
        ("Status", Status::gone().into(), 410, None),
        ("its header fields", Status::locked().with_retry_after(Duration::from_secs(7)).into(), 423, Some("7")),
        // anywhere in the chain
        ("Elapsed below", wrapped(Elapsed::new()), 503, None),
        ("Overloaded below", wrapped(io::Error::other(Overloaded::new())), 503, Some("1")),
        ("LengthLimitError below", wrapped(wrapped(io::Error::other(too_long().await))), 413, None),
        ("Status below", wrapped(io::Error::other(Status::gone())), 410, None),
        ("in a carrier below", wrapped(Status::from_error(Overloaded::new())), 503, Some("1")),
        // the outermost of them
        ("Status above", wrapped(Status::gone().with_source(Overloaded::new())), 410, None),
        ("Status above Status", wrapped(Status::gone().with_source(Status::locked())), 410, None),
        // neither
        ("a timeout of io", io::Error::from(io::ErrorKind::TimedOut).into(), 500, None),
    ];
    for (name, error, code, retry_after) in rows {
        let seen = answer(StatusMapLayer::new(), error).await;
        assert_eq!((seen.0, seen.1.as_deref()), (code, retry_after), "{name}");
    }
}

#[tokio::test]
async fn towers_own_timeout_and_load_shed() {
    let timeout = ServiceBuilder::new()
        .layer(StatusMapLayer::new())
        .timeout(Duration::ZERO)
        .service_fn(|_: Request<()>| std::future::pending::<Result<Response<String>, BoxError>>());
    assert_eq!(seen(&timeout.oneshot(Request::new(())).await.unwrap()), (503, None, Some("Elapsed(())".into())));

    let shed = ServiceBuilder::new().layer(StatusMapLayer::new()).load_shed().service(NeverReady);
    let seen = seen(&shed.oneshot(Request::new(())).await.unwrap());
    assert_eq!((seen.0, seen.1.as_deref()), (503, Some("1")));
}

struct NeverReady;

impl Service<Request<()>> for NeverReady {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = std::future::Pending<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[cfg(feature = "buffer")]
mod buffered {
    use tower::buffer::Buffer;
    use tower_status::IntoStatus;

    use super::*;

    /// Fails its `poll_ready`, so that the buffer's worker ends with a `ServiceError`.
    struct Broken(Option<BoxError>);

    impl Service<Request<()>> for Broken {
        type Response = Response<String>;
        type Error = BoxError;
        type Future = std::future::Pending<Result<Response<String>, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Err(self.0.take().expect("a worker asks once")))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            unreachable!("it is never ready")
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("sold out")]
    struct SoldOut;

    impl IntoStatus for SoldOut {
        fn status(&self) -> Status {
            Status::conflict()
        }
    }

    fn layer() -> StatusMapLayer {
        StatusMapLayer::new()
            .recognize::<SoldOut>()
            .map_error(|error: &io::Error| (error.kind() == io::ErrorKind::NotFound).then(Status::not_found))
    }

    #[tokio::test]
    async fn a_service_error_is_503_unless_what_it_wraps_is_recognised() {
        let not_found = || io::Error::from(io::ErrorKind::NotFound);
        let rows = [
            ("nothing", BoxError::from("secret"), 503, None),
            ("an unknown error", io::Error::other("secret").into(), 503, None),
            ("an unknown chain", wrapped(wrapped("secret")), 503, None),
            ("an unknown carrier", Status::from_error("secret").into(), 503, None),
            ("a mapped one", not_found().into(), 404, None),
            ("a mapped cause", wrapped(not_found()), 404, None),
            ("a recognised one", SoldOut.into(), 409, None),
            ("a recognised cause", wrapped(io::Error::other(SoldOut)), 409, None),
            ("a status", Status::gone().into(), 410, None),
            ("a cause that is a status", wrapped(Status::gone()), 410, None),
            ("a carrier of a mapped one", Status::from(not_found()).into(), 404, None),
            ("Overloaded", Overloaded::new().into(), 503, Some("1")),
            ("LengthLimitError", too_long().await, 413, None),
        ];
        for (name, error, code, retry_after) in rows {
            let mut service = layer().layer(Buffer::new(Broken(Some(error)), 2));
            // The first call is what the worker fails, the second finds it failed before.
            for call in 1..=2 {
                let response = service.ready().await.unwrap().call(Request::new(())).await.unwrap();
                let seen = seen(&response);
                assert_eq!((seen.0, seen.1.as_deref()), (code, retry_after), "{name}, call {call}");
                let body = response.into_body().collect().await.unwrap().to_bytes();
                assert!(!body.windows(6).any(|window| window == b"secret"), "{name}, call {call}");
            }
        }
    }

    #[tokio::test]
    async fn a_closed_buffer_is_503() {
        let (buffer, worker) = Buffer::pair(NeverReady, 1);
        drop(worker);
        let (code, _, source) = seen(&layer().layer(buffer).oneshot(Request::new(())).await.unwrap());
        assert_eq!(code, 503);
        assert!(source.unwrap().contains("Closed"));
    }
}
