//! A status as problem+json, parsed by `serde_json`, and as plain text, read line by line.
#![no_main]

use std::fmt;

use http::header;
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, json};
use tower_status::{Status, StatusMapLayer};
use tower_status_fuzz::{
    ask::fail,
    status_input::{StatusInput, check_headers},
};

fuzz_target!(|input: StatusInput<'_>| {
    let status = input.status();
    let layer = StatusMapLayer::new();
    let (parts, body) = fail(&layer, &status, input.request(header::ACCEPT, "application/json"));
    assert_eq!(parts.status, status.code());
    check_headers(&status, &parts.headers);
    if matches!(status.code().as_u16(), 204 | 205 | 304) {
        assert!(body.is_empty());
        return;
    }
    assert_eq!(parts.headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(parts.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    check_json(&input, &status, &body);

    let clone = fail(&layer, &status.clone(), input.request(header::ACCEPT, "application/json"));
    assert_eq!((&clone.0.headers, &clone.1), (&parts.headers, &body), "a clone gives the same response");

    let (parts, body) = fail(&layer, &status, input.request(header::ACCEPT, "text/plain"));
    assert_eq!(parts.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    check_text(&input, &status, &String::from_utf8(body).expect("UTF-8"));
});

/// The members of an object in their order, duplicates included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

fn check_json(input: &StatusInput<'_>, status: &Status, body: &[u8]) {
    let Members(found) = serde_json::from_slice(body).expect("JSON");
    let entry = status.entry();
    let members = input.shown_members(status);
    let mut expected = vec![
        ("type".to_owned(), json!(status.type_uri().unwrap_or("about:blank"))),
        ("title".to_owned(), json!(input.shown_title().unwrap_or(entry.title))),
        ("status".to_owned(), json!(status.code().as_u16())),
        ("detail".to_owned(), json!(input.shown_detail(status.code()).unwrap_or(entry.default_detail()))),
    ];
    expected.extend(status.instance().map(|uri| ("instance".to_owned(), json!(uri))));
    expected.extend(members.iter().cloned());
    expected.extend(input.shown_advice(status).map(|advice| ("advice".to_owned(), json!(advice))));
    expected.extend(input.shown_id().map(|id| ("request_id".to_owned(), json!(id))));
    assert_eq!(found, expected);

    // A URI is the input, percent-encoded.
    for (text, uri) in [(&input.type_uri, status.type_uri()), (&input.instance, status.instance())] {
        let usable = text.as_ref().map(|text| &*text.0);
        let usable = usable.filter(|text| !text.is_empty() && !text.contains(|c: char| c.is_ascii_control()));
        let decoded = |text: &str| percent_decode_str(text).collect::<Vec<_>>();
        assert_eq!(uri.map(decoded), usable.map(decoded));
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
        assert!(uri.is_none_or(|uri| uri.bytes().all(is_allowed)), "{uri:?}");
    }
}

/// Checks that each field is one line, whatever its text.
fn check_text(input: &StatusInput<'_>, status: &Status, body: &str) {
    let line = |text: &str| {
        let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
        text.replace(breaks, " ")
    };
    let fact = |(name, value): (&str, &str)| line(&format!("{name}: {value}"));
    let entry = status.entry();
    let members = input.shown_members(status);
    let mut lines = vec![line(&format!("{} {}", status.code().as_u16(), input.shown_title().unwrap_or(entry.title)))];
    lines.push(String::new());
    lines.push(line(input.shown_detail(status.code()).unwrap_or(entry.default_detail())));
    let location = status.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let known = [("location", location), ("type", status.type_uri()), ("instance", status.instance())];
    let mut facts: Vec<_> = known.into_iter().filter_map(|(name, value)| Some(fact((name, value?)))).collect();
    facts.extend(members.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        fact((name, &value))
    }));
    facts.extend(input.shown_id().map(|id| fact(("request_id", &id))));
    if !facts.is_empty() {
        lines.push(String::new());
    }
    lines.extend(facts);
    if let Some(advice) = input.shown_advice(status) {
        lines.extend([String::new(), advice.to_owned()]);
    }
    let found: Vec<_> = body.strip_suffix('\n').expect("the last line ends").split('\n').collect();
    assert_eq!(found, lines);
}
