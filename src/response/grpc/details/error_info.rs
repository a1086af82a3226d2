//! `ErrorInfo`: which kind of problem this is.

use serde_json::Value;

use super::{PublicProblem, protobuf::Message};

/// The kind of problem: `reason = 1, domain = 2, metadata = 3`.
pub(super) fn error_info(problem: &PublicProblem<'_>, path: &str) -> Option<Message> {
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

/// Returns the text as `[A-Z0-9_]+` of at most 63 characters, without `_` at its ends.
pub(super) fn upper_snake(text: &str) -> String {
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
