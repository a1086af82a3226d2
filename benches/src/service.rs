//! Requests as a server reads them, services without a server, and answers read to their end.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt::Debug,
    future::{Future, Ready, ready},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tower::Service;

/// A request as hyper makes it: the values share one buffer.
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

/// An inner service that answers at once.
pub(crate) fn answering<R, E>(
    answer: impl Fn() -> Result<R, E> + Clone,
) -> impl Service<Request<()>, Response = R, Error = E, Future = Ready<Result<R, E>>> + Clone {
    tower::service_fn(move |_: Request<()>| ready(answer()))
}

/// What waits for nothing.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Sends one request.
pub(crate) fn call<S, Q, R>(service: &mut S, request: Q) -> R
where
    S: Service<Q, Response = R, Error: Debug>,
{
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
    now(service.call(request)).unwrap()
}

/// Reads an answer to its end: the length of its content.
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
            Poll::Pending => panic!("it waits"),
        }
    }
}

/// Content that comes in pieces, of a size that is known.
#[derive(Clone)]
pub(crate) struct Pieces {
    all: Arc<[Bytes]>,
    next: usize,
    left: u64,
}

impl Pieces {
    pub(crate) fn of(content: &Bytes, size: usize) -> Self {
        let pieces: VecDeque<_> = content.chunks(size).map(|piece| content.slice_ref(piece)).collect();
        Self { all: Arc::from_iter(pieces), next: 0, left: content.len() as u64 }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(piece) = self.all.get(self.next).cloned() else { return Poll::Ready(None) };
        self.next += 1;
        self.left -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
