//! `ErrorInfo`: the kind of the problem.

use serde_json::Value;

use super::protobuf::Message;
use crate::{
    Status,
    catalog::{self, GrpcCode},
    response::{PublicProblem, grpc::request::RpcRequest},
};

/// Returns the `ErrorInfo`: `reason = 1, domain = 2, metadata = 3`.
pub(super) fn error_info(
    status: &Status,
    problem: &PublicProblem<'_>,
    code: GrpcCode,
    request: &RpcRequest<'_>,
) -> Message {
    let mut info = Message::new();
    info.text(1, &reason(status, code));
    info.text(2, request.domain);
    let members = problem.members().filter(|(name, _)| is_key(name));
    let scalars = members.filter_map(|(name, value)| Some((name, scalar(value)?)));
    let ids = problem.ids.members().map(|(name, id)| (name, id.to_owned()));
    for (key, value) in scalars.chain(ids) {
        let mut entry = Message::new();
        entry.text(1, key);
        entry.text(2, &value);
        info.bytes(3, &entry.0);
    }
    info
}

/// Returns the last word of the type, the name of the error's variant, the title that was set, or the status's name;
/// the code's if none of these fits.
fn reason(status: &Status, code: GrpcCode) -> String {
    let type_uri = status.type_uri().filter(|uri| *uri != "about:blank");
    type_uri
        .and_then(|uri| to_reason(last_word(uri)))
        .or_else(|| status.name().and_then(|name| to_reason(&split_words(name))))
        .or_else(|| status.title().and_then(to_reason))
        .or_else(|| catalog::get(status.code()).and_then(|entry| to_reason(entry.title)))
        .unwrap_or_else(|| code.to_string())
}

/// Returns the last word of a URI's fragment or path.
fn last_word(uri: &str) -> &str {
    let address = uri.split('?').next().unwrap_or_default();
    let fragment = uri.split_once('#').map(|(_, fragment)| fragment);
    let last = fragment.filter(|text| !text.is_empty()).unwrap_or(address);
    last.rsplit(['/', ':', '#']).find(|word| !word.is_empty()).unwrap_or_default()
}

/// Splits a name in camel case: `HTTPError2Big` is `HTTP_Error2_Big`.
fn split_words(name: &str) -> String {
    let mut words = String::new();
    let mut last = '_';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let begins = !last.is_uppercase() || rest.peek().is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && last != '_' && begins {
            words.push('_');
        }
        words.push(c);
        last = c;
    }
    words
}

/// Returns a text as a reason, `[A-Z][A-Z0-9_]+[A-Z0-9]` of at most 63 characters; `None` if no part of it is valid.
pub(super) fn to_reason(text: &str) -> Option<String> {
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
    (reason.len() >= 3 && reason.starts_with(|c: char| c.is_ascii_uppercase())).then_some(reason)
}

/// Returns whether a name is a valid key: `[a-zA-Z0-9-_]`, at most 64 characters.
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
