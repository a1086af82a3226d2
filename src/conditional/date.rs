//! HTTP-date (RFC 9110 §5.6.7) as seconds since 1970.
//!
//! The crate `httpdate` prints dates here, but does not parse them: it rejects second 60, times before 1970 and a wrong
//! day name, and always maps two-digit years to 1970–2069.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

const DAY: i64 = 86_400;
/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Parses a date in any of the three formats (RFC 9110 §5.6.7). `now` is called only for a two-digit year.
///
/// The day name may be any of the seven: §5.6.7 asks recipients to be robust, and ignoring an If-Unmodified-Since
/// because of its day name would permit a lost update. Second 60 is the second after 59.
pub(crate) fn parse(value: &[u8], now: impl FnOnce() -> i64) -> Option<i64> {
    imf_fixdate(value).or_else(|| asctime(value)).or_else(|| rfc850(value, now))
}

/// Prints a time as an HTTP-date (RFC 9110 §5.6.7), rounded down to the second. A time before 1970 becomes the first
/// second of 1970, one after 9999 the last second of 9999.
///
/// # Example: when a page expires
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_status::conditional::http_date;
///
/// let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
/// assert_eq!(http_date(expires), "Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
pub fn http_date(time: SystemTime) -> HeaderValue {
    const EPOCH: HeaderValue = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT");
    print(seconds(time).clamp(0, LAST)).unwrap_or(EPOCH)
}

/// Prints a date as IMF-fixdate; `None` before 1970 and after 9999, where `httpdate` panics.
pub(crate) fn print(seconds: i64) -> Option<HeaderValue> {
    let time = system_time(seconds).filter(|_| (0..=LAST).contains(&seconds))?;
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}

/// Returns the current time in whole seconds; a clock before 1970 is not set.
pub(crate) fn now() -> i64 {
    seconds(SystemTime::now()).clamp(0, LAST)
}

/// Returns the whole second that contains `time`.
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

/// Returns `None` if the platform cannot represent the time.
pub(crate) fn system_time(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// Parses `Sun, 06 Nov 1994 08:49:37 GMT`.
fn imf_fixdate(value: &[u8]) -> Option<i64> {
    let mut text = Text(value);
    text.name(&DAYS)?;
    text.literal(", ")?;
    let day = text.number(2)?;
    text.literal(" ")?;
    let month = text.name(&MONTHS)?;
    text.literal(" ")?;
    let year = text.number(4)?;
    text.literal(" ")?;
    let time = text.time_of_day()?;
    text.literal(" GMT")?;
    text.end()?;
    instant(year, month, day, time)
}

/// Parses `Sunday, 06-Nov-94 08:49:37 GMT`.
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

/// Parses `Sun Nov  6 08:49:37 1994`.
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

/// Returns the last year with these digits that is not more than 50 years in the future (RFC 9110 §5.6.7).
fn full_year(two_digits: u32, month: u32, day: u32, time: u32, now: i64) -> Option<u32> {
    // Dividing by the mean length of a year is off by at most one year, so start one year later.
    let latest = 1970 + u32::try_from(now / 31_556_952).ok()? + 51;
    let year = latest - (latest - two_digits) % 100;
    Some(if seconds_at(year - 50, month, day, time) > now { year - 100 } else { year })
}

/// Returns the seconds since midnight of 00:00:00 to 23:59:60.
fn time_of_day([hour, minute, second]: [u32; 3]) -> Option<u32> {
    (hour <= 23 && minute <= 59 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// Returns `None` for a day that the month does not have.
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
    // Years begin in March, so that the leap day is the last day; counted from the year -400, all numbers are positive.
    let (year, month) = if month <= 2 { (year + 399, month + 9) } else { (year + 400, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (153 * month + 2) / 5 + day;
    (i64::from(days) - 865_566) * DAY + i64::from(time)
}

/// The rest of the text to parse. Names are case-sensitive (RFC 9110 §5.6.7).
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn literal(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal.as_bytes())?;
        Some(())
    }

    /// Returns the position of the name in the list, from 1.
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
            // A wrong day name.
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
    fn only_a_two_digit_year_reads_the_clock() {
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
    fn printed_dates_are_parsed() {
        for second in (0..=LAST).step_by(1_234_567) {
            let read = print(second).and_then(|text| parse(text.as_bytes(), || NOW));
            assert_eq!(read, Some(second));
        }
        assert_eq!([-1, LAST + 1, i64::MIN, i64::MAX].map(print), [None, None, None, None]);
        assert_eq!(print(LAST), Some(HeaderValue::from_static("Fri, 31 Dec 9999 23:59:59 GMT")));
    }

    #[test]
    fn times_are_rounded_down_to_the_second() {
        for (nanoseconds, expected) in [(0, 0), (999_999_999, 0), (1_000_000_000, 1)] {
            assert_eq!(seconds(UNIX_EPOCH + Duration::from_nanos(nanoseconds)), expected);
        }
        for (nanoseconds, expected) in [(1, -1), (1_000_000_000, -1), (1_000_000_001, -2)] {
            assert_eq!(seconds(UNIX_EPOCH - Duration::from_nanos(nanoseconds)), expected);
        }
    }
}
