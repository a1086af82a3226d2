//! Accept ─► the format of an error response, compared with a literal reading of RFC 9110 §12.5.1.
//!
//! The first byte selects the offered formats; each further line is a field line.
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
    let expected = preferred(&lines, offered);

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

    // RFC 9110 §9.3.2: a response to HEAD has the fields of GET, and the length of its content.
    let (mut of_head, body_of_head) = fail(&layer, &Status::not_found(), head);
    assert!(body_of_head.is_empty());
    let length = of_head.headers.remove(header::CONTENT_LENGTH);
    assert_eq!(length, Some(body.len().into()));
    assert_eq!(of_head.headers, parts.headers);
});

/// Returns the preferred format: by weight, then by specificity, then in the server's order.
fn preferred(lines: &[String], offered: &[Format]) -> Format {
    let ranges: Vec<_> = lines.iter().flat_map(|line| split(line, ',')).filter_map(|member| range(&member)).collect();
    let mut best = (0, 0, offered[0]);
    for format in offered {
        let names = match format {
            Json => ["application/problem+json", "application/json", "application/*", "*/*"],
            Html => ["text/html", "text/html", "text/*", "*/*"],
            _ => ["text/plain", "text/plain", "text/*", "*/*"],
        };
        // The most specific range decides; of equally specific ones, that of the highest weight.
        let q_of = |name: &str| ranges.iter().filter(|(range, _)| range == name).map(|(_, q)| *q).max();
        let decides = names.iter().zip([2, 2, 1, 0]).find_map(|(name, specificity)| Some((q_of(name)?, specificity)));
        let (q, specificity) = decides.unwrap_or((0, 0));
        if q > 0 && (q, specificity) > (best.0, best.1) {
            best = (q, specificity, *format);
        }
    }
    best.2
}

/// Splits at separators outside of quoted strings, in which a backslash escapes the next character.
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

/// Returns a range in lower case and its weight in thousandths; `None`: malformed, or with another parameter.
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

/// Parses `( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )` (RFC 9110 §12.4.2), in thousandths.
fn weight(text: &str) -> Option<u32> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    if !["0", "1"].contains(&whole) || digits.len() > 3 || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u32 = format!("{whole}{digits:0<3}").parse().ok()?;
    (thousandths <= 1000).then_some(thousandths)
}
