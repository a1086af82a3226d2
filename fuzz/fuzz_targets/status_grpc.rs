//! A status over gRPC, read back by tonic and `tonic-types` as by a client.
#![no_main]

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde_json::Value;
use tonic_types::{ErrorDetails, StatusExt, pb};
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};
use tower_status_fuzz::{ask::fail, status_input::StatusInput};

/// The limit of the header fields (RFC 9113 §10.5.1).
const LIMIT: usize = 8 * 1024;
const TYPES: [&str; 3] = ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text"];

fuzz_target!(|input: StatusInput<'_>| {
    let status = input.status();
    for content_type in TYPES {
        let mut request = input.request(header::CONTENT_TYPE, content_type);
        *request.method_mut() = Method::POST;
        let path = request.uri().path().to_owned();
        let (parts, body) = fail(&StatusMapLayer::new(), &status, request);
        assert_eq!(parts.status, 200);
        assert_eq!(parts.headers[header::CONTENT_TYPE], content_type);
        let fields = if content_type == TYPES[2] {
            assert!(!parts.headers.contains_key("grpc-status"));
            frame(&STANDARD.decode(body).expect("base64"))
        } else {
            assert!(body.is_empty());
            parts.headers.clone()
        };
        check(&input, &status, &path, &fields);
        // RFC 9113 §6.5.2
        let head = parts.headers.iter().chain(fields.iter().filter(|_| content_type == TYPES[2]));
        let size: usize = head.map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size + ":status".len() + "200".len() + 32 <= LIMIT, "{size}");
    }
    // `?` in a tonic handler
    let made = tonic::Status::from(status.clone());
    assert_eq!(made.code(), expected_code(&input, &status).into());
    assert_eq!(made.message(), expected_message(&input, &status));
});

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

/// Whether detail and members are hidden, as those of a 5xx and of gRPC's codes for one.
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

fn check(input: &StatusInput<'_>, status: &Status, path: &str, fields: &HeaderMap) {
    let code = expected_code(input, status);
    let message = expected_message(input, status);
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
    if read.message() != message {
        let size = |fields: &HeaderMap| -> usize {
            fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
        };
        // Shortened between characters, with an ellipsis; left out if the status's own fields need the whole limit.
        if let Some(kept) = read.message().strip_suffix('…') {
            assert!(message.starts_with(kept), "{message:?} {kept:?}");
            assert!(size(fields) > LIMIT - 512, "shortened at {}", size(fields));
        } else {
            assert_eq!(read.message(), "");
            assert!(size(status.headers()) > LIMIT - 512, "{}", size(status.headers()));
        }
        assert!(!fields.contains_key("grpc-status-details-bin"), "the details go first");
    }
    if read.details().is_empty() {
        return;
    }
    let rpc = pb::Status::decode(read.details()).expect("google.rpc.Status");
    assert_eq!((rpc.code, &*rpc.message), (code as i32, message));
    let details = read.check_error_details().expect("known messages");
    check_details(input, status, path, &details);
}

fn check_details(input: &StatusInput<'_>, status: &Status, path: &str, details: &ErrorDetails) {
    let members = if is_hidden(input, status) { Vec::new() } else { input.shown_members(status) };
    // The delay, otherwise that of the field.
    let field = || status.headers().get("retry-after")?.to_str().ok()?.parse().ok().map(Duration::from_secs);
    let delay = input.retry_after.or_else(field);
    let delay = delay.map(|delay| delay.min(Duration::new(315_576_000_000, delay.subsec_nanos())));
    assert_eq!(details.retry_info().and_then(|info| info.retry_delay), delay);

    if let Some(info) = details.error_info() {
        let of_reason = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(info.reason.len() <= 63 && info.reason.bytes().all(of_reason), "{}", info.reason);
        assert_eq!(
            info.domain,
            path.rsplit_once('/').map_or("", |(before, _)| before.rsplit('/').next().unwrap_or(""))
        );
        let keys = members.iter().filter(|(name, _)| is_key(name));
        let mut expected: Vec<_> = keys.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect();
        expected.extend(input.shown_id(&members).map(|id| ("request_id".to_owned(), id)));
        let mut found: Vec<_> = info.metadata.clone().into_iter().collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }

    let errors = members.iter().find(|(name, _)| name == "errors").and_then(|(_, errors)| errors.as_array());
    let described: Vec<_> = errors.into_iter().flatten().filter_map(described).collect();
    let found = details.bad_request().map(|request| {
        request.field_violations.iter().map(|violation| violation.description.clone()).collect::<Vec<_>>()
    });
    assert_eq!(found.unwrap_or_default(), described);

    let is_http = |uri: &&str| {
        let uri = uri.to_ascii_lowercase();
        uri.starts_with("http://") || uri.starts_with("https://")
    };
    if let Some(help) = details.help() {
        let urls: Vec<_> = help.links.iter().map(|link| link.url.as_str()).collect();
        assert_eq!(urls, Vec::from_iter(status.type_uri()));
    } else {
        assert_eq!(status.type_uri().filter(is_http), None);
    }
}

/// Whether a key is valid in `google.rpc.ErrorInfo`: `[a-zA-Z0-9-_]`, at most 64 characters.
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

/// Returns the description of one of `errors`, if it has a pointer or a detail.
fn described(error: &Value) -> Option<String> {
    let text = |name| error.get(name).and_then(Value::as_str);
    (text("pointer").is_some() || text("detail").is_some()).then(|| text("detail").unwrap_or_default().to_owned())
}
