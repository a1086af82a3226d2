//! Responses of the inner service to a Connect call: those that pass, and those that become a Connect error.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Response, response::Parts};
use serde_json::json;
use tower_status::{KeepBody, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{Fields, Reports, all_text, fail, full, json, request, send};
use crate::connect::{GET, PATH, STREAM, UNARY, end_of_stream, layer};

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

/// The response to GET may pass: a Content-Length to HEAD must be its length (RFC 9110 §8.6).
#[tokio::test]
async fn json_error_to_head_has_no_length_if_its_body_is_unknown() {
    let inner = || full(409, &[("content-type", "application/json")], "");
    let (parts, body) = send(&layer(), request("HEAD", GET, &[]), Ok::<_, Status>(inner())).await;
    assert_eq!((parts.status.as_u16(), body.len()), (409, 0));
    assert!(!parts.headers.contains_key("content-length"), "{:?}", parts.headers);
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
    assert!(asked.lock().unwrap().contains(&Some(GrpcCode::PermissionDenied)), "not called with Connect's code");
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
