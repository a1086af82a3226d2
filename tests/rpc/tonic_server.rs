//! What a tonic client sees of tonic's server, of tonic inside axum, and through `named_layer`, over loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    convert::Infallible,
    future::{Future, pending, ready},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Buf, BufMut, Bytes};
use http::{HeaderValue, Request, Response, uri::PathAndQuery};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Code,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{NamedService, ServerStreamingService, UnaryService},
    service::{LayerExt, Routes},
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_types::StatusExt;
use tonic_web::{GrpcWebCall, GrpcWebClientService, GrpcWebLayer};
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer,
    timeout::TimeoutLayer, util::BoxCloneService,
};
use tower_http::cors::{Any, CorsLayer};
use tower_status::{IntoStatus, Status, StatusMapLayer};

// ----- The messages -----

/// A message is its text.
#[derive(Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = tonic::Status;

    fn encode(&mut self, item: String, buffer: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        buffer.put_slice(item.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = tonic::Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, tonic::Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.into()).map(Some).map_err(|_| tonic::Status::internal("not UTF-8"))
    }
}

// ----- The service -----

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("the größe of order {0} is 50% off")]
    Size(u64),
    #[error("{0}")]
    Long(String),
    #[error("the warehouse is closed")]
    Closed,
    #[error("secret")]
    Database,
}

impl IntoStatus for ShopError {
    fn status(&self) -> Status {
        match self {
            Self::Size(order) => Status::conflict()
                .with_type("https://shop.example/problems/wrong-size")
                .with_extension("order", *order)
                .with_extension("errors", serde_json::json!([{ "pointer": "/items/0", "detail": "größer" }])),
            Self::Long(_) => Status::unprocessable_entity().with_type("/problems/long"),
            Self::Closed => Status::service_unavailable().with_retry_after(Duration::from_millis(1500)).expose(),
            Self::Database => Status::internal_server_error(),
        }
    }
}

type Watched = Result<String, tonic::Status>;

/// What a test does with a running server.
struct Control {
    /// Someone hangs.
    hanging: UnboundedReceiver<()>,
    /// What the watcher is told.
    watched: UnboundedSender<Watched>,
}

#[derive(Clone)]
struct Shop {
    hangs: UnboundedSender<()>,
    watch: Arc<Mutex<Option<UnboundedReceiver<Watched>>>>,
}

fn open() -> (Shop, Control) {
    let ((hangs, hanging), (watched, watch)) = (unbounded_channel(), unbounded_channel());
    (Shop { hangs, watch: Arc::new(Mutex::new(Some(watch))) }, Control { hanging, watched })
}

impl NamedService for Shop {
    const NAME: &'static str = "shop.Orders";
}

type Boxed<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

struct Method(&'static str, Shop);

async fn run(method: &str, shop: Shop, message: String) -> Result<String, Status> {
    match method {
        "Echo" => Ok(message),
        "Size" => Err(ShopError::Size(8))?,
        "Long" => Err(ShopError::Long(message))?,
        "Database" => Err(ShopError::Database)?,
        "Carried" => Err(Status::from_error(std::io::Error::from(std::io::ErrorKind::StorageFull))),
        _ => {
            let _ = shop.hangs.send(());
            pending().await
        }
    }
}

impl UnaryService<String> for Method {
    type Response = String;
    type Future = Boxed<tonic::Response<String>, tonic::Status>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        let (method, shop) = (self.0, self.1.clone());
        Box::pin(async move { Ok(tonic::Response::new(run(method, shop, request.into_inner()).await?)) })
    }
}

impl ServerStreamingService<String> for Method {
    type Response = String;
    type ResponseStream = UnboundedReceiverStream<Watched>;
    type Future = Boxed<tonic::Response<Self::ResponseStream>, tonic::Status>;

    fn call(&mut self, _: tonic::Request<String>) -> Self::Future {
        let watch = self.1.watch.lock().unwrap().take().expect("one watcher");
        Box::pin(ready(Ok(tonic::Response::new(UnboundedReceiverStream::new(watch)))))
    }
}

/// As tonic generates it.
impl<B> Service<Request<B>> for Shop
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError> + Send + 'static,
{
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Boxed<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let known = ["Echo", "Size", "Long", "Database", "Carried", "Hang", "Watch"];
        let name = request.uri().path().rsplit('/').next().unwrap_or_default();
        let Some(name) = known.into_iter().find(|known| *known == name) else {
            return Box::pin(ready(Ok(tonic::Status::unimplemented("").into_http())));
        };
        let mut grpc = tonic::server::Grpc::new(Text);
        let method = Method(name, self.clone());
        Box::pin(async move {
            Ok(match name {
                "Watch" => grpc.server_streaming(method, request).await,
                _ => grpc.unary(method, request).await,
            })
        })
    }
}

// ----- What fails inside of the layer -----

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Call,
    Unknown,
    Readiness,
}

/// A middleware that fails.
#[derive(Clone)]
struct Faulty<S>(S, Fault);

impl Fault {
    fn layer<S>(self) -> impl Layer<S, Service = Faulty<S>> + Clone {
        tower::layer::layer_fn(move |inner| Faulty(inner, self))
    }
}

impl<S, R> Service<R> for Faulty<S>
where
    S: Service<R, Error: Into<BoxError>, Future: Send + 'static>,
    S::Response: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Boxed<S::Response, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self.1 {
            Fault::Readiness => Poll::Ready(Err(ShopError::Closed.into())),
            _ => self.0.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, request: R) -> Self::Future {
        match self.1 {
            Fault::Call => Box::pin(ready(Err(ShopError::Size(7).into()))),
            Fault::Unknown => Box::pin(ready(Err("secret".into()))),
            _ => {
                let answer = self.0.call(request);
                Box::pin(async move { answer.await.map_err(Into::into) })
            }
        }
    }
}

fn layer() -> StatusMapLayer {
    StatusMapLayer::new().recognize::<ShopError>().map_error(|error: &std::io::Error| {
        (error.kind() == std::io::ErrorKind::StorageFull).then(Status::insufficient_storage)
    })
}

// ----- The hosts -----

async fn listen() -> (TcpListener, Channel) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    (listener, channel)
}

type Hosts = Vec<(&'static str, Channel, Control)>;

/// The shop on tonic's server, on tonic inside axum, and with the layers around itself alone.
macro_rules! hosts {
    ($layers:expr) => {{
        let mut hosts = Hosts::new();

        let ((listener, channel), (shop, control)) = (listen().await, open());
        let server = Server::builder().layer($layers).add_service(shop);
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        hosts.push(("tonic's server", channel, control));

        let ((listener, channel), (shop, control)) = (listen().await, open());
        let plain = axum::Router::new().route("/plain", axum::routing::get(|| async { "plain" }));
        let app = plain.merge(Routes::new(shop).into_axum_router()).layer($layers);
        tokio::spawn(axum::serve(listener, app).into_future());
        hosts.push(("tonic inside axum", channel, control));

        let ((listener, channel), (shop, control)) = (listen().await, open());
        let server = Server::builder().add_service($layers.named_layer(shop));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        hosts.push(("named_layer", channel, control));

        hosts
    }};
}

async fn call<T>(service: T, path: &'static str, message: &str) -> Result<String, tonic::Status>
where
    T: tonic::client::GrpcService<tonic::body::Body>,
    T::ResponseBody: Body + Send + 'static,
    <T::ResponseBody as Body>::Error: Into<BoxError>,
    T::Error: std::fmt::Debug,
{
    let mut client = tonic::client::Grpc::new(service);
    client.ready().await.map_err(|_| ()).expect("ready");
    let request = tonic::Request::new(message.to_owned());
    let response = client.unary(request, PathAndQuery::from_static(path), Text).await;
    response.map(tonic::Response::into_inner)
}

const SIZE: &str = "/shop.Orders/Size";

/// The whole of an application error, as every host has to send it.
fn is_the_wrong_size(seen: &tonic::Status, order: &str, row: &str) {
    let message = format!("the größe of order {order} is 50% off");
    assert_eq!((seen.code(), seen.message()), (Code::Aborted, &*message), "{row}");
    let details = seen.check_error_details().unwrap();
    let info = details.error_info().unwrap_or_else(|| panic!("{row}: {seen:?}"));
    assert_eq!((&*info.reason, &*info.domain), ("WRONG_SIZE", "shop.Orders"), "{row}");
    assert_eq!(info.metadata.get("order").map(String::as_str), Some(order), "{row}");
    let violation = &details.bad_request().unwrap().field_violations[0];
    assert_eq!((&*violation.field, &*violation.description), ("items.0", "größer"), "{row}");
    assert_eq!(details.help().unwrap().links[0].url, "https://shop.example/problems/wrong-size", "{row}");
}

/// All that stood in the head: RFC 9113 §6.5.2.
fn size(seen: &tonic::Status) -> usize {
    let encoded = |byte: u8| if matches!(byte, b' '..=b'$' | b'&'..=b'~') { 1 } else { 3 };
    let message: usize = seen.message().bytes().map(encoded).sum();
    let code = i32::from(seen.code()).to_string().len();
    let ours = [(":status", 3), ("grpc-status", code), ("grpc-message", message)];
    let fields = seen.metadata().clone().into_headers();
    let fields: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    fields + ours.iter().map(|(name, value)| name.len() + value + 32).sum::<usize>()
}

// ----- Over loopback -----

#[tokio::test]
async fn success() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::None.layer())) {
        assert_eq!(call(channel.clone(), "/shop.Orders/Echo", "Grüße").await.unwrap(), "Grüße", "{host}");
        let long = "x".repeat(100_000);
        assert_eq!(call(channel, "/shop.Orders/Echo", &long).await.unwrap(), long, "{host}");
    }
}

#[tokio::test]
async fn an_application_error() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        is_the_wrong_size(&call(channel.clone(), SIZE, "").await.unwrap_err(), "8", &format!("{host}, a handler's"));
        // What a 5xx hides.
        let seen = call(channel.clone(), "/shop.Orders/Database", "").await.unwrap_err();
        let explanation = Status::internal_server_error().entry().explanation;
        assert_eq!((seen.code(), seen.message()), (Code::Internal, explanation), "{host}");
        // What the handler carried, and the layer knows.
        let seen = call(channel, "/shop.Orders/Carried", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::ResourceExhausted, "{host}");
    }
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Call.layer())) {
        is_the_wrong_size(
            &call(channel, "/shop.Orders/Echo", "").await.unwrap_err(),
            "7",
            &format!("{host}, a layer's"),
        );
    }
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Unknown.layer())) {
        let seen = call(channel, "/shop.Orders/Echo", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::Internal, "{host}");
        assert!(!seen.message().contains("secret"), "{host}");
    }
}

#[tokio::test]
async fn a_readiness_error() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Readiness.layer())) {
        for _ in 0..2 {
            let seen = call(channel.clone(), "/shop.Orders/Echo", "").await.unwrap_err();
            assert_eq!((seen.code(), seen.message()), (Code::Unavailable, "the warehouse is closed"), "{host}");
            let delay = seen.get_details_retry_info().unwrap().retry_delay;
            assert_eq!(delay, Some(Duration::from_millis(1500)), "{host}");
        }
    }
}

#[tokio::test]
async fn towers_timeout() {
    let layers = || ServiceBuilder::new().layer(layer()).layer(TimeoutLayer::new(Duration::ZERO));
    for (host, channel, _control) in hosts!(layers()) {
        let seen = call(channel, "/shop.Orders/Hang", "").await.unwrap_err();
        let explanation = Status::service_unavailable().entry().explanation;
        assert_eq!((seen.code(), seen.message()), (Code::DeadlineExceeded, explanation), "{host}");
    }
}

#[tokio::test]
async fn an_overload() {
    let layers = || {
        let shed = ServiceBuilder::new().layer(layer()).layer(LoadShedLayer::new());
        shed.layer(GlobalConcurrencyLimitLayer::new(1))
    };
    for (host, channel, mut control) in hosts!(layers()) {
        let first = tokio::spawn(call(channel.clone(), "/shop.Orders/Hang", ""));
        control.hanging.recv().await.unwrap();
        let seen = call(channel.clone(), "/shop.Orders/Echo", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::ResourceExhausted, "{host}");
        let delay = seen.get_details_retry_info().unwrap().retry_delay;
        assert_eq!(delay, Some(Duration::from_secs(1)), "{host}");
        first.abort();
    }
}

#[cfg(feature = "buffer")]
#[tokio::test]
async fn a_buffer() {
    use tower::buffer::BufferLayer;
    for (fault, code) in [(Fault::None, Code::Ok), (Fault::Call, Code::Aborted), (Fault::Readiness, Code::Unavailable)]
    {
        let layers = || layer().recognize::<ShopError>();
        for (host, channel, _control) in
            hosts!(ServiceBuilder::new().layer(layers()).layer(BufferLayer::new(4)).layer(fault.layer()))
        {
            for _ in 0..2 {
                let seen = call(channel.clone(), "/shop.Orders/Echo", "x").await;
                assert_eq!(seen.map_or_else(|status| status.code(), |_| Code::Ok), code, "{host}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_method() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        for path in ["/shop.Orders/Nothing", "/other.Service/Echo"] {
            assert_eq!(call(channel.clone(), path, "").await.unwrap_err().code(), Code::Unimplemented, "{host} {path}");
        }
        // The connection still serves.
        assert_eq!(call(channel, "/shop.Orders/Echo", "x").await.unwrap(), "x", "{host}");
    }
}

async fn long(channel: Channel, host: &str) -> tonic::Status {
    let long = "größe 50% 🌷 ".repeat(20 * 1024 / 18);
    let seen = call(channel, "/shop.Orders/Long", &long).await.unwrap_err();
    assert_eq!(seen.code(), Code::InvalidArgument, "{host}");
    let kept = seen.message().strip_suffix('…').unwrap_or(seen.message());
    assert!(long.starts_with(kept) && kept.len() > 2_000, "{host}: {}", kept.len());
    assert!(seen.details().is_empty(), "{host}: details go first");
    seen
}

#[tokio::test]
async fn a_message_of_20_kib() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let mut seen = long(channel, host).await;
        seen.metadata_mut().remove("date");
        assert!(size(&seen) < 8 * 1024, "{host}: {}", size(&seen));
    }
}

/// 8 KiB is what grpcio takes of a head, whoever wrote its fields.
#[tokio::test]
async fn a_message_of_20_kib_and_what_the_server_adds() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let seen = long(channel, host).await;
        assert!(size(&seen) < 8 * 1024, "{host}: {}", size(&seen));
    }
}

/// The first message arrives before the second is sent.
#[tokio::test]
async fn server_streaming() {
    for (host, channel, control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::None.layer())) {
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        control.watched.send(Ok("one".into())).unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        let mut stream = response.unwrap().into_inner();
        for (this, next) in [("one", Ok("two")), ("two", Ok("three")), ("three", Err(ShopError::Size(9)))] {
            assert_eq!(stream.message().await.unwrap().as_deref(), Some(this), "{host}");
            let next = next.map(str::to_owned).map_err(|error| Status::from(error).into());
            control.watched.send(next).unwrap();
        }
        // In trailers, which pass as they are.
        let seen = stream.message().await.unwrap_err();
        assert_eq!((seen.code(), seen.message()), (Code::Aborted, "the größe of order 9 is 50% off"), "{host}");
        assert_eq!(seen.get_details_error_info().unwrap().reason, "WRONG_SIZE", "{host}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_well() {
    for (host, channel, control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        let mut stream = response.unwrap().into_inner();
        control.watched.send(Ok("one".into())).unwrap();
        assert_eq!(stream.message().await.unwrap().as_deref(), Some("one"), "{host}");
        drop(control);
        assert_eq!(stream.message().await.unwrap(), None, "{host}");
    }
}

/// A call that fails before its stream began is Trailers-Only, for a client that waits for a stream.
#[tokio::test]
async fn a_stream_that_never_began() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Call.layer())) {
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        is_the_wrong_size(&response.map(|_| ()).unwrap_err(), "7", host);
    }
}

/// To the same port: whatever an ordinary request wishes for, it gets HTTP.
#[tokio::test]
async fn ordinary_requests_get_http() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let fields = [("accept", "application/grpc"), ("accept", "application/grpc-web-text")];
        for (method, path) in
            [("GET", "/shop.Orders/Nothing"), ("POST", "/shop.Orders/Nothing"), ("GET", "/shop.Orders")]
        {
            for field in fields {
                let request = Request::builder().method(method).uri(path).header(field.0, field.1);
                let response =
                    channel.clone().oneshot(request.body(tonic::body::Body::empty()).unwrap()).await.unwrap();
                if host == "named_layer" && path == "/shop.Orders" {
                    continue; // outside of the layer
                }
                assert!(response.status().as_u16() >= 400, "{host} {method} {path}: {}", response.status());
                assert_eq!(response.headers()["content-type"], "application/problem+json", "{host} {method} {path}");
                assert!(!response.headers().contains_key("grpc-status"), "{host} {method} {path}");
            }
        }
        if host == "tonic inside axum" {
            let request = Request::get("/plain").body(tonic::body::Body::empty()).unwrap();
            let response = channel.oneshot(request).await.unwrap();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "plain");
        }
    }
}

// ----- With tonic-web and CORS -----

const ORIGIN: &str = "https://page.example";

const FIELDS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

type Web = BoxCloneService<Request<tonic::body::Body>, Response<tonic::body::Body>, BoxError>;

fn erased<S, B>(service: S) -> Web
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    service.map_response(|response| response.map(tonic::body::Body::new)).map_err(Into::into).boxed_clone()
}

/// CORS outermost, tonic-web inside of the layer.
fn web_inside(cors: CorsLayer, fault: Fault) -> Web {
    let layers = ServiceBuilder::new().layer(cors).layer(layer()).layer(GrpcWebLayer::new()).layer(fault.layer());
    erased(layers.service(Routes::new(open().0)))
}

/// CORS outermost, tonic-web around the layer.
fn web_outside(cors: CorsLayer, fault: Fault) -> Web {
    let layers = ServiceBuilder::new().layer(cors).layer(GrpcWebLayer::new()).layer(layer()).layer(fault.layer());
    erased(layers.service(Routes::new(open().0)))
}

/// As tonic-web's documentation has it.
fn exposing() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).expose_headers(FIELDS.map(http::HeaderName::from_static))
}

#[tokio::test]
async fn a_grpc_web_client_with_tonic_web_on_either_side() {
    for (order, make) in [("inside", web_inside as fn(_, _) -> Web), ("outside", web_outside)] {
        let client = |fault| {
            let service = make(exposing(), fault);
            GrpcWebClientService::new(
                service.map_request(|request: Request<GrpcWebCall<_>>| request.map(tonic::body::Body::new)),
            )
        };
        assert_eq!(call(client(Fault::None), "/shop.Orders/Echo", "Grüße").await.unwrap(), "Grüße", "{order}");
        is_the_wrong_size(&call(client(Fault::None), SIZE, "").await.unwrap_err(), "8", order);
        is_the_wrong_size(&call(client(Fault::Call), "/shop.Orders/Echo", "").await.unwrap_err(), "7", order);
        for path in ["/shop.Orders/Nothing", "/other.Service/Echo"] {
            let seen = call(client(Fault::None), path, "").await.unwrap_err();
            assert_eq!(seen.code(), Code::Unimplemented, "{order} {path}");
        }
        let seen = call(client(Fault::Readiness), "/shop.Orders/Echo", "").await.unwrap_err();
        assert_eq!((seen.code(), seen.message()), (Code::Unavailable, "the warehouse is closed"), "{order}");
    }
}

/// The fields of the trailer frame that ends a body, if it has one.
fn trailer_frame(mut body: &[u8]) -> Option<String> {
    while let [kind, a, b, c, d, rest @ ..] = body {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if kind & 0x80 != 0 {
            return Some(String::from_utf8(rest[..length].to_vec()).unwrap());
        }
        body = &rest[length..];
    }
    None
}

/// What a page gets: one status, readable across origins, in the coding that it wished for.
#[tokio::test]
async fn a_page_behind_cors() {
    let ways = [
        ("inside", web_inside as fn(_, _) -> Web, CorsLayer::new().allow_origin(Any)),
        ("inside", web_inside, exposing()),
        ("outside", web_outside, exposing()),
    ];
    #[rustfmt::skip]
    let rows = [
        (Fault::None, "/shop.Orders/Size", "10"),
        (Fault::Call, "/shop.Orders/Echo", "10"),
        (Fault::Readiness, "/shop.Orders/Echo", "14"),
        (Fault::None, "/shop.Orders/Nothing", "12"),
        (Fault::None, "/other.Service/Echo", "12"),
    ];
    for (order, make, cors) in ways {
        for content_type in ["application/grpc-web+proto", "application/grpc-web-text+proto"] {
            for (fault, path, code) in rows {
                let row = format!("{order} {content_type} {path}");
                let text = content_type.contains("text");
                let message = if text { STANDARD.encode([0; 5]).into() } else { Bytes::from_static(&[0; 5]) };
                let request = Request::post(path).header("content-type", content_type).header("origin", ORIGIN);
                let request = request.header("accept", content_type).body(tonic::body::Body::new(Full::new(message)));
                let response = make(cors.clone(), fault).oneshot(request.unwrap()).await.unwrap();
                let (parts, body) = response.into_parts();
                assert_eq!(parts.status, 200, "{row}");
                assert_eq!(parts.headers["access-control-allow-origin"], "*", "{row}");
                let answered = parts.headers["content-type"].to_str().unwrap();
                assert!(answered.starts_with("application/grpc-web"), "{row}: {answered}");
                assert_eq!(answered.contains("text"), text, "{row}: {answered}");
                let body = body.collect().await.unwrap().to_bytes();
                let body = if answered.contains("text") { STANDARD.decode(&body).unwrap() } else { body.to_vec() };
                let (head, frame) = (parts.headers.get("grpc-status"), trailer_frame(&body));
                assert!(order == "outside" || head.is_none() != frame.is_none(), "{row}: never both head and frame");
                if let Some(head) = head {
                    assert_eq!(head, code, "{row}");
                    let exposed =
                        parts.headers.get_all("access-control-expose-headers").iter().map(HeaderValue::to_str);
                    let exposed = exposed.map(Result::unwrap).collect::<Vec<_>>().join(",");
                    let exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
                    // What tonic answered by itself is not ours to touch: there CORS has to say it.
                    let passed = order == "inside" && code == "12" && !parts.headers.contains_key("grpc-message");
                    assert!(passed || FIELDS.iter().all(|name| exposed.contains(name)), "{row}: {exposed:?}");
                }
                if let Some(frame) = frame {
                    assert!(frame.contains(&format!("grpc-status:{code}\r\n")), "{row}: {frame}");
                }
            }
        }
    }
}
