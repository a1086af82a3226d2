//! The pages that explain the problems of an application.
#![cfg(feature = "problems")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod common;

use bytes::Bytes;
use http::{StatusCode, header, response::Parts};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt};
use tower_status::{Documented, DocumentedStatus, IntoStatus, Status, StatusMapLayer, catalog, problems::Problems};

use crate::common::{Fields, get, json as parsed, read, request, text};

const fn one(code: StatusCode) -> DocumentedStatus {
    DocumentedStatus::new(code)
}

const STOCK: &[Documented] =
    &[Documented::One(one(StatusCode::CONFLICT).with_type("/problems/stock/sold-out").with_title("Sold <out> & gone"))];

#[derive(Debug, thiserror::Error)]
#[error("")]
struct Stock;

impl IntoStatus for Stock {
    fn status(&self) -> Status {
        Status::conflict()
    }
    const STATUSES: Option<&'static [Documented]> = Some(STOCK);
}

#[derive(Debug, thiserror::Error)]
#[error("")]
struct Shop;

impl IntoStatus for Shop {
    fn status(&self) -> Status {
        Status::gone()
    }
    const STATUSES: Option<&'static [Documented]> = Some(&[
        Documented::One(
            one(StatusCode::GONE)
                .with_type("/problems/deleted")
                .with_title("Order deleted")
                .with_detail("order {0} was deleted"),
        ),
        Documented::One(one(StatusCode::NOT_FOUND).with_type("/problems/deleted").with_detail("never heard of {0}")),
        Documented::One(one(StatusCode::UNAUTHORIZED)),
        Documented::One(one(StatusCode::LOCKED).with_type("https://example.org/problems/locked#now")),
        Documented::One(one(StatusCode::BAD_REQUEST).with_type("urn:problem:x")),
        Documented::One(one(StatusCode::SERVICE_UNAVAILABLE).with_detail("closed")),
        Documented::One(one(StatusCode::BAD_GATEWAY).with_type("/problems/für Ärzte")),
        Documented::One(one(StatusCode::PAYMENT_REQUIRED).with_type("/problems/pay/declined")),
        Documented::One(one(StatusCode::FORBIDDEN).with_type("/problems/declined")),
        Documented::All(STOCK),
        Documented::All(STOCK),
        Documented::One(DocumentedStatus::any_code().with_type("/problems/upstream").with_title("Upstream failed")),
        Documented::Undocumented("Other"),
    ]);
}

async fn ask(method: &str, path: &str, fields: Fields<'_>) -> (Parts, Bytes) {
    read(Problems::of::<Shop>().oneshot(request(method, path, fields)).await.unwrap()).await
}

/// Returns the codes of a list of problems.
fn codes(body: &[u8]) -> Vec<u64> {
    let json = parsed(body);
    json["problems"].as_array().unwrap().iter().filter_map(|problem| problem["status"].as_u64()).collect()
}

#[tokio::test]
async fn a_problem_is_found_by_the_path_of_its_type_or_the_end_of_it() {
    const ALL: &[u64] = &[410, 404, 401, 423, 400, 503, 502, 402, 403, 409];
    #[rustfmt::skip]
    let rows: [(&str, &[u64]); 20] = [
        ("/problems/deleted", &[410, 404]), ("/problems/deleted/", &[410, 404]), ("/deleted", &[410, 404]),
        ("/problems/stock/sold-out", &[409]), ("/stock/sold-out", &[409]), ("/sold-out", &[409]),
        ("/problems/declined", &[403]), ("/declined", &[403]), ("/pay/declined", &[402]),
        ("/problems/locked", &[423]), ("/problems/locked?x=y", &[423]), ("/problems/f%C3%BCr%20%C3%84rzte", &[502]),
        ("/", ALL), ("/problems", ALL), ("/problems/", ALL),
        // Part of a segment, another folder, no such type.
        ("/eleted", &[]), ("/problem", &[]), ("/problems/stock", &[]), ("/other/deleted", &[]), ("/problems/deleted/x", &[]),
    ];
    for (path, expected) in rows {
        let (parts, body) = ask("GET", path, &[]).await;
        if expected.is_empty() {
            assert_eq!(parts.status, 404, "{path}");
        } else {
            assert_eq!(parts.status, 200, "{path}");
            assert_eq!(codes(&body), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn accept_chooses_between_a_page_and_json() {
    #[rustfmt::skip]
    let rows = [
        ("*/*", "application/json"), ("application/json", "application/json"), ("text/html", "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("image/png", "application/json"),
    ];
    for (accept, content_type) in rows {
        let (parts, body) = ask("GET", "/sold-out", &[("accept", accept)]).await;
        let is_page = content_type.starts_with("text/html");
        assert_eq!(parts.headers[header::CONTENT_TYPE], content_type, "{accept}");
        assert_eq!(parts.headers[header::VARY], "accept");
        assert_eq!(parts.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(parts.headers.contains_key(header::CONTENT_SECURITY_POLICY), is_page);
        assert_eq!(text(&body).starts_with("<!DOCTYPE html>"), is_page);
    }
}

#[tokio::test]
async fn a_page_has_the_texts_and_escaped_links_of_its_problems() {
    const ALL_PROBLEMS: &str = r#"<a href="/problems">All problems</a>"#;
    #[rustfmt::skip]
    let pages: [(&str, &[&str]); 2] = [
        ("/deleted", &[
            "<title>Order deleted</title>",
            "<b>410</b> Order deleted",
            "order {0} was deleted",
            "never heard of {0}",
            "RFC 9110 §15.5.11",
        ]),
        ("/", &[
            r#"<h2><a href="/problems/deleted">410 Order deleted</a></h2>"#,
            r#"<h2><a href="/problems/stock/sold-out">409 Sold &lt;out&gt; &amp; gone</a></h2>"#,
            r#"<h2><a href="https://example.org/problems/locked#now">423 Locked</a></h2>"#,
            "<h2>401 Unauthorized</h2>",
            "<h2>400 Bad Request</h2>",
            r#"<h2><a href="/problems/upstream">Upstream failed</a></h2>"#,
            "closed",
        ]),
    ];
    for (path, expected) in pages {
        let (_, body) = ask("GET", path, &[("accept", "text/html")]).await;
        for part in expected {
            assert!(text(&body).contains(part), "{path}: {part}\n{}", text(&body));
        }
    }
    for (path, has_link) in [("/deleted", true), ("/sold-out", true), ("/", false)] {
        let (_, body) = ask("GET", path, &[("accept", "text/html")]).await;
        assert_eq!(text(&body).contains(ALL_PROBLEMS), has_link, "{path}");
    }
}

#[tokio::test]
async fn json_has_every_member_of_a_problem() {
    let (_, body) = ask("GET", "/deleted", &[]).await;
    let json = parsed(&body);
    let gone = catalog::get(StatusCode::GONE).unwrap();
    #[rustfmt::skip]
    let rows = [
        ("/problems/0/type", "/problems/deleted"), ("/problems/0/title", "Order deleted"), ("/problems/1/title", "Not Found"),
        ("/problems/0/detail", "order {0} was deleted"), ("/problems/0/explanation", gone.explanation),
        ("/problems/0/advice", gone.advice), ("/problems/0/permanence", "permanent"),
        ("/problems/0/specification/section", "RFC 9110 §15.5.11"), ("/problems/0/specification/link", gone.spec.link),
    ];
    for (pointer, expected) in rows {
        assert_eq!(json.pointer(pointer).and_then(Value::as_str), Some(expected), "{pointer}");
    }
    assert_eq!(json["problems"][0]["causes"].as_array().map(Vec::len), Some(gone.causes.len()));

    let (_, body) = ask("GET", "/upstream", &[]).await;
    let any_code = json!({ "type": "/problems/upstream", "title": "Upstream failed", "detail": null });
    assert_eq!(parsed(&body)["problems"], json!([any_code]));
}

#[tokio::test]
async fn each_format_has_its_own_tag_and_a_matching_one_gets_a_304() {
    let (json, _) = ask("GET", "/sold-out", &[]).await;
    let tag = json.headers[header::ETAG].to_str().unwrap();
    let (page, _) = ask("GET", "/sold-out", &[("accept", "text/html")]).await;
    assert_ne!(page.headers[header::ETAG], tag);

    let (not_modified, body) = ask("GET", "/sold-out", &[("if-none-match", tag)]).await;
    assert_eq!((not_modified.status, text(&body)), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(not_modified.headers[header::ETAG], tag);
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_other_methods_are_a_405() {
    let (json, content) = ask("GET", "/sold-out", &[]).await;
    let (head, body) = ask("HEAD", "/sold-out", &[]).await;
    assert_eq!((head.status, text(&body)), (StatusCode::OK, ""));
    assert_eq!(head.headers[header::ETAG], json.headers[header::ETAG]);
    assert_eq!(head.headers[header::CONTENT_LENGTH], *content.len().to_string());

    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let (rejected, _) = ask(method, "/sold-out", &[]).await;
        assert_eq!(rejected.status, 405, "{method}");
        assert_eq!(rejected.headers[header::ALLOW], "GET, HEAD", "{method}");
    }
}

#[tokio::test]
async fn a_layer_outside_explains_the_404() {
    let mut service = StatusMapLayer::new().layer(Problems::of::<Shop>());
    let response = service.call(get("/nothing", &[("accept", "text/html")])).await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
}

#[tokio::test]
async fn of_several_error_types_each_problem_is_listed_once() {
    let service = Problems::of::<Stock>().and::<Shop>().and::<Stock>();
    let (_, body) = read(service.oneshot(get("/", &[])).await.unwrap()).await;
    assert_eq!(codes(&body), [409, 410, 404, 401, 423, 400, 503, 502, 402, 403]);
}
