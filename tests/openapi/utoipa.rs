//! The description in a document of utoipa.

use ::utoipa::{IntoResponses, Modify, OpenApi, openapi::OpenApi as Document};
use serde_json::{Value, json};
use tower_status::{
    Documented, Status,
    openapi::{self, ProblemDetails, ResponsesOf, responses},
};

use crate::{Full, SCHEMAS_OF_FULL, Shop, Stock};

#[utoipa::path(get, path = "/orders/{id}", params(("id" = u64, Path)), responses((status = 200), Shop))]
fn read() {}

#[utoipa::path(put, path = "/orders/{id}", params(("id" = u64, Path)), responses((status = 204), ResponsesOf<Stock>))]
fn replace() {}

#[utoipa::path(post, path = "/orders", responses((status = 201), Status))]
fn create() {}

/// Returns a response of the application itself, for a code of the layer.
#[utoipa::path(get, path = "/own", responses((status = 413, description = "own", body = String)))]
fn own() {}

#[utoipa::path(get, path = "/full", responses(Full))]
fn full() {}

#[derive(OpenApi)]
#[openapi(paths(read, replace, create, own, full))]
struct Api;

fn json_of(document: &Document) -> Value {
    serde_json::to_value(document).unwrap()
}

fn codes(responses: &Value) -> Vec<&str> {
    responses.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_responses_of_utoipa_are_the_description() {
    let expected: serde_json::Map<_, _> =
        responses(&Documented::of::<Shop>()).iter().map(|response| (response.key(), response.to_json())).collect();
    assert_eq!(serde_json::to_value(Shop::responses()).unwrap(), Value::from(expected));
}

#[test]
fn responses_of_a_type_without_the_derive_are_the_description() {
    let api = json_of(&Api::openapi());
    assert_eq!(codes(&api["paths"]["/orders/{id}"]["put"]["responses"]), ["204", "304", "409"]);
}

#[test]
fn a_status_is_the_default_response() {
    let api = json_of(&Api::openapi());
    let responses = &api["paths"]["/orders"]["post"]["responses"];
    assert_eq!(codes(responses), ["201", "default"]);
    assert!(responses["default"]["content"]["application/problem+json"]["schema"].is_object());
}

#[test]
fn defaults_add_the_responses_of_the_layer_to_every_operation() {
    let mut api = Api::openapi();
    openapi::defaults().modify(&mut api);
    let api = json_of(&api);
    let of = |path: &str, method: &str| codes(&api["paths"][path][method]["responses"]);
    assert_eq!(of("/orders", "post"), ["201", "408", "412", "413", "500", "503", "default"]);
    assert_eq!(of("/own", "get"), ["304", "408", "412", "413", "500", "503"]);
}

#[test]
fn defaults_stay_beside_what_an_operation_documents() {
    let mut api = Api::openapi();
    openapi::defaults().modify(&mut api);
    let once = json_of(&api);
    openapi::defaults().modify(&mut api);
    assert_eq!(json_of(&api), once, "a second time changes nothing");

    let own = &once["paths"]["/own"]["get"]["responses"]["413"];
    assert_eq!(own["description"], "own");
    assert_eq!(codes(&own["content"]), ["application/problem+json", "text/plain"]);

    let closed = &once["paths"]["/orders/{id}"]["get"]["responses"]["503"];
    assert_eq!(codes(&closed["headers"]), ["Retry-After", "X-Shop"]);
    let content = &closed["content"]["application/problem+json"];
    assert_eq!(codes(&content["examples"]), ["Busy", "Closed", "ServiceUnavailable"]);
}

#[test]
fn schemas_of_an_operation_and_the_layer_are_each_allowed_once() {
    let mut api = Api::openapi();
    for _ in 0..2 {
        openapi::defaults().modify(&mut api);
        let api = json_of(&api);
        for (code, count) in SCHEMAS_OF_FULL {
            let content = &api["paths"]["/full"]["get"]["responses"][code]["content"]["application/problem+json"];
            assert_eq!(content["schema"]["anyOf"].as_array().map(Vec::len), Some(count), "{code}: {content}");
        }
    }
}

#[test]
fn problem_details_is_one_component_that_every_schema_refers_to() {
    let mut api = Api::openapi();
    openapi::defaults().modify(&mut api);
    let before = json_of(&api).to_string();
    ProblemDetails.modify(&mut api);
    let after = json_of(&api);
    let common = "A problem document (RFC 9457).";
    assert!(before.matches(common).count() > 20, "{before}");
    assert_eq!(after.to_string().matches(common).count(), 1);
    assert_eq!(after["components"]["schemas"]["ProblemDetails"]["description"], common);

    let reference = json!({ "$ref": "#/components/schemas/ProblemDetails" });
    let responses = &after["paths"]["/orders/{id}"]["get"]["responses"];
    let schema = |code: &str| &responses[code]["content"]["application/problem+json"]["schema"];
    assert_eq!(*schema("500"), reference);
    assert_eq!(schema("404")["anyOf"][0]["allOf"][0], reference);
    assert_eq!(schema("404")["anyOf"][1], reference);
    assert_eq!(schema("404")["anyOf"][0]["allOf"][1]["properties"]["order_id"], json!({ "type": "integer" }));
}

#[test]
fn both_modifiers_can_be_named_in_the_derive() {
    use tower_status::openapi::Defaults;

    #[derive(OpenApi)]
    #[openapi(paths(read), modifiers(&Defaults, &ProblemDetails))]
    struct Modified;

    let api = json_of(&Modified::openapi());
    assert!(api["components"]["schemas"]["ProblemDetails"].is_object());
    assert!(api["paths"]["/orders/{id}"]["get"]["responses"]["408"].is_object());
}

#[test]
fn relative_types_are_resolved_against_the_base() {
    let mut api = Api::openapi();
    ProblemDetails.type_base("https://example.org/").modify(&mut api);
    let api = json_of(&api);
    let content = &api["paths"]["/orders/{id}"]["get"]["responses"]["404"]["content"]["application/problem+json"];
    let resolved = "https://example.org/problems/no-such-order";
    assert_eq!(content["schema"]["anyOf"][0]["allOf"][1]["properties"]["type"]["enum"], json!([resolved]));
    assert_eq!(content["examples"]["NoSuchOrder"]["value"]["type"], resolved);
    assert_eq!(content["examples"]["NoSuchCustomer"]["value"]["type"], "about:blank");
    assert!(api["components"]["schemas"]["ProblemDetails"].is_object());
}
