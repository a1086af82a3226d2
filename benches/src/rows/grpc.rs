//! A gRPC error, as Trailers-Only.

use std::{convert::Infallible, hint::black_box};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_status::{Status, StatusBody, StatusMapLayer};

use super::{
    Table,
    pass::{request_alone, send},
};
use crate::service::responding;

/// The request head of a tonic client.
const TONIC: &str = "POST /shop.Orders/Get
    te: trailers
    content-type: application/grpc
    user-agent: tonic/0.14.9";

pub(crate) fn grpc(table: &mut Table) {
    for (work, count) in [("a message", 1), ("10x the message", 10)] {
        table.work("gRPC error", work);
        table.by("base: the request", || request_alone(TONIC));
        let message = move || format!("order {} does not exist", black_box(8)).repeat(count);
        table.by("tower-status", move || send(TONIC, failing(move || Status::not_found().with_detail(message()))));
    }
    for (work, count) in [("a message and its details", 1), ("10x the details", 10)] {
        let names: Vec<&'static str> = (0..count).map(|number| &*format!("order_{number}").leak()).collect();
        let names: &'static [&'static str] = names.leak();
        table.work("gRPC error", work);
        table.by("base: the request", || request_alone(TONIC));
        table.by("tower-status", move || {
            let status = || Status::not_found().with_detail("order 8 does not exist");
            let error = move || names.iter().fold(status(), |status, name| status.with_extension(*name, black_box(8)));
            send(TONIC, failing(error))
        });
    }
}

fn failing(
    error: impl Fn() -> Status + Clone,
) -> impl Service<Request<()>, Response = Response<StatusBody<Empty<Bytes>>>, Error = Infallible> {
    StatusMapLayer::new().rpc(true).layer(responding(move || Err::<Response<Empty<Bytes>>, _>(error())))
}
