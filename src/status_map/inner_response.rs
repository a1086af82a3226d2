//! An answer of 400 and above that the inner service made itself: what of it is explained.

use std::task;

use http::{HeaderMap, header, response};
use http_body::Body;

use crate::{
    Status, catalog,
    fields::media_type::MediaType,
    response::body::{Look, StatusBody},
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

/// What is made of an inner answer.
pub(crate) struct Filled<B: Body> {
    pub(crate) status: Status,
    /// Where it is not ours to touch.
    pub(crate) body: Option<StatusBody<B>>,
    /// The body was left out (to HEAD), and it would have been text for the detail.
    pub(crate) text_unknown: bool,
}

pub(crate) fn fill<B: Body>(parts: &response::Parts, body: B, head: bool, cx: &mut task::Context<'_>) -> Filled<B> {
    let status = Status::new(parts.status);
    let kept = parts.extensions.get::<KeepBody>().is_some();
    let typed = Typed::of(&parts.headers);
    let left_out = head && body.is_end_stream();
    let text_unknown = left_out && typed == Typed::Text && content_length(&parts.headers) != Some(0);
    let (status, body) = if kept || typed == Typed::Other {
        (status, Some(StatusBody::inner(body)))
    } else if catalog::is_server_error(parts.status) {
        (with_text(status, &text_for_the_log(&parts.headers, body, cx)), None)
    } else if left_out {
        let explained = would_be_explained(&parts.headers, typed);
        (status, (!explained).then(|| StatusBody::inner(body)))
    } else {
        explain(status, &parts.headers, typed, body, cx)
    };
    Filled { status, body, text_unknown }
}

/// That of a 5xx goes, whatever it says; what is already there is for the log, cut between characters.
fn text_for_the_log<B: Body>(headers: &HeaderMap, body: B, cx: &mut task::Context<'_>) -> String {
    if body.is_end_stream() || headers.contains_key(header::CONTENT_ENCODING) {
        return String::new();
    }
    let text = Look::at(body, LIMIT, cx).so_far();
    let head = text.get(..LIMIT).unwrap_or(&text);
    // A character that the cut goes through is left out, what was no UTF-8 before is marked.
    let whole = match str::from_utf8(head) {
        Err(error) if error.error_len().is_none() && head.len() < text.len() => head.get(..error.valid_up_to()),
        _ => Some(head),
    };
    let mut shown = String::from_utf8_lossy(whole.unwrap_or_default()).into_owned();
    if head.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// To HEAD only the length tells what GET would have sent.
fn would_be_explained(headers: &HeaderMap, typed: Typed) -> bool {
    let length = content_length(headers);
    match typed {
        Typed::Text => may_be_detail(headers) && length.is_none_or(|length| length <= LIMIT as u64),
        _ => length.is_none_or(|length| length == 0),
    }
}

/// A 4xx without a body, or with a text that can be its detail.
fn explain<B: Body>(
    status: Status,
    headers: &HeaderMap,
    typed: Typed,
    body: B,
    cx: &mut task::Context<'_>,
) -> (Status, Option<StatusBody<B>>) {
    if body.is_end_stream() {
        return (status, None);
    }
    if typed == Typed::Text && !may_be_detail(headers) {
        return (status, Some(StatusBody::inner(body)));
    }
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

fn with_text(status: Status, text: &str) -> Status {
    match text.trim() {
        "" => status,
        text => status.with_detail(text.to_owned()),
    }
}

/// What an inner body says of itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Typed {
    Not,
    Text,
    Other,
}

impl Typed {
    /// What is no media type says nothing, and of several lines the one that a client may take for text counts.
    fn of(headers: &HeaderMap) -> Self {
        let types =
            headers.get_all(header::CONTENT_TYPE).iter().map(|value| match MediaType::parse(value.as_bytes()) {
                Some(media_type) if media_type.is("text/plain") => Self::Text,
                Some(_) => Self::Other,
                None => Self::Not,
            });
        types.min().unwrap_or(Self::Not)
    }
}

/// A text that can be shown as it is: in UTF-8, without a coding, and nothing follows it.
fn may_be_detail(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| MediaType::parse(value.as_bytes()));
    let utf8 = media_type.is_none_or(|media_type| media_type.is_utf8());
    utf8 && !headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::TRAILER)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
