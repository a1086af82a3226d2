//! A gRPC error, as Trailers-Only.

use std::{convert::Infallible, hint::black_box};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tonic::Code;
use tonic_types::{ErrorDetails, StatusExt};
use tower::{Layer, Service};
use tower_status::{Status, StatusBody, StatusMapLayer};

use super::{
    Table,
    pass::{asked, unasked},
    repeated,
};
use crate::{
    Run,
    service::{answering, read, request},
};

/// What a tonic client sends.
const TONIC: &str = "POST /shop.Orders/Get
    te: trailers
    content-type: application/grpc
    user-agent: tonic/0.14.9";

pub(crate) fn grpc(table: &mut Table) {
    for (work, count) in [("a message", 1), ("10x the message", 10), ("100x the message", 100)] {
        table.work("gRPC error", work);
        table.by("base: the request", || unasked(TONIC));
        let message = move || format!("order {} does not exist", black_box(8)).repeat(count);
        table.by("tower-status", move || asked(TONIC, failing(move || Status::not_found().with_detail(message()))));
        table.by("tower-status, a tonic::Status", move || {
            asked(TONIC, failing(move || tonic::Status::not_found(message())))
        });
        table.by("tonic Status::into_http", move || made(move || tonic::Status::not_found(message())));
    }
    for (work, count) in [("a message and its details", 1), ("10x the details", 10), ("100x the details", 100)] {
        let names: Vec<&'static str> = (0..count).map(|number| &*format!("order_{number}").leak()).collect();
        let names: &'static [&'static str] = names.leak();
        table.work("gRPC error", work);
        table.by("base: the request", || unasked(TONIC));
        table.by("tower-status", move || {
            let status = || Status::not_found().with_detail("order 8 does not exist");
            let told = move || names.iter().fold(status(), |status, name| status.with_extension(*name, black_box(8)));
            asked(TONIC, failing(told))
        });
        table.by("tonic Status::into_http", move || {
            made(move || {
                let member = |name: &&str| ((*name).to_owned(), black_box(8).to_string());
                let metadata: std::collections::HashMap<_, _> = names.iter().map(member).collect();
                let details = ErrorDetails::with_error_info("NOT_FOUND", "shop.Orders", metadata);
                tonic::Status::with_error_details(Code::NotFound, "order 8 does not exist", details)
            })
        });
    }
}

fn failing<E: Into<Status>>(
    error: impl Fn() -> E + Clone,
) -> impl Service<Request<()>, Response = Response<StatusBody<Empty<Bytes>>>, Error = Infallible> {
    StatusMapLayer::new().layer(answering(move || Err::<Response<Empty<Bytes>>, _>(error())))
}

fn made(status: impl Fn() -> tonic::Status + 'static) -> Run {
    // The request that the others are sent costs here, too.
    let request = request(TONIC);
    repeated(move || {
        black_box(request.clone());
        read(status().into_http::<Empty<Bytes>>())
    })
}
