//! The decision about a 304, and the 304 itself.

use std::convert::Infallible;

use bytes::Bytes;
use headers::HeaderMapExt;
use http::{HeaderMap, HeaderValue, Method, Response, header};
use http_body_util::Full;
use tower::Layer;
use tower_status::{StatusMapLayer, Validators, Verdict};

use super::{
    FIREFOX, Table,
    pass::{request_alone, send},
    repeated,
};
use crate::{Run, service::responding};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const TAG: &str = "\"06b05ab6733a618578af5f94892f3950-c\"";

/// Returns one line of `count` tags, the last of them the current one.
fn list(count: usize) -> String {
    let others = (1..count).map(|number| format!("\"{number:032x}-c\", "));
    others.collect::<String>() + TAG
}

fn tags(count: usize) -> HeaderMap {
    HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::try_from(list(count)).unwrap())])
}

pub(crate) fn evaluate(table: &mut Table) {
    for (work, count) in
        [("one tag", 1), ("list of 5", 5), ("list of 20", 20), ("list of 200", 200), ("list of 2,000", 2_000)]
    {
        table.work("deciding a 304", work);
        table.by("tower-status", move || ours(tags(count)));
        if count <= 5 {
            table.by("headers", move || typed(tags(count)));
        }
    }
}

fn ours(fields: HeaderMap) -> Run {
    let response = HeaderMap::from_iter([
        (header::ETAG, HeaderValue::from_static(TAG)),
        (header::LAST_MODIFIED, HeaderValue::from_static(DATE)),
    ]);
    let current = Validators::from_headers(&response);
    repeated(move || {
        let verdict = tower_status::evaluate(&Method::GET, &fields, Some(&current));
        assert_eq!(verdict, Verdict::NotModified);
    })
}

/// Decides as a handler with `TypedHeader` does.
fn typed(fields: HeaderMap) -> Run {
    let etag: headers::ETag = TAG.parse().unwrap();
    repeated(move || {
        let none_match = fields.typed_get::<headers::IfNoneMatch>().unwrap();
        assert!(!none_match.precondition_passes(&etag));
    })
}

fn tagged() -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = super::pass::ok();
    response.headers_mut().insert(header::ETAG, HeaderValue::from_static(TAG));
    response.headers_mut().insert(header::LAST_MODIFIED, HeaderValue::from_static(DATE));
    Ok(response)
}

pub(crate) fn not_modified(table: &mut Table) {
    table.work("304", "one tag");
    let head: &'static str = format!("{FIREFOX}\nif-none-match: {TAG}").leak();
    table.by("base: the request", move || request_alone(head));
    table.by("tower-status", move || send(head, StatusMapLayer::new().layer(responding(tagged))));
}
