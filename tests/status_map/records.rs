//! The responses that the layer recognizes as built by this crate, also after middleware has changed them.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tower::{Layer, ServiceExt};
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_status::{Context, KeepBody, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{
    PROBLEM_JSON, Reports, code, error::SoldOut, field, get as get_request, json as parsed, read, request,
    returns_once, router::ask, text,
};

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

/// Changes the code of a response, and keeps its body.
fn with_code(mut response: Response, code: StatusCode) -> Response {
    *response.status_mut() = code;
    response
}

/// Replaces the body of a response by a text.
fn with_text<B>(response: http::Response<B>, text: &'static str) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Response::from_parts(parts, Body::from(text))
}

#[tokio::test]
async fn member_that_middleware_adds_to_a_problem_document_is_kept() {
    let add_member = from_fn(async |request: Request, next: Next| {
        let (parts, body) = next.run(request).await.into_parts();
        let mut document = parsed(&body.collect().await.unwrap().to_bytes());
        document["region"] = json!("eu-1");
        Response::from_parts(parts, Body::from(document.to_string()))
    });
    let reports = Reports::default();
    let layer = reports.record(StatusMapLayer::new());
    let app = app(|| Status::not_found().with_detail("no such order")).layer(add_member).layer(layer);
    let (parts, body) = ask(&app, "GET", "/", &[]).await;
    let document = parsed(&body);
    assert_eq!(parts.status, 404);
    assert_eq!(parts.headers["content-type"], PROBLEM_JSON);
    assert_eq!((&document["region"], &document["detail"]), (&json!("eu-1"), &json!("no such order")));
    assert_eq!(reports.take(), [404]);
}

#[tokio::test]
async fn status_is_written_again_when_its_body_is_wrapped() {
    // The frames of the first keep the state of the body, a stream hides it.
    let wraps: [fn(Body) -> Body; 2] =
        [|body| Body::new(body.map_frame(|frame| frame)), |body| Body::from_stream(body.into_data_stream())];
    for wrap in wraps {
        let app = app(|| Status::not_found().with_detail("no such order"));
        let app = app.layer(MapResponseBodyLayer::new(wrap)).layer(StatusMapLayer::new());
        let (parts, body) = ask(&app, "GET", "/", &[("accept", "text/plain")]).await;
        assert_eq!(parts.headers["content-type"], "text/plain; charset=utf-8");
        assert!(body.starts_with(b"404 Not Found\n\nno such order\n"), "{body:?}");
    }
}

#[tokio::test]
async fn text_that_middleware_writes_over_a_status_becomes_the_detail() {
    let translate =
        from_fn(async |request: Request, next: Next| with_text(next.run(request).await, "Bestellung 8 fehlt"));
    let app = app(|| Status::not_found().with_detail("order 8 is missing").with_type("/missing"));
    let (_, body) = ask(&app.layer(translate).layer(StatusMapLayer::new()), "GET", "/", &[]).await;
    assert_eq!(parsed(&body)["detail"], "Bestellung 8 fehlt");
    assert_eq!(parsed(&body)["type"], "/missing");
}

/// RFC 9110 §8.6: a Content-Length to HEAD is that of the response to GET.
#[tokio::test]
async fn text_that_middleware_writes_over_a_status_has_no_other_length_to_head() {
    let send = async |method: &str| {
        let missing = Status::not_found().with_detail("order 8 is missing").into_http_response();
        let replaced = with_text(missing, "Bestellung 8 fehlt schon lange");
        let service = StatusMapLayer::new().layer(returns_once(Ok::<_, Status>(replaced)));
        read(service.oneshot(request(method, "/", &[])).await.unwrap()).await
    };
    let (got, body) = send("GET").await;
    assert_eq!(parsed(&body)["detail"], "Bestellung 8 fehlt schon lange");
    let (head, _) = send("HEAD").await;
    assert_eq!(got.status, head.status);
    let length = field(&head.headers, "content-length");
    assert!(length.as_ref().is_none_or(|length| *length == body.len().to_string()), "{length:?}");
}

#[tokio::test]
async fn code_and_text_that_middleware_writes_over_a_status_are_sent() {
    let recode = from_fn(async |request: Request, next: Next| {
        with_code(with_text(next.run(request).await, "order 8 was deleted"), StatusCode::GONE)
    });
    let app = app(|| Status::not_found().with_detail("order 8 is missing"));
    let (parts, body) = ask(&app.layer(recode).layer(StatusMapLayer::new()), "GET", "/", &[]).await;
    let problem = parsed(&body);
    assert_eq!((parts.status.as_u16(), &problem["status"], &problem["title"]), (410, &json!(410), &json!("Gone")));
    assert_eq!(problem["detail"], "order 8 was deleted");
}

/// The gRPC code is part of a status whose text alone was changed.
#[tokio::test]
async fn text_that_middleware_writes_over_a_status_keeps_its_grpc_code() {
    let translate =
        from_fn(async |request: Request, next: Next| with_text(next.run(request).await, "Bestellung 8 existiert"));
    let codes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&codes);
    let layer = StatusMapLayer::new().on_error(move |status, _| seen.lock().unwrap().push(status.grpc_code()));
    let app = app(|| Status::conflict().with_grpc_code(GrpcCode::AlreadyExists));
    ask(&app.layer(translate).layer(layer), "GET", "/", &[]).await;
    assert_eq!(*codes.lock().unwrap(), [Some(GrpcCode::AlreadyExists)]);
}

#[tokio::test]
async fn status_that_middleware_turned_into_a_success_passes_and_is_not_reported() {
    let reports = Reports::default();
    let layer = reports.record(StatusMapLayer::new());
    let built = |code: u16| {
        let mut response = Status::not_found().with_detail("no such order").into_http_response();
        *response.status_mut() = StatusCode::from_u16(code).unwrap();
        response
    };
    for accept in ["application/json", "text/plain", "text/html"] {
        for code in [200, 301] {
            let (expected, document) = read(built(code)).await;
            let service = layer.layer(returns_once(Ok::<_, Status>(built(code))));
            let (parts, body) = read(service.oneshot(get_request("/", &[("accept", accept)])).await.unwrap()).await;
            assert_eq!((parts.status, parts.headers), (expected.status, expected.headers), "{accept}");
            assert_eq!(body, document, "{accept}");
        }
        let service = layer.layer(returns_once(Ok::<_, Status>(built(204))));
        let (parts, body) = read(service.oneshot(get_request("/", &[("accept", accept)])).await.unwrap()).await;
        assert_eq!((parts.status.as_u16(), &*body, field(&parts.headers, "content-length")), (204, &b""[..], None));
    }
    assert!(reports.take().is_empty());
}

#[tokio::test]
async fn text_that_middleware_writes_over_a_written_response_keeps_nothing_of_its_status() {
    let missing = Status::not_found().with_detail("order 8 is missing").with_type("/missing");
    let inner = StatusMapLayer::new().layer(returns_once(Err::<http::Response<String>, _>(missing)));
    let (mut parts, _) = read(inner.oneshot(get_request("/", &[])).await.unwrap()).await;
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    parts.headers.remove(header::CONTENT_LENGTH);
    let replaced = http::Response::from_parts(parts, Full::<Bytes>::from("other words"));
    let outer = StatusMapLayer::new().layer(returns_once(Ok::<_, Status>(replaced)));
    let (parts, body) = read(outer.oneshot(get_request("/", &[])).await.unwrap()).await;
    assert_eq!(parts.status, 404);
    assert_eq!(
        parsed(&body),
        json!({ "type": "about:blank", "status": 404, "title": "Not Found", "detail": "other words" })
    );
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
        let (parts, _) = ask(&app(handler).layer(found()), "GET", "/", &[]).await;
        assert_eq!(parts.status, 302, "{cache_control}");
        assert_eq!(field(&parts.headers, "cache-control").as_deref(), expected, "{cache_control}");
        assert_eq!(field(&parts.headers, "x-owner"), None, "{cache_control}");
        assert_eq!(field(&parts.headers, "location").as_deref(), Some("/login"), "{cache_control}");
    }
    // A default of this crate is replaced.
    let (parts, _) = ask(&app(Status::not_found).layer(found()), "GET", "/", &[]).await;
    assert_eq!(field(&parts.headers, "cache-control"), None);
}

#[tokio::test]
async fn header_field_beside_a_status_is_kept() {
    let rows = [
        ("content-language", "de"),
        ("etag", "\"v7\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("content-location", "/orders/8"),
        ("cache-control", "max-age=60"),
        ("www-authenticate", "Bearer realm=\"api\""),
        ("x-owner", "7"),
    ];
    for (name, value) in rows {
        for status in [Status::not_found().with_detail("d"), Status::new(StatusCode::UNAUTHORIZED), Status::gone()] {
            let handler = {
                let status = status.clone();
                move || ([(name, value)], status.clone())
            };
            let layer = StatusMapLayer::new().default_challenge("Basic");
            for (layers, app) in [("no layer", app(handler.clone())), ("a layer", app(handler).layer(layer))] {
                for accept in ["*/*", "text/html"] {
                    let (parts, _) = ask(&app, "GET", "/", &[("accept", accept)]).await;
                    assert_eq!(field(&parts.headers, name).as_deref(), Some(value), "{layers}, {status}");
                }
            }
        }
    }
}

#[tokio::test]
async fn default_challenge_of_the_layer_replaces_the_one_that_was_filled_in() {
    let layer = StatusMapLayer::new().default_challenge("Basic");
    let (parts, _) = ask(&app(|| Status::new(StatusCode::UNAUTHORIZED)).layer(layer), "GET", "/", &[]).await;
    assert_eq!(parts.headers["www-authenticate"], "Basic");
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
    let remove = from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        drop(response.extensions_mut().remove::<Status>().unwrap());
        response
    });
    let status = || Status::not_found().with_detail("no such order").with_header("x-own", "1");
    let layer = StatusMapLayer::new;
    let rows = [
        ("edited inside of the layer", app(status).layer(edit.clone()).layer(layer())),
        ("edited between two layers", app(status).layer(layer()).layer(edit).layer(layer())),
        ("removed inside of the layer", app(status).layer(remove.clone()).layer(layer())),
        ("removed between two layers", app(status).layer(layer()).layer(remove).layer(layer())),
    ];
    for (row, app) in rows {
        let (parts, body) = ask(&app, "GET", "/", &[]).await;
        assert_eq!(parts.status, 404, "{row}");
        assert_eq!(parsed(&body)["detail"], "no such order", "{row}");
        let names = ["x-own", "x-edited", "retry-after"].map(|name| parts.headers.contains_key(name));
        assert_eq!(names, [true, false, false], "{row}");
    }
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
    let (parts, _) = ask(&app(Status::not_found).layer(layer).layer(outer), "GET", "/", &[]).await;
    assert_eq!(parts.headers["x-title"], "Mapped");
}

/// Between two layers, middleware swaps the body of a finished 5xx. It may keep the old body, for a log or a cache.
#[tokio::test]
async fn swapped_body_of_a_finished_5xx_is_hidden() {
    static OLD: Mutex<Vec<Body>> = Mutex::new(Vec::new());
    for keeps in [false, true] {
        let swap = from_fn(move |request: Request, next: Next| async move {
            let (mut parts, old) = next.run(request).await.into_parts();
            if keeps {
                OLD.lock().unwrap().push(old);
            }
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from("the password is SECRET"))
        });
        let app = app(|| Status::internal_server_error().with_detail("SECRET"));
        let app = app.layer(StatusMapLayer::new()).layer(swap).layer(StatusMapLayer::new());
        let (parts, body) = ask(&app, "GET", "/", &[]).await;
        assert_eq!(parts.status, 500);
        assert_eq!(parts.headers["content-type"], PROBLEM_JSON, "keeps: {keeps}");
        assert!(!text(&body).contains("SECRET"), "keeps: {keeps}");
    }
}

#[tokio::test]
async fn filled_in_challenge_goes_when_middleware_changes_the_code_of_a_finished_response() {
    let conceal =
        from_fn(async |request: Request, next: Next| with_code(next.run(request).await, StatusCode::NOT_FOUND));
    for layer in [StatusMapLayer::new(), StatusMapLayer::new().default_challenge("Basic realm=\"shop\"")] {
        let app = app(|| Status::new(StatusCode::UNAUTHORIZED)).layer(layer);
        let (parts, _) = ask(&app.layer(conceal.clone()).layer(StatusMapLayer::new()), "GET", "/", &[]).await;
        assert_eq!((parts.status.as_u16(), parts.headers.get("www-authenticate")), (404, None));
    }
}

#[tokio::test]
async fn filled_in_no_store_goes_when_the_code_of_a_finished_response_changes() {
    let conceal =
        from_fn(async |request: Request, next: Next| with_code(next.run(request).await, StatusCode::NOT_FOUND));
    let gone = |_, _: &Context<'_>| Status::gone().with_header("cache-control", "max-age=60");
    let handlers: [fn() -> Response; 2] = [
        || Status::forbidden().into_response(),
        // It gets its `no-store` although the body is kept.
        || (StatusCode::TOO_MANY_REQUESTS, axum::Json(json!({ "code": 7 }))).into_response(),
    ];
    for inner in [false, true] {
        for handler in handlers {
            let row = format!("inner: {inner}, {}", handler().status());
            let app = app(handler);
            let app = if inner { app.layer(StatusMapLayer::new()) } else { app };
            let app = app.layer(conceal.clone()).layer(StatusMapLayer::new().map_status(gone));
            let (parts, _) = ask(&app, "GET", "/", &[]).await;
            assert_eq!(parts.status, 410, "{row}");
            assert_eq!(field(&parts.headers, "cache-control"), Some("max-age=60".to_owned()), "{row}");
        }
    }
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
        let reports = Reports::default();
        let layer = reports.record(StatusMapLayer::new());
        let (parts, body) = ask(&app.layer(copy.clone()).layer(layer), "GET", "/", &[]).await;
        assert_eq!(parts.headers["content-type"], PROBLEM_JSON);
        assert!(!text(&body).contains("SECRET"));
        assert_eq!(reports.take(), [500]);
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
    let (_, body) = ask(&app, "GET", "/", &[("accept", "text/html")]).await;
    assert!(body.starts_with(b"{\"TYPE\""), "{body:?}");
}

/// The router removes the body of a response to HEAD, which does not count as replacing it.
#[tokio::test]
async fn head_through_a_router_is_written_and_reported_once() {
    for layers in [1, 2] {
        for status in [Status::not_found().with_detail("no such order"), Status::bad_gateway(), Status::found("/a")] {
            let expected: Vec<_> = Some(status.code().as_u16()).filter(|code| *code >= 400).into_iter().collect();
            let reports = Reports::default();
            let layer = reports.record(StatusMapLayer::new());
            let handler = {
                let status = status.clone();
                move || status.clone()
            };
            let mut app = app(handler).layer(layer.clone());
            if layers == 2 {
                app = Router::new().fallback_service(app).layer(layer);
            }
            let (mut got, body) = ask(&app, "GET", "/", &[("accept", "text/html")]).await;
            let (mut head, no_body) = ask(&app, "HEAD", "/", &[("accept", "text/html")]).await;
            assert_eq!((head.status, no_body.len()), (status.code(), 0));
            assert_eq!(head.headers.remove("content-length").unwrap(), body.len().to_string());
            got.headers.remove("content-length");
            assert_eq!(head.headers, got.headers);
            assert_eq!(reports.take(), [&expected[..], &expected[..]].concat());
        }
    }
}

#[tokio::test]
async fn field_that_map_status_adds_to_a_built_status_is_sent() {
    let app = app(|| Status::not_found().with_header("x-shard", "7"));
    let layer = StatusMapLayer::new().map_status(|status, _| status.with_header("x-region", "eu"));
    let (parts, _) = ask(&app.layer(layer), "GET", "/", &[]).await;
    let fields = ["x-shard", "x-region"].map(|name| field(&parts.headers, name));
    assert_eq!(fields, [Some("7".to_owned()), Some("eu".to_owned())]);
}

#[tokio::test]
async fn http_response_of_a_status_equals_axums() {
    for status in [
        Status::from(SoldOut),
        Status::unauthorized("Basic"),
        Status::new(StatusCode::UNAUTHORIZED),
        Status::see_other("/login"),
        Status::not_modified().with_header("etag", "\"v7\""),
        Status::upgrade_required("websocket"),
        Status::gone().with_detail("order 8 was deleted").with_extension("order", 8),
    ] {
        let (plain, plain_body) = read(status.clone().into_http_response()).await;
        let (axum, axum_body) = read(status.clone().into_response()).await;
        assert_eq!((plain.status, plain.headers, plain_body), (axum.status, axum.headers, axum_body), "{status:?}");
    }
}

#[tokio::test]
async fn body_of_an_http_response_has_no_size_after_its_frame() {
    let mut body = Box::pin(Status::not_found().into_http_response().into_body());
    let size = body.size_hint().exact().unwrap();
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap().len() as u64, size);
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
}

#[tokio::test]
async fn http_response_of_a_status_is_written_by_a_layer_outside() {
    let inner = Status::not_found().with_detail("no such order").into_http_response();
    let service = StatusMapLayer::new().layer(returns_once(Ok::<_, Status>(inner)));
    let response = service.oneshot(get_request("/", &[("accept", "text/html")])).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn code_that_middleware_sets_on_a_finished_response_is_explained() {
    let inner = app(|| Status::not_found().with_detail("no such order")).layer(StatusMapLayer::new());
    let recode = from_fn(async |request: Request, next: Next| with_code(next.run(request).await, StatusCode::GONE));
    let (parts, body) = ask(&inner.layer(recode).layer(StatusMapLayer::new()), "GET", "/", &[]).await;
    let problem = parsed(&body);
    assert_eq!((parts.status.as_u16(), &problem["status"], &problem["title"]), (410, &json!(410), &json!("Gone")));
}

/// This applies to the empty body of a response to HEAD as well.
#[tokio::test]
async fn body_that_is_built_has_an_exact_size() {
    for method in ["GET", "HEAD"] {
        for accept in ["*/*", "text/html", "text/plain"] {
            for status in 200..=599 {
                let inner = returns_once(Err::<http::Response<Full<Bytes>>, _>(Status::new(code(status))));
                let request = request(method, "/", &[("accept", accept)]);
                let response = StatusMapLayer::new().layer(inner).oneshot(request).await.unwrap();
                let size = response.body().size_hint().exact();
                let (_, body) = read(response).await;
                assert_eq!(size, Some(body.len() as u64), "{method} {accept} {status}");
            }
        }
    }
}
