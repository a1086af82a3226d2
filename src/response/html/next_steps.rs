//! The links and buttons that lead on.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    BodyOptions, Markup, PublicProblem,
    link::{is_link, is_mail, write_reference},
    non_blank,
    words::Words,
};
use crate::{
    catalog::{self, NextStep, Permanence},
    response::Text,
};

/// Writes the next steps that fit the status, as far as the application named them.
pub(super) fn write_next_steps(html: &mut Markup, problem: &PublicProblem<'_>, options: &BodyOptions<'_>) {
    let (entry, page) = (problem.entry, options.page);
    let mut steps = Steps { html, any: false };
    if can_retry(problem, options) && options.can_reload {
        // An empty reference is the page itself, with its query.
        steps.add("", &problem.label_with_delay((Text::TRY_AGAIN, Text::TRY_AGAIN_IN), options.retry_after));
    }
    match entry.next_step {
        NextStep::SignIn => steps.add_named(page.sign_in.as_deref(), &problem.label(Text::SIGN_IN)),
        NextStep::Home => {
            steps.add_named(page.home.as_deref(), &problem.label(Text::HOME));
            steps.add_named(page.search.as_deref(), &problem.label(Text::SEARCH));
        }
        NextStep::None => {}
    }
    if let Some(support) = page.support.as_deref().filter(|_| catalog::is_server_error(problem.code)) {
        steps.add_support(support, problem);
    }
    if let Some(uri) = problem.type_uri.filter(|uri| is_link(uri)) {
        let words = problem.label(Text::ABOUT_PROBLEM);
        steps.open().raw(r#"<a class="about" href=""#).text(uri).raw(r#"" rel="noreferrer""#);
        steps.html.raw(words.attributes).raw(">").text(&words.text).raw("</a>\n");
    }
    steps.close();
}

/// Writes where a redirect leads.
pub(super) fn write_location(html: &mut Markup, problem: &PublicProblem<'_>) {
    if let Some(location) = problem.location.filter(|uri| is_link(uri)) {
        let words = problem.label(Text::GO_TO);
        html.raw("<p").raw(words.attributes).raw(">").text(&words.text).raw(" ");
        write_reference(html, location);
        html.raw("</p>\n");
    }
}

/// Returns whether the same request may succeed later.
fn can_retry(problem: &PublicProblem<'_>, options: &BodyOptions<'_>) -> bool {
    problem.code.as_u16() >= 400 && (options.retry_after.is_some() || problem.entry.permanence == Permanence::Temporary)
}

/// Writes a note instead of a link, which would repeat a form's request as a GET.
pub(super) fn write_retry_note(html: &mut Markup, problem: &PublicProblem<'_>, options: &BodyOptions<'_>) {
    if can_retry(problem, options) && !options.can_reload {
        let labels = (Text::SUBMIT_AGAIN, Text::SUBMIT_AGAIN_IN);
        let Words { text, attributes } = problem.label_with_delay(labels, options.retry_after);
        html.raw("<p").raw(attributes).raw(">").text(&text).raw(".</p>\n");
    }
}

/// A row of links, of which the first is a button. Without a link there is no row.
struct Steps<'a> {
    html: &'a mut Markup,
    any: bool,
}

impl Steps<'_> {
    fn open(&mut self) -> &mut Markup {
        if !std::mem::replace(&mut self.any, true) {
            self.html.raw("<p class=\"next\">\n");
        }
        self.html
    }

    fn add(&mut self, uri: &str, label: &Words<'_>) {
        let class = if self.any { "" } else { r#" class="button""# };
        self.open().raw("<a").raw(class).raw(" href=\"").text(uri).raw("\"").raw(label.attributes).raw(">");
        self.html.text(&label.text).raw("</a>\n");
    }

    fn add_named(&mut self, uri: Option<&str>, label: &Words<'_>) {
        if let Some(uri) = uri {
            self.add(uri, label);
        }
    }

    /// Adds a link whose mail names the status and the request id, in English, for the reader of the mail.
    fn add_support(&mut self, uri: &str, problem: &PublicProblem<'_>) {
        let label = problem.label(Text::SUPPORT);
        // On paper the address is enough: the footer has the request id.
        let mail = Some(uri).filter(|uri| is_mail(uri)).and_then(|uri| uri.get("mailto:".len()..));
        let address = mail.and_then(|mail| mail.split('?').next()).unwrap_or(uri);
        let class = if self.any { "" } else { "button " };
        let html = self
            .open()
            .raw("<a class=\"")
            .raw(class)
            .raw("support\" data-print=\"")
            .text(address)
            .raw("\" href=\"")
            .text(uri);
        // The application may have chosen another subject.
        if mail.is_some_and(|mail| !mail.split(['?', '&']).any(|field| field.starts_with("subject="))) {
            let id = non_blank(problem.ids.request).map(|id| format!(", request id {id}")).unwrap_or_default();
            let subject = format!("Error {}{id}", problem.code.as_str());
            html.text(if uri.contains('?') { "&subject=" } else { "?subject=" });
            html.text(&utf8_percent_encode(&subject, IN_MAIL).to_string());
        }
        html.raw("\"").raw(label.attributes).raw(">").text(&label.text).raw("</a>\n");
    }

    fn close(self) {
        if self.any {
            self.html.raw("</p>\n");
        }
    }
}

/// RFC 6068 §2: what is not unreserved (RFC 3986 §2.3) is encoded.
const IN_MAIL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
