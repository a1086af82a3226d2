//! RFC 9110 §13.2.2 step by step, slow and literal. It shares nothing with the crate: tags are strings, members are
//! collected, and dates are read by who asks. The fuzz targets ask it, too.

/// A current representation: its `ETag` and Last-Modified fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Representation<'a> {
    pub(crate) etag: Option<&'a str>,
    pub(crate) modified: Option<&'a str>,
}

/// Reads an HTTP-date as seconds since 1970.
pub(crate) type Read = fn(&str) -> Option<i64>;

/// The status that the preconditions call for: 304, 412, or 200 for "perform the method". A byte of a field is a
/// character here.
pub(crate) fn status(method: &str, request: &[(&str, &str)], current: Option<Representation<'_>>, read: Read) -> u16 {
    // §13.2.1, last sentence of the second paragraph
    if ["CONNECT", "OPTIONS", "TRACE"].contains(&method) {
        return 200;
    }
    let get_or_head = method == "GET" || method == "HEAD";

    // 1. When recipient is the origin server and If-Match is present
    if let Some(lines) = field(request, "if-match")
        && !if_match(&lines, current)
    {
        return 412;
    }
    // 2. When [..] If-Match is not present, and If-Unmodified-Since is present
    if field(request, "if-match").is_none()
        && let Some((modified, date)) = dates(request, "if-unmodified-since", current, read)
        && modified > date
    {
        return 412;
    }
    // 3. When If-None-Match is present
    if let Some(lines) = field(request, "if-none-match")
        && !if_none_match(&lines, current)
    {
        return if get_or_head { 304 } else { 412 };
    }
    // 4. When the method is GET or HEAD, If-None-Match is not present, and If-Modified-Since is present
    if get_or_head
        && field(request, "if-none-match").is_none()
        && let Some((modified, date)) = dates(request, "if-modified-since", current, read)
        && modified <= date
    {
        return 304;
    }
    // 5. is about what is sent. 6. Otherwise, perform the requested method
    200
}

/// §13.1.1
fn if_match(lines: &[&str], current: Option<Representation<'_>>) -> bool {
    let members = members(lines);
    if members == ["*"] {
        return current.is_some();
    }
    let Some(etag) = current.and_then(|current| current.etag) else { return false };
    members.iter().any(|tag| is_entity_tag(tag) && !tag.starts_with("W/") && !etag.starts_with("W/") && tag == etag)
}

/// §13.1.2
fn if_none_match(lines: &[&str], current: Option<Representation<'_>>) -> bool {
    let members = members(lines);
    if members == ["*"] {
        return current.is_none();
    }
    let Some(etag) = current.and_then(|current| current.etag) else { return true };
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    !members.iter().any(|tag| is_entity_tag(tag) && opaque(tag) == opaque(etag))
}

/// §13.1.3 and §13.1.4: ignored without a modification date, and unless the field is one HTTP-date.
fn dates(request: &[(&str, &str)], name: &str, current: Option<Representation<'_>>, read: Read) -> Option<(i64, i64)> {
    let lines = field(request, name)?;
    let [line] = lines.as_slice() else { return None };
    Some((read(current?.modified?)?, read(line)?))
}

/// The lines of a name, without the white space around them (§5.5).
fn field<'a>(request: &[(&str, &'a str)], name: &str) -> Option<Vec<&'a str>> {
    let lines = request.iter().filter(|line| line.0 == name).map(|line| line.1.trim_matches([' ', '\t']));
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then_some(lines)
}

/// The members of a list in all lines, valid or not, without the empty ones (§5.6.1.2). A comma between quotes is part of
/// its member; quotes that a line leaves open end with it.
fn members(lines: &[&str]) -> Vec<String> {
    let mut members = Vec::new();
    for line in lines {
        let (mut member, mut quoted) = (String::new(), false);
        for character in line.chars() {
            if character == ',' && !quoted {
                members.push(std::mem::take(&mut member));
            } else {
                quoted = quoted != (character == '"');
                member.push(character);
            }
        }
        members.push(member);
    }
    let members = members.iter().map(|member| member.trim_matches([' ', '\t']).to_owned());
    members.filter(|member| !member.is_empty()).collect()
}

/// §8.8.3
pub(crate) fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    opaque.len() >= 2
        && opaque.starts_with('"')
        && opaque.ends_with('"')
        && opaque.chars().filter(|character| *character == '"').count() == 2
        && !opaque.contains([' ', '\t'])
}
