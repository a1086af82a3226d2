//! The header fields of an error response: which are removed with a replaced body, which are kept, and which are added.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::Full;
use tower_status::{Format, KeepBody, Status, StatusMapLayer};

use crate::common::{Fields, code, fail, full, get, header_map, lines, request, send, text};

const HTTP_10: Version = Version::HTTP_10;
const HTTP_11: Version = Version::HTTP_11;
const HTTP_2: Version = Version::HTTP_2;
const HTTP_3: Version = Version::HTTP_3;

fn over(version: Version) -> Request<()> {
    let mut request = get("/", &[]);
    *request.version_mut() = version;
    request
}

/// Sends a GET request to a service that returns this response.
async fn fill(layer: StatusMapLayer, inner: Response<Full<Bytes>>) -> (StatusCode, HeaderMap, Bytes) {
    let (parts, body) = send(&layer, get("/", &[]), Ok::<_, Status>(inner)).await;
    (parts.status, parts.headers, body)
}

fn with_fields(status: u16, fields: Fields<'_>) -> Status {
    fields.iter().fold(code(status).into(), |status: Status, (name, value)| {
        status.with_header((*name).to_owned(), (*value).to_owned())
    })
}

fn sorted(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    lines.sort();
    lines
}

/// Fields that describe a body.
const DESCRIBES: Fields<'_> = &[
    ("content-length", "2"),
    ("content-encoding", "identity"),
    ("content-language", "de"),
    ("content-location", "/de"),
    ("content-disposition", "attachment"),
    ("content-range", "bytes 0-1/2"),
    ("etag", "\"e\""),
    ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("accept-ranges", "bytes"),
    ("trailer", "etag"),
    ("content-digest", "sha-256=:AA==:"),
    ("repr-digest", "sha-256=:AA==:"),
    ("digest", "sha-256=AA=="),
    ("content-md5", "AA=="),
    ("signature", "s=:AA==:"),
    ("signature-input", "s=()"),
];

/// Fields that describe no body.
const OTHERS: Fields<'_> = &[
    ("access-control-allow-origin", "https://example.org"),
    ("access-control-allow-credentials", "true"),
    ("access-control-expose-headers", "x-a"),
    ("access-control-allow-headers", "x-b"),
    ("access-control-max-age", "5"),
    ("set-cookie", "a=1; Path=/"),
    ("set-cookie", "b=2"),
    ("set-cookie", "a=1; Path=/"),
    ("strict-transport-security", "max-age=63072000"),
    ("allow", "GET"),
    ("allow", "PUT"),
    ("retry-after", "7"),
    ("vary", "origin"),
    ("vary", "accept-encoding, accept-language"),
    ("vary", "origin"),
    ("www-authenticate", "Basic realm=\"a\""),
    ("www-authenticate", "Bearer realm=\"b\""),
    ("proxy-authenticate", "Basic realm=\"p\""),
    ("location", "/there"),
    ("link", "</law>; rel=\"blocked-by\""),
    ("link", "</doc>; rel=\"help\""),
    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("server", "s"),
    ("via", "1.1 v"),
    ("alt-svc", "h3=\":443\""),
    ("server-timing", "db;dur=1"),
    ("content-security-policy", "default-src 'none'"),
    ("x-frame-options", "DENY"),
    ("x-request-id", "r-1"),
    ("x-signature", "mine"),
    ("clear-site-data", "\"cache\""),
];

#[tokio::test]
async fn only_the_fields_that_describe_a_replaced_body_are_removed() {
    const TEXT: Fields<'_> = &[("content-type", "text/plain")];
    // A text with one of these fields cannot become a detail.
    let plain = DESCRIBES.iter().filter(|(name, _)| !["content-encoding", "trailer"].contains(name)).copied();
    let plain: Vec<_> = plain.collect();
    let explained = [
        ("404, empty", full(404, DESCRIBES, "")),
        ("500, empty", full(500, DESCRIBES, "")),
        ("500, untyped", full(500, DESCRIBES, "it")),
        ("500, text", full(500, &[TEXT, DESCRIBES].concat(), "it")),
        ("503, text", full(503, &[TEXT, DESCRIBES].concat(), "it")),
    ];
    let with_detail = [
        ("404, text", full(404, &[TEXT, &plain].concat(), "it")),
        ("550, text", full(550, &[TEXT, &plain].concat(), "it")),
    ];
    // The catalog's explanation is in English; the language of a text is unknown.
    let english = explained.into_iter().map(|row| (row, Some(("content-language", "en"))));
    for ((name, mut inner), language) in english.chain(with_detail.into_iter().map(|row| (row, None))) {
        for (name, value) in &header_map(OTHERS) {
            inner.headers_mut().append(name, value.clone());
        }
        let expected_code = inner.status();
        let (status, headers, body) = fill(StatusMapLayer::new(), inner).await;
        assert_eq!(status, expected_code, "{name}");
        assert!(body.starts_with(b"{"), "{name}: {body:?}");
        let added: Fields<'_> = &[
            ("content-type", "application/problem+json"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("vary", "accept"),
        ];
        let expected = header_map(&[OTHERS, added, language.as_slice()].concat());
        assert_eq!(sorted(&headers), sorted(&expected), "{name}");
    }
}

#[tokio::test]
async fn the_fields_of_a_kept_body_are_unchanged() {
    for code in [404, 422, 500, 503, 550] {
        for content_type in ["application/json", "text/html"] {
            let typed: Fields<'_> = &[("content-type", content_type), ("cache-control", "max-age=9")];
            let inner = full(code, &[typed, DESCRIBES, OTHERS].concat(), "it");
            let expected = sorted(inner.headers());
            let (_, headers, body) = fill(StatusMapLayer::new(), inner).await;
            assert_eq!(sorted(&headers), expected, "{code} {content_type}");
            assert_eq!(body, "it");
        }
    }
}

#[tokio::test]
async fn vary_has_accept_once_and_only_if_there_are_several_formats() {
    let all = StatusMapLayer::new;
    let one = || StatusMapLayer::new().formats(&[Format::Html]);
    let rows: [(StatusMapLayer, Fields<'_>, &[&str]); 7] = [
        (all(), &[], &["accept"]),
        (all(), &[("vary", "origin")], &["origin", "accept"]),
        (all(), &[("vary", "accept-encoding")], &["accept-encoding", "accept"]),
        (all(), &[("vary", "Origin, ACCEPT")], &["Origin, ACCEPT"]),
        (all(), &[("vary", "origin"), ("vary", "accept")], &["origin", "accept"]),
        (one(), &[], &[]),
        (one(), &[("vary", "origin")], &["origin"]),
    ];
    for (layer, fields, expected) in rows {
        let (_, headers, _) = fill(layer, full(404, fields, "")).await;
        assert_eq!(lines(&headers, "vary"), expected, "{fields:?}");
    }
}

/// A field of the response to an error with these fields.
struct Row {
    code: u16,
    version: Version,
    fields: Fields<'static>,
    name: &'static str,
    expected: &'static [&'static str],
}

#[tokio::test]
async fn a_missing_challenge_and_connection_option_are_added_and_no_other_required_field() {
    const BEARER: &str = "Bearer realm=\"api\"";
    const UPGRADE: Fields<'_> = &[("upgrade", "websocket")];
    #[rustfmt::skip]
    let rows = [
        Row { code: 401, version: HTTP_11, fields: &[], name: "www-authenticate", expected: &[BEARER] },
        Row { code: 401, version: HTTP_10, fields: &[], name: "www-authenticate", expected: &[BEARER] },
        Row { code: 401, version: HTTP_2, fields: &[], name: "www-authenticate", expected: &[BEARER] },
        Row { code: 401, version: HTTP_11, fields: &[("www-authenticate", "Basic realm=\"a\"")], name: "www-authenticate", expected: &["Basic realm=\"a\""] },
        Row { code: 401, version: HTTP_2, fields: &[("www-authenticate", "A"), ("www-authenticate", "B")], name: "www-authenticate", expected: &["A", "B"] },
        Row { code: 403, version: HTTP_11, fields: &[], name: "www-authenticate", expected: &[] },
        Row { code: 405, version: HTTP_11, fields: &[], name: "allow", expected: &[] },
        Row { code: 405, version: HTTP_10, fields: &[("allow", "GET, HEAD")], name: "allow", expected: &["GET, HEAD"] },
        Row { code: 405, version: HTTP_2, fields: &[("allow", "")], name: "allow", expected: &[""] },
        Row { code: 407, version: HTTP_11, fields: &[], name: "proxy-authenticate", expected: &[] },
        Row { code: 407, version: HTTP_11, fields: &[], name: "www-authenticate", expected: &[] },
        Row { code: 407, version: HTTP_2, fields: &[("proxy-authenticate", "Basic realm=\"p\"")], name: "proxy-authenticate", expected: &["Basic realm=\"p\""] },
        Row { code: 416, version: HTTP_11, fields: &[], name: "content-range", expected: &[] },
        Row { code: 416, version: HTTP_11, fields: &[("content-range", "bytes */47")], name: "content-range", expected: &["bytes */47"] },
        Row { code: 416, version: HTTP_2, fields: &[("content-range", "bytes */47")], name: "content-range", expected: &["bytes */47"] },
        Row { code: 426, version: HTTP_10, fields: UPGRADE, name: "upgrade", expected: &["websocket"] },
        Row { code: 426, version: HTTP_10, fields: UPGRADE, name: "connection", expected: &["upgrade"] },
        Row { code: 426, version: HTTP_11, fields: UPGRADE, name: "upgrade", expected: &["websocket"] },
        Row { code: 426, version: HTTP_11, fields: UPGRADE, name: "connection", expected: &["upgrade"] },
        Row { code: 426, version: HTTP_11, fields: &[("upgrade", "a"), ("connection", "close")], name: "connection", expected: &["close", "upgrade"] },
        Row { code: 426, version: HTTP_11, fields: &[("upgrade", "a"), ("connection", "close, Upgrade")], name: "connection", expected: &["close, Upgrade"] },
        Row { code: 426, version: HTTP_11, fields: &[], name: "connection", expected: &[] },
        Row { code: 426, version: HTTP_11, fields: &[], name: "upgrade", expected: &[] },
        Row { code: 426, version: HTTP_2, fields: UPGRADE, name: "upgrade", expected: &[] },
        Row { code: 426, version: HTTP_2, fields: UPGRADE, name: "connection", expected: &[] },
        Row { code: 426, version: HTTP_2, fields: &[("upgrade", "a"), ("connection", "upgrade")], name: "connection", expected: &[] },
        Row { code: 426, version: HTTP_3, fields: UPGRADE, name: "upgrade", expected: &[] },
        Row { code: 426, version: HTTP_3, fields: UPGRADE, name: "connection", expected: &[] },
        Row { code: 404, version: HTTP_11, fields: UPGRADE, name: "connection", expected: &["upgrade"] },
        Row { code: 404, version: HTTP_2, fields: UPGRADE, name: "upgrade", expected: &[] },
    ];
    for Row { code, version, fields, name, expected } in rows {
        let row = format!("{code} {version:?} {fields:?}");
        let mut with_keep_body = full(code, fields, "it");
        with_keep_body.extensions_mut().insert(KeepBody);
        let json = full(code, &[fields, &[("content-type", "application/json")]].concat(), "{}");
        let inners = [
            ("replaced", full(code, fields, ""), None),
            ("JSON", json, Some("{}")),
            ("KeepBody", with_keep_body, Some("it")),
        ];
        for (kind, inner, kept) in inners {
            let (parts, body) = send(&StatusMapLayer::new(), over(version), Ok::<_, Status>(inner)).await;
            assert_eq!(parts.status, code);
            assert!(kept.map_or(body.starts_with(b"{\""), |kept| body == kept), "{kind}: {row}: {body:?}");
            assert_eq!(lines(&parts.headers, name), expected, "{kind}: {row}");
        }
        // Connection of a `Status` is dropped, because the layer sets it.
        if fields.iter().all(|(name, _)| *name != "connection") {
            let (parts, _) = fail(&StatusMapLayer::new(), over(version), with_fields(code, fields)).await;
            assert_eq!(lines(&parts.headers, name), expected, "a Status: {row}");
        }
    }
}

#[tokio::test]
async fn a_401_has_its_own_challenge_or_the_default_of_the_layer() {
    const SHOP: &str = "Basic realm=\"shop\"";
    let layer = || StatusMapLayer::new().default_challenge(SHOP);
    let rows = [
        (Ok(full(401, &[], "")), SHOP),
        (Ok(full(401, &[("content-type", "application/json")], "{}")), SHOP),
        (Ok(full(401, &[("www-authenticate", "A")], "")), "A"),
        (Err(Status::unauthorized("A")), "A"),
        (Err(StatusCode::UNAUTHORIZED.into()), SHOP),
    ];
    for (outcome, expected) in rows {
        let (parts, _) = send(&layer(), get("/", &[]), outcome.clone()).await;
        assert_eq!(lines(&parts.headers, "www-authenticate"), [expected], "{outcome:?}");
    }
    for malformed in ["", " ", "a\nb"] {
        let layer = layer().default_challenge(malformed);
        let (parts, _) = fail(&layer, get("/", &[]), StatusCode::UNAUTHORIZED).await;
        assert_eq!(lines(&parts.headers, "www-authenticate"), [SHOP], "{malformed:?} is ignored");
    }
}

#[tokio::test]
async fn freshness_is_kept_for_a_4xx_and_a_kept_body_and_otherwise_replaced_by_no_store() {
    const AGE: (&str, &str) = ("cache-control", "max-age=60");
    const LATER: (&str, &str) = ("expires", "Thu, 01 Dec 2044 16:00:00 GMT");
    const CDN: (&str, &str) = ("cdn-cache-control", "max-age=60");
    const VENDOR: (&str, &str) = ("examplecdn-cache-control", "max-age=60");
    const SURROGATE: (&str, &str) = ("surrogate-control", "max-age=60");
    const JSON: (&str, &str) = ("content-type", "application/json");
    let rows: [(u16, Fields<'_>, &str); 14] = [
        (404, &[], "cache-control: no-store"),
        (404, &[AGE], "cache-control: max-age=60"),
        (
            404,
            &[AGE, LATER, CDN],
            "cache-control: max-age=60, cdn-cache-control: max-age=60, expires: Thu, 01 Dec 2044 16:00:00 GMT",
        ),
        (410, &[AGE, ("cache-control", "public")], "cache-control: max-age=60, cache-control: public"),
        (550, &[AGE], "cache-control: max-age=60"),
        (550, &[], "cache-control: no-store"),
        (500, &[], "cache-control: no-store"),
        (500, &[AGE], "cache-control: no-store"),
        (503, &[LATER], "cache-control: no-store"),
        (503, &[AGE, ("cache-control", "public"), LATER, CDN, VENDOR, SURROGATE], "cache-control: no-store"),
        (599, &[CDN], "cache-control: no-store"),
        // a kept body
        (404, &[JSON], ""),
        (404, &[JSON, AGE], "cache-control: max-age=60"),
        (500, &[JSON, AGE, CDN], "cache-control: max-age=60, cdn-cache-control: max-age=60"),
    ];
    let caching = |headers: &HeaderMap| {
        let about = |name: &str| name.ends_with("-control") || name == "expires";
        let lines = sorted(headers).into_iter().filter(|(name, _)| about(name));
        lines.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
    };
    for (status, fields, expected) in rows {
        let (_, headers, _) = fill(StatusMapLayer::new(), full(status, fields, "")).await;
        assert_eq!(caching(&headers), expected, "{status} {fields:?}");
        if !fields.contains(&JSON) {
            let (parts, _) = fail(&StatusMapLayer::new(), get("/", &[]), with_fields(status, fields)).await;
            assert_eq!(caching(&parts.headers), expected, "a Status: {status} {fields:?}");
        }
    }
    for redirect in [300, 302, 308] {
        let (parts, _) = fail(&StatusMapLayer::new(), get("/", &[]), code(redirect)).await;
        assert_eq!(caching(&parts.headers), "", "{redirect}");
    }
}

#[tokio::test]
async fn an_inner_error_to_head_has_the_fields_of_get_and_no_body() {
    const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");
    const JSON: (&str, &str) = ("content-type", "application/json");
    let long = &*"a".repeat(9000);
    #[rustfmt::skip]
    let rows: [(&str, u16, &str, Fields<'_>); 11] = [
        ("empty", 404, "", &[]),
        ("text", 404, "it", &[TEXT, ("content-length", "2")]),
        ("long text", 404, long, &[TEXT, ("content-length", "9000")]),
        ("JSON", 404, "{}", &[JSON, ("content-length", "2")]),
        ("untyped", 404, "it", &[("content-length", "2")]),
        ("empty", 401, "", &[]),
        ("empty", 500, "", &[]),
        ("text", 500, "it", &[TEXT, ("content-length", "2")]),
        ("long text", 500, long, &[TEXT, ("content-length", "9000")]),
        ("untyped", 500, "it", &[("content-length", "2")]),
        ("JSON", 500, "{}", &[JSON, ("content-length", "2")]),
    ];
    for (name, status, inner_body, fields) in rows {
        for accept in ["application/json", "text/html", "text/plain"] {
            let send = async |method, body: &str| {
                let inner = full(status, fields, body.to_owned());
                let request = request(method, "/", &[("accept", accept)]);
                send(&StatusMapLayer::new(), request, Ok::<_, Status>(inner)).await
            };
            let (got, content) = send("GET", inner_body).await;
            let mut expected = got.headers;
            expected.remove("content-length");
            // Some services leave the body out of a response to HEAD; others let the server remove it.
            for body in ["", inner_body] {
                let name = format!("{name}, {status}, {accept}, {} bytes", body.len());
                let (head, kept) = send("HEAD", body).await;
                let mut headers = head.headers;
                assert_eq!(head.status, status);
                let length = headers.remove("content-length");
                assert!(length.is_none_or(|length| length == content.len().to_string()), "{name}");
                assert_eq!(sorted(&headers), sorted(&expected), "{name}");
                assert!(kept.is_empty() || kept == body, "{name}: {kept:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_to_head_has_the_fields_of_get_and_no_body() {
    for status in [302, 401, 404, 405, 500, 503, 550] {
        for accept in ["application/json", "text/html", "text/plain"] {
            let fail = async |method| {
                let request = request(method, "/", &[("accept", accept)]);
                fail(&StatusMapLayer::new(), request, (code(status), "it")).await
            };
            let (got, body) = fail("GET").await;
            let (head, no_body) = fail("HEAD").await;
            let mut expected = got.headers;
            if head.headers.contains_key("content-length") {
                expected.insert("content-length", body.len().into());
            }
            assert_eq!(sorted(&head.headers), sorted(&expected), "{status} {accept}");
            assert!(no_body.is_empty(), "{status} {accept}");
        }
    }
}

#[tokio::test]
async fn an_error_with_a_code_without_content_has_no_body_and_no_fields() {
    for status in [204, 205, 304] {
        let (parts, body) = fail(&StatusMapLayer::new(), get("/", &[]), (code(status), "it")).await;
        assert_eq!((parts.status.as_u16(), text(&body), sorted(&parts.headers)), (status, "", vec![]));
    }
}

/// A body that is not a text is not read, so that GET's response is known.
#[tokio::test]
async fn exposed_5xx_that_replaces_no_text_has_its_length_to_head() {
    let layer = StatusMapLayer::new().expose_server_errors(true);
    let send = async |method| {
        let inner = full(500, &[("content-type", "image/png")], "");
        send(&layer, request(method, "/", &[]), Ok::<_, Status>(inner)).await
    };
    let (_, body) = send("GET").await;
    let (head, _) = send("HEAD").await;
    assert_eq!(lines(&head.headers, "content-length"), [body.len().to_string()]);
}
