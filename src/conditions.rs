//! The preconditions of a request, kept until something is known of the representation.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use smallvec::SmallVec;

use crate::{Status, Validators, precondition};

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

/// The preconditions of a request, for a handler that knows the current representation (RFC 9110 §13).
///
/// With the feature `axum` it is an extractor.
///
/// # Example: a write inside a transaction
///
/// The check and the write are one step here; a [`ConditionalLayer`](crate::ConditionalLayer) in front of the handler
/// cannot give that.
///
/// ```
/// use std::sync::Mutex;
/// use tower_status::{ETag, Preconditions, Status, Validators};
///
/// fn rename(row: &Mutex<(u64, String)>, preconditions: &Preconditions, name: &str) -> Result<(), Status> {
///     let mut row = row.lock().map_err(|_| Status::internal_server_error())?; // the transaction begins
///     let tag = ETag::strong(format!("v{}", row.0)).map_err(Status::from_error)?;
///     preconditions.check(Some(&Validators::new().with_etag(tag)))?;
///     *row = (row.0 + 1, name.to_owned());
///     Ok(())
/// }
///
/// use http::{HeaderMap, HeaderValue, Method};
/// let row = Mutex::new((1, "tulip".to_owned()));
/// let request = HeaderMap::from_iter([(http::header::IF_MATCH, HeaderValue::from_static("\"v1\""))]);
/// let preconditions = Preconditions::new(&Method::PUT, &request);
/// assert!(rename(&row, &preconditions, "rose").is_ok());
/// assert_eq!(rename(&row, &preconditions, "lily").unwrap_err().code(), 412); // somebody was faster
/// ```
#[derive(Clone, Debug)]
pub struct Preconditions {
    method: Method,
    conditions: Conditions,
}

impl Preconditions {
    /// The preconditions of a request. Allocates nothing for up to eight field lines.
    pub fn new(method: &Method, request: &HeaderMap) -> Self {
        Self { method: method.clone(), conditions: Conditions::of(request) }
    }

    /// Whether the request may be performed on this representation; `None`: there is none.
    ///
    /// # Errors
    ///
    /// A complete 304 (RFC 9110 §15.4.5) or 412 (§15.5.13), with the validators in its header fields.
    pub fn check(&self, current: Option<&Validators>) -> Result<(), Status> {
        precondition::check(&self.method, &self.conditions, current)
    }
}
