//! Retry-After (RFC 9110 §10.2.3).

use std::time::Duration;

use http::{HeaderMap, header};

/// Returns the delay of a response; `None` if the field is absent or has a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.as_bytes();
    let seconds = value.iter().all(u8::is_ascii_digit).then(|| str::from_utf8(value).ok()?.parse().ok())?;
    seconds.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_whole_seconds_are_a_delay() {
        for (value, seconds) in [
            ("0", Some(0)),
            ("30", Some(30)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("+7", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(value))]);
            assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
