//! Freshness belongs to one response: no cache stores an error because the success that it replaces could be stored.

use http::Response;
use http_body_util::Full;
use tower::{Layer, ServiceExt};
use tower_status::{BoxError, ConditionalLayer, Status, StatusMapLayer};

use crate::common::{Fields, code, field, full, get, read, request, returns, send};

type Inner = Response<Full<bytes::Bytes>>;

/// The fields that make a response fresh or stale (RFC 9111, RFC 9213, and those that CDNs read).
const FRESHNESS: [(&str, &str); 10] = [
    ("cache-control", "public, max-age=3600"),
    ("cdn-cache-control", "max-age=3600"),
    ("cloudflare-cdn-cache-control", "max-age=3600"),
    ("surrogate-control", "max-age=3600"),
    ("edge-control", "cache-maxage=3600"),
    ("x-accel-expires", "3600"),
    ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ("age", "5"),
    ("pragma", "x"),
    ("warning", "110 - stale"),
];

const LAST_MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Returns each field alone, and all of them.
fn combinations() -> Vec<Vec<(&'static str, &'static str)>> {
    FRESHNESS.iter().map(|field| vec![*field]).chain([FRESHNESS.to_vec()]).collect()
}

/// Asserts that the only caching field is `Cache-Control: no-store`.
fn assert_no_store(headers: &http::HeaderMap, row: &str) {
    assert_eq!(field(headers, "cache-control").as_deref(), Some("no-store"), "{row}");
    for (name, _) in &FRESHNESS[1..] {
        assert_eq!(field(headers, name), None, "{row}: {name}");
    }
}

fn validated(number: u16, fields: Fields<'_>) -> Inner {
    let validators = [("etag", "\"v7\""), ("last-modified", LAST_MODIFIED)];
    full(number, &[&validators, fields].concat(), "seven tulips")
}

/// A false `If-Match` or `If-Unmodified-Since` turns a response that caches may store into an error.
#[tokio::test]
async fn a_412_in_place_of_a_fresh_response_is_no_store() {
    let conditions = [("if-match", "\"nope\""), ("if-unmodified-since", "Sat, 05 Nov 1994 08:49:37 GMT")];
    for fields in combinations() {
        for condition in conditions {
            for method in ["GET", "HEAD"] {
                for number in [200, 206] {
                    let asked = || request(method, "/", &[condition]);
                    let inner = || returns(Ok::<_, Status>(validated(number, &fields)));
                    let row = format!("{method} {condition:?} {number} {fields:?}");
                    let (map, conditional) = (StatusMapLayer::new(), ConditionalLayer::new());
                    let responses = [
                        read(map.layer(inner()).oneshot(asked()).await.unwrap()).await.0,
                        read(conditional.layer(inner()).oneshot(asked()).await.unwrap()).await.0,
                        read((map.clone(), conditional.clone()).layer(inner()).oneshot(asked()).await.unwrap()).await.0,
                        read((conditional, map.clone()).layer(inner()).oneshot(asked()).await.unwrap()).await.0,
                        read((map.clone(), map).layer(inner()).oneshot(asked()).await.unwrap()).await.0,
                    ];
                    for (index, parts) in responses.iter().enumerate() {
                        assert_eq!(parts.status, 412, "{row} {index}");
                        assert_no_store(&parts.headers, &format!("{row} {index}"));
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_code_that_changes_takes_no_freshness_along() {
    let stale = [("if-match", "\"nope\"")];
    let kept: Vec<_> = FRESHNESS.iter().map(|(name, _)| name.parse().unwrap()).collect();
    let rows: [(&str, Fields<'_>, u16, &str, u16); 8] = [
        ("the 412 of a 200", &stale, 200, "text/plain", 409),
        ("a 410 with a text", &[], 410, "text/plain", 403),
        ("a 410 with JSON", &[], 410, "application/json", 403),
        ("a 404 to another class", &[], 404, "application/json", 503),
        ("a 503 to another class", &[], 503, "application/json", 404),
        ("a 404 to a redirect", &[], 404, "text/plain", 302),
        ("a 404 to a success", &[], 404, "text/plain", 200),
        ("a 404 to no content", &[], 404, "text/plain", 204),
    ];
    for (name, condition, from, content_type, to) in rows {
        for fields in combinations() {
            for fill in [true, false] {
                for keep in [&[][..], &kept] {
                    let fields = [&[("content-type", content_type)], &fields[..]].concat();
                    let row = format!("{name}, {fields:?}, fill({fill}), kept: {}", keep.len());
                    let layer = StatusMapLayer::new().fill(fill).keep_headers(keep);
                    let layer = layer.map_status(move |_, _| Status::new(code(to)));
                    let outcome = Ok::<_, BoxError>(validated(from, &fields));
                    let (parts, _) = send(&layer, get("/", condition), outcome).await;
                    assert_eq!(parts.status, to, "{row}");
                    if to >= 400 {
                        assert_no_store(&parts.headers, &row);
                    }
                    for (name, _) in FRESHNESS.iter().filter(|(name, _)| to < 400 || *name != "cache-control") {
                        assert_eq!(field(&parts.headers, name), None, "{row}: {name}");
                    }
                }
            }
        }
    }
}

/// The fields that stay, such as cookies, may contain what the old response protected.
#[tokio::test]
async fn no_store_survives_a_change_of_the_code() {
    for to in [200, 302, 404, 503] {
        for value in ["no-store", "private, No-Store", "max-age=5, no-store"] {
            let layer = StatusMapLayer::new().map_status(move |_, _| Status::new(code(to)));
            let inner = full(410, &[("cache-control", value), ("expires", "0"), ("set-cookie", "a=1")], "");
            let (parts, _) = send(&layer, get("/", &[]), Ok::<_, BoxError>(inner)).await;
            assert_no_store(&parts.headers, &format!("{to} {value}"));
            assert_eq!(field(&parts.headers, "set-cookie").as_deref(), Some("a=1"));
        }
    }
}

/// The head of a gRPC response has the HTTP status 200, to a plain client too.
#[tokio::test]
async fn a_grpc_error_in_a_fresh_200_is_no_store_to_a_plain_client() {
    for fields in combinations() {
        let fields = [&[("content-type", "application/grpc"), ("grpc-status", "5")], &fields[..]].concat();
        let (parts, _) =
            send(&StatusMapLayer::new().rpc(true), get("/", &[]), Ok::<_, BoxError>(full(200, &fields, ""))).await;
        assert_eq!(parts.status, 404);
        assert_no_store(&parts.headers, &format!("{fields:?}"));
    }
}

/// RFC 6585 forbids caches to store 428, 429, 431 and 511.
#[tokio::test]
async fn a_4xx_whose_code_stays_keeps_its_freshness_but_for_codes_that_are_never_stored() {
    let bodies = [("text/plain", "it"), ("text/plain", ""), ("application/json", "{}")];
    for (content_type, body) in bodies {
        for number in [400, 404, 410, 451, 550, 428, 429, 431, 511] {
            for fields in combinations() {
                for fill in [true, false] {
                    let row = format!("{number} {content_type} {body:?} {fields:?} fill({fill})");
                    let inner = full(number, &[&[("content-type", content_type)], &fields[..]].concat(), body);
                    let layer = StatusMapLayer::new().fill(fill);
                    let (parts, _) = send(&layer, get("/", &[]), Ok::<_, BoxError>(inner)).await;
                    assert_eq!(parts.status, number, "{row}");
                    if fill && [428, 429, 431, 511].contains(&number) {
                        assert_no_store(&parts.headers, &row);
                        continue;
                    }
                    for (name, value) in &fields {
                        assert_eq!(field(&parts.headers, name).as_deref(), Some(*value), "{row}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_5xx_loses_its_freshness_if_its_body_is_replaced() {
    for fields in combinations() {
        for (content_type, is_kept) in [("text/plain", false), ("text/csv", false), ("application/json", true)] {
            let row = format!("{content_type} {fields:?}");
            let inner = full(503, &[&[("content-type", content_type)], &fields[..]].concat(), "it");
            let (parts, _) = send(&StatusMapLayer::new(), get("/", &[]), Ok::<_, BoxError>(inner)).await;
            if is_kept {
                for (name, value) in &fields {
                    assert_eq!(field(&parts.headers, name).as_deref(), Some(*value), "{row}");
                }
            } else {
                assert_no_store(&parts.headers, &row);
            }
        }
    }
}

/// A 304 updates what a cache has, so it has the fields of the 200 (RFC 9110 §15.4.5).
#[tokio::test]
async fn a_304_keeps_the_freshness_of_its_200() {
    for fields in combinations() {
        let asked = get("/", &[("if-none-match", "\"v7\"")]);
        let (parts, _) = send(&StatusMapLayer::new(), asked, Ok::<_, BoxError>(validated(200, &fields))).await;
        assert_eq!(parts.status, 304);
        for (name, value) in &fields {
            assert_eq!(field(&parts.headers, name).as_deref(), Some(*value), "{fields:?}");
        }
    }
}
