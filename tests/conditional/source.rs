//! `ConditionalLayer` with a source of validators: decisions before the handler; 428; If-Range.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, response::Parts};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_status::{ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators};

use crate::common::{Fields, field, full, get, json, lines, read, returns};

type Current = Result<Option<Validators>, Status>;
type Source = fn() -> Current;

fn request(method: &Method, fields: Fields<'_>) -> Request<()> {
    crate::common::request(method.as_str(), "/", fields)
}

struct Seen {
    parts: Parts,
    /// The header fields that the handler got. `None`: it did not run.
    handler: Option<HeaderMap>,
    /// The number of calls of the source.
    source_calls: usize,
}

/// Sends a request through this layer with this source.
async fn send(layer: ConditionalLayer, request: Request<()>, current: Current) -> Seen {
    let handler_fields = Arc::new(Mutex::new(None));
    let handler = service_fn({
        let fields = Arc::clone(&handler_fields);
        move |request: Request<()>| {
            *fields.lock().unwrap() = Some(request.headers().clone());
            // The source returns another tag, which decides.
            ready(Ok::<_, Infallible>(full(200, &[("etag", "\"handler\"")], "x")))
        }
    });
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let layer = layer.validators(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        ready(current.clone())
    });
    let (parts, _) = read(StatusMapLayer::new().layer(layer.layer(handler)).oneshot(request).await.unwrap()).await;
    let handler = handler_fields.lock().unwrap().take();
    Seen { parts, handler, source_calls: calls.load(Ordering::Relaxed) }
}

const GET: Method = Method::GET;
const HEAD: Method = Method::HEAD;
const PUT: Method = Method::PUT;
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

#[allow(clippy::unnecessary_wraps)] // rows name it beside sources that fail
fn tagged() -> Current {
    Ok(Some(Validators::new().with_etag(ETag::strong("v1").unwrap())))
}

#[allow(clippy::unnecessary_wraps)] // as above
fn dated() -> Current {
    // `date -u -d 'Sun, 06 Nov 1994 08:49:37 GMT' +%s`
    Ok(Some(Validators::new().with_last_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))))
}

#[tokio::test]
async fn source_decides_before_the_handler() {
    let forbidden: Source = || Err(Status::forbidden());
    let nothing: Source = || Ok(None);
    let bare: Source = || Ok(Some(Validators::new()));
    #[rustfmt::skip]
    let rows: &[(&str, Method, Fields<'_>, Source, u16)] = &[
        ("the same tag",                   GET,             &[("if-none-match", "\"v1\"")],         tagged,  304),
        ("to HEAD",                        HEAD,            &[("if-none-match", "\"v1\"")],         tagged,  304),
        ("the same date",                  GET,             &[("if-modified-since", DATE)],         dated,   304),
        ("a range of what is known",       GET,             &[("if-none-match", "\"v1\""), ("range", "bytes=1-")], tagged, 304),
        ("a lost update",                  PUT,             &[("if-match", "\"v0\"")],              tagged,  412),
        ("a lost patch",                   Method::PATCH,   &[("if-match", "\"v0\"")],              tagged,  412),
        ("a lost delete",                  Method::DELETE,  &[("if-match", "W/\"v1\"")],            tagged,  412),
        ("a post on another state",        Method::POST,    &[("if-match", "\"v0\"")],              tagged,  412),
        ("creation of what exists",        PUT,             &[("if-none-match", "*")],              bare,    412),
        ("change of what does not exist",  PUT,             &[("if-match", "*")],                   nothing, 412),
        ("nothing to GET: the response decides", GET,       &[("if-match", "\"handler\"")],         nothing, 200),
        ("nothing to DELETE: the handler's response", Method::DELETE,  &[("if-match", "*")],                   nothing, 200),
        ("the source's error wins",        GET,             &[("if-none-match", "\"v1\"")],         forbidden, 403),
        ("also over 412",                  PUT,             &[("if-match", "\"v0\"")],              forbidden, 403),
        ("another tag",                    GET,             &[("if-none-match", "\"v0\"")],         tagged,  200),
        ("the right tag",                  PUT,             &[("if-match", "\"v1\"")],              tagged,  200),
        ("creation",                       PUT,             &[("if-none-match", "*")],              nothing, 200),
        ("the tag of the handler is ignored", GET,           &[("if-match", "\"v1\"")],              tagged,  200),
    ];
    for (name, method, fields, current, expected) in rows {
        let seen = send(ConditionalLayer::new(), request(method, fields), current()).await;
        assert_eq!(seen.parts.status, *expected, "{name}");
        assert_eq!(seen.handler.is_some(), *expected == 200, "{name}");
        assert_eq!(seen.source_calls, 1, "{name}");
    }
}

#[tokio::test]
async fn source_is_called_for_each_get_and_head_and_for_conditional_changes() {
    struct Row<'a> {
        name: &'a str,
        method: Method,
        fields: Fields<'a>,
        is_called: bool,
    }
    let proppatch = Method::from_bytes(b"PROPPATCH").unwrap();
    let rows: &[Row] = &[
        Row { name: "GET", method: GET, fields: &[], is_called: true },
        Row { name: "HEAD", method: HEAD, fields: &[], is_called: true },
        Row { name: "GET with a range", method: GET, fields: &[("range", "bytes=1-")], is_called: true },
        Row { name: "PUT", method: PUT, fields: &[], is_called: false },
        Row { name: "PUT with If-Match", method: PUT, fields: &[("if-match", "\"v0\"")], is_called: true },
        Row { name: "PUT with If-None-Match", method: PUT, fields: &[("if-none-match", "*")], is_called: true },
        Row { name: "PUT with a date", method: PUT, fields: &[("if-unmodified-since", DATE)], is_called: true },
        Row {
            name: "PUT with If-Modified-Since",
            method: PUT,
            fields: &[("if-modified-since", DATE)],
            is_called: false,
        },
        Row { name: "PUT with If-Range", method: PUT, fields: &[("if-range", "\"v0\"")], is_called: false },
        Row { name: "PROPPATCH with If-Match", method: proppatch, fields: &[("if-match", "\"v0\"")], is_called: true },
        Row { name: "QUERY", method: Method::QUERY, fields: &[], is_called: false },
        Row {
            name: "QUERY with If-None-Match",
            method: Method::QUERY,
            fields: &[("if-none-match", "\"v0\"")],
            is_called: false,
        },
        Row { name: "OPTIONS", method: Method::OPTIONS, fields: &[("if-match", "\"v0\"")], is_called: false },
        Row { name: "TRACE", method: Method::TRACE, fields: &[("if-match", "\"v0\"")], is_called: false },
        Row { name: "CONNECT", method: Method::CONNECT, fields: &[("if-match", "\"v0\"")], is_called: false },
    ];
    for Row { name, method, fields, is_called } in rows {
        // The error of the source becomes the response.
        let seen = send(ConditionalLayer::new(), request(method, fields), Err(Status::forbidden())).await;
        assert_eq!(seen.parts.status, if *is_called { 403 } else { 200 }, "{name}");
        assert_eq!(seen.handler.is_none(), *is_called, "{name}");
        assert_eq!(seen.source_calls, usize::from(*is_called), "{name}");
    }
}

/// RFC 6585 §3.
#[tokio::test]
async fn change_without_a_condition_is_a_428() {
    #[rustfmt::skip]
    let rows: &[(&str, Method, Fields<'_>, Source, u16)] = &[
        ("PUT",                         PUT,             &[],                                     tagged, 428),
        ("PATCH",                       Method::PATCH,   &[],                                     tagged, 428),
        ("DELETE",                      Method::DELETE,  &[],                                     tagged, 428),
        ("POST needs none",             Method::POST,    &[],                                     tagged, 200),
        ("GET needs none",              GET,             &[],                                     tagged, 200),
        ("OPTIONS needs none",          Method::OPTIONS, &[],                                     tagged, 200),
        ("If-Match",                    PUT,             &[("if-match", "\"v1\"")],               tagged, 200),
        ("an old If-Match",             PUT,             &[("if-match", "\"v0\"")],               tagged, 412),
        ("an invalid If-Match fails",   PUT,             &[("if-match", "v1")],                   tagged, 412),
        ("the create guard",            PUT,             &[("if-none-match", "*")],               tagged, 412),
        ("If-None-Match with a tag",    PUT,             &[("if-none-match", "\"v0\"")],          tagged, 200),
        ("a valid date",                PUT,             &[("if-unmodified-since", DATE)],        dated, 200),
        ("a date that is not compared", PUT,             &[("if-unmodified-since", DATE)],        tagged, 428),
        ("a date of what is not there", PUT,             &[("if-unmodified-since", DATE)],        || Ok(None), 200),
        ("an invalid date is absent",   PUT,             &[("if-unmodified-since", "yesterday")], tagged, 428),
        ("two dates are absent",        PUT,             &[("if-unmodified-since", DATE), ("if-unmodified-since", DATE)], tagged, 428),
        ("If-Modified-Since is none",   PUT,             &[("if-modified-since", DATE)],          tagged, 428),
        ("If of RFC 4918",              PUT,             &[("if", "([\"v1\"])")],                 tagged, 200),
        ("If beside a date that is not compared", PUT,   &[("if", "(<urn:x>)"), ("if-unmodified-since", DATE)], tagged, 200),
        ("If-Range is none",            PUT,             &[("if-range", "\"v1\"")],               tagged, 428),
    ];
    for (name, method, fields, current, expected) in rows {
        let required = ConditionalLayer::new().require_preconditions();
        let seen = send(required, request(method, fields), current()).await;
        assert_eq!(seen.parts.status, *expected, "{name}");
        assert_eq!(seen.handler.is_some(), *expected == 200, "{name}");
        if *expected == 428 {
            assert_eq!(seen.parts.headers["content-type"], "application/problem+json", "{name}");
            assert_eq!(seen.parts.headers["cache-control"], "no-store", "{name}");
        }
    }
}

/// RFC 9110 §13.1.5.
#[tokio::test]
async fn false_if_range_removes_the_range() {
    struct Row<'a> {
        name: &'a str,
        fields: Fields<'a>,
        current: Source,
        is_kept: bool,
    }
    let rows: &[Row] = &[
        Row {
            name: "no If-Range, but asked",
            fields: &[("range", "bytes=1-"), ("if-match", "\"v1\"")],
            current: tagged,
            is_kept: true,
        },
        Row {
            name: "the same strong tag",
            fields: &[("range", "bytes=1-"), ("if-range", "\"v1\"")],
            current: tagged,
            is_kept: true,
        },
        Row {
            name: "another tag",
            fields: &[("range", "bytes=1-"), ("if-range", "\"v0\"")],
            current: tagged,
            is_kept: false,
        },
        Row {
            name: "a weak tag",
            fields: &[("range", "bytes=1-"), ("if-range", "W/\"v1\"")],
            current: tagged,
            is_kept: false,
        },
        Row {
            name: "the exact date",
            fields: &[("range", "bytes=1-"), ("if-range", DATE)],
            current: dated,
            is_kept: true,
        },
        Row {
            name: "a date, but no date",
            fields: &[("range", "bytes=1-"), ("if-range", DATE)],
            current: tagged,
            is_kept: false,
        },
        Row {
            name: "nothing to have a range",
            fields: &[("range", "bytes=1-"), ("if-range", "\"v1\"")],
            current: || Ok(None),
            is_kept: false,
        },
    ];
    for Row { name, fields, current, is_kept } in rows {
        let seen = send(ConditionalLayer::new(), get("/", fields), current()).await;
        assert_eq!(seen.parts.status, 200, "{name}");
        assert_eq!(seen.handler.unwrap().contains_key("range"), *is_kept, "{name}");
    }
}

/// RFC 9110 §15.4.5.
#[tokio::test]
async fn response_304_has_the_fields_of_the_source() {
    let current = |validators: Validators| {
        validators
            .with_last_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
            .with_field("vary", "accept")
            .with_field("vary", "origin")
            .with_field("cache-control", "private")
            .with_field("content-location", "/a")
            .with_field("x-broken", "a\r\nb")
    };
    let with_tag = current(Validators::new().with_etag(ETag::weak("v1").unwrap()));
    let request = get("/", &[("if-none-match", "\"v1\"")]);
    let seen = send(ConditionalLayer::new(), request, Ok(Some(with_tag))).await;
    let field = |name| field(&seen.parts.headers, name);
    assert_eq!(seen.parts.status, 304);
    assert_eq!(lines(&seen.parts.headers, "vary"), ["accept", "origin"]);
    assert_eq!(field("etag").as_deref(), Some("W/\"v1\""));
    assert_eq!(field("cache-control").as_deref(), Some("private"));
    assert_eq!(field("content-location").as_deref(), Some("/a"));
    assert_eq!(seen.parts.headers.keys().count(), 4, "{:?}", seen.parts);

    let request = get("/", &[("if-modified-since", DATE)]);
    let seen = send(ConditionalLayer::new(), request, Ok(Some(current(Validators::new())))).await;
    assert_eq!(seen.parts.status, 304);
    assert_eq!(seen.parts.headers["last-modified"], DATE);
}

#[test]
fn status_of_check_has_the_validators() {
    /// The code of the error, and the number of its header fields.
    type Expected = Option<(u16, usize)>;
    let current = Validators::new().with_etag(ETag::strong("v1").unwrap()).with_field("vary", "accept");
    #[rustfmt::skip]
    let rows: &[(Method, Fields<'_>, Option<&Validators>, Expected)] = &[
        (GET,  &[("if-none-match", "\"v1\"")], Some(&current), Some((304, 2))),
        (HEAD, &[("if-none-match", "*")],      Some(&current), Some((304, 2))),
        (PUT,  &[("if-match", "\"v0\"")],      Some(&current), Some((412, 1))),
        (PUT,  &[("if-none-match", "*")],      Some(&current), Some((412, 1))),
        (PUT,  &[("if-match", "*")],           None,           Some((412, 0))),
        (PUT,  &[("if-none-match", "*")],      None,           None),
        (PUT,  &[("if-match", "\"v1\"")],      Some(&current), None),
        (GET,  &[],                            Some(&current), None),
    ];
    for (method, fields, current, expected) in rows {
        let preconditions = Preconditions::new(method, request(method, fields).headers());
        let error = preconditions.check(*current).err();
        assert_eq!(error.as_ref().map(|s| (s.code().as_u16(), s.headers().len())), *expected, "{method} {fields:?}");
        assert_eq!(error.is_some_and(|s| s.headers().contains_key("etag")), expected.is_some_and(|(_, n)| n > 0));
    }
}

#[tokio::test]
async fn response_decides_if_the_source_returns_no_validators() {
    let handler = returns(Ok::<_, Infallible>(full(200, &[], "tulip")));
    let layer = ConditionalLayer::new().generate_etags(64).validators(|_| ready(Ok(Some(Validators::new()))));
    let mut request = get("/", &[]);
    request.headers_mut().insert("if-none-match", HeaderValue::from(ETag::of_bytes(b"tulip")));
    assert_eq!(layer.layer(handler).oneshot(request).await.unwrap().status(), 304);
}

/// A service that must be polled ready before it is called, as a concurrency limit is.
#[derive(Default)]
struct Permit {
    ready: bool,
}

impl Clone for Permit {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<()>> for Permit {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without a permit");
        ready(Ok(Response::new(Full::from("x"))))
    }
}

#[tokio::test]
async fn instance_that_was_polled_ready_is_called() {
    let layer = ConditionalLayer::new().validators(|_| ready(tagged()));
    let mut service = layer.layer(Permit::default());
    for _ in 0..2 {
        let response = service.ready().await.unwrap().call(request(&PUT, &[("if-match", "\"v1\"")])).await.unwrap();
        assert_eq!(read(response).await.1, "x");
    }
}

#[tokio::test]
async fn response_412_without_an_outer_layer_is_a_problem_document() {
    let layer = ConditionalLayer::new().validators(|_| ready(tagged()));
    let service = layer.layer(Permit::default());
    let (parts, body) = read(service.oneshot(request(&PUT, &[("if-match", "\"v0\"")])).await.unwrap()).await;
    assert_eq!(parts.status, 412);
    assert_eq!(parts.headers["etag"], "\"v1\"");
    let problem = json(&body);
    assert_eq!((&problem["status"], &problem["title"]), (&412.into(), &"Precondition Failed".into()));
}

#[test]
fn debug_shows_the_type_and_the_options() {
    let inner = service_fn(|_: Request<()>| ready(Ok::<_, Status>(Response::new(String::new()))));
    let layer = ConditionalLayer::new().generate_etags(7);
    let asking = layer.clone().validators(|_| ready(Ok(None)));
    let mut services = (layer.layer(()), layer.layer(inner), asking.layer(inner));
    for (text, name) in [
        (format!("{layer:?}"), "ConditionalLayer"),
        (format!("{asking:?}"), "ConditionalLayer"),
        (format!("{:?}", services.0), "Conditional"),
    ] {
        assert!(text.starts_with(name) && text.contains("max_bytes: 7"), "{text}");
    }
    let future = format!("{:?}", services.1.call(Request::new(())));
    assert!(future.starts_with("ConditionalFuture"), "{future}");
    let future = format!("{:?}", services.2.call(Request::new(())));
    assert!(future.starts_with("SourceFuture"), "{future}");
}
