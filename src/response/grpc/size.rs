//! The size of the header fields of a gRPC error.

/// The default limit: with HTTP/2's framing below the 4 KiB of a response's head that nginx reads.
pub(crate) const DEFAULT_LIMIT: usize = 3 * 1024;

/// Returns the size of a header field: its name, its value, and 32 bytes (RFC 9113 §6.5.2).
pub(super) fn field_size(name: &str, value: usize) -> usize {
    name.len() + value + 32
}
