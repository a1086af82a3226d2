//! JSON Schemas (2020-12, as in OpenAPI 3.1) of problem documents.

use serde_json::{Map, Value, json};

use crate::{
    DocumentedStatus, MemberSchema, example,
    fields::uri_reference,
    status::{ADVICE, REQUEST_ID, TRACE_ID},
};

/// Returns the schema of every problem document (RFC 9457 §3.1), and of the members that the layer adds.
///
/// Further members are allowed (RFC 9457 §3.2).
pub(super) fn problem() -> Value {
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "Identifies the type of the problem." },
            "title": { "type": "string", "description": "A short summary of the type of the problem." },
            "status": { "type": "integer", "format": "int32", "description": "The status code." },
            "detail": { "type": "string", "description": "Explains this occurrence of the problem." },
            "instance": { "type": "string", "format": "uri-reference", "description": "Identifies this occurrence." },
            ADVICE: { "type": "string", "description": "What the client can do now." },
            REQUEST_ID: { "type": "string", "description": "Identifies the request in the log of the server." },
            TRACE_ID: { "type": "string", "description": "Identifies the trace of the request (W3C Trace Context)." },
        },
    })
}

/// Returns the schema of the documents of several statuses, each once.
pub(super) fn any_of(statuses: &[DocumentedStatus]) -> Value {
    let mut schemas: Vec<Value> = Vec::new();
    for schema in statuses.iter().map(of_status) {
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
    }
    match schemas.len() {
        1 => schemas.remove(0),
        _ => json!({ "anyOf": schemas }),
    }
}

/// Returns the schema of the documents of one status: its type and its extension members beside the common ones.
fn of_status(documented: &DocumentedStatus) -> Value {
    let mut properties: Map<String, Value> =
        documented.extensions.iter().map(|(name, schema)| ((*name).to_owned(), of_member(schema))).collect();
    let mut own = Map::new();
    // A member whose value does not serialize is left out, so none of them is required.
    if let Some(uri) = example::type_uri(documented, None) {
        properties.insert("type".into(), json!({ "type": "string", "enum": [uri] }));
        own.insert("required".into(), json!(["type"]));
    }
    if properties.is_empty() {
        return problem();
    }
    own.insert("type".into(), json!("object"));
    own.insert("properties".into(), properties.into());
    let mut schema = Map::from_iter([("allOf".to_owned(), json!([problem(), own]))]);
    if let Some(name) = documented.name {
        schema.insert("title".into(), json!(name));
    }
    schema.into()
}

/// Returns the schema of an extension member.
fn of_member(schema: &MemberSchema) -> Value {
    match schema {
        MemberSchema::Any => json!({}),
        MemberSchema::String => json!({ "type": "string" }),
        MemberSchema::Integer => json!({ "type": "integer" }),
        MemberSchema::Number => json!({ "type": "number" }),
        MemberSchema::Boolean => json!({ "type": "boolean" }),
        MemberSchema::Constant(text) => json!({ "type": "string", "enum": [text] }),
        MemberSchema::Nullable(inner) => match of_member(inner) {
            any if any == json!({}) => any,
            inner => json!({ "anyOf": [inner, { "type": "null" }] }),
        },
        MemberSchema::Array(element) => json!({ "type": "array", "items": of_member(element) }),
        MemberSchema::Object(members) => {
            let members: Map<_, _> =
                members.iter().map(|(name, schema)| ((*name).to_owned(), of_member(schema))).collect();
            json!({ "type": "object", "properties": members })
        }
    }
}

/// Returns a schema that allows what one of both allows.
#[cfg(feature = "aide")]
pub(super) fn either(mut one: Value, other: Value) -> Value {
    if one == other {
        return one;
    }
    match one.get_mut("anyOf").and_then(Value::as_array_mut) {
        Some(schemas) if schemas.contains(&other) => one,
        Some(schemas) => {
            schemas.push(other);
            one
        }
        None => json!({ "anyOf": [one, other] }),
    }
}

/// Replaces the schema of a problem document by a reference to a component, also inside of other schemas.
#[cfg(feature = "aide")]
pub(super) fn refer(schema: &Value, component: &str) -> Value {
    if *schema == problem() {
        return json!({ "$ref": format!("#/components/schemas/{component}") });
    }
    match schema {
        Value::Object(members) => {
            members.iter().map(|(name, schema)| (name.clone(), refer(schema, component))).collect()
        }
        Value::Array(schemas) => schemas.iter().map(|schema| refer(schema, component)).collect(),
        other => other.clone(),
    }
}

/// Resolves the type of a problem document.
pub(super) fn resolve_in_example(document: &mut Value, base: &str) {
    if let Some(Value::String(uri)) = document.get_mut("type") {
        *uri = resolved(uri, base);
    }
}

/// Resolves the types that a schema allows.
pub(super) fn resolve_in_list(types: &mut [Value], base: &str) {
    for uri in types {
        if let Value::String(uri) = uri {
            *uri = resolved(uri, base);
        }
    }
}

fn resolved(uri: &str, base: &str) -> String {
    if uri_reference::is_relative(uri) { uri_reference::resolve(base, uri) } else { uri.to_owned() }
}

/// Resolves the types in a schema of this module, also inside of other schemas.
#[cfg(feature = "aide")]
pub(super) fn resolve_in_schema(schema: &mut Value, base: &str) {
    if let Some(Value::Array(types)) = schema.pointer_mut("/properties/type/enum") {
        resolve_in_list(types, base);
    }
    for key in ["allOf", "anyOf"] {
        if let Some(Value::Array(schemas)) = schema.get_mut(key) {
            for schema in schemas {
                resolve_in_schema(schema, base);
            }
        }
    }
}
