//! Responses that a tonic client gets from tonic's server, from tonic in axum, and through `named_layer`, over loopback.

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
use http::{Request, Response, StatusCode, uri::PathAndQuery};
use http_body::Body;
use http_body_util::Full;
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
use tower_status::{IntoStatus, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{PROBLEM_JSON, explanation, get, lines, read, request};

// ----- the messages -----

/// Encodes a message as its text.
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

// ----- the service -----

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
                .with_extension("errors", serde_json::json!([{ "pointer": "#/items/0", "detail": "größer" }])),
            Self::Long(_) => Status::unprocessable_entity().with_type("/problems/long"),
            Self::Closed => Status::service_unavailable().with_retry_after(Duration::from_millis(1500)).expose(),
            Self::Database => Status::internal_server_error(),
        }
    }
}

/// A message of the stream, or its end.
type Watched = Result<String, tonic::Status>;

/// The parts of a running server that a test controls.
struct Control {
    /// Receives when a call of `Hang` runs.
    hanging: UnboundedReceiver<()>,
    /// Sends the messages of `Watch`.
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

/// Like the service that tonic generates.
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

// ----- faults inside the layer -----

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Call,
    Unknown,
    Readiness,
}

/// Middleware that fails.
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
                let response = self.0.call(request);
                Box::pin(async move { response.await.map_err(Into::into) })
            }
        }
    }
}

fn layer() -> StatusMapLayer {
    StatusMapLayer::new().rpc(true).recognize::<ShopError>().map_error(|error: &std::io::Error| {
        (error.kind() == std::io::ErrorKind::StorageFull).then(Status::insufficient_storage)
    })
}

// ----- the hosts -----

async fn listen() -> (TcpListener, Channel) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    (listener, channel)
}

type Hosts = Vec<(&'static str, Channel, Control)>;

/// Serves the shop with tonic's server, with tonic in axum, and with the layers around the service alone.
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
        hosts.push(("tonic in axum", channel, control));

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

/// Checks every part of an application error.
fn is_the_wrong_size(seen: &tonic::Status, order: &str, row: &str) {
    let message = format!("the größe of order {order} is 50% off");
    assert_eq!((seen.code(), seen.message()), (Code::Aborted, &*message), "{row}");
    let details = seen.check_error_details().unwrap();
    let info = details.error_info().unwrap_or_else(|| panic!("{row}: {seen:?}"));
    assert_eq!((&*info.reason, &*info.domain), ("WRONG_SIZE", "shop.Orders"), "{row}");
    assert_eq!(info.metadata.get("order").map(String::as_str), Some(order), "{row}");
    let violation = &details.bad_request().unwrap().field_violations[0];
    assert_eq!((&*violation.field, &*violation.description), ("items[1]", "größer"), "{row}");
    assert_eq!(details.help().unwrap().links[0].url, "https://shop.example/problems/wrong-size", "{row}");
}

/// Returns the size of the header fields (RFC 9113 §6.5.2).
fn size(seen: &tonic::Status) -> usize {
    let encoded = |byte: u8| if matches!(byte, b' '..=b'$' | b'&'..=b'~') { 1 } else { 3 };
    let message: usize = seen.message().bytes().map(encoded).sum();
    let code = i32::from(seen.code()).to_string().len();
    let status = [(":status", 3), ("grpc-status", code), ("grpc-message", message)];
    let fields = seen.metadata().clone().into_headers();
    let fields: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    fields + status.iter().map(|(name, value)| name.len() + value + 32).sum::<usize>()
}

// ----- over loopback -----

#[tokio::test]
async fn a_success_passes_unchanged() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::None.layer())) {
        assert_eq!(call(channel.clone(), "/shop.Orders/Echo", "Grüße").await.unwrap(), "Grüße", "{host}");
        let long = "x".repeat(100_000);
        assert_eq!(call(channel, "/shop.Orders/Echo", &long).await.unwrap(), long, "{host}");
    }
}

#[tokio::test]
async fn an_application_error_has_code_message_and_details() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        is_the_wrong_size(&call(channel.clone(), SIZE, "").await.unwrap_err(), "8", &format!("{host}, of a handler"));
        // The message of a 5xx is hidden.
        let seen = call(channel.clone(), "/shop.Orders/Database", "").await.unwrap_err();
        let hidden = explanation(StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!((seen.code(), seen.message()), (Code::Internal, hidden), "{host}");
        // The layer maps the error that the handler carries.
        let seen = call(channel, "/shop.Orders/Carried", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::ResourceExhausted, "{host}");
    }
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Call.layer())) {
        is_the_wrong_size(
            &call(channel, "/shop.Orders/Echo", "").await.unwrap_err(),
            "7",
            &format!("{host}, of a layer"),
        );
    }
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Unknown.layer())) {
        let seen = call(channel, "/shop.Orders/Echo", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::Internal, "{host}");
        assert!(!seen.message().contains("secret"), "{host}");
    }
}

#[tokio::test]
async fn a_readiness_error_is_the_response_to_every_call() {
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
async fn towers_timeout_is_deadline_exceeded() {
    let layers = || ServiceBuilder::new().layer(layer()).layer(TimeoutLayer::new(Duration::ZERO));
    for (host, channel, _control) in hosts!(layers()) {
        let seen = call(channel, "/shop.Orders/Hang", "").await.unwrap_err();
        let message = GrpcCode::DeadlineExceeded.explanation();
        assert_eq!((seen.code(), seen.message()), (Code::DeadlineExceeded, message), "{host}");
        assert!(message.contains("deadline"));
    }
}

#[tokio::test]
async fn an_overload_is_resource_exhausted_with_a_retry_delay() {
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
async fn the_error_of_a_service_in_a_buffer_keeps_its_code() {
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
async fn an_unknown_method_is_unimplemented() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        for path in ["/shop.Orders/Nothing", "/other.Service/Echo"] {
            assert_eq!(call(channel.clone(), path, "").await.unwrap_err().code(), Code::Unimplemented, "{host} {path}");
        }
        // The connection serves on.
        assert_eq!(call(channel, "/shop.Orders/Echo", "x").await.unwrap(), "x", "{host}");
    }
}

/// Calls `Long` with 20 KiB, and checks the cut message.
async fn long(channel: Channel, host: &str) -> tonic::Status {
    let long = "größe 50% 🌷 ".repeat(20 * 1024 / 18);
    let seen = call(channel, "/shop.Orders/Long", &long).await.unwrap_err();
    assert_eq!(seen.code(), Code::InvalidArgument, "{host}");
    let kept = seen.message().strip_suffix('…').unwrap_or(seen.message());
    assert!(long.starts_with(kept) && kept.len() > 1_000, "{host}: {}", kept.len());
    assert!(seen.details().is_empty(), "{host}: details are dropped before the message is cut");
    seen
}

/// The limit includes the fields that the server adds.
#[tokio::test]
async fn a_message_of_20_kib_is_cut_to_3_kib() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let seen = long(channel, host).await;
        assert!(size(&seen) < 3 * 1024, "{host}: {}", size(&seen));
    }
}

/// The layer does not write trailers. A client with grpcio's default limit would get `RESOURCE_EXHAUSTED`.
#[tokio::test]
async fn a_detail_of_20_kib_in_the_middle_of_a_stream_is_cut() {
    let long = "größe 50% ".repeat(20_000 / 12);
    for (host, channel, control) in hosts!(ServiceBuilder::new().layer(layer())) {
        control.watched.send(Ok("one".into())).unwrap();
        control.watched.send(Err(Status::from(ShopError::Long(long.clone())).into())).unwrap();
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        let mut stream = response.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().as_deref(), Some("one"), "{host}");
        let seen = stream.message().await.unwrap_err();
        assert_eq!(seen.code(), Code::InvalidArgument, "{host}");
        let kept = seen.message().strip_suffix('…').unwrap();
        assert!(long.starts_with(kept) && kept.len() > 1_000, "{host}: {}", kept.len());
        let mut fields = http::HeaderMap::new();
        seen.add_header(&mut fields).unwrap();
        let size: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 3 * 1024, "{host}: {size}");
    }
}

#[tokio::test]
async fn messages_of_a_stream_pass_one_by_one_and_its_error_in_trailers() {
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
        // The error is in trailers, which pass unchanged.
        let seen = stream.message().await.unwrap_err();
        assert_eq!((seen.code(), seen.message()), (Code::Aborted, "the größe of order 9 is 50% off"), "{host}");
        assert_eq!(seen.get_details_error_info().unwrap().reason, "WRONG_SIZE", "{host}");
    }
}

#[tokio::test]
async fn the_end_of_a_stream_passes() {
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

#[tokio::test]
async fn an_error_before_the_first_message_is_trailers_only() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Call.layer())) {
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        is_the_wrong_size(&response.map(|_| ()).unwrap_err(), "7", host);
    }
}

/// Both protocols share a port; Accept does not matter.
#[tokio::test]
async fn a_plain_request_gets_plain_http() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let fields = [("accept", "application/grpc"), ("accept", "application/grpc-web-text")];
        let targets = [("GET", "/shop.Orders/Nothing"), ("POST", "/shop.Orders/Nothing"), ("GET", "/shop.Orders")];
        for (method, path) in targets {
            for field in fields {
                if host == "named_layer" && path == "/shop.Orders" {
                    continue; // outside of the layer
                }
                let request = request(method, path, &[field]).map(|()| tonic::body::Body::empty());
                let response = channel.clone().oneshot(request).await.unwrap();
                assert!(response.status().as_u16() >= 400, "{host} {method} {path}: {}", response.status());
                assert_eq!(response.headers()["content-type"], PROBLEM_JSON, "{host} {method} {path}");
                assert!(!response.headers().contains_key("grpc-status"), "{host} {method} {path}");
            }
        }
        if host == "tonic in axum" {
            let request = get("/plain", &[]).map(|()| tonic::body::Body::empty());
            assert_eq!(read(channel.oneshot(request).await.unwrap()).await.1, "plain");
        }
    }
}

// ----- with tonic-web and CORS -----

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

/// Returns the shop with CORS outermost and tonic-web inside the layer.
fn web_inside(cors: CorsLayer, fault: Fault) -> Web {
    let layers = ServiceBuilder::new().layer(cors).layer(layer()).layer(GrpcWebLayer::new()).layer(fault.layer());
    erased(layers.service(Routes::new(open().0)))
}

/// Returns the shop with CORS outermost and tonic-web outside of the layer.
fn web_outside(cors: CorsLayer, fault: Fault) -> Web {
    let layers = ServiceBuilder::new().layer(cors).layer(GrpcWebLayer::new()).layer(layer()).layer(fault.layer());
    erased(layers.service(Routes::new(open().0)))
}

/// Exposes the three fields, as the documentation of tonic-web recommends.
fn exposing() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).expose_headers(FIELDS.map(http::HeaderName::from_static))
}

#[tokio::test]
async fn a_grpc_web_client_works_with_tonic_web_inside_and_outside() {
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

/// Returns the fields of the trailer frame at the end of a body.
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

/// The docs tell users to list the fields in that CORS layer.
#[tokio::test]
async fn cors_with_expose_headers_outside_replaces_the_list_of_exposed_fields() {
    const EXPOSE: &str = "access-control-expose-headers";
    let status_fields = FIELDS.join(", ");
    let of_page = CorsLayer::new().allow_origin(Any).expose_headers([http::HeaderName::from_static("x-page")]);
    for (cors, expected) in [(CorsLayer::new().allow_origin(Any), &*status_fields), (of_page, "x-page")] {
        let fields = [("content-type", "application/grpc-web+proto"), ("origin", ORIGIN)];
        let request = request("POST", "/shop.Orders/Echo", &fields).map(|()| tonic::body::Body::empty());
        let (parts, _) = read(web_inside(cors, Fault::Call).oneshot(request).await.unwrap()).await;
        assert_eq!(lines(&parts.headers, EXPOSE), [expected]);
    }
}

/// The docs tell users to add it only to the gRPC routes.
#[tokio::test]
async fn tonic_webs_layer_responds_400_to_a_request_that_is_not_grpc() {
    let layers = ServiceBuilder::new().layer(layer()).layer(GrpcWebLayer::new());
    let plain = axum::Router::new().route("/plain", axum::routing::get(|| async { "plain" }));
    let request = get("/plain", &[]).map(|()| tonic::body::Body::empty());
    let (parts, _) = read(erased(layers.service(plain)).oneshot(request).await.unwrap()).await;
    assert_eq!((parts.status.as_u16(), &parts.headers["content-type"]), (400, &PROBLEM_JSON.parse().unwrap()));
}

/// The response has the encoding of the request, and is readable across origins.
#[tokio::test]
async fn a_page_behind_cors_gets_one_status() {
    /// Where tonic-web is, seen from the layer.
    struct Row {
        fault: Fault,
        path: &'static str,
        code: &'static str,
    }
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum TonicWeb {
        Inside,
        Outside,
    }
    let ways = [
        (TonicWeb::Inside, CorsLayer::new().allow_origin(Any)),
        (TonicWeb::Inside, exposing()),
        (TonicWeb::Outside, exposing()),
    ];
    let rows = [
        Row { fault: Fault::None, path: "/shop.Orders/Size", code: "10" },
        Row { fault: Fault::Call, path: "/shop.Orders/Echo", code: "10" },
        Row { fault: Fault::Readiness, path: "/shop.Orders/Echo", code: "14" },
        Row { fault: Fault::None, path: "/shop.Orders/Nothing", code: "12" },
        Row { fault: Fault::None, path: "/other.Service/Echo", code: "12" },
    ];
    for (tonic_web, cors) in ways {
        for content_type in ["application/grpc-web+proto", "application/grpc-web-text+proto"] {
            for Row { fault, path, code } in &rows {
                let row = format!("{tonic_web:?} {content_type} {path}");
                let text = content_type.contains("text");
                let message = if text { STANDARD.encode([0; 5]).into() } else { Bytes::from_static(&[0; 5]) };
                let fields = [("content-type", content_type), ("origin", ORIGIN), ("accept", content_type)];
                let request = request("POST", path, &fields).map(|()| tonic::body::Body::new(Full::new(message)));
                let service = match tonic_web {
                    TonicWeb::Inside => web_inside(cors.clone(), *fault),
                    TonicWeb::Outside => web_outside(cors.clone(), *fault),
                };
                let (parts, body) = read(service.oneshot(request).await.unwrap()).await;
                assert_eq!(parts.status, 200, "{row}");
                assert_eq!(parts.headers["access-control-allow-origin"], "*", "{row}");
                let sent_type = parts.headers["content-type"].to_str().unwrap();
                assert!(sent_type.starts_with("application/grpc-web"), "{row}: {sent_type}");
                assert_eq!(sent_type.contains("text"), text, "{row}: {sent_type}");
                let body = if text { STANDARD.decode(&body).unwrap() } else { body.to_vec() };
                let (head, frame) = (parts.headers.get("grpc-status"), trailer_frame(&body));
                let both = head.is_none() == frame.is_none();
                assert!(tonic_web == TonicWeb::Outside || !both, "{row}: in the head or in a frame, not in both");
                if let Some(head) = head {
                    assert_eq!(head, code, "{row}");
                    let exposed = lines(&parts.headers, "access-control-expose-headers").join(",");
                    let exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
                    // A response of tonic itself passes unchanged; there CORS has to expose the fields.
                    let of_tonic = *code == "12" && !parts.headers.contains_key("grpc-message");
                    let passed = tonic_web == TonicWeb::Inside && of_tonic;
                    assert!(passed || FIELDS.iter().all(|name| exposed.contains(name)), "{row}: {exposed:?}");
                }
                if let Some(frame) = frame {
                    assert!(frame.contains(&format!("grpc-status:{code}\r\n")), "{row}: {frame}");
                }
            }
        }
    }
}
