//! Errors of `poll_ready`: kept as the answer to every later call of that instance.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    cell::Cell,
    io,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_status::{Status, StatusMapLayer};

#[derive(Debug, thiserror::Error)]
#[error("broken")]
struct Broken;

/// Fails `poll_ready` as often as told, and counts.
#[derive(Clone, Default)]
struct Unready {
    failures: Rc<Cell<u32>>,
    polled: Rc<Cell<u32>>,
    called: Rc<Cell<u32>>,
}

impl Service<Request<()>> for Unready {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.polled.set(self.polled.get() + 1);
        match self.failures.get().checked_sub(1) {
            None => Poll::Ready(Ok(())),
            Some(left) => {
                self.failures.set(left);
                Poll::Ready(Err(io::Error::other(Broken).into()))
            }
        }
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        self.called.set(self.called.get() + 1);
        std::future::ready(Ok(Response::default()))
    }
}

#[tokio::test]
async fn a_readiness_error_is_kept_and_a_clone_starts_without() {
    let inner = Unready { failures: Rc::new(Cell::new(1)), ..Unready::default() };
    let reported = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&reported);
    let layer = StatusMapLayer::new().map_error(|_: &Broken| Some(Status::not_found())).on_error(move |status, _| {
        assert_eq!(status.code(), 404);
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let mut service = layer.layer(inner.clone());
    for call in 1..=3 {
        service.ready().await.unwrap();
        let response = service.call(Request::new(())).await.unwrap();
        assert_eq!(response.status(), 404, "call {call}");
        let status = response.extensions().get::<Status>().unwrap();
        assert!(status.source().unwrap().is::<Broken>(), "call {call}");
        assert!(!response.into_body().collect().await.unwrap().to_bytes().is_empty(), "call {call}");
        assert_eq!((inner.polled.get(), inner.called.get()), (1, 0), "call {call}");
        assert_eq!(reported.load(Ordering::Relaxed), call);
    }

    let mut clone = service.clone();
    assert_eq!(clone.ready().await.unwrap().call(Request::new(())).await.unwrap().status(), 200);
    assert_eq!((inner.polled.get(), inner.called.get()), (2, 1));
    assert_eq!(service.ready().await.unwrap().call(Request::new(())).await.unwrap().status(), 404);
    assert_eq!((inner.polled.get(), inner.called.get()), (2, 1));
    assert_eq!(reported.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let inner = tower::limit::ConcurrencyLimit::new(Unready::default(), 1);
    let mut service = StatusMapLayer::new().layer(inner);
    let running = service.ready().await.unwrap().call(Request::new(()));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending());
    drop(running);
    assert!(service.poll_ready(&mut cx).is_ready());
}
