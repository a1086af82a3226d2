//! Extension members and URIs on the page.

use http::StatusCode;
use serde_json::Value;

use super::{
    Markup, PublicProblem,
    link::{is_link, write_reference},
    non_blank, unknown_language, write_list,
};

/// Writes the members that have a list of their own: `errors`, and the `choices` of a 300.
pub(super) fn write_lists(page: &mut Markup, problem: &PublicProblem<'_>) {
    for (name, value) in problem.extensions {
        let Some(items) = list_items(problem, name, value) else { continue };
        if name == "choices" {
            write_list(page, "Choices", items, write_choice);
        } else {
            write_list(page, "Problems found", items, write_error);
        }
    }
}

/// Writes all other members, and the URIs that are not links elsewhere on the page.
pub(super) fn write_facts(page: &mut Markup, problem: &PublicProblem<'_>) {
    let mut members = problem
        .extensions
        .iter()
        .filter(|(name, value)| list_items(problem, name, value).is_none())
        .filter(|(name, _)| !(name == "request_id" && problem.request_id.is_some()))
        .peekable();
    let is_unlinked = |uri: &&str| !is_link(uri) && *uri != "about:blank";
    let uris = [
        ("type", non_blank(problem.type_uri).filter(is_unlinked)),
        ("location", non_blank(problem.location).filter(is_unlinked)),
        ("instance", non_blank(problem.instance)),
    ];
    if members.peek().is_none() && uris.iter().all(|(_, uri)| uri.is_none()) {
        return;
    }
    page.raw("<h2>Details</h2>\n<dl>\n");
    for (name, value) in members {
        page.raw("<dt>").text(name).raw(concat!("</dt><dd", unknown_language!(), ">"));
        write_value(page, value);
        page.raw("</dd>\n");
    }
    for (name, uri) in uris {
        if let Some(uri) = uri {
            page.raw("<dt>").raw(name).raw("</dt><dd>");
            write_reference(page, uri);
            page.raw("</dd>\n");
        }
    }
    page.raw("</dl>\n");
}

/// Returns the items of a member that has a list of its own.
fn list_items<'a>(problem: &PublicProblem<'_>, name: &str, value: &'a Value) -> Option<&'a Vec<Value>> {
    let has_list = name == "errors" || (name == "choices" && problem.code == StatusCode::MULTIPLE_CHOICES);
    value.as_array().filter(|items| has_list && !items.is_empty())
}

/// Writes a string without quotes and any other value as JSON; an empty string keeps its quotes, so that it is visible.
fn write_value(page: &mut Markup, value: &Value) {
    match value {
        Value::String(text) if !text.is_empty() => page.text(text),
        Value::Array(_) | Value::Object(_) => page.raw("<code>").text(&value.to_string()).raw("</code>"),
        scalar => page.text(&scalar.to_string()),
    };
}

/// Writes one of `errors`: usually an object with `detail` and `pointer` or `parameter`; other members are for programs.
fn write_error(page: &mut Markup, error: &Value) {
    let member = |name| non_blank(error.get(name).and_then(Value::as_str));
    let Some(detail) = member("detail") else { return write_any(page, error) };
    if let Some(place) = member("pointer").or_else(|| member("parameter")) {
        page.raw("<code>").text(place).raw("</code> ");
    }
    page.raw(concat!("<span", unknown_language!(), ">")).text(detail).raw("</span>");
}

/// Writes one of `choices`: usually a URI reference.
fn write_choice(page: &mut Markup, choice: &Value) {
    match choice {
        Value::String(uri) if is_link(uri) => write_reference(page, uri),
        other => write_any(page, other),
    }
}

fn write_any(page: &mut Markup, value: &Value) {
    page.raw(concat!("<span", unknown_language!(), ">"));
    write_value(page, value);
    page.raw("</span>");
}
