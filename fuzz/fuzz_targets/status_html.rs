//! A status as a page, read back by html5ever: no element and no attribute comes from the input.
//!
//! Its twin says the same without a character of markup. Both pages have to have the same structure.
#![no_main]

use http::header;
use libfuzzer_sys::fuzz_target;
use scraper::{Html, Node, Selector};
use tower_status::StatusMapLayer;
use tower_status_fuzz::{
    ask::fail,
    said::{Said, check_headers},
};
use url::Url;

fuzz_target!(|said: Said<'_>| {
    let Some(twin) = said.tame() else { return };
    let (status, tame) = (said.status(), twin.status());
    if status.code() != tame.code() || matches!(status.code().as_u16(), 204 | 205 | 304) {
        return;
    }
    let page = |said: &Said<'_>| {
        let status = said.status();
        let (parts, body) = fail(&StatusMapLayer::new(), &status, said.request(header::ACCEPT, "text/html"));
        assert_eq!(parts.status, status.code());
        assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policies = parts.headers.get_all(header::CONTENT_SECURITY_POLICY);
        assert!(policies.iter().any(|policy| policy.as_bytes().starts_with(b"default-src 'none'; ")));
        check_headers(&status, &parts.headers);
        String::from_utf8(body).expect("UTF-8")
    };
    let (text, tame) = (page(&said), page(&twin));
    assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    let html = Html::parse_document(&text);
    assert!(html.errors.is_empty(), "{:?}\n{text}", html.errors);
    assert_eq!(structure(&html), structure(&Html::parse_document(&tame)), "{text}\n{tame}");

    for link in html.select(&Selector::parse("[href]").expect("a selector")) {
        let href = link.attr("href").unwrap_or_default();
        // What a browser cannot make a URL of, it does not follow.
        if let Ok(url) = Url::parse("https://example.org/orders/7").and_then(|base| base.join(href)) {
            assert!(["http", "https"].contains(&url.scheme()), "{href}");
        }
    }

    let texts = |selector: &str| {
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).map(|element| element.text().collect::<String>()).collect::<Vec<_>>()
    };
    let blank = |text: &&str| !text.trim().is_empty();
    let title = said.told_title().filter(blank).unwrap_or(status.entry().title);
    let shown = said.told_detail(status.code()).filter(blank).map(readable);
    assert_eq!(texts("h1 > span"), [readable(title)]);
    assert_eq!(texts("title"), [format!("{} {}", status.code().as_str(), readable(title))]);
    assert_eq!(texts("p.detail"), Vec::from_iter(shown));
    let told = said.told_members(&status);
    let id = said.told_id(&told).map(|id| readable(&id));
    assert_eq!(texts("code.id"), Vec::from_iter(id));
});

/// All elements with their depth and their attributes, but for where a link leads.
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

/// What stands for characters that a page cannot hold, or that would show another text than they mean.
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
