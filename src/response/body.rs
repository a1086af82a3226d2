//! [`StatusBody`]: the inner service's body, or one that was written in its place.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::peek::{Peeked, into_bytes};
use crate::Status;

pin_project! {
    /// The body of every response of this crate's services: the inner service's body, frame for frame, or one that was
    /// written in its place. Errors are the inner body's.
    pub struct StatusBody<B: Body> {
        #[pin]
        kind: Kind<B>,
        // Keeps the response's record valid. It is set when this body, or one around it, is asked whether it has ended
        // or for its size.
        token: Option<Arc<AtomicBool>>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B: Body> {
        Inner { #[pin] body: B },
        Peeked { peeked: Box<Peeked<B>> },
        Written { bytes: Box<Bytes> },
        Document { document: Box<Document> },
        Empty,
    }
}

/// A problem document that is written when it is read, because a layer outside replaces most of them unread.
struct Document {
    status: Status,
    write: fn(&Status) -> Bytes,
    written: OnceLock<Bytes>,
    read: bool,
}

impl Document {
    fn bytes(&self) -> &Bytes {
        self.written.get_or_init(|| (self.write)(&self.status))
    }
}

impl<B: Body> StatusBody<B> {
    pub(crate) fn inner(body: B) -> Self {
        Kind::Inner { body }.into()
    }

    pub(crate) fn written(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::empty() } else { Kind::Written { bytes: Box::new(bytes) }.into() }
    }

    /// Creates a body that writes the problem document of the status when it is read, without negotiation.
    pub(crate) fn document(status: Status, write: fn(&Status) -> Bytes) -> Self {
        let document = Document { status, write, written: OnceLock::new(), read: false };
        Kind::Document { document: Box::new(document) }.into()
    }

    /// Returns a body that is not sent. The inner body is dropped with it, not before.
    pub(crate) fn unsent(peeked: Peeked<B>) -> Self {
        Kind::Peeked { peeked: Box::new(peeked) }.into()
    }

    pub(crate) fn empty() -> Self {
        Kind::Empty.into()
    }

    /// Returns a token that is valid while this body exists.
    pub(crate) fn token(&mut self) -> Weak<AtomicBool> {
        Arc::downgrade(self.token.get_or_insert_default())
    }

    #[inline]
    fn mark_token(&self) {
        if let Some(token) = &self.token {
            token.store(true, Ordering::Relaxed);
        }
    }

    /// Polls a body that was written or read ahead; out of line, to keep the path of an untouched body short.
    #[inline(never)]
    fn poll_built(kind: KindProjection<'_, B>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let bytes = match kind {
            KindProjection::Inner { body } => return body.poll_frame(cx).map_ok(|frame| frame.map_data(into_bytes)),
            KindProjection::Peeked { peeked } => return peeked.poll_frame(cx),
            KindProjection::Written { bytes } => std::mem::take(&mut **bytes),
            KindProjection::Document { document } if !document.read => {
                document.read = true;
                document.bytes().clone()
            }
            KindProjection::Document { .. } | KindProjection::Empty => Bytes::new(),
        };
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }
}

impl<B: Body> From<Kind<B>> for StatusBody<B> {
    fn from(kind: Kind<B>) -> Self {
        Self { kind, token: None }
    }
}

impl<B: Body> Body for StatusBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    #[inline]
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx).map_ok(|frame| frame.map_data(into_bytes)),
            built => Self::poll_built(built, cx),
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.mark_token();
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Peeked { peeked } => peeked.is_end_stream(),
            Kind::Written { bytes } => bytes.is_empty(),
            Kind::Document { document } => document.read,
            Kind::Empty => true,
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.mark_token();
        let length = match &self.kind {
            Kind::Inner { body } => return body.size_hint(),
            Kind::Peeked { peeked } => return peeked.size_hint(),
            Kind::Written { bytes } => bytes.len(),
            Kind::Document { document } if !document.read => document.bytes().len(),
            Kind::Document { .. } | Kind::Empty => 0,
        };
        SizeHint::with_exact(length as u64)
    }
}

/// No content.
impl<B: Body> Default for StatusBody<B> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<B: Body> fmt::Debug for StatusBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Inner { .. } => "Inner",
            Kind::Peeked { .. } => "Peeked",
            Kind::Written { .. } => "Written",
            Kind::Document { .. } => "Document",
            Kind::Empty => "Empty",
        };
        f.debug_struct("StatusBody").field("kind", &kind).finish_non_exhaustive()
    }
}

/// A body that yields the same frames.
impl<B: Body> From<Peeked<B>> for StatusBody<B> {
    fn from(peeked: Peeked<B>) -> Self {
        match peeked.only_frame() {
            Some(data) => Self::written(data.clone()),
            None if peeked.is_empty() => Self::empty(),
            None => Kind::Peeked { peeked: Box::new(peeked) }.into(),
        }
    }
}
