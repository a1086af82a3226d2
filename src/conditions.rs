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

/// The lines of a request's preconditions. Up to eight of them are kept without an allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions(SmallVec<[(Field, HeaderValue); 8]>);

impl Conditions {
    pub(crate) fn of(request: &HeaderMap) -> Self {
        let mut conditions = Self::default();
        for (name, value) in request {
            conditions.note(name.as_str(), value);
        }
        conditions
    }

    /// Keeps the field if it is one of those that decide whether there is a 304 or 412.
    pub(crate) fn note(&mut self, name: &str, value: &HeaderValue) {
        let field = match name {
            "if-match" => Field::Match,
            "if-unmodified-since" => Field::UnmodifiedSince,
            "if-none-match" => Field::NoneMatch,
            "if-modified-since" => Field::ModifiedSince,
            _ => return,
        };
        self.0.push((field, value.clone()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Fields for Conditions {
    fn lines(&self, field: Field) -> impl Iterator<Item = &HeaderValue> {
        self.0.iter().filter_map(move |(known, value)| (*known == field).then_some(value))
    }
}

/// The one line that there is.
pub(crate) fn only<'a>(mut lines: impl Iterator<Item = &'a HeaderValue>) -> Option<&'a HeaderValue> {
    lines.next().filter(|_| lines.next().is_none())
}
