//! The problems as pages.

use super::{Problem, json};
use crate::{
    catalog::{Entry, Permanence},
    example::{
        self,
        template::{self, Part},
    },
    response::{
        html::{self, Head, Markup, Page, is_link},
        json::Document,
    },
};

/// Returns the page of one type, which several statuses can share; `list` is the address of the list.
pub(super) fn problem(problems: &[&Problem], list: Option<&str>, site: &Page) -> String {
    document(problems.first().map_or("Problem", |problem| problem.title()), site, |page| {
        for problem in problems {
            write_problem(page, problem);
        }
        write_links(page, [("All problems", list), ("Home", site.home_link())]);
    })
}

/// Returns the page that lists all problems.
pub(super) fn list(problems: &[Problem], site: &Page) -> String {
    document("Problems", site, |page| {
        page.raw("<h1>Problems</h1>\n<p>The errors that this service returns.</p>\n");
        for problem in problems {
            page.raw("<h2>");
            match problem.type_uri.as_deref().filter(|uri| is_link(uri)) {
                Some(uri) => {
                    page.raw("<a href=\"").text(uri).raw("\">");
                    write_title(page, problem);
                    page.raw("</a>");
                }
                None => write_title(page, problem),
            }
            page.raw("</h2>\n");
            write_summary(page, problem);
        }
        write_links(page, [("Home", site.home_link())]);
    })
}

/// Writes a row of the links that exist.
fn write_links<const N: usize>(page: &mut Markup, links: [(&str, Option<&str>); N]) {
    let mut links = links.into_iter().filter_map(|(text, uri)| Some((text, uri?))).peekable();
    if links.peek().is_some() {
        page.raw("<p class=\"next\">\n");
        for (text, uri) in links {
            page.raw("<a href=\"").text(uri).raw("\">").raw(text).raw("</a>\n");
        }
        page.raw("</p>\n");
    }
}

fn document(title: &str, site: &Page, write_content: impl FnOnce(&mut Markup)) -> String {
    let mut page = Markup::with_capacity(0);
    html::write_head(
        &mut page,
        &Head { language: "en", right_to_left: false, class: "", title, refresh: None, page: site },
    );
    write_content(&mut page);
    page.raw("</main>\n");
    html::write_end(&mut page);
    page.into_string()
}

/// Writes the code, unless it is chosen at run time, and the title.
fn write_title(page: &mut Markup, problem: &Problem) {
    if let Some(code) = problem.documented.code {
        page.raw(code.as_str()).raw(" ");
    }
    page.text(problem.title());
}

fn write_problem(page: &mut Markup, problem: &Problem) {
    if let Some(code) = problem.documented.code {
        page.raw("<p class=\"code\">").raw(code.as_str());
        if let Some(entry) = problem.entry.filter(|entry| entry.code == code && entry.title != problem.title()) {
            page.raw(" ").raw(entry.title);
        }
        page.raw("</p>\n");
    }
    page.raw("<h1 lang=\"\" dir=\"auto\">").text(problem.title()).raw("</h1>\n");
    write_summary(page, problem);
    // A problem with its own title is not the one that the catalog explains.
    if let Some(entry) = problem.entry.filter(|_| problem.documented.title.is_none()) {
        page.raw("<p>").text(entry.explanation).raw("</p>\n");
    }
    write_advice(page, problem);
    if let Some(entry) = problem.entry {
        write_causes(page, problem, entry);
    }
    write_for_developers(page, problem);
}

/// Writes the description, otherwise the template of the detail.
fn write_summary(page: &mut Markup, problem: &Problem) {
    let documented = &problem.documented;
    if let Some(description) = documented.description {
        for paragraph in description.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            page.raw("<p lang=\"\" dir=\"auto\">").text(paragraph.trim()).raw("</p>\n");
        }
    } else if let Some(template) = documented.detail {
        page.raw("<p class=\"detail\" lang=\"\" dir=\"auto\">");
        write_template(page, template, true);
        page.raw("</p>\n");
    }
}

/// Writes the problem's own advice, otherwise that of the catalog.
fn write_advice(page: &mut Markup, problem: &Problem) {
    const HEADING: &str = "<h2>When you see this error</h2>\n";
    if let Some(template) = problem.documented.advice {
        page.raw(HEADING).raw("<p lang=\"\" dir=\"auto\">");
        write_template(page, template, false);
        page.raw("</p>\n");
    } else if let Some(entry) = problem.entry {
        page.raw(HEADING).raw("<p>").text(entry.advice).raw("</p>\n");
    }
}

/// Writes whether the problem lasts, and what usually causes it.
fn write_causes(page: &mut Markup, problem: &Problem, entry: &Entry) {
    match entry.permanence {
        Permanence::Permanent => page.raw("<p>Trying again will not help.</p>\n"),
        Permanence::Temporary => page.raw("<p>Trying again later may help.</p>\n"),
        Permanence::Unknown | Permanence::Interim | Permanence::Fulfilled => page,
    };
    // A problem with its own title is not the one that the catalog explains.
    if problem.documented.title.is_none() {
        page.raw("<h2>What usually causes this</h2>\n");
        html::write_list(page, entry.causes, |page, cause| {
            page.text(cause);
        });
    }
}

/// Writes what the developer of a client needs to know.
fn write_for_developers(page: &mut Markup, problem: &Problem) {
    let documented = &problem.documented;
    page.raw("<h2>For developers</h2>\n");
    if let Some(text) = problem.entry.and_then(|entry| entry.for_developers) {
        page.raw("<p>").text(text).raw("</p>\n");
    }
    page.raw("<dl>\n");
    if let Some(uri) = &problem.type_uri {
        page.raw("<dt>type</dt><dd><code>").text(uri).raw("</code></dd>\n");
    }
    if let Some(template) = documented.detail.filter(|_| documented.description.is_some()) {
        page.raw("<dt>detail</dt><dd lang=\"\" dir=\"auto\">");
        write_template(page, template, false);
        page.raw("</dd>\n");
    }
    for (name, schema) in documented.extensions {
        page.raw("<dt><code>").text(name).raw("</code></dt><dd>").text(&json::in_words(schema)).raw("</dd>\n");
    }
    let headers = example::header_names(documented);
    if !headers.is_empty() {
        page.raw("<dt>Header fields</dt><dd>").text(&headers.join(", ")).raw("</dd>\n");
    }
    if let Some(entry) = problem.entry {
        let grpc = documented.grpc_code.unwrap_or(entry.grpc).to_string();
        page.raw("<dt>gRPC code</dt><dd><code>").raw(&grpc).raw("</code></dd>\n");
        page.raw("<dt>Specification</dt><dd><a href=\"").raw(entry.spec.link);
        page.raw("\" rel=\"noreferrer\">").raw(entry.spec.section).raw("</a></dd>\n");
    }
    page.raw("</dl>\n");
    let example = example::with_example(documented, problem.type_uri.as_deref(), |example| {
        serde_json::to_string_pretty(&Document(example))
    });
    if let Some(Ok(example)) = example {
        page.raw("<h2>Example</h2>\n<pre tabindex=\"0\">").text(&example).raw("</pre>\n");
    }
}

/// Writes the template of a detail or of advice: a field's name in italics, or an ellipsis, for what differs from case to
/// case.
/// `capitalized`: as the error page shows it.
fn write_template(page: &mut Markup, template: &str, capitalized: bool) {
    for (position, part) in template::parts(template).into_iter().enumerate() {
        match part {
            Part::Text(text) if position == 0 && capitalized => page.capitalized(&text),
            Part::Text(text) => page.text(&text),
            Part::Field(name) => page.raw("<i>").text(&name).raw("</i>"),
            Part::Unnamed => page.raw(template::UNNAMED),
        };
    }
}
