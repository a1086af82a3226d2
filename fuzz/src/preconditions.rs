//! The naive reading of RFC 9110 §13, over the bytes of fields.

use http::{HeaderMap, Method, header};
use tower_status::Verdict;

use crate::{dates, latin1, naive};

/// Returns the naive verdict on a request and the header fields of the representation, if there is one.
pub fn verdict(method: &Method, request: &HeaderMap, current: Option<&HeaderMap>) -> Verdict {
    let lines = lines(request);
    let known = current.map(Known::of);
    let known = known.as_ref().map(Known::representation);
    match naive::status(method.as_str(), &borrowed(&lines), known, dates::read) {
        304 => Verdict::NotModified,
        412 => Verdict::PreconditionFailed,
        _ => Verdict::Proceed,
    }
}

/// The result of a source.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// There is no source.
    Unasked,
    /// There is no representation.
    Nothing,
    /// The validators in these fields.
    Names(&'a HeaderMap),
}

/// Returns the naive status of a layer whose handler responds with `code` and `response`.
#[must_use]
pub fn layered(
    method: &Method,
    request: &HeaderMap,
    source: Source<'_>,
    (code, response, tag_unknown): (u16, &HeaderMap, bool),
) -> u16 {
    let lines = lines(request);
    let named = if let Source::Names(fields) = source { Some(Known::of(fields)) } else { None };
    let source = match (source, &named) {
        (Source::Unasked, _) => naive::Source::Unasked,
        (_, None) => naive::Source::Nothing,
        (_, Some(known)) => naive::Source::Names(known.representation()),
    };
    let current = Known::of(response);
    let handled = naive::Handled { code, current: current.representation(), tag_unknown };
    naive::layered(method.as_str(), &borrowed(&lines), source, handled, dates::read)
}

/// The validators in header fields.
struct Known {
    etag: Option<String>,
    modified: Option<String>,
}

impl Known {
    fn of(headers: &HeaderMap) -> Self {
        let modified = only(headers, &header::LAST_MODIFIED).filter(|date| dates::read(date).is_some());
        Self { etag: etag(headers), modified }
    }

    fn representation(&self) -> naive::Representation<'_> {
        naive::Representation { etag: self.etag.as_deref(), modified: self.modified.as_deref() }
    }
}

fn lines(request: &HeaderMap) -> Vec<(&str, String)> {
    request.iter().map(|(name, value)| (name.as_str(), latin1(value.as_bytes()))).collect()
}

fn borrowed<'a>(lines: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    lines.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Returns whether the range applies (§13.1.5): If-Range is one line with one strong tag or one date, the current one.
#[must_use]
pub fn range_applies(request: &HeaderMap, current: &HeaderMap) -> bool {
    if !request.contains_key(header::IF_RANGE) {
        return true;
    }
    let Some(value) = only(request, &header::IF_RANGE) else { return false };
    if naive::is_entity_tag(&value) {
        return !value.starts_with("W/") && etag(current) == Some(value);
    }
    let modified = only(current, &header::LAST_MODIFIED).and_then(|date| dates::read(&date));
    modified.is_some_and(|modified| dates::read(&value) == Some(modified) && modified < dates::now())
}

/// Returns the entity tag of a representation.
#[must_use]
pub fn etag(headers: &HeaderMap) -> Option<String> {
    only(headers, &header::ETAG).filter(|tag| naive::is_entity_tag(tag))
}

/// Returns the value of a field of one line.
fn only(headers: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    let [line] = lines.as_slice() else { return None };
    Some(latin1(line.as_bytes()).trim_matches([' ', '\t']).to_owned())
}
