//! The header fields of a response: those of its status, those that its code requires, and those that describe its body.

use std::{collections::HashSet, sync::LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};

use crate::{catalog, fields::list::has_token, status::is_singleton, warning::warn_once};

/// Adds the fields of a status. A field that occurs once replaces an earlier value; each line of any other is added once.
pub(crate) fn apply(headers: &mut HeaderMap, fields: &HeaderMap) {
    for name in fields.keys() {
        let known = headers.get_all(name).iter().cloned().collect::<HashSet<_>>();
        // A map is full at 32,768 lines; a line that does not fit is dropped.
        for value in fields.get_all(name) {
            if is_singleton(name) {
                let _ = headers.try_insert(name, value.clone());
            } else if !known.contains(value) {
                let _ = headers.try_append(name, value.clone());
            }
        }
    }
}

/// Replaces the fields of the status from which a response was built by those of its final status.
///
/// A field whose lines are the same in both stays, with any line that a handler has added.
pub(crate) fn replace(headers: &mut HeaderMap, old: &HeaderMap, new: &HeaderMap) {
    let is_changed = |name: &&HeaderName| !old.get_all(*name).iter().eq(new.get_all(*name).iter());
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let changed: Vec<_> = names.filter(is_changed).collect();
    for name in changed {
        headers.remove(name);
        for value in new.get_all(name) {
            let _ = headers.try_append(name, value.clone());
        }
    }
}

/// Removes the fields for which `is_removed` holds.
pub(crate) fn remove_all(headers: &mut HeaderMap, is_removed: impl Fn(&HeaderName) -> bool) {
    let removed: Vec<_> = headers.keys().filter(|name| is_removed(name)).cloned().collect();
    for name in removed {
        headers.remove(name);
    }
}

// ----- Fields that a code requires -----

/// Returns a value that this crate fills in if the application has not set the field.
///
/// Its unique address distinguishes it from an equal value that a handler has set.
fn filled_in(value: &'static str) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(value.to_owned())).unwrap_or(HeaderValue::from_static(value))
}

/// The fields of a response that this crate has filled in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FilledIn {
    /// The address of the value, which the layer's options or a static keep: the application may have chosen it.
    challenge: Option<usize>,
    upgrade: bool,
    pub(crate) no_store: bool,
}

/// The challenge of a 401 for which the application has not chosen one.
static DEFAULT_CHALLENGE: LazyLock<HeaderValue> = LazyLock::new(|| filled_in(r#"Bearer realm="api""#));
pub(super) static NO_STORE: LazyLock<HeaderValue> = LazyLock::new(|| filled_in("no-store"));
static UPGRADE: LazyLock<HeaderValue> = LazyLock::new(|| filled_in("upgrade"));

/// Adds the fields that `code` requires and the layer knows; `challenge` is the application's default.
pub(crate) fn add_required(
    headers: &mut HeaderMap,
    code: StatusCode,
    challenge: Option<&HeaderValue>,
    version: Version,
) -> FilledIn {
    FilledIn {
        challenge: requires(code, &header::WWW_AUTHENTICATE).then(|| add_challenge(headers, challenge)).flatten(),
        upgrade: code.as_u16() >= 400 && add_upgrade_option(headers, version),
        no_store: false,
    }
}

/// Adds a challenge to a 401 that has none (RFC 9110 §15.5.2). Returns the address of the one that was added.
fn add_challenge(headers: &mut HeaderMap, challenge: Option<&HeaderValue>) -> Option<usize> {
    if headers.contains_key(header::WWW_AUTHENTICATE) {
        return None;
    }
    if challenge.is_none() {
        warn_once!(
            "added WWW-Authenticate: {:?} to a 401 without a challenge: set yours with `default_challenge`",
            *DEFAULT_CHALLENGE
        );
    }
    let added = challenge.unwrap_or(&DEFAULT_CHALLENGE);
    headers.try_insert(header::WWW_AUTHENTICATE, added.clone()).is_ok().then(|| address(added))
}

fn address(value: &HeaderValue) -> usize {
    value.as_bytes().as_ptr().addr()
}

/// Adds `Connection: upgrade`, which Upgrade requires (RFC 9110 §7.8). Both are fields of HTTP/1.x (RFC 9113 §8.2.2).
/// Returns whether the option was added.
fn add_upgrade_option(headers: &mut HeaderMap, version: Version) -> bool {
    if !headers.contains_key(header::UPGRADE) {
        return false;
    }
    if version > Version::HTTP_11 {
        headers.remove(header::UPGRADE);
        headers.remove(header::CONNECTION);
        return false;
    }
    let has_option = |value: &HeaderValue| has_token(value.as_bytes(), b"upgrade");
    !headers.get_all(header::CONNECTION).iter().any(has_option)
        && headers.try_append(header::CONNECTION, UPGRADE.clone()).is_ok()
}

fn requires(code: StatusCode, name: &HeaderName) -> bool {
    catalog::entry(code).required_headers.contains(name)
}

/// Returns the fields that `code` requires and that are missing. A value is never made up.
pub(crate) fn missing(
    headers: &HeaderMap,
    code: StatusCode,
    version: Version,
) -> impl Iterator<Item = &'static HeaderName> {
    let sendable = move |name: &HeaderName| version <= Version::HTTP_11 || *name != header::UPGRADE;
    catalog::entry(code).required_headers.iter().filter(move |name| sendable(name) && !headers.contains_key(*name))
}

/// Removes the values that this crate has filled in. An equal value that a handler has set is kept.
pub(crate) fn remove_filled_in(headers: &mut HeaderMap, filled_in: FilledIn) {
    let fields = [
        (header::WWW_AUTHENTICATE, filled_in.challenge),
        (header::CONNECTION, filled_in.upgrade.then(|| address(&UPGRADE))),
        (header::CACHE_CONTROL, filled_in.no_store.then(|| address(&NO_STORE))),
    ];
    for (name, ours) in fields.into_iter().filter_map(|(name, ours)| Some((name, ours?))) {
        let is_ours = |value: &&HeaderValue| address(value) == ours;
        let kept: Vec<_> = headers.get_all(&name).iter().filter(|value| !is_ours(value)).cloned().collect();
        headers.remove(&name);
        for value in kept {
            let _ = headers.try_append(&name, value);
        }
    }
}

// ----- Fields that describe a body -----

/// Removes the fields that describe content, from a response that has none (RFC 9110 §8.6).
pub(crate) fn remove_content_fields(headers: &mut HeaderMap, code: StatusCode) {
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::TRANSFER_ENCODING);
    // The Content-Length of a 304 is the 200's.
    if code != StatusCode::NOT_MODIFIED {
        headers.remove(header::CONTENT_LENGTH);
    }
}

/// Removes the fields that describe a body, because the body is replaced.
pub(crate) fn remove_representation_fields(headers: &mut HeaderMap, code: StatusCode) {
    remove_all(headers, |name| is_range_of_body(name, code) || REPRESENTATION.contains(name) || describes_bytes(name));
}

/// Removes the fields that describe the bytes of a body, because the same status is written in another format.
///
/// Fields that describe the representation stay: the handler has set them together with its status.
pub(crate) fn remove_format_fields(headers: &mut HeaderMap, code: StatusCode, own: &HeaderMap) {
    remove_all(headers, |name| is_range_of_body(name, code) || describes_bytes(name) && !own.contains_key(name));
}

/// Returns whether a field is a Content-Range that the code does not require: only that of a 416 is about the complete
/// length, not about the body (RFC 9110 §15.5.17).
fn is_range_of_body(name: &HeaderName, code: StatusCode) -> bool {
    *name == header::CONTENT_RANGE && !requires(code, name)
}

/// Returns whether a field describes a body.
pub(super) fn describes_body(name: &HeaderName) -> bool {
    REPRESENTATION.contains(name) || describes_bytes(name)
}

/// The fields that describe the representation, whatever its format.
static REPRESENTATION: [HeaderName; 6] = [
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
];

/// Returns whether a field describes the bytes of one body.
pub(crate) fn describes_bytes(name: &HeaderName) -> bool {
    match *name {
        header::CONTENT_TYPE
        | header::CONTENT_LENGTH
        | header::CONTENT_ENCODING
        | header::TRANSFER_ENCODING
        | header::TRAILER => true,
        _ => matches!(
            name.as_str(),
            "content-digest" | "repr-digest" | "digest" | "content-md5" | "signature" | "signature-input"
        ),
    }
}
