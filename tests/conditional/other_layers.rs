//! Conditional requests with other layers: compression inside and outside, `ServeDir`, CORS, and axum's HEAD.

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, routing::get};
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_http::{
    compression::CompressionLayer, cors::CorsLayer, services::ServeDir, set_header::SetResponseHeaderLayer,
};
use tower_status::{ConditionalLayer, ETag, Status, StatusMapLayer, Validators};

async fn ask(app: &Router, method: Method, fields: &[(HeaderName, HeaderValue)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri("/README.md").body(Body::empty()).unwrap();
    request.headers_mut().extend(fields.iter().cloned());
    app.clone().oneshot(request).await.unwrap()
}

async fn length(response: Response<Body>) -> usize {
    response.into_body().collect().await.unwrap().to_bytes().len()
}

const GET: Method = Method::GET;
const GZIP: (HeaderName, HeaderValue) = (header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));

fn text() -> String {
    "a tulip, red, two euros\n".repeat(100)
}

fn app() -> Router {
    Router::new().route("/README.md", get(async || text()))
}

/// RFC 9110 §8.8.3.3: content-coded content needs another tag, or a weak one.
#[tokio::test]
async fn with_compression_the_weak_tag_of_the_content_gives_a_304() {
    let app = app().layer((
        StatusMapLayer::new(),
        CompressionLayer::new(),
        ConditionalLayer::new().generate_weak_etags(4096),
    ));
    let plain = ask(&app, GET, &[]).await;
    let coded = ask(&app, GET, &[GZIP]).await;
    assert_eq!((plain.headers().get("content-encoding"), &coded.headers()["content-encoding"]), (None, &GZIP.1));
    let tag = coded.headers()["etag"].clone();
    assert_eq!(plain.headers()["etag"], tag);
    assert_eq!(tag.to_str().unwrap(), format!("W/{}", ETag::of_bytes(text().as_bytes())));
    let again = ask(&app, GET, &[GZIP, (header::IF_NONE_MATCH, tag)]).await;
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers().get("content-encoding"), None);
    assert_eq!(length(again).await, 0);
}

/// RFC 9110 §8.6: the length of the 200. axum writes 0 where the field is missing.
#[tokio::test]
async fn content_length_of_a_304_is_that_of_the_200_where_it_is_known() {
    let tags = || ConditionalLayer::new().generate_etags(4096);
    let tag = ask(&app().layer(tags()), GET, &[]).await.headers()["etag"].clone();
    let known = text().len().to_string();
    let apps = [
        ("the layer alone", app().layer(tags()), &*known),
        ("inside StatusMapLayer", app().layer((StatusMapLayer::new(), tags())), &known),
        (
            "inside the fallback",
            Router::new().fallback_service(app().layer(tags())).layer(StatusMapLayer::new()),
            &known,
        ),
        // The handler does not run, so the length is not known.
        ("a source", app().layer(tags().validators(async_tag)), "0"),
    ];
    for (place, app, length) in apps {
        let response = ask(&app, GET, &[(header::IF_NONE_MATCH, tag.clone())]).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-length"].to_str().unwrap()),
            (304, length),
            "{place}"
        );
    }
}

fn async_tag(_: &http::request::Parts) -> std::future::Ready<Result<Option<Validators>, Status>> {
    std::future::ready(Ok(Some(Validators::new().with_etag(ETag::of_bytes(text().as_bytes())))))
}

#[tokio::test]
async fn content_that_a_layer_inside_compressed_gets_no_tag() {
    let app =
        app().layer((StatusMapLayer::new(), ConditionalLayer::new().generate_etags(4096), CompressionLayer::new()));
    assert_eq!(ask(&app, GET, &[GZIP]).await.headers().get("etag"), None);
    let plain = ask(&app, GET, &[]).await;
    assert_eq!(plain.headers()["etag"], ETag::of_bytes(text().as_bytes()).to_string());
}

#[tokio::test]
async fn the_validators_of_serve_dir_decide() {
    let app = Router::new().fallback_service(ServeDir::new(env!("CARGO_MANIFEST_DIR"))).layer(StatusMapLayer::new());
    let first = ask(&app, GET, &[]).await;
    let (tag, modified) = (first.headers()["etag"].clone(), first.headers()["last-modified"].clone());
    let rows = [
        (vec![(header::IF_NONE_MATCH, tag.clone())], 304),
        (vec![(header::IF_MODIFIED_SINCE, modified)], 304),
        (vec![(header::IF_NONE_MATCH, HeaderValue::from_static("\"other\""))], 200),
        // `ServeDir` itself reads only the first line.
        (vec![(header::IF_NONE_MATCH, HeaderValue::from_static("\"other\"")), (header::IF_NONE_MATCH, tag)], 304),
        (vec![(header::IF_MATCH, HeaderValue::from_static("\"other\""))], 412),
    ];
    for (fields, expected) in rows {
        let mut request = Request::builder().uri("/README.md").body(Body::empty()).unwrap();
        for (name, value) in &fields {
            request.headers_mut().append(name, value.clone());
        }
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), expected, "{fields:?}");
    }
}

/// A layer outside cannot repair this: the range is sent although If-Range is false.
#[tokio::test]
async fn serve_dir_ignores_if_range() {
    let app = Router::new().fallback_service(ServeDir::new(env!("CARGO_MANIFEST_DIR"))).layer(StatusMapLayer::new());
    let range = (header::RANGE, HeaderValue::from_static("bytes=0-3"));
    let failed = (header::IF_RANGE, HeaderValue::from_static("\"other\""));
    assert_eq!(ask(&app, GET, &[range, failed]).await.status(), 206);
}

#[tokio::test]
async fn fields_of_other_layers_are_kept_in_a_304() {
    let security = SetResponseHeaderLayer::overriding(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let inside = app().layer((StatusMapLayer::new(), security.clone(), ConditionalLayer::new().generate_etags(4096)));
    let tag = ask(&inside, GET, &[]).await.headers()["etag"].clone();
    let cors = CorsLayer::permissive();
    let apps = [
        app().layer((
            cors.clone(),
            security.clone(),
            StatusMapLayer::new(),
            ConditionalLayer::new().generate_etags(4096),
        )),
        app().layer((StatusMapLayer::new(), cors, security, ConditionalLayer::new().generate_etags(4096))),
    ];
    for app in apps {
        let origin = (header::ORIGIN, HeaderValue::from_static("https://example.org"));
        let response = ask(&app, GET, &[origin, (header::IF_NONE_MATCH, tag.clone())]).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["x-frame-options"]),
            (304, &HeaderValue::from_static("DENY"))
        );
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
    }
}

/// axum calls the handler of GET for HEAD, and removes the body outside of the layers.
#[tokio::test]
async fn the_tag_of_the_handler_decides_for_head_too() {
    let handler = async || ([("etag", "\"v1\"")], text());
    let app = Router::new().route("/README.md", get(handler)).layer(StatusMapLayer::new());
    let rows = [("\"v1\"", 304, Some(text().len().to_string())), ("\"v0\"", 200, Some(text().len().to_string()))];
    for (tag, code, content_length) in rows {
        let response = ask(&app, Method::HEAD, &[(header::IF_NONE_MATCH, HeaderValue::from_static(tag))]).await;
        let sent_length = response.headers().get("content-length").map(|length| length.to_str().unwrap().to_owned());
        assert_eq!((response.status().as_u16(), sent_length), (code, content_length));
        assert_eq!(length(response).await, 0);
    }
}

/// The key of the source is the path that the client sent. With only the rest of the path, `If-None-Match: *` would
/// overwrite an existing row.
#[tokio::test]
async fn source_gets_the_original_uri_inside_nest() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let paths = seen.clone();
    let layer = ConditionalLayer::new().validators(move |parts| {
        paths.lock().unwrap().push(parts.uri.to_string());
        let exists = parts.uri.path() == "/orders/7";
        ready(Ok(exists.then(|| Validators::new().with_etag(ETag::strong("v1").unwrap()))))
    });
    let order = async |uri: http::Uri| uri.to_string();
    let routes = || Router::new().route("/{id}", get(order).put(order));
    let apps = [
        ("on the nested router", Router::new().nest("/orders", routes().layer(layer.clone()))),
        ("on its routes", Router::new().nest("/orders", routes().route_layer(layer.clone()))),
        ("outside", Router::new().nest("/orders", routes()).layer(layer)),
    ];
    for (name, app) in apps {
        let put = |path: &'static str| {
            let app = app.clone().layer(StatusMapLayer::new());
            async move {
                let request = Request::put(path).header("if-none-match", "*").body(Body::empty()).unwrap();
                let response = app.oneshot(request).await.unwrap();
                (response.status().as_u16(), response.into_body().collect().await.unwrap().to_bytes())
            }
        };
        assert_eq!(put("/orders/7?full").await.0, 412, "{name}: the row exists");
        let (code, body) = put("/orders/8").await;
        assert_eq!((code, &*body), (200, &b"/8"[..]), "{name}: a new row; the handler sees the rest of the path");
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), ["/orders/7?full", "/orders/8"], "{name}");
    }
}
