//! The reason phrase of HTTP/1.1 (RFC 9112 §4), which hyper's client keeps in an extension, and hyper's server sends.

use http::Extensions;

/// Removes the phrase of a response that is replaced, or whose code changes: it belongs to the old one.
#[cfg(feature = "hyper")]
pub(crate) fn remove_reason_phrase(extensions: &mut Extensions) {
    extensions.remove::<hyper::ext::ReasonPhrase>();
}

/// Does nothing: without the feature `hyper`, the type of the extension is not known.
#[cfg(not(feature = "hyper"))]
pub(crate) fn remove_reason_phrase(_: &mut Extensions) {}
