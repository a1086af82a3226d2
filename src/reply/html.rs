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
    "default-src 'none'; style-src 'sha256-HOIF10y1UHGz782Cy6HkQ+CAXGJWFxyMzRh6FrUJZLM='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const STYLE: &str = include_str!("html.css");

/// The attributes of an element that holds the application's text.
const THEIRS: &str = r#" lang="" dir="auto""#;

/// One allocation of exactly the page's length: what is written first is only counted.
pub(crate) fn render(shown: &Shown<'_>) -> String {
    let mut length = Length(0);
    // Neither a count nor a String refuses text.
    let _ = write_page(&mut length, shown);
    let mut page = String::with_capacity(length.0);
    let _ = write_page(&mut page, shown);
    page
}

struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

fn write_page(page: &mut dyn Write, shown: &Shown<'_>) -> fmt::Result {
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
    write_head(page, kind, &format_args!("{code} {title}"))?;
    writeln!(page, "<h1><b>{code}</b> <span{whose}>{title}</span></h1>")?;

    let detail = given(shown.detail);
    if let Some(detail) = detail {
        writeln!(page, r#"<p class="detail"{THEIRS}>{}</p>"#, Escaped(detail))?;
    }
    writeln!(page, "<p>{}</p>", Escaped(entry.explanation))?;
    for (name, value) in shown.extensions {
        match (name.as_ref(), items(shown, name, value)) {
            (_, None) => {}
            ("choices", Some(choices)) => write_list(page, "Choices", choices.iter().map(Choice))?,
            (_, Some(errors)) => write_list(page, "Problems found", errors.iter().map(Finding))?,
        }
    }
    if let Some(location) = shown.location.filter(|uri| is_link(uri)) {
        writeln!(page, "<p>Go to {}</p>", Reference(location))?;
    }

    writeln!(page, "<h2>What you can do</h2>\n<p>{}</p>", Escaped(entry.advice))?;
    if let Some(uri) = shown.type_uri.filter(|uri| is_link(uri)) {
        writeln!(page, r#"<p><a class="about" href="{}" rel="noreferrer">About this problem</a></p>"#, Escaped(uri))?;
    }
    // With a detail there is nothing to guess, and what did not fail has no causes worth reading.
    if detail.is_none() && shown.code.as_u16() >= 400 {
        write_list(page, "What usually causes this", entry.causes.iter().map(Escaped))?;
    }

    write_facts(page, shown)?;
    if let Some(id) = given(shown.request_id) {
        writeln!(page, "<h2>If you ask for help, quote this request id</h2>")?;
        writeln!(page, r#"<p><code class="id">{}</code></p>"#, Escaped(id))?;
    }
    let (link, section) = (Escaped(entry.spec.link), Escaped(entry.spec.section));
    writeln!(
        page,
        r#"</main>
<footer>About this status: <a href="{link}" rel="noreferrer">{section}</a></footer>
</body>
</html>"#
    )
}

/// The document up to its content; `kind` is an attribute.
pub(crate) fn write_head(page: &mut dyn Write, kind: &str, title: &dyn Display) -> fmt::Result {
    writeln!(
        page,
        r#"<!DOCTYPE html>
<html lang="en"{kind}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>"#
    )
}

pub(crate) fn write_list<T: Display>(
    page: &mut dyn Write,
    heading: &str,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    writeln!(page, "<h2>{heading}</h2>\n<ul>")?;
    for item in items {
        writeln!(page, "<li>{item}</li>")?;
    }
    writeln!(page, "</ul>")
}

/// What else is known of this occurrence, as names and values. A URI reference is here if it had no place as a link.
fn write_facts(page: &mut dyn Write, shown: &Shown<'_>) -> fmt::Result {
    let mut members = shown
        .extensions
        .iter()
        .filter(|(name, value)| items(shown, name, value).is_none())
        .filter(|(name, _)| !(name == "request_id" && shown.request_id.is_some()))
        .peekable();
    let unlinked = |uri: &&str| !is_link(uri) && *uri != "about:blank";
    let uris = [
        ("type", given(shown.type_uri).filter(unlinked)),
        ("location", given(shown.location).filter(unlinked)),
        ("instance", given(shown.instance)),
    ];
    if members.peek().is_none() && uris.iter().all(|(_, uri)| uri.is_none()) {
        return Ok(());
    }
    writeln!(page, "<h2>Details</h2>\n<dl>")?;
    for (name, value) in members {
        writeln!(page, "<dt>{}</dt><dd{THEIRS}>{}</dd>", Escaped(name), Plain(value))?;
    }
    for (name, uri) in uris {
        if let Some(uri) = uri {
            writeln!(page, "<dt>{name}</dt><dd>{}</dd>", Reference(uri))?;
        }
    }
    writeln!(page, "</dl>")
}

/// The items of `errors` and of the `choices` of a 300, which are lists of their own.
fn items<'a>(shown: &Shown<'_>, name: &str, value: &'a Value) -> Option<&'a Vec<Value>> {
    let known = name == "errors" || (name == "choices" && shown.code == StatusCode::MULTIPLE_CHOICES);
    value.as_array().filter(|items| known && !items.is_empty())
}

/// A text in which there is something to read.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
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

/// One of `choices`: mostly a URI reference.
struct Choice<'a>(&'a Value);

impl Display for Choice<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(uri) if is_link(uri) => Reference(uri).fmt(f),
            other => write!(f, "<span{THEIRS}>{}</span>", Plain(other)),
        }
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
pub(crate) fn is_link(uri: &str) -> bool {
    let of_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let scheme_and_rest = uri.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '?', '#']));
    let followed = scheme_and_rest.is_none_or(|(scheme, rest)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && rest.starts_with("//")
    });
    followed && !uri.is_empty() && uri.bytes().all(of_uri)
}

/// Text for an element's content or a quoted attribute, escaped while it is written.
pub(crate) struct Escaped<T>(pub(crate) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'f>(&'a mut Formatter<'f>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Most text is ASCII with nothing to replace in it.
        if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            return self.0.write_str(text);
        }
        for piece in text.split_inclusive(|char| replacement(char).is_some()) {
            let mut chars = piece.chars();
            match chars.next_back().and_then(replacement) {
                Some(replacement) => write!(self.0, "{}{replacement}", chars.as_str())?,
                None => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}

/// Of ASCII: what needs no replacement.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
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
        // Embeddings and overrides, which show one text and mean another; noncharacters, which HTML forbids.
        '\u{202a}'..='\u{202e}' | '\u{fdd0}'..='\u{fdef}' => "\u{fffd}",
        char if char.is_control() || u32::from(char) & 0xfffe == 0xfffe => "\u{fffd}",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde_json::json;
    use sha2::{Digest, Sha256};

    use super::*;

    type Members = [(Cow<'static, str>, Value)];

    fn bare(code: u16) -> Shown<'static> {
        everywhere(code, None, &[])
    }

    /// The same text in every field.
    fn everywhere<'a>(code: u16, text: Option<&'a str>, extensions: &'a Members) -> Shown<'a> {
        let code = StatusCode::from_u16(code).unwrap_or_default();
        let entry = catalog::entry(code);
        let title = text.unwrap_or(entry.title);
        let [type_uri, detail, instance, location, request_id] = [text; 5];
        Shown { code, entry, title, type_uri, detail, instance, location, extensions, request_id }
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
        let plain = (0..=u8::MAX).filter(|byte| is_plain(*byte));
        assert!(plain.map(char::from).all(|char| replacement(char).is_none()));
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
            assert_eq!(Reference(uri).to_string().contains("href"), expected, "{uri:?}");
        }
        assert_eq!(Reference("/?a&b'").to_string(), r#"<a href="/?a&amp;b&#39;" rel="noreferrer">/?a&amp;b&#39;</a>"#);
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
            (Shown { title: "Away", ..gone() }, r#"<h1><b>410</b> <span lang="" dir="auto">Away</span></h1>"#, true),
            (Shown { detail: Some("a <\nb"), ..gone() }, "<p class=\"detail\" lang=\"\" dir=\"auto\">a &lt;\nb</p>", true),
            (Shown { detail: Some("a"), ..gone() }, "What usually causes this", false),
            (Shown { type_uri: Some("/t"), ..gone() }, r#"<a class="about" href="/t" rel="noreferrer">About this problem</a>"#, true),
            (Shown { type_uri: Some("/t"), ..gone() }, "<dl>", false),
            (Shown { type_uri: Some("urn:t"), ..gone() }, "<dt>type</dt><dd>urn:t</dd>", true),
            (Shown { type_uri: Some("about:blank"), ..gone() }, "about:blank", false),
            (Shown { instance: Some("/i"), ..gone() }, r#"<dt>instance</dt><dd><a href="/i" rel="noreferrer">/i</a></dd>"#, true),
            (Shown { location: Some("/l"), ..found() }, r#"<p>Go to <a href="/l" rel="noreferrer">/l</a></p>"#, true),
            (Shown { location: Some("javascript:l"), ..found() }, "<dt>location</dt><dd>javascript:l</dd>", true),
            (Shown { request_id: Some("abc"), ..gone() }, r#"<code class="id">abc</code>"#, true),
            (Shown { request_id: Some("abc"), extensions: &request_id, ..gone() }, "theirs", false),
            (Shown { request_id: Some("abc"), extensions: &order, ..gone() }, "<dt>order</dt>", true),
            (Shown { extensions: &request_id, ..gone() }, "theirs", true),
            (Shown { extensions: &order, ..gone() }, r#"<dt>order</dt><dd lang="" dir="auto">17</dd>"#, true),
            (Shown { extensions: &nested, ..gone() }, r#"auto"><code>{&#34;a&#34;:[&#34;&lt;&#34;]}</code></dd>"#, true),
            (Shown { extensions: &blank, ..gone() }, r#"auto">&#34;&#34;</dd>"#, true),
            (Shown { extensions: &errors, ..gone() }, r#"<li><code>#/age</code> <span lang="" dir="auto">no &lt;</span></li>"#, true),
            (Shown { extensions: &errors, ..gone() }, r#"<li><span lang="" dir="auto">one</span></li>"#, true),
            (Shown { extensions: &errors, ..gone() }, "<code>{&#34;a&#34;:1}</code></span></li>", true),
            (Shown { extensions: &errors, ..gone() }, "<dl>", false),
            (Shown { extensions: &none, ..gone() }, "<dt>errors</dt>", true),
            (Shown { extensions: &choices, ..many() }, r#"<li><a href="/a" rel="noreferrer">/a</a></li>"#, true),
            (Shown { extensions: &choices, ..many() }, r#"<li><span lang="" dir="auto">javascript:b</span></li>"#, true),
            (Shown { extensions: &choices, ..gone() }, "<dt>choices</dt>", true),
        ];
        for (shown, part, expected) in rows {
            let page = render(&shown);
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
        let page = render(&Shown { extensions: &extensions, ..bare(404) });
        assert_eq!(page.matches("<dt>name").count(), 10_000);
    }
}
