use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;

type Members = [(Cow<'static, str>, Value)];

fn bare(code: u16) -> PublicProblem<'static> {
    with_text_everywhere(code, None, &[])
}

/// Returns a problem with the same text in every field.
fn with_text_everywhere<'a>(code: u16, text: Option<&'a str>, extensions: &'a Members) -> PublicProblem<'a> {
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
fn policy_names_the_hash_of_the_style() -> Result<(), http::header::ToStrError> {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = CONTENT_SECURITY_POLICY;
    assert!(policy.to_str()?.contains(&format!("style-src 'sha256-{hash}';")), "{hash}");
    assert!(render(&bare(404)).contains(&format!("<style>{STYLE}</style>")));
    assert!(!STYLE.contains(['<', '\r']), "an HTML parser would see another text than the one that was hashed");
    Ok(())
}

/// A problem, and parts that its page has or must not have.
struct Row<'a> {
    problem: PublicProblem<'a>,
    has: &'a [&'a str],
    has_not: &'a [&'a str],
}

fn check(rows: &[Row<'_>]) {
    for Row { problem, has, has_not } in rows {
        let page = render(problem);
        for part in *has {
            assert!(page.contains(part), "{part}\n{page}");
        }
        for part in *has_not {
            assert!(!page.contains(part), "{part}\n{page}");
        }
    }
}

#[test]
fn bare_status_shows_the_texts_of_the_catalogue() {
    let gone = catalog::entry(StatusCode::GONE);
    check(&[
        Row {
            problem: bare(410),
            has: &[
                r#"<html lang="en" class="client">"#,
                "<title>410 Gone</title>",
                "<h1><b>410</b> <span>Gone</span></h1>",
                gone.explanation,
                gone.advice,
                "What usually causes this",
                "RFC 9110 §15.5.11</a></footer>",
            ],
            has_not: &["<dl>"],
        },
        Row { problem: bare(302), has: &[r#"<html lang="en">"#], has_not: &["What usually causes this"] },
        Row { problem: bare(503), has: &[r#"<html lang="en" class="server">"#], has_not: &[] },
        Row { problem: bare(550), has: &[r#"<html lang="en" class="client">"#], has_not: &[] },
    ]);
}

#[test]
fn texts_and_uris_have_their_places() {
    let request_id = member("request_id", json!("theirs"));
    let order = member("order", json!(17));
    check(&[
        Row {
            problem: PublicProblem { title: "Away", ..bare(410) },
            has: &[r#"<h1><b>410</b> <span lang="" dir="auto">Away</span></h1>"#],
            has_not: &[],
        },
        Row {
            problem: PublicProblem { detail: Some("a <\nb"), ..bare(410) },
            has: &["<p class=\"detail\" lang=\"\" dir=\"auto\">a &lt;\nb</p>"],
            has_not: &["What usually causes this"],
        },
        Row {
            problem: PublicProblem { type_uri: Some("/t"), ..bare(410) },
            has: &[r#"<a class="about" href="/t" rel="noreferrer">About this problem</a>"#],
            has_not: &["<dl>"],
        },
        Row {
            problem: PublicProblem { type_uri: Some("urn:t"), ..bare(410) },
            has: &["<dt>type</dt><dd>urn:t</dd>"],
            has_not: &["About this problem"],
        },
        Row {
            problem: PublicProblem { type_uri: Some("about:blank"), ..bare(410) },
            has: &[],
            has_not: &["about:blank"],
        },
        Row {
            problem: PublicProblem { instance: Some("/i"), ..bare(410) },
            has: &[r#"<dt>instance</dt><dd><a href="/i" rel="noreferrer">/i</a></dd>"#],
            has_not: &[],
        },
        Row {
            problem: PublicProblem { location: Some("/l"), ..bare(302) },
            has: &[r#"<p>Go to <a href="/l" rel="noreferrer">/l</a></p>"#],
            has_not: &["<dl>"],
        },
        Row {
            problem: PublicProblem { location: Some("javascript:l"), ..bare(302) },
            has: &["<dt>location</dt><dd>javascript:l</dd>"],
            has_not: &["Go to"],
        },
        Row {
            problem: PublicProblem { request_id: Some("abc"), extensions: &request_id, ..bare(410) },
            has: &[r#"<code class="id">abc</code>"#],
            has_not: &["theirs", "<dl>"],
        },
        Row {
            problem: PublicProblem { request_id: Some("abc"), extensions: &order, ..bare(410) },
            has: &["<dt>order</dt>"],
            has_not: &[],
        },
        Row { problem: PublicProblem { extensions: &request_id, ..bare(410) }, has: &["theirs"], has_not: &[] },
    ]);
}

#[test]
fn extension_members_are_shown_by_their_kind() {
    let [order, nested, blank] = [json!(17), json!({ "a": ["<"] }), json!("")].map(|value| member("order", value));
    let errors = member(
        "errors",
        json!([
            { "pointer": "#/age", "detail": "no <", "code": 7 },
            { "parameter": "page", "detail": "missing" },
            "one",
            { "a": 1 },
        ]),
    );
    let no_errors = member("errors", json!([]));
    let choices = member("choices", json!(["/a", "javascript:b", ["c"]]));
    check(&[
        Row {
            problem: PublicProblem { extensions: &order, ..bare(410) },
            has: &[r#"<dt>order</dt><dd lang="" dir="auto">17</dd>"#],
            has_not: &[],
        },
        Row {
            problem: PublicProblem { extensions: &nested, ..bare(410) },
            has: &[r#"auto"><code>{&#34;a&#34;:[&#34;&lt;&#34;]}</code></dd>"#],
            has_not: &[],
        },
        Row {
            problem: PublicProblem { extensions: &blank, ..bare(410) },
            has: &[r#"auto">&#34;&#34;</dd>"#],
            has_not: &[],
        },
        Row {
            problem: PublicProblem { extensions: &errors, ..bare(410) },
            has: &[
                r#"<li><code>#/age</code> <span lang="" dir="auto">no &lt;</span></li>"#,
                r#"<li><code>page</code> <span lang="" dir="auto">missing</span></li>"#,
                r#"<li><span lang="" dir="auto">one</span></li>"#,
                "<code>{&#34;a&#34;:1}</code></span></li>",
            ],
            has_not: &["<dl>"],
        },
        Row { problem: PublicProblem { extensions: &no_errors, ..bare(410) }, has: &["<dt>errors</dt>"], has_not: &[] },
        Row {
            problem: PublicProblem { extensions: &choices, ..bare(300) },
            has: &[
                r#"<li><a href="/a" rel="noreferrer">/a</a></li>"#,
                r#"<li><span lang="" dir="auto">javascript:b</span></li>"#,
            ],
            has_not: &["<dt>choices</dt>"],
        },
        Row { problem: PublicProblem { extensions: &choices, ..bare(410) }, has: &["<dt>choices</dt>"], has_not: &[] },
    ]);
}

#[test]
fn hostile_text_adds_no_markup() {
    let hostile = "</title></style><script>\"'--><!--\0";
    let item = json!({ "detail": hostile, "pointer": hostile });
    for value in [json!(hostile), json!([hostile, item, [hostile]]), json!({ hostile: [hostile] })] {
        for (code, name) in [(300, "choices"), (404, "choices"), (502, "errors"), (404, hostile)] {
            let page = render(&with_text_everywhere(code, Some(hostile), &member(name, value.clone())));
            for (part, times) in [("<script", 0), ("</style", 1), ("</title", 1), ("<!", 1), ("\"'", 0), ("\0", 0)] {
                assert_eq!(page.matches(part).count(), times, "{part} {code} {name} {value}");
            }
        }
    }
}

#[test]
fn blank_fields_are_left_out() {
    for blank in ["", " \n"] {
        assert_eq!(render(&with_text_everywhere(302, Some(blank), &[])), render(&bare(302)));
    }
}

#[test]
fn ten_thousand_members_are_all_shown() {
    let extensions: Vec<_> = (0..10_000).map(|n| (format!("name{n}").into(), json!([n, { "a": "b" }]))).collect();
    let page = render(&PublicProblem { extensions: &extensions, ..bare(404) });
    assert_eq!(page.matches("<dt>name").count(), 10_000);
}
