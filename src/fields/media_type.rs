//! Media types (RFC 9110 §8.3.1) and the media ranges of Accept (§12.5.1), which have the same grammar.

use super::list;

/// `type "/" subtype *( OWS ";" OWS [ parameter ] )`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaType<'a> {
    /// `type/subtype`, without parameters.
    essence: &'a [u8],
    slash: usize,
    /// The text after the first semicolon.
    parameters: &'a [u8],
}

impl<'a> MediaType<'a> {
    /// Returns `None` unless both type and subtype are tokens. Parameters are not checked.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        Self::split(value).filter(|split| is_token(split.main_type()) && is_token(split.subtype()))
    }

    /// Splits a value that is only compared with known types, so it needs no check.
    pub(super) fn split(value: &'a [u8]) -> Option<Self> {
        let (essence, parameters) = split(value);
        let slash = essence.iter().position(|&byte| byte == b'/')?;
        Some(Self { essence, slash, parameters })
    }

    /// Returns the part before the slash.
    pub(crate) fn main_type(&self) -> &'a [u8] {
        self.essence.get(..self.slash).unwrap_or_default()
    }

    /// Returns the part after the slash.
    pub(crate) fn subtype(&self) -> &'a [u8] {
        self.essence.get(self.slash + 1..).unwrap_or_default()
    }

    /// Returns whether this is `type/subtype`; case is ignored.
    pub(crate) fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence.as_bytes())
    }

    /// Returns each parameter as its name and its value, `None` for one without an equals sign; empty ones are skipped.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = Option<(&'a [u8], &'a [u8])>> {
        list::split(self.parameters, b';').filter(|parameter| !parameter.is_empty()).map(|parameter| {
            let equals = parameter.iter().position(|&byte| byte == b'=')?;
            Some((parameter.get(..equals)?, parameter.get(equals + 1..)?))
        })
    }

    /// Returns whether a text of this type can be read as UTF-8: `charset` is absent, `utf-8` or `us-ascii`.
    pub(crate) fn is_utf8(&self) -> bool {
        self.parameters().flatten().filter(|(name, _)| name.eq_ignore_ascii_case(b"charset")).all(|(_, charset)| {
            [&b"utf-8"[..], b"\"utf-8\"", b"us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
        })
    }
}

/// Returns `type/subtype`, without parameters and unchecked.
pub(super) fn essence(value: &[u8]) -> &[u8] {
    split(value).0
}

fn split(value: &[u8]) -> (&[u8], &[u8]) {
    let semicolon = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
    let (essence, parameters) = value.split_at_checked(semicolon).unwrap_or_default();
    (essence.trim_ascii(), parameters.get(1..).unwrap_or_default())
}

/// Returns whether a text is a `token` (RFC 9110 §5.6.2).
fn is_token(text: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_subtype_are_found_before_the_parameters() {
        for (value, main_type, subtype) in [
            ("text/html", "text", "html"),
            (" text/html\t", "text", "html"),
            ("text/html;charset=utf-8", "text", "html"),
            ("text/html ; a/b", "text", "html"),
            ("application/problem+json", "application", "problem+json"),
            ("*/*", "*", "*"),
            ("!#$%&'*+-.^_`|~/0", "!#$%&'*+-.^_`|~", "0"),
        ] {
            let found = MediaType::parse(value.as_bytes()).map(|found| (found.main_type(), found.subtype()));
            assert_eq!(found, Some((main_type.as_bytes(), subtype.as_bytes())), "{value:?}");
        }
    }

    #[test]
    fn type_and_subtype_must_be_tokens() {
        let malformed: [&[u8]; 10] = [
            b"",
            b"text",
            b"/html",
            b"text/",
            b"text /html",
            b"text/html/x",
            b"text/ht ml",
            b"text;/html",
            b"t\xe4xt/html",
            b"(text)/html",
        ];
        for value in malformed {
            assert!(MediaType::parse(value).is_none(), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn parameters_are_split_at_semicolons_outside_of_quoted_strings() {
        let parameters =
            MediaType::parse(br#"text/plain; a=1;; B = "x;y" ;c"#).map(|found| found.parameters().collect());
        let expected: Vec<Option<(&[u8], &[u8])>> = vec![Some((b"a", b"1")), Some((b"B ", br#" "x;y""#)), None];
        assert_eq!(parameters, Some(expected));
    }

    #[test]
    fn only_charsets_that_are_part_of_utf8_are_utf8() {
        for (value, expected) in [
            ("text/plain", true),
            ("text/plain; format=flowed", true),
            ("text/plain;charset=utf-8", true),
            ("text/plain ; Charset=UTF-8", true),
            ("text/plain; charset=\"utf-8\"", true),
            ("text/plain; charset=us-ascii", true),
            ("text/plain; charset=iso-8859-1", false),
            ("text/plain; charset=", false),
            ("text/plain; charset=utf-8; charset=koi8-r", false),
        ] {
            let found = MediaType::parse(value.as_bytes()).map(|found| found.is_utf8());
            assert_eq!(found, Some(expected), "{value}");
        }
    }
}
