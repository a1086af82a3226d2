//! `type_base`.

use serde_json::json;
use tower_status::{Status, StatusMapLayer};

use crate::common::{fail, full, get, json as parsed, send};

/// RFC 3986 §5.2.
#[tokio::test]
async fn a_relative_type_is_resolved_and_an_absolute_one_is_kept() {
    let layer = StatusMapLayer::new().type_base("https://example.org/api/v1");
    for (set, expected) in [
        ("/problems/x", "https://example.org/problems/x"),
        ("problems/x", "https://example.org/api/problems/x"),
        ("#x", "https://example.org/api/v1#x"),
        ("//other.example/x", "https://other.example/x"),
        ("urn:problem:x", "urn:problem:x"),
    ] {
        let (_, body) = fail(&layer, get("/", &[]), Status::gone().with_type(set)).await;
        assert_eq!(parsed(&body)["type"], json!(expected), "{set}");
    }
    let (_, body) = fail(&layer, get("/", &[]), Status::gone()).await;
    assert_eq!(parsed(&body)["type"], json!("about:blank"));
}

#[tokio::test]
async fn the_type_of_a_status_response_and_of_map_status_is_resolved_too() {
    let layer =
        StatusMapLayer::new().type_base("https://example.org").map_status(|status, _| match status.code().as_u16() {
            404 => status.with_type("/problems/mapped"),
            _ => status,
        });
    let built = Status::gone().with_type("/problems/built").into_http_response();
    let (_, body) = send(&layer, get("/", &[]), Ok::<_, Status>(built)).await;
    assert_eq!(parsed(&body)["type"], json!("https://example.org/problems/built"));
    let (_, body) = send(&layer, get("/", &[]), Ok::<_, Status>(full(404, &[], ""))).await;
    assert_eq!(parsed(&body)["type"], json!("https://example.org/problems/mapped"));
}

#[tokio::test]
async fn a_relative_base_is_ignored() {
    let layer = StatusMapLayer::new().type_base("/api");
    let (_, body) = fail(&layer, get("/", &[]), Status::gone().with_type("x")).await;
    assert_eq!(parsed(&body)["type"], json!("x"));
}
