//! The percent-encoding of `grpc-message`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Everything but `%x20-24 / %x26-7E` is encoded.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// Encodes a message. A field value neither begins nor ends with a space (RFC 9113 §8.2.1), so those are encoded, too.
pub(super) fn encode(message: &str) -> Cow<'_, str> {
    let inner = message.trim_matches(' ');
    if inner.len() == message.len() {
        // Most have nothing to encode.
        if message.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%') {
            return message.into();
        }
        return utf8_percent_encode(message, ENCODED).into();
    }
    let spaces = |text: &str| "%20".repeat(text.len());
    let Some(start) = message.find(|c| c != ' ') else { return spaces(message).into() };
    let (before, rest) = message.split_at(start);
    let (inner, after) = rest.split_at(inner.len());
    format!("{}{}{}", spaces(before), utf8_percent_encode(inner, ENCODED), spaces(after)).into()
}

/// Returns as much of the encoded message as fits, cut between characters, with an ellipsis at the end.
pub(super) fn cut(message: &str, room: usize) -> String {
    const ELLIPSIS: &str = "%E2%80%A6";
    let Some(room) = room.checked_sub(ELLIPSIS.len()) else { return String::new() };
    let mut kept = String::with_capacity(room);
    for (at, c) in message.char_indices() {
        let Some(c) = message.get(at..at + c.len_utf8()) else { break };
        let encoded: Cow<'_, str> =
            if kept.is_empty() && c == " " { "%20".into() } else { utf8_percent_encode(c, ENCODED).into() };
        if kept.len() + encoded.len() > room {
            break;
        }
        kept.push_str(&encoded);
    }
    kept + ELLIPSIS
}
