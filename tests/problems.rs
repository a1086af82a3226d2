//! The pages that explain an application's problems.
#![cfg(feature = "problems")]
// A test that meets the unexpected fails by panicking.
#![allow(clippy::indexing_slicing)]

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_status::{Documented, DocumentedStatus, IntoStatus, Status, StatusMapLayer, problems::Problems};

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

async fn ask(method: Method, path: &str, fields: &[(&str, &str)]) -> Result<(Response<()>, String), BoxError> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (parts, body) = Problems::of::<Shop>().oneshot(request.body(())?).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok((Response::from_parts(parts, ()), String::from_utf8(body.into())?))
}

fn codes(json: &str) -> Result<Vec<u64>, BoxError> {
    let json: Value = serde_json::from_str(json)?;
    let problems = json["problems"].as_array().ok_or("no list")?;
    Ok(problems.iter().filter_map(|problem| problem["status"].as_u64()).collect())
}

#[tokio::test]
async fn a_type_is_found_by_its_path() -> Result<(), BoxError> {
    const ALL: &[u64] = &[410, 404, 401, 423, 400, 503, 502, 402, 403, 409];
    #[rustfmt::skip]
    let rows: [(&str, &[u64]); 20] = [
        ("/problems/deleted", &[410, 404]), ("/problems/deleted/", &[410, 404]), ("/deleted", &[410, 404]),
        ("/problems/stock/sold-out", &[409]), ("/stock/sold-out", &[409]), ("/sold-out", &[409]),
        ("/problems/declined", &[403]), ("/declined", &[403]), ("/pay/declined", &[402]),
        ("/problems/locked", &[423]), ("/problems/locked?x=y", &[423]), ("/problems/f%C3%BCr%20%C3%84rzte", &[502]),
        ("/", ALL), ("/problems", ALL), ("/problems/", ALL),
        // Not the end of a segment, another folder, nothing at all.
        ("/eleted", &[]), ("/problem", &[]), ("/problems/stock", &[]), ("/other/deleted", &[]), ("/problems/deleted/x", &[]),
    ];
    for (path, expected) in rows {
        let (head, body) = ask(Method::GET, path, &[]).await?;
        assert_eq!(head.status() == 200, !expected.is_empty(), "{path}");
        if head.status() == 200 {
            assert_eq!(codes(&body)?, expected, "{path}");
        } else {
            assert_eq!(head.status(), 404, "{path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn both_forms() -> Result<(), BoxError> {
    #[rustfmt::skip]
    let rows = [
        ("*/*", "application/json"), ("application/json", "application/json"), ("text/html", "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("image/png", "application/json"),
    ];
    for (accept, expected) in rows {
        let (head, body) = ask(Method::GET, "/sold-out", &[("accept", accept)]).await?;
        assert_eq!(head.headers()[header::CONTENT_TYPE], expected, "{accept}");
        assert_eq!(head.headers()[header::VARY], "accept");
        assert_eq!(head.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(head.headers().contains_key(header::CONTENT_SECURITY_POLICY), expected.starts_with("text/html"));
        assert_eq!(body.starts_with("<!DOCTYPE html>"), expected.starts_with("text/html"));
    }
    let (_, page) = ask(Method::GET, "/deleted", &[("accept", "text/html")]).await?;
    for part in [
        "<title>Order deleted</title>",
        "<b>410</b> Order deleted",
        "order {0} was deleted",
        "never heard of {0}",
        "RFC 9110 §15.5.11",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let (_, list) = ask(Method::GET, "/", &[("accept", "text/html")]).await?;
    for part in [
        r#"<h2><a href="/problems/deleted">410 Order deleted</a></h2>"#,
        r#"<h2><a href="/problems/stock/sold-out">409 Sold &lt;out&gt; &amp; gone</a></h2>"#,
        r#"<h2><a href="https://example.org/problems/locked#now">423 Locked</a></h2>"#,
        "<h2>401 Unauthorized</h2>",
        "<h2>400 Bad Request</h2>",
        r#"<h2><a href="/problems/upstream">Upstream failed</a></h2>"#,
        "closed",
    ] {
        assert!(list.contains(part), "{part}\n{list}");
    }
    for (path, link) in [("/deleted", true), ("/sold-out", true), ("/", false)] {
        let (_, page) = ask(Method::GET, path, &[("accept", "text/html")]).await?;
        assert_eq!(page.contains(r#"<a href="/problems">All problems</a>"#), link, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_program_reads_all_that_is_known() -> Result<(), BoxError> {
    let (_, body) = ask(Method::GET, "/deleted", &[]).await?;
    let json: Value = serde_json::from_str(&body)?;
    let gone = tower_status::catalog::get(StatusCode::GONE).ok_or("410")?;
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
    let (_, body) = ask(Method::GET, "/upstream", &[]).await?;
    let any_code = json!({ "type": "/problems/upstream", "title": "Upstream failed", "detail": null });
    assert_eq!(serde_json::from_str::<Value>(&body)?["problems"], json!([any_code]));
    assert_eq!(json["problems"][0]["causes"].as_array().map(Vec::len), Some(gone.causes.len()));
    Ok(())
}

#[tokio::test]
async fn methods_and_conditions() -> Result<(), BoxError> {
    let (page, whole) = ask(Method::GET, "/sold-out", &[]).await?;
    let tag = page.headers()[header::ETAG].to_str()?.to_owned();
    let (html, _) = ask(Method::GET, "/sold-out", &[("accept", "text/html")]).await?;
    assert_ne!(html.headers()[header::ETAG], *tag, "each form has its own");

    let (again, body) = ask(Method::GET, "/sold-out", &[("if-none-match", &tag)]).await?;
    assert_eq!((again.status(), &*body), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(again.headers()[header::ETAG], *tag);

    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let (refused, _) = ask(method.clone(), "/sold-out", &[]).await?;
        assert_eq!(refused.status(), 405, "{method}");
        assert_eq!(refused.headers()[header::ALLOW], "GET, HEAD", "{method}");
    }
    let (head, none) = ask(Method::HEAD, "/sold-out", &[]).await?;
    assert_eq!((head.status(), &head.headers()[header::ETAG]), (StatusCode::OK, &page.headers()[header::ETAG]));
    assert_eq!(head.headers()[header::CONTENT_LENGTH], *whole.len().to_string());
    assert_eq!(none, "");
    Ok(())
}

/// What is not there is explained by the layer outside, in the form that the client reads.
#[tokio::test]
async fn inside_of_the_layer() -> Result<(), BoxError> {
    let mut service = StatusMapLayer::new().layer(Problems::of::<Shop>());
    let request = Request::get("/nothing").header("accept", "text/html").body(())?;
    let response = service.call(request).await?;
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    Ok(())
}

#[tokio::test]
async fn several_error_types_are_listed_once() -> Result<(), BoxError> {
    let service = Problems::of::<Stock>().and::<Shop>().and::<Stock>();
    let body = service.oneshot(Request::get("/").body(())?).await?.into_body().collect().await?.to_bytes();
    assert_eq!(codes(str::from_utf8(&body)?)?, [409, 410, 404, 401, 423, 400, 503, 502, 402, 403]);
    Ok(())
}
