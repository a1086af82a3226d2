//! The extension member `errors`: what the client got wrong, each with its place in the body or the parameters.

use serde_json::{Value, json};

#[cfg(any(feature = "axum", feature = "garde"))]
use crate::MemberSchema;

mod json_pointer;

pub(crate) use json_pointer::JsonPointer;

/// The name of the member.
pub(crate) const MEMBER: &str = "errors";

/// The schema of the errors of a body.
#[cfg(any(feature = "axum", feature = "garde"))]
pub(crate) const IN_BODY: (&str, MemberSchema) = (
    MEMBER,
    MemberSchema::Array(&MemberSchema::Object(&[("detail", MemberSchema::String), ("pointer", MemberSchema::String)])),
);

/// The schema of the errors of parameters.
#[cfg(feature = "axum")]
pub(crate) const IN_PARAMETERS: (&str, MemberSchema) = (
    MEMBER,
    MemberSchema::Array(&MemberSchema::Object(&[
        ("detail", MemberSchema::String),
        ("parameter", MemberSchema::String),
    ])),
);

/// Returns an error at a place in the body.
pub(crate) fn in_body(detail: &str, pointer: JsonPointer) -> Value {
    json!({ "detail": detail, "pointer": pointer.into_string() })
}

/// Returns an error in a parameter of the query, the form or the path.
#[cfg(feature = "axum")]
pub(crate) fn in_parameter(detail: &str, parameter: &str) -> Value {
    json!({ "detail": detail, "parameter": parameter })
}
