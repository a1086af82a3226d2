//! The header fields of an answer of 400 and above: what goes with a replaced body, what stays, what is completed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{Format, KeepBody, Status, StatusMapLayer};

type Inner = Response<Full<bytes::Bytes>>;
type Fields = &'static [(&'static str, &'static str)];

async fn send(
    layer: StatusMapLayer,
    request: Request<()>,
    outcome: Result<Inner, Status>,
) -> (StatusCode, HeaderMap, String) {
    let inner = service_fn(|_: Request<()>| std::future::ready(outcome.clone()));
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn response(code: u16, fields: &[(&'static str, &'static str)], body: &'static str) -> Inner {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in fields {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    response
}

fn request(version: Version) -> Request<()> {
    Request::builder().version(version).body(()).unwrap()
}

fn lines(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn sorted(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    lines.sort();
    lines
}

/// What describes a body, and goes with it.
const DESCRIBES: Fields = &[
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

const STAYS: Fields = &[
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
async fn only_what_describes_a_replaced_body_goes() {
    let text: Fields = &[("content-type", "text/plain")];
    let coded = DESCRIBES.iter().filter(|(name, _)| !["content-encoding", "trailer"].contains(name)).copied();
    let coded: Vec<_> = coded.collect();
    let rows = [
        ("404, empty", 404, &[][..], DESCRIBES, "", true),
        ("404, text", 404, text, &coded, "it", false),
        ("550, text", 550, text, &coded, "it", false),
        ("500, empty", 500, &[], DESCRIBES, "", true),
        ("500, untyped", 500, &[], DESCRIBES, "it", true),
        ("500, text", 500, text, DESCRIBES, "it", true),
        ("503, text", 503, text, DESCRIBES, "it", true),
    ];
    for (name, code, of_type, describes, body, english) in rows {
        let inner = response(code, &[of_type, describes, STAYS].concat(), body);
        let (status, headers, body) = send(StatusMapLayer::new(), request(Version::HTTP_11), Ok(inner)).await;
        assert_eq!(status, code, "{name}");
        assert!(body.starts_with('{'), "{name}: {body}");
        let ours: Fields = &[
            ("content-type", "application/problem+json"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("vary", "accept"),
        ];
        let language: Fields = if english { &[("content-language", "en")] } else { &[] };
        let expected = response(code, &[STAYS, ours, language].concat(), "");
        assert_eq!(sorted(&headers), sorted(expected.headers()), "{name}");
    }
}

#[tokio::test]
async fn the_fields_of_an_untouched_body_stay() {
    for code in [404, 422, 500, 503, 550] {
        for of_type in ["application/json", "text/html"] {
            let fields = [&[("content-type", of_type), ("cache-control", "max-age=9")], DESCRIBES, STAYS].concat();
            let inner = response(code, &fields, "it");
            let expected = sorted(inner.headers());
            let (_, headers, body) = send(StatusMapLayer::new(), request(Version::HTTP_11), Ok(inner)).await;
            assert_eq!(sorted(&headers), expected, "{code} {of_type}");
            assert_eq!(body, "it");
        }
    }
}

#[tokio::test]
async fn vary_says_accept_once_and_only_where_it_is_negotiated() {
    let all = StatusMapLayer::new;
    let one = || StatusMapLayer::new().formats(&[Format::Html]);
    let rows: [(StatusMapLayer, Fields, &[&str]); 7] = [
        (all(), &[], &["accept"]),
        (all(), &[("vary", "origin")], &["origin", "accept"]),
        (all(), &[("vary", "accept-encoding")], &["accept-encoding", "accept"]),
        (all(), &[("vary", "Origin, ACCEPT")], &["Origin, ACCEPT"]),
        (all(), &[("vary", "origin"), ("vary", "accept")], &["origin", "accept"]),
        (one(), &[], &[]),
        (one(), &[("vary", "origin")], &["origin"]),
    ];
    for (layer, fields, expected) in rows {
        let inner = Ok(response(404, fields, ""));
        let (_, headers, _) = send(layer, request(Version::HTTP_11), inner).await;
        assert_eq!(lines(&headers, "vary"), expected, "{fields:?}");
    }
}

#[tokio::test]
async fn demanded_fields_are_completed_and_not_invented() {
    const BEARER: &str = "Bearer realm=\"api\"";
    const UPGRADE: Fields = &[("upgrade", "websocket")];
    let [v10, v11, v2, v3] = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];
    let rows: &[(u16, Version, Fields, &str, &[&str])] = &[
        (401, v11, &[], "www-authenticate", &[BEARER]),
        (401, v10, &[], "www-authenticate", &[BEARER]),
        (401, v2, &[], "www-authenticate", &[BEARER]),
        (401, v11, &[("www-authenticate", "Basic realm=\"a\"")], "www-authenticate", &["Basic realm=\"a\""]),
        (401, v2, &[("www-authenticate", "A"), ("www-authenticate", "B")], "www-authenticate", &["A", "B"]),
        (403, v11, &[], "www-authenticate", &[]),
        (405, v11, &[], "allow", &[]),
        (405, v10, &[("allow", "GET, HEAD")], "allow", &["GET, HEAD"]),
        (405, v2, &[("allow", "")], "allow", &[""]),
        (407, v11, &[], "proxy-authenticate", &[]),
        (407, v11, &[], "www-authenticate", &[]),
        (407, v2, &[("proxy-authenticate", "Basic realm=\"p\"")], "proxy-authenticate", &["Basic realm=\"p\""]),
        (416, v11, &[], "content-range", &[]),
        (416, v11, &[("content-range", "bytes */47")], "content-range", &["bytes */47"]),
        (416, v2, &[("content-range", "bytes */47")], "content-range", &["bytes */47"]),
        (426, v10, UPGRADE, "upgrade", &["websocket"]),
        (426, v10, UPGRADE, "connection", &["upgrade"]),
        (426, v11, UPGRADE, "upgrade", &["websocket"]),
        (426, v11, UPGRADE, "connection", &["upgrade"]),
        (426, v11, &[("upgrade", "a"), ("connection", "close")], "connection", &["close", "upgrade"]),
        (426, v11, &[("upgrade", "a"), ("connection", "close, Upgrade")], "connection", &["close, Upgrade"]),
        (426, v11, &[], "connection", &[]),
        (426, v11, &[], "upgrade", &[]),
        (426, v2, UPGRADE, "upgrade", &[]),
        (426, v2, UPGRADE, "connection", &[]),
        (426, v2, &[("upgrade", "a"), ("connection", "upgrade")], "connection", &[]),
        (426, v3, UPGRADE, "upgrade", &[]),
        (426, v3, UPGRADE, "connection", &[]),
        (404, v11, UPGRADE, "connection", &["upgrade"]),
        (404, v2, UPGRADE, "upgrade", &[]),
    ];
    for (code, version, fields, name, expected) in rows {
        let json: Fields = &[("content-type", "application/json")];
        let kept = |mut response: Inner| {
            response.extensions_mut().insert(KeepBody);
            response
        };
        for (kind, inner) in [
            ("replaced", response(*code, fields, "")),
            ("untouched", response(*code, &[*fields, json].concat(), "{}")),
            ("kept", kept(response(*code, fields, "it"))),
        ] {
            let (status, headers, body) = send(StatusMapLayer::new(), request(*version), Ok(inner)).await;
            assert_eq!(status, *code);
            assert_eq!(body.starts_with("{\""), kind == "replaced", "{body}");
            assert_eq!(lines(&headers, name), *expected, "{kind}: {code} {version:?} {fields:?}");
        }
        let status = fields.iter().fold(Status::from(StatusCode::from_u16(*code).unwrap()), |status, (name, value)| {
            if *name == "connection" { status } else { status.with_header(*name, *value) }
        });
        // What a `Status` says of the connection is dropped: the layer says it.
        if !fields.iter().any(|(name, _)| *name == "connection") {
            let (_, headers, _) = send(StatusMapLayer::new(), request(*version), Err(status)).await;
            assert_eq!(lines(&headers, name), *expected, "said: {code} {version:?} {fields:?}");
        }
    }
}

#[tokio::test]
async fn a_401_has_the_layers_challenge_unless_it_says_its_own() {
    let layer = || StatusMapLayer::new().default_challenge("Basic realm=\"shop\"");
    let rows = [
        (Ok(response(401, &[], "")), "Basic realm=\"shop\""),
        (Ok(response(401, &[("content-type", "application/json")], "{}")), "Basic realm=\"shop\""),
        (Ok(response(401, &[("www-authenticate", "A")], "")), "A"),
        (Err(Status::unauthorized("A")), "A"),
        (Err(StatusCode::UNAUTHORIZED.into()), "Basic realm=\"shop\""),
    ];
    for (outcome, expected) in rows {
        let (_, headers, _) = send(layer(), request(Version::HTTP_11), outcome.clone()).await;
        assert_eq!(lines(&headers, "www-authenticate"), [expected], "{outcome:?}");
    }
    for malformed in ["", " ", "a\nb"] {
        let outcome = Err(StatusCode::UNAUTHORIZED.into());
        let layer = layer().default_challenge(malformed);
        let (_, headers, _) = send(layer, request(Version::HTTP_11), outcome).await;
        assert_eq!(lines(&headers, "www-authenticate"), ["Basic realm=\"shop\""], "{malformed:?} is dropped");
    }
}

#[tokio::test]
async fn an_error_page_is_not_kept_by_caches() {
    const AGE: (&str, &str) = ("cache-control", "max-age=60");
    const LATER: (&str, &str) = ("expires", "Thu, 01 Dec 2044 16:00:00 GMT");
    const CDN: (&str, &str) = ("cdn-cache-control", "max-age=60");
    const VENDOR: (&str, &str) = ("examplecdn-cache-control", "max-age=60");
    const SURROGATE: (&str, &str) = ("surrogate-control", "max-age=60");
    const JSON: (&str, &str) = ("content-type", "application/json");
    let rows: &[(u16, Fields, &str)] = &[
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
        // not written here
        (404, &[JSON], ""),
        (404, &[JSON, AGE], "cache-control: max-age=60"),
        (500, &[JSON, AGE, CDN], "cache-control: max-age=60, cdn-cache-control: max-age=60"),
    ];
    let caching = |headers: &HeaderMap| {
        let about = |name: &str| name.ends_with("-control") || name == "expires";
        let lines = sorted(headers).into_iter().filter(|(name, _)| about(name));
        lines.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
    };
    for (code, fields, expected) in rows {
        let inner = Ok(response(*code, fields, ""));
        let (_, headers, _) = send(StatusMapLayer::new(), request(Version::HTTP_11), inner).await;
        assert_eq!(caching(&headers), *expected, "{code} {fields:?}");
        if fields.contains(&JSON) {
            continue;
        }
        let said = Status::from(StatusCode::from_u16(*code).unwrap());
        let said = fields.iter().fold(said, |status, (name, value)| status.with_header(*name, *value));
        let (_, headers, _) = send(StatusMapLayer::new(), request(Version::HTTP_11), Err(said)).await;
        assert_eq!(caching(&headers), *expected, "said: {code} {fields:?}");
    }
    for code in [300, 302, 308] {
        let said = Status::from(StatusCode::from_u16(code).unwrap());
        let (_, headers, _) = send(StatusMapLayer::new(), request(Version::HTTP_11), Err(said)).await;
        assert_eq!(caching(&headers), "", "{code}");
    }
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");
    let long: &'static str = Box::leak("a".repeat(9000).into_boxed_str());
    let rows: &[(&str, u16, Fields, &'static str)] = &[
        ("no body", 404, &[], ""),
        ("a text", 404, &[TEXT, ("content-length", "2")], "it"),
        ("a long text", 404, &[TEXT, ("content-length", "9000")], long),
        ("JSON", 404, &[("content-type", "application/json"), ("content-length", "2")], "{}"),
        ("untyped", 404, &[("content-length", "2")], "it"),
        ("no body", 401, &[], ""),
        ("no body", 500, &[], ""),
        ("a text", 500, &[TEXT, ("content-length", "2")], "it"),
        ("a long text", 500, &[TEXT, ("content-length", "9000")], long),
        ("untyped", 500, &[("content-length", "2")], "it"),
        ("JSON", 500, &[("content-type", "application/json"), ("content-length", "2")], "{}"),
    ];
    for (name, code, fields, body) in rows {
        for accept in ["application/json", "text/html", "text/plain"] {
            let ask = |method| Request::builder().method(method).header("accept", accept).body(()).unwrap();
            let get = Ok(response(*code, fields, body));
            let (_, mut expected, sent) = send(StatusMapLayer::new(), ask(Method::GET), get).await;
            expected.insert("content-length", sent.len().into());
            // Some services leave the body out themselves, others leave that to the server.
            for left_out in [true, false] {
                let head = Ok(response(*code, fields, if left_out { "" } else { body }));
                let (status, mut headers, kept) = send(StatusMapLayer::new(), ask(Method::HEAD), head).await;
                assert_eq!(status, *code);
                let length = headers.remove("content-length");
                let name = format!("{name}, {code}, {accept}, left out: {left_out}");
                assert!(length.is_none_or(|length| length == expected["content-length"]), "{name}");
                let mut expected = expected.clone();
                expected.remove("content-length");
                assert_eq!(sorted(&headers), sorted(&expected), "{name}");
                assert!(left_out && kept.is_empty() || !left_out && [*body, ""].contains(&&*kept), "{name}: {kept}");
            }
        }
    }
}

#[tokio::test]
async fn an_err_to_head_has_the_fields_of_get_and_no_body() {
    for code in [302, 401, 404, 405, 500, 503, 550] {
        for accept in ["application/json", "text/html", "text/plain"] {
            let ask = |method| Request::builder().method(method).header("accept", accept).body(()).unwrap();
            let said: Status = (StatusCode::from_u16(code).unwrap(), "it").into();
            let (_, mut get, body) = send(StatusMapLayer::new(), ask(Method::GET), Err(said.clone())).await;
            let (_, head, none) = send(StatusMapLayer::new(), ask(Method::HEAD), Err(said)).await;
            if head.contains_key("content-length") {
                get.insert("content-length", body.len().into());
            }
            assert_eq!(sorted(&head), sorted(&get), "{code} {accept}");
            assert_eq!(none, "", "{code} {accept}");
        }
    }
}

#[tokio::test]
async fn what_never_has_content_has_none() {
    let codes: [u16; 3] = [204, 205, 304];
    for code in codes {
        let said: Status = (StatusCode::from_u16(code).unwrap(), "it").into();
        let (status, headers, body) = send(StatusMapLayer::new(), request(Version::HTTP_11), Err(said)).await;
        assert_eq!((status.as_u16(), &*body, sorted(&headers)), (code, "", vec![]));
    }
}
