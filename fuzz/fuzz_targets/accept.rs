//! Accept ─► the form of an answer, against RFC 9110 §12.5.1 read literally.
//!
//! The first byte chooses the forms that are offered; then one field line per line.
#![no_main]

use http::{HeaderValue, Method, Request, header};
use libfuzzer_sys::fuzz_target;
use tower_status::{
    Format::{self, Html, Json, Text},
    Status, StatusMapLayer,
};
use tower_status_fuzz::{ask::fail, latin1};

const OFFERS: [&[Format]; 8] = [
    &[Json, Html, Text],
    &[Json, Text, Html],
    &[Html, Json, Text],
    &[Html, Text, Json],
    &[Text, Json, Html],
    &[Text, Html, Json],
    &[Html, Text],
    &[Json],
];

fuzz_target!(|input: &[u8]| {
    let Some((first, lines)) = input.split_first() else { return };
    let offered = OFFERS[usize::from(*first) % OFFERS.len()];
    let mut request = Request::new(());
    for line in lines.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        request.headers_mut().append(header::ACCEPT, line);
    }
    let lines: Vec<_> = request.headers().get_all(header::ACCEPT).iter().map(|line| latin1(line.as_bytes())).collect();
    let expected = wished(&lines, offered);

    let layer = StatusMapLayer::new().formats(offered);
    let head = {
        let mut head = Request::head("/").body(()).expect("a request");
        head.headers_mut().clone_from(request.headers());
        head
    };
    assert_eq!(request.method(), Method::GET);
    let (parts, body) = fail(&layer, &Status::not_found(), request);
    let (content_type, start) = match expected {
        Json => ("application/problem+json", "{"),
        Html => ("text/html; charset=utf-8", "<!DOCTYPE html>"),
        _ => ("text/plain; charset=utf-8", "404 "),
    };
    assert_eq!(parts.status, 404);
    assert_eq!(parts.headers[header::CONTENT_TYPE], content_type, "{lines:?} {offered:?}");
    assert!(body.starts_with(start.as_bytes()));
    assert_eq!(parts.headers.get(header::VARY).is_some(), offered.len() > 1);

    // RFC 9110 §9.3.2: to HEAD the same fields, and the length that GET would have had.
    let (mut of_head, nothing) = fail(&layer, &Status::not_found(), head);
    assert!(nothing.is_empty());
    let length = of_head.headers.remove(header::CONTENT_LENGTH);
    assert_eq!(length, Some(body.len().into()));
    assert_eq!(of_head.headers, parts.headers);
});

/// The form that is wanted most: by q, then by how closely it is named, then by the server's order.
fn wished(lines: &[String], offered: &[Format]) -> Format {
    let ranges: Vec<_> = lines.iter().flat_map(|line| split(line, ',')).filter_map(|member| range(&member)).collect();
    let mut best = (0, 0, offered[0]);
    for format in offered {
        let names = match format {
            Json => ["application/problem+json", "application/json", "application/*", "*/*"],
            Html => ["text/html", "text/html", "text/*", "*/*"],
            _ => ["text/plain", "text/plain", "text/*", "*/*"],
        };
        // The most specific range that is there decides, and of equals the kindest.
        let q_of = |name: &str| ranges.iter().filter(|(range, _)| range == name).map(|(_, q)| *q).max();
        let decides = names.iter().zip([2, 2, 1, 0]).find_map(|(name, closeness)| Some((q_of(name)?, closeness)));
        let (q, closeness) = decides.unwrap_or((0, 0));
        if q > 0 && (q, closeness) > (best.0, best.1) {
            best = (q, closeness, *format);
        }
    }
    best.2
}

/// What stands between separators; between quotes, where a backslash takes the next character with it, none separates.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        if character == separator && !quoted {
            parts.push(String::new());
            continue;
        }
        quoted = quoted != (character == '"');
        if let Some(part) = parts.last_mut() {
            part.push(character);
            if quoted && character == '\\' {
                part.extend(characters.next());
            }
        }
    }
    parts.iter().map(|part| part.trim_matches([' ', '\t']).to_owned()).collect()
}

/// A range in lower case and its weight in thousandths; `None`: malformed, or with a parameter that our types lack.
fn range(member: &str) -> Option<(String, u32)> {
    let parts = split(member, ';');
    let (range, parameters) = parts.split_first()?;
    let mut q = 1000;
    for parameter in parameters.iter().filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=')?;
        match name.to_ascii_lowercase().as_str() {
            "q" => q = weight(value)?,
            "charset" => {}
            _ => return None,
        }
    }
    Some((range.to_ascii_lowercase(), q))
}

/// `( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )` (RFC 9110 §12.4.2)
fn weight(text: &str) -> Option<u32> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    if !["0", "1"].contains(&whole) || digits.len() > 3 || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u32 = format!("{whole}{digits:0<3}").parse().ok()?;
    (thousandths <= 1000).then_some(thousandths)
}
