//! Problem documents (RFC 9457).

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

use super::Shown;

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A bare status allocates nothing, any other once.
pub(crate) fn render(shown: &Shown<'_>) -> Bytes {
    let bare = shown.is_bare()
        && shown.code == shown.entry.code
        && shown.type_uri.is_none()
        && shown.instance.is_none()
        && shown.request_id.is_none();
    if bare {
        return Bytes::from_static(shown.entry.json.as_bytes());
    }
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"type\":");
    write(&mut out, shown.type_uri.unwrap_or("about:blank"));
    out.extend_from_slice(b",\"title\":");
    write(&mut out, shown.title);
    out.extend_from_slice(b",\"status\":");
    write(&mut out, &shown.code.as_u16());
    member(&mut out, "detail", shown.detail.unwrap_or(shown.entry.explanation));
    if let Some(instance) = shown.instance {
        member(&mut out, "instance", instance);
    }
    for (name, value) in shown.extensions {
        member(&mut out, name, value);
    }
    if let Some(id) = shown.request_id {
        member(&mut out, "request_id", id);
    }
    out.push(b'}');
    out.into()
}

fn member(out: &mut Vec<u8>, name: &str, value: &(impl Serialize + ?Sized)) {
    out.push(b',');
    write(out, name);
    out.push(b':');
    write(out, value);
}

/// Text, numbers and `Value`s cannot fail to be written to memory; `null` keeps the document whole if they did.
fn write(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
