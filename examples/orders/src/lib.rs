//! An application with tower-status: orders in a database, as JSON for programs and as pages for people.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header},
    middleware::{Next, from_extractor, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get, put},
};
use sqlx::SqlitePool;
use tower::{
    limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer, util::MapRequestLayer,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate},
    },
    cors::CorsLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::{DefaultMakeSpan, TraceLayer},
};
use tower_status::{ConditionalLayer, Context, Page, Status, StatusMapLayer, problems::Problems, status_map::Accent};
use tracing::Level;
use utoipa::OpenApi;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};
use utoipa_swagger_ui::SwaggerUi;

mod access;
mod api;
mod error;
mod orders;
mod pages;
mod store;

pub use store::open;

use access::Caller;
use error::{OrderError, RouteError};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The state that the handlers share.
#[derive(Debug, Clone)]
struct App {
    db: SqlitePool,
}

/// Returns all routes and layers around a database.
// More than 60 lines: one list of routes and layers, in their order.
pub fn app(db: SqlitePool) -> Router {
    let app = App { db };
    let changes = routes!(orders::replace, orders::delete).map(guarded);
    // The list has no version, so its tag is generated from its content. It is weak, because the list may be compressed.
    let all = routes!(orders::list, orders::create).layer(ConditionalLayer::new().generate_weak_etags(256 * 1024));
    let one = get(orders::read).merge(guarded(put(orders::replace).delete(orders::delete)));
    let assets = Router::new()
        .route(
            "/assets/orders.css",
            get(async || asset("text/css; charset=utf-8", include_str!("../assets/orders.css"))),
        )
        .route("/assets/orders.js", get(async || asset("text/javascript", include_str!("../assets/orders.js"))))
        .layer(ConditionalLayer::new().generate_weak_etags(256 * 1024));
    // The routes of the OpenAPI document.
    let (routes, api) = OpenApiRouter::with_openapi(api::Api::openapi())
        .routes(all)
        .routes(routes!(orders::read))
        .routes(changes)
        .routes(routes!(orders::moved))
        .routes(routes!(orders::customer))
        .routes(routes!(orders::report))
        .split_for_parts();
    routes
        .route_layer(from_fn_with_state(app.clone(), while_open))
        .route("/", get(async || Redirect::to("/orders")))
        .route("/internal/orders/{id}", one)
        .route("/internal/stock-taking", put(stock_taking))
        .route("/internal/audit", get(audit))
        // The `type` of each response is the address of a page that explains it.
        .nest_service("/problems", Problems::of::<OrderError>().and::<RouteError>().page(page()))
        .merge(assets)
        // The document, and a page to read it.
        .merge(SwaggerUi::new("/api").url("/openapi.json", api::complete(api)))
        .with_state(app)
        .layer((
            // A span for each request, which contains the log line of an error. A second line for a 5xx is not needed.
            TraceLayer::new_for_http().make_span_with(DefaultMakeSpan::new().level(Level::INFO)).on_failure(()),
            MapRequestLayer::new(accept_identity),
            // Compresses pages, lists and errors, but no response with a strong tag, which identifies the bytes.
            CompressionLayer::new().compress_when(DefaultPredicate::new().and(has_no_strong_tag)),
            // Turns each error inside into a response.
            StatusMapLayer::new().page(page()).map_error(error::database).map_status(conceal_550),
            // A request that takes too long gets a 503.
            TimeoutLayer::new(Duration::from_secs(10)),
            // A request that would wait gets a 503 with Retry-After.
            LoadShedLayer::new(),
            // Global, because each clone of a route would have a separate limit and never reach it.
            GlobalConcurrencyLimitLayer::new(512),
            // A panic gets a 500.
            CatchPanicLayer::new(),
        ))
        // Outside of the layers above: `CorsLayer` requires a body that implements `Default`, which `TraceLayer`'s does not.
        .layer((
            // A page of another origin may send a token, and read every response, errors included.
            CorsLayer::permissive()
                .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH])
                .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER, X_REQUEST_ID]),
            // The request id, which the response, the log and the error pages show.
            SetRequestIdLayer::x_request_id(MakeRequestUuid),
            PropagateRequestIdLayer::x_request_id(),
        ))
}

/// Protects changes with a token, and inside it with a precondition.
fn guarded(changes: MethodRouter<App>) -> MethodRouter<App> {
    changes
        // A change without a precondition gets a 428.
        .route_layer(ConditionalLayer::new().require_preconditions())
        // Outside of it: an unknown caller gets a 401, before anything else is checked.
        .route_layer(from_extractor::<Caller>())
}

/// Removes `identity;q=0` and `*;q=0` from Accept-Encoding: `CompressionLayer` turns any response to such a request
/// into a 406.
fn accept_identity(mut request: Request) -> Request {
    let excludes_identity = |member: &str| {
        let (coding, weight) = member.split_once(';').unwrap_or((member, "q=1"));
        let is_zero = weight.trim().get(2..).is_some_and(|weight| weight.parse() == Ok(0.0));
        is_zero && ["*", "identity"].iter().any(|excluded| coding.trim().eq_ignore_ascii_case(excluded))
    };
    let lines = request.headers().get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let kept: Vec<_> = lines.flat_map(|line| line.split(',')).filter(|member| !excludes_identity(member)).collect();
    match HeaderValue::from_str(&kept.join(",")) {
        Ok(kept) if !kept.is_empty() => request.headers_mut().insert(header::ACCEPT_ENCODING, kept),
        _ => request.headers_mut().remove(header::ACCEPT_ENCODING),
    };
    request
}

/// The shop's name, links and color, on the error pages and on the pages of the problems.
fn page() -> Page {
    Page::new().site("Tulip Shop").home("/orders").support("mailto:help@example.org").accent(Accent::Green)
}

/// Maps a missing right to a 403, except under `/internal`.
fn conceal_550(status: Status, context: &Context<'_>) -> Status {
    if status.code().as_u16() != 550 || context.path.starts_with("/internal") {
        return status;
    }
    let forbidden = Status::forbidden().with_title("Missing permission").with_type("/problems/no-right");
    status.detail().map(str::to_owned).into_iter().fold(forbidden, Status::with_detail)
}

fn has_no_strong_tag(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(header::ETAG).is_none_or(|tag| tag.as_bytes().starts_with(b"W/"))
}

/// Returns a 503 while the shop is closed. `/internal`, the pages of the problems and the assets stay open.
async fn while_open(State(app): State<App>, request: Request, next: Next) -> Result<Response, OrderError> {
    if store::is_stock_taking(&app.db).await? {
        return Err(OrderError::StockTaking);
    }
    Ok(next.run(request).await)
}

/// Closes or opens the shop.
async fn stock_taking(State(app): State<App>, caller: Caller, Json(on): Json<bool>) -> Result<StatusCode, Status> {
    caller.may_delete()?;
    store::set_stock_taking(&app.db, on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fails: the client gets a 500 without any SQL, and the log has the chain of causes.
async fn audit(State(app): State<App>) -> Result<Json<i64>, OrderError> {
    store::audit(&app.db).await.map(Json)
}

fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], text)
}
