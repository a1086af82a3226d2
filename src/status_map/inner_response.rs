//! Error responses of the inner service: the bodies that are kept, and the texts that become a detail.

use std::task;

use http::{HeaderMap, header, response};
use http_body::Body;

use crate::{
    Status,
    fields::media_type::MediaType,
    response::{KeepBody, StatusBody, keep_body::ContentType, peek::Peeked},
    warning::warn_once,
};

/// The limit of a text that becomes a detail, and of the logged part of a 5xx text, in bytes.
pub(super) const LIMIT: usize = 8 * 1024;

/// An error response of the inner service.
pub(super) struct InnerError<B: Body> {
    /// The status of its code, with the text of the body as the detail if the body is replaced.
    pub(super) status: Status,
    pub(super) body: StatusBody<B>,
    pub(super) keeps_body: bool,
    /// Whether the body was removed from a response to HEAD, and its text would have been the detail.
    pub(super) text_unknown: bool,
}

impl<B: Body> InnerError<B> {
    pub(super) fn read(parts: &response::Parts, body: B, head: bool, cx: &mut task::Context<'_>) -> Self {
        let status = Status::new(parts.status);
        let kind = ContentType::of(&parts.headers);
        if parts.extensions.get::<KeepBody>().is_some() {
            return Self::kept(status, StatusBody::inner(body));
        }
        if status.is_server_error() {
            return if kind == ContentType::Deliberate {
                Self::kept(status, StatusBody::inner(body))
            } else {
                read_5xx(status, parts, kind, body, cx)
            };
        }
        if !kind.may_be_replaced() {
            return Self::kept(status, StatusBody::inner(body));
        }
        if head && body.is_end_stream() {
            read_head(status, parts, kind, body)
        } else {
            read_4xx(status, parts, kind, body, cx)
        }
    }

    fn kept(status: Status, body: StatusBody<B>) -> Self {
        Self { status, body, keeps_body: true, text_unknown: false }
    }

    pub(super) fn replaced(status: Status, body: StatusBody<B>) -> Self {
        Self { status, body, keeps_body: false, text_unknown: false }
    }
}

/// Reads a 5xx. A text or untyped body is replaced; its available part is logged.
fn read_5xx<B: Body>(
    status: Status,
    parts: &response::Parts,
    kind: ContentType,
    body: B,
    cx: &mut task::Context<'_>,
) -> InnerError<B> {
    if kind > ContentType::OtherText || body.is_end_stream() || parts.headers.contains_key(header::CONTENT_ENCODING) {
        let text_unknown = kind == ContentType::Plain && content_length(&parts.headers) != Some(0);
        return InnerError { text_unknown, ..InnerError::replaced(status, StatusBody::inner(body)) };
    }
    let peeked = Peeked::new(body, LIMIT, cx);
    // One byte more shows whether the text was cut.
    let text = peeked.available(LIMIT + 1);
    InnerError::replaced(with_text(status, &text_for_log(&text)), StatusBody::unsent(peeked))
}

/// Returns the first bytes as text, cut between characters; bytes that are not UTF-8 are replaced.
fn text_for_log(text: &[u8]) -> String {
    let Some(head) = text.get(..LIMIT).filter(|head| head.len() < text.len()) else {
        return String::from_utf8_lossy(text).into_owned();
    };
    // A character that would be cut in two is left out.
    let end = match str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => head.len(),
    };
    String::from_utf8_lossy(head.get(..end).unwrap_or(head)).into_owned() + "…"
}

/// Reads a 4xx. It may have no body, or a text that can be the detail.
fn read_4xx<B: Body>(
    status: Status,
    parts: &response::Parts,
    kind: ContentType,
    body: B,
    cx: &mut task::Context<'_>,
) -> InnerError<B> {
    if body.is_end_stream() {
        return InnerError::replaced(status, StatusBody::inner(body));
    }
    if kind == ContentType::Plain && !may_be_detail(&parts.headers) {
        return InnerError::kept(status, StatusBody::inner(body));
    }
    let peeked = Peeked::new(body, LIMIT, cx);
    let text = peeked.complete().filter(|text| kind == ContentType::Plain || text.is_empty());
    match text.map(String::from_utf8) {
        Some(Ok(text)) => InnerError::replaced(with_text(status, &text), StatusBody::unsent(peeked)),
        Some(Err(_)) | None => InnerError::kept(status, peeked.into()),
    }
}

/// Reads a 4xx to HEAD: its Content-Length is the length of the body of GET's response.
fn read_head<B: Body>(status: Status, parts: &response::Parts, kind: ContentType, body: B) -> InnerError<B> {
    let length = content_length(&parts.headers);
    if kind != ContentType::Plain {
        return match length {
            None | Some(0) => InnerError::replaced(status, StatusBody::inner(body)),
            Some(_) => InnerError::kept(status, StatusBody::inner(body)),
        };
    }
    if may_be_detail(&parts.headers) && length.is_none_or(|length| length <= LIMIT as u64) {
        InnerError { text_unknown: length != Some(0), ..InnerError::replaced(status, StatusBody::inner(body)) }
    } else {
        InnerError::kept(status, StatusBody::inner(body))
    }
}

fn with_text(status: Status, text: &str) -> Status {
    match text.trim() {
        "" => status,
        text => status.with_detail(text.to_owned()),
    }
}

/// Returns whether a text can be shown: it is UTF-8, not content-coded, and without trailers.
fn may_be_detail(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        warn_once!(
            "kept an encoded text of an error response: compression goes outside `StatusMapLayer`, so that the text can \
             become the detail"
        );
        return false;
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| MediaType::parse(value.as_bytes()));
    media_type.is_none_or(|media_type| media_type.is_utf8()) && !headers.contains_key(header::TRAILER)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
