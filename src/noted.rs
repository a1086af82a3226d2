//! What an answer will depend on, noted before the request goes on.

use http::{HeaderName, HeaderValue, Method, Request, Version, header, uri::PathAndQuery};

use crate::{
    Format, Protocol,
    conditions::{Few, Field},
    negotiate::negotiate,
};

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
}

/// What only those read who are told of an answer.
pub(crate) struct Trail {
    /// Whether method and path were noted for those who are told.
    pub(crate) watched: bool,
    pub(crate) method: Method,
    pub(crate) path: Option<PathAndQuery>,
    pub(crate) request_id: Option<HeaderValue>,
}

/// What one pass over the header fields of a request has found.
struct Pass<'a, B> {
    request: &'a Request<B>,
    formats: &'a [Format],
    noted: Noted,
    conditions: Few,
    typed: bool,
    request_id: Option<HeaderValue>,
}

impl<B> Pass<'_, B> {
    /// Most fields are none of ours: those are passed over before anything is called.
    #[inline(never)]
    fn note(&mut self, name: &HeaderName, value: &HeaderValue) {
        let Self { noted, .. } = self;
        if *name == header::ACCEPT {
            if noted.protocol.is_grpc() || noted.read.is_some() {
                // What it says does not matter, or is known.
            } else if noted.value.is_none() {
                noted.value = Some(value.clone());
            } else {
                let lines = self.request.headers().get_all(header::ACCEPT).into_iter();
                noted.read = negotiate(lines.map(HeaderValue::as_bytes), self.formats);
            }
        } else if *name == header::CONTENT_TYPE {
            if !self.typed {
                self.typed = true;
                noted.protocol = Protocol::of(self.request.method(), value, self.request.headers());
                if noted.protocol.is_grpc() {
                    noted.value = Some(value.clone());
                }
            }
        } else if *name == X_REQUEST_ID {
            self.request_id.get_or_insert_with(|| value.clone());
        } else {
            self.conditions.note(name, value);
        }
    }
}

impl Noted {
    /// One pass over the header fields. Allocates nothing of its own: only a value that nobody has shared yet may count
    /// its first sharer, and a method of more than 15 bytes is copied where someone will read it.
    pub(crate) fn of<B>(
        request: &Request<B>,
        formats: &[Format],
        conditional: bool,
        watched: bool,
    ) -> (Self, Few, Trail) {
        let method = request.method();
        let head = method == Method::HEAD;
        let conditional = conditional && (head || method == Method::GET);
        let http1 = request.version() <= Version::HTTP_11;
        let noted = Self { value: None, read: None, protocol: Protocol::Http, head, http1 };
        let mut pass = Pass { request, formats, noted, conditions: Few::none(), typed: false, request_id: None };
        for (name, value) in request.headers() {
            // By its identity: a name that `http` knows is one byte, and its text takes longer to compare than to note.
            let of_every_request = *name == header::ACCEPT || *name == header::CONTENT_TYPE || *name == X_REQUEST_ID;
            if of_every_request || conditional && Field::of(name).is_some() {
                pass.note(name, value);
            }
        }
        let Pass { noted, conditions, request_id, .. } = pass;
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
