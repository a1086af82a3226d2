//! The page for a person: one HTML document without scripts and without external resources, for screen and paper.
//!
//! The application's text is never markup. Its language is not known (`lang=""`) and its letters decide its direction
//! (`dir="auto"`), while the page around it is English. Texts of the catalogue need no escape.

use http::HeaderValue;

use super::PublicProblem;
use crate::catalog::{self, NextStep};

mod labels;
mod link;
mod markup;
mod members;
mod next_steps;
mod page;

#[cfg(feature = "problems")]
pub(crate) use link::is_link;
pub(crate) use markup::Markup;
pub use page::{Accent, Page};

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

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

/// The options and the request that a page depends on.
pub(crate) struct PageRequest<'a> {
    pub(crate) page: &'a Page,
    /// Whether loading the address again repeats the request, as after GET.
    pub(crate) can_reload: bool,
    /// The delay of a Retry-After, in seconds.
    pub(crate) retry_after: Option<u64>,
}

/// Returns the page of a problem.
pub(crate) fn render(problem: &PublicProblem<'_>, request: &PageRequest<'_>) -> String {
    let entry = problem.entry;
    let mut html = Markup::with_capacity(CAPACITY);
    let own_title = non_blank(Some(problem.title)).filter(|title| *title != entry.title);
    let headline = own_title.unwrap_or(entry.headline);
    let attributes = match problem.code.as_u16() {
        _ if catalog::is_server_error(problem.code) => r#" class="server""#,
        400.. => r#" class="client""#,
        _ => "",
    };
    let refresh = request.retry_after.filter(|_| request.page.auto_refresh && request.can_reload);
    write_head(&mut html, &Head { attributes, title: headline, refresh, page: request.page });

    write_code(&mut html, problem, headline);
    html.raw("<h1").raw(if own_title.is_some() { unknown_language!() } else { "" }).raw(">").text(headline);
    html.raw("</h1>\n");
    match non_blank(problem.detail) {
        Some(detail) => {
            html.raw(concat!("<p class=\"detail\"", unknown_language!(), ">")).capitalized(detail).raw("</p>\n");
        }
        None => {
            html.raw("<p>").text(entry.explanation).raw("</p>\n");
        }
    }
    members::write_lists(&mut html, problem);
    next_steps::write_location(&mut html, problem);
    write_advice(&mut html, problem, request);
    next_steps::write_next_steps(&mut html, problem, request);
    members::write_technical_details(&mut html, problem);
    html.raw("</main>\n");
    write_footer(&mut html, problem);
    write_end(&mut html);
    html.into_string()
}

/// Writes the code and the registered title, which is left out where it repeats the headline or is that of another code.
fn write_code(html: &mut Markup, problem: &PublicProblem<'_>, headline: &str) {
    let entry = problem.entry;
    html.raw("<p class=\"code\">").raw(problem.code.as_str());
    if entry.code == problem.code && !entry.title.eq_ignore_ascii_case(headline) {
        html.raw(" ").raw(entry.title);
    }
    html.raw("</p>\n");
}

/// Writes what the reader can do, and what usually causes an error that has no detail.
fn write_advice(html: &mut Markup, problem: &PublicProblem<'_>, request: &PageRequest<'_>) {
    let entry = problem.entry;
    // A link that tells the same is advice enough.
    let is_sign_in = entry.next_step == NextStep::SignIn && request.page.sign_in.is_some();
    if let Some(advice) = non_blank(problem.advice) {
        html.raw(concat!("<p", unknown_language!(), ">")).text(advice).raw("</p>\n");
    } else if !(is_sign_in || request.retry_after.is_some()) || entry.explains_retry {
        html.raw("<p>").text(entry.advice).raw("</p>\n");
    }
    if non_blank(problem.detail).is_none() && problem.code.as_u16() >= 400 {
        html.raw("<p class=\"reasons\">").raw(labels::REASONS);
        let last = entry.causes.len().saturating_sub(1);
        for (position, cause) in entry.causes.iter().enumerate() {
            html.raw(match position {
                0 => "",
                _ if last == 1 => " ",
                _ => ", ",
            });
            html.raw(if position == last && last > 0 { labels::OR } else { "" }).text(cause);
        }
        html.raw(".</p>\n");
    }
}

fn write_footer(html: &mut Markup, problem: &PublicProblem<'_>) {
    html.raw("<footer>\n");
    if let Some(id) = non_blank(problem.request_id) {
        html.raw("<p>").raw(labels::REQUEST_ID).raw("<code class=\"id\">").text(id).raw("</code></p>\n");
    }
    let spec = problem.entry.spec;
    html.raw("<p>").raw(labels::ABOUT_STATUS).raw("<a href=\"").raw(spec.link);
    html.raw("\" rel=\"noreferrer\">").raw(spec.section).raw("</a></p>\n</footer>\n");
}

/// What the head of a document depends on.
pub(crate) struct Head<'a> {
    /// Attributes of the root element.
    pub(crate) attributes: &'a str,
    pub(crate) title: &'a str,
    /// The delay after which the page loads itself again, in seconds.
    pub(crate) refresh: Option<u64>,
    pub(crate) page: &'a Page,
}

/// Writes the document up to its content.
pub(crate) fn write_head(html: &mut Markup, head: &Head<'_>) {
    let Head { attributes, title, refresh, page } = head;
    html.raw("<!DOCTYPE html>\n<html lang=\"en\"").raw(attributes).raw(
        r#">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
"#,
    );
    if let Some(seconds) = refresh {
        html.raw(r#"<meta http-equiv="refresh" content=""#).raw(&seconds.to_string()).raw("\">\n");
    }
    html.raw("<title>").text(title);
    if let Some(site) = &page.site {
        html.raw(" · ").text(site);
    }
    html.raw("</title>\n<style>").raw(STYLE).raw("</style>\n");
    if let Some(accent) = page.accent {
        html.raw("<style>").raw(accent.style()).raw("</style>\n");
    }
    html.raw("</head>\n<body>\n");
    if let Some(site) = &page.site {
        html.raw(concat!("<header", unknown_language!(), ">"));
        match &page.home {
            Some(home) => html.raw("<a href=\"").text(home).raw("\">").text(site).raw("</a>"),
            None => html.text(site),
        };
        html.raw("</header>\n");
    }
    html.raw("<main>\n");
}

/// Writes what follows the content.
pub(crate) fn write_end(html: &mut Markup) {
    html.raw("</body>\n</html>\n");
}

/// Writes a list.
pub(crate) fn write_list<T>(html: &mut Markup, items: &[T], write_item: impl Fn(&mut Markup, &T)) {
    html.raw("<ul>\n");
    for item in items {
        html.raw("<li>");
        write_item(html, item);
        html.raw("</li>\n");
    }
    html.raw("</ul>\n");
}

fn non_blank(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests;
