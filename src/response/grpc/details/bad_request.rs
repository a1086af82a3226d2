//! `BadRequest`: what the client got wrong, field by field.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{error_info::to_reason, protobuf::Message};
use crate::response::PublicProblem;

/// Returns the `BadRequest` of the extension `errors`: `field_violations = 1`, each of `field = 1, description = 2,
/// reason = 3`.
pub(super) fn bad_request(problem: &PublicProblem<'_>) -> Option<Message> {
    let (_, errors) = problem.extensions.iter().find(|(name, _)| name == "errors")?;
    let mut request = Message::new();
    for error in errors.as_array()? {
        let text = |name| error.get(name).and_then(Value::as_str);
        let field = text("pointer").map(field_path).or_else(|| text("parameter").map(str::to_owned));
        let detail = text("detail");
        if field.is_none() && detail.is_none() {
            continue;
        }
        let mut violation = Message::new();
        violation.text(1, &field.unwrap_or_default());
        violation.text(2, detail.unwrap_or_default());
        violation.text(3, &text("code").and_then(to_reason).unwrap_or_default());
        request.bytes(1, &violation.0);
    }
    (!request.0.is_empty()).then_some(request)
}

/// Returns the path of a JSON Pointer (RFC 6901), as `error_details.proto` writes it: `#/lines/0/count` is
/// `lines[1].count`.
fn field_path(pointer: &str) -> String {
    let pointer = match pointer.strip_prefix('#') {
        Some(fragment) => percent_decode_str(fragment).decode_utf8_lossy(),
        None => pointer.into(),
    };
    let mut path = String::new();
    for token in pointer.split('/').skip(1) {
        if let Some(index) = array_index(token) {
            // The first element is 1, unlike in the pointer.
            path.extend(["[", &index.saturating_add(1).to_string(), "]"]);
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&token.replace("~1", "/").replace("~0", "~"));
    }
    path
}

/// Returns the index that a token is (RFC 6901 §4): digits without a leading zero.
fn array_index(token: &str) -> Option<u64> {
    let has_leading_zero = token.len() > 1 && token.starts_with('0');
    let is_index = token.bytes().all(|byte| byte.is_ascii_digit()) && !has_leading_zero;
    token.parse().ok().filter(|_| is_index)
}
