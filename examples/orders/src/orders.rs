//! The handlers: JSON and pages from the same routes.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_status::{
    ETag, Format, Preconditions, Status, Validators,
    extract::{Json, Path, Query},
};
use utoipa::IntoParams;

use crate::{
    App,
    access::Caller,
    api::{ChangeErrors, CreateErrors, CustomerErrors, ListErrors, ReadErrors},
    error::{OrderError, RouteError},
    pages,
    store::{self, Draft, Order},
};

type HandlerResult = Result<Response, Status>;

const VARY: [(HeaderName, &str); 1] = [(header::VARY, "accept")];

/// The policy of a page: it may load its script and style only.
const PAGE: [(HeaderName, &str); 2] = [
    (header::VARY, "accept"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
];

fn wants_page(headers: &HeaderMap) -> bool {
    Format::preferred(headers, &[Format::Json, Format::Html]) == Some(Format::Html)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// The number of a customer. Default: every customer.
    customer: Option<i64>,
}

/// Lists orders. The layer generates the entity tag from the content.
#[utoipa::path(get, path = "/orders", params(Filter), responses(
    (status = OK, description = "The orders.", content((Vec<Order> = "application/json"), (String = "text/html")), headers(("ETag"))),
    ListErrors,
))]
pub(crate) async fn list(State(app): State<App>, Query(filter): Query<Filter>, headers: HeaderMap) -> HandlerResult {
    let orders = store::orders(&app.db, filter.customer).await?;
    Ok(if wants_page(&headers) {
        (PAGE, Html(pages::list(&orders))).into_response()
    } else {
        (VARY, Json(orders)).into_response()
    })
}

/// Returns an order, with its version as the entity tag.
#[utoipa::path(get, path = "/orders/{id}", params(("id" = i64, Path)), responses(
    (status = OK, description = "The order, with its version as the entity tag.", content((Order = "application/json"), (String = "text/html")), headers(("ETag"))),
    ReadErrors,
))]
pub(crate) async fn read(State(app): State<App>, Path(id): Path<i64>, headers: HeaderMap) -> HandlerResult {
    let mut db = app.db.acquire().await.map_err(OrderError::from)?;
    let order = store::order(&mut db, id).await?;
    Ok(if wants_page(&headers) {
        // Another representation has another tag. It is weak, because the page may be compressed.
        let tag = ETag::weak(format!("v{}-page", order.version)).map_err(Status::from_error)?;
        (PAGE, Validators::new().with_etag(tag), Html(pages::order(&order))).into_response()
    } else {
        (VARY, document(&order)?).into_response()
    })
}

/// Creates an order, with its address in Location.
#[utoipa::path(post, path = "/orders", security(("token" = [])), request_body = Draft, responses(
    (status = CREATED, description = "The new order.", body = Order, headers(("Location"), ("ETag"))),
    CreateErrors,
))]
pub(crate) async fn create(State(app): State<App>, caller: Caller, Json(draft): Json<Draft>) -> HandlerResult {
    caller.may_write()?;
    let draft = draft.checked()?;
    let mut db = app.db.begin_with("BEGIN IMMEDIATE").await.map_err(OrderError::from)?;
    let order = store::create(&mut db, &draft).await?;
    db.commit().await.map_err(OrderError::from)?;
    let location = [(header::LOCATION, format!("/orders/{}", order.id))];
    Ok((StatusCode::CREATED, location, document(&order)?).into_response())
}

/// Replaces an order. The precondition is checked inside the transaction.
#[utoipa::path(put, path = "/orders/{id}", security(("token" = [])), request_body = Draft,
    params(("id" = i64, Path), ("If-Match" = Option<String>, Header)), responses(
        (status = OK, description = "The order with its new version.", body = Order, headers(("ETag"))),
        ChangeErrors,
))]
pub(crate) async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    preconditions: Preconditions,
    Json(draft): Json<Draft>,
) -> HandlerResult {
    caller.may_write()?;
    let draft = draft.checked()?;
    let mut db = app.db.begin_with("BEGIN IMMEDIATE").await.map_err(OrderError::from)?;
    let current = store::order(&mut db, id).await?;
    preconditions.check(Some(&current.validators().map_err(Status::from_error)?))?;
    let order = store::replace(&mut db, id, &draft).await?;
    db.commit().await.map_err(OrderError::from)?;
    Ok(document(&order)?.into_response())
}

/// Deletes an order, which is a 410 from then on.
#[utoipa::path(delete, path = "/orders/{id}", security(("token" = [])),
    params(("id" = i64, Path), ("If-Match" = Option<String>, Header)), responses(
        (status = NO_CONTENT, description = "The order is deleted."),
        ChangeErrors,
))]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    preconditions: Preconditions,
) -> Result<StatusCode, Status> {
    caller.may_delete()?;
    let mut db = app.db.begin_with("BEGIN IMMEDIATE").await.map_err(OrderError::from)?;
    let current = store::order(&mut db, id).await?;
    preconditions.check(Some(&current.validators().map_err(Status::from_error)?))?;
    store::delete(&mut db, id).await?;
    db.commit().await.map_err(OrderError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Redirects to the orders of the customer with this name; several customers are a 300 with their addresses.
#[utoipa::path(get, path = "/customers/{name}", params(("name" = String, Path)), responses(
    (status = SEE_OTHER, description = "The orders of this customer are at Location.", headers(("Location"))),
    CustomerErrors,
))]
pub(crate) async fn customer(State(app): State<App>, Path(name): Path<String>) -> Result<Redirect, Status> {
    let named = store::customers(&app.db, &name).await?;
    let lists: Vec<_> = named.iter().map(|customer| format!("/orders?customer={customer}")).collect();
    match lists.as_slice() {
        [one] => Ok(Redirect::to(one)),
        several => {
            Err(Status::multiple_choices(several).with_detail(format!("there are several customers named {name}")))
        }
    }
}

/// Redirects to the new address of the orders.
#[utoipa::path(get, path = "/purchases", responses(RouteError))]
pub(crate) async fn moved() -> RouteError {
    RouteError::Moved
}

/// Returns an error: there are no reports yet.
#[utoipa::path(get, path = "/reports/{year}", params(("year" = String, Path)), responses(RouteError))]
pub(crate) async fn report() -> RouteError {
    RouteError::NoReports
}

/// Returns the JSON document with its entity tag.
fn document(order: &Order) -> Result<impl IntoResponse + use<>, Status> {
    Ok((order.validators().map_err(Status::from_error)?, Json(order.clone())))
}
