//! A tag that could not be generated is unknown, not absent.

use std::{convert::Infallible, fmt::Debug, future::ready};

use http::{Request, Response};
use http_body::Body;
use tower::{Layer, Service, service_fn};
use tower_status::{ConditionalLayer, ETag, StatusMapLayer};

use crate::{
    common::{Fields, field, full, now, request},
    send::{codes, handler, send_twice, source, waits},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

fn on() -> ConditionalLayer {
    ConditionalLayer::new().generate_etags(64)
}

/// Returns the conditions, and the status with an unknown tag and with no tag.
fn rows() -> [(&'static str, Fields<'static>, [u16; 2]); 8] {
    #[rustfmt::skip]
    let rows: [(&str, Fields, [u16; 2]); 8] = [
        ("If-Match",                      &[("if-match", "\"e\"")],                                          [200, 412]),
        ("If-Match beside a date",        &[("if-match", "\"e\""), ("if-unmodified-since", EARLIER)],        [200, 412]),
        ("If-Match, any",                 &[("if-match", "*")],                                              [200, 200]),
        ("If-Match without a valid tag",  &[("if-match", "e")],                                              [200, 412]),
        ("If-None-Match",                 &[("if-none-match", "\"e\"")],                                     [200, 200]),
        ("If-None-Match beside a date",   &[("if-none-match", "\"e\""), ("if-modified-since", DATE)],        [200, 200]),
        ("If-None-Match, any",            &[("if-none-match", "*")],                                         [304, 304]),
        ("a date",                        &[("if-modified-since", DATE)],                                    [304, 304]),
    ];
    rows
}

#[test]
fn tag_of_head_is_unknown_unless_the_content_is_too_long() {
    for (name, fields, [unknown, absent]) in rows() {
        let head = request("HEAD", "/", fields);
        let short = on().layer(handler(200, &[("last-modified", DATE), ("content-length", "5")]));
        assert_eq!(codes(&send_twice(&short, &head)), [unknown; 2], "short: {name}");
        let longest = on().layer(handler(200, &[("last-modified", DATE), ("content-length", "64")]));
        assert_eq!(codes(&send_twice(&longest, &head)), [unknown; 2], "as long as the limit: {name}");
        let unspecified = on().layer(handler(200, &[("last-modified", DATE)]));
        assert_eq!(codes(&send_twice(&unspecified, &head)), [unknown; 2], "without a length: {name}");
        let long = on().layer(handler(200, &[("last-modified", DATE), ("content-length", "65")]));
        assert_eq!(codes(&send_twice(&long, &head)), [absent; 2], "long: {name}");
        let private = on().layer(handler(200, &[("last-modified", DATE), ("cache-control", "no-store")]));
        assert_eq!(codes(&send_twice(&private, &head)), [absent; 2], "no-store: {name}");
    }
}

#[test]
fn tag_of_content_that_is_ready_later_is_unknown() {
    for (name, fields, [unknown, absent]) in rows() {
        let inner = |_: Request<()>| ready(Ok::<_, Infallible>(waits(&[("last-modified", DATE)])));
        for method in ["GET", "QUERY"] {
            let request = request(method, "/", fields);
            let generates = on().layer(service_fn(inner));
            assert_eq!(waiting_codes(&generates, &request), [unknown; 2], "{method}: {name}");
            let too_long = ConditionalLayer::new().generate_etags(4).layer(service_fn(inner));
            assert_eq!(waiting_codes(&too_long, &request), [absent; 2], "{method}, too long: {name}");
            let off = ConditionalLayer::new().layer(service_fn(inner));
            assert_eq!(waiting_codes(&off, &request), [absent; 2], "{method}, without tags: {name}");
        }
    }
}

/// Reads only the head, because the body is pending once.
fn waiting_codes<S, B>(service: &S, request: &Request<()>) -> [u16; 2]
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Error: Debug>,
{
    let alone = now(service.clone().call(request.clone())).unwrap();
    let outside = now(StatusMapLayer::new().layer(service.clone()).call(request.clone())).unwrap();
    [alone.status().as_u16(), outside.status().as_u16()]
}

#[test]
fn part_without_a_tag_fails_if_match() {
    let service = on().layer(handler(206, &[]));
    let part = |fields| request("GET", "/", fields);
    assert_eq!(codes(&send_twice(&service, &part(&[("if-match", "\"e\"")]))), [412; 2]);
    assert_eq!(codes(&send_twice(&service, &part(&[("if-match", "*")]))), [206; 2]);
    assert_eq!(codes(&send_twice(&service, &part(&[("if-none-match", "\"e\"")]))), [206; 2]);
}

/// The handler sends a part of any version, because it does not know the generated tag.
#[test]
fn range_that_depends_on_a_generated_tag_is_removed() {
    let generated = ETag::of_bytes(b"seven").to_string();
    let weak = format!("W/{generated}");
    let upper = generated.to_uppercase();
    let hash = &generated[..=32];
    let [no_length, other, long] = ["-", "-v", "-00000000000000005"].map(|end| format!("{hash}{end}\""));
    let ranges = service_fn(|request: Request<()>| {
        let code = if request.headers().contains_key("range") { 206 } else { 200 };
        ready(Ok(full(code, &[], "seven")))
    });
    #[rustfmt::skip]
    let rows = [
        ("generated",              on(),                    generated.as_str(), 200),
        ("generated, weak",        on(),                    weak.as_str(),      200),
        ("the handler's",          on(),                    "\"v7\"",           206),
        ("not generated here",     on(),                    upper.as_str(),     206),
        ("no length",              on(),                    no_length.as_str(), 206),
        ("no hexadecimal length",  on(),                    other.as_str(),     206),
        ("a long length",          on(),                    long.as_str(),      206),
        ("a date",                 on(),                    DATE,               206),
        ("without generated tags", ConditionalLayer::new(), generated.as_str(), 206),
    ];
    for (name, layer, condition, expected) in rows {
        for method in ["GET", "QUERY"] {
            let part = request(method, "/", &[("range", "bytes=1-"), ("if-range", condition)]);
            assert_eq!(codes(&send_twice(&layer.layer(ranges), &part)), [expected; 2], "{method} {name}");
        }
    }
    let custom = on().etag_hasher(|_: &[bytes::Bytes]| ETag::strong("v7").ok()).layer(ranges);
    let part = request("GET", "/", &[("range", "bytes=1-"), ("if-range", "\"v7\"")]);
    assert_eq!(codes(&send_twice(&custom, &part)), [200; 2], "a custom hash");
}

#[test]
fn source_with_a_date_and_a_generated_tag_share_the_work() {
    let layer = on().validators(source(Some(&[("last-modified", DATE)])));
    let service = layer.layer(handler(200, &[]));
    let generated = ETag::of_bytes(b"seven").to_string();
    #[rustfmt::skip]
    let rows: [(&str, Fields<'_>, u16); 4] = [
        ("GET",  &[("if-none-match", &generated)],                              304),
        ("GET",  &[("if-none-match", &generated), ("if-modified-since", DATE)], 304),
        ("GET",  &[("if-match", "\"e\"")],                                      412),
        ("HEAD", &[("if-match", "\"e\"")],                                      200),
    ];
    for (method, fields, expected) in rows {
        assert_eq!(codes(&send_twice(&service, &request(method, "/", fields))), [expected; 2], "{method} {fields:?}");
    }
}

#[test]
fn head_as_get_has_the_fields_of_get_and_no_body() {
    let service = on().head_as_get().layer(handler(200, &[("content-type", "text/plain")]));
    let generated = ETag::of_bytes(b"seven").to_string();
    for (parts, body) in send_twice(&service, &request("HEAD", "/", &[])) {
        assert_eq!((parts.status.as_u16(), body.len()), (200, 0));
        assert_eq!(field(&parts.headers, "etag"), Some(generated.clone()));
        assert_eq!(field(&parts.headers, "content-length").as_deref(), Some("5"));
        assert_eq!(field(&parts.headers, "content-type").as_deref(), Some("text/plain"));
    }
    #[rustfmt::skip]
    let rows: [(Fields<'_>, u16); 5] = [
        (&[("if-none-match", &generated)], 304),
        (&[("if-none-match", "\"e\"")],    200),
        (&[("if-match", &generated)],      200),
        (&[("if-match", "\"e\"")],         412),
        // RFC 9110 §14.2: Range is ignored for HEAD.
        (&[("range", "bytes=1-")],         200),
    ];
    for (fields, expected) in rows {
        let responses = send_twice(&service, &request("HEAD", "/", fields));
        assert_eq!(codes(&responses), [expected; 2], "{fields:?}");
        assert!(responses.iter().all(|(_, body)| body.is_empty()), "{fields:?}");
    }
    let ranges = service_fn(|request: Request<()>| {
        assert_eq!((request.method().as_str(), request.headers().contains_key("range")), ("GET", false));
        ready(Ok(full(200, &[], "seven")))
    });
    let part = request("HEAD", "/", &[("range", "bytes=1-"), ("if-range", "\"e\"")]);
    assert_eq!(codes(&send_twice(&on().head_as_get().layer(ranges), &part)), [200; 2]);
}

/// RFC 9110 §9.3.2.
#[test]
fn responses_of_the_layer_to_head_have_no_body() {
    let stale = [("if-match", "\"e\"")];
    let tagged = ConditionalLayer::new().layer(handler(200, &[("etag", "\"h\"")]));
    let refused = ConditionalLayer::new().require_preconditions_for([http::Method::HEAD]).layer(handler(200, &[]));
    let failed = ConditionalLayer::new().validators(source(Some(&[("etag", "\"h\"")]))).layer(handler(200, &[]));
    for (expected, responses) in [
        (412, send_twice(&tagged, &request("HEAD", "/", &stale))),
        (428, send_twice(&refused, &request("HEAD", "/", &[]))),
        (412, send_twice(&failed, &request("HEAD", "/", &stale))),
    ] {
        for (parts, body) in responses {
            assert_eq!((parts.status.as_u16(), body.len()), (expected, 0));
            let length: u64 = field(&parts.headers, "content-length").unwrap().parse().unwrap();
            assert!(length > 0, "the length of GET's");
        }
    }
    // The handler does not run, so the length of the 200 is not known.
    let same = ConditionalLayer::new().validators(source(Some(&[("etag", "\"h\"")]))).layer(handler(200, &[]));
    for (parts, _) in send_twice(&same, &request("HEAD", "/", &[("if-none-match", "\"h\"")])) {
        assert_eq!((parts.status.as_u16(), field(&parts.headers, "content-length")), (304, None));
    }
}
