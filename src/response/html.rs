//! The page for a person: one HTML document without a script and without anything to load, for screen and paper.
//!
//! What an application says is text, never markup. It is in a language that is not known here (`lang=""`) and reads in
//! the direction of its own letters (`dir="auto"`), while the page around it is English. The catalogue's text is written
//! as it is: it needs no escape.

use http::{HeaderValue, StatusCode};
use serde_json::Value;

use super::{
    PublicProblem,
    escape::{Escape, Out, Written},
    json,
};
use crate::catalog;

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Nothing is loaded, run, framed or sent; the one style is known by its hash, which a test recomputes.
pub(crate) const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'sha256-HOIF10y1UHGz782Cy6HkQ+CAXGJWFxyMzRh6FrUJZLM='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const STYLE: &str = include_str!("html.css");

/// An element that holds the application's text.
macro_rules! theirs {
    ($element:literal) => {
        concat!("<", $element, r#" lang="" dir="auto">"#)
    };
}

/// One allocation of exactly the page's length: what is written first is only counted.
pub(crate) fn render(problem: &PublicProblem<'_>) -> String {
    Page(problem).to_text()
}

struct Page<'a>(&'a PublicProblem<'a>);

impl Written for Page<'_> {
    fn write(&self, page: &mut impl Out) {
        write_page(page, self.0);
    }
}

fn write_page(page: &mut impl Out, problem: &PublicProblem<'_>) {
    let entry = problem.entry;
    let code = problem.code.as_str();
    let title = given(Some(problem.title)).unwrap_or(entry.title);
    let kind = match problem.code.as_u16() {
        _ if catalog::is_server_error(problem.code) => r#" class="server""#,
        400.. => r#" class="client""#,
        _ => "",
    };
    write_head(page, kind, |page| {
        write_all(page, [code, " "]);
        write_text(page, title);
    });
    let span = if title == entry.title { "<span>" } else { theirs!("span") };
    write_all(page, ["<h1><b>", code, "</b> ", span]);
    write_text(page, title);
    page.raw("</span></h1>\n");

    let detail = given(problem.detail);
    if let Some(detail) = detail {
        page.raw(theirs!(r#"p class="detail""#));
        write_text(page, detail);
        page.raw("</p>\n");
    }
    write_all(page, ["<p>", entry.explanation, "</p>\n"]);
    for (name, value) in problem.extensions {
        match (name.as_ref(), items(problem, name, value)) {
            (_, None) => {}
            ("choices", Some(choices)) => write_list(page, "Choices", choices, write_choice),
            (_, Some(errors)) => write_list(page, "Problems found", errors, write_finding),
        }
    }
    if let Some(location) = problem.location.filter(|uri| is_link(uri)) {
        page.raw("<p>Go to ");
        write_reference(page, location);
        page.raw("</p>\n");
    }

    write_all(page, ["<h2>What you can do</h2>\n<p>", entry.advice, "</p>\n"]);
    if let Some(uri) = problem.type_uri.filter(|uri| is_link(uri)) {
        page.raw(r#"<p><a class="about" href=""#);
        write_text(page, uri);
        page.raw("\" rel=\"noreferrer\">About this problem</a></p>\n");
    }
    // With a detail there is nothing to guess, and what did not fail has no causes worth reading.
    if detail.is_none() && problem.code.as_u16() >= 400 {
        write_list(page, "What usually causes this", entry.causes, |page, cause| page.raw(cause));
    }

    write_facts(page, problem);
    if let Some(id) = given(problem.request_id) {
        page.raw("<h2>If you ask for help, quote this request id</h2>\n<p><code class=\"id\">");
        write_text(page, id);
        page.raw("</code></p>\n");
    }
    write_all(page, ["</main>\n<footer>About this status: <a href=\"", entry.spec.link]);
    write_all(page, ["\" rel=\"noreferrer\">", entry.spec.section, "</a></footer>\n</body>\n</html>\n"]);
}

/// The document up to its content; `kind` is an attribute.
pub(crate) fn write_head<O: Out>(page: &mut O, kind: &str, write_title: impl FnOnce(&mut O)) {
    write_all(page, ["<!DOCTYPE html>\n<html lang=\"en\"", kind]);
    page.raw(
        r#">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>"#,
    );
    write_title(page);
    write_all(page, ["</title>\n<style>", STYLE, "</style>\n</head>\n<body>\n<main>\n"]);
}

pub(crate) fn write_list<O: Out, T>(page: &mut O, heading: &str, items: &[T], write_item: impl Fn(&mut O, &T)) {
    write_all(page, ["<h2>", heading, "</h2>\n<ul>\n"]);
    for item in items {
        page.raw("<li>");
        write_item(page, item);
        page.raw("</li>\n");
    }
    page.raw("</ul>\n");
}

/// What else is known of this occurrence, as names and values. A URI reference is here if it had no place as a link.
fn write_facts(page: &mut impl Out, problem: &PublicProblem<'_>) {
    let mut members = problem
        .extensions
        .iter()
        .filter(|(name, value)| items(problem, name, value).is_none())
        .filter(|(name, _)| !(name == "request_id" && problem.request_id.is_some()))
        .peekable();
    let unlinked = |uri: &&str| !is_link(uri) && *uri != "about:blank";
    let uris = [
        ("type", given(problem.type_uri).filter(unlinked)),
        ("location", given(problem.location).filter(unlinked)),
        ("instance", given(problem.instance)),
    ];
    if members.peek().is_none() && uris.iter().all(|(_, uri)| uri.is_none()) {
        return;
    }
    page.raw("<h2>Details</h2>\n<dl>\n");
    for (name, value) in members {
        page.raw("<dt>");
        write_text(page, name);
        page.raw(concat!("</dt>", theirs!("dd")));
        write_value(page, value);
        page.raw("</dd>\n");
    }
    for (name, uri) in uris {
        if let Some(uri) = uri {
            write_all(page, ["<dt>", name, "</dt><dd>"]);
            write_reference(page, uri);
            page.raw("</dd>\n");
        }
    }
    page.raw("</dl>\n");
}

/// The items of `errors` and of the `choices` of a 300, which are lists of their own.
fn items<'a>(problem: &PublicProblem<'_>, name: &str, value: &'a Value) -> Option<&'a Vec<Value>> {
    let known = name == "errors" || (name == "choices" && problem.code == StatusCode::MULTIPLE_CHOICES);
    value.as_array().filter(|items| known && !items.is_empty())
}

/// A text in which there is something to read.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// What needs no escape.
fn write_all<const N: usize>(page: &mut impl Out, texts: [&str; N]) {
    for text in texts {
        page.raw(text);
    }
}

/// The text of a value: a string as it is, anything else as JSON, also an empty string, so that it is seen.
fn write_value(page: &mut impl Out, value: &Value) {
    match value {
        Value::String(text) if !text.is_empty() => write_text(page, text),
        Value::Array(_) | Value::Object(_) => {
            page.raw("<code>");
            json::write_value(&mut Escaper(page), value);
            page.raw("</code>");
        }
        scalar => json::write_value(&mut Escaper(page), scalar),
    }
}

/// One of `errors`: mostly an object with a `detail` and a `pointer`, whose other members are for programs.
fn write_finding(page: &mut impl Out, finding: &Value) {
    let member = |name| given(finding.get(name).and_then(Value::as_str));
    let detail = member("detail");
    if let (Some(_), Some(pointer)) = (detail, member("pointer")) {
        page.raw("<code>");
        write_text(page, pointer);
        page.raw("</code> ");
    }
    page.raw(theirs!("span"));
    match detail {
        Some(detail) => write_text(page, detail),
        None => write_value(page, finding),
    }
    page.raw("</span>");
}

/// One of `choices`: mostly a URI reference.
fn write_choice(page: &mut impl Out, choice: &Value) {
    match choice {
        Value::String(uri) if is_link(uri) => write_reference(page, uri),
        other => {
            page.raw(theirs!("span"));
            write_value(page, other);
            page.raw("</span>");
        }
    }
}

/// A URI reference: a link if it is one that may be followed, else text.
fn write_reference(page: &mut impl Out, uri: &str) {
    if !is_link(uri) {
        return write_text(page, uri);
    }
    page.raw("<a href=\"");
    write_text(page, uri);
    page.raw("\" rel=\"noreferrer\">");
    write_text(page, uri);
    page.raw("</a>");
}

/// Whether a URI reference is relative (RFC 3986 §4.2, so also `//host`), http or https.
///
/// Anything outside the characters of RFC 3986 §2 is no link: browsers drop tabs and newlines and trim controls and
/// spaces before they look for a scheme, and take `\` for `/`.
pub(crate) fn is_link(uri: &str) -> bool {
    let of_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let scheme_and_rest = uri.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '?', '#']));
    let followed = scheme_and_rest.is_none_or(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && rest.starts_with("//")
    });
    followed && !uri.is_empty() && uri.bytes().all(of_uri)
}

/// Text for an element's content or a quoted attribute, escaped while it is written.
pub(crate) fn write_text(page: &mut impl Out, text: &str) {
    page.text::<Html>(text);
}

/// Escapes what is no text of its own.
struct Escaper<'a, O>(&'a mut O);

impl<O: Out> Out for Escaper<'_, O> {
    fn raw(&mut self, text: &str) {
        write_text(self.0, text);
    }
}

/// Text that is escaped where it is printed.
#[cfg(any(feature = "problems", test))]
pub(crate) struct Escaped<T>(pub(crate) T);

#[cfg(any(feature = "problems", test))]
impl<T: AsRef<str>> std::fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut result = Ok(());
        super::escape::escape::<Html>(self.0.as_ref(), |run| result = result.and_then(|()| f.write_str(run)));
        result
    }
}

/// What stands for itself in a page.
pub(crate) struct Html;

impl Escape for Html {
    /// Where the control characters above ASCII begin (U+0080), the separators and directions (U+2000), and the
    /// noncharacters (U+FDD0, and those of each plane), is looked at closely.
    fn special(byte: u8) -> u8 {
        let markup = u8::from(byte == b'"') | u8::from(byte | 1 == b'\'') | u8::from(byte | 2 == b'>');
        let above = u8::from(byte == 0x7f) | u8::from(byte == 0xc2) | u8::from(byte == 0xe2) | u8::from(byte >= 0xef);
        u8::from(byte < b' ') | markup | above
    }

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
            // Embeddings and overrides, which show one text and mean another; noncharacters, which HTML forbids.
            '\u{202a}'..='\u{202e}' | '\u{fdd0}'..='\u{fdef}' => "\u{fffd}",
            char if char.is_control() || u32::from(char) & 0xfffe == 0xfffe => "\u{fffd}",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde_json::json;
    use sha2::{Digest, Sha256};

    use super::*;

    type Members = [(Cow<'static, str>, Value)];

    fn bare(code: u16) -> PublicProblem<'static> {
        everywhere(code, None, &[])
    }

    /// The same text in every field.
    fn everywhere<'a>(code: u16, text: Option<&'a str>, extensions: &'a Members) -> PublicProblem<'a> {
        let code = StatusCode::from_u16(code).unwrap_or_default();
        let entry = catalog::entry(code);
        let title = text.unwrap_or(entry.title);
        let [type_uri, detail, instance, location, request_id] = [text; 5];
        PublicProblem { code, entry, title, type_uri, detail, instance, location, extensions, request_id }
    }

    fn member(name: &'static str, value: Value) -> [(Cow<'static, str>, Value); 1] {
        [(name.into(), value)]
    }

    #[test]
    fn the_policy_names_the_style() -> Result<(), http::header::ToStrError> {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        let policy = CONTENT_SECURITY_POLICY;
        assert!(policy.to_str()?.contains(&format!("style-src 'sha256-{hash}';")), "{hash}");
        assert!(render(&bare(404)).contains(&format!("<style>{STYLE}</style>")));
        assert!(!STYLE.contains(['<', '\r']), "an HTML parser would see another text than the one hashed");
        Ok(())
    }

    #[test]
    fn what_is_plain_needs_no_replacement() {
        for char in '\0'..=char::MAX {
            let plain = char.to_string().bytes().next().is_some_and(|byte| Html::special(byte) == 0);
            assert!(!plain || Html::replacement(char).is_none(), "{char:?}");
        }
        assert!((0x80..0xc0).all(|byte| Html::special(byte) == 0), "what follows in a character");
        assert_eq!(Html::special(b' '), 0, "what fills up a block");
    }

    /// Else they would have to be escaped.
    #[test]
    fn the_catalogue_is_plain() {
        for entry in catalog::ALL {
            let texts = [entry.title, entry.explanation, entry.advice, entry.spec.section, entry.spec.link];
            for text in texts.iter().chain(entry.causes) {
                assert_eq!(Escaped(text).to_string(), *text);
            }
        }
    }

    #[test]
    #[rustfmt::skip]
    fn escapes() {
        let rows = [
            ("", ""),
            ("ümlaut, 漢字, العربية, 🙂", "ümlaut, 漢字, العربية, 🙂"),
            ("<b a='1' c=\"2\">&amp;</b>", "&lt;b a=&#39;1&#39; c=&#34;2&#34;&gt;&amp;amp;&lt;/b&gt;"),
            ("a\tb\nc", "a\tb\nc"),
            ("a\r\nb\rc", "a \nb c"),
            ("\0\u{1b}[31m\u{7f}\u{85}\u{9f}", "\u{fffd}\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}"),
            ("a\u{2028}b\u{2029}c", "a\nb\nc"),
            ("\u{202a}a\u{202e}b\u{202c}", "\u{fffd}a\u{fffd}b\u{fffd}"),
            ("\u{2066}a\u{2068}b\u{2069}\u{2069}", "ab"),
            ("\u{200e}a\u{200f}", "\u{200e}a\u{200f}"),
            ("\u{fdd0}\u{fffe}\u{ffff}\u{10ffff}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ];
        for (text, expected) in rows {
            assert_eq!(Escaped(text).to_string(), expected, "{text:?}");
        }
    }

    fn reference(uri: &str) -> String {
        let mut text = String::new();
        write_reference(&mut text, uri);
        text
    }

    #[test]
    #[rustfmt::skip]
    fn links_are_relative_http_or_https() {
        let links = [
            "/", "a", "#x", "?q=a:b", "/a:b", "./a:b", "//host/x", "/a?b[c]=%20&d", "http://h", "HTTPS://h/",
            // Entities are plain text here, and an escaped colon ends no scheme: both are paths of this site.
            "javascript&#58;alert(1)", "javascript%3Aalert(1)",
        ];
        let texts = [
            "", " ", " /a", "/a b", "/é", r"\\host", r"/\host", "/a\"b", "/<b>", "a:b", ":", "//h\n", "http:h",
            "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
            "java\r\nscript:alert(1)", "\u{1}javascript:alert(1)", " javascript:alert(1)", "\u{feff}javascript:alert(1)",
            "javascript://h/%0aalert(1)", "data:text/html,x", "vbscript:x", "blob:https://h/x", "file:///x", "urn:a:b",
        ];
        for (uri, expected) in links.map(|uri| (uri, true)).into_iter().chain(texts.map(|uri| (uri, false))) {
            assert_eq!(is_link(uri), expected, "{uri:?}");
            assert_eq!(reference(uri).contains("href"), expected, "{uri:?}");
        }
        assert_eq!(reference("/?a&b'"), r#"<a href="/?a&amp;b&#39;" rel="noreferrer">/?a&amp;b&#39;</a>"#);
    }

    #[test]
    #[rustfmt::skip]
    fn each_field_has_its_place() {
        let [order, nested, blank] = [json!(17), json!({ "a": ["<"] }), json!("")].map(|value| member("order", value));
        let errors = member("errors", json!([{ "pointer": "#/age", "detail": "no <", "code": 7 }, "one", { "a": 1 }]));
        let none = member("errors", json!([]));
        let choices = member("choices", json!(["/a", "javascript:b", ["c"]]));
        let request_id = member("request_id", json!("theirs"));
        let [gone, found, many] = [410, 302, 300].map(|code| move || bare(code));
        let rows = [
            (gone(), "<title>410 Gone</title>", true),
            (gone(), "<h1><b>410</b> <span>Gone</span></h1>", true),
            (gone(), gone().entry.explanation, true),
            (gone(), gone().entry.advice, true),
            (gone(), "RFC 9110 §15.5.11</a></footer>", true),
            (gone(), "What usually causes this", true),
            (found(), "What usually causes this", false),
            (found(), r#"<html lang="en">"#, true),
            (gone(), r#"<html lang="en" class="client">"#, true),
            (bare(503), r#"<html lang="en" class="server">"#, true),
            (bare(550), r#"<html lang="en" class="client">"#, true),
            (gone(), "<dl>", false),
            (PublicProblem { title: "Away", ..gone() }, r#"<h1><b>410</b> <span lang="" dir="auto">Away</span></h1>"#, true),
            (PublicProblem { detail: Some("a <\nb"), ..gone() }, "<p class=\"detail\" lang=\"\" dir=\"auto\">a &lt;\nb</p>", true),
            (PublicProblem { detail: Some("a"), ..gone() }, "What usually causes this", false),
            (PublicProblem { type_uri: Some("/t"), ..gone() }, r#"<a class="about" href="/t" rel="noreferrer">About this problem</a>"#, true),
            (PublicProblem { type_uri: Some("/t"), ..gone() }, "<dl>", false),
            (PublicProblem { type_uri: Some("urn:t"), ..gone() }, "<dt>type</dt><dd>urn:t</dd>", true),
            (PublicProblem { type_uri: Some("about:blank"), ..gone() }, "about:blank", false),
            (PublicProblem { instance: Some("/i"), ..gone() }, r#"<dt>instance</dt><dd><a href="/i" rel="noreferrer">/i</a></dd>"#, true),
            (PublicProblem { location: Some("/l"), ..found() }, r#"<p>Go to <a href="/l" rel="noreferrer">/l</a></p>"#, true),
            (PublicProblem { location: Some("javascript:l"), ..found() }, "<dt>location</dt><dd>javascript:l</dd>", true),
            (PublicProblem { request_id: Some("abc"), ..gone() }, r#"<code class="id">abc</code>"#, true),
            (PublicProblem { request_id: Some("abc"), extensions: &request_id, ..gone() }, "theirs", false),
            (PublicProblem { request_id: Some("abc"), extensions: &order, ..gone() }, "<dt>order</dt>", true),
            (PublicProblem { extensions: &request_id, ..gone() }, "theirs", true),
            (PublicProblem { extensions: &order, ..gone() }, r#"<dt>order</dt><dd lang="" dir="auto">17</dd>"#, true),
            (PublicProblem { extensions: &nested, ..gone() }, r#"auto"><code>{&#34;a&#34;:[&#34;&lt;&#34;]}</code></dd>"#, true),
            (PublicProblem { extensions: &blank, ..gone() }, r#"auto">&#34;&#34;</dd>"#, true),
            (PublicProblem { extensions: &errors, ..gone() }, r#"<li><code>#/age</code> <span lang="" dir="auto">no &lt;</span></li>"#, true),
            (PublicProblem { extensions: &errors, ..gone() }, r#"<li><span lang="" dir="auto">one</span></li>"#, true),
            (PublicProblem { extensions: &errors, ..gone() }, "<code>{&#34;a&#34;:1}</code></span></li>", true),
            (PublicProblem { extensions: &errors, ..gone() }, "<dl>", false),
            (PublicProblem { extensions: &none, ..gone() }, "<dt>errors</dt>", true),
            (PublicProblem { extensions: &choices, ..many() }, r#"<li><a href="/a" rel="noreferrer">/a</a></li>"#, true),
            (PublicProblem { extensions: &choices, ..many() }, r#"<li><span lang="" dir="auto">javascript:b</span></li>"#, true),
            (PublicProblem { extensions: &choices, ..gone() }, "<dt>choices</dt>", true),
        ];
        for (problem, part, expected) in rows {
            let page = render(&problem);
            assert_eq!(page.contains(part), expected, "{part}\n{page}");
            assert_eq!(page.capacity(), page.len(), "allocated once: {part}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn no_field_can_leave_its_place() {
        let hostile = "</title></style><script>\"'--><!--\0";
        let item = json!({ "detail": hostile, "pointer": hostile });
        for value in [json!(hostile), json!([hostile, item, [hostile]]), json!({ hostile: [hostile] })] {
            for (code, name) in [(300, "choices"), (404, "choices"), (502, "errors"), (404, hostile)] {
                let page = render(&everywhere(code, Some(hostile), &member(name, value.clone())));
                for (part, times) in [("<script", 0), ("</style", 1), ("</title", 1), ("<!", 1), ("\"'", 0), ("\0", 0)] {
                    assert_eq!(page.matches(part).count(), times, "{part} {code} {name} {value}");
                }
            }
        }
    }

    #[test]
    fn blank_fields_are_absent() {
        for blank in ["", " \n"] {
            assert_eq!(render(&everywhere(302, Some(blank), &[])), render(&bare(302)));
        }
    }

    #[test]
    fn ten_thousand_members() {
        let extensions: Vec<_> = (0..10_000).map(|n| (format!("name{n}").into(), json!([n, { "a": "b" }]))).collect();
        let page = render(&PublicProblem { extensions: &extensions, ..bare(404) });
        assert_eq!(page.matches("<dt>name").count(), 10_000);
    }
}
