//! The preconditions of RFC 9110 §13: one table for each field, and every combination compared with a naive evaluator.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tower_status::Verdict::{NotModified, PreconditionFailed, Proceed};
use tower_status::{ETag, Validators, Verdict, conditional::http_date, evaluate, range_applies};

use crate::naive::{self, Representation};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

const EMPTY: Representation = Representation { etag: None, modified: None };
const STRONG: Representation = Representation { etag: Some("\"a\""), modified: None };
const WEAK: Representation = Representation { etag: Some("W/\"a\""), modified: None };
const DATED: Representation = Representation { etag: None, modified: Some(MODIFIED) };
const AHEAD: Representation = Representation { etag: None, modified: Some("Fri, 31 Dec 9999 23:59:59 GMT") };
const BOTH: Representation = Representation { etag: Some("\"a\""), modified: Some(MODIFIED) };

type Lines<'a> = &'a [(&'a str, &'a [u8])];

fn fields(lines: Lines) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::try_from(*name)?, HeaderValue::from_bytes(value)?);
    }
    Ok(headers)
}

fn validators(current: Representation) -> Result<Validators> {
    let lines = [("etag", current.etag), ("last-modified", current.modified)];
    let lines: Vec<_> = lines.iter().filter_map(|(name, value)| Some((*name, (*value)?.as_bytes()))).collect();
    Ok(Validators::from_headers(&fields(&lines)?))
}

fn verdict(method: &Method, lines: Lines, current: Option<Representation>) -> Result<Verdict> {
    let current = current.map(validators).transpose()?;
    Ok(evaluate(method, &fields(lines)?, current.as_ref()))
}

/// The lines of one field, the representation, and the verdicts on a GET and on a PUT.
type Row<'a> = (&'a [&'a [u8]], Option<Representation<'a>>, Verdict, Verdict);

fn check(name: &str, table: &[Row]) -> Result {
    for (values, current, get, put) in table {
        let lines: Vec<_> = values.iter().map(|value| (name, *value)).collect();
        let methods =
            [(Method::GET, get), (Method::HEAD, get), (Method::QUERY, get), (Method::PUT, put), (Method::DELETE, put)];
        for (method, expected) in methods {
            let values: Vec<_> = values.iter().map(|value| value.escape_ascii().to_string()).collect();
            assert_eq!(verdict(&method, &lines, *current)?, *expected, "{method} {name}: {values:?}, {current:?}");
        }
    }
    Ok(())
}

/// RFC 9110 §13.1.1
#[test]
#[rustfmt::skip]
fn if_match() -> Result {
    const NO: Verdict = PreconditionFailed;
    check("if-match", &[
        (&[b"*"],                     None,         NO, NO),
        (&[b"*"],                     Some(EMPTY),  Proceed, Proceed),
        (&[b"*"],                     Some(STRONG), Proceed, Proceed),
        (&[b" *\t"],                  Some(EMPTY),  Proceed, Proceed),
        (&[b"\"a\""],                 None,         NO, NO),
        (&[b"\"a\""],                 Some(EMPTY),  NO, NO),
        (&[b"\"a\""],                 Some(DATED),  NO, NO),
        (&[b"\"a\""],                 Some(STRONG), Proceed, Proceed),
        (&[b"\"a\""],                 Some(BOTH),   Proceed, Proceed),
        (&[b"\"a\""],                 Some(WEAK),   NO, NO),
        (&[b"W/\"a\""],               Some(STRONG), NO, NO),
        (&[b"W/\"a\""],               Some(WEAK),   NO, NO),
        (&[b"\"b\""],                 Some(STRONG), NO, NO),
        (&[b"\"b\", \"a\""],          Some(STRONG), Proceed, Proceed),
        (&[b"\"b\"", b"\"a\""],       Some(STRONG), Proceed, Proceed),
        (&[b"\"b\"", b"\"c\""],       Some(STRONG), NO, NO),
        (&[b",,\"a\",,"],             Some(STRONG), Proceed, Proceed),
        // Present, but without a member: nothing is listed, so nothing matches.
        (&[b""],                      Some(STRONG), NO, NO),
        (&[b", ,"],                   Some(STRONG), NO, NO),
        // An invalid member matches nothing; a valid one beside it counts.
        (&[b"a"],                     Some(STRONG), NO, NO),
        (&[b"\"a"],                   Some(STRONG), NO, NO),
        (&[b"w/\"a\""],               Some(STRONG), NO, NO),
        (&[b"\"a\"b"],                Some(STRONG), NO, NO),
        (&[b"\"x y\", \"a\""],        Some(STRONG), Proceed, Proceed),
        (&[b"\"x", b"\"a\""],         Some(STRONG), Proceed, Proceed),
        (&[b"\"x , \"a\", y\""],      Some(STRONG), NO, NO),
        (&[b"*, \"b\""],              Some(STRONG), NO, NO),
        (&[b"*, \"a\""],              Some(STRONG), Proceed, Proceed),
        (&[b"*", b"*"],               Some(STRONG), NO, NO),
        (&[b"\"*\""],                 Some(STRONG), NO, NO),
    ])
}

/// RFC 9110 §13.1.2
#[test]
#[rustfmt::skip]
fn if_none_match() -> Result {
    const SAME: Verdict = NotModified;
    const NO: Verdict = PreconditionFailed;
    check("if-none-match", &[
        (&[b"*"],                     None,         Proceed, Proceed),
        (&[b"*"],                     Some(EMPTY),  SAME, NO),
        (&[b"*"],                     Some(STRONG), SAME, NO),
        (&[b"\"a\""],                 None,         Proceed, Proceed),
        (&[b"\"a\""],                 Some(EMPTY),  Proceed, Proceed),
        (&[b"\"a\""],                 Some(DATED),  Proceed, Proceed),
        (&[b"\"a\""],                 Some(STRONG), SAME, NO),
        (&[b"\"a\""],                 Some(WEAK),   SAME, NO),
        (&[b"W/\"a\""],               Some(STRONG), SAME, NO),
        (&[b"W/\"a\""],               Some(WEAK),   SAME, NO),
        (&[b"\"b\""],                 Some(STRONG), Proceed, Proceed),
        (&[b"\"b\",W/\"a\""],         Some(STRONG), SAME, NO),
        (&[b"\"b\"", b"\"a\""],       Some(STRONG), SAME, NO),
        (&[b""],                      Some(STRONG), Proceed, Proceed),
        (&[b"a"],                     Some(STRONG), Proceed, Proceed),
        (&[b"w/\"a\""],               Some(STRONG), Proceed, Proceed),
        (&[b"nonsense, \"a\""],       Some(STRONG), SAME, NO),
        (&[b"*, \"b\""],              Some(STRONG), Proceed, Proceed),
        (&[b"*", b"*"],               Some(STRONG), Proceed, Proceed),
    ])
}

/// RFC 9110 §13.1.3: GET and HEAD only.
#[test]
#[rustfmt::skip]
fn if_modified_since() -> Result {
    check("if-modified-since", &[
        (&[EARLIER.as_bytes()],                      Some(DATED),  Proceed,     Proceed),
        (&[MODIFIED.as_bytes()],                     Some(DATED),  NotModified, Proceed),
        (&[LATER.as_bytes()],                        Some(DATED),  NotModified, Proceed),
        (&[LATER.as_bytes()],                        Some(STRONG), Proceed,     Proceed),
        (&[LATER.as_bytes()],                        Some(EMPTY),  Proceed,     Proceed),
        (&[LATER.as_bytes()],                        None,         Proceed,     Proceed),
        (&[b" Sun, 06 Nov 1994 08:49:37 GMT\t"],     Some(DATED),  NotModified, Proceed),
        // The verdict is the same in either century of the two digits.
        (&[b"Sunday, 06-Nov-94 08:49:37 GMT"],       Some(DATED),  NotModified, Proceed),
        (&[b"Sun Nov  6 08:49:37 1994"],             Some(DATED),  NotModified, Proceed),
        (&[b"Sun Nov  6 08:49:36 1994"],             Some(DATED),  Proceed,     Proceed),
        (&[b"Sun, 06 Nov 1994 08:49:60 GMT"],        Some(DATED),  NotModified, Proceed),
        (&[b"Wed, 31 Dec 1969 23:59:59 GMT"],        Some(DATED),  Proceed,     Proceed),
        // Several members, or no date: ignored.
        (&[LATER.as_bytes(), LATER.as_bytes()],      Some(DATED),  Proceed,     Proceed),
        (&[LATER.as_bytes(), b""],                   Some(DATED),  Proceed,     Proceed),
        (&[b"Sun, 06 Nov 1994 08:49:38 GMT, Sun, 06 Nov 1994 08:49:38 GMT"], Some(DATED), Proceed, Proceed),
        (&[b"Sun, 31 Nov 1994 08:49:38 GMT"],        Some(DATED),  Proceed,     Proceed),
        (&[b"\xe4"],                                 Some(DATED),  Proceed,     Proceed),
        (&[b"*"],                                    Some(DATED),  Proceed,     Proceed),
        (&[b""],                                     Some(DATED),  Proceed,     Proceed),
    ])
}

/// RFC 9110 §13.1.4
#[test]
#[rustfmt::skip]
fn if_unmodified_since() -> Result {
    const NO: Verdict = PreconditionFailed;
    check("if-unmodified-since", &[
        (&[EARLIER.as_bytes()],                      Some(DATED),  NO,      NO),
        (&[MODIFIED.as_bytes()],                     Some(DATED),  Proceed, Proceed),
        (&[LATER.as_bytes()],                        Some(DATED),  Proceed, Proceed),
        (&[EARLIER.as_bytes()],                      Some(STRONG), Proceed, Proceed),
        (&[EARLIER.as_bytes()],                      Some(EMPTY),  Proceed, Proceed),
        (&[EARLIER.as_bytes()],                      None,         Proceed, Proceed),
        (&[b"Sun Nov  6 08:49:36 1994"],             Some(DATED),  NO,      NO),
        (&[b"Mon, 06 Nov 1994 08:49:36 GMT"],        Some(DATED),  NO,      NO),
        (&[b"Wed, 31 Dec 1969 23:59:60 GMT"],        Some(DATED),  NO,      NO),
        (&[b"Mon, 01 Jan 0001 00:00:00 GMT"],        Some(DATED),  NO,      NO),
        (&[EARLIER.as_bytes(), EARLIER.as_bytes()],  Some(DATED),  Proceed, Proceed),
        (&[b"Sun, 06 Nov 1994 08:49:36 gmt"],        Some(DATED),  Proceed, Proceed),
        (&[b"yesterday"],                            Some(DATED),  Proceed, Proceed),
    ])
}

/// RFC 9110 §13.2.1 and §13.2.2: several fields together, other methods, and ranges.
#[test]
#[rustfmt::skip]
fn fields_together() -> Result {
    let (range, old, new) = (b"bytes=0-1".as_slice(), EARLIER.as_bytes(), LATER.as_bytes());
    let table: &[(Method, Lines, Verdict)] = &[
        // A date is ignored beside a list of tags, whatever the result of the list.
        (Method::GET,  &[("if-none-match", b"\"b\""), ("if-modified-since", new)],   Proceed),
        (Method::GET,  &[("if-none-match", b"broken"), ("if-modified-since", new)],  Proceed),
        (Method::GET,  &[("if-none-match", b""), ("if-modified-since", new)],        Proceed),
        (Method::PUT,  &[("if-match", b"\"a\""), ("if-unmodified-since", old)],      Proceed),
        (Method::PUT,  &[("if-match", b"*"), ("if-unmodified-since", old)],          Proceed),
        (Method::PUT,  &[("if-match", b"broken"), ("if-unmodified-since", new)],     PreconditionFailed),
        // The first pair comes first, and both must hold.
        (Method::GET,  &[("if-match", b"\"b\""), ("if-none-match", b"\"a\"")],       PreconditionFailed),
        (Method::GET,  &[("if-match", b"\"a\""), ("if-none-match", b"\"a\"")],       NotModified),
        (Method::GET,  &[("if-match", b"\"a\""), ("if-modified-since", new)],        NotModified),
        (Method::GET,  &[("if-unmodified-since", new), ("if-modified-since", new)],  NotModified),
        (Method::PUT,  &[("if-unmodified-since", new), ("if-none-match", b"*")],     PreconditionFailed),
        // A 304 takes precedence over a range, with and without If-Range.
        (Method::GET,  &[("range", range), ("if-none-match", b"\"a\"")],             NotModified),
        (Method::GET,  &[("range", range), ("if-range", b"\"b\""), ("if-modified-since", new)], NotModified),
        (Method::GET,  &[("range", range), ("if-range", b"\"b\"")],                  Proceed),
        (Method::POST, &[("if-none-match", b"\"a\"")],                               PreconditionFailed),
        (Method::GET,  &[],                                                          Proceed),
    ];
    for (method, lines, expected) in table {
        assert_eq!(verdict(method, lines, Some(BOTH))?, *expected, "{method} {lines:?}");
    }
    for method in [Method::CONNECT, Method::OPTIONS, Method::TRACE] {
        assert_eq!(verdict(&method, &[("if-match", b"\"b\""), ("if-none-match", b"*")], Some(BOTH))?, Proceed);
    }
    Ok(())
}

/// Obs-text is valid in a tag, even if it is not UTF-8.
#[test]
fn obs_text() -> Result {
    let current = Validators::new().with_etag(ETag::strong(b"\xe4,\xff")?);
    for (value, expected) in [(&b"\"\xe4\", \"\xe4,\xff\""[..], NotModified), (b"\"\xe4,\xfe\"", Proceed)] {
        assert_eq!(evaluate(&Method::GET, &fields(&[("if-none-match", value)])?, Some(&current)), expected);
    }
    Ok(())
}

/// RFC 9110 §13.1.5
#[test]
#[rustfmt::skip]
fn if_range() -> Result {
    let (date, earlier, later) = (MODIFIED.as_bytes(), EARLIER.as_bytes(), LATER.as_bytes());
    let table: &[(&[&[u8]], Representation, bool)] = &[
        (&[],                                        EMPTY,  true),
        (&[],                                        BOTH,   true),
        (&[b"\"a\""],                                STRONG, true),
        (&[b" \"a\" "],                              STRONG, true),
        (&[b"\"b\""],                                STRONG, false),
        (&[b"W/\"a\""],                              STRONG, false),
        (&[b"\"a\""],                                WEAK,   false),
        (&[b"W/\"a\""],                              WEAK,   false),
        (&[b"\"a\""],                                DATED,  false),
        (&[b"\"a\""],                                EMPTY,  false),
        (&[b"*"],                                    STRONG, false),
        (&[b""],                                     STRONG, false),
        (&[b"a"],                                    STRONG, false),
        (&[b"\"a\", \"b\""],                         STRONG, false),
        (&[b"\"a\"", b"\"a\""],                      STRONG, false),
        (&[b"\"a\"", b""],                           STRONG, false),
        (&[date],                                    DATED,  true),
        (&[date],                                    BOTH,   true),
        (&[b"Sun Nov  6 08:49:37 1994"],             DATED,  true),
        (&[earlier],                                 DATED,  false),
        (&[later],                                   DATED,  false),
        (&[date],                                    STRONG, false),
        (&[date],                                    EMPTY,  false),
        (&[date, date],                              DATED,  false),
        (&[b"Sun, 06 Nov 1994 08:49:37"],            DATED,  false),
        // The second is not over yet, so the date is not a strong validator (§8.8.2.2).
        (&[b"Fri, 31 Dec 9999 23:59:59 GMT"],        AHEAD,  false),
    ];
    for (values, current, expected) in table {
        let lines: Vec<_> = values.iter().map(|value| ("if-range", *value)).collect();
        assert_eq!(range_applies(&fields(&lines)?, &validators(*current)?), *expected, "{lines:?} {current:?}");
    }
    Ok(())
}

/// Parses with `httpdate`, which the crate uses only to print.
fn read(text: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(text).ok()?;
    i64::try_from(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// Every combination of the four fields, compared with the naive evaluator.
#[test]
#[rustfmt::skip]
fn every_combination() -> Result {
    const LISTS: [&[&str]; 9] = [
        &[], &["*"], &["\"a\""], &["W/\"a\""], &["\"b\""], &["\"a"], &["*, \"b\""], &["\"b\"", "\"a\""], &[""],
    ];
    const DATES: [&[&str]; 8] = [
        &[], &["*"], &[MODIFIED], &[EARLIER], &[LATER], &["\"a"], &[LATER, LATER], &["Sun Nov  6 08:49:36 1994"],
    ];
    const WEAK_AND_DATED: Representation = Representation { etag: Some("W/\"a\""), modified: Some(MODIFIED) };
    const CURRENT: [Option<Representation>; 7] = [
        None, Some(EMPTY), Some(STRONG), Some(WEAK), Some(DATED), Some(BOTH), Some(WEAK_AND_DATED),
    ];
    let methods = [
        Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::POST, Method::PATCH,
        Method::CONNECT, Method::TRACE, Method::from_bytes(b"get")?, Method::QUERY,
    ];
    let mut seen = [0_u32; 3];
    for (a, b) in LISTS.iter().flat_map(|a| LISTS.iter().map(move |b| (a, b))) {
        for (c, d) in DATES.iter().flat_map(|c| DATES.iter().map(move |d| (c, d))) {
            let names = [("if-match", *a), ("if-none-match", *b), ("if-modified-since", *c), ("if-unmodified-since", *d)];
            let lines: Vec<_> = names.iter().flat_map(|(name, values)| values.iter().map(move |value| (*name, *value))).collect();
            let request = fields(&lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect::<Vec<_>>())?;
            for current in CURRENT {
                let known = current.map(validators).transpose()?;
                for method in &methods {
                    let (place, status) = match evaluate(method, &request, known.as_ref()) {
                        Proceed => (0, 200),
                        NotModified => (1, 304),
                        PreconditionFailed => (2, 412),
                        other => return Err(format!("{other:?}").into()),
                    };
                    assert_eq!(status, naive::status(method.as_str(), &lines, current, read), "{method} {lines:?} {current:?}");
                    if let Some(count) = seen.get_mut(place) { *count += 1; }
                }
            }
        }
    }
    assert_eq!(seen.iter().sum::<u32>(), 9 * 9 * 8 * 8 * 7 * 11);
    assert!(seen.iter().all(|count| *count > 1_000), "{seen:?}");
    Ok(())
}

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
