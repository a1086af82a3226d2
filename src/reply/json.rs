//! Problem documents (RFC 9457).

use std::io::{self, Write};

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
    // Most documents are shorter: written here first, they are allocated once, at their exact length.
    let mut room = [0; 512];
    let mut left = &mut room[..];
    if write_document(&mut left, shown).is_ok() {
        let unused = left.len();
        let length = room.len() - unused;
        return Bytes::copy_from_slice(room.get(..length).unwrap_or_default());
    }
    let mut out = Vec::with_capacity(2 * room.len());
    match write_document(&mut out, shown) {
        Ok(()) => out.into(),
        // Text, numbers and `Value`s cannot fail to be written to memory; a whole document stands in if they did.
        Err(_) => Bytes::from_static(shown.entry.json.as_bytes()),
    }
}

fn write_document(out: &mut impl Write, shown: &Shown<'_>) -> io::Result<()> {
    out.write_all(b"{\"type\":")?;
    write(out, shown.type_uri.unwrap_or("about:blank"))?;
    out.write_all(b",\"title\":")?;
    write(out, shown.title)?;
    out.write_all(b",\"status\":")?;
    write(out, &shown.code.as_u16())?;
    member(out, "detail", shown.detail.unwrap_or(shown.entry.explanation))?;
    if let Some(instance) = shown.instance {
        member(out, "instance", instance)?;
    }
    for (name, value) in shown.extensions {
        member(out, name, value)?;
    }
    if let Some(id) = shown.request_id {
        member(out, "request_id", id)?;
    }
    out.write_all(b"}")
}

fn member(out: &mut impl Write, name: &str, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    out.write_all(b",")?;
    write(out, name)?;
    out.write_all(b":")?;
    write(out, value)
}

fn write(out: &mut impl Write, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    Ok(serde_json::to_writer(out, value)?)
}
