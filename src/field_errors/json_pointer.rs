//! JSON Pointers (RFC 6901) as URI fragments, as RFC 9457 §3 shows them in `errors`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986 §3.5: a fragment consists of unreserved characters, sub-delims and `:@/?`.
const NOT_IN_FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/')
    .remove(b'?');

/// A pointer to a value, `#` for the whole document.
#[derive(Clone, Debug)]
pub(crate) struct JsonPointer(String);

impl JsonPointer {
    /// Returns the pointer to the whole document.
    pub(crate) fn root() -> Self {
        Self("#".into())
    }

    /// Returns the pointer to a member of the object, or with a number to an element of the array.
    pub(crate) fn join(mut self, name: &str) -> Self {
        // RFC 6901 §3: the order matters.
        let escaped = name.replace('~', "~0").replace('/', "~1");
        self.0.push('/');
        self.0.extend(utf8_percent_encode(&escaped, NOT_IN_FRAGMENT));
        self
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_those_of_rfc_6901() {
        // RFC 6901 §6, apart from `"`, which it leaves to the reader of an HTML link.
        let rows: [(&[&str], &str); 14] = [
            (&[], "#"),
            (&["foo"], "#/foo"),
            (&["foo", "0"], "#/foo/0"),
            (&[""], "#/"),
            (&["a/b"], "#/a~1b"),
            (&["c%d"], "#/c%25d"),
            (&["e^f"], "#/e%5Ef"),
            (&["g|h"], "#/g%7Ch"),
            (&["i\\j"], "#/i%5Cj"),
            (&["k\"l"], "#/k%22l"),
            (&[" "], "#/%20"),
            (&["m~n"], "#/m~0n"),
            (&["~1"], "#/~01"),
            (&["größe"], "#/gr%C3%B6%C3%9Fe"),
        ];
        for (names, expected) in rows {
            let pointer = names.iter().fold(JsonPointer::root(), |pointer, name| pointer.join(name));
            assert_eq!(pointer.into_string(), expected, "{names:?}");
        }
    }
}
