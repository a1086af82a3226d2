//! Accept ─► [`Format`] (RFC 9110 §12.5.1), over the few types that an answer can have.

use http::{HeaderMap, HeaderValue, header};

/// The forms of an answer to a plain HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A problem document, `application/problem+json` (RFC 9457); `application/json` is satisfied by it.
    Json,
    /// A page for a person, `text/html`.
    Html,
    /// Plain text, `text/plain`.
    Text,
}

/// The least specificity of a range that names a type and no wildcard.
const NAMED: u8 = 2;

impl Format {
    /// The one of the `offered` forms that this client reads (RFC 9110 §12.5.1), for a handler that sends several.
    ///
    /// The first where the client reads none; `None` where none is offered. Allocates nothing.
    ///
    /// # Example: JSON and a page from one route
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue, header::ACCEPT};
    /// use tower_status::Format;
    ///
    /// let accept = HeaderValue::from_static("text/html,*/*;q=0.8");
    /// let headers = HeaderMap::from_iter([(ACCEPT, accept)]);
    /// assert_eq!(Format::preferred(&headers, &[Format::Json, Format::Html]), Some(Format::Html));
    /// ```
    pub fn preferred(headers: &HeaderMap, offered: &[Self]) -> Option<Self> {
        negotiate(headers.get_all(header::ACCEPT).into_iter().map(HeaderValue::as_bytes), offered)
    }
}

/// The form that this client reads; `formats` is the server's order. `None`: it is empty.
///
/// Linear in the length of all field lines, allocates nothing.
pub(crate) fn negotiate<'a>(lines: impl Iterator<Item = &'a [u8]>, formats: &[Format]) -> Option<Format> {
    let mut wishes = Wishes::default();
    for line in lines {
        // What most programs send.
        if line == b"*/*" {
            wishes.hear(Range { kind: b"*", subtype: b"*" }, 1000);
            continue;
        }
        // Most have no quoted strings, in which a separator is none.
        let strings = line.contains(&b'"');
        for (range, q) in members(line, strings).filter_map(|text| member(text, strings)) {
            wishes.hear(range, q);
        }
    }
    let mut best: Option<(Format, Wish)> = None;
    for format in formats {
        let wish = match format {
            Format::Json => wishes.json,
            Format::Html => wishes.html,
            Format::Text => wishes.text,
        };
        if wish.q > 0 && best.is_none_or(|(_, known)| wish.rank() > known.rank()) {
            best = Some((*format, wish));
        }
    }
    best.map(|(format, _)| format).or(formats.first().copied())
}

/// How much a client wants each form.
#[derive(Default)]
struct Wishes {
    json: Wish,
    html: Wish,
    text: Wish,
}

impl Wishes {
    /// Each form that the range names hears how closely.
    fn hear(&mut self, Range { kind, subtype }: Range<'_>, q: u16) {
        let is = |known| is(subtype, known);
        if kind == b"*" {
            if subtype == b"*" {
                self.json.hear(0, q);
                self.html.hear(0, q);
                self.text.hear(0, q);
            }
        } else if self::is(kind, b"text") {
            if subtype == b"*" {
                self.html.hear(1, q);
                self.text.hear(1, q);
            } else if is(b"html") {
                self.html.hear(NAMED, q);
            } else if is(b"plain") {
                self.text.hear(NAMED, q);
            }
        } else if self::is(kind, b"application") {
            if subtype == b"*" {
                self.json.hear(1, q);
            } else if is(b"json") {
                self.json.hear(NAMED, q);
            } else if is(b"problem+json") {
                self.json.hear(NAMED + 1, q);
            }
        }
    }
}

/// How much it wants one.
#[derive(Clone, Copy, Default)]
struct Wish {
    specificity: Option<u8>,
    /// In thousandths.
    q: u16,
}

impl Wish {
    /// The more specific range decides for a type; of two that are as specific, the higher q.
    fn hear(&mut self, specificity: u8, q: u16) {
        if (Some(specificity), q) > (self.specificity, self.q) {
            *self = Self { specificity: Some(specificity), q };
        }
    }

    /// At equal q the form named by the more specific range wins.
    fn rank(self) -> (u16, Option<u8>) {
        (self.q, self.specificity.min(Some(NAMED)))
    }
}

/// A media range without its parameters.
#[derive(Clone, Copy)]
struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
}

/// Case does not matter; most write the small letters.
fn is(text: &[u8], known: &[u8]) -> bool {
    text == known || text.eq_ignore_ascii_case(known)
}

/// The members of a list (RFC 9110 §5.6.1); a comma inside a quoted string ends none.
fn members(list: &[u8], strings: bool) -> impl Iterator<Item = &[u8]> {
    split(list, b',', strings).map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

fn split(text: &[u8], separator: u8, strings: bool) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |&byte| {
        if !strings {
            return byte == separator;
        }
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            b'\\' if quoted => escaped = !was_escaped,
            b'"' if !was_escaped => quoted = !quoted,
            _ => {}
        }
        byte == separator && !quoted
    })
}

/// `media-range [ weight ]` (RFC 9110 §12.5.1); `None`: malformed, or a range that none of our types is in.
fn member(member: &[u8], strings: bool) -> Option<(Range<'_>, u16)> {
    let mut parts = split(member, b';', strings).map(<[u8]>::trim_ascii);
    let range = range(parts.next()?)?;
    let mut q = 1000;
    for parameter in parts.filter(|parameter| !parameter.is_empty()) {
        let equals = parameter.iter().position(|&byte| byte == b'=')?;
        let (name, value) = parameter.split_at_checked(equals)?;
        if name.eq_ignore_ascii_case(b"q") {
            q = weight(value.get(1..)?)?;
        } else if !name.eq_ignore_ascii_case(b"charset") {
            // Ours have no such parameter, so a range that asks for one does not match them.
            return None;
        }
    }
    Some((range, q))
}

fn range(text: &[u8]) -> Option<Range<'_>> {
    let slash = text.iter().position(|&byte| byte == b'/')?;
    let (kind, subtype) = text.split_at_checked(slash)?;
    Some(Range { kind, subtype: subtype.get(1..)? })
}

/// `qvalue` (RFC 9110 §12.4.2) in thousandths.
fn weight(text: &[u8]) -> Option<u16> {
    let (&whole, fraction) = text.split_first()?;
    let digits = match fraction.split_first() {
        None => &[],
        Some((b'.', digits)) if digits.len() <= 3 => digits,
        Some(_) => return None,
    };
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = digits.get(place).copied().unwrap_or(b'0');
        thousandths = thousandths * 10 + u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    match whole {
        b'0' => Some(thousandths),
        b'1' if thousandths == 0 => Some(1000),
        _ => None,
    }
}
