//! A status as a page, parsed by html5ever: no element and no attribute comes from the input.
//!
//! The page of the same status without markup characters must have the same structure.
#![no_main]

use http::header;
use libfuzzer_sys::fuzz_target;
use scraper::{ElementRef, Html, Node};
use tower_status::StatusMapLayer;
use tower_status_fuzz::{
    ask::fail,
    status_input::{StatusInput, check_headers},
};
use url::Url;

fuzz_target!(|input: StatusInput<'_>| {
    let Some(tame_input) = input.tame() else { return };
    let (status, tame) = (input.status(), tame_input.status());
    if status.code() != tame.code() || matches!(status.code().as_u16(), 204 | 205 | 304) {
        return;
    }
    let page = |input: &StatusInput<'_>| {
        let status = input.status();
        let (parts, body) = fail(&StatusMapLayer::new(), &status, input.request(header::ACCEPT, "text/html"));
        assert_eq!(parts.status, status.code());
        assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policies = parts.headers.get_all(header::CONTENT_SECURITY_POLICY);
        assert!(policies.iter().any(|policy| policy.as_bytes().starts_with(b"default-src 'none'; ")));
        check_headers(&status, &parts.headers);
        without_style(&String::from_utf8(body).expect("UTF-8"))
    };
    let (text, tame) = (page(&input), page(&tame_input));
    assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    let html = Html::parse_document(&text);
    assert!(html.errors.is_empty(), "{:?}\n{text}", html.errors);
    if text != tame {
        assert_eq!(structure(&html), structure(&Html::parse_document(&tame)), "{text}\n{tame}");
    }

    let elements: Vec<_> = html.tree.nodes().filter_map(ElementRef::wrap).collect();
    for href in elements.iter().filter_map(|element| element.attr("href")) {
        // A browser does not follow a link that it cannot parse as a URL.
        if let Ok(url) = Url::parse("https://example.org/orders/7").and_then(|base| base.join(href)) {
            assert!(["http", "https"].contains(&url.scheme()), "{href}");
        }
    }

    let texts = |name: &str, class: Option<&str>| {
        let chosen = elements.iter().filter(|element| element.value().name() == name && element.attr("class") == class);
        chosen.map(|element| element.text().collect::<String>()).collect::<Vec<_>>()
    };
    let is_not_blank = |text: &&str| !text.trim().is_empty();
    let own_title = input.shown_title().filter(is_not_blank).filter(|title| *title != status.entry().title);
    let headline = readable(own_title.unwrap_or(status.entry().headline));
    let shown = input.shown_detail(status.code()).filter(is_not_blank).map(capitalized).map(|text| readable(&text));
    assert_eq!(texts("h1", None), [headline.as_str()]);
    assert_eq!(texts("title", None), [headline.as_str()]);
    assert_eq!(texts("p", Some("detail")), Vec::from_iter(shown));
    let id = input.shown_id().map(|id| readable(&id));
    assert_eq!(texts("code", Some("id")), Vec::from_iter(id));
});

/// Returns the page with an empty style sheet: to parse the same text in every page takes most of the time.
fn without_style(page: &str) -> String {
    let sheet = include_str!("../../src/response/html/page.css");
    let (before, after) = page.split_once(sheet).expect("the style sheet");
    assert!(before.ends_with("<style>") && after.starts_with("</style>"), "{page}");
    format!("{before}{after}")
}

/// Returns all elements with their depth and attributes, except the targets of links.
fn structure(html: &Html) -> Vec<(usize, String)> {
    let nodes = html.tree.root().descendants().filter_map(|node| {
        let depth = node.ancestors().count();
        match node.value() {
            Node::Text(_) | Node::Fragment => None,
            Node::Element(element) => {
                let mut attributes: Vec<_> = element.attrs().filter(|(name, _)| *name != "href").collect();
                attributes.sort_unstable();
                let linked = element.attr("href").is_some();
                Some((depth, format!("{} {attributes:?} {linked}", element.name())))
            }
            other => Some((depth, format!("{other:?}"))),
        }
    });
    nodes.collect()
}

/// Returns the text with a capital letter at its start.
fn capitalized(text: &str) -> String {
    let text = text.trim_start();
    let end_of_first = text.chars().next().map_or(0, char::len_utf8);
    let (first, rest) = text.split_at(end_of_first);
    first.to_uppercase() + rest
}

/// Returns the text without characters that HTML forbids or replaces.
fn readable(text: &str) -> String {
    let shown = |character| match character {
        '\t' | '\n' => Some(character),
        '\r' => Some(' '),
        '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{2066}'..='\u{2069}' => None,
        '\u{202a}'..='\u{202e}' | '\u{fdd0}'..='\u{fdef}' => Some('\u{fffd}'),
        c if c.is_control() || u32::from(c) & 0xffff >= 0xfffe => Some('\u{fffd}'),
        c => Some(c),
    };
    text.chars().filter_map(shown).collect()
}
