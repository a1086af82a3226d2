//! A `Status` as a response of axum without a layer, alone and with other parts in a tuple.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use tower_status::{Status, StatusMapLayer, catalog};

use crate::common::{Fields, Reports, all_text, field, json, router::ask, shows, text};

type Respond = fn() -> Response;

fn app(respond: Respond) -> Router {
    Router::new().route("/", get(async move || respond()))
}

/// Returns the application without a layer, and with one.
fn both(respond: Respond) -> [(&'static str, Router); 2] {
    [("no layer", app(respond)), ("a layer", app(respond).layer(StatusMapLayer::new()))]
}

/// A status, and the fields that it must have.
struct Complete {
    status: fn() -> Status,
    code: u16,
    fields: Fields<'static>,
}

const COMPLETE: [Complete; 16] = {
    const fn row(status: fn() -> Status, code: u16, fields: Fields<'static>) -> Complete {
        Complete { status, code, fields }
    }
    [
        row(Status::not_found, 404, &[]),
        row(|| UNAUTHORIZED, 401, &[("www-authenticate", r#"Bearer realm="api""#)]),
        row(|| Status::unauthorized("Basic realm=\"a\""), 401, &[("www-authenticate", "Basic realm=\"a\"")]),
        row(|| Status::method_not_allowed("PUT"), 405, &[("allow", "PUT")]),
        row(|| Status::method_not_allowed(""), 405, &[("allow", "")]),
        row(|| Status::proxy_authentication_required("Basic"), 407, &[("proxy-authenticate", "Basic")]),
        row(|| Status::range_not_satisfiable(7), 416, &[("content-range", "bytes */7")]),
        row(|| Status::upgrade_required("websocket"), 426, &[("upgrade", "websocket"), ("connection", "upgrade")]),
        row(|| Status::moved_permanently("/käse"), 301, &[("location", "/k%C3%A4se")]),
        row(|| Status::found("/a"), 302, &[("location", "/a")]),
        row(|| Status::see_other("/a"), 303, &[("location", "/a")]),
        row(|| Status::temporary_redirect("/a"), 307, &[("location", "/a")]),
        row(|| Status::permanent_redirect("/a"), 308, &[("location", "/a")]),
        row(|| Status::multiple_choices(["/a"]), 300, &[("link", "</a>; rel=\"alternate\"")]),
        row(
            || Status::service_unavailable().with_retry_after(Duration::from_millis(2001)),
            503,
            &[("retry-after", "3")],
        ),
        row(|| Status::too_many_requests().with_header("x-limit", "9"), 429, &[("x-limit", "9")]),
    ]
};

#[tokio::test]
async fn a_status_is_a_complete_response_with_and_without_a_layer() {
    for Complete { status, code, fields } in COMPLETE {
        let without = Router::new().route("/", get(async move || status()));
        for (name, app) in [("no layer", without.clone()), ("a layer", without.layer(StatusMapLayer::new()))] {
            let (parts, body) = ask(&app, "GET", "/", &[]).await;
            let row = format!("{code}, {name}");
            let problem = json(&body);
            let entry = catalog::get(parts.status).unwrap();
            let field = |name| field(&parts.headers, name);
            assert_eq!(parts.status, code, "{row}");
            assert_eq!(field("content-type").as_deref(), Some("application/problem+json"), "{row}");
            assert_eq!(field("x-content-type-options").as_deref(), Some("nosniff"), "{row}");
            assert_eq!(field("cache-control").as_deref(), (code >= 400).then_some("no-store"), "{row}");
            assert_eq!(field("content-length"), Some(body.len().to_string()), "{row}");
            assert_eq!(problem["type"], "about:blank", "{row}");
            assert_eq!(problem["title"], entry.title, "{row}");
            assert_eq!(problem["status"], code, "{row}");
            assert_eq!(problem["detail"], entry.default_detail(), "{row}");
            for (name, value) in fields {
                assert_eq!(field(name).as_deref(), Some(*value), "{row} {name}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_layer_the_detail_of_a_5xx_is_hidden_unless_it_is_exposed() {
    let hidden: [Respond; 3] = [
        || Status::internal_server_error().with_detail("secret").with_extension("secret", "secret").into_response(),
        || Status::from_error("secret").into_response(),
        || Status::bad_gateway().with_source("secret").into_response(),
    ];
    for respond in hidden {
        let (parts, body) = ask(&app(respond), "GET", "/", &[("accept", "text/html")]).await;
        let seen = all_text(&parts, &body);
        assert!(!seen.contains("secret"), "{seen}");
    }
    let shown: [Respond; 2] = [
        || Status::bad_gateway().with_detail("shown").expose().into_response(),
        || Status::permission_denied().with_detail("shown").into_response(),
    ];
    for respond in shown {
        let (_, body) = ask(&app(respond), "GET", "/", &[("accept", "text/html")]).await;
        assert!(text(&body).contains("shown"), "{body:?}");
    }
}

const UNAUTHORIZED: Status = Status::new(StatusCode::UNAUTHORIZED);

/// A field, its value, and the response that has it.
struct Row {
    field: (&'static str, &'static str),
    respond: Respond,
}

/// In axum, the parts of a tuple before the last one replace its fields.
#[tokio::test]
async fn a_tuple_replaces_the_fields_of_its_status_with_and_without_a_layer() {
    let row = |field, respond| Row { field, respond };
    #[rustfmt::skip]
    let rows = [
        row(("retry-after", "120"), || ([("retry-after", "120")], busy()).into_response()),
        row(("www-authenticate", "Basic"), || ([("www-authenticate", "Basic")], UNAUTHORIZED).into_response()),
        row(("www-authenticate", "Basic"), || ([("www-authenticate", "Basic")], Status::unauthorized("Bearer")).into_response()),
        row(("allow", "PUT"), || ([("allow", "PUT")], Status::method_not_allowed("GET, HEAD")).into_response()),
        row(("location", "/b"), || ([("location", "/b")], Status::found("/a")).into_response()),
        row(("content-range", "bytes */9"), || ([("content-range", "bytes */9")], Status::range_not_satisfiable(7)).into_response()),
        row(("x-mine", "outer"), || ([("x-mine", "outer")], Status::not_found().with_header("x-mine", "inner")).into_response()),
        row(("cache-control", "max-age=60"), || ([("cache-control", "max-age=60")], Status::not_found()).into_response()),
        row(("cache-control", "no-cache"), || {
            let status = Status::not_found().with_header("cache-control", "max-age=9");
            ([("cache-control", "no-cache")], status).into_response()
        }),
        row(("set-cookie", "a=1"), || ([("set-cookie", "a=1")], Status::not_found()).into_response()),
        row(("set-cookie", "b=2 | a=1"), || {
            let status = Status::not_found().with_header("set-cookie", "b=2");
            (AppendHeaders([("set-cookie", "a=1")]), status).into_response()
        }),
        row(("x-mine", "seven"), || ([("x-mine", "seven")], Status::bad_gateway()).into_response()),
        row(("link", "</c>"), || ([("link", "</c>")], Status::multiple_choices(["/a", "/b"])).into_response()),
    ];
    let mut wrong = Vec::new();
    for Row { field: (name, value), respond } in rows {
        for (layers, app) in both(respond) {
            for accept in ["*/*", "text/html"] {
                let (parts, _) = ask(&app, "GET", "/", &[("accept", accept)]).await;
                let found = field(&parts.headers, name);
                if found.as_deref() != Some(value) {
                    wrong.push(format!("{} {name}, {layers}, {accept}: {found:?}, not {value:?}", parts.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn busy() -> Status {
    Status::service_unavailable().with_retry_after(Duration::from_secs(30))
}

#[tokio::test]
async fn a_layer_replaces_what_was_filled_in_and_keeps_what_was_set() {
    /// A field of the response with this layer.
    struct Row {
        name: &'static str,
        value: Option<&'static str>,
        respond: Respond,
        layer: StatusMapLayer,
    }
    let row = |name, value, respond, layer| Row { name, value, respond, layer };
    let map_to = |status: Status| StatusMapLayer::new().map_status(move |_, _| status.clone());
    let basic = || StatusMapLayer::new().default_challenge("Basic");
    let bearer: Respond = || Status::unauthorized("Bearer").into_response();
    let no_challenge: Respond = || UNAUTHORIZED.into_response();
    let cached: Respond = || Status::not_found().with_header("cache-control", "max-age=9").into_response();
    let detailed: Respond = || Status::not_found().with_detail("it").into_response();
    let with_field: Respond = || ([("x-mine", "7")], Status::gone()).into_response();
    let rows = [
        row("www-authenticate", Some("Basic"), no_challenge, basic()),
        row("www-authenticate", Some("Bearer"), bearer, basic()),
        row("www-authenticate", None, no_challenge, map_to(Status::not_found())),
        row("www-authenticate", None, bearer, map_to(Status::not_found())),
        row("www-authenticate", Some("Digest"), bearer, map_to(Status::unauthorized("Digest"))),
        row("retry-after", None, || busy().into_response(), map_to(Status::not_found())),
        row("cache-control", Some("max-age=9"), cached, basic()),
        row("cache-control", Some("no-store"), cached, map_to(Status::forbidden())),
        row("cache-control", None, cached, map_to(Status::found("/a"))),
        row("cache-control", None, no_challenge, map_to(Status::found("/a"))),
        row("content-language", Some("en"), detailed, map_to(Status::gone())),
        row("x-mine", None, with_field, map_to(Status::not_found())),
        row("x-mine", Some("7"), with_field, basic()),
    ];
    for Row { name, value, respond, layer } in rows {
        let (parts, _) = ask(&app(respond).layer(layer), "GET", "/", &[]).await;
        assert_eq!(field(&parts.headers, name).as_deref(), value, "{} {name}", parts.status);
    }
}

#[tokio::test]
async fn a_code_beside_a_status_is_the_code_of_the_response() {
    let rows: [(u16, Option<&str>, Respond); 5] = [
        (409, Some("sold"), || (StatusCode::CONFLICT, Status::not_found().with_detail("sold")).into_response()),
        (404, Some("sold"), || (StatusCode::NOT_FOUND, Status::not_found().with_detail("sold")).into_response()),
        (400, None, || {
            (StatusCode::BAD_REQUEST, Status::internal_server_error().with_detail("secret")).into_response()
        }),
        (500, None, || (StatusCode::INTERNAL_SERVER_ERROR, Status::not_found().with_detail("secret")).into_response()),
        (403, None, || (StatusCode::FORBIDDEN, [("x-mine", "7")], Status::new(StatusCode::NOT_FOUND)).into_response()),
    ];
    for (code, detail, respond) in rows {
        for accept in ["*/*", "text/html", "text/plain"] {
            let (parts, body) =
                ask(&app(respond).layer(StatusMapLayer::new()), "GET", "/", &[("accept", accept)]).await;
            let text = text(&body);
            let entry = catalog::get(parts.status).unwrap();
            assert_eq!(parts.status, code, "{accept}");
            assert!(shows(parts.status, detail, &body), "{code} {accept}: {text}");
            assert!(text.contains(entry.title) && !text.contains("secret"), "{code} {accept}: {text}");
        }
    }
}

#[tokio::test]
async fn a_success_with_a_status_as_an_extension_passes() {
    let respond: Respond = || {
        let mut response = "seven tulips".into_response();
        response.extensions_mut().insert(Status::not_found());
        response
    };
    let (parts, body) = ask(&app(respond).layer(StatusMapLayer::new()), "GET", "/", &[("accept", "text/html")]).await;
    assert_eq!((parts.status.as_u16(), text(&body)), (200, "seven tulips"));
}

#[tokio::test]
async fn a_body_that_replaced_the_body_of_a_status_is_kept() {
    let respond: Respond = || {
        let mut response = Status::not_found().with_detail("gone").into_response();
        *response.body_mut() = Body::from("<p>mine</p>");
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
        response
    };
    let (parts, body) = ask(&app(respond).layer(StatusMapLayer::new()), "GET", "/", &[]).await;
    assert_eq!((parts.status.as_u16(), text(&body)), (404, "<p>mine</p>"));
    assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html");
}

#[tokio::test]
async fn a_status_in_a_result_gives_the_same_response() {
    type Outcome = Result<&'static str, Status>;
    let in_result = Router::new().route("/", get(async || -> Outcome { Err(Status::gone()) }));
    let direct = Router::new().route("/", get(async || Status::gone()));
    let [in_result, direct] = [in_result, direct].map(|app| app.layer(StatusMapLayer::new()));
    for accept in ["*/*", "text/html", "text/plain"] {
        let (one, one_body) = ask(&in_result, "GET", "/", &[("accept", accept)]).await;
        let (other, other_body) = ask(&direct, "GET", "/", &[("accept", accept)]).await;
        assert_eq!((one.status, one.headers, one_body), (other.status, other.headers, other_body), "{accept}");
    }
}

/// A 304 keeps no Content-Type.
#[tokio::test]
async fn fields_beside_a_status_below_400_are_kept() {
    let rows: [(Respond, u16, Fields<'_>); 4] = [
        (
            || {
                let fields = [("etag", "\"a\""), ("content-location", "/x"), ("cache-control", "no-store")];
                (fields, Status::not_modified()).into_response()
            },
            304,
            &[("etag", "\"a\""), ("content-location", "/x"), ("cache-control", "no-store")],
        ),
        (
            || ([("cache-control", "no-store")], Status::found("/x")).into_response(),
            302,
            &[("cache-control", "no-store"), ("location", "/x")],
        ),
        (
            || ([("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")], Status::not_modified()).into_response(),
            304,
            &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
        ),
        (|| ([("content-type", "text/plain")], Status::not_modified()).into_response(), 304, &[]),
    ];
    for (respond, code, fields) in rows {
        let (parts, body) = ask(&app(respond).layer(StatusMapLayer::new()), "GET", "/", &[]).await;
        assert_eq!(parts.status, code);
        for (name, value) in fields {
            assert_eq!(field(&parts.headers, name).as_deref(), Some(*value), "{code} {name}");
        }
        if code == 304 {
            assert_eq!((parts.headers.get("content-type"), body.len()), (None, 0));
        }
    }
}

#[tokio::test]
async fn a_status_taken_from_another_response_is_negotiated_and_reported_again() {
    let inner = app(|| Status::conflict().into_response()).layer(StatusMapLayer::new());
    let gateway = async move || {
        let (parts, _) = ask(&inner, "GET", "/", &[]).await;
        parts.extensions.get::<Status>().cloned().unwrap()
    };
    let reports = Reports::default();
    let app = Router::new().route("/", get(gateway)).layer(reports.record(StatusMapLayer::new()));
    let (parts, _) = ask(&app, "GET", "/", &[("accept", "text/html")]).await;
    assert_eq!(parts.status, 409);
    assert_eq!(field(&parts.headers, "content-type").as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(reports.take(), [409]);
}
