//! A service on tonic, its faults, and the servers that host it.

use std::{
    convert::Infallible,
    future::{Future, pending, ready},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, BufMut};
use http::{Request, Response, uri::PathAndQuery};
use http_body::Body;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Code,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{NamedService, ServerStreamingService, UnaryService},
    transport::Channel,
};
use tonic_types::StatusExt;
use tower::{BoxError, Layer, Service};
use tower_status::{IntoStatus, Status, StatusMapLayer};

/// Encodes a message as its text.
#[derive(Clone, Copy, Default)]
pub(crate) struct Text;

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
pub(crate) enum ShopError {
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
pub(crate) struct Control {
    /// Receives when a call of `Hang` runs.
    pub(crate) hanging: UnboundedReceiver<()>,
    /// Sends the messages of `Watch`.
    pub(crate) watched: UnboundedSender<Watched>,
}

#[derive(Clone)]
pub(crate) struct Shop {
    hangs: UnboundedSender<()>,
    watch: Arc<Mutex<Option<UnboundedReceiver<Watched>>>>,
}

pub(crate) fn open() -> (Shop, Control) {
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
pub(crate) enum Fault {
    None,
    Call,
    Unknown,
    Readiness,
}

/// Middleware that fails.
#[derive(Clone)]
pub(crate) struct Faulty<S>(S, Fault);

impl Fault {
    pub(crate) fn layer<S>(self) -> impl Layer<S, Service = Faulty<S>> + Clone {
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

pub(crate) fn layer() -> StatusMapLayer {
    StatusMapLayer::new().rpc(true).recognize::<ShopError>().map_error(|error: &std::io::Error| {
        (error.kind() == std::io::ErrorKind::StorageFull).then(Status::insufficient_storage)
    })
}

// ----- the hosts -----

pub(crate) async fn listen() -> (TcpListener, Channel) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    (listener, channel)
}

pub(crate) type Hosts = Vec<(&'static str, Channel, Control)>;

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
pub(crate) use hosts;

pub(crate) async fn call<T>(service: T, path: &'static str, message: &str) -> Result<String, tonic::Status>
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

pub(crate) const SIZE: &str = "/shop.Orders/Size";

/// Checks every part of an application error.
pub(crate) fn assert_wrong_size(seen: &tonic::Status, order: &str, row: &str) {
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
pub(crate) fn size(seen: &tonic::Status) -> usize {
    let encoded = |byte: u8| if matches!(byte, b' '..=b'$' | b'&'..=b'~') { 1 } else { 3 };
    let message: usize = seen.message().bytes().map(encoded).sum();
    let code = i32::from(seen.code()).to_string().len();
    let status = [(":status", 3), ("grpc-status", code), ("grpc-message", message)];
    let fields = seen.metadata().clone().into_headers();
    let fields: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    fields + status.iter().map(|(name, value)| name.len() + value + 32).sum::<usize>()
}
