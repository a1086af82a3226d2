//! Entity tags (RFC 9110 §8.8.3): the value, the members of a list, and tags made from content.

use std::{
    error::Error,
    fmt::{self, Write as _},
};

use http::HeaderValue;
use xxhash_rust::xxh3::Xxh3Default;

/// An entity tag: it names one version of a representation (RFC 9110 §8.8.3).
///
/// A strong tag changes with every byte of the content. A weak one, printed with `W/`, may stay where the versions
/// are as good as each other; it still answers `If-None-Match`, but never `If-Match` or `If-Range`.
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
/// `==` is neither: it asks whether both are the same field value, as a key of a map does. A clone shares the text.
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
/// # Ok::<(), tower_status::InvalidETag>(())
/// ```
// The text as it is sent, so that no conversion can fail and none allocates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(HeaderValue);

/// What was given is no entity tag (RFC 9110 §8.8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidETag;

impl fmt::Display for InvalidETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an entity tag is visible characters other than a double quote, in double quotes, strong or after `W/`",
        )
    }
}

impl Error for InvalidETag {}

impl ETag {
    /// A strong tag around `opaque`, which comes without quotes (RFC 9110 §8.8.3).
    ///
    /// A resource that is sent in several content codings needs a tag of its own for each of them. Allocates the
    /// field value.
    ///
    /// # Errors
    ///
    /// [`InvalidETag`] if `opaque` has a double quote, a space, or a control character.
    ///
    /// # Example: the tag of a gzip-coded representation
    ///
    /// ```
    /// use tower_status::ETag;
    ///
    /// let plain = ETag::strong("v7")?;
    /// let coded = ETag::strong("v7-gzip")?;
    /// assert!(!plain.strong_eq(&coded));
    /// # Ok::<(), tower_status::InvalidETag>(())
    /// ```
    pub fn strong(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidETag> {
        Self::quote("\"", opaque.as_ref())
    }

    /// A weak tag around `opaque`, which comes without `W/` and quotes (RFC 9110 §8.8.3).
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
    /// # Ok::<(), tower_status::InvalidETag>(())
    /// ```
    pub fn weak(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidETag> {
        Self::quote("W/\"", opaque.as_ref())
    }

    /// Reads a tag as it stands in a field, with its quotes (RFC 9110 §8.8.3).
    ///
    /// Bytes from 0x80 on are legal, a backslash escapes nothing, and `w/` is not `W/`. Allocates the field value;
    /// the conversion from a [`HeaderValue`] shares its bytes instead.
    ///
    /// # Errors
    ///
    /// [`InvalidETag`] if `value` is anything but one entity tag: white space around it or inside is not part of one.
    ///
    /// # Example: a version that a client names in a query
    ///
    /// ```
    /// use tower_status::ETag;
    ///
    /// assert!(ETag::parse(r#"W/"v7""#)?.is_weak());
    /// assert!(ETag::parse("v7").is_err());
    /// # Ok::<(), tower_status::InvalidETag>(())
    /// ```
    pub fn parse(value: impl AsRef<[u8]>) -> Result<Self, InvalidETag> {
        let value = value.as_ref();
        Tag::parse(value).ok_or(InvalidETag)?;
        HeaderValue::from_bytes(value).map(Self).map_err(|_| InvalidETag)
    }

    /// The strong tag of this content: its XXH3-128 hash and its length.
    ///
    /// It is the same on every machine and after a restart. The hash is fast and not meant to resist somebody who
    /// makes two contents collide on purpose. Allocates the field value.
    ///
    /// # Example: the same bytes, the same tag
    ///
    /// ```
    /// use tower_status::ETag;
    ///
    /// assert_eq!(ETag::of_bytes(b"abc").to_string(), "\"06b05ab6733a618578af5f94892f3950-3\"");
    /// ```
    pub fn of_bytes(content: &[u8]) -> Self {
        let mut hasher = TagHasher::new();
        hasher.update(content);
        hasher.finish(false)
    }

    /// Strong comparison: neither is weak, and the quoted texts are equal (RFC 9110 §8.8.3.2).
    pub fn strong_eq(&self, other: &Self) -> bool {
        self.as_tag().strong_eq(other.as_tag())
    }

    /// Weak comparison: the quoted texts are equal, whichever of the two is weak (RFC 9110 §8.8.3.2).
    pub fn weak_eq(&self, other: &Self) -> bool {
        self.as_tag().weak_eq(other.as_tag())
    }

    /// Whether the tag is weak, printed with `W/` (RFC 9110 §8.8.1).
    pub fn is_weak(&self) -> bool {
        self.as_tag().weak
    }

    /// The same tag, borrowed.
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

/// Prints the tag as it is sent. Bytes that are not UTF-8 become U+FFFD: send the [`HeaderValue`], not this text.
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

/// Reads a field value; white space around it is not part of it (RFC 9110 §5.5).
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

/// An entity tag that borrows the field it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    weak: bool,
    /// With its quotes, as the comparisons of RFC 9110 §8.8.3.2 take it.
    quoted: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Reads the one tag that `value` is.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        Self::split(value).and_then(|(tag, rest)| rest.is_empty().then_some(tag))
    }

    pub(crate) fn strong_eq(self, other: Tag<'_>) -> bool {
        !self.weak && !other.weak && self.quoted == other.quoted
    }

    pub(crate) fn weak_eq(self, other: Tag<'_>) -> bool {
        self.quoted == other.quoted
    }

    /// The tag that `text` begins with, and what follows it.
    fn split(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (weak, quoted) = strip_weak(text);
        let opaque = quoted.strip_prefix(b"\"")?;
        // The first byte that may not stand in a tag has to be the closing quote.
        let length = end_of_etagc(opaque)?;
        let (quoted, rest) = quoted.split_at_checked(length + 2)?;
        quoted.ends_with(b"\"").then_some((Self { weak, quoted }, rest))
    }
}

/// `W/` is case-sensitive (RFC 9110 §8.8.3).
fn strip_weak(text: &[u8]) -> (bool, &[u8]) {
    match text.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    }
}

/// `etagc` of RFC 9110 §8.8.3.
fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7E | 0x80..)
}

/// Where the first byte stands that is no `etagc`; looked for by sixteens, because most tags are longer than that.
fn end_of_etagc(text: &[u8]) -> Option<usize> {
    let is_whole = |chunk: &&[u8]| chunk.iter().fold(true, |whole, &byte| whole & is_etagc(byte));
    let whole = 16 * text.chunks_exact(16).take_while(is_whole).count();
    let rest = text.get(whole..)?;
    Some(whole + rest.iter().position(|&byte| !is_etagc(byte))?)
}

/// One member of an If-Match or If-None-Match field (RFC 9110 §13.1.1, §13.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member<'a> {
    /// `*`, which means something only where it stands alone.
    Any,
    Tag(Tag<'a>),
    /// Neither of both.
    Invalid,
}

/// The members of a list in all field lines of a name; empty ones are none (RFC 9110 §5.6.1.2).
///
/// An invalid member ends at the next comma that is not inside quotes, at the latest with its line.
pub(crate) fn members<'a, L: Iterator<Item = &'a HeaderValue>>(lines: L) -> Members<'a, L> {
    Members { lines, rest: &[] }
}

/// See [`members`].
#[derive(Debug)]
pub(crate) struct Members<'a, L> {
    lines: L,
    rest: &'a [u8],
}

impl<'a, L: Iterator<Item = &'a HeaderValue>> Iterator for Members<'a, L> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        loop {
            let start = self.rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','));
            let Some((_, text)) = start.and_then(|start| self.rest.split_at_checked(start)) else {
                self.rest = self.lines.next()?.as_bytes();
                continue;
            };
            let (member, rest) = first_member(text);
            self.rest = rest;
            return Some(member);
        }
    }
}

/// The member that `text` begins with, and what follows it.
fn first_member(text: &[u8]) -> (Member<'_>, &[u8]) {
    let found = match text.strip_prefix(b"*") {
        Some(rest) => Some((Member::Any, rest)),
        None => Tag::split(text).map(|(tag, rest)| (Member::Tag(tag), rest)),
    };
    match found {
        Some((member, rest)) if matches!(rest.trim_ascii_start().first(), None | Some(b',')) => (member, rest),
        _ => (Member::Invalid, after_invalid(text)),
    }
}

fn after_invalid(text: &[u8]) -> &[u8] {
    let mut quoted = false;
    let mut parts = text.splitn(2, |&byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    });
    parts.nth(1).unwrap_or_default()
}

/// Makes the tag of [`ETag::of_bytes`] from content that comes in pieces, however it is cut.
pub(crate) struct TagHasher {
    hash: Xxh3Default,
    length: u64,
}

impl TagHasher {
    pub(crate) fn new() -> Self {
        Self { hash: Xxh3Default::new(), length: 0 }
    }

    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.length += piece.len() as u64;
    }

    /// Allocates the field value, once.
    pub(crate) fn finish(self, weak: bool) -> ETag {
        let (before, length) = (if weak { "W/\"" } else { "\"" }, self.length);
        // A buffer of exactly this size becomes the field value without another allocation.
        let digits = length.checked_ilog2().map_or(1, |bits| bits as usize / 4 + 1);
        let mut text = String::with_capacity(before.len() + 32 + 1 + digits + 1);
        // Hexadecimal numbers, not bytes in memory: the byte order of the machine does not show.
        let _ = write!(text, "{before}{:032x}-{length:x}\"", self.hash.digest128());
        #[expect(clippy::expect_used, reason = "quotes, hexadecimal digits and a dash are legal in every field value")]
        ETag(HeaderValue::try_from(text).expect("ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::{IF_MATCH, InvalidHeaderValue};

    use super::*;

    type Result = std::result::Result<(), InvalidHeaderValue>;

    /// Prints each member: `*`, the tag, or `!` where it is invalid.
    fn listed(lines: &[&[u8]]) -> std::result::Result<String, InvalidHeaderValue> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line)?);
        }
        let names = members(headers.get_all(IF_MATCH).iter()).map(|member| match member {
            Member::Any => "*".to_owned(),
            Member::Tag(tag) => if tag.weak { "W/" } else { "" }.to_owned() + &String::from_utf8_lossy(tag.quoted),
            Member::Invalid => "!".to_owned(),
        });
        Ok(names.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn members_of_all_lines() -> Result {
        let table: &[(&[&[u8]], &str)] = &[
            (&[], ""),
            (&[b""], ""),
            (&[b" ,\t, "], ""),
            (&[br#""a""#], r#""a""#),
            (&[br#""a","b""#], r#""a" "b""#),
            (&[b" ,, \"a\"\t , ,W/\"b\" ,\t"], r#""a" W/"b""#),
            (&[br#""a""#, b"", br#"W/"b", "c""#], r#""a" W/"b" "c""#),
            (&[br#""a,b", """#], r#""a,b" """#),
            (&[b"\"\xe4\", \"b\""], "\"\u{fffd}\" \"b\""),
            (&[br#""a\", "b""#], r#""a\" "b""#),
            (&[b" * ,"], "*"),
            (&[br#"*, "a""#, b"*"], r#"* "a" *"#),
            (&[br#"**, "a""#], r#"! "a""#),
            (&[br#"*"a", "b""#], r#"! "b""#),
            (&[br#"a, "b""#], r#"! "b""#),
            (&[br#"w/"a", W/ "b", W"c", /"d", "e""#], r#"! ! ! ! "e""#),
            (&[br#""a"b, "c""#], r#"! "c""#),
            (&[br#""a" "b", "c""#], r#"! "c""#),
            (&[br#""a b", "c""#], r#"! "c""#),
            (&[b"\"a\tb\", \"c\""], r#"! "c""#),
            // The quotes decide where an invalid member ends: no tag is found inside another's quotes.
            (&[br#""a, "b""#], "!"),
            (&[br#""x ,"b", y", "c""#], r#"! "c""#),
            // Longer than sixteen bytes, which are looked at together.
            (&[br#""0123456789abcdef0123", "b""#], r#""0123456789abcdef0123" "b""#),
            (&[br#""0123456789abcdef", "b""#], r#""0123456789abcdef" "b""#),
            (&[br#""012 456789abcdef0123456789abcdef0123", "b""#], r#"! "b""#),
            (&[br#""0123456789abcdef01 3", "b""#], r#"! "b""#),
            (&[br#""0123456789abcdef0123456789abcdef"#, br#""b""#], r#"! "b""#),
            // An unbalanced quote ends with its line.
            (&[br#""a"#, br#""b""#], r#"! "b""#),
            (&[br#"""#, br"W/", br#"W/""#, br#""b""#], r#"! ! ! "b""#),
        ];
        for (lines, expected) in table {
            assert_eq!(listed(lines)?, *expected, "{lines:?}");
        }
        Ok(())
    }

    // Quadratic work over the longest of these would take minutes.
    #[test]
    #[rustfmt::skip]
    fn hostile_lists_take_linear_time() -> Result {
        for (piece, count) in [
            ("\"a\",", 100_000), ("\"a b\",", 100_000), ("\"a,", 50_000), ("\" ,\"\",", 100_000), ("\"", 1), ("\"\" ", 1),
            ("W/", 1), ("*", 1), ("* ", 1), (" ", 0), (",", 0), ("x,", 100_000), ("\"a ,", 50_000), ("W/\"", 1),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_MATCH, HeaderValue::try_from(piece.repeat(100_000))?);
            assert_eq!(members(headers.get_all(IF_MATCH).iter()).count(), count, "{piece:?}");
        }
        Ok(())
    }

    #[test]
    fn the_same_tag_however_content_is_cut() {
        let content: Vec<u8> = (0..=250).cycle().take(5_000).collect();
        for size in [1, 7, 64, 239, 240, 241, 256, 1024, 4_999, 5_000] {
            let mut hasher = TagHasher::new();
            content.chunks(size).for_each(|piece| hasher.update(piece));
            hasher.update(b"");
            assert_eq!(hasher.finish(false), ETag::of_bytes(&content), "{size}");
        }
        assert_eq!(TagHasher::new().finish(true).to_string(), "W/\"99aa06d3014798d86001c324468d497f-0\"");
    }
}
