//! Code that several tests share: requests, responses, inner services, bodies and errors. Most tests begin with `send`.
#![allow(dead_code)] // each test binary uses a part of it

use std::{
    cell::RefCell,
    env,
    fmt::Debug,
    future::{Ready, ready},
    pin::pin,
    process::Command,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, response::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_status::{Status, StatusMapLayer, catalog};

pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod error;
#[cfg(feature = "axum")]
pub(crate) mod router;
pub(crate) mod service;

/// The media type of a problem document (RFC 9457 §3).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Each format of an error page: an Accept, and the Content-Type of the response to it.
pub(crate) const FORMATS: [(&str, &str); 3] = [
    ("application/json", PROBLEM_JSON),
    ("text/html", "text/html; charset=utf-8"),
    ("text/plain", "text/plain; charset=utf-8"),
];

/// Header fields in their order, names in lower case. A name that repeats is a further field line.
pub(crate) type Fields<'a> = &'a [(&'a str, &'a str)];

// ----- requests -----

/// Builds a request without content.
pub(crate) fn request(method: &str, target: &str, fields: Fields<'_>) -> Request<()> {
    let mut request = Request::builder().method(method).uri(target).body(()).unwrap();
    *request.headers_mut() = header_map(fields);
    request
}

/// Builds a GET request.
pub(crate) fn get(target: &str, fields: Fields<'_>) -> Request<()> {
    request("GET", target, fields)
}

/// Builds a call of an RPC method.
pub(crate) fn rpc(content_type: &str) -> Request<()> {
    request("POST", "/shop.Orders/Get", &[("content-type", content_type)])
}

pub(crate) fn header_map(fields: Fields<'_>) -> HeaderMap {
    let field = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in fields.iter().map(field) {
        headers.append(name, value);
    }
    headers
}

// ----- responses -----

pub(crate) fn code(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

/// Builds a response of an inner service.
pub(crate) fn full(status: u16, fields: Fields<'_>, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    response(status, fields, Full::new(body.into()))
}

/// Builds a response of an inner service that has its own type of body.
pub(crate) fn response<B>(status: u16, fields: Fields<'_>, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = code(status);
    *response.headers_mut() = header_map(fields);
    response
}

/// Reads a response to its end.
pub(crate) async fn read<B: Body<Error: Debug>>(response: Response<B>) -> (Parts, Bytes) {
    let (parts, body) = response.into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

/// Returns the lines of a header field, joined by `" | "`.
pub(crate) fn field(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = lines(headers, name);
    (!lines.is_empty()).then(|| lines.join(" | "))
}

pub(crate) fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

/// Returns the line of a header field, which must not have several.
pub(crate) fn only_line<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    match lines(headers, name)[..] {
        [] => None,
        [line] => Some(line),
        ref more => panic!("{name} has several lines: {more:?}"),
    }
}

pub(crate) fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap()
}

pub(crate) fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

/// Returns the detail of a problem document whose status has none.
pub(crate) fn default_detail(status: StatusCode) -> &'static str {
    catalog::get(status).unwrap().default_detail()
}

/// Returns whether a body shows the catalog's text of a code: a page the explanation, any other the default detail.
pub(crate) fn is_explained(status: StatusCode, body: &[u8]) -> bool {
    let expected = if body.starts_with(b"<") { explanation(status) } else { default_detail(status) };
    text(body).contains(expected)
}

/// Returns whether a body shows this detail, or without one the catalog's text. A page begins a detail with a capital
/// letter.
pub(crate) fn shows(status: StatusCode, detail: Option<&str>, body: &[u8]) -> bool {
    let Some(detail) = detail else { return is_explained(status, body) };
    if !body.starts_with(b"<") {
        return text(body).contains(detail);
    }
    let (first, rest) = detail.split_at(detail.chars().next().map_or(0, char::len_utf8));
    text(body).contains(&format!("{}{rest}", first.to_uppercase()))
}

/// Returns the catalog's explanation of a code, for the reader of a page.
pub(crate) fn explanation(status: StatusCode) -> &'static str {
    catalog::get(status).unwrap().explanation
}

/// Returns everything that a client can read.
pub(crate) fn all_text(parts: &Parts, body: &[u8]) -> String {
    format!("{:?}\n{}", parts.headers, String::from_utf8_lossy(body))
}

// ----- services -----

/// Returns a service that returns a clone of `outcome` for each request.
pub(crate) fn returns<R: Clone, E: Clone>(
    outcome: Result<R, E>,
) -> impl Service<Request<()>, Response = R, Error = E, Future = Ready<Result<R, E>>> + Clone {
    service_fn(move |_: Request<()>| ready(outcome.clone()))
}

/// Returns a service that can be called once.
pub(crate) fn returns_once<R, E>(
    outcome: Result<R, E>,
) -> impl Service<Request<()>, Response = R, Error = E, Future = Ready<Result<R, E>>> {
    let outcome = RefCell::new(Some(outcome));
    service_fn(move |_: Request<()>| ready(outcome.take().expect("called once")))
}

/// Sends a request through `layer` to a service that returns `outcome`, and reads the response.
pub(crate) async fn send<B, E>(
    layer: &StatusMapLayer,
    request: Request<()>,
    outcome: Result<Response<B>, E>,
) -> (Parts, Bytes)
where
    B: Body<Error: Debug>,
    E: Into<Status>,
{
    read(layer.layer(returns_once(outcome)).oneshot(request).await.unwrap()).await
}

/// Sends a request through `layer` to a service that fails.
pub(crate) async fn fail<E: Into<Status>>(layer: &StatusMapLayer, request: Request<()>, error: E) -> (Parts, Bytes) {
    send(layer, request, Err::<Response<String>, E>(error)).await
}

/// Returns the output of a future that is ready at its first poll.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is pending"),
    }
}

// ----- hooks -----

/// The codes of the statuses with which `on_error` was called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports(Arc<Mutex<Vec<u16>>>);

impl Reports {
    /// Adds an `on_error` that writes into these reports.
    pub(crate) fn record(&self, layer: StatusMapLayer) -> StatusMapLayer {
        let reports = self.clone();
        layer.on_error(move |status, _| reports.0.lock().unwrap().push(status.code().as_u16()))
    }

    /// Returns the codes since the last call.
    pub(crate) fn take(&self) -> Vec<u16> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Runs a test in a separate process: some warnings are written once per process, and a subscriber misses the events that
/// other tests have reached first without one.
pub(crate) fn in_its_own_process(test: &str, work: impl FnOnce()) {
    const VARIABLE: &str = "TOWER_STATUS_TEST_IN_ITS_OWN_PROCESS";
    if env::var_os(VARIABLE).is_some() {
        return work();
    }
    let mut process = Command::new(env::current_exe().unwrap());
    let output =
        process.args(["--exact", test, "--nocapture"]).env(VARIABLE, "1").env("RUST_BACKTRACE", "1").output().unwrap();
    let written = [output.stdout, output.stderr].concat();
    let written = String::from_utf8_lossy(&written);
    assert!(output.status.success() && written.contains("1 passed"), "{written}");
}
