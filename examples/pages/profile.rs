//! A form whose changes must not overwrite those of another tab.

use std::sync::{Mutex, PoisonError};

use axum::response::{Html, IntoResponse};
use tower_status::{ETag, Preconditions, Status, Validators};

use crate::document;

/// The version of the profile that visitors change.
static VERSION: Mutex<u64> = Mutex::new(1);

fn tag(version: u64) -> Result<ETag, Status> {
    ETag::strong(format!("v{version}")).map_err(Status::from_error)
}

/// A form that a script sends with `If-Match`, which a form alone cannot do. The response becomes the page.
pub(crate) async fn profile() -> Result<impl IntoResponse, Status> {
    let tag = tag(*VERSION.lock().unwrap_or_else(PoisonError::into_inner))?;
    let page = include_str!("profile.html").replace("{version}", &tag.to_string().replace('"', "&#34;"));
    Ok((Validators::new().with_etag(tag), Html(page)))
}

/// Counts a new version of the profile, unless it has changed since the form was opened. This example stores no name.
pub(crate) async fn save(preconditions: Preconditions) -> Result<Html<String>, Status> {
    let mut version = VERSION.lock().unwrap_or_else(PoisonError::into_inner);
    preconditions.check(Some(&Validators::new().with_etag(tag(*version)?)))?;
    *version += 1;
    Ok(document("Saved"))
}
