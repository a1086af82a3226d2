//! A `Status` that axum has made a response of: answered, masked, rewritten and reported as any other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::sync::{Arc, Mutex};

use axum::{
    Extension, Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use tower::{ServiceExt, util::MapResponseLayer};
use tower_http::compression::CompressionLayer;
use tower_status::{Format, Status, StatusMapLayer};

type Codes = Arc<Mutex<Vec<u16>>>;

fn told(layer: StatusMapLayer) -> (StatusMapLayer, Codes) {
    let codes = Codes::default();
    let written = Arc::clone(&codes);
    (layer.on_error(move |status, _| written.lock().unwrap().push(status.code().as_u16())), codes)
}

/// An application of which every answer is this one.
fn app(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Router {
    Router::new().route("/", get(async move || answer))
}

async fn send(app: Router, method: &str, fields: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let request =
        fields.iter().fold(Request::builder().method(method), |request, (name, value)| request.header(*name, *value));
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn it_is_answered_in_the_form_that_the_client_reads_and_reported_once() {
    let forms = [
        ("application/json", "application/problem+json"),
        ("text/html", "text/html; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
    ];
    let rows = [
        (Status::not_found().with_detail("the detail"), true),
        (Status::permission_denied().with_detail("the detail"), true),
        (Status::bad_gateway().with_detail("secret"), false),
        (Status::bad_gateway().with_detail("the detail").expose(), true),
        (Status::from_error("secret"), false),
        (Status::unauthorized("Basic").with_detail("the detail"), true),
    ];
    for (status, detailed) in rows {
        for (accept, of_type) in forms {
            for compressed in [false, true] {
                let (layer, codes) = told(StatusMapLayer::new());
                let mut app = app(status.clone());
                if compressed {
                    app = app.layer(CompressionLayer::new());
                }
                let fields = [("accept", accept), ("accept-encoding", "gzip")];
                let (code, headers, body) = send(app.layer(layer), "GET", &fields).await;
                assert_eq!((code, headers["content-type"].to_str().unwrap()), (status.code(), of_type));
                assert_eq!(headers.get_all("content-type").iter().count(), 1);
                assert!(!headers.contains_key("content-encoding"));
                assert_eq!((body.contains("the detail"), body.contains("secret")), (detailed, false), "{body}");
                assert!(headers.get_all("vary").iter().any(|value| value == "accept"));
                assert_eq!(headers.get_all("cache-control").iter().count(), 1);
                assert_eq!(*codes.lock().unwrap(), [status.code().as_u16()]);
            }
        }
    }
}

#[tokio::test]
async fn nested_layers_answer_it_once() {
    let (inner, inner_codes) = told(StatusMapLayer::new().formats(&[Format::Text]));
    let (outer, outer_codes) = told(StatusMapLayer::new().map_status(|_, _| Status::im_a_teapot()));
    let (code, headers, body) = send(app(Status::not_found()).layer(inner).layer(outer), "GET", &[]).await;
    assert_eq!((code.as_u16(), headers["content-type"].to_str().unwrap()), (404, "text/plain; charset=utf-8"));
    assert!(body.starts_with("404 Not Found\n"), "{body}");
    assert_eq!((&**inner_codes.lock().unwrap(), outer_codes.lock().unwrap().len()), (&[404][..], 0));
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    for status in [Status::not_found().with_detail("it"), Status::bad_gateway(), Status::found("/there")] {
        for accept in ["application/json", "text/html"] {
            let layered = || app(status.clone()).layer(StatusMapLayer::new());
            let (_, mut expected, body) = send(layered(), "GET", &[("accept", accept)]).await;
            let (_, head, none) = send(layered(), "HEAD", &[("accept", accept)]).await;
            expected.insert("content-length", body.len().into());
            for (name, value) in &head {
                assert_eq!(Some(value), expected.get(name), "{name}");
            }
            let missing = expected.keys().find(|name| **name != "content-length" && !head.contains_key(*name));
            assert_eq!(missing, None, "{head:?}");
            assert_eq!(none, "");
        }
    }
}

#[tokio::test]
async fn a_concealed_status_takes_all_its_fields_along() {
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
        // What others have said stays.
        let answer = ([("x-other", "1"), ("vary", "origin")], status.clone());
        let (code, headers, body) = send(app(answer).layer(conceal()), "GET", &[]).await;
        assert_eq!(code, 404);
        let mut names: Vec<_> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        let expected =
            ["cache-control", "content-language", "content-type", "vary", "x-content-type-options", "x-new", "x-other"];
        let server = ["content-length"];
        names.retain(|name| !server.contains(&&**name));
        assert_eq!(names, expected, "{status:?}");
        assert_eq!(headers["cache-control"], "no-store", "{status:?}");
        assert!(!format!("{headers:?}{body}").contains("secret"), "{status:?}: {headers:?} {body}");
    }
}

#[tokio::test]
async fn a_code_that_someone_outside_has_changed_does_not_unmask() {
    let hidden = || Status::internal_server_error().with_detail("secret").with_extension("secret", 1);
    let shown = || Status::not_found().with_detail("the detail");
    let rows = [
        (404, hidden(), "404", "secret"),
        (550, hidden(), "550", "secret"),
        (503, hidden(), "503", "secret"),
        (401, hidden(), "401", "secret"),
        (404, Status::from_error("secret"), "404", "secret"),
        (404, std::io::Error::other("secret").into(), "404", "secret"),
        (404, Status::from_error("secret").with_detail("secret"), "404", "secret"),
        (404, hidden().expose(), "secret", "never"),
        (409, shown(), "the detail", "never"),
        (500, shown(), "500", "the detail"),
    ];
    for (code, status, seen, unseen) in rows {
        let recoded = StatusCode::from_u16(code).unwrap();
        let recode = MapResponseLayer::new(move |mut response: Response| {
            *response.status_mut() = recoded;
            response
        });
        let apps = [("a tuple", app((recoded, status.clone()))), ("a layer", app(status.clone()).layer(recode))];
        for (how, app) in apps {
            for accept in ["application/json", "text/html", "text/plain"] {
                let (layer, codes) = told(StatusMapLayer::new());
                let (answered, headers, body) = send(app.clone().layer(layer), "GET", &[("accept", accept)]).await;
                assert_eq!(answered, recoded, "{how}: {status:?}");
                assert!(body.contains(seen) && !body.contains(unseen), "{how}: {status:?}: {body}");
                assert!(code != 401 || headers.contains_key("www-authenticate"), "{how}: {status:?}");
                assert_eq!(*codes.lock().unwrap(), [code], "{how}: {status:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_rewrite_to_a_redirect_is_not_reported() {
    let (layer, codes) = told(StatusMapLayer::new().map_status(|_, _| Status::see_other("/login")));
    let (code, headers, _) = send(app(Status::unauthorized("Basic")).layer(layer), "GET", &[]).await;
    assert_eq!((code.as_u16(), headers["location"].to_str().unwrap()), (303, "/login"));
    assert!(!headers.contains_key("www-authenticate") && !headers.contains_key("cache-control"), "{headers:?}");
    assert!(codes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn axums_own_answers() {
    #[derive(Clone)]
    struct SecretState;
    let router = || Router::new().route("/", get(async |_: Extension<SecretState>| "it"));
    for (method, path, expected) in [("GET", "/", 500), ("GET", "/none", 404), ("POST", "/", 405)] {
        for accept in ["application/json", "text/html", "text/plain"] {
            let (layer, codes) = told(StatusMapLayer::new());
            let request = Request::builder().method(method).uri(path).header("accept", accept);
            let app = router().layer(layer);
            let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(response.status(), expected);
            assert_eq!(response.headers().contains_key("allow"), expected == 405);
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with(&accept[..4]));
            let text = format!("{:?}", response.headers());
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let text = format!("{text}{}", String::from_utf8_lossy(&body));
            assert!(!text.contains("SecretState") && !text.contains("xtension of type"), "{text}");
            assert_eq!(*codes.lock().unwrap(), [expected], "{method} {path}");
        }
    }
}
