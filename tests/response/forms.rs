//! The three formats of an error response: hostile text breaks none of them.

// A test that meets the unexpected fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::future::ready;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, response::Parts};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{Status, StatusMapLayer, catalog};

const FORMATS: [&str; 3] = ["application/json", "text/html", "text/plain"];

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

/// Where a text from the application or the client is put.
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

async fn call<B>(layer: &StatusMapLayer, outcome: Result<Response<B>, Status>, request: Request<()>) -> (Parts, Bytes)
where
    B: http_body::Body<Error: std::fmt::Debug>,
{
    let mut outcome = Some(outcome);
    let inner = service_fn(|_: Request<()>| ready(outcome.take().unwrap()));
    let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

fn request(accept: &str, id: Option<&[u8]>) -> Request<()> {
    let mut request = Request::new(());
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
    if let Some(id) = id.and_then(|id| HeaderValue::from_bytes(id).ok()) {
        request.headers_mut().insert("x-request-id", id);
    }
    request
}

async fn error_response(place: Place, text: Option<&str>, accept: &str) -> (Parts, String) {
    let id = text.filter(|_| place == RequestId).map(str::as_bytes);
    let error = Err::<Response<String>, _>(status(place, text));
    let (parts, body) = call(&StatusMapLayer::new(), error, request(accept, id)).await;
    (parts, String::from_utf8(body.into()).expect("UTF-8"))
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
            let (parts, body) = error_response(place, Some(text), FORMATS[0]).await;
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
        // A link, a text that is no link, and no text give three structures; hostile text must not give a fourth.
        let mut pages = Vec::new();
        for text in [Some("harmless"), Some("harmless//pointer"), Some("mailto:harmless"), None] {
            pages.push(skeleton(&error_response(place, text, FORMATS[1]).await.1));
        }
        if place == Location {
            let error = Err::<Response<String>, _>(Status::internal_server_error());
            let (_, body) = call(&StatusMapLayer::new(), error, request(FORMATS[1], None)).await;
            pages.push(skeleton(str::from_utf8(&body).unwrap()));
        }
        if place == Choice {
            let error = Err::<Response<String>, _>(Status::multiple_choices(["\n"]));
            let (_, body) = call(&StatusMapLayer::new(), error, request(FORMATS[1], None)).await;
            pages.push(skeleton(str::from_utf8(&body).unwrap()));
        }
        for text in HOSTILE {
            let (parts, html) = error_response(place, Some(text), FORMATS[1]).await;
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
            lines.push(error_response(place, text, FORMATS[2]).await.1.lines().count());
        }
        for text in HOSTILE {
            let (parts, body) = error_response(place, Some(text), FORMATS[2]).await;
            let mut lines = lines.clone();
            if (place, parts.status.as_u16()) == (Location, 500) {
                let error = Err::<Response<String>, _>(Status::internal_server_error());
                let (_, body) = call(&StatusMapLayer::new(), error, request(FORMATS[2], None)).await;
                lines = vec![str::from_utf8(&body).unwrap().lines().count()];
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
    let error = Err::<Response<String>, _>(status);
    let (_, body) = call(&StatusMapLayer::new(), error, request(FORMATS[2], Some(b"abc-1"))).await;
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
    assert_eq!(str::from_utf8(&body).unwrap().split('\n').collect::<Vec<_>>(), expected);

    let bare = Err::<Response<String>, _>(Status::gone());
    let (_, body) = call(&StatusMapLayer::new(), bare, request(FORMATS[2], None)).await;
    assert_eq!(str::from_utf8(&body).unwrap(), format!("410 Gone\n\n{}\n", Status::gone().entry().default_detail()));
}

#[tokio::test]
async fn inner_plain_text_body_is_the_detail_in_every_format() {
    for text in HOSTILE {
        for accept in FORMATS {
            let mut inner = Response::new(Full::new(Bytes::from(text)));
            *inner.status_mut() = StatusCode::NOT_FOUND;
            inner.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            let (parts, body) = call(&StatusMapLayer::new(), Ok(inner), request(accept, None)).await;
            let body = str::from_utf8(&body).unwrap();
            assert_eq!(parts.status, 404);
            let (_, expected) = error_response(Detail, Some(text.trim()), accept).await;
            assert_eq!(body, expected, "{text:?}");
        }
    }
}

#[tokio::test]
async fn header_values_that_are_not_utf8_leave_every_format_valid() {
    let bytes: [&[u8]; 4] = [b"\xff\xfe", b"/\xc3\x28<script>", b"\xed\xa0\x80", b"/caf\xe9\" onclick=\"x"];
    for bytes in bytes {
        let value = HeaderValue::from_bytes(bytes).unwrap();
        for accept in FORMATS {
            let request_id = HeaderName::from_static("x-request-id");
            let rows = [
                (Status::new(StatusCode::FOUND).with_header(header::LOCATION, value.clone()), false),
                (Status::new(StatusCode::FOUND).with_header(header::LINK, value.clone()), false),
                (Status::not_found().with_header(request_id, value.clone()), false),
                (Status::unauthorized(value.clone()), false),
                (Status::not_found(), true),
            ];
            for (status, in_request) in rows {
                let code = status.code();
                let error = Err::<Response<String>, _>(status);
                let request = request(accept, in_request.then_some(bytes));
                let (parts, body) = call(&StatusMapLayer::new(), error, request).await;
                assert_eq!(parts.status, code);
                let body = str::from_utf8(&body).expect("UTF-8");
                match accept {
                    "application/json" => assert_eq!(members(body).len(), 4, "{body}"),
                    "text/html" => {
                        let is_injected = |tag: &String| tag.contains("script") || tag.contains("onclick");
                        assert!(!skeleton(body).iter().any(is_injected), "{body}");
                    }
                    _ => assert!(!body.contains(char::REPLACEMENT_CHARACTER), "{body}"),
                }
            }
        }
    }
}

/// The text is that of the class (RFC 9110 §15).
#[tokio::test]
async fn code_without_an_entry_keeps_its_number() {
    for code in [499, 599] {
        for (detail, shown) in [(None, false), (Some("why"), code < 500)] {
            let code = StatusCode::from_u16(code).unwrap();
            let status = Status::new(code);
            let error = Err::<Response<String>, _>(detail.map_or(status.clone(), |detail| status.with_detail(detail)));
            let (parts, body) = call(&StatusMapLayer::new(), error, request(FORMATS[0], None)).await;
            let found = serde_json::from_slice::<Value>(&body).unwrap();
            assert_eq!((parts.status, &found["status"]), (code, &json!(code.as_u16())));
            assert_eq!(found["detail"] == "why", shown, "{code}");
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
    let error = Err::<Response<String>, _>(status);
    let (_, body) = call(&StatusMapLayer::new(), error, request(FORMATS[0], Some(b"theirs"))).await;
    let expected = [
        ("type", json!("/t")),
        ("title", json!("T")),
        ("status", json!(409)),
        ("detail", json!("D")),
        ("instance", json!("/i")),
        ("Type", json!(1)),
        ("status ", json!(2)),
        ("request_id", json!("mine")),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(members(str::from_utf8(&body).unwrap()), expected);
}

#[tokio::test]
async fn request_id_is_shown_only_if_it_is_valid() {
    let longest = "a".repeat(128);
    let too_long = "a".repeat(129);
    #[rustfmt::skip]
    let rows: [(&str, bool); 14] = [
        ("7", true), ("01J9Z-4.x_y:z+/=", true), ("AZaz09._:+/=-", true), (&longest, true),
        ("", false), (&too_long, false), ("a b", false), ("a\tb", false), ("<b>", false), ("a\"b", false),
        ("a,b", false), ("a\\b", false), ("a~b", false), ("ü", false),
    ];
    // Every character that a field value can have, alone.
    let single: Vec<_> = (' '..='\u{ff}').filter(|c| *c != '\u{7f}').map(String::from).collect();
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+/=-";
    let single = single.iter().map(|id| (id.as_str(), allowed.contains(id.as_str())));
    for (id, shown) in rows.into_iter().chain(single) {
        for code in [StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR] {
            let status = Status::new(code).with_detail("why");
            let error = Err::<Response<String>, _>(status);
            let (_, body) = call(&StatusMapLayer::new(), error, request(FORMATS[0], Some(id.as_bytes()))).await;
            let found = serde_json::from_slice::<Value>(&body).unwrap();
            assert_eq!(found.get("request_id"), shown.then(|| json!(id)).as_ref(), "{code} {id:?}");
        }
    }
}
