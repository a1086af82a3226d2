//! The problems as JSON: their descriptions, and an example document of each.

use std::borrow::Cow;

use http::HeaderName;
use serde_json::{Value, json};

use super::{
    Problem,
    template::{self, Part},
};
use crate::{
    MemberSchema,
    response::{self, PublicProblem},
};

/// Returns the JSON document of these problems.
pub(super) fn document<'a>(problems: impl Iterator<Item = &'a Problem>) -> Value {
    json!({ "problems": problems.map(description).collect::<Vec<_>>() })
}

/// Describes a problem, without members that would be empty.
fn description(problem: &Problem) -> Value {
    let documented = &problem.documented;
    let entry = problem.entry;
    let schemas = documented.extensions.iter().map(|(name, schema)| (*name, in_words(schema)));
    let permanence = entry.map(|entry| format!("{:?}", entry.permanence).to_ascii_lowercase());
    let specification = entry.map(|entry| json!({ "section": entry.spec.section, "link": entry.spec.link }));
    let members = [
        ("type", json!(type_of(problem))),
        ("title", json!(problem.title())),
        ("status", json!(documented.code.map(|code| code.as_u16()))),
        ("description", json!(documented.description)),
        ("detail", json!(documented.detail.map(with_placeholders))),
        ("members", schemas.collect()),
        ("headers", json!(header_names(problem))),
        ("explanation", json!(entry.map(|entry| entry.explanation))),
        ("causes", json!(entry.map(|entry| entry.causes))),
        ("advice", json!(entry.map(|entry| entry.advice))),
        ("for_developers", json!(entry.and_then(|entry| entry.for_developers))),
        ("permanence", json!(permanence)),
        ("grpc", json!(entry.map(|entry| documented.grpc_code.unwrap_or(entry.grpc).to_string()))),
        ("specification", json!(specification)),
        ("example", json!(with_example(problem, |example| json!(response::json::Document(example))))),
    ];
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    members.into_iter().filter(|(_, value)| !is_empty(value)).collect()
}

/// Passes a problem document on, as a client could get it; `None` if the code is chosen at run time.
pub(super) fn with_example<T>(problem: &Problem, pass: impl FnOnce(&PublicProblem<'_>) -> T) -> Option<T> {
    let documented = &problem.documented;
    let (code, entry) = (documented.code?, problem.entry?);
    let detail = documented.detail.map(|template| detail_of(template, documented.extensions));
    let extensions: Vec<_> =
        documented.extensions.iter().map(|(name, schema)| (Cow::Borrowed(*name), sample(schema))).collect();
    Some(pass(&PublicProblem {
        code,
        entry,
        title: problem.title(),
        type_uri: problem.type_uri.as_deref(),
        detail: detail.as_deref(),
        instance: None,
        location: None,
        extensions: &extensions,
        advice: None,
        request_id: None,
    }))
}

/// Returns the names of the header fields that a response has: those of the code, and those that the status sets.
pub(super) fn header_names(problem: &Problem) -> Vec<&str> {
    let required = problem.entry.map_or(&[][..], |entry| entry.required_headers);
    let mut names: Vec<_> = required.iter().map(HeaderName::as_str).collect();
    let own = problem.documented.headers.iter().copied().filter(|name| !names.contains(name)).collect::<Vec<_>>();
    names.extend(own);
    names
}

/// Returns a schema in words.
pub(super) fn in_words(schema: &MemberSchema) -> String {
    match schema {
        MemberSchema::Any => "any value".to_owned(),
        MemberSchema::String => "string".to_owned(),
        MemberSchema::Integer => "integer".to_owned(),
        MemberSchema::Number => "number".to_owned(),
        MemberSchema::Boolean => "boolean".to_owned(),
        MemberSchema::Constant(text) => json!(text).to_string(),
        MemberSchema::Nullable(schema) => format!("{} or null", in_words(schema)),
        MemberSchema::Array(schema) => format!("array of {}", in_words(schema)),
        MemberSchema::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, schema)| format!("{name}: {}", in_words(schema))).collect();
            format!("object ({})", members.join(", "))
        }
    }
}

fn type_of(problem: &Problem) -> &str {
    problem.type_uri.as_deref().unwrap_or("about:blank")
}

/// Returns the template with `{name}` for a named field.
fn with_placeholders(template: &str) -> String {
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
fn detail_of(template: &str, extensions: &[(&str, MemberSchema)]) -> String {
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
