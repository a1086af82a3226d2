//! The page for a person: one HTML document without a script and without anything to load, for screen and paper.
//!
//! What an application says is text, never markup. It is in a language that is not known here (`lang=""`) and reads in
//! the direction of its own letters (`dir="auto"`), while the page around it is English.

use std::fmt::{self, Display, Formatter, Write};

use http::{HeaderValue, StatusCode};
use serde_json::Value;

use super::Shown;
use crate::catalog;

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Nothing is loaded, run, framed or sent; the one style is known by its hash, which a test recomputes.
pub(crate) const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'sha256-AAAA'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const STYLE: &str = include_str!("html.css");

/// The attributes of an element that holds the application's text.
const THEIRS: &str = r#" lang="" dir="auto""#;

/// One allocation, unless much of the text has to be escaped.
pub(crate) fn render(shown: &Shown<'_>) -> String {
    let mut page = String::with_capacity(estimate(shown));
    // Writing to a String does not fail.
    let _ = write_page(&mut page, shown);
    page
}

fn write_page(page: &mut String, shown: &Shown<'_>) -> fmt::Result {
    let entry = shown.entry;
    let code = shown.code.as_str();
    let title = given(Some(shown.title)).unwrap_or(entry.title);
    let whose = if title == entry.title { "" } else { THEIRS };
    let title = Escaped(title);
    let kind = match shown.code.as_u16() {
        _ if catalog::is_server_error(shown.code) => r#" class="server""#,
        400.. => r#" class="client""#,
        _ => "",
    };
    writeln!(
        page,
        r#"<!DOCTYPE html>
<html lang="en"{kind}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{code} {title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1><b>{code}</b> <span{whose}>{title}</span></h1>"#
    )?;

    let detail = given(shown.detail);
    if let Some(detail) = detail {
        writeln!(page, r#"<p class="detail"{THEIRS}>{}</p>"#, Escaped(detail))?;
    }
    writeln!(page, "<p>{}</p>", Escaped(entry.explanation))?;
    if let Some(errors) = list(shown, "errors") {
        writeln!(page, "<h2>Problems found</h2>\n<ul>")?;
        errors.iter().try_for_each(|error| writeln!(page, "<li>{}</li>", Finding(error)))?;
        writeln!(page, "</ul>")?;
    }
    if let Some(choices) = list(shown, "choices") {
        writeln!(page, "<h2>Choices</h2>\n<ul>")?;
        choices.iter().try_for_each(|choice| match choice {
            Value::String(uri) => writeln!(page, "<li>{}</li>", Reference(uri)),
            other => writeln!(page, "<li{THEIRS}>{}</li>", Plain(other)),
        })?;
        writeln!(page, "</ul>")?;
    }
    if let Some(location) = given(shown.location) {
        writeln!(page, "<p>Go to {}</p>", Reference(location))?;
    }

    if let Some(advice) = given(Some(entry.advice)) {
        writeln!(page, "<h2>What you can do</h2>\n<p>{}</p>", Escaped(advice))?;
    }
    let type_uri = given(shown.type_uri).filter(|uri| *uri != "about:blank");
    if let Some(uri) = type_uri.filter(|uri| is_link(uri)) {
        writeln!(page, r#"<p><a href="{}" rel="noreferrer">About this problem</a></p>"#, Escaped(uri))?;
    }
    // An application that gave a detail has said what happened: nobody has to guess.
    if detail.is_none() && !entry.causes.is_empty() {
        writeln!(page, "<h2>What usually causes this</h2>\n<ul>")?;
        entry.causes.iter().try_for_each(|cause| writeln!(page, "<li>{}</li>", Escaped(cause)))?;
        writeln!(page, "</ul>")?;
    }

    write_facts(page, shown, type_uri.filter(|uri| !is_link(uri)))?;
    if let Some(id) = given(shown.request_id) {
        writeln!(page, "<h2>If you ask for help, quote this request id</h2>")?;
        writeln!(page, r#"<p><code class="id">{}</code></p>"#, Escaped(id))?;
    }
    let catalog::Spec { section, link, .. } = entry.spec;
    let (section, link) = (Escaped(section), Escaped(link));
    writeln!(
        page,
        r#"</main>
<footer>About this status: <a href="{link}" rel="noreferrer">{section}</a></footer>
</body>
</html>"#
    )
}

/// What else is known of this occurrence, as a list of names and values.
fn write_facts(page: &mut String, shown: &Shown<'_>, type_uri: Option<&str>) -> fmt::Result {
    let instance = given(shown.instance);
    let mut members = shown
        .extensions
        .iter()
        .filter(|(name, value)| !is_list(shown, name, value))
        .filter(|(name, _)| !(name == "request_id" && shown.request_id.is_some()))
        .peekable();
    if members.peek().is_none() && type_uri.is_none() && instance.is_none() {
        return Ok(());
    }
    writeln!(page, "<h2>Details</h2>\n<dl>")?;
    for (name, value) in members {
        writeln!(page, "<dt>{}</dt><dd{THEIRS}>{}</dd>", Escaped(name), Plain(value))?;
    }
    if let Some(uri) = type_uri {
        writeln!(page, "<dt>Problem type</dt><dd>{}</dd>", Reference(uri))?;
    }
    if let Some(uri) = instance {
        writeln!(page, "<dt>This occurrence</dt><dd>{}</dd>", Reference(uri))?;
    }
    writeln!(page, "</dl>")
}

/// The items of a member that is shown as a list of its own.
fn list<'a>(shown: &Shown<'a>, name: &str) -> Option<&'a [Value]> {
    let (_, value) = shown.extensions.iter().find(|(known, value)| known == name && is_list(shown, known, value))?;
    value.as_array().map(Vec::as_slice)
}

fn is_list(shown: &Shown<'_>, name: &str, value: &Value) -> bool {
    let known = name == "errors" || (name == "choices" && shown.code == StatusCode::MULTIPLE_CHOICES);
    known && value.as_array().is_some_and(|items| !items.is_empty())
}

/// A text in which there is something to read.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// About as long as the page will be: escapes make it longer, absent parts shorter.
fn estimate(shown: &Shown<'_>) -> usize {
    const MARKUP: usize = 1500;
    const ROW: usize = 64;
    fn weight(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len() + ROW,
            Value::Array(items) => items.iter().map(weight).sum::<usize>() + ROW,
            Value::Object(members) => {
                members.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>() + ROW
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => ROW,
        }
    }
    let entry = shown.entry;
    let optional = [shown.type_uri, shown.detail, shown.instance, shown.location, shown.request_id];
    STYLE.len()
        + MARKUP
        + entry.explanation.len()
        + entry.advice.len()
        + entry.causes.iter().map(|cause| cause.len() + ROW).sum::<usize>()
        + 2 * shown.title.len()
        + 2 * optional.into_iter().flatten().map(str::len).sum::<usize>()
        + shown.extensions.iter().map(|(name, value)| name.len() + weight(value) + ROW).sum::<usize>()
}

/// The text of a value: a string as it is, anything else as JSON, also an empty string, so that it is seen.
struct Plain<'a>(&'a Value);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) if !text.is_empty() => Escaped(text).fmt(f),
            Value::Array(_) | Value::Object(_) => write!(f, "<code>{}</code>", Escaped(self.0)),
            scalar => Escaped(scalar).fmt(f),
        }
    }
}

/// One of `errors`: mostly an object with a `detail` and a `pointer`, whose other members are for programs.
struct Finding<'a>(&'a Value);

impl Display for Finding<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let member = |name| given(self.0.get(name).and_then(Value::as_str));
        let Some(detail) = member("detail") else {
            return write!(f, "<span{THEIRS}>{}</span>", Plain(self.0));
        };
        if let Some(pointer) = member("pointer") {
            write!(f, "<code>{}</code> ", Escaped(pointer))?;
        }
        write!(f, "<span{THEIRS}>{}</span>", Escaped(detail))
    }
}

/// A URI reference: a link if it is one that may be followed, else text.
struct Reference<'a>(&'a str);

impl Display for Reference<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let uri = Escaped(self.0);
        if is_link(self.0) { write!(f, r#"<a href="{uri}" rel="noreferrer">{uri}</a>"#) } else { uri.fmt(f) }
    }
}

/// Whether a URI reference is relative (RFC 3986 §4.2, so also `//host`), http or https.
///
/// Anything outside the characters of RFC 3986 §2 is no link: browsers drop tabs and newlines and trim controls and
/// spaces before they look for a scheme, and take `\` for `/`.
fn is_link(uri: &str) -> bool {
    let of_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let scheme_and_rest = uri.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '?', '#']));
    let followed = scheme_and_rest.is_none_or(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && rest.starts_with("//")
    });
    followed && !uri.is_empty() && uri.bytes().all(of_uri)
}

/// Text for an element's content or a quoted attribute, escaped while it is written.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'f>(&'a mut Formatter<'f>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive(|char| replacement(char).is_some()) {
            let mut chars = piece.chars();
            match chars.next_back().and_then(replacement) {
                Some(replacement) => {
                    self.0.write_str(chars.as_str())?;
                    self.0.write_str(replacement)?;
                }
                None => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}

/// What stands in for a character that cannot be written as it is.
fn replacement(char: char) -> Option<&'static str> {
    Some(match char {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&#34;",
        '\'' => "&#39;",
        '\t' | '\n' => return None,
        '\r' => " ",
        '\u{2028}' | '\u{2029}' => "\n",
        // Isolates, which Fluent puts around each value. The element isolates what it holds, as long as no stray end of
        // an isolate can end that early.
        '\u{2066}'..='\u{2069}' => "",
        // Embeddings and overrides, which show one text and mean another.
        '\u{202a}'..='\u{202e}' => "\u{fffd}",
        char if char.is_control() || is_noncharacter(char) => "\u{fffd}",
        _ => return None,
    })
}

/// Code points that an HTML document must not contain (Unicode §23.7).
fn is_noncharacter(char: char) -> bool {
    matches!(char, '\u{fdd0}'..='\u{fdef}') || u32::from(char) & 0xfffe == 0xfffe
}
