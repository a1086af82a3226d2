//! The arguments of `render` and of the hooks: the status, the context and the request id.

use std::sync::{Arc, Mutex};

use http::HeaderValue;
use tower_status::{BoxError, Context, Format, Render, Rendered, Status, StatusMapLayer};

use crate::common::{FORMATS, code, fail, full, get, json, request, rpc, send, text};

/// Writes all its arguments into the body, but leaves the plain text format to the layer.
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
        assert_eq!(
            parts.headers["content-type"], "text/plain; charset=utf-8",
            "{name}: `None` selects the built-in body"
        );
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
async fn an_extension_member_does_not_shadow_the_request_id() {
    let with_id = |status: Status| status.with_extension("request_id", "of the application");
    let with_request = [("x-request-id", "r-1")];
    let rows = [
        (with_id(Status::not_found()), &with_request[..], "r-1"),
        (with_id(Status::bad_gateway().expose()), &with_request, "r-1"),
        (with_id(Status::bad_gateway()), &with_request, "r-1"),
        (with_id(Status::not_found()), &[], "of the application"),
    ];
    for (status, fields, expected) in rows {
        let (_, body) = fail(&StatusMapLayer::new(), get("/", fields), status).await;
        assert_eq!(json(&body)["request_id"], expected);
        assert_eq!(text(&body).matches("request_id").count(), 1, "{body:?}");
    }
}

#[tokio::test]
async fn request_id_is_read_from_the_field_that_the_application_names() {
    let name = http::HeaderName::from_static("x-correlation-id");
    let layer = StatusMapLayer::new().request_id_header(name).map_status(|status, _| match status.code().as_u16() {
        403 => Status::not_found(),
        _ => status,
    });
    let rows = [
        (Some(("x-correlation-id", "c-1")), None, Some("c-1")),
        (Some(("x-request-id", "r-1")), None, None),
        (Some(("x-correlation-id", "c-1")), Some(("x-correlation-id", "c-2")), Some("c-2")),
        (Some(("x-correlation-id", "c-1")), Some(("x-request-id", "r-2")), Some("c-1")),
    ];
    for (of_request, of_response, shown) in rows {
        let inner = full(403, of_response.as_slice(), "");
        let (parts, body) = send(&layer, get("/", of_request.as_slice()), Ok::<_, Status>(inner)).await;
        assert_eq!(
            json(&body).get("request_id").map(|id| id.as_str().unwrap()),
            shown,
            "{of_request:?} {of_response:?}"
        );
        // Of the two fields with an id, a concealed response keeps only the named one.
        let kept = of_response.filter(|(name, _)| *name == "x-correlation-id").map(|(_, id)| id);
        assert_eq!(parts.headers.get("x-correlation-id").map(|id| id.to_str().unwrap()), kept);
        assert!(!parts.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn debug_of_the_context_shows_the_request_and_the_format() {
    let seen = Arc::new(Mutex::new(String::new()));
    let debug = Arc::clone(&seen);
    let layer = StatusMapLayer::new().on_error(move |_, context| *debug.lock().unwrap() = format!("{context:?}"));
    let fields = [("x-request-id", "r-1"), ("accept", "text/plain")];
    fail(&layer, get("/orders", &fields), Status::not_found()).await;
    let seen = seen.lock().unwrap();
    assert!(["GET", "/orders", "r-1", "Text"].iter().all(|part| seen.contains(part)), "{seen}");
}

#[tokio::test]
async fn other_request_fields_are_still_read_with_a_named_request_id_field() {
    let layer = StatusMapLayer::new().request_id_header(http::HeaderName::from_static("x-correlation-id"));
    for id in [&[][..], &[("x-correlation-id", "c-1")], &[("x-request-id", "r-1")]] {
        for (accept, content_type) in FORMATS {
            let fields = [id, &[("accept", accept)]].concat();
            let (parts, _) = send(&layer, get("/", &fields), Ok::<_, Status>(full(404, &[], ""))).await;
            assert_eq!(parts.headers["content-type"], content_type, "{fields:?}");
        }
        let fields = [id, &[("if-none-match", "\"v1\"")]].concat();
        let inner = full(200, &[("etag", "\"v1\"")], "it");
        let (parts, _) = send(&layer, get("/", &fields), Ok::<_, Status>(inner)).await;
        assert_eq!(parts.status, 304, "{fields:?}");
    }
}

#[tokio::test]
async fn trace_id_is_shown_in_each_format_and_not_shadowed() {
    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const ID: &str = "0af7651916cd43dd8448eb211c80319c";
    let layer = StatusMapLayer::new().on_error(|_, context| assert_eq!(context.trace_id, Some(ID)));
    for status in [Status::not_found(), Status::internal_server_error()] {
        let get = |accept| get("/", &[("traceparent", TRACE), ("accept", accept)]);
        let (_, body) = fail(&layer, get("*/*"), status.clone()).await;
        assert_eq!(json(&body)["trace_id"], ID);
        let (_, body) = fail(&layer, get("text/plain"), status.clone()).await;
        assert!(text(&body).contains(&format!("trace_id: {ID}\n")), "{body:?}");
        let (_, body) = fail(&layer, get("text/html"), status.clone()).await;
        assert!(text(&body).contains(&format!("<dt>trace_id</dt><dd><code class=\"id\">{ID}</code></dd>")), "{body:?}");
        let own = status.with_public_extension("trace_id", "own");
        let (_, body) = fail(&layer, get("*/*"), own).await;
        assert_eq!(json(&body)["trace_id"], ID);
        assert_eq!(text(&body).matches("trace_id").count(), 1, "{body:?}");
    }
    let layer = StatusMapLayer::new().on_error(|_, context| assert_eq!(context.trace_id, None));
    for lines in [&[("traceparent", "00-0")][..], &[("traceparent", TRACE), ("traceparent", TRACE)], &[]] {
        let (_, body) = fail(&layer, crate::common::get("/", lines), Status::not_found()).await;
        assert_eq!(json(&body).get("trace_id"), None, "{lines:?}");
    }
    let mut request = rpc("application/grpc");
    request.headers_mut().insert("traceparent", HeaderValue::from_static(TRACE));
    let layer = StatusMapLayer::new().rpc(true);
    let (parts, _) = fail(&layer, request, Status::not_found()).await;
    let details = base64::Engine::decode(
        &base64::prelude::BASE64_STANDARD_NO_PAD,
        parts.headers["grpc-status-details-bin"].as_bytes(),
    );
    assert!(String::from_utf8_lossy(&details.unwrap()).contains(ID));
}

#[tokio::test]
async fn captured_values_are_those_of_the_request_one_of_each_type() {
    struct Tenant(String);
    struct Uri(String);
    let tenant = |request: &http::request::Parts| {
        Tenant(request.headers.get("x-tenant").map_or("none", |value| value.to_str().unwrap()).to_owned())
    };
    let seen = |context: &Context<'_>| {
        let tenant = context.captured::<Tenant>().map(|tenant| tenant.0.clone());
        let uri = context.captured::<Uri>().map(|uri| uri.0.clone());
        (tenant, uri, context.captured::<u64>().copied())
    };
    let some = |text: &str| Some(text.to_owned());
    let rows = [
        (StatusMapLayer::new(), (None, None, None)),
        (StatusMapLayer::new().capture(tenant), (some("t-1"), None, None)),
        (
            StatusMapLayer::new().capture(tenant).capture(|request| Uri(request.uri.to_string())).capture(|_| 7_u64),
            (some("t-1"), some("/a?b"), Some(7)),
        ),
        // A later capture of the same type replaces the earlier one.
        (
            StatusMapLayer::new().capture(tenant).capture(|_| 7_u64).capture(|_| Tenant("other".into())),
            (some("other"), None, Some(7)),
        ),
    ];
    for (layer, expected) in rows {
        let all = Arc::<Mutex<Vec<_>>>::default();
        let [of_map, of_error, of_render] = [0; 3].map(|_| Arc::clone(&all));
        struct Seen<F>(F);
        impl<F: Fn(&Context<'_>) + Send + Sync + 'static> Render for Seen<F> {
            fn render(&self, _: &Status, context: &Context<'_>) -> Option<Rendered> {
                self.0(context);
                None
            }
        }
        let layer = layer
            .map_status(move |status, context| {
                of_map.lock().unwrap().push(seen(context));
                status
            })
            .on_error(move |_, context| of_error.lock().unwrap().push(seen(context)))
            .render(Seen(move |context: &Context<'_>| of_render.lock().unwrap().push(seen(context))));
        let request = get("/a?b", &[("x-tenant", "t-1")]);
        fail(&layer, request, Status::not_found()).await;
        assert_eq!(*all.lock().unwrap(), [expected.clone(), expected.clone(), expected]);
    }
}
