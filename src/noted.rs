//! What an answer will depend on, noted before the request goes on.

use http::{HeaderName, HeaderValue, Method, Request, Version, header, uri::PathAndQuery};

use crate::{Format, conditions::Conditions, negotiate::negotiate};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer may depend on.
pub(crate) struct Noted {
    accept: Accept,
    pub(crate) head: bool,
    pub(crate) http1: bool,
}

/// Cloned, and read only when there is something to answer.
enum Accept {
    Absent,
    Line(HeaderValue),
    /// Several lines were read at once, since keeping them would allocate.
    Read(Option<Format>),
}

/// What only those read who are told of an answer.
pub(crate) struct Trail {
    /// Whether method and path were noted.
    pub(crate) watched: bool,
    pub(crate) method: Method,
    pub(crate) path: Option<PathAndQuery>,
    pub(crate) request_id: Option<HeaderValue>,
}

impl Noted {
    /// One pass over the header fields. Allocates nothing of its own: only a value that nobody has shared yet may count
    /// its first sharer, and a method of more than 15 bytes is copied where someone will read it.
    pub(crate) fn of<B>(
        request: &Request<B>,
        formats: &[Format],
        conditional: bool,
        watched: bool,
    ) -> (Self, Conditions, Trail) {
        let head = request.method() == Method::HEAD;
        let conditional = conditional && (head || request.method() == Method::GET);
        let mut conditions = Conditions::default();
        let mut accept = Accept::Absent;
        let mut request_id = None;
        for (name, value) in request.headers() {
            match name.as_str() {
                "accept" => {
                    accept = match accept {
                        Accept::Absent => Accept::Line(value.clone()),
                        Accept::Line(_) => {
                            let lines = request.headers().get_all(header::ACCEPT).into_iter();
                            Accept::Read(negotiate(lines.map(HeaderValue::as_bytes), formats))
                        }
                        // All lines were read at the second.
                        Accept::Read(format) => Accept::Read(format),
                    }
                }
                "x-request-id" if request_id.is_none() => request_id = Some(value.clone()),
                name if conditional => conditions.note(name, value),
                _ => {}
            }
        }
        let noted = Self { accept, head, http1: request.version() <= Version::HTTP_11 };
        let path = if watched { request.uri().path_and_query().cloned() } else { None };
        let method = if watched { request.method().clone() } else { Method::GET };
        (noted, conditions, Trail { watched, method, path, request_id })
    }

    /// The form that this client reads (RFC 9110 §12.5.1).
    pub(crate) fn format(&self, formats: &[Format]) -> Format {
        let read = match &self.accept {
            Accept::Absent => None,
            Accept::Line(value) => negotiate(std::iter::once(value.as_bytes()), formats),
            Accept::Read(format) => *format,
        };
        read.or(formats.first().copied()).unwrap_or(Format::Json)
    }
}

/// The id, if it can do no harm where it is shown.
pub(crate) fn request_id(value: &HeaderValue) -> Option<&str> {
    let id = value.to_str().ok()?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._:+/=-".contains(&byte);
    ((1..=128).contains(&id.len()) && id.bytes().all(harmless)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_in_48_bytes() {
        assert!(size_of::<Noted>() <= 48, "{}", size_of::<Noted>());
    }
}
