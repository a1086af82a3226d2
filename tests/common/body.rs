//! A body that follows a script.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// What a [`Script`] does when it is polled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    /// Returns an error.
    Fails,
    Panics,
    /// Is pending once, and wakes its task.
    Waits,
    /// Is pending forever.
    Hangs,
    /// Returns the same data forever.
    Repeats(Bytes),
    /// Returns the end. The steps after it follow if the body is polled again.
    Ends,
}

pub(crate) fn data(data: impl Into<Bytes>) -> Step {
    Step::Data(data.into())
}

/// Returns a trailers frame with one field.
pub(crate) fn trailers() -> Step {
    Step::Trailers(super::header_map(&[("server-timing", "a")]))
}

/// The error of a [`Script`].
pub(crate) const FAILURE: &str = "secret failure of the body";

/// A body that performs one step at each poll.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    size: Size,
    end: End,
    held: Arc<()>,
}

/// What `size_hint` returns.
#[derive(Clone, Copy, Debug, Default)]
enum Size {
    #[default]
    Unknown,
    /// The size of the data that is left.
    Known,
    /// Always the same lower and upper bound.
    Claimed(u64, Option<u64>),
}

/// What `is_end_stream` returns.
#[derive(Clone, Copy, Debug, Default)]
enum End {
    /// `false`.
    #[default]
    Unknown,
    /// `true` when no step is left.
    Known,
    /// `true` from the start.
    Claimed,
}

/// Builds a body that knows its length and its end, as `Full` does.
pub(crate) fn known(bytes: impl Into<Bytes>) -> Script {
    let bytes = bytes.into();
    script((!bytes.is_empty()).then_some(Step::Data(bytes))).knows_size().knows_end()
}

/// Builds a body of unknown length that does not know its end.
pub(crate) fn script(steps: impl IntoIterator<Item = Step>) -> Script {
    Script { steps: steps.into_iter().collect(), ..Script::default() }
}

impl Script {
    /// Makes `size_hint` return the size of the data that is left.
    pub(crate) fn knows_size(self) -> Self {
        Self { size: Size::Known, ..self }
    }

    /// Makes `size_hint` return this size, which need not be true and never changes.
    pub(crate) fn exact(self, size: u64) -> Self {
        self.between(size, Some(size))
    }

    /// Makes `size_hint` return these bounds.
    pub(crate) fn between(self, lower: u64, upper: Option<u64>) -> Self {
        Self { size: Size::Claimed(lower, upper), ..self }
    }

    /// Makes `is_end_stream` return `true` when no step is left.
    pub(crate) fn knows_end(self) -> Self {
        Self { end: End::Known, ..self }
    }

    /// Makes `is_end_stream` return `true` from the start.
    pub(crate) fn claims_end(self) -> Self {
        Self { end: End::Claimed, ..self }
    }

    /// Returns a value whose strong count is one more than the number of these bodies.
    pub(crate) fn held(&self) -> Arc<()> {
        Arc::clone(&self.held)
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(match self.steps.pop_front() {
            Some(Step::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Step::Trailers(fields)) => Some(Ok(Frame::trailers(fields))),
            Some(Step::Fails) => Some(Err(FAILURE)),
            Some(Step::Panics) => panic!("secret panic of the body"),
            Some(Step::Waits) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Step::Hangs) => {
                self.steps.push_front(Step::Hangs);
                return Poll::Pending;
            }
            Some(Step::Repeats(data)) => {
                self.steps.push_front(Step::Repeats(data.clone()));
                Some(Ok(Frame::data(data)))
            }
            Some(Step::Ends) | None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        match self.end {
            End::Unknown => false,
            End::Known => self.steps.is_empty(),
            End::Claimed => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        let length = |step: &Step| if let Step::Data(data) = step { data.len() as u64 } else { 0 };
        match self.size {
            Size::Unknown => SizeHint::new(),
            Size::Known => SizeHint::with_exact(self.steps.iter().map(length).sum()),
            Size::Claimed(lower, upper) => {
                let mut hint = SizeHint::new();
                if let Some(upper) = upper {
                    hint.set_upper(upper);
                }
                hint.set_lower(lower);
                hint
            }
        }
    }
}
