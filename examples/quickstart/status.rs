//! Any status, with the header fields and members that it requires.

use std::{collections::HashMap, time::Duration};

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use tower_status::{OrStatus, Status};

pub(crate) async fn any_status(
    Path(code): Path<u16>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Status, Status> {
    let known = StatusCode::from_u16(code).ok().filter(|_| (200..600).contains(&code));
    let code = known.or_status((StatusCode::BAD_REQUEST, "a status code is a number from 200 to 599"))?;
    Ok(query.into_values().fold(complete(code), |status, detail| status.with_detail(detail).expose()))
}

fn complete(code: StatusCode) -> Status {
    match code.as_u16() {
        300 => Status::multiple_choices(["/orders/7", "/orders"]),
        301 => Status::moved_permanently("/orders"),
        302 => Status::found("/orders"),
        303 => Status::see_other("/orders"),
        307 => Status::temporary_redirect("/orders"),
        308 => Status::permanent_redirect("/orders"),
        401 => Status::unauthorized(r#"Bearer realm="shop""#),
        405 => Status::method_not_allowed("GET, HEAD"),
        407 => Status::proxy_authentication_required(r#"Basic realm="proxy""#),
        416 => Status::range_not_satisfiable(1234),
        426 => Status::upgrade_required("websocket"),
        503 => Status::service_unavailable().with_retry_after(Duration::from_secs(30)),
        _ => Status::new(code),
    }
}
