//! One description of the responses, for every library.

use http::StatusCode;
use serde_json::{Value, json};
use tower_status::{
    Documented, DocumentedStatus, IntoStatus,
    openapi::{Response, responses},
};

use crate::Shop;

fn described() -> Vec<Response> {
    responses(&Documented::of::<Shop>())
}

fn of(key: &str) -> Value {
    described().iter().find(|response| response.key() == key).unwrap().to_json()
}

fn content(key: &str) -> Value {
    of(key)["content"]["application/problem+json"].clone()
}

#[test]
fn statuses_of_one_code_are_one_response_and_a_code_at_run_time_is_the_default() {
    let keys: Vec<_> = described().iter().map(Response::key).collect();
    assert_eq!(keys, ["301", "304", "401", "404", "405", "409", "503", "default"]);
}

/// The members that RFC 9457 §3.1 defines, and those of every response that this crate writes.
#[test]
fn every_schema_has_the_common_members_and_allows_others() {
    for response in described().iter().filter(|response| response.key() != "304") {
        let schema = response.schema.clone().unwrap();
        let first = schema.get("anyOf").map_or(&schema, |any| &any[0]);
        let common = first.get("allOf").map_or(first, |all| &all[0]);
        assert_eq!(common["required"], json!(["type", "title", "status", "detail"]), "{schema}");
        for name in ["type", "title", "status", "detail", "instance", "advice", "request_id"] {
            assert!(common["properties"][name]["type"].is_string(), "{name}: {schema}");
        }
        assert_eq!(common.get("additionalProperties"), None);
    }
}

#[test]
fn several_variants_of_one_code_are_side_by_side() {
    let schema = &content("404")["schema"]["anyOf"];
    assert_eq!(schema[0]["title"], "NoSuchOrder");
    let own = json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": { "type": "string", "enum": ["/problems/no-such-order"] },
            "order_id": { "type": "integer" },
        },
    });
    assert_eq!(schema[0]["allOf"][1], own);
    // A variant without extension members has the common schema.
    assert_eq!(schema[1], schema[0]["allOf"][0]);
    assert_eq!(schema.as_array().unwrap().len(), 2);
    assert_eq!(
        of("404")["description"],
        "- NoSuchOrder: No order has this number.\n- NoSuchCustomer: there is no \\*customer\\* …"
    );
}

#[test]
fn extension_members_have_their_schemas() {
    let own = &content("409")["schema"]["anyOf"][1]["allOf"][1];
    let expected = json!({
        "any": {},
        "kind": { "type": "string", "enum": ["reserved"] },
        "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
        "flag": { "type": "boolean" },
        "price": { "type": "number" },
        "until": {},
        "errors": {
            "type": "array",
            "items": { "type": "object", "properties": { "pointer": { "type": "string" } } },
        },
    });
    assert_eq!(own["properties"], expected);
    assert_eq!(own.get("required"), None);
}

#[test]
fn each_variant_has_an_example_under_its_name() {
    let names = |key: &str| -> Vec<String> { content(key)["examples"].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names("404"), ["NoSuchCustomer", "NoSuchOrder"]);
    assert_eq!(names("409"), ["Reserved", "SoldOut"]);
    let example = &content("404")["examples"]["NoSuchOrder"];
    assert_eq!(example["summary"], "No such order");
    let document = json!({
        "type": "/problems/no-such-order",
        "title": "No such order",
        "status": 404,
        "detail": "order 7 does not exist",
        "order_id": 7,
        "advice": "Is 7 on your receipt?",
    });
    assert_eq!(example["value"], document);
    // Neither the variant nor its code has advice for programs.
    assert_eq!(content("404")["examples"]["NoSuchCustomer"]["value"].get("advice"), None);
}

#[test]
fn hidden_details_are_in_no_example_and_no_description() {
    let response = of("503").to_string();
    assert!(!response.contains("closed at"), "{response}");
}

#[test]
fn header_fields_are_those_that_the_code_requires_and_the_status_sets() {
    for (key, expected) in [
        ("301", vec!["Location"]),
        ("401", vec!["WWW-Authenticate"]),
        ("404", vec![]),
        ("405", vec!["Allow"]),
        ("503", vec!["X-Shop", "Retry-After"]),
    ] {
        let response = described().into_iter().find(|response| response.key() == key).unwrap();
        let names: Vec<_> = response.headers.iter().map(|header| &*header.name).collect();
        assert_eq!(names, expected, "{key}");
    }
    assert_eq!(of("503")["headers"]["Retry-After"]["schema"], json!({ "type": "integer" }));
    assert_eq!(of("503")["headers"]["X-Shop"], json!({ "schema": { "type": "string" } }));
}

#[test]
fn a_header_field_is_described_by_its_rfc() {
    let retry_after = DocumentedStatus::new(StatusCode::SERVICE_UNAVAILABLE).with_headers(&["retry-after"]);
    let new = DocumentedStatus::new;
    let rows = [
        (new(StatusCode::METHOD_NOT_ALLOWED), "Allow", "RFC 9110 §10.2.1", json!({ "type": "string" })),
        (new(StatusCode::RANGE_NOT_SATISFIABLE), "Content-Range", "RFC 9110 §14.4", json!({ "type": "string" })),
        (
            new(StatusCode::FOUND),
            "Location",
            "RFC 9110 §10.2.2",
            json!({ "type": "string", "format": "uri-reference" }),
        ),
        (
            new(StatusCode::PROXY_AUTHENTICATION_REQUIRED),
            "Proxy-Authenticate",
            "RFC 9110 §11.7.1",
            json!({ "type": "string" }),
        ),
        (retry_after, "Retry-After", "RFC 9110 §10.2.3", json!({ "type": "integer" })),
        (new(StatusCode::UPGRADE_REQUIRED), "Upgrade", "RFC 9110 §7.8", json!({ "type": "string" })),
        (new(StatusCode::UNAUTHORIZED), "WWW-Authenticate", "RFC 9110 §11.6.1", json!({ "type": "string" })),
    ];
    for (status, name, section, schema) in rows {
        let header = responses(&Documented::One(status))[0].to_json()["headers"][name].clone();
        assert!(header["description"].as_str().unwrap().contains(section), "{name}: {header}");
        assert_eq!(header["schema"], schema, "{name}");
    }
}

#[test]
fn equal_statuses_are_described_once_and_equal_examples_without_a_name_are_one() {
    const CONFLICT: DocumentedStatus = DocumentedStatus::new(StatusCode::CONFLICT);
    const TWICE: &[Documented] = &[Documented::One(CONFLICT), Documented::One(CONFLICT)];
    const SIMILAR: &[Documented] = &[
        Documented::One(CONFLICT.with_description("one")),
        Documented::One(CONFLICT.with_description("two")),
        Documented::One(CONFLICT.with_title("Sold out")),
    ];
    let once = responses(&Documented::One(CONFLICT))[0].to_json();
    assert_eq!(responses(&Documented::All(TWICE))[0].to_json(), once);
    let similar = &responses(&Documented::All(SIMILAR))[0];
    let names: Vec<_> = similar.examples.iter().map(|example| &*example.name).collect();
    assert_eq!(names, ["Conflict", "Sold out"]);
}

#[test]
fn a_response_without_content_has_no_schema() {
    // RFC 9110 §15.4.5
    assert_eq!(of("304").get("content"), None);
}

#[test]
fn two_variants_of_the_same_name_have_examples_of_different_names() {
    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum Inner {
        #[error("inner")]
        #[status(409)]
        SoldOut,
    }
    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum Outer {
        #[error("outer")]
        #[status(409)]
        SoldOut,
        #[error(transparent)]
        #[status(transparent)]
        Inner(Inner),
    }
    let response = responses(&Documented::of::<Outer>()).remove(0);
    let names: Vec<_> = response.examples.iter().map(|example| (&*example.name, &example.value["detail"])).collect();
    assert_eq!(names, [("SoldOut", &json!("outer")), ("SoldOut2", &json!("inner"))]);
}
