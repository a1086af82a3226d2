//! What `StatusMapLayer` asks of its neighbours, what it promises them, and tower-http's layers around it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    cell::Cell,
    convert::Infallible,
    fmt::Debug,
    future::{Ready, ready},
    io::Cursor,
    marker::PhantomPinned,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::CorsLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
};
use tower_status::{
    Status, StatusBody, StatusMapLayer,
    status_map::{StatusMap, StatusMapFuture},
};

/// A service without Clone, Send or Sync, whose request, body and body's error are as poor.
#[derive(Debug)]
struct Poor(Cell<&'static str>);

/// Neither Unpin nor of `Bytes`.
struct PoorBody(Cell<Option<&'static str>>, #[allow(dead_code)] PhantomPinned);

struct PoorError(#[allow(dead_code)] Rc<()>);

impl Service<Request<Rc<()>>> for Poor {
    type Response = Response<PoorBody>;
    type Error = Status;
    type Future = Ready<Result<Response<PoorBody>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Rc<()>>) -> Self::Future {
        let mut response = Response::new(PoorBody(Cell::new(Some("it")), PhantomPinned));
        if request.uri().path() != "/" {
            *response.status_mut() = StatusCode::CONFLICT;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.0.get()));
        }
        std::future::ready(Ok(response))
    }
}

impl Body for PoorBody {
    type Data = Cursor<&'static str>;
    type Error = PoorError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, PoorError>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(Cursor::new(text)))))
    }
}

#[tokio::test]
async fn nothing_is_asked_of_the_inner_service() {
    let rows = [
        ("/", "text/plain", "it"),
        ("/a", "text/html", "it"),
        ("/a", "text/plain; charset=latin1", "it"),
        ("/a", "text/plain", r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"it"}"#),
    ];
    for (path, of_type, expected) in rows {
        let mut service = StatusMapLayer::new().layer(Poor(Cell::new(of_type)));
        let request = Request::builder().uri(path).body(Rc::new(())).unwrap();
        let response: Result<_, Infallible> = service.ready().await.unwrap().call(request).await;
        let collected = response.unwrap().into_body().collect().await;
        let body: Bytes = collected.map_err(|_: PoorError| "it does not fail").unwrap().to_bytes();
        assert_eq!(body, expected, "{path} {of_type}");
    }
}

#[test]
fn the_bounds_are_those_of_what_is_inside() {
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
    is_debug::<StatusMap<Poor>>();
    is_debug::<StatusMapFuture<Rc<PhantomPinned>>>();
    is_debug::<StatusBody<PoorBody>>();
    is_send::<StatusBody<axum::body::Body>>();
    is_send::<StatusMapFuture<Pin<Box<dyn Future<Output = ()> + Send>>>>();
}

#[test]
fn debug_names_what_it_is_and_tells_no_secret() {
    let layer = StatusMapLayer::new().default_challenge("Basic").on_error(|_, _| {});
    for text in [format!("{layer:?}"), format!("{:?}", layer.layer(()))] {
        assert!(text.starts_with("StatusMap") && text.contains("Basic"), "{text}");
    }
    let inner = service_fn(|_: Request<()>| ready(Ok::<_, Status>(Response::new(Full::new(Bytes::new())))));
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
fn the_options_of_a_layer_are_not_those_of_its_clones() {
    let layer = StatusMapLayer::new();
    let changed = layer.clone().default_challenge("Basic");
    assert!(format!("{changed:?}").contains("Basic"));
    assert!(!format!("{layer:?}").contains("Basic"));
}

#[derive(Clone, Debug, Default)]
struct Seven;

impl MakeRequestId for Seven {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        Some(RequestId::new(HeaderValue::from_static("seven")))
    }
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
async fn tower_https_layers_outside_and_inside() {
    let service = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(Seven))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(CorsLayer::permissive())
        .layer(StatusMapLayer::new())
        .layer(CatchPanicLayer::new())
        .service_fn(inner);
    for (path, code, replaced) in [
        ("/", 200, false),
        ("/error", 500, true),
        ("/status", 410, true),
        ("/panic", 500, true),
        ("/empty", 404, true),
        ("/json", 404, false),
    ] {
        let request =
            Request::builder().uri(path).header("origin", "https://example.org").body(Full::default()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), code, "{path}");
        assert_eq!(response.headers()["x-request-id"], "seven", "{path}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "{path}");
        let vary = response.headers().get_all("vary").iter().any(|value| value == "accept");
        assert_eq!(vary, replaced, "{path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = std::str::from_utf8(body.chunk()).unwrap();
        assert_eq!(body.contains(r#""request_id":"seven""#), replaced, "{path}: {body}");
        assert!(!body.contains("secret"), "{path}: {body}");
    }
}

#[tokio::test]
async fn every_kind_of_error_converts() {
    async fn code<E: Into<Status>>(error: E) -> u16 {
        let error = Cell::new(Some(error));
        let inner = service_fn(|_: Request<()>| std::future::ready(Err::<Response<String>, E>(error.take().unwrap())));
        StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap().status().as_u16()
    }
    assert_eq!(code(StatusCode::GONE).await, 410);
    assert_eq!(code((StatusCode::GONE, "it")).await, 410);
    assert_eq!(code((StatusCode::GONE, String::new())).await, 410);
    assert_eq!(code(Status::gone()).await, 410);
    assert_eq!(code(BoxError::from(Status::gone())).await, 410);
    assert_eq!(code(std::io::Error::other(Status::gone())).await, 410);
    assert_eq!(code(StatusCode::CONTINUE).await, 500);
}
