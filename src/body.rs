//! [`StatusBody`]: the inner service's body, or what was written in its place.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of every answer of a [`StatusMap`](crate::StatusMap): the inner service's, frame for frame, or what
    /// was written in its place. Errors are the inner body's.
    pub struct StatusBody<B: Body> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B: Body> {
        Inner { #[pin] body: B },
        Looked { looked: Box<Looked<B>> },
        Written { bytes: Bytes },
        Withheld,
    }
}

/// A body of which some frames were polled already.
struct Looked<B: Body> {
    frames: VecDeque<Result<Frame<Bytes>, B::Error>>,
    ended: bool,
    body: Pin<Box<B>>,
}

/// Frames that are looked at, so that a body of empty frames does not keep the answer.
const FRAMES: usize = 64;

impl<B: Body> StatusBody<B> {
    pub(crate) fn inner(body: B) -> Self {
        Self { kind: Kind::Inner { body } }
    }

    pub(crate) fn written(bytes: Bytes) -> Self {
        Self { kind: Kind::Written { bytes } }
    }

    /// No content, of a length that the answer does not tell (to HEAD).
    pub(crate) fn withheld() -> Self {
        Self { kind: Kind::Withheld }
    }

    /// Polls what is already there, up to `limit` bytes, and waits for nothing.
    ///
    /// The body yields the same frames afterwards. Allocates the Box that it is pinned in, and the queue.
    pub(crate) fn look(body: B, limit: usize, cx: &mut Context<'_>) -> Look<B> {
        let mut look = Look { seen: Seen::default(), frames: VecDeque::new(), body: Box::pin(body) };
        let mut left = limit;
        for _ in 0..FRAMES {
            match look.body.as_mut().poll_frame(cx) {
                Poll::Pending => return look,
                Poll::Ready(None) => {
                    look.seen.ended = true;
                    return look;
                }
                Poll::Ready(Some(Err(error))) => {
                    look.frames.push_back(Err(error));
                    return look;
                }
                Poll::Ready(Some(Ok(frame))) => {
                    let frame = frame.map_data(into_bytes);
                    let length = frame.data_ref().map(Bytes::len);
                    look.frames.push_back(Ok(frame));
                    match length.map(|length| left.checked_sub(length)) {
                        Some(Some(rest)) => left = rest,
                        // Too long, or trailers: it passes as it is.
                        Some(None) | None => return look,
                    }
                }
            }
        }
        look
    }
}

/// A body that was looked at.
pub(crate) struct Look<B: Body> {
    seen: Seen,
    frames: VecDeque<Result<Frame<Bytes>, B::Error>>,
    body: Pin<Box<B>>,
}

#[derive(Default)]
struct Seen {
    ended: bool,
}

impl<B: Body> Look<B> {
    /// All of its data, if it ended within the limit.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        self.seen.ended.then(|| self.so_far())
    }

    /// The data that was already there.
    pub(crate) fn so_far(&self) -> Bytes {
        let mut data = self.frames.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref());
        let first = data.next().cloned().unwrap_or_default();
        match data.next() {
            None => first,
            Some(second) => {
                let mut joined = BytesMut::from(first);
                joined.extend_from_slice(second);
                data.for_each(|bytes| joined.extend_from_slice(bytes));
                joined.freeze()
            }
        }
    }

    pub(crate) fn into_body(self) -> StatusBody<B> {
        let looked = Looked { frames: self.frames, ended: self.seen.ended, body: self.body };
        StatusBody { kind: Kind::Looked { looked: Box::new(looked) } }
    }
}

impl<B: Body> Body for StatusBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => {
                body.poll_frame(cx).map(|frame| Some(frame?.map(|frame| frame.map_data(into_bytes))))
            }
            KindProjection::Looked { looked } => match looked.frames.pop_front() {
                Some(frame) => Poll::Ready(Some(frame)),
                None if looked.ended => Poll::Ready(None),
                None => looked
                    .body
                    .as_mut()
                    .poll_frame(cx)
                    .map(|frame| Some(frame?.map(|frame| frame.map_data(into_bytes)))),
            },
            KindProjection::Written { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProjection::Written { bytes } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            KindProjection::Withheld => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Looked { looked } => looked.frames.is_empty() && (looked.ended || looked.body.is_end_stream()),
            Kind::Written { bytes } => bytes.is_empty(),
            Kind::Withheld => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Looked { looked } => looked.size_hint(),
            Kind::Written { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Kind::Withheld => SizeHint::default(),
        }
    }
}

impl<B: Body> Looked<B> {
    fn size_hint(&self) -> SizeHint {
        let seen = self
            .frames
            .iter()
            .filter_map(|frame| frame.as_ref().ok()?.data_ref())
            .map(|bytes| bytes.len() as u64)
            .sum::<u64>();
        let rest = if self.ended { SizeHint::with_exact(0) } else { self.body.size_hint() };
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(seen)) {
            hint.set_upper(upper);
        }
        hint.set_lower(rest.lower().saturating_add(seen));
        hint
    }
}

/// Copies nothing where the inner body's data is `Bytes`.
fn into_bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}

/// No content.
impl<B: Body> Default for StatusBody<B> {
    fn default() -> Self {
        Self::written(Bytes::new())
    }
}

impl<B: Body> fmt::Debug for StatusBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Inner { .. } => "Inner",
            Kind::Looked { .. } => "Looked",
            Kind::Written { .. } => "Written",
            Kind::Withheld => "Withheld",
        };
        f.debug_struct("StatusBody").field("kind", &kind).finish_non_exhaustive()
    }
}
