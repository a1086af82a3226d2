//! A gRPC error from a tonic service.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, body::Body, routing::post_service};
use tonic::{Code, server::Grpc, server::UnaryService};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, StatusExt};
use tower::Service;
use tower_status::{IntoStatus, StatusMapLayer};

use super::{
    BY_HAND, OURS, Ways,
    connection::{Protocol, Sent, serve},
    head,
};

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(tonic)]
enum ShopError {
    #[error("order {order_id} does not exist")]
    #[status(404, type = "/problems/no-such-order")]
    NoSuchOrder {
        #[status(extension)]
        order_id: u64,
    },
}

/// A method of a tonic server that fails with an error of the application.
#[derive(Clone, Copy)]
struct Method(fn(u64) -> tonic::Status);

impl UnaryService<u64> for Method {
    type Response = u64;
    type Future = Ready<Result<tonic::Response<u64>, tonic::Status>>;

    fn call(&mut self, _: tonic::Request<u64>) -> Self::Future {
        ready(Err(self.0(8)))
    }
}

/// Calls the method the way tonic's generated code does.
impl Service<http::Request<Body>> for Method {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = *self;
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(method, request).await) })
    }
}

fn by_hand(order_id: u64) -> tonic::Status {
    let metadata = HashMap::from([("order_id".to_owned(), order_id.to_string())]);
    let details = ErrorDetails::with_error_info("NO_SUCH_ORDER", "shop.v1.Shop", metadata);
    tonic::Status::with_error_details(Code::NotFound, format!("order {order_id} does not exist"), details)
}

fn server(method: fn(u64) -> tonic::Status) -> Router {
    Router::new().route("/shop.v1.Shop/Order", post_service(Method(method)))
}

pub(super) fn add(ways: &mut Ways) {
    let fields = "content-type: application/grpc\nte: trailers\nuser-agent: tonic/0.14.9";
    let sent = Sent {
        protocol: Protocol::Http2,
        head: head("POST /shop.v1.Shop/Order", fields),
        // The five-byte prefix of an empty message.
        body: &[0; 5],
    };
    ways.add(
        "gRPC error by derive",
        sent,
        &[
            (BY_HAND, || serve(server(by_hand), Protocol::Http2)),
            (OURS, || {
                let method = |order_id| ShopError::NoSuchOrder { order_id }.into();
                serve(server(method).layer(StatusMapLayer::new()), Protocol::Http2)
            }),
        ],
    );
}
