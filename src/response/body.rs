//! [`StatusBody`]: the inner service's body, or what was written in its place.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::OnceLock,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::Status;

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
        Document { document: Box<Document> },
        Withheld,
    }
}

/// A body of which some frames were polled already: data, and then perhaps trailers or an error.
struct Looked<B: Body> {
    first: Option<Bytes>,
    more: VecDeque<Bytes>,
    last: Option<Result<Frame<Bytes>, B::Error>>,
    ended: bool,
    body: Pin<Box<B>>,
}

/// A problem document that is written when it is read, so that a layer that answers in its place wastes nothing.
struct Document {
    status: Status,
    write: fn(&Status) -> Bytes,
    written: OnceLock<Bytes>,
    read: bool,
}

/// Empty frames that are looked at, so that a body of nothing else does not keep the answer.
const EMPTY_FRAMES: usize = 64;

impl<B: Body> StatusBody<B> {
    pub(crate) fn inner(body: B) -> Self {
        Self { kind: Kind::Inner { body } }
    }

    pub(crate) fn written(bytes: Bytes) -> Self {
        Self { kind: Kind::Written { bytes } }
    }

    /// The problem document of a status that no layer has negotiated.
    pub(crate) fn document(status: Status, write: fn(&Status) -> Bytes) -> Self {
        let document = Document { status, write, written: OnceLock::new(), read: false };
        Self { kind: Kind::Document { document: Box::new(document) } }
    }

    /// No content, of a length that the body does not tell: to HEAD, or where none may be told.
    pub(crate) fn withheld() -> Self {
        Self { kind: Kind::Withheld }
    }
}

/// A body that was looked at.
pub(crate) struct Look<B: Body>(Looked<B>);

impl<B: Body> Look<B> {
    /// Polls what is already there, up to `limit` bytes, and waits for nothing.
    ///
    /// The body yields the same frames afterwards. Allocates the Box that it is pinned in, and a queue from the
    /// second frame on.
    pub(crate) fn at(body: B, limit: usize, cx: &mut Context<'_>) -> Self {
        let (mut first, mut more, mut last) = (None, VecDeque::new(), None);
        let (mut body, mut ended, mut left, mut empty) = (Box::pin(body), false, limit, 0);
        while empty < EMPTY_FRAMES {
            let Poll::Ready(polled) = body.as_mut().poll_frame(cx) else { break };
            let data = match polled.map(|polled| polled.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => into_bytes(data),
                // Trailers, or an error: it passes as it is.
                Some(Ok(Err(frame))) => {
                    last = Some(Ok(frame.map_data(into_bytes)));
                    break;
                }
                Some(Err(error)) => {
                    last = Some(Err(error));
                    break;
                }
                None => {
                    ended = true;
                    break;
                }
            };
            let length = data.len();
            if first.is_none() {
                first = Some(data);
            } else {
                more.push_back(data);
            }
            // Too long: it passes as it is.
            let Some(rest) = left.checked_sub(length) else { break };
            left = rest;
            empty += usize::from(length == 0);
        }
        Self(Looked { first, more, last, ended, body })
    }

    /// All of its data, if it ended within the limit.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        self.0.ended.then(|| self.so_far())
    }

    /// The data that was already there. Joins it if it came in several frames.
    pub(crate) fn so_far(&self) -> Bytes {
        let mut data = self.0.data();
        let first = data.next().cloned().unwrap_or_default();
        let Some(second) = data.next() else { return first };
        let mut joined = BytesMut::from(first);
        joined.extend_from_slice(second);
        data.for_each(|bytes| joined.extend_from_slice(bytes));
        joined.freeze()
    }

    /// Its data, frame by frame, if no more will follow (trailers may).
    pub(crate) fn content(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let trailers = matches!(&self.0.last, Some(Ok(frame)) if frame.is_trailers());
        (self.0.ended || trailers).then(|| self.0.data().map(Bytes::as_ref))
    }

    pub(crate) fn into_body(self) -> StatusBody<B> {
        match self.0 {
            // One frame was all: nothing of the inner body is needed any more. An empty one would not be yielded again.
            Looked { first: None, ended: true, .. } => StatusBody::default(),
            Looked { first: Some(data), more, ended: true, .. } if !data.is_empty() && more.is_empty() => {
                StatusBody::written(data)
            }
            looked => StatusBody { kind: Kind::Looked { looked: Box::new(looked) } },
        }
    }
}

impl<B: Body> Looked<B> {
    fn data(&self) -> impl Iterator<Item = &Bytes> {
        self.first.iter().chain(&self.more)
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let data = self.first.take().or_else(|| self.more.pop_front());
        match data.map(|data| Ok(Frame::data(data))).or_else(|| self.last.take()) {
            Some(frame) => Poll::Ready(Some(frame)),
            None if self.ended => Poll::Ready(None),
            None => self.body.as_mut().poll_frame(cx).map_ok(|frame| frame.map_data(into_bytes)),
        }
    }

    fn is_end_stream(&self) -> bool {
        let yielded = self.first.is_none() && self.more.is_empty() && self.last.is_none();
        yielded && (self.ended || self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let seen = self.data().map(|bytes| bytes.len() as u64).sum::<u64>();
        let rest = if self.ended { SizeHint::with_exact(0) } else { self.body.size_hint() };
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(seen)) {
            hint.set_upper(upper);
        }
        hint.set_lower(rest.lower().saturating_add(seen));
        hint
    }
}

impl Document {
    fn bytes(&self) -> &Bytes {
        self.written.get_or_init(|| (self.write)(&self.status))
    }

    fn left(&self) -> &[u8] {
        if self.read { &[] } else { self.bytes() }
    }
}

impl<B: Body> KindProjection<'_, B> {
    /// What is not the inner body as it came: by itself, so that the way of that one is short.
    #[inline(never)]
    fn poll_ours(self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self {
            Self::Inner { body } => body.poll_frame(cx).map_ok(|frame| frame.map_data(into_bytes)),
            Self::Looked { looked } => looked.poll_frame(cx),
            Self::Written { bytes } => Poll::Ready(frame(std::mem::take(bytes))),
            Self::Document { document } => {
                let bytes = if document.read { Bytes::new() } else { document.bytes().clone() };
                document.read = true;
                Poll::Ready(frame(bytes))
            }
            Self::Withheld => Poll::Ready(None),
        }
    }
}

impl<B: Body> Body for StatusBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx).map_ok(|frame| frame.map_data(into_bytes)),
            ours => ours.poll_ours(cx),
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Looked { looked } => looked.is_end_stream(),
            Kind::Written { bytes } => bytes.is_empty(),
            Kind::Document { document } => document.read,
            Kind::Withheld => true,
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Looked { looked } => looked.size_hint(),
            Kind::Written { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Kind::Document { document } => SizeHint::with_exact(document.left().len() as u64),
            Kind::Withheld => SizeHint::default(),
        }
    }
}

/// Data, unless it is empty.
fn frame<E>(bytes: Bytes) -> Option<Result<Frame<Bytes>, E>> {
    (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)))
}

/// Copies nothing where the inner body's data is `Bytes`.
#[inline]
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
            Kind::Document { .. } => "Document",
            Kind::Withheld => "Withheld",
        };
        f.debug_struct("StatusBody").field("kind", &kind).finish_non_exhaustive()
    }
}
