//! Lists in field values (RFC 9110 §5.6.1).

use std::{iter, slice};

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

fn part_length(text: &[u8], separator: u8) -> usize {
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte == separator {
            return text.len() - bytes.len() - 1;
        }
        if byte == b'"' {
            skip_quoted_string(&mut bytes);
        }
    }
    text.len()
}

/// Skips to after the closing quote, or to the end if there is none.
fn skip_quoted_string(bytes: &mut slice::Iter<'_, u8>) {
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => return,
            // quoted-pair
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
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
