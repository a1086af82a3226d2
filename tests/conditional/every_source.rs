//! Sources that return any of the validators, and responses that have any of them, compared with the naive evaluator.

use std::{collections::BTreeMap, convert::Infallible, fmt::Debug, future::ready, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, request::Parts};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use tower_status::{ConditionalLayer, Status, StatusMapLayer, Validators};

use crate::{
    common::{code, header_map, now},
    naive::{self, Handled, Representation, Source},
};

const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

const LISTS: [&[&str]; 5] = [&[], &["*"], &["\"a\""], &["W/\"a\""], &["\"b\"", "\"c\""]];
const DATES: [&[&str]; 4] = [&[], &[MODIFIED], &[EARLIER], &["now"]];

const fn representation(etag: Option<&'static str>, modified: Option<&'static str>) -> Representation<'static> {
    Representation { etag, modified }
}

const fn handled(code: u16, etag: Option<&'static str>, modified: Option<&'static str>) -> Handled<'static> {
    Handled { code, current: representation(etag, modified), tag_unknown: false }
}

const SOURCES: [Source; 6] = [
    Source::Unasked,
    Source::Nothing,
    Source::Names(representation(None, None)),
    Source::Names(representation(Some("\"a\""), None)),
    Source::Names(representation(None, Some(MODIFIED))),
    Source::Names(representation(Some("\"a\""), Some(MODIFIED))),
];

const HANDLED: [Handled; 11] = [
    handled(200, None, None),
    handled(200, Some("\"a\""), None),
    handled(200, Some("W/\"a\""), None),
    handled(200, None, Some(MODIFIED)),
    handled(200, Some("\"b\""), Some(LATER)),
    handled(206, None, None),
    handled(206, Some("\"a\""), Some(MODIFIED)),
    handled(203, None, None),
    handled(203, Some("\"a\""), Some(MODIFIED)),
    handled(404, Some("\"a\""), Some(MODIFIED)),
    handled(301, Some("\"a\""), None),
];

/// Parses with `httpdate`, which the crate uses only to print.
fn read(text: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(text).ok()?;
    i64::try_from(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn validators(current: Representation) -> HeaderMap {
    let fields = [("etag", current.etag), ("last-modified", current.modified)];
    let fields: Vec<_> = fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    header_map(&fields)
}

/// Returns the status with the layer alone, and with `StatusMapLayer` outside.
fn statuses(source: Source, handled: Handled, request: &Request<()>) -> [u16; 2] {
    let inner = service_fn(move |_: Request<()>| {
        let mut response = Response::new(Full::new(Bytes::from_static(b"it")));
        *response.status_mut() = code(handled.code);
        *response.headers_mut() = validators(handled.current);
        ready(Ok::<_, Infallible>(response))
    });
    let current = match source {
        Source::Unasked => return both(&ConditionalLayer::new().layer(inner), request),
        Source::Nothing => None,
        Source::Names(current) => Some(Validators::from_headers(&validators(current))),
    };
    let source = move |_: &Parts| ready(Ok::<_, Status>(current.clone()));
    both(&ConditionalLayer::new().validators(source).layer(inner), request)
}

fn both<S, B>(service: &S, request: &Request<()>) -> [u16; 2]
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Error: Debug>,
{
    let alone = now(service.clone().call(request.clone())).unwrap();
    let outside = now(StatusMapLayer::new().layer(service.clone()).call(request.clone())).unwrap();
    [alone.status().as_u16(), outside.status().as_u16()]
}

type Lines = Vec<(&'static str, &'static str)>;

/// Returns every combination of the four fields.
fn requests() -> Vec<Lines> {
    let mut requests = Vec::new();
    for (if_match, if_none_match) in LISTS.iter().flat_map(|a| LISTS.iter().map(move |b| (*a, *b))) {
        for (modified, unmodified) in DATES.iter().flat_map(|c| DATES.iter().map(move |d| (*c, *d))) {
            let fields = [
                ("if-match", if_match),
                ("if-none-match", if_none_match),
                ("if-modified-since", modified),
                ("if-unmodified-since", unmodified),
            ];
            requests
                .push(fields.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (*name, *line))).collect());
        }
    }
    requests
}

#[test]
fn every_combination_of_source_response_and_conditions() {
    let mut seen = BTreeMap::<u16, u32>::new();
    for lines in requests() {
        let mut request = Request::new(());
        *request.headers_mut() = header_map(&lines);
        for method in [Method::GET, Method::HEAD, Method::QUERY, Method::PUT, Method::DELETE] {
            request.method_mut().clone_from(&method);
            for (source, handled) in SOURCES.iter().flat_map(|a| HANDLED.iter().map(move |b| (*a, *b))) {
                let expected = naive::layered(method.as_str(), &lines, source, handled, read);
                let statuses = statuses(source, handled, &request);
                assert_eq!(statuses, [expected; 2], "{method} {lines:?}, source {source:?}, {handled:?}");
                *seen.entry(expected).or_default() += 1;
            }
        }
    }
    assert!([200, 203, 206, 301, 304, 404, 412].iter().all(|code| seen[code] > 1_000), "{seen:?}");
}
