//! The form of the error responses to gRPC and gRPC-Web requests.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, response::Parts};
use http_body::Body;
use http_body_util::BodyExt;
use percent_encoding::percent_decode;
use tower::{Layer, ServiceExt};
use tower_status::{
    Protocol::{self, Grpc, GrpcWeb, GrpcWebText, Http},
    Status, StatusMapLayer,
    catalog::GrpcCode,
};

use crate::common::{Fields, fail, lines, only_line, returns_once, rpc};

pub(crate) struct ErrorResponse {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    /// `is_end_stream` before the body was read.
    pub(crate) ended: bool,
    /// The protocol in the context of `on_error`.
    pub(crate) protocol: Protocol,
}

impl ErrorResponse {
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.parts.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        field(&self.parts.headers, name)
    }

    /// Returns the protocol, as the bytes of the response show it.
    pub(crate) fn protocol_by_bytes(&self) -> Protocol {
        let base = self.field("content-type").split('+').next().unwrap();
        if !base.starts_with("application/grpc") {
            assert!(self.parts.status != 200 && !self.parts.headers.contains_key("grpc-status"));
            return Http;
        }
        assert_eq!(self.parts.status, 200, "a gRPC error with another status code than 200");
        let in_head = self.parts.headers.keys().any(|name| name.as_str().starts_with("grpc-"));
        assert_ne!(in_head, !self.body.is_empty(), "in both or in neither of the head and a frame: {:?}", self.parts);
        match base {
            "application/grpc" => Grpc,
            "application/grpc-web" => GrpcWeb,
            "application/grpc-web-text" => GrpcWebText,
            other => panic!("{other}"),
        }
    }

    /// Checks that the response and the context have this protocol.
    pub(crate) fn assert_protocol(&self, protocol: Protocol, row: &str) {
        assert_eq!((self.protocol_by_bytes(), self.protocol), (protocol, protocol), "{row}");
    }

    /// Returns the fields of the gRPC status, in the head or in the trailer frame.
    pub(crate) fn status_fields(&self) -> HeaderMap {
        if self.protocol_by_bytes() == GrpcWebText { trailer_frame(&self.body) } else { self.parts.headers.clone() }
    }
}

/// Returns the only line of a field, or `""`.
pub(crate) fn field<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    only_line(headers, name).unwrap_or_default()
}

pub(crate) async fn send(
    method: &str,
    fields: &[(&str, &[u8])],
    outcome: Result<Response<String>, Status>,
) -> ErrorResponse {
    let protocols = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&protocols);
    let layer = StatusMapLayer::new().rpc(true).on_error(move |_, context| hook.lock().unwrap().push(context.protocol));
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
    *request.uri_mut() = "/shop.Orders/Get".parse().unwrap();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let (parts, body) = layer.layer(returns_once(outcome)).oneshot(request).await.unwrap().into_parts();
    let ended = body.is_end_stream();
    let collected = body.collect().await.unwrap();
    assert!(collected.trailers().is_none(), "the status is in trailers");
    let protocols = protocols.lock().unwrap();
    assert_eq!(protocols.len(), 1, "calls of on_error");
    ErrorResponse { parts, body: collected.to_bytes(), ended, protocol: protocols[0] }
}

pub(crate) async fn send_failing(method: &str, fields: Fields<'_>, status: Status) -> ErrorResponse {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    send(method, &fields, Err(status)).await
}

pub(crate) async fn post(content_type: &str, status: Status) -> ErrorResponse {
    send_failing("POST", &[("content-type", content_type)], status).await
}

/// Returns the fields of a trailer frame of gRPC-Web text.
///
/// PROTOCOL-WEB.md: the byte 0x80, a length of four bytes, and the fields as in HTTP/1.1, names in lower case.
pub(crate) fn trailer_frame(body: &[u8]) -> HeaderMap {
    let frame = STANDARD.decode(body).expect("padded base64");
    assert_eq!(frame[0], 0x80, "not an uncompressed trailer frame");
    let length = u32::from_be_bytes(frame[1..5].try_into().unwrap());
    let block = &frame[5..];
    assert_eq!(length as usize, block.len(), "the length of the frame, and of the rest of the body");
    let block = block.strip_suffix(b"\r\n").expect("each field ends its line");
    let mut fields = HeaderMap::new();
    for line in str::from_utf8(block).unwrap().split("\r\n") {
        let (name, value) = line.split_once(':').unwrap();
        assert_eq!(name, name.to_ascii_lowercase());
        fields.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.trim().parse().unwrap());
    }
    fields
}

// ----- Trailers-Only -----

/// The fields of every response.
const BARE: [&str; 4] = ["content-type", "grpc-message", "grpc-status", "grpc-status-details-bin"];

/// The fields of a response with a delay.
const PUSHED_BACK: [&str; 5] =
    ["content-type", "grpc-message", "grpc-retry-pushback-ms", "grpc-status", "grpc-status-details-bin"];

// More than 60 lines: one table.
#[tokio::test]
async fn a_grpc_error_is_trailers_only_with_no_other_fields() {
    let everything = Status::service_unavailable()
        .with_retry_after(Duration::from_secs(7))
        .with_header("www-authenticate", "Bearer")
        .with_header("authentication-info", "nextnonce=7")
        .with_header("proxy-authenticate", "Basic")
        .with_header("access-control-allow-origin", "*")
        .with_header("vary", "origin")
        .with_header("allow", "GET")
        .with_header("location", "/elsewhere")
        .with_header("content-range", "bytes */7")
        .with_header("cache-control", "no-store")
        .with_header("expires", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with_header("content-security-policy", "default-src 'none'")
        .with_header("x-content-type-options", "nosniff")
        .with_header("content-language", "en")
        .with_header("etag", "\"v1\"")
        .with_header("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with_header("accept-ranges", "bytes")
        .with_header("link", "<https://shop.example>; rel=help")
        .with_header("upgrade", "h2c")
        .with_header("connection", "upgrade")
        .with_header("keep-alive", "timeout=5")
        .with_header("grpc-encoding", "gzip")
        .with_header("grpc-status", "0")
        .with_header("grpc-message", "all is well")
        .with_header("grpc-status-details-bin", "AAAA");
    #[rustfmt::skip]
    let rows = [
        ("no detail", Status::not_found(), "5", &BARE[..]),
        ("a detail", Status::conflict().with_detail("sold out"), "10", &BARE),
        ("401", Status::unauthorized("Bearer"), "16", &BARE),
        ("401 without a challenge", Status::new(StatusCode::UNAUTHORIZED), "16", &BARE),
        ("405", Status::method_not_allowed("GET"), "12", &BARE),
        ("407", Status::proxy_authentication_required("Basic"), "9", &BARE),
        ("416", Status::range_not_satisfiable(7), "11", &BARE),
        ("426", Status::upgrade_required("HTTP/3.0"), "9", &BARE),
        ("308", Status::permanent_redirect("/elsewhere"), "2", &BARE),
        ("everything", everything, "14", &PUSHED_BACK),
    ];
    for (row, status, code, names) in rows {
        let inner = returns_once(Err::<Response<String>, _>(status.clone()));
        let (parts, body) = StatusMapLayer::new()
            .rpc(true)
            .layer(inner)
            .oneshot(rpc("application/grpc+proto"))
            .await
            .unwrap()
            .into_parts();
        assert!(body.is_end_stream(), "{row}: HEADERS end the stream, otherwise grpcio reports UNKNOWN");
        let body = body.collect().await.unwrap();
        assert!(body.trailers().is_none() && body.to_bytes().is_empty(), "{row}");
        let response = ErrorResponse { parts, body: Bytes::new(), ended: true, protocol: Grpc };
        assert_eq!(response.names(), names, "{row}");
        assert_eq!(response.parts.status, 200, "{row}");
        assert_eq!(response.field("content-type"), "application/grpc+proto", "{row}");
        assert_eq!(response.field("grpc-status"), code, "{row}");
        let extension: &Status = response.parts.extensions.get().unwrap();
        assert_eq!(extension.code(), status.code(), "{row}: for outer layers");
    }
}

/// RFC 9113 §8.2.2
#[tokio::test]
async fn a_connection_specific_field_of_a_status_is_not_metadata() {
    for name in ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "te"] {
        for content_type in ["application/grpc", "application/grpc-web"] {
            let response = post(content_type, Status::conflict().with_header(name, "x")).await;
            assert!(!response.parts.headers.contains_key(name), "{name} of {content_type}");
        }
    }
}

#[tokio::test]
async fn another_field_of_a_status_is_metadata() {
    let status = || {
        let status = Status::conflict().with_header("x-shard", "7").with_header("x-shard", "8");
        status.with_header("trace-bin", "AAECAw").with_header("padded-bin", "AAECAw==").with_header("other-bin", "?!")
    };
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let fields = post(content_type, status()).await.status_fields();
        assert_eq!(lines(&fields, "x-shard"), ["7", "8"], "{content_type}");
        // In some clients a value that cannot be decoded fails the whole call.
        for (name, value) in fields.iter().filter(|(name, _)| name.as_str().ends_with("-bin")) {
            let unpadded = value.to_str().unwrap().trim_end_matches('=');
            assert!(STANDARD_NO_PAD.decode(unpadded).is_ok(), "{content_type}: {name}: {value:?}");
        }
        assert!(fields.contains_key("trace-bin") && fields.contains_key("padded-bin"), "{content_type}");
    }
}

/// PROTOCOL-HTTP2.md: UTF-8; every byte except %x20-24 and %x26-7E is percent-encoded, in upper-case hex.
#[tokio::test]
async fn the_message_is_percent_encoded() {
    #[rustfmt::skip]
    let rows = [
        ("sold out", "sold out"),
        ("50% off", "50%25 off"),
        ("%", "%25"),
        ("%41%zz", "%2541%25zz"),
        ("Grüße", "Gr%C3%BC%C3%9Fe"),
        ("🌷", "%F0%9F%8C%B7"),
        ("日本語", "%E6%97%A5%E6%9C%AC%E8%AA%9E"),
        ("two\r\nlines", "two%0D%0Alines"),
        ("x\r\ngrpc-status: 0\r\n", "x%0D%0Agrpc-status: 0%0D%0A"),
        ("a\tb", "a%09b"),
        ("\0", "%00"),
        ("\u{1b}[31m", "%1B[31m"),
        ("DEL \u{7f}.", "DEL %7F."),
        ("C1 \u{85}.", "C1 %C2%85."),
        ("\u{2028}", "%E2%80%A8"),
        ("\u{10ffff}", "%F4%8F%BF%BF"),
        ("!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ];
    for (detail, encoded) in rows {
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let response = post(content_type, Status::conflict().with_detail(detail)).await;
            assert_eq!(field(&response.status_fields(), "grpc-message"), encoded, "{detail:?} as {content_type}");
        }
    }
}

#[tokio::test]
async fn every_character_of_latin_1_is_sent_in_a_message() {
    for c in (0..=0xff).map(char::from) {
        let detail = format!("x{c}x");
        let encode = |byte| match byte {
            0x20..=0x24 | 0x26..=0x7e => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        let encoded: String = detail.bytes().map(encode).collect();
        let response = post("application/grpc", Status::conflict().with_detail(detail)).await;
        assert_eq!(response.field("grpc-message"), encoded);
    }
}

/// RFC 9113 §8.2.1: a field value must not begin or end with whitespace.
#[tokio::test]
async fn whitespace_at_the_edges_of_a_message_is_percent_encoded() {
    for detail in [" x", "x ", " x ", "   two words  ", " ", "     ", "\tx\t", " 🌷 ", " % "] {
        for content_type in ["application/grpc", "application/grpc-web-text"] {
            let fields = post(content_type, Status::conflict().with_detail(detail)).await.status_fields();
            let value = field(&fields, "grpc-message");
            assert_eq!(value.trim(), value, "{detail:?}");
            assert_eq!(percent_decode(value.as_bytes()).decode_utf8().unwrap(), detail, "{value:?}");
        }
    }
}

#[tokio::test]
async fn the_message_is_the_detail_that_may_be_shown_or_the_explanation() {
    #[rustfmt::skip]
    let rows = [
        (Status::not_found(), None),
        (Status::not_found().with_title("No such order"), None),
        (Status::not_found().with_detail("order 8"), Some("order 8")),
        (Status::permission_denied().with_detail("read only"), Some("read only")),
        (Status::internal_server_error().with_detail("secret"), None),
        (Status::bad_gateway().with_detail("secret"), None),
        (Status::service_unavailable().with_detail("secret"), None),
        (Status::service_unavailable().with_detail("until noon").expose(), Some("until noon")),
        // INTERNAL is hidden like a 5xx.
        (Status::internal_server_error().with_detail("shown").expose(), Some("shown")),
    ];
    for (status, message) in rows {
        let response = post("application/grpc", status.clone()).await;
        assert_eq!(response.field("grpc-message"), message.unwrap_or(status.entry().explanation), "{status:?}");
    }
}

#[tokio::test]
async fn expose_server_errors_shows_the_detail_of_a_5xx() {
    let layer = StatusMapLayer::new().rpc(true).expose_server_errors(true);
    let status = Status::internal_server_error().with_detail("seen in development");
    let (parts, _) = fail(&layer, rpc("application/grpc"), status).await;
    assert_eq!(field(&parts.headers, "grpc-message"), "seen in development");
}

// ----- gRPC-Web -----

const EXPOSE: &str = "access-control-expose-headers";

#[tokio::test]
async fn grpc_web_binary_is_trailers_only_and_exposes_its_fields() {
    for content_type in ["application/grpc-web", "application/grpc-web+proto"] {
        let response = post(content_type, Status::too_many_requests().with_detail("slow down")).await;
        assert_eq!(response.parts.status, 200);
        assert_eq!(response.names(), [&[EXPOSE], &BARE[..]].concat());
        assert_eq!(response.field("content-type"), content_type);
        assert_eq!((response.field("grpc-status"), response.field("grpc-message")), ("8", "slow down"));
        assert_eq!(response.field(EXPOSE), "grpc-status, grpc-message, grpc-status-details-bin");
        assert!(response.ended && response.body.is_empty());
    }
}

#[tokio::test]
async fn grpc_web_text_is_one_trailer_frame() {
    for content_type in ["application/grpc-web-text", "application/grpc-web-text+proto"] {
        let status = Status::too_many_requests().with_detail("slöw\r\ndown").with_extension("limit", 7);
        let response = post(content_type, status).await;
        assert_eq!(response.parts.status, 200);
        assert_eq!(response.names(), ["content-type"], "the fields of the head");
        assert_eq!(response.field("content-type"), content_type);
        let fields = trailer_frame(&response.body);
        assert_eq!(field(&fields, "grpc-status"), "8");
        assert_eq!(field(&fields, "grpc-message"), "sl%C3%B6w%0D%0Adown");
        assert!(
            STANDARD_NO_PAD.decode(field(&fields, "grpc-status-details-bin")).is_ok(),
            "not standard, unpadded base64"
        );
        assert!(!response.ended);
    }
}

/// Returns the responses to an error with these lines of Access-Control-Expose-Headers: an `Err`, and an inner 409.
async fn exposing(exposed: &[&str]) -> [ErrorResponse; 2] {
    let mut status = Status::conflict();
    let mut inner = Response::new(String::new());
    *inner.status_mut() = StatusCode::CONFLICT;
    for line in exposed {
        status = status.with_header(EXPOSE, *line);
        inner.headers_mut().append(EXPOSE, line.parse().unwrap());
    }
    let fields = [("content-type", &b"application/grpc-web"[..])];
    [send("POST", &fields, Err(status)).await, send("POST", &fields, Ok(inner)).await]
}

/// The application, or CORS inside, may expose other names.
#[tokio::test]
async fn the_three_status_fields_are_exposed_beside_those_that_already_are() {
    let rows: [&[&str]; 9] = [
        &[],
        &["x-shard"],
        &["x-shard", "x-other, grpc-encoding"],
        &["x-grpc-status"],
        // Some or all of the three.
        &["GRPC-Status, grpc-message,grpc-status-details-bin"],
        &["grpc-status-details-bin"],
        &["grpc-status"],
        &["grpc-message, Grpc-Status"],
        &["grpc-status", "grpc-message"],
    ];
    for before in rows {
        for response in exposing(before).await {
            let exposed = lines(&response.parts.headers, EXPOSE).join(",").to_ascii_lowercase();
            let exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
            for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
                assert!(exposed.contains(&name), "{before:?}: {name} in {exposed:?}");
            }
            for name in before.iter().flat_map(|line| line.split(',')) {
                assert!(exposed.contains(&&*name.trim().to_ascii_lowercase()), "{before:?}: {name} in {exposed:?}");
            }
        }
    }
    for content_type in ["application/grpc", "application/json"] {
        let response = post(content_type, Status::conflict()).await;
        assert!(!response.parts.headers.contains_key(EXPOSE), "{content_type} is not gRPC-Web");
    }
}

/// Fetch §3.3.6: `*` is every name.
#[tokio::test]
async fn an_expose_headers_that_has_all_three_is_unchanged() {
    for line in ["grpc-status, grpc-message, grpc-status-details-bin", "*", "x-shard, *"] {
        let [_, inner] = exposing(&[line]).await;
        assert_eq!(inner.field(EXPOSE), line);
    }
}

#[tokio::test]
async fn an_error_with_a_code_below_400_is_unknown_and_never_ok() {
    let ok = Status::new(StatusCode::OK);
    for status in [ok.clone().with_grpc_code(GrpcCode::Ok), ok, Status::not_modified()] {
        let (parts, body) = fail(&StatusMapLayer::new().rpc(true), rpc("application/grpc"), status.clone()).await;
        assert_eq!((field(&parts.headers, "grpc-status"), parts.status.as_u16()), ("2", 200), "{status:?}");
        assert!(body.is_empty());
    }
}
