//! The description as utoipa's types, and changes to a utoipa document.

use std::collections::{BTreeMap, btree_map::Entry};

use ::utoipa::{
    IntoResponses, Modify,
    openapi::{
        AllOfBuilder, ArrayBuilder, Content, ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr,
        Response as UtoipaResponse, ResponseBuilder, Schema, SchemaFormat, Type,
        example::{Example, ExampleBuilder},
        path::{Operation, PathItem},
        schema::{AnyOfBuilder, SchemaType},
    },
};
use serde_json::Value;

use super::{
    Defaults, ErrorTypes, ProblemDetails, ResponsesOf, WithTypeBase,
    defaults::for_method,
    describe::{self, PROBLEM_JSON, Response},
    schema,
};
use crate::{DocumentedStatus, Status};

type Responses = BTreeMap<String, RefOr<UtoipaResponse>>;

/// Returns the responses of error types.
pub(crate) fn responses_of<E: ErrorTypes>() -> Responses {
    keyed(&describe::of_trees(&E::documented()))
}

fn keyed(described: &[Response]) -> Responses {
    described.iter().map(|described| (described.key(), response(described).into())).collect()
}

impl<E: ErrorTypes> IntoResponses for ResponsesOf<E> {
    fn responses() -> Responses {
        responses_of::<E>()
    }
}

impl IntoResponses for Status {
    /// Returns a problem document as the `default` response: the code is chosen at run time.
    fn responses() -> Responses {
        keyed(&describe::of_statuses([DocumentedStatus::any_code()].into_iter()))
    }
}

impl Modify for Defaults {
    fn modify(&self, openapi: &mut OpenApi) {
        for item in openapi.paths.paths.values_mut() {
            for (method, operation) in operations(item) {
                for described in for_method(method) {
                    add(operation, &described);
                }
            }
        }
    }
}

impl Modify for ProblemDetails {
    fn modify(&self, openapi: &mut OpenApi) {
        let problem = schema_of(&schema::problem());
        for content in contents(openapi) {
            if let Some(schema) = &mut content.schema {
                refer(schema, &problem);
            }
        }
        openapi.components.get_or_insert_default().schemas.insert(Self::NAME.to_owned(), problem);
    }
}

impl Modify for WithTypeBase {
    fn modify(&self, openapi: &mut OpenApi) {
        for content in contents(openapi) {
            if let Some(schema) = &mut content.schema {
                resolve_types(schema, &self.base);
            }
            for example in content.examples.values_mut() {
                if let RefOr::T(Example { value: Some(document), .. }) = example {
                    schema::resolve_in_example(document, &self.base);
                }
            }
        }
        ProblemDetails.modify(openapi);
    }
}

/// Returns the problem documents of every response.
fn contents(openapi: &mut OpenApi) -> impl Iterator<Item = &mut Content> {
    let shared = openapi.components.iter_mut().flat_map(|components| components.responses.values_mut());
    let of_operations = openapi
        .paths
        .paths
        .values_mut()
        .flat_map(operations)
        .flat_map(|(_, operation)| operation.responses.responses.values_mut());
    shared.chain(of_operations).filter_map(|response| match response {
        RefOr::T(response) => match response.content.get_mut(PROBLEM_JSON)? {
            RefOr::T(content) => Some(content),
            RefOr::Ref(_) => None,
        },
        RefOr::Ref(_) => None,
    })
}

/// Returns the operations of a path, each with its method in lower case.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let of_methods = [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("options", &mut item.options),
        ("head", &mut item.head),
        ("patch", &mut item.patch),
        ("trace", &mut item.trace),
        ("query", &mut item.query),
    ];
    let others = item.additional_operations.values_mut().map(|operation| ("", operation));
    of_methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?))).chain(others)
}

/// Adds a response to an operation, beside what the operation documents for the same code.
fn add(operation: &mut Operation, described: &Response) {
    let new = response(described);
    match operation.responses.responses.entry(described.key()) {
        Entry::Vacant(vacant) => {
            vacant.insert(new.into());
        }
        Entry::Occupied(mut occupied) => {
            // A reference is shared with other operations.
            let RefOr::T(documented) = occupied.get_mut() else { return };
            for (name, header) in new.headers {
                documented.headers.entry(name).or_insert(header);
            }
            for (media_type, content) in new.content {
                match documented.content.get_mut(&media_type) {
                    Some(RefOr::T(documented)) => merge(documented, content),
                    Some(RefOr::Ref(_)) => {}
                    None => {
                        documented.content.insert(media_type, content);
                    }
                }
            }
        }
    }
}

/// Allows what the new content allows, too.
fn merge(documented: &mut Content, new: RefOr<Content>) {
    let RefOr::T(new) = new else { return };
    if let (Some(schema), Some(other)) = (&mut documented.schema, new.schema) {
        match schema {
            RefOr::T(Schema::AnyOf(any)) if any.items.contains(&other) => {}
            RefOr::T(Schema::AnyOf(any)) => any.items.push(other),
            same if *same == other => {}
            single => *single = AnyOfBuilder::new().item(single.clone()).item(other).into(),
        }
    }
    for (name, example) in new.examples {
        documented.examples.entry(name).or_insert(example);
    }
}

/// Resolves the types that a schema allows, also inside of other schemas.
fn resolve_types(schema: &mut RefOr<Schema>, base: &str) {
    let RefOr::T(schema) = schema else { return };
    if let Schema::Object(object) = schema
        && let Some(RefOr::T(Schema::Object(types))) = object.properties.get_mut("type")
    {
        schema::resolve_in_list(types.enum_values.as_deref_mut().unwrap_or_default(), base);
    }
    for item in parts(schema) {
        resolve_types(item, base);
    }
}

/// Returns the schemas that a schema combines.
fn parts(schema: &mut Schema) -> &mut [RefOr<Schema>] {
    match schema {
        Schema::AllOf(all) => &mut all.items,
        Schema::AnyOf(any) => &mut any.items,
        Schema::OneOf(one) => &mut one.items,
        _ => &mut [],
    }
}

/// Replaces the schema of a problem document by a reference, also inside of other schemas.
fn refer(schema: &mut RefOr<Schema>, problem: &RefOr<Schema>) {
    if schema == problem {
        *schema = Ref::from_schema_name(ProblemDetails::NAME).into();
        return;
    }
    let RefOr::T(schema) = schema else { return };
    for item in parts(schema) {
        refer(item, problem);
    }
}

fn response(described: &Response) -> UtoipaResponse {
    let mut response = ResponseBuilder::new().description(&described.description);
    for header in &described.headers {
        let value = HeaderBuilder::new().schema(Some(schema_of(&header.schema))).description(header.description);
        response = response.header(&header.name, value.build());
    }
    if let Some(schema) = &described.schema {
        let examples = described.examples.iter().map(|example| {
            let value = ExampleBuilder::new().summary(&example.summary).value(Some(example.value.clone()));
            (&example.name, value)
        });
        let content = ContentBuilder::new().schema(Some(schema_of(schema))).examples_from_iter(examples);
        response = response.content(PROBLEM_JSON, content.build());
    }
    response.build()
}

/// Returns a JSON Schema of this module as utoipa's type.
fn schema_of(schema: &Value) -> RefOr<Schema> {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    if let Some(schemas) = list("anyOf") {
        return schemas.iter().fold(AnyOfBuilder::new(), |any, schema| any.item(schema_of(schema))).into();
    }
    if let Some(schemas) = list("allOf") {
        let all = AllOfBuilder::new().title(text("title"));
        return schemas.iter().fold(all, |all, schema| all.item(schema_of(schema))).into();
    }
    if let Some(items) = schema.get("items") {
        return ArrayBuilder::new().items(schema_of(items)).into();
    }
    let mut object = ObjectBuilder::new()
        .schema_type(text("type").map_or(SchemaType::AnyValue, |name| type_of(name).into()))
        .format(text("format").map(|format| SchemaFormat::Custom(format.to_owned())))
        .description(text("description"))
        .enum_values(list("enum").cloned());
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        object = object.property(name, schema_of(schema));
    }
    for name in list("required").into_iter().flatten().filter_map(Value::as_str) {
        object = object.required(name);
    }
    object.into()
}

fn type_of(name: &str) -> Type {
    match name {
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        "null" => Type::Null,
        _ => Type::Object,
    }
}
