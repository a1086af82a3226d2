//! `google.rpc.Status` with the messages of `error_details.proto` that a status has something for.

use std::time::Duration;

use super::PublicProblem;
use crate::catalog::GrpcCode;

mod bad_request;
mod error_info;
mod protobuf;

use bad_request::bad_request;
use error_info::error_info;
use protobuf::Message;

/// The longest Duration that protobuf knows, in seconds.
const LONGEST: u64 = 315_576_000_000;

/// Empty where nothing can be said beyond code and message.
pub(super) fn encode(
    problem: &PublicProblem<'_>,
    code: GrpcCode,
    message: &str,
    path: &str,
    retry_after: Option<Duration>,
) -> Vec<u8> {
    let named = problem.type_uri.is_some() || problem.title != problem.entry.title || problem.request_id.is_some();
    if !named && problem.extensions.is_empty() && retry_after.is_none() {
        return vec![];
    }
    let details = [
        ("ErrorInfo", error_info(problem, path)),
        ("RetryInfo", retry_after.map(retry_info)),
        ("BadRequest", bad_request(problem)),
        ("Help", help(problem)),
    ];
    let details: Vec<_> = details.into_iter().filter_map(|(name, detail)| Some((name, detail?))).collect();
    let mut out = Message::default();
    if !details.is_empty() {
        out.number(1, code as u64);
        out.text(2, message);
        for (name, detail) in details {
            let mut any = Message::default();
            any.text(1, &format!("type.googleapis.com/google.rpc.{name}"));
            any.bytes(2, &detail.0);
            out.bytes(3, &any.0);
        }
    }
    out.0
}

/// `retry_delay = 1`, a Duration of `seconds = 1, nanos = 2`.
fn retry_info(delay: Duration) -> Message {
    let mut duration = Message::default();
    duration.number(1, delay.as_secs().min(LONGEST));
    duration.number(2, delay.subsec_nanos().into());
    let mut info = Message::default();
    info.bytes(1, &duration.0);
    info
}

/// `links = 1`, each of `description = 1, url = 2`: a type that a client can look up.
fn help(problem: &PublicProblem<'_>) -> Option<Message> {
    let uri = problem.type_uri?;
    let resolvable = ["http://", "https://"]
        .iter()
        .any(|scheme| uri.split_at_checked(scheme.len()).is_some_and(|(head, _)| head.eq_ignore_ascii_case(scheme)));
    if !resolvable {
        return None;
    }
    let mut link = Message::default();
    link.text(1, problem.title);
    link.text(2, uri);
    let mut help = Message::default();
    help.bytes(1, &link.0);
    Some(help)
}
