//! Cases of the public conformance suite (`connectrpc/conformance`, `testsuites/data/*.yaml`), named as there.
//!
//! The suite tests whole clients and servers. What a layer can decide is here: errors of the server, requests that it
//! refuses, and responses that pass. Not here: `client_http_to_rpc_code`, which is the client's guess where a server has
//! written no Connect error; `client_cancellation`, `timeouts` and `connect_client_compressed_error_endstream`, which need a
//! client (`tests/interop/run`); TLS, and the suites of gRPC.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{Fields, full, json, lines, request, send};

const UNARY: Fields<'static> = &[("content-type", "application/proto"), ("connect-protocol-version", "1")];
const STREAM: Fields<'static> = &[("content-type", "application/connect+proto"), ("connect-protocol-version", "1")];

const SERVICE: &str = "/connectrpc.conformance.v1.ConformanceService/Unary";

type Outcome = Result<Response<Full<Bytes>>, Status>;

/// Returns the HTTP status, and the error that a client reads: of a stream that of its one end-of-stream message.
async fn call(method: &str, fields: Fields<'_>, outcome: Outcome) -> (u16, Value) {
    let (parts, body) = send(&StatusMapLayer::new().rpc(true), request(method, SERVICE, fields), outcome).await;
    let is_stream = lines(&parts.headers, "content-type") == ["application/connect+proto"];
    let message = if is_stream { body.get(5..).unwrap() } else { &body[..] };
    let error = if message.is_empty() { Value::Null } else { json(message) };
    (parts.status.as_u16(), if is_stream { error["error"].clone() } else { error })
}

/// `errors.yaml`, `connect_client_code_to_http_code.yaml`.
#[tokio::test]
async fn errors_have_their_code_message_and_http_status() {
    #[rustfmt::skip]
    let rows = [
        ("canceled", 499, "canceled", GrpcCode::Cancelled),
        ("unknown", 500, "unknown", GrpcCode::Unknown),
        ("invalid_argument", 400, "invalid argument", GrpcCode::InvalidArgument),
        ("deadline_exceeded", 504, "deadline exceeded", GrpcCode::DeadlineExceeded),
        ("not_found", 404, "not found", GrpcCode::NotFound),
        ("already_exists", 409, "already exists", GrpcCode::AlreadyExists),
        ("permission_denied", 403, "permission denied", GrpcCode::PermissionDenied),
        ("resource_exhausted", 429, "resource exhausted", GrpcCode::ResourceExhausted),
        ("failed_precondition", 400, "failed precondition", GrpcCode::FailedPrecondition),
        ("aborted", 409, "aborted", GrpcCode::Aborted),
        ("out_of_range", 400, "out of range", GrpcCode::OutOfRange),
        ("unimplemented", 501, "unimplemented", GrpcCode::Unimplemented),
        ("internal", 500, "internal", GrpcCode::Internal),
        ("unavailable", 503, "unavailable", GrpcCode::Unavailable),
        ("data_loss", 500, "data loss", GrpcCode::DataLoss),
        ("unauthenticated", 401, "unauthenticated", GrpcCode::Unauthenticated),
        // unicode-error-message
        ("internal", 500, "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n", GrpcCode::Internal),
    ];
    for (name, http, message, code) in rows {
        // The message of `internal`, `unknown` and `data_loss` is hidden unless it is exposed.
        let status = || Status::conflict().with_grpc_code(code).with_detail(message).expose();
        for (fields, http) in [(UNARY, http), (STREAM, 200)] {
            let (got, error) = call("POST", fields, Err(status())).await;
            assert_eq!((got, &error["code"], &error["message"]), (http, &json!(name), &json!(message)), "{name}");
        }
    }
}

/// `errors.yaml: error-with-metadata`, `duplicate_metadata.yaml: unary/error, server-stream/error-with-no-responses`.
#[tokio::test]
async fn metadata_has_all_its_values() {
    let status = || {
        let status = Status::unauthorized("Bearer").with_detail("unauthenticated");
        ["foo", "bar", "baz"].into_iter().fold(status, |status, value| status.with_header("x-custom-header", value))
    };
    let layer = StatusMapLayer::new().rpc(true);
    let (parts, _) = send(&layer, request("POST", SERVICE, UNARY), Outcome::Err(status())).await;
    assert_eq!(lines(&parts.headers, "x-custom-header"), ["foo", "bar", "baz"]);
    let (_, body) = send(&layer, request("POST", SERVICE, STREAM), Outcome::Err(status())).await;
    assert_eq!(json(&body[5..])["metadata"], json!({ "x-custom-header": ["foo", "bar", "baz"] }));
}

/// A request that the server refuses.
struct Refused {
    case: &'static str,
    request: (&'static str, Fields<'static>),
    inner: u16,
    http: u16,
    code: Option<&'static str>,
}

/// `connect_server_unexpected.yaml`, `server_unexpected.yaml`, `basic.yaml: unimplemented`.
#[tokio::test]
async fn refused_requests_have_the_status_of_the_suite() {
    let foo: Fields<'_> = &[("content-type", "application/foo"), ("connect-protocol-version", "1")];
    let jpeg: Fields<'_> = &[("content-type", "image/jpeg")];
    #[rustfmt::skip]
    let rows = [
        // Without a code the client takes it from the HTTP status.
        Refused { case: "unexpected-verb", request: ("DELETE", UNARY), inner: 405, http: 405, code: None },
        Refused { case: "unexpected-codec", request: ("POST", foo), inner: 415, http: 415, code: None },
        Refused { case: "unexpected-content-type", request: ("POST", jpeg), inner: 415, http: 415, code: None },
        // The suite has the 404 of a router; an error of the protocol has the HTTP status of its code.
        Refused { case: "unexpected-uri", request: ("POST", UNARY), inner: 404, http: 501, code: Some("unimplemented") },
        Refused { case: "unimplemented", request: ("POST", STREAM), inner: 404, http: 200, code: Some("unimplemented") },
    ];
    for Refused { case, request: (method, fields), inner, http, code } in rows {
        let (got, error) = call(method, fields, Ok(full(inner, &[], ""))).await;
        assert_eq!((got, error["code"].as_str()), (http, code), "{case}");
    }
}

/// `server_message_size.yaml`.
#[tokio::test]
async fn a_message_above_the_limit_is_resource_exhausted() {
    for fields in [UNARY, STREAM] {
        let error = call("POST", fields, Err(Status::payload_too_large())).await.1;
        assert_eq!(error["code"], "resource_exhausted");
    }
}

/// `connect_client_error_endstream.yaml: error/*`: what the client reads is what the suite expects.
#[tokio::test]
async fn a_unary_error_of_the_server_passes_if_its_code_is_known() {
    let details = |rest: &str| {
        let detail = format!(r#"{{"type":"google.protobuf.FileDescriptorProto","value":"Cgp0ZXN0LnByb3Rv"{rest}}}"#);
        format!(r#"{{"code":"out_of_range","message":"oops","details":[{detail}]}}"#)
    };
    #[rustfmt::skip]
    let kept = [
        ("missing-message", 401, r#"{ "code": "unauthenticated" }"#.to_owned()),
        ("allow-unrecognized-fields", 422, r#"{"code": "out_of_range", "message": "oops", "foobar": "baz"}"#.to_owned()),
        ("invalid-details-debug", 422, details(r#","debug":"garbage""#)),
        ("missing-details-debug", 422, details("")),
        ("allow-unrecognized-fields-in-details", 422, details(r#","frob":"nitz","debug":{"name":"test.proto","foobar":true}"#)),
    ];
    for (case, code, body) in kept {
        let inner = full(code, &[("content-type", "application/json")], body.clone());
        assert_eq!(call("POST", UNARY, Ok(inner)).await, (code, json(body.as_bytes())), "{case}");
    }
    #[rustfmt::skip]
    let converted = [
        ("null", 401, "null", "unauthenticated"),
        ("null-code", 401, r#"{ "code": null, "message": "oops" }"#, "unauthenticated"),
        ("missing-code", 401, r#"{ "message": "oops" }"#, "unauthenticated"),
        // The suite's `unavailable` is the client's guess from the 429.
        ("unrecognized-code", 429, r#"{ "code": "foobar", "message": "oops" }"#, "resource_exhausted"),
        // `connect_client_unexpected.yaml`, whose body is protobuf.
        ("unexpected-error-body", 403, "\u{a}\u{0}", "permission_denied"),
    ];
    for (case, http, body, code) in converted {
        let content_type = if case == "unexpected-error-body" { "application/proto" } else { "application/json" };
        let (got, error) = call("POST", UNARY, Ok(full(http, &[("content-type", content_type)], body))).await;
        assert_eq!((got, &error["code"]), (http, &json!(code)), "{case}");
    }
}

/// `connect_client_error_endstream.yaml: end-stream/*`, `connect_client_unexpected.yaml`, `connect_client_empty.yaml`,
/// `connect_with_get.yaml`: a 200 passes unchanged, whatever it has.
#[tokio::test]
async fn a_response_of_200_passes_unchanged() {
    let end = |message: &str| {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[2][..], &length[..], message.as_bytes()].concat()
    };
    let stream = "application/connect+proto";
    #[rustfmt::skip]
    let rows = [
        ("end-stream/null-error", stream, end(r#"{ "error": null }"#)),
        ("end-stream/null-code", stream, end(r#"{ "error": { "code": null, "message": "oops" } }"#)),
        ("end-stream/missing-code", stream, end(r#"{ "error": { "message": "oops" } }"#)),
        ("end-stream/unrecognized-code", stream, end(r#"{ "error": { "code": "foobar", "message": "oops" } }"#)),
        ("end-stream/missing-message", stream, end(r#"{ "error": { "code": "unauthenticated" } }"#)),
        ("client-stream/ok-but-no-response", stream, end(r#"{ "code": "out_of_range", "message": "oops" }"#)),
        ("server-stream/no-end-stream", stream, vec![0, 0, 0, 0, 0]),
        ("unexpected-compressed-message", stream, vec![1, 0, 0, 0, 0]),
        ("unexpected-stream-codec", "application/connect+json", end("{}")),
        ("unexpected-content-type", "image/jpeg", Vec::new()),
        ("unexpected-codec", "application/json", br#"{"payload": {}}"#.to_vec()),
        ("empty-response", "application/proto", Vec::new()),
    ];
    let layer = StatusMapLayer::new().rpc(true);
    let get = format!("{SERVICE}?connect=v1&encoding=proto&message=&base64=1");
    for (case, content_type, body) in rows {
        for (method, target, fields) in [("POST", SERVICE, UNARY), ("POST", SERVICE, STREAM), ("GET", &get, &[][..])] {
            let inner =
                full(200, &[("content-type", content_type), ("trailer-x-custom-trailer", "bing")], body.clone());
            let headers = inner.headers().clone();
            let (parts, sent) = send(&layer, request(method, target, fields), Outcome::Ok(inner)).await;
            assert_eq!((parts.status, parts.headers, &sent[..]), (StatusCode::OK, headers, &body[..]), "{case}");
        }
    }
}
