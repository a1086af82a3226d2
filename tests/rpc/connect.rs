//! The errors of Connect (Connect Protocol Reference).

use std::{error::Error, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{StatusCode, response::Parts};
use prost::Message;
use serde_json::{Value, json};
use tonic_types::pb;
use tower::{BoxError, load_shed::error::Overloaded, timeout::error::Elapsed};
use tower_status::{Status, StatusMapLayer, Translate, catalog::GrpcCode, status_map::Text};

use crate::common::{Fields, Reports, all_text, fail, full, json, lines, request, send};

pub(crate) const PATH: &str = "/shop.Orders/Get";
pub(crate) const GET: &str = "/shop.Orders/Get?connect=v1&encoding=json&message=%7B%7D";
pub(crate) const UNARY: Fields<'static> = &[("content-type", "application/json"), ("connect-protocol-version", "1")];
pub(crate) const STREAM: Fields<'static> = &[("content-type", "application/connect+json")];

pub(crate) fn layer() -> StatusMapLayer {
    StatusMapLayer::new().rpc(true)
}

/// Sends a unary call to a service that fails.
pub(crate) async fn unary(status: Status) -> (Parts, Value) {
    let (parts, body) = fail(&layer(), request("POST", PATH, UNARY), status).await;
    assert_eq!(parts.headers["content-type"], "application/json");
    (parts, json(&body))
}

/// Sends a streaming call to a service that fails, and reads the end-of-stream message.
pub(crate) async fn streaming(status: Status) -> (Parts, Value) {
    let (parts, body) = fail(&layer(), request("POST", PATH, STREAM), status).await;
    assert_eq!((parts.status.as_u16(), &*lines(&parts.headers, "content-type").concat()), (200, STREAM[0].1));
    (parts, end_of_stream(&body))
}

/// Flags with bit 1, the length, and the message.
pub(crate) fn end_of_stream(body: &Bytes) -> Value {
    assert_eq!(body[0], 2);
    assert_eq!(u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize, body.len() - 5, "one envelope");
    json(&body[5..])
}

// ----- codes -----

/// The table "Error Codes" of the protocol reference.
#[tokio::test]
async fn each_code_has_the_name_and_the_http_status_of_the_reference() {
    #[rustfmt::skip]
    let rows = [
        (GrpcCode::Cancelled, "canceled", 499), (GrpcCode::Unknown, "unknown", 500),
        (GrpcCode::InvalidArgument, "invalid_argument", 400), (GrpcCode::DeadlineExceeded, "deadline_exceeded", 504),
        (GrpcCode::NotFound, "not_found", 404), (GrpcCode::AlreadyExists, "already_exists", 409),
        (GrpcCode::PermissionDenied, "permission_denied", 403), (GrpcCode::ResourceExhausted, "resource_exhausted", 429),
        (GrpcCode::FailedPrecondition, "failed_precondition", 400), (GrpcCode::Aborted, "aborted", 409),
        (GrpcCode::OutOfRange, "out_of_range", 400), (GrpcCode::Unimplemented, "unimplemented", 501),
        (GrpcCode::Internal, "internal", 500), (GrpcCode::Unavailable, "unavailable", 503),
        (GrpcCode::DataLoss, "data_loss", 500), (GrpcCode::Unauthenticated, "unauthenticated", 401),
        // An error is never OK.
        (GrpcCode::Ok, "unknown", 500),
    ];
    for (code, name, http) in rows {
        let (parts, error) = unary(Status::conflict().with_grpc_code(code)).await;
        assert_eq!((parts.status.as_u16(), &error["code"]), (http, &json!(name)));
        let (_, end) = streaming(Status::conflict().with_grpc_code(code)).await;
        assert_eq!(end["error"]["code"], name);
    }
}

#[tokio::test]
async fn the_http_status_is_that_of_the_code_and_the_extension_keeps_the_applications() {
    let boxed = |error: BoxError| Status::from(error);
    #[rustfmt::skip]
    let rows = [
        (Status::gone(), "not_found", 404),
        (Status::precondition_failed(), "failed_precondition", 400),
        (Status::permission_denied(), "permission_denied", 403),
        (boxed(Elapsed::new().into()), "deadline_exceeded", 504),
        (boxed(Overloaded::new().into()), "unavailable", 503),
        (Status::too_many_requests(), "resource_exhausted", 429),
        (Status::method_not_allowed("GET"), "unimplemented", 501),
        (Status::see_other("/elsewhere"), "unknown", 500),
        (Status::not_modified(), "unknown", 500),
    ];
    for (status, name, http) in rows {
        let (parts, error) = unary(status.clone()).await;
        assert_eq!((parts.status.as_u16(), &error["code"]), (http, &json!(name)), "{status:?}");
        assert!(!parts.headers.contains_key("location"));
        let of_application = parts.extensions.get::<Status>().unwrap().code();
        let expected = if status.source().is_some() { StatusCode::SERVICE_UNAVAILABLE } else { status.code() };
        assert_eq!(of_application, expected);
    }
}

/// The client has sent too much, which a retry does not help.
#[tokio::test]
async fn another_cause_of_a_429_is_no_overload() {
    let (parts, error) = unary(Status::too_many_requests().with_source("too many orders")).await;
    assert_eq!((parts.status.as_u16(), &error["code"]), (429, &json!("resource_exhausted")));
}

/// Clients should retry, however the error of the load shed arrives.
#[tokio::test]
async fn an_overload_is_unavailable_in_any_wrapper() {
    #[derive(Debug, thiserror::Error)]
    #[error("a foreign error")]
    struct Foreign<E: Error + 'static>(#[source] E);

    let shared: Arc<dyn Error + Send + Sync> = Arc::new(Overloaded::new());
    let rows: [BoxError; 6] = [
        Box::new(Overloaded::new()),
        Box::new(Box::new(Overloaded::new())),
        Box::new(Arc::new(Overloaded::new())),
        Box::new(shared),
        Box::new(Foreign(Arc::new(Overloaded::new()))),
        Box::new(Status::from_error(Overloaded::new())),
    ];
    for error in rows {
        let row = format!("{error:?}");
        let status = Status::from(error);
        assert_eq!(unary(status.clone()).await.1["code"], "unavailable", "{row}");
        assert_eq!(streaming(status).await.1["error"]["code"], "unavailable", "{row}");
    }
    let mapped = layer().map_status(|status, _| status.with_grpc_code(GrpcCode::Aborted));
    let (_, body) = fail(&mapped, request("POST", PATH, UNARY), BoxError::from(Overloaded::new())).await;
    assert_eq!(json(&body)["code"], "aborted", "the application's code wins");
}

/// Code, message and details are those of gRPC, for every HTTP status.
#[tokio::test]
async fn each_status_has_the_code_and_the_message_of_grpc() {
    for code in 300..=599 {
        for status in [
            Status::new(StatusCode::from_u16(code).unwrap()),
            Status::new(StatusCode::from_u16(code).unwrap()).with_detail("detail"),
        ] {
            let grpc = crate::error_response::error_response(status.clone()).await;
            let (_, error) = unary(status).await;
            let name = format!("{:?}", tonic::Code::from_i32(grpc.code));
            assert_eq!(
                error["code"].as_str().unwrap().replace('_', ""),
                name.to_ascii_lowercase().replace("cancelled", "canceled"),
                "{code}"
            );
            assert_eq!(error["message"], grpc.message, "{code}");
            let of_grpc: Vec<_> = grpc.rpc.unwrap().details.iter().map(|any| any.value.clone()).collect();
            let details = error["details"].as_array().unwrap();
            assert_eq!(details.iter().map(value_of).collect::<Vec<_>>(), of_grpc, "{code}");
        }
    }
}

/// Also a redirect, which is an error for these clients.
#[tokio::test]
async fn every_error_is_reported_once() {
    let grpc: Fields<'_> = &[("content-type", "application/grpc")];
    for fields in [UNARY, STREAM, grpc] {
        for status in [Status::gone(), Status::found("/elsewhere"), Status::not_modified(), Status::new(StatusCode::OK)]
        {
            let code = status.code();
            let reports = Reports::default();
            fail(&reports.record(layer()), request("POST", PATH, fields), status).await;
            assert_eq!(reports.take(), [code], "{fields:?}");
        }
    }
}

// ----- unary -----

fn value_of(detail: &Value) -> Vec<u8> {
    STANDARD_NO_PAD.decode(detail["value"].as_str().unwrap()).expect("standard alphabet, unpadded")
}

#[tokio::test]
async fn a_unary_error_is_json_with_code_message_and_details() {
    let status = Status::unprocessable_entity()
        .with_type("https://shop.example/problems/bad-order")
        .with_detail("größer\r\num 100 % \"🌷\"")
        .with_retry_after(Duration::from_millis(1500))
        .with_extension("errors", json!([{ "pointer": "#/lines/0/count", "detail": "is wrong" }]));
    for (method, target, fields) in [("POST", PATH, UNARY), ("GET", GET, &[][..])] {
        let (parts, body) = fail(&layer(), request(method, target, fields), status.clone()).await;
        let error = json(&body);
        assert_eq!((parts.status.as_u16(), &error["code"]), (400, &json!("invalid_argument")));
        assert_eq!(error["message"], "größer\r\num 100 % \"🌷\"");
        assert_eq!(error.as_object().unwrap().len(), 3);
        let types: Vec<_> = error["details"].as_array().unwrap().iter().map(|detail| detail["type"].clone()).collect();
        assert_eq!(types, ["google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest", "google.rpc.Help"]);
        let info = pb::ErrorInfo::decode(&*value_of(&error["details"][0])).unwrap();
        assert_eq!((&*info.reason, &*info.domain), ("BAD_ORDER", "shop.Orders"));
        let request = pb::BadRequest::decode(&*value_of(&error["details"][2])).unwrap();
        assert_eq!(request.field_violations[0].field, "lines[1].count");
        assert_eq!(lines(&parts.headers, "retry-after"), ["2"]);
        assert_eq!(lines(&parts.headers, "x-content-type-options"), ["nosniff"]);
        assert_eq!(lines(&parts.headers, "cache-control"), ["no-store"]);
    }
}

/// The message has no limit.
#[tokio::test]
async fn a_long_message_is_sent_in_full() {
    let long = "🌷".repeat(100_000);
    assert_eq!(unary(Status::conflict().with_detail(long.clone())).await.1["message"], long);
    assert_eq!(streaming(Status::conflict().with_detail(long.clone())).await.1["error"]["message"], long);
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    let status = || Status::not_found().with_detail("order 8");
    let (of_get, body) = fail(&layer(), request("GET", GET, &[]), status()).await;
    let (mut of_head, empty) = fail(&layer(), request("HEAD", GET, &[]), status()).await;
    assert!(empty.is_empty());
    assert_eq!(of_head.headers.remove("content-length").unwrap(), body.len().to_string());
    assert_eq!((of_head.status, of_head.headers), (of_get.status, of_get.headers));
}

/// HTTP fields that a browser, a cache or an HTTP client reads stay.
#[tokio::test]
async fn fields_of_http_stay_and_metadata_are_header_fields() {
    let status = Status::unauthorized(r#"Bearer realm="shop""#)
        .with_header("set-cookie", "a=1")
        .with_header("set-cookie", "b=2")
        .with_header("access-control-allow-origin", "*")
        .with_header("x-shard", "7")
        .with_header("x-shard", "8")
        .with_header("trace-bin", "AAECAw==")
        .with_header("other-bin", "?!")
        .with_header("etag", "\"v1\"");
    let (parts, _) = unary(status).await;
    for (name, expected) in [
        ("www-authenticate", &[r#"Bearer realm="shop""#][..]),
        ("set-cookie", &["a=1", "b=2"]),
        ("access-control-allow-origin", &["*"]),
        ("x-shard", &["7", "8"]),
        ("trace-bin", &["AAECAw"]),
        ("other-bin", &[]),
        ("etag", &[]),
    ] {
        assert_eq!(lines(&parts.headers, name), expected, "{name}");
    }
    let (parts, _) = unary(Status::new(StatusCode::UNAUTHORIZED)).await;
    assert!(parts.headers.contains_key("www-authenticate"), "RFC 9110 §15.5.2");
}

/// The prefixes of the protocols, and connect-go's list.
const RESERVED: [&str; 8] = [
    "connect-content-encoding",
    "connect-x",
    "grpc-trace-bin",
    "grpc-retry-pushback-ms",
    "trailer-x",
    "host",
    "user-agent",
    "accept-encoding",
];

#[tokio::test]
async fn reserved_names_are_not_metadata() {
    for name in RESERVED {
        let status = || Status::conflict().with_header(name, "AAAA").with_header("x-shard", "7");
        let (parts, _) = unary(status()).await;
        assert!(!parts.headers.contains_key(name) && parts.headers.contains_key("x-shard"), "{name}");
        let (parts, end) = streaming(status()).await;
        assert!(!parts.headers.contains_key(name), "{name}");
        assert_eq!(end["metadata"], json!({ "x-shard": ["7"] }), "{name}");
        // Those of an inner response are dropped as well.
        for fields in [UNARY, STREAM] {
            let inner = full(409, &[(name, "AAAA"), ("x-region", "eu")], "");
            let (parts, _) = send(&layer(), request("POST", PATH, fields), Ok::<_, Status>(inner)).await;
            let kept = ["x-region", name].map(|name| parts.headers.contains_key(name));
            assert_eq!(kept, [true, false], "{name}");
        }
    }
    // No name of metadata: the protocol reference has `Header-Name = 1*( 0-9 a-z _ - . )`.
    for name in ["x!a", "x~a"] {
        let status = || Status::conflict().with_header(name, "7").with_header("x_a.b-0", "7");
        let (parts, _) = unary(status()).await;
        let kept = ["x_a.b-0", name].map(|name| parts.headers.contains_key(name));
        assert_eq!(kept, [true, false], "{name}");
        assert_eq!(streaming(status()).await.1["metadata"], json!({ "x_a.b-0": ["7"] }), "{name}");
    }
    // Of the HTTP message itself.
    for name in ["content-type", "content-length", "content-encoding", "trailer"] {
        let status = || Status::conflict().with_header(name, "7").with_header("x-shard", "7");
        assert_eq!(streaming(status()).await.1["metadata"], json!({ "x-shard": ["7"] }), "{name}");
        let (parts, _) = unary(status()).await;
        assert!(!lines(&parts.headers, name).contains(&"7"), "{name}");
    }
    let dated = || Status::conflict().with_header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    assert!(
        !unary(dated()).await.0.headers.contains_key("date") && streaming(dated()).await.1.get("metadata").is_none()
    );
}

/// Freshness belongs to one response: this one has another code.
#[tokio::test]
async fn an_error_that_is_sent_with_another_code_is_not_stored() {
    let cacheable = |status: Status| status.with_header("cache-control", "public, max-age=60");
    let (parts, _) = unary(cacheable(Status::not_found())).await;
    assert_eq!(lines(&parts.headers, "cache-control"), ["public, max-age=60"]);
    let (parts, _) = unary(cacheable(Status::gone()).with_header("expires", "Sun, 06 Nov 2044 08:49:37 GMT")).await;
    assert_eq!(lines(&parts.headers, "cache-control"), ["no-store"]);
    assert!(!parts.headers.contains_key("expires"));
    // The same of responses of the inner service, whose HTTP status becomes that of the code.
    let fresh = [("cache-control", "public, max-age=60"), ("expires", "0"), ("age", "5"), ("x-shard", "7")];
    for (code, fields) in [(200, &[("grpc-status", "5")][..]), (410, &[]), (404, &[])] {
        let inner = full(code, &[fields, &fresh].concat(), "");
        let (parts, _) = send(&layer(), request("GET", GET, &[]), Ok::<_, Status>(inner)).await;
        assert_eq!(lines(&parts.headers, "cache-control"), ["no-store"], "{code}");
        let kept = ["expires", "age", "x-shard"].map(|name| parts.headers.contains_key(name));
        assert_eq!(kept, [false, false, true], "{code}");
    }
    let inner = full(409, &fresh, "");
    let (parts, _) = send(&layer(), request("GET", GET, &[]), Ok::<_, Status>(inner)).await;
    assert_eq!(lines(&parts.headers, "cache-control"), ["public, max-age=60"], "the same code");
}

// ----- streaming -----

#[tokio::test]
async fn a_streaming_error_is_one_end_of_stream_message() {
    let status = Status::unauthorized("Bearer")
        .with_detail("sign in")
        .with_retry_after(Duration::from_secs(7))
        .with_header("x-shard", "7")
        .with_header("x-shard", "8")
        .with_header("set-cookie", "a=1")
        .with_header("access-control-allow-origin", "*")
        .with_header("trace-bin", "AAECAw==");
    let (parts, end) = streaming(status).await;
    let mut names: Vec<_> = parts.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["access-control-allow-origin", "content-type", "set-cookie"]);
    assert_eq!(end["metadata"], json!({ "x-shard": ["7", "8"], "trace-bin": ["AAECAw"] }));
    assert_eq!((&end["error"]["code"], &end["error"]["message"]), (&json!("unauthenticated"), &json!("sign in")));
    assert_eq!(end["error"]["details"][1]["type"], "google.rpc.RetryInfo");
    let (_, end) = streaming(Status::conflict()).await;
    assert!(end.get("metadata").is_none(), "left out where empty");
}

// ----- hiding -----

#[tokio::test]
async fn details_that_grpc_hides_are_hidden() {
    let secret = |status: Status| status.with_detail("secret").with_extension("key", "secret").with_source("secret");
    let rows = [
        secret(Status::internal_server_error()),
        secret(Status::service_unavailable()),
        secret(Status::conflict()).with_grpc_code(GrpcCode::Internal),
        secret(Status::bad_gateway()).with_grpc_code(GrpcCode::NotFound),
        Status::from_error("secret"),
    ];
    for status in rows {
        for (method, target, fields) in [("POST", PATH, UNARY), ("POST", PATH, STREAM), ("GET", GET, &[][..])] {
            let (parts, body) = fail(&layer(), request(method, target, fields), status.clone()).await;
            let text = all_text(&parts, &body);
            assert!(!text.contains("secret") && !text.contains(&STANDARD_NO_PAD.encode("secret")), "{text}");
        }
    }
    let exposing = layer().expose_server_errors(true);
    let (_, body) = fail(&exposing, request("POST", PATH, UNARY), secret(Status::bad_gateway())).await;
    assert_eq!(json(&body)["message"], "secret");
}

#[tokio::test]
async fn debug_info_is_a_detail_only_with_debug() {
    for (debug, expected) in [(false, None), (true, Some("it failed\nmapped by: unmapped"))] {
        let status = Status::from_error(BoxError::from("it failed"));
        let (_, body) = fail(&layer().debug(debug), request("POST", PATH, UNARY), status).await;
        let details = json(&body)["details"].as_array().unwrap().clone();
        let info = details.iter().find(|detail| detail["type"] == "google.rpc.DebugInfo");
        let info = info.map(|info| STANDARD_NO_PAD.decode(info["value"].as_str().unwrap()).unwrap());
        let info = info.map(|bytes| pb::DebugInfo::decode(&*bytes).unwrap().detail);
        assert_eq!(info.as_deref(), expected);
    }
}

struct German;

impl Translate for German {
    fn languages(&self) -> &[&'static str] {
        &["en", "de"]
    }

    fn text(&self, language: &str, text: Text<'_>) -> Option<String> {
        (language == "de" && matches!(text, Text::Explanation(_))).then(|| "Gibt es nicht.".into())
    }
}

#[tokio::test]
async fn localized_message_is_a_detail_and_unary_errors_vary_by_language() {
    for (language, expected) in [("de", Some("Gibt es nicht.")), ("en", None)] {
        let fields = [UNARY, &[("accept-language", language)]].concat();
        for request in [request("POST", PATH, &fields), request("GET", GET, &fields)] {
            let (parts, body) = fail(&layer().translate(German), request, Status::not_found()).await;
            let details = json(&body)["details"].as_array().unwrap().clone();
            let localized = details.iter().find(|detail| detail["type"] == "google.rpc.LocalizedMessage");
            let localized = localized.map(|detail| STANDARD_NO_PAD.decode(detail["value"].as_str().unwrap()).unwrap());
            let localized = localized.map(|bytes| pb::LocalizedMessage::decode(&*bytes).unwrap().message);
            assert_eq!(localized.as_deref(), expected);
            assert_eq!(lines(&parts.headers, "vary"), ["accept-language"]);
        }
    }
}
