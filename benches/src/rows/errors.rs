//! Errors as problem documents and as pages.

use std::{convert::Infallible, fmt::Write, hint::black_box};

use axum::{Json, response::IntoResponse};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_api_problem::HttpApiProblem;
use http_body_util::{Empty, Full};
use problem_details::ProblemDetails;
use serde_json::json;
use tower::{Layer, Service};
use tower_status::{Status, StatusBody, StatusMapLayer};

use super::{
    CURL, FIREFOX, Table,
    pass::{asked, unasked},
    repeated,
};
use crate::{
    Run,
    service::{answering, call, read, request},
};

/// What went wrong: one order is not there.
fn detail() -> String {
    format!("order {} does not exist", black_box(8))
}

fn long_detail(length: usize) -> String {
    "order 8 does not exist ".repeat(length / 23)
}

fn status() -> Status {
    Status::not_found().with_detail(detail()).with_extension("order_id", 8).with_extension("currency", "EUR")
}

/// What users of `problem_details` derive `Serialize` for.
#[derive(Debug)]
struct Members {
    order_id: u64,
    currency: &'static str,
}

impl serde::Serialize for Members {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut members = serializer.serialize_struct("Members", 2)?;
        members.serialize_field("order_id", &self.order_id)?;
        members.serialize_field("currency", self.currency)?;
        members.end()
    }
}

fn failing(
    status: impl Fn() -> Status + Clone,
) -> impl Service<Request<()>, Response = Response<StatusBody<Empty<Bytes>>>, Error = Infallible> {
    StatusMapLayer::new().layer(answering(move || Err::<Response<Empty<Bytes>>, _>(status())))
}

/// What a handler makes, without a service around it.
fn made<B: http_body::Body<Error: std::fmt::Debug>>(make: impl Fn() -> Response<B> + 'static) -> Run {
    // The request that the others are sent costs here, too.
    let request = request(CURL);
    repeated(move || {
        black_box(request.clone());
        read(make())
    })
}

pub(crate) fn json(table: &mut Table) {
    table.work("JSON error", "detail and 2 extensions");
    table.by("base: the request", move || unasked(CURL));
    table.by("tower-status", || asked(CURL, failing(status)));
    table.by("tower-status, in axum's handler", || {
        let inner = answering(|| Ok::<_, Infallible>(status().into_response()));
        asked(CURL, StatusMapLayer::new().layer(inner))
    });
    table.by("tower-status, without the layer", || made(|| status().into_response()));
    table.by("problem_details", || {
        made(|| {
            let problem = ProblemDetails::from_status_code(StatusCode::NOT_FOUND).with_detail(detail());
            problem.with_extensions(Members { order_id: 8, currency: "EUR" }).into_response()
        })
    });
    table.by("http-api-problem", || {
        made(|| {
            let problem = HttpApiProblem::with_title_and_type(StatusCode::NOT_FOUND).detail(detail());
            problem.value("order_id", &8).value("currency", &"EUR").to_axum_response()
        })
    });
    table.by("axum-problem", || {
        made(|| {
            let problem = axum_problem::Problem::not_found().detail(detail());
            let problem = problem.extension("order_id", 8).extension("currency", "EUR");
            axum07::response::IntoResponse::into_response(problem)
        })
    });
    table.by("axum (StatusCode, Json)", || {
        made(|| {
            let body = json!({
                "type": "about:blank", "title": "Not Found", "status": 404, "detail": detail(),
                "order_id": 8, "currency": "EUR",
            });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        })
    });
    for (work, count) in [("20 extensions", 20), ("200 extensions", 200)] {
        table.work("JSON error", work);
        let names: Vec<&'static str> = (0..count).map(|number| &*format!("member_{number}").leak()).collect();
        let names: &'static [&'static str] = names.leak();
        let many = move || {
            names
                .iter()
                .fold(Status::not_found().with_detail(detail()), |status, name| status.with_extension(*name, "EUR"))
        };
        table.by("base: the request", move || unasked(CURL));
        table.by("tower-status", move || asked(CURL, failing(many)));
        table.by("axum (StatusCode, Json)", move || {
            made(move || {
                let mut body = json!({
                    "type": "about:blank", "title": "Not Found", "status": 404, "detail": detail(),
                });
                let members = body.as_object_mut().unwrap();
                members.extend(names.iter().map(|name| ((*name).to_owned(), "EUR".into())));
                (StatusCode::NOT_FOUND, Json(body)).into_response()
            })
        });
    }
    for (work, length) in [("detail of 230 bytes", 230), ("detail of 2,300 bytes", 2_300)] {
        table.work("JSON error", work);
        let long = move || Status::not_found().with_detail(long_detail(length));
        table.by("base: the request", move || unasked(CURL));
        table.by("tower-status", move || asked(CURL, failing(long)));
        table.by("axum (StatusCode, Json)", move || {
            made(move || {
                let body = json!({
                    "type": "about:blank", "title": "Not Found", "status": 404, "detail": long_detail(length),
                });
                (StatusCode::NOT_FOUND, Json(body)).into_response()
            })
        });
    }
}

pub(crate) fn bare(table: &mut Table) {
    table.work("bare 404", "from the fallback");
    table.by("base: the request", || unasked(CURL));
    table.by("tower-status", || {
        let inner = answering(|| Ok::<_, Infallible>(StatusCode::NOT_FOUND.into_response()));
        asked(CURL, StatusMapLayer::new().layer(inner))
    });
    table.by("axum StatusCode, no body", || made(|| StatusCode::NOT_FOUND.into_response()));
    table.by("problem_details", || made(|| ProblemDetails::from_status_code(StatusCode::NOT_FOUND).into_response()));
    table.by("http-api-problem", || {
        made(|| HttpApiProblem::with_title_and_type(StatusCode::NOT_FOUND).to_axum_response())
    });
    table.by("axum-problem", || {
        made(|| axum07::response::IntoResponse::into_response(axum_problem::Problem::not_found()))
    });
    table.by("axum (StatusCode, Json)", || {
        made(|| {
            let body = json!({ "type": "about:blank", "title": "Not Found", "status": 404 });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        })
    });
}

/// A page with one detail and its two extensions; those of many extensions and of a long detail.
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
        table.by("base: the request", move || unasked(FIREFOX));
        table.by("tower-status", move || asked(FIREFOX, failing(page)));
        table.by("format!", move || formatted(text, &page()));
    }
    for (work, count) in [("20 findings", 20), ("200 findings", 200)] {
        table.work("HTML error", work);
        let finding = |number| json!({ "detail": "must be at least 1", "pointer": format!("#/lines/{number}/count") });
        let findings: Vec<_> = (0..count).map(finding).collect();
        let status = Status::not_found().with_detail(detail()).with_extension("errors", findings);
        let page = move || status.clone();
        table.by("base: the request", move || unasked(FIREFOX));
        table.by("tower-status", {
            let page = page.clone();
            move || asked(FIREFOX, failing(page.clone()))
        });
        table.by("format!", move || formatted(detail().leak(), &page()));
    }
}

/// The same answer, of which only the detail is not known before.
fn formatted(text: &'static str, status: &Status) -> Run {
    let status = status.clone();
    let response = call(&mut failing(move || status.clone()), request(FIREFOX));
    let (parts, body) = response.into_parts();
    let page = crate::service::now(http_body_util::BodyExt::collect(body)).unwrap().to_bytes();
    let page: &'static str = String::from_utf8(page.to_vec()).unwrap().leak();
    let (before, after) = page.split_once(text).unwrap();
    let headers = parts.headers;
    let inner = answering(move || {
        let detail = text.to_owned();
        let mut page = String::with_capacity(before.len() + detail.len() + after.len());
        write!(page, "{before}{detail}{after}").unwrap();
        let mut response = Response::new(Full::new(Bytes::from(page)));
        *response.status_mut() = StatusCode::NOT_FOUND;
        response.headers_mut().clone_from(&headers);
        Ok::<_, Infallible>(response)
    });
    asked(FIREFOX, inner)
}
