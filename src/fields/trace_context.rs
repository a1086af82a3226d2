//! The trace id of a request (W3C Trace Context).

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header field with the ids of the trace and of the caller's span (W3C Trace Context §3.2).
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Returns the `traceparent`. If there are several lines, none is valid.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut lines = headers.get_all(&TRACEPARENT).iter();
    lines.next().filter(|_| lines.next().is_none())
}

/// Returns the trace id of `version "-" trace-id "-" parent-id "-" trace-flags` (§3.2.2), 32 hexadecimal digits that are
/// not all zero. A version after 00 may have further fields (§4.3).
pub(crate) fn trace_id(value: &HeaderValue) -> Option<&str> {
    let value = value.to_str().ok()?;
    let (known, further) = value.split_at_checked(55)?;
    let mut fields = known.split('-');
    let (version, trace_id) = (fields.next()?, fields.next()?);
    let (parent_id, flags) = (fields.next()?, fields.next()?);
    let is_hex = |field: &str, length| {
        field.len() == length && field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_id = |field: &str, length| is_hex(field, length) && field.bytes().any(|byte| byte != b'0');
    let ends = if version == "00" { further.is_empty() } else { further.is_empty() || further.starts_with('-') };
    let is_valid = is_hex(version, 2)
        && version != "ff"
        && is_id(trace_id, 32)
        && is_id(parent_id, 16)
        && is_hex(flags, 2)
        && fields.next().is_none()
        && ends;
    is_valid.then_some(trace_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn trace_id_is_that_of_a_valid_traceparent() {
        for (value, expected) in [
            // The examples of W3C Trace Context §3.2.
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Some(ID)),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", Some(ID)),
            // §4.3: a later version.
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Some(ID)),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings", Some(ID)),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what", None),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", None),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", None),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", None),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", None),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", None),
            ("00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01", None),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", None),
            ("00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01", None),
            ("", None),
        ] {
            assert_eq!(trace_id(&HeaderValue::from_static(value)), expected, "{value}");
        }
        assert_eq!(HeaderValue::from_bytes(&[0xe4; 55]).ok().as_ref().and_then(trace_id), None);
    }
}
