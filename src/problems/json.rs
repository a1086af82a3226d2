//! The problems as JSON: their descriptions, and an example document of each.

use serde_json::{Value, json};

use super::Problem;
use crate::{
    MemberSchema,
    example::{header_names, with_example, with_placeholders},
    response,
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
        ("headers", json!(header_names(documented))),
        ("explanation", json!(entry.map(|entry| entry.explanation))),
        ("causes", json!(entry.map(|entry| entry.causes))),
        ("advice", json!(documented.advice.map(with_placeholders).or(entry.map(|entry| entry.advice.to_owned())))),
        ("for_developers", json!(entry.and_then(|entry| entry.for_developers))),
        ("permanence", json!(permanence)),
        ("grpc", json!(entry.map(|entry| documented.grpc_code.unwrap_or(entry.grpc).to_string()))),
        ("specification", json!(specification)),
        (
            "example",
            json!(with_example(documented, problem.type_uri.as_deref(), |example| json!(response::json::Document(
                example
            )))),
        ),
    ];
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    members.into_iter().filter(|(_, value)| !is_empty(value)).collect()
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
