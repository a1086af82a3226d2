//! Errors of `poll_ready` become the response to every later call of that instance.

use std::{
    cell::Cell,
    io,
    rc::Rc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_status::{Status, StatusMapLayer};

use crate::common::{Reports, read};

#[derive(Debug, thiserror::Error)]
#[error("broken")]
struct Broken;

/// Fails `poll_ready` `failures` times, and counts the calls.
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
async fn a_readiness_error_is_the_response_to_every_later_call_and_a_clone_starts_without_it() {
    let inner = Unready { failures: Rc::new(Cell::new(1)), ..Unready::default() };
    let reports = Reports::default();
    let layer = reports.record(StatusMapLayer::new().map_error(|_: &Broken| Some(Status::not_found())));
    let mut service = layer.layer(inner.clone());
    for call in 1..=3 {
        service.ready().await.unwrap();
        let (parts, body) = read(service.call(Request::new(())).await.unwrap()).await;
        assert_eq!(parts.status, 404, "call {call}");
        assert!(parts.extensions.get::<Status>().unwrap().source().unwrap().is::<Broken>(), "call {call}");
        assert!(!body.is_empty(), "call {call}");
        assert_eq!((inner.polled.get(), inner.called.get()), (1, 0), "call {call}");
        assert_eq!(reports.take(), [404], "call {call}");
    }

    let mut clone = service.clone();
    assert_eq!(clone.ready().await.unwrap().call(Request::new(())).await.unwrap().status(), 200);
    assert_eq!((inner.polled.get(), inner.called.get()), (2, 1));
    assert_eq!(service.ready().await.unwrap().call(Request::new(())).await.unwrap().status(), 404);
    assert_eq!((inner.polled.get(), inner.called.get()), (2, 1));
    assert_eq!(reports.take(), [404]);
}

#[tokio::test]
async fn readiness_is_that_of_the_inner_service() {
    let inner = tower::limit::ConcurrencyLimit::new(Unready::default(), 1);
    let mut service = StatusMapLayer::new().layer(inner);
    let running = service.ready().await.unwrap().call(Request::new(()));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending());
    drop(running);
    assert!(service.poll_ready(&mut cx).is_ready());
}
