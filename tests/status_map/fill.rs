//! Answers of 400 and above that the inner service made itself: which bodies are explained, and which pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{KeepBody, Status, StatusMapLayer, catalog};

#[derive(Clone, Debug)]
enum Step {
    Data(Vec<u8>),
    Trailers,
    Fails,
    /// Not ready once.
    Waits,
    /// Never ready again.
    Hangs,
    /// Always more of the same.
    Repeats(&'static str),
}
use Step::{Data, Fails, Hangs, Repeats, Trailers, Waits};

/// A body that does what it is told.
#[derive(Clone, Debug, Default)]
struct Script {
    steps: VecDeque<Step>,
    /// Knows its length and its end before it is asked.
    knows: bool,
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let Some(step) = self.steps.pop_front() else { return Poll::Ready(None) };
        Poll::Ready(Some(Ok(match step {
            Data(bytes) => Frame::data(bytes.into()),
            Trailers => Frame::trailers(HeaderMap::from_iter([(http::header::ETAG, "\"t\"".parse().unwrap())])),
            Fails => return Poll::Ready(Some(Err("it failed"))),
            Waits => return Poll::Pending,
            Hangs => {
                self.steps.push_front(Hangs);
                return Poll::Pending;
            }
            Repeats(text) => {
                self.steps.push_front(step);
                Frame::data(Bytes::from_static(text.as_bytes()))
            }
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.knows && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let length = |step: &Step| if let Data(bytes) = step { bytes.len() as u64 } else { 0 };
        if self.knows { SizeHint::with_exact(self.steps.iter().map(length).sum()) } else { SizeHint::new() }
    }
}

fn script<const N: usize>(steps: [Step; N]) -> Script {
    Script { steps: steps.into(), knows: false }
}

fn known(bytes: impl Into<Vec<u8>>) -> Script {
    let bytes = bytes.into();
    let steps = if bytes.is_empty() { VecDeque::new() } else { [Data(bytes)].into() };
    Script { steps, knows: true }
}

fn text(bytes: impl Into<Vec<u8>>) -> Step {
    Data(bytes.into())
}

/// Every frame; what the body says of itself has to be true. A body that does not end is left.
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
                seen.push("none".into());
                return seen;
            }
            Poll::Ready(Some(Err(error))) => seen.push(error.into()),
            Poll::Ready(Some(Ok(frame))) => {
                assert!(!ended, "more after the end");
                length += frame.data_ref().map_or(0, |data| data.len() as u64);
                seen.push(format!("{frame:?}"));
            }
        }
    }
    seen.push("left".into());
    seen
}

struct Answer {
    head: Response<()>,
    transcript: Vec<String>,
    hint: SizeHint,
    json: Option<serde_json::Value>,
}

async fn get(layer: StatusMapLayer, response: Response<Script>) -> Answer {
    let inner = service_fn(|_: Request<()>| std::future::ready(Ok::<_, Infallible>(response.clone())));
    let response = layer.layer(inner).oneshot(Request::new(())).await.unwrap();
    let (parts, body) = response.into_parts();
    let ours = parts.headers.get("content-type").is_some_and(|value| value == "application/problem+json");
    let (head, hint) = (Response::from_parts(parts, ()), body.size_hint());
    if !ours {
        return Answer { head, transcript: transcript(body), hint, json: None };
    }
    let bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap();
    Answer { head, transcript: vec![], hint, json: Some(json) }
}

fn response(code: u16, fields: &[(&'static str, &'static str)], body: Script) -> Response<Script> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in fields {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    response
}

#[derive(Clone, Debug, PartialEq)]
enum Becomes {
    Same,
    Explained,
    Detail(String),
}
use Becomes::{Explained, Same};

fn detail(text: impl Into<String>) -> Becomes {
    Becomes::Detail(text.into())
}

type Row = (&'static str, &'static [(&'static str, &'static str)], Script, Becomes, Becomes);

/// The kinds of bodies: what a 4xx of that kind becomes, and what a 5xx.
fn rows() -> Vec<Row> {
    const NOT: &[(&str, &str)] = &[];
    const TEXT: &[(&str, &str)] = &[("content-type", "text/plain")];
    const UTF8: &[(&str, &str)] = &[("content-type", "TEXT/Plain ; Charset=\"UTF-8\"")];
    const AXUM: &[(&str, &str)] = &[("content-type", "text/plain; charset=utf-8")];
    const ASCII: &[(&str, &str)] = &[("content-type", "text/plain;charset=us-ascii")];
    const FLOWED: &[(&str, &str)] = &[("content-type", "text/plain; format=flowed; charset=utf-8")];
    const LATIN: &[(&str, &str)] = &[("content-type", "text/plain; charset=iso-8859-1")];
    const LATIN_LATER: &[(&str, &str)] = &[("content-type", "text/plain; format=flowed; CHARSET=latin1")];
    const GZIP: &[(&str, &str)] = &[("content-type", "text/plain"), ("content-encoding", "gzip")];
    const MARKDOWN: &[(&str, &str)] = &[("content-type", "text/markdown")];
    const LONGER: &[(&str, &str)] = &[("content-type", "text/plainer")];
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];
    const PROBLEM: &[(&str, &str)] = &[("content-type", "application/problem+xml")];
    let k8 = "a".repeat(8192);
    let umlauts = "ä".repeat(4096);
    vec![
        ("untyped, empty", NOT, known(""), Explained, Explained),
        ("untyped, found empty", NOT, script([]), Explained, Explained),
        ("untyped, empty frames", NOT, script([text(""), text("")]), Explained, Explained),
        ("untyped, short", NOT, known("it"), Same, Explained),
        ("untyped, 8 KiB", NOT, known(&*k8), Same, Explained),
        ("untyped, 8 KiB + 1", NOT, known(format!("{k8}b")), Same, Explained),
        ("untyped, waits and is empty", NOT, script([Waits]), Same, Explained),
        ("untyped, hangs", NOT, script([Hangs]), Same, Explained),
        ("untyped, endless", NOT, script([Repeats("again")]), Same, Explained),
        ("untyped, endless frames of nothing", NOT, script([Repeats("")]), Same, Explained),
        ("untyped, fails", NOT, script([Fails]), Same, Explained),
        ("untyped, trailers", NOT, script([Trailers]), Same, Explained),
        ("text, empty", TEXT, known(""), Explained, Explained),
        ("text, found empty", TEXT, script([]), Explained, Explained),
        ("text, short", TEXT, known("it"), detail("it"), Explained),
        ("text, axum's", AXUM, known("it"), detail("it"), Explained),
        ("text, quoted charset", UTF8, known("ü"), detail("ü"), Explained),
        ("text, ASCII", ASCII, known("it"), detail("it"), Explained),
        ("text, other parameters", FLOWED, known("it"), detail("it"), Explained),
        ("text, frames", TEXT, script([text("so"), text(""), text(" it"), text(" is")]), detail("so it is"), Explained),
        (
            "text, 100 frames",
            TEXT,
            Script { steps: vec![text("x"); 100].into(), knows: false },
            detail("x".repeat(100)),
            Explained,
        ),
        ("text, a character in two frames", TEXT, script([text([0xc3]), text([0xa4])]), detail("ä"), Explained),
        ("text, 8 KiB", TEXT, known(&*k8), detail(&*k8), Explained),
        ("text, 8 KiB of umlauts", TEXT, known(&*umlauts), detail(&*umlauts), Explained),
        (
            "text, 8 KiB in frames",
            TEXT,
            script([text(&k8[1..]), text("b")]),
            detail(format!("{}b", &k8[1..])),
            Explained,
        ),
        ("text, 8 KiB + 1", TEXT, known(format!("{k8}b")), Same, Explained),
        ("text, 8 KiB + 1 in frames", TEXT, script([text(&*k8), text("b")]), Same, Explained),
        ("text, 64 KiB", TEXT, known("c".repeat(1 << 16)), Same, Explained),
        ("text, waits first", TEXT, script([Waits, text("it")]), Same, Explained),
        ("text, waits midway", TEXT, script([text("so"), Waits, text("it")]), Same, Explained),
        ("text, waits for its end", TEXT, script([text("so"), Waits]), Same, Explained),
        ("text, hangs", TEXT, script([Hangs]), Same, Explained),
        ("text, hangs midway", TEXT, script([text("so"), Hangs]), Same, Explained),
        ("text, endless", TEXT, script([Repeats("again")]), Same, Explained),
        ("text, endless frames of nothing", TEXT, script([Repeats("")]), Same, Explained),
        ("text, fails", TEXT, script([Fails]), Same, Explained),
        ("text, fails midway", TEXT, script([text("so"), text("it"), Fails]), Same, Explained),
        ("text, goes on after a failure", TEXT, script([text("so"), Fails, text("it")]), Same, Explained),
        ("text, trailers", TEXT, script([text("it"), Trailers]), Same, Explained),
        ("text, trailers alone", TEXT, script([Trailers]), Same, Explained),
        ("text, coded", GZIP, known("it"), Same, Explained),
        ("text, invalid UTF-8", TEXT, known([b'a', 0xff, b'b']), Same, Explained),
        ("text, invalid UTF-8 in frames", TEXT, script([text("so"), text([0xff])]), Same, Explained),
        ("text, half a character", AXUM, known([b'a', 0xc3]), Same, Explained),
        ("text, another charset", LATIN, known("it"), Same, Explained),
        ("text, another charset later", LATIN_LATER, known("it"), Same, Explained),
        ("other text", MARKDOWN, known("it"), Same, Explained),
        ("nearly text", LONGER, known("it"), Same, Explained),
        ("JSON, empty", JSON, known(""), Same, Same),
        ("JSON, short", JSON, known("{}"), Same, Same),
        ("JSON, frames", JSON, script([text("{"), text("}")]), Same, Same),
        ("JSON, 8 KiB + 1", JSON, known(format!("{k8}b")), Same, Same),
        ("JSON, hangs", JSON, script([Hangs]), Same, Same),
        ("JSON, fails midway", JSON, script([text("{"), Fails]), Same, Same),
        ("JSON, trailers", JSON, script([text("{}"), Trailers]), Same, Same),
        ("HTML, short", HTML, known("<p>it"), Same, Same),
        ("HTML, invalid UTF-8", HTML, known([0xff]), Same, Same),
        ("a problem in XML", PROBLEM, known("<problem/>"), Same, Same),
    ]
}

#[tokio::test]
async fn each_kind_of_body() {
    for (name, fields, script, client, server) in rows() {
        for (code, becomes) in [400, 404, 422, 451, 499, 550]
            .map(|code| (code, &client))
            .into_iter()
            .chain([500, 501, 503, 549, 551, 599].map(|code| (code, &server)))
        {
            let name = format!("{name}, {code}");
            let answer = get(StatusMapLayer::new(), response(code, fields, script.clone())).await;
            assert_eq!(answer.head.status(), code, "{name}");
            let status = answer.head.extensions().get::<Status>().unwrap();
            assert_eq!(status.code(), code, "{name}");
            match becomes {
                Same => {
                    assert_eq!(answer.transcript, transcript(script.clone()), "{name}");
                    // What was looked at may be known better than before.
                    assert!(!script.knows || answer.hint.exact() == script.size_hint().exact(), "{name}");
                }
                becomes => {
                    let json = answer.json.unwrap_or_else(|| panic!("{name}: nothing was written"));
                    let code = StatusCode::from_u16(code).unwrap();
                    let class = StatusCode::from_u16(code.as_u16() / 100 * 100).unwrap();
                    let entry = catalog::get(code).or_else(|| catalog::get(class)).unwrap();
                    let shown = if let Becomes::Detail(text) = becomes { text } else { entry.explanation };
                    assert_eq!(json["detail"], shown, "{name}");
                    assert_eq!(
                        (&json["status"], &json["title"]),
                        (&code.as_u16().into(), &entry.title.into()),
                        "{name}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn keep_body_spares_every_kind() {
    for (name, fields, script, ..) in rows() {
        for code in [400, 404, 500, 503, 550] {
            let mut response = response(code, fields, script.clone());
            response.extensions_mut().insert(KeepBody);
            let headers = response.headers().clone();
            let answer = get(StatusMapLayer::new(), response).await;
            assert_eq!(answer.transcript, transcript(script.clone()), "{name}, {code}");
            assert_eq!(answer.head.headers(), &headers, "{name}, {code}");
        }
    }
}

#[tokio::test]
async fn nothing_is_filled_below_400() {
    for (name, fields, script, ..) in rows() {
        for code in [200, 203, 206, 301, 303, 399] {
            let answer = get(StatusMapLayer::new(), response(code, fields, script.clone())).await;
            assert_eq!(answer.transcript, transcript(script.clone()), "{name}, {code}");
            assert_eq!(answer.head.headers(), response(code, fields, Script::default()).headers(), "{name}, {code}");
        }
    }
}

#[tokio::test]
async fn fill_false_adds_and_replaces_nothing() {
    const PLAIN: &[(&str, &str)] = &[("x-a", "1"), ("x-a", "2"), ("etag", "\"e\""), ("cache-control", "max-age=9")];
    const UPGRADE: &[(&str, &str)] = &[("upgrade", "websocket"), ("connection", "close"), ("vary", "origin")];
    for (name, fields, script, ..) in rows() {
        for code in [200, 302, 401, 404, 405, 407, 416, 426, 500, 503, 550] {
            for more in [&[], PLAIN, UPGRADE] {
                let fields = [fields, more].concat();
                let response = response(code, &fields, script.clone());
                let headers = response.headers().clone();
                let answer = get(StatusMapLayer::new().fill(false), response).await;
                assert_eq!(answer.head.status(), code, "{name}");
                assert_eq!(answer.head.headers(), &headers, "{name}, {code}");
                assert_eq!(answer.transcript, transcript(script.clone()), "{name}, {code}");
                assert_eq!(answer.hint.exact(), script.size_hint().exact(), "{name}, {code}");
            }
        }
    }
}

#[tokio::test]
async fn the_text_of_a_5xx_is_kept_for_the_log() {
    let text_plain: &[_] = &[("content-type", "text/plain")];
    let rows = [
        ("short", text_plain, known("it"), Some("it")),
        ("untyped", &[], known("it"), Some("it")),
        ("frames", text_plain, script([text("so "), text("it")]), Some("so it")),
        ("what is there", text_plain, script([text("so"), Waits, text("it")]), Some("so")),
        ("before it failed", text_plain, script([text("so"), Fails]), Some("so")),
        ("not UTF-8", text_plain, known([b'a', 0xff]), Some("a\u{fffd}")),
        ("nothing yet", text_plain, script([Hangs]), None),
        ("nothing", &[], known(""), None),
    ];
    for (name, fields, script, expected) in rows {
        let answer = get(StatusMapLayer::new(), response(500, fields, script)).await;
        assert_eq!(answer.head.extensions().get::<Status>().unwrap().detail(), expected, "{name}");
    }
}
