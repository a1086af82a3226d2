//! Lists of entity tags: the values of If-Match and If-None-Match (RFC 9110 §13.1.1, §13.1.2).

use std::iter;

use http::{HeaderMap, HeaderName};
use memchr::memchr;

use super::{
    etag::{ETag, Tag, strip_weak},
    headers::FieldLines,
};

/// The entity tags of a list (RFC 9110 §13.1.1, §13.1.2).
///
/// # Example: which of the client's versions is current
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::IF_NONE_MATCH};
/// use tower_status::{ETag, conditional::ETagList};
///
/// let request = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(r#""v6", W/"v7""#))]);
/// let current = ETag::strong("v7")?;
/// let Some(ETagList::Tags(tags)) = ETag::parse_list(&request, &IF_NONE_MATCH) else { panic!("two tags") };
/// assert_eq!(tags.iter().position(|tag| tag.weak_eq(&current)), Some(1));
/// # Ok::<(), tower_status::conditional::InvalidETag>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ETagList {
    /// `*`: any current representation.
    Any,
    /// The valid tags, in the order of the list.
    Tags(Vec<ETag>),
}

impl ETag {
    /// Parses all lines of a field that has a list of entity tags, If-Match or If-None-Match. `None`: the field is
    /// absent.
    ///
    /// Invalid members are skipped, as [`evaluate`](crate::evaluate) skips them; `*` beside other members is invalid.
    /// Allocates the list and each field value.
    pub fn parse_list(headers: &HeaderMap, name: &HeaderName) -> Option<ETagList> {
        let lines = FieldLines::of(headers, name);
        if !lines.is_present() {
            return None;
        }
        if is_any(&lines) {
            return Some(ETagList::Any);
        }
        let lines = headers.get_all(name).iter();
        let tags = lines.flat_map(|line| members(line.as_bytes())).filter_map(|member| Self::parse(member).ok());
        Some(ETagList::Tags(tags.collect()))
    }
}

/// How the tags of a list are compared with the current one.
#[derive(Clone, Copy, Debug)]
pub(super) struct TagComparison<'a> {
    pub(super) weak: bool,
    /// Suffixes that proxies add to a tag. One is removed from a listed tag that does not match as sent.
    pub(super) suffixes: &'a [Box<str>],
}

impl Tag<'_> {
    /// Returns whether a list has this tag as a member.
    // Not `FieldLines::any`, because the compiler does not inline its closure.
    #[inline]
    pub(super) fn is_listed(self, lines: &FieldLines<'_>, comparison: TagComparison<'_>) -> bool {
        match lines {
            FieldLines::Absent => false,
            FieldLines::One(line) => self.is_in_line(line.as_bytes(), comparison),
            FieldLines::Several(lines) => lines.iter().any(|line| self.is_in_line(line.as_bytes(), comparison)),
        }
    }

    /// Returns whether a line of a list has this tag as a member.
    ///
    /// A member that equals a valid tag is valid, so the other members need not be parsed.
    #[inline]
    fn is_in_line(self, line: &[u8], comparison: TagComparison<'_>) -> bool {
        if self.is_weak() && !comparison.weak {
            return false;
        }
        // Most lists are one tag. A line that is not longer has no other member beside it.
        if line.len() <= self.quoted().len() {
            return line == self.quoted();
        }
        self.is_member(line, comparison)
    }

    fn is_member(self, line: &[u8], comparison: TagComparison<'_>) -> bool {
        let opaque = |member| if comparison.weak { strip_weak(member).1 } else { member };
        members(line).any(|member| self.is_equal(opaque(member), comparison.suffixes))
    }

    /// Returns whether a member equals this tag, as sent or without one of the suffixes.
    fn is_equal(self, member: &[u8], suffixes: &[Box<str>]) -> bool {
        let without_suffix = |suffix: &str| member.strip_suffix(b"\"")?.strip_suffix(suffix.as_bytes());
        member == self.quoted()
            || suffixes.iter().any(|suffix| without_suffix(suffix) == self.quoted().strip_suffix(b"\""))
    }
}

/// Returns whether a list is `*` alone; empty members do not count (RFC 9110 §5.6.1.2).
pub(crate) fn is_any(lines: &FieldLines<'_>) -> bool {
    let mut count = 0;
    let has_other = lines.any(|line| {
        members(line).any(|member| {
            count += 1;
            member != b"*"
        })
    });
    count == 1 && !has_other
}

/// Returns the members of a list, valid or not, without the empty ones (RFC 9110 §5.6.1).
fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    let next = move || {
        (!rest.is_empty()).then(|| {
            let (member, after) = split_member(rest);
            rest = after;
            member.trim_ascii()
        })
    };
    iter::from_fn(next).filter(|member| !member.is_empty())
}

/// Splits a list at the first comma, which is part of neither half.
///
/// A comma between double quotes is part of a tag. Unlike in a quoted string, a backslash escapes nothing (RFC 9110
/// §8.8.3).
fn split_member(list: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    while let Some((before, [byte, after @ ..])) = list.split_at_checked(end) {
        end += 1;
        match byte {
            b',' => return (before, after),
            // Continues after the closing quote.
            b'"' => end += memchr(b'"', after).map_or(after.len(), |closing| closing + 1),
            _ => {}
        }
    }
    (list, &[])
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderValue, IF_MATCH, InvalidHeaderValue};

    use super::*;

    type Result = std::result::Result<(), InvalidHeaderValue>;

    fn map(lines: &[&[u8]]) -> std::result::Result<HeaderMap, InvalidHeaderValue> {
        lines.iter().map(|line| Ok((IF_MATCH, HeaderValue::from_bytes(line)?))).collect()
    }

    /// The tags of the table, and tags that are parts of them.
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

    /// Looks for each of these tags in a list, by both comparisons, and for `*`.
    fn check(lines: &[&[u8]], tags: &[&[u8]], expected: &[u8]) -> Result {
        let headers = map(lines)?;
        let shown: String = format!("{headers:?}").chars().take(100).collect();
        let lines = FieldLines::of(&headers, &IF_MATCH);
        let is_listed = |text: &[u8], weakly| {
            let tag = Tag::parse(text);
            assert!(tag.is_some(), "{}", text.escape_ascii());
            tag.is_some_and(|tag| tag.is_listed(&lines, TagComparison { weak: weakly, suffixes: &[] }))
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
        assert_eq!(is_any(&lines), expected == b"*", "{shown}");
        Ok(())
    }

    #[test]
    fn tags_are_found_only_as_whole_members() -> Result {
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
            // Quotes decide where an invalid member ends: there is no tag between another's quotes.
            (&[br#""a, "b""#], b"!"),
            (&[br#""x ,"b", y", "c""#], br#"! "c""#),
            // Longer tags.
            (&[br#""0123456789abcdef0123", "b""#], br#""0123456789abcdef0123" "b""#),
            (&[br#""0123456789abcdef", "b""#], br#""0123456789abcdef" "b""#),
            (&[br#""012 456789abcdef0123456789abcdef0123", "b""#], br#"! "b""#),
            (&[br#""0123456789abcdef01 3", "b""#], br#"! "b""#),
            (&[br#""0123456789abcdef0123456789abcdef"#, br#""b""#], br#"! "b""#),
            // A tag that begins inside another member.
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
}
