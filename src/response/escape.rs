//! Text with what a form cannot hold replaced, in one allocation.

use std::fmt::{self, Display, Write};

/// What a form cannot hold as it is.
pub(crate) trait Escape {
    /// Of an ASCII character, or of a longer one's first byte: 0 if it stays. A space does, and the bytes that follow in a
    /// longer one. A number, since the compiler then looks at many bytes at once.
    fn special(byte: u8) -> u8;

    /// What stands in for a character whose first byte is special; `None`: it stays.
    fn replacement(char: char) -> Option<&'static str>;
}

/// Takes the text of an answer.
pub(crate) trait Out {
    /// Takes what needs no escape.
    fn raw(&mut self, text: &str);

    /// Takes any other text.
    fn text<E: Escape>(&mut self, text: &str) {
        escape::<E>(text, |run| self.raw(run));
    }
}

impl Out for String {
    fn raw(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// What is written twice: it is counted first, so that it is allocated at its exact length.
pub(super) trait Written {
    fn write(&self, out: &mut impl Out);

    fn to_text(&self) -> String {
        let mut length = Length { bytes: 0, plain: true };
        self.write(&mut length);
        let mut text = String::with_capacity(length.bytes);
        if length.plain {
            self.write(&mut Plain(&mut text));
        } else {
            self.write(&mut text);
        }
        text
    }
}

struct Length {
    bytes: usize,
    /// Whether nothing had to be replaced so far.
    plain: bool,
}

impl Out for Length {
    fn raw(&mut self, text: &str) {
        self.bytes += text.len();
    }

    fn text<E: Escape>(&mut self, text: &str) {
        if plain::<E>(text.as_bytes()) == text.len() {
            self.bytes += text.len();
        } else {
            self.plain = false;
            escape::<E>(text, |run| self.bytes += run.len());
        }
    }
}

/// Takes what is known to need no escape.
struct Plain<'a>(&'a mut String);

impl Out for Plain<'_> {
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn text<E: Escape>(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

/// Takes what prints itself.
pub(super) fn print(out: &mut impl Out, text: impl Display) {
    struct Printer<'a, O>(&'a mut O);

    impl<O: Out> Write for Printer<'_, O> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.raw(text);
            Ok(())
        }
    }

    // What takes text does not fail, and of a Display that does the text stays.
    let _ = write!(Printer(out), "{text}");
}

/// Passes on as many characters at once as stay.
pub(super) fn escape<E: Escape>(text: &str, mut write: impl FnMut(&str)) {
    let (mut written, mut seen) = (0, plain::<E>(text.as_bytes()));
    while let Some(char) = text.get(seen..).and_then(|rest| rest.chars().next()) {
        let end = seen + char.len_utf8();
        if let Some(replacement) = E::replacement(char) {
            write(text.get(written..seen).unwrap_or_default());
            write(replacement);
            written = end;
        }
        seen = end + plain::<E>(text.as_bytes().get(end..).unwrap_or_default());
    }
    write(text.get(written..).unwrap_or_default());
}

/// How many bytes stay as they are; looked at by sixteens, since most do.
fn plain<E: Escape>(text: &[u8]) -> usize {
    let is_plain = |block: &[u8; 16]| block.iter().fold(0, |special, byte| special | E::special(*byte)) == 0;
    let (blocks, rest) = text.as_chunks();
    let whole = blocks.iter().take_while(|block| is_plain(block)).count();
    let mut last = [b' '; 16];
    if let Some(last) = last.get_mut(..rest.len()) {
        last.copy_from_slice(rest);
    }
    if whole == blocks.len() && is_plain(&last) {
        return text.len();
    }
    let rest = text.get(16 * whole..).unwrap_or_default();
    16 * whole + rest.iter().position(|byte| E::special(*byte) != 0).unwrap_or(rest.len())
}
