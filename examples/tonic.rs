//! gRPC, gRPC-Web and plain HTTP on one port, with the same errors. Run `cargo run --example tonic`, then
//!
//! ```sh
//! curl -i http://127.0.0.1:3000/orders/9
//! grpcurl -plaintext -import-path examples/shop -proto v1.proto -d '{"id": 9}' 127.0.0.1:3000 shop.v1.Shop/Order
//! ```

mod shop; // generated

use std::{future, io, time::Duration};

use axum::{Router, extract::Path, routing::get};
use shop::v1::{OrderReply, OrderRequest, shop_server::Shop, shop_server::ShopServer};
use tokio::sync::watch;
use tokio_stream::{StreamExt, wrappers::WatchStream};
use tower::{Layer, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_status::{IntoStatus, StatusMapLayer};

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, tonic)]
enum ShopError {
    #[error("order {order_id} does not exist")]
    #[status(404)]
    NoSuchOrder {
        #[status(extension)]
        order_id: u64,
    },
    #[error("order {0} was deleted: 100 % of its 3 € is refunded")]
    #[status(GONE, type = "/problems/order-deleted", title = "Order deleted")]
    Deleted(u64),
    #[error("the card provider is down")]
    #[status(503, retry_after = 30)]
    Card(#[source] io::Error),
}

async fn find(id: u64) -> Result<String, ShopError> {
    match id {
        5 => Err(ShopError::Card(io::Error::other("shop:tulip@10.0.0.7: refused"))),
        6 => future::pending().await, // until tower's timeout
        7 => Ok("seven tulips".into()),
        9 => Err(ShopError::Deleted(id)),
        order_id => Err(ShopError::NoSuchOrder { order_id }),
    }
}

/// The number of requests for an order so far.
#[derive(Default)]
struct TulipShop(watch::Sender<u64>);

type Reply<T> = Result<tonic::Response<T>, tonic::Status>;

#[tonic::async_trait]
impl Shop for TulipShop {
    async fn order(&self, request: tonic::Request<OrderRequest>) -> Reply<OrderReply> {
        let id = request.into_inner().id;
        let item = find(id).await?;
        self.0.send_modify(|asked| *asked += 1);
        Ok(tonic::Response::new(OrderReply { id, item, asked: *self.0.borrow() }))
    }

    type WatchStream = tonic::codegen::BoxStream<OrderReply>;

    async fn watch(&self, request: tonic::Request<OrderRequest>) -> Reply<Self::WatchStream> {
        let id = request.into_inner().id;
        let item = find(id).await?;
        let reply = move |asked| Ok(OrderReply { id, item: item.clone(), asked });
        Ok(tonic::Response::new(Box::pin(WatchStream::new(self.0.subscribe()).map(reply))))
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().init();
    let grpc = tonic_web::GrpcWebLayer::new().layer(ShopServer::new(TulipShop::default()));
    let timeout = TimeoutLayer::new(Duration::from_secs(1));
    let app = Router::new()
        .route_service("/shop.v1.Shop/{method}", grpc)
        .route("/orders/{id}", get(async |Path(id): Path<u64>| find(id).await))
        .layer((StatusMapLayer::new(), timeout, LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(512)));
    let listener = examples::listen().await;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await
}
