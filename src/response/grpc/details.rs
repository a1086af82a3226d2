//! `google.rpc.Status` and the messages of `error_details.proto` that a status can fill, in protobuf's wire format.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::PublicProblem;
use crate::catalog::GrpcCode;

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

/// The kind of problem: `reason = 1, domain = 2, metadata = 3`.
fn error_info(problem: &PublicProblem<'_>, path: &str) -> Option<Message> {
    let named = problem.extensions.iter().filter(|(name, _)| is_key(name));
    let scalars = named.filter_map(|(name, value)| Some((&**name, scalar(value)?)));
    let id = problem.request_id.map(|id| ("request_id", id.to_owned()));
    let metadata: Vec<_> = scalars.chain(id).collect();
    let named = problem.type_uri.is_some_and(|uri| uri != "about:blank") || problem.title != problem.entry.title;
    if metadata.is_empty() && !named {
        return None;
    }
    let mut info = Message::default();
    info.text(1, &reason(problem));
    // The service, of `/package.Service/Method`.
    info.text(2, path.rsplit('/').nth(1).unwrap_or_default());
    for (key, value) in metadata {
        let mut entry = Message::default();
        entry.text(1, key);
        entry.text(2, &value);
        info.bytes(3, &entry.0);
    }
    Some(info)
}

/// `[A-Z0-9_]+` of at most 63 characters: the last word of the type, else the title.
fn reason(problem: &PublicProblem<'_>) -> String {
    let uri = problem.type_uri.filter(|uri| *uri != "about:blank").unwrap_or_default();
    let address = uri.split('?').next().unwrap_or_default();
    let fragment = uri.split_once('#').map(|(_, fragment)| fragment);
    let last = fragment.filter(|text| !text.is_empty()).unwrap_or(address);
    let last = last.rsplit(['/', ':', '#']).find(|word| !word.is_empty()).unwrap_or_default();
    let candidates = [last, problem.title, problem.entry.title];
    candidates.into_iter().map(upper_snake).find(|reason| !reason.is_empty()).unwrap_or_default()
}

fn upper_snake(text: &str) -> String {
    let mut reason = String::new();
    for c in text.chars() {
        if reason.len() == 63 {
            break;
        }
        match c {
            c if c.is_ascii_alphanumeric() => reason.push(c.to_ascii_uppercase()),
            _ if !reason.is_empty() && !reason.ends_with('_') => reason.push('_'),
            _ => {}
        }
    }
    reason.truncate(reason.trim_end_matches('_').len());
    reason
}

/// `[a-zA-Z0-9-_]`, at most 64 characters.
fn is_key(name: &str) -> bool {
    name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
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

/// `field_violations = 1`, each of `field = 1, description = 2`, of the extension `errors`.
fn bad_request(problem: &PublicProblem<'_>) -> Option<Message> {
    let (_, errors) = problem.extensions.iter().find(|(name, _)| name == "errors")?;
    let mut request = Message::default();
    for error in errors.as_array()? {
        let text = |name| error.get(name).and_then(Value::as_str);
        let (pointer, detail) = (text("pointer"), text("detail"));
        if pointer.is_none() && detail.is_none() {
            continue;
        }
        let mut violation = Message::default();
        violation.text(1, &field(pointer.unwrap_or_default()));
        violation.text(2, detail.unwrap_or_default());
        request.bytes(1, &violation.0);
    }
    (!request.0.is_empty()).then_some(request)
}

/// `/user/email` (RFC 6901), also as a fragment (§6), is the field `user.email`.
fn field(pointer: &str) -> String {
    let pointer = match pointer.strip_prefix('#') {
        Some(fragment) => percent_decode_str(fragment).decode_utf8_lossy(),
        None => pointer.into(),
    };
    let pointer = pointer.strip_prefix('/').unwrap_or(&pointer);
    pointer.replace('/', ".").replace("~1", "/").replace("~0", "~")
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

/// A protobuf message in the making; defaults are left out, as proto3 does.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            self.0.push(if value == 0 { low & 0x7f } else { low | 0x80 });
            if value == 0 {
                return;
            }
        }
    }

    fn number(&mut self, field: u64, value: u64) {
        if value != 0 {
            self.varint(field << 3);
            self.varint(value);
        }
    }

    fn text(&mut self, field: u64, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}
