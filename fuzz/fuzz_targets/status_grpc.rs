//! A status over gRPC, read back by tonic and `tonic-types` as by a client.
#![no_main]

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde_json::Value;
use tonic_types::{ErrorDetails, ErrorInfo, StatusExt, pb};
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};
use tower_status_fuzz::{ask::fail, status_input::StatusInput};

/// The default limit of the size of the header fields (RFC 9113 §6.5.2).
const LIMIT: usize = 3 * 1024;
const TYPES: [&str; 3] = ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text"];

fuzz_target!(|input: StatusInput<'_>| {
    let status = input.status();
    for content_type in TYPES {
        let mut request = input.request(header::CONTENT_TYPE, content_type);
        *request.method_mut() = Method::POST;
        let path = request.uri().path().to_owned();
        let (parts, body) = fail(&StatusMapLayer::new().rpc(true), &status, request);
        assert_eq!(parts.status, 200);
        assert_eq!(parts.headers[header::CONTENT_TYPE], content_type);
        let mut total = size(&parts.headers) + ":status".len() + "200".len() + 32;
        let fields = if content_type == TYPES[2] {
            assert!(!parts.headers.contains_key("grpc-status"));
            let fields = frame(&STANDARD.decode(body).expect("base64"));
            assert!(!fields.contains_key("set-cookie"), "a cookie is a header field");
            total += size(&fields);
            fields
        } else {
            assert!(body.is_empty());
            parts.headers.clone()
        };
        assert!(total < LIMIT, "{total}");
        if content_type == TYPES[1] {
            check_exposed(&parts.headers);
        }
        check(&input, &status, &path, &fields, total);
    }
    // `?` in a tonic handler
    let made = tonic::Status::from(status.clone());
    assert_eq!(made.code(), expected_code(&input, &status).into());
    let mut trailers = HeaderMap::new();
    made.add_header(&mut trailers).expect("valid fields");
    assert!(size(&trailers) < LIMIT, "{}", size(&trailers));
    check_message(&input, &status, made.message(), !made.details().is_empty(), size(&trailers));
    check_printed(&input, &status, &made);
});

/// Returns the size of the fields (RFC 9113 §6.5.2).
fn size(fields: &HeaderMap) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

/// Checks that a page of another origin may read the status and its metadata.
fn check_exposed(fields: &HeaderMap) {
    let lines = fields.get_all("access-control-expose-headers").iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase()).collect();
    let exposed: Vec<_> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    let browsers = |name: &str| {
        name.starts_with("access-control-")
            || ["content-type", "set-cookie", "vary", "timing-allow-origin"].contains(&name)
    };
    for name in fields.keys().map(HeaderName::as_str).filter(|name| !browsers(name)) {
        assert!(exposed.contains(&name) || exposed.contains(&"*"), "{name} of {exposed:?}");
    }
}

/// Checks that a hidden detail does not change the output of `Display` and `Debug` of a converted status.
fn check_printed(input: &StatusInput<'_>, status: &Status, made: &tonic::Status) {
    if is_hidden(input, status) {
        let other = tonic::Status::from(status.clone().with_detail("another detail"));
        assert_eq!(format!("{made} {made:?}"), format!("{other} {other:?}"));
    }
}

/// Returns the fields of gRPC-Web's trailer frame.
fn frame(bytes: &[u8]) -> HeaderMap {
    let (head, lines) = bytes.split_at(5);
    assert_eq!(head[0], 0x80);
    assert_eq!(u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize, lines.len());
    let mut fields = HeaderMap::new();
    for line in lines.strip_suffix(b"\r\n").expect("the last line ends").split(|byte| *byte == b'\n') {
        let colon = line.iter().position(|byte| *byte == b':').expect("a field");
        let value = line[colon + 1..].strip_suffix(b"\r").unwrap_or(&line[colon + 1..]);
        let name = HeaderName::from_bytes(&line[..colon]).expect("a name");
        fields.append(name, HeaderValue::from_bytes(value).expect("a value"));
    }
    fields
}

fn expected_code(input: &StatusInput<'_>, status: &Status) -> GrpcCode {
    match input.grpc_code().unwrap_or_else(|| status.code().into()) {
        GrpcCode::Ok => GrpcCode::Unknown,
        code => code,
    }
}

/// Returns whether detail and members are hidden, as those of a 5xx and of gRPC's codes for one.
fn is_hidden(input: &StatusInput<'_>, status: &Status) -> bool {
    let hidden = [GrpcCode::Internal, GrpcCode::Unknown, GrpcCode::DataLoss];
    !input.exposed && (input.is_hidden(status.code()) || hidden.contains(&expected_code(input, status)))
}

fn expected_message<'a>(input: &'a StatusInput<'_>, status: &Status) -> &'a str {
    let detail = input.shown_detail(status.code()).filter(|_| !is_hidden(input, status));
    let code = expected_code(input, status);
    let default = if code == status.entry().grpc { status.entry().explanation } else { code.explanation() };
    detail.unwrap_or(default)
}

/// Checks a message in a head of this size.
fn check_message(input: &StatusInput<'_>, status: &Status, found: &str, has_details: bool, size_of_head: usize) {
    let message = expected_message(input, status);
    if found == message {
        return;
    }
    assert!(!has_details, "the details are left out first");
    // Shortened between characters, with an ellipsis; left out if the status's own fields need the whole limit.
    if let Some(kept) = found.strip_suffix('…') {
        assert!(message.starts_with(kept), "{message:?} {kept:?}");
        assert!(size_of_head > LIMIT - 256, "shortened at {size_of_head}");
    } else {
        assert_eq!(found, "");
        // A name is sent twice where it is exposed.
        assert!(2 * size(status.headers()) > LIMIT - 512, "{}", size(status.headers()));
    }
}

fn check(input: &StatusInput<'_>, status: &Status, path: &str, fields: &HeaderMap, size_of_head: usize) {
    let code = expected_code(input, status);
    assert!(fields.get_all("grpc-status").iter().eq([(code as i32).to_string().as_str()]));
    for (name, value) in fields {
        let bytes = value.as_bytes();
        assert_eq!(bytes, bytes.trim_ascii(), "{name}: RFC 9113 §8.2.1");
        assert!(!["www-authenticate", "location", "allow", "cache-control", "retry-after"].contains(&name.as_str()));
    }
    if let Some(value) = fields.get("grpc-message") {
        assert!(value.as_bytes().iter().all(|byte| (0x20..=0x7e).contains(byte)), "{value:?}");
    }
    let read = tonic::Status::from_header_map(fields).expect("a status");
    assert_eq!(read.code(), code.into());
    check_message(input, status, read.message(), !read.details().is_empty(), size_of_head + DATE);
    check_pushback(input, status, code, fields);
    if read.details().is_empty() {
        return;
    }
    let rpc = pb::Status::decode(read.details()).expect("google.rpc.Status");
    assert_eq!((rpc.code, &*rpc.message), (code as i32, expected_message(input, status)));
    let details = read.check_error_details().expect("known messages");
    check_details(input, status, path, &rpc, &details);
}

/// The size of the server's Date.
const DATE: usize = "date".len() + "Sun, 06 Nov 1994 08:49:37 GMT".len() + 32;

/// Returns the delay of a status, otherwise that of its field.
fn delay(input: &StatusInput<'_>, status: &Status) -> Option<Duration> {
    let field = || status.headers().get("retry-after")?.to_str().ok()?.parse().ok().map(Duration::from_secs);
    input.retry_after.or_else(field)
}

/// Checks the pushback (gRFC A6): one value, only with a code that clients retry.
fn check_pushback(input: &StatusInput<'_>, status: &Status, code: GrpcCode, fields: &HeaderMap) {
    let lines: Vec<_> = fields.get_all("grpc-retry-pushback-ms").iter().collect();
    assert!(lines.len() <= 1, "{lines:?}");
    let (Some(value), None) = (lines.first(), status.headers().get("grpc-retry-pushback-ms")) else { return };
    assert!(matches!(code, GrpcCode::Unavailable | GrpcCode::ResourceExhausted), "{code}");
    let value: i32 = value.to_str().expect("digits").parse().expect("32 bits");
    let nanos = delay(input, status).expect("a delay").as_nanos();
    assert_eq!(u128::try_from(value).expect("not negative"), nanos.div_ceil(1_000_000));
}

fn check_details(input: &StatusInput<'_>, status: &Status, path: &str, rpc: &pb::Status, details: &ErrorDetails) {
    let members = if is_hidden(input, status) { Vec::new() } else { input.shown_members(status) };
    let errors = members.iter().find(|(name, _)| name == "errors").and_then(|(_, errors)| errors.as_array());
    let described: Vec<_> = errors.into_iter().flatten().filter_map(described).collect();
    let is_http = |uri: &str| {
        let uri = uri.to_ascii_lowercase();
        uri.starts_with("http://") || uri.starts_with("https://")
    };
    let delay = delay(input, status);

    // Details that do not fit are left out, the last one first.
    let mut kinds = vec!["ErrorInfo"];
    kinds.extend(delay.map(|_| "RetryInfo"));
    kinds.extend((!described.is_empty()).then_some("BadRequest"));
    kinds.extend(status.type_uri().filter(|uri| is_http(uri)).map(|_| "Help"));
    let found: Vec<_> = rpc.details.iter().map(|any| any.type_url.rsplit('.').next().unwrap_or_default()).collect();
    assert!(kinds.starts_with(&found) && !found.is_empty(), "{found:?} of {kinds:?}");

    let info = details.error_info().expect("every error has one");
    check_error_info(input, path, &members, info);
    if let Some(info) = details.retry_info() {
        let delay = delay.map(|delay| delay.min(Duration::new(315_576_000_000, delay.subsec_nanos())));
        assert_eq!(info.retry_delay, delay);
    }
    if let Some(request) = details.bad_request() {
        assert!(request.field_violations.iter().map(|violation| &violation.description).eq(&described));
    }
    if let Some(help) = details.help() {
        assert!(help.links.iter().map(|link| link.url.as_str()).eq(status.type_uri()));
    }
}

fn check_error_info(input: &StatusInput<'_>, path: &str, members: &[(String, Value)], info: &ErrorInfo) {
    let reason = info.reason.as_bytes();
    assert!((3..=63).contains(&reason.len()) && reason[0].is_ascii_uppercase(), "{}", info.reason);
    assert!(reason.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_'));
    assert_ne!(reason.last(), Some(&b'_'), "{}", info.reason);
    let domain = path.rsplit_once('/').map_or("", |(before, _)| before.rsplit('/').next().unwrap_or(""));
    assert_eq!(info.domain, domain);
    let keys = members.iter().filter(|(name, _)| is_key(name));
    let mut expected: Vec<_> = keys.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect();
    expected.extend(input.shown_id().map(|id| ("request_id".to_owned(), id)));
    let mut found: Vec<_> = info.metadata.clone().into_iter().collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

/// Returns whether a key is valid in `google.rpc.ErrorInfo`: `[a-zA-Z0-9-_]`, at most 64 characters.
fn is_key(name: &str) -> bool {
    name.chars().count() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        scalar => Some(scalar.to_string()),
    }
}

/// Returns the description of one of `errors`, if it has a pointer, a parameter or a detail.
fn described(error: &Value) -> Option<String> {
    let text = |name| error.get(name).and_then(Value::as_str);
    let has_any = ["pointer", "parameter", "detail"].into_iter().any(|name| text(name).is_some());
    has_any.then(|| text("detail").unwrap_or_default().to_owned())
}
