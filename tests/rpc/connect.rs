//! Connect (Connect Protocol Reference): the requests that are recognised, and the errors that they get.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{Response, StatusCode, response::Parts};
use prost::Message;
use serde_json::{Value, json};
use tonic_types::pb;
use tower::{BoxError, load_shed::error::Overloaded, timeout::error::Elapsed};
use tower_status::{
    KeepBody,
    Protocol::{self, Connect, ConnectStream, Grpc, Http},
    Status, StatusMapLayer,
    catalog::GrpcCode,
};

use crate::common::{Fields, PROBLEM_JSON, Reports, all_text, fail, full, json, lines, request, send};

const PATH: &str = "/shop.Orders/Get";
const GET: &str = "/shop.Orders/Get?connect=v1&encoding=json&message=%7B%7D";
const UNARY: Fields<'static> = &[("content-type", "application/json"), ("connect-protocol-version", "1")];
const STREAM: Fields<'static> = &[("content-type", "application/connect+json")];

fn layer() -> StatusMapLayer {
    StatusMapLayer::new().rpc(true)
}

/// Sends a unary call to a service that fails.
async fn unary(status: Status) -> (Parts, Value) {
    let (parts, body) = fail(&layer(), request("POST", PATH, UNARY), status).await;
    assert_eq!(parts.headers["content-type"], "application/json");
    (parts, json(&body))
}

/// Sends a streaming call to a service that fails, and reads the end-of-stream message.
async fn streaming(status: Status) -> (Parts, Value) {
    let (parts, body) = fail(&layer(), request("POST", PATH, STREAM), status).await;
    assert_eq!((parts.status.as_u16(), &*lines(&parts.headers, "content-type").concat()), (200, STREAM[0].1));
    (parts, end_of_stream(&body))
}

/// Flags with bit 1, the length, and the message.
fn end_of_stream(body: &Bytes) -> Value {
    assert_eq!(body[0], 2);
    assert_eq!(u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize, body.len() - 5, "one envelope");
    json(&body[5..])
}

// ----- recognition -----

/// Returns the protocol in the context, and the form of the response.
async fn protocol(method: &str, target: &str, fields: Fields<'_>) -> Protocol {
    let protocols = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&protocols);
    let layer = layer().on_error(move |_, context| hook.lock().unwrap().push(context.protocol));
    let (parts, body) = fail(&layer, request(method, target, fields), Status::not_found()).await;
    let protocols = protocols.lock().unwrap();
    assert_eq!(protocols.len(), 1);
    let content_type = parts.headers["content-type"].to_str().unwrap();
    match protocols[0] {
        Http => assert_eq!((content_type, parts.status.as_u16()), (PROBLEM_JSON, 404)),
        Connect => {
            assert_eq!((content_type, parts.status.as_u16()), ("application/json", 404));
            assert!(!parts.headers.contains_key("vary"), "Accept is not negotiated");
            assert!(method == "HEAD" || json(&body)["code"] == "not_found");
        }
        ConnectStream => assert!(content_type.starts_with("application/connect+") && parts.status == 200),
        _ => assert!(content_type.starts_with("application/grpc") && parts.status == 200),
    }
    protocols[0]
}

#[tokio::test]
async fn a_unary_post_is_recognised_by_its_version_and_content_type() {
    const V: (&str, &str) = ("connect-protocol-version", "1");
    #[rustfmt::skip]
    let rows: [(Fields<'_>, Protocol); 20] = [
        (&[("content-type", "application/json"), V], Connect),
        (&[V, ("content-type", "application/proto")], Connect),
        (&[("content-type", "Application/JSON; charset=utf-8"), V], Connect),
        (&[("content-type", "application/vnd.shop-1_x.y"), V], Connect),
        (&[("content-type", "application/grpcfoo"), V], Connect),
        (&[("content-type", "application/json"), V, ("accept", "text/html")], Connect),
        // gRPC comes first.
        (&[("content-type", "application/grpc+proto"), V], Grpc),
        // Another version, or not exactly one.
        (&[("content-type", "application/json")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "2")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "01")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "1, 1")], Http),
        (&[("content-type", "application/json"), V, V], Http),
        // Another content type.
        (&[V], Http),
        (&[("content-type", "text/json"), V], Http),
        (&[("content-type", "application"), V], Http),
        (&[("content-type", "application/"), V], Http),
        (&[("content-type", "application/ json"), V], Http),
        (&[("content-type", "application/<x>"), V], Http),
        (&[("content-type", ""), V], Http),
    ];
    for (fields, expected) in rows {
        assert_eq!(protocol("POST", PATH, fields).await, expected, "{fields:?}");
    }
    // The query of a POST is ignored.
    assert_eq!(protocol("POST", GET, &[("content-type", "application/json")]).await, Http);
}

#[tokio::test]
async fn a_stream_is_recognised_by_its_content_type() {
    let long = format!("application/connect+{}", "x".repeat(128));
    let rows = [
        ("application/connect+json", ConnectStream),
        ("application/connect+proto", ConnectStream),
        ("Application/Connect+Proto; charset=utf-8", ConnectStream),
        ("application/connect+vnd.shop-1", ConnectStream),
        ("application/connect", Http),
        ("application/connect+", Http),
        ("application/connect-json", Http),
        ("application/connect+<script>", Http),
        ("text/connect+json", Http),
        (&*long, Http),
    ];
    for (content_type, expected) in rows {
        assert_eq!(protocol("POST", PATH, &[("content-type", content_type)]).await, expected, "{content_type}");
    }
    let (parts, _) =
        fail(&layer(), request("POST", PATH, &[("content-type", "Application/Connect+PROTO; a=b")]), Status::gone())
            .await;
    assert_eq!(parts.headers["content-type"], "application/connect+proto");
}

#[tokio::test]
async fn a_unary_get_is_recognised_by_its_query() {
    #[rustfmt::skip]
    let rows = [
        ("connect=v1&encoding=json&message=%7B%7D", Connect),
        ("message=%7B%7D&encoding=json&connect=v1", Connect),
        ("a=b&message=&encoding=proto&base64=1&connect=v1&x", Connect),
        ("%63onnect=v%31&encodin%67=json&%6dessage=x", Connect),
        ("connect=v1&connect=v2&encoding=json&message=x", Connect),
        ("connect=v2&connect=v1&encoding=json&message=x", Http),
        ("connect=v2&encoding=json&message=x", Http),
        ("connect=V1&encoding=json&message=x", Http),
        ("encoding=json&message=x", Http),
        ("connect=v1&message=x", Http),
        ("connect=v1&encoding=json", Http),
        ("xconnect=v1&encoding=json&message=x", Http),
        ("connect=v1;encoding=json;message=x", Http),
        ("", Http),
        ("%", Http),
    ];
    for (query, expected) in rows {
        let target = format!("{PATH}?{query}");
        for method in ["GET", "HEAD"] {
            assert_eq!(protocol(method, &target, &[]).await, expected, "{method} {query}");
        }
    }
    assert_eq!(protocol("GET", PATH, UNARY).await, Http, "without a query");
}

/// CORS preflights are among them.
#[tokio::test]
async fn any_other_method_is_plain_http() {
    for method in ["OPTIONS", "PUT", "PATCH", "DELETE", "QUERY", "TRACE", "get", "post"] {
        for (target, fields) in [(PATH, UNARY), (PATH, STREAM), (GET, &[][..])] {
            assert_eq!(protocol(method, target, fields).await, Http, "{method} {target}");
        }
    }
}

#[tokio::test]
async fn rpc_false_switches_it_off() {
    for (method, target, fields) in [("POST", PATH, UNARY), ("POST", PATH, STREAM), ("GET", GET, &[][..])] {
        let (parts, _) = fail(&StatusMapLayer::new().rpc(false), request(method, target, fields), Status::gone()).await;
        assert_eq!((parts.status.as_u16(), &parts.headers["content-type"]), (410, &PROBLEM_JSON.parse().unwrap()));
    }
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

// ----- inner responses -----

async fn through(
    layer: &StatusMapLayer,
    fields: Fields<'_>,
    inner: Response<http_body_util::Full<Bytes>>,
) -> (Parts, Bytes) {
    send(layer, request("POST", PATH, fields), Ok::<_, Status>(inner)).await
}

const JSON: Fields<'static> = &[("content-type", "application/json"), ("x-shard", "7")];

/// The inner service wrote it for the client.
#[tokio::test]
async fn connects_own_error_passes_unchanged() {
    for (code, body) in [
        (404, r#"{"code":"not_found","message":"no such order"}"#),
        (500, r#"{"code":"internal","message":"theirs"}"#),
        (401, r#"{"code":"unauthenticated"}"#),
        (499, r#" { "message": 7, "code": "canceled", "more": [] } "#),
    ] {
        let reports = Reports::default();
        let (parts, sent) = through(&reports.record(layer()), UNARY, full(code, JSON, body)).await;
        assert_eq!((parts.status.as_u16(), &sent[..]), (code, body.as_bytes()));
        assert_eq!(&parts.headers, full(code, JSON, body).headers());
        assert_eq!(reports.take(), [code]);
    }
}

/// The rows of `connect_client_error_endstream.yaml`, and other JSON values.
#[tokio::test]
async fn any_other_json_is_converted() {
    let long = format!(r#"{{"code":"not_found","message":"{}"}}"#, "secret".repeat(8 * 1024 / 6));
    for body in [
        "null",
        r#"{"code":null,"message":"secret"}"#,
        r#"{"message":"secret"}"#,
        r#"{"code":"NOT_FOUND","message":"secret"}"#,
        r#"{"code":"cancelled","message":"secret"}"#,
        r#"{"code":"ok","message":"secret"}"#,
        r#"{"code":7,"message":"secret"}"#,
        r#"["not_found","secret"]"#,
        r#""not_found secret""#,
        r#"{"error":"secret"}"#,
        "secret",
        &long,
    ] {
        let (parts, sent) = through(&layer(), UNARY, full(409, JSON, body.to_owned())).await;
        let error = json(&sent);
        assert_eq!((parts.status.as_u16(), &error["code"]), (409, &json!("aborted")), "{body:.60}");
        assert!(!all_text(&parts, &sent).contains("secret"), "{body:.60}");
        assert!(parts.headers.contains_key("x-shard"));
    }
    let coded: Fields<'_> = &[("content-type", "application/json"), ("content-encoding", "gzip")];
    let (parts, sent) = through(&layer(), UNARY, full(409, coded, r#"{"code":"not_found"}"#)).await;
    assert_eq!(json(&sent)["code"], "aborted");
    assert!(!parts.headers.contains_key("content-encoding"));
}

/// An inner response, and the error that it becomes.
struct Converted {
    inner: Response<http_body_util::Full<Bytes>>,
    http: u16,
    code: &'static str,
    message: Option<&'static str>,
}

#[tokio::test]
async fn other_errors_are_converted() {
    let typed = |code, content_type, body: &'static str| full(code, &[("content-type", content_type)], body);
    let problem = || typed(409, "application/problem+json", r#"{"code":"not_found"}"#);
    #[rustfmt::skip]
    let rows = || [
        // An unknown method.
        Converted { inner: full(404, &[], ""), http: 501, code: "unimplemented", message: None },
        Converted { inner: typed(403, "text/plain", "members only"), http: 403, code: "permission_denied", message: Some("members only") },
        Converted { inner: typed(500, "text/plain", "secret"), http: 500, code: "internal", message: None },
        Converted { inner: typed(502, "text/html", "secret"), http: 503, code: "unavailable", message: None },
        Converted { inner: full(429, &[("retry-after", "7")], ""), http: 429, code: "resource_exhausted", message: None },
        Converted { inner: typed(410, "text/html", "secret"), http: 404, code: "not_found", message: None },
        Converted { inner: problem(), http: 409, code: "aborted", message: None },
        Converted { inner: typed(503, "application/grpc", "secret"), http: 503, code: "unavailable", message: None },
    ];
    for Converted { inner, http, code, message } in rows() {
        let (parts, sent) = through(&layer(), UNARY, inner).await;
        let error = json(&sent);
        assert_eq!((parts.status.as_u16(), &error["code"]), (http, &json!(code)));
        assert!(message.is_none_or(|message| error["message"] == message), "{error}");
        assert!(!all_text(&parts, &sent).contains("secret"));
    }
    for Converted { inner, code, .. } in rows() {
        let (parts, sent) = through(&layer(), STREAM, inner).await;
        assert_eq!((parts.status.as_u16(), &end_of_stream(&sent)["error"]["code"]), (200, &json!(code)));
    }
    let mut kept = full(409, &[("content-type", "text/html")], "theirs");
    kept.extensions_mut().insert(KeepBody);
    assert_eq!(through(&layer(), UNARY, kept).await.1, "theirs");
}

/// The protocol reference requires these two responses.
#[tokio::test]
async fn a_405_and_a_415_pass() {
    for code in [405, 415] {
        for fields in [UNARY, STREAM] {
            for (headers, body) in [(&[("content-type", "text/plain")][..], "theirs"), (&[("allow", "POST")], "")] {
                let (parts, sent) = through(&layer(), fields, full(code, headers, body)).await;
                assert_eq!((parts.status.as_u16(), &sent[..]), (code, body.as_bytes()));
                assert_eq!(&parts.headers, full(code, headers, body).headers());
            }
        }
    }
}

#[tokio::test]
async fn streams_pass() {
    let error: &[u8] = b"\x02\0\0\0\x1e{\"error\":{\"code\":\"internal\"}}";
    for code in [200, 409] {
        let (parts, sent) = through(&layer(), STREAM, full(code, STREAM, error)).await;
        assert_eq!((parts.status.as_u16(), &parts.headers, &sent[..]), (code, full(code, STREAM, "").headers(), error));
    }
}

#[tokio::test]
async fn a_trailers_only_response_is_converted() {
    let inner = || {
        let fields = [("content-type", "application/grpc"), ("grpc-status", "5"), ("grpc-message", "order%208")];
        full(200, &fields, "")
    };
    let (parts, sent) = through(&layer(), UNARY, inner()).await;
    assert_eq!(
        (parts.status.as_u16(), &json(&sent)["code"], &json(&sent)["message"]),
        (404, &json!("not_found"), &json!("order 8"))
    );
    assert!(!parts.headers.keys().any(|name| name.as_str().starts_with("grpc-")));
    let (_, sent) = through(&layer(), STREAM, inner()).await;
    assert_eq!(end_of_stream(&sent)["error"]["code"], "not_found");
}

#[tokio::test]
async fn a_304_to_get_passes() {
    let inner = full(200, &[("content-type", "application/json"), ("etag", "\"v1\"")], "{}");
    let call = request("GET", GET, &[("if-none-match", "\"v1\"")]);
    let (parts, body) = send(&layer(), call, Ok::<_, Status>(inner)).await;
    assert_eq!((parts.status.as_u16(), body.len()), (304, 0));
}

#[tokio::test]
async fn map_status_can_conceal_a_response_that_would_pass() {
    let asked = Arc::<Mutex<Vec<Option<GrpcCode>>>>::default();
    let hook = Arc::clone(&asked);
    let concealing = layer().map_status(move |status, _| {
        hook.lock().unwrap().push(status.grpc_code());
        if status.code() == 403 { Status::not_found() } else { status }
    });
    let secret = r#"{"code":"permission_denied","message":"secret"}"#;
    for fill in [true, false] {
        let layer = concealing.clone().fill(fill);
        let inner = full(403, &[("content-type", "application/json"), ("x-owner", "secret")], secret);
        let (parts, sent) = through(&layer, UNARY, inner).await;
        let real = fail(&layer, request("POST", PATH, UNARY), Status::not_found()).await;
        assert_eq!((parts.status, &parts.headers, &sent), (real.0.status, &real.0.headers, &real.1), "fill({fill})");
        let unchanged = r#"{"code":"aborted","message":"theirs"}"#;
        assert_eq!(through(&layer, UNARY, full(409, JSON, unchanged)).await.1, unchanged, "fill({fill})");
    }
    assert!(asked.lock().unwrap().contains(&Some(GrpcCode::PermissionDenied)), "it is asked with Connect's code");
}

#[tokio::test]
async fn fill_false_passes_inner_errors_and_writes_its_own() {
    let layer = layer().fill(false);
    for fields in [UNARY, STREAM] {
        let inner = || full(409, &[("content-type", "text/html")], "theirs");
        let (parts, sent) = through(&layer, fields, inner()).await;
        assert_eq!((parts.status.as_u16(), &parts.headers, &sent[..]), (409, inner().headers(), &b"theirs"[..]));
    }
    let (parts, body) = fail(&layer, request("POST", PATH, UNARY), Status::gone()).await;
    assert_eq!((parts.status.as_u16(), &json(&body)["code"]), (404, &json!("not_found")));
}

/// Two layers report an error once, and the inner one decides.
#[tokio::test]
async fn error_is_written_once_with_two_layers() {
    use tower::{Layer, ServiceExt};
    for fields in [UNARY, STREAM] {
        let reports = Reports::default();
        let inner = layer().layer(crate::common::returns_once(Err::<Response<String>, _>(Status::gone())));
        let service = reports.record(layer()).layer(inner);
        let (parts, body) = crate::common::read(service.oneshot(request("POST", PATH, fields)).await.unwrap()).await;
        assert!(all_text(&parts, &body).contains("not_found"));
        assert_eq!(reports.take(), [0_u16; 0], "the inner layer has reported it");
    }
}
