//! Errors as problem documents and as pages.

use std::{convert::Infallible, hint::black_box};

use axum::response::IntoResponse;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use serde_json::json;
use tower::{Layer, Service};
use tower_status::{Status, StatusBody, StatusMapLayer};

use super::{
    CURL, FIREFOX, Table,
    pass::{request_alone, send},
};
use crate::service::responding;

pub(super) fn detail() -> String {
    format!("order {} does not exist", black_box(8))
}

fn long_detail(length: usize) -> String {
    "order 8 does not exist ".repeat(length / 23)
}

pub(super) fn status() -> Status {
    Status::not_found().with_detail(detail()).with_extension("order_id", 8).with_extension("currency", "EUR")
}

fn failing(
    status: impl Fn() -> Status + Clone,
) -> impl Service<Request<()>, Response = http::Response<StatusBody<Empty<Bytes>>>, Error = Infallible> {
    StatusMapLayer::new().layer(responding(move || Err::<http::Response<Empty<Bytes>>, _>(status())))
}

pub(crate) fn json(table: &mut Table) {
    table.work("JSON error", "detail and 2 extensions");
    table.by("base: the request", move || request_alone(CURL));
    table.by("tower-status", || send(CURL, failing(status)));
    for (work, count) in [("20 extensions", 20), ("200 extensions", 200)] {
        table.work("JSON error", work);
        let names: Vec<&'static str> = (0..count).map(|number| &*format!("member_{number}").leak()).collect();
        let names: &'static [&'static str] = names.leak();
        let many = move || {
            let status = Status::not_found().with_detail(detail());
            names.iter().fold(status, |status, name| status.with_extension(*name, "EUR"))
        };
        table.by("base: the request", move || request_alone(CURL));
        table.by("tower-status", move || send(CURL, failing(many)));
    }
    for (work, length) in [("detail of 230 bytes", 230), ("detail of 2,300 bytes", 2_300)] {
        table.work("JSON error", work);
        let text: &'static str = long_detail(length).leak();
        table.by("base: the request", move || request_alone(CURL));
        table.by("tower-status", move || send(CURL, failing(move || Status::not_found().with_detail(text.to_owned()))));
    }
}

/// Returns a 404 without a body, as a router sends it.
pub(crate) fn bare(table: &mut Table) {
    table.work("bare 404", "from the fallback");
    table.by("base: the request", || request_alone(CURL));
    table.by("tower-status", || {
        let inner = responding(|| Ok::<_, Infallible>(StatusCode::NOT_FOUND.into_response()));
        send(CURL, StatusMapLayer::new().layer(inner))
    });
}

pub(crate) fn html(table: &mut Table) {
    for (work, length) in
        [("detail and 2 extensions", 22), ("detail of 230 bytes", 230), ("detail of 2,300 bytes", 2_300)]
    {
        table.work("HTML error", work);
        let text: &'static str = if length == 22 { detail() } else { long_detail(length) }.leak();
        let page = move || {
            let status = Status::not_found().with_detail(text.to_owned());
            status.with_extension("order_id", 8).with_extension("currency", "EUR")
        };
        table.by("base: the request", move || request_alone(FIREFOX));
        table.by("tower-status", move || send(FIREFOX, failing(page)));
    }
    for (work, count) in [("20 errors", 20), ("200 errors", 200)] {
        table.work("HTML error", work);
        let error = |number| json!({ "detail": "must be at least 1", "pointer": format!("#/lines/{number}/count") });
        let errors: Vec<_> = (0..count).map(error).collect();
        let status = Status::not_found().with_detail(detail()).with_extension("errors", errors);
        table.by("base: the request", move || request_alone(FIREFOX));
        table.by("tower-status", move || {
            let status = status.clone();
            send(FIREFOX, failing(move || status.clone()))
        });
    }
}
