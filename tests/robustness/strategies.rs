//! Arbitrary input of the properties: texts, values, header fields, bodies and responses.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use proptest::{collection::vec, prelude::*, sample::subsequence};
use serde_json::{Map, Value};
use tower_status::ETag;

use crate::common::{
    body::{Script, Step},
    header_map,
};

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(any::<char>(), 0..24).prop_map(String::from_iter),
        "[ -~]{0,24}",
        Just("</title><script>alert(1)</script>".to_owned()),
        Just("two\r\nlines\u{2028}\0\u{1b}[31m".to_owned()),
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Without serde_json's `float_roundtrip` only such floats are read back exactly.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text(), inner), 0..6).prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

pub(crate) fn field() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let name = prop_oneof![
        "[a-z][a-z0-9-]{0,11}",
        Just("set-cookie".to_owned()),
        Just("vary".to_owned()),
        Just("cache-control".to_owned()),
        Just("content-type".to_owned()),
        Just("content-encoding".to_owned()),
        Just("content-length".to_owned()),
        Just("etag".to_owned()),
    ];
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    (name, vec(byte, 0..20)).prop_map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_bytes(&value).unwrap()))
}

pub(crate) fn fields() -> impl Strategy<Value = HeaderMap> {
    vec(field(), 0..12).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        headers
    })
}

/// Returns request fields that change no response with `fields`, which has neither this tag nor a date.
pub(crate) fn request_fields() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let fields = [
        ("accept", "text/html, */*;q=0.1"),
        ("accept", "text/plain"),
        ("content-type", "application/grpc"),
        ("if-none-match", "\"longer-than-any-field-of-a-response\""),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("x-request-id", "7f3a"),
    ];
    subsequence(fields.to_vec(), 0..=fields.len())
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => vec(any::<u8>(), 0..12).prop_map(|data| Step::Data(data.into())),
        1 => Just(Step::Waits),
        1 => Just(Step::Fails),
        1 => fields().prop_map(Step::Trailers),
    ];
    vec(step, 0..8)
}

/// Codes whose responses have a body.
pub(crate) fn code(codes: std::ops::Range<u16>) -> impl Strategy<Value = StatusCode> {
    codes
        .prop_filter("without content", |code| ![204, 205, 304].contains(code))
        .prop_map(|code| StatusCode::from_u16(code).unwrap())
}

pub(crate) fn etag() -> impl Strategy<Value = ETag> {
    let opaque = prop_oneof!["[ab]", "[!#-~]{0,6}"];
    (any::<bool>(), opaque).prop_map(|(weak, text)| if weak { ETag::weak(text) } else { ETag::strong(text) }.unwrap())
}

pub(crate) fn response(code: StatusCode, headers: &HeaderMap, body: Script) -> Response<Script> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response.headers_mut().clone_from(headers);
    response
}

/// Caching fields (RFC 9111, RFC 9213, and those that CDNs read), and the fields that decide about a response.
pub(crate) const FRESHNESS: [(&str, &str); 10] = [
    ("cache-control", "public, max-age=3600"),
    ("cdn-cache-control", "max-age=3600"),
    ("example-cache-control", "max-age=3600"),
    ("surrogate-control", "max-age=3600"),
    ("edge-control", "cache-maxage=3600"),
    ("x-accel-expires", "3600"),
    ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ("age", "5"),
    ("pragma", "x"),
    ("warning", "110 - stale"),
];

pub(crate) fn cacheable_fields() -> impl Strategy<Value = HeaderMap> {
    let others = [
        ("etag", "\"v7\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("content-type", "text/plain"),
        ("content-type", "application/json"),
        ("grpc-status", "5"),
        ("set-cookie", "a=1"),
    ];
    let others = subsequence(others.to_vec(), 0..=others.len());
    (subsequence(FRESHNESS.to_vec(), 0..=FRESHNESS.len()), others)
        .prop_map(|(freshness, others)| header_map(&[freshness, others].concat()))
}

/// Returns request fields that turn a success into an error, or choose the format.
pub(crate) fn deciding_fields() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let fields = [
        ("accept", "text/html"),
        ("content-type", "application/grpc"),
        ("if-match", "\"nope\""),
        ("if-match", "\"v7\""),
        ("if-unmodified-since", "Sat, 05 Nov 1994 08:49:37 GMT"),
        ("if-none-match", "\"v7\""),
    ];
    subsequence(fields.to_vec(), 0..=fields.len())
}
