//! RFC 9110 §13.2.2 step by step, slow and literal. It shares nothing with the crate: fields are joined into one
//! string, tags are strings, and dates are read by `httpdate`, which the crate does not use for reading.

use httpdate::{HttpDate, parse_http_date};

/// A current representation: its `ETag` and Last-Modified fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Representation {
    pub(crate) etag: Option<&'static str>,
    pub(crate) modified: Option<&'static str>,
}

/// The status that the preconditions call for: 304, 412, or 200 for "perform the method".
pub(crate) fn status(method: &str, request: &[(&str, &str)], current: Option<Representation>) -> u16 {
    // §13.2.1, last sentence of the second paragraph
    if ["CONNECT", "OPTIONS", "TRACE"].contains(&method) {
        return 200;
    }
    let get_or_head = method == "GET" || method == "HEAD";

    // 1. When recipient is the origin server and If-Match is present
    if let Some(value) = field(request, "if-match")
        && !if_match(&value, current)
    {
        return 412;
    }
    // 2. When [..] If-Match is not present, and If-Unmodified-Since is present
    if field(request, "if-match").is_none()
        && let Some((modified, date)) = dates(request, "if-unmodified-since", current)
        && modified > date
    {
        return 412;
    }
    // 3. When If-None-Match is present
    if let Some(value) = field(request, "if-none-match")
        && !if_none_match(&value, current)
    {
        return if get_or_head { 304 } else { 412 };
    }
    // 4. When the method is GET or HEAD, If-None-Match is not present, and If-Modified-Since is present
    if get_or_head
        && field(request, "if-none-match").is_none()
        && let Some((modified, date)) = dates(request, "if-modified-since", current)
        && modified <= date
    {
        return 304;
    }
    // 5. is about what is sent. 6. Otherwise, perform the requested method
    200
}

/// §13.1.1
fn if_match(value: &str, current: Option<Representation>) -> bool {
    if value == "*" {
        return current.is_some();
    }
    let Some(etag) = current.and_then(|current| current.etag) else { return false };
    tags(value).iter().any(|tag| !tag.starts_with("W/") && !etag.starts_with("W/") && tag == etag)
}

/// §13.1.2
fn if_none_match(value: &str, current: Option<Representation>) -> bool {
    if value == "*" {
        return current.is_none();
    }
    let Some(etag) = current.and_then(|current| current.etag) else { return true };
    !tags(value).iter().any(|tag| tag.trim_start_matches("W/") == etag.trim_start_matches("W/"))
}

/// §13.1.3 and §13.1.4: ignored without a modification date, and unless the field is one HTTP-date.
fn dates(request: &[(&str, &str)], name: &str, current: Option<Representation>) -> Option<(HttpDate, HttpDate)> {
    let read = |text: &str| parse_http_date(text).ok().map(HttpDate::from);
    Some((read(current?.modified?)?, read(&field(request, name)?)?))
}

/// §5.3: the lines of a name, joined.
fn field(request: &[(&str, &str)], name: &str) -> Option<String> {
    let lines: Vec<&str> = request.iter().filter(|line| line.0 == name).map(|line| line.1).collect();
    if lines.is_empty() { None } else { Some(lines.join(", ")) }
}

/// The valid members of a list. The values of this test have no comma inside a tag.
fn tags(value: &str) -> Vec<String> {
    let members = value.split(',').map(|member| member.trim().to_owned());
    members.filter(|member| is_entity_tag(member)).collect()
}

/// §8.8.3
fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    opaque.len() >= 2
        && opaque.starts_with('"')
        && opaque.ends_with('"')
        && opaque.chars().filter(|character| *character == '"').count() == 2
        && !opaque.contains([' ', '\t'])
}
