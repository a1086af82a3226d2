//! Requests as a server reads them, services without a server, and responses read to their end.

use std::{
    fmt::Debug,
    future::{Future, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use tower::Service;

/// Makes a request as hyper does: the values share one buffer.
pub(crate) fn request(head: &str) -> Request<()> {
    let head = Bytes::from(head.to_owned());
    let mut lines = head.split(|&byte| byte == b'\n').map(|line| head.slice_ref(line.trim_ascii()));
    let first = String::from_utf8(lines.next().unwrap().to_vec()).unwrap();
    let (method, uri) = first.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri).body(()).unwrap();
    for line in lines.filter(|line| !line.is_empty()) {
        let colon = line.iter().position(|&byte| byte == b':').unwrap();
        let value = line.slice_ref(line[colon + 1..].trim_ascii());
        let name = HeaderName::from_bytes(&line[..colon]).unwrap();
        request.headers_mut().append(name, HeaderValue::from_maybe_shared(value).unwrap());
    }
    request
}

/// Returns an inner service that responds at once.
pub(crate) fn responding<R, E>(
    respond: impl Fn() -> Result<R, E> + Clone,
) -> impl Service<Request<()>, Response = R, Error = E, Future = Ready<Result<R, E>>> + Clone {
    tower::service_fn(move |_: Request<()>| ready(respond()))
}

/// Returns the output of a future that is ready at once.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it is pending"),
    }
}

/// Calls a service that is ready at once.
pub(crate) fn call<S, Q, R>(service: &mut S, request: Q) -> R
where
    S: Service<Q, Response = R, Error: Debug>,
{
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
    now(service.call(request)).unwrap()
}

/// Reads a response to its end, and returns the length of its content.
pub(crate) fn read<B: Body>(response: Response<B>) -> usize
where
    B::Error: Debug,
{
    let mut body = pin!(response.into_body());
    let mut length = 0;
    loop {
        match body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(frame)) => length += frame.unwrap().into_data().map_or(0, |data| data.remaining()),
            Poll::Ready(None) => return length,
            Poll::Pending => panic!("it is pending"),
        }
    }
}
