//! An example of the problem document of a [`DocumentedStatus`].

use std::borrow::Cow;

use http::HeaderName;
use serde_json::{Value, json};

use crate::{
    DocumentedStatus, MemberSchema, Status, catalog,
    response::{PublicProblem, RequestIds},
};
use template::Part;

pub(crate) mod template;

/// Passes a problem document on, as a client could get it; `None` if the code is chosen at run time.
pub(crate) fn with_example<T>(
    documented: &DocumentedStatus,
    type_uri: Option<&str>,
    pass: impl FnOnce(&PublicProblem<'_>) -> T,
) -> Option<T> {
    let code = documented.code?;
    let entry = catalog::entry(code);
    let detail = documented.detail.map(|template| filled(template, documented.extensions));
    let advice = documented.advice.map(|template| filled(template, documented.extensions));
    let extensions: Vec<_> =
        documented.extensions.iter().map(|(name, schema)| (Cow::Borrowed(*name), sample(schema))).collect();
    Some(pass(&PublicProblem {
        code,
        entry,
        title: title(documented),
        type_uri,
        detail: detail.as_deref(),
        instance: None,
        location: None,
        extensions: &extensions,
        advice: advice.as_deref(),
        ids: RequestIds::default(),
        debug: None,
        translation: None,
    }))
}

/// Returns the title that responses have.
pub(crate) fn title(documented: &DocumentedStatus) -> &'static str {
    let of_entry = documented.code.map(|code| catalog::entry(code).title);
    documented.title.or(of_entry).unwrap_or("Error")
}

/// Returns the type as responses have it: percent-encoded, and resolved if there is a base.
pub(crate) fn type_uri(documented: &DocumentedStatus, base: Option<&str>) -> Option<String> {
    let status = Status::bad_request().with_type(documented.type_uri?);
    let status = base.into_iter().fold(status, Status::with_type_base);
    status.type_uri().map(str::to_owned)
}

/// Returns the names of the header fields that a response has: those of the code, and those that the status sets.
pub(crate) fn header_names(documented: &DocumentedStatus) -> Vec<&'static str> {
    let required = documented.code.map_or(&[][..], |code| catalog::entry(code).required_headers);
    let mut names: Vec<_> = required.iter().map(HeaderName::as_str).collect();
    for name in documented.headers {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names
}

/// Returns the template with `{name}` for a named field.
pub(crate) fn with_placeholders(template: &str) -> String {
    template::parts(template)
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text,
            Part::Field(name) => format!("{{{name}}}"),
            Part::Unnamed => template::UNNAMED.to_owned(),
        })
        .collect()
}

/// Returns the template with the values of the example's members.
fn filled(template: &str, extensions: &[(&str, MemberSchema)]) -> String {
    let value_of = |name: &str| extensions.iter().find(|(known, _)| *known == name).map(|(_, schema)| sample(schema));
    template::parts(template)
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text,
            Part::Field(name) => match value_of(&name) {
                Some(Value::String(text)) => text,
                Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
                _ => template::UNNAMED.to_owned(),
            },
            Part::Unnamed => template::UNNAMED.to_owned(),
        })
        .collect()
}

/// Returns a value of the schema.
fn sample(schema: &MemberSchema) -> Value {
    match schema {
        MemberSchema::Any | MemberSchema::String => json!(template::UNNAMED),
        MemberSchema::Integer => json!(7),
        MemberSchema::Number => json!(7.5),
        MemberSchema::Boolean => json!(true),
        MemberSchema::Constant(text) => json!(text),
        MemberSchema::Nullable(schema) => sample(schema),
        MemberSchema::Array(schema) => json!([sample(schema)]),
        MemberSchema::Object(members) => members.iter().map(|(name, schema)| (*name, sample(schema))).collect(),
    }
}
