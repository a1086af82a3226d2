//! The message for a key that is unknown or misplaced.

use super::{attribute::Value, key_names};
use crate::names::{self, suggestion};

/// Where a key was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Enum,
    Variant,
    Struct,
    Field,
}

impl Place {
    /// Returns the keys that exist here.
    fn keys(self) -> Vec<&'static str> {
        match self {
            Self::Enum => key_names::TYPE.to_vec(),
            Self::Variant => key_names::VARIANT.to_vec(),
            Self::Struct => {
                key_names::VARIANT.into_iter().chain(key_names::TYPE).filter(|key| *key != "default").collect()
            }
            Self::Field => key_names::FIELD.to_vec(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Enum => "an enum",
            Self::Variant => "a variant",
            Self::Struct => "a struct",
            Self::Field => "a field",
        }
    }
}

/// Returns the message for a key that does not exist at this place.
pub(super) fn message(name: &str, value: &Value, place: Place) -> String {
    if let Some(message) = misplaced(name, value, place) {
        return message;
    }
    let keys = place.keys();
    let closest = match other_name(name) {
        Some(key) if keys.contains(&key) => format!(": write `{key}`"),
        _ if matches!(place, Place::Variant | Place::Struct) && names::status(&names::screaming(name)).is_ok() => {
            format!(": did you mean `{}`?", names::screaming(name))
        }
        _ => suggestion(name, keys.iter().copied()),
    };
    let list: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
    format!("unknown key `{name}`{closest}\nthe keys of {} are {}", place.name(), list.join(", "))
}

/// Returns the message for a key that exists elsewhere.
fn misplaced(name: &str, value: &Value, place: Place) -> Option<String> {
    let of_field = key_names::FIELD.contains(&name);
    let of_variant = key_names::VARIANT.contains(&name);
    match (place, name) {
        (Place::Variant | Place::Struct, "code" | "status" | "status_code") if !matches!(value, Value::None) => {
            Some("write the status code by itself: `#[status(404)]`".into())
        }
        (Place::Enum, "code" | "status" | "status_code") => {
            Some("on an enum, the status code of the variants without one is written `default = 500`".into())
        }
        (Place::Variant | Place::Struct, "code") => {
            Some("`code` belongs on a field of type `StatusCode`; a fixed status code is written by itself".into())
        }
        (Place::Variant, "default") => {
            Some("`default` belongs on the enum: it is the status code of the variants without one".into())
        }
        (Place::Variant, name) if key_names::TYPE.contains(&name) => {
            Some(format!("`{name}` belongs on the enum, not on a variant"))
        }
        (Place::Variant | Place::Struct, name) if of_field => Some(format!("`{name}` belongs on a field")),
        (Place::Enum, name) if of_variant || of_field => {
            let owner = if of_variant { "a variant" } else { "a field" };
            Some(format!("`{name}` belongs on {owner}, not on the enum"))
        }
        (Place::Field, name) if of_variant => Some(format!("`{name}` belongs on the variant, not on its field")),
        (Place::Field, name) if key_names::TYPE.contains(&name) => {
            Some(format!("`{name}` belongs on the type, not on a field"))
        }
        _ => None,
    }
}

/// Returns the key for a name that other crates or the standards use.
fn other_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "message" | "msg" | "description" | "display" => "detail",
        "problem_type" | "problem-type" | "type_uri" | "kind" => "type",
        "retry-after" | "retry" => "retry_after",
        "www_authenticate" | "www-authenticate" | "authenticate" => "challenge",
        "headers" => "header",
        "extensions" | "ext" | "member" | "members" => "extension",
        "redirect" | "url" | "uri" => "location",
        "methods" => "allow",
        "grpc_code" | "grpc-code" | "grpc_status" => "grpc",
        "help" | "hint" => "advice",
        "from-error" | "foreign" | "other" => "from_error",
        "forward" | "delegate" | "inner" => "transparent",
        "exposed" | "show" | "visible" => "expose",
        "into_response" | "IntoResponse" => "axum",
        "openapi" | "into_responses" | "IntoResponses" => "utoipa",
        "operation_output" | "OperationOutput" | "OperationIo" => "aide",
        _ => return None,
    })
}
