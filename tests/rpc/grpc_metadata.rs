//! Metadata of a gRPC error, and the names that are reserved.

use std::time::Duration;

use http::{Response, StatusCode};
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};

use crate::{
    common::{fail, lines, rpc, send as send_request},
    error_response::{CALL, Call, ErrorResponse, error_response, send},
};

const PUSHBACK: &str = "grpc-retry-pushback-ms";

fn pushback(response: &ErrorResponse) -> Option<&str> {
    match lines(&response.metadata, PUSHBACK)[..] {
        [] => None,
        [value] => Some(value),
        ref more => panic!("clients do not retry after several values: {more:?}"),
    }
}

/// Returns an inner response with these fields.
fn inner(code: u16, fields: &[(&str, &str)]) -> Response<String> {
    let mut response = Response::builder().status(code);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(String::new()).unwrap()
}

// ----- grpc-retry-pushback-ms (gRFC A6) -----

#[tokio::test]
async fn delay_of_unavailable_and_resource_exhausted_becomes_pushback_in_milliseconds() {
    let millis = Duration::from_millis;
    #[rustfmt::skip]
    let rows = [
        (millis(0), Some("0")),
        (Duration::from_nanos(1), Some("1")),
        (millis(1), Some("1")),
        (Duration::from_micros(1_500), Some("2")),
        (millis(1_500), Some("1500")),
        (Duration::from_secs(30), Some("30000")),
        // Clients parse a signed 32-bit integer.
        (millis(2_147_483_647), Some("2147483647")),
        (millis(2_147_483_648), None),
        (millis(2_147_483_647) + Duration::from_nanos(1), None),
        (Duration::MAX, None),
    ];
    for (delay, expected) in rows {
        for status in [Status::service_unavailable(), Status::bad_gateway(), Status::too_many_requests()] {
            for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
                let call = Call { content_type, ..CALL };
                let outcome = Err(status.clone().with_retry_after(delay));
                let response = send(StatusMapLayer::new().rpc(true), &call, outcome).await;
                assert_eq!(pushback(&response), expected, "{delay:?} {content_type}");
                assert!(response.kinds().contains(&"RetryInfo"), "{delay:?} {content_type}");
            }
        }
    }
}

/// Clients obey it for any code that they retry.
#[tokio::test]
async fn delay_of_another_code_is_retry_info_alone() {
    let codes = [
        GrpcCode::Cancelled,
        GrpcCode::Unknown,
        GrpcCode::InvalidArgument,
        GrpcCode::DeadlineExceeded,
        GrpcCode::Aborted,
        GrpcCode::Internal,
        GrpcCode::DataLoss,
        GrpcCode::Unavailable,
        GrpcCode::ResourceExhausted,
    ];
    for code in codes {
        let status = Status::service_unavailable().with_grpc_code(code).with_retry_after(Duration::from_secs(7));
        let response = error_response(status).await;
        let retried = matches!(code, GrpcCode::Unavailable | GrpcCode::ResourceExhausted);
        assert_eq!(pushback(&response), retried.then_some("7000"), "{code}");
        assert!(response.kinds().contains(&"RetryInfo"), "{code}");
    }
}

#[tokio::test]
async fn retry_after_in_seconds_becomes_pushback() {
    #[rustfmt::skip]
    let rows = [
        ("7", Some("7000")),
        ("0", Some("0")),
        ("2147483", Some("2147483000")),
        ("2147484", None),
        ("-1", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", None),
    ];
    for (value, expected) in rows {
        let of_status = error_response(Status::too_many_requests().with_header("retry-after", value)).await;
        assert_eq!(pushback(&of_status), expected, "{value} of a status");
        let outcome = Ok(inner(429, &[("retry-after", value)]));
        let of_inner = send(StatusMapLayer::new().rpc(true), &CALL, outcome).await;
        assert_eq!(pushback(&of_inner), expected, "{value} of an inner response");
    }
    assert_eq!(pushback(&error_response(Status::service_unavailable()).await), None, "without a delay");
}

#[tokio::test]
async fn pushback_that_the_application_has_set_is_sent_alone() {
    let delayed = || Status::service_unavailable().with_retry_after(Duration::from_secs(7));
    #[rustfmt::skip]
    let rows = [
        (delayed().with_header(PUSHBACK, "-1"), "-1"),
        (delayed().with_header(PUSHBACK, "250"), "250"),
        (delayed().with_header(PUSHBACK, "250").with_header(PUSHBACK, "300"), "300"),
        (Status::internal_server_error().with_header(PUSHBACK, "-1"), "-1"),
    ];
    for (status, expected) in rows {
        assert_eq!(pushback(&error_response(status).await), Some(expected));
    }
    let fields = [("retry-after", "7"), (PUSHBACK, "250")];
    let layer = StatusMapLayer::new().rpc(true);
    let response = send(layer.clone(), &CALL, Ok(inner(503, &fields))).await;
    assert_eq!(pushback(&response), Some("250"), "of an inner response");
    let layer = layer.map_status(|status, _| status.with_header(PUSHBACK, "-1"));
    let response = send(layer, &CALL, Ok(inner(503, &fields))).await;
    assert_eq!(pushback(&response), Some("-1"), "the status's replaces that of the inner response");
}

// ----- reserved names -----

struct Reserved {
    name: &'static str,
    value: &'static str,
    passes: bool,
}

/// PROTOCOL-HTTP2.md reserves the prefix `grpc-`; these four are for applications and their libraries.
const NAMES: [Reserved; 12] = [
    Reserved { name: PUSHBACK, value: "250", passes: true },
    Reserved { name: "grpc-trace-bin", value: "AAECAw", passes: true },
    Reserved { name: "grpc-tags-bin", value: "AAECAw", passes: true },
    Reserved { name: "grpc-server-stats-bin", value: "AAECAw", passes: true },
    Reserved { name: "grpc-status", value: "0", passes: false },
    Reserved { name: "grpc-message", value: "all is well", passes: false },
    Reserved { name: "grpc-status-details-bin", value: "AAAA", passes: false },
    Reserved { name: "grpc-encoding", value: "gzip", passes: false },
    Reserved { name: "grpc-accept-encoding", value: "gzip", passes: false },
    Reserved { name: "grpc-timeout", value: "1S", passes: false },
    Reserved { name: "grpc-shop", value: "7", passes: false },
    Reserved { name: "grpc-shop-bin", value: "AAECAw", passes: false },
];

fn check_name(response: &ErrorResponse, name: &str, value: &str, passes: bool, row: &str) {
    assert_eq!(lines(&response.metadata, name).contains(&value), passes, "{row}: {name}: {:?}", response.metadata);
    assert_eq!((response.code, &*response.message), (10, "sold out"), "{row}: {name}");
}

#[tokio::test]
async fn four_names_with_grpcs_prefix_are_metadata_and_all_others_are_dropped() {
    for Reserved { name, value, passes } in NAMES {
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let call = Call { content_type, ..CALL };
            let status = Status::conflict().with_detail("sold out").with_header(name, value);
            let response = send(StatusMapLayer::new().rpc(true), &call, Err(status)).await;
            check_name(&response, name, value, passes, content_type);
        }
        // A 409 that a handler has built, which is not a gRPC response.
        if name != "grpc-status" {
            let mut inner = inner(409, &[("content-type", "text/plain"), (name, value)]);
            *inner.body_mut() = "sold out".to_owned();
            let response = send(StatusMapLayer::new().rpc(true), &CALL, Ok(inner)).await;
            check_name(&response, name, value, passes, "an inner response");
        }
    }
}

#[cfg(feature = "tonic")]
#[tokio::test]
async fn metadata_of_a_tonic_status_has_the_same_reserved_names() {
    for Reserved { name, value, passes } in NAMES {
        let mut fields = http::HeaderMap::new();
        fields.insert(http::HeaderName::from_static(name), value.parse().unwrap());
        let metadata = tonic::metadata::MetadataMap::from_headers(fields);
        let status = tonic::Status::with_metadata(tonic::Code::Aborted, "sold out", metadata);
        let response = error_response(status.clone().into()).await;
        check_name(&response, name, value, passes, "an error");
        let converted = tonic::Status::from(Status::from(status));
        assert_eq!(converted.metadata().clone().into_headers().contains_key(name), passes, "converted: {name}");
    }
}

#[cfg(feature = "derive")]
#[tokio::test]
async fn field_of_a_derived_status_has_the_same_reserved_names() {
    #[derive(Debug, thiserror::Error, tower_status::IntoStatus)]
    enum Failure {
        #[error("sold out")]
        #[status(409, header("grpc-retry-pushback-ms" = "250"), header("grpc-trace-bin" = "AAECAw"))]
        Passes,
        #[error("sold out")]
        #[status(409, header("grpc-encoding" = "gzip"), header("grpc-status-details-bin" = "AAAA"))]
        Reserved,
    }
    let response = error_response(Failure::Passes.into()).await;
    check_name(&response, PUSHBACK, "250", true, "derived");
    check_name(&response, "grpc-trace-bin", "AAECAw", true, "derived");
    let response = error_response(Failure::Reserved.into()).await;
    check_name(&response, "grpc-encoding", "gzip", false, "derived");
    check_name(&response, "grpc-status-details-bin", "AAAA", false, "derived");
}

// ----- fields of HTTP -----

/// A browser reads them in the head. They are not metadata.
#[tokio::test]
async fn cookies_and_cors_of_a_status_are_in_the_head() {
    let status = || {
        let status = Status::conflict().with_header("set-cookie", "a=1").with_header("set-cookie", "b=2");
        let status = status.with_header("access-control-allow-origin", "https://shop.example");
        status.with_header("vary", "origin").with_header("x-shard", "7")
    };
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let (parts, _) = fail(&StatusMapLayer::new().rpc(true), rpc(content_type), status()).await;
        assert_eq!(lines(&parts.headers, "set-cookie"), ["a=1", "b=2"], "{content_type}");
        let is_web = content_type != "application/grpc";
        for name in ["access-control-allow-origin", "vary"] {
            assert_eq!(parts.headers.contains_key(name), is_web, "{content_type} {name}");
        }
        let in_head = content_type != "application/grpc-web-text";
        assert_eq!(parts.headers.contains_key("x-shard"), in_head, "{content_type}");
    }
    // No name is sent twice, in the head and in the frame.
    let call = Call { content_type: "application/grpc-web-text", ..CALL };
    let response = send(StatusMapLayer::new().rpc(true), &call, Err(status())).await;
    assert_eq!(lines(&response.metadata, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(lines(&response.metadata, "x-shard"), ["7"]);
}

/// Fetch §3.3.6.
#[tokio::test]
async fn grpc_web_exposes_the_names_of_the_metadata_of_a_status() {
    const EXPOSE: &str = "access-control-expose-headers";
    let layer = StatusMapLayer::new().rpc(true);
    let exposed = async |outcome: Result<Response<String>, Status>| -> Vec<String> {
        let (parts, _) = send_request(&layer, rpc("application/grpc-web"), outcome).await;
        let lines = lines(&parts.headers, EXPOSE).join(",");
        lines.split(',').map(|name| name.trim().to_owned()).collect()
    };
    let status_fields = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    let own = || {
        let status = Status::conflict().with_header("x-shard", "7").with_header("x-shard", "8");
        status.with_header("set-cookie", "a=1").with_header("trace-bin", "AAECAw").with_header("etag", "\"v1\"")
    };
    assert_eq!(exposed(Err(own())).await, [&status_fields[..], &["x-shard", "trace-bin"]].concat());
    let delayed = Status::service_unavailable().with_retry_after(Duration::from_secs(7));
    assert_eq!(exposed(Err(delayed)).await, [&status_fields[..], &[PUSHBACK]].concat());
    // The inner response's own CORS layer exposes the other names.
    let response = || inner(409, &[("x-region", "eu"), ("set-cookie", "a=1")]);
    assert_eq!(exposed(Ok(response())).await, status_fields);
    let mapping = layer.clone().map_status(|status, _| status.with_header("x-shard", "7"));
    let (parts, _) = send_request(&mapping, rpc("application/grpc-web"), Ok::<_, Status>(response())).await;
    assert_eq!(lines(&parts.headers, EXPOSE), ["grpc-status, grpc-message, grpc-status-details-bin, x-shard"]);
    // A name that is exposed already is not repeated.
    let mut response = inner(409, &[(EXPOSE, "X-Shard"), (EXPOSE, "grpc-status")]);
    *response.status_mut() = StatusCode::CONFLICT;
    let (parts, _) = send_request(&mapping, rpc("application/grpc-web"), Ok::<_, Status>(response)).await;
    assert_eq!(lines(&parts.headers, EXPOSE), ["X-Shard", "grpc-status", "grpc-message, grpc-status-details-bin"]);
    // What does not fit is not exposed.
    let huge = Status::conflict().with_header("x-huge", "h".repeat(4_000)).with_header("x-shard", "7");
    assert_eq!(exposed(Err(huge)).await, [&status_fields[..], &["x-shard"]].concat());
}
