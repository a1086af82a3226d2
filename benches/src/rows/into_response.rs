//! The response of a handler without a layer, by this crate and by others: the same header fields and the same document.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use http_api_problem::HttpApiProblem;
use http_body::Body;
use http_body_util::BodyExt;
use problem_details::ProblemDetails;
use serde::Serialize;

use super::{
    Table,
    errors::{detail, status},
    repeated,
};
use crate::{
    Run,
    service::{now, read},
};

/// The members as a user of `problem_details` writes them.
#[derive(Debug, Serialize)]
struct Members {
    order_id: u64,
    currency: &'static str,
}

/// Adds the fields that a status sets, beside the Content-Type.
fn complete<B>(mut response: http::Response<B>) -> http::Response<B> {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn ours() -> Response {
    status().into_response()
}

fn by_problem_details() -> Response {
    let problem = ProblemDetails::from_status_code(StatusCode::NOT_FOUND).with_detail(detail());
    let problem = problem.with_type(Uri::from_static("about:blank"));
    complete(problem.with_extensions(Members { order_id: 8, currency: "EUR" }).into_response())
}

fn by_http_api_problem() -> Response {
    let problem = HttpApiProblem::with_title(StatusCode::NOT_FOUND).type_url("about:blank").detail(detail());
    complete(problem.value("order_id", &8).value("currency", &"EUR").to_axum_response())
}

fn by_axum_problem() -> axum07::response::Response {
    let problem = axum_problem::Problem::not_found().problem_type("about:blank").detail(detail());
    let problem = problem.extension("order_id", 8).extension("currency", "EUR");
    complete(axum07::response::IntoResponse::into_response(problem))
}

fn made<B: Body<Error: std::fmt::Debug> + 'static>(make: fn() -> http::Response<B>) -> Run {
    repeated(move || read(make()))
}

pub(crate) fn into_response(table: &mut Table) {
    table.work("into_response", "detail and 2 extensions");
    table.by("tower-status", || made(ours));
    table.by("problem_details", || made(by_problem_details));
    table.by("http-api-problem", || made(by_http_api_problem));
    table.by("axum-problem", || made(by_axum_problem));
}

/// Checks that the responses have the same status, header fields, and members.
///
/// # Panics
///
/// If two of them differ.
pub(crate) fn check() {
    let expected = received(ours());
    assert_eq!(expected, received(by_problem_details()), "left: tower-status, right: problem_details");
    assert_eq!(expected, received(by_http_api_problem()), "left: tower-status, right: http-api-problem");
    assert_eq!(expected, received(by_axum_problem()), "left: tower-status, right: axum-problem");
}

/// Returns what was sent. hyper adds a Content-Length that is missing.
fn received<B: Body<Error: std::fmt::Debug>>(
    response: http::Response<B>,
) -> (StatusCode, HeaderMap, serde_json::Value) {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = now(body.collect()).unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
}
