//! The header fields that a code demands.

use std::{collections::HashSet, sync::Once};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use smallvec::SmallVec;

use crate::{catalog, fields::list, status::is_single, warning::warning};

const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");

/// The challenge of a 401 for which nobody named another.
pub(crate) const DEFAULT_CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="api""#);

/// Adds what a status says, each line once.
pub(crate) fn say(headers: &mut HeaderMap, said: &HeaderMap) {
    // Only lines that stand already can be there twice.
    let known = |headers: &HeaderMap, name| headers.get_all(name).iter().cloned().collect::<HashSet<_>>();
    for name in said.keys() {
        let known = headers.contains_key(name).then(|| known(headers, name));
        // A map is full at 32,768 lines; what does not fit is not worth a panic.
        for value in said.get_all(name) {
            if is_single(name) {
                let _ = headers.try_insert(name, value.clone());
            } else if known.as_ref().is_none_or(|known| !known.contains(value)) {
                let _ = headers.try_append(name, value.clone());
            }
        }
    }
}

/// Takes back what a status said, because another has taken its place.
pub(crate) fn unsay(headers: &mut HeaderMap, said: &HeaderMap) {
    for name in said.keys() {
        let said: HashSet<_> = said.get_all(name).iter().collect();
        retain(headers, name, |value| !said.contains(value));
    }
}

/// Takes back what was completed where a status became a response without a layer.
pub(crate) fn uncomplete(headers: &mut HeaderMap, code: StatusCode, said: &HeaderMap) {
    if code.as_u16() < 400 {
        return;
    }
    for (name, completed) in [(header::WWW_AUTHENTICATE, DEFAULT_CHALLENGE), (header::CACHE_CONTROL, NO_STORE)] {
        if !said.contains_key(&name) {
            retain(headers, &name, |value| *value != completed);
        }
    }
    if said.contains_key(header::UPGRADE) {
        retain(headers, &header::CONNECTION, |value| *value != UPGRADE);
    }
}

fn retain(headers: &mut HeaderMap, name: &HeaderName, keep: impl Fn(&HeaderValue) -> bool) {
    if headers.get_all(name).iter().all(&keep) {
        return;
    }
    let kept: Vec<_> = headers.get_all(name).iter().filter(|value| keep(value)).cloned().collect();
    headers.remove(name);
    for value in kept {
        let _ = headers.try_append(name, value);
    }
}

/// Completes what `code` demands and a layer can know.
pub(crate) fn complete(headers: &mut HeaderMap, code: StatusCode, challenge: Option<&HeaderValue>, http1: bool) {
    match code {
        StatusCode::UNAUTHORIZED => challenged(headers, challenge),
        StatusCode::UPGRADE_REQUIRED => upgradable(headers, http1),
        _ => {}
    }
}

/// What `code` demands and nobody gave: it is not invented.
pub(crate) fn missing(headers: &HeaderMap, code: StatusCode, http1: bool) -> impl Iterator<Item = &'static HeaderName> {
    let sendable = move |name: &HeaderName| http1 || *name != header::UPGRADE;
    catalog::entry(code).required_headers.iter().filter(move |name| sendable(name) && !headers.contains_key(*name))
}

/// RFC 9110 §15.5.2: a 401 has at least one challenge.
fn challenged(headers: &mut HeaderMap, challenge: Option<&HeaderValue>) {
    static WARNED: Once = Once::new();
    if headers.contains_key(header::WWW_AUTHENTICATE) {
        return;
    }
    if challenge.is_none() {
        WARNED.call_once(|| {
            warning!("a 401 without a challenge was given {DEFAULT_CHALLENGE:?}: say yours with `challenge`");
        });
    }
    let _ = headers.try_insert(header::WWW_AUTHENTICATE, challenge.cloned().unwrap_or(DEFAULT_CHALLENGE));
}

/// RFC 9110 §15.5.22, §7.8: Upgrade goes with `Connection: upgrade`, and both are of HTTP/1.x (RFC 9113 §8.2.2).
fn upgradable(headers: &mut HeaderMap, http1: bool) {
    if !http1 {
        headers.remove(header::UPGRADE);
        headers.remove(header::CONNECTION);
    } else if headers.contains_key(header::UPGRADE) {
        let named = headers.get_all(header::CONNECTION).iter().any(|value| lists(value, b"upgrade"));
        if !named {
            let _ = headers.try_append(header::CONNECTION, UPGRADE);
        }
    }
}

/// Whether a list (RFC 9110 §5.6.1) of tokens has this member.
pub(crate) fn lists(value: &HeaderValue, token: &[u8]) -> bool {
    list::has_token(value.as_bytes(), token)
}

/// Of an answer of 400 and above that was written here.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Cache-Control, Expires, and their forms for one cache (RFC 9213).
pub(crate) fn is_caching(name: &HeaderName) -> bool {
    *name == header::CACHE_CONTROL
        || *name == header::EXPIRES
        || name.as_str().ends_with("-cache-control")
        || *name == "surrogate-control"
        || *name == "x-accel-expires"
}

/// An error page is not kept: unless a 4xx says for how long (RFC 9111 §5.2).
pub(crate) fn uncached(headers: &mut HeaderMap, code: StatusCode) {
    if catalog::is_server_error(code) {
        let caching: Vec<_> = headers.keys().filter(|name| is_caching(name)).cloned().collect();
        for name in caching {
            headers.remove(name);
        }
    }
    if code.as_u16() >= 400 && !headers.contains_key(header::CACHE_CONTROL) {
        let _ = headers.try_insert(header::CACHE_CONTROL, NO_STORE);
    }
}

/// Takes away what speaks of content where there is none (RFC 9110 §8.6): also what a compression layer has added.
pub(crate) fn empty(headers: &mut HeaderMap, code: StatusCode) {
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::TRANSFER_ENCODING);
    // That of a 304 is the 200's.
    if code != StatusCode::NOT_MODIFIED {
        headers.remove(header::CONTENT_LENGTH);
    }
}

/// Takes away what describes a body, because the body goes; what the status itself says stays.
pub(crate) fn undescribe(headers: &mut HeaderMap, code: StatusCode, said: &HeaderMap) {
    // That of a 416 is the complete length, which the code demands (RFC 9110 §15.5.17).
    let ranged = code == StatusCode::RANGE_NOT_SATISFIABLE;
    remove_all(headers, |name| {
        DESCRIBING.contains(name) && !said.contains_key(name) || *name == header::CONTENT_RANGE && !ranged
    });
}

/// Removes the fields of which that holds: most of those that are asked for are not there.
pub(crate) fn remove_all(headers: &mut HeaderMap, goes: impl Fn(&HeaderName) -> bool) {
    if headers.is_empty() {
        return;
    }
    let gone: SmallVec<[HeaderName; 4]> = headers.keys().filter(|name| goes(name)).cloned().collect();
    for name in gone {
        headers.remove(name);
    }
}

/// What describes a body.
pub(crate) static DESCRIBING: [HeaderName; 17] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_DISPOSITION,
    header::TRANSFER_ENCODING,
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
    header::TRAILER,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
];
