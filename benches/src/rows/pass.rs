//! A 200 that passes unchanged.

use std::{convert::Infallible, fmt::Debug, fmt::Write};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service};
use tower_status::StatusMapLayer;

use super::{FIREFOX, Table, repeated};
use crate::{
    Run,
    service::{call, read, request, responding},
};

/// Returns the response of the inner service.
pub(super) fn ok() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"seven tulips")));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

/// Makes the request, and nothing else.
pub(super) fn request_alone(head: &str) -> Run {
    let request = request(head);
    repeated(move || request.clone())
}

/// Sends the request to a service, and reads the response.
pub(super) fn send<S, B>(head: &str, mut service: S) -> Run
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

fn with_fields(count: usize) -> String {
    let mut head = FIREFOX.to_owned();
    for number in 12..count {
        write!(head, "\nx-field-{number}: value {number}").expect("written to memory");
    }
    head
}

pub(crate) fn pass(table: &mut Table) {
    for (work, head) in [
        ("Firefox, 12 fields", FIREFOX.to_owned()),
        ("120 fields", with_fields(120)),
        ("1,200 fields", with_fields(1200)),
    ] {
        let head: &'static str = head.leak();
        table.work("200", work);
        table.by("base: bare service", move || send(head, responding(infallible)));
        table.by("tower-status", move || send(head, StatusMapLayer::new().layer(responding(infallible))));
    }
    table.work("200", "Firefox, 12 fields");
    let hooked = || StatusMapLayer::new().on_error(|_, _| ()).layer(responding(infallible));
    table.by("tower-status, hook", move || send(FIREFOX, hooked()));
}

/// Measures with a subscriber that reads errors. It cannot be removed, so this case is the last.
pub(crate) fn logged(table: &mut Table) {
    table.work("200, log read", "Firefox, 12 fields");
    let subscribe = || drop(tracing_subscriber::fmt().with_writer(std::io::sink).try_init());
    table.by("base: bare service", move || {
        subscribe();
        send(FIREFOX, responding(infallible))
    });
    table.by("tower-status", move || {
        subscribe();
        send(FIREFOX, StatusMapLayer::new().layer(responding(infallible)))
    });
}
