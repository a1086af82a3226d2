//! The arguments of `render` and of the hooks: the status, the context and the request id.

use std::sync::{Arc, Mutex};

use http::HeaderValue;
use tower_status::{BoxError, Context, Format, Render, Rendered, Status, StatusMapLayer};

use crate::common::{code, fail, full, get, json, request, send, text};

/// Renders everything that it gets, except for plain text.
pub(crate) struct Echo;

impl Render for Echo {
    fn render(&self, status: &Status, context: &Context<'_>) -> Option<Rendered> {
        if context.format == Format::Text {
            return None;
        }
        let source = std::error::Error::source(status).map(ToString::to_string);
        let body = format!("{status} {status:?} {source:?} {context:?} {:?}", status.extensions());
        Some(Rendered::new(HeaderValue::from_static("application/xml"), body))
    }
}

#[tokio::test]
async fn render_writes_the_body_and_sees_neither_the_source_nor_what_is_hidden() {
    const DETAIL: &str = "the detail";
    const MEMBER: &str = "the member";
    let source = || BoxError::from("secret source");
    let status = |status: u16| Status::from((code(status), DETAIL)).with_extension("x", MEMBER);
    let shown = [
        ("404", status(404)),
        ("550", status(550)),
        ("an exposed 500", status(500).expose()),
        ("404 with a source", status(404).with_source(source())),
        ("an exposed 500 with a source", status(500).with_source(source()).expose()),
    ];
    let hidden = [
        ("500", status(500)),
        ("599", status(599)),
        ("500 with a source", status(500).with_source(source())),
        ("an unmapped error", Status::from_error(source())),
    ];
    let layer = StatusMapLayer::new().render(Echo);
    let rows = shown.map(|row| (row, true)).into_iter().chain(hidden.map(|row| (row, false)));
    for ((name, status), is_shown) in rows {
        let (parts, body) = fail(&layer, get("/", &[]), status.clone()).await;
        let body = text(&body);
        assert_eq!(parts.headers["content-type"], "application/xml", "{name}");
        assert_eq!(parts.headers["x-content-type-options"], "nosniff", "{name}");
        assert_eq!(parts.headers["cache-control"], "no-store", "{name}");
        assert!(body.contains(status.code().as_str()), "{name}: {body}");
        assert_eq!(body.contains(DETAIL), is_shown, "{name}: {body}");
        assert_eq!(body.contains(MEMBER), is_shown, "{name}: {body}");
        assert!(!body.contains("secret"), "{name}: {body}");
        let (parts, _) = fail(&layer, get("/", &[("accept", "text/plain")]), status).await;
        assert_eq!(parts.headers["content-type"], "text/plain; charset=utf-8", "{name}: `None` is the built-in body");
    }
}

#[tokio::test]
async fn the_context_has_method_path_and_format_of_the_request() {
    let rows = [
        (get("/a/b?secret=1", &[("accept", "")]), "GET /a/b Json"),
        (request("POST", "/", &[("accept", "text/html")]), "POST / Html"),
        (request("OPTIONS", "*", &[("accept", "text/plain")]), "OPTIONS * Text"),
        (request("HEAD", "https://example.org/x%20y?z", &[("accept", "*/*")]), "HEAD /x%20y Json"),
        (get("https://example.org", &[]), "GET / Json"),
        (request("CONNECT", "example.org:443", &[]), "CONNECT  Json"),
        (request("PROPFIND", "/a;b/", &[("accept", "text/html;q=0")]), "PROPFIND /a;b/ Json"),
    ];
    for (request, expected) in rows {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (first, second) = (Arc::clone(&seen), Arc::clone(&seen));
        let write = |seen: &Mutex<Vec<String>>, context: &Context<'_>| {
            seen.lock().unwrap().push(format!("{} {} {:?}", context.method, context.path, context.format));
        };
        let layer = StatusMapLayer::new()
            .map_status(move |status, context| {
                write(&first, context);
                status
            })
            .on_error(move |_, context| write(&second, context));
        let json = ("content-type", "application/json");
        for outcome in [Err(Status::gone()), Ok(full(404, &[], "")), Ok(full(404, &[json], "{}"))] {
            send(&layer, request.clone(), outcome).await;
            assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [expected, expected]);
        }
    }
}

#[tokio::test]
async fn the_request_id_of_the_response_or_the_request_is_shown_if_it_is_valid() {
    /// The `x-request-id` of the request and of the inner response, and the one that is shown.
    struct Row<'a> {
        request: Option<&'a str>,
        response: Option<&'a str>,
        shown: Option<&'a str>,
    }
    let valid = |id| Row { request: Some(id), response: None, shown: Some(id) };
    let invalid = |id| Row { request: Some(id), response: None, shown: None };
    let of_response = |id, shown| Row { request: None, response: Some(id), shown };
    let [id128, id129] = [128, 129].map(|length| "i".repeat(length));
    let rows = [
        Row { request: None, response: None, shown: None },
        Row { request: Some("r-1"), response: Some("i-1"), shown: Some("i-1") },
        of_response("i-1", Some("i-1")),
        of_response("a b", None),
        of_response(&id129, None),
        valid("r-1"),
        valid("azAZ09._:+/=-"),
        valid(&id128),
        invalid(&id129),
        invalid(""),
        invalid("a b"),
        invalid("<b>"),
        invalid("a\"b"),
        invalid("a,b"),
        invalid("a\u{e4}"),
        invalid("a~"),
        invalid("a\\b"),
    ];
    for Row { request, response, shown } in rows {
        let row = format!("{request:?} {response:?}");
        let seen = Arc::<Mutex<Option<String>>>::default();
        let hook = Arc::clone(&seen);
        let layer = StatusMapLayer::new().on_error(move |_, context| {
            *hook.lock().unwrap() = context.request_id.map(str::to_owned);
        });
        for status in [404, 500] {
            let fields = |id: Option<_>| id.map(|id| ("x-request-id", id));
            let inner = full(status, fields(response).as_slice(), "");
            let mut outcomes = vec![Ok(inner)];
            if response.is_none() {
                outcomes.push(Err(Status::from(code(status))));
            }
            for outcome in outcomes {
                let (_, body) = send(&layer, get("/", fields(request).as_slice()), outcome).await;
                let problem = json(&body);
                assert_eq!(problem.get("request_id").map(|id| id.as_str().unwrap()), shown, "{row}");
                assert_eq!(seen.lock().unwrap().as_deref(), shown, "{row}");
            }
        }
    }
}

#[tokio::test]
async fn a_request_id_that_the_application_sets_is_shown_unless_it_is_hidden() {
    let with_id = |status: Status| status.with_extension("request_id", "of the application");
    let rows = [
        (with_id(Status::not_found()), "of the application"),
        (with_id(Status::bad_gateway().expose()), "of the application"),
        (with_id(Status::bad_gateway()), "r-1"),
    ];
    for (status, expected) in rows {
        let (_, body) = fail(&StatusMapLayer::new(), get("/", &[("x-request-id", "r-1")]), status).await;
        assert_eq!(json(&body)["request_id"], expected);
        assert_eq!(text(&body).matches("request_id").count(), 1, "{body:?}");
    }
}
