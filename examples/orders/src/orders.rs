//! The handlers: JSON and pages from the same routes.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_status::{ETag, Format, Preconditions, Status, Validators};

use crate::{
    App,
    access::Caller,
    error::OrderError,
    pages,
    store::{self, Draft, Order},
};

type Answer = Result<Response, Status>;

const VARY: [(HeaderName, &str); 1] = [(header::VARY, "accept")];

/// A page loads its own script and style, and nothing else.
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

#[derive(Deserialize)]
pub(crate) struct Filter {
    customer: Option<i64>,
}

/// Its entity tag is made of what is sent.
pub(crate) async fn list(State(app): State<App>, Query(filter): Query<Filter>, headers: HeaderMap) -> Answer {
    let orders = store::orders(&app.db, filter.customer).await?;
    Ok(if wants_page(&headers) {
        (PAGE, Html(pages::list(&orders))).into_response()
    } else {
        (VARY, Json(orders)).into_response()
    })
}

/// Its entity tag is its version.
pub(crate) async fn read(State(app): State<App>, Path(id): Path<i64>, headers: HeaderMap) -> Answer {
    let mut db = app.db.acquire().await.map_err(OrderError::from)?;
    let order = store::order(&mut db, id).await?;
    Ok(if wants_page(&headers) {
        // Another representation, another tag; weak, since it may be sent compressed.
        let tag = ETag::weak(format!("v{}-page", order.version)).map_err(Status::from_error)?;
        (PAGE, Validators::new().with_etag(tag), Html(pages::order(&order))).into_response()
    } else {
        (VARY, document(&order)?).into_response()
    })
}

/// Whoever creates it says so in the Location.
pub(crate) async fn create(State(app): State<App>, caller: Caller, Json(draft): Json<Draft>) -> Answer {
    caller.may_write()?;
    let draft = draft.checked()?;
    let mut db = app.db.begin_with("BEGIN IMMEDIATE").await.map_err(OrderError::from)?;
    let order = store::create(&mut db, &draft).await?;
    db.commit().await.map_err(OrderError::from)?;
    let location = [(header::LOCATION, format!("/orders/{}", order.id))];
    Ok((StatusCode::CREATED, location, document(&order)?).into_response())
}

/// What the change is based on is checked in the transaction that makes it.
pub(crate) async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    preconditions: Preconditions,
    Json(draft): Json<Draft>,
) -> Answer {
    caller.may_write()?;
    let draft = draft.checked()?;
    let mut db = app.db.begin_with("BEGIN IMMEDIATE").await.map_err(OrderError::from)?;
    let current = store::order(&mut db, id).await?;
    preconditions.check(Some(&current.validators().map_err(Status::from_error)?))?;
    let order = store::replace(&mut db, id, &draft).await?;
    db.commit().await.map_err(OrderError::from)?;
    Ok(document(&order)?.into_response())
}

/// Afterwards it is gone for ever.
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

/// One customer of this name: their orders. Several: the choices.
pub(crate) async fn customer(State(app): State<App>, Path(name): Path<String>) -> Result<Redirect, Status> {
    let named = store::customers(&app.db, &name).await?;
    let lists: Vec<_> = named.iter().map(|customer| format!("/orders?customer={customer}")).collect();
    match lists.as_slice() {
        [one] => Ok(Redirect::to(one)),
        several => Err(Status::multiple_choices(several).with_detail(format!("several customers are called {name}"))),
    }
}

/// The JSON document with its tag.
fn document(order: &Order) -> Result<impl IntoResponse + use<>, Status> {
    Ok((order.validators().map_err(Status::from_error)?, Json(order.clone())))
}
