//! The same shop over gRPC, gRPC-Web and Connect: a unary method and a stream.
//!
//! The stream of order 7 has three messages, that of 10 fails after one, and that of 6 has one and never ends.

use std::sync::Arc;

use connectrpc::{ConnectError, ConnectRpcService, RequestContext, ServiceRequest, ServiceResult, ServiceStream};
use tokio_stream::{Stream, StreamExt, iter, pending};
use tonic_web::GrpcWebService;
use tower::Layer;

use crate::{
    ShopError,
    connect::{OrderReply as ConnectReply, OrderRequest as ConnectRequest, Shop as ConnectShop, ShopExt},
    find,
    shop::{OrderReply, OrderRequest, shop_server::Shop, shop_server::ShopServer},
};

pub(crate) struct TulipShop;

pub(crate) fn grpc() -> GrpcWebService<ShopServer<TulipShop>> {
    tonic_web::GrpcWebLayer::new().layer(ShopServer::new(TulipShop))
}

pub(crate) fn connect() -> ConnectRpcService<connectrpc::Router> {
    Arc::new(TulipShop).register(connectrpc::Router::new()).into_axum_service()
}

type Boxed<T> = std::pin::Pin<Box<dyn Stream<Item = T> + Send>>;

/// Returns the numbers of the messages of a stream.
fn messages(id: u64) -> Result<Boxed<Result<u64, ShopError>>, ShopError> {
    find(id)?;
    Ok(match id {
        6 => Box::pin(iter([Ok(1)]).chain(pending())),
        10 => Box::pin(iter([Ok(1), Err(ShopError::Deleted(id))])),
        _ => Box::pin(iter([Ok(1), Ok(2), Ok(3)])),
    })
}

type Reply<T> = Result<tonic::Response<T>, tonic::Status>;

#[tonic::async_trait]
impl Shop for TulipShop {
    async fn order(&self, request: tonic::Request<OrderRequest>) -> Reply<OrderReply> {
        let id = request.into_inner().id;
        Ok(tonic::Response::new(OrderReply { id, item: find(id)?.into(), asked: 1 }))
    }

    type WatchStream = Boxed<Result<OrderReply, tonic::Status>>;

    async fn watch(&self, request: tonic::Request<OrderRequest>) -> Reply<Self::WatchStream> {
        let id = request.into_inner().id;
        let reply = move |asked| Ok(OrderReply { id, item: "seven tulips".into(), asked: asked? });
        Ok(tonic::Response::new(Box::pin(messages(id)?.map(reply))))
    }
}

#[allow(refining_impl_trait, reason = "the types that the methods return are the simplest")]
impl ConnectShop for TulipShop {
    async fn order(
        &self,
        _: RequestContext,
        request: ServiceRequest<'_, ConnectRequest>,
    ) -> ServiceResult<ConnectReply> {
        let id = request.id;
        connectrpc::Response::ok(ConnectReply { id, item: find(id)?.into(), ..ConnectReply::default() })
    }

    async fn watch(
        &self,
        _: RequestContext,
        request: ServiceRequest<'_, ConnectRequest>,
    ) -> ServiceResult<ServiceStream<ConnectReply>> {
        let id = request.id;
        let reply = move |asked: Result<u64, ShopError>| {
            let asked = asked.map_err(ConnectError::from)?;
            Ok(ConnectReply { id, item: "seven tulips".into(), asked, ..ConnectReply::default() })
        };
        connectrpc::Response::ok(Box::pin(messages(id)?.map(reply)))
    }
}
