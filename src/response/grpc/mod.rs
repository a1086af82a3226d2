//! gRPC statuses: Trailers-Only in the head, or gRPC-Web's trailer frame.

use std::{borrow::Cow, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, response};
use http_body::Body;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use super::{PublicProblem, body::StatusBody, caching, context::Context, headers as complete};
use crate::{Protocol, Status, catalog::GrpcCode, fields::list::has_token, status::Rpc};

mod details;

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// What clients take by default: names, values and 32 bytes for each field stay below it (RFC 9113 §10.5.1).
const LIMIT: usize = 8 * 1024;

/// What fields of an inner response leave of it.
const RESERVED: usize = 1024;

/// All but `%x20-24 / %x26-7E` is encoded.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// What a gRPC client is told.
pub(crate) struct Trailers<'a> {
    pub(crate) code: GrpcCode,
    pub(crate) message: Cow<'a, str>,
    /// `google.rpc.Status`, or empty.
    pub(crate) details: Bytes,
    pub(crate) metadata: HeaderMap,
}

impl<'a> Trailers<'a> {
    /// What may be shown of a status; `path` names the service, `delay` is what a response says where the status does not.
    pub(crate) fn of(
        status: &'a Status,
        path: &str,
        request_id: Option<&'a str>,
        delay: Option<Duration>,
        expose: bool,
    ) -> Self {
        let code = code(status);
        let rpc = status.rpc().filter(|rpc| rpc.code == code);
        let masked = matches!(code, GrpcCode::Internal | GrpcCode::Unknown | GrpcCode::DataLoss);
        let hides = (masked || status.hides() && rpc.is_none()) && !status.is_exposed() && !expose;
        let problem = PublicProblem::with_hidden(status, hides, request_id);
        let mut metadata = self::metadata(status.headers());
        let Some(Rpc { details, metadata: theirs, .. }) = rpc else {
            let message = problem.detail.unwrap_or(problem.entry.explanation);
            let delay = status.retry_after().or(delay);
            // They repeat the message, and are the first to go.
            let details =
                if message.len() < LIMIT { details::encode(&problem, code, message, path, delay) } else { vec![] };
            let details = details.into();
            return Self { code, message: message.into(), details, metadata };
        };
        // That of a masked one is as likely an upstream's head as the message is.
        if !hides {
            complete::apply(&mut metadata, &self::metadata(theirs));
        }
        let message = if hides { problem.entry.explanation } else { problem.detail.unwrap_or_default() };
        let details = if hides { Bytes::new() } else { details.clone() };
        Self { code, message: message.into(), details, metadata }
    }

    /// Appends all fields to `head` as long as they fit: the details go first, then the message is cut, and metadata is
    /// left out last.
    fn append(&self, head: &mut HeaderMap, used: usize) {
        let field = |name: &HeaderName, length: usize| if length == 0 { 0 } else { size(name.as_str(), length) };
        let number = HeaderValue::from_static(self.code.number());
        let mut used = used + field(&GRPC_STATUS, number.len());
        let _ = head.try_insert(&GRPC_STATUS, number);
        let metadata: usize = self.metadata.iter().map(|(name, value)| size(name.as_str(), value.len())).sum();
        let room = LIMIT.saturating_sub(used + metadata + 1);

        let message = encoded(&self.message, room);
        let with_message = field(&GRPC_MESSAGE, message.len());
        // Of what is longer than that, nothing would fit.
        let fits = !self.details.is_empty() && self.details.len() < LIMIT;
        let details = if fits { STANDARD_NO_PAD.encode(&self.details) } else { String::new() };
        let with_details = field(&GRPC_STATUS_DETAILS, details.len());
        let message = if with_message <= room {
            message
        } else {
            cut(&self.message, room.saturating_sub(size(GRPC_MESSAGE.as_str(), 0))).into()
        };
        let details = if with_message + with_details <= room { details } else { String::new() };
        for (name, text) in [(&GRPC_MESSAGE, &*message), (&GRPC_STATUS_DETAILS, &details)] {
            if text.is_empty() {
                continue;
            }
            if let Ok(value) = HeaderValue::from_str(text) {
                used += field(name, value.len());
                let _ = head.try_insert(name, value);
            }
        }
        for (name, value) in &self.metadata {
            let with = used + size(name.as_str(), value.len());
            if with < LIMIT && head.try_append(name.clone(), value.clone()).is_ok() {
                used = with;
            }
        }
    }
}

/// The code of a status for gRPC clients; an error is never OK.
pub(crate) fn code(status: &Status) -> GrpcCode {
    match status.grpc_code().unwrap_or_else(|| GrpcCode::from(status.code())) {
        GrpcCode::Ok => GrpcCode::Unknown,
        code => code,
    }
}

/// Makes a response the gRPC answer of its request, whatever it was.
pub(crate) fn write<B: Body>(
    parts: &mut response::Parts,
    status: &Status,
    context: &Context<'_>,
    content_type: HeaderValue,
    expose: bool,
) -> StatusBody<B> {
    let headers = &mut parts.headers;
    let delay = retry_after(status.headers()).or(retry_after(headers));
    let trailers = Trailers::of(status, context.path, context.request_id, delay, expose);
    let inner = std::mem::take(headers);
    // The answer is OK: what went wrong is in its trailers.
    parts.status = StatusCode::OK;
    // The pseudo-header and the Date are the server's.
    let servers = size(":status", "200".len()) + size("date", "Sun, 06 Nov 1994 08:49:37 GMT".len());
    let mut used = servers + size("content-type", content_type.len());
    let _ = headers.try_insert(header::CONTENT_TYPE, content_type);
    for (name, value) in inner.iter().filter(|(name, _)| is_metadata(name)) {
        let with = used + size(name.as_str(), value.len());
        if with < LIMIT - RESERVED && headers.try_append(name.clone(), value.clone()).is_ok() {
            used = with;
        }
    }
    if context.protocol == Protocol::GrpcWeb {
        used += expose_fields(headers);
    }
    if context.protocol == Protocol::GrpcWebText {
        let mut fields = HeaderMap::new();
        trailers.append(&mut fields, used);
        return StatusBody::written(STANDARD.encode(frame(&fields)).into());
    }
    trailers.append(headers, used);
    StatusBody::empty()
}

/// RFC 9110 §10.2.3, where it is a delay.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// A gRPC-Web trailer frame: `0x80`, the length, and the fields.
fn frame(fields: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::with_capacity(512);
    for (name, value) in fields {
        for part in [name.as_str().as_bytes(), b":", value.as_bytes(), b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    // What fits in a head fits in 32 bits.
    let length = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let mut frame = vec![0x80];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.append(&mut lines);
    frame
}

/// So that a page of another origin may read them (Fetch §3.3.6): the size of what was added.
fn expose_fields(headers: &mut HeaderMap) -> usize {
    const FIELDS: HeaderValue = HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin");
    let names = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    let exposed = |name: &str| {
        let mut lines = headers.get_all(header::ACCESS_CONTROL_EXPOSE_HEADERS).iter();
        lines.any(|line| has_token(line.as_bytes(), name.as_bytes()) || has_token(line.as_bytes(), b"*"))
    };
    if names.into_iter().all(exposed) {
        return 0;
    }
    let _ = headers.try_append(header::ACCESS_CONTROL_EXPOSE_HEADERS, FIELDS);
    size(header::ACCESS_CONTROL_EXPOSE_HEADERS.as_str(), FIELDS.len())
}

/// RFC 9113 §6.5.2: what a field takes of a list's size.
fn size(name: &str, value: usize) -> usize {
    name.len() + value + 32
}

/// Encoded; where it is too long for the `room` anyway, as it is.
///
/// RFC 9113 §8.2.1: a value neither begins nor ends with a space, so those are encoded, too.
fn encoded(message: &str, room: usize) -> Cow<'_, str> {
    if message.len() > room {
        return message.into();
    }
    let inner = message.trim_matches(' ');
    if inner.len() == message.len() {
        // Most have nothing to encode.
        if message.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%') {
            return message.into();
        }
        return utf8_percent_encode(message, ENCODED).into();
    }
    let spaces = |text: &str| "%20".repeat(text.len());
    let Some(start) = message.find(|c| c != ' ') else { return spaces(message).into() };
    let (before, rest) = message.split_at(start);
    let (inner, after) = rest.split_at(inner.len());
    format!("{}{}{}", spaces(before), utf8_percent_encode(inner, ENCODED), spaces(after)).into()
}

/// As much of the message as fits, cut between characters, with an ellipsis that says so.
fn cut(message: &str, room: usize) -> String {
    const ELLIPSIS: &str = "%E2%80%A6";
    let Some(room) = room.checked_sub(ELLIPSIS.len()) else { return String::new() };
    let mut kept = String::with_capacity(room);
    for (at, c) in message.char_indices() {
        let Some(c) = message.get(at..at + c.len_utf8()) else { break };
        let encoded: Cow<'_, str> =
            if kept.is_empty() && c == " " { "%20".into() } else { utf8_percent_encode(c, ENCODED).into() };
        if kept.len() + encoded.len() > room {
            break;
        }
        kept.push_str(&encoded);
    }
    kept + ELLIPSIS
}

/// What of a status's header fields, or of a response's, gRPC clients get.
fn metadata(headers: &HeaderMap) -> HeaderMap {
    let mut metadata = HeaderMap::new();
    for (name, value) in headers {
        // A client cannot decode what is not base64.
        let binary = name.as_str().ends_with("-bin");
        let decodes =
            || STANDARD_NO_PAD.decode(value.as_bytes().trim_ascii_end()).is_ok() || STANDARD.decode(value).is_ok();
        if is_metadata(name) && (!binary || decodes()) {
            let _ = metadata.try_append(name.clone(), value.clone());
        }
    }
    metadata
}

/// Whether a field can stand beside a gRPC status: it is neither gRPC's own, nor describes a body, nor is HTTP's alone.
fn is_metadata(name: &HeaderName) -> bool {
    static HTTP_ONLY: [HeaderName; 17] = [
        header::ALLOW,
        header::CONNECTION,
        header::CONTENT_RANGE,
        header::CONTENT_SECURITY_POLICY,
        header::DATE,
        HeaderName::from_static("keep-alive"),
        header::LINK,
        header::LOCATION,
        header::PRAGMA,
        header::PROXY_AUTHENTICATE,
        HeaderName::from_static("proxy-connection"),
        header::REFRESH,
        header::RETRY_AFTER,
        header::TE,
        header::UPGRADE,
        header::WWW_AUTHENTICATE,
        header::X_CONTENT_TYPE_OPTIONS,
    ];
    let http_only = HTTP_ONLY.contains(name) || caching::is_freshness(name) || complete::describes_body(name);
    !name.as_str().starts_with("grpc-") && !http_only
}

/// Whether a response has a gRPC status in its head.
#[inline]
pub(crate) fn has_status(headers: &HeaderMap) -> bool {
    headers.contains_key(&GRPC_STATUS)
}

/// Returns the code in the head of a response: that of a Trailers-Only response.
pub(crate) fn status(headers: &HeaderMap) -> Option<GrpcCode> {
    let number = headers.get(&GRPC_STATUS)?.to_str().ok().and_then(|text| text.parse().ok());
    Some(number.map_or(GrpcCode::Unknown, GrpcCode::from_number))
}

/// Whether a response is gRPC's or gRPC-Web's.
pub(crate) fn is_typed(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| Protocol::of_media_type(value.as_bytes()).is_grpc())
}

/// Returns the status in the head of a Trailers-Only response with this code.
pub(crate) fn status_of_head(code: GrpcCode, headers: &HeaderMap) -> Status {
    let message = headers.get(&GRPC_MESSAGE).map(|value| percent_decode(value.as_bytes()).decode_utf8_lossy());
    let status = match message.filter(|message| !message.is_empty()) {
        Some(message) => Status::new(code.into()).with_detail(message.into_owned()),
        // A bare 404 is an unknown method in gRPC.
        None if code == GrpcCode::Unimplemented => Status::not_found(),
        None => Status::new(code.into()),
    };
    status.with_grpc_code(code)
}

/// Removes a gRPC status from the head, because the response is written again. Returns the metadata of `status`.
pub(crate) fn remove_status(headers: &mut HeaderMap, status: &Status) -> HeaderMap {
    for name in [&GRPC_STATUS, &GRPC_MESSAGE, &GRPC_STATUS_DETAILS] {
        headers.remove(name);
    }
    let mut own = status.headers().clone();
    if let Some(rpc) = status.rpc() {
        complete::apply(&mut own, &rpc.metadata);
    }
    for name in own.keys() {
        headers.remove(name);
    }
    own
}
