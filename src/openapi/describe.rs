//! From the documented statuses of a type to the responses of an operation, for any OpenAPI library.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::schema;
use crate::{
    Documented, DocumentedStatus, catalog,
    example::{self, with_example, with_placeholders},
    response::json::Document,
};

/// The media type of a problem document.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// A response of an operation: every documented status with one code.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// The status code; `None`: the `default` of OpenAPI, for codes that are chosen at run time.
    pub code: Option<StatusCode>,
    /// When the response is sent, in CommonMark.
    pub description: String,
    /// The header fields that the response can have.
    pub headers: Vec<Header>,
    /// The JSON Schema of the problem document; `None` if the response has no content.
    pub schema: Option<Value>,
    /// A problem document of each status.
    pub examples: Vec<Example>,
}

/// A header field of a response.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Header {
    /// The name, such as `Retry-After`.
    pub name: String,
    /// What the field means, with its section of the RFC; `None` for a field of the application.
    pub description: Option<&'static str>,
    /// The JSON Schema of the value.
    pub schema: Value,
}

/// A problem document as an example.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Example {
    /// The name of the variant.
    pub name: String,
    /// The title of the problem.
    pub summary: String,
    /// The document.
    pub value: Value,
}

/// Returns the responses for the statuses of a type, ordered by their code.
///
/// Several statuses with one code are one response, whose schema lists each of them. A type in the tree that does not list
/// its statuses is left out, with a warning in the log.
///
/// # Example: by hand, for any library
///
/// ```
/// use tower_status::{Documented, IntoStatus, openapi};
///
/// # #[cfg(feature = "derive")]
/// # fn main() {
/// #[derive(Debug, thiserror::Error, IntoStatus)]
/// enum ShopError {
///     #[error("order {order_id} does not exist")]
///     #[status(404)]
///     NoSuchOrder { #[status(extension)] order_id: u64 },
///     #[error("the shop is closed")]
///     #[status(503, retry_after = 120)]
///     Closed,
/// }
///
/// let responses = openapi::responses(&Documented::of::<ShopError>());
/// assert_eq!(responses[0].code.unwrap(), 404);
/// assert_eq!(responses[0].examples[0].value["detail"], "order 7 does not exist");
/// assert_eq!(responses[1].headers[0].name, "Retry-After");
///
/// let document = serde_json::json!({ "responses": { "404": responses[0].to_json() } });
/// # assert!(document["responses"]["404"]["content"]["application/problem+json"]["schema"].is_object());
/// # }
/// # #[cfg(not(feature = "derive"))]
/// # fn main() {}
/// ```
pub fn responses(documented: &Documented) -> Vec<Response> {
    of_trees(&[*documented])
}

/// Returns the responses for the statuses of several types.
pub(super) fn of_trees(trees: &[Documented]) -> Vec<Response> {
    for tree in trees {
        tree.warn_if_incomplete("OpenAPI");
    }
    of_statuses(trees.iter().flat_map(Documented::iter))
}

/// Returns the responses for these statuses.
pub(super) fn of_statuses(statuses: impl Iterator<Item = DocumentedStatus>) -> Vec<Response> {
    let mut groups: Vec<(Option<StatusCode>, Vec<DocumentedStatus>)> = Vec::new();
    for status in statuses {
        match groups.iter_mut().find(|(code, _)| *code == status.code) {
            Some((_, group)) if group.contains(&status) => {}
            Some((_, group)) => group.push(status),
            None => groups.push((status.code, vec![status])),
        }
    }
    // OpenAPI's `default` is the last one.
    groups.sort_by_key(|(code, _)| (code.is_none(), *code));
    groups.into_iter().map(|(code, group)| of_group(code, &group)).collect()
}

fn of_group(code: Option<StatusCode>, group: &[DocumentedStatus]) -> Response {
    let description = match group {
        [one] => description(one),
        several => several.iter().map(in_list).collect::<Vec<_>>().join("\n"),
    };
    let has_content = code.is_none_or(|code| catalog::entry(code).has_content);
    let schema = has_content.then(|| schema::any_of(group));
    let examples = if has_content { examples(group) } else { Vec::new() };
    Response { code, description, headers: headers(group), schema, examples }
}

/// Returns the doc comment, otherwise the detail, otherwise the catalog's explanation.
fn description(documented: &DocumentedStatus) -> String {
    let of_entry = || documented.code.map_or("An error.", |code| catalog::entry(code).explanation);
    match (documented.description, documented.detail) {
        (Some(description), _) => description.trim().to_owned(),
        (None, Some(template)) => escaped(&with_placeholders(template)),
        (None, None) => of_entry().to_owned(),
    }
}

/// Returns the description as an item of a list, in which a paragraph is indented.
fn in_list(documented: &DocumentedStatus) -> String {
    format!("- {}: {}", escaped(&name(documented)), description(documented).replace('\n', "\n  "))
}

/// Returns text as CommonMark, in which it has no markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '\\' | '`' | '*' | '_' | '<' | '&' | '[' | ']') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// Returns the name in code, otherwise the title.
fn name(documented: &DocumentedStatus) -> String {
    documented.name.unwrap_or_else(|| example::title(documented)).to_owned()
}

/// Returns an example for each status with a code. A number distinguishes statuses of the same name.
fn examples(group: &[DocumentedStatus]) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for documented in group {
        let type_uri = example::type_uri(documented, None);
        let Some(value) = with_example(documented, type_uri.as_deref(), |problem| json!(Document(problem))) else {
            continue;
        };
        let same = examples.iter().filter(|example| example.value == value).count();
        if same > 0 && documented.name.is_none() {
            continue;
        }
        let name = name(documented);
        let is_taken = |name: &str| examples.iter().any(|example| example.name == name);
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let name = std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name);
        examples.push(Example { name, summary: example::title(documented).to_owned(), value });
    }
    examples
}

/// Returns the header fields of all statuses, each once.
fn headers(group: &[DocumentedStatus]) -> Vec<Header> {
    let mut names: Vec<&str> = Vec::new();
    for name in group.iter().flat_map(example::header_names) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(header).collect()
}

fn header(name: &'static str) -> Header {
    let description = match name {
        "allow" => "The methods that the resource supports (RFC 9110 §10.2.1).",
        "content-range" => "The length of the whole content (RFC 9110 §14.4).",
        "location" => "The address to go to (RFC 9110 §10.2.2).",
        "proxy-authenticate" => "How to authenticate to the proxy (RFC 9110 §11.7.1).",
        "retry-after" => "The seconds to wait before the next request (RFC 9110 §10.2.3).",
        "upgrade" => "The protocols to upgrade to (RFC 9110 §7.8).",
        "www-authenticate" => "How to authenticate (RFC 9110 §11.6.1).",
        _ => "",
    };
    let schema = match name {
        "retry-after" => json!({ "type": "integer" }),
        "location" => json!({ "type": "string", "format": "uri-reference" }),
        _ => json!({ "type": "string" }),
    };
    Header { name: canonical(name), description: Some(description).filter(|text| !text.is_empty()), schema }
}

/// Returns the name as RFCs write it: `Retry-After`, `WWW-Authenticate`.
fn canonical(name: &str) -> String {
    let capitalized = |part: &str| match part.split_at_checked(1) {
        _ if part == "www" => "WWW".to_owned(),
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => part.to_owned(),
    };
    name.split('-').map(capitalized).collect::<Vec<_>>().join("-")
}

impl Response {
    /// Returns the key in OpenAPI's Responses Object: the code, or `default`.
    pub fn key(&self) -> String {
        self.code.map_or_else(|| "default".to_owned(), |code| code.as_str().to_owned())
    }

    /// Returns OpenAPI's Response Object.
    pub fn to_json(&self) -> Value {
        let mut response = Map::from_iter([("description".to_owned(), json!(self.description))]);
        if !self.headers.is_empty() {
            let headers = self.headers.iter().map(|header| (header.name.clone(), header.to_json()));
            response.insert("headers".into(), headers.collect());
        }
        if let Some(schema) = &self.schema {
            let mut content = Map::from_iter([("schema".to_owned(), schema.clone())]);
            if !self.examples.is_empty() {
                let examples = self.examples.iter().map(|example| (example.name.clone(), example.to_json()));
                content.insert("examples".into(), examples.collect());
            }
            response.insert("content".into(), json!({ PROBLEM_JSON: content }));
        }
        response.into()
    }
}

impl Header {
    fn to_json(&self) -> Value {
        match self.description {
            Some(description) => json!({ "description": description, "schema": self.schema }),
            None => json!({ "schema": self.schema }),
        }
    }
}

impl Example {
    fn to_json(&self) -> Value {
        json!({ "summary": self.summary, "value": self.value })
    }
}
