//! What is known of problems, for a person and for a program.

use std::fmt::{self, Write};

use serde_json::{Value, json};

use super::Problem;
use crate::{
    catalog::Permanence,
    response::html::{self, Escaped, is_link},
};

/// Of several statuses under one type, one after the other; `list` leads to all problems.
pub(super) fn problem(problems: &[&Problem], list: Option<&str>) -> String {
    written(problems.first().map_or("Problem", |problem| problem.title()), |page| {
        for problem in problems {
            write_problem(page, problem)?;
        }
        match list {
            Some(list) => writeln!(page, r#"<p><a href="{}">All problems</a></p>"#, Escaped(list)),
            None => Ok(()),
        }
    })
}

pub(super) fn list(problems: &[Problem]) -> String {
    written("Problems", |page| {
        writeln!(page, "<h1>Problems</h1>\n<p>What this service answers with when something goes wrong.</p>")?;
        for problem in problems {
            let (code, title) = (problem.documented.code.as_str(), Escaped(problem.title()));
            match problem.type_uri.as_deref().filter(|uri| is_link(uri)) {
                Some(uri) => writeln!(page, r#"<h2><a href="{}">{code} {title}</a></h2>"#, Escaped(uri))?,
                None => writeln!(page, "<h2>{code} {title}</h2>")?,
            }
            write_template(page, problem)?;
            writeln!(page, "<p>{}</p>", Escaped(problem.entry.advice))?;
        }
        Ok(())
    })
}

fn written(title: &str, write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut page = String::new();
    // A String refuses no text.
    html::write_head(&mut page, "", |page| html::write_text(page, title));
    let _ = write(&mut page);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn write_problem(page: &mut String, problem: &Problem) -> fmt::Result {
    let entry = problem.entry;
    let (code, title) = (problem.documented.code.as_str(), Escaped(problem.title()));
    writeln!(page, "<h1><b>{code}</b> {title}</h1>")?;
    write_template(page, problem)?;
    writeln!(page, "<p>{}</p>", Escaped(entry.explanation))?;
    writeln!(page, "<h2>What you can do</h2>\n<p>{}</p>", Escaped(entry.advice))?;
    if let Some(later) = later(entry.permanence) {
        writeln!(page, "<p>{later}</p>")?;
    }
    // Those of the status: a title of its own says that the problem is another one.
    if problem.documented.title.is_none() {
        html::write_list(page, "What usually causes this", entry.causes, |page, cause| html::write_text(page, cause));
    }
    writeln!(page, "<h2>For programs</h2>\n<dl>")?;
    if let Some(uri) = &problem.type_uri {
        writeln!(page, "<dt>type</dt><dd><code>{}</code></dd>", Escaped(uri))?;
    }
    writeln!(page, "<dt>status</dt><dd>{code} {}</dd>", Escaped(entry.title))?;
    if !entry.required_headers.is_empty() {
        let fields: Vec<_> = entry.required_headers.iter().map(http::HeaderName::as_str).collect();
        writeln!(page, "<dt>header fields</dt><dd>{}</dd>", Escaped(fields.join(", ")))?;
    }
    let (link, section) = (Escaped(entry.spec.link), Escaped(entry.spec.section));
    writeln!(page, r#"<dt>specified in</dt><dd><a href="{link}" rel="noreferrer">{section}</a></dd>"#)?;
    writeln!(page, "</dl>")
}

/// What the answers say, with placeholders for what differs.
fn write_template(page: &mut String, problem: &Problem) -> fmt::Result {
    match problem.documented.detail {
        Some(detail) => writeln!(page, r#"<p class="detail" lang="" dir="auto">{}</p>"#, Escaped(detail)),
        None => Ok(()),
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

pub(super) fn json<'a>(problems: impl Iterator<Item = &'a Problem>) -> Value {
    json!({ "problems": problems.map(json_of).collect::<Vec<_>>() })
}

fn json_of(problem: &Problem) -> Value {
    let entry = problem.entry;
    json!({
        "type": problem.type_uri.as_deref().unwrap_or("about:blank"),
        "title": problem.title(),
        "status": problem.documented.code.as_u16(),
        "detail": problem.documented.detail,
        "explanation": entry.explanation,
        "causes": entry.causes,
        "advice": entry.advice,
        "permanence": format!("{:?}", entry.permanence).to_ascii_lowercase(),
        "specification": { "section": entry.spec.section, "link": entry.spec.link },
    })
}
