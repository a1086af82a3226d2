//! HTTP-dates in header fields, compared with the parser `dates`, which uses another calendar.
//!
//! One date in each line: the first is that of the representation, the others are the client's.
#![no_main]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use tower_status::{ETag, Preconditions, Validators, Verdict, evaluate, range_applies};
use tower_status_fuzz::{dates, latin1, preconditions};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let Some(first) = lines.next() else { return };
    let response = HeaderMap::from_iter([(header::LAST_MODIFIED, first.clone())]);
    let current = Validators::from_headers(&response);
    let date = dates::read(latin1(first.as_bytes()).trim_matches([' ', '\t']));
    assert_eq!(current.last_modified(), date.map(instant), "{first:?}");

    let names = [header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE, header::IF_RANGE];
    let mut all: [HeaderMap; 3] = Default::default();
    for line in lines.take(4) {
        for (all, name) in all.iter_mut().zip(&names) {
            check(&HeaderMap::from_iter([(name.clone(), line.clone())]), &current, &response);
            all.append(name, line.clone());
        }
    }
    for all in &all {
        check(all, &current, &response);
    }

    // The printed date is the same second, unless it is in the future or HTTP has no date for it.
    if let Some(seconds) = date {
        let current = Validators::new().with_last_modified(instant(seconds)).with_field("etag", "\"other\"");
        let request = condition(&header::IF_MODIFIED_SINCE, first);
        let Err(status) = Preconditions::new(&Method::GET, &request).check(Some(&current)) else {
            panic!("it was not modified since");
        };
        let sent = status.headers().get(header::LAST_MODIFIED);
        let printable = (0..=dates::now()).contains(&seconds);
        let read = sent.and_then(|value| dates::read(value.to_str().ok()?));
        assert!(if printable { read == Some(seconds) } else { seconds < 0 || read.is_some() }, "{sent:?} {seconds}");
        let tagged = current.with_etag(ETag::of_bytes(b""));
        assert_eq!(evaluate(&Method::GET, &request, Some(&tagged)), Verdict::NotModified);
    }
});

fn check(request: &HeaderMap, current: &Validators, response: &HeaderMap) {
    for method in [Method::GET, Method::PUT] {
        let expected = preconditions::verdict(&method, request, Some(response));
        assert_eq!(evaluate(&method, request, Some(current)), expected, "{method} {request:?} {response:?}");
    }
    let expected = preconditions::range_applies(request, response);
    assert_eq!(range_applies(request, current), expected, "{request:?} {response:?}");
}

fn condition(name: &HeaderName, value: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(name.clone(), value)])
}

fn instant(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}
