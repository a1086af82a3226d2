//! The application that a team would write with tower-status: orders in a database, for programs and for people.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderName, StatusCode, Version, header},
    middleware::{Next, from_extractor, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{get, put},
};
use sqlx::SqlitePool;
use tower::{limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer};
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate},
    },
    cors::CorsLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use tower_status::{ConditionalLayer, Context, Status, StatusMapLayer, problems::Problems};

mod access;
mod error;
mod orders;
mod pages;
mod store;

pub use store::open;

use access::Caller;
use error::OrderError;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the handlers share.
#[derive(Debug, Clone)]
struct App {
    db: SqlitePool,
}

/// All routes and layers around a database.
pub fn app(db: SqlitePool) -> Router {
    let app = App { db };
    let changes = put(orders::replace)
        .delete(orders::delete)
        // A change that does not say what it is based on is refused: 428.
        .route_layer(ConditionalLayer::new().require_preconditions())
        // Around it: who is not signed in learns nothing of what a change needs.
        .route_layer(from_extractor::<Caller>());
    let one = get(orders::read).merge(changes);
    let all = get(orders::list)
        .post(orders::create)
        // The list has no version, so its tag is made of its content; weak, since it may be sent compressed.
        .layer(ConditionalLayer::new().generate_weak_etags(256 * 1024));
    let assets = Router::new()
        .route(
            "/assets/orders.css",
            get(async || asset("text/css; charset=utf-8", include_str!("../assets/orders.css"))),
        )
        .route("/assets/orders.js", get(async || asset("text/javascript", include_str!("../assets/orders.js"))))
        .layer(ConditionalLayer::new().generate_weak_etags(256 * 1024));
    Router::new()
        .route("/orders", all)
        .route("/orders/{id}", one.clone())
        .route("/bestellungen", get(async || OrderError::Moved))
        .route("/customers/{name}", get(orders::customer))
        .route("/reports/{year}", get(async || OrderError::NoReports))
        .route_layer(from_fn_with_state(app.clone(), while_open))
        .route("/", get(async || Redirect::to("/orders")))
        .route("/internal/orders/{id}", one)
        .route("/internal/stock-taking", put(stock_taking))
        .route("/internal/audit", get(audit))
        // Every `type` that an answer carries leads to a page that explains it.
        .nest_service("/problems", Problems::of::<OrderError>())
        .merge(assets)
        .with_state(app)
        .layer((
            // A page of another origin may ask, with a token, and can read every answer, also a refusal.
            CorsLayer::permissive()
                .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH])
                .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER, X_REQUEST_ID]),
            // A name for the request, before anything is said of it.
            SetRequestIdLayer::x_request_id(MakeRequestUuid),
            PropagateRequestIdLayer::x_request_id(),
            // From here on no error is left: what fails inside has its status, its fields and its words.
            StatusMapLayer::new().map_error(error::database).map_status(outside),
            // Sees what the routes answer; a failure is logged once, by the layer outside.
            TraceLayer::new_for_http().on_failure(()),
            // Encodes pages and lists. What has a strong tag is sent as it is: the tag names these bytes.
            CompressionLayer::new().compress_when(DefaultPredicate::new().and(has_no_strong_tag)),
            // Ends what takes too long: 503.
            TimeoutLayer::new(Duration::from_secs(10)),
            // Refuses what would only wait: 503, try again in a second.
            LoadShedLayer::new(),
            // Global: a limit that each clone of a route has for itself would never be reached.
            GlobalConcurrencyLimitLayer::new(512),
        ))
}

/// Outside, a missing right is a 403; those inside see the 550.
fn outside(status: Status, context: &Context<'_>) -> Status {
    if status.code().as_u16() != 550 || context.path.starts_with("/internal") {
        return status;
    }
    let said = Status::forbidden().with_title("Right is missing").with_type("/problems/no-right");
    status.detail().map(str::to_owned).into_iter().fold(said, Status::with_detail)
}

fn has_no_strong_tag(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(header::ETAG).is_none_or(|tag| tag.as_bytes().starts_with(b"W/"))
}

/// While the shop is closed only `/internal`, the problems' pages and the assets answer.
async fn while_open(State(app): State<App>, request: Request, next: Next) -> Result<Response, OrderError> {
    if store::is_stock_taking(&app.db).await? {
        return Err(OrderError::StockTaking);
    }
    Ok(next.run(request).await)
}

/// Closes and opens the shop.
async fn stock_taking(State(app): State<App>, caller: Caller, Json(on): Json<bool>) -> Result<StatusCode, Status> {
    caller.may_delete()?;
    store::set_stock_taking(&app.db, on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fails: a client sees a 500 without a word of SQL, the log has the whole chain.
async fn audit(State(app): State<App>) -> Result<Json<i64>, OrderError> {
    store::audit(&app.db).await.map(Json)
}

fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], text)
}
