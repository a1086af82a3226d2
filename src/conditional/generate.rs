//! Entity tags generated from the content of a response (RFC 9110 §8.8.3).

use std::task::Context;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body;
use twox_hash::{
    XxHash3_128,
    xxhash3_128::{RawHasher, SecretBuffer},
};

use super::etag::{ETag, strip_weak};
use crate::response::{StatusBody, caching, peek::Peeked};

/// The options of [`generate_etags`](crate::ConditionalLayer::generate_etags).
#[derive(Clone, Copy, Debug)]
pub(super) struct GeneratedETags {
    pub(super) max_bytes: u64,
    pub(super) weak: bool,
}

/// Whether the layer knows if a response has a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generated {
    /// It does: the tag was added, or the response has none.
    Known,
    /// It does not: the response to a GET may have one, or the content is not available yet.
    Unknown,
}

impl GeneratedETags {
    /// Adds the tag of the content to a response to GET or QUERY, if all of it is already available.
    pub(super) fn add_to<B: Body>(
        self,
        response: Response<B>,
        hasher: Option<&impl Fn(&[Bytes]) -> Option<ETag>>,
        cx: &mut Context<'_>,
    ) -> (Response<StatusBody<B>>, Generated) {
        let (mut parts, body) = response.into_parts();
        let size = body.size_hint().exact().filter(|size| *size <= self.max_bytes);
        let size = size.and_then(|size| usize::try_from(size).ok());
        let Some(size) = size.filter(|_| may_have_generated_etag(parts.status, &parts.headers)) else {
            return (Response::from_parts(parts, StatusBody::inner(body)), Generated::Known);
        };
        let body = Peeked::new(body, size, cx);
        let generated = match (body.content(), hasher) {
            (None, _) => Generated::Unknown,
            (Some(content), hasher) => {
                let etag = match hasher {
                    None => Some(ETag::of_frames(content.map(Bytes::as_ref), self.weak)),
                    Some(hasher) => hasher(&content.cloned().collect::<Vec<_>>()),
                };
                if let Some(etag) = etag {
                    let _ = parts.headers.try_insert(header::ETAG, etag.into());
                }
                Generated::Known
            }
        };
        (Response::from_parts(parts, body.into()), generated)
    }

    /// Returns whether the response to GET could have a tag that the response to HEAD lacks.
    pub(super) fn of_head<B: Body>(self, response: &Response<B>) -> Generated {
        let length = response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let length = length.unwrap_or(0).max(response.body().size_hint().lower());
        let is_too_long = length > self.max_bytes;
        if may_have_generated_etag(response.status(), response.headers()) && !is_too_long {
            Generated::Unknown
        } else {
            Generated::Known
        }
    }
}

/// Returns whether a tag may be added: one of the handler is never replaced, and a response that must not be stored needs
/// none.
fn may_have_generated_etag(code: StatusCode, response: &HeaderMap) -> bool {
    code == StatusCode::OK && !response.contains_key(header::ETAG) && !caching::has_no_store(response)
}

impl ETag {
    /// Returns the strong tag of a content: its XXH3-128 hash and its length.
    ///
    /// It is the same on every machine and after a restart. The hash is fast, but does not resist an attacker who crafts
    /// two contents with the same hash. Allocates the field value.
    ///
    /// # Example: the same bytes have the same tag
    ///
    /// ```
    /// use tower_status::ETag;
    ///
    /// assert_eq!(ETag::of_bytes(b"abc").to_string(), "\"06b05ab6733a618578af5f94892f3950-3\"");
    /// ```
    pub fn of_bytes(content: &[u8]) -> Self {
        Self::of_hash(XxHash3_128::oneshot(content), content.len() as u64, false)
    }

    /// Returns the tag that [`of_bytes`](Self::of_bytes) returns for the joined frames.
    fn of_frames<'a>(mut pieces: impl Iterator<Item = &'a [u8]>, weak: bool) -> Self {
        let first = pieces.next().unwrap_or_default();
        let (hash, length) = match pieces.next() {
            None => (XxHash3_128::oneshot(first), first.len() as u64),
            Some(second) => hash_of(&mut [first, second].into_iter().chain(pieces)),
        };
        Self::of_hash(hash, length, weak)
    }

    /// Allocates the field value, once.
    fn of_hash(hash: u128, length: u64, weak: bool) -> Self {
        let before: &[u8] = if weak { b"W/\"" } else { b"\"" };
        let (digits, zeros) = (hexadecimal(length.into()), 16 + (length | 1).leading_zeros() as usize / 4);
        // A Vec of exactly this length becomes the field value without another allocation.
        let text = [before, &hexadecimal(hash), b"-", digits.get(zeros..).unwrap_or_default(), b"\""].concat();
        #[expect(clippy::expect_used, reason = "quotes, hexadecimal digits and a dash are legal in every field value")]
        Self(HeaderValue::try_from(text).expect("ASCII"))
    }
}

/// Returns the hash and the length of all pieces.
///
/// `write` is called in one place only, so that it is inlined into the loop: called in two places, it takes three times
/// as long.
fn hash_of(pieces: &mut dyn Iterator<Item = &[u8]>) -> (u128, u64) {
    let mut hasher = RawHasher::new(SecretBuffer::default());
    let mut length = 0;
    for piece in pieces {
        hasher.write(piece);
        length += piece.len() as u64;
    }
    (hasher.finish_128(), length)
}

/// Returns the hexadecimal digits of a number, the same on every machine.
fn hexadecimal(number: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair.copy_from_slice(&[byte >> 4, byte & 0xF].map(|digit| digit + if digit < 10 { b'0' } else { b'a' - 10 }));
    }
    digits
}

/// Returns whether a tag has the form of those that [`ETag::of_bytes`] makes, weak or strong.
pub(super) fn is_generated(tag: &[u8]) -> bool {
    let opaque = strip_weak(tag).1.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\""));
    let is_hexadecimal = |digits: &[u8]| digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    opaque.and_then(|opaque| opaque.split_first_chunk::<32>()).is_some_and(|(hash, rest)| {
        let length = rest.strip_prefix(b"-");
        is_hexadecimal(hash) && length.is_some_and(|length| (1..=16).contains(&length.len()) && is_hexadecimal(length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_does_not_depend_on_how_the_content_is_split() {
        let content: Vec<u8> = (0..=250).cycle().take(5_000).collect();
        for size in [1, 7, 64, 239, 240, 241, 256, 1024, 4_999, 5_000] {
            let pieces = content.chunks(size).chain([b"".as_slice()]);
            assert_eq!(ETag::of_frames(pieces, false), ETag::of_bytes(&content), "{size}");
        }
        assert_eq!(ETag::of_frames(std::iter::empty(), true).to_string(), "W/\"99aa06d3014798d86001c324468d497f-0\"");
    }
}
