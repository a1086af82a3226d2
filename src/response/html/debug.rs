//! What a developer of the server sees of an error.

use super::Markup;
use crate::response::DebugReport;

/// Writes the section of the page. Its language is English, as that of the errors of most programs.
pub(super) fn write(html: &mut Markup, debug: &DebugReport, request_id: Option<&str>) {
    html.raw("<section lang=\"en\" dir=\"ltr\">\n<h2>For the developer of this server</h2>\n");
    html.raw("<p class=\"note\">Everyone sees this until <code>debug(true)</code> is removed.</p>\n");
    if !debug.errors.is_empty() {
        html.raw("<ol>\n");
        for error in &debug.errors {
            html.raw("<li><code>").text(error).raw("</code></li>\n");
        }
        html.raw("</ol>\n");
    }
    let facts = [("Mapped by", debug.mapped_by.as_deref()), ("Request id", request_id)];
    if facts.iter().any(|(_, fact)| fact.is_some()) {
        html.raw("<dl>\n");
        for (name, fact) in facts {
            if let Some(fact) = fact {
                html.raw("<dt>").raw(name).raw("</dt><dd><code>").text(fact).raw("</code></dd>\n");
            }
        }
        html.raw("</dl>\n");
    }
    if !debug.backtrace.is_empty() {
        html.raw("<pre tabindex=\"0\">").text(&debug.backtrace.join("\n")).raw("</pre>\n");
    }
    html.raw("</section>\n");
}
