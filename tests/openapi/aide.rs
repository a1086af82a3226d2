//! The description in a document of aide.

use ::aide::{
    axum::{
        ApiRouter,
        routing::{get, post, put},
    },
    openapi::OpenApi,
};
use axum::Router;
use serde_json::Value;
use tower_status::{
    Documented, Preconditions, Status,
    extract::{Form, Json, Path, Query},
    openapi::{self, ProblemDetails, ResponsesOf, responses},
};

use crate::{Full, SCHEMAS_OF_FULL, Shop, Stock};

type Tags = Vec<(String, String)>;

async fn read(Path(_): Path<u64>) -> Result<Json<u64>, Shop> {
    Err(Shop::Method)
}

async fn replace(_: Preconditions, Path(_): Path<u64>, Json(_): Json<u64>) -> Result<(), Status> {
    Ok(())
}

async fn create(Query(_): Query<Tags>, Form(_): Form<Tags>) -> Result<Form<Tags>, Status> {
    Err(Status::conflict())
}

/// Returns the document of an application with these routes.
fn document(transform: bool) -> Value {
    let mut api = OpenApi::default();
    let app: ApiRouter = ApiRouter::new()
        .api_route("/orders/{id}", get(read).put(replace))
        .api_route("/orders", post(create))
        .api_route("/none", put(async || {}));
    let _: Router = app.finish_api_with(&mut api, |api| {
        if transform { ProblemDetails.transform(openapi::defaults().transform(api)) } else { api }
    });
    serde_json::to_value(&api).unwrap()
}

fn codes(responses: &Value) -> Vec<&str> {
    let mut codes: Vec<_> = responses.as_object().unwrap().keys().map(String::as_str).collect();
    codes.sort_unstable();
    codes
}

fn problem<'a>(responses: &'a Value, code: &str) -> &'a Value {
    &responses[code]["content"]["application/problem+json"]
}

#[test]
fn an_error_type_documents_each_status_beside_the_rejections_of_the_extractors() {
    let api = document(false);
    let responses = &api["paths"]["/orders/{id}"]["get"]["responses"];
    // Those of the type, and of the path: 400 and 500.
    assert_eq!(codes(responses), ["200", "301", "304", "400", "401", "404", "405", "409", "500", "503", "default"]);
    for described in responses_of_shop() {
        let mut ours = responses[described.key()].clone();
        // aide writes the default of OpenAPI (`simple`).
        for header in
            ours.get_mut("headers").and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut())
        {
            assert_eq!(header.as_object_mut().unwrap().remove("style").unwrap(), "simple");
        }
        assert_eq!(ours, described.to_json(), "{}", described.key());
    }
}

fn responses_of_shop() -> Vec<openapi::Response> {
    responses(&Documented::of::<Shop>())
}

#[test]
fn extractors_document_their_content_and_their_rejections() {
    let api = document(false);
    let replace = &api["paths"]["/orders/{id}"]["put"];
    // axum's codes: 400 of the path and of the body; 500 for a handler without the parameter.
    assert_eq!(codes(&replace["responses"]), ["200", "400", "412", "413", "415", "422", "500", "default"]);
    let examples = codes(&problem(&replace["responses"], "400")["examples"]);
    assert!(
        examples.contains(&"JsonSyntaxError") && examples.contains(&"FailedToDeserializePathParams"),
        "{examples:?}"
    );
    assert!(replace["requestBody"]["content"]["application/json"].is_object());

    let names: Vec<_> = replace["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["in"] == "header")
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"]);

    let create = &api["paths"]["/orders"]["post"];
    assert!(create["requestBody"]["content"]["application/x-www-form-urlencoded"].is_object());
    assert_eq!(codes(&create["responses"]), ["200", "400", "413", "415", "422", "default"]);
}

#[test]
fn the_layer_is_added_to_every_operation_and_the_schema_is_one_component() {
    let api = document(true);
    let common = "A problem document (RFC 9457).";
    assert!(document(false).to_string().matches(common).count() > 20);
    assert_eq!(api.to_string().matches(common).count(), 1);
    assert_eq!(api["components"]["schemas"]["ProblemDetails"]["description"], common);

    let none = &api["paths"]["/none"]["put"]["responses"];
    assert_eq!(codes(none), ["200", "408", "412", "413", "500", "503"]);
    assert_eq!(problem(none, "500")["schema"]["$ref"], "#/components/schemas/ProblemDetails");

    let read = &api["paths"]["/orders/{id}"]["get"]["responses"];
    assert_eq!(codes(&problem(read, "503")["examples"]), ["Busy", "Closed", "ServiceUnavailable"]);
    assert_eq!(problem(read, "404")["schema"]["anyOf"][0]["allOf"][0]["$ref"], "#/components/schemas/ProblemDetails");
}

#[test]
fn an_error_type_can_be_named_in_a_transform_of_one_operation() {
    use ::aide::axum::routing::get_with;

    let mut api = OpenApi::default();
    let app: ApiRouter = ApiRouter::new().api_route(
        "/",
        get_with(
            async || {},
            |operation| {
                operation.response::<409, ResponsesOf<Stock>>().response::<404, Shop>().response::<410, Status>()
            },
        ),
    );
    let _: Router = app.finish_api(&mut api);
    let api = serde_json::to_value(&api).unwrap();
    let responses = &api["paths"]["/"]["get"]["responses"];
    assert!(problem(responses, "409")["schema"].is_object());
    assert!(problem(responses, "404")["schema"].is_object());
    assert!(problem(responses, "410")["schema"].is_object());
}

#[test]
fn schemas_of_an_operation_and_the_layer_are_each_allowed_once() {
    let mut api = OpenApi::default();
    let app: ApiRouter = ApiRouter::new().api_route("/", get(async || Err::<(), _>(Full::AnyBox)));
    let _: Router = app.finish_api_with(&mut api, |api| openapi::defaults().transform(api));
    let api = serde_json::to_value(&api).unwrap();
    for (code, count) in SCHEMAS_OF_FULL {
        let schema = &problem(&api["paths"]["/"]["get"]["responses"], code)["schema"];
        assert_eq!(schema["anyOf"].as_array().map(Vec::len), Some(count), "{code}: {schema}");
    }
}

#[test]
fn relative_types_are_resolved_against_the_base() {
    let mut api = OpenApi::default();
    let app: ApiRouter = ApiRouter::new().api_route("/orders/{id}", get(read));
    let _: Router =
        app.finish_api_with(&mut api, |api| ProblemDetails.type_base("https://example.org/").transform(api));
    let api = serde_json::to_value(&api).unwrap();
    let content = problem(&api["paths"]["/orders/{id}"]["get"]["responses"], "404");
    let resolved = "https://example.org/problems/no-such-order";
    assert_eq!(content["schema"]["anyOf"][0]["allOf"][1]["properties"]["type"]["enum"], serde_json::json!([resolved]));
    assert_eq!(content["examples"]["NoSuchOrder"]["value"]["type"], resolved);
    assert!(api["components"]["schemas"]["ProblemDetails"].is_object());
}
