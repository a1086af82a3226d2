//! RFC 9110 §13.2.2 step by step, slow and literal. It shares no code with the crate: tags are strings, members are
//! collected, and the caller parses dates. The fuzz targets use it as well.

/// A current representation: its `ETag` and Last-Modified fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Representation<'a> {
    pub(crate) etag: Option<&'a str>,
    pub(crate) modified: Option<&'a str>,
}

/// Parses an HTTP-date as seconds since 1970.
pub(crate) type Read = fn(&str) -> Option<i64>;

/// Returns the status that the preconditions require: 304, 412, or 200 for "perform the method". Each byte of a field is
/// a character here.
pub(crate) fn status(method: &str, request: &[(&str, &str)], current: Option<Representation<'_>>, read: Read) -> u16 {
    // §13.2.1, last sentence of the second paragraph
    if ["CONNECT", "OPTIONS", "TRACE"].contains(&method) {
        return 200;
    }
    // RFC 10008: QUERY, as GET, selects a representation.
    let get_or_head = ["GET", "HEAD", "QUERY"].contains(&method);

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
    // 5. only selects the content that is sent. 6. Otherwise, perform the requested method
    200
}

/// The response of a handler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handled<'a> {
    pub(crate) code: u16,
    pub(crate) current: Representation<'a>,
    /// Whether the response has a tag that could not be generated.
    pub(crate) tag_unknown: bool,
}

/// The source of validators of a layer, which is called before the handler.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// The layer has no source.
    Unasked,
    /// The source returns no representation.
    Nothing,
    /// The source returns any of the validators.
    Names(Representation<'a>),
}

/// Returns the status of the response of a layer.
pub(crate) fn layered(
    method: &str,
    request: &[(&str, &str)],
    source: Source<'_>,
    handled: Handled<'_>,
    read: Read,
) -> u16 {
    match (method, source) {
        ("GET" | "HEAD" | "QUERY", _) => {}
        // §13.2.1: the handler's 404 takes precedence.
        ("CONNECT" | "OPTIONS" | "TRACE", _) | (_, Source::Unasked) | ("DELETE", Source::Nothing) => {
            return handled.code;
        }
        (_, Source::Nothing | Source::Names(_)) => {
            let status = status(method, request, source.named(), read);
            return if status == 200 { handled.code } else { status };
        }
    }
    // A source cannot know the result of a QUERY.
    let source = source.named().filter(|_| method != "QUERY");
    if let Some(status) = source.and_then(|source| before_handler(request, source, read)) {
        return status;
    }
    if !(200..300).contains(&handled.code) {
        return handled.code;
    }
    let source = source.unwrap_or_default();
    let current = Representation {
        etag: source.etag.or(handled.current.etag),
        modified: source.modified.or(handled.current.modified),
    };
    let mut request = request.to_vec();
    let selects = handled.code == 200 || handled.code == 206;
    if current.etag.is_none() && (!selects || handled.code == 200 && handled.tag_unknown) {
        // A list of tags is true, and the date beside it is ignored.
        for (name, date) in [("if-match", "if-unmodified-since"), ("if-none-match", "if-modified-since")] {
            if field(&request, name).is_some_and(|lines| members(&lines) != ["*"]) {
                request.retain(|line| line.0 != name && line.0 != date);
            }
        }
    }
    match status("GET", &request, Some(current), read) {
        412 => 412,
        304 if selects => 304,
        _ => handled.code,
    }
}

impl<'a> Source<'a> {
    fn named(self) -> Option<Representation<'a>> {
        if let Self::Names(current) = self { Some(current) } else { None }
    }
}

/// Returns the status that a source decides for a GET, in the order of the steps; `None`: the response decides.
fn before_handler(request: &[(&str, &str)], source: Representation<'_>, read: Read) -> Option<u16> {
    let is_any = |lines: &[&str]| members(lines) == ["*"];
    let is_date = |lines: &[&str]| matches!(lines, [line] if read(line).is_some());
    if let Some(lines) = field(request, "if-match") {
        if !is_any(&lines) && source.etag.is_none() {
            return None;
        }
        if !if_match(&lines, Some(source)) {
            return Some(412);
        }
    } else if let Some(lines) = field(request, "if-unmodified-since")
        && is_date(&lines)
    {
        source.modified?;
        let (modified, date) = dates(request, "if-unmodified-since", Some(source), read)?;
        if modified > date {
            return Some(412);
        }
    }
    if let Some(lines) = field(request, "if-none-match") {
        let decides = is_any(&lines) || source.etag.is_some();
        return (decides && !if_none_match(&lines, Some(source))).then_some(304);
    }
    let (modified, date) = dates(request, "if-modified-since", Some(source), read)?;
    (modified <= date).then_some(304)
}

/// Evaluates If-Match (§13.1.1).
fn if_match(lines: &[&str], current: Option<Representation<'_>>) -> bool {
    let members = members(lines);
    if members == ["*"] {
        return current.is_some();
    }
    let Some(etag) = current.and_then(|current| current.etag) else { return false };
    members.iter().any(|tag| is_entity_tag(tag) && !tag.starts_with("W/") && !etag.starts_with("W/") && tag == etag)
}

/// Evaluates If-None-Match (§13.1.2).
fn if_none_match(lines: &[&str], current: Option<Representation<'_>>) -> bool {
    let members = members(lines);
    if members == ["*"] {
        return current.is_none();
    }
    let Some(etag) = current.and_then(|current| current.etag) else { return true };
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    !members.iter().any(|tag| is_entity_tag(tag) && opaque(tag) == opaque(etag))
}

/// Returns the dates to compare (§13.1.3, §13.1.4). `None`: the representation has no date, or the field is not one
/// HTTP-date.
fn dates(request: &[(&str, &str)], name: &str, current: Option<Representation<'_>>, read: Read) -> Option<(i64, i64)> {
    let lines = field(request, name)?;
    let [line] = lines.as_slice() else { return None };
    Some((read(current?.modified?)?, read(line)?))
}

/// Returns the lines of a field, without the white space around them (§5.5).
fn field<'a>(request: &[(&str, &'a str)], name: &str) -> Option<Vec<&'a str>> {
    let lines = request.iter().filter(|line| line.0 == name).map(|line| line.1.trim_matches([' ', '\t']));
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then_some(lines)
}

/// Returns the members of a list in all lines, valid or not, without the empty ones (§5.6.1.2). A comma between quotes is
/// part of its member; quotes that a line leaves open end with the line.
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

/// Returns whether a text is an entity tag (§8.8.3).
pub(crate) fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    opaque.len() >= 2
        && opaque.starts_with('"')
        && opaque.ends_with('"')
        && opaque.chars().filter(|character| *character == '"').count() == 2
        && !opaque.contains([' ', '\t'])
}
