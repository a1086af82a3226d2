//! The limit of the size of a gRPC error's header fields.

use std::mem;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS, RpcError, message::Encoding, metadata, web};

/// The default limit: with HTTP/2's framing below the 4 KiB of a response's head that nginx reads.
pub(crate) const DEFAULT_LIMIT: usize = 3 * 1024;

/// Returns the size of a header field: its name, its value, and 32 bytes (RFC 9113 §6.5.2).
fn field_size(name: &str, value: usize) -> usize {
    name.len() + value + 32
}

/// Replaces the fields of a head by the content type, those that may be beside a gRPC status, and the status's `own`.
/// Two thirds of the limit are for these. Returns their size.
pub(super) fn replace_head(headers: &mut HeaderMap, content_type: HeaderValue, own: &HeaderMap, limit: usize) -> usize {
    let inner = mem::take(headers);
    // The server adds the pseudo-header field and the Date.
    let servers = field_size(":status", "200".len()) + field_size("date", "Sun, 06 Nov 1994 08:49:37 GMT".len());
    let mut used = servers + field_size("content-type", content_type.len());
    let _ = headers.try_insert(header::CONTENT_TYPE, content_type);
    let fields = inner.iter().filter(|(name, _)| metadata::may_be_in_head(name)).chain(own);
    for (name, value) in fields {
        let with = used + field_size(name.as_str(), value.len());
        if with < limit - limit / 3 && headers.try_append(name.clone(), value.clone()).is_ok() {
            used = with;
        }
    }
    used
}

impl RpcError<'_> {
    /// Shortens the error to the limit, in a head of which `used` bytes are used: leaves out the details first, then the
    /// end of the message, then metadata.
    pub(crate) fn fit(&mut self, used: usize, limit: usize) {
        self.fit_lines(used, limit, Encoding::MINIMAL, |_| 0);
    }

    /// Does the same as [`fit`](Self::fit) for trailers that tonic writes.
    #[cfg(feature = "tonic")]
    pub(crate) fn fit_for_tonic(&mut self) {
        self.fit_lines(0, DEFAULT_LIMIT, Encoding::TONIC, |_| 0);
    }

    /// Does the same as [`fit`](Self::fit) for a head that also exposes the names of the metadata.
    pub(super) fn fit_exposed(&mut self, used: usize, limit: usize, head: &HeaderMap) {
        let exposing = size_of_exposing(head);
        self.fit_lines(used + exposing, limit, Encoding::MINIMAL, |name| size_of_exposing_name(head, name));
    }

    fn fit_lines(
        &mut self,
        used: usize,
        limit: usize,
        encoding: Encoding,
        size_of_name: impl Fn(&HeaderName) -> usize,
    ) {
        let mut used = used + field_size(GRPC_STATUS.as_str(), self.code.number().len());
        let lines = self.metadata.iter().map(|(name, value)| field_size(name.as_str(), value.len()));
        let metadata = lines.sum::<usize>() + self.metadata.keys().map(&size_of_name).sum::<usize>();
        // The size stays below the limit.
        let room = limit.saturating_sub(used + metadata + 1);

        let room_for_message = room.saturating_sub(field_size(GRPC_MESSAGE.as_str(), 0));
        let whole = self.message.len();
        let (message, length) = encoding.cut(mem::take(&mut self.message), room_for_message);
        self.message = message;
        if length > 0 {
            used += field_size(GRPC_MESSAGE.as_str(), length);
        }
        let room = limit.saturating_sub(used + metadata + 1 + field_size(GRPC_STATUS_DETAILS.as_str(), 0));
        // The details repeat the message, and have to be equal to it.
        let room = if self.message.len() == whole { room } else { 0 };
        // What fits here leaves room for all metadata.
        self.details.fit(self.code, &self.message, room);

        let mut kept = HeaderMap::new();
        for (name, value) in &self.metadata {
            let of_name = if kept.contains_key(name) { 0 } else { size_of_name(name) };
            let with = used + field_size(name.as_str(), value.len()) + of_name;
            if with < limit && kept.try_append(name.clone(), value.clone()).is_ok() {
                used = with;
            }
        }
        self.metadata = kept;
    }
}

/// Returns the size that exposing the gRPC status takes.
fn size_of_exposing(headers: &HeaderMap) -> usize {
    let names: usize = web::unexposed_names(headers).map(|name| size_of_exposing_name(headers, name)).sum();
    // Between two names is a comma.
    field_size(header::ACCESS_CONTROL_EXPOSE_HEADERS.as_str(), 0) + names.saturating_sub(", ".len())
}

/// Returns the size that exposing a further name takes.
fn size_of_exposing_name(headers: &HeaderMap, name: &HeaderName) -> usize {
    if web::is_exposed(headers, name) { 0 } else { name.as_str().len() + ", ".len() }
}
