//! `google.rpc.Status` of an error response, decoded by `tonic-types`.

use std::{collections::HashMap, time::Duration};

use http::{Response, StatusCode};
use prost::Message;
use serde_json::json;
use tower_status::{Status, StatusMapLayer, Translate, catalog::GrpcCode, status_map::Text};

use crate::error_response::{CALL, Call, error_response, send};

// ----- RetryInfo -----

#[tokio::test]
async fn retry_info_keeps_fractions_of_seconds() {
    for delay in [
        Duration::from_secs(30),
        Duration::from_millis(1500),
        Duration::from_millis(1),
        Duration::from_nanos(1),
        Duration::new(7, 999_999_999),
        Duration::from_secs(300),
        Duration::from_secs(u64::from(u32::MAX) + 1),
    ] {
        let response = error_response(Status::service_unavailable().with_retry_after(delay)).await;
        assert_eq!(response.details().retry_info().unwrap().retry_delay, Some(delay), "{delay:?}");
        assert_eq!(response.kinds(), ["ErrorInfo", "RetryInfo"], "{delay:?}");
        assert!(!response.metadata.contains_key("retry-after"), "{delay:?}: retry-after is sent");
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
        assert_eq!(response.details().retry_info().and_then(|info| info.retry_delay), seconds, "{value:?}");
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
        (json!({"pointer": "#/a/18446744073709551615", "detail": "x"}), Some(("a[18446744073709551615]", "x"))), // the index saturates
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
async fn code_of_an_error_becomes_the_reason_where_it_can() {
    let long = "x".repeat(64);
    let expected_long = "X".repeat(63);
    let rows = [
        (json!("TOO_LONG"), "TOO_LONG"),
        (json!("too-long"), "TOO_LONG"),
        (json!("length"), "LENGTH"),
        (json!("größe"), "GR_E"),
        (json!(long), &expected_long),
        // A reason must match `[A-Z][A-Z0-9_]+[A-Z0-9]`.
        (json!("no"), ""),
        (json!("1st"), ""),
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

/// RFC 6901 §6, with some of its examples.
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
async fn problem_type_with_an_http_url_becomes_a_help_link() {
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
        .with_extension("errors", json!([{ "pointer": "#/items/0", "detail": "is not a tulip" }]));
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
        assert_eq!(response.violations(), [("items[1]".to_owned(), "is not a tulip".to_owned())]);
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

fn with_secrets(code: u16) -> Status {
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
        for status in [with_secrets(code), with_secrets(code).with_grpc_code(GrpcCode::NotFound)] {
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
        ("404", StatusMapLayer::new().rpc(true), with_secrets(404)),
        ("550", StatusMapLayer::new().rpc(true), with_secrets(550)),
        ("exposed 503", StatusMapLayer::new().rpc(true), with_secrets(503).expose()),
        ("exposed 500", StatusMapLayer::new().rpc(true), with_secrets(500).expose()),
        ("exposed by the layer", expose(), with_secrets(500)),
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
        assert!(!format!("{:?}", response.rpc).contains("source"), "{row}: the source is shown");
    }
}

#[tokio::test]
async fn hidden_5xx_shows_only_its_public_extensions() {
    for status in [with_secrets(500), with_secrets(503)] {
        let response = error_response(status.with_public_extension("code", "provider_failed")).await;
        let expected = HashMap::from([("code".to_owned(), "provider_failed".to_owned())]);
        assert_eq!(response.metadata_of_error_info(), expected);
        assert!(!response.message.contains("secret"), "{}", response.message);
        assert!(!format!("{:?}", response.rpc).contains("secret"), "{:?}", response.rpc);
    }
}

// ----- DebugInfo -----

#[tokio::test]
async fn debug_info_has_the_chain_of_causes_only_with_debug() {
    let status = || Status::from_error(tower::BoxError::from("it failed")).with_detail("the detail");
    for (debug, expected) in [(false, None), (true, Some("it failed\nmapped by: unmapped"))] {
        let response = send(StatusMapLayer::new().rpc(true).debug(debug), &CALL, Err(status())).await;
        assert_eq!(response.details().debug_info().map(|info| &*info.detail), expected);
        assert_eq!(response.message.contains("the detail"), debug);
    }
    // Above the limit, the most important details are kept.
    let long = Status::not_found().with_source("x".repeat(10_000));
    let response = send(StatusMapLayer::new().rpc(true).debug(true), &CALL, Err(long)).await;
    assert_eq!(response.kinds(), ["ErrorInfo"]);
}

#[cfg(feature = "anyhow")]
#[test]
fn debug_info_has_the_first_lines_of_a_backtrace() {
    crate::common::in_its_own_process("grpc_details::debug_info_has_the_first_lines_of_a_backtrace", || {
        let layer = StatusMapLayer::new().rpc(true).debug(true);
        let response = crate::common::now(send(layer, &CALL, Err(anyhow::anyhow!("it failed").into())));
        let details = response.details();
        let entries = &details.debug_info().unwrap().stack_entries;
        assert!(entries[0].trim_start().starts_with("0: "), "{entries:?}");
        // No line of this backtrace is longer than half of the room.
        let length = entries.iter().map(String::len).sum::<usize>();
        assert!((512..=1024).contains(&length), "{entries:?}");
    });
}

// ----- LocalizedMessage -----

struct German;

impl Translate for German {
    fn languages(&self) -> &[&'static str] {
        &["en", "de"]
    }

    fn text(&self, language: &str, text: Text<'_>) -> Option<String> {
        match text {
            _ if language != "de" => None,
            Text::Detail(_) => Some("die Bestellung 8 gibt es nicht".into()),
            Text::Explanation(status) => Some(format!("Fehler {}", status.code().as_str())),
            _ => None,
        }
    }
}

#[tokio::test]
async fn localized_message_is_added_to_the_english_one() {
    let order = || Status::not_found().with_detail("order 8 does not exist");
    let hidden = || Status::internal_server_error().with_detail("a secret");
    let rows = [
        (order(), "de-AT", Some("die Bestellung 8 gibt es nicht")),
        (Status::not_found(), "de", Some("Fehler 404")),
        // The detail of INTERNAL is hidden.
        (hidden(), "de", Some("Fehler 500")),
        // The message explains INTERNAL, so the translation for the 404 does not apply.
        (order().with_grpc_code(GrpcCode::Internal), "de", None),
        (order(), "en", None),
        (order(), "da", None),
    ];
    for (status, language, expected) in rows {
        let call = Call { fields: &[("accept-language", language)], ..CALL };
        let response = send(StatusMapLayer::new().rpc(true).translate(German), &call, Err(status.clone())).await;
        let without = send(StatusMapLayer::new().rpc(true), &call, Err(status)).await;
        assert_eq!(response.message, without.message, "{language}: not the English message");
        let details = response.details();
        let localized = details.localized_message().map(|localized| (&*localized.locale, &*localized.message));
        assert_eq!(localized, expected.map(|message| ("de", message)), "{language}");
    }
}
