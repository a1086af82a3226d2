//! HTML while it is written.

/// A document, or a part of one.
pub(crate) struct Markup(String);

impl Markup {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Appends markup, or text that needs no escape.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends text to the content of an element or to a quoted attribute.
    ///
    /// Characters that HTML forbids, or that show another text than they mean, are replaced.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        // Without an early exit the compiler checks many bytes at once, and most texts are plain.
        if text.bytes().fold(true, |is_plain, byte| is_plain & is_plain_ascii(byte)) {
            return self.raw(text);
        }
        for char in text.chars() {
            match replacement(char) {
                Some(replacement) => self.0.push_str(replacement),
                None => self.0.push(char),
            }
        }
        self
    }

    /// Appends text whose first letter becomes a capital.
    pub(crate) fn capitalized(&mut self, text: &str) -> &mut Self {
        let text = text.trim_start();
        let mut rest = text.chars();
        let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
        self.text(&first).text(rest.as_str())
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Returns a text that has something to show.
pub(super) fn non_blank(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Returns whether a byte is an ASCII character that can be written unchanged.
fn is_plain_ascii(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
}

/// Returns `None` for a character that can be written unchanged.
fn replacement(char: char) -> Option<&'static str> {
    Some(match char {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&#34;",
        '\'' => "&#39;",
        '\t' | '\n' => return None,
        '\r' => " ",
        '\u{2028}' | '\u{2029}' => "\n",
        // Isolates, which Fluent puts around each value. The element isolates its text already, unless a stray end of an
        // isolate ends that early.
        '\u{2066}'..='\u{2069}' => "",
        // Embeddings and overrides show another text than they mean; HTML forbids noncharacters.
        '\u{202a}'..='\u{202e}' | '\u{fdd0}'..='\u{fdef}' => "\u{fffd}",
        char if char.is_control() || u32::from(char) & 0xfffe == 0xfffe => "\u{fffd}",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut markup = Markup::with_capacity(0);
        markup.text(text);
        markup.into_string()
    }

    #[test]
    #[rustfmt::skip]
    fn markup_and_forbidden_characters_are_replaced() {
        let rows = [
            ("", ""),
            ("ümlaut, 漢字, العربية, 🙂", "ümlaut, 漢字, العربية, 🙂"),
            ("<b a='1' c=\"2\">&amp;</b>", "&lt;b a=&#39;1&#39; c=&#34;2&#34;&gt;&amp;amp;&lt;/b&gt;"),
            ("a\tb\nc", "a\tb\nc"),
            ("a\r\nb\rc", "a \nb c"),
            ("\0\u{1b}[31m\u{7f}\u{85}\u{9f}", "\u{fffd}\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}"),
            ("a\u{2028}b\u{2029}c", "a\nb\nc"),
            ("\u{202a}a\u{202e}b\u{202c}", "\u{fffd}a\u{fffd}b\u{fffd}"),
            ("\u{2066}a\u{2068}b\u{2069}\u{2069}", "ab"),
            ("\u{200e}a\u{200f}", "\u{200e}a\u{200f}"),
            ("\u{fdd0}\u{fffe}\u{ffff}\u{10ffff}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ];
        for (text, expected) in rows {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }

    #[test]
    fn first_letter_becomes_a_capital() {
        for (text, expected) in [
            ("order 8 was deleted", "Order 8 was deleted"),
            ("Order", "Order"),
            ("  <b>", "&lt;b&gt;"),
            ("ärger", "Ärger"),
            ("ßa", "SSa"),
            ("8 orders", "8 orders"),
            ("漢字", "漢字"),
            ("", ""),
        ] {
            let mut markup = Markup::with_capacity(0);
            markup.capitalized(text);
            assert_eq!(markup.into_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn plain_ascii_has_no_replacement() {
        for byte in 0..=u8::MAX {
            assert!(!is_plain_ascii(byte) || replacement(char::from(byte)).is_none(), "{byte:#x}");
        }
    }
}
