//! The page for a person: one HTML document without scripts and without external resources, for screen and paper.
//!
//! The application's text is never markup.

use http::HeaderValue;

use super::{BodyOptions, PublicProblem, translate::Text};
use crate::catalog::{self, NextStep};

mod debug;
mod labels;
mod link;
mod markup;
mod members;
mod next_steps;
mod page;
mod words;

#[cfg(feature = "problems")]
pub(crate) use link::is_link;
pub(crate) use markup::Markup;
use markup::non_blank;
pub use page::{Accent, Page};
use words::unknown_language;

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

const STYLE: &str = include_str!("page.css");

/// Most pages are smaller.
const CAPACITY: usize = STYLE.len() + 2048;

/// Returns the page of a problem.
pub(crate) fn render(problem: &PublicProblem<'_>, options: &BodyOptions<'_>) -> String {
    let mut html = Markup::with_capacity(CAPACITY);
    let headline = problem.headline();
    let class = match problem.code.as_u16() {
        _ if catalog::is_server_error(problem.code) => r#" class="server""#,
        400.. => r#" class="client""#,
        _ => "",
    };
    // A page that loads itself again at once would never stop.
    let refresh =
        options.retry_after.filter(|_| options.page.auto_refresh && options.can_reload).map(|delay| delay.max(1));
    let head = Head {
        language: problem.page_language(),
        right_to_left: problem.is_right_to_left(),
        class,
        title: &headline.text,
        refresh,
        page: options.page,
    };
    write_head(&mut html, &head);

    write_code(&mut html, problem, &headline.text);
    headline.write(&mut html, "h1", "");
    html.raw("\n");
    if let Some(detail) = problem.detail_in_words() {
        html.raw("<p class=\"detail\"").raw(detail.attributes).raw(">").capitalized(&detail.text).raw("</p>\n");
    } else {
        problem.explanation().write(&mut html, "p", "");
        html.raw("\n");
    }
    members::write_lists(&mut html, problem);
    next_steps::write_location(&mut html, problem);
    write_advice(&mut html, problem, options);
    next_steps::write_next_steps(&mut html, problem, options);
    members::write_technical_details(&mut html, problem);
    if let Some(debug) = problem.debug {
        debug::write(&mut html, debug, problem.ids.request);
    }
    html.raw("</main>\n");
    write_footer(&mut html, problem);
    write_end(&mut html);
    html.into_string()
}

/// Writes the code and its title.
fn write_code(html: &mut Markup, problem: &PublicProblem<'_>, headline: &str) {
    html.raw("<p class=\"code\">").raw(problem.code.as_str());
    match problem.registered_title(headline) {
        Some(title) if title.attributes.is_empty() => {
            html.raw(" ").text(&title.text);
        }
        Some(title) => title.write(html.raw(" "), "span", ""),
        None => {}
    }
    html.raw("</p>\n");
}

/// Writes what the reader can do, and what usually causes an error that has no detail.
fn write_advice(html: &mut Markup, problem: &PublicProblem<'_>, options: &BodyOptions<'_>) {
    let entry = problem.entry;
    // A link with the same advice is enough.
    let is_sign_in = entry.next_step == NextStep::SignIn && options.page.sign_in.is_some();
    if let Some(advice) = problem.own_advice() {
        advice.write(html, "p", "");
        html.raw("\n");
    } else if !(is_sign_in || options.retry_after.is_some()) || entry.explains_retry {
        problem.advice_of_code().write(html, "p", "");
        html.raw("\n");
    }
    next_steps::write_retry_note(html, problem, options);
    if non_blank(problem.detail).is_none() && problem.code.as_u16() >= 400 && problem.is_english() {
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
    if let Some(id) = non_blank(problem.ids.request) {
        write_label(html, problem, Text::REQUEST_ID);
        html.raw("<code class=\"id\">").text(id).raw("</code></p>\n");
    }
    let spec = problem.entry.spec;
    write_label(html, problem, Text::ABOUT_STATUS);
    html.raw("<a href=\"").raw(spec.link).raw("\" rel=\"noreferrer\">").raw(spec.section).raw("</a></p>\n</footer>\n");
}

/// Begins a paragraph with a label.
fn write_label(html: &mut Markup, problem: &PublicProblem<'_>, label: &'static str) {
    let words = problem.label(label);
    html.raw("<p").raw(words.attributes).raw(">").text(&words.text).raw(": ");
}

/// What the head of a document depends on.
pub(crate) struct Head<'a> {
    pub(crate) language: &'a str,
    pub(crate) right_to_left: bool,
    /// The class of the root element, as an attribute.
    pub(crate) class: &'a str,
    pub(crate) title: &'a str,
    /// The delay after which the page loads itself again, in seconds.
    pub(crate) refresh: Option<u64>,
    pub(crate) page: &'a Page,
}

/// Writes the document up to its content.
pub(crate) fn write_head(html: &mut Markup, head: &Head<'_>) {
    let Head { language, right_to_left, class, title, refresh, page } = head;
    html.raw("<!DOCTYPE html>\n<html lang=\"").text(language).raw("\"");
    html.raw(if *right_to_left { " dir=\"rtl\"" } else { "" }).raw(class).raw(
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
        // The name of the site begins where a line of the page begins, whatever its own direction is.
        html.raw("<header>");
        match &page.home {
            Some(home) => {
                html.raw("<a href=\"").text(home).raw(concat!("\"", unknown_language!(), ">")).text(site).raw("</a>")
            }
            None => html.raw(concat!("<span", unknown_language!(), ">")).text(site).raw("</span>"),
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

#[cfg(test)]
mod tests;
