//! The JSON of a Connect error.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::HeaderMap;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    code,
    grpc::{Detail, RpcError},
};
use crate::catalog::GrpcCode;

/// The flags of an end-of-stream message.
const END_OF_STREAM: u8 = 0b0000_0010;

/// `code`, and `message` and `details` unless they are empty.
struct WireError<'a>(&'a RpcError<'a>);

impl Serialize for WireError<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(error) = self;
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("code", &code::name(error.code))?;
        if !error.message.is_empty() {
            members.serialize_entry("message", &error.message)?;
        }
        let details: Vec<_> = error.details.iter().map(WireDetail).collect();
        if !details.is_empty() {
            members.serialize_entry("details", &details)?;
        }
        members.end()
    }
}

/// `type` and `value` of a `google.protobuf.Any`.
struct WireDetail<'a>(&'a Detail);

impl Serialize for WireDetail<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry("type", self.0.type_name())?;
        members.serialize_entry("value", &STANDARD_NO_PAD.encode(&self.0.value))?;
        members.end()
    }
}

/// Returns a detail as the type of the crate `connectrpc`.
#[cfg(feature = "connectrpc")]
pub(crate) fn wire_detail(detail: &Detail) -> connectrpc::ErrorDetail {
    let value = Some(STANDARD_NO_PAD.encode(&detail.value));
    connectrpc::ErrorDetail { type_url: detail.type_name().to_owned(), value, debug: None }
}

/// `error`, and `metadata` unless it is empty.
struct EndOfStream<'a>(&'a RpcError<'a>);

impl Serialize for EndOfStream<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("error", &WireError(self.0))?;
        let metadata = lines(&self.0.metadata);
        if !metadata.is_empty() {
            members.serialize_entry("metadata", &metadata)?;
        }
        members.end()
    }
}

/// Returns the body of a unary error.
pub(super) fn unary(error: &RpcError<'_>) -> Bytes {
    json(&WireError(error)).into()
}

/// Returns one envelope: flags, length, and the message.
pub(super) fn end_of_stream(error: &RpcError<'_>) -> Bytes {
    let message = json(&EndOfStream(error));
    // No message is as long as 4 GiB, because it would not fit into memory twice.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut envelope = vec![END_OF_STREAM];
    envelope.extend_from_slice(&length.to_be_bytes());
    envelope.extend_from_slice(&message);
    envelope.into()
}

/// Returns the lines of each field.
fn lines(metadata: &HeaderMap) -> BTreeMap<&str, Vec<&str>> {
    let mut lines = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in metadata {
        if let Ok(value) = value.to_str() {
            lines.entry(name.as_str()).or_default().push(value);
        }
    }
    lines
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Strings always serialize.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Returns the code and the message of a unary error; `None` if the body is any other JSON.
pub(crate) fn parse_code(body: &[u8]) -> Option<(GrpcCode, String)> {
    let Value::Object(members) = serde_json::from_slice(body).ok()? else { return None };
    let code = code::from_name(members.get("code")?.as_str()?)?;
    let message = members.get("message").and_then(Value::as_str).unwrap_or_default();
    Some((code, message.to_owned()))
}
