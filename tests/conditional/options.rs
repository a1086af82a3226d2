//! The options for servers behind proxies that change tags, a custom hash, and other methods that require a condition.

use bytes::Bytes;
use http::{Method, Request};
use tower::{Layer, service_fn};
use tower_status::{ConditionalLayer, ETag, Preconditions, Validators};

use crate::{
    common::{field, full, request},
    send::{Fields, codes, handler, send_twice, source},
};

const STRONG: Fields = &[("etag", "\"v1\"")];
const WEAK: Fields = &[("etag", "W/\"v1\"")];

struct Row {
    current: Fields,
    condition: &'static str,
    /// Without options, with `weak_if_match`, with `strip_tag_suffixes`, with both.
    put: [u16; 4],
}

fn layers() -> [ConditionalLayer; 4] {
    let suffixes = ["-gzip", ";br"];
    [
        ConditionalLayer::new(),
        ConditionalLayer::new().weak_if_match(),
        ConditionalLayer::new().strip_tag_suffixes(suffixes),
        ConditionalLayer::new().weak_if_match().strip_tag_suffixes(suffixes),
    ]
}

fn rows() -> Vec<Row> {
    #[rustfmt::skip]
    let rows = vec![
        Row { current: STRONG, condition: "\"v1\"",                    put: [200, 200, 200, 200] },
        Row { current: STRONG, condition: "\"v2\"",                    put: [412, 412, 412, 412] },
        Row { current: STRONG, condition: "W/\"v1\"",                  put: [412, 200, 412, 200] },
        Row { current: WEAK,   condition: "W/\"v1\"",                  put: [412, 200, 412, 200] },
        Row { current: WEAK,   condition: "\"v1\"",                    put: [412, 200, 412, 200] },
        Row { current: STRONG, condition: "\"v1-gzip\"",               put: [412, 412, 200, 200] },
        Row { current: STRONG, condition: "\"v1;br\"",                 put: [412, 412, 200, 200] },
        Row { current: STRONG, condition: "\"v0\", \"v1-gzip\"",       put: [412, 412, 200, 200] },
        Row { current: STRONG, condition: "W/\"v1-gzip\"",             put: [412, 412, 412, 200] },
        Row { current: STRONG, condition: "W/\"v0\", W/\"v1;br\"",     put: [412, 412, 412, 200] },
        // One suffix is removed, at the end.
        Row { current: STRONG, condition: "\"v1-gzip-gzip\"",          put: [412, 412, 412, 412] },
        Row { current: STRONG, condition: "\"v1-gzip;br\"",            put: [412, 412, 412, 412] },
        Row { current: STRONG, condition: "\"v1-GZIP\"",               put: [412, 412, 412, 412] },
        Row { current: STRONG, condition: "\"-gzipv1\"",               put: [412, 412, 412, 412] },
        Row { current: STRONG, condition: "v1-gzip",                   put: [412, 412, 412, 412] },
        Row { current: STRONG, condition: "\"v1-br\"",                 put: [412, 412, 412, 412] },
        // A tag is compared as sent first.
        Row { current: &[("etag", "\"v1-gzip\"")], condition: "\"v1-gzip\"", put: [200, 200, 200, 200] },
        Row { current: &[("etag", "\"v1-gzip\"")], condition: "\"v1\"",      put: [412, 412, 412, 412] },
        Row { current: &[("etag", "\"\"")], condition: "\"-gzip\"",          put: [412, 412, 200, 200] },
    ];
    rows
}

#[test]
fn if_match_of_a_change_with_and_without_the_options() {
    for row in rows() {
        for (layer, expected) in layers().into_iter().zip(row.put) {
            let shown = format!("{layer:?}");
            let service = layer.validators(source(Some(row.current))).layer(handler(200, &[]));
            for method in ["PUT", "PATCH", "DELETE", "POST"] {
                let change = request(method, "/", &[("if-match", row.condition)]);
                let message = format!("{method} {} against {:?}, {shown}", row.condition, row.current);
                assert_eq!(codes(&send_twice(&service, &change)), [expected; 2], "{message}");
            }
        }
    }
}

/// `weak_if_match` is for changes only (RFC 9110 §13.1.1).
#[test]
fn if_match_of_get_is_never_weak() {
    for row in rows() {
        for (layer, index) in layers().into_iter().zip([0, 0, 2, 2]) {
            let (shown, expected) = (format!("{layer:?}"), row.put[index]);
            let get = request("GET", "/", &[("if-match", row.condition)]);
            let responds = layer.clone().layer(handler(200, row.current));
            assert_eq!(codes(&send_twice(&responds, &get)), [expected; 2], "{} {shown}", row.condition);
            let asks = layer.validators(source(Some(row.current))).layer(handler(200, &[]));
            assert_eq!(codes(&send_twice(&asks, &get)), [expected; 2], "source: {} {shown}", row.condition);
        }
    }
}

/// nginx has weakened the tag, Apache has appended `-gzip`: the handler's check inside its transaction passes as well.
#[test]
fn preconditions_of_the_handler_compare_as_the_layer_does() {
    for row in rows() {
        for (layer, expected) in layers().into_iter().zip(row.put) {
            let checks = service_fn(move |request: Request<()>| {
                let preconditions = Preconditions::from_parts(&request.into_parts().0);
                let current = Validators::from_headers(&crate::common::header_map(row.current));
                let code = preconditions.check(Some(&current)).map_or_else(|status| status.code().as_u16(), |()| 200);
                std::future::ready(Ok(full(code, &[], "")))
            });
            let change = request("PUT", "/", &[("if-match", row.condition)]);
            let shown = format!("{layer:?}");
            assert_eq!(codes(&send_twice(&layer.layer(checks), &change)), [expected; 2], "{} {shown}", row.condition);
        }
    }
}

#[test]
fn suffix_is_removed_for_if_none_match_but_not_for_if_range() {
    let layer = || ConditionalLayer::new().strip_tag_suffixes(["-gzip"]);
    let responds = layer().layer(handler(200, STRONG));
    for (condition, expected) in
        [("\"v1-gzip\"", 304), ("W/\"v1-gzip\"", 304), ("\"v2-gzip\"", 200), ("\"v1-br\"", 200)]
    {
        let get = request("GET", "/", &[("if-none-match", condition)]);
        assert_eq!(codes(&send_twice(&responds, &get)), [expected; 2], "{condition}");
    }
    let ranges = service_fn(|request: Request<()>| {
        let code = if request.headers().contains_key("range") { 206 } else { 200 };
        std::future::ready(Ok(full(code, &[], "seven")))
    });
    let asks = layer().weak_if_match().validators(source(Some(STRONG))).layer(ranges);
    for (condition, expected) in [("\"v1\"", 206), ("\"v1-gzip\"", 200), ("W/\"v1\"", 200)] {
        let part = request("GET", "/", &[("range", "bytes=1-"), ("if-range", condition)]);
        assert_eq!(codes(&send_twice(&asks, &part)), [expected; 2], "{condition}");
    }
}

#[test]
fn malformed_suffixes_are_dropped() {
    let layer = ConditionalLayer::new().strip_tag_suffixes(["", "a b", "\"", "-gzip"]);
    assert!(format!("{layer:?}").contains("suffixes: [\"-gzip\"]"), "{layer:?}");
}

#[test]
fn hasher_replaces_xxh3_and_its_tag_is_used_unchanged() {
    let of_length = |frames: &[Bytes]| {
        let length: usize = frames.iter().map(Bytes::len).sum();
        (length > 0).then(|| ETag::strong(length.to_string()).unwrap())
    };
    for layer in [ConditionalLayer::new().generate_etags(5), ConditionalLayer::new().generate_weak_etags(5)] {
        let service = layer.clone().etag_hasher(of_length).layer(handler(200, &[]));
        for (parts, body) in send_twice(&service, &request("GET", "/", &[])) {
            assert_eq!((field(&parts.headers, "etag").as_deref(), &*body), (Some("\"5\""), &b"seven"[..]));
        }
        let again = request("GET", "/", &[("if-none-match", "\"5\"")]);
        assert_eq!(codes(&send_twice(&service, &again)), [304; 2]);
        // No tag: absent, not unknown.
        let empty =
            layer.etag_hasher(of_length).layer(service_fn(|_: Request<()>| std::future::ready(Ok(full(200, &[], "")))));
        let matching = request("GET", "/", &[("if-match", "\"5\"")]);
        assert_eq!(codes(&send_twice(&empty, &matching)), [412; 2]);
    }
    // Without `generate_etags` there is no tag.
    let off = ConditionalLayer::new().etag_hasher(of_length).layer(handler(200, &[]));
    assert_eq!(field(&send_twice(&off, &request("GET", "/", &[]))[0].0.headers, "etag"), None);
}

#[test]
fn conditions_are_required_for_the_chosen_methods() {
    let proppatch = Method::from_bytes(b"PROPPATCH").unwrap();
    let layer = ConditionalLayer::new().require_preconditions_for([Method::POST, proppatch]);
    let service = layer.layer(handler(200, &[]));
    let none: Fields = &[];
    #[rustfmt::skip]
    let rows: [(&str, Fields, u16); 11] = [
        ("POST",      none,                                                       428),
        ("PROPPATCH", none,                                                       428),
        ("PUT",       none,                                                       200),
        ("GET",       none,                                                       200),
        ("POST",      &[("if-match", "\"v0\"")],                                  200),
        ("PROPPATCH", &[("if", "(<urn:uuid:181d4fae> [\"v1\"])")],                200),
        ("POST",      &[("if-none-match", "*")],                                  200),
        ("POST",      &[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], 200),
        ("POST",      &[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],   428),
        ("POST",      &[("if-unmodified-since", "yesterday")],                     428),
        ("POST",      &[("if-unmodified-since", ""), ("if-unmodified-since", "")], 428),
    ];
    for (method, fields, expected) in rows {
        assert_eq!(codes(&send_twice(&service, &request(method, "/", fields))), [expected; 2], "{method} {fields:?}");
    }
}
