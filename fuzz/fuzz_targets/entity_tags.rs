//! Entity tags, and lists of them in If-Match and If-None-Match, compared with a naive evaluation.
//!
//! The first line is the current tag; each further line is a field line.
#![no_main]

use http::{HeaderMap, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use tower_status::{ETag, Validators, evaluate};
use tower_status_fuzz::{latin1, preconditions};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let Some(first) = lines.next() else { return };
    let lines: Vec<_> = lines.collect();

    let response = HeaderMap::from_iter([(header::ETAG, first.clone())]);
    let tag = ETag::try_from(&first).ok();
    assert_eq!(tag.is_some(), preconditions::etag(&response).is_some(), "{first:?}");
    if let Some(tag) = &tag {
        let sent = HeaderValue::from(tag);
        assert_eq!(ETag::parse(sent.as_bytes()).as_ref(), Ok(tag));
        assert_eq!(latin1(sent.as_bytes()), preconditions::etag(&response).unwrap_or_default());
        assert_eq!(tag.is_weak(), sent.as_bytes().starts_with(b"W/"));
        assert!(tag.weak_eq(tag) && tag.strong_eq(tag) != tag.is_weak());
        let text = tag.to_string();
        let opaque = text.trim_start_matches("W/").trim_matches('"');
        if sent.to_str().is_ok() {
            let again = if tag.is_weak() { ETag::weak(opaque) } else { ETag::strong(opaque) };
            assert_eq!(again.as_ref(), Ok(tag));
        }
        for line in &lines {
            let Ok(other) = ETag::try_from(line) else { continue };
            assert_eq!(tag.strong_eq(&other), !tag.is_weak() && *tag == other);
            let strong = |tag: &ETag| HeaderValue::from(tag).as_bytes().to_vec();
            let opaque = |tag: &ETag| strong(tag).strip_prefix(b"W/").map_or(strong(tag), <[u8]>::to_vec);
            assert_eq!(tag.weak_eq(&other), opaque(tag) == opaque(&other));
        }
    }

    let current = Validators::from_headers(&response);
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        let mut request = HeaderMap::new();
        for line in &lines {
            request.append(&name, line.clone());
        }
        for method in [Method::GET, Method::PUT] {
            for (current, headers) in [(Some(&current), Some(&response)), (None, None)] {
                let expected = preconditions::verdict(&method, &request, headers);
                assert_eq!(evaluate(&method, &request, current), expected, "{method} {request:?} {response:?}");
            }
        }
    }
});
