//! A Connect error, unary: of a service of the crate `connectrpc`, and of a handler that the layer writes it for.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use connectrpc::{ConnectError, ErrorDetail, RequestContext, ServiceRequest, ServiceResult, ServiceStream};
use prost::Message;
use serde::Serialize;
use tonic_types::pb::ErrorInfo;
use tower_status::{IntoStatus, StatusMapLayer};

use super::{
    BY_HAND, OURS, Ways,
    connection::{Protocol, Sent, serve},
    head, http1,
};
use shop::{OrderReply, OrderRequest, Shop, ShopExt};

/// The generated code of the Connect example.
#[path = "../../../examples/shop/connect.rs"]
#[allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]
mod shop;

const PATH: &str = "/shop.v1.Shop/Order";

// ----- With tower-status -----

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, connect)]
enum ShopError {
    #[error("order {order_id} does not exist")]
    #[status(404, type = "/problems/no-such-order")]
    NoSuchOrder {
        #[status(extension)]
        order_id: u64,
    },
}

async fn order() -> Result<(), ShopError> {
    Err(ShopError::NoSuchOrder { order_id: 8 })
}

// ----- By hand -----

/// Returns the detail that explains the error to programs, in base64.
fn error_info(order_id: u64, domain: &str) -> String {
    let metadata = HashMap::from([("order_id".to_owned(), order_id.to_string())]);
    let info = ErrorInfo { reason: "NO_SUCH_ORDER".to_owned(), domain: domain.to_owned(), metadata };
    STANDARD_NO_PAD.encode(info.encode_to_vec())
}

fn error_by_hand(order_id: u64) -> ConnectError {
    let value = Some(error_info(order_id, ""));
    let detail = ErrorDetail { type_url: "google.rpc.ErrorInfo".to_owned(), value, debug: None };
    ConnectError::not_found(format!("order {order_id} does not exist")).with_detail(detail)
}

/// The JSON of a Connect error.
#[derive(Serialize)]
struct WireError<'a> {
    code: &'a str,
    message: &'a str,
    details: [WireDetail<'a>; 1],
}

#[derive(Serialize)]
struct WireDetail<'a> {
    r#type: &'a str,
    value: &'a str,
}

async fn order_by_hand() -> Response {
    let order_id = 8;
    let value = error_info(order_id, "shop.v1.Shop");
    let error = WireError {
        code: "not_found",
        message: &format!("order {order_id} does not exist"),
        details: [WireDetail { r#type: "google.rpc.ErrorInfo", value: &value }],
    };
    let fields = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (StatusCode::NOT_FOUND, fields, Json(error)).into_response()
}

// ----- The service -----

/// A service whose method fails with an error of the application.
struct Failing(fn(u64) -> ConnectError);

#[allow(refining_impl_trait, reason = "the types that the methods return are the simplest")]
impl Shop for Failing {
    async fn order(&self, _: RequestContext, _: ServiceRequest<'_, OrderRequest>) -> ServiceResult<OrderReply> {
        Err(self.0(8))
    }

    async fn watch(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, OrderRequest>,
    ) -> ServiceResult<ServiceStream<OrderReply>> {
        Err(self.0(8))
    }
}

fn service(error: fn(u64) -> ConnectError) -> Router {
    let methods = Arc::new(Failing(error)).register(connectrpc::Router::new());
    Router::new().route_service(PATH, methods.into_axum_service())
}

pub(super) fn add(ways: &mut Ways) {
    let fields = "host: shop.example\ncontent-type: application/json\nconnect-protocol-version: 1";
    let http1 = http1(head(&format!("POST {PATH}"), fields), b"{}");
    let http2 = Sent { protocol: Protocol::Http2, ..http1 };
    ways.add(
        "Connect error by derive",
        http2,
        &[
            (BY_HAND, || serve(service(error_by_hand), Protocol::Http2)),
            (OURS, || {
                let error = |order_id| ShopError::NoSuchOrder { order_id }.into();
                serve(service(error).layer(StatusMapLayer::new()), Protocol::Http2)
            }),
        ],
    );
    ways.add(
        "Connect error by the layer",
        http1,
        &[
            (BY_HAND, || serve(Router::new().route(PATH, post(order_by_hand)), Protocol::Http1)),
            (OURS, || {
                let app = Router::new().route(PATH, post(order)).layer(StatusMapLayer::new());
                serve(app, Protocol::Http1)
            }),
        ],
    );
}
