//! Reads the available part of a body, without waiting and without losing a frame.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// The limit of empty frames that are polled, so that a body of such frames does not delay the response.
const EMPTY_FRAMES: usize = 64;

/// A body of which some frames have been polled: data, and then perhaps trailers or an error. Yields the same frames.
pub(crate) struct Peeked<B: Body> {
    data: VecDeque<Bytes>,
    last: Option<Result<Frame<Bytes>, B::Error>>,
    ended: bool,
    body: Pin<Box<B>>,
}

impl<B: Body> Peeked<B> {
    /// Polls the frames that are available, until they have more than `limit` bytes. Never waits.
    pub(crate) fn new(body: B, limit: usize, cx: &mut Context<'_>) -> Self {
        let mut peeked = Self { data: VecDeque::new(), last: None, ended: false, body: Box::pin(body) };
        let (mut length, mut empty) = (0, 0);
        while length <= limit && empty < EMPTY_FRAMES {
            let Poll::Ready(polled) = peeked.body.as_mut().poll_frame(cx) else { break };
            match polled.map(|polled| polled.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => {
                    let data = into_bytes(data);
                    length += data.len();
                    empty += usize::from(data.is_empty());
                    peeked.data.push_back(data);
                }
                Some(Ok(Err(frame))) => {
                    peeked.last = Some(Ok(frame.map_data(into_bytes)));
                    break;
                }
                Some(Err(error)) => {
                    peeked.last = Some(Err(error));
                    break;
                }
                None => {
                    peeked.ended = true;
                    break;
                }
            }
        }
        peeked
    }

    /// Returns the available data, up to `limit` bytes.
    pub(crate) fn available(&self, limit: usize) -> Vec<u8> {
        let mut available = Vec::new();
        for data in &self.data {
            let rest = limit - available.len();
            available.extend_from_slice(data.get(..rest).unwrap_or(data));
        }
        available
    }

    /// Returns all data in one piece, if the body ended within the limit.
    pub(crate) fn complete(&self) -> Option<Vec<u8>> {
        self.ended.then(|| self.available(usize::MAX))
    }

    /// Returns the data frame by frame, if no more data will follow; trailers may.
    pub(crate) fn content(&self) -> Option<impl Iterator<Item = &Bytes>> {
        let trailers = matches!(&self.last, Some(Ok(frame)) if frame.is_trailers());
        (self.ended || trailers).then(|| self.data.iter())
    }

    /// Returns the only frame, if it has all data and is not empty. Then the inner body is no longer needed.
    pub(super) fn only_frame(&self) -> Option<&Bytes> {
        let [data] = self.data.as_slices().0 else { return None };
        (self.ended && !data.is_empty()).then_some(data)
    }

    /// Returns whether the body ended without a frame.
    pub(super) fn is_empty(&self) -> bool {
        self.ended && self.data.is_empty()
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.data.pop_front().map(|data| Ok(Frame::data(data))).or_else(|| self.last.take()) {
            Some(frame) => Poll::Ready(Some(frame)),
            None if self.ended => Poll::Ready(None),
            None => self.body.as_mut().poll_frame(cx).map_ok(|frame| frame.map_data(into_bytes)),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.last.is_none() && (self.ended || self.body.is_end_stream())
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let ready: u64 = self.data.iter().map(|data| data.len() as u64).sum();
        let rest = if self.ended { SizeHint::with_exact(0) } else { self.body.size_hint() };
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(ready)) {
            hint.set_upper(upper);
        }
        hint.set_lower(rest.lower().saturating_add(ready));
        hint
    }
}

/// Converts data to `Bytes`, without a copy if it is `Bytes` already.
#[inline]
pub(super) fn into_bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}
