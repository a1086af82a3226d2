//! Plain text, for terminals and logs.

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

use super::PublicProblem;

pub(super) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Returns the title, the detail, then one line for each URI and member, and at the end the advice.
pub(super) fn render(problem: &PublicProblem<'_>) -> Bytes {
    let mut out = String::with_capacity(512);
    out.push_str(problem.code.as_str());
    out.push(' ');
    line(&mut out, problem.title);
    out.push('\n');
    line(&mut out, problem.detail.unwrap_or(problem.entry.default_detail()));
    let facts = problem.extensions.iter().map(|(name, value)| (&**name, as_text(value)));
    let known = [("location", problem.location), ("type", problem.type_uri), ("instance", problem.instance)];
    let known = known.into_iter().filter_map(|(name, value)| Some((name, value?.into())));
    let id = problem.request_id.map(|id| ("request_id", id.into()));
    let mut first = true;
    for (name, value) in known.chain(facts).chain(id) {
        if std::mem::take(&mut first) {
            out.push('\n');
        }
        push_printable(&mut out, name);
        out.push_str(": ");
        line(&mut out, &value);
    }
    if let Some(advice) = problem.advice_for_programs() {
        out.push('\n');
        line(&mut out, advice);
    }
    out.into()
}

fn as_text(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

fn line(out: &mut String, text: &str) {
    push_printable(out, text);
    out.push('\n');
}

/// Replaces line breaks, and control characters that a terminal would act on.
fn push_printable(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| match c {
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
        c => c,
    }));
}
