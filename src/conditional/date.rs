//! HTTP-date (RFC 9110 §5.6.7) as seconds since 1970.
//!
//! `httpdate` prints here, but does not read: it refuses second 60, times before 1970 and a wrong day name, and takes
//! two-digit years for 1970 to 2069 for ever.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

const DAY: i64 = 86_400;
/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a date in any of the three formats (RFC 9110 §5.6.7); `now` is asked for only by a two-digit year.
///
/// The name of the day may be any of the seven: §5.6.7 wants robust recipients, and to ignore an
/// If-Unmodified-Since because of it would let a lost update through. Second 60 is the second after 59.
pub(crate) fn parse(value: &[u8], now: impl FnOnce() -> i64) -> Option<i64> {
    imf_fixdate(value).or_else(|| asctime(value)).or_else(|| rfc850(value, now))
}

/// Prints a date as IMF-fixdate; `None` before 1970 and after 9999, where `httpdate` panics.
pub(crate) fn print(seconds: i64) -> Option<HeaderValue> {
    let time = system_time(seconds).filter(|_| (0..=LAST).contains(&seconds))?;
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}

/// The clock, in whole seconds; one that stands before 1970 is not set.
pub(crate) fn now() -> i64 {
    seconds(SystemTime::now()).clamp(0, LAST)
}

/// The whole second that `time` lies in.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let started = before.as_secs().saturating_add(u64::from(before.subsec_nanos() > 0));
            i64::try_from(started).map_or(i64::MIN, |seconds| -seconds)
        }
    }
}

/// `None` where the platform's clock does not reach so far.
pub(crate) fn system_time(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, read at its fixed places: what nearly all clients send.
#[rustfmt::skip]
fn imf_fixdate(value: &[u8]) -> Option<i64> {
    let &[
        n1, n2, n3, b',', b' ', d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ',
        h1, h2, b':', i1, i2, b':', s1, s2, b' ', b'G', b'M', b'T',
    ] = value else { return None };
    let is_day = matches!(&[n1, n2, n3], b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun");
    let month = match &[m1, m2, m3] {
        b"Jan" => 1, b"Feb" => 2, b"Mar" => 3, b"Apr" => 4, b"May" => 5, b"Jun" => 6,
        b"Jul" => 7, b"Aug" => 8, b"Sep" => 9, b"Oct" => 10, b"Nov" => 11, b"Dec" => 12,
        _ => return None,
    };
    let mut valid = is_day;
    let mut two = |tens: u8, ones: u8| {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        valid &= tens <= 9 && ones <= 9;
        u32::from(tens) * 10 + u32::from(ones)
    };
    let (day, year, time) = (two(d1, d2), two(y1, y2) * 100 + two(y3, y4), [two(h1, h2), two(i1, i2), two(s1, s2)]);
    if valid { instant(year, month, day, time_of_day(time)?) } else { None }
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(value: &[u8], now: impl FnOnce() -> i64) -> Option<i64> {
    let mut text = Text(value);
    text.name(&LONG_DAYS)?;
    text.literal(", ")?;
    let day = text.number(2)?;
    text.literal("-")?;
    let month = text.name(&MONTHS)?;
    text.literal("-")?;
    let two_digits = text.number(2)?;
    text.literal(" ")?;
    let time = text.time_of_day()?;
    text.literal(" GMT")?;
    text.end()?;
    instant(full_year(two_digits, month, day, time, now())?, month, day, time)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(value: &[u8]) -> Option<i64> {
    let mut text = Text(value);
    text.name(&DAYS)?;
    text.literal(" ")?;
    let month = text.name(&MONTHS)?;
    text.literal(" ")?;
    let day = if text.literal(" ").is_some() { text.number(1)? } else { text.number(2)? };
    text.literal(" ")?;
    let time = text.time_of_day()?;
    text.literal(" ")?;
    let year = text.number(4)?;
    text.end()?;
    instant(year, month, day, time)
}

/// Of the years that end in these digits the last one that is not more than 50 years ahead (RFC 9110 §5.6.7).
fn full_year(two_digits: u32, month: u32, day: u32, time: u32, now: i64) -> Option<u32> {
    // The year of `now` is at most one off, by the mean length of a year: start where nothing can be too early.
    let latest = 1970 + u32::try_from(now / 31_556_952).ok()? + 51;
    let year = latest - (latest - two_digits) % 100;
    Some(if seconds_at(year - 50, month, day, time) > now { year - 100 } else { year })
}

/// 00:00:00 to 23:59:60, in seconds.
fn time_of_day([hour, minute, second]: [u32; 3]) -> Option<u32> {
    (hour <= 23 && minute <= 59 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `None` for a day that its month does not have.
fn instant(year: u32, month: u32, day: u32, time: u32) -> Option<i64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=length).contains(&day).then(|| seconds_at(year, month, day, time))
}

/// Seconds since 1970 in the Gregorian calendar.
fn seconds_at(year: u32, month: u32, day: u32, time: u32) -> i64 {
    // A year that begins in March has its leap day at the end. Counted from the year -400, all numbers are positive.
    let (year, month) = if month <= 2 { (year + 399, month + 9) } else { (year + 400, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (153 * month + 2) / 5 + day;
    (i64::from(days) - 865_566) * DAY + i64::from(time)
}

/// What is still to be read. Case counts (RFC 9110 §5.6.7).
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn literal(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal.as_bytes())?;
        Some(())
    }

    /// The place of the name in the list, from 1.
    fn name(&mut self, names: &[&str]) -> Option<u32> {
        (1..).zip(names).find_map(|(place, name)| self.literal(name).map(|()| place))
    }

    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    }

    fn time_of_day(&mut self) -> Option<u32> {
        let hour = self.number(2)?;
        self.literal(":")?;
        let minute = self.number(2)?;
        self.literal(":")?;
        time_of_day([hour, minute, self.number(2)?])
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-11-22 12:00:00. All numbers here are what GNU `date -u -d … +%s` prints.
    const NOW: i64 = 1_795_348_800;

    #[test]
    fn valid_dates() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Sun Nov 06 08:49:37 1994", 784_111_777),
            ("Tue Feb 29 00:00:00 2000", 951_782_400),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Mon Feb 29 12:00:00 1960", -310_478_400),
            ("Wed, 28 Feb 1900 00:00:00 GMT", -2_203_977_600),
            ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
            ("Fri, 31 Dec 9999 23:59:59 GMT", LAST),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648),
            ("Sat, 31 Dec 2016 23:59:59 GMT", 1_483_228_799),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Saturday, 31-Dec-16 23:59:60 GMT", 1_483_228_800),
            ("Sat Dec 31 23:59:60 2016", 1_483_228_800),
            // Not the day it was, but one of the seven.
            ("Mon, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ] {
            assert_eq!(parse(text.as_bytes(), || NOW), Some(expected), "{text}");
        }
    }

    #[test]
    fn two_digit_years_within_fifty_years() {
        for (text, now, expected) in [
            ("Monday, 22-Nov-76 12:00:00 GMT", NOW, 3_373_272_000), // 2076: exactly 50 years ahead
            ("Monday, 22-Nov-76 12:00:01 GMT", NOW, 217_512_001),   // 1976: a second more
            ("Thursday, 01-Jan-70 00:00:00 GMT", NOW, 3_155_760_000), // 2070
            ("Friday, 31-Dec-99 23:59:59 GMT", NOW, 946_684_799),   // 1999
            ("Thursday, 31-Dec-99 23:59:59 GMT", 4_102_444_800, 4_102_444_799), // 2099, seen from 2100
            ("Friday, 01-Jan-00 00:00:00 GMT", 4_102_444_799, 4_102_444_800), // 2100, seen from 2099
            ("Thursday, 01-Mar-74 00:00:00 GMT", 1_709_164_800, 131_328_000), // 1974, seen from a leap day
            ("Friday, 01-Jan-21 00:00:00 GMT", 31_536_000, 1_609_459_200), // 2021, seen from New Year 1971
            ("Sunday, 06-Nov-94 08:49:37 GMT", 0, 784_111_777),     // 1994, seen from 1970
        ] {
            assert_eq!(parse(text.as_bytes(), || now), Some(expected), "{text}");
        }
    }

    #[test]
    fn only_a_two_digit_year_asks_for_the_time() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sunday, 06-Nov-94", "", "now"] {
            parse(text.as_bytes(), || unreachable!("{text}"));
        }
    }

    #[test]
    fn invalid_dates() {
        for text in [
            "",
            "0",
            "784111777",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Xxx, 06 Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun,  6 Nov 1994 08:49:37 GMT",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 0: Nov 1994 08:49:37 GMT",
            "Sun, 0/ Nov 1994 08:49:37 GMT",
            "Thu, 31 Nov 1994 08:49:37 GMT",
            "Sun, 32 Jan 1994 08:49:37 GMT",
            "Tue, 29 Feb 1994 08:49:37 GMT",
            "Thu, 29 Feb 1900 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov   6 08:49:37 1994",
            "Sun Nov  0 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 08:49:37 1994 GMT",
        ] {
            assert_eq!(parse(text.as_bytes(), || NOW), None, "{text}");
        }
    }

    #[test]
    fn reads_what_is_printed() {
        for second in (0..=LAST).step_by(1_234_567) {
            let read = print(second).and_then(|text| parse(text.as_bytes(), || NOW));
            assert_eq!(read, Some(second));
        }
        assert_eq!([-1, LAST + 1, i64::MIN, i64::MAX].map(print), [None, None, None, None]);
        assert_eq!(print(LAST), Some(HeaderValue::from_static("Fri, 31 Dec 9999 23:59:59 GMT")));
    }

    #[test]
    fn a_time_is_cut_to_its_second() {
        for (nanoseconds, expected) in [(0, 0), (999_999_999, 0), (1_000_000_000, 1)] {
            assert_eq!(seconds(UNIX_EPOCH + Duration::from_nanos(nanoseconds)), expected);
        }
        for (nanoseconds, expected) in [(1, -1), (1_000_000_000, -1), (1_000_000_001, -2)] {
            assert_eq!(seconds(UNIX_EPOCH - Duration::from_nanos(nanoseconds)), expected);
        }
    }
}
