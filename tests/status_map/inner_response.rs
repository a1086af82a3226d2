//! Error responses of the inner service: which bodies are replaced, and which are kept.

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Response, response::Parts};
use http_body::{Body, SizeHint};
use serde_json::Value;
use tower::{Layer, ServiceExt};
use tower_status::{KeepBody, Status, StatusMapLayer, catalog};

use crate::common::{
    Fields, PROBLEM_JSON,
    body::{
        Script,
        Step::{Fails, Hangs, Repeats, Waits},
        data, known, script, trailers,
    },
    code, get, json, read, response, returns,
};

/// Returns every frame, and checks `is_end_stream` and the size hint. Leaves a body that does not end.
fn transcript<B: Body<Data = Bytes, Error = &'static str>>(body: B) -> Vec<String> {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    let hint = body.size_hint();
    let (mut seen, mut pending, mut length) = (vec![format!("end {}", body.is_end_stream())], 0, 0);
    while pending < 3 && seen.len() < 300 {
        let ended = body.is_end_stream();
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => pending += 1,
            Poll::Ready(None) => {
                assert!(hint.lower() <= length && hint.upper().is_none_or(|upper| length <= upper), "{hint:?}");
                seen.push("the end".into());
                return seen;
            }
            Poll::Ready(Some(Err(error))) => seen.push(error.into()),
            Poll::Ready(Some(Ok(frame))) => {
                assert!(!ended, "a frame after the end");
                length += frame.data_ref().map_or(0, |data| data.len() as u64);
                seen.push(format!("{frame:?}"));
            }
        }
    }
    seen.push("left".into());
    seen
}

struct Seen {
    parts: Parts,
    size: SizeHint,
    body: SeenBody,
}

enum SeenBody {
    /// The frames of the inner body.
    Kept(Vec<String>),
    /// The problem document that replaces it.
    Replaced(Value),
}

async fn send(layer: StatusMapLayer, inner: Response<Script>) -> Seen {
    let response = layer.layer(returns(Ok::<_, Infallible>(inner))).oneshot(get("/", &[])).await.unwrap();
    let size = response.body().size_hint();
    if response.headers().get("content-type").is_some_and(|value| value == PROBLEM_JSON) {
        let (parts, body) = read(response).await;
        return Seen { parts, size, body: SeenBody::Replaced(json(&body)) };
    }
    let (parts, body) = response.into_parts();
    Seen { parts, size, body: SeenBody::Kept(transcript(body)) }
}

impl Seen {
    fn assert_kept(&self, inner: &Script, row: &str) {
        let SeenBody::Kept(frames) = &self.body else { panic!("{row}: the body was replaced") };
        assert_eq!(frames, &transcript(inner.clone()), "{row}");
        // A body that was read may have a better size hint than before.
        assert!(inner.size_hint().exact().is_none() || self.size.exact() == inner.size_hint().exact(), "{row}");
    }

    fn assert_replaced(&self, detail: Option<&str>, row: &str) {
        let SeenBody::Replaced(problem) = &self.body else { panic!("{row}: the body was kept") };
        let status = self.parts.status;
        let class = code(status.as_u16() / 100 * 100);
        let entry = catalog::get(status).or_else(|| catalog::get(class)).unwrap();
        assert_eq!(problem["detail"], detail.unwrap_or(entry.default_detail()), "{row}");
        assert_eq!((&problem["status"], &problem["title"]), (&status.as_u16().into(), &entry.title.into()), "{row}");
    }
}

const CLIENT_ERRORS: [u16; 6] = [400, 404, 422, 451, 499, 550];
const SERVER_ERRORS: [u16; 6] = [500, 501, 503, 549, 551, 599];

/// The expected body of a 4xx.
#[derive(Clone, Debug, PartialEq)]
enum In4xx {
    Same,
    Explained,
    Detail(String),
}
use In4xx::{Detail, Explained, Same};

/// Bodies without a type or with a text type, which are replaced in a 5xx: a name, the fields, and the body.
// More than 60 lines: one table.
fn texts() -> Vec<(&'static str, Fields<'static>, Script, In4xx)> {
    const UNTYPED: Fields<'_> = &[];
    const TEXT: Fields<'_> = &[("content-type", "text/plain")];
    const UTF8: Fields<'_> = &[("content-type", "TEXT/Plain ; Charset=\"UTF-8\"")];
    const AXUM: Fields<'_> = &[("content-type", "text/plain; charset=utf-8")];
    const ASCII: Fields<'_> = &[("content-type", "text/plain;charset=us-ascii")];
    const FLOWED: Fields<'_> = &[("content-type", "text/plain; format=flowed; charset=utf-8")];
    const LATIN: Fields<'_> = &[("content-type", "text/plain; charset=iso-8859-1")];
    const LATIN_LATER: Fields<'_> = &[("content-type", "text/plain; format=flowed; CHARSET=latin1")];
    const GZIP: Fields<'_> = &[("content-type", "text/plain"), ("content-encoding", "gzip")];
    const MARKDOWN: Fields<'_> = &[("content-type", "text/markdown")];
    const LONGER: Fields<'_> = &[("content-type", "text/plainer")];
    let k8 = "a".repeat(8192);
    let umlauts = "ä".repeat(4096);
    vec![
        ("untyped, empty", UNTYPED, known(""), Explained),
        ("untyped, empty without a size hint", UNTYPED, script([]), Explained),
        ("untyped, empty frames", UNTYPED, script([data(""), data("")]), Explained),
        ("untyped, short", UNTYPED, known("it"), Same),
        ("untyped, 8 KiB", UNTYPED, known(k8.clone()), Same),
        ("untyped, 8 KiB + 1", UNTYPED, known(format!("{k8}b")), Same),
        ("untyped, waits and is empty", UNTYPED, script([Waits]), Same),
        ("untyped, hangs", UNTYPED, script([Hangs]), Same),
        ("untyped, endless", UNTYPED, script([Repeats("again".into())]), Same),
        ("untyped, endless empty frames", UNTYPED, script([Repeats("".into())]), Same),
        ("untyped, fails", UNTYPED, script([Fails]), Same),
        ("untyped, trailers", UNTYPED, script([trailers()]), Same),
        ("text, empty", TEXT, known(""), Explained),
        ("text, empty without a size hint", TEXT, script([]), Explained),
        ("text, short", TEXT, known("it"), Detail("it".to_owned())),
        ("text, as axum sends it", AXUM, known("it"), Detail("it".to_owned())),
        ("text, quoted charset", UTF8, known("ü"), Detail("ü".to_owned())),
        ("text, ASCII", ASCII, known("it"), Detail("it".to_owned())),
        ("text, other parameters", FLOWED, known("it"), Detail("it".to_owned())),
        ("text, frames", TEXT, script([data("so"), data(""), data(" it"), data(" is")]), Detail("so it is".to_owned())),
        ("text, 100 frames", TEXT, script(vec![data("x"); 100]), Detail("x".repeat(100))),
        (
            "text, a character in two frames",
            TEXT,
            script([data([0xc3].to_vec()), data([0xa4].to_vec())]),
            Detail("ä".to_owned()),
        ),
        ("text, 8 KiB", TEXT, known(k8.clone()), Detail(k8.clone())),
        ("text, 8 KiB of umlauts", TEXT, known(umlauts.clone()), Detail(umlauts.clone())),
        (
            "text, 8 KiB in frames",
            TEXT,
            script([data(k8[1..].to_owned()), data("b")]),
            Detail(format!("{}b", &k8[1..])),
        ),
        ("text, 8 KiB + 1", TEXT, known(format!("{k8}b")), Same),
        ("text, 8 KiB + 1 in frames", TEXT, script([data(k8.clone()), data("b")]), Same),
        ("text, 64 KiB", TEXT, known("c".repeat(1 << 16)), Same),
        ("text, waits first", TEXT, script([Waits, data("it")]), Same),
        ("text, waits midway", TEXT, script([data("so"), Waits, data("it")]), Same),
        ("text, waits for its end", TEXT, script([data("so"), Waits]), Same),
        ("text, hangs", TEXT, script([Hangs]), Same),
        ("text, hangs midway", TEXT, script([data("so"), Hangs]), Same),
        ("text, endless", TEXT, script([Repeats("again".into())]), Same),
        ("text, endless empty frames", TEXT, script([Repeats("".into())]), Same),
        ("text, fails", TEXT, script([Fails]), Same),
        ("text, fails midway", TEXT, script([data("so"), data("it"), Fails]), Same),
        ("text, goes on after a failure", TEXT, script([data("so"), Fails, data("it")]), Same),
        ("text, trailers", TEXT, script([data("it"), trailers()]), Same),
        ("text, trailers alone", TEXT, script([trailers()]), Same),
        ("text, content-coded", GZIP, known("it"), Same),
        ("text, invalid UTF-8", TEXT, known([b'a', 0xff, b'b'].to_vec()), Same),
        ("text, invalid UTF-8 in frames", TEXT, script([data("so"), data([0xff].to_vec())]), Same),
        ("text, half of a character", AXUM, known([b'a', 0xc3].to_vec()), Same),
        ("text, another charset", LATIN, known("it"), Same),
        ("text, another charset after a parameter", LATIN_LATER, known("it"), Same),
        ("another text type", MARKDOWN, known("it"), Same),
        ("a type that begins with text/plain", LONGER, known("it"), Same),
    ]
}

/// Bodies of the types that an application chooses deliberately, which are kept.
fn typed() -> Vec<(&'static str, Fields<'static>, Script)> {
    const JSON: Fields<'_> = &[("content-type", "application/json")];
    const HTML: Fields<'_> = &[("content-type", "text/html; charset=utf-8")];
    const PROBLEM: Fields<'_> = &[("content-type", "application/problem+xml")];
    let k8 = "a".repeat(8192);
    vec![
        ("JSON, empty", JSON, known("")),
        ("JSON, short", JSON, known("{}")),
        ("JSON, frames", JSON, script([data("{"), data("}")])),
        ("JSON, 8 KiB + 1", JSON, known(format!("{k8}b"))),
        ("JSON, hangs", JSON, script([Hangs])),
        ("JSON, fails midway", JSON, script([data("{"), Fails])),
        ("JSON, trailers", JSON, script([data("{}"), trailers()])),
        ("HTML, short", HTML, known("<p>it")),
        ("HTML, invalid UTF-8", HTML, known([0xff].to_vec())),
        ("a problem in XML", PROBLEM, known("<problem/>")),
    ]
}

fn all() -> impl Iterator<Item = (&'static str, Fields<'static>, Script)> {
    texts().into_iter().map(|(name, fields, body, _)| (name, fields, body)).chain(typed())
}

#[tokio::test]
async fn an_empty_body_and_a_short_ready_text_of_a_4xx_are_replaced() {
    for (name, fields, body, in_4xx) in texts() {
        for code in CLIENT_ERRORS {
            let row = format!("{name}, {code}");
            let seen = send(StatusMapLayer::new(), response(code, fields, body.clone())).await;
            assert_eq!(seen.parts.status, code, "{row}");
            assert_eq!(seen.parts.extensions.get::<Status>().unwrap().code(), code, "{row}");
            match &in_4xx {
                Same => seen.assert_kept(&body, &row),
                Explained => seen.assert_replaced(None, &row),
                Detail(text) => seen.assert_replaced(Some(text), &row),
            }
        }
    }
}

#[tokio::test]
async fn an_untyped_or_text_body_of_a_5xx_is_replaced() {
    for (name, fields, body, _) in texts() {
        for code in SERVER_ERRORS {
            let row = format!("{name}, {code}");
            let seen = send(StatusMapLayer::new(), response(code, fields, body.clone())).await;
            assert_eq!(seen.parts.status, code, "{row}");
            assert_eq!(seen.parts.extensions.get::<Status>().unwrap().code(), code, "{row}");
            seen.assert_replaced(None, &row);
        }
    }
}

#[tokio::test]
async fn a_json_html_or_xml_body_is_kept() {
    for (name, fields, body) in typed() {
        for code in CLIENT_ERRORS.into_iter().chain(SERVER_ERRORS) {
            let row = format!("{name}, {code}");
            let seen = send(StatusMapLayer::new(), response(code, fields, body.clone())).await;
            assert_eq!(seen.parts.status, code, "{row}");
            assert_eq!(seen.parts.extensions.get::<Status>().unwrap().code(), code, "{row}");
            seen.assert_kept(&body, &row);
        }
    }
}

#[tokio::test]
async fn keep_body_keeps_every_body() {
    for (name, fields, body) in all() {
        for code in [400, 404, 500, 503, 550] {
            let row = format!("{name}, {code}");
            let mut inner = response(code, fields, body.clone());
            inner.extensions_mut().insert(KeepBody);
            let headers = inner.headers().clone();
            let seen = send(StatusMapLayer::new(), inner).await;
            seen.assert_kept(&body, &row);
            assert_eq!(seen.parts.headers, headers, "{row}");
        }
    }
}

#[tokio::test]
async fn a_response_below_400_is_unchanged() {
    for (name, fields, body) in all() {
        for code in [200, 203, 206, 301, 303, 399] {
            let row = format!("{name}, {code}");
            let inner = response(code, fields, body.clone());
            let headers = inner.headers().clone();
            let seen = send(StatusMapLayer::new(), inner).await;
            seen.assert_kept(&body, &row);
            assert_eq!(seen.parts.headers, headers, "{row}");
        }
    }
}

#[tokio::test]
async fn with_fill_false_every_response_is_unchanged() {
    const PLAIN: Fields<'_> = &[("x-a", "1"), ("x-a", "2"), ("etag", "\"e\""), ("cache-control", "max-age=9")];
    const UPGRADE: Fields<'_> = &[("upgrade", "websocket"), ("connection", "close"), ("vary", "origin")];
    for (name, fields, body) in all() {
        for code in [200, 302, 401, 404, 405, 407, 416, 426, 500, 503, 550] {
            for more in [&[], PLAIN, UPGRADE] {
                let row = format!("{name}, {code}");
                let inner = response(code, &[fields, more].concat(), body.clone());
                let headers = inner.headers().clone();
                let seen = send(StatusMapLayer::new().fill(false), inner).await;
                assert_eq!(seen.parts.status, code, "{row}");
                assert_eq!(seen.parts.headers, headers, "{row}");
                assert_eq!(seen.size.exact(), body.size_hint().exact(), "{row}");
                seen.assert_kept(&body, &row);
            }
        }
    }
}

#[tokio::test]
async fn available_text_of_a_5xx_is_the_detail_in_the_extension() {
    const TEXT: Fields<'_> = &[("content-type", "text/plain")];
    const CSV: Fields<'_> = &[("content-type", "text/csv")];
    const IMAGE: Fields<'_> = &[("content-type", "image/png")];
    let long = [&b"\xff"[..], &[b'a'; 8192]].concat();
    let cut = format!("\u{fffd}{}…", "a".repeat(8191));
    let rows = [
        ("short", TEXT, known("it"), Some("it")),
        ("another text type", CSV, known("it"), Some("it")),
        ("not a text", IMAGE, known("it"), None),
        ("invalid UTF-8 far from the cut", TEXT, known(long), Some(&*cut)),
        ("untyped", &[], known("it"), Some("it")),
        ("frames", TEXT, script([data("so "), data("it")]), Some("so it")),
        ("the first of two frames", TEXT, script([data("so"), Waits, data("it")]), Some("so")),
        ("before an error", TEXT, script([data("so"), Fails]), Some("so")),
        ("invalid UTF-8", TEXT, known([b'a', 0xff].to_vec()), Some("a\u{fffd}")),
        ("nothing is ready", TEXT, script([Hangs]), None),
        ("empty", &[], known(""), None),
    ];
    for (name, fields, body, expected) in rows {
        let seen = send(StatusMapLayer::new(), response(500, fields, body)).await;
        assert_eq!(seen.parts.extensions.get::<Status>().unwrap().detail(), expected, "{name}");
    }
}
