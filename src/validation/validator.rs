//! validator: a tree of structs, lists and fields, with a code and perhaps a message per error.

use std::{collections::BTreeMap, error::Error, fmt, sync::Arc};

use ::validator::{ValidationError, ValidationErrors, ValidationErrorsKind};
use serde_json::{Value, json};

use super::{documented, status};
use crate::{
    Documented, IntoStatus, MemberSchema, Status,
    field_errors::{self, JsonPointer},
};

const ERRORS: (&str, MemberSchema) = (
    field_errors::MEMBER,
    MemberSchema::Array(&MemberSchema::Object(&[
        ("detail", MemberSchema::String),
        ("pointer", MemberSchema::String),
        ("code", MemberSchema::String),
    ])),
);

impl IntoStatus for ValidationErrors {
    /// Returns a 422 with each error's message and code, and the pointer to its value.
    fn status(&self) -> Status {
        let mut errors = Vec::new();
        list(self, &JsonPointer::root(), &mut errors);
        status(&errors)
    }

    const STATUSES: Option<&'static [Documented]> =
        Some(&[Documented::One(documented("ValidationErrors").with_extensions(&[ERRORS]))]);

    fn __into_source(self) -> Arc<dyn Error + Send + Sync> {
        Arc::new(WithoutValues(self))
    }
}

/// The source of the status. The `Display` of validator prints the rejected values, which do not belong in a log.
#[derive(Debug)]
struct WithoutValues(ValidationErrors);

impl fmt::Display for WithoutValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = Vec::new();
        list(&self.0, &JsonPointer::root(), &mut errors);
        for (index, error) in errors.iter().enumerate() {
            let text = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
            write!(f, "{}{}: {}", if index == 0 { "" } else { "; " }, text("pointer"), text("detail"))?;
        }
        Ok(())
    }
}

impl Error for WithoutValues {}

/// Adds the errors of a struct and of what it contains, in the order of their names.
fn list(errors: &ValidationErrors, pointer: &JsonPointer, found: &mut Vec<Value>) {
    let fields: BTreeMap<_, _> = errors.errors().iter().collect();
    for (name, kind) in fields {
        // validator's names for an error of the whole struct and for the elements of a bare list.
        let pointer =
            if matches!(&**name, "__all__" | "_tmp_validator") { pointer.clone() } else { pointer.clone().join(name) };
        match kind {
            ValidationErrorsKind::Field(errors) => {
                found.extend(errors.iter().map(|error| field(error, pointer.clone())));
            }
            ValidationErrorsKind::Struct(errors) => list(errors, &pointer, found),
            ValidationErrorsKind::List(elements) => {
                for (index, errors) in elements {
                    list(errors, &pointer.clone().join(&index.to_string()), found);
                }
            }
        }
    }
}

fn field(error: &ValidationError, pointer: JsonPointer) -> Value {
    let detail = error.message.as_ref().map_or_else(|| description(error), ToString::to_string);
    let mut value = field_errors::in_body(&detail, pointer);
    if let Some(members) = value.as_object_mut() {
        members.insert("code".into(), json!(error.code));
    }
    value
}

/// Describes an error without a message by its code and limits. The other parameters are the client's values, which
/// may be secret.
fn description(error: &ValidationError) -> String {
    const LIMITS: [&str; 5] = ["equal", "min", "exclusive_min", "max", "exclusive_max"];
    let limits = LIMITS.iter().filter_map(|limit| Some(format!("{limit} {}", error.params.get(*limit)?)));
    let limits: Vec<_> = limits.collect();
    let limits = if limits.is_empty() { String::new() } else { format!(": {}", limits.join(", ")) };
    format!("is not valid ({}{limits})", error.code)
}
