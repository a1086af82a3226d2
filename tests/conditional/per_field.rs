//! A source decides the conditions on the validators that it returns; the response decides the others.

use http::Method;
use tower::Layer;
use tower_status::{ConditionalLayer, ETag};

use crate::{
    common::{field, request},
    send::{Fields, codes, handler, send_twice, source},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const TAG: Fields = &[("etag", "\"h1\"")];
const DATED: Fields = &[("last-modified", DATE)];

struct Row {
    name: &'static str,
    source: Option<Fields>,
    response: Fields,
    request: Fields,
    get: u16,
}

#[test]
fn response_decides_on_validators_that_the_source_does_not_return() {
    let same: Fields = &[("if-none-match", "\"h1\"")];
    let as_browsers_send: Fields = &[("if-none-match", "\"h1\""), ("if-modified-since", DATE)];
    let since: Fields = &[("if-modified-since", DATE)];
    let matching: Fields = &[("if-match", "\"h1\"")];
    let stale: Fields = &[("if-match", "\"h0\"")];
    #[rustfmt::skip]
    let rows = [
        Row { name: "dated source, tag in the response",      source: Some(DATED), response: TAG,   request: same,             get: 304 },
        Row { name: "both conditions",                        source: Some(DATED), response: TAG,   request: as_browsers_send, get: 304 },
        Row { name: "both conditions, no tag anywhere",       source: Some(DATED), response: &[],   request: as_browsers_send, get: 200 },
        Row { name: "source with a tag, dated response",      source: Some(TAG),   response: DATED, request: since,            get: 304 },
        Row { name: "dated source, If-Match",                 source: Some(DATED), response: TAG,   request: matching,         get: 200 },
        Row { name: "empty source, If-Match",                 source: Some(&[]),   response: TAG,   request: matching,         get: 200 },
        Row { name: "empty source, stale If-Match",           source: Some(&[]),   response: TAG,   request: stale,            get: 412 },
        Row { name: "dated source, stale If-Match",           source: Some(DATED), response: TAG,   request: &[("if-match", "\"h0\""), ("if-modified-since", DATE)], get: 412 },
        Row { name: "true If-Match, then the source's date",  source: Some(DATED), response: TAG,   request: &[("if-match", "\"h1\""), ("if-modified-since", DATE)], get: 304 },
        Row { name: "no representation, but a response",      source: None,        response: TAG,   request: same,             get: 304 },
        Row { name: "the source's tag, not the response's",   source: Some(&[("etag", "\"s\"")]), response: TAG, request: same, get: 200 },
        Row { name: "the source's date, not the response's",  source: Some(DATED), response: &[("last-modified", EARLIER)], request: since, get: 304 },
    ];
    for row in rows {
        let service = ConditionalLayer::new().validators(source(row.source)).layer(handler(200, row.response));
        for method in ["GET", "HEAD"] {
            let responses = send_twice(&service, &request(method, "/", row.request));
            assert_eq!(codes(&responses), [row.get; 2], "{method}: {}", row.name);
        }
    }
}

#[test]
fn source_decides_a_change_alone() {
    #[rustfmt::skip]
    let rows: [(Option<Fields>, Fields, u16); 4] = [
        (Some(DATED), &[("if-match", "\"h1\"")],        412),
        (Some(TAG),   &[("if-match", "\"h1\"")],        200),
        (Some(TAG),   &[("if-unmodified-since", DATE)], 200),
        (None,        &[("if-match", "\"h1\"")],        412),
    ];
    for (current, fields, expected) in rows {
        let service = ConditionalLayer::new().validators(source(current)).layer(handler(200, TAG));
        assert_eq!(codes(&send_twice(&service, &request("PUT", "/", fields))), [expected; 2], "{current:?} {fields:?}");
    }
}

#[test]
fn validators_of_the_source_are_set_on_a_response_that_lacks_them() {
    struct Row {
        name: &'static str,
        method: Method,
        code: u16,
        response: Fields,
        etag: Option<&'static str>,
        modified: Option<&'static str>,
    }
    let known: Fields = &[("etag", "\"s\""), ("last-modified", DATE)];
    let (tag, date) = (Some("\"s\""), Some(DATE));
    #[rustfmt::skip]
    let rows = [
        Row { name: "lacks both",         method: Method::GET,     code: 200, response: &[],    etag: tag,              modified: date },
        Row { name: "HEAD",               method: Method::HEAD,    code: 200, response: &[],    etag: tag,              modified: date },
        Row { name: "a part",             method: Method::GET,     code: 206, response: &[],    etag: tag,              modified: date },
        Row { name: "has a tag",          method: Method::GET,     code: 200, response: TAG,    etag: Some("\"h1\""),   modified: date },
        Row { name: "has a date",         method: Method::GET,     code: 200, response: &[("last-modified", EARLIER)], etag: tag, modified: Some(EARLIER) },
        Row { name: "encoded",            method: Method::GET,     code: 200, response: &[("content-encoding", "gzip")], etag: None, modified: None },
        Row { name: "another 2xx",        method: Method::GET,     code: 203, response: &[],    etag: None,             modified: None },
        Row { name: "an error",           method: Method::GET,     code: 404, response: &[],    etag: None,             modified: None },
        Row { name: "after a change",     method: Method::PUT,     code: 200, response: &[],    etag: None,             modified: None },
        Row { name: "after a patch",      method: Method::PATCH,   code: 200, response: &[],    etag: None,             modified: None },
        Row { name: "the result of a QUERY", method: Method::QUERY, code: 200, response: &[],   etag: None,             modified: None },
    ];
    for row in rows {
        let service = ConditionalLayer::new().validators(source(Some(known))).layer(handler(row.code, row.response));
        // A change has a condition, so that the source is called.
        let conditions: Fields =
            if row.method == Method::PUT || row.method == Method::PATCH { &[("if-match", "*")] } else { &[] };
        for (parts, _) in send_twice(&service, &request(row.method.as_str(), "/", conditions)) {
            assert_eq!(field(&parts.headers, "etag").as_deref(), row.etag, "{}", row.name);
            assert_eq!(field(&parts.headers, "last-modified").as_deref(), row.modified, "{}", row.name);
        }
    }
}

/// The tag that the client got is compared, even if the layer generates tags as well.
#[test]
fn tag_is_generated_only_if_the_source_returns_none() {
    let generated = ETag::of_bytes(b"seven").to_string();
    for (current, expected) in [(DATED, generated.as_str()), (TAG, "\"h1\""), (&[], generated.as_str())] {
        let layer = ConditionalLayer::new().generate_etags(64).validators(source(Some(current)));
        let service = layer.layer(handler(200, &[]));
        for (parts, _) in send_twice(&service, &request("GET", "/", &[])) {
            assert_eq!(field(&parts.headers, "etag").as_deref(), Some(expected), "{current:?}");
        }
        let again = request("GET", "/", &[("if-none-match", expected)]);
        assert_eq!(codes(&send_twice(&service, &again)), [304; 2], "{current:?}");
    }
}

#[test]
fn if_range_on_a_validator_that_the_source_does_not_return_is_false() {
    struct Row {
        current: Fields,
        condition: &'static str,
        is_kept: bool,
    }
    for Row { current, condition, is_kept } in [
        Row { current: TAG, condition: "\"h1\"", is_kept: true },
        Row { current: TAG, condition: DATE, is_kept: false },
        Row { current: DATED, condition: DATE, is_kept: true },
        Row { current: DATED, condition: "\"h1\"", is_kept: false },
        Row { current: &[], condition: "\"h1\"", is_kept: false },
    ] {
        let ranges = tower::service_fn(|request: http::Request<()>| {
            let code = if request.headers().contains_key("range") { 206 } else { 200 };
            std::future::ready(Ok(crate::common::full(code, &[], "seven")))
        });
        let service = ConditionalLayer::new().validators(source(Some(current))).layer(ranges);
        let part = request("GET", "/", &[("range", "bytes=1-"), ("if-range", condition)]);
        let expected = if is_kept { 206 } else { 200 };
        assert_eq!(codes(&send_twice(&service, &part)), [expected; 2], "{current:?} {condition}");
    }
}
