//! What this crate knows about a response that it built: a private response extension.

use std::sync::{
    Weak,
    atomic::{AtomicBool, Ordering},
};

use http::{Extensions, Response, StatusCode};
use http_body::Body;

use super::{body::StatusBody, headers::FilledIn};
use crate::Status;

/// Describes a response that this crate built, for a layer outside.
///
/// The record is valid while the body that was built is still inside the response's body. Wrapping that body keeps the
/// record valid; replacing it does not.
#[derive(Clone)]
pub(crate) struct Record {
    /// A private copy: editing the public extension has no effect.
    pub(crate) status: Status,
    /// The code with which the response was built.
    pub(crate) code: StatusCode,
    /// Fields that were filled in because neither the application nor middleware had set them.
    pub(crate) filled_in: FilledIn,
    /// Whether a layer has written and reported the response.
    pub(crate) finished: bool,
    body: BuiltBody,
}

#[derive(Clone)]
enum BuiltBody {
    /// Upgradeable while the body exists.
    Token(Weak<AtomicBool>),
    Empty,
}

/// The information in a response's record.
pub(crate) enum Recorded {
    /// This crate did not build the response.
    No,
    /// The body is the one that was built.
    Intact(Record),
    /// Something else has replaced the body since.
    BodyReplaced(Record),
}

impl Record {
    /// Marks a response as built from `status`, and adds the status as a public extension.
    pub(crate) fn insert<B: Body>(
        response: &mut Response<StatusBody<B>>,
        status: Status,
        filled_in: FilledIn,
        finished: bool,
    ) {
        // Not `is_empty`, because a problem document would be written to return its size.
        let body = if response.body().is_end_stream() {
            BuiltBody::Empty
        } else {
            BuiltBody::Token(response.body_mut().token())
        };
        let record = Self { status: status.clone(), code: response.status(), filled_in, finished, body };
        set(response.extensions_mut(), status);
        set(response.extensions_mut(), record);
    }

    /// Returns whether the response has a record, valid or not.
    #[inline]
    pub(crate) fn is_in<B>(response: &Response<B>) -> bool {
        response.extensions().get::<Self>().is_some()
    }

    /// Reads the record of a response. The body of a response to HEAD may have been removed: that does not replace it.
    pub(crate) fn read<B: Body>(response: &Response<B>, head: bool) -> Recorded {
        let Some(record) = response.extensions().get::<Self>() else { return Recorded::No };
        let is_intact = match &record.body {
            BuiltBody::Token(token) => is_inside(token, response.body()) || head && is_empty(response.body()),
            BuiltBody::Empty => is_empty(response.body()),
        };
        if is_intact { Recorded::Intact(record.clone()) } else { Recorded::BodyReplaced(record.clone()) }
    }
}

/// Returns whether `body` contains the body with this token: a call of the outer one's methods then reaches ours.
///
/// A wrapper without an exact size, such as compression, may not ask. Then it is enough that the body still exists.
fn is_inside(token: &Weak<AtomicBool>, body: &impl Body) -> bool {
    let Some(token) = token.upgrade() else { return false };
    let is_asked = || token.load(Ordering::Relaxed);
    token.store(false, Ordering::Relaxed);
    // Asked first, because a problem document would be written to return its size.
    body.is_end_stream();
    is_asked() || body.size_hint().exact().is_none() || is_asked()
}

/// Sets an extension. One that is present is replaced in its place, without an allocation.
fn set<T: Clone + Send + Sync + 'static>(extensions: &mut Extensions, value: T) {
    match extensions.get_mut::<T>() {
        Some(place) => *place = value,
        None => drop(extensions.insert(value)),
    }
}

/// Returns whether a body is known to have no content.
pub(crate) fn is_empty(body: &impl Body) -> bool {
    body.is_end_stream() || body.size_hint().exact() == Some(0)
}
