//! What an answer will depend on, noted before the request goes on.

use http::{HeaderName, HeaderValue, Method, Request, Version, header, uri::PathAndQuery};

use crate::{Format, Protocol, conditions::Conditions, negotiate::negotiate};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer may depend on.
pub(crate) struct Noted {
    /// Accept; of a gRPC request, its content type.
    value: Option<HeaderValue>,
    /// Several lines of Accept were read at once, since keeping them would allocate.
    read: Option<Format>,
    pub(crate) protocol: Protocol,
    pub(crate) head: bool,
    pub(crate) http1: bool,
}

/// What only those read who are told of an answer.
pub(crate) struct Trail {
    /// Whether method and path were noted for those who are told.
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
        let (method, headers) = (request.method(), request.headers());
        let head = method == Method::HEAD;
        let conditional = conditional && (head || method == Method::GET);
        let http1 = request.version() <= Version::HTTP_11;
        let mut noted = Self { value: None, read: None, protocol: Protocol::Http, head, http1 };
        let mut conditions = Conditions::default();
        let (mut typed, mut request_id) = (false, None);
        for (name, value) in headers {
            match name.as_str() {
                "accept" if noted.protocol.is_grpc() => {}
                "accept" if noted.value.is_none() => noted.value = Some(value.clone()),
                "accept" if noted.read.is_none() => {
                    let lines = headers.get_all(header::ACCEPT).into_iter();
                    noted.read = negotiate(lines.map(HeaderValue::as_bytes), formats);
                }
                "content-type" if !typed => {
                    typed = true;
                    noted.protocol = Protocol::of(method, value, headers);
                    if noted.protocol.is_grpc() {
                        noted.value = Some(value.clone());
                    }
                }
                "x-request-id" if request_id.is_none() => request_id = Some(value.clone()),
                name if conditional => conditions.note(name, value),
                _ => {}
            }
        }
        // A gRPC status names the service, which is in the path.
        let path = (watched || noted.protocol.is_grpc()).then(|| request.uri().path_and_query().cloned()).flatten();
        let method = if watched { method.clone() } else { Method::GET };
        (noted, conditions, Trail { watched, method, path, request_id })
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
