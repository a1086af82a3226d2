//! `google.rpc.Status` of an error response, decoded by `tonic-types`.

use std::{collections::HashMap, time::Duration};

use http::{Response, StatusCode};
use prost::Message;
use serde_json::json;
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};

use crate::error_response::{CALL, Call, ErrorResponse, error_response, send};

// ----- ErrorInfo -----

/// AIP-193: an `ErrorInfo` is required, and at most one detail of each type is allowed.
#[tokio::test]
async fn every_error_has_one_error_info() {
    for status in
        [Status::not_found(), Status::conflict().with_detail("sold out"), Status::gone().with_type("about:blank")]
    {
        assert_eq!(error_response(status.clone()).await.kinds(), ["ErrorInfo"], "{status:?}");
    }
    for code in 300..=599 {
        let status = Status::new(StatusCode::from_u16(code).unwrap());
        let mut inner = Response::new(String::new());
        *inner.status_mut() = status.code();
        for outcome in [Err(status), Ok(inner)] {
            if outcome.is_ok() && code < 400 {
                continue; // not an error
            }
            let response = send(StatusMapLayer::new().rpc(true), &CALL, outcome).await;
            assert_eq!(response.kinds(), ["ErrorInfo"], "{code}");
            assert!(is_reason(&response.reason().unwrap()), "{code}: {:?}", response.reason());
        }
    }
}

/// `error_details.proto`: `[A-Z][A-Z0-9_]+[A-Z0-9]`, at most 63 characters.
fn is_reason(reason: &str) -> bool {
    let bytes = reason.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    (3..=63).contains(&bytes.len())
        && bytes[0].is_ascii_uppercase()
        && bytes.iter().all(inner)
        && bytes[bytes.len() - 1] != b'_'
}

#[tokio::test]
async fn reason_is_the_name_of_a_status_without_type_and_title() {
    let unknown = |code: u16| Status::new(StatusCode::from_u16(code).unwrap());
    #[rustfmt::skip]
    let rows = [
        (Status::not_found(), "NOT_FOUND"),
        (Status::service_unavailable().with_grpc_code(GrpcCode::DeadlineExceeded), "SERVICE_UNAVAILABLE"),
        (Status::payload_too_large(), "CONTENT_TOO_LARGE"),
        // Without an entry in the catalogue, the code's.
        (unknown(499), "CANCELLED"),
        (unknown(498), "FAILED_PRECONDITION"),
        (unknown(599), "INTERNAL"),
        // "OK" is too short for a reason.
        (unknown(200), "UNKNOWN"),
    ];
    for (status, reason) in rows {
        assert_eq!(error_response(status).await.reason().as_deref(), Some(reason));
    }
}

#[cfg(feature = "derive")]
#[tokio::test]
async fn reason_is_the_name_of_the_variant_unless_there_is_a_type() {
    #[derive(Debug, thiserror::Error, tower_status::IntoStatus)]
    enum Failure {
        #[error("order {0} does not exist")]
        #[status(404)]
        NoSuchOrder(u64),
        #[error("sold out")]
        #[status(409, title = "No more tulips")]
        SoldOut,
        #[error("moved")]
        #[status(410, type = "/problems/order-moved")]
        Moved,
        #[error("secret")]
        #[status(500)]
        HTTPClient2Failed,
        #[error("x")]
        #[status(400)]
        No,
    }
    #[derive(Debug, thiserror::Error, tower_status::IntoStatus)]
    #[error("the card was declined")]
    #[status(402)]
    struct CardDeclined;
    let rows = [
        (Failure::NoSuchOrder(8).into(), "NO_SUCH_ORDER"),
        (Failure::SoldOut.into(), "SOLD_OUT"),
        (Failure::Moved.into(), "ORDER_MOVED"),
        (Failure::HTTPClient2Failed.into(), "HTTP_CLIENT2_FAILED"),
        (Failure::No.into(), "BAD_REQUEST"),
        (CardDeclined.into(), "CARD_DECLINED"),
        (Status::from(Failure::NoSuchOrder(8)).with_type("/problems/no-such-flower"), "NO_SUCH_FLOWER"),
    ];
    for (status, reason) in rows {
        assert_eq!(error_response(status).await.reason().as_deref(), Some(reason));
    }
    // The status that replaces it has another name.
    let concealing = StatusMapLayer::new().rpc(true).map_status(|_, _| Status::not_found());
    assert_eq!(send(concealing, &CALL, Err(CardDeclined.into())).await.reason().as_deref(), Some("NOT_FOUND"));
}

#[tokio::test]
async fn reason_is_the_last_segment_of_the_type_or_the_title() {
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
        // Too short, or no letter first.
        (Some("/problems/x"), None, "CONFLICT"),
        (Some("/problems/404"), None, "CONFLICT"),
        (Some("/problems/2-tulips"), Some("No more tulips"), "NO_MORE_TULIPS"),
        (Some("/problems/oos"), None, "OOS"),
    ];
    for (type_uri, title, reason) in rows {
        let mut status = Status::conflict();
        if let Some(type_uri) = type_uri {
            status = status.with_type(type_uri);
        }
        if let Some(title) = title {
            status = status.with_title(title);
        }
        assert_eq!(error_response(status).await.reason().as_deref(), Some(reason), "{type_uri:?} {title:?}");
    }
}

#[tokio::test]
async fn reason_is_valid_for_any_type_and_title() {
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
            let reason = error_response(status.clone()).await.reason().unwrap_or_else(|| panic!("{status:?}"));
            assert!(is_reason(&reason), "{text:.80}: {reason}");
        }
    }
}

#[tokio::test]
async fn domain_is_the_service_of_the_path_unless_it_was_set() {
    #[rustfmt::skip]
    let rows = [
        ("/shop.Orders/Get", "shop.Orders"),
        ("/shop.v1.Orders/Get?x=/y/z", "shop.v1.Orders"),
        ("/Orders/Get", "Orders"),
        ("http://shop.example/shop.Orders/Get", "shop.Orders"),
        ("/", ""),
    ];
    for (path, domain) in rows {
        let call = Call { path, ..CALL };
        let response = send(StatusMapLayer::new().rpc(true), &call, Err(Status::gone().with_type("/problems/x"))).await;
        assert_eq!(response.details().error_info().unwrap().domain, domain, "{path}");
        let layer = StatusMapLayer::new().rpc(true).error_domain("shop.example");
        let response = send(layer, &call, Err(Status::gone())).await;
        assert_eq!(response.details().error_info().unwrap().domain, "shop.example", "{path}");
    }
}

#[tokio::test]
async fn scalar_extensions_are_metadata_of_error_info() {
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
        let response = error_response(Status::conflict().with_type("/problems/x").with_extension(name, &value)).await;
        assert_eq!(response.metadata_of_error_info().get(name).map(String::as_str), expected, "{value}");
        // A type is not required.
        let response = error_response(Status::conflict().with_extension(name, &value)).await;
        assert_eq!(response.metadata_of_error_info().get(name).map(String::as_str), expected, "{value} alone");
    }
    let many =
        error_response(Status::conflict().with_extension("a", 1).with_extension("b", "two").with_extension("c", [3]))
            .await;
    assert_eq!(many.metadata_of_error_info(), HashMap::from([("a".into(), "1".into()), ("b".into(), "two".into())]));
}

/// `error_details.proto`: keys of `[a-zA-Z0-9-_]`, at most 64 characters.
#[tokio::test]
async fn extension_with_an_invalid_key_is_not_metadata() {
    let (longest, too_long) = ("k".repeat(64), "k".repeat(65));
    for (name, stays) in
        [(&*longest, true), (&too_long, false), ("größe", false), ("a b", false), ("a.b", false), ("\0", false)]
    {
        let response =
            error_response(Status::conflict().with_type("/problems/x").with_extension(name.to_owned(), 1)).await;
        assert_eq!(response.metadata_of_error_info().contains_key(name), stays, "{name}");
    }
}

#[tokio::test]
async fn request_id_is_metadata_of_error_info() {
    let call = Call { fields: &[("x-request-id", "id-7")], ..CALL };
    let id = |response: &ErrorResponse| response.metadata_of_error_info().get("request_id").cloned();
    for status in
        [Status::not_found(), Status::internal_server_error().with_detail("secret"), Status::gone().with_type("/x")]
    {
        let response = send(StatusMapLayer::new().rpc(true), &call, Err(status)).await;
        assert_eq!(id(&response).as_deref(), Some("id-7"));
    }
    let own = Status::not_found().with_extension("request_id", "mine");
    assert_eq!(
        id(&send(StatusMapLayer::new().rpc(true), &call, Err(own)).await).as_deref(),
        Some("mine"),
        "an extension of that name wins"
    );
    let malformed = Call { fields: &[("x-request-id", "<script>")], ..CALL };
    assert_eq!(id(&send(StatusMapLayer::new().rpc(true), &malformed, Err(Status::not_found())).await), None);
}

// ----- RetryInfo -----

#[tokio::test]
async fn retry_info_keeps_fractions_of_seconds() {
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
        let response = error_response(Status::service_unavailable().with_retry_after(delay)).await;
        assert_eq!(response.details().retry_info().unwrap().retry_delay, Some(expected), "{delay:?}");
        assert_eq!(response.kinds(), ["ErrorInfo", "RetryInfo"], "{delay:?}");
        assert!(!response.metadata.contains_key("retry-after"), "retry-after is not sent");
    }
}

/// duration.proto: at most 315,576,000,000 seconds.
#[tokio::test]
async fn retry_info_is_limited_to_the_range_of_protobuf() {
    for delay in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(315_576_000_001)] {
        let response = error_response(Status::service_unavailable().with_retry_after(delay)).await;
        let details = &response.rpc.as_ref().unwrap().details;
        let any = details.iter().find(|any| any.type_url.ends_with("RetryInfo")).unwrap();
        let delay = tonic_types::pb::RetryInfo::decode(&*any.value).unwrap().retry_delay.unwrap();
        assert!(
            (1..=315_576_000_000).contains(&delay.seconds) && (0..1_000_000_000).contains(&delay.nanos),
            "{delay:?}"
        );
    }
}

#[tokio::test]
async fn retry_after_of_an_inner_response_becomes_retry_info() {
    let inner_response = |value: Option<&str>| {
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
        let response = send(StatusMapLayer::new().rpc(true), &CALL, Ok(inner_response(value))).await;
        assert_eq!(
            response.details().retry_info().and_then(|info| info.retry_delay),
            seconds,
            "{value:?} of a response"
        );
        assert!(!response.metadata.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn delay_replaces_an_earlier_retry_after() {
    let delayed = |status: Status| status.with_retry_after(Duration::from_millis(1500));
    for status in [Status::locked(), Status::locked().with_header("retry-after", "7")] {
        let delay = error_response(delayed(status)).await.details().retry_info().and_then(|info| info.retry_delay);
        assert_eq!(delay, Some(Duration::from_millis(1500)));
    }
}

#[tokio::test]
async fn retry_after_set_as_a_header_becomes_retry_info() {
    let status = Status::too_many_requests;
    for status in [status(), status().with_retry_after(Duration::from_millis(1500))] {
        let response = error_response(status.with_header("retry-after", "7")).await;
        assert_eq!(response.details().retry_info().and_then(|info| info.retry_delay), Some(Duration::from_secs(7)));
    }
}

// ----- BadRequest and Help -----

#[tokio::test]
async fn errors_become_field_violations() {
    #[rustfmt::skip]
    let rows = [
        (json!({"pointer": "/user/email", "detail": "must have an @"}), Some(("user.email", "must have an @"))),
        (json!({"pointer": "/age", "detail": "must be a number"}), Some(("age", "must be a number"))),
        // error_details.proto: `emailAddresses[1].email` is the `email` of the first address.
        (json!({"pointer": "#/items/0/name", "detail": "is empty"}), Some(("items[1].name", "is empty"))),
        (json!({"pointer": "#/a/2/1", "detail": "x"}), Some(("a[3][2]", "x"))),
        (json!({"pointer": "#/9", "detail": "x"}), Some(("[10]", "x"))),
        (json!({"pointer": "#/a/01", "detail": "x"}), Some(("a.01", "x"))), // RFC 6901 §4: not an index
        (json!({"pointer": "#/a/-", "detail": "x"}), Some(("a.-", "x"))),
        (json!({"pointer": "#/a/18446744073709551615", "detail": "x"}), Some(("a[18446744073709551615]", "x"))),
        (json!({"pointer": "#/a/18446744073709551616", "detail": "x"}), Some(("a.18446744073709551616", "x"))),
        (json!({"parameter": "page", "detail": "must be a number"}), Some(("page", "must be a number"))),
        (json!({"parameter": "a/b"}), Some(("a/b", ""))),
        (json!({"pointer": "#/user/email", "detail": "x"}), Some(("user.email", "x"))),
        (json!({"pointer": "/a~1b", "detail": "x"}), Some(("a/b", "x"))),
        (json!({"pointer": "/m~0n", "detail": "x"}), Some(("m~n", "x"))),
        (json!({"pointer": "/a~01", "detail": "x"}), Some(("a~1", "x"))), // RFC 6901 §4
        (json!({"pointer": "/a~1b/c~0d", "detail": "x"}), Some(("a/b.c~d", "x"))),
        (json!({"pointer": "/größe", "detail": "zu groß"}), Some(("größe", "zu groß"))),
        (json!({"pointer": "/c%d", "detail": "x"}), Some(("c%d", "x"))), // not a fragment, so not percent-encoded
        (json!({"pointer": "", "detail": "the whole document"}), Some(("", "the whole document"))),
        (json!({"pointer": "#", "detail": "the whole document"}), Some(("", "the whole document"))),
        (json!({"detail": "somewhere"}), Some(("", "somewhere"))),
        (json!({"pointer": "/age"}), Some(("age", ""))),
        (json!({"pointer": "/age", "detail": "x", "code": 7, "more": ["x"]}), Some(("age", "x"))),
        (json!({"pointer": 7, "detail": "x"}), Some(("", "x"))),
        (json!({"title": "neither pointer nor detail"}), None),
        (json!("a text"), None),
        (json!(null), None),
    ];
    for (error, expected) in &rows {
        let response = error_response(Status::unprocessable_entity().with_extension("errors", json!([error]))).await;
        let expected: Vec<_> = expected.iter().map(|(field, text)| ((*field).to_owned(), (*text).to_owned())).collect();
        assert_eq!(response.violations(), expected, "{error}");
    }
    // All of them, in their order.
    let all: Vec<_> = rows.iter().map(|(error, _)| error).collect();
    let response = error_response(Status::bad_request().with_extension("errors", &all)).await;
    let expected: Vec<_> = rows.iter().filter_map(|(_, row)| *row).collect();
    let violations = response.violations();
    assert_eq!(violations.iter().map(|(field, text)| (&**field, &**text)).collect::<Vec<_>>(), expected);
    assert_eq!((response.code, response.kinds()), (3, vec!["ErrorInfo", "BadRequest"]));
}

#[tokio::test]
async fn code_of_an_error_becomes_the_reason_if_it_fits() {
    let long = "x".repeat(64);
    let expected_long = "X".repeat(63);
    let rows = [
        (json!("TOO_LONG"), "TOO_LONG"),
        (json!("too-long"), "TOO_LONG"),
        (json!("length"), "LENGTH"),
        (json!(long), &expected_long),
        // `[A-Z][A-Z0-9_]+[A-Z0-9]`.
        (json!("no"), ""),
        (json!("1st"), ""),
        (json!("größe"), "GR_E"),
        (json!(7), ""),
    ];
    for (code, expected) in rows {
        let errors = json!([{ "pointer": "#/a", "detail": "x", "code": code }]);
        let response = error_response(Status::unprocessable_entity().with_extension("errors", errors)).await;
        let details = response.details();
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(violations.iter().map(|violation| &*violation.reason).collect::<Vec<_>>(), [expected], "{code}");
    }
}

/// RFC 6901 §6, with its examples.
#[tokio::test]
async fn pointer_as_a_fragment_is_percent_decoded() {
    for (pointer, field) in [("#/c%25d", "c%d"), ("#/e%5Ef", "e^f"), ("#/gr%C3%B6%C3%9Fe", "größe"), ("#/%20", " ")] {
        let errors = json!([{ "pointer": pointer, "detail": "x" }]);
        let response = error_response(Status::unprocessable_entity().with_extension("errors", errors)).await;
        assert_eq!(response.violations(), [(field.to_owned(), "x".to_owned())], "{pointer}");
    }
}

#[tokio::test]
async fn errors_of_another_shape_add_no_bad_request() {
    for errors in [json!({}), json!("x"), json!(7), json!(null), json!([]), json!([[], {}])] {
        let response = error_response(Status::unprocessable_entity().with_extension("errors", &errors)).await;
        assert_eq!((response.violations(), response.kinds().contains(&"BadRequest")), (vec![], false), "{errors}");
    }
}

#[tokio::test]
async fn http_type_becomes_a_help_link() {
    let links = async |uri: &str| {
        let response = error_response(Status::conflict().with_type(uri.to_owned()).with_title("Sold out")).await;
        let details = response.details();
        let links = details.help().into_iter().flat_map(|help| &help.links);
        links.map(|link| link.url.clone()).collect::<Vec<_>>()
    };
    for uri in
        ["https://shop.example/problems/sold-out", "http://shop.example/problems/sold-out", "HTTPS://shop.example/x"]
    {
        assert_eq!(links(uri).await, [uri]);
    }
    for uri in [
        "/problems/sold-out",
        "sold-out",
        "about:blank",
        "urn:problem:sold-out",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://shop.example/x",
        "httpsx://shop.example",
        "https:",
    ] {
        assert!(links(uri).await.is_empty(), "{uri}");
    }
}

#[tokio::test]
async fn all_details_can_be_sent_together() {
    let status = Status::unprocessable_entity()
        .with_type("https://shop.example/problems/bad-order")
        .with_title("Bad order")
        .with_detail("the order is wrong: größer um 100 %")
        .with_retry_after(Duration::from_millis(250))
        .with_extension("order", 8)
        .with_extension("errors", json!([{ "pointer": "#/items/0", "detail": "is no tulip" }]));
    for content_type in ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text"] {
        let call = Call { content_type, ..CALL };
        let response = send(StatusMapLayer::new().rpc(true), &call, Err(status.clone())).await;
        let mut kinds = response.kinds();
        kinds.sort_unstable();
        assert_eq!(kinds, ["BadRequest", "ErrorInfo", "Help", "RetryInfo"], "{content_type}");
        assert_eq!((response.code, &*response.message), (3, "the order is wrong: größer um 100 %"));
        let details = response.details();
        let info = details.error_info().unwrap();
        assert_eq!((&*info.reason, &*info.domain), ("BAD_ORDER", "shop.Orders"));
        assert_eq!(info.metadata, HashMap::from([("order".into(), "8".into())]));
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_millis(250)));
        assert_eq!(response.violations(), [("items[1]".to_owned(), "is no tulip".to_owned())]);
    }
}

// ----- Code and hiding -----

#[tokio::test]
async fn code_in_the_details_equals_grpc_status() {
    let codes = [
        GrpcCode::AlreadyExists,
        GrpcCode::DataLoss,
        GrpcCode::Unknown,
        GrpcCode::Cancelled,
        GrpcCode::Unauthenticated,
    ];
    for http in 300..=599 {
        let status = Status::new(StatusCode::from_u16(http).unwrap()).with_type("/problems/x");
        assert!(error_response(status.clone()).await.rpc.is_some(), "{http}"); // `send` compares the codes
        for code in codes {
            let response = error_response(status.clone().with_grpc_code(code)).await;
            assert_eq!((response.code, response.rpc.unwrap().code), (code as i32, code as i32), "{http} {code}");
        }
        let rewrite = StatusMapLayer::new().rpc(true).map_status(|status, _| status.with_grpc_code(GrpcCode::Aborted));
        assert_eq!(send(rewrite, &CALL, Err(status)).await.rpc.unwrap().code, 10, "{http}");
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
async fn hidden_5xx_shows_neither_detail_nor_extensions() {
    for code in (500..=599).filter(|code| *code != 550) {
        for status in [secretive(code), secretive(code).with_grpc_code(GrpcCode::NotFound)] {
            let response = error_response(status).await;
            let all = format!("{:?} {:?} {:?}", response.message, response.rpc, response.metadata);
            let rpc = response.rpc.as_ref().unwrap();
            let raw: Vec<u8> = rpc.details.iter().flat_map(|any| any.value.clone()).collect();
            assert!(!all.contains("secret") && !raw.windows(6).any(|bytes| bytes == b"secret"), "{code}: {all}");
            assert!(!response.kinds().contains(&"BadRequest"), "{code}");
            assert!(response.metadata_of_error_info().is_empty(), "{code}");
            // Type, title and delay are never hidden.
            assert_eq!(response.reason().as_deref(), Some("PUBLIC"), "{code}");
            assert!(response.details().retry_info().is_some(), "{code}");
        }
    }
}

#[tokio::test]
async fn exposed_5xx_and_4xx_show_detail_and_extensions() {
    let expose = || StatusMapLayer::new().rpc(true).expose_server_errors(true);
    let rows = [
        ("404", StatusMapLayer::new().rpc(true), secretive(404)),
        ("550", StatusMapLayer::new().rpc(true), secretive(550)),
        ("exposed", StatusMapLayer::new().rpc(true), secretive(503).expose()),
        ("an exposed 500", StatusMapLayer::new().rpc(true), secretive(500).expose()),
        ("the layer's", expose(), secretive(500)),
    ];
    for (row, layer, status) in rows {
        let response = send(layer, &CALL, Err(status)).await;
        assert_eq!(response.message, "secret detail", "{row}");
        assert_eq!(
            response.metadata_of_error_info(),
            HashMap::from([("secret_name".into(), "secret value".into())]),
            "{row}"
        );
        assert_eq!(response.violations(), [("secret".to_owned(), "secret".to_owned())], "{row}");
        assert!(!format!("{:?}", response.rpc).contains("source"), "{row}: the source is never shown");
    }
}

#[tokio::test]
async fn hidden_5xx_shows_only_its_public_extensions() {
    for status in [secretive(500), secretive(503)] {
        let response = error_response(status.with_public_extension("code", "provider_failed")).await;
        let expected = HashMap::from([("code".to_owned(), "provider_failed".to_owned())]);
        assert_eq!(response.metadata_of_error_info(), expected);
        assert!(!response.message.contains("secret"), "{}", response.message);
        assert!(!format!("{:?}", response.rpc).contains("secret"), "{:?}", response.rpc);
    }
}
