//! The description as aide's types, and changes to an aide document.

use ::aide::{
    generate::GenContext,
    openapi::{
        Example, Header, HeaderStyle, MediaType, OpenApi, Operation, Parameter, ParameterData,
        ParameterSchemaOrContent, PathItem, Paths, ReferenceOr, Response as AideResponse, SchemaObject, StatusCode,
    },
    operation::{OperationInput, OperationOutput, add_parameters},
    transform::TransformOpenApi,
};
use serde_json::{Value, json};

use super::{
    Defaults, ErrorTypes, ProblemDetails, ResponsesOf, WithTypeBase,
    defaults::for_method,
    describe::{self, PROBLEM_JSON, Response},
    schema,
};
use crate::{DocumentedStatus, Preconditions, Status};

/// What aide expects: responses with a code, or `default`.
type Inferred = Vec<(Option<u16>, AideResponse)>;

/// Adds the responses of an error type to an operation, beside those that it has.
///
/// Returns none: of two responses for one code, aide would drop the second.
pub(crate) fn add_responses_of<E: ErrorTypes>(operation: &mut Operation) -> Inferred {
    add_all(operation, &describe::of_trees(&E::documented()))
}

/// Returns a response with any problem document.
pub(crate) fn any_response() -> Option<AideResponse> {
    any_problem().first().map(response)
}

fn any_problem() -> Vec<Response> {
    describe::of_statuses([DocumentedStatus::any_code()].into_iter())
}

fn add_all(operation: &mut Operation, described: &[Response]) -> Inferred {
    for described in described {
        add(operation, described);
    }
    Vec::new()
}

impl OperationOutput for Status {
    type Inner = Self;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<AideResponse> {
        any_response()
    }

    /// Adds a problem document as the `default` response: the code is chosen at run time.
    fn inferred_responses(_: &mut GenContext, operation: &mut Operation) -> Inferred {
        add_all(operation, &any_problem())
    }
}

impl<E: ErrorTypes> OperationOutput for ResponsesOf<E> {
    type Inner = E;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<AideResponse> {
        any_response()
    }

    fn inferred_responses(_: &mut GenContext, operation: &mut Operation) -> Inferred {
        add_responses_of::<E>(operation)
    }
}

impl OperationInput for Preconditions {
    /// Adds the header fields of RFC 9110 §13.1, all optional.
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let parameters = [
            ("If-Match", "The entity tags of the versions that may be changed (RFC 9110 §13.1.1)."),
            ("If-None-Match", "The entity tags that the client has (RFC 9110 §13.1.2)."),
            ("If-Modified-Since", "The date of the version that the client has (RFC 9110 §13.1.3)."),
            ("If-Unmodified-Since", "The date of the version that may be changed (RFC 9110 §13.1.4)."),
        ];
        add_parameters(context, operation, parameters.map(|(name, description)| parameter(name, description)));
    }

    /// Adds the 412 of [`Preconditions::check`].
    fn inferred_early_responses(_: &mut GenContext, operation: &mut Operation) -> Inferred {
        let failed = DocumentedStatus::new(http::StatusCode::PRECONDITION_FAILED).with_name("PreconditionFailed");
        add_all(operation, &describe::of_statuses([failed].into_iter()))
    }
}

macro_rules! inputs {
    ($($extractor:ident => $of_axum:ident, $rejection:ident;)*) => {$(
        impl<T> OperationInput for crate::extract::$extractor<T>
        where
            ::axum::extract::$of_axum<T>: OperationInput,
        {
            fn operation_input(context: &mut GenContext, operation: &mut Operation) {
                ::axum::extract::$of_axum::<T>::operation_input(context, operation);
            }

            fn inferred_early_responses(_: &mut GenContext, operation: &mut Operation) -> Inferred {
                add_responses_of::<::axum::extract::rejection::$rejection>(operation)
            }
        }
    )*};
}

inputs! {
    Json => Json, JsonRejection;
    Query => Query, QueryRejection;
    Form => Form, FormRejection;
    Path => Path, PathRejection;
}

macro_rules! outputs {
    ($($extractor:ident)*) => {$(
        impl<T> OperationOutput for crate::extract::$extractor<T>
        where
            ::axum::extract::$extractor<T>: OperationOutput,
        {
            type Inner = T;

            fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<AideResponse> {
                ::axum::extract::$extractor::<T>::operation_response(context, operation)
            }

            fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Inferred {
                ::axum::extract::$extractor::<T>::inferred_responses(context, operation)
            }
        }
    )*};
}

outputs! { Json Form }

impl Defaults {
    /// Adds the responses to every operation of an aide document.
    ///
    /// # Example
    ///
    /// ```
    /// use aide::{axum::ApiRouter, openapi::OpenApi};
    /// use tower_status::openapi::{self, ProblemDetails};
    ///
    /// let mut api = OpenApi::default();
    /// let app: axum::Router = ApiRouter::new()
    ///     .finish_api_with(&mut api, |api| ProblemDetails.transform(openapi::defaults().transform(api)));
    /// ```
    pub fn transform(self, mut api: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
        for (method, operation) in operations(&mut api.inner_mut().paths) {
            for described in for_method(method) {
                add(operation, &described);
            }
        }
        api
    }
}

impl ProblemDetails {
    /// Registers the component in an aide document, and refers to it.
    ///
    /// See [`Defaults::transform`] for an example.
    pub fn transform(self, mut api: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
        let document = api.inner_mut();
        for content in contents(document) {
            change(content, |schema| *schema = schema::refer(schema, Self::NAME));
        }
        let components = document.components.get_or_insert_default();
        components.schemas.insert(Self::NAME.to_owned(), schema_of(schema::problem()));
        api
    }
}

impl WithTypeBase {
    /// Resolves the types in an aide document, registers the component and refers to it.
    pub fn transform(self, mut api: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
        for content in contents(api.inner_mut()) {
            change(content, |schema| schema::resolve_in_schema(schema, &self.base));
            for example in content.examples.values_mut() {
                if let Some(document) = example.as_item_mut().and_then(|example| example.value.as_mut()) {
                    schema::resolve_in_example(document, &self.base);
                }
            }
        }
        ProblemDetails.transform(api)
    }
}

/// Returns the problem documents of every response.
fn contents(document: &mut OpenApi) -> impl Iterator<Item = &mut MediaType> {
    let OpenApi { paths, components, .. } = document;
    let shared = components.iter_mut().flat_map(|components| components.responses.values_mut());
    let of_operations = operations(paths)
        .flat_map(|(_, operation)| operation.responses.iter_mut())
        .flat_map(|all| all.default.iter_mut().chain(all.responses.values_mut()));
    let responses = shared.chain(of_operations).filter_map(ReferenceOr::as_item_mut);
    responses.filter_map(|response| response.content.get_mut(PROBLEM_JSON))
}

/// Changes the schema of a content.
fn change(content: &mut MediaType, change: impl FnOnce(&mut Value)) {
    if let Some(schema) = &mut content.schema {
        let mut value = schema.json_schema.as_value().clone();
        change(&mut value);
        schema.json_schema = value.try_into().unwrap_or_default();
    }
}

/// Returns the operations of a document, each with its method in lower case.
fn operations(paths: &mut Option<Paths>) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let items = paths.iter_mut().flat_map(|paths| paths.paths.values_mut());
    items.filter_map(ReferenceOr::as_item_mut).flat_map(|item: &mut PathItem| {
        let of_methods = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("options", &mut item.options),
            ("head", &mut item.head),
            ("patch", &mut item.patch),
            ("trace", &mut item.trace),
        ];
        of_methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
    })
}

/// Adds a response to an operation, beside what the operation documents for the same code.
fn add(operation: &mut Operation, described: &Response) {
    let responses = operation.responses.get_or_insert_default();
    let new = response(described);
    let documented = match described.code {
        None => responses.default.get_or_insert_with(|| ReferenceOr::Item(new.clone())),
        Some(code) => {
            responses.responses.entry(StatusCode::Code(code.as_u16())).or_insert_with(|| ReferenceOr::Item(new.clone()))
        }
    };
    // A reference is shared with other operations.
    let Some(documented) = documented.as_item_mut() else { return };
    for (name, header) in new.headers {
        documented.headers.entry(name).or_insert(header);
    }
    for (media_type, content) in new.content {
        match documented.content.get_mut(&media_type) {
            Some(documented) => merge(documented, content),
            None => {
                documented.content.insert(media_type, content);
            }
        }
    }
}

/// Allows what the new content allows, too.
fn merge(documented: &mut MediaType, new: MediaType) {
    if let (Some(schema), Some(other)) = (&mut documented.schema, new.schema) {
        let merged = schema::either(schema.json_schema.as_value().clone(), other.json_schema.to_value());
        *schema = schema_of(merged);
    }
    for (name, example) in new.examples {
        documented.examples.entry(name).or_insert(example);
    }
}

fn response(described: &Response) -> AideResponse {
    let headers = described.headers.iter().map(|header| {
        let value = Header {
            description: header.description.map(str::to_owned),
            style: HeaderStyle::Simple,
            required: false,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema_of(header.schema.clone())),
            example: None,
            examples: [].into_iter().collect(),
            extensions: [].into_iter().collect(),
        };
        (header.name.clone(), ReferenceOr::Item(value))
    });
    let content = described.schema.iter().map(|schema| {
        let examples = described.examples.iter().map(|example| {
            let value = Example {
                summary: Some(example.summary.clone()),
                value: Some(example.value.clone()),
                ..Example::default()
            };
            (example.name.clone(), ReferenceOr::Item(value))
        });
        let content =
            MediaType { schema: Some(schema_of(schema.clone())), examples: examples.collect(), ..MediaType::default() };
        (PROBLEM_JSON.to_owned(), content)
    });
    AideResponse {
        description: described.description.clone(),
        headers: headers.collect(),
        content: content.collect(),
        ..AideResponse::default()
    }
}

fn parameter(name: &str, description: &str) -> Parameter {
    Parameter::Header {
        parameter_data: ParameterData {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required: false,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema_of(json!({ "type": "string" }))),
            example: None,
            examples: [].into_iter().collect(),
            explode: None,
            extensions: [].into_iter().collect(),
        },
        style: HeaderStyle::Simple,
    }
}

/// Returns a JSON Schema, which is an object, as aide's type.
fn schema_of(schema: Value) -> SchemaObject {
    SchemaObject { json_schema: schema.try_into().unwrap_or_default(), external_docs: None, example: None }
}
