//! The pages that explain the problems of an application.
#![cfg(feature = "problems")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod common;

use bytes::Bytes;
use http::{StatusCode, header, response::Parts};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt};
use tower_status::{
    Documented, DocumentedStatus, IntoStatus, MemberSchema, Page, Status, StatusMapLayer,
    catalog::{self, GrpcCode},
    problems::Problems,
    status_map::Accent,
};

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
        Documented::One(
            one(StatusCode::NOT_FOUND).with_type("/problems/deleted").with_detail("order {order_id} never existed"),
        ),
        Documented::One(one(StatusCode::UNAUTHORIZED)),
        Documented::One(one(StatusCode::LOCKED).with_type("https://example.org/problems/locked#now")),
        Documented::One(one(StatusCode::BAD_REQUEST).with_type("urn:problem:x")),
        Documented::One(one(StatusCode::SERVICE_UNAVAILABLE).with_detail("closed")),
        Documented::One(one(StatusCode::BAD_GATEWAY).with_type("/problems/für Ärzte")),
        Documented::One(one(StatusCode::PAYMENT_REQUIRED).with_type("/problems/pay/declined")),
        Documented::One(
            one(StatusCode::FORBIDDEN)
                .with_type("/problems/declined")
                .with_description("The card was <declined>.\n\nUse another one.")
                .with_detail("declined"),
        ),
        Documented::One(
            one(StatusCode::UNAUTHORIZED)
                .with_type("/problems/pay/limit")
                .with_detail("order {order_id} of {0} is too much for {plan:?}")
                .with_advice("Change <{plan}>, or wait for order {order_id}.")
                .with_headers(&["x-limit", "www-authenticate"])
                .with_grpc_code(GrpcCode::ResourceExhausted)
                .with_extensions(&[
                    ("order_id", MemberSchema::Integer),
                    ("plan", MemberSchema::Constant("free")),
                    ("note", MemberSchema::Nullable(&MemberSchema::String)),
                    (
                        "errors",
                        MemberSchema::Array(&MemberSchema::Object(&[
                            ("detail", MemberSchema::String),
                            ("pointer", MemberSchema::Any),
                        ])),
                    ),
                ]),
        ),
        Documented::All(STOCK),
        Documented::All(STOCK),
        Documented::One(DocumentedStatus::any_code().with_type("/problems/upstream").with_title("Upstream failed")),
        Documented::One(DocumentedStatus::any_code().with_type("/problems/later").with_advice("Come back later.")),
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
    const ALL: &[u64] = &[410, 404, 401, 423, 400, 503, 502, 402, 403, 401, 409];
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

const ALL_PROBLEMS: &str = r#"<a href="/problems">All problems</a>"#;

#[tokio::test]
async fn a_page_has_the_texts_and_escaped_links_of_its_problems() {
    let gone = catalog::get(StatusCode::GONE).unwrap();
    #[rustfmt::skip]
    let pages: [(&str, &[&str]); 3] = [
        ("/deleted", &[
            "<title>Order deleted</title>",
            "<p class=\"code\">410 Gone</p>\n<h1 lang=\"\" dir=\"auto\">Order deleted</h1>",
            ">Order … was deleted</p>",
            "<p>Trying again will not help.</p>",
            ">Order <i>order_id</i> never existed</p>",
            gone.advice,
            gone.for_developers.unwrap(),
            "RFC 9110 §15.5.11",
            "<code>NOT_FOUND</code>",
            ALL_PROBLEMS,
        ]),
        ("/declined", &[
            "<p lang=\"\" dir=\"auto\">The card was &lt;declined&gt;.</p>\n<p lang=\"\" dir=\"auto\">Use another one.</p>",
            "<dt>detail</dt><dd lang=\"\" dir=\"auto\">declined</dd>",
            "<p class=\"code\">403</p>\n<h1 lang=\"\" dir=\"auto\">Forbidden</h1>",
            "<h2>What usually causes this</h2>",
            catalog::get(StatusCode::FORBIDDEN).unwrap().explanation,
            ALL_PROBLEMS,
        ]),
        ("/", &[
            r#"<h2><a href="/problems/deleted">410 Order deleted</a></h2>"#,
            r#"<h2><a href="/problems/stock/sold-out">409 Sold &lt;out&gt; &amp; gone</a></h2>"#,
            r#"<h2><a href="https://example.org/problems/locked#now">423 Locked</a></h2>"#,
            "<h2>401 Unauthorized</h2>",
            "<h2>400 Bad Request</h2>",
            r#"<h2><a href="/problems/upstream">Upstream failed</a></h2>"#,
            ">Closed</p>",
        ]),
    ];
    for (path, expected) in pages {
        let (_, body) = ask("GET", path, &[("accept", "text/html")]).await;
        for part in expected {
            assert!(text(&body).contains(part), "{path}: {part}\n{}", text(&body));
        }
        assert_eq!(text(&body).contains(ALL_PROBLEMS), path != "/", "{path}");
        assert!(!text(&body).contains("{0}"), "{path}");
        // A problem with its own title is not the one that the catalog explains.
        assert!(!text(&body).contains(gone.explanation), "{path}");
    }
}

#[tokio::test]
async fn a_page_has_header_fields_members_and_an_example_document() {
    let (_, body) = ask("GET", "/pay/limit", &[("accept", "text/html")]).await;
    for part in [
        "<dt>Header fields</dt><dd>www-authenticate, x-limit</dd>",
        "<dt><code>order_id</code></dt><dd>integer</dd>",
        "<dt><code>plan</code></dt><dd>&#34;free&#34;</dd>",
        "<dt><code>note</code></dt><dd>string or null</dd>",
        "<dt><code>errors</code></dt><dd>array of object (detail: string, pointer: any value)</dd>",
        "<dt>gRPC code</dt><dd><code>RESOURCE_EXHAUSTED</code></dd>",
    ] {
        assert!(text(&body).contains(part), "{part}\n{}", text(&body));
    }
    let example = text(&body).split("<pre tabindex=\"0\">").nth(1).unwrap().split("</pre>").next().unwrap();
    let example = example.replace("&#34;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    // The members of a real document, in their order.
    let names: Vec<_> = example.lines().filter(|line| line.starts_with("  \"")).map(str::trim).collect();
    assert!(names[0].starts_with("\"type\"") && names[3].starts_with("\"detail\""), "{example}");
    let expected = json!({
        "type": "/problems/pay/limit",
        "title": "Unauthorized",
        "status": 401,
        "detail": "order 7 of … is too much for free",
        "order_id": 7,
        "plan": "free",
        "note": "…",
        "errors": [{ "detail": "…", "pointer": "…" }],
        "advice": "Change <free>, or wait for order 7.",
    });
    assert_eq!(parsed(example.as_bytes()), expected);
    let (_, body) = ask("GET", "/pay/limit", &[]).await;
    assert_eq!(parsed(&body)["problems"][0]["example"], expected);
}

#[tokio::test]
async fn own_advice_replaces_that_of_the_catalog() {
    let of_catalog = catalog::get(StatusCode::UNAUTHORIZED).unwrap().advice;
    for (path, on_page, in_json) in [
        (
            "/pay/limit",
            "<p lang=\"\" dir=\"auto\">Change &lt;<i>plan</i>&gt;, or wait for order <i>order_id</i>.</p>",
            "Change <{plan}>, or wait for order {order_id}.",
        ),
        ("/later", "<p lang=\"\" dir=\"auto\">Come back later.</p>", "Come back later."),
    ] {
        let (_, body) = ask("GET", path, &[("accept", "text/html")]).await;
        let expected = format!("<h2>When you see this error</h2>\n{on_page}\n");
        assert!(text(&body).contains(&expected), "{path}\n{}", text(&body));
        assert!(!text(&body).contains(of_catalog), "{path}");
        let (_, body) = ask("GET", path, &[]).await;
        assert_eq!(parsed(&body)["problems"][0]["advice"], in_json, "{path}");
    }
}

#[tokio::test]
async fn pages_have_the_name_and_the_home_page_of_the_site() {
    let page = Page::new().site("Shop").home("/").accent(Accent::Teal);
    let service = Problems::of::<Stock>().page(page).and::<Shop>();
    for path in ["/", "/sold-out"] {
        let (parts, body) = read(service.clone().oneshot(get(path, &[("accept", "text/html")])).await.unwrap()).await;
        assert!(text(&body).contains(" · Shop</title>"), "{path}");
        assert!(text(&body).contains(r#"<header><a href="/" lang="" dir="auto">Shop</a></header>"#), "{path}");
        let policy = parts.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert_eq!(policy.matches("sha256-").count(), text(&body).matches("<style>").count(), "{path}");
    }
}

#[tokio::test]
async fn pages_have_a_link_to_the_home_page_also_without_the_name_of_the_site() {
    for (page, links) in [(Page::new().home("/"), 1), (Page::new().site("Shop").home("/"), 1), (Page::new(), 0)] {
        let service = Problems::of::<Stock>().page(page).and::<Shop>();
        for path in ["/", "/sold-out"] {
            let (_, body) = read(service.clone().oneshot(get(path, &[("accept", "text/html")])).await.unwrap()).await;
            assert_eq!(text(&body).matches(r#"<a href="/">Home</a>"#).count(), links, "{path}");
        }
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
        ("/problems/0/detail", "order … was deleted"), ("/problems/1/detail", "order {order_id} never existed"),
        ("/problems/0/explanation", gone.explanation), ("/problems/0/advice", gone.advice),
        ("/problems/0/for_developers", gone.for_developers.unwrap()), ("/problems/0/permanence", "permanent"),
        ("/problems/0/specification/section", "RFC 9110 §15.5.11"), ("/problems/0/specification/link", gone.spec.link),
        ("/problems/0/grpc", "NOT_FOUND"), ("/problems/0/example/title", "Order deleted"),
    ];
    for (pointer, expected) in rows {
        assert_eq!(json.pointer(pointer).and_then(Value::as_str), Some(expected), "{pointer}");
    }
    assert_eq!(json["problems"][0]["causes"].as_array().map(Vec::len), Some(gone.causes.len()));

    let (_, body) = ask("GET", "/upstream", &[]).await;
    assert_eq!(parsed(&body)["problems"], json!([{ "type": "/problems/upstream", "title": "Upstream failed" }]));
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
    assert_eq!(codes(&body), [409, 410, 404, 401, 423, 400, 503, 502, 402, 403, 401]);
}

/// RFC 9110 §13.1.1. A cache must not store the 412, although it may store the page.
#[tokio::test]
async fn a_false_if_match_is_a_412() {
    let (page, _) = ask("GET", "/problems/deleted", &[]).await;
    let tag = page.headers[header::ETAG].to_str().unwrap();
    let rows: [(&str, &str, u16); 4] = [
        ("if-match", "\"other\"", 412),
        ("if-match", "W/\"other\", \"x\"", 412),
        ("if-match", tag, 200),
        ("if-match", "*", 200),
    ];
    for (name, value, code) in rows {
        for method in ["GET", "HEAD"] {
            let (parts, body) = ask(method, "/problems/deleted", &[(name, value)]).await;
            assert_eq!(parts.status, code, "{method} {name}: {value}");
            assert_eq!(body.is_empty(), method == "HEAD", "{method} {name}: {value}");
            if code == 412 {
                assert_eq!(parts.headers[header::CACHE_CONTROL], "no-store");
                assert!(!parts.headers.contains_key(header::ETAG));
                let layer = StatusMapLayer::new().layer(Problems::of::<Shop>());
                let (parts, body) =
                    read(layer.oneshot(request(method, "/problems/deleted", &[(name, value)])).await.unwrap()).await;
                assert_eq!((parts.status.as_u16(), body.is_empty()), (412, method == "HEAD"));
            }
        }
    }
}

/// With a body, the stream would end with a `PROTOCOL_ERROR` (RFC 9113 §8.1.1).
#[tokio::test]
async fn an_error_to_head_has_no_body_over_http_2() {
    let client = common::connection::http2(Problems::of::<Shop>()).await;
    for (path, code) in [("/problems/none", 404), ("/problems/deleted", 200), ("/problems/deleted", 412)] {
        let fields: Fields<'_> = if code == 412 { &[("if-match", "\"other\"")] } else { &[] };
        let send =
            |method| client.clone().oneshot(request(method, path, fields).map(|()| http_body_util::Full::default()));
        let (get, content) = read(send("GET").await.unwrap()).await;
        let (head, body) = read(send("HEAD").await.unwrap()).await;
        assert_eq!((get.status.as_u16(), head.status.as_u16()), (code, code), "{path}");
        assert!(body.is_empty(), "{path}");
        assert_eq!(head.headers[header::CONTENT_LENGTH], content.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn relative_types_are_resolved_against_the_base_and_found_by_their_path() {
    let service = Problems::of::<Shop>().type_base("https://example.org/");
    for path in ["/problems/deleted", "/deleted"] {
        let (parts, body) = read(service.clone().oneshot(get(path, &[])).await.unwrap()).await;
        assert_eq!(parts.status, 200, "{path}");
        let problem = &parsed(&body)["problems"][0];
        assert_eq!(problem["type"], "https://example.org/problems/deleted");
        assert_eq!(problem["example"]["type"], "https://example.org/problems/deleted");
    }
    let (_, body) = read(service.oneshot(get("/", &[])).await.unwrap()).await;
    let types: Vec<_> = parsed(&body)["problems"].as_array().unwrap().iter().map(|one| one["type"].clone()).collect();
    assert!(types.contains(&json!("urn:problem:x")) && types.contains(&json!("about:blank")), "{types:?}");
}

/// RFC 3986 §3: only a scheme, or nothing, is before the two slashes of a host.
#[tokio::test]
async fn two_slashes_inside_a_path_begin_no_host() {
    #[derive(Debug, thiserror::Error)]
    #[error("")]
    struct Double;

    impl IntoStatus for Double {
        fn status(&self) -> Status {
            Status::gone()
        }
        const STATUSES: Option<&'static [Documented]> =
            Some(&[Documented::One(one(StatusCode::GONE).with_type("/problems//gone"))]);
    }

    let (parts, _) = read(Problems::of::<Double>().oneshot(get("/problems//gone", &[])).await.unwrap()).await;
    assert_eq!(parts.status, 200);
}

#[test]
fn debug_has_the_documented_statuses() {
    let debug = format!("{:?}", Problems::of::<Shop>());
    assert!(debug.starts_with("Problems") && debug.contains("/problems/deleted"), "{debug}");
}
