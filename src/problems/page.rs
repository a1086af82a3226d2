//! The pages and JSON documents that describe problems.

use serde_json::{Value, json};

use super::Problem;
use crate::{
    catalog::{Entry, Permanence},
    response::html::{self, Markup, is_link},
};

/// Returns the page of one type, which several statuses can share; `list` is the address of the list.
pub(super) fn problem(problems: &[&Problem], list: Option<&str>) -> String {
    document(problems.first().map_or("Problem", |problem| problem.title()), |page| {
        for problem in problems {
            write_problem(page, problem);
        }
        if let Some(list) = list {
            page.raw("<p><a href=\"").text(list).raw("\">All problems</a></p>\n");
        }
    })
}

/// Returns the page that lists all problems.
pub(super) fn list(problems: &[Problem]) -> String {
    document("Problems", |page| {
        page.raw("<h1>Problems</h1>\n<p>What this service answers with when something goes wrong.</p>\n");
        for problem in problems {
            let (code, title) = (code_of(problem), problem.title());
            match problem.type_uri.as_deref().filter(|uri| is_link(uri)) {
                Some(uri) => page.raw("<h2><a href=\"").text(uri).raw("\">").raw(&code).text(title).raw("</a></h2>\n"),
                None => page.raw("<h2>").raw(&code).text(title).raw("</h2>\n"),
            };
            write_detail(page, problem);
            if let Some(entry) = problem.entry {
                page.raw("<p>").raw(entry.advice).raw("</p>\n");
            }
        }
    })
}

fn document(title: &str, write_content: impl FnOnce(&mut Markup)) -> String {
    let mut page = Markup::with_capacity(0);
    html::write_head(&mut page, "", &[title]);
    write_content(&mut page);
    page.raw("</main>\n");
    html::write_end(&mut page);
    page.into_string()
}

/// Returns the code and a space; nothing for a code that is chosen at run time.
fn code_of(problem: &Problem) -> String {
    problem.documented.code.map_or_else(String::new, |code| format!("{} ", code.as_str()))
}

fn write_problem(page: &mut Markup, problem: &Problem) {
    match problem.documented.code {
        Some(code) => page.raw("<h1><b>").raw(code.as_str()).raw("</b> ").text(problem.title()).raw("</h1>\n"),
        None => page.raw("<h1>").text(problem.title()).raw("</h1>\n"),
    };
    write_detail(page, problem);
    if let Some(entry) = problem.entry {
        write_explanation(page, problem, entry);
    }
    write_facts(page, problem);
}

fn write_explanation(page: &mut Markup, problem: &Problem, entry: &Entry) {
    page.raw("<p>").raw(entry.explanation).raw("</p>\n");
    page.raw("<h2>What you can do</h2>\n<p>").raw(entry.advice).raw("</p>\n");
    if let Some(later) = later(entry.permanence) {
        page.raw("<p>").raw(later).raw("</p>\n");
    }
    // A problem with its own title is not the one that the catalogue explains.
    if problem.documented.title.is_none() {
        html::write_list(page, "What usually causes this", entry.causes, |page, cause| {
            page.raw(cause);
        });
    }
}

/// Writes what a program needs to know.
fn write_facts(page: &mut Markup, problem: &Problem) {
    page.raw("<h2>For programs</h2>\n<dl>\n");
    if let Some(uri) = &problem.type_uri {
        page.raw("<dt>type</dt><dd><code>").text(uri).raw("</code></dd>\n");
    }
    if let Some(entry) = problem.entry {
        page.raw("<dt>status</dt><dd>").raw(&code_of(problem)).raw(entry.title).raw("</dd>\n");
        if !entry.required_headers.is_empty() {
            let names: Vec<_> = entry.required_headers.iter().map(http::HeaderName::as_str).collect();
            page.raw("<dt>header fields</dt><dd>").raw(&names.join(", ")).raw("</dd>\n");
        }
        page.raw("<dt>specified in</dt><dd><a href=\"").raw(entry.spec.link);
        page.raw("\" rel=\"noreferrer\">").raw(entry.spec.section).raw("</a></dd>\n");
    }
    page.raw("</dl>\n");
}

/// Writes the documented detail, with placeholders for what differs from case to case.
fn write_detail(page: &mut Markup, problem: &Problem) {
    if let Some(detail) = problem.documented.detail {
        page.raw("<p class=\"detail\" lang=\"\" dir=\"auto\">").text(detail).raw("</p>\n");
    }
}

fn later(permanence: Permanence) -> Option<&'static str> {
    match permanence {
        Permanence::Permanent => {
            Some("The same request will be answered in the same way until something about it is changed.")
        }
        Permanence::Temporary => Some("It is expected to pass: the same request may well succeed before long."),
        Permanence::Unknown | Permanence::Interim | Permanence::Fulfilled => None,
    }
}

/// Returns the JSON document of these problems.
pub(super) fn json<'a>(problems: impl Iterator<Item = &'a Problem>) -> Value {
    json!({ "problems": problems.map(json_of).collect::<Vec<_>>() })
}

fn json_of(problem: &Problem) -> Value {
    let mut value = json!({
        "type": problem.type_uri.as_deref().unwrap_or("about:blank"),
        "title": problem.title(),
        "detail": problem.documented.detail,
    });
    if let (Some(entry), Some(members)) = (problem.entry, value.as_object_mut()) {
        let of_entry = [
            ("status", json!(problem.documented.code.map(|code| code.as_u16()))),
            ("explanation", json!(entry.explanation)),
            ("causes", json!(entry.causes)),
            ("advice", json!(entry.advice)),
            ("permanence", json!(format!("{:?}", entry.permanence).to_ascii_lowercase())),
            ("specification", json!({ "section": entry.spec.section, "link": entry.spec.link })),
        ];
        members.extend(of_entry.map(|(name, value)| (name.to_owned(), value)));
    }
    value
}
