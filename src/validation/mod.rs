//! [`IntoStatus`](crate::IntoStatus) for the errors of the crates validator and garde: a 422 with the extension member `errors`.

use std::error::Error;

use http::StatusCode;
use serde_json::Value;

use crate::{DocumentedStatus, Status, field_errors};

#[cfg(feature = "garde")]
mod garde;
#[cfg(feature = "validator")]
mod validator;

/// Returns the status of an error of these crates.
pub(crate) fn status_of(error: &(dyn Error + 'static)) -> Option<Status> {
    #[cfg(feature = "validator")]
    if let Some(errors) = error.downcast_ref::<::validator::ValidationErrors>() {
        return Some(errors.clone().into());
    }
    #[cfg(feature = "garde")]
    if let Some(report) = error.downcast_ref::<::garde::Report>() {
        return Some(crate::IntoStatus::status(report));
    }
    None
}

/// Returns the status for these errors. The list may be empty.
fn status(errors: &[Value]) -> Status {
    let detail = match errors.len() {
        1 => "1 value of the content is not valid".into(),
        count => format!("{count} values of the content are not valid"),
    };
    Status::unprocessable_entity().with_detail(detail).with_extension(field_errors::MEMBER, errors)
}

const fn documented(name: &'static str) -> DocumentedStatus {
    DocumentedStatus::new(StatusCode::UNPROCESSABLE_ENTITY)
        .with_name(name)
        .with_description("Values of the content are not valid.")
}
