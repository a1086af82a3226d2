//! Decisions before the handler runs: required conditions, the verdict about a source's validators, and ranges.

use http::{HeaderMap, Method, header};

use super::{
    date,
    evaluate::{evaluate_source, range_applies},
    generate::is_generated,
    headers::{ConditionFields, FieldLines},
    methods::changes,
    options::{Options, TagOptions},
    preconditions::{check, status_of},
    request_conditions::RequestConditions,
    validators::Validators,
};
use crate::Status;

impl Options {
    /// Returns whether a request lacks a required condition (RFC 6585 §3).
    ///
    /// An invalid date protects nothing. Any If-None-Match counts, so that `*` can guard a creation, and so does any `If`
    /// (RFC 4918 §10.4).
    pub(super) fn lacks_condition(&self, method: &Method, request: &HeaderMap) -> bool {
        let date = || FieldLines::of(request, &header::IF_UNMODIFIED_SINCE).single();
        self.depends_on_date(method, request) && date().and_then(|value| date::parse(value, date::now)).is_none()
    }

    /// Returns whether the required condition must be ignored, because the representation has no date (RFC 9110 §13.1.4).
    pub(super) fn ignores_condition(&self, method: &Method, request: &HeaderMap, current: Option<&Validators>) -> bool {
        self.depends_on_date(method, request) && current.is_some_and(|current| current.last_modified().is_none())
    }

    fn depends_on_date(&self, method: &Method, request: &HeaderMap) -> bool {
        self.require.contains(method)
            && !request.contains_key(header::IF_MATCH)
            && !request.contains_key(header::IF_NONE_MATCH)
            && !request.contains_key("if")
    }
}

/// Returns whether a source of validators is called (RFC 9110 §13.2.1). The result of a QUERY depends on its content, so
/// the source cannot know its validators.
pub(super) fn calls_source(method: &Method, request: &HeaderMap) -> bool {
    match *method {
        Method::GET | Method::HEAD => true,
        _ => changes(method) && ConditionFields::of(request).any_deciding_change(),
    }
}

/// Evaluates the conditions against the validators of a source; an `Err` is the response. `conditions` are those of a
/// method that reads.
///
/// If there is nothing to read or delete, the handler's 404 takes precedence (RFC 9110 §13.2.1).
pub(super) fn check_source(
    method: &Method,
    request: &HeaderMap,
    conditions: Option<&RequestConditions>,
    current: Option<&Validators>,
    tags: &TagOptions,
) -> Result<(), Status> {
    match (conditions, current) {
        _ if changes(method) && (current.is_some() || *method != Method::DELETE) => {
            check(method, &ConditionFields::of(request), current, tags)
        }
        (Some(conditions), Some(validators)) => {
            status_of(evaluate_source(conditions, validators, tags), current).map_or(Ok(()), Err)
        }
        _ => Ok(()),
    }
}

/// Removes `Range` if If-Range is false (RFC 9110 §13.1.5). A validator that the source did not return counts as
/// different.
pub(super) fn apply_if_range(request: &mut HeaderMap, current: Option<&Validators>) {
    let applies = match current {
        Some(current) => range_applies(request, current),
        None => !request.contains_key(header::IF_RANGE),
    };
    if !applies {
        remove_range(request);
    }
}

/// Removes a range that depends on a tag which the layer has generated: the handler does not know the tag, and could send
/// a part of another version.
pub(super) fn remove_range_of_generated_etag(request: &mut HeaderMap, is_custom: bool) {
    let is_unknown = |value: &[u8]| value.ends_with(b"\"") && (is_custom || is_generated(value));
    if FieldLines::of(request, &header::IF_RANGE).single().is_some_and(is_unknown) {
        remove_range(request);
    }
}

/// Removes `Range`, which only GET has (RFC 9110 §14.2), and its condition.
pub(super) fn remove_range(request: &mut HeaderMap) {
    request.remove(header::RANGE);
    request.remove(header::IF_RANGE);
}
