//! An answer of 400 and above that the inner service made itself: what of it is explained.

use std::task;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header, response};
use http_body::Body;

use crate::{
    Status,
    body::{Look, StatusBody},
    catalog,
};

/// A response extension that exempts one response's body from being filled or replaced, also a 5xx's.
///
/// Its header fields are completed all the same.
///
/// # Example: a plain 500 that is meant for the client
///
/// ```
/// use http::{Response, StatusCode};
/// use tower_status::KeepBody;
///
/// let mut response = Response::new("the report is too large to build");
/// *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
/// response.extensions_mut().insert(KeepBody);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct KeepBody;

/// The longest text that becomes a detail, in bytes.
const LIMIT: usize = 8 * 1024;

/// The status of an inner answer, and its body where that is not ours to touch.
pub(crate) fn fill<B: Body>(
    parts: &response::Parts,
    body: B,
    head: bool,
    cx: &mut task::Context<'_>,
) -> (Status, Option<StatusBody<B>>) {
    let status = Status::new(parts.status);
    if parts.extensions.get::<KeepBody>().is_some() {
        return (status, Some(StatusBody::inner(body)));
    }
    let typed = Typed::of(&parts.headers);
    if typed == Typed::Other {
        return (status, Some(StatusBody::inner(body)));
    }
    if catalog::is_server_error(parts.status) {
        // It goes, whatever it says; what is already there is for the log.
        let text = if body.is_end_stream() { Bytes::new() } else { Look::at(body, LIMIT, cx).so_far() };
        return (with_text(status, &String::from_utf8_lossy(&text)), None);
    }
    if head && body.is_end_stream() {
        // What GET would have sent is known by its length only.
        let length = content_length(&parts.headers);
        let explained = match typed {
            Typed::Text => may_be_detail(&parts.headers) && length.is_none_or(|length| length <= LIMIT as u64),
            _ => length.is_none_or(|length| length == 0),
        };
        return (status, (!explained).then(|| StatusBody::inner(body)));
    }
    match typed {
        _ if body.is_end_stream() => (status, None),
        Typed::Text if !may_be_detail(&parts.headers) => (status, Some(StatusBody::inner(body))),
        _ => {
            let look = Look::at(body, LIMIT, cx);
            match look.whole() {
                Some(text) if text.is_empty() => (status, None),
                Some(text) if typed == Typed::Text => match str::from_utf8(&text) {
                    Ok(text) => (with_text(status, text), None),
                    Err(_) => (status, Some(look.into_body())),
                },
                _ => (status, Some(look.into_body())),
            }
        }
    }
}

fn with_text(status: Status, text: &str) -> Status {
    match text.trim() {
        "" => status,
        text => status.with_detail(text.to_owned()),
    }
}

/// What an inner body says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    Not,
    Text,
    Other,
}

impl Typed {
    fn of(headers: &HeaderMap) -> Self {
        match headers.get(header::CONTENT_TYPE).map(essence) {
            None => Self::Not,
            Some(essence) if essence.eq_ignore_ascii_case(b"text/plain") => Self::Text,
            Some(_) => Self::Other,
        }
    }
}

/// `type/subtype` without parameters (RFC 9110 §8.3.1).
fn essence(value: &HeaderValue) -> &[u8] {
    value.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii()
}

/// A text that can be shown as it is: in UTF-8, without a coding, and nothing follows it.
fn may_be_detail(headers: &HeaderMap) -> bool {
    let utf8 = headers.get(header::CONTENT_TYPE).is_none_or(|value| {
        let mut parameters = value.as_bytes().split(|&byte| byte == b';').skip(1).map(<[u8]>::trim_ascii);
        parameters.all(|parameter| match parameter.split_at_checked(8) {
            Some((name, charset)) if name.eq_ignore_ascii_case(b"charset=") => {
                let charset = charset.trim_ascii();
                [&b"utf-8"[..], b"\"utf-8\"", b"us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
            }
            _ => true,
        })
    });
    utf8 && !headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::TRAILER)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
