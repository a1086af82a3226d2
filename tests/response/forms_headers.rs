//! The header fields beside a written body: the same for GET and HEAD, and what they say of language and caching.

// A test that meets the unexpected fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{future::ready, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, response::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use serde_json::to_string;
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{Context, Render, Rendered, Status, StatusMapLayer, catalog};

const FORMS: [&str; 3] = ["application/json", "text/html", "text/plain"];

type Outcome = Result<Response<Full<Bytes>>, Status>;
type Fields<'a> = &'a [(&'static str, &'static str)];

fn response(code: u16, headers: Fields<'_>, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    response
}

async fn answered(
    layer: &StatusMapLayer,
    outcome: Outcome,
    method: Method,
    accept: &str,
) -> (Parts, Bytes, Option<u64>) {
    let mut outcome = Some(outcome);
    let inner = service_fn(|_: Request<()>| ready(outcome.take().unwrap()));
    let mut request = Request::new(());
    *request.method_mut() = method;
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
    request.headers_mut().insert("x-request-id", HeaderValue::from_static("r-1"));
    let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
    let exact = body.size_hint().exact();
    (parts, body.collect().await.unwrap().to_bytes(), exact)
}

async fn get(status: Status, accept: &str) -> (HeaderMap, Bytes) {
    let (parts, body, _) = answered(&StatusMapLayer::new(), Err(status), Method::GET, accept).await;
    (parts.headers, body)
}

fn final_codes() -> impl Iterator<Item = StatusCode> {
    catalog::ALL.iter().map(|entry| entry.code).filter(|code| code.as_u16() >= 200)
}

fn has_content(code: StatusCode) -> bool {
    ![204, 205, 304].contains(&code.as_u16()) // RFC 9110 §6.4.1, §15.3.6
}

#[tokio::test]
async fn a_bare_document_is_what_serde_json_writes() {
    for code in final_codes().filter(|code| has_content(*code)) {
        let inner = service_fn(|_: Request<()>| ready(Err::<Response<String>, _>(Status::new(code))));
        let answer = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
        let found = answer.into_body().collect().await.unwrap().to_bytes();
        let entry = catalog::get(code).unwrap();
        let (title, detail) = (to_string(entry.title).unwrap(), to_string(entry.default_detail()).unwrap());
        let code = code.as_u16();
        let expected = format!(r#"{{"type":"about:blank","title":{title},"status":{code},"detail":{detail}}}"#);
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn what_every_written_answer_says_of_its_body() {
    for code in final_codes() {
        for accept in FORMS {
            let (headers, body) = get(Status::new(code), accept).await;
            let written = has_content(code);
            assert_eq!(!body.is_empty(), written, "{code}");
            assert_eq!(headers.contains_key(header::CONTENT_TYPE), written, "{code}");
            let value = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap());
            if written {
                assert_eq!(value(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"), "{code} {accept}");
                assert_eq!(value(header::CONTENT_LANGUAGE), Some("en"), "{code} {accept}");
            }
            let no_store = (code.as_u16() >= 400).then_some("no-store");
            assert_eq!(value(header::CACHE_CONTROL), no_store, "{code} {accept}");
        }
    }
}

/// How HEAD's answer differs from GET's of the same resource.
async fn difference(layer: &StatusMapLayer, get: Outcome, head: Outcome, accept: &str) -> Option<String> {
    let (mut get, body, _) = answered(layer, get, Method::GET, accept).await;
    let (mut head, nothing, exact) = answered(layer, head, Method::HEAD, accept).await;
    let length = HeaderValue::from(body.len());
    get.headers.remove(header::CONTENT_LENGTH);
    let said = head.headers.remove(header::CONTENT_LENGTH);
    if !nothing.is_empty() || head.status != get.status {
        return Some(format!("{} with {nothing:?}", head.status));
    }
    if exact != Some(0) || said.as_ref().is_some_and(|said| *said != length) {
        return Some(format!("length {said:?}, exactly {exact:?}, GET's {length:?}"));
    }
    (head.headers != get.headers).then(|| format!("{:?}, GET's {:?}", head.headers, get.headers))
}

#[tokio::test]
async fn head_has_the_header_fields_of_get() {
    let every = Status::not_found().with_title("T").with_detail("d").with_type("/t").with_extension("a", 1);
    let statuses = final_codes().map(Status::new).chain([
        every,
        Status::unauthorized("Basic"),
        Status::found("/käse"),
        Status::multiple_choices(["/a", "/b"]),
        Status::range_not_satisfiable(7),
        Status::internal_server_error().with_detail("inside"),
        Status::service_unavailable().with_detail("shown").with_retry_after(Duration::from_secs(9)).expose(),
        Status::not_found().with_header(header::CACHE_CONTROL, "max-age=60").with_header(header::VARY, "origin"),
    ]);
    for status in statuses {
        for accept in FORMS {
            let (get, head) = (Err(status.clone()), Err(status.clone()));
            let found = difference(&StatusMapLayer::new(), get, head, accept).await;
            assert_eq!(found, None, "{status:?} {accept}");
        }
    }
}

#[tokio::test]
async fn head_has_the_header_fields_of_get_where_the_inner_service_left_the_body_out() {
    let text = ("content-type", "text/plain; charset=utf-8");
    #[rustfmt::skip]
    let rows: [(&str, u16, Fields, &str); 11] = [
        ("a 200", 200, &[text, ("content-length", "2")], "ok"),
        ("an empty 404", 404, &[], ""),
        ("an empty 404 with its length", 404, &[("content-length", "0")], ""),
        ("a text, its length known", 404, &[text, ("content-length", "13")], "no such order"),
        ("a text, its length unknown", 404, &[text], "no such order"),
        ("an empty text", 404, &[text, ("content-length", "0")], ""),
        ("JSON", 404, &[("content-type", "application/json"), ("content-length", "2")], "{}"),
        ("untyped", 404, &[("content-length", "3")], "abc"),
        ("a coded text", 404, &[text, ("content-encoding", "gzip"), ("content-length", "3")], "abc"),
        ("a plain 500", 500, &[text, ("content-length", "6")], "secret"),
        ("a JSON 500", 500, &[("content-type", "application/json"), ("content-length", "2")], "{}"),
    ];
    let development = StatusMapLayer::new().expose_server_errors(true);
    let mut failed = Vec::new();
    for (what, code, headers, body) in rows {
        for accept in FORMS {
            for (where_, layer) in [("", &StatusMapLayer::new()), (", exposed", &development)] {
                let (get, head) = (response(code, headers, body), response(code, headers, ""));
                let found = difference(layer, Ok(get), Ok(head), accept).await;
                failed.extend(found.map(|found| format!("{what}, {accept}{where_}: {found}")));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

struct Own;

impl Render for Own {
    fn render(&self, _: &Status, _: &Context<'_>) -> Option<Rendered> {
        Some(Rendered::new(HeaderValue::from_static("text/x-own"), Bytes::from_static(b"pas trouv\xc3\xa9")))
    }
}

#[tokio::test]
async fn content_language_is_that_of_the_catalogue_where_all_text_is() {
    let not_found = Status::not_found;
    let down = Status::service_unavailable;
    #[rustfmt::skip]
    let rows = [
        ("bare", not_found(), Some("en")),
        ("a type and an instance are no text", not_found().with_type("/t").with_instance("/i"), Some("en")),
        ("a field is no text", not_found().with_header("x-a", "b"), Some("en")),
        ("a masked detail", down().with_detail("die Datenbank"), Some("en")),
        ("a masked member", down().with_extension("grund", "die Datenbank"), Some("en")),
        ("a source", not_found().with_source("die Ursache"), Some("en")),
        ("a title", not_found().with_title("Nicht gefunden"), None),
        ("a title of a 5xx", down().with_title("Inventur"), None),
        ("a detail", not_found().with_detail("Bestellung 8 fehlt"), None),
        ("a detail of 550", Status::permission_denied().with_detail("nein"), None),
        ("a member", not_found().with_extension("grund", "gelöscht"), None),
        ("an exposed detail", down().with_detail("Inventur").expose(), None),
        ("a detail and its language", not_found().with_detail("fehlt").with_header("content-language", "de"), Some("de")),
        ("a masked detail and its language", down().with_detail("Inventur").with_header("content-language", "de"), Some("en")),
    ];
    let mut failed = Vec::new();
    for (what, status, expected) in rows {
        for accept in FORMS {
            let (headers, _) = get(status.clone(), accept).await;
            let found: Vec<_> = headers.get_all(header::CONTENT_LANGUAGE).iter().collect();
            if found != expected.into_iter().collect::<Vec<_>>() {
                failed.push(format!("{what} {accept}: {found:?}, expected {expected:?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn content_language_is_not_that_of_another_body() {
    let (own, ..) = answered(&StatusMapLayer::new().render(Own), Err(Status::not_found()), Method::GET, "*/*").await;
    assert_eq!(own.headers.get(header::CONTENT_LANGUAGE), None, "an application's own form");
    assert_eq!(own.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let theirs = response(404, &[("content-language", "de"), ("content-length", "0")], "");
    let (theirs, ..) = answered(&StatusMapLayer::new(), Ok(theirs), Method::GET, "*/*").await;
    assert_eq!(theirs.headers[header::CONTENT_LANGUAGE], "en", "a replaced body");
}

#[tokio::test]
async fn cache_control_of_a_said_status() {
    let with = |code, value| Status::new(StatusCode::from_u16(code).unwrap()).with_header("cache-control", value);
    #[rustfmt::skip]
    let rows = [
        (Status::not_found(), Some("no-store")),
        (with(404, "max-age=60"), Some("max-age=60")),
        (with(410, "public, max-age=86400"), Some("public, max-age=86400")),
        (with(550, "max-age=60"), Some("max-age=60")), // counts as a 4xx
        (with(500, "public, max-age=60"), Some("no-store")),
        (with(503, "max-age=60").expose(), Some("no-store")),
        (with(599, "max-age=60"), Some("no-store")),
        (Status::moved_permanently("/a"), None),
        (with(308, "max-age=60"), Some("max-age=60")),
        (Status::not_modified(), None),
        (with(304, "max-age=60"), Some("max-age=60")),
    ];
    for (status, expected) in rows {
        for accept in FORMS {
            let (headers, _) = get(status.clone(), accept).await;
            let found: Vec<_> = headers.get_all(header::CACHE_CONTROL).iter().collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{status:?}");
        }
    }
}

#[tokio::test]
async fn caching_of_an_inner_answer() {
    let text = ("content-type", "text/plain");
    let json = ("content-type", "application/json");
    let cached = [
        ("cache-control", "public, max-age=60"),
        ("expires", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("cdn-cache-control", "max-age=60"),
        ("cloudflare-cdn-cache-control", "max-age=60"),
        ("surrogate-control", "max-age=60"),
    ];
    // A replaced 5xx loses all; what is not replaced and a 4xx keep their own.
    for (code, content_type, kept) in [(404, text, true), (500, text, false), (503, json, true), (404, json, true)] {
        let headers: Vec<_> = cached.into_iter().chain([content_type]).collect();
        let theirs = response(code, &headers, "theirs");
        let (parts, ..) = answered(&StatusMapLayer::new(), Ok(theirs), Method::GET, "*/*").await;
        for (name, value) in cached {
            let no_store = (name == "cache-control").then_some("no-store");
            let expected = if kept { Some(value) } else { no_store };
            let found = parts.headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(found, expected, "{code} {content_type:?} {name}");
        }
    }
    let untouched = response(404, &[json], "{}");
    let (parts, ..) = answered(&StatusMapLayer::new(), Ok(untouched), Method::GET, "*/*").await;
    assert_eq!(parts.headers.len(), 1, "a body that is not ours gets nothing: {:?}", parts.headers);
}

#[tokio::test]
async fn what_never_has_content_has_none() {
    let describing =
        [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONTENT_LANGUAGE];
    let described = [("content-type", "text/plain"), ("content-length", "6"), ("etag", "\"theirs\"")];
    for code in [204, 205, 304].map(|code| StatusCode::from_u16(code).unwrap()) {
        let said =
            Status::new(code).with_title("T").with_detail("d").with_extension("a", 1).with_header("etag", "\"a\"");
        let rewritten = said.clone();
        let rewriting = StatusMapLayer::new().map_status(move |_, _| rewritten.clone());
        for accept in FORMS {
            for method in [Method::GET, Method::HEAD, Method::POST] {
                let rows: [(&StatusMapLayer, Outcome); 4] = [
                    (&StatusMapLayer::new(), Err(said.clone())),
                    (&rewriting, Err(Status::not_found())),
                    (&rewriting, Ok(response(404, &described, "theirs"))),
                    (&rewriting.clone().render(Own), Ok(response(500, &described, "theirs"))),
                ];
                for (row, (layer, outcome)) in rows.into_iter().enumerate() {
                    let (parts, body, _) = answered(layer, outcome, method.clone(), accept).await;
                    assert_eq!(parts.status, code, "{row} {method}");
                    assert!(body.is_empty(), "{row} {method} {code}");
                    let found = |name: &&HeaderName| parts.headers.get(*name).is_some_and(|value| value != "0");
                    assert_eq!(describing.iter().find(found), None, "{row} {method} {code}");
                    assert_eq!(parts.headers[header::ETAG], "\"a\"", "what the status says stays: {row} {code}");
                }
            }
        }
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_status_that_axum_made_a_response_of_has_the_same_header_fields() {
    use axum::response::IntoResponse;

    for status in final_codes().map(|code| Status::new(code).with_header("x-a", "b").with_header("etag", "\"a\"")) {
        for accept in FORMS {
            for method in [Method::GET, Method::HEAD] {
                let axum = status.clone();
                let inner = service_fn(move |_: Request<()>| ready(Ok::<_, Status>(axum.clone().into_response())));
                let mut request = Request::new(());
                *request.method_mut() = method.clone();
                request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(accept));
                request.headers_mut().insert("x-request-id", HeaderValue::from_static("r-1"));
                let (parts, body) = StatusMapLayer::new().layer(inner).oneshot(request).await.unwrap().into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let (expected, text, _) =
                    answered(&StatusMapLayer::new(), Err(status.clone()), method.clone(), accept).await;
                assert_eq!((parts.status, parts.headers), (expected.status, expected.headers), "{method} {accept}");
                assert_eq!(body, text, "{method} {accept}");
            }
        }
    }
}
