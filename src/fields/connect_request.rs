//! Recognizes Connect requests (Connect Protocol Reference, "Unary-Request", "Unary-Get-Request", "Streaming-Request").
//! `RequestInfo::read` calls it for a POST, GET or HEAD.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, uri::PathAndQuery};
use percent_encoding::percent_decode_str;

use super::{media_type, protocol::Protocol};

/// The field that distinguishes a unary request from other requests with the same content type.
pub(crate) static CONNECT_PROTOCOL_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");

const STREAMING: &[u8] = b"application/connect+";
const UNARY: &[u8] = b"application/";

/// Returns the protocol of a POST that is not gRPC's. `has_version`: the field with the version is present.
pub(super) fn of_post(content_type: &HeaderValue, headers: &HeaderMap, has_version: bool) -> Protocol {
    let essence = media_type::essence(content_type.as_bytes());
    if has_name_after(essence, STREAMING) {
        Protocol::ConnectStream
    } else if has_version && has_name_after(essence, UNARY) && is_version_1(headers) {
        Protocol::Connect
    } else {
        Protocol::Http
    }
}

/// Returns whether a media type is that of a streaming message.
pub(crate) fn is_streaming(content_type: &HeaderValue) -> bool {
    has_name_after(media_type::essence(content_type.as_bytes()), STREAMING)
}

/// Returns the content type of a streaming response: that of the request, without parameters.
pub(super) fn streaming_content_type(request: Option<&HeaderValue>) -> HeaderValue {
    const PROTO: HeaderValue = HeaderValue::from_static("application/connect+proto");
    let essence = request.map(|value| media_type::essence(value.as_bytes()).to_ascii_lowercase());
    essence.and_then(|essence| HeaderValue::from_bytes(&essence).ok()).unwrap_or(PROTO)
}

/// Returns whether a media type is `base` and a restricted-name of RFC 6838 §4.2.
fn has_name_after(essence: &[u8], base: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(byte);
    let Some((head, name)) = essence.split_at_checked(base.len()) else { return false };
    head.eq_ignore_ascii_case(base) && (1..=127).contains(&name.len()) && name.iter().all(is_name)
}

fn is_version_1(headers: &HeaderMap) -> bool {
    headers.get_all(&CONNECT_PROTOCOL_VERSION).iter().eq(["1"])
}

/// The shortest query of a unary GET.
const SHORTEST: usize = "connect=v1&encoding&message".len();

/// Returns whether the query of a GET is that of a unary one: `connect=v1`, `encoding` and `message`, in any order.
#[inline]
pub(crate) fn is_unary_get(uri: &Uri) -> bool {
    // Most requests have a shorter target.
    let may_be = |target: &&PathAndQuery| target.as_str().len() > SHORTEST;
    uri.path_and_query().filter(may_be).and_then(PathAndQuery::query).is_some_and(is_unary_query)
}

#[inline(never)]
fn is_unary_query(query: &str) -> bool {
    // Most queries have fewer parameters.
    if query.bytes().filter(|byte| *byte == b'&').count() < 2 {
        return false;
    }
    let (mut version, mut encoding, mut message) = (None, false, false);
    for parameter in query.split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match &*decoded(name) {
            // The first one counts.
            "connect" => version = version.or_else(|| Some(decoded(value) == "v1")),
            "encoding" => encoding = true,
            "message" => message = true,
            _ => {}
        }
    }
    version == Some(true) && encoding && message
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
