//! A 200 that needs no change.

use std::{convert::Infallible, fmt::Debug, fmt::Write, future::ready};

use axum::error_handling::HandleErrorLayer;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use tower::{BoxError, Layer, Service};
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
use tower_status::StatusMapLayer;

use super::{CURL, FIREFOX, Table, repeated};
use crate::{
    Run,
    service::{answering, call, read, request},
};

/// What the application answers.
pub(super) fn ok() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"seven tulips")));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

/// What all answers to this head cost before anybody answers.
pub(super) fn unasked(head: &str) -> Run {
    let request = request(head);
    repeated(move || request.clone())
}

/// Asks with this head again and again.
pub(super) fn asked<S, B>(head: &str, mut service: S) -> Run
where
    S: Service<Request<()>, Response = Response<B>, Error: Debug> + 'static,
    B: Body<Error: Debug> + 'static,
{
    let request = request(head);
    repeated(move || read(call(&mut service, request.clone())))
}

fn infallible() -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(ok())
}

fn boxed() -> Result<Response<Full<Bytes>>, BoxError> {
    Ok(ok())
}

fn with_fields(count: usize) -> String {
    let mut head = FIREFOX.to_owned();
    for number in 12..count {
        write!(head, "\nx-field-{number}: value {number}").expect("written to memory");
    }
    head
}

pub(crate) fn pass(table: &mut Table) {
    const HEADER: HeaderValue = HeaderValue::from_static("max-age=60");
    for (work, head) in [
        ("Firefox, 12 fields", FIREFOX.to_owned()),
        ("120 fields", with_fields(120)),
        ("1,200 fields", with_fields(1200)),
        ("curl, 3 fields", CURL.to_owned()),
    ] {
        let head: &'static str = head.leak();
        table.work("200", work);
        table.by("base: bare service", move || asked(head, answering(infallible)));
        let layer = || StatusMapLayer::new().layer(answering(infallible));
        table.by("tower-status", move || asked(head, layer()));
        let hooked = || StatusMapLayer::new().on_error(|_, _| ()).layer(answering(infallible));
        table.by("tower-status, hook", move || asked(head, hooked()));
        let set = || SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HEADER).layer(answering(infallible));
        table.by("tower-http SetResponseHeader", move || asked(head, set()));
        let catch = || CatchPanicLayer::new().layer(answering(infallible));
        table.by("tower-http CatchPanic", move || asked(head, catch()));
        let handle = || {
            let handler = |_: BoxError| ready(StatusCode::INTERNAL_SERVER_ERROR);
            HandleErrorLayer::<_, ()>::new(handler).layer(answering(boxed))
        };
        table.by("axum HandleError", move || asked(head, handle()));
    }
}

/// Where a subscriber reads errors. It is the process's, so nothing else is measured after it.
pub(crate) fn logged(table: &mut Table) {
    table.work("200, log read", "Firefox, 12 fields");
    let read = || drop(tracing_subscriber::fmt().with_writer(std::io::sink).try_init());
    table.by("base: bare service", move || {
        read();
        asked(FIREFOX, answering(infallible))
    });
    table.by("tower-status", move || {
        read();
        asked(FIREFOX, StatusMapLayer::new().layer(answering(infallible)))
    });
}
