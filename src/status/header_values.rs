//! The values that the header fields of a `Status` may have.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::warning::warning;

/// The header fields that have a single line in a response (RFC 9110 §5.3).
pub static SINGLE: [HeaderName; 11] = [
    header::LOCATION,
    header::RETRY_AFTER,
    header::CONTENT_RANGE,
    header::CONTENT_LOCATION,
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::LAST_MODIFIED,
    header::EXPIRES,
    header::DATE,
    header::AGE,
    header::SERVER,
];

pub(crate) fn is_singleton(name: &HeaderName) -> bool {
    SINGLE.contains(name)
}

/// The header fields that describe or frame the body, which a status cannot set.
pub static FRAMING: [HeaderName; 8] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    HeaderName::from_static("keep-alive"),
];

pub(super) fn is_framing(name: &HeaderName) -> bool {
    FRAMING.contains(name)
}

/// Returns whether a field may have this value. A Location is a URI reference. Of the fields that a code requires, only
/// Allow may be empty: then no method is allowed (RFC 9110 §10.2.1).
pub(super) fn is_valid(name: &HeaderName, value: &HeaderValue, is_required: bool) -> bool {
    match *name {
        header::LOCATION => uri_reference(value).is_some(),
        header::ALLOW => true,
        _ => !is_required || !value.as_bytes().trim_ascii().is_empty(),
    }
}

/// Removes white space around a value (RFC 9110 §5.5), which HTTP/2 forbids (RFC 9113 §8.2.1).
pub(super) fn trimmed(value: HeaderValue) -> HeaderValue {
    let text = value.as_bytes().trim_ascii();
    if text.len() == value.len() {
        return value;
    }
    let Ok(mut trimmed) = HeaderValue::from_bytes(text) else { return value };
    trimmed.set_sensitive(value.is_sensitive());
    trimmed
}

/// Encodes a Location as a URI reference. Other fields are unchanged.
pub(super) fn encoded(name: &HeaderName, value: HeaderValue) -> HeaderValue {
    let encoded = match uri_reference(&value) {
        Some(Cow::Owned(encoded)) if *name == header::LOCATION => HeaderValue::try_from(encoded).ok(),
        _ => None,
    };
    encoded.unwrap_or(value)
}

/// RFC 3986 §2: characters that are neither unreserved nor reserved nor a percent sign.
const NOT_IN_URI: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// Returns the text as a URI reference, percent-encoded where needed; `None` if it is empty or has control characters.
pub(super) fn uri_reference(text: &(impl AsRef<[u8]> + ?Sized)) -> Option<Cow<'_, str>> {
    let bytes = text.as_ref();
    let usable = !bytes.is_empty() && !bytes.iter().any(u8::is_ascii_control);
    usable.then(|| match percent_encode(bytes, NOT_IN_URI).into() {
        // The encoding of a single byte is borrowed from a table. To callers, borrowed means unchanged.
        Cow::Borrowed(uri) if uri.len() != bytes.len() => Cow::Owned(uri.to_owned()),
        uri => uri,
    })
}

pub(super) fn uri_or_warning(what: &str, text: Cow<'static, str>) -> Option<Cow<'static, str>> {
    let encoded = match text {
        Cow::Borrowed(text) => uri_reference(text),
        Cow::Owned(ref owned) => match uri_reference(owned) {
            Some(Cow::Owned(encoded)) => Some(Cow::Owned(encoded)),
            Some(Cow::Borrowed(_)) => return Some(text),
            None => None,
        },
    };
    if encoded.is_none() {
        warning!("dropped a malformed {what} URI: it is empty or has control characters");
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_references() {
        // Expected values: RFC 3986 §2.1 by hand.
        let rows = [
            ("/a/b?c=d#e", Some("/a/b?c=d#e")),
            ("https://example.org/%20", Some("https://example.org/%20")),
            ("/käse", Some("/k%C3%A4se")),
            ("/a b", Some("/a%20b")),
            ("/<script>\"", Some("/%3Cscript%3E%22")),
            ("//host/[::1]", Some("//host/[::1]")),
            ("", None),
            ("/a\r\nb", None),
            ("/a\tb", None),
            ("/a\u{7f}", None),
        ];
        for (text, expected) in rows {
            assert_eq!(uri_reference(text).as_deref(), expected, "{text:?}");
        }
    }
}
