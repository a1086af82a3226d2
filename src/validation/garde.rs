//! garde: a report has a path and a message per error.

use ::garde::{Path, Report};

use super::{documented, status};
use crate::{
    Documented, IntoStatus, Status,
    field_errors::{self, JsonPointer},
};

impl IntoStatus for Report {
    /// Returns a 422 with each error's message and the pointer to its value.
    fn status(&self) -> Status {
        let errors: Vec<_> =
            self.iter().map(|(path, error)| field_errors::in_body(error.message(), pointer(path))).collect();
        status(&errors)
    }

    const STATUSES: Option<&'static [Documented]> =
        Some(&[Documented::One(documented("Report").with_extensions(&[field_errors::IN_BODY]))]);
}

/// Returns the pointer of garde's path, whose parts are only accessible when it is serialized.
fn pointer(path: &Path) -> JsonPointer {
    let parts: Vec<(String, String)> = serde_json::to_value(path).and_then(serde_json::from_value).unwrap_or_default();
    // A part of the kind `none` has no key: the value of an `Option` or a newtype.
    let names = parts.iter().filter(|(kind, _)| kind != "none");
    names.fold(JsonPointer::root(), |pointer, (_, name)| pointer.join(name))
}
