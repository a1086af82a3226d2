//! A server with rare failures for the gRPC clients of `tests/interop/run` and `tests/grpc_nginx/run`.

mod shop; // generated

use std::{env, io, task};

use axum::{Router, extract::Request, http::StatusCode, response::Response, routing::post};
use serde_json::json;
use shop::v1::{OrderReply, OrderRequest, shop_server::Shop, shop_server::ShopServer};
use tokio::{sync::watch, time::Duration};
use tokio_stream::{StreamExt, wrappers::WatchStream};
use tower::{BoxError, Layer, Service, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_status::{Status, StatusMapLayer};

/// The number of orders that wait until no client watches.
#[derive(Default)]
struct OddShop(watch::Sender<u64>);

type Reply<T> = Result<tonic::Response<T>, tonic::Status>;

#[tonic::async_trait]
impl Shop for OddShop {
    async fn order(&self, request: tonic::Request<OrderRequest>) -> Reply<OrderReply> {
        let unreadable = Status::unprocessable_entity();
        match request.into_inner().id {
            1 => {
                self.0.send_modify(|waiting| *waiting += 1);
                self.0.closed().await;
                self.0.send_modify(|waiting| *waiting -= 1);
                Ok(tonic::Response::new(OrderReply { id: 1, ..OrderReply::default() }))
            }
            2 => Err(unreadable
                .with_detail("100 % grüße\nsind \"zu\" wenig – 🌷%20")
                .with_type("https://example.com/problems/bad-greeting?lang=de")
                .with_title("Bad greeting")
                .with_retry_after(Duration::from_millis(1500))
                .with_extension("least", 101)
                .with_extension("errors", json!([{ "pointer": "#/user/email", "detail": "fehlt: 100 % nötig" }])))?,
            3 => Err(unreadable.with_detail("grüße% ".repeat(2300)).with_extension("least", 101))?,
            _ => Err(Status::from_error(io::Error::other("shop:tulip@10.0.0.7: refused")))?,
        }
    }

    type WatchStream = tonic::codegen::BoxStream<OrderReply>;

    async fn watch(&self, request: tonic::Request<OrderRequest>) -> Reply<Self::WatchStream> {
        let id = request.into_inner().id;
        let reply = move |asked| Ok(OrderReply { id, asked, ..OrderReply::default() });
        Ok(tonic::Response::new(Box::pin(WatchStream::new(self.0.subscribe()).map(reply))))
    }
}

/// Is never ready.
#[derive(Clone)]
struct Closed;

impl Service<Request> for Closed {
    type Response = Response;
    type Error = BoxError;
    type Future = std::future::Pending<Result<Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), BoxError>> {
        let opens = Duration::from_secs(3600);
        task::Poll::Ready(Err(Status::service_unavailable().with_retry_after(opens).into()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        std::future::pending()
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = examples::listen().await;
    println!("listening on http://{}", listener.local_addr()?);
    let grpc = tonic_web::GrpcWebLayer::new().layer(ShopServer::new(OddShop::default()));
    let text = async || (StatusCode::FORBIDDEN, "members only: 100 % grüße");
    // `tests/grpc_nginx/run` raises it.
    let limit = env::var("GRPC_LIMIT").ok().and_then(|bytes| bytes.parse().ok());
    let layer = limit.map_or(StatusMapLayer::new(), |bytes| StatusMapLayer::new().grpc_limit(bytes));
    let app = Router::new()
        .route_service("/shop.v1.Shop/{method}", grpc)
        .route("/shop.v1.Members/{method}", post(text))
        .layer((layer, LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(4)))
        .route_service("/shop.v1.Closed/{method}", StatusMapLayer::new().layer(Closed));
    axum::serve(listener, app).await
}
