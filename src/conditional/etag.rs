//! Entity tags (RFC 9110 §8.8.3): the grammar and the comparisons. `generate.rs` generates tags from content.

use std::fmt::{self, Write as _};

use http::HeaderValue;

/// An entity tag: the name of one version of a representation (RFC 9110 §8.8.3).
///
/// A strong tag changes with every byte of the content. A weak tag, printed with `W/`, may stay the same if the
/// versions are equivalent; it matches in If-None-Match, but never in If-Match or If-Range.
///
/// There are two comparisons (RFC 9110 §8.8.3.2):
///
/// | one      | other    | [`strong_eq`](ETag::strong_eq) | [`weak_eq`](ETag::weak_eq) |
/// |----------|----------|--------------------------------|----------------------------|
/// | `W/"1"`  | `W/"1"`  | no                             | yes                        |
/// | `W/"1"`  | `W/"2"`  | no                             | no                         |
/// | `W/"1"`  | `"1"`    | no                             | yes                        |
/// | `"1"`    | `"1"`    | yes                            | yes                        |
///
/// `==` is neither: it compares the field values, as a map compares its keys. A clone shares the text.
///
/// # Example: a row version as entity tag
///
/// ```
/// use tower_status::ETag;
///
/// let version = 7;
/// let tag = ETag::strong(format!("order-12-v{version}"))?;
/// assert_eq!(tag.to_string(), "\"order-12-v7\"");
///
/// let seen = ETag::parse("W/\"order-12-v7\"")?;
/// assert!(tag.weak_eq(&seen) && !tag.strong_eq(&seen) && seen.is_weak());
/// # Ok::<(), tower_status::conditional::InvalidETag>(())
/// ```
// The field value, so that no conversion can fail or allocate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(pub(super) HeaderValue);

/// The error of a text that is not an entity tag (RFC 9110 §8.8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("an entity tag is visible characters other than a double quote, in double quotes, strong or after `W/`")]
pub struct InvalidETag;

impl ETag {
    /// Creates a strong tag from `opaque`, a text without quotes (RFC 9110 §8.8.3).
    ///
    /// A resource that is sent in several content codings needs a different tag for each of them. Allocates the field
    /// value.
    ///
    /// # Errors
    ///
    /// [`InvalidETag`] if `opaque` has a double quote, a space, or a control character.
    ///
    /// # Example: the tag of a representation with Content-Encoding gzip
    ///
    /// ```
    /// use tower_status::ETag;
    ///
    /// let plain = ETag::strong("v7")?;
    /// let coded = ETag::strong("v7-gzip")?;
    /// assert!(!plain.strong_eq(&coded));
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
    /// ```
    pub fn strong(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidETag> {
        Self::quote("\"", opaque.as_ref())
    }

    /// Creates a weak tag from `opaque`, a text without `W/` and quotes (RFC 9110 §8.8.3).
    ///
    /// Allocates the field value.
    ///
    /// # Errors
    ///
    /// [`InvalidETag`] if `opaque` has a double quote, a space, or a control character.
    ///
    /// # Example: a page whose advertisements change, but not its article
    ///
    /// ```
    /// use tower_status::ETag;
    ///
    /// assert_eq!(ETag::weak("article-3")?.to_string(), "W/\"article-3\"");
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
    /// ```
    pub fn weak(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidETag> {
        Self::quote("W/\"", opaque.as_ref())
    }

    /// Parses a tag with its quotes, as in a header field (RFC 9110 §8.8.3).
    ///
    /// Bytes from 0x80 are valid, a backslash escapes nothing, and `w/` is not `W/`. Allocates the field value; the
    /// conversion from a [`HeaderValue`] shares its bytes instead.
    ///
    /// # Errors
    ///
    /// [`InvalidETag`] if `value` is not exactly one entity tag: white space around the tag or in it is an error.
    ///
    /// # Example: a version in a query
    ///
    /// ```
    /// use tower_status::ETag;
    ///
    /// assert!(ETag::parse(r#"W/"v7""#)?.is_weak());
    /// assert!(ETag::parse("v7").is_err());
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
    /// ```
    pub fn parse(value: impl AsRef<[u8]>) -> Result<Self, InvalidETag> {
        let value = value.as_ref();
        Tag::parse(value).ok_or(InvalidETag)?;
        HeaderValue::from_bytes(value).map(Self).map_err(|_| InvalidETag)
    }

    /// Compares strongly: neither is weak, and the opaque texts are equal (RFC 9110 §8.8.3.2).
    pub fn strong_eq(&self, other: &Self) -> bool {
        self.as_tag().strong_eq(other.as_tag())
    }

    /// Compares weakly: the opaque texts are equal, whether or not one is weak (RFC 9110 §8.8.3.2).
    pub fn weak_eq(&self, other: &Self) -> bool {
        self.as_tag().weak_eq(other.as_tag())
    }

    /// Returns whether the tag is weak, printed with `W/` (RFC 9110 §8.8.1).
    pub fn is_weak(&self) -> bool {
        self.as_tag().weak
    }

    /// Returns the same tag, borrowed.
    pub(crate) fn as_tag(&self) -> Tag<'_> {
        let (weak, quoted) = strip_weak(self.0.as_bytes());
        Tag { weak, quoted }
    }

    fn quote(before: &str, opaque: &[u8]) -> Result<Self, InvalidETag> {
        if !opaque.iter().copied().all(is_etagc) {
            return Err(InvalidETag);
        }
        let value = [before.as_bytes(), opaque, b"\""].concat();
        HeaderValue::try_from(value).map(Self).map_err(|_| InvalidETag)
    }
}

/// Prints the tag as in a header field. Bytes that are not UTF-8 become U+FFFD: send the [`HeaderValue`], not this text.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.as_bytes().utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// Parses a field value; white space around it is not part of the value (RFC 9110 §5.5).
impl TryFrom<&HeaderValue> for ETag {
    type Error = InvalidETag;

    fn try_from(value: &HeaderValue) -> Result<Self, InvalidETag> {
        match Tag::parse(value.as_bytes()) {
            Some(_) => Ok(Self(value.clone())),
            None => Self::parse(value.as_bytes().trim_ascii()),
        }
    }
}

impl From<ETag> for HeaderValue {
    fn from(tag: ETag) -> Self {
        tag.0
    }
}

impl From<&ETag> for HeaderValue {
    fn from(tag: &ETag) -> Self {
        tag.0.clone()
    }
}

/// An entity tag that borrows its field value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    weak: bool,
    /// With its quotes: what the comparisons of RFC 9110 §8.8.3.2 compare.
    quoted: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Parses a value that is exactly one tag.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        let (weak, quoted) = strip_weak(value);
        let opaque = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        // A loop without an early exit is vectorized.
        opaque.iter().fold(true, |valid, &byte| valid & is_etagc(byte)).then_some(Self { weak, quoted })
    }

    pub(super) fn is_weak(self) -> bool {
        self.weak
    }

    pub(super) fn quoted(self) -> &'a [u8] {
        self.quoted
    }

    pub(crate) fn strong_eq(self, other: Tag<'_>) -> bool {
        !self.weak && !other.weak && self.quoted == other.quoted
    }

    pub(crate) fn weak_eq(self, other: Tag<'_>) -> bool {
        self.quoted == other.quoted
    }
}

/// Returns whether a tag is weak, and its quoted part. `W/` is case-sensitive (RFC 9110 §8.8.3).
pub(super) fn strip_weak(text: &[u8]) -> (bool, &[u8]) {
    match text.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    }
}

/// Returns whether a byte is an `etagc` (RFC 9110 §8.8.3).
pub(super) fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7E | 0x80..)
}
