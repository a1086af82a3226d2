//! [`Preconditions`]: the conditions of a request, evaluated by a handler or before it.

use http::{HeaderMap, Method, StatusCode, header};

use super::{
    date,
    evaluate::{Verdict, evaluate_fields, range_applies},
    headers::{ConditionFields, ConditionalHeaders, FieldLines},
    validators::Validators,
};
use crate::Status;

/// The preconditions of a request, for a handler that knows the current representation (RFC 9110 §13).
///
/// With feature `axum` it is an extractor.
///
/// # Example: a write inside a transaction
///
/// The check and the write are atomic. A [`ConditionalLayer`](crate::ConditionalLayer) in front of the handler cannot do
/// that.
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
/// assert_eq!(rename(&row, &preconditions, "lily").unwrap_err().code(), 412); // another client was faster
/// ```
#[derive(Clone, Debug)]
pub struct Preconditions {
    method: Method,
    headers: ConditionalHeaders,
}

impl Preconditions {
    /// Returns the preconditions of a request.
    pub fn new(method: &Method, request: &HeaderMap) -> Self {
        Self { method: method.clone(), headers: ConditionalHeaders::from_headers(request) }
    }

    /// Checks whether the request may be performed on this representation; `None`: there is none.
    ///
    /// # Errors
    ///
    /// A complete 304 (RFC 9110 §15.4.5) or 412 (§15.5.13), with the validators in its header fields.
    pub fn check(&self, current: Option<&Validators>) -> Result<(), Status> {
        check(&self.method, &self.headers.fields(), current)
    }
}

/// Evaluates the conditions; an `Err` is the response.
pub(crate) fn check(
    method: &Method,
    request: &ConditionFields<'_>,
    current: Option<&Validators>,
) -> Result<(), Status> {
    match evaluate_fields(method, request, current.map(Validators::as_current), date::now) {
        Verdict::Proceed => Ok(()),
        Verdict::NotModified => Err(with_validators(Status::not_modified(), current)),
        Verdict::PreconditionFailed => Err(with_validators(Status::precondition_failed(), current)),
    }
}

/// As [`check`], before the handler: its 404 takes precedence if there is nothing to read or delete (RFC 9110 §13.2.1).
pub(crate) fn check_before_handler(
    method: &Method,
    request: &HeaderMap,
    current: Option<&Validators>,
) -> Result<(), Status> {
    if current.is_none() && matches!(*method, Method::GET | Method::HEAD | Method::DELETE) {
        return Ok(());
    }
    check(method, &ConditionFields::of(request), current)
}

/// RFC 9110 §15.4.5: a 304 has the fields that the 200 would have had, and Last-Modified only without an entity tag.
fn with_validators(status: Status, current: Option<&Validators>) -> Status {
    let Some(current) = current else { return status };
    let mut status = status;
    if status.code() == StatusCode::NOT_MODIFIED {
        for (name, value) in current.fields() {
            status = status.with_header(name, value);
        }
    }
    match (current.etag(), current.last_modified_value()) {
        (Some(etag), _) => status.with_header(header::ETAG, etag),
        (None, Some(date)) => status.with_header(header::LAST_MODIFIED, date),
        (None, None) => status,
    }
}

/// Returns whether a source of validators could decide anything about this request (RFC 9110 §13.2.1).
pub(crate) fn is_conditional(method: &Method, request: &HeaderMap) -> bool {
    !matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE)
        && (ConditionFields::of(request).any_present() || request.contains_key(header::IF_RANGE))
}

/// RFC 6585 §3: returns whether a change lacks a condition.
///
/// An invalid date protects nothing; any If-None-Match counts, so that `*` can guard a creation.
pub(crate) fn is_missing(method: &Method, request: &HeaderMap) -> bool {
    let date = || {
        FieldLines::of(request, &header::IF_UNMODIFIED_SINCE).single().and_then(|value| date::parse(value, date::now))
    };
    has_no_tag(method, request) && date().is_none()
}

/// RFC 9110 §13.1.4: returns whether a change depends on a date alone, and the representation has none.
pub(crate) fn is_ignored(method: &Method, request: &HeaderMap, current: Option<&Validators>) -> bool {
    has_no_tag(method, request) && current.is_some_and(|current| current.last_modified().is_none())
}

/// A change with neither If-Match nor If-None-Match.
fn has_no_tag(method: &Method, request: &HeaderMap) -> bool {
    matches!(*method, Method::PUT | Method::PATCH | Method::DELETE)
        && !request.contains_key(header::IF_MATCH)
        && !request.contains_key(header::IF_NONE_MATCH)
}

/// RFC 9110 §13.1.5: a failed If-Range removes Range.
pub(crate) fn apply_if_range(request: &mut HeaderMap, current: Option<&Validators>) {
    let applies = match current {
        Some(current) => range_applies(request, current),
        None => !request.contains_key(header::IF_RANGE),
    };
    if !applies {
        request.remove(header::RANGE);
        request.remove(header::IF_RANGE);
    }
}
