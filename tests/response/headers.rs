//! The header fields of an error response: the same for GET and HEAD, its language, and caching.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use serde_json::to_string;
use tower::{Layer, ServiceExt};
use tower_status::{Context, Render, Rendered, Status, StatusMapLayer, catalog};

use crate::common::{self, FORMATS, Fields, fail, field, full, header_map, lines, read, returns_once, send};

type Outcome = Result<Response<Full<Bytes>>, Status>;

fn request(method: &str, accept: &str) -> Request<()> {
    common::request(method, "/", &[("accept", accept), ("x-request-id", "r-1")])
}

async fn get(status: Status, accept: &str) -> (HeaderMap, Bytes) {
    let (parts, body) = fail(&StatusMapLayer::new(), request("GET", accept), status).await;
    (parts.headers, body)
}

fn final_codes() -> impl Iterator<Item = StatusCode> {
    catalog::ALL.iter().map(|entry| entry.code).filter(|code| code.as_u16() >= 200)
}

fn has_content(code: StatusCode) -> bool {
    ![204, 205, 304].contains(&code.as_u16()) // RFC 9110 §6.4.1, §15.3.6
}

#[tokio::test]
async fn the_document_of_a_bare_status_is_what_serde_json_writes() {
    for code in final_codes().filter(|code| has_content(*code)) {
        let (_, body) = fail(&StatusMapLayer::new(), common::get("/", &[]), code).await;
        let entry = catalog::get(code).unwrap();
        let (title, detail) = (to_string(entry.title).unwrap(), to_string(entry.default_detail()).unwrap());
        let code = code.as_u16();
        let expected = format!(r#"{{"type":"about:blank","title":{title},"status":{code},"detail":{detail}}}"#);
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn a_body_has_its_type_language_and_nosniff_and_an_error_is_no_store() {
    for code in final_codes() {
        for (accept, content_type) in FORMATS {
            let (headers, body) = get(Status::new(code), accept).await;
            let field = |name| field(&headers, name);
            let row = format!("{code} {accept}");
            if has_content(code) {
                assert!(!body.is_empty(), "{row}");
                assert_eq!(field("content-type").as_deref(), Some(content_type), "{row}");
                assert_eq!(field("x-content-type-options").as_deref(), Some("nosniff"), "{row}");
                assert_eq!(field("content-language").as_deref(), Some("en"), "{row}");
            } else {
                assert!(body.is_empty() && field("content-type").is_none(), "{row}");
            }
            let no_store = (code.as_u16() >= 400).then_some("no-store");
            assert_eq!(field("cache-control").as_deref(), no_store, "{row}");
        }
    }
}

/// Returns how the response to HEAD differs from that to GET, if it does.
async fn difference(layer: &StatusMapLayer, to_get: Outcome, to_head: Outcome, accept: &str) -> Option<String> {
    let (mut get, body) = send(layer, request("GET", accept), to_get).await;
    let head = layer.layer(returns_once(to_head)).oneshot(request("HEAD", accept)).await.unwrap();
    let size = head.body().size_hint().exact();
    let (mut head, no_body) = read(head).await;
    let length = HeaderValue::from(body.len());
    get.headers.remove(header::CONTENT_LENGTH);
    let content_length = head.headers.remove(header::CONTENT_LENGTH);
    if !no_body.is_empty() || head.status != get.status {
        return Some(format!("{} with {no_body:?}", head.status));
    }
    if size != Some(0) || content_length.as_ref().is_some_and(|value| *value != length) {
        return Some(format!("Content-Length {content_length:?}, size {size:?}, but GET has {length:?}"));
    }
    (head.headers != get.headers).then(|| format!("{:?}, but GET has {:?}", head.headers, get.headers))
}

#[tokio::test]
async fn a_response_to_head_has_the_fields_of_get() {
    let everything = Status::not_found().with_title("T").with_detail("d").with_type("/t").with_extension("a", 1);
    let statuses = final_codes().map(Status::new).chain([
        everything,
        Status::unauthorized("Basic"),
        Status::found("/käse"),
        Status::multiple_choices(["/a", "/b"]),
        Status::range_not_satisfiable(7),
        Status::internal_server_error().with_detail("hidden"),
        Status::service_unavailable().with_detail("shown").with_retry_after(Duration::from_secs(9)).expose(),
        Status::not_found().with_header(header::CACHE_CONTROL, "max-age=60").with_header(header::VARY, "origin"),
    ]);
    for status in statuses {
        for (accept, _) in FORMATS {
            let (to_get, to_head) = (Err(status.clone()), Err(status.clone()));
            let found = difference(&StatusMapLayer::new(), to_get, to_head, accept).await;
            assert_eq!(found, None, "{status:?} {accept}");
        }
    }
}

#[tokio::test]
async fn a_response_to_head_has_the_fields_of_get_if_the_inner_service_leaves_the_body_out() {
    const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");
    const JSON: (&str, &str) = ("content-type", "application/json");
    #[rustfmt::skip]
    let rows: [(&str, u16, Fields<'_>, &str); 11] = [
        ("a 200", 200, &[TEXT, ("content-length", "2")], "ok"),
        ("an empty 404", 404, &[], ""),
        ("an empty 404 with its length", 404, &[("content-length", "0")], ""),
        ("a text with its length", 404, &[TEXT, ("content-length", "13")], "no such order"),
        ("a text without its length", 404, &[TEXT], "no such order"),
        ("an empty text", 404, &[TEXT, ("content-length", "0")], ""),
        ("JSON", 404, &[JSON, ("content-length", "2")], "{}"),
        ("no type", 404, &[("content-length", "3")], "abc"),
        ("a content-coded text", 404, &[TEXT, ("content-encoding", "gzip"), ("content-length", "3")], "abc"),
        ("a text of a 5xx", 500, &[TEXT, ("content-length", "6")], "secret"),
        ("JSON of a 5xx", 500, &[JSON, ("content-length", "2")], "{}"),
    ];
    let exposing = StatusMapLayer::new().expose_server_errors(true);
    let mut failed = Vec::new();
    for (name, code, fields, body) in rows {
        for (accept, _) in FORMATS {
            for layer in [&StatusMapLayer::new(), &exposing] {
                let (to_get, to_head) = (full(code, fields, body.to_owned()), full(code, fields, ""));
                let found = difference(layer, Ok(to_get), Ok(to_head), accept).await;
                failed.extend(found.map(|found| format!("{name}, {accept}, {layer:?}: {found}")));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Renders a text without a language.
struct Own;

impl Render for Own {
    fn render(&self, _: &Status, _: &Context<'_>) -> Option<Rendered> {
        Some(Rendered::new(HeaderValue::from_static("text/x-own"), Bytes::from_static(b"pas trouv\xc3\xa9")))
    }
}

/// Renders a body with further header fields, of which one name and one value are malformed.
struct WithFields;

impl Render for WithFields {
    fn render(&self, _: &Status, _: &Context<'_>) -> Option<Rendered> {
        let fields = [("x-own", "1"), ("x-own", "2"), ("x own", "3"), ("x-other", "4\n"), ("cache-control", "private")];
        let body = Rendered::new(HeaderValue::from_static("text/x-own"), "body");
        Some(fields.iter().fold(body, |body, (name, value)| body.with_header(*name, *value)))
    }
}

#[tokio::test]
async fn rendered_body_adds_its_header_fields_and_a_malformed_one_is_dropped() {
    let layer = StatusMapLayer::new().render(WithFields);
    let (parts, body) = fail(&layer, request("GET", "*/*"), Status::not_found().with_header("x-own", "0")).await;
    assert_eq!(&*body, b"body");
    assert_eq!(field(&parts.headers, "x-own").as_deref(), Some("1 | 2"));
    assert_eq!(field(&parts.headers, "cache-control").as_deref(), Some("private"));
    assert_eq!(field(&parts.headers, "x-other"), None);
}

#[tokio::test]
async fn content_language_is_en_if_all_text_comes_from_the_catalog() {
    let not_found = Status::not_found;
    let down = Status::service_unavailable;
    #[rustfmt::skip]
    let rows = [
        ("bare", not_found(), Some("en")),
        ("a type and an instance", not_found().with_type("/t").with_instance("/i"), Some("en")),
        ("a header field", not_found().with_header("x-a", "b"), Some("en")),
        ("a hidden detail", down().with_detail("die Datenbank"), Some("en")),
        ("a hidden member", down().with_extension("grund", "die Datenbank"), Some("en")),
        ("a source", not_found().with_source("die Ursache"), Some("en")),
        ("a title", not_found().with_title("Nicht gefunden"), None),
        ("a title of a 5xx", down().with_title("Inventur"), None),
        ("a detail", not_found().with_detail("Bestellung 8 fehlt"), None),
        ("a detail of 550", Status::permission_denied().with_detail("nein"), None),
        ("a member", not_found().with_extension("grund", "gelöscht"), None),
        ("an exposed detail", down().with_detail("Inventur").expose(), None),
        ("a detail with its language", not_found().with_detail("fehlt").with_header("content-language", "de"), Some("de")),
        ("a hidden detail with its language", down().with_detail("Inventur").with_header("content-language", "de"), Some("en")),
    ];
    let mut failed = Vec::new();
    for (name, status, expected) in rows {
        for (accept, _) in FORMATS {
            let (headers, _) = get(status.clone(), accept).await;
            let found = lines(&headers, "content-language");
            if found != expected.as_slice() {
                failed.push(format!("{name} {accept}: {found:?}, expected {expected:?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn a_rendered_body_has_no_content_language() {
    let (parts, _) = fail(&StatusMapLayer::new().render(Own), request("GET", "*/*"), Status::not_found()).await;
    assert_eq!(field(&parts.headers, "content-language"), None);
    assert_eq!(field(&parts.headers, "x-content-type-options").as_deref(), Some("nosniff"));
}

#[tokio::test]
async fn the_content_language_of_a_replaced_body_is_replaced() {
    let inner = full(404, &[("content-language", "de"), ("content-length", "0")], "");
    let (parts, _) = send(&StatusMapLayer::new(), request("GET", "*/*"), Ok::<_, Status>(inner)).await;
    assert_eq!(lines(&parts.headers, "content-language"), ["en"]);
}

#[tokio::test]
async fn cache_control_of_a_status_is_kept_except_at_5xx() {
    let with = |code, value| Status::new(common::code(code)).with_header("cache-control", value);
    #[rustfmt::skip]
    let rows = [
        (Status::not_found(), Some("no-store")),
        (with(404, "max-age=60"), Some("max-age=60")),
        (with(410, "public, max-age=86400"), Some("public, max-age=86400")),
        (with(550, "max-age=60"), Some("max-age=60")), // 550 counts as a 4xx
        (with(500, "public, max-age=60"), Some("no-store")),
        (with(503, "max-age=60").expose(), Some("no-store")),
        (with(599, "max-age=60"), Some("no-store")),
        (Status::moved_permanently("/a"), None),
        (with(308, "max-age=60"), Some("max-age=60")),
        (Status::not_modified(), None),
        (with(304, "max-age=60"), Some("max-age=60")),
    ];
    for (status, expected) in rows {
        for (accept, _) in FORMATS {
            let (headers, _) = get(status.clone(), accept).await;
            assert_eq!(lines(&headers, "cache-control"), expected.as_slice(), "{status:?}");
        }
    }
}

#[tokio::test]
async fn freshness_of_an_inner_error_is_kept_except_for_a_replaced_5xx() {
    const TEXT: (&str, &str) = ("content-type", "text/plain");
    const JSON: (&str, &str) = ("content-type", "application/json");
    const FRESHNESS: Fields<'_> = &[
        ("cache-control", "public, max-age=60"),
        ("expires", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("cdn-cache-control", "max-age=60"),
        ("cloudflare-cdn-cache-control", "max-age=60"),
        ("surrogate-control", "max-age=60"),
    ];
    const NO_STORE: Fields<'_> = &[("cache-control", "no-store")];
    for (code, content_type, expected) in
        [(404, TEXT, FRESHNESS), (404, JSON, FRESHNESS), (503, JSON, FRESHNESS), (500, TEXT, NO_STORE)]
    {
        let inner = full(code, &[FRESHNESS, &[content_type]].concat(), "inner");
        let (parts, _) = send(&StatusMapLayer::new(), request("GET", "*/*"), Ok::<_, Status>(inner)).await;
        let expected = header_map(expected);
        for (name, _) in FRESHNESS {
            assert_eq!(parts.headers.get(*name), expected.get(*name), "{code} {content_type:?} {name}");
        }
    }
}

#[tokio::test]
async fn a_kept_body_gets_no_field() {
    let inner = full(404, &[("content-type", "application/json")], "{}");
    let (parts, _) = send(&StatusMapLayer::new(), request("GET", "*/*"), Ok::<_, Status>(inner)).await;
    assert_eq!(parts.headers.len(), 1, "{:?}", parts.headers);
}

#[tokio::test]
async fn a_code_without_content_has_no_body_and_no_field_that_describes_one() {
    let describing =
        [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONTENT_LANGUAGE];
    let fields = [("content-type", "text/plain"), ("content-length", "6"), ("etag", "\"inner\"")];
    for code in [204, 205, 304].map(common::code) {
        let status =
            Status::new(code).with_title("T").with_detail("d").with_extension("a", 1).with_header("etag", "\"a\"");
        let mapped = status.clone();
        let mapping = StatusMapLayer::new().map_status(move |_, _| mapped.clone());
        for (accept, _) in FORMATS {
            for method in ["GET", "HEAD", "POST"] {
                let rows: [(&str, StatusMapLayer, Outcome); 4] = [
                    ("a Status", StatusMapLayer::new(), Err(status.clone())),
                    ("a mapped Status", mapping.clone(), Err(Status::not_found())),
                    ("a mapped response", mapping.clone(), Ok(full(404, &fields, "inner"))),
                    ("a renderer", mapping.clone().render(Own), Ok(full(500, &fields, "inner"))),
                ];
                for (name, layer, outcome) in rows {
                    let row = format!("{name}, {method} {code}");
                    let (parts, body) = send(&layer, request(method, accept), outcome).await;
                    assert_eq!(parts.status, code, "{row}");
                    assert!(body.is_empty(), "{row}");
                    let found = |name: &&HeaderName| parts.headers.get(*name).is_some_and(|value| value != "0");
                    assert_eq!(describing.iter().find(found), None, "{row}");
                    assert_eq!(parts.headers[header::ETAG], "\"a\"", "{row}: the field of the status");
                }
            }
        }
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_status_that_axum_turned_into_a_response_has_the_same_fields_and_body_as_an_error() {
    use axum::response::IntoResponse;

    let seen = |(parts, body): (http::response::Parts, Bytes)| (parts.status, parts.headers, body);
    for status in final_codes().map(|code| Status::new(code).with_header("x-a", "b").with_header("etag", "\"a\"")) {
        for (accept, _) in FORMATS {
            for method in ["GET", "HEAD"] {
                let layer = StatusMapLayer::new();
                let built = Ok::<_, Status>(status.clone().into_response());
                let built = seen(send(&layer, request(method, accept), built).await);
                let error = seen(fail(&layer, request(method, accept), status.clone()).await);
                assert_eq!(built, error, "{method} {accept}");
            }
        }
    }
}
