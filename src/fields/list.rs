//! Lists in field values (RFC 9110 §5.6.1).

use std::iter;

use memchr::memchr2;

/// Returns the members of a comma-separated list; empty members are skipped (RFC 9110 §5.6.1.2).
///
/// A comma inside a quoted string (RFC 9110 §5.6.4) does not end a member.
pub(crate) fn members(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(list, b',').filter(|member| !member.is_empty())
}

/// Returns whether a list of tokens has this member; case is ignored.
pub(crate) fn has_token(list: &[u8], token: &[u8]) -> bool {
    members(list).any(|member| member.eq_ignore_ascii_case(token))
}

/// Splits a text and trims white space around each part; a separator inside a quoted string does not count.
pub(super) fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let (part, after) = text.split_at_checked(part_length(text, separator))?;
        rest = after.get(1..);
        Some(part.trim_ascii())
    })
}

/// Returns the length up to the next separator outside of a quoted string.
fn part_length(text: &[u8], separator: u8) -> usize {
    let mut length = 0;
    while let Some(rest) = text.get(length..)
        && let Some(found) = memchr2(separator, b'"', rest)
    {
        length += found;
        if text.get(length) == Some(&separator) {
            return length;
        }
        length += quoted_string_length(rest.get(found..).unwrap_or_default());
    }
    text.len()
}

/// Returns the length of the quoted string with which a text begins; without a closing quote, that of the whole text.
fn quoted_string_length(text: &[u8]) -> usize {
    let mut bytes = text.iter().enumerate().skip(1);
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => return at + 1,
            // quoted-pair
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row {
        list: &'static [u8],
        members: &'static [&'static [u8]],
    }

    #[test]
    fn members_end_at_commas_outside_of_quoted_strings() {
        let rows = [
            Row { list: b"", members: &[] },
            Row { list: b" ,\t, ,", members: &[] },
            Row { list: b"a", members: &[b"a"] },
            Row { list: b"a,b , c\t,, d e", members: &[b"a", b"b", b"c", b"d e"] },
            Row { list: br#""a,b",c"#, members: &[br#""a,b""#, b"c"] },
            Row { list: br#""a\",b",c"#, members: &[br#""a\",b""#, b"c"] },
            Row { list: br#""a\\",b"#, members: &[br#""a\\""#, b"b"] },
            Row { list: br#"a\",b"#, members: &[br#"a\",b"#] },
            Row { list: br#"a,"b,c"#, members: &[b"a", br#""b,c"#] },
            Row { list: b"\xff,\x80", members: &[b"\xff", b"\x80"] },
        ];
        for Row { list, members } in rows {
            assert_eq!(super::members(list).collect::<Vec<_>>(), members, "{}", list.escape_ascii());
        }
    }

    #[test]
    fn token_is_found_in_any_case_and_only_as_a_whole_member() {
        for (list, expected) in [
            ("accept", true),
            ("origin, Accept", true),
            ("ACCEPT,,", true),
            ("", false),
            ("accept-language", false),
            ("x-accept", false),
            ("accept language", false),
        ] {
            assert_eq!(has_token(list.as_bytes(), b"accept"), expected, "{list:?}");
        }
    }
}
