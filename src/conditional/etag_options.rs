//! The options of [`ConditionalLayer`] about entity tags: which are generated, and how they are compared.

use bytes::Bytes;

use super::{etag::ETag, generate::GeneratedETags, layer::ConditionalLayer};
use crate::warning::warning;

impl<V, H> ConditionalLayer<V, H> {
    /// Adds an `ETag` to a 200 to GET or QUERY that has none: the XXH3-128 hash and the length of its content, the same on every
    /// replica.
    ///
    /// Only content whose exact size is known, at most `max_bytes` and already available gets a tag; it is hashed frame
    /// by frame without a copy. A response with `Cache-Control: no-store` gets none, nor does the response to a HEAD,
    /// which has no content. All other responses pass at once. Allocates a Box for the body, the field value, and a
    /// queue for content of several frames.
    ///
    /// The hash has no key: an attacker who controls the content can craft two contents with the same tag. If others rely
    /// on content that users wrote, set a tag in the handler, a version or a cryptographic hash: it is never replaced.
    ///
    /// # Requests with conditions
    ///
    /// The tag of a response to HEAD, and of content that is not available at once, is unknown. If-Match and If-None-Match
    /// with a list of tags then count as true, so a HEAD with If-None-Match gets a 200:
    /// [`head_as_get`](Self::head_as_get) changes that. An If-Range with a generated tag counts as false, because the
    /// handler cannot compare it: `Range` is removed from the request.
    pub fn generate_etags(self, max_bytes: u64) -> Self {
        self.with(|options| options.generate = Some(GeneratedETags { max_bytes, weak: false }))
    }

    /// Adds weak tags (RFC 9110 §8.8.1), otherwise as [`generate_etags`](Self::generate_etags): for responses that a
    /// layer outside compresses.
    pub fn generate_weak_etags(self, max_bytes: u64) -> Self {
        self.with(|options| options.generate = Some(GeneratedETags { max_bytes, weak: true }))
    }

    /// Replaces XXH3: makes the tags of [`generate_etags`](Self::generate_etags) from the frames of the content. The tag
    /// is used unchanged, weak or strong; `None`: the response gets no tag.
    ///
    /// The function must return the same tag however the content is divided into frames. An If-Range with any tag counts as
    /// false, because the layer cannot tell its own tags from those of the handler: a download that is resumed begins anew.
    ///
    /// # Example: a hash with a key
    ///
    /// Without the key nobody can craft two contents with the same tag.
    ///
    /// ```
    /// use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    /// use bytes::Bytes;
    /// use hmac::{Hmac, KeyInit, Mac};
    /// use sha2::Sha256;
    /// use tower_status::{ConditionalLayer, ETag};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let keyed = Hmac::<Sha256>::new_from_slice(b"a key of 32 bytes, the same on each replica")?;
    ///
    /// let layer = ConditionalLayer::new().generate_etags(1024 * 1024).etag_hasher(move |frames: &[Bytes]| {
    ///     let mut hash = keyed.clone();
    ///     frames.iter().for_each(|frame| hash.update(frame));
    ///     ETag::strong(URL_SAFE_NO_PAD.encode(hash.finalize().into_bytes())).ok()
    /// });
    /// # let _ = layer;
    /// # Ok(())
    /// # }
    /// ```
    pub fn etag_hasher<N>(self, hasher: N) -> ConditionalLayer<V, N>
    where
        N: Fn(&[Bytes]) -> Option<ETag> + Clone,
    {
        ConditionalLayer { options: self.options, source: self.source, hasher: Some(hasher) }
    }

    /// Sends a HEAD request to the inner service as a GET, without `Range`, and drops the body of the response.
    ///
    /// So a response to HEAD has all header fields of the response to GET: the generated `ETag`, and the Content-Length
    /// if the size of the content is known. It costs what the GET costs.
    pub fn head_as_get(self) -> Self {
        self.with(|options| options.head_as_get = true)
    }

    /// Compares the tags of If-Match weakly for methods that change state, for servers behind a proxy that weakens tags:
    /// nginx with `gzip on`, Cloudflare and Envoy turn `"v1"` into `W/"v1"`, and every guarded PUT would be a 412.
    ///
    /// This deviates from RFC 9110 §13.1.1 (the Open Data Protocol requires it). It is wrong if two versions with the same
    /// weak tag differ in a way that matters for the change, for instance for a byte-exact patch (RFC 5789 §2).
    ///
    /// It applies to a [source of validators](Self::validators) and to [`Preconditions`](crate::Preconditions) in the
    /// handler.
    pub fn weak_if_match(self) -> Self {
        self.with(|options| options.tags.weak_if_match = true)
    }

    /// Removes one of these suffixes from a tag of If-Match and If-None-Match that does not match as sent, for servers
    /// behind a proxy that appends it: Apache's `mod_deflate` turns `"v1"` into `"v1-gzip"`.
    ///
    /// The server's own tags must not end in such a suffix: `"a-gzip"` and `"a"` would be the same version. If-Range is
    /// compared as sent, because a range of the encoded content is not one of the content. A suffix that is empty, or
    /// cannot be part of a tag, is dropped with a warning.
    ///
    /// It applies to the same comparisons as [`weak_if_match`](Self::weak_if_match), and to responses.
    ///
    /// # Example: behind Apache and nginx
    ///
    /// ```
    /// use tower_status::ConditionalLayer;
    ///
    /// let layer = ConditionalLayer::new().weak_if_match().strip_tag_suffixes(["-gzip", "-br", ";br"]);
    /// ```
    pub fn strip_tag_suffixes(self, suffixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let suffixes: Vec<String> = suffixes.into_iter().map(Into::into).collect();
        self.with(|options| {
            options.tags.suffixes = Vec::new();
            for suffix in suffixes {
                if suffix.is_empty() || ETag::strong(&suffix).is_err() {
                    warning!("dropped a malformed suffix of entity tags: {suffix:?}");
                } else {
                    options.tags.suffixes.push(suffix.into());
                }
            }
        })
    }
}
