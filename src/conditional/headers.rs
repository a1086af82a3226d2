//! The preconditions of a request, kept until something is known of the representation.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use smallvec::SmallVec;

/// A field of RFC 9110 §13.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Match,
    UnmodifiedSince,
    NoneMatch,
    ModifiedSince,
    Range,
}

impl Field {
    pub(crate) const ALL: [Self; 5] =
        [Self::Match, Self::UnmodifiedSince, Self::NoneMatch, Self::ModifiedSince, Self::Range];

    /// Those that decide whether there is a 304 or 412.
    pub(crate) const DECIDING: [Self; 4] = [Self::Match, Self::UnmodifiedSince, Self::NoneMatch, Self::ModifiedSince];

    /// The field of this name, if it is one of those that decide whether there is a 304 or 412.
    #[inline]
    pub(crate) fn of(name: &HeaderName) -> Option<Self> {
        Some(match *name {
            header::IF_MATCH => Self::Match,
            header::IF_UNMODIFIED_SINCE => Self::UnmodifiedSince,
            header::IF_NONE_MATCH => Self::NoneMatch,
            header::IF_MODIFIED_SINCE => Self::ModifiedSince,
            _ => return None,
        })
    }

    fn name(self) -> HeaderName {
        match self {
            Self::Match => header::IF_MATCH,
            Self::UnmodifiedSince => header::IF_UNMODIFIED_SINCE,
            Self::NoneMatch => header::IF_NONE_MATCH,
            Self::ModifiedSince => header::IF_MODIFIED_SINCE,
            Self::Range => header::IF_RANGE,
        }
    }
}

/// Where the preconditions of a request stand.
pub(crate) trait Fields {
    /// All lines of a field.
    fn lines(&self, field: Field) -> impl Iterator<Item = &HeaderValue>;
}

impl Fields for HeaderMap {
    fn lines(&self, field: Field) -> impl Iterator<Item = &HeaderValue> {
        self.get_all(field.name()).into_iter()
    }
}

/// The lines of a request's preconditions. Up to `N` of them are kept without an allocation.
#[derive(Clone, Debug)]
pub(crate) struct Conditions<const N: usize = 8>(SmallVec<[(Field, HeaderValue); N]>);

/// What each request has room for: clients send one or two lines, and a future is moved as a whole.
pub(crate) type Few = Conditions<4>;

impl<const N: usize> Conditions<N> {
    pub(crate) fn none() -> Self {
        Self(SmallVec::new())
    }

    pub(crate) fn of(request: &HeaderMap) -> Self {
        let mut conditions = Self::none();
        for field in request.keys().filter_map(Field::of) {
            conditions.note(request, field);
        }
        conditions
    }

    /// Keeps the lines of a field.
    pub(crate) fn note(&mut self, request: &HeaderMap, field: Field) {
        for value in request.lines(field) {
            self.0.push((field, value.clone()));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const N: usize> Fields for Conditions<N> {
    fn lines(&self, field: Field) -> impl Iterator<Item = &HeaderValue> {
        self.0.iter().filter_map(move |(known, value)| (*known == field).then_some(value))
    }
}

/// The one line that there is.
pub(crate) fn only<'a>(mut lines: impl Iterator<Item = &'a HeaderValue>) -> Option<&'a HeaderValue> {
    lines.next().filter(|_| lines.next().is_none())
}
