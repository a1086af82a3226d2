//! The inputs of a response, read from the request head before the inner service gets the request.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header, uri::PathAndQuery};

use super::options::Options;
use crate::{
    Format, Protocol,
    fields::{connect_request::is_unary_get, negotiate, preferred_language, traceparent},
};

/// The inputs that every response may have.
pub(super) struct RequestInfo {
    /// Accept; of an RPC request, its content type.
    value: Option<HeaderValue>,
    /// Set at once if Accept has several lines, because keeping them would allocate.
    pub(super) format: Option<Format>,
    /// The position of the language that the client prefers.
    pub(super) language: u8,
    pub(super) protocol: Protocol,
    pub(super) head: bool,
    /// Whether it is a GET or HEAD.
    pub(super) gets: bool,
    pub(super) version: Version,
}

const ACCEPT: u8 = 1;
const CONTENT_TYPE: u8 = 1 << 1;
const CONDITION: u8 = 1 << 2;
const REQUEST_ID: u8 = 1 << 3;
const CONNECT_VERSION: u8 = 1 << 4;
const ACCEPT_LANGUAGE: u8 = 1 << 5;
const TRACE: u8 = 1 << 6;

/// Returns the bit of a header field that a response may depend on, otherwise 0.
#[inline]
fn bit(name: &HeaderName) -> u8 {
    match name.as_str() {
        "accept" => ACCEPT,
        "accept-language" => ACCEPT_LANGUAGE,
        "content-type" => CONTENT_TYPE,
        "if-match" | "if-none-match" | "if-modified-since" | "if-unmodified-since" => CONDITION,
        "x-request-id" => REQUEST_ID,
        "connect-protocol-version" => CONNECT_VERSION,
        "traceparent" => TRACE,
        _ => 0,
    }
}

/// The header fields of a request on which a response may depend.
#[derive(Clone, Copy)]
pub(super) struct Fields(u8);

impl Fields {
    fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    /// Returns whether there is a request id or a trace id.
    pub(super) fn has_id(self) -> bool {
        self.has(REQUEST_ID | TRACE)
    }

    pub(super) fn has_conditions(self) -> bool {
        self.has(CONDITION)
    }
}

impl RequestInfo {
    #[inline]
    pub(super) fn new<B>(request: &Request<B>) -> Self {
        let method = request.method();
        Self {
            value: None,
            format: None,
            language: 0,
            protocol: Protocol::Http,
            head: *method == Method::HEAD,
            gets: matches!(*method, Method::GET | Method::HEAD),
            version: request.version(),
        }
    }

    /// Reads the header fields in one pass. Allocates nothing.
    #[inline]
    pub(super) fn read<B>(&mut self, request: &Request<B>, options: &Options) -> Fields {
        let headers = request.headers();
        let mut found = headers.keys().fold(0, |found, name| found | bit(name));
        if let Some(name) = &options.request_id_header {
            found = found & !REQUEST_ID | if headers.contains_key(name) { REQUEST_ID } else { 0 };
        }
        if found & CONTENT_TYPE != 0 && options.rpc && *request.method() == Method::POST {
            self.read_protocol(headers, found & CONNECT_VERSION != 0);
        } else if options.rpc && is_unary_get(request.uri()) && self.gets {
            self.protocol = Protocol::Connect;
        }
        if found & ACCEPT != 0 && !self.protocol.is_rpc() {
            self.read_accept(headers, &options.formats);
        }
        if found & ACCEPT_LANGUAGE != 0
            && let Some(translate) = &options.translate
        {
            self.read_language(headers, translate.languages());
        }
        Fields(found)
    }

    fn read_protocol(&mut self, headers: &HeaderMap, has_version: bool) {
        let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return };
        self.protocol = Protocol::of_post(content_type, headers, has_version);
        if self.protocol.is_rpc() {
            self.value = Some(content_type.clone());
        }
    }

    #[inline]
    fn read_accept(&mut self, headers: &HeaderMap, formats: &[Format]) {
        if headers.len() == headers.keys_len() {
            // Each field has one line, so its value has the position of its name. Counting is cheaper than hashing.
            let position = headers.keys().position(|name| *name == header::ACCEPT);
            self.value = position.and_then(|position| headers.values().nth(position)).cloned();
            return;
        }
        let lines = || headers.get_all(header::ACCEPT).iter();
        if lines().nth(1).is_none() {
            self.value = lines().next().cloned();
        } else {
            let lines = lines().map(HeaderValue::as_bytes);
            self.format = Some(negotiate(lines, formats).unwrap_or(Format::Json));
        }
    }

    #[inline(never)]
    fn read_language(&mut self, headers: &HeaderMap, languages: &[&str]) {
        let lines = || headers.get_all(header::ACCEPT_LANGUAGE).iter().map(HeaderValue::as_bytes);
        self.language = preferred_language(lines, languages).try_into().unwrap_or_default();
    }

    /// Returns the format that this client reads (RFC 9110 §12.5.1). The first call negotiates.
    pub(super) fn negotiate(&mut self, formats: &[Format]) -> Format {
        let accept = self.value.as_ref().filter(|_| !self.protocol.is_rpc());
        let lines = accept.into_iter().map(HeaderValue::as_bytes);
        *self.format.get_or_insert_with(|| negotiate(lines, formats).unwrap_or(Format::Json))
    }

    /// Returns the content type of a gRPC response, or of a Connect stream.
    pub(super) fn rpc_content_type(&self) -> HeaderValue {
        self.protocol.content_type(self.value.as_ref())
    }
}

/// The inputs that only a log line, a hook or an RPC error needs.
pub(super) struct LogContext {
    /// Whether a log line or a hook will read method and path.
    pub(super) is_read: bool,
    pub(super) method: Method,
    pub(super) path: Option<PathAndQuery>,
    pub(super) request_id: Option<HeaderValue>,
    pub(super) traceparent: Option<HeaderValue>,
    #[cfg(feature = "axum")]
    pub(super) route: Option<axum::extract::MatchedPath>,
}

impl LogContext {
    /// Keeps the inputs. `is_read`: a log line or a hook will read them. A method of more than 15 bytes is copied.
    #[inline]
    pub(super) fn new<B>(
        request: &Request<B>,
        protocol: Protocol,
        fields: Fields,
        options: &Options,
        is_read: bool,
    ) -> Self {
        let headers = request.headers();
        Self {
            is_read,
            method: if is_read { request.method().clone() } else { Method::GET },
            // An RPC error names the service, which is in the path.
            path: (is_read || protocol.is_rpc()).then(|| path(request).cloned()).flatten(),
            request_id: fields.has(REQUEST_ID).then(|| headers.get(options.request_id_header()).cloned()).flatten(),
            traceparent: fields.has(TRACE).then(|| traceparent(headers).cloned()).flatten(),
            #[cfg(feature = "axum")]
            route: is_read.then(|| request.extensions().get().cloned()).flatten(),
        }
    }
}

/// Returns the path that the client sent: axum's routers remove the prefix of a nested one.
fn path<B>(request: &Request<B>) -> Option<&PathAndQuery> {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri.path_and_query();
    }
    request.uri().path_and_query()
}

/// Returns the id, if it is harmless wherever it is shown.
pub(super) fn request_id(value: &HeaderValue) -> Option<&str> {
    let id = value.to_str().ok()?;
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._:+/=-".contains(&byte);
    ((1..=128).contains(&id.len()) && id.bytes().all(is_harmless)).then_some(id)
}
