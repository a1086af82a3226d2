//! The percent-encoding of `grpc-message`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The characters of a message that are percent-encoded.
#[derive(Clone, Copy)]
pub(super) struct Encoding(&'static AsciiSet);

impl Encoding {
    /// PROTOCOL-HTTP2.md: everything but `%x20-24 / %x26-7E`.
    pub(super) const MINIMAL: Self = Self(&CONTROLS.add(b'%'));

    /// The characters that tonic encodes, which are more.
    #[cfg(feature = "tonic")]
    pub(super) const TONIC: Self = Self(
        &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'`').add(b'?').add(b'{').add(b'}'),
    );

    fn length(self, text: &str) -> usize {
        utf8_percent_encode(text, self.0).map(str::len).sum()
    }

    /// Returns the length of the encoded message.
    pub(super) fn length_of(self, message: &str) -> usize {
        let (first, inner, last) = split_edges(message);
        self.length(inner) + 3 * (usize::from(first) + usize::from(last))
    }

    /// Returns as much of a message as fits, cut between characters, with an ellipsis at the end; and its encoded length.
    pub(super) fn cut(self, message: Cow<'_, str>, room: usize) -> (Cow<'_, str>, usize) {
        const ELLIPSIS: &str = "…";
        // No encoding is shorter than the text.
        if message.len() <= room {
            let length = self.length_of(&message);
            if length <= room {
                return (message, length);
            }
        }
        let Some(mut left) = room.checked_sub(self.length(ELLIPSIS)) else { return (Cow::Borrowed(""), 0) };
        let mut kept = String::with_capacity(left + ELLIPSIS.len());
        for (at, c) in message.char_indices() {
            let length = if at == 0 && c == ' ' { 3 } else { self.length(c.encode_utf8(&mut [0; 4])) };
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
            kept.push(c);
        }
        kept.push_str(ELLIPSIS);
        (kept.into(), room - left)
    }
}

/// Encodes a message. A field value neither begins nor ends with a space (RFC 9113 §8.2.1), so such a space is
/// encoded as well.
pub(super) fn encode(message: &str) -> Cow<'_, str> {
    let encode = |text| utf8_percent_encode(text, Encoding::MINIMAL.0);
    match split_edges(message) {
        (false, inner, false) => encode(inner).into(),
        (first, inner, last) => {
            let space = |is_space| if is_space { "%20" } else { "" };
            format!("{}{}{}", space(first), encode(inner), space(last)).into()
        }
    }
}

/// Splits a message into whether it begins with a space, the rest, and whether it ends with one.
fn split_edges(message: &str) -> (bool, &str, bool) {
    let rest = message.strip_prefix(' ');
    let first = rest.is_some();
    let rest = rest.unwrap_or(message);
    match rest.strip_suffix(' ') {
        Some(inner) => (first, inner, true),
        None => (first, rest, false),
    }
}
