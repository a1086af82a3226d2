//! Plain text, for terminals and logs.

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

use super::{DebugReport, PublicProblem};

pub(super) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Returns the title, the detail, then one line for each URI and member, and at the end the advice.
pub(super) fn render(problem: &PublicProblem<'_>) -> Bytes {
    let mut out = String::with_capacity(512);
    out.push_str(problem.code.as_str());
    out.push(' ');
    line(&mut out, problem.shown_title());
    out.push('\n');
    line(&mut out, problem.detail_for_programs());
    let facts = problem.members().map(|(name, value)| (name, as_text(value)));
    let known = [("location", problem.location), ("type", problem.type_uri), ("instance", problem.instance)];
    let known = known.into_iter().filter_map(|(name, value)| Some((name, value?.into())));
    let ids = problem.ids.members().map(|(name, id)| (name, id.into()));
    let mut first = true;
    for (name, value) in known.chain(facts).chain(ids) {
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
    if let Some(debug) = problem.debug {
        push_debug(&mut out, debug);
    }
    out.into()
}

/// Writes one line for each error, for the option that mapped it, and for each entry of the backtrace.
fn push_debug(out: &mut String, debug: &DebugReport) {
    let errors = debug.errors.iter().map(|error| ("error", error));
    let mapped_by = debug.mapped_by.iter().map(|by| ("mapped by", by));
    let backtrace = debug.backtrace.iter().map(|entry| ("backtrace", entry));
    out.push('\n');
    for (name, text) in errors.chain(mapped_by).chain(backtrace) {
        out.push_str(name);
        out.push_str(": ");
        line(out, text);
    }
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
