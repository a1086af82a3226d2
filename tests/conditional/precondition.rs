//! The preconditions of RFC 9110 §13: one table for each field, and every combination compared with a naive evaluator.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tower_status::Verdict::{NotModified, PreconditionFailed, Proceed};
use tower_status::{ETag, Validators, Verdict, evaluate, range_applies};

use crate::naive::{self, Representation};

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
pub(crate) const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

const EMPTY: Representation = Representation { etag: None, modified: None };
const STRONG: Representation = Representation { etag: Some("\"a\""), modified: None };
const WEAK: Representation = Representation { etag: Some("W/\"a\""), modified: None };
const DATED: Representation = Representation { etag: None, modified: Some(MODIFIED) };
const AHEAD: Representation = Representation { etag: None, modified: Some("Fri, 31 Dec 9999 23:59:59 GMT") };
const BOTH: Representation = Representation { etag: Some("\"a\""), modified: Some(MODIFIED) };

pub(crate) type Lines<'a> = &'a [(&'a str, &'a [u8])];

pub(crate) fn fields(lines: Lines) -> Result<HeaderMap> {
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
    struct Row<'a> {
        lines: &'a [&'a [u8]],
        current: Representation<'a>,
        applies: bool,
    }
    let rows: &[Row] = &[
        Row { lines: &[], current: EMPTY, applies: true },
        Row { lines: &[], current: BOTH, applies: true },
        Row { lines: &[b"\"a\""], current: STRONG, applies: true },
        Row { lines: &[b" \"a\" "], current: STRONG, applies: true },
        Row { lines: &[b"\"b\""], current: STRONG, applies: false },
        Row { lines: &[b"W/\"a\""], current: STRONG, applies: false },
        Row { lines: &[b"\"a\""], current: WEAK, applies: false },
        Row { lines: &[b"W/\"a\""], current: WEAK, applies: false },
        Row { lines: &[b"\"a\""], current: DATED, applies: false },
        Row { lines: &[b"\"a\""], current: EMPTY, applies: false },
        Row { lines: &[b"*"], current: STRONG, applies: false },
        Row { lines: &[b""], current: STRONG, applies: false },
        Row { lines: &[b"a"], current: STRONG, applies: false },
        Row { lines: &[b"\"a\", \"b\""], current: STRONG, applies: false },
        Row { lines: &[b"\"a\"", b"\"a\""], current: STRONG, applies: false },
        Row { lines: &[b"\"a\"", b""], current: STRONG, applies: false },
        Row { lines: &[date], current: DATED, applies: true },
        Row { lines: &[date], current: BOTH, applies: true },
        Row { lines: &[b"Sun Nov  6 08:49:37 1994"], current: DATED, applies: true },
        Row { lines: &[earlier], current: DATED, applies: false },
        Row { lines: &[later], current: DATED, applies: false },
        Row { lines: &[date], current: STRONG, applies: false },
        Row { lines: &[date], current: EMPTY, applies: false },
        Row { lines: &[date, date], current: DATED, applies: false },
        Row { lines: &[b"Sun, 06 Nov 1994 08:49:37"], current: DATED, applies: false },
        // The second is not over yet, so the date is not a strong validator (§8.8.2.2).
        Row { lines: &[b"Fri, 31 Dec 9999 23:59:59 GMT"], current: AHEAD, applies: false },
    ];
    for Row { lines, current, applies } in rows {
        let lines: Vec<_> = lines.iter().map(|value| ("if-range", *value)).collect();
        assert_eq!(range_applies(&fields(&lines)?, &validators(*current)?), *applies, "{lines:?} {current:?}");
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
