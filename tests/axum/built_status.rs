//! A `Status` that axum has turned into a response: the layer writes, hides, maps and reports it like an error.

use axum::{
    Extension, Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use tower::util::MapResponseLayer;
use tower_http::compression::CompressionLayer;
use tower_status::{Format, Status, StatusMapLayer};

use crate::common::{FORMATS, Reports, all_text, code, field, lines, router::ask, text};

/// Returns an application whose only route returns `response`.
fn app(response: impl IntoResponse + Clone + Send + Sync + 'static) -> Router {
    Router::new().route("/", get(async move || response))
}

#[tokio::test]
async fn built_status_is_written_in_the_format_of_the_client_and_reported_once() {
    const DETAIL: &str = "The detail";
    let shown = [
        Status::not_found().with_detail(DETAIL),
        Status::permission_denied().with_detail(DETAIL),
        Status::bad_gateway().with_detail(DETAIL).expose(),
        Status::unauthorized("Basic").with_detail(DETAIL),
    ];
    let hidden = [Status::bad_gateway().with_detail("secret"), Status::from_error("secret")];
    for status in shown.into_iter().chain(hidden) {
        for (accept, content_type) in FORMATS {
            for compressed in [false, true] {
                let reports = Reports::default();
                let mut app = app(status.clone());
                if compressed {
                    app = app.layer(CompressionLayer::new());
                }
                let app = app.layer(reports.record(StatusMapLayer::new()));
                let (parts, body) = ask(&app, "GET", "/", &[("accept", accept), ("accept-encoding", "gzip")]).await;
                let body = text(&body);
                assert_eq!(parts.status, status.code());
                assert_eq!(lines(&parts.headers, "content-type"), [content_type]);
                assert!(!parts.headers.contains_key("content-encoding"));
                assert_eq!(body.contains(DETAIL), status.detail() == Some(DETAIL), "{body}");
                assert!(!body.contains("secret"), "{body}");
                assert!(lines(&parts.headers, "vary").contains(&"accept"));
                assert_eq!(lines(&parts.headers, "cache-control").len(), 1);
                assert_eq!(reports.take(), [status.code().as_u16()]);
            }
        }
    }
}

#[tokio::test]
async fn of_two_layers_the_inner_one_writes_and_reports_it() {
    let (inner_reports, outer_reports) = (Reports::default(), Reports::default());
    let inner = inner_reports.record(StatusMapLayer::new().formats(&[Format::Text]));
    let outer = outer_reports.record(StatusMapLayer::new().map_status(|_, _| Status::im_a_teapot()));
    let (parts, body) = ask(&app(Status::not_found()).layer(inner).layer(outer), "GET", "/", &[]).await;
    assert_eq!(parts.status, 404);
    assert_eq!(parts.headers["content-type"], "text/plain; charset=utf-8");
    assert!(text(&body).starts_with("404 Not Found\n"), "{body:?}");
    assert_eq!((inner_reports.take(), outer_reports.take()), (vec![404], vec![]));
}

#[tokio::test]
async fn a_response_to_head_has_the_fields_of_get_and_no_body() {
    for status in [Status::not_found().with_detail("it"), Status::bad_gateway(), Status::found("/there")] {
        for accept in ["application/json", "text/html"] {
            let app = app(status.clone()).layer(StatusMapLayer::new());
            let (got, body) = ask(&app, "GET", "/", &[("accept", accept)]).await;
            let (head, no_body) = ask(&app, "HEAD", "/", &[("accept", accept)]).await;
            let mut expected = got.headers;
            expected.insert("content-length", body.len().into());
            for (name, value) in &head.headers {
                assert_eq!(Some(value), expected.get(name), "{name}");
            }
            let missing = expected.keys().find(|name| **name != "content-length" && !head.headers.contains_key(*name));
            assert_eq!(missing, None, "{head:?}");
            assert!(no_body.is_empty());
        }
    }
}

#[tokio::test]
async fn map_status_removes_the_fields_of_the_concealed_status() {
    let conceal = || StatusMapLayer::new().map_status(|_, _| Status::not_found().with_header("x-new", "1"));
    let secret = |status: Status| status.with_detail("secret").with_extension("secret", 1);
    let rows = [
        secret(Status::forbidden()).with_header("x-old", "1").with_header("link", "</secret>").with_type("/secret"),
        secret(Status::unauthorized("Basic realm=\"secret\"")),
        secret(StatusCode::UNAUTHORIZED.into()),
        secret(Status::method_not_allowed("GET")),
        secret(Status::service_unavailable()).with_retry_after(std::time::Duration::from_secs(3)),
        secret(Status::range_not_satisfiable(47)),
        secret(Status::upgrade_required("secret")),
        secret(Status::conflict()).with_header("cache-control", "max-age=60").with_instance("/secret"),
        Status::from_error("secret"),
    ];
    for status in rows {
        // Only fields that do not depend on the code stay.
        let response = ([("x-other", "1"), ("vary", "origin")], status.clone());
        let (parts, body) = ask(&app(response).layer(conceal()), "GET", "/", &[]).await;
        assert_eq!(parts.status, 404);
        let mut names: Vec<_> = parts.headers.keys().map(ToString::to_string).collect();
        names.retain(|name| name != "content-length"); // axum's
        names.sort();
        let expected = ["cache-control", "content-language", "content-type", "vary", "x-content-type-options", "x-new"];
        assert_eq!(names, expected, "{status:?}");
        assert_eq!(parts.headers["cache-control"], "no-store", "{status:?}");
        assert!(!all_text(&parts, &body).contains("secret"), "{status:?}: {parts:?} {body:?}");
    }
}

#[tokio::test]
async fn changing_the_code_outside_of_the_layer_shows_nothing_hidden() {
    struct Row {
        code: u16,
        status: Status,
        shown: &'static str,
        hidden: &'static str,
    }
    let secret = || Status::internal_server_error().with_detail("secret").with_extension("secret", 1);
    let public = || Status::not_found().with_detail("The detail");
    let io: Status = std::io::Error::other("secret").into();
    let rows = [
        Row { code: 404, status: secret(), shown: "404", hidden: "secret" },
        Row { code: 550, status: secret(), shown: "550", hidden: "secret" },
        Row { code: 503, status: secret(), shown: "503", hidden: "secret" },
        Row { code: 401, status: secret(), shown: "401", hidden: "secret" },
        Row { code: 404, status: Status::from_error("secret"), shown: "404", hidden: "secret" },
        Row { code: 404, status: io, shown: "404", hidden: "secret" },
        Row { code: 404, status: Status::from_error("secret").with_detail("secret"), shown: "404", hidden: "secret" },
        Row { code: 404, status: secret().expose(), shown: "secret", hidden: "never" },
        Row { code: 409, status: public(), shown: "The detail", hidden: "never" },
        Row { code: 500, status: public(), shown: "500", hidden: "The detail" },
    ];
    for Row { code: new_code, status, shown, hidden } in rows {
        let change = MapResponseLayer::new(move |mut response: Response| {
            *response.status_mut() = code(new_code);
            response
        });
        let apps = [("a tuple", app((code(new_code), status.clone()))), ("a layer", app(status.clone()).layer(change))];
        for (name, app) in apps {
            for (accept, _) in FORMATS {
                let reports = Reports::default();
                let app = app.clone().layer(reports.record(StatusMapLayer::new()));
                let (parts, body) = ask(&app, "GET", "/", &[("accept", accept)]).await;
                let body = text(&body);
                assert_eq!(parts.status, new_code, "{name}: {status:?}");
                assert!(body.contains(shown) && !body.contains(hidden), "{name}: {status:?}: {body}");
                let challenge = parts.headers.contains_key("www-authenticate");
                assert_eq!(challenge, new_code == 401, "{name}: {status:?}");
                assert_eq!(reports.take(), [new_code], "{name}: {status:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_status_mapped_to_a_redirect_is_not_reported() {
    let reports = Reports::default();
    let layer = reports.record(StatusMapLayer::new().map_status(|_, _| Status::see_other("/login")));
    let (parts, _) = ask(&app(Status::unauthorized("Basic")).layer(layer), "GET", "/", &[]).await;
    assert_eq!(parts.status, 303);
    assert_eq!(field(&parts.headers, "location").as_deref(), Some("/login"));
    assert_eq!(field(&parts.headers, "www-authenticate"), None);
    assert_eq!(field(&parts.headers, "cache-control"), None);
    assert!(reports.take().is_empty());
}

#[tokio::test]
async fn the_responses_of_axum_itself_are_written_and_reported() {
    #[derive(Clone)]
    struct SecretState;
    let router = Router::new().route("/", get(async |_: Extension<SecretState>| "it"));
    for (method, target, code) in [("GET", "/", 500), ("GET", "/none", 404), ("POST", "/", 405)] {
        for (accept, content_type) in FORMATS {
            let reports = Reports::default();
            let app = router.clone().layer(reports.record(StatusMapLayer::new()));
            let (parts, body) = ask(&app, method, target, &[("accept", accept)]).await;
            assert_eq!(parts.status, code);
            assert_eq!(parts.headers.contains_key("allow"), code == 405);
            assert_eq!(field(&parts.headers, "content-type").as_deref(), Some(content_type));
            let seen = all_text(&parts, &body);
            assert!(!seen.contains("SecretState") && !seen.contains("xtension of type"), "{seen}");
            assert_eq!(reports.take(), [code], "{method} {target}");
        }
    }
}
