//! Deciding a 304, and responding with it.

use std::{convert::Infallible, fs, time::SystemTime};

use bytes::Bytes;
use headers::HeaderMapExt;
use http::{HeaderMap, HeaderValue, Method, Response, header};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt};
use tower_http::services::ServeDir;
use tower_status::{StatusMapLayer, Validators, Verdict};

use super::{
    FIREFOX, Table,
    pass::{asked, unasked},
    repeated,
};
use crate::{
    Run,
    service::{answering, request},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const TAG: &str = "\"06b05ab6733a618578af5f94892f3950-c\"";

/// One line of `count` tags, the last of them the current one.
fn list(count: usize) -> String {
    let others = (1..count).map(|number| format!("\"{number:032x}-c\", "));
    others.collect::<String>() + TAG
}

fn lines(values: &[String]) -> HeaderMap {
    values.iter().map(|value| (header::IF_NONE_MATCH, HeaderValue::try_from(value).unwrap())).collect()
}

fn eight(count: usize) -> HeaderMap {
    let before = (0..7).map(|line| {
        let tags: Vec<_> = (0..count).map(|tag| format!("\"{line:x}{tag:031x}-c\"")).collect();
        tags.join(", ")
    });
    lines(&before.chain([list(count)]).collect::<Vec<_>>())
}

fn date() -> HeaderMap {
    HeaderMap::from_iter([(header::IF_MODIFIED_SINCE, HeaderValue::from_static(DATE))])
}

fn long_tag(length: usize) -> String {
    format!("\"{}\"", "x".repeat(length))
}

pub(crate) fn evaluate(table: &mut Table) {
    /// The work, the current tag, and the fields of the request.
    type Work = (&'static str, fn() -> String, fn() -> HeaderMap);
    let tag = || lines(&[TAG.to_owned()]);
    let works: [Work; 11] = [
        ("one tag", || TAG.to_owned(), tag),
        ("one tag of 340 bytes", || long_tag(340), || lines(&[long_tag(340)])),
        ("one tag of 3,400 bytes", || long_tag(3_400), || lines(&[long_tag(3_400)])),
        ("list of 5", || TAG.to_owned(), || lines(&[list(5)])),
        ("list of 20", || TAG.to_owned(), || lines(&[list(20)])),
        ("list of 200", || TAG.to_owned(), || lines(&[list(200)])),
        ("list of 2,000", || TAG.to_owned(), || lines(&[list(2_000)])),
        ("8 lines of 125", || TAG.to_owned(), || eight(125)),
        ("8 lines of 1,250", || TAG.to_owned(), || eight(1_250)),
        ("8 lines of 12,500", || TAG.to_owned(), || eight(12_500)),
        ("date only", || TAG.to_owned(), date),
    ];
    for (work, tag, fields) in works {
        table.work("deciding a 304", work);
        table.by("floor: == on the field", move || floor(tag().leak(), fields()));
        table.by("tower-status", move || ours(tag().leak(), fields()));
        table.by("headers", move || typed(&tag(), fields()));
    }
}

fn ours(tag: &'static str, fields: HeaderMap) -> Run {
    let response = HeaderMap::from_iter([
        (header::ETAG, HeaderValue::from_static(tag)),
        (header::LAST_MODIFIED, HeaderValue::from_static(DATE)),
    ]);
    let current = Validators::from_headers(&response);
    repeated(move || {
        let verdict = tower_status::evaluate(&Method::GET, &fields, Some(&current));
        assert_eq!(verdict, Verdict::NotModified);
    })
}

/// As a handler does it that has `TypedHeader`.
fn typed(tag: &str, fields: HeaderMap) -> Run {
    let etag: headers::ETag = tag.parse().unwrap();
    let modified = SystemTime::from(HeaderMap::typed_get::<headers::IfModifiedSince>(&date()).unwrap());
    repeated(move || {
        let not_modified = match fields.typed_get::<headers::IfNoneMatch>() {
            Some(none_match) => !none_match.precondition_passes(&etag),
            None => fields.typed_get().is_some_and(|since: headers::IfModifiedSince| !since.is_modified(modified)),
        };
        assert!(not_modified);
    })
}

/// What a handler does that knows nothing of weak tags, of commas in tags, or of dates.
fn floor(tag: &'static str, fields: HeaderMap) -> Run {
    let is_list = fields.len() > 1 || fields.get(header::IF_NONE_MATCH).is_some_and(|value| value.len() > tag.len());
    repeated(move || {
        let same = match fields.get(header::IF_NONE_MATCH) {
            Some(_) if is_list => fields.get_all(header::IF_NONE_MATCH).iter().any(|line| {
                line.as_bytes().split(|&byte| byte == b',').any(|member| member.trim_ascii() == tag.as_bytes())
            }),
            Some(value) => value == tag,
            None => fields.get(header::IF_MODIFIED_SINCE).is_some_and(|value| value == DATE),
        };
        assert!(same);
    })
}

fn tagged() -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = super::pass::ok();
    response.headers_mut().insert(header::ETAG, HeaderValue::from_static(TAG));
    response.headers_mut().insert(header::LAST_MODIFIED, HeaderValue::from_static(DATE));
    Ok(response)
}

/// The whole service.
pub(crate) fn not_modified(table: &mut Table) {
    for (work, count) in [("one tag", 1), ("list of 20", 20), ("list of 200", 200)] {
        table.work("304", work);
        let head: &'static str = format!("{FIREFOX}\nif-none-match: {}", list(count)).leak();
        table.by("base: the request", move || unasked(head));
        table.by("bare service, 200", move || asked(head, answering(tagged)));
        table.by("tower-status", move || asked(head, StatusMapLayer::new().layer(answering(tagged))));
        if count == 1 {
            table.by("tower-http ServeDir", serve_dir);
        }
    }
}

/// A small file, asked for again with what it was sent with.
fn serve_dir() -> Run {
    let folder = std::env::temp_dir().join(format!("tower-status-benches-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("7"), "seven tulips").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let service = ServeDir::new(&folder);
    let mut request = request(&FIREFOX.replace("/orders/7?full", "/7"));
    let first = runtime.block_on(service.clone().oneshot(request.clone())).unwrap();
    for (sent, back) in [(header::ETAG, header::IF_NONE_MATCH), (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE)] {
        if let Some(value) = first.headers().get(sent) {
            request.headers_mut().insert(back, value.clone());
        }
    }
    repeated(move || {
        let again = runtime.block_on(async {
            let response = service.clone().oneshot(request.clone()).await.unwrap();
            let status = response.status();
            response.into_body().collect().await.unwrap();
            status
        });
        assert_eq!(again, 304);
    })
}
