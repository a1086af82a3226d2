//! `google.rpc.Status` with those messages of `error_details.proto` for which a status has data.

use std::time::Duration;

use bytes::Bytes;

use super::{DebugReport, PublicProblem, request::RpcRequest};
use crate::{Status, catalog::GrpcCode};

mod bad_request;
mod detail;
mod error_info;
mod protobuf;

use bad_request::bad_request;
pub(crate) use detail::Detail;
use error_info::error_info;
use protobuf::{Message, parse_rpc_status};

/// The longest Duration of protobuf, in seconds.
const LONGEST: u64 = 315_576_000_000;

/// The details of an error.
#[derive(Default)]
pub(crate) struct Details {
    /// The most important first.
    list: Vec<Detail>,
    /// The `google.rpc.Status`: an application's own, sent unchanged, or the one that [`fit`](Self::fit) has encoded.
    encoded: Option<Bytes>,
}

/// Returns the details of a status.
pub(super) fn of(
    status: &Status,
    problem: &PublicProblem<'_>,
    code: GrpcCode,
    request: &RpcRequest<'_>,
    localized: Option<(&str, String)>,
) -> Details {
    let delay = status.retry_after().or(request.delay);
    let details = [
        ("type.googleapis.com/google.rpc.ErrorInfo", Some(error_info(status, problem, code, request))),
        ("type.googleapis.com/google.rpc.RetryInfo", delay.map(retry_info)),
        ("type.googleapis.com/google.rpc.BadRequest", bad_request(problem)),
        (
            "type.googleapis.com/google.rpc.LocalizedMessage",
            localized.map(|(language, text)| localized_message(language, &text)),
        ),
        ("type.googleapis.com/google.rpc.Help", help(problem)),
        ("type.googleapis.com/google.rpc.DebugInfo", request.debug.map(debug_info)),
    ];
    let detail = |(type_url, message): (&'static str, Option<Message>)| {
        Some(Detail { type_url: type_url.into(), value: message?.0.into() })
    };
    let list = details.into_iter().filter_map(detail).collect();
    Details { list, encoded: None }
}

impl Details {
    /// Returns an application's `google.rpc.Status` with those of our details whose type it lacks. Any other message is
    /// sent unchanged.
    pub(super) fn complete(encoded: &Bytes, ours: Self) -> Self {
        if encoded.is_empty() {
            return ours;
        }
        let Some(mut list) = parse_rpc_status(encoded) else {
            return Self { list: Vec::new(), encoded: Some(encoded.clone()) };
        };
        let own = list.len();
        for detail in ours.list {
            if !list.iter().any(|known| known.type_name() == detail.type_name()) {
                list.push(detail);
            }
        }
        let is_complete = list.len() == own;
        Self { list, encoded: is_complete.then(|| encoded.clone()) }
    }

    /// Returns each detail, the most important first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Detail> {
        self.list.iter()
    }

    /// Returns the encoded `google.rpc.Status`; empty if there is no detail.
    pub(crate) fn encode(&self, code: GrpcCode, message: &str) -> Bytes {
        if let Some(encoded) = &self.encoded {
            return encoded.clone();
        }
        if self.list.is_empty() {
            return Bytes::new();
        }
        let mut status = Message::new();
        status.number(1, code as u64);
        status.text(2, message);
        for detail in &self.list {
            let mut any = Message::new();
            any.text(1, &detail.type_url);
            any.bytes(2, &detail.value);
            status.bytes(3, &any.0);
        }
        status.0.into()
    }

    /// Removes the least important details until the rest fits as unpadded base64.
    pub(super) fn fit(&mut self, code: GrpcCode, message: &str, room: usize) {
        // The encoded status is longer than the sum of its parts, which is known without encoding it.
        let mut parts: usize = self.list.iter().map(|detail| detail.value.len()).sum();
        loop {
            if parts <= room {
                let encoded = self.encode(code, message);
                if base64_length(encoded.len()) <= room {
                    self.encoded = Some(encoded);
                    return;
                }
            }
            self.encoded = None;
            parts -= self.list.pop().map_or(0, |detail| detail.value.len());
        }
    }
}

/// Returns the length of unpadded base64 (RFC 4648 §4).
fn base64_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Returns the `RetryInfo`: `retry_delay = 1`, a Duration of `seconds = 1, nanos = 2`.
fn retry_info(delay: Duration) -> Message {
    let mut duration = Message::new();
    duration.number(1, delay.as_secs().min(LONGEST));
    duration.number(2, delay.subsec_nanos().into());
    let mut info = Message::new();
    info.bytes(1, &duration.0);
    info
}

/// Returns the `LocalizedMessage`: `locale = 1, message = 2`.
fn localized_message(language: &str, text: &str) -> Message {
    let mut message = Message::new();
    message.text(1, language);
    message.text(2, text);
    message
}

/// Returns the `DebugInfo`: `stack_entries = 1, detail = 2`. The detail is the chain of causes, with the option that mapped
/// it.
fn debug_info(debug: &DebugReport) -> Message {
    /// The bytes of a backtrace that leave room for the rest of a gRPC error's header fields.
    const ROOM: usize = 1024;
    let mut info = Message::new();
    for entry in &debug.backtrace {
        if info.0.len() + entry.len() > ROOM {
            break;
        }
        info.text(1, entry);
    }
    let mapped_by = debug.mapped_by.as_ref().map(|by| format!("mapped by: {by}"));
    let lines: Vec<_> = debug.errors.iter().cloned().chain(mapped_by).collect();
    info.text(2, &lines.join("\n"));
    info
}

/// Returns the `Help`, with a type that a client can look up: `links = 1`, each of `description = 1, url = 2`.
fn help(problem: &PublicProblem<'_>) -> Option<Message> {
    let uri = problem.type_uri?;
    let resolvable = ["http://", "https://"]
        .iter()
        .any(|scheme| uri.split_at_checked(scheme.len()).is_some_and(|(head, _)| head.eq_ignore_ascii_case(scheme)));
    if !resolvable {
        return None;
    }
    let mut link = Message::new();
    link.text(1, problem.title);
    link.text(2, uri);
    let mut help = Message::new();
    help.bytes(1, &link.0);
    Some(help)
}
