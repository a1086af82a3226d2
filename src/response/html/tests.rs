use std::borrow::Cow;

use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::response::RequestIds;

type Members = [(Cow<'static, str>, Value)];

fn bare(code: u16) -> PublicProblem<'static> {
    with_text_everywhere(code, None, &[])
}

/// Returns a problem with the same text in every field.
fn with_text_everywhere<'a>(code: u16, text: Option<&'a str>, extensions: &'a Members) -> PublicProblem<'a> {
    let code = StatusCode::from_u16(code).unwrap_or_default();
    let entry = catalog::entry(code);
    let title = text.unwrap_or(entry.title);
    let [type_uri, detail, instance, location, advice, request_id] = [text; 6];
    let ids = RequestIds { request: request_id, trace: None };
    PublicProblem {
        code,
        entry,
        title,
        type_uri,
        detail,
        instance,
        location,
        extensions,
        advice,
        ids,
        debug: None,
        translation: None,
    }
}

fn id(request: &str) -> RequestIds<'_> {
    RequestIds { request: Some(request), trace: None }
}

fn member(name: &'static str, value: Value) -> [(Cow<'static, str>, Value); 1] {
    [(name.into(), value)]
}

fn options(page: &Page) -> BodyOptions<'_> {
    BodyOptions { page, can_reload: true, retry_after: None, expose: false, debug: None, translate: None }
}

/// Returns the page of an application that has named nothing, after a GET.
fn render_default(problem: &PublicProblem<'_>) -> String {
    render(problem, &options(&Page::new()))
}

fn shop() -> Page {
    Page::new().site("Shop & Co").home("/").sign_in("/login").search("/search").support("mailto:help@example.org")
}

/// A page, parts that it has and parts that it must not have.
struct Row<'a> {
    page: String,
    has: &'a [&'a str],
    has_not: &'a [&'a str],
}

fn check(rows: &[Row<'_>]) {
    for Row { page, has, has_not } in rows {
        for part in *has {
            assert!(page.contains(part), "{part}\n{page}");
        }
        for part in *has_not {
            assert!(!page.contains(part), "{part}\n{page}");
        }
    }
}

#[test]
fn bare_status_shows_the_texts_of_the_catalog() {
    let gone = catalog::entry(StatusCode::GONE);
    check(&[
        Row {
            page: render_default(&bare(410)),
            has: &[
                r#"<html lang="en" class="client">"#,
                "<title>This page is gone</title>",
                "<p class=\"code\">410 Gone</p>\n<h1>This page is gone</h1>",
                gone.explanation,
                gone.advice,
                "Common reasons: something that was taken down on purpose, an offer or an event that is over, or an account",
                "RFC 9110 §15.5.11</a></p>\n</footer>",
            ],
            has_not: &["<dl>", "class=\"next\"", "<header"],
        },
        Row { page: render_default(&bare(302)), has: &[r#"<html lang="en">"#], has_not: &["Common reasons"] },
        Row {
            page: render_default(&bare(503)),
            has: &[
                r#"<html lang="en" class="server">"#,
                "a crash, maintenance, overload, an attack, bandwidth that is",
            ],
            has_not: &[],
        },
        Row { page: render_default(&bare(550)), has: &[r#"<html lang="en" class="client">"#], has_not: &[] },
        // A title that repeats the headline, and a code whose entry is that of its class.
        Row { page: render_default(&bare(402)), has: &["<p class=\"code\">402</p>"], has_not: &["Payment Required"] },
        Row { page: render_default(&bare(499)), has: &["<p class=\"code\">499</p>"], has_not: &["Bad Request"] },
    ]);
}

#[test]
fn detail_replaces_explanation_and_causes() {
    let gone = catalog::entry(StatusCode::GONE);
    check(&[
        Row {
            page: render_default(&PublicProblem { title: "Away", ..bare(410) }),
            has: &["<title>Away</title>", r#"<h1 lang="" dir="auto">Away</h1>"#, "410 Gone"],
            has_not: &[gone.headline],
        },
        Row {
            page: render_default(&PublicProblem { detail: Some("a <\nb"), ..bare(410) }),
            has: &["<p class=\"detail\" lang=\"\" dir=\"auto\">A &lt;\nb</p>", gone.advice],
            has_not: &["Common reasons", gone.explanation],
        },
    ]);
}

#[test]
fn uris_are_links_only_where_they_may_be() {
    let request_id = member("request_id", json!("theirs"));
    let order = member("order", json!(17));
    check(&[
        Row {
            page: render_default(&PublicProblem { type_uri: Some("/t"), ..bare(410) }),
            has: &[r#"<a class="about" href="/t" rel="noreferrer">About this problem</a>"#],
            has_not: &["<dl>"],
        },
        Row {
            page: render_default(&PublicProblem { type_uri: Some("urn:t"), ..bare(410) }),
            has: &["<dt>type</dt><dd>urn:t</dd>"],
            has_not: &["About this problem"],
        },
        Row {
            page: render_default(&PublicProblem { type_uri: Some("about:blank"), ..bare(410) }),
            has: &[],
            has_not: &["about:blank"],
        },
        Row {
            page: render_default(&PublicProblem { instance: Some("/i"), ..bare(410) }),
            has: &[r#"<dt>instance</dt><dd><a href="/i" rel="noreferrer">/i</a></dd>"#],
            has_not: &[],
        },
        Row {
            page: render_default(&PublicProblem { location: Some("/l"), ..bare(302) }),
            has: &[r#"<p>Go to <a href="/l" rel="noreferrer">/l</a></p>"#],
            has_not: &["<dl>"],
        },
        Row {
            page: render_default(&PublicProblem { location: Some("javascript:l"), ..bare(302) }),
            has: &["<dt>location</dt><dd>javascript:l</dd>"],
            has_not: &["Go to"],
        },
        Row {
            page: render_default(&PublicProblem { ids: id("abc"), extensions: &order, ..bare(410) }),
            has: &[r#"<code class="id">abc</code>"#, "<dt>order</dt>"],
            has_not: &["trace_id"],
        },
        Row {
            page: render_default(&PublicProblem {
                ids: RequestIds { request: None, trace: Some("0af7") },
                ..bare(410)
            }),
            has: &["<dt>trace_id</dt><dd><code class=\"id\">0af7</code></dd>"],
            has_not: &["Request id"],
        },
        Row {
            page: render_default(&PublicProblem { extensions: &request_id, ..bare(410) }),
            has: &["theirs"],
            has_not: &[],
        },
    ]);
}

#[test]
fn extension_members_are_shown_by_their_kind() {
    let [order, nested, blank] = [json!(17), json!({ "a": ["<"] }), json!("")].map(|value| member("order", value));
    let no_errors = member("errors", json!([]));
    let choices = member("choices", json!(["/a", "javascript:b", ["c"]]));
    let with = |code: u16, extensions: &Members| render_default(&PublicProblem { extensions, ..bare(code) });
    check(&[
        Row {
            page: with(410, &order),
            has: &["<details>", r#"<dt>order</dt><dd lang="" dir="auto">17</dd>"#],
            has_not: &["<details open"],
        },
        Row {
            page: with(410, &nested),
            has: &[r#"auto"><code>{&#34;a&#34;:[&#34;&lt;&#34;]}</code></dd>"#],
            has_not: &[],
        },
        Row { page: with(410, &blank), has: &[r#"auto">&#34;&#34;</dd>"#], has_not: &[] },
        Row { page: with(410, &no_errors), has: &["<dt>errors</dt>"], has_not: &[] },
        Row {
            page: with(300, &choices),
            has: &[
                r#"<li><a href="/a" rel="noreferrer">/a</a></li>"#,
                r#"<li><span lang="" dir="auto">javascript:b</span></li>"#,
            ],
            has_not: &["<dt>choices</dt>"],
        },
        Row { page: with(410, &choices), has: &["<dt>choices</dt>"], has_not: &[] },
    ]);
}

#[test]
fn errors_begin_with_the_name_of_their_field() {
    for (error, expected) in [
        (json!({ "pointer": "#/age", "detail": "no <", "code": 7 }), "auto\">age: no &lt;</span></li>"),
        (json!({ "pointer": "/age", "detail": "no" }), "auto\">age: no</span></li>"),
        (json!({ "pointer": "#/a/b", "detail": "no" }), "auto\">b: no</span> <code>#/a/b</code></li>"),
        (json!({ "pointer": "#/a/0/b", "detail": "no" }), "auto\">b: no</span> <code>#/a/0/b</code></li>"),
        (json!({ "pointer": "#/lines/0", "detail": "no" }), "auto\">lines 0: no</span> <code>#/lines/0</code></li>"),
        (json!({ "pointer": "#/lines/0/1", "detail": "no" }), "auto\">1: no</span> <code>#/lines/0/1</code></li>"),
        (json!({ "pointer": "#/a~1b%20c", "detail": "no" }), "a/b c: no</span></li>"),
        (json!({ "pointer": "#", "detail": "no" }), "auto\">no</span></li>"),
        (json!({ "pointer": "", "detail": "no" }), "auto\">no</span></li>"),
        (json!({ "parameter": "page", "detail": "no" }), "page: no</span></li>"),
        (json!({ "detail": "no" }), "auto\">no</span></li>"),
        (json!("one"), "<li><span lang=\"\" dir=\"auto\">one</span></li>"),
        (json!({ "a": 1 }), "<code>{&#34;a&#34;:1}</code></span></li>"),
    ] {
        let page = render_default(&PublicProblem { extensions: &member("errors", json!([error])), ..bare(422) });
        assert!(page.contains(expected), "{error}\n{page}");
        assert!(!page.contains("<dl>"), "{error}");
    }
}

#[test]
fn causes_are_a_list_with_or_before_the_last() {
    check(&[
        Row {
            page: render_default(&bare(411)),
            has: &["Common reasons: a program that sends data without stating its length.</p>"],
            has_not: &[],
        },
        Row {
            page: render_default(&bare(408)),
            has: &["Common reasons: a slow or interrupted connection or a large upload.</p>"],
            has_not: &[],
        },
        Row {
            page: render_default(&bare(404)),
            has: &["a mistyped address, a link that is out of date, or a page that was moved or removed.</p>"],
            has_not: &[],
        },
    ]);
}

#[test]
fn link_to_sign_in_takes_the_place_of_the_advice() {
    let advice = |code| bare(code).entry.advice;
    let page = shop();
    check(&[
        Row { page: render(&bare(401), &options(&page)), has: &[], has_not: &[advice(401)] },
        Row { page: render_default(&bare(401)), has: &[advice(401)], has_not: &[] },
        // It has no link to sign in.
        Row { page: render(&bare(404), &options(&page)), has: &[advice(404)], has_not: &[] },
    ]);
}

#[test]
fn page_is_a_whole_document() {
    for code in [401, 404, 503] {
        let page = render_default(&bare(code));
        assert!(page.starts_with("<!DOCTYPE html>\n") && page.ends_with("</body>\n</html>\n"), "{page}");
    }
}

#[test]
fn next_steps_are_those_that_the_application_named() {
    let page = shop();
    let after_get = |code| render(&bare(code), &options(&page));
    let sign_in = r#"<a class="button" href="/login">Sign in</a>"#;
    let home = "<a class=\"button\" href=\"/\">Home</a>\n<a href=\"/search\">Search</a>";
    check(&[
        Row { page: after_get(401), has: &[sign_in], has_not: &["Home", "Contact support"] },
        Row { page: after_get(404), has: &[home], has_not: &["Sign in", "Contact support"] },
        Row { page: after_get(410), has: &[home], has_not: &[] },
        Row { page: after_get(403), has: &[], has_not: &["class=\"next\""] },
        Row { page: after_get(550), has: &[], has_not: &["class=\"next\""] },
        Row {
            page: after_get(500),
            has: &[
                r#" href="mailto:help@example.org?subject=Error%20500">Contact support</a>"#,
                "Contact support</a>\n</p>\n",
                r#"<a class="button support" data-print="help@example.org" "#,
            ],
            has_not: &["Home", "Try again<"],
        },
        Row {
            page: after_get(404),
            has: &[
                "<title>Page not found · Shop &amp; Co</title>",
                r#"<header><a href="/" lang="" dir="auto">Shop &amp; Co</a></header>"#,
            ],
            has_not: &[],
        },
    ]);
    for code in [401, 404, 410, 500] {
        assert!(!render_default(&bare(code)).contains("class=\"next\""), "{code}");
    }
}

#[test]
fn mail_to_the_support_names_the_request_id() {
    let problem = PublicProblem { ids: id("a+b/c=d"), ..bare(500) };
    for (support, expected) in [
        ("mailto:help@example.org", "mailto:help@example.org?subject=Error%20500%2C%20request%20id%20a%2Bb%2Fc%3Dd\""),
        ("mailto:a@b.example?cc=c@b.example", "mailto:a@b.example?cc=c@b.example&amp;subject=Error%20500%2C%20request"),
        ("mailto:a@b.example?subject=Shop", "href=\"mailto:a@b.example?subject=Shop\""),
        ("mailto:a@b.example?cc=c@b.example", "data-print=\"a@b.example\" "),
        ("https://example.org/help?a=b", "data-print=\"https://example.org/help?a=b\" "),
        ("https://example.org/help?a=b", "\"https://example.org/help?a=b\""),
    ] {
        let page = Page::new().support(support);
        let html = render(&problem, &options(&page));
        assert!(html.contains(expected), "{support}\n{html}");
    }
}

#[test]
fn retry_is_a_link_only_after_a_request_that_a_link_repeats() {
    let page = |code, can_reload, retry_after, auto_refresh| {
        let page = Page::new().auto_refresh(auto_refresh);
        render(&bare(code), &BodyOptions { can_reload, retry_after, ..options(&page) })
    };
    let refresh = "http-equiv=\"refresh\"";
    check(&[
        Row {
            page: page(503, true, Some(30), false),
            has: &["<a class=\"button\" href=\"\">Try again in 30 seconds</a>"],
            has_not: &["Try again later.", "submit again", refresh],
        },
        Row {
            page: page(503, true, Some(1), true),
            has: &["<meta http-equiv=\"refresh\" content=\"1\">"],
            has_not: &[],
        },
        Row {
            page: page(503, true, Some(0), true),
            has: &["<meta http-equiv=\"refresh\" content=\"1\">", "Try again</a>"],
            has_not: &[],
        },
        Row {
            page: page(503, false, Some(3600), true),
            has: &["<p>Go back and submit again in 1 hour.</p>"],
            has_not: &["<a class=\"button\"", refresh],
        },
        Row { page: page(503, true, None, true), has: &["Try again</a>", "Try again later."], has_not: &[refresh] },
        Row { page: page(502, false, None, false), has: &["<p>Go back and submit again.</p>"], has_not: &[] },
        // 429 explains how to repeat the request (RFC 6585 §4).
        Row { page: page(429, true, Some(60), false), has: &["in 1 minute</a>", "Wait a while"], has_not: &[] },
        Row { page: page(404, true, None, false), has: &[], has_not: &["Try again", "submit again"] },
        Row { page: page(404, false, None, false), has: &[], has_not: &["Try again", "submit again"] },
        Row { page: page(404, true, Some(9), false), has: &["Try again in 9 seconds"], has_not: &[] },
        // A redirect is not an error.
        Row { page: page(302, true, Some(9), false), has: &[], has_not: &["Try again"] },
    ]);
}

#[test]
fn accent_has_a_style_of_its_own() {
    let page = Page::new().accent(Accent::Teal);
    let html = render(&bare(404), &options(&page));
    assert!(html.contains(&format!("<style>{STYLE}</style>\n<style>{}</style>", Accent::Teal.style())));
    assert_eq!(render_default(&bare(404)).matches("<style>").count(), 1);
    for style in [STYLE, Accent::Teal.style()] {
        assert!(!style.contains(['<', '\r']), "an HTML parser would see another text than the one that was hashed");
    }
}

#[test]
fn hostile_text_adds_no_markup() {
    let hostile = "</title></style><script>\"'--><!--\0";
    let item = json!({ "detail": hostile, "pointer": hostile });
    for value in [json!(hostile), json!([hostile, item, [hostile]]), json!({ hostile: [hostile] })] {
        for (code, name) in [(300, "choices"), (404, "choices"), (502, "errors"), (404, hostile)] {
            let page = render_default(&with_text_everywhere(code, Some(hostile), &member(name, value.clone())));
            for (part, times) in [("<script", 0), ("</style", 1), ("</title", 1), ("<!", 1), ("\"'", 0), ("\0", 0)] {
                assert_eq!(page.matches(part).count(), times, "{part} {code} {name} {value}");
            }
        }
    }
}

#[test]
fn blank_fields_are_left_out() {
    for blank in ["", " \n"] {
        assert_eq!(render_default(&with_text_everywhere(302, Some(blank), &[])), render_default(&bare(302)));
    }
}

#[test]
fn ten_thousand_members_are_all_shown() {
    let extensions: Vec<_> = (0..10_000).map(|n| (format!("name{n}").into(), json!([n, { "a": "b" }]))).collect();
    let page = render_default(&PublicProblem { extensions: &extensions, ..bare(404) });
    assert_eq!(page.matches("<dt>name").count(), 10_000);
}
