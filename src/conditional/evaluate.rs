//! The rules of RFC 9110 §13.1 and §13.2: the conditions of a request, evaluated against the current representation.

use http::{HeaderMap, Method, Response, StatusCode, header};

use super::{
    date,
    etag::Tag,
    etag_list::{TagComparison, is_any},
    headers::{ConditionFields, FieldLines},
    methods::{changes, reads},
    options::TagOptions,
    request_conditions::{Fact, RequestConditions},
    validators::{Current, Known, Validators},
};
use crate::{catalog::GrpcCode, response::grpc};

/// The result of evaluating the conditions of a request (RFC 9110 §13.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[must_use = "a request whose precondition failed must not be performed"]
pub enum Verdict {
    /// Perform the request.
    Proceed,
    /// Respond with 304 (RFC 9110 §15.4.5).
    NotModified,
    /// Respond with 412 (RFC 9110 §15.5.13).
    PreconditionFailed,
}

/// Evaluates the conditions of a request, in the order of RFC 9110 §13.2.2.
///
/// `current` describes the representation that the request selects. `None`: there is none, for instance because the
/// resource does not exist yet. `Some` of empty [`Validators`]: there is one, without validators. All lines of a field
/// count, byte by byte.
///
/// - Invalid members of a list match nothing; the valid members beside them count. So If-Match is false and
///   If-None-Match is true if all members are invalid. `*` beside other members is invalid.
/// - A date field counts only if it is one line with one HTTP-date, and the representation has a date.
/// - If-Modified-Since is ignored beside If-None-Match, and If-Unmodified-Since beside If-Match, even if those are
///   invalid.
/// - QUERY (RFC 10008) is evaluated as GET. If-Modified-Since is ignored for all other methods.
/// - A 304 takes precedence over a range: `Range` is not read. See [`range_applies`].
/// - `CONNECT`, `OPTIONS` and `TRACE` always proceed (RFC 9110 §13.2.1).
/// - A change that was already made is not recognized: its failed If-Match is a 412 (RFC 9110 §13.1.1 allows a 2xx).
///
/// Call it only if the response would otherwise be a success: redirects and errors take precedence over conditions
/// (RFC 9110 §13.2.1).
///
/// # Example: refuse a lost update
///
/// ```
/// use http::{HeaderMap, HeaderValue, Method, header};
/// use tower_status::{ETag, Validators, Verdict, evaluate};
///
/// let mut request = HeaderMap::new();
/// request.insert(header::IF_MATCH, HeaderValue::from_static("\"v6\""));
///
/// let current = Validators::new().with_etag(ETag::strong("v7")?);
/// assert_eq!(evaluate(&Method::PUT, &request, Some(&current)), Verdict::PreconditionFailed);
/// # Ok::<(), tower_status::conditional::InvalidETag>(())
/// ```
pub fn evaluate(method: &Method, request: &HeaderMap, current: Option<&Validators>) -> Verdict {
    let current = current.map(Validators::as_current);
    evaluate_fields(method, &ConditionFields::of(request), current.as_ref(), TagOptions::DEFAULT, date::now)
}

/// Returns whether the `Range` of a request applies, by its If-Range (RFC 9110 §13.1.5).
///
/// `true` without If-Range. `false` means: ignore `Range` and send the whole representation. If-Range must be one line
/// with one of these:
///
/// - an entity tag that equals the current one by strong comparison;
/// - an HTTP-date that equals the current Last-Modified, whose second is over (until then the representation could
///   change again without a change of its date). A client detects two changes within that second by the `Date` of what
///   it has (RFC 9110 §8.8.2.2); a server that needs certainty uses a strong entity tag.
///
/// Call it after [`evaluate`], for a GET with `Range`.
///
/// # Example: resume a download
///
/// ```
/// use http::{HeaderMap, HeaderValue, header};
/// use tower_status::{ETag, Validators, range_applies};
///
/// let mut request = HeaderMap::new();
/// request.insert(header::RANGE, HeaderValue::from_static("bytes=500-"));
/// request.insert(header::IF_RANGE, HeaderValue::from_static("\"v6\""));
///
/// let current = Validators::new().with_etag(ETag::strong("v7")?);
/// assert!(!range_applies(&request, &current));
/// # Ok::<(), tower_status::conditional::InvalidETag>(())
/// ```
pub fn range_applies(request: &HeaderMap, current: &Validators) -> bool {
    let lines = FieldLines::of(request, &header::IF_RANGE);
    if_range(&lines, current.as_current(), date::now) != Condition::False
}

/// Evaluates the conditions of a GET, HEAD or QUERY against the validators of its response.
pub(crate) fn evaluate_response<B>(request: &RequestConditions, response: &Response<B>) -> Verdict {
    evaluate_response_with(request, response, Current::default(), TagOptions::DEFAULT)
}

/// Does the same as [`evaluate_response`]; the validators of a source take precedence over those of the response.
pub(super) fn evaluate_response_with<B>(
    request: &RequestConditions,
    response: &Response<B>,
    source: Current<'_>,
    tags: &TagOptions,
) -> Verdict {
    // RFC 9110 §13.2.1: a failure, even one that only gRPC signals, takes precedence over conditions.
    let failed = || grpc::status(response.headers()).is_some_and(|code| code != GrpcCode::Ok);
    if !response.status().is_success() || failed() {
        return Verdict::Proceed;
    }
    let selects = matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT);
    let mut current = source.or(Current::of(response.headers()));
    if !selects
        || response.status() == StatusCode::OK
            && request.is_tag_unknown()
            && !response.headers().contains_key(header::ETAG)
    {
        current.etag = current.etag.or(Known::Unknown);
    }
    let mut fields = request.headers.fields();
    if request.is_match_decided() {
        (fields.if_match, fields.if_unmodified_since) = (FieldLines::Absent, FieldLines::Absent);
    }
    // Only a 200 or 206 becomes a 304 (RFC 9110 §15.4.5).
    if !selects || request.is_differ_decided() {
        (fields.if_none_match, fields.if_modified_since) = (FieldLines::Absent, FieldLines::Absent);
    }
    let steps = Steps::of_read(&fields, Some(&current), tags, date::now);
    steps.share(request, Fact::MatchDecided, Fact::DifferDecided);
    steps.verdict_of_read()
}

/// Evaluates the conditions of a GET or HEAD before its handler. Conditions on a validator that the source did not return
/// are left to the response.
pub(super) fn evaluate_source(request: &RequestConditions, source: &Validators, tags: &TagOptions) -> Verdict {
    let source = source.as_current().or(Current { etag: Known::Unknown, last_modified: Known::Unknown });
    let steps = Steps::of_read(&request.headers.fields(), Some(&source), tags, date::now);
    steps.share(request, Fact::MatchDecidedBefore, Fact::DifferDecidedBefore);
    // RFC 9110 §13.2.2: the first steps take precedence, even if only the response can decide them.
    if steps.must_match == Condition::Unknown { Verdict::Proceed } else { steps.verdict_of_read() }
}

/// Evaluates the conditions of a request. `now` resolves a two-digit year.
#[inline]
pub(super) fn evaluate_fields(
    method: &Method,
    request: &ConditionFields<'_>,
    current: Option<&Current<'_>>,
    tags: &TagOptions,
    now: fn() -> i64,
) -> Verdict {
    if reads(method) {
        Steps::of_read(request, current, tags, now).verdict_of_read()
    } else if changes(method) {
        Steps::of_change(request, current, tags, now).verdict_of_change()
    } else {
        Verdict::Proceed
    }
}

/// The results of the steps of RFC 9110 §13.2.2.
#[derive(Clone, Copy, Debug)]
struct Steps {
    /// Steps 1 and 2: If-Match, or If-Unmodified-Since.
    must_match: Condition,
    /// Steps 3 and 4: If-None-Match, or If-Modified-Since.
    must_differ: Condition,
}

impl Steps {
    #[inline]
    fn of_read(
        request: &ConditionFields<'_>,
        current: Option<&Current<'_>>,
        tags: &TagOptions,
        now: fn() -> i64,
    ) -> Self {
        let must_match = must_match(request, current, tags.if_match(false), now);
        // 3. If-None-Match
        let must_differ = if request.if_none_match.is_present() {
            if_none_match(&request.if_none_match, current, tags.if_none_match())
        } else {
            // 4. If-Modified-Since, if the method reads and If-None-Match is not present
            if_modified_since(&request.if_modified_since, current, now)
        };
        Self { must_match, must_differ }
    }

    // Separate, so that the evaluation of a GET saves no registers for it.
    #[inline(never)]
    fn of_change(
        request: &ConditionFields<'_>,
        current: Option<&Current<'_>>,
        tags: &TagOptions,
        now: fn() -> i64,
    ) -> Self {
        let must_match = must_match(request, current, tags.if_match(tags.weak_if_match), now);
        // 3. If-None-Match
        let must_differ = if request.if_none_match.is_present() {
            if_none_match(&request.if_none_match, current, tags.if_none_match())
        } else {
            Condition::Ignored
        };
        Self { must_match, must_differ }
    }

    // 5. If-Range only selects the content that is sent: see `range_applies`. 6. Otherwise the method is performed.

    fn verdict_of_read(self) -> Verdict {
        match self {
            Self { must_match: Condition::False, .. } => Verdict::PreconditionFailed,
            Self { must_differ: Condition::False, .. } => Verdict::NotModified,
            _ => Verdict::Proceed,
        }
    }

    fn verdict_of_change(self) -> Verdict {
        match self {
            Self { must_match: Condition::False, .. } | Self { must_differ: Condition::False, .. } => {
                Verdict::PreconditionFailed
            }
            _ => Verdict::Proceed,
        }
    }

    /// Shares with the other layers which steps are decided.
    fn share(self, request: &RequestConditions, must_match: Fact, must_differ: Fact) {
        if self.must_match == Condition::True {
            request.add(must_match);
        }
        if self.must_differ == Condition::True {
            request.add(must_differ);
        }
    }
}

/// Steps 1 and 2 of RFC 9110 §13.2.2.
#[inline]
fn must_match(
    request: &ConditionFields<'_>,
    current: Option<&Current<'_>>,
    comparison: TagComparison<'_>,
    now: fn() -> i64,
) -> Condition {
    // 1. If-Match
    if request.if_match.is_present() {
        return if_match(&request.if_match, current, comparison);
    }
    // 2. If-Unmodified-Since, if If-Match is not present
    if_unmodified_since(&request.if_unmodified_since, current, now)
}

/// The result of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// The field is not present, or must be ignored.
    Ignored,
    True,
    False,
    /// The validator is unknown.
    Unknown,
}

impl From<bool> for Condition {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Evaluates If-Match (RFC 9110 §13.1.1): strong comparison, unless the application chose otherwise.
fn if_match(lines: &FieldLines<'_>, current: Option<&Current<'_>>, comparison: TagComparison<'_>) -> Condition {
    lists_current(lines, current, comparison).map_or(Condition::Unknown, Condition::from)
}

/// Evaluates If-None-Match (RFC 9110 §13.1.2): weak comparison.
fn if_none_match(lines: &FieldLines<'_>, current: Option<&Current<'_>>, comparison: TagComparison<'_>) -> Condition {
    lists_current(lines, current, comparison).map_or(Condition::Unknown, |listed| Condition::from(!listed))
}

/// Evaluates If-Modified-Since (RFC 9110 §13.1.3).
fn if_modified_since(lines: &FieldLines<'_>, current: Option<&Current<'_>>, now: fn() -> i64) -> Condition {
    compare_dates(lines, current, now, |modified, since| modified > since)
}

/// Evaluates If-Unmodified-Since (RFC 9110 §13.1.4).
fn if_unmodified_since(lines: &FieldLines<'_>, current: Option<&Current<'_>>, now: fn() -> i64) -> Condition {
    compare_dates(lines, current, now, |modified, since| modified <= since)
}

/// Evaluates If-Range (RFC 9110 §13.1.5): strong comparison, or the exact date if it is a strong validator (§8.8.2.2).
fn if_range(lines: &FieldLines<'_>, current: Current<'_>, now: fn() -> i64) -> Condition {
    let value = match lines {
        FieldLines::Absent => return Condition::Ignored,
        FieldLines::Several(_) => return Condition::False,
        FieldLines::One(line) => line.as_bytes().trim_ascii(),
    };
    let equal = match Tag::parse(value) {
        Some(tag) => current.etag.value().is_some_and(|etag| etag.strong_eq(tag)),
        None => current.last_modified.value().is_some_and(|at| date::parse(value, now) == Some(at) && at < now()),
    };
    Condition::from(equal)
}

/// Returns whether a list has the tag of the current representation, or is `*` and there is one. `None`: its tag is
/// unknown.
#[inline]
fn lists_current(lines: &FieldLines<'_>, current: Option<&Current<'_>>, comparison: TagComparison<'_>) -> Option<bool> {
    let Some(current) = current else { return Some(false) };
    if let Known::Value(etag) = current.etag
        && etag.is_listed(lines, comparison)
    {
        return Some(true);
    }
    if is_any(lines) {
        return Some(true);
    }
    if current.etag == Known::Unknown { None } else { Some(false) }
}

/// Compares the date of the representation with that of the field. A field that is not one date is ignored, and so is any
/// field if the representation has no date.
fn compare_dates(
    lines: &FieldLines<'_>,
    current: Option<&Current<'_>>,
    now: fn() -> i64,
    holds: impl FnOnce(i64, i64) -> bool,
) -> Condition {
    let (Some(current), Some(value)) = (current, lines.single()) else { return Condition::Ignored };
    if current.last_modified == Known::Absent {
        return Condition::Ignored;
    }
    match (date::parse(value, now), current.last_modified) {
        (Some(since), Known::Value(modified)) => Condition::from(holds(modified, since)),
        (Some(_), Known::Unknown) => Condition::Unknown,
        _ => Condition::Ignored,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// RFC 9110 §8.8.2.2: a date is weak until its second is over.
    #[test]
    fn date_is_strong_when_its_second_is_over() {
        let value = HeaderValue::from_static("Thu, 01 Jan 1970 00:01:40 GMT");
        let request = FieldLines::One(&value);
        let current = Current { last_modified: Known::Value(100), ..Current::default() };
        assert_eq!(if_range(&request, current, || 99), Condition::False);
        assert_eq!(if_range(&request, current, || 100), Condition::False);
        assert_eq!(if_range(&request, current, || 101), Condition::True);
    }

    /// RFC 9110 §5.6.7: the clock decides which 1970s or 2070s a two-digit year means.
    #[test]
    fn two_digit_year_depends_on_the_clock() {
        let current = Current { last_modified: Known::Value(1_000_000_000), ..Current::default() };
        let verdict = |name, now| {
            let request = HeaderMap::from_iter([(name, HeaderValue::from_static("Friday, 02-Jan-70 00:00:00 GMT"))]);
            evaluate_fields(&Method::GET, &ConditionFields::of(&request), Some(&current), TagOptions::DEFAULT, now)
        };
        for (now, since, unmodified) in [
            ((|| 1_500_000_000) as fn() -> i64, Verdict::Proceed, Verdict::PreconditionFailed), // 2017: 1970
            (|| 1_700_000_000, Verdict::NotModified, Verdict::Proceed),                         // 2023: 2070
        ] {
            assert_eq!(verdict(header::IF_MODIFIED_SINCE, now), since);
            assert_eq!(verdict(header::IF_UNMODIFIED_SINCE, now), unmodified);
        }
    }
}
