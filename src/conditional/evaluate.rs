//! Preconditions (RFC 9110 §13): what a conditional request makes of the current representation.

use std::iter;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{
    Validators, date,
    etag::{Tag, is_any},
    headers::{Conditions, Field, Fields, only},
    validators::Current,
};
use crate::{Status, response::headers::lists};

/// What the preconditions of a request decide (RFC 9110 §13.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a request whose precondition failed must not be performed"]
pub enum Verdict {
    /// Perform the request.
    Proceed,
    /// Answer 304 (RFC 9110 §15.4.5).
    NotModified,
    /// Answer 412 (RFC 9110 §15.5.13).
    PreconditionFailed,
}

/// Judges the preconditions of a request, in the order of RFC 9110 §13.2.2.
///
/// `current` is the representation that the request selects: `None` where the target has none (it does not exist
/// yet), `Some` of empty [`Validators`] where it has one without validators. All lines of a field count, byte by
/// byte. Allocates nothing.
///
/// - A list may have invalid members. They match nothing; the valid ones beside them count. So a wholly invalid
///   If-Match fails, and a wholly invalid If-None-Match holds. `*` is such a member unless it stands alone.
/// - A date field counts only if it is one line with one HTTP-date, and the representation has a date.
/// - If-Modified-Since is ignored beside If-None-Match and If-Unmodified-Since beside If-Match, whatever those say.
/// - A 304 wins over a range: `Range` is not looked at. See [`range_applies`].
/// - `CONNECT`, `OPTIONS` and `TRACE` always proceed (RFC 9110 §13.2.1).
/// - A change that has already been made is not recognised: its failed If-Match is a 412 (RFC 9110 §13.1.1 allows 2xx).
///
/// Ask only where the answer would otherwise be a success: redirects and errors win over preconditions (RFC 9110
/// §13.2.1).
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
    decide(method, &Found::of(request), current.map(Validators::as_current), date::now)
}

/// Whether the `Range` of a request counts, as its If-Range has it (RFC 9110 §13.1.5).
///
/// `true` without If-Range. Otherwise it must be one line with one of these, and `false` means: ignore `Range`, and
/// send the whole representation.
///
/// - an entity tag that is equal to the current one by strong comparison;
/// - an HTTP-date that is exactly the current Last-Modified, whose second is over (the representation could still
///   change within it, and the date would not show that). Whether it changed twice within that second is for the
///   client to find out, by the `Date` of what it has (RFC 9110 §8.8.2.2); a server that needs certainty uses a
///   strong entity tag.
///
/// Ask after [`evaluate`], for a GET with `Range`. Allocates nothing.
///
/// # Example: go on with an interrupted download
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
    if_range(request, current.as_current(), date::now) != Condition::False
}

/// The rules behind [`evaluate`], over borrowed validators; `now` dates a two-digit year.
pub(crate) fn judge(method: &Method, request: &impl Fields, current: Option<Current<'_>>, now: fn() -> i64) -> Verdict {
    decide(method, &Found::in_fields(request), current, now)
}

fn decide(
    method: &Method,
    request: &Found<'_, impl Fields>,
    current: Option<Current<'_>>,
    now: fn() -> i64,
) -> Verdict {
    // RFC 9110 §13.2.1: these neither select nor modify a representation.
    if matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE) {
        return Verdict::Proceed;
    }
    let reads = matches!(*method, Method::GET | Method::HEAD);

    // The numbers are the steps of RFC 9110 §13.2.2.
    // 1. If-Match
    let mut state = if_match(request, current);
    // 2. If-Unmodified-Since, where If-Match is not present
    if state == Condition::Absent {
        state = if_unmodified_since(request, current, now);
    }
    if state == Condition::False {
        return Verdict::PreconditionFailed;
    }

    // 3. If-None-Match
    let mut state = if_none_match(request, current);
    // 4. If-Modified-Since, for GET and HEAD where If-None-Match is not present
    if state == Condition::Absent && reads {
        state = if_modified_since(request, current, now);
    }
    // 5. If-Range decides what is sent, not whether: see `range_applies`.
    // 6. Otherwise the method is performed.
    match state {
        Condition::Absent | Condition::True => Verdict::Proceed,
        Condition::False if reads => Verdict::NotModified,
        Condition::False => Verdict::PreconditionFailed,
    }
}

/// Where the fields that decide stand, found once.
struct Found<'a, F> {
    fields: &'a F,
    matches: Lines<'a>,
    unmodified_since: Lines<'a>,
    none_match: Lines<'a>,
    modified_since: Lines<'a>,
}

/// The lines of one field.
#[derive(Clone, Copy)]
enum Lines<'a> {
    None,
    One(&'a HeaderValue),
    Several,
}

impl<'a> Found<'a, HeaderMap> {
    /// One pass over the header fields takes less than to hash the names that are looked for.
    fn of(request: &'a HeaderMap) -> Self {
        let mut found = Self {
            fields: request,
            matches: Lines::None,
            unmodified_since: Lines::None,
            none_match: Lines::None,
            modified_since: Lines::None,
        };
        for (name, value) in request {
            let lines = match Field::of(name) {
                None | Some(Field::Range) => continue,
                Some(Field::Match) => &mut found.matches,
                Some(Field::UnmodifiedSince) => &mut found.unmodified_since,
                Some(Field::NoneMatch) => &mut found.none_match,
                Some(Field::ModifiedSince) => &mut found.modified_since,
            };
            *lines = if let Lines::None = lines { Lines::One(value) } else { Lines::Several };
        }
        found
    }
}

impl<'a, F: Fields> Found<'a, F> {
    fn in_fields(fields: &'a F) -> Self {
        let found = |field| {
            let mut lines = fields.lines(field);
            match (lines.next(), lines.next()) {
                (None, _) => Lines::None,
                (Some(line), None) => Lines::One(line),
                (Some(_), Some(_)) => Lines::Several,
            }
        };
        Self {
            fields,
            matches: found(Field::Match),
            unmodified_since: found(Field::UnmodifiedSince),
            none_match: found(Field::NoneMatch),
            modified_since: found(Field::ModifiedSince),
        }
    }

    /// Whether the date of the representation can decide a GET.
    fn rests_on_date(&self) -> bool {
        self.unmodified_since.is_some() && !self.matches.is_some()
            || self.modified_since.is_some() && !self.none_match.is_some()
    }

    /// Whether `*` or a tag of the list stands for the current representation; `None` without the field.
    fn names_current(
        &self,
        lines: Lines<'a>,
        field: Field,
        current: Option<Current<'_>>,
        weakly: bool,
    ) -> Option<bool> {
        let is_listed = |etag: Tag<'_>, line: &HeaderValue| etag.is_listed(line.as_bytes(), weakly);
        let etag = current.and_then(|current| current.etag);
        let exists = current.is_some();
        Some(match lines {
            Lines::None => return None,
            Lines::One(line) => etag.is_some_and(|etag| is_listed(etag, line)) || exists && is_any(iter::once(line)),
            Lines::Several => {
                let lines = || self.fields.lines(field);
                etag.is_some_and(|etag| lines().any(|line| is_listed(etag, line))) || exists && is_any(lines())
            }
        })
    }
}

impl<'a> Lines<'a> {
    fn is_some(self) -> bool {
        !matches!(self, Self::None)
    }

    fn only(self) -> Option<&'a HeaderValue> {
        if let Self::One(line) = self { Some(line) } else { None }
    }
}

/// How one field of the request stands to the current representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// The field is not there, or to be ignored.
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
fn if_match(request: &Found<'_, impl Fields>, current: Option<Current<'_>>) -> Condition {
    let named = request.names_current(request.matches, Field::Match, current, false);
    named.map_or(Condition::Absent, Condition::from)
}

/// RFC 9110 §13.1.2: weak comparison.
fn if_none_match(request: &Found<'_, impl Fields>, current: Option<Current<'_>>) -> Condition {
    let named = request.names_current(request.none_match, Field::NoneMatch, current, true);
    named.map_or(Condition::Absent, |named| Condition::from(!named))
}

/// RFC 9110 §13.1.3.
fn if_modified_since<F>(request: &Found<'_, F>, current: Option<Current<'_>>, now: fn() -> i64) -> Condition {
    dates(request.modified_since, current, now)
        .map_or(Condition::Absent, |(modified, since)| Condition::from(modified > since))
}

/// RFC 9110 §13.1.4.
fn if_unmodified_since<F>(request: &Found<'_, F>, current: Option<Current<'_>>, now: fn() -> i64) -> Condition {
    dates(request.unmodified_since, current, now)
        .map_or(Condition::Absent, |(modified, since)| Condition::from(modified <= since))
}

/// RFC 9110 §13.1.5: strong comparison, or the exact date where it is a strong validator (§8.8.2.2).
fn if_range(request: &impl Fields, current: Current<'_>, now: fn() -> i64) -> Condition {
    let mut lines = request.lines(Field::Range);
    let Some(value) = lines.next() else { return Condition::Absent };
    if lines.next().is_some() {
        return Condition::False;
    }
    let value = value.as_bytes().trim_ascii();
    let same = match Tag::parse(value) {
        Some(tag) => current.etag.is_some_and(|etag| etag.strong_eq(tag)),
        None => current.last_modified.is_some_and(|at| date::parse(value, now) == Some(at) && at < now()),
    };
    Condition::from(same)
}

/// The date of the representation and that of the field; `None` where the field is to be ignored.
fn dates(lines: Lines<'_>, current: Option<Current<'_>>, now: fn() -> i64) -> Option<(i64, i64)> {
    let since = lines.only()?;
    let modified = current?.last_modified?;
    Some((modified, date::parse(since.as_bytes().trim_ascii(), now)?))
}

/// The value of a field that has one line, without the white space around it (RFC 9110 §5.5).
fn only_line(request: &impl Fields, field: Field) -> Option<&[u8]> {
    only(request.lines(field)).map(|value| value.as_bytes().trim_ascii())
}

/// As [`evaluate`], answered: with a complete 304 or 412.
pub(crate) fn check(method: &Method, request: &impl Fields, current: Option<&Validators>) -> Result<(), Status> {
    match judge(method, request, current.map(Validators::as_current), date::now) {
        Verdict::Proceed => Ok(()),
        Verdict::NotModified => Err(with_validators(Status::not_modified(), current)),
        Verdict::PreconditionFailed => Err(with_validators(Status::precondition_failed(), current)),
    }
}

/// As [`check`], before the handler: where there is nothing to read or delete, the handler's 404 wins (RFC 9110
/// §13.2.1).
pub(crate) fn check_target(method: &Method, request: &impl Fields, current: Option<&Validators>) -> Result<(), Status> {
    if current.is_none() && matches!(*method, Method::GET | Method::HEAD | Method::DELETE) {
        return Ok(());
    }
    check(method, request, current)
}

/// RFC 9110 §13.1.4: whether a change rests on a date alone, and the representation has none.
pub(crate) fn is_ignored(method: &Method, request: &impl Fields, current: Option<&Validators>) -> bool {
    names_no_version(method, request) && current.is_some_and(|current| current.last_modified().is_none())
}

/// RFC 9110 §15.4.5: a 304 has the fields that the 200 would have had, and Last-Modified where it has no entity tag.
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

/// Whether a source of validators could decide anything about this request (RFC 9110 §13.2.1).
pub(crate) fn is_conditional(method: &Method, request: &impl Fields) -> bool {
    !matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE)
        && Field::ALL.iter().any(|field| request.lines(*field).next().is_some())
}

/// RFC 6585 §3: whether a change comes without a word of what it is based on.
///
/// A date that is ignored protects nothing; any If-None-Match counts, so that `*` can guard a creation.
pub(crate) fn is_missing(method: &Method, request: &impl Fields) -> bool {
    let dated = || only_line(request, Field::UnmodifiedSince).and_then(|value| date::parse(value, date::now));
    names_no_version(method, request) && dated().is_none()
}

/// A change with neither If-Match nor If-None-Match: only a date can say what it is based on.
fn names_no_version(method: &Method, request: &impl Fields) -> bool {
    matches!(*method, Method::PUT | Method::PATCH | Method::DELETE)
        && request.lines(Field::Match).next().is_none()
        && request.lines(Field::NoneMatch).next().is_none()
}

/// RFC 9110 §13.1.5: a failed If-Range takes Range with it.
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

/// RFC 9110 §9.3.4, §13.2.1: what the answer to a GET or HEAD makes of its request's conditions.
pub(crate) fn judge_answer(request: &impl Fields, code: StatusCode, answer: &HeaderMap) -> Verdict {
    if !matches!(code, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        return Verdict::Proceed;
    }
    let request = Found::in_fields(request);
    // Most conditions are tags alone, or beside one, where a date counts for nothing.
    let last_modified = if request.rests_on_date() { Current::date_of(answer) } else { None };
    decide(&Method::GET, &request, Some(Current { last_modified, etag: Current::tag_of(answer) }), date::now)
}

/// Whether an answer to GET may be given a tag of its content (RFC 9110 §8.8.3).
pub(crate) fn may_be_tagged(code: StatusCode, answer: &HeaderMap) -> bool {
    code == StatusCode::OK
        && !answer.contains_key(header::ETAG)
        && !answer.get_all(header::CACHE_CONTROL).iter().any(|value| lists(value, b"no-store"))
}

/// RFC 9110 §15.4.5: what a 200 leaves behind when it becomes a 304.
pub(crate) fn leave_of_304(answer: &mut HeaderMap) {
    let tagged = answer.contains_key(header::ETAG);
    let goes = |name: &HeaderName| is_of_content(name) || tagged && *name == header::LAST_MODIFIED;
    // One after the other, because none of them has to be kept meanwhile.
    while let Some(name) = answer.keys().find(|name| goes(name)).cloned() {
        answer.remove(name);
    }
}

fn is_of_content(name: &HeaderName) -> bool {
    match *name {
        header::CONTENT_TYPE
        | header::CONTENT_LENGTH
        | header::CONTENT_ENCODING
        | header::CONTENT_LANGUAGE
        | header::CONTENT_RANGE
        | header::CONTENT_DISPOSITION
        | header::TRANSFER_ENCODING
        | header::TRAILER => true,
        _ => matches!(name.as_str(), "content-digest" | "repr-digest" | "digest" | "content-md5"),
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
        check(&self.method, &self.conditions, current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 §8.8.2.2: within its second the date is weak.
    #[test]
    fn a_date_is_strong_when_its_second_is_over() {
        let value = HeaderValue::from_static("Thu, 01 Jan 1970 00:01:40 GMT");
        let request = HeaderMap::from_iter([(header::IF_RANGE, value)]);
        let current = Current { last_modified: Some(100), ..Current::default() };
        assert_eq!(if_range(&request, current, || 99), Condition::False);
        assert_eq!(if_range(&request, current, || 100), Condition::False);
        assert_eq!(if_range(&request, current, || 101), Condition::True);
    }

    /// RFC 9110 §5.6.7: the clock decides which 1970s or 2070s a two-digit year means.
    #[test]
    fn a_two_digit_year_is_seen_from_now() {
        let request = |name| HeaderMap::from_iter([(name, HeaderValue::from_static("Friday, 02-Jan-70 00:00:00 GMT"))]);
        let current = Some(Current { last_modified: Some(1_000_000_000), ..Current::default() });
        for (now, since, unmodified) in [
            ((|| 1_500_000_000) as fn() -> i64, Verdict::Proceed, Verdict::PreconditionFailed), // 2017: 1970
            (|| 1_700_000_000, Verdict::NotModified, Verdict::Proceed),                         // 2023: 2070
        ] {
            assert_eq!(judge(&Method::GET, &request(header::IF_MODIFIED_SINCE), current, now), since);
            assert_eq!(judge(&Method::GET, &request(header::IF_UNMODIFIED_SINCE), current, now), unmodified);
        }
    }
}
