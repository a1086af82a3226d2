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

    /// How closely a media range names this form; `None`: not at all.
    fn specificity(self, range: Range<'_>) -> Option<u8> {
        let (kind, subtypes): (_, &[&str]) = match self {
            Self::Json => ("application", &["json", "problem+json"]),
            Self::Html => ("text", &["html"]),
            Self::Text => ("text", &["plain"]),
        };
        match range {
            Range { kind: b"*", subtype: b"*" } => Some(0),
            _ if !range.kind.eq_ignore_ascii_case(kind.as_bytes()) => None,
            Range { subtype: b"*", .. } => Some(1),
            Range { subtype, .. } => {
                let named = subtypes.iter().position(|known| subtype.eq_ignore_ascii_case(known.as_bytes()))?;
                u8::try_from(named).ok().map(|named| NAMED + named)
            }
        }
    }
}

/// The form that this client reads; `formats` is the server's order. `None`: it is empty.
///
/// Linear in the length of all field lines, allocates nothing.
pub(crate) fn negotiate<'a>(lines: impl Iterator<Item = &'a [u8]>, formats: &[Format]) -> Option<Format> {
    let mut wishes = [Format::Json, Format::Html, Format::Text].map(|format| (format, Wish::default()));
    for (range, q) in lines.flat_map(members).filter_map(member) {
        for (format, wish) in &mut wishes {
            wish.hear(format.specificity(range), q);
        }
    }
    let mut best: Option<(Format, Wish)> = None;
    for (format, wish) in formats.iter().filter_map(|format| wishes.iter().find(|(known, _)| known == format)) {
        if wish.q > 0 && best.is_none_or(|(_, known)| wish.rank() > known.rank()) {
            best = Some((*format, *wish));
        }
    }
    best.map(|(format, _)| format).or(formats.first().copied())
}

/// How much a client wants a form.
#[derive(Clone, Copy, Default)]
struct Wish {
    specificity: Option<u8>,
    /// In thousandths.
    q: u16,
}

impl Wish {
    /// The more specific range decides for a type; of two that are as specific, the higher q.
    fn hear(&mut self, specificity: Option<u8>, q: u16) {
        if specificity.is_some() && (specificity, q) > (self.specificity, self.q) {
            *self = Self { specificity, q };
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

/// The members of a list (RFC 9110 §5.6.1); a comma inside a quoted string ends none.
fn members(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(list, b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |&byte| {
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
fn member(member: &[u8]) -> Option<(Range<'_>, u16)> {
    let mut parts = split(member, b';').map(<[u8]>::trim_ascii);
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
