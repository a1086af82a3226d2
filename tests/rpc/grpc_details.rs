//! `google.rpc.Status` of an answer, decoded by `tonic-types`, and the bound of all that is said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{collections::HashMap, future::ready, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use prost::Message;
use serde_json::{Value, json};
use tonic_types::{ErrorDetails, RpcStatusExt};
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};

/// What a client reads.
struct Seen {
    code: i32,
    message: String,
    /// As it stands in `grpc-status-details-bin`.
    rpc: Option<tonic_types::Status>,
    /// RFC 9113 §6.5.2: names and values, and 32 for each field.
    size: usize,
    metadata: HeaderMap,
}

impl Seen {
    fn details(&self) -> ErrorDetails {
        let Some(rpc) = &self.rpc else { return ErrorDetails::new() };
        rpc.check_error_details().expect("what error_details.proto says")
    }

    fn kinds(&self) -> Vec<&str> {
        let details = self.rpc.iter().flat_map(|rpc| &rpc.details);
        details.map(|any| any.type_url.strip_prefix("type.googleapis.com/google.rpc.").unwrap()).collect()
    }

    fn reason(&self) -> Option<String> {
        self.details().error_info().map(|info| info.reason.clone())
    }

    fn metadata_of_error_info(&self) -> HashMap<String, String> {
        self.details().error_info().map(|info| info.metadata.clone()).unwrap_or_default()
    }

    fn violations(&self) -> Vec<(String, String)> {
        let details = self.details();
        let violations = details.bad_request().into_iter().flat_map(|request| &request.field_violations);
        violations.map(|violation| (violation.field.clone(), violation.description.clone())).collect()
    }
}

struct Asked<'a> {
    path: &'a str,
    content_type: &'a str,
    fields: &'a [(&'static str, &'a str)],
}

const ASKED: Asked<'_> = Asked { path: "/shop.Orders/Get", content_type: "application/grpc+proto", fields: &[] };

async fn ask(layer: StatusMapLayer, asked: &Asked<'_>, outcome: Result<Response<String>, Status>) -> Seen {
    let mut request = Request::post(asked.path).header("content-type", asked.content_type);
    for (name, value) in asked.fields {
        request = request.header(*name, *value);
    }
    let mut outcome = Some(outcome);
    let inner = service_fn(|_: Request<()>| ready(outcome.take().unwrap()));
    let (parts, body) = layer.layer(inner).oneshot(request.body(()).unwrap()).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    assert_eq!(parts.status, 200);
    // And the Date that the server adds (RFC 9110 §6.6.1).
    let mut size = ":status".len() + "200".len() + 32 + "date".len() + "Sun, 06 Nov 1994 08:49:37 GMT".len() + 32;
    let mut fields = parts.headers;
    size += fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>();
    if !body.is_empty() {
        let trailers = trailers(&STANDARD.decode(&body).expect("padded base64"));
        size += trailers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>();
        fields.extend(trailers);
    }
    let once = |name: &str| {
        assert!(fields.get_all(name).iter().count() <= 1, "{name} stands once");
        fields.get(name)
    };
    let message = once("grpc-message").map_or(&b""[..], |value| value.as_bytes());
    let rpc = once("grpc-status-details-bin").map(|value| {
        let bytes = STANDARD_NO_PAD.decode(value).expect("standard alphabet, unpadded");
        tonic_types::Status::decode(&*bytes).expect("google.rpc.Status")
    });
    let seen = Seen {
        code: once("grpc-status").unwrap().to_str().unwrap().parse().unwrap(),
        message: percent_decode(message).decode_utf8().expect("cut between characters").into_owned(),
        rpc,
        size,
        metadata: fields,
    };
    if let Some(rpc) = &seen.rpc {
        assert_eq!(rpc.code, seen.code, "the code inside always equals grpc-status");
        assert_eq!(rpc.message, seen.message, "so does the message");
        // A resolver of `Any` has to know each of them.
        let known = ["ErrorInfo", "RetryInfo", "BadRequest", "Help"];
        assert!(seen.kinds().iter().all(|kind| known.contains(kind)), "{:?}", seen.kinds());
        seen.details();
    }
    assert!(seen.size < 8 * 1024, "{}", seen.size);
    seen
}

/// The fields of a gRPC-Web trailer frame.
fn trailers(frame: &[u8]) -> HeaderMap {
    assert_eq!((frame[0], frame.len() - 5), (0x80, u32::from_be_bytes(frame[1..5].try_into().unwrap()) as usize));
    let lines = str::from_utf8(&frame[5..]).unwrap().split_terminator("\r\n");
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.trim().parse().unwrap())
    };
    lines.map(field).collect()
}

async fn said(status: Status) -> Seen {
    ask(StatusMapLayer::new(), &ASKED, Err(status)).await
}

// ----- ErrorInfo -----

#[tokio::test]
async fn nothing_is_said_twice() {
    for status in
        [Status::not_found(), Status::conflict().with_detail("sold out"), Status::gone().with_type("about:blank")]
    {
        assert!(said(status).await.rpc.is_none(), "code and message say it all");
    }
}

#[tokio::test]
async fn the_reason_is_the_type_or_the_title() {
    #[rustfmt::skip]
    let rows = [
        (Some("/problems/order-deleted"), None, "ORDER_DELETED"),
        (Some("/problems/order-deleted/"), None, "ORDER_DELETED"),
        (Some("order-deleted"), None, "ORDER_DELETED"),
        (Some("/problems/orderDeleted"), None, "ORDERDELETED"),
        (Some("/problems/ORDER_DELETED"), None, "ORDER_DELETED"),
        (Some("/problems/error-7"), None, "ERROR_7"),
        (Some("https://shop.example/problems/sold-out"), None, "SOLD_OUT"),
        (Some("https://shop.example/problems/sold-out?lang=en"), None, "SOLD_OUT"),
        (Some("https://shop.example/problems#sold-out"), None, "SOLD_OUT"),
        (Some("https://shop.example/problems?lang=en#sold-out"), None, "SOLD_OUT"),
        (Some("/problems/sold-out#"), None, "SOLD_OUT"),
        (Some("urn:problem:shop:sold-out"), None, "SOLD_OUT"),
        (Some("tag:shop.example,2026:sold-out"), None, "SOLD_OUT"),
        (Some("/problems/sold-out"), Some("No more tulips"), "SOLD_OUT"),
        (None, Some("No more tulips"), "NO_MORE_TULIPS"),
        (None, Some("No more tulips!"), "NO_MORE_TULIPS"),
        (None, Some("  (No) more -- tulips  "), "NO_MORE_TULIPS"),
        (Some("about:blank"), Some("No more tulips"), "NO_MORE_TULIPS"),
        (Some("/"), Some("No more tulips"), "NO_MORE_TULIPS"),
        (Some("///"), None, "CONFLICT"),
        (Some("#"), None, "CONFLICT"),
        (None, Some("売り切れ"), "CONFLICT"),
    ];
    for (type_uri, title, reason) in rows {
        let mut status = Status::conflict();
        if let Some(type_uri) = type_uri {
            status = status.with_type(type_uri);
        }
        if let Some(title) = title {
            status = status.with_title(title);
        }
        assert_eq!(said(status).await.reason().as_deref(), Some(reason), "{type_uri:?} {title:?}");
    }
}

#[tokio::test]
async fn whatever_the_type_the_reason_is_one() {
    let long = "x-".repeat(500);
    let edge = format!("/problems/{}-y", "x".repeat(62));
    let rows = [
        &*long,
        &edge,
        "%",
        "%20",
        "日本語",
        "/problems/日本語",
        "😀",
        "_",
        "__",
        "-",
        "a_",
        "_a",
        "?",
        "?x=/y",
        ":",
        "::",
        "#a#b",
        "javascript:alert(1)",
        "<script>",
        "a b",
        "..",
        "/../..",
        "https://",
        "https://shop.example",
        "//",
        "0",
        "a",
        "ß",
    ];
    for text in rows {
        for status in [Status::conflict().with_type(text.to_owned()), Status::gone().with_title(text.to_owned())] {
            let reason = said(status.clone()).await.reason().unwrap_or_else(|| panic!("{status:?}"));
            let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            assert!((1..=63).contains(&reason.len()) && reason.bytes().all(allowed), "{text:.80}: {reason}");
        }
    }
}

#[tokio::test]
async fn the_domain_is_the_service() {
    #[rustfmt::skip]
    let rows = [
        ("/shop.Orders/Get", "shop.Orders"),
        ("/shop.v1.Orders/Get?x=/y/z", "shop.v1.Orders"),
        ("/Orders/Get", "Orders"),
        ("http://shop.example/shop.Orders/Get", "shop.Orders"),
        ("/", ""),
    ];
    for (path, domain) in rows {
        let asked = Asked { path, ..ASKED };
        let seen = ask(StatusMapLayer::new(), &asked, Err(Status::gone().with_type("/problems/x"))).await;
        assert_eq!(seen.details().error_info().unwrap().domain, domain, "{path}");
    }
}

#[tokio::test]
async fn scalar_extensions_are_metadata() {
    #[rustfmt::skip]
    let rows = [
        ("order", json!("8"), Some("8")),
        ("order", json!(8), Some("8")),
        ("order", json!(-8.5), Some("-8.5")),
        ("order", json!(u64::MAX), Some("18446744073709551615")),
        ("order", json!(true), Some("true")),
        ("order", json!(false), Some("false")),
        ("order", json!(""), Some("")),
        ("order", json!("tulips 🌷\r\n\0"), Some("tulips 🌷\r\n\0")),
        ("order", json!([1]), None),
        ("order", json!({"a": 1}), None),
        ("until-when_7", json!("noon"), Some("noon")),
    ];
    for (name, value, expected) in rows {
        let seen = said(Status::conflict().with_type("/problems/x").with_extension(name, &value)).await;
        assert_eq!(seen.metadata_of_error_info().get(name).map(String::as_str), expected, "{value}");
        // Without a type, too.
        let seen = said(Status::conflict().with_extension(name, &value)).await;
        assert_eq!(seen.metadata_of_error_info().get(name).map(String::as_str), expected, "{value} alone");
    }
    let many =
        said(Status::conflict().with_extension("a", 1).with_extension("b", "two").with_extension("c", [3])).await;
    assert_eq!(many.metadata_of_error_info(), HashMap::from([("a".into(), "1".into()), ("b".into(), "two".into())]));
}

/// `error_details.proto`: keys of `[a-zA-Z0-9-_]`, at most 64 characters.
#[tokio::test]
async fn what_is_no_key_of_metadata_is_not_one() {
    let (longest, too_long) = ("k".repeat(64), "k".repeat(65));
    for (name, stays) in
        [(&*longest, true), (&too_long, false), ("größe", false), ("a b", false), ("a.b", false), ("\0", false)]
    {
        let seen = said(Status::conflict().with_type("/problems/x").with_extension(name.to_owned(), 1)).await;
        assert_eq!(seen.metadata_of_error_info().contains_key(name), stays, "{name}");
    }
}

#[tokio::test]
async fn the_request_id_is_metadata() {
    let asked = Asked { fields: &[("x-request-id", "id-7")], ..ASKED };
    let id = |seen: &Seen| seen.metadata_of_error_info().get("request_id").cloned();
    for status in
        [Status::not_found(), Status::internal_server_error().with_detail("secret"), Status::gone().with_type("/x")]
    {
        let seen = ask(StatusMapLayer::new(), &asked, Err(status)).await;
        assert_eq!(id(&seen).as_deref(), Some("id-7"));
    }
    let own = Status::not_found().with_extension("request_id", "mine");
    assert_eq!(id(&ask(StatusMapLayer::new(), &asked, Err(own)).await).as_deref(), Some("mine"), "not shadowed");
    let harmful = Asked { fields: &[("x-request-id", "<script>")], ..ASKED };
    assert_eq!(id(&ask(StatusMapLayer::new(), &harmful, Err(Status::not_found())).await), None);
}

// ----- RetryInfo -----

#[tokio::test]
async fn retry_info_keeps_what_seconds_cannot_say() {
    #[rustfmt::skip]
    let rows = [
        (Duration::from_secs(30), Duration::from_secs(30)),
        (Duration::from_millis(1500), Duration::from_millis(1500)),
        (Duration::from_millis(1), Duration::from_millis(1)),
        (Duration::from_nanos(1), Duration::from_nanos(1)),
        (Duration::new(7, 999_999_999), Duration::new(7, 999_999_999)),
        (Duration::from_secs(300), Duration::from_secs(300)),
        (Duration::from_secs(u64::from(u32::MAX) + 1), Duration::from_secs(u64::from(u32::MAX) + 1)),
    ];
    for (delay, expected) in rows {
        let seen = said(Status::service_unavailable().with_retry_after(delay)).await;
        assert_eq!(seen.details().retry_info().unwrap().retry_delay, Some(expected), "{delay:?}");
        assert_eq!(seen.kinds(), ["RetryInfo"], "{delay:?}");
        assert!(!seen.metadata.contains_key("retry-after"), "HTTP's alone");
    }
}

/// duration.proto: at most 315,576,000,000 seconds.
#[tokio::test]
async fn retry_info_is_a_duration_that_protobuf_knows() {
    for delay in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(315_576_000_001)] {
        let seen = said(Status::service_unavailable().with_retry_after(delay)).await;
        let any = &seen.rpc.as_ref().unwrap().details[0];
        let delay = tonic_types::pb::RetryInfo::decode(&*any.value).unwrap().retry_delay.unwrap();
        assert!(
            (1..=315_576_000_000).contains(&delay.seconds) && (0..1_000_000_000).contains(&delay.nanos),
            "{delay:?}"
        );
    }
}

#[tokio::test]
async fn retry_info_from_a_header_field() {
    let answered = |value: Option<&str>| {
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        if let Some(value) = value {
            response.headers_mut().insert("retry-after", value.parse().unwrap());
        }
        response
    };
    for (value, seconds) in
        [(None, None), (Some("7"), Some(7)), (Some("0"), Some(0)), (Some("soon"), None), (Some("-1"), None)]
    {
        let seconds = seconds.map(Duration::from_secs);
        let seen = ask(StatusMapLayer::new(), &ASKED, Ok(answered(value))).await;
        assert_eq!(seen.details().retry_info().and_then(|info| info.retry_delay), seconds, "{value:?} of a response");
        assert!(!seen.metadata.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn the_delay_replaces_the_field() {
    let delayed = |status: Status| status.with_retry_after(Duration::from_millis(1500));
    for status in [Status::locked(), Status::locked().with_header("retry-after", "7")] {
        let delay = said(delayed(status)).await.details().retry_info().and_then(|info| info.retry_delay);
        assert_eq!(delay, Some(Duration::from_millis(1500)));
    }
}

/// A Status that names the field itself says when to retry, as one that names the delay does.
#[tokio::test]
async fn retry_info_from_a_field_of_the_status() {
    let status = Status::too_many_requests;
    for status in [status(), status().with_retry_after(Duration::from_millis(1500))] {
        let seen = said(status.with_header("retry-after", "7")).await;
        assert_eq!(seen.details().retry_info().and_then(|info| info.retry_delay), Some(Duration::from_secs(7)));
    }
}

// ----- BadRequest and Help -----

#[tokio::test]
async fn errors_are_field_violations() {
    #[rustfmt::skip]
    let rows = [
        (json!({"pointer": "/user/email", "detail": "must have an @"}), Some(("user.email", "must have an @"))),
        (json!({"pointer": "/age", "detail": "must be a number"}), Some(("age", "must be a number"))),
        (json!({"pointer": "/items/0/name", "detail": "is empty"}), Some(("items.0.name", "is empty"))),
        (json!({"pointer": "#/user/email", "detail": "x"}), Some(("user.email", "x"))),
        (json!({"pointer": "/a~1b", "detail": "x"}), Some(("a/b", "x"))),
        (json!({"pointer": "/m~0n", "detail": "x"}), Some(("m~n", "x"))),
        (json!({"pointer": "/a~01", "detail": "x"}), Some(("a~1", "x"))), // RFC 6901 §4
        (json!({"pointer": "/a~1b/c~0d", "detail": "x"}), Some(("a/b.c~d", "x"))),
        (json!({"pointer": "/größe", "detail": "zu groß"}), Some(("größe", "zu groß"))),
        (json!({"pointer": "/c%d", "detail": "x"}), Some(("c%d", "x"))), // no fragment: nothing is decoded
        (json!({"pointer": "", "detail": "the whole document"}), Some(("", "the whole document"))),
        (json!({"pointer": "#", "detail": "the whole document"}), Some(("", "the whole document"))),
        (json!({"detail": "somewhere"}), Some(("", "somewhere"))),
        (json!({"pointer": "/age"}), Some(("age", ""))),
        (json!({"pointer": "/age", "detail": "x", "code": 7, "more": ["x"]}), Some(("age", "x"))),
        (json!({"pointer": 7, "detail": "x"}), Some(("", "x"))),
        (json!({"title": "nothing that we know"}), None),
        (json!("a text"), None),
        (json!(null), None),
    ];
    for (error, expected) in &rows {
        let seen = said(Status::unprocessable_entity().with_extension("errors", json!([error]))).await;
        let expected: Vec<_> = expected.iter().map(|(field, text)| ((*field).to_owned(), (*text).to_owned())).collect();
        assert_eq!(seen.violations(), expected, "{error}");
    }
    // All of them, in their order.
    let all: Vec<_> = rows.iter().map(|(error, _)| error).collect();
    let seen = said(Status::bad_request().with_extension("errors", &all)).await;
    let expected: Vec<_> = rows.iter().filter_map(|(_, row)| *row).collect();
    let violations = seen.violations();
    assert_eq!(violations.iter().map(|(field, text)| (&**field, &**text)).collect::<Vec<_>>(), expected);
    assert_eq!((seen.code, seen.kinds()), (3, vec!["BadRequest"]));
}

/// RFC 6901 §6: a pointer in a fragment is percent-encoded, its own §6 has these.
#[tokio::test]
async fn a_fragment_is_percent_decoded() {
    for (pointer, field) in [("#/c%25d", "c%d"), ("#/e%5Ef", "e^f"), ("#/gr%C3%B6%C3%9Fe", "größe"), ("#/%20", " ")] {
        let errors = json!([{ "pointer": pointer, "detail": "x" }]);
        let seen = said(Status::unprocessable_entity().with_extension("errors", errors)).await;
        assert_eq!(seen.violations(), [(field.to_owned(), "x".to_owned())], "{pointer}");
    }
}

#[tokio::test]
async fn errors_of_another_shape_are_none() {
    for errors in [json!({}), json!("x"), json!(7), json!(null), json!([]), json!([[], {}])] {
        let seen = said(Status::unprocessable_entity().with_extension("errors", &errors)).await;
        assert_eq!((seen.violations(), seen.kinds().contains(&"BadRequest")), (vec![], false), "{errors}");
    }
}

#[tokio::test]
async fn a_type_that_can_be_looked_up_is_a_link() {
    #[rustfmt::skip]
    let rows = [
        ("https://shop.example/problems/sold-out", true),
        ("http://shop.example/problems/sold-out", true),
        ("HTTPS://shop.example/x", true),
        ("/problems/sold-out", false),
        ("sold-out", false),
        ("about:blank", false),
        ("urn:problem:sold-out", false),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("ftp://shop.example/x", false),
        ("httpsx://shop.example", false),
        ("https:", false),
    ];
    for (uri, linked) in rows {
        let seen = said(Status::conflict().with_type(uri).with_title("Sold out")).await;
        let details = seen.details();
        let links: Vec<_> = details.help().into_iter().flat_map(|help| &help.links).map(|link| &*link.url).collect();
        assert_eq!(links, if linked { vec![uri] } else { vec![] });
    }
}

#[tokio::test]
async fn all_four_at_once() {
    let status = Status::unprocessable_entity()
        .with_type("https://shop.example/problems/bad-order")
        .with_title("Bad order")
        .with_detail("the order is wrong: größer um 100 %")
        .with_retry_after(Duration::from_millis(250))
        .with_extension("order", 8)
        .with_extension("errors", json!([{ "pointer": "/items/0", "detail": "is no tulip" }]));
    for content_type in ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text"] {
        let asked = Asked { content_type, ..ASKED };
        let seen = ask(StatusMapLayer::new(), &asked, Err(status.clone())).await;
        let mut kinds = seen.kinds();
        kinds.sort_unstable();
        assert_eq!(kinds, ["BadRequest", "ErrorInfo", "Help", "RetryInfo"], "{content_type}");
        assert_eq!((seen.code, &*seen.message), (3, "the order is wrong: größer um 100 %"));
        let details = seen.details();
        let info = details.error_info().unwrap();
        assert_eq!((&*info.reason, &*info.domain), ("BAD_ORDER", "shop.Orders"));
        assert_eq!(info.metadata, HashMap::from([("order".into(), "8".into())]));
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_millis(250)));
        assert_eq!(seen.violations(), [("items.0".to_owned(), "is no tulip".to_owned())]);
    }
}

// ----- Code and mask -----

#[tokio::test]
async fn the_code_inside_is_grpc_status() {
    let codes = [
        GrpcCode::AlreadyExists,
        GrpcCode::DataLoss,
        GrpcCode::Unknown,
        GrpcCode::Cancelled,
        GrpcCode::Unauthenticated,
    ];
    for http in 300..=599 {
        let status = Status::new(StatusCode::from_u16(http).unwrap()).with_type("/problems/x");
        assert!(said(status.clone()).await.rpc.is_some(), "{http}"); // `ask` compares
        for code in codes {
            let seen = said(status.clone().with_grpc_code(code)).await;
            assert_eq!((seen.code, seen.rpc.unwrap().code), (code as i32, code as i32), "{http} {code}");
        }
        let rewrite = StatusMapLayer::new().map_status(|status, _| status.with_grpc_code(GrpcCode::Aborted));
        assert_eq!(ask(rewrite, &ASKED, Err(status)).await.rpc.unwrap().code, 10, "{http}");
    }
}

fn secretive(code: u16) -> Status {
    Status::new(StatusCode::from_u16(code).unwrap())
        .with_type("https://shop.example/problems/public")
        .with_title("Public")
        .with_detail("secret detail")
        .with_source("secret source")
        .with_extension("secret_name", "secret value")
        .with_extension("errors", json!([{ "pointer": "/secret", "detail": "secret" }]))
        .with_retry_after(Duration::from_secs(7))
}

#[tokio::test]
async fn a_masked_5xx_has_neither_detail_nor_extensions() {
    for code in (500..=599).filter(|code| *code != 550) {
        for status in [secretive(code), secretive(code).with_grpc_code(GrpcCode::NotFound)] {
            let seen = said(status).await;
            let all = format!("{:?} {:?} {:?}", seen.message, seen.rpc, seen.metadata);
            let rpc = seen.rpc.as_ref().unwrap();
            let raw: Vec<u8> = rpc.details.iter().flat_map(|any| any.value.clone()).collect();
            assert!(!all.contains("secret") && !raw.windows(6).any(|bytes| bytes == b"secret"), "{code}: {all}");
            assert!(!seen.kinds().contains(&"BadRequest"), "{code}");
            assert!(seen.metadata_of_error_info().is_empty(), "{code}");
            // What is not hidden of it anywhere.
            assert_eq!(seen.reason().as_deref(), Some("PUBLIC"), "{code}");
            assert!(seen.details().retry_info().is_some(), "{code}");
        }
    }
}

#[tokio::test]
async fn what_is_exposed_or_no_5xx_is_shown() {
    let expose = || StatusMapLayer::new().expose_server_errors(true);
    let rows = [
        ("404", StatusMapLayer::new(), secretive(404)),
        ("550", StatusMapLayer::new(), secretive(550)),
        ("exposed", StatusMapLayer::new(), secretive(503).expose()),
        ("an exposed 500", StatusMapLayer::new(), secretive(500).expose()),
        ("the layer's", expose(), secretive(500)),
    ];
    for (row, layer, status) in rows {
        let seen = ask(layer, &ASKED, Err(status)).await;
        assert_eq!(seen.message, "secret detail", "{row}");
        assert_eq!(
            seen.metadata_of_error_info(),
            HashMap::from([("secret_name".into(), "secret value".into())]),
            "{row}"
        );
        assert_eq!(seen.violations(), [("secret".to_owned(), "secret".to_owned())], "{row}");
        assert!(!format!("{:?}", seen.rpc).contains("source"), "{row}: never the source");
    }
}

// ----- The bound of 8 KiB -----

/// What is left of a message that was cut, without the mark of the cut.
fn is_cut_of(cut: &str, whole: &str) -> bool {
    let kept = cut.strip_suffix('…').unwrap_or(cut);
    kept.len() < whole.len() && whole.starts_with(kept)
}

/// As the message grows the details go first, as late as possible, then the message is cut, also as late as possible.
#[tokio::test]
async fn details_go_first_then_the_message_is_cut() {
    let subtype = format!("application/grpc+{}", "x".repeat(100));
    let types = ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text", &*subtype];
    for content_type in types {
        for with_metadata in [false, true] {
            let asked = Asked { content_type, ..ASKED };
            let row = format!("{content_type} {with_metadata}");
            let grown = async |length: usize| {
                let whole = "m".repeat(length);
                let mut status = Status::conflict().with_type("/problems/x").with_detail(whole.clone());
                if with_metadata {
                    status = status.with_header("x-shard", "s".repeat(500));
                }
                let seen = ask(StatusMapLayer::new(), &asked, Err(status)).await;
                assert_eq!((seen.code, seen.metadata.contains_key("x-shard")), (10, with_metadata), "{row} {length}");
                let cut = seen.message != whole;
                assert!(!cut || is_cut_of(&seen.message, &whole), "{row} {length}");
                assert!(!cut || seen.size > 8 * 1024 - 12, "{row} {length}: {} is cut too short", seen.size);
                assert!(!cut || seen.rpc.is_none(), "{row} {length}: the details go first");
                (seen.rpc.is_some(), cut, seen.size)
            };
            // Halves what is left between a length that is so and one that is not.
            let last = async |is_so: fn((bool, bool, usize)) -> bool| {
                let (mut low, mut high) = (1, 9_000);
                assert!(is_so(grown(low).await) && !is_so(grown(high).await), "{row}");
                while high - low > 1 {
                    let middle = usize::midpoint(low, high);
                    *(if is_so(grown(middle).await) { &mut low } else { &mut high }) = middle;
                }
                low
            };
            let with_details = last(|(details, ..)| details).await;
            let whole = last(|(_, cut, _)| !cut).await;
            assert!(with_details < whole, "{row}");
            // Each goes once and does not come back.
            for length in (with_details - 20..with_details + 20).chain(whole - 20..whole + 20) {
                let (details, cut, _) = grown(length).await;
                assert_eq!((details, cut), (length <= with_details, length > whole), "{row} {length}");
            }
            // A byte of the message is one in the field and four thirds in the details.
            assert!(grown(with_details).await.2 >= 8 * 1024 - 8, "{row}: there was room for details");
            assert_eq!(grown(whole).await.2, 8 * 1024 - 1, "{row}: there was room for the message");
        }
    }
}

/// RFC 3629: never within a character, nor within its percent-encoding.
#[tokio::test]
async fn a_message_is_cut_between_characters() {
    const ENCODED: &AsciiSet = &CONTROLS.add(b'%');
    for unit in ["m", "é", "日", "🌷", "%", "\n", " ", "e\u{301}", "a🌷", "%41", "  x"] {
        for before in 0..13 {
            let whole = format!("{}{}", "a".repeat(before), unit.repeat(20_000));
            let seen = said(Status::conflict().with_detail(whole.clone())).await;
            assert!(is_cut_of(&seen.message, &whole), "{unit:?} after {before}");
            let kept = seen.message.trim_end_matches('…');
            let next = whole[kept.len()..].chars().next().unwrap().to_string();
            let next = utf8_percent_encode(&next, ENCODED).to_string();
            assert!(seen.size + next.len() >= 8 * 1024, "{unit:?} after {before}: {} is cut too short", seen.size);
            let raw = seen.metadata["grpc-message"].to_str().unwrap();
            assert_eq!(raw.trim(), raw, "{unit:?} after {before}");
        }
    }
}

#[tokio::test]
async fn metadata_counts() {
    let filled = |status: Status, lines: usize, length: usize| {
        (0..lines).fold(status, |status, line| status.with_header(format!("x-{line}"), "v".repeat(length)))
    };
    // Lines, their length, the message's; whether all lines, the details, the whole message fit.
    #[rustfmt::skip]
    let rows = [
        (1, 10, 10, true, true, true),
        (10, 100, 10, true, true, true),
        (10, 100, 6_000, true, false, true),
        (10, 700, 10, true, true, true),
        (10, 700, 5_000, true, false, false),
        (100, 30, 5_000, true, false, false),
        (1, 9_000, 10, false, false, true),
        (1_000, 10, 10, false, false, false),
        (1, 1_000_000, 10_000, false, false, false),
        (9, 1_000, 10_000, false, false, false),
    ];
    for (lines, length, message, all, details, whole) in rows {
        let row = format!("{lines} lines of {length}, {message}");
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let asked = Asked { content_type, ..ASKED };
            let said = "m".repeat(message);
            let status = filled(Status::conflict().with_type("/problems/x").with_detail(said.clone()), lines, length);
            let seen = ask(StatusMapLayer::new(), &asked, Err(status)).await; // which holds the bound
            assert_eq!(seen.code, 10, "{row}");
            let kept = seen.metadata.keys().filter(|name| name.as_str().starts_with("x-")).count();
            if all {
                assert_eq!((kept, seen.rpc.is_some(), seen.message == said), (lines, details, whole), "{row}");
            } else {
                assert!(kept < lines, "{row}");
            }
        }
    }
}

/// RFC 9113 §6.5.2: a field goes out as long as the sum stays below 8 KiB, to the byte.
#[tokio::test]
async fn metadata_fills_the_bound_to_the_byte() {
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let asked = Asked { content_type, ..ASKED };
        let shard = async |length: usize| {
            let status = Status::conflict().with_header("x-shard", "s".repeat(length));
            let seen = ask(StatusMapLayer::new(), &asked, Err(status)).await; // which holds the bound
            let message = seen.metadata.get("grpc-message").map_or(0, HeaderValue::len);
            (seen.metadata.contains_key("x-shard"), seen.size, message)
        };
        let (stands, size, message) = shard(1).await;
        assert!(stands, "{content_type}");
        // The message goes before it does.
        let longest = 1 + (8 * 1024 - 1) - (size - ("grpc-message".len() + message + 32));
        for (length, fits) in [(longest - 1, true), (longest, true), (longest + 1, false)] {
            assert_eq!(shard(length).await.0, fits, "{content_type}: {length}");
        }
    }
}

/// What the response of the inner service carries counts, too.
#[tokio::test]
async fn fields_of_the_inner_response_count() {
    of_the_inner_response(&[(1, 10), (1, 4_000), (10, 400), (100, 20), (1, 7_500)]).await;
}

#[tokio::test]
async fn fields_of_the_inner_response_are_bounded() {
    of_the_inner_response(&[(1, 9_000), (20, 400), (300, 20), (1, 1_000_000)]).await;
}

/// A KiB is left for the gRPC status, to the byte.
#[tokio::test]
async fn fields_of_the_inner_response_leave_a_kibibyte() {
    let servers = size(":status", "200") + size("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let before = servers + size("content-type", content_type) + size("x-region", "eu") + size("x-shard", "");
        let longest = 7 * 1024 - 1 - before;
        for (length, fits) in [(longest - 1, true), (longest, true), (longest + 1, false)] {
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::CONFLICT;
            response.headers_mut().insert("x-region", HeaderValue::from_static("eu"));
            response.headers_mut().insert("x-shard", "s".repeat(length).parse().unwrap());
            let seen = ask(StatusMapLayer::new(), &Asked { content_type, ..ASKED }, Ok(response)).await;
            let kept = ["x-region", "x-shard"].map(|name| seen.metadata.contains_key(name));
            assert_eq!(kept, [true, fits], "{content_type}: {length}");
        }
    }
}

/// RFC 9113 §6.5.2.
fn size(name: &str, value: &str) -> usize {
    name.len() + value.len() + 32
}

async fn of_the_inner_response(rows: &[(usize, usize)]) {
    for &(lines, length) in rows {
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let mut response = Response::new("m".repeat(8_000));
            *response.status_mut() = StatusCode::CONFLICT;
            response.headers_mut().insert("content-type", "text/plain".parse().unwrap());
            for line in 0..lines {
                let name = HeaderName::try_from(format!("x-{line}")).unwrap();
                response.headers_mut().insert(name, "v".repeat(length).parse().unwrap());
            }
            let asked = Asked { content_type, ..ASKED };
            assert_eq!(ask(StatusMapLayer::new(), &asked, Ok(response)).await.code, 10, "{lines} of {length}");
        }
    }
}

#[tokio::test]
async fn mebibytes_of_anything() {
    let longest = "🌷".repeat(10 * 1024 * 1024 / 4);
    let long = "🌷".repeat(128 * 1024);
    let many: Vec<Value> =
        (0..100_000).map(|n| json!({ "pointer": format!("/items/{n}"), "detail": "is wrong" })).collect();
    let rows = [
        ("detail", Status::conflict().with_detail(longest.clone())),
        ("title", Status::conflict().with_title(long.clone())),
        ("type", Status::conflict().with_type(long.clone())),
        ("a resolvable type", Status::conflict().with_type(format!("https://shop.example/{long}"))),
        ("an extension", Status::conflict().with_extension("order", longest)),
        ("a name", Status::conflict().with_extension(long, 7)),
        ("errors", Status::unprocessable_entity().with_extension("errors", many)),
    ];
    for (row, status) in rows {
        for content_type in ["application/grpc", "application/grpc-web-text"] {
            let asked = Asked { content_type, ..ASKED };
            let seen = ask(StatusMapLayer::new(), &asked, Err(status.clone())).await;
            assert!(matches!(seen.code, 3 | 10), "{row}");
            assert!(!seen.message.is_empty(), "{row}");
        }
    }
}
