//! HTTP-dates (RFC 9110 §5.6.7), parsed backwards: a date is a text that one of the three formats prints for an instant.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{Months, NaiveDate, NaiveDateTime};

/// Returns the seconds from 1970 until now.
#[must_use]
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Returns the seconds since 1970; `None`: not a date.
#[must_use]
pub fn read(text: &str) -> Option<i64> {
    fixdate(text).or_else(|| asctime(text)).or_else(|| rfc850(text, now()))
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Returns whether the text is the name of any day.
fn any_day(text: &str, length: usize, print: impl Fn(&str) -> String) -> bool {
    DAYS.iter().any(|day| print(day.get(..length).unwrap_or(day)) == text)
}

fn number(text: &str, from: usize, digits: usize) -> Option<u32> {
    text.get(from..from + digits)?.trim_start().parse().ok()
}

fn month(text: &str, from: usize) -> Option<(u32, &str)> {
    let name = text.get(from..from + 3)?;
    let known = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    (1..).zip(known).find(|(_, month)| *month == name).map(|(number, _)| (number, name))
}

/// Returns the time at this position, its text, and the leap second, which chrono does not have.
fn time(text: &str, from: usize) -> Option<([u32; 3], String, i64)> {
    let [hour, minute, second] = [number(text, from, 2)?, number(text, from + 3, 2)?, number(text, from + 6, 2)?];
    let written = format!("{hour:02}:{minute:02}:{second:02}");
    if second == 60 { Some(([hour, minute, 59], written, 1)) } else { Some(([hour, minute, second], written, 0)) }
}

fn instant(date: NaiveDate, [hour, minute, second]: [u32; 3]) -> Option<NaiveDateTime> {
    date.and_hms_opt(hour, minute, second)
}

/// Parses `Sun, 06 Nov 1994 08:49:37 GMT`
fn fixdate(text: &str) -> Option<i64> {
    let (day, (month, name), year) = (number(text, 5, 2)?, month(text, 8)?, number(text, 12, 4)?);
    let (time, written, leap) = time(text, 17)?;
    let instant = instant(NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?, time)?;
    let is_it = any_day(text, 3, |weekday| format!("{weekday}, {day:02} {name} {year:04} {written} GMT"));
    is_it.then(|| instant.and_utc().timestamp() + leap)
}

/// Parses `Sun Nov  6 08:49:37 1994`; the day may have its zero (`2DIGIT / ( SP 1DIGIT )`).
fn asctime(text: &str) -> Option<i64> {
    let ((month, name), day, year) = (month(text, 4)?, number(text, 8, 2)?, number(text, 20, 4)?);
    let (time, written, leap) = time(text, 11)?;
    let instant = instant(NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?, time)?;
    let is_it = any_day(text, 3, |weekday| format!("{weekday} {name} {day:2} {written} {year:04}"))
        || any_day(text, 3, |weekday| format!("{weekday} {name} {day:02} {written} {year:04}"));
    is_it.then(|| instant.and_utc().timestamp() + leap)
}

/// Parses `Sunday, 06-Nov-94 08:49:37 GMT`: the last year with these digits that is not more than 50 years in the future.
fn rfc850(text: &str, now: i64) -> Option<i64> {
    let comma = text.find(',')?;
    let (day, (month, name), digits) =
        (number(text, comma + 2, 2)?, month(text, comma + 5)?, number(text, comma + 9, 2)?);
    let (time, written, leap) = time(text, comma + 12)?;
    any_day(text, 9, |weekday| format!("{weekday}, {day:02}-{name}-{digits:02} {written} GMT")).then_some(())?;
    // If the year does not have this day, the 28th decides the year.
    let at = |year: i32, day: u32| instant(NaiveDate::from_ymd_opt(year, month, day)?, time);
    let ahead = |year| {
        let earlier = at(year, day).or(at(year, 28))?.checked_sub_months(Months::new(600))?;
        Some(earlier.and_utc().timestamp() + leap > now)
    };
    let years = (0..100).rev().map(|century| century * 100 + i32::try_from(digits).unwrap_or_default());
    let year = years.into_iter().find(|year| ahead(*year) == Some(false))?;
    Some(at(year, day)?.and_utc().timestamp() + leap)
}
