//! `BadRequest`: what the client got wrong, field by field.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{PublicProblem, protobuf::Message};

/// `field_violations = 1`, each of `field = 1, description = 2`, of the extension `errors`.
pub(super) fn bad_request(problem: &PublicProblem<'_>) -> Option<Message> {
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
