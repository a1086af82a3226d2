//! The layer inside a nested `Router`, and the fields that axum adds outside of the layers of a `Router`.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use tower::{Layer, ServiceExt};
use tower_status::{Status, StatusMapLayer};

use crate::common::{
    connection::{Client, http1, http2},
    field, json, read, request,
    router::ask,
    text,
};

type Seen = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// Conceals what is under `/private`, and keeps what the hooks see of the request.
fn concealing(seen: &Seen) -> StatusMapLayer {
    let seen = Arc::clone(seen);
    let layer = StatusMapLayer::new().map_status(|status, context| {
        let is_private = context.path.starts_with("/private/") && status.code() == StatusCode::FORBIDDEN;
        if is_private { Status::not_found() } else { status }
    });
    layer.on_error(move |_, context| {
        seen.lock().unwrap().push((context.path.to_owned(), context.route.map(str::to_owned)));
    })
}

#[tokio::test]
async fn a_nested_layer_sees_the_path_that_the_client_sent() {
    let routes = || {
        Router::new()
            .route("/orders/{id}", get(async || Status::forbidden()))
            .route("/plain/{id}", get(async || (StatusCode::FORBIDDEN, "it is Ann's")))
    };
    type Build = fn(Router, StatusMapLayer) -> Router;
    let builds: [(&str, Build); 5] = [
        ("layer inside nest", |routes, layer| Router::new().nest("/private", routes.layer(layer))),
        ("route_layer inside nest", |routes, layer| Router::new().nest("/private", routes.route_layer(layer))),
        ("layer outside nest", |routes, layer| Router::new().nest("/private", routes).layer(layer)),
        ("nested twice", |routes, layer| {
            Router::new().nest("/private", Router::new().nest("/deep", routes.layer(layer)))
        }),
        ("nest_service", |routes, layer| Router::new().nest_service("/private", routes.layer(layer))),
    ];
    for (name, build) in builds {
        let seen = Seen::default();
        let app = build(routes(), concealing(&seen));
        let prefix = if name == "nested twice" { "/private/deep" } else { "/private" };
        for path in ["/orders/7", "/plain/7"] {
            let (parts, body) = ask(&app, "GET", &format!("{prefix}{path}?key=1"), &[]).await;
            assert_eq!(parts.status, 404, "{name} {path}: {}", text(&body));
            assert!(!text(&body).contains("Ann"), "{name} {path}");
            let [(seen_path, route)] = &std::mem::take(&mut *seen.lock().unwrap())[..] else { panic!("{name}") };
            assert_eq!(*seen_path, format!("{prefix}{path}"), "{name}");
            let expected = format!("{prefix}{}", path.replace('7', "{id}"));
            assert_eq!(route.as_deref(), Some(&*expected), "{name}");
        }
    }
}

/// axum adds Allow to a 405 outside of the layers of a `Router`, even if a layer has turned it into a 404.
#[tokio::test]
async fn a_405_mapped_to_404_has_allow_unless_the_layer_is_around_the_whole_router() {
    let layer = || {
        StatusMapLayer::new().map_status(|status, _| match status.code() {
            StatusCode::METHOD_NOT_ALLOWED => Status::not_found(),
            _ => status,
        })
    };
    let routes = || Router::new().route("/orders", get(async || "orders"));
    let inside = [
        ("on the route", Router::new().route("/orders", get(async || "orders").layer(layer()))),
        ("on the router", routes().layer(layer())),
        ("on the outer router", Router::new().merge(routes()).layer(layer())),
    ];
    for (name, app) in inside {
        let (parts, _) = ask(&app, "PUT", "/orders", &[]).await;
        assert_eq!(
            (parts.status.as_u16(), field(&parts.headers, "allow").as_deref()),
            (404, Some("GET,HEAD")),
            "{name}"
        );
    }
    let around = layer().layer(routes());
    let asked = |path| request("PUT", path, &[]).map(|()| Body::empty());
    let (parts, body) = read(around.clone().oneshot(asked("/orders")).await.unwrap()).await;
    assert_eq!((parts.status.as_u16(), field(&parts.headers, "allow")), (404, None));
    let (absent, absent_body) = read(around.oneshot(asked("/nowhere")).await.unwrap()).await;
    assert_eq!((parts.headers, body), (absent.headers, absent_body));
}

/// A browser applies every policy in a response, so under the application's policy the page would have no style.
#[tokio::test]
async fn the_policy_of_a_page_replaces_one_that_was_set_inside() {
    let strict = "default-src 'self'";
    let csp = || {
        tower_http::set_header::SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            header::HeaderValue::from_static(strict),
        )
    };
    let routes = || {
        Router::new()
            .route("/status", get(async || Status::not_found()))
            .route("/text", get(async || (StatusCode::CONFLICT, "sold")))
            .route("/bare", get(async || StatusCode::FORBIDDEN))
            .route("/own", get(async || (StatusCode::CONFLICT, [("content-type", "text/html")], "<p>own")))
            .route("/ok", get(async || "ok"))
    };
    let app = routes().layer((StatusMapLayer::new(), csp()));
    for path in ["/status", "/text", "/bare", "/nowhere"] {
        let (parts, body) = ask(&app, "GET", path, &[("accept", "text/html")]).await;
        let policy = field(&parts.headers, "content-security-policy").unwrap();
        assert!(text(&body).contains("<style>"), "{path}");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains(strict),
            "{path}: {policy}"
        );
        // JSON needs no policy, and keeps that of the application.
        let (parts, _) = ask(&app, "GET", path, &[("accept", "application/json")]).await;
        assert_eq!(field(&parts.headers, "content-security-policy").as_deref(), Some(strict), "{path}");
    }
    for path in ["/own", "/ok"] {
        let (parts, _) = ask(&app, "GET", path, &[("accept", "text/html")]).await;
        assert_eq!(field(&parts.headers, "content-security-policy").as_deref(), Some(strict), "{path}");
    }
}

/// The warning about `with_header("connection", ..)` recommends this.
#[tokio::test]
async fn a_handler_closes_the_connection_with_a_tuple() {
    let handler = async || ([("connection", "close")], Status::payload_too_large()).into_response();
    let app = Router::new().route("/", post(handler)).layer(StatusMapLayer::new());
    let clients: [(&str, Client, Option<&str>); 2] = [
        ("HTTP/1.1", http1(app.clone()).await, Some("close")),
        // HTTP/2 has no such field (RFC 9113 §8.2.2).
        ("HTTP/2", http2(app).await, None),
    ];
    for (version, client, expected) in clients {
        let asked = Request::builder().method(Method::POST).uri("/").header("host", "a");
        let response = client.oneshot(asked.body(http_body_util::Full::default()).unwrap()).await.unwrap();
        let (parts, body) = read(response).await;
        assert_eq!(field(&parts.headers, "connection").as_deref(), expected, "{version}");
        assert_eq!(json(&body)["status"], 413, "{version}");
    }
}
