//! [`Preconditions`]: the conditions of a request, evaluated by a handler.

use http::{HeaderMap, Method, StatusCode, header, request};

use super::{
    date,
    evaluate::{Verdict, evaluate_fields},
    headers::{ConditionFields, ConditionalHeaders},
    options::{SharedOptions, TagOptions},
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
    options: Option<SharedOptions>,
}

impl Preconditions {
    /// Returns the preconditions of a request; its tags are compared as RFC 9110 requires.
    pub fn new(method: &Method, request: &HeaderMap) -> Self {
        Self { method: method.clone(), headers: ConditionalHeaders::from_headers(request), options: None }
    }

    /// Returns the preconditions of a request; its tags are compared as the [`ConditionalLayer`](crate::ConditionalLayer)
    /// around the handler compares them: see [`weak_if_match`](crate::ConditionalLayer::weak_if_match) and
    /// [`strip_tag_suffixes`](crate::ConditionalLayer::strip_tag_suffixes). The extractor does the same.
    pub fn from_parts(request: &request::Parts) -> Self {
        let options = request.extensions.get().cloned();
        Self { options, ..Self::new(&request.method, &request.headers) }
    }

    /// Checks whether the request may be performed on this representation; `None`: there is none.
    ///
    /// # Errors
    ///
    /// A complete 304 (RFC 9110 §15.4.5) or 412 (§15.5.13), with the validators in its header fields.
    pub fn check(&self, current: Option<&Validators>) -> Result<(), Status> {
        let tags = self.options.as_ref().map_or(TagOptions::DEFAULT, SharedOptions::tags);
        check(&self.method, &self.headers.fields(), current, tags)
    }
}

/// Evaluates the conditions; an `Err` is the response.
pub(super) fn check(
    method: &Method,
    request: &ConditionFields<'_>,
    current: Option<&Validators>,
    tags: &TagOptions,
) -> Result<(), Status> {
    let known = current.map(Validators::as_current);
    let verdict = evaluate_fields(method, request, known.as_ref(), tags, date::now);
    status_of(verdict, current).map_or(Ok(()), Err)
}

/// Returns the response that a verdict requires. A 304 has the fields of the 200, but Last-Modified only without an
/// entity tag (RFC 9110 §15.4.5).
pub(super) fn status_of(verdict: Verdict, current: Option<&Validators>) -> Option<Status> {
    let mut status = match verdict {
        Verdict::Proceed => return None,
        Verdict::NotModified => Status::not_modified(),
        Verdict::PreconditionFailed => Status::precondition_failed(),
    };
    let Some(current) = current else { return Some(status) };
    if status.code() == StatusCode::NOT_MODIFIED {
        for (name, value) in current.fields() {
            status = status.with_header(name, value);
        }
    }
    Some(match (current.etag(), current.last_modified_value()) {
        (Some(etag), _) => status.with_header(header::ETAG, etag),
        (None, Some(date)) => status.with_header(header::LAST_MODIFIED, date),
        (None, None) => status,
    })
}
