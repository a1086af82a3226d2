//! The rules of RFC 9110 §13.1 and §13.2: what the conditions of a request make of the current representation.

use http::{HeaderMap, Method, Response, StatusCode, header};

use super::{
    date,
    etag::Tag,
    etag_list::is_any,
    headers::{ConditionFields, ConditionalHeaders, FieldLines},
    validators::{Current, Validators},
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
/// count, byte by byte. Allocates nothing.
///
/// - Invalid members of a list match nothing; the valid members beside them count. So If-Match is false and
///   If-None-Match is true if all members are invalid. `*` beside other members is invalid.
/// - A date field counts only if it is one line with one HTTP-date, and the representation has a date.
/// - If-Modified-Since is ignored beside If-None-Match, and If-Unmodified-Since beside If-Match, even if those are
///   invalid.
/// - A 304 takes precedence over a range: `Range` is not read. See [`range_applies`].
/// - `CONNECT`, `OPTIONS` and `TRACE` always proceed (RFC 9110 §13.2.1).
/// - A change that was already made is not recognised: its failed If-Match is a 412 (RFC 9110 §13.1.1 allows a 2xx).
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
    evaluate_fields(method, &ConditionFields::of(request), current.map(Validators::as_current), date::now)
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
/// Call it after [`evaluate`], for a GET with `Range`. Allocates nothing.
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

/// A response extension: a source of validators has decided, so no layer evaluates the response again.
#[derive(Clone, Copy)]
pub(crate) struct Evaluated;

/// Evaluates the conditions of a GET or HEAD against the validators of its response.
pub(crate) fn evaluate_response<B>(request: &ConditionalHeaders, response: &Response<B>) -> Verdict {
    // RFC 9110 §13.2.1: a failure, if only in gRPC's terms, takes precedence over conditions.
    let failed = || grpc::status(response.headers()).is_some_and(|code| code != GrpcCode::Ok);
    let evaluated = || response.extensions().get::<Evaluated>().is_some();
    if !matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT) || failed() || evaluated() {
        return Verdict::Proceed;
    }
    evaluate_fields(&Method::GET, &request.fields(), Some(Current::of(response.headers())), date::now)
}

/// RFC 9110 §13.2.2. `now` resolves a two-digit year.
pub(crate) fn evaluate_fields(
    method: &Method,
    request: &ConditionFields<'_>,
    current: Option<Current<'_>>,
    now: fn() -> i64,
) -> Verdict {
    // RFC 9110 §13.2.1: these methods neither select nor modify a representation.
    if matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE) {
        return Verdict::Proceed;
    }
    let reads = matches!(*method, Method::GET | Method::HEAD);

    // The numbers are the steps of RFC 9110 §13.2.2.
    // 1. If-Match
    let mut condition = if_match(&request.if_match, current);
    // 2. If-Unmodified-Since, if If-Match is not present
    if condition == Condition::Absent {
        condition = if_unmodified_since(&request.if_unmodified_since, current, now);
    }
    if condition == Condition::False {
        return Verdict::PreconditionFailed;
    }

    // 3. If-None-Match
    let mut condition = if_none_match(&request.if_none_match, current);
    // 4. If-Modified-Since, if the method is GET or HEAD and If-None-Match is not present
    if condition == Condition::Absent && reads {
        condition = if_modified_since(&request.if_modified_since, current, now);
    }
    // 5. If-Range decides what is sent, not whether: see `range_applies`.
    // 6. Otherwise the method is performed.
    match condition {
        Condition::Absent | Condition::True => Verdict::Proceed,
        Condition::False if reads => Verdict::NotModified,
        Condition::False => Verdict::PreconditionFailed,
    }
}

/// The result of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// The field is not present, or must be ignored.
    Absent,
    True,
    False,
}

impl From<bool> for Condition {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// RFC 9110 §13.1.1: strong comparison.
fn if_match(lines: &FieldLines<'_>, current: Option<Current<'_>>) -> Condition {
    if !lines.is_present() {
        return Condition::Absent;
    }
    Condition::from(lists_current(lines, current, false))
}

/// RFC 9110 §13.1.2: weak comparison.
fn if_none_match(lines: &FieldLines<'_>, current: Option<Current<'_>>) -> Condition {
    if !lines.is_present() {
        return Condition::Absent;
    }
    Condition::from(!lists_current(lines, current, true))
}

/// RFC 9110 §13.1.3.
fn if_modified_since(lines: &FieldLines<'_>, current: Option<Current<'_>>, now: fn() -> i64) -> Condition {
    dates(lines, current, now).map_or(Condition::Absent, |(modified, since)| Condition::from(modified > since))
}

/// RFC 9110 §13.1.4.
fn if_unmodified_since(lines: &FieldLines<'_>, current: Option<Current<'_>>, now: fn() -> i64) -> Condition {
    dates(lines, current, now).map_or(Condition::Absent, |(modified, since)| Condition::from(modified <= since))
}

/// RFC 9110 §13.1.5: strong comparison, or the exact date if it is a strong validator (§8.8.2.2).
fn if_range(lines: &FieldLines<'_>, current: Current<'_>, now: fn() -> i64) -> Condition {
    let value = match lines {
        FieldLines::Absent => return Condition::Absent,
        FieldLines::Several(_) => return Condition::False,
        FieldLines::One(line) => line.as_bytes().trim_ascii(),
    };
    let equal = match Tag::parse(value) {
        Some(tag) => current.etag.is_some_and(|etag| etag.strong_eq(tag)),
        None => current.last_modified.is_some_and(|at| date::parse(value, now) == Some(at) && at < now()),
    };
    Condition::from(equal)
}

/// Returns whether a list has the tag of the current representation, or is `*` and there is one.
fn lists_current(lines: &FieldLines<'_>, current: Option<Current<'_>>, weakly: bool) -> bool {
    let Some(current) = current else { return false };
    current.etag.is_some_and(|etag| lines.any(|line| etag.is_listed(line, weakly))) || is_any(lines)
}

/// Returns the date of the representation and that of the field; `None` if the field must be ignored.
fn dates(lines: &FieldLines<'_>, current: Option<Current<'_>>, now: fn() -> i64) -> Option<(i64, i64)> {
    let since = lines.single()?;
    let modified = current?.last_modified?;
    Some((modified, date::parse(since, now)?))
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
        let current = Current { last_modified: Some(100), ..Current::default() };
        assert_eq!(if_range(&request, current, || 99), Condition::False);
        assert_eq!(if_range(&request, current, || 100), Condition::False);
        assert_eq!(if_range(&request, current, || 101), Condition::True);
    }

    /// RFC 9110 §5.6.7: the clock decides which 1970s or 2070s a two-digit year means.
    #[test]
    fn two_digit_year_depends_on_the_clock() {
        let verdict = |name, current, now| {
            let request = HeaderMap::from_iter([(name, HeaderValue::from_static("Friday, 02-Jan-70 00:00:00 GMT"))]);
            evaluate_fields(&Method::GET, &ConditionFields::of(&request), current, now)
        };
        let current = Some(Current { last_modified: Some(1_000_000_000), ..Current::default() });
        for (now, since, unmodified) in [
            ((|| 1_500_000_000) as fn() -> i64, Verdict::Proceed, Verdict::PreconditionFailed), // 2017: 1970
            (|| 1_700_000_000, Verdict::NotModified, Verdict::Proceed),                         // 2023: 2070
        ] {
            assert_eq!(verdict(header::IF_MODIFIED_SINCE, current, now), since);
            assert_eq!(verdict(header::IF_UNMODIFIED_SINCE, current, now), unmodified);
        }
    }
}
