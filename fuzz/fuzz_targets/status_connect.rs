//! A status over Connect, read back by `serde_json` and `tonic-types` as by a client.
#![no_main]

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde_json::Value;
use tonic_types::pb;
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};
use tower_status_fuzz::{ask::fail, status_input::StatusInput};

fuzz_target!(|input: StatusInput<'_>| {
    let status = input.status();
    let code = expected_code(&input, &status);
    let other = status.clone().with_detail("another detail");
    for content_type in ["application/json", "application/connect+proto"] {
        let is_stream = content_type != "application/json";
        let call = |status: &Status| {
            let mut request = input.request(header::CONTENT_TYPE, content_type);
            *request.method_mut() = Method::POST;
            request.headers_mut().insert("connect-protocol-version", "1".parse().expect("a value"));
            fail(&StatusMapLayer::new().rpc(true), status, request)
        };
        let (parts, body) = call(&status);
        assert_eq!(parts.headers[header::CONTENT_TYPE], content_type);
        check_reserved(&parts.headers);
        let error = if is_stream {
            assert_eq!(parts.status, 200);
            let mut end = end_of_stream(&body);
            check_metadata(&end["metadata"]);
            end["error"].take()
        } else {
            assert_eq!(parts.status, StatusCode::from(code));
            assert!(parts.status != 401 || parts.headers.contains_key("www-authenticate"));
            serde_json::from_slice(&body).expect("JSON")
        };
        check_error(&input, &status, code, &error);
        if is_hidden(&input, &status, code) {
            let (of_other, other_body) = call(&other);
            assert_eq!((of_other.headers, other_body), (parts.headers, body), "a hidden detail changes nothing");
        }
    }
});

fn expected_code(input: &StatusInput<'_>, status: &Status) -> GrpcCode {
    match input.grpc_code().unwrap_or_else(|| status.code().into()) {
        GrpcCode::Ok => GrpcCode::Unknown,
        code => code,
    }
}

fn is_hidden(input: &StatusInput<'_>, status: &Status, code: GrpcCode) -> bool {
    let hidden = [GrpcCode::Internal, GrpcCode::Unknown, GrpcCode::DataLoss];
    !input.exposed && (input.is_hidden(status.code()) || hidden.contains(&code))
}

/// Returns the message of one envelope: flags, length, message.
fn end_of_stream(body: &[u8]) -> Value {
    let (head, message) = body.split_at(5);
    assert_eq!((head[0], u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize), (2, message.len()));
    serde_json::from_slice(message).expect("JSON")
}

/// Checks that no reserved field of the protocols is sent.
fn check_reserved(fields: &HeaderMap) {
    for name in fields.keys().map(HeaderName::as_str) {
        assert!(!["connect-", "grpc-", "trailer-"].iter().any(|prefix| name.starts_with(prefix)), "{name}");
        assert!(!["location", "content-range", "host", "user-agent"].contains(&name), "{name}");
    }
}

/// Checks `Header-Name` and `ASCII-Value` of the protocol reference.
fn check_metadata(metadata: &Value) {
    for (name, values) in metadata.as_object().into_iter().flatten() {
        assert!(name.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() || b"_-.".contains(&byte)));
        assert!(!["set-cookie", "www-authenticate", "cache-control", "retry-after"].contains(&&**name), "{name}");
        for value in values.as_array().expect("lines") {
            let value = value.as_str().expect("a text");
            assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{name}: {value:?}");
            assert!(!name.ends_with("-bin") || STANDARD_NO_PAD.decode(value).is_ok(), "{name}: {value:?}");
        }
    }
}

fn check_error(input: &StatusInput<'_>, status: &Status, code: GrpcCode, error: &Value) {
    let name = if code == GrpcCode::Cancelled { "canceled".to_owned() } else { code.to_string().to_lowercase() };
    assert_eq!(error["code"], name);
    let detail = input.shown_detail(status.code()).filter(|_| !is_hidden(input, status, code));
    let default = if code == status.entry().grpc { status.entry().explanation } else { code.explanation() };
    assert_eq!(error["message"], detail.unwrap_or(default), "in full");
    let details = error["details"].as_array().expect("every error has an ErrorInfo");
    let value = |detail: &Value| {
        let value = detail["value"].as_str().expect("a text");
        STANDARD_NO_PAD.decode(value).expect("standard alphabet, unpadded")
    };
    assert_eq!(details[0]["type"], "google.rpc.ErrorInfo");
    assert!(pb::ErrorInfo::decode(&*value(&details[0])).expect("ErrorInfo").reason.len() >= 3);
    for detail in &details[1..] {
        let known = ["google.rpc.RetryInfo", "google.rpc.BadRequest", "google.rpc.Help"];
        assert!(known.contains(&detail["type"].as_str().expect("a text")), "{detail}");
        value(detail);
    }
}
