//! Calls a service that responds without waiting.

use std::{
    fmt::Debug,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, response::Parts};
use http_body::{Body, Frame};
use tower::{Layer, Service, service_fn};
use tower_status::{Status, StatusMapLayer};

/// Returns the output of a future that does not wait.
///
/// # Panics
///
/// If it waits.
pub fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Calls a service and returns its response.
///
/// # Panics
///
/// If the service waits or fails.
pub fn ask<S, B>(service: &mut S, request: Request<B>) -> S::Response
where
    S: Service<Request<B>, Error: Debug>,
{
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ready, Poll::Ready(Ok(()))), "{ready:?}");
    now(service.call(request)).expect("its error is Infallible")
}

/// An item that a body yielded.
#[derive(Clone, Debug, PartialEq)]
pub enum Got<E> {
    Data(Bytes),
    Trailers(HeaderMap),
    Error(E),
}

/// Reads a body to its end; a body that waits is polled again.
///
/// # Panics
///
/// If it never ends.
pub fn read<B: Body<Data = Bytes>>(body: B) -> Vec<Got<B::Error>> {
    let (mut body, mut got, mut waits) = (pin!(body), Vec::new(), 0);
    loop {
        match body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(None) => return got,
            Poll::Ready(Some(Err(error))) => got.push(Got::Error(error)),
            Poll::Ready(Some(Ok(frame))) => got.push(of_frame(frame)),
            Poll::Pending if waits < 100_000 => waits += 1,
            Poll::Pending => panic!("the body waits forever"),
        }
    }
}

fn of_frame<E>(frame: Frame<Bytes>) -> Got<E> {
    match frame.into_data() {
        Ok(data) => Got::Data(data),
        Err(frame) => Got::Trailers(frame.into_trailers().unwrap_or_default()),
    }
}

/// Returns all data of a body.
///
/// # Panics
///
/// If the body has trailers or an error.
pub fn data<E: Debug>(got: &[Got<E>]) -> Vec<u8> {
    got.iter().fold(Vec::new(), |mut all, got| {
        let Got::Data(data) = got else { panic!("{got:?}") };
        all.extend_from_slice(data);
        all
    })
}

/// Returns the error response and its body of a request that fails with this status.
pub fn fail(layer: &StatusMapLayer, status: &Status, request: Request<()>) -> (Parts, Vec<u8>) {
    let inner = |_: Request<()>| std::future::ready(Err::<Response<String>, _>(status.clone()));
    let (parts, body) = ask(&mut layer.layer(service_fn(inner)), request).into_parts();
    (parts, data(&read(body)))
}
