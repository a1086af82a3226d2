//! A naive evaluation of RFC 9110 §13, for the bytes of header fields.

use http::{HeaderMap, Method, header};
use tower_status::Verdict;

use crate::{dates, latin1, naive};

/// Returns the verdict for a request and the header fields of the representation, if there is one.
pub fn verdict(method: &Method, request: &HeaderMap, current: Option<&HeaderMap>) -> Verdict {
    let lines: Vec<_> = request.iter().map(|(name, value)| (name.as_str(), latin1(value.as_bytes()))).collect();
    let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let known = current.map(|headers| (etag(headers), only(headers, &header::LAST_MODIFIED)));
    let known =
        known.as_ref().map(|(etag, date)| naive::Representation { etag: etag.as_deref(), modified: date.as_deref() });
    match naive::status(method.as_str(), &lines, known, dates::read) {
        304 => Verdict::NotModified,
        412 => Verdict::PreconditionFailed,
        _ => Verdict::Proceed,
    }
}

/// Evaluates If-Range literally (§13.1.5): one line with the current strong tag or the current date.
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

/// Returns the value of a field that has one line.
fn only(headers: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    let [line] = lines.as_slice() else { return None };
    Some(latin1(line.as_bytes()).trim_matches([' ', '\t']).to_owned())
}
