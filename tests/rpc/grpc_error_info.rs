//! `google.rpc.ErrorInfo` of an error response, decoded by `tonic-types`: reason, domain and metadata.

use std::collections::HashMap;

use http::{Response, StatusCode};
use serde_json::json;
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};

use crate::error_response::{CALL, Call, ErrorResponse, error_response, send};

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

/// Returns whether a reason is valid (`error_details.proto`): `[A-Z][A-Z0-9_]+[A-Z0-9]`, at most 63 characters.
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
        // A status without an entry in the catalog has the name of its gRPC code.
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
        Some("id-7"),
        "an extension of that name does not shadow it"
    );
    let malformed = Call { fields: &[("x-request-id", "<script>")], ..CALL };
    assert_eq!(id(&send(StatusMapLayer::new().rpc(true), &malformed, Err(Status::not_found())).await), None);
}
