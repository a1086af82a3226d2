//! `tonic::Status` as an error, in each carrier and deeper in a chain.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{StatusCode, response::Parts};
use prost::Message;
use serde_json::Value;
use tonic::{
    Code, TimeoutExpired,
    metadata::{MetadataMap, MetadataValue},
};
use tonic_types::{ErrorDetails, StatusExt};
use tower_status::{BoxError, IntoStatus, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{
    PROBLEM_JSON, default_detail,
    error::{Wrapper, wrapped},
    explanation, fail, json, lines, rpc,
};

pub(crate) const CODES: [Code; 16] = [
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

/// Returns whether message and details are hidden.
pub(crate) fn is_hidden(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

pub(crate) const MESSAGE: &str = "the größe is 50%\r\nwrong";

/// Returns a status with message, details and metadata.
pub(crate) fn complete(code: Code) -> tonic::Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("x-shard", MetadataValue::from_static("7"));
    metadata.append("x-shard", MetadataValue::from_static("8"));
    metadata.insert_bin("trace-bin", MetadataValue::from_bytes(b"\0\xff trace"));
    tonic::Status::with_details_and_metadata(code, MESSAGE, details(code).into(), metadata)
}

/// Returns an encoded `google.rpc.Status` with the details that an application has chosen.
pub(crate) fn details(code: Code) -> Vec<u8> {
    let details = ErrorDetails::with_error_info("TOO_LARGE", "shop.example", [("order".to_owned(), "8".to_owned())]);
    tonic::Status::with_error_details(code, MESSAGE, details).details().to_vec()
}

/// Checks that the details are an `ErrorInfo` with this reason.
pub(crate) fn assert_only_error_info(seen: &tonic::Status, reason: &str, row: &str) {
    let rpc = tonic_types::Status::decode(seen.details()).unwrap();
    assert_eq!((rpc.code, &*rpc.message, rpc.details.len()), (seen.code().into(), seen.message(), 1), "{row}");
    let info = seen.get_details_error_info().unwrap_or_else(|| panic!("{row}: {rpc:?}"));
    assert_eq!((&*info.reason, info.metadata.len()), (reason, 0), "{row}");
}

/// Sends a gRPC call to a service that fails, and reads the response as a tonic client does.
pub(crate) async fn over_grpc<E: Into<Status>>(layer: &StatusMapLayer, error: E) -> tonic::Status {
    let (parts, body) = fail(layer, rpc("application/grpc"), error).await;
    read(&parts, &body)
}

pub(crate) fn read(parts: &Parts, body: &Bytes) -> tonic::Status {
    assert_eq!((parts.status.as_u16(), body.len()), (200, 0));
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin", "content-type"] {
        assert!(lines(&parts.headers, name).len() <= 1, "{name} has several lines");
    }
    let mut fields = parts.headers.clone();
    assert_eq!(fields.remove("content-type").unwrap(), "application/grpc");
    tonic::Status::from_header_map(&fields).expect("a grpc-status")
}

/// Sends a plain request to a service that fails, and reads the problem document.
pub(crate) async fn over_http<E: Into<Status>>(layer: &StatusMapLayer, error: E) -> (Parts, Value) {
    let (parts, body) = fail(layer, rpc("application/json"), error).await;
    assert_eq!(parts.headers["content-type"], PROBLEM_JSON);
    assert!(!has_grpc_fields(&parts), "{:?}", parts.headers);
    let problem = json(&body);
    (parts, problem)
}

pub(crate) fn has_grpc_fields(parts: &Parts) -> bool {
    parts.headers.keys().any(|name| name.as_str().starts_with("grpc-"))
}

#[derive(Debug, thiserror::Error)]
#[error("the shop failed")]
pub(crate) struct Carrier(#[source] tonic::Status);

impl IntoStatus for Carrier {
    fn status(&self) -> Status {
        Status::unresolved()
    }
}

pub(crate) type Way = (&'static str, fn(tonic::Status) -> Status);

/// A `tonic::Status` as the error itself or directly in a carrier: sent in full.
#[rustfmt::skip]
pub(crate) const DIRECT: [Way; 9] = [
    ("the error itself", |status| status.into()),
    ("in a BoxError", |status| Status::from(BoxError::from(status))),
    ("from_error", Status::from_error),
    ("in an io::Error", |status| io::Error::other(status).into()),
    ("in an io::Error in a BoxError", |status| Status::from(BoxError::from(io::Error::other(status)))),
    ("in an io::Error in an io::Error", |status| io::Error::other(io::Error::other(status)).into()),
    ("in a carrier in a carrier", |status| Status::from_error(Status::from_error(io::Error::other(status)))),
    ("in a boxed carrier", |status| Status::from(BoxError::from(Status::from_error(status)))),
    ("the source of an unresolved status", |status| Carrier(status).into()),
];

/// A `tonic::Status` deeper in a chain, as an upstream's error would be: only its code is used.
#[rustfmt::skip]
pub(crate) const UPSTREAM: [Way; 6] = [
    ("as a cause", |status| Status::from_error(Wrapper(status.into()))),
    ("in a carrier that is a cause", |status| Status::from_error(Wrapper(io::Error::other(status).into()))),
    ("as a cause of a cause", |status| Status::from_error(Wrapper(wrapped(Wrapper(status.into()))))),
    ("as a cause in an io::Error", |status| io::Error::other(Wrapper(status.into())).into()),
    ("as a cause in a BoxError", |status| Status::from(wrapped(status))),
    ("in a Status that is a cause", |status| Status::from_error(Wrapper(Status::from_error(status).into()))),
];

#[tokio::test]
async fn a_direct_status_is_sent_with_message_details_and_metadata() {
    for (way, make) in DIRECT {
        for code in CODES.into_iter().filter(|code| !is_hidden(*code)) {
            let seen = over_grpc(&StatusMapLayer::new().rpc(true), make(complete(code))).await;
            let row = format!("{way}, {code:?}");
            assert_eq!((seen.code(), seen.message()), (code, MESSAGE), "{row}");
            assert_eq!(seen.details(), details(code), "{row}");
            let shards: Vec<_> = seen.metadata().get_all("x-shard").iter().collect();
            assert_eq!(shards, ["7", "8"], "{row}");
            let trace = seen.metadata().get_bin("trace-bin").unwrap().to_bytes().unwrap();
            assert_eq!(trace, &b"\0\xff trace"[..], "{row}");
            assert_eq!(seen.metadata().len(), 3, "{row}: {:?}", seen.metadata());
        }
    }
}

#[tokio::test]
async fn message_and_details_of_internal_unknown_and_data_loss_are_hidden() {
    for (way, make) in DIRECT.into_iter().chain(UPSTREAM) {
        for code in [Code::Internal, Code::Unknown, Code::DataLoss] {
            let row = format!("{way}, {code:?}");
            let seen = over_grpc(&StatusMapLayer::new().rpc(true), make(complete(code))).await;
            assert_eq!(seen.code(), code, "{row}");
            let message = match code {
                Code::Internal => explanation(StatusCode::INTERNAL_SERVER_ERROR),
                code => GrpcCode::from(code).explanation(),
            };
            assert_eq!(seen.message(), message, "{row}");
            assert_only_error_info(&seen, "INTERNAL_SERVER_ERROR", &row);
            let (parts, problem) = over_http(&StatusMapLayer::new().rpc(true), make(complete(code))).await;
            let detail = default_detail(StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!((parts.status.as_u16(), &problem["detail"]), (500, &detail.into()), "{row}");
            assert!(!problem.to_string().contains("größe"), "{row}");
        }
    }
    // The layer can expose them. Those of an upstream stay hidden: see the next test.
    let exposing = StatusMapLayer::new().rpc(true).expose_server_errors(true);
    for (way, make) in DIRECT {
        let seen = over_grpc(&exposing, make(complete(Code::Internal))).await;
        assert_eq!((seen.message(), seen.details()), (MESSAGE, &*details(Code::Internal)), "{way}");
    }
}

#[tokio::test]
async fn only_the_code_of_an_upstream_status_is_used() {
    for layer in [StatusMapLayer::new().rpc(true), StatusMapLayer::new().rpc(true).expose_server_errors(true)] {
        for (way, make) in UPSTREAM {
            for code in CODES {
                let row = format!("{way}, {code:?}");
                let seen = over_grpc(&layer, make(complete(code))).await;
                assert_eq!(seen.code(), code, "{row}");
                assert!(!seen.message().contains("größe"), "{row}: {}", seen.message());
                assert!(seen.metadata().is_empty(), "{row}: {seen:?}");
                let info = seen.get_details_error_info().unwrap();
                assert!(info.reason != "TOO_LARGE" && info.metadata.is_empty(), "{row}: {info:?}");
                let (_, problem) = over_http(&layer, make(complete(code))).await;
                assert!(!problem.to_string().contains("größe"), "{row}: {problem}");
            }
        }
    }
}

/// The table of code.proto.
#[tokio::test]
async fn over_plain_http_a_tonic_status_is_an_http_status() {
    #[rustfmt::skip]
    let codes = [499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
    for (way, make) in DIRECT.into_iter().chain(UPSTREAM) {
        for (code, http) in CODES.into_iter().zip(codes) {
            let row = format!("{way}, {code:?}");
            let (parts, problem) = over_http(&StatusMapLayer::new().rpc(true), make(complete(code))).await;
            assert_eq!((parts.status.as_u16(), &problem["status"]), (http, &http.into()), "{row}");
            let direct = DIRECT.iter().any(|(other, _)| *other == way);
            let shown = direct && http < 500;
            assert_eq!(problem["detail"] == MESSAGE, shown, "{row}: {problem}");
            assert_eq!(parts.headers.contains_key("www-authenticate"), http == 401, "{row}");
        }
    }
}

#[tokio::test]
async fn an_empty_message_is_sent_empty() {
    for code in CODES.into_iter().filter(|code| !is_hidden(*code)) {
        let seen = over_grpc(&StatusMapLayer::new().rpc(true), tonic::Status::new(code, "")).await;
        assert_eq!((seen.code(), seen.message()), (code, ""));
    }
}

#[tokio::test]
async fn an_error_with_code_ok_is_unknown() {
    let seen = over_grpc(&StatusMapLayer::new().rpc(true), tonic::Status::ok("secret")).await;
    assert_eq!(seen.code(), Code::Unknown);
    assert!(!format!("{seen:?}").contains("secret"), "{seen:?}");
}

#[tokio::test]
async fn an_error_with_code_ok_is_a_500_over_plain_http() {
    let (parts, problem) = over_http(&StatusMapLayer::new().rpc(true), tonic::Status::ok("secret")).await;
    assert_eq!(parts.status, 500);
    assert!(!problem.to_string().contains("secret"), "{problem}");
}

fn with_metadata(fields: &[(&'static str, &'static str)]) -> tonic::Status {
    let fields = fields.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
    let metadata = MetadataMap::from_headers(fields.collect());
    tonic::Status::with_metadata(Code::Aborted, "try again", metadata)
}

/// The status that a tonic client returns has the whole head of its response as metadata.
#[tokio::test]
async fn a_content_type_in_the_metadata_is_not_sent() {
    let fields = [("content-type", "application/grpc"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("x-shard", "7")];
    for (way, make) in DIRECT {
        let seen = over_grpc(&StatusMapLayer::new().rpc(true), make(with_metadata(&fields))).await;
        assert_eq!((seen.code(), seen.metadata().get("x-shard").is_some()), (Code::Aborted, true), "{way}");
    }
}

#[tokio::test]
async fn metadata_named_like_fields_of_the_protocol_is_not_sent() {
    let fields = [
        ("grpc-status", "0"),
        ("grpc-message", "all is well"),
        ("grpc-status-details-bin", "AAAA"),
        ("grpc-encoding", "gzip"),
        ("content-type", "text/html"),
        ("content-length", "7"),
        ("content-encoding", "gzip"),
        ("te", "trailers"),
        ("www-authenticate", "Basic"),
        ("retry-after", "7"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
    ];
    for (way, make) in DIRECT {
        for field in fields {
            let seen =
                over_grpc(&StatusMapLayer::new().rpc(true), make(with_metadata(&[field, ("x-shard", "7")]))).await;
            assert_eq!((seen.code(), seen.message()), (Code::Aborted, "try again"), "{way} {field:?}");
            assert_only_error_info(&seen, "CONFLICT", way);
            let kept: Vec<_> = seen.metadata().clone().into_headers().keys().map(ToString::to_string).collect();
            assert_eq!(kept, ["x-shard"], "{way} {field:?}");
        }
    }
}

/// status.proto and any.proto.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// The details are an application's own bytes, which need not be a `google.rpc.Status`.
#[tokio::test]
async fn error_info_is_added_to_details_that_have_none() {
    let any = |name: &str| Any { type_url: format!("type.googleapis.com/{name}"), value: vec![7] };
    let encoded = |details: Vec<Any>| RpcStatus { code: 10, message: "try again".to_owned(), details }.encode_to_vec();
    let status = |details: Vec<u8>| tonic::Status::with_details(Code::Aborted, "try again", details.into());
    let names = |rpc: &RpcStatus| -> Vec<String> {
        rpc.details.iter().map(|any| any.type_url.rsplit('.').next().unwrap().to_owned()).collect()
    };
    for (given, expected) in [
        (vec![], vec!["ErrorInfo"]),
        (vec![any("shop.Hint")], vec!["Hint", "ErrorInfo"]),
        (vec![any("google.rpc.Help"), any("shop.Hint")], vec!["Help", "Hint", "ErrorInfo"]),
        // Its length takes two bytes.
        (vec![Any { value: vec![7; 300], ..any("shop.Hint") }], vec!["Hint", "ErrorInfo"]),
    ] {
        let seen = over_grpc(&StatusMapLayer::new().rpc(true), status(encoded(given.clone()))).await;
        let rpc = RpcStatus::decode(seen.details()).unwrap();
        assert_eq!(names(&rpc), expected);
        assert_eq!((rpc.code, &*rpc.message, &rpc.details[..given.len()]), (10, "try again", &given[..]));
        assert_eq!(seen.get_details_error_info().unwrap().reason, "CONFLICT");
    }
    for unchanged in [
        encoded(vec![any("google.rpc.ErrorInfo")]),
        encoded(vec![any("shop.Hint"), any("google.rpc.ErrorInfo")]),
        b"not protobuf".to_vec(),
        vec![0x08, 0x0a, 0x12],              // cut
        vec![0x22, 0x01, 0x00],              // another field
        [&[0x08], &[0xff; 20][..]].concat(), // a number without an end
        vec![0x1a, 0x02, 0x18, 0x01],        // not an `Any`
    ] {
        let seen = over_grpc(&StatusMapLayer::new().rpc(true), status(unchanged.clone())).await;
        assert_eq!(seen.details(), unchanged);
    }
}

/// A delay that `map_status` adds.
#[tokio::test]
async fn delay_is_added_to_the_details_of_a_tonic_status() {
    let delayed = |status: Status, _: &tower_status::Context<'_>| status.with_retry_after(Duration::from_secs(7));
    let layer = StatusMapLayer::new().rpc(true).map_status(delayed);
    let seen = over_grpc(&layer, complete(Code::Unavailable)).await;
    assert_eq!(seen.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(7)));
    assert_eq!(seen.get_details_error_info().unwrap().reason, "TOO_LARGE");
    assert_eq!(seen.metadata().get("grpc-retry-pushback-ms").unwrap(), "7000");
}

/// The details are dropped before the message is cut.
#[tokio::test]
async fn above_the_limit_details_are_dropped_and_the_message_is_cut() {
    let long = "größe ".repeat(20_000);
    let mut metadata = MetadataMap::new();
    metadata.insert("x-shard", MetadataValue::from_static("7"));
    let status = |message: &str, details: usize| {
        let details = vec![7; details].into();
        tonic::Status::with_details_and_metadata(Code::Aborted, message, details, metadata.clone())
    };
    let rows = [("short", 20_000, false), (&*long, 7, false), (&*long, 20_000, false), ("short", 2_000, true)];
    for (message, length, fits) in rows {
        let (parts, body) =
            fail(&StatusMapLayer::new().rpc(true), rpc("application/grpc"), status(message, length)).await;
        let size: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        // With the 42 bytes of `:status: 200`.
        assert!(size + 42 < 3 * 1024, "{size}");
        let seen = read(&parts, &body);
        assert_eq!(seen.code(), Code::Aborted);
        assert_eq!(seen.metadata().get("x-shard").unwrap(), "7");
        assert_eq!(seen.details().len(), if fits { length } else { 0 }, "{length}");
    }
}

/// A stream sends the status in its trailers, which no layer limits.
#[test]
fn a_converted_status_is_limited_as_tonic_encodes_it() {
    let size = |status: tonic::Status| {
        let mut fields = http::HeaderMap::new();
        status.add_header(&mut fields).unwrap();
        fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>()
    };
    for unit in ["m", " ", "é", "日", "🌷", "%", "\n", "a b", "{\"x\": 7}", "`?<#>"] {
        let whole = unit.repeat(20_000 / unit.len());
        let status = Status::conflict().with_detail(whole.clone()).with_header("x-shard", "7");
        let converted = tonic::Status::from(status);
        let kept = converted.message().strip_suffix('…').unwrap();
        assert!(whole.starts_with(kept), "{unit:?}");
        assert!(converted.details().is_empty() && converted.metadata().get("x-shard").is_some(), "{unit:?}");
        let size = size(converted.clone());
        // A character takes twelve bytes at most.
        assert!((3 * 1024 - 12..3 * 1024).contains(&size), "{unit:?}: {size}");
    }
    // Below the limit everything is sent.
    let status = Status::conflict().with_type("/problems/sold-out").with_detail("m".repeat(1_000));
    let converted = tonic::Status::from(status);
    assert_eq!(converted.message().len(), 1_000);
    assert_eq!(converted.get_details_error_info().unwrap().reason, "SOLD_OUT");
    assert!(size(converted) < 3 * 1024);
    // Metadata is left out last.
    let status = (0..100).fold(Status::conflict(), |status, n| status.with_header(format!("x-{n}"), "v".repeat(100)));
    let converted = tonic::Status::from(status.with_detail("sold out"));
    assert!((10..30).contains(&converted.metadata().len()), "{}", converted.metadata().len());
    assert!(size(converted) < 3 * 1024);
}

#[tokio::test]
async fn over_grpc_web_message_and_details_are_sent() {
    let (parts, _) =
        fail(&StatusMapLayer::new().rpc(true), rpc("application/grpc-web"), complete(Code::NotFound)).await;
    let seen = tonic::Status::from_header_map(&parts.headers).unwrap();
    assert_eq!((seen.code(), seen.message(), seen.details()), (Code::NotFound, MESSAGE, &*details(Code::NotFound)));
}

#[tokio::test]
async fn map_error_maps_a_tonic_status_in_a_chain() {
    let layer = StatusMapLayer::new().rpc(true).map_error(|status: &tonic::Status| {
        (status.code() == Code::NotFound).then(|| Status::gone().with_detail("it was deleted"))
    });
    // The error itself is final, so no mapping sees it.
    for (way, make) in DIRECT.into_iter().skip(1).chain(UPSTREAM) {
        let seen = over_grpc(&layer, make(complete(Code::NotFound))).await;
        assert_eq!((seen.code(), seen.message()), (Code::NotFound, "it was deleted"), "{way}");
        assert_only_error_info(&seen, "GONE", way);
        assert_eq!(over_http(&layer, make(complete(Code::NotFound))).await.0.status, 410, "{way}");
        assert_eq!(over_grpc(&layer, make(complete(Code::Aborted))).await.code(), Code::Aborted, "{way}");
    }
}

#[tokio::test]
async fn the_code_in_the_details_is_the_code_that_map_status_sets() {
    let layer = StatusMapLayer::new().rpc(true).map_status(|status, _| status.with_grpc_code(GrpcCode::Aborted));
    for (way, make) in DIRECT {
        let seen = over_grpc(&layer, make(complete(Code::NotFound))).await;
        assert_eq!(seen.code(), Code::Aborted, "{way}");
        let inside = tonic_types::Status::decode(seen.details()).unwrap();
        assert_eq!(inside.code, 10, "{way}: {inside:?}");
    }
}

/// tonic's error for a timeout.
#[tokio::test]
async fn timeout_expired_is_deadline_exceeded() {
    let rows: [(&str, Status); 4] = [
        ("in a BoxError", BoxError::from(TimeoutExpired(())).into()),
        ("in an io::Error", io::Error::other(TimeoutExpired(())).into()),
        ("from_error", Status::from_error(TimeoutExpired(()))),
        ("as a cause", Status::from_error(Wrapper(TimeoutExpired(()).into()))),
    ];
    for (row, status) in rows {
        assert_eq!(
            over_grpc(&StatusMapLayer::new().rpc(true), status.clone()).await.code(),
            Code::DeadlineExceeded,
            "{row}"
        );
        let (parts, _) = over_http(&StatusMapLayer::new().rpc(true), status).await;
        assert_eq!(parts.status, 503, "{row}");
    }
}
