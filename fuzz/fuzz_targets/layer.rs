//! The whole layer, with arbitrary request heads, options and inner services.
//!
//! ```text
//! options                     letters: see `Options`
//! GET /path HTTP/2            the request, and its fields
//! accept: text/html
//!
//! response 404                the outcome of the inner service, and its fields
//! content-type: text/plain
//!
//! =data                       the frames of its body: data, `%` trailers, `!` an error, anything else is pending
//! ```
#![no_main]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, response::Parts};
use http_body::Body;
use libfuzzer_sys::fuzz_target;
use tower::{Layer, service_fn};
use tower_status::{
    ConditionalLayer,
    Format::{Html, Json, Text},
    Status, StatusMapLayer, Verdict,
};
use tower_status_fuzz::{
    ask::{Got, ask, data, read},
    layer_input::{Frames, Inner, Kind, SECRET, Teapot, request},
    preconditions,
    rules::{self, Form},
};

struct Options<'a>(&'a [u8]);

impl Options<'_> {
    fn has(&self, letter: u8) -> bool {
        self.0.contains(&letter)
    }

    fn layer(&self, reports: Arc<AtomicU32>) -> StatusMapLayer {
        let layer = StatusMapLayer::new().on_error(move |_, _| {
            reports.fetch_add(1, Ordering::Relaxed);
        });
        let layer = layer.fill(!self.has(b'f')).conditional(!self.has(b'c')).expose_server_errors(self.has(b'e'));
        let layer = if self.has(b'h') { layer.formats(&[Html, Json]) } else { layer };
        let layer = if self.has(b't') { layer.formats(&[Text]) } else { layer };
        let layer = if self.has(b'b') { layer.default_challenge("Basic realm=\"fuzz\"") } else { layer };
        let layer =
            if self.has(b'k') { layer.keep_headers(&[REGION, header::CACHE_CONTROL, header::EXPIRES]) } else { layer };
        let layer = if self.has(b'm') { layer.map_status(conceal) } else { layer };
        if self.has(b'r') { layer.recognize::<Teapot>() } else { layer }
    }
}

const REGION: HeaderName = HeaderName::from_static("x-region");

/// Maps each 403 to a 404.
fn conceal(status: Status, _: &tower_status::Context<'_>) -> Status {
    if status.code() == StatusCode::FORBIDDEN { Status::not_found() } else { status }
}

/// The head of a response, what its body yields, and the exact size that the body has from the start.
type Sent = (Parts, Vec<Got<&'static str>>, Option<u64>);

fn sent<B: Body<Data = Bytes, Error = &'static str>>(response: Response<B>) -> Sent {
    let (parts, body) = response.into_parts();
    let exact = body.size_hint().exact();
    (parts, read(body), exact)
}

fuzz_target!(|input: &[u8]| {
    if input.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
        return;
    }
    let lines: Vec<_> = input.split(|byte| *byte == b'\n').collect();
    let Some((options, rest)) = lines.split_first() else { return };
    let mut parts = rest.splitn(3, |line| line.is_empty());
    let (Some(head), Some(inner)) = (parts.next(), parts.next()) else { return };
    let body = Frames::of(parts.next().unwrap_or_default().iter().copied());
    let (options, Some(request), Some(inner)) = (Options(options), request(head), Inner::of(inner, body)) else {
        return;
    };

    let run = |twice: bool| -> (Sent, u32) {
        let reports = Arc::new(AtomicU32::new(0));
        let layer = options.layer(Arc::clone(&reports));
        let inside = layer.clone().layer(service_fn(|_: Request<()>| std::future::ready(inner.outcome())));
        let sent = if twice {
            sent(ask(&mut layer.layer(inside), request.clone()))
        } else {
            let mut inside = inside;
            sent(ask(&mut inside, request.clone()))
        };
        (sent, reports.load(Ordering::Relaxed))
    };
    let (sent, reports) = run(false);
    check(&options, &request, &inner, &sent, reports);
    check_caching(&options, &request, &inner, &sent.0);
    check_concealed(&options, &request, &inner, &sent);

    // The same input gives the same bytes, and two layers give the same response as one.
    let (again, _) = run(false);
    assert_same(&again, &sent);
    check_conditional(&options, &request, &inner, &sent);
    if sent.0.status.is_success() && inner.kind != Kind::Response && Form::of(&request) == Form::Http {
        return; // A `Status` of 200 as an error: the outer layer evaluates its preconditions.
    }
    let (twice, reports_of_two) = run(true);
    assert_same(&twice, &sent);
    assert_eq!(reports_of_two, reports);
});

fn assert_same(one: &Sent, other: &Sent) {
    assert_eq!((one.0.status, &one.0.headers, &one.1), (other.0.status, &other.0.headers, &other.1));
}

/// Checks that `ConditionalLayer` inside the layer changes nothing, and that alone its 304 and 412 are complete.
fn check_conditional(options: &Options<'_>, request: &Request<()>, inner: &Inner, of_layer: &Sent) {
    let alone = || ConditionalLayer::new().layer(service_fn(|_: Request<()>| std::future::ready(inner.outcome())));
    // Fields that the application keeps are options of the outer layer alone.
    if !options.has(b'c') && !options.has(b'k') {
        assert_same(&sent(ask(&mut options.layer(Arc::default()).layer(alone()), request.clone())), of_layer);
    }
    if !matches!(inner.kind, Kind::Response | Kind::Kept) {
        return;
    }
    let (parts, got, exact) = sent(ask(&mut alone(), request.clone()));
    if parts.status == 412 && inner.code != 412 {
        assert_eq!(parts.headers[header::CACHE_CONTROL], "no-store");
        let has_another = |name: &HeaderName| rules::is_freshness(name) && name != header::CACHE_CONTROL;
        assert!(!parts.headers.keys().any(has_another), "{:?}", parts.headers);
        assert_eq!(exact, Some(data(&got).len() as u64));
    }
    if parts.status == 304 && inner.code != 304 {
        assert!(got.is_empty() && exact == Some(0) && !parts.headers.contains_key(header::CONTENT_ENCODING));
    }
}

/// Checks that freshness belongs to one response.
fn check_caching(options: &Options<'_>, request: &Request<()>, inner: &Inner, parts: &Parts) {
    if !matches!(inner.kind, Kind::Response | Kind::Kept) || Form::of(request) == Form::Grpc {
        return;
    }
    let code = parts.status.as_u16();
    if inner.code.as_u16() < 400 && code >= 400 {
        assert_eq!(parts.headers.get(header::CACHE_CONTROL).map(HeaderValue::as_bytes), Some(&b"no-store"[..]));
    }
    for name in inner.headers.keys().filter(|name| rules::is_freshness(name)) {
        let kept: Vec<_> = parts.headers.get_all(name).iter().collect();
        if parts.status != inner.code && code != 304 {
            let is_no_store = *name == header::CACHE_CONTROL && kept == ["no-store"];
            assert!(kept.is_empty() || is_no_store, "{name}: {kept:?}");
        }
        let is_never_stored = !options.has(b'f') && matches!(code, 428 | 429 | 431 | 511);
        if parts.status == inner.code && inner.code.is_client_error() && !is_never_stored {
            assert!(kept.iter().copied().eq(inner.headers.get_all(name)), "{name}: {kept:?}");
        }
    }
}

/// Checks that a concealed 403 equals a real 404, except for fields that do not depend on the status.
fn check_concealed(options: &Options<'_>, request: &Request<()>, inner: &Inner, concealed: &Sent) {
    let is_403 = inner.code == StatusCode::FORBIDDEN && is_without_grpc_status(inner);
    let is_concealed = matches!(inner.kind, Kind::Response | Kind::Kept | Kind::Status | Kind::Carried);
    // The request id of the response is shown in the body.
    if !options.has(b'm') || !is_403 || !is_concealed || inner.headers.contains_key("x-request-id") {
        return;
    }
    let layer = options.layer(Arc::default());
    let not_found = |_: Request<()>| std::future::ready(Err::<Response<Frames>, _>(Status::not_found()));
    let real = sent(ask(&mut layer.layer(service_fn(not_found)), request.clone()));
    let compared = |parts: &Parts| {
        let mut headers = parts.headers.clone();
        let names: Vec<_> = headers.keys().filter(|name| rules::stays(name) || **name == REGION).cloned().collect();
        for name in names {
            headers.remove(name);
        }
        headers
    };
    assert_eq!(concealed.0.status, real.0.status);
    assert_eq!(compared(&concealed.0), compared(&real.0));
    assert_eq!((&concealed.1, concealed.2), (&real.1, real.2));
}

fn check(options: &Options<'_>, request: &Request<()>, inner: &Inner, sent: &Sent, reports: u32) {
    let (parts, got, exact) = sent;
    let ours = !matches!(inner.kind, Kind::Response | Kind::Kept);
    let (fill, conditional) = (!options.has(b'f'), !options.has(b'c'));
    let status = parts.extensions.get::<Status>();
    let shown = format!("{:?} {got:?}", parts.headers);

    // Nothing hidden is sent, and every error response is reported once.
    assert!(options.has(b'e') || !shown.contains(SECRET), "{shown}");
    // To an RPC client every `Status` is an error.
    let failed = parts.status.as_u16() >= 400
        || status.is_some_and(|status| status.code().as_u16() >= 400)
        || ours && Form::of(request) != Form::Http;
    assert_eq!(reports, u32::from(failed), "{parts:?}");

    // A 204, 205 and 304 have no content, and a 401 has a challenge.
    if fill && matches!(parts.status.as_u16(), 204 | 205 | 304) {
        assert!(got.is_empty(), "{got:?}");
        assert!(!parts.headers.contains_key(header::TRANSFER_ENCODING));
        // A compression layer outside would add another.
        assert!(!parts.headers.contains_key(header::CONTENT_ENCODING) && exact.is_none_or(|size| size == 0));
    }
    // An error that an RPC server has written is kept.
    if fill && parts.status == StatusCode::UNAUTHORIZED && (ours || Form::of(request) == Form::Http) {
        assert!(parts.headers.contains_key(header::WWW_AUTHENTICATE));
    }

    if ours {
        check_ours(request, parts, got, *exact);
        return;
    }
    match verdict(conditional, request, inner) {
        Verdict::NotModified => {
            assert_eq!(parts.status, 304);
            assert!(got.is_empty() && *exact == Some(0));
            for name in parts.headers.keys() {
                assert!(parts.headers.get_all(name).iter().eq(inner.headers.get_all(name)), "{name}");
            }
        }
        Verdict::PreconditionFailed => {
            // Connect's failed_precondition.
            assert_eq!(parts.status, if Form::of(request) == Form::Connect { 400 } else { 412 });
            check_ours(request, parts, got, *exact);
        }
        // See `check_concealed`.
        _ if options.has(b'm') && inner.code == StatusCode::FORBIDDEN => {}
        _ => check_passed(fill, request, sent, inner),
    }
}

/// Returns the verdict of the naive evaluator.
fn verdict(conditional: bool, request: &Request<()>, inner: &Inner) -> Verdict {
    let fine = inner.headers.get("grpc-status").is_none_or(|code| code == "0");
    let evaluated = if conditional && fine {
        let handled = (inner.code.as_u16(), &inner.headers, false);
        preconditions::layered(request.method(), request.headers(), preconditions::Source::Unasked, handled)
    } else {
        inner.code.as_u16()
    };
    match evaluated {
        304 if inner.code != 304 => Verdict::NotModified,
        412 if inner.code != 412 => Verdict::PreconditionFailed,
        _ => Verdict::Proceed,
    }
}

/// Checks a response that passes, and one whose body is kept or replaced.
fn check_passed(fill: bool, request: &Request<()>, (parts, got, exact): &Sent, inner: &Inner) {
    let before: Vec<_> = read(inner.body.clone());
    let bare = inner.code.as_u16() < 400 && !inner.headers.contains_key("grpc-status");
    let empty = fill && matches!(inner.code.as_u16(), 204 | 205 | 304);
    let form = Form::of(request);
    if bare && !empty || !fill && form != Form::Grpc {
        assert_eq!((parts.status, &parts.headers), (inner.code, &inner.headers));
        assert_eq!(got, &before);
        return;
    }
    if form != Form::Http || empty {
        return;
    }
    // A kept body is complete. A text or untyped body of a 5xx is replaced.
    let theirs = |got: &[Got<_>]| got == before.as_slice();
    let typed = inner.headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
    let is_text = typed.as_deref().is_none_or(|typed| typed.starts_with(b"text/plain;") || typed == b"text/plain");
    if is_text && inner.kind == Kind::Response && inner.code.as_u16() >= 500 && inner.code != 550 {
        assert!(!theirs(got) || before.is_empty(), "{got:?}");
    }
    let is_5xx = inner.code.as_u16() >= 500 && inner.code != 550 && inner.kind == Kind::Response;
    if is_5xx
        && is_without_grpc_status(inner)
        && !before.is_empty()
        && let Some(is_kept) = rules::is_chosen_by_an_application(&inner.headers)
    {
        assert_eq!(theirs(got), is_kept, "{got:?}");
    }
    let is_json = |typed: &[u8]| typed == b"application/json";
    if is_without_grpc_status(inner)
        && (inner.kind == Kind::Kept || typed.as_deref().is_some_and(is_json) && has_one_type(inner))
    {
        assert!(theirs(got), "{got:?}");
    } else if !theirs(got) {
        check_ours(request, parts, got, *exact);
    }
}

/// Returns whether there is one content type.
fn has_one_type(inner: &Inner) -> bool {
    inner.headers.get_all(header::CONTENT_TYPE).iter().count() == 1
}

fn is_without_grpc_status(inner: &Inner) -> bool {
    !inner.headers.contains_key("grpc-status")
}

/// Checks that a body that the layer wrote is complete, in the format of its content type.
fn check_ours(request: &Request<()>, parts: &Parts, got: &[Got<&'static str>], exact: Option<u64>) {
    let form = Form::of(request);
    let length: usize = got.iter().map(|got| if let Got::Data(data) = got { data.len() } else { 0 }).sum();
    assert_eq!(exact, Some(length as u64), "the size of a body that the layer builds is exact");
    let body = data(got);
    let content_type = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if *request.method() == Method::HEAD || matches!(parts.status.as_u16(), 204 | 205 | 304) {
        assert!(body.is_empty());
        return;
    }
    match content_type {
        Some(b"application/json") if form == Form::Connect => {
            let error: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert!(error["code"].is_string() && parts.status.as_u16() >= 400);
        }
        Some(stream) if form == Form::ConnectStream => {
            assert!(stream.starts_with(b"application/connect+") && parts.status == 200);
            assert_eq!(body[..5], [&[2][..], &u32::to_be_bytes(body.len() as u32 - 5)].concat());
        }
        Some(b"application/problem+json") => {
            let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!(problem["status"], parts.status.as_u16());
            assert!(problem["type"].is_string() && problem["title"].is_string() && problem["detail"].is_string());
        }
        Some(b"text/html; charset=utf-8") => {
            assert!(body.starts_with(b"<!DOCTYPE html>") && body.ends_with(b"</html>\n"));
        }
        Some(b"text/plain; charset=utf-8") => assert!(body.starts_with(parts.status.as_str().as_bytes())),
        other => {
            assert_eq!(form, Form::Grpc, "{other:?}");
            assert_eq!(parts.status, 200);
        }
    }
    if parts.status.as_u16() >= 400 {
        // `no-store`, or the lifetime that the 4xx itself has.
        let has_lifetime = parts.headers.keys().any(rules::is_freshness);
        assert!(has_lifetime && parts.headers[header::X_CONTENT_TYPE_OPTIONS] == "nosniff", "{:?}", parts.headers);
    }
}
