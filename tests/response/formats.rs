//! The three formats of an error response: hostile text breaks none of them.

use http::{HeaderName, HeaderValue, Request, StatusCode, header, response::Parts};
use serde_json::{Value, json};
use tower_status::{Status, StatusMapLayer, catalog};

use crate::common::{self, fail, full, send, text as utf8};

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const TEXT: &str = "text/plain";

const HOSTILE: [&str; 22] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)' x='",
    "</title></style></p></main><!-- --><base href=//evil>",
    "&lt;b&gt; &#60;i> & &amp ]]> <!DOCTYPE x> <?php ?>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert`1`",
    "data:text/html,<script>alert(1)</script>",
    "https:javascript:alert(1)",
    "two\nlines",
    "old\r\nmac\rlines\n\n\nand empty ones\n",
    "\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "NUL \0 in it",
    "\u{1b}[31mred\u{1b}]0;title\u{7}\u{8}\u{7f}",
    "\u{9b}31m C1 \u{85} next line",
    "line\u{2028}paragraph\u{2029}end",
    "\u{b}vertical\u{c}feed\u{1c}file\u{1d}group\u{1e}record",
    r#"\ud800 \udfff \u0000 \u2028 \" \\ \n \"#,
    r#"","status":200,"detail":"forged"#,
    "{\"status\":200}\n---\nstatus: 200",
    "\u{feff}mark \u{202e}override \u{fffe}\u{fdd0}\u{10ffff} non-characters",
    "ünïcödé 日本語 🌷",
];

/// The place of a text from the application or the client.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Title,
    Detail,
    Type,
    Instance,
    Name,
    Member,
    Nested,
    Errors,
    RequestId,
    Location,
    Choice,
    RawChoice,
}
use Place::{Choice, Detail, Errors, Instance, Location, Member, Name, Nested, RawChoice, RequestId, Title, Type};

const PLACES: [Place; 12] =
    [Title, Detail, Type, Instance, Name, Member, Nested, Errors, RequestId, Location, Choice, RawChoice];

fn status(place: Place, text: Option<&str>) -> Status {
    let bare = match place {
        Location => Status::new(StatusCode::FOUND),
        Choice | RawChoice => Status::new(StatusCode::MULTIPLE_CHOICES),
        _ => Status::not_found(),
    };
    let Some(text) = text.map(str::to_owned) else { return bare };
    match place {
        Title => bare.with_title(text),
        Detail => bare.with_detail(text),
        Type => bare.with_type(text),
        Instance => bare.with_instance(text),
        Name => bare.with_extension(text, "a value"),
        Member => bare.with_extension("member", text),
        Nested => bare.with_extension("member", json!({ text.as_str(): [text, { "a": text }] })),
        Errors => bare.with_extension("errors", json!([{ "detail": text, "pointer": text, "x": text }, text])),
        RequestId => bare,
        Location => Status::found(text),
        Choice => Status::multiple_choices([text]),
        RawChoice => bare.with_extension("choices", [text]),
    }
}

fn request(accept: &str, id: Option<&[u8]>) -> Request<()> {
    let mut request = common::get("/", &[("accept", accept)]);
    if let Some(id) = id.and_then(|id| HeaderValue::from_bytes(id).ok()) {
        request.headers_mut().insert("x-request-id", id);
    }
    request
}

/// Returns the body of the response to an error.
async fn body_of(error: Status, request: Request<()>) -> String {
    let (_, body) = fail(&StatusMapLayer::new(), request, error).await;
    utf8(&body).to_owned()
}

async fn error_response(place: Place, text: Option<&str>, accept: &str) -> (Parts, String) {
    let id = text.filter(|_| place == RequestId).map(str::as_bytes);
    let (parts, body) = fail(&StatusMapLayer::new(), request(accept, id), status(place, text)).await;
    (parts, utf8(&body).to_owned())
}

/// Returns the members of an object in their order, duplicates included.
fn members(json: &str) -> Vec<(String, Value)> {
    struct Members(Vec<(String, Value)>);
    impl<'de> serde::Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Members;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_str::<Members>(json).unwrap_or_else(|error| panic!("{error}: {json}")).0
}

fn has_control(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_control())
}

#[tokio::test]
async fn json_document_contains_hostile_text_unchanged() {
    for place in PLACES {
        for text in HOSTILE {
            let (parts, body) = error_response(place, Some(text), JSON).await;
            let mut found = members(&body);
            let code = match place {
                Location if has_control(text) => 500, // malformed, and required
                Location => 302,
                Choice | RawChoice => 300,
                _ => 404,
            };
            assert_eq!(parts.status, code, "{place:?} {text:?}");
            let entry = catalog::get(parts.status).unwrap();
            let unescape = |value: &mut Value| {
                let uri = value.as_str().unwrap();
                assert!(uri.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&b)), "{uri}");
                *value = percent_encoding::percent_decode_str(uri).decode_utf8().unwrap().into();
            };
            for (name, value) in &mut found {
                match name.as_str() {
                    "type" | "instance" => unescape(value),
                    "choices" if place == Choice => value.as_array_mut().unwrap().iter_mut().for_each(unescape),
                    _ => {}
                }
            }
            // Titles and URIs with control characters are dropped.
            let title = if place == Title && !text.contains(char::is_control) { text } else { entry.title };
            let problem = if place == Type && !has_control(text) { text } else { "about:blank" };
            let detail = if place == Detail { text } else { entry.default_detail() };
            let mut expected = vec![
                ("type".to_owned(), json!(problem)),
                ("title".to_owned(), json!(title)),
                ("status".to_owned(), json!(code)),
                ("detail".to_owned(), json!(detail)),
            ];
            match place {
                Instance if !has_control(text) => expected.push(("instance".into(), json!(text))),
                Name => expected.push((text.into(), json!("a value"))),
                Member => expected.push(("member".into(), json!(text))),
                Nested => expected.push(("member".into(), json!({ text: [text, { "a": text }] }))),
                Errors => {
                    expected.push(("errors".into(), json!([{ "detail": text, "pointer": text, "x": text }, text])));
                }
                Choice if has_control(text) => expected.push(("choices".into(), json!([]))),
                Choice | RawChoice => expected.push(("choices".into(), json!([text]))),
                _ => {}
            }
            let sort = |members: &mut Vec<(String, Value)>| members.sort_by(|a, b| a.0.cmp(&b.0));
            sort(&mut found);
            sort(&mut expected);
            assert_eq!(found, expected, "{place:?} {text:?}");
        }
    }
}

/// Returns the tags, without the values of their attributes.
fn skeleton(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (mut tag, mut quoted) = (String::new(), false);
        let end = rest[start..].find(|c| {
            quoted ^= c == '"';
            if !quoted || c == '"' {
                tag.push(c);
            }
            c == '>' && !quoted
        });
        rest = &rest[start + end.expect("every tag ends")..];
        tags.push(tag);
    }
    tags
}

fn links(html: &str) -> impl Iterator<Item = &str> {
    html.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
}

#[tokio::test]
async fn hostile_text_does_not_change_the_markup_of_a_page() {
    for place in PLACES {
        // There are three structures: with a link, with a text that is not a link, and without a text. Hostile text must not
        // add a fourth.
        let mut pages = Vec::new();
        for text in [Some("harmless"), Some("harmless//pointer"), Some("mailto:harmless"), None] {
            pages.push(skeleton(&error_response(place, text, HTML).await.1));
        }
        if place == Location {
            pages.push(skeleton(&body_of(Status::internal_server_error(), request(HTML, None)).await));
        }
        if place == Choice {
            pages.push(skeleton(&body_of(Status::multiple_choices(["\n"]), request(HTML, None)).await));
        }
        for text in HOSTILE {
            let (parts, html) = error_response(place, Some(text), HTML).await;
            assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert!(pages.contains(&skeleton(&html)), "{place:?} {text:?}\n{html}");
            let invisible = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(!html.contains(invisible), "{place:?} {text:?}");
            for link in links(&html) {
                let scheme = link.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
                let relative = scheme.as_ref().is_none_or(|scheme| scheme.contains(['/', '?', '#']));
                let web = matches!(scheme.as_deref(), Some("http" | "https"));
                assert!(relative || web, "{place:?} {text:?}: {link}");
            }
        }
    }
}

#[tokio::test]
async fn hostile_text_adds_no_line_to_plain_text() {
    let breaks = ['\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    for place in PLACES {
        let mut lines = Vec::new();
        for text in [Some("harmless"), None] {
            lines.push(error_response(place, text, TEXT).await.1.lines().count());
        }
        for text in HOSTILE {
            let (parts, body) = error_response(place, Some(text), TEXT).await;
            let mut lines = lines.clone();
            if (place, parts.status.as_u16()) == (Location, 500) {
                lines = vec![body_of(Status::internal_server_error(), request(TEXT, None)).await.lines().count()];
            }
            if place == Choice {
                lines.push(lines[0]); // `choices: []`
            }
            assert!(lines.contains(&body.lines().count()), "{place:?} {text:?}\n{body}");
            assert!(!body.contains(breaks), "{place:?} {text:?}");
            // No terminal escape sequences.
            assert!(!body.contains(|c: char| c.is_control() && c != '\n'), "{place:?} {text:?}");
            assert!(body.starts_with(parts.status.as_str()), "{body}");
        }
    }
}

#[tokio::test]
async fn plain_text_has_one_line_per_field() {
    let status = Status::found("/orders/8")
        .with_title("Moved\u{2028}on")
        .with_detail("one\ntwo \u{1b}[31mred")
        .with_type("https://example.org/moved")
        .with_instance("/orders/7")
        .with_extension("order", 7)
        .with_extension("a\tb", "c\r\nd")
        .with_extension("list", json!(["x", null]));
    let body = body_of(status, request(TEXT, Some(b"abc-1"))).await;
    let expected = [
        "302 Moved on",
        "",
        "one two  [31mred",
        "",
        "location: /orders/8",
        "type: https://example.org/moved",
        "instance: /orders/7",
        "order: 7",
        "a b: c  d",
        "list: [\"x\",null]",
        "request_id: abc-1",
        "",
    ];
    assert_eq!(body.split('\n').collect::<Vec<_>>(), expected);

    let body = body_of(Status::gone(), request(TEXT, None)).await;
    assert_eq!(body, format!("410 Gone\n\n{}\n", Status::gone().entry().default_detail()));
}

#[tokio::test]
async fn inner_plain_text_body_is_the_detail_in_every_format() {
    for text in HOSTILE {
        for accept in [JSON, HTML, TEXT] {
            let inner = Ok::<_, Status>(full(404, &[("content-type", "text/plain")], text));
            let (parts, body) = send(&StatusMapLayer::new(), request(accept, None), inner).await;
            assert_eq!(parts.status, 404);
            let (_, expected) = error_response(Detail, Some(text.trim()), accept).await;
            assert_eq!(utf8(&body), expected, "{text:?}");
        }
    }
}

#[tokio::test]
async fn header_values_that_are_not_utf8_leave_every_format_valid() {
    let bytes: [&[u8]; 4] = [b"\xff\xfe", b"/\xc3\x28<script>", b"\xed\xa0\x80", b"/caf\xe9\" onclick=\"x"];
    for bytes in bytes {
        let value = HeaderValue::from_bytes(bytes).unwrap();
        for accept in [JSON, HTML, TEXT] {
            let request_id = HeaderName::from_static("x-request-id");
            // The status, and the id of the request.
            let rows = [
                (Status::new(StatusCode::FOUND).with_header(header::LOCATION, value.clone()), None),
                (Status::new(StatusCode::FOUND).with_header(header::LINK, value.clone()), None),
                (Status::not_found().with_header(request_id, value.clone()), None),
                (Status::unauthorized(value.clone()), None),
                (Status::not_found(), Some(bytes)),
            ];
            for (status, id) in rows {
                let code = status.code();
                let (parts, body) = fail(&StatusMapLayer::new(), request(accept, id), status).await;
                assert_eq!(parts.status, code);
                let body = utf8(&body);
                match accept {
                    JSON => assert_eq!(members(body).len(), 4, "{body}"),
                    HTML => {
                        let is_injected = |tag: &String| tag.contains("script") || tag.contains("onclick");
                        assert!(!skeleton(body).iter().any(is_injected), "{body}");
                    }
                    _ => assert!(!body.contains(char::REPLACEMENT_CHARACTER), "{body}"),
                }
            }
        }
    }
}

/// A code without an entry has the text of its class (RFC 9110 §15).
#[tokio::test]
async fn code_without_an_entry_keeps_its_number() {
    for code in [499, 599].map(common::code) {
        let bare = Status::new(code);
        for status in [bare.clone(), bare.with_detail("why")] {
            // The detail of a 5xx is hidden.
            let is_shown = status.detail().is_some() && code.is_client_error();
            let (parts, body) = fail(&StatusMapLayer::new(), request(JSON, None), status).await;
            let problem = common::json(&body);
            assert_eq!((parts.status, &problem["status"]), (code, &json!(code.as_u16())));
            assert_eq!(problem["detail"] == "why", is_shown, "{code}");
        }
    }
}

#[tokio::test]
async fn extension_members_do_not_shadow_standard_members() {
    let mut status = Status::conflict().with_type("/t").with_title("T").with_detail("D").with_instance("/i");
    for name in ["type", "title", "status", "detail", "instance", ""] {
        status = status.with_extension(name, "forged");
    }
    let status = status.with_extension("Type", 1).with_extension("status ", 2).with_extension("request_id", "mine");
    let body = body_of(status, request(JSON, Some(b"theirs"))).await;
    let expected = [
        ("type", json!("/t")),
        ("title", json!("T")),
        ("status", json!(409)),
        ("detail", json!("D")),
        ("instance", json!("/i")),
        ("Type", json!(1)),
        ("status ", json!(2)),
        ("request_id", json!("theirs")),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(members(&body), expected);
}

#[tokio::test]
async fn request_id_is_shown_only_if_it_is_valid() {
    let longest = "a".repeat(128);
    let too_long = "a".repeat(129);
    let valid = ["7", "01J9Z-4.x_y:z+/=", "AZaz09._:+/=-", &longest];
    let invalid = ["", &too_long, "a b", "a\tb", "<b>", "a\"b", "a,b", "a\\b", "a~b", "ü"];
    // Every character that a field value can have, alone.
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+/=-";
    let single: Vec<_> = (' '..='\u{ff}').filter(|c| *c != '\u{7f}').map(String::from).collect();
    let (allowed, other): (Vec<_>, Vec<_>) = single.iter().map(String::as_str).partition(|id| allowed.contains(id));
    let shown = valid.into_iter().chain(allowed).map(|id| (id, Some(json!(id))));
    let hidden = invalid.into_iter().chain(other).map(|id| (id, None));
    for (id, expected) in shown.chain(hidden) {
        for code in [StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR] {
            let status = Status::new(code).with_detail("why");
            let (_, body) = fail(&StatusMapLayer::new(), request(JSON, Some(id.as_bytes())), status).await;
            assert_eq!(common::json(&body).get("request_id"), expected.as_ref(), "{code} {id:?}");
        }
    }
}
