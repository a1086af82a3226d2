//! What an answer will depend on, noted before the request goes on.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header, uri::PathAndQuery};

use super::options::Options;
use crate::{Format, Protocol, fields::negotiate};

pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer may depend on.
pub(crate) struct Noted {
    /// Accept; of a gRPC request, its content type.
    value: Option<HeaderValue>,
    /// Several lines of Accept were read at once, since keeping them would allocate.
    read: Option<Format>,
    pub(crate) protocol: Protocol,
    pub(crate) head: bool,
    pub(crate) http1: bool,
    found: Found,
}

/// What only those read who are told of an answer.
pub(crate) struct Trail {
    /// Whether method and path were noted for those who are told.
    pub(crate) watched: bool,
    pub(crate) method: Method,
    pub(crate) path: Option<PathAndQuery>,
    pub(crate) request_id: Option<HeaderValue>,
}

/// A set of the fields that are ours to note.
#[derive(Clone, Copy)]
struct Found(u8);

impl Found {
    const ACCEPT: u8 = 1;
    const CONTENT_TYPE: u8 = 1 << 1;
    const REQUEST_ID: u8 = 1 << 2;
    const CONDITIONS: u8 = 1 << 3;

    /// The field of this name, if it is one of them.
    #[inline]
    fn of(name: &HeaderName) -> Option<u8> {
        let text = name.as_str();
        // Most names are of another length, which takes less to compare.
        if !matches!(text.len(), 6 | 8 | 12 | 13 | 17 | 19) {
            return None;
        }
        match *name {
            header::ACCEPT => Some(Self::ACCEPT),
            header::CONTENT_TYPE => Some(Self::CONTENT_TYPE),
            _ if text == "x-request-id" => Some(Self::REQUEST_ID),
            header::IF_MATCH | header::IF_NONE_MATCH | header::IF_MODIFIED_SINCE | header::IF_UNMODIFIED_SINCE => {
                Some(Self::CONDITIONS)
            }
            _ => None,
        }
    }

    const fn has(self, fields: u8) -> bool {
        self.0 & fields != 0
    }
}

impl Noted {
    /// One pass over the header fields: over their names, since few of them are ours. Allocates nothing of its own:
    /// only a value that nobody has shared yet may count its first sharer.
    #[inline]
    pub(crate) fn of<B>(request: &Request<B>, options: &Options) -> Self {
        Self::of_head(request.method(), request.version(), request.headers(), options)
    }

    fn of_head(method: &Method, version: Version, headers: &HeaderMap, options: &Options) -> Self {
        let (mut found, mut before_accept) = (0, 0);
        for (position, name) in headers.keys().enumerate() {
            let Some(field) = Found::of(name) else { continue };
            if field == Found::ACCEPT {
                before_accept = position;
            }
            found |= field;
        }
        let (head, http1) = (*method == Method::HEAD, version <= Version::HTTP_11);
        if !options.conditional || !head && *method != Method::GET {
            found &= !Found::CONDITIONS;
        }
        let found = Found(found);
        let mut noted = Self { value: None, read: None, protocol: Protocol::Http, head, http1, found };
        if found.has(Found::CONTENT_TYPE) && *method == Method::POST {
            let typed = headers.get(header::CONTENT_TYPE);
            noted.protocol = typed.map_or(Protocol::Http, |value| Protocol::of(method, value, headers));
            noted.value = typed.filter(|_| noted.protocol.is_grpc()).cloned();
        }
        // What Accept says to gRPC does not matter.
        if found.has(Found::ACCEPT) && !noted.protocol.is_grpc() {
            if headers.len() == headers.keys_len() {
                // Each name has one line, so that the values stand as the names do: counting takes less than hashing.
                noted.value = headers.values().nth(before_accept).cloned();
            } else {
                (noted.value, noted.read) = accept(headers, &options.formats);
            }
        }
        noted
    }

    /// Whether there are conditions to judge an answer by.
    #[inline]
    pub(crate) fn is_conditional(&self) -> bool {
        self.found.has(Found::CONDITIONS)
    }

    /// Whether someone may read a trail.
    #[inline]
    pub(crate) fn has_trail(&self, watched: bool) -> bool {
        watched || self.protocol.is_grpc() || self.found.has(Found::REQUEST_ID)
    }

    /// A method of more than 15 bytes is copied where someone will read it.
    #[inline]
    pub(crate) fn trail<B>(&self, request: &Request<B>, watched: bool) -> Trail {
        // A gRPC status names the service, which is in the path.
        let path = (watched || self.protocol.is_grpc()).then(|| request.uri().path_and_query().cloned()).flatten();
        let method = if watched { request.method().clone() } else { Method::GET };
        let identified = self.found.has(Found::REQUEST_ID);
        let request_id = if identified { request.headers().get(&X_REQUEST_ID).cloned() } else { None };
        Trail { watched, method, path, request_id }
    }

    /// The form that this client reads (RFC 9110 §12.5.1).
    pub(crate) fn format(&self, formats: &[Format]) -> Format {
        let accept = self.value.as_ref().filter(|_| !self.protocol.is_grpc());
        let read = self.read.or_else(|| negotiate(accept.into_iter().map(HeaderValue::as_bytes), formats));
        read.unwrap_or(Format::Json)
    }

    /// The content type of a gRPC answer.
    pub(crate) fn grpc_content_type(&self) -> HeaderValue {
        self.protocol.content_type(self.value.as_ref())
    }
}

/// Of one line or several.
fn accept(headers: &HeaderMap, formats: &[Format]) -> (Option<HeaderValue>, Option<Format>) {
    let lines = headers.get_all(header::ACCEPT);
    let mut each = lines.iter();
    match (each.next(), each.next()) {
        (Some(line), None) => (Some(line.clone()), None),
        _ => (None, negotiate(lines.iter().map(HeaderValue::as_bytes), formats)),
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
    fn accept_is_found_wherever_it_stands() {
        let format = |change: fn(&mut HeaderMap)| {
            let mut request = Request::new(());
            for (name, value) in [("host", "text/plain"), ("cookie", "b"), ("accept", "text/html"), ("if-match", "c")] {
                request.headers_mut().append(name, HeaderValue::from_static(value));
            }
            change(request.headers_mut());
            let options = Options::default();
            Noted::of(&request, &options).format(&options.formats)
        };
        assert_eq!(format(|_| ()), Format::Html);
        // The last takes the place of what is removed.
        assert_eq!(format(|headers| drop(headers.remove("host"))), Format::Html);
        assert_eq!(format(|headers| drop(headers.remove("if-match"))), Format::Html);
        let twice = |headers: &mut HeaderMap| assert!(headers.append("cookie", HeaderValue::from_static("d")));
        assert_eq!(format(twice), Format::Html);
        assert_eq!(format(|headers| drop(headers.remove("accept"))), Format::Json);
    }

    #[test]
    fn fits_in_48_bytes() {
        assert!(size_of::<Noted>() <= 48, "{}", size_of::<Noted>());
    }
}
