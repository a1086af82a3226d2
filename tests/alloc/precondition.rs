//! Preconditions are evaluated without an allocation, however long the lists are.

use std::hint::black_box;

use allocation_counter::measure;
use http::header::{ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tower_status::{ETag, Validators, Verdict, evaluate, range_applies};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const WEEKLY: &str = "Sunday, 06-Nov-94 08:49:37 GMT";

/// Returns the allocations of `work`; the first call, which may initialize statics, is not counted.
fn allocations<T>(work: impl Fn() -> T) -> u64 {
    drop(work());
    measure(|| drop(black_box(work()))).count_total
}

/// Returns 1,000 tags in eight lines, the last of which is `last`.
fn thousand(name: &HeaderName, last: &str) -> std::result::Result<HeaderMap, http::header::InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    for line in 0..8 {
        let tags: Vec<String> = (0..125).map(|tag| format!("\"{line}-{tag}\"")).collect();
        let line = if line == 7 { format!("{}, {last}", tags.join(", ")) } else { tags.join(",") };
        headers.append(name, HeaderValue::try_from(line)?);
    }
    Ok(headers)
}

#[test]
fn nothing_is_allocated() -> Result {
    let mut response = HeaderMap::new();
    response.insert(ETAG, HeaderValue::from_static("\"v7\""));
    response.insert(LAST_MODIFIED, HeaderValue::from_static(DATE));
    let current = Validators::from_headers(&response);
    let none = HeaderMap::new();

    for (name, verdict) in [(IF_MATCH, Verdict::Proceed), (IF_NONE_MATCH, Verdict::NotModified)] {
        let request = thousand(&name, "\"v7\"")?;
        assert_eq!(evaluate(&Method::GET, &request, Some(&current)), verdict);
        assert_eq!(allocations(|| evaluate(&Method::GET, &request, Some(&current))), 0, "{name}");
    }
    for name in [IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE] {
        for value in [DATE, WEEKLY, "Sun Nov  6 08:49:37 1994", "W/\"v7\"", "garbage", ""] {
            let request = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            assert_eq!(allocations(|| evaluate(&Method::GET, &request, Some(&current))), 0, "{name} {value}");
            assert_eq!(allocations(|| range_applies(&request, &current)), 0, "{name} {value}");
        }
    }
    assert_eq!(allocations(|| evaluate(&Method::GET, &none, Some(&current))), 0);
    assert_eq!(allocations(|| Validators::from_headers(&response)), 0);
    assert_eq!(allocations(|| ETag::of_bytes(b"one field value")), 1);
    Ok(())
}
