//! The page for a person: one HTML document without scripts and without external resources, for screen and paper.
//!
//! The application's text is never markup. Its language is not known (`lang=""`) and its direction is that of its own
//! letters (`dir="auto"`), while the page around it is English. Texts of the catalogue need no escape.

use http::HeaderValue;

use super::PublicProblem;
use crate::catalog;

mod link;
mod markup;
mod members;

pub(crate) use link::is_link;
use link::write_reference;
pub(crate) use markup::Markup;

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Nothing is loaded, run, framed or sent. The one style is named by its hash, which a test recomputes.
pub(crate) const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'sha256-HOIF10y1UHGz782Cy6HkQ+CAXGJWFxyMzRh6FrUJZLM='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const STYLE: &str = include_str!("page.css");

/// The attributes of an element that holds the application's text.
macro_rules! unknown_language {
    () => {
        r#" lang="" dir="auto""#
    };
}
use unknown_language;

/// Most pages are smaller.
const CAPACITY: usize = STYLE.len() + 2048;

/// Returns the page of a problem.
pub(crate) fn render(problem: &PublicProblem<'_>) -> String {
    let entry = problem.entry;
    let mut page = Markup::with_capacity(CAPACITY);
    let title = non_blank(Some(problem.title)).unwrap_or(entry.title);
    let attributes = match problem.code.as_u16() {
        _ if catalog::is_server_error(problem.code) => r#" class="server""#,
        400.. => r#" class="client""#,
        _ => "",
    };
    write_head(&mut page, attributes, &[problem.code.as_str(), " ", title]);
    write_explanation(&mut page, problem, title);
    write_advice(&mut page, problem);
    members::write_facts(&mut page, problem);
    if let Some(id) = non_blank(problem.request_id) {
        page.raw("<h2>If you ask for help, quote this request id</h2>\n<p><code class=\"id\">").text(id);
        page.raw("</code></p>\n");
    }
    page.raw("</main>\n<footer>About this status: <a href=\"").raw(entry.spec.link);
    page.raw("\" rel=\"noreferrer\">").raw(entry.spec.section).raw("</a></footer>\n");
    write_end(&mut page);
    page.into_string()
}

/// Writes what happened: heading, detail, explanation, lists, and the Location of a redirect.
fn write_explanation(page: &mut Markup, problem: &PublicProblem<'_>, title: &str) {
    let entry = problem.entry;
    let attributes = if title == entry.title { "" } else { unknown_language!() };
    page.raw("<h1><b>").raw(problem.code.as_str()).raw("</b> <span").raw(attributes).raw(">").text(title);
    page.raw("</span></h1>\n");
    if let Some(detail) = non_blank(problem.detail) {
        page.raw(concat!("<p class=\"detail\"", unknown_language!(), ">")).text(detail).raw("</p>\n");
    }
    page.raw("<p>").raw(entry.explanation).raw("</p>\n");
    members::write_lists(page, problem);
    if let Some(location) = problem.location.filter(|uri| is_link(uri)) {
        page.raw("<p>Go to ");
        write_reference(page, location);
        page.raw("</p>\n");
    }
}

/// Writes what the reader can do, and what usually causes the status.
fn write_advice(page: &mut Markup, problem: &PublicProblem<'_>) {
    let entry = problem.entry;
    page.raw("<h2>What you can do</h2>\n<p>").raw(entry.advice).raw("</p>\n");
    if let Some(uri) = problem.type_uri.filter(|uri| is_link(uri)) {
        page.raw("<p><a class=\"about\" href=\"").text(uri);
        page.raw("\" rel=\"noreferrer\">About this problem</a></p>\n");
    }
    // A detail leaves nothing to guess, and the causes of a redirect do not help the reader.
    if non_blank(problem.detail).is_none() && problem.code.as_u16() >= 400 {
        write_list(page, "What usually causes this", entry.causes, |page, cause| {
            page.raw(cause);
        });
    }
}

/// Writes the document up to its content; `attributes` are those of the root element, `title` is joined.
pub(crate) fn write_head(page: &mut Markup, attributes: &str, title: &[&str]) {
    page.raw("<!DOCTYPE html>\n<html lang=\"en\"").raw(attributes).raw(
        r#">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>"#,
    );
    for part in title {
        page.text(part);
    }
    page.raw("</title>\n<style>").raw(STYLE).raw("</style>\n</head>\n<body>\n<main>\n");
}

/// Writes what follows the content.
pub(crate) fn write_end(page: &mut Markup) {
    page.raw("</body>\n</html>\n");
}

/// Writes a heading and a list.
pub(crate) fn write_list<T>(page: &mut Markup, heading: &str, items: &[T], write_item: impl Fn(&mut Markup, &T)) {
    page.raw("<h2>").raw(heading).raw("</h2>\n<ul>\n");
    for item in items {
        page.raw("<li>");
        write_item(page, item);
        page.raw("</li>\n");
    }
    page.raw("</ul>\n");
}

fn non_blank(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests;
