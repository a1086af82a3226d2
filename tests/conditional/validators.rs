//! `Validators`, read from a response and written to one, and `http_date`.

use std::time::{Duration, SystemTime};

use http::{HeaderValue, Method};
use tower_status::Verdict::{NotModified, Proceed};
use tower_status::{ETag, Validators, conditional::http_date, evaluate, range_applies};

use crate::precondition::{Lines, MODIFIED, Result, fields};

#[test]
fn validators_of_a_response() -> Result {
    let second = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    #[rustfmt::skip]
    let table: &[(Lines, Option<&str>, Option<SystemTime>)] = &[
        (&[],                                                       None,              None),
        (&[("etag", b"\"a\""), ("last-modified", MODIFIED.as_bytes())], Some("\"a\""),  Some(second(784_111_777))),
        (&[("etag", b" W/\"a\" ")],                                 Some("W/\"a\""),   None),
        (&[("etag", b"a"), ("last-modified", b"now")],              None,              None),
        (&[("etag", b"\"a\""), ("etag", b"\"a\"")],                 None,              None),
        (&[("etag", b"\"a\", \"b\"")],                              None,              None),
        (&[("last-modified", MODIFIED.as_bytes()), ("last-modified", MODIFIED.as_bytes())], None, None),
        (&[("last-modified", b"Thu Jan  1 00:00:59 1970")],         None,              Some(second(59))),
        (&[("last-modified", b"Thu Jan  1 00:00:60 1970")],         None,              Some(second(60))),
    ];
    for (lines, etag, modified) in table {
        let found = Validators::from_headers(&fields(lines)?);
        assert_eq!(found.etag().map(ToString::to_string).as_deref(), *etag, "{lines:?}");
        assert_eq!(found.last_modified(), *modified, "{lines:?}");
        assert!(found.fields().is_empty());
    }
    Ok(())
}

/// HTTP dates have a resolution of one second: changes within a second have the same date, also before 1970.
#[test]
fn times_are_cut_to_the_second() -> Result {
    let epoch = SystemTime::UNIX_EPOCH;
    let nanoseconds = Duration::from_nanos;
    #[rustfmt::skip]
    let table = [
        (epoch + nanoseconds(999_999_999),   "Thu, 01 Jan 1970 00:00:00 GMT", NotModified),
        (epoch + nanoseconds(1_000_000_000), "Thu, 01 Jan 1970 00:00:00 GMT", Proceed),
        (epoch - nanoseconds(1),             "Wed, 31 Dec 1969 23:59:59 GMT", NotModified),
        (epoch - nanoseconds(1),             "Wed, 31 Dec 1969 23:59:58 GMT", Proceed),
        (epoch - nanoseconds(1_000_000_001), "Wed, 31 Dec 1969 23:59:58 GMT", NotModified),
    ];
    for (time, since, expected) in table {
        let current = Validators::new().with_last_modified(time);
        let request = fields(&[("if-modified-since", since.as_bytes())])?;
        assert_eq!(evaluate(&Method::GET, &request, Some(&current)), expected, "{time:?} {since}");
    }
    assert_eq!(
        Validators::new().with_last_modified(epoch - nanoseconds(1)).last_modified(),
        epoch.checked_sub(Duration::from_secs(1))
    );
    // Times far beyond the range of HTTP dates.
    for seconds in [253_402_300_800, 1 << 40, 1 << 60] {
        for time in [epoch.checked_add(Duration::from_secs(seconds)), epoch.checked_sub(Duration::from_secs(seconds))] {
            let Some(time) = time else { continue };
            let current = Validators::new().with_last_modified(time);
            let request = fields(&[("if-modified-since", MODIFIED.as_bytes()), ("if-range", MODIFIED.as_bytes())])?;
            let expected = if time > epoch { Proceed } else { NotModified };
            assert_eq!(evaluate(&Method::GET, &request, Some(&current)), expected);
            assert!(!range_applies(&request, &current));
            assert_eq!(current.last_modified(), Some(time));
        }
    }
    Ok(())
}

#[test]
fn fields_of_a_304() {
    let validators = Validators::new()
        .with_field("vary", "accept")
        .with_field(http::header::VARY, HeaderValue::from_static("origin"))
        .with_field(String::from("Cache-Control"), String::from("no-cache"))
        .with_field("not a name", "x")
        .with_field("x-broken", "a\nb");
    let printed: Vec<_> = validators.fields().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(printed, [("vary", &b"accept"[..]), ("vary", b"origin"), ("cache-control", b"no-cache")]);
}

#[test]
fn validators_are_written_to_a_response() -> Result {
    let second = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let fields = |validators: &Validators| {
        let mut response = fields(&[("etag", b"\"old\""), ("last-modified", b"old"), ("vary", b"origin")])?;
        validators.write_to(&mut response);
        let lines = |name| {
            response.get_all(name).iter().map(|value| value.to_str()).collect::<std::result::Result<Vec<_>, _>>()
        };
        let lines = [lines("etag")?, lines("last-modified")?, lines("vary")?, lines("cache-control")?];
        Ok::<_, Box<dyn std::error::Error>>(lines.map(|lines| lines.join(" | ")))
    };
    let all = Validators::new()
        .with_etag(ETag::weak("v1")?)
        .with_last_modified(second(784_111_777))
        .with_field("vary", "accept")
        .with_field("cache-control", "no-cache");
    assert_eq!(fields(&all)?, ["W/\"v1\"", MODIFIED, "origin | accept", "no-cache"]);
    assert_eq!(fields(&Validators::new())?, ["\"old\"", "old", "origin", ""]);
    // Never later than now (RFC 9110 §8.8.2.1); HTTP has no date before 1970.
    let now = SystemTime::now();
    let future = fields(&Validators::new().with_last_modified(now + Duration::from_secs(86_400)))?;
    assert!(httpdate::parse_http_date(&future[1])? <= SystemTime::now(), "{future:?}");
    assert_eq!(fields(&Validators::new().with_last_modified(second(0) - Duration::from_secs(1)))?[1], "old");
    Ok(())
}

/// `httpdate` parses what it prints.
#[test]
fn http_date_prints_each_time_and_clamps_to_1970_and_9999() -> Result {
    let epoch = SystemTime::UNIX_EPOCH;
    let last = epoch + Duration::from_secs(253_402_300_799);
    for seconds in (0..=253_402_300_799).step_by(7_654_321_987) {
        let time = epoch + Duration::from_secs(seconds);
        assert_eq!(httpdate::parse_http_date(http_date(time).to_str()?)?, time);
    }
    #[rustfmt::skip]
    let rows = [
        (epoch - Duration::from_secs(1),       "Thu, 01 Jan 1970 00:00:00 GMT"),
        (epoch + Duration::from_millis(1_999), "Thu, 01 Jan 1970 00:00:01 GMT"),
        (last,                                 "Fri, 31 Dec 9999 23:59:59 GMT"),
        (last + Duration::from_secs(1),        "Fri, 31 Dec 9999 23:59:59 GMT"),
        (last + Duration::from_secs(1 << 40),  "Fri, 31 Dec 9999 23:59:59 GMT"),
    ];
    for (time, expected) in rows {
        assert_eq!(http_date(time), expected);
    }
    Ok(())
}
