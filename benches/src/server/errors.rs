//! Errors: by the derive, of an extractor, of the router, of tower's layers.

use std::{future::pending, sync::LazyLock, time::Duration};

use axum::{
    BoxError, Json, Router,
    error_handling::HandleErrorLayer,
    extract::{Path, rejection::JsonRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tower::{limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_status::{IntoStatus, StatusMapLayer, catalog};

use super::{
    BY_HAND, CURL, FIREFOX, OURS, Ways,
    connection::{Protocol, once, serve},
    head, http1,
};

// ----- With tower-status -----

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum)]
enum ShopError {
    #[error("order {order_id} does not exist")]
    #[status(404)]
    NoSuchOrder {
        #[status(extension)]
        order_id: u64,
    },
}

async fn order(Path(order_id): Path<u64>) -> Result<String, ShopError> {
    Err(ShopError::NoSuchOrder { order_id })
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    id: u64,
}

async fn create(Json(order): Json<Order>) -> Json<Order> {
    Json(order)
}

fn orders() -> Router {
    Router::new().route("/orders/{id}", get(order)).route("/orders", post(create)).layer(StatusMapLayer::new())
}

// ----- By hand -----

/// A problem document, with the members of this application.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<u64>,
}

fn problem(code: StatusCode, title: &str, detail: &str, order_id: Option<u64>) -> Response {
    let problem = Problem { r#type: "about:blank", title, status: code.as_u16(), detail, order_id };
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::VARY, HeaderValue::from_static("accept")),
    ];
    (code, fields, Json(problem)).into_response()
}

/// Returns a problem document with a text in English for developers.
fn explained(code: StatusCode) -> Response {
    let entry = catalog::get(code).unwrap();
    let mut response = problem(code, entry.title, entry.for_developers.unwrap_or(entry.explanation), None);
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("en"));
    response
}

enum HandError {
    NoSuchOrder { order_id: u64 },
}

impl IntoResponse for HandError {
    fn into_response(self) -> Response {
        let Self::NoSuchOrder { order_id } = self;
        let detail = format!("order {order_id} does not exist");
        problem(StatusCode::NOT_FOUND, "Not Found", &detail, Some(order_id))
    }
}

async fn order_by_hand(Path(order_id): Path<u64>) -> Result<String, HandError> {
    Err(HandError::NoSuchOrder { order_id })
}

async fn create_by_hand(order: Result<Json<Order>, JsonRejection>) -> Result<Json<Order>, Response> {
    order.map_err(|rejection| {
        let code = rejection.status();
        let title = catalog::get(code).unwrap().title;
        problem(code, title, &rejection.body_text(), None)
    })
}

fn orders_by_hand() -> Router {
    Router::new()
        .route("/orders/{id}", get(order_by_hand))
        .route("/orders", post(create_by_hand))
        .fallback(async || explained(StatusCode::NOT_FOUND))
}

/// The page of the error, split around its two texts, and its header fields.
struct Page {
    parts: Vec<&'static str>,
    fields: HeaderMap,
}

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let sent = http1(head("GET /orders/4294967295", FIREFOX), b"");
    let (_, fields, body) = once(&serve(orders(), Protocol::Http1), sent);
    let page: &'static str = String::from_utf8(body.to_vec()).unwrap().leak();
    let fields = fields.into_iter().filter(|(name, _)| name != "content-length");
    let fields = fields.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_bytes(&value).unwrap()));
    Page { parts: page.split("4294967295").collect(), fields: fields.collect() }
});

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// Chooses the format as code without a crate does, and fills in a template.
async fn page_by_hand(Path(order_id): Path<u64>, request: HeaderMap) -> Response {
    let accept = request.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    if !accept.contains("text/html") {
        return HandError::NoSuchOrder { order_id }.into_response();
    }
    let page = PAGE.parts.join(&escape(&order_id.to_string()));
    let mut response = (StatusCode::NOT_FOUND, page).into_response();
    for (name, value) in &PAGE.fields {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

async fn failed(_: BoxError) -> Response {
    explained(StatusCode::SERVICE_UNAVAILABLE)
}

async fn shed(_: BoxError) -> Response {
    let mut response = explained(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Returns a server that lets one request in at a time, for 10 ms, and refuses the others: with this layer outside of
/// tower's load-shed.
pub fn overloaded(layer: &str) -> Option<Router> {
    let work = async || tokio::time::sleep(Duration::from_millis(10)).await;
    let app = Router::new().route("/work", get(work));
    let limit = (LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(1));
    match layer {
        "StatusMapLayer" => Some(app.layer((StatusMapLayer::new(), limit))),
        "HandleErrorLayer" => Some(app.layer((HandleErrorLayer::new(shed), limit))),
        _ => None,
    }
}

fn slow() -> Router {
    Router::new().route("/slow", get(async || pending::<()>().await))
}

// ----- The rows -----

pub(super) fn add(ways: &mut Ways) {
    ways.add(
        "JSON error by derive",
        http1(head("GET /orders/8", CURL), b""),
        &[(BY_HAND, || serve(orders_by_hand(), Protocol::Http1)), (OURS, || serve(orders(), Protocol::Http1))],
    );
    ways.add(
        "HTML error by derive",
        http1(head("GET /orders/8", FIREFOX), b""),
        &[
            (BY_HAND, || {
                LazyLock::force(&PAGE);
                serve(Router::new().route("/orders/{id}", get(page_by_hand)), Protocol::Http1)
            }),
            (OURS, || serve(orders(), Protocol::Http1)),
        ],
    );
    let json = format!("{CURL}\ncontent-type: application/json");
    ways.add(
        "extractor rejection",
        http1(head("POST /orders", &json), br#"{"id":"eight"}"#),
        &[(BY_HAND, || serve(orders_by_hand(), Protocol::Http1)), (OURS, || serve(orders(), Protocol::Http1))],
    );
    ways.add(
        "router 404",
        http1(head("GET /nowhere", CURL), b""),
        &[(BY_HAND, || serve(orders_by_hand(), Protocol::Http1)), (OURS, || serve(orders(), Protocol::Http1))],
    );
    ways.add(
        "timeout",
        http1(head("GET /slow", CURL), b""),
        &[
            (BY_HAND, || {
                let timeout = TimeoutLayer::new(Duration::from_secs(1));
                serve(slow().layer((HandleErrorLayer::new(failed), timeout)), Protocol::Http1)
            }),
            (OURS, || {
                let timeout = TimeoutLayer::new(Duration::from_secs(1));
                serve(slow().layer((StatusMapLayer::new(), timeout)), Protocol::Http1)
            }),
        ],
    );
    ways.add(
        "overload, all shed",
        http1(head("GET /slow", CURL), b""),
        &[
            (BY_HAND, || {
                let limit = (LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(0));
                serve(slow().layer((HandleErrorLayer::new(shed), limit)), Protocol::Http1)
            }),
            (OURS, || {
                let limit = (LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(0));
                serve(slow().layer((StatusMapLayer::new(), limit)), Protocol::Http1)
            }),
        ],
    );
}
