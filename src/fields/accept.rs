//! Accept ─► [`Format`] (RFC 9110 §12.5.1), for the few media types of an error response.

use http::{HeaderMap, HeaderValue, header};

use super::{list, media_type::MediaType};

/// The format of an error response to a plain HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A problem document, `application/problem+json` (RFC 9457). A client that accepts `application/json` gets it too.
    Json,
    /// A page for a person, `text/html`.
    Html,
    /// Plain text, `text/plain`.
    Text,
}

impl Format {
    /// Returns the offered format that the client prefers (RFC 9110 §12.5.1), for a handler with several formats.
    ///
    /// Returns the first format if the client accepts none of them, and `None` if none is offered.
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

/// Returns the format that the client prefers; `formats` is in the server's order of preference. `None` if it is empty.
///
/// Takes time linear in the length of all field lines.
pub(crate) fn negotiate<'a>(lines: impl Iterator<Item = &'a [u8]>, formats: &[Format]) -> Option<Format> {
    let mut preferences = Preferences::default();
    for line in lines {
        for (range, quality) in list::members(line).filter_map(media_range) {
            preferences.add(range, quality);
        }
    }
    let mut best: Option<(Format, Preference)> = None;
    for format in formats {
        let preference = preferences.of(*format);
        if preference.quality > 0 && best.is_none_or(|(_, known)| preference.rank() > known.rank()) {
            best = Some((*format, preference));
        }
    }
    best.map(|(format, _)| format).or(formats.first().copied())
}

/// The client's preference for each format.
#[derive(Default)]
struct Preferences {
    json: Preference,
    html: Preference,
    text: Preference,
}

/// The specificity of a range with a type and a subtype. `application/problem+json` is more specific than
/// `application/json` by one.
const NAMED: u8 = 2;

impl Preferences {
    /// Applies a media range to each format that it covers.
    fn add(&mut self, range: MediaType<'_>, quality: u16) {
        let (main_type, subtype) = (range.main_type(), range.subtype());
        if range.is("*/*") {
            for preference in [&mut self.json, &mut self.html, &mut self.text] {
                preference.add(0, quality);
            }
        } else if main_type.eq_ignore_ascii_case(b"text") {
            match subtype {
                b"*" => {
                    self.html.add(1, quality);
                    self.text.add(1, quality);
                }
                _ if subtype.eq_ignore_ascii_case(b"html") => self.html.add(NAMED, quality),
                _ if subtype.eq_ignore_ascii_case(b"plain") => self.text.add(NAMED, quality),
                _ => {}
            }
        } else if main_type.eq_ignore_ascii_case(b"application") {
            match subtype {
                b"*" => self.json.add(1, quality),
                _ if subtype.eq_ignore_ascii_case(b"json") => self.json.add(NAMED, quality),
                _ if subtype.eq_ignore_ascii_case(b"problem+json") => self.json.add(NAMED + 1, quality),
                _ => {}
            }
        }
    }

    fn of(&self, format: Format) -> Preference {
        match format {
            Format::Json => self.json,
            Format::Html => self.html,
            Format::Text => self.text,
        }
    }
}

/// The client's preference for one format.
#[derive(Clone, Copy, Default)]
struct Preference {
    /// The specificity of the range that decides; `None`: no range covers the format.
    specificity: Option<u8>,
    /// The weight in thousandths.
    quality: u16,
}

impl Preference {
    /// Adds a range. The most specific range decides; of two equally specific ranges, the one of higher quality.
    fn add(&mut self, specificity: u8, quality: u16) {
        if (Some(specificity), quality) > (self.specificity, self.quality) {
            *self = Self { specificity: Some(specificity), quality };
        }
    }

    /// Returns the rank of a format: its quality, then the specificity of its range.
    fn rank(self) -> (u16, Option<u8>) {
        (self.quality, self.specificity.min(Some(NAMED)))
    }
}

/// Parses `media-range [ weight ]` (RFC 9110 §12.5.1). Returns `None` if it is malformed or covers none of our types.
fn media_range(member: &[u8]) -> Option<(MediaType<'_>, u16)> {
    let range = MediaType::split(member)?;
    let mut quality = 1000;
    for parameter in range.parameters() {
        let (name, value) = parameter?;
        if name.eq_ignore_ascii_case(b"q") {
            quality = qvalue(value)?;
        } else if !name.eq_ignore_ascii_case(b"charset") {
            // Our types have no other parameter, so a range with one does not cover them.
            return None;
        }
    }
    Some((range, quality))
}

/// Parses a `qvalue` (RFC 9110 §12.4.2), in thousandths.
pub(super) fn qvalue(text: &[u8]) -> Option<u16> {
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
