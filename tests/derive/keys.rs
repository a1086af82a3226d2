//! The property that each key sets, in each place where the key can be written.

use std::{error::Error, time::Duration};

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use tower_status::{IntoStatus, Status};

#[derive(Debug)]
struct Item {
    name: &'static str,
}

impl Serialize for Item {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "name": self.name }).serialize(serializer)
    }
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
enum Keys {
    #[status(404)]
    Number,
    #[status(NOT_FOUND)]
    Constant,
    #[status(StatusCode::NOT_FOUND)]
    Path,
    #[status(http::StatusCode::NOT_FOUND)]
    LongPath,
    #[status(499)]
    Unregistered,
    #[status(550)]
    PermissionDenied,
    #[status(404, title = "Missing")]
    Title,
    #[status(404)]
    #[status(title = "Missing")]
    TwoAttributes,
    #[status(404, type = "/problems/x")]
    Type,
    #[status(404, instance = "/orders/8")]
    Instance,
    #[status(404, instance = "/orders/{0}")]
    InstanceWithField(&'static str),
    #[status(404, detail = "a {{literal}}")]
    Detail,
    #[status(404, detail = "{{{0:>1$}}} {0:02x} {2:?}")]
    DetailWithFields(u8, usize, Item),
    #[status(404, detail = "{id} {name}")]
    DetailWithNames {
        id: u8,
        name: String,
    },
    #[status(429, advice = "Wait a minute.")]
    Advice,
    #[status(429, advice = "Wait {0} minutes.")]
    AdviceWithField(u8),
    #[status(401, challenge = "Bearer")]
    Challenge,
    #[status(407, challenge = "Basic")]
    ProxyChallenge,
    #[status(405, allow = "GET, HEAD")]
    Allow,
    #[status(405, allow = "")]
    AllowNothing,
    #[status(405, header("Allow" = "GET"))]
    AllowAsHeader,
    #[status(426, header("Upgrade" = "websocket"))]
    Upgrade,
    #[status(409, header("x-a" = "1"), header("x-a" = "2"), header("x-b" = "3"))]
    Headers,
    #[status(503, grpc = RESOURCE_EXHAUSTED)]
    Grpc,
    #[status(503, grpc = GrpcCode::ResourceExhausted)]
    GrpcPath,
    #[status(503, expose)]
    Expose,
    #[status(503, retry_after = 30)]
    RetryAfter,
    #[status(503, retry_after = wait)]
    RetryAfterField {
        wait: Duration,
    },
    #[status(503)]
    RetryAfterMarked(#[status(retry_after)] Duration),
    #[status(429)]
    RetryAfterSeconds(#[status(retry_after)] i64),
    #[status(503)]
    RetryAfterOption(#[status(retry_after)] Option<u16>),
    #[status(303, location = "/orders")]
    Location,
    #[status(303, location = "/orders/{id}/lines?of={name}#{id}")]
    LocationWithFields {
        id: u64,
        name: &'static str,
    },
    #[status(303, location = to)]
    LocationField {
        to: String,
    },
    #[status(303)]
    LocationMarked(#[status(location)] http::Uri),
    #[status(302, header("Location" = "/x"))]
    LocationAsHeader,
    #[status(404)]
    Extensions(#[status(extension = "item")] Item, #[status(extension = "n")] Option<u8>),
    #[status(404)]
    ExtensionNames {
        #[status(extension)]
        order: u64,
        #[status(extension = "shelf")]
        at: &'static str,
    },
    #[status(402, extension("code" = "declined"), extension("count" = 5_000_000_000), extension("rate" = -0.5))]
    ConstantExtensions,
    #[status(404, extension("below" = -1), extension("byte" = 7u8), extension("final" = true))]
    MoreConstantExtensions,
    CodeAtRunTime(#[status(code)] StatusCode),
    #[status(title = "Upstream", expose, retry_after = 1, grpc = ABORTED)]
    CodeBesideOthers {
        #[status(code)]
        code: StatusCode,
        #[status(extension)]
        attempt: u8,
    },
}

/// Writes all properties of the status but the error's message.
fn properties(status: &Status) -> String {
    let mut text = status.code().as_str().to_owned();
    let detail = status.detail().filter(|detail| *detail != "message");
    for (name, value) in [
        ("title", status.title()),
        ("type", status.type_uri()),
        ("instance", status.instance()),
        ("detail", detail),
        ("advice", status.advice()),
    ] {
        text.extend(value.map(|value| format!(" {name}={value}")));
    }
    text.extend(status.headers().iter().map(|(name, value)| format!(" {name}: {}", value.to_str().unwrap())));
    text.extend(status.extensions().iter().map(|(name, value)| format!(" {name}={value}")));
    text.extend(status.grpc_code().map(|code| format!(" grpc={code}")));
    text + if status.is_exposed() { " exposed" } else { "" }
}

#[test]
fn each_key_sets_its_property() {
    let rows = [
        (Keys::Number, "404"),
        (Keys::Constant, "404"),
        (Keys::Path, "404"),
        (Keys::LongPath, "404"),
        (Keys::Unregistered, "499"),
        (Keys::PermissionDenied, "550"),
        (Keys::Title, "404 title=Missing"),
        (Keys::TwoAttributes, "404 title=Missing"),
        (Keys::Type, "404 type=/problems/x"),
        (Keys::Instance, "404 instance=/orders/8"),
        (Keys::InstanceWithField("a/ä"), "404 instance=/orders/a%2F%C3%A4"),
        (Keys::Detail, "404 detail=a {literal}"),
        (Keys::DetailWithFields(9, 3, Item { name: "x" }), "404 detail={  9} 09 Item { name: \"x\" }"),
        (Keys::DetailWithNames { id: 1, name: "y".into() }, "404 detail=1 y"),
        (Keys::Advice, "429 advice=Wait a minute."),
        (Keys::AdviceWithField(5), "429 advice=Wait 5 minutes."),
        (Keys::Challenge, "401 www-authenticate: Bearer"),
        (Keys::ProxyChallenge, "407 proxy-authenticate: Basic"),
        (Keys::Allow, "405 allow: GET, HEAD"),
        (Keys::AllowNothing, "405 allow: "),
        (Keys::AllowAsHeader, "405 allow: GET"),
        (Keys::Upgrade, "426 upgrade: websocket"),
        (Keys::Headers, "409 x-a: 1 x-a: 2 x-b: 3"),
        (Keys::Grpc, "503 grpc=RESOURCE_EXHAUSTED"),
        (Keys::GrpcPath, "503 grpc=RESOURCE_EXHAUSTED"),
        (Keys::Expose, "503 exposed"),
        (Keys::RetryAfter, "503 retry-after: 30"),
        (Keys::RetryAfterField { wait: Duration::from_millis(1500) }, "503 retry-after: 2"),
        (Keys::RetryAfterMarked(Duration::from_secs(7)), "503 retry-after: 7"),
        (Keys::RetryAfterSeconds(7), "429 retry-after: 7"),
        (Keys::RetryAfterSeconds(-7), "429 retry-after: 1"),
        (Keys::RetryAfterOption(Some(7)), "503 retry-after: 7"),
        (Keys::RetryAfterOption(None), "503"),
        (Keys::Location, "303 location: /orders"),
        (Keys::LocationField { to: "/a b".into() }, "303 location: /a%20b"),
        (Keys::LocationMarked("/x?y".parse().unwrap()), "303 location: /x?y"),
        (Keys::LocationAsHeader, "302 location: /x"),
        (Keys::Extensions(Item { name: "x" }, None), "404 item={\"name\":\"x\"} n=null"),
        (Keys::ExtensionNames { order: 8, at: "a" }, "404 order=8 shelf=\"a\""),
        (Keys::ConstantExtensions, "402 code=\"declined\" count=5000000000 rate=-0.5"),
        (Keys::MoreConstantExtensions, "404 below=-1 byte=7 final=true"),
    ];
    for (error, expected) in rows {
        assert_eq!(properties(&error.status()), expected, "{error:?}");
    }
}

#[test]
fn code_field_is_the_status_code() {
    let rows = [
        (StatusCode::BAD_GATEWAY, "502"),
        (StatusCode::NOT_MODIFIED, "304"),
        (StatusCode::MULTIPLE_CHOICES, "300"),
        // Not the code of an error.
        (StatusCode::IM_USED, "500"),
        (StatusCode::OK, "500"),
        (StatusCode::CONTINUE, "500"),
    ];
    for (code, expected) in rows {
        assert_eq!(properties(&Keys::CodeAtRunTime(code).status()), expected, "{code}");
    }
    let error = Keys::CodeBesideOthers { code: StatusCode::BAD_GATEWAY, attempt: 3 };
    assert_eq!(properties(&error.status()), "502 title=Upstream retry-after: 1 attempt=3 grpc=ABORTED exposed");
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
#[status(303, location = "/{0}{1}/x")]
struct Moved(&'static str, &'static str);

#[test]
fn value_in_location_stays_in_its_segment() {
    // Expected values: RFC 3986 §2.1 by hand. A value that no encoding keeps in its segment makes the redirect a 500.
    let rows = [
        ("a", "303 location: /orders/7/lines?of=a#7"),
        ("", "303 location: /orders/7/lines?of=#7"),
        ("a&b=c d%", "303 location: /orders/7/lines?of=a%26b%3Dc%20d%25#7"),
        ("\r\nset-cookie: x", "303 location: /orders/7/lines?of=%0D%0Aset-cookie%3A%20x#7"),
    ];
    for (name, expected) in rows {
        assert_eq!(properties(&Keys::LocationWithFields { id: 7, name }.status()), expected, "{name:?}");
    }
    struct Row {
        first: &'static str,
        second: &'static str,
        expected: &'static str,
    }
    let rows = [
        Row { first: "a", second: "b", expected: "303 location: /ab/x" },
        Row { first: "/", second: "?#", expected: "303 location: /%2F%3F%23/x" },
        Row { first: "..", second: "a", expected: "303 location: /..a/x" },
        Row { first: "%2e", second: ".", expected: "303 location: /%252e./x" },
        Row { first: "", second: "", expected: "500" },
        Row { first: ".", second: "", expected: "500" },
        Row { first: ".", second: ".", expected: "500" },
    ];
    for Row { first, second, expected } in rows {
        assert_eq!(properties(&Moved(first, second).status()), expected, "{first:?} {second:?}");
    }
    assert_eq!(properties(&Keys::LocationField { to: "a\r\nb".into() }.status()), "500");
    assert_eq!(properties(&Keys::LocationField { to: String::new() }.status()), "500");
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[error("message")]
#[status(404, title = "Missing", header("x-a" = "1"), extension("code" = "missing"))]
pub(crate) struct Keyed {
    #[status(extension)]
    id: u8,
}

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(default = SERVICE_UNAVAILABLE)]
enum Defaulted {
    #[error("message")]
    Bare,
    #[error("message")]
    #[status(title = "Down", retry_after = 5)]
    Keys,
    #[error("message")]
    #[status(404)]
    Own,
    #[error("message")]
    Code(#[status(code)] StatusCode),
}

#[test]
fn struct_has_the_keys_of_a_variant_and_default_is_for_the_rest() {
    assert_eq!(properties(&Keyed { id: 1 }.status()), "404 title=Missing x-a: 1 code=\"missing\" id=1");
    let rows = [
        (Defaulted::Bare, "503"),
        (Defaulted::Keys, "503 title=Down retry-after: 5"),
        (Defaulted::Own, "404"),
        (Defaulted::Code(StatusCode::GONE), "410"),
    ];
    for (error, expected) in rows {
        assert_eq!(properties(&error.status()), expected, "{error:?}");
    }
}

#[test]
fn message_is_the_detail_without_a_detail_key() {
    assert_eq!(Keys::Number.status().detail(), Some("message"));
    assert_eq!(Keys::Detail.status().detail(), Some("a {literal}"));
    assert_eq!(Status::from(Keys::Number).to_string(), "404 Not Found: message");
    assert_eq!(Status::from(Keys::RetryAfter).to_string(), "503 Service Unavailable");
    assert_eq!(Status::from(Keys::Expose).to_string(), "503 Service Unavailable: message");
}

#[test]
fn only_the_conversion_keeps_the_source() {
    assert!(Keys::Number.status().source().is_none());
    assert!(Status::from(Keys::Number).source().unwrap().is::<Keys>());
    let status: &dyn Error = &Status::from(Keys::Number);
    assert!(status.source().unwrap().is::<Keys>());
}
