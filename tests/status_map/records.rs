//! What the layer recognizes as built by this crate, and what it does with a response that middleware has changed.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_status::{IntoStatus, KeepBody, Status, StatusMapLayer};

/// A layer that records the codes that it reports.
fn reporting() -> (StatusMapLayer, Arc<Mutex<Vec<u16>>>) {
    let codes = Arc::new(Mutex::new(Vec::new()));
    let reported = Arc::clone(&codes);
    let layer = StatusMapLayer::new().on_error(move |status, _| reported.lock().unwrap().push(status.code().as_u16()));
    (layer, codes)
}

fn app<F, R>(handler: F) -> Router
where
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: IntoResponse + 'static,
{
    Router::new().route(
        "/",
        get(move || {
            let response = handler().into_response();
            async move { response }
        }),
    )
}

async fn send(app: Router, method: &str, accept: &str) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::builder().method(method).uri("/").header("accept", accept).body(Body::empty()).unwrap();
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

fn detail(body: &[u8]) -> Value {
    serde_json::from_slice::<Value>(body).unwrap()["detail"].take()
}

#[tokio::test]
async fn member_that_middleware_adds_to_a_problem_document_is_kept() {
    let add_member = from_fn(async |request: Request, next: Next| {
        let (parts, body) = next.run(request).await.into_parts();
        let mut document: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
        document["region"] = json!("eu-1");
        Response::from_parts(parts, Body::from(document.to_string()))
    });
    let (layer, codes) = reporting();
    let app = app(|| Status::not_found().with_detail("no such order")).layer(add_member).layer(layer);
    let (code, headers, body) = send(app, "GET", "*/*").await;
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((code.as_u16(), &headers["content-type"]), (404, &HeaderValue::from_static("application/problem+json")));
    assert_eq!((&document["region"], &document["detail"]), (&json!("eu-1"), &json!("no such order")));
    assert_eq!(*codes.lock().unwrap(), [404]);
}

#[tokio::test]
async fn status_is_written_again_when_its_body_is_wrapped() {
    let wrap = MapResponseBodyLayer::new(|body: Body| Body::new(body.map_frame(|frame| frame)));
    let app = app(|| Status::not_found().with_detail("no such order")).layer(wrap).layer(StatusMapLayer::new());
    let (_, headers, body) = send(app, "GET", "text/plain").await;
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert!(body.starts_with(b"404 Not Found\n\nno such order\n"), "{body:?}");
}

#[tokio::test]
async fn text_that_middleware_writes_over_a_status_becomes_the_detail() {
    let translate = from_fn(async |request: Request, next: Next| {
        let (mut parts, _) = next.run(request).await.into_parts();
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        Response::from_parts(parts, Body::from("Bestellung 8 fehlt"))
    });
    let app = app(|| Status::not_found().with_detail("order 8 is missing").with_type("/missing"));
    let (_, _, body) = send(app.layer(translate).layer(StatusMapLayer::new()), "GET", "*/*").await;
    assert_eq!(detail(&body), "Bestellung 8 fehlt");
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["type"], "/missing");
}

struct CacheControlRow {
    cache_control: &'static str,
    expected: Option<&'static str>,
}

#[tokio::test]
async fn code_change_keeps_only_no_store_of_what_a_handler_has_set() {
    let found = || StatusMapLayer::new().map_status(|_, _| Status::found("/login"));
    for CacheControlRow { cache_control, expected } in [
        CacheControlRow { cache_control: "no-store", expected: Some("no-store") },
        CacheControlRow { cache_control: "private, no-store", expected: Some("no-store") },
        CacheControlRow { cache_control: "max-age=60", expected: None },
    ] {
        let handler = move || ([("cache-control", cache_control), ("x-owner", "7")], Status::not_found());
        let (code, headers, _) = send(app(handler).layer(found()), "GET", "*/*").await;
        let value = headers.get("cache-control").map(|value| value.to_str().unwrap());
        assert_eq!((code.as_u16(), value), (302, expected), "{cache_control}");
        assert_eq!((headers.get("x-owner"), &headers["location"]), (None, &HeaderValue::from_static("/login")));
    }
    // What this crate has filled in is not the handler's.
    let (_, headers, _) = send(app(Status::not_found).layer(found()), "GET", "*/*").await;
    assert_eq!(headers.get("cache-control"), None);
}

#[tokio::test]
async fn header_field_beside_a_status_is_kept() {
    type Fields = [(&'static str, &'static str); 1];
    let rows: [Fields; 7] = [
        [("content-language", "de")],
        [("etag", "\"v7\"")],
        [("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
        [("content-location", "/orders/8")],
        [("cache-control", "max-age=60")],
        [("www-authenticate", "Bearer realm=\"api\"")],
        [("x-owner", "7")],
    ];
    for field in rows {
        let [(name, value)] = field;
        for status in [Status::not_found().with_detail("d"), Status::new(StatusCode::UNAUTHORIZED), Status::gone()] {
            let handler = {
                let status = status.clone();
                move || (field, status.clone())
            };
            let layer = StatusMapLayer::new().default_challenge("Basic");
            for (place, app) in [("without", app(handler.clone())), ("with", app(handler).layer(layer))] {
                for accept in ["*/*", "text/html"] {
                    let (_, headers, _) = send(app.clone(), "GET", accept).await;
                    assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), [value], "{place} {name} {status}");
                }
            }
        }
    }
}

#[tokio::test]
async fn default_challenge_of_the_layer_replaces_the_one_that_was_filled_in() {
    let layer = StatusMapLayer::new().default_challenge("Basic");
    let (_, headers, _) = send(app(|| Status::new(StatusCode::UNAUTHORIZED)).layer(layer), "GET", "*/*").await;
    assert_eq!(headers["www-authenticate"], "Basic");
}

#[tokio::test]
async fn edited_extension_has_no_effect() {
    let edit = from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        let status = response.extensions_mut().get_mut::<Status>().unwrap();
        *status = Status::gone()
            .with_detail("edited")
            .with_header("x-edited", "1")
            .with_retry_after(std::time::Duration::MAX);
        response
    });
    let status = || Status::not_found().with_detail("no such order").with_header("x-own", "1");
    let (code, headers, body) = send(app(status).layer(edit).layer(StatusMapLayer::new()), "GET", "*/*").await;
    assert_eq!((code.as_u16(), detail(&body)), (404, json!("no such order")));
    let names = ["x-own", "x-edited", "retry-after"].map(|name| headers.contains_key(name));
    assert_eq!(names, [true, false, false]);
}

#[tokio::test]
async fn final_status_is_readable_outside() {
    let outer = from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        let title = response.extensions().get::<Status>().unwrap().title().unwrap().to_owned();
        response.headers_mut().insert("x-title", HeaderValue::try_from(title).unwrap());
        response
    });
    let layer = StatusMapLayer::new().map_status(|status, _| status.with_title("Mapped").with_type("/mapped"));
    let (_, headers, _) = send(app(Status::not_found).layer(layer).layer(outer), "GET", "*/*").await;
    assert_eq!(headers["x-title"], "Mapped");
}

/// Between two layers, middleware swaps the body of a finished 5xx.
#[tokio::test]
async fn swapped_body_of_a_finished_5xx_is_hidden() {
    let swap = from_fn(async |request: Request, next: Next| {
        let (mut parts, _) = next.run(request).await.into_parts();
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::from("the password is SECRET"))
    });
    let app = app(|| Status::internal_server_error().with_detail("SECRET"));
    let app = app.layer(StatusMapLayer::new()).layer(swap).layer(StatusMapLayer::new());
    let (code, headers, body) = send(app, "GET", "*/*").await;
    assert_eq!((code.as_u16(), &headers["content-type"]), (500, &HeaderValue::from_static("application/problem+json")));
    assert!(!String::from_utf8_lossy(&body).contains("SECRET"));
}

#[tokio::test]
async fn copied_extensions_do_not_make_another_body_finished() {
    let copy = from_fn(async |request: Request, next: Next| {
        let finished = next.run(request).await;
        let mut response = Response::new(Body::from("the password is SECRET"));
        *response.status_mut() = finished.status();
        *response.extensions_mut() = finished.extensions().clone();
        response
    });
    for inner in [true, false] {
        let app = app(|| Status::internal_server_error().with_detail("SECRET"));
        let app = if inner { app.layer(StatusMapLayer::new()) } else { app };
        let (layer, codes) = reporting();
        let (_, headers, body) = send(app.layer(copy.clone()).layer(layer), "GET", "*/*").await;
        assert_eq!(headers["content-type"], "application/problem+json");
        assert!(!String::from_utf8_lossy(&body).contains("SECRET"));
        assert_eq!(*codes.lock().unwrap(), [500]);
    }
}

#[tokio::test]
async fn keep_body_exempts_a_body_that_middleware_transforms_in_place() {
    let upper = from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        response.extensions_mut().insert(KeepBody);
        response.map(|body| {
            Body::new(body.map_frame(|frame| frame.map_data(|data| Bytes::from(data.to_ascii_uppercase()))))
        })
    });
    let app = app(|| Status::not_found().with_detail("no such order")).layer(upper).layer(StatusMapLayer::new());
    let (_, _, body) = send(app, "GET", "text/html").await;
    assert!(body.starts_with(b"{\"TYPE\""), "{}", String::from_utf8_lossy(&body));
}

/// The router removes the body of a response to HEAD: that is no replaced body.
#[tokio::test]
async fn head_through_a_router_is_written_and_reported_once() {
    for layers in [1, 2] {
        for status in [Status::not_found().with_detail("no such order"), Status::bad_gateway(), Status::found("/a")] {
            let expected: Vec<_> = Some(status.code().as_u16()).filter(|code| *code >= 400).into_iter().collect();
            let (layer, codes) = reporting();
            let handler = {
                let status = status.clone();
                move || status.clone()
            };
            let mut app = app(handler).layer(layer.clone());
            if layers == 2 {
                app = Router::new().fallback_service(app).layer(layer);
            }
            let (_, get, body) = send(app.clone(), "GET", "text/html").await;
            let (code, mut head, nothing) = send(app, "HEAD", "text/html").await;
            assert_eq!((code, nothing.len()), (status.code(), 0));
            assert_eq!(head["content-length"], body.len().to_string());
            head.remove("content-length");
            let mut get = get;
            get.remove("content-length");
            assert_eq!(head, get);
            assert_eq!(*codes.lock().unwrap(), [&expected[..], &expected[..]].concat());
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull;

impl IntoStatus for DiskFull {
    fn status(&self) -> Status {
        Status::insufficient_storage()
    }
}

#[tokio::test]
async fn http_response_of_a_status_equals_axums() {
    for status in [
        Status::from(DiskFull),
        Status::unauthorized("Basic"),
        Status::new(StatusCode::UNAUTHORIZED),
        Status::see_other("/login"),
        Status::not_modified().with_header("etag", "\"v7\""),
        Status::upgrade_required("websocket"),
        Status::gone().with_detail("order 8 was deleted").with_extension("order", 8),
    ] {
        let (plain, axum) = (status.clone().into_http_response(), status.clone().into_response());
        assert_eq!((plain.status(), plain.headers()), (axum.status(), axum.headers()), "{status:?}");
        let bodies = (plain.into_body().collect().await.unwrap(), axum.into_body().collect().await.unwrap());
        assert_eq!(bodies.0.to_bytes(), bodies.1.to_bytes(), "{status:?}");
    }
}

#[tokio::test]
async fn http_response_of_a_status_is_written_by_a_layer_outside() {
    let service =
        ServiceBuilder::new().layer(StatusMapLayer::new()).service(service_fn(async |_: http::Request<()>| {
            Ok::<_, Status>(Status::not_found().with_detail("no such order").into_http_response())
        }));
    let request = http::Request::builder().header("accept", "text/html").body(()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn code_that_middleware_sets_on_a_finished_response_is_explained() {
    let inner = app(|| Status::not_found().with_detail("no such order")).layer(StatusMapLayer::new());
    let recode = from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        *response.status_mut() = StatusCode::GONE;
        response
    });
    let (code, _, body) = send(inner.layer(recode).layer(StatusMapLayer::new()), "GET", "*/*").await;
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((code.as_u16(), &document["status"], &document["title"]), (410, &json!(410), &json!("Gone")));
}

/// Each body that is built has an exact size, also the empty one of a response to HEAD.
#[tokio::test]
async fn body_that_is_built_has_an_exact_size() {
    use http_body::Body as _;

    for method in ["GET", "HEAD"] {
        for accept in ["*/*", "text/html", "text/plain"] {
            for code in (200..=599).filter_map(|code| StatusCode::from_u16(code).ok()) {
                let service = StatusMapLayer::new().layer(service_fn(move |_: http::Request<()>| async move {
                    Err::<http::Response<Full<Bytes>>, _>(Status::new(code))
                }));
                let request = http::Request::builder().method(method).header("accept", accept).body(()).unwrap();
                let response = service.oneshot(request).await.unwrap();
                let size = response.body().size_hint().exact();
                let body = response.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(size, Some(body.len() as u64), "{method} {accept} {code}");
            }
        }
    }
}
