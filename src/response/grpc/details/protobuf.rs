//! Protobuf's wire format.

use bytes::{Buf, Bytes};

use super::detail::Detail;

/// A protobuf message that is being written. Default values are left out, as in proto3.
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    pub(super) fn new() -> Self {
        // Most messages are smaller.
        Self(Vec::with_capacity(128))
    }

    fn varint(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            self.0.push(if value == 0 { low & 0x7f } else { low | 0x80 });
            if value == 0 {
                return;
            }
        }
    }

    pub(super) fn number(&mut self, field: u64, value: u64) {
        if value != 0 {
            self.varint(field << 3);
            self.varint(value);
        }
    }

    pub(super) fn text(&mut self, field: u64, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

/// Reads the details of a `google.rpc.Status`: `code = 1, message = 2, details = 3`, each of `type_url = 1, value = 2`.
///
/// Returns `None` for any other message.
pub(super) fn parse_rpc_status(encoded: &Bytes) -> Option<Vec<Detail>> {
    let mut details = Vec::new();
    let mut reader = Reader(encoded.clone());
    while !reader.0.is_empty() {
        match reader.field()? {
            (1, Value::Number) | (2, Value::Bytes(_)) => {}
            (3, Value::Bytes(any)) => details.push(parse_any(any)?),
            _ => return None,
        }
    }
    Some(details)
}

fn parse_any(encoded: Bytes) -> Option<Detail> {
    let mut detail = Detail { type_url: "".into(), value: Bytes::new() };
    let mut reader = Reader(encoded);
    while !reader.0.is_empty() {
        match reader.field()? {
            (1, Value::Bytes(text)) => detail.type_url = String::from_utf8(text.into()).ok()?.into(),
            (2, Value::Bytes(bytes)) => detail.value = bytes,
            _ => return None,
        }
    }
    Some(detail)
}

/// The unread part of a message.
struct Reader(Bytes);

enum Value {
    Number,
    Bytes(Bytes),
}

impl Reader {
    /// Reads a field of one of the two wire types that a `google.rpc.Status` has.
    fn field(&mut self) -> Option<(u64, Value)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => {
                self.varint()?;
                Value::Number
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes((length <= self.0.len()).then(|| self.0.split_to(length))?)
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.0.first()?;
            self.0.advance(1);
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}
