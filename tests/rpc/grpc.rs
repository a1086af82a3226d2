//! gRPC and gRPC-Web: which requests are, and the form in which each is answered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header, response::Parts};
use http_body::Body;
use http_body_util::BodyExt;
use percent_encoding::percent_decode;
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{Protocol, Status, StatusMapLayer, catalog::GrpcCode};
use {Protocol::Grpc, Protocol::GrpcWeb, Protocol::GrpcWebText, Protocol::Http};

type Fields<'a> = &'a [(&'static str, &'a str)];

struct Answer {
    parts: Parts,
    body: Bytes,
    /// Before the body was read.
    ended: bool,
    /// What the hook was told.
    protocol: Protocol,
}

impl Answer {
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.parts.headers.keys().map(header::HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    fn field(&self, name: &str) -> &str {
        text(&self.parts.headers, name)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let mut lines = headers.get_all(name).iter();
    let value = lines.next().map_or("", |value| value.to_str().expect("ASCII"));
    assert!(lines.next().is_none(), "{name} stands once");
    value
}

async fn ask(method: &str, fields: &[(&'static str, &[u8])], outcome: Result<Response<String>, Status>) -> Answer {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&told);
    let layer = StatusMapLayer::new().on_error(move |_, context| hook.lock().unwrap().push(context.protocol));
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
    *request.uri_mut() = "/shop.Orders/Get".parse().unwrap();
    for (name, value) in fields {
        request.headers_mut().append(*name, HeaderValue::from_bytes(value).unwrap());
    }
    let mut outcome = Some(outcome);
    let inner = service_fn(|_: Request<()>| ready(outcome.take().unwrap()));
    let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
    let ended = body.is_end_stream();
    let collected = body.collect().await.unwrap();
    assert!(collected.trailers().is_none(), "a status in the head or in a frame, never in trailers");
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1, "reported once");
    Answer { parts, body: collected.to_bytes(), ended, protocol: told[0] }
}

async fn failed(method: &str, fields: Fields<'_>, status: Status) -> Answer {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    ask(method, &fields, Err(status)).await
}

async fn post(content_type: &str, status: Status) -> Answer {
    failed("POST", &[("content-type", content_type)], status).await
}

/// PROTOCOL-WEB.md: one frame of trailers, its head 0x80 and a length, the fields as in HTTP/1.1 in lower case.
fn frame(body: &[u8]) -> HeaderMap {
    let frame = STANDARD.decode(body).expect("padded base64");
    assert_eq!(frame[0], 0x80, "an uncompressed trailer frame");
    let length = u32::from_be_bytes(frame[1..5].try_into().unwrap());
    let block = &frame[5..];
    assert_eq!(length as usize, block.len(), "one frame and no more");
    let block = block.strip_suffix(b"\r\n").expect("each field ends its line");
    let mut fields = HeaderMap::new();
    for line in str::from_utf8(block).unwrap().split("\r\n") {
        let (name, value) = line.split_once(':').unwrap();
        assert_eq!(name, name.to_ascii_lowercase());
        fields.append(header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.trim().parse().unwrap());
    }
    fields
}

/// In which form an answer is, by its bytes alone.
fn form(answer: &Answer) -> Protocol {
    let essence = answer.field("content-type");
    let base = essence.split('+').next().unwrap();
    if !base.starts_with("application/grpc") {
        assert!(answer.parts.status != 200 && !answer.parts.headers.contains_key("grpc-status"));
        return Http;
    }
    assert_eq!(answer.parts.status, 200, "gRPC says OK, whatever went wrong");
    let in_head = answer.parts.headers.keys().any(|name| name.as_str().starts_with("grpc-"));
    assert_ne!(in_head, !answer.body.is_empty(), "never both head and frame: {answer:?}", answer = answer.parts);
    match base {
        "application/grpc" => Grpc,
        "application/grpc-web" => GrpcWeb,
        "application/grpc-web-text" => GrpcWebText,
        other => panic!("{other}"),
    }
}

// ----- Recognition -----

#[tokio::test]
async fn a_post_is_known_by_its_content_type() {
    #[rustfmt::skip]
    let rows = [
        ("application/grpc", Grpc, "application/grpc"),
        ("application/grpc+proto", Grpc, "application/grpc+proto"),
        ("application/grpc+json", Grpc, "application/grpc+json"),
        ("application/grpc+vnd.shop-1_x.y", Grpc, "application/grpc+vnd.shop-1_x.y"),
        ("application/grpc; charset=utf-8", Grpc, "application/grpc"),
        ("application/grpc;x=\"application/grpc-web\"", Grpc, "application/grpc"),
        ("application/grpc+proto ; charset=utf-8", Grpc, "application/grpc+proto"),
        ("Application/GRPC", Grpc, "application/grpc"),
        ("APPLICATION/GRPC+PROTO", Grpc, "application/grpc+proto"),
        ("application/grpc-web", GrpcWeb, "application/grpc-web"),
        ("application/grpc-web+proto", GrpcWeb, "application/grpc-web+proto"),
        ("application/grpc-web+thrift", GrpcWeb, "application/grpc-web+thrift"),
        ("application/grpc-web;charset=utf-8", GrpcWeb, "application/grpc-web"),
        ("Application/gRPC-Web+Proto", GrpcWeb, "application/grpc-web+proto"),
        ("application/grpc-web-text", GrpcWebText, "application/grpc-web-text"),
        ("application/grpc-web-text+proto", GrpcWebText, "application/grpc-web-text+proto"),
        ("APPLICATION/grpc-web-TEXT;charset=utf-8", GrpcWebText, "application/grpc-web-text"),
    ];
    for (asked, protocol, answered) in rows {
        let answer = post(asked, Status::not_found()).await;
        assert_eq!((form(&answer), answer.protocol), (protocol, protocol), "{asked}");
        assert_eq!(answer.field("content-type").to_ascii_lowercase(), answered, "{asked}");
    }
}

#[tokio::test]
async fn what_only_begins_alike_is_plain_http() {
    let rows = [
        "application/grpcfoo",
        "application/grpc-webby",
        "application/grpc-web-textual",
        "application/grpc-web-tex",
        "application/grpc-we",
        "application/grpc-",
        "application/grpc/proto",
        "application/grpc.proto",
        "application/grpc proto",
        "application/grp",
        "application/x-grpc",
        "xapplication/grpc",
        "application",
        "grpc",
        "text/plain",
        "text/plain; x=application/grpc",
        "text/plain;application/grpc",
        "application/json",
        "application/json+grpc",
        "*/*",
        ";",
        "",
    ];
    for content_type in rows {
        let answer = post(content_type, Status::not_found()).await;
        assert_eq!((form(&answer), answer.protocol), (Http, Http), "{content_type}");
        assert_eq!((answer.parts.status.as_u16(), answer.field("content-type")), (404, "application/problem+json"));
    }
    let answer = failed("POST", &[], Status::not_found()).await;
    assert_eq!((form(&answer), answer.protocol), (Http, Http), "no content type");
    let answer = ask("POST", &[("content-type", b"application/grpc\xff")], Err(Status::not_found())).await;
    assert_eq!((form(&answer), answer.protocol), (Http, Http), "obs-text");
}

/// Of several lines, the first is what tonic reads.
#[tokio::test]
async fn several_lines_of_content_type() {
    let rows = [
        (["application/grpc", "application/grpc"], Grpc),
        (["application/grpc", "text/plain"], Grpc),
        (["text/plain", "application/grpc"], Http),
        (["application/grpc-web", "application/grpc"], GrpcWeb),
    ];
    for (lines, protocol) in rows {
        let answer = failed("POST", &lines.map(|line| ("content-type", line)), Status::not_found()).await;
        assert_eq!((form(&answer), answer.protocol), (protocol, protocol), "{lines:?}");
    }
}

#[tokio::test]
async fn every_other_method_keeps_its_http_status() {
    let types = ["application/grpc", "application/grpc+proto", "application/grpc-web", "application/grpc-web-text"];
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY", "post", "POSTS"] {
        for content_type in types {
            let row = format!("{method} {content_type}");
            let fields = [("content-type", content_type), ("accept", content_type)];
            let answer = failed(method, &fields, Status::unauthorized(r#"Bearer realm="shop""#)).await;
            assert_eq!((form(&answer), answer.protocol), (Http, Http), "{row}");
            assert_eq!(answer.parts.status, 401, "{row}");
            assert_eq!(answer.field("www-authenticate"), r#"Bearer realm="shop""#, "{row}");
            assert_eq!(answer.field("content-type"), "application/problem+json", "{row}");
        }
    }
}

/// Whatever Accept says, before or after the content type.
#[tokio::test]
async fn an_ordinary_request_never_gets_grpc() {
    for accept in ["application/grpc", "application/grpc-web", "application/grpc-web-text", "application/grpc, */*;q=0"]
    {
        for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
            for fields in [
                &[("content-type", content_type), ("accept", accept)][..],
                &[("accept", accept), ("content-type", content_type)],
                &[("accept", accept)],
                &[("accept", accept), ("te", "trailers"), ("grpc-timeout", "1S"), ("x-grpc-web", "1")],
            ] {
                for method in ["GET", "POST"] {
                    let answer = failed(method, fields, Status::conflict()).await;
                    assert_eq!((form(&answer), answer.parts.status.as_u16()), (Http, 409), "{method} {fields:?}");
                }
            }
        }
    }
}

/// PROTOCOL-WEB.md: Accept names the coding of the response.
#[tokio::test]
async fn the_coding_of_grpc_web_may_be_wished_for_in_accept() {
    const TYPE: &str = "content-type";
    #[rustfmt::skip]
    let rows: [(Fields<'_>, &str); 14] = [
        (&[(TYPE, "application/grpc-web+proto"), ("accept", "application/grpc-web-text")], "application/grpc-web-text+proto"),
        (&[("accept", "application/grpc-web-text"), (TYPE, "application/grpc-web+proto")], "application/grpc-web-text+proto"),
        (&[(TYPE, "application/grpc-web"), ("accept", "application/grpc-web-text+proto")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "Application/GRPC-Web-Text; x=y")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "*/*, application/grpc-web-text")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "*/*"), ("accept", "application/grpc-web-text")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "application/grpc-web")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web"), ("accept", "application/grpc-web-textual")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web"), ("accept", "*/*")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web"), ("accept", "text/html")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web-text"), ("accept", "application/grpc-web-text")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web-text"), ("accept", "*/*")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web-text"), ("accept", "application/grpc-web+proto")], "application/grpc-web"),
        // gRPC over HTTP/2 has one coding.
        (&[(TYPE, "application/grpc+proto"), ("accept", "application/grpc-web-text")], "application/grpc+proto"),
    ];
    for (fields, answered) in rows {
        let answer = failed("POST", fields, Status::not_found().with_detail("no such order")).await;
        let base = answered.split('+').next().unwrap();
        form(&answer);
        // What follows the base is the request's content type's.
        assert_eq!(answer.field("content-type"), answered, "{fields:?}");
        let fields_of = if base.ends_with("text") { frame(&answer.body) } else { answer.parts.headers.clone() };
        assert_eq!((text(&fields_of, "grpc-status"), text(&fields_of, "grpc-message")), ("5", "no such order"));
    }
}

/// A subtype is echoed only where it is a name: nothing of the client's can break the field or the bound.
#[tokio::test]
async fn hostile_subtypes() {
    let long = [b"application/grpc+".as_slice(), &[b'x'; 10_000]].concat();
    let long_web = [b"application/grpc-web-text+".as_slice(), &[b'x'; 10_000]].concat();
    #[rustfmt::skip]
    let rows: [(&[u8], &str); 13] = [
        (b"application/grpc+", "application/grpc"),
        (b"application/grpc+;", "application/grpc"),
        (b"application/grpc+<x>", "application/grpc"),
        (b"application/grpc+<script>alert(1)</script>", "application/grpc"),
        (b"application/grpc+a b", "application/grpc"),
        (b"application/grpc+a/b", "application/grpc"),
        (b"application/grpc+a,text/html", "application/grpc"),
        (b"application/grpc+\"x", "application/grpc"),
        (b"application/grpc+\xc3\xa9", "application/grpc"),
        (b"application/grpc+a\tb", "application/grpc"),
        (b"application/grpc-web+", "application/grpc-web"),
        (&long, "application/grpc"),
        (&long_web, "application/grpc-web-text"),
    ];
    for (asked, answered) in rows {
        let answer = ask("POST", &[("content-type", asked)], Err(Status::not_found())).await;
        let row = String::from_utf8_lossy(asked);
        assert_eq!(answer.field("content-type"), answered, "{row:.60}");
        assert_eq!(form(&answer), answer.protocol, "{row:.60}");
        assert!(answer.protocol.is_grpc(), "{row:.60}");
    }
}

// ----- Trailers-Only -----

const CONTENT_AND_STATUS: [&str; 3] = ["content-type", "grpc-message", "grpc-status"];

#[tokio::test]
async fn trailers_only_is_all_there_is() {
    let everything = Status::service_unavailable()
        .with_retry_after(std::time::Duration::from_secs(7))
        .with_header("www-authenticate", "Bearer")
        .with_header("proxy-authenticate", "Basic")
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
        ("a bare one", Status::not_found(), "5", &CONTENT_AND_STATUS[..]),
        ("a detail", Status::conflict().with_detail("sold out"), "10", &CONTENT_AND_STATUS),
        ("401", Status::unauthorized("Bearer"), "16", &CONTENT_AND_STATUS),
        ("401 without a challenge", Status::new(http::StatusCode::UNAUTHORIZED), "16", &CONTENT_AND_STATUS),
        ("405", Status::method_not_allowed("GET"), "12", &CONTENT_AND_STATUS),
        ("407", Status::proxy_authentication_required("Basic"), "9", &CONTENT_AND_STATUS),
        ("416", Status::range_not_satisfiable(7), "11", &CONTENT_AND_STATUS),
        ("426", Status::upgrade_required("HTTP/3.0"), "9", &CONTENT_AND_STATUS),
        ("308", Status::permanent_redirect("/elsewhere"), "2", &CONTENT_AND_STATUS),
        ("everything", everything, "14", &["content-type", "grpc-message", "grpc-status", "grpc-status-details-bin"]),
    ];
    for (row, status, code, names) in rows {
        let above = status.code().as_u16() >= 400;
        let layer = StatusMapLayer::new();
        let inner = service_fn(|_: Request<()>| ready(Err::<Response<String>, _>(status.clone())));
        let request = Request::post("/").header("content-type", "application/grpc+proto").body(()).unwrap();
        let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
        assert!(body.is_end_stream(), "{row}: HEADERS end the stream, or grpcio reports UNKNOWN");
        let body = body.collect().await.unwrap();
        assert!(body.trailers().is_none() && body.to_bytes().is_empty(), "{row}");
        let answer = Answer { parts, body: Bytes::new(), ended: true, protocol: Grpc };
        assert_eq!(answer.names(), names, "{row}");
        assert_eq!(answer.parts.status, 200, "{row}");
        assert_eq!(answer.field("content-type"), "application/grpc+proto", "{row}");
        assert_eq!(answer.field("grpc-status"), code, "{row}");
        let kept: &Status = answer.parts.extensions.get().unwrap();
        assert_eq!((kept.code(), above), (status.code(), kept.code().as_u16() >= 400), "{row}: for outer layers");
    }
}

/// RFC 9113 §8.2.2: fields of a connection are HTTP/1.x's alone.
#[tokio::test]
async fn no_field_of_a_connection_is_metadata() {
    for name in ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "te"] {
        for content_type in ["application/grpc", "application/grpc-web"] {
            let answer = post(content_type, Status::conflict().with_header(name, "x")).await;
            assert!(!answer.parts.headers.contains_key(name), "{name} of {content_type}");
        }
    }
}

/// A header field that is not HTTP's alone is the call's metadata.
#[tokio::test]
async fn other_fields_of_a_status_are_metadata() {
    let status = || {
        let status = Status::conflict().with_header("x-shard", "7").with_header("x-shard", "8");
        status.with_header("trace-bin", "AAECAw").with_header("padded-bin", "AAECAw==").with_header("other-bin", "?!")
    };
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let answer = post(content_type, status()).await;
        let mut fields = answer.parts.headers.clone();
        if form(&answer) == GrpcWebText {
            fields = frame(&answer.body);
        }
        assert_eq!(fields.get_all("x-shard").iter().collect::<Vec<_>>(), ["7", "8"], "{content_type}");
        // What a client cannot decode fails the whole call in some.
        for (name, value) in fields.iter().filter(|(name, _)| name.as_str().ends_with("-bin")) {
            let unpadded = value.to_str().unwrap().trim_end_matches('=');
            assert!(STANDARD_NO_PAD.decode(unpadded).is_ok(), "{content_type}: {name}: {value:?}");
        }
        assert!(fields.contains_key("trace-bin") && fields.contains_key("padded-bin"), "{content_type}");
    }
}

/// PROTOCOL-HTTP2.md: UTF-8; all but %x20-24 and %x26-7E is percent-encoded, in upper-case hex.
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
    for (said, encoded) in rows {
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let answer = post(content_type, Status::conflict().with_detail(said)).await;
            let text_form = form(&answer) == GrpcWebText;
            let fields = if text_form { frame(&answer.body) } else { answer.parts.headers.clone() };
            assert_eq!(text(&fields, "grpc-message"), encoded, "{said:?} as {content_type}");
        }
    }
}

#[tokio::test]
async fn every_character_of_latin_1_stands_in_a_message() {
    for c in (0..=0xff).map(char::from) {
        let said = format!("x{c}x");
        let encoded: String = said
            .bytes()
            .map(|byte| match byte {
                0x20..=0x24 | 0x26..=0x7e => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        let answer = post("application/grpc", Status::conflict().with_detail(said)).await;
        assert_eq!(answer.field("grpc-message"), encoded);
    }
}

/// RFC 9113 §8.2.1: a field value neither begins nor ends with white space, and the message still arrives whole.
#[tokio::test]
async fn spaces_at_the_edges() {
    for said in [" x", "x ", " x ", "   two words  ", " ", "     ", "\tx\t", " 🌷 ", " % "] {
        for content_type in ["application/grpc", "application/grpc-web-text"] {
            let answer = post(content_type, Status::conflict().with_detail(said)).await;
            let fields = if answer.body.is_empty() { answer.parts.headers.clone() } else { frame(&answer.body) };
            let value = text(&fields, "grpc-message");
            assert_eq!(value.trim(), value, "{said:?}");
            assert_eq!(percent_decode(value.as_bytes()).decode_utf8().unwrap(), said, "{value:?}");
        }
    }
}

/// Without a detail the catalogue's explanation is the message, and that of a 5xx always is.
#[tokio::test]
async fn the_message_says_what_may_be_shown() {
    let explained = |status: &Status| status.entry().explanation;
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
        // A code that says "unknown" or "internal" is masked with the 5xx it stands for.
        (Status::internal_server_error().with_detail("shown").expose(), Some("shown")),
    ];
    for (status, message) in rows {
        let expected = message.unwrap_or(explained(&status));
        let answer = post("application/grpc", status.clone()).await;
        assert_eq!(answer.field("grpc-message"), expected, "{status:?}");
    }
}

#[tokio::test]
async fn expose_server_errors_shows_what_a_5xx_hides() {
    let layer = StatusMapLayer::new().expose_server_errors(true);
    let failing = || Err::<Response<String>, _>(Status::internal_server_error().with_detail("seen in development"));
    let inner = service_fn(|_: Request<()>| ready(failing()));
    let request = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    assert_eq!(text(response.headers(), "grpc-message"), "seen in development");
}

// ----- gRPC-Web -----

const EXPOSE: &str = "access-control-expose-headers";

#[tokio::test]
async fn grpc_web_binary_is_trailers_only_that_a_page_may_read() {
    for content_type in ["application/grpc-web", "application/grpc-web+proto"] {
        let answer = post(content_type, Status::too_many_requests().with_detail("slow down")).await;
        assert_eq!(answer.parts.status, 200);
        assert_eq!(answer.names(), [EXPOSE, "content-type", "grpc-message", "grpc-status"]);
        assert_eq!(answer.field("content-type"), content_type);
        assert_eq!((answer.field("grpc-status"), answer.field("grpc-message")), ("8", "slow down"));
        assert_eq!(answer.field(EXPOSE), "grpc-status, grpc-message, grpc-status-details-bin");
        assert!(answer.ended && answer.body.is_empty());
    }
}

#[tokio::test]
async fn grpc_web_text_is_one_trailer_frame() {
    for content_type in ["application/grpc-web-text", "application/grpc-web-text+proto"] {
        let status = Status::too_many_requests().with_detail("slöw\r\ndown").with_extension("limit", 7);
        let answer = post(content_type, status).await;
        assert_eq!(answer.parts.status, 200);
        assert_eq!(answer.names(), ["content-type"], "all else is in the frame");
        assert_eq!(answer.field("content-type"), content_type);
        let fields = frame(&answer.body);
        assert_eq!(text(&fields, "grpc-status"), "8");
        assert_eq!(text(&fields, "grpc-message"), "sl%C3%B6w%0D%0Adown");
        assert!(STANDARD_NO_PAD.decode(text(&fields, "grpc-status-details-bin")).is_ok(), "standard, unpadded");
        assert!(!answer.ended);
    }
}

/// The three fields are readable, whatever else the application or CORS inside has exposed.
#[tokio::test]
async fn what_is_exposed_already_stays() {
    exposes(&[
        &[],
        &["x-shard"],
        &["x-shard", "x-other, grpc-encoding"],
        &["x-grpc-status"],
        &["GRPC-Status, grpc-message,grpc-status-details-bin"],
        &["grpc-status-details-bin"],
    ])
    .await;
    for content_type in ["application/grpc", "application/json"] {
        let answer = post(content_type, Status::conflict()).await;
        assert!(!answer.parts.headers.contains_key(EXPOSE), "{content_type} is not for pages");
    }
}

/// Fetch §3.3.6: `*` is every name.
#[tokio::test]
async fn what_is_exposed_whole_is_not_exposed_again() {
    for line in ["grpc-status, grpc-message, grpc-status-details-bin", "*", "x-shard, *"] {
        let mut response = Response::new(String::new());
        *response.status_mut() = http::StatusCode::CONFLICT;
        response.headers_mut().insert(EXPOSE, HeaderValue::from_static(line));
        let answer = ask("POST", &[("content-type", b"application/grpc-web")], Ok(response)).await;
        assert_eq!(answer.field(EXPOSE), line);
    }
}

#[tokio::test]
async fn what_is_exposed_in_part_is_completed() {
    exposes(&[&["grpc-status"], &["grpc-message, Grpc-Status"], &["grpc-status", "grpc-message"]]).await;
}

async fn exposes(rows: &[&[&'static str]]) {
    for before in rows {
        let mut status = Status::conflict();
        let mut response = Response::new(String::new());
        *response.status_mut() = http::StatusCode::CONFLICT;
        for line in *before {
            status = status.with_header(EXPOSE, *line);
            response.headers_mut().append(EXPOSE, HeaderValue::from_static(line));
        }
        let type_field = [("content-type", &b"application/grpc-web"[..])];
        for answer in [ask("POST", &type_field, Err(status)).await, ask("POST", &type_field, Ok(response)).await] {
            let lines = answer.parts.headers.get_all(EXPOSE).iter().map(|line| line.to_str().unwrap());
            let exposed = lines.collect::<Vec<_>>().join(",").to_ascii_lowercase();
            let exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
            for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
                assert!(exposed.contains(&name), "{before:?}: {name} in {exposed:?}");
            }
            for name in before.iter().flat_map(|line| line.split(',')) {
                assert!(exposed.contains(&&*name.trim().to_ascii_lowercase()), "{before:?}: {name} in {exposed:?}");
            }
        }
    }
}

/// 300 and below as an error: the answer still cannot be OK.
#[tokio::test]
async fn an_error_is_never_ok() {
    let inner_ok = Status::new(http::StatusCode::OK).with_grpc_code(GrpcCode::Ok);
    for (status, code) in [(inner_ok, "2"), (Status::new(http::StatusCode::OK), "2"), (Status::not_modified(), "2")] {
        let inner = service_fn(|_: Request<()>| ready(Err::<Response<String>, _>(status.clone())));
        let request = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
        let response = StatusMapLayer::new().layer(inner).oneshot(request).await.unwrap();
        assert_eq!((text(response.headers(), "grpc-status"), response.status().as_u16()), (code, 200), "{status:?}");
        assert!(response.body().is_end_stream());
    }
}
