//! Extension members and URIs on the page.

use std::borrow::Cow;

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    Markup, PublicProblem,
    link::{is_link, write_reference},
    non_blank, unknown_language, write_list,
};
use crate::response::Text;

/// Writes the members that are shown as lists: `errors`, and the `choices` of a 300.
pub(super) fn write_lists(html: &mut Markup, problem: &PublicProblem<'_>) {
    for (name, value) in problem.members() {
        let Some(items) = list_items(problem, name, value) else { continue };
        write_list(html, items, if name == "choices" { write_choice } else { write_error });
    }
}

/// Writes the other members, which are for programs, and the URIs that are not links elsewhere on the page.
pub(super) fn write_technical_details(html: &mut Markup, problem: &PublicProblem<'_>) {
    let mut members = problem.members().filter(|(name, value)| list_items(problem, name, value).is_none()).peekable();
    let trace = problem.ids.trace;
    let is_unlinked = |uri: &&str| !is_link(uri) && *uri != "about:blank";
    let uris = [
        ("type", non_blank(problem.type_uri).filter(is_unlinked)),
        ("location", non_blank(problem.location).filter(is_unlinked)),
        ("instance", non_blank(problem.instance)),
    ];
    if members.peek().is_none() && trace.is_none() && uris.iter().all(|(_, uri)| uri.is_none()) {
        return;
    }
    html.raw("<details>\n");
    problem.label(Text::TECHNICAL_DETAILS).write(html, "summary", "");
    html.raw("\n<dl>\n");
    for (name, value) in members {
        html.raw("<dt>").text(name).raw(concat!("</dt><dd", unknown_language!(), ">"));
        write_value(html, value);
        html.raw("</dd>\n");
    }
    for (name, uri) in uris {
        if let Some(uri) = uri {
            html.raw("<dt>").raw(name).raw("</dt><dd>");
            write_reference(html, uri);
            html.raw("</dd>\n");
        }
    }
    if let Some(id) = trace {
        html.raw("<dt>trace_id</dt><dd><code class=\"id\">").text(id).raw("</code></dd>\n");
    }
    html.raw("</dl>\n</details>\n");
}

/// Returns the items of a member that is shown as a list.
fn list_items<'a>(problem: &PublicProblem<'_>, name: &str, value: &'a Value) -> Option<&'a Vec<Value>> {
    let has_list = name == "errors" || (name == "choices" && problem.code == StatusCode::MULTIPLE_CHOICES);
    value.as_array().filter(|items| has_list && !items.is_empty())
}

/// Writes a string without quotes and any other value as JSON; an empty string keeps its quotes, so that it is visible.
fn write_value(html: &mut Markup, value: &Value) {
    match value {
        Value::String(text) if !text.is_empty() => html.text(text),
        Value::Array(_) | Value::Object(_) => html.raw("<code>").text(&value.to_string()).raw("</code>"),
        scalar => html.text(&scalar.to_string()),
    };
}

/// Writes one of `errors`: usually an object with `detail` and where it is, whose other members are for programs.
fn write_error(html: &mut Markup, error: &Value) {
    let member = |name| non_blank(error.get(name).and_then(Value::as_str));
    let Some(detail) = member("detail") else { return write_any(html, error) };
    html.raw(concat!("<span", unknown_language!(), ">"));
    let pointer = member("pointer");
    if let Some(name) = pointer.and_then(field_name).or_else(|| member("parameter").map(str::to_owned)) {
        html.text(&name).raw(": ");
    }
    html.text(detail).raw("</span>");
    // A member of the document itself needs no pointer beside its name.
    if let Some(pointer) = pointer.filter(|pointer| pointer.matches('/').count() > 1) {
        html.raw(" <code>").text(pointer).raw("</code>");
    }
}

/// Returns the last name in a JSON pointer (RFC 6901), with the index that follows it; `None`: the whole document.
fn field_name(pointer: &str) -> Option<String> {
    let decoded = match pointer.strip_prefix('#') {
        Some(fragment) => percent_decode_str(fragment).decode_utf8_lossy(),
        None => Cow::Borrowed(pointer),
    };
    let is_index = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    let mut tokens = decoded.rsplit('/').take_while(|token| !token.is_empty());
    let name = match (tokens.next(), tokens.next()) {
        (Some(index), Some(name)) if is_index(index) && !is_index(name) => format!("{name} {index}"),
        (Some(name), _) => name.to_owned(),
        (None, _) => return None,
    };
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// Writes one of `choices`: usually a URI reference.
fn write_choice(html: &mut Markup, choice: &Value) {
    match choice {
        Value::String(uri) if is_link(uri) => write_reference(html, uri),
        other => write_any(html, other),
    }
}

fn write_any(html: &mut Markup, value: &Value) {
    html.raw(concat!("<span", unknown_language!(), ">"));
    write_value(html, value);
    html.raw("</span>");
}
