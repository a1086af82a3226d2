//! The bounds of `StatusMapLayer` and its types, and tower-http's layers around it.

use std::{
    cell::Cell,
    convert::Infallible,
    fmt::Debug,
    future::Ready,
    io::Cursor,
    marker::PhantomPinned,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::CorsLayer,
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
};
use tower_status::{
    Status, StatusBody, StatusMapLayer,
    conditional::Conditional,
    status_map::{StatusMap, StatusMapFuture},
};

use crate::common::{fail, field, get, lines, read, response, returns, service::Id7, text};

/// A service that is not `Clone`, `Send` or `Sync`, and neither are its request, its body and the body's error.
///
/// It contains the content type of a 409, which it returns for every path except `/`.
#[derive(Debug)]
struct Minimal(Cell<&'static str>);

/// A body that is not `Unpin`, and whose data is not `Bytes`.
struct MinimalBody(Cell<Option<&'static str>>, #[allow(dead_code)] PhantomPinned);

struct MinimalError(#[allow(dead_code)] Rc<()>);

impl Service<Request<Rc<()>>> for Minimal {
    type Response = Response<MinimalBody>;
    type Error = Status;
    type Future = Ready<Result<Response<MinimalBody>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Rc<()>>) -> Self::Future {
        let body = MinimalBody(Cell::new(Some("it")), PhantomPinned);
        std::future::ready(Ok(match request.uri().path() {
            "/" => Response::new(body),
            _ => response(409, &[("content-type", self.0.get())], body),
        }))
    }
}

impl Body for MinimalBody {
    type Data = Cursor<&'static str>;
    type Error = MinimalError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, MinimalError>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(Cursor::new(text)))))
    }
}

#[tokio::test]
async fn the_inner_service_is_reached_through_the_service() {
    let mut service = StatusMap::new(Minimal(Cell::new("text/csv")));
    assert_eq!(service.get_ref().0.get(), "text/csv");
    service.get_mut().0.set("image/png");
    let response = service.call(get("/x", &[]).map(Rc::new)).await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/png");
    assert_eq!(service.into_inner().0.get(), "image/png");

    let mut service = Conditional::new(Minimal(Cell::new("text/csv")));
    assert_eq!(service.get_ref().0.get(), "text/csv");
    service.get_mut().0.set("image/png");
    let response = service.call(get("/x", &[]).map(Rc::new)).await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/png");
    assert_eq!(service.into_inner().0.get(), "image/png");
}

#[tokio::test]
async fn an_inner_service_needs_no_bounds() {
    struct Row {
        path: &'static str,
        content_type: &'static str,
        body: &'static str,
    }
    let rows = [
        Row { path: "/", content_type: "text/plain", body: "it" },
        Row { path: "/a", content_type: "text/html", body: "it" },
        Row { path: "/a", content_type: "text/plain; charset=latin1", body: "it" },
        Row {
            path: "/a",
            content_type: "text/plain",
            body: r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"it"}"#,
        },
    ];
    for Row { path, content_type, body } in rows {
        let mut service = StatusMapLayer::new().layer(Minimal(Cell::new(content_type)));
        let request = Request::builder().uri(path).body(Rc::new(())).unwrap();
        let response: Result<_, Infallible> = service.ready().await.unwrap().call(request).await;
        let collected = response.unwrap().into_body().collect().await;
        let seen: Bytes = collected.map_err(|_: MinimalError| "it does not fail").unwrap().to_bytes();
        assert_eq!(seen, body, "{path} {content_type}");
    }
}

#[test]
fn auto_traits_are_those_of_the_inner_types() {
    fn is_layer<T: Clone + Debug + Default + Send + Sync + Unpin + 'static>() {}
    fn is_service<T: Clone + Debug + Send + Sync + Unpin + 'static>() {}
    fn is_shared<T: Debug + Send + Sync + Unpin + 'static>() {}
    fn is_debug<T: Debug>() {}
    fn is_send<T: Send>() {}
    is_layer::<StatusMapLayer>();
    is_service::<StatusMap<()>>();
    is_service::<Status>();
    is_shared::<StatusMapFuture<Ready<()>>>();
    is_shared::<StatusBody<Full<Bytes>>>();
    is_shared::<StatusBody<Empty<&'static [u8]>>>();
    is_debug::<StatusMap<Minimal>>();
    is_debug::<StatusMapFuture<Rc<PhantomPinned>>>();
    is_debug::<StatusBody<MinimalBody>>();
    is_send::<StatusBody<axum::body::Body>>();
    is_send::<StatusMapFuture<Pin<Box<dyn Future<Output = ()> + Send>>>>();
}

#[test]
fn debug_shows_the_type_and_the_options() {
    let layer = StatusMapLayer::new().default_challenge("Basic").on_error(|_, _| {});
    for text in [format!("{layer:?}"), format!("{:?}", layer.layer(()))] {
        assert!(text.starts_with("StatusMap") && text.contains("Basic"), "{text}");
    }
    let inner = returns(Ok::<_, Status>(Response::new(Full::new(Bytes::new()))));
    let future = format!("{:?}", layer.layer(inner).call(Request::new(())));
    assert!(future.starts_with("StatusMapFuture") && future.contains("Basic"), "{future}");
    assert!(format!("{:?}", StatusBody::<Full<Bytes>>::default()).starts_with("StatusBody"));
}

#[tokio::test]
async fn a_default_body_is_empty() {
    let body = StatusBody::<Full<Bytes>>::default();
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert_eq!(body.collect().await.unwrap().to_bytes(), "");
}

#[test]
fn an_option_of_a_clone_does_not_change_the_original() {
    let layer = StatusMapLayer::new();
    let changed = layer.clone().default_challenge("Basic");
    assert!(format!("{changed:?}").contains("Basic"));
    assert!(!format!("{layer:?}").contains("Basic"));
}

async fn inner(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, BoxError> {
    match request.uri().path() {
        "/error" => Err("secret".into()),
        "/status" => Err(Status::gone().into()),
        "/panic" => panic!("secret"),
        "/empty" => Ok(Response::builder().status(404).body(Full::default())?),
        "/json" => Ok(Response::builder().status(404).header("content-type", "application/json").body("{}".into())?),
        _ => Ok(Response::new("it".into())),
    }
}

#[tokio::test]
async fn tower_https_layers_work_outside_and_inside() {
    struct Row {
        path: &'static str,
        code: u16,
        replaced: bool,
    }
    let service = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(Id7))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(CorsLayer::permissive())
        .layer(StatusMapLayer::new())
        .layer(CatchPanicLayer::new())
        .service_fn(inner);
    let rows = [
        Row { path: "/", code: 200, replaced: false },
        Row { path: "/error", code: 500, replaced: true },
        Row { path: "/status", code: 410, replaced: true },
        Row { path: "/panic", code: 500, replaced: true },
        Row { path: "/empty", code: 404, replaced: true },
        Row { path: "/json", code: 404, replaced: false },
    ];
    for Row { path, code, replaced } in rows {
        let request = get(path, &[("origin", "https://example.org")]).map(|()| Full::default());
        let (parts, body) = read(service.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(parts.status, code, "{path}");
        assert_eq!(field(&parts.headers, "x-request-id").as_deref(), Some("id-7"), "{path}");
        assert_eq!(field(&parts.headers, "access-control-allow-origin").as_deref(), Some("*"), "{path}");
        assert_eq!(lines(&parts.headers, "vary").contains(&"accept"), replaced, "{path}");
        let body = text(&body);
        assert_eq!(body.contains(r#""request_id":"id-7""#), replaced, "{path}: {body}");
        assert!(!body.contains("secret"), "{path}: {body}");
    }
}

#[tokio::test]
async fn every_kind_of_error_converts() {
    async fn code<E: Into<Status>>(error: E) -> StatusCode {
        fail(&StatusMapLayer::new(), get("/", &[]), error).await.0.status
    }
    assert_eq!(code(StatusCode::GONE).await, 410);
    assert_eq!(code((StatusCode::GONE, "it")).await, 410);
    assert_eq!(code((StatusCode::GONE, String::new())).await, 410);
    assert_eq!(code(Status::gone()).await, 410);
    assert_eq!(code(BoxError::from(Status::gone())).await, 410);
    assert_eq!(code(std::io::Error::other(Status::gone())).await, 410);
    assert_eq!(code(StatusCode::CONTINUE).await, 500);
}
