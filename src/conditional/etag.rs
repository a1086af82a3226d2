//! Entity tags (RFC 9110 §8.8.3): the value, the members of a list, and tags made from content.

use std::{
    error::Error,
    fmt::{self, Write as _},
};

use http::HeaderValue;
use memchr::{memchr_iter, memmem::Finder};
use twox_hash::{
    XxHash3_128,
    xxhash3_128::{RawHasher, SecretBuffer},
};

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
/// # Ok::<(), tower_status::conditional::InvalidETag>(())
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
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
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
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
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
    /// # Ok::<(), tower_status::conditional::InvalidETag>(())
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
        Self::of_hash(XxHash3_128::oneshot(content), content.len() as u64, false)
    }

    /// The tag of [`of_bytes`](Self::of_bytes) of content that comes in pieces, however it is cut.
    pub(crate) fn of_pieces<'a>(mut pieces: impl Iterator<Item = &'a [u8]>, weak: bool) -> Self {
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
        // Of exactly the length it needs, it becomes the field value without another allocation.
        let text = [before, &hexadecimal(hash), b"-", digits.get(zeros..).unwrap_or_default(), b"\""].concat();
        #[expect(clippy::expect_used, reason = "quotes, hexadecimal digits and a dash are legal in every field value")]
        Self(HeaderValue::try_from(text).expect("ASCII"))
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
        let (weak, quoted) = strip_weak(value);
        let opaque = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        // Without an early exit, bytes are looked at by sixteens.
        opaque.iter().fold(true, |valid, &byte| valid & is_etagc(byte)).then_some(Self { weak, quoted })
    }

    pub(crate) fn strong_eq(self, other: Tag<'_>) -> bool {
        !self.weak && !other.weak && self.quoted == other.quoted
    }

    pub(crate) fn weak_eq(self, other: Tag<'_>) -> bool {
        self.quoted == other.quoted
    }

    /// Whether a line of a list has a member that is this tag, by weak or by strong comparison.
    ///
    /// Members are separated by commas that are not inside quotes; invalid ones are no tag, and nothing is found inside
    /// them (RFC 9110 §5.6.1, §8.8.3). What is equal to a tag is one, so that no other member need be read.
    pub(crate) fn is_listed(self, line: &[u8], weakly: bool) -> bool {
        if !weakly && self.weak {
            return false;
        }
        let alone = if weakly { strip_weak(line).1 } else { line };
        if alone.len() <= self.quoted.len() {
            return alone == self.quoted;
        }
        self.is_found(line, weakly)
    }

    #[inline(never)]
    fn is_found(self, line: &[u8], weakly: bool) -> bool {
        // More than that takes longer to prepare than to search for.
        let start = self.quoted.first_chunk::<16>().map_or(self.quoted, |start| start.as_slice());
        let finder = Finder::new(start);
        let (mut rest, mut quotes) = (line, 0);
        // Every quote may begin another: the search goes on after it, and each byte is counted once.
        while let Some((before, found)) = finder.find(rest).and_then(|place| rest.split_at_checked(place)) {
            quotes += memchr_iter(b'"', before).count();
            let before = line.get(..line.len() - found.len()).unwrap_or_default();
            let is_outside = quotes % 2 == 0;
            if is_outside && found.strip_prefix(self.quoted).is_some_and(ends) && begins(before, weakly) {
                return true;
            }
            quotes += 1;
            rest = found.get(1..).unwrap_or_default();
        }
        false
    }
}

/// Whether a tag can begin after this text, of which all quotes are closed.
fn begins(before: &[u8], weakly: bool) -> bool {
    let before = before.strip_suffix(b"W/").filter(|_| weakly).unwrap_or(before).trim_ascii_end();
    before.is_empty() || before.ends_with(b",")
}

/// Whether a member is over before this text.
fn ends(after: &[u8]) -> bool {
    matches!(after.trim_ascii_start().first(), None | Some(b','))
}

/// Whether all that a list has is one `*`; empty members are none (RFC 9110 §5.6.1.2).
pub(crate) fn is_any<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> bool {
    let bytes = lines.flat_map(HeaderValue::as_bytes).filter(|byte| !matches!(byte, b' ' | b'\t' | b','));
    bytes.eq(b"*")
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

/// The hash and the length of all pieces.
///
/// The hasher is called in one place of one function, so that the compiler makes one loop of it: called in two, it takes
/// three times as long.
fn hash_of(pieces: &mut dyn Iterator<Item = &[u8]>) -> (u128, u64) {
    let mut hasher = RawHasher::new(SecretBuffer::default());
    let mut length = 0;
    for piece in pieces {
        hasher.write(piece);
        length += piece.len() as u64;
    }
    (hasher.finish_128(), length)
}

/// A hexadecimal number: the byte order of the machine does not show.
fn hexadecimal(number: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair.copy_from_slice(&[byte >> 4, byte & 0xF].map(|digit| digit + if digit < 10 { b'0' } else { b'a' - 10 }));
    }
    digits
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::{IF_MATCH, InvalidHeaderValue};

    use super::*;

    type Result = std::result::Result<(), InvalidHeaderValue>;

    fn map(lines: &[&[u8]]) -> std::result::Result<HeaderMap, InvalidHeaderValue> {
        lines.iter().map(|line| Ok((IF_MATCH, HeaderValue::from_bytes(line)?))).collect()
    }

    /// Each tag of the table, and what could be taken for one.
    const TAGS: [&[u8]; 21] = [
        br#""a""#,
        br#""b""#,
        br#""c""#,
        br#""d""#,
        br#""e""#,
        br#""""#,
        br#"",""#,
        br#""a,""#,
        br#"",b""#,
        br#"",b,""#,
        br#""a,b""#,
        b"\"\xe4\"",
        br#""a\""#,
        br#""W/""#,
        br#""*""#,
        br#""0123456789abcdef0123""#,
        br#""0123456789abcdef""#,
        br#""0123456789abcde""#,
        br#""0123456789abcdef0""#,
        br#""0123456789abcdef01""#,
        br#""0123456789abcdef0123456789abcdef""#,
    ];

    /// Asks a list for each of these tags, by both comparisons, and for `*`.
    fn check(lines: &[&[u8]], tags: &[&[u8]], expected: &[u8]) -> Result {
        let headers = map(lines)?;
        let shown: String = format!("{headers:?}").chars().take(100).collect();
        let lines = || headers.get_all(IF_MATCH).iter();
        let is_listed = |text: &[u8], weakly| {
            let tag = Tag::parse(text);
            assert!(tag.is_some(), "{}", text.escape_ascii());
            lines().any(|line| tag.is_some_and(|tag| tag.is_listed(line.as_bytes(), weakly)))
        };
        let members = || expected.split(|&byte| byte == b' ');
        for &tag in tags {
            let weak = [b"W/", tag].concat();
            let (strongly, weakly) = (members().any(|member| member == tag), members().any(|member| member == weak));
            let found =
                [(tag, false), (tag, true), (&weak, true), (&weak, false)].map(|(tag, how)| is_listed(tag, how));
            let expected = [strongly, strongly || weakly, strongly || weakly, false];
            assert_eq!(found, expected, "{} in {shown}", tag.escape_ascii());
        }
        assert_eq!(is_any(lines()), expected == b"*", "{shown}");
        Ok(())
    }

    #[test]
    fn members_of_all_lines() -> Result {
        let table: &[(&[&[u8]], &[u8])] = &[
            (&[], b""),
            (&[b""], b""),
            (&[b" ,\t, "], b""),
            (&[br#""a""#], br#""a""#),
            (&[br#""a","b""#], br#""a" "b""#),
            (&[b" ,, \"a\"\t , ,W/\"b\" ,\t"], br#""a" W/"b""#),
            (&[br#""a""#, b"", br#"W/"b", "c""#], br#""a" W/"b" "c""#),
            (&[br#""a,b", """#], br#""a,b" """#),
            (&[b"\"\xe4\", \"b\""], b"\"\xe4\" \"b\""),
            (&[br#""a\", "b""#], br#""a\" "b""#),
            (&[b" * ,"], b"*"),
            (&[br#"*, "a""#, b"*"], br#"* "a" *"#),
            (&[br#"**, "a""#], br#"! "a""#),
            (&[br#"*"a", "b""#], br#"! "b""#),
            (&[br#"a, "b""#], br#"! "b""#),
            (&[br#"w/"a", W/ "b", W"c", /"d", "e""#], br#"! ! ! ! "e""#),
            (&[br#""a"b, "c""#], br#"! "c""#),
            (&[br#""a" "b", "c""#], br#"! "c""#),
            (&[br#""a b", "c""#], br#"! "c""#),
            (&[b"\"a\tb\", \"c\""], br#"! "c""#),
            // The quotes decide where an invalid member ends: no tag is found inside another's quotes.
            (&[br#""a, "b""#], b"!"),
            (&[br#""x ,"b", y", "c""#], br#"! "c""#),
            // Longer than sixteen bytes, which are looked at together.
            (&[br#""0123456789abcdef0123", "b""#], br#""0123456789abcdef0123" "b""#),
            (&[br#""0123456789abcdef", "b""#], br#""0123456789abcdef" "b""#),
            (&[br#""012 456789abcdef0123456789abcdef0123", "b""#], br#"! "b""#),
            (&[br#""0123456789abcdef01 3", "b""#], br#"! "b""#),
            (&[br#""0123456789abcdef0123456789abcdef"#, br#""b""#], br#"! "b""#),
            // What begins or ends inside another is looked for again after it.
            (&[br#""x"a,"a,""#], br#"! "a,""#),
            (&[br#"x"a,"a,""#], b"!"),
            (&[br#""a"a", "a""#], b"!"),
            (&[br#""a""a", "a""#], br#"! "a""#),
            (&[br#"",","""#], br#""," """#),
            (&[br#"W/"0123456789abcdef0",W/"0123456789abcdef01""#], br#"W/"0123456789abcdef0" W/"0123456789abcdef01""#),
            // An unbalanced quote ends with its line.
            (&[br#""a"#, br#""b""#], br#"! "b""#),
            (&[br#"""#, br"W/", br#"W/""#, br#""b""#], br#"! ! ! "b""#),
        ];
        for (lines, expected) in table {
            check(lines, &TAGS, expected)?;
        }
        Ok(())
    }

    // Quadratic work over the longest of these would take minutes.
    #[test]
    #[rustfmt::skip]
    fn hostile_lists_take_linear_time() -> Result {
        for (piece, found) in [
            ("\"a\",", "\"a\""), ("\"a b\",", ""), ("\"a,", ""), ("\" ,\"\",", "\"\""), ("\"", ""), ("\"\" ", ""),
            ("W/", ""), ("*", ""), ("* ", ""), (" ", ""), (",", ""), ("x,", ""), ("\"a ,", ""), ("W/\"", ""),
            ("\"0123456789abcdef0\" ", ""), ("x\"0123456789abcdef", ""), ("\"\",", "\"\""), ("\"\"\",", ""),
        ] {
            let tags: [&[u8]; 4] = [b"\"a\"", b"\"\"", b"\",\"", b"\"0123456789abcdef0\""];
            check(&[piece.repeat(100_000).as_bytes()], &tags, found.as_bytes())?;
        }
        Ok(())
    }

    #[test]
    fn the_same_tag_however_content_is_cut() {
        let content: Vec<u8> = (0..=250).cycle().take(5_000).collect();
        for size in [1, 7, 64, 239, 240, 241, 256, 1024, 4_999, 5_000] {
            let pieces = content.chunks(size).chain([b"".as_slice()]);
            assert_eq!(ETag::of_pieces(pieces, false), ETag::of_bytes(&content), "{size}");
        }
        assert_eq!(ETag::of_pieces(std::iter::empty(), true).to_string(), "W/\"99aa06d3014798d86001c324468d497f-0\"");
    }
}
