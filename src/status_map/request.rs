//! What a response will depend on, read from the request head before the inner service gets the request.

use http::{HeaderMap, HeaderValue, Method, Request, Version, header, uri::PathAndQuery};

use super::options::Options;
use crate::{
    Format, Protocol,
    fields::{
        X_REQUEST_ID,
        connect_request::{CONNECT_PROTOCOL_VERSION, is_unary_query},
        negotiate,
    },
};

/// What every response may depend on.
pub(super) struct RequestInfo {
    /// Accept; of an RPC request, its content type.
    value: Option<HeaderValue>,
    /// Set at once where Accept has several lines, because keeping them would allocate.
    pub(super) format: Option<Format>,
    pub(super) protocol: Protocol,
    pub(super) head: bool,
    /// Whether loading the address again repeats the request: it is a GET or HEAD.
    pub(super) can_reload: bool,
    pub(super) version: Version,
    has_request_id: bool,
}

impl RequestInfo {
    /// Reads the request head in one pass over its fields, and whether it has conditions. Allocates nothing.
    #[inline]
    pub(super) fn read<B>(request: &Request<B>, options: &Options) -> (Self, bool) {
        let (method, headers) = (request.method(), request.headers());
        let mut info = Self {
            value: None,
            format: None,
            protocol: Protocol::Http,
            head: *method == Method::HEAD,
            can_reload: matches!(*method, Method::GET | Method::HEAD),
            version: request.version(),
            has_request_id: false,
        };
        let (mut accept, mut content_type, mut connect_version, mut conditions) = (false, false, false, false);
        for name in headers.keys() {
            match *name {
                header::ACCEPT => accept = true,
                header::CONTENT_TYPE => content_type = true,
                header::IF_MATCH | header::IF_NONE_MATCH | header::IF_MODIFIED_SINCE | header::IF_UNMODIFIED_SINCE => {
                    conditions = true;
                }
                _ => {
                    info.has_request_id |= *name == X_REQUEST_ID;
                    connect_version |= *name == CONNECT_PROTOCOL_VERSION;
                }
            }
        }
        if content_type && options.rpc && *method == Method::POST {
            info.read_protocol(headers, connect_version);
        } else if options.rpc && info.can_reload && request.uri().query().is_some_and(is_unary_query) {
            info.protocol = Protocol::Connect;
        }
        if accept && !info.protocol.is_rpc() {
            info.read_accept(headers, &options.formats);
        }
        (info, conditions)
    }

    fn read_protocol(&mut self, headers: &HeaderMap, has_version: bool) {
        let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return };
        self.protocol = Protocol::of_post(content_type, headers, has_version);
        if self.protocol.is_rpc() {
            self.value = Some(content_type.clone());
        }
    }

    fn read_accept(&mut self, headers: &HeaderMap, formats: &[Format]) {
        let mut lines = headers.get_all(header::ACCEPT).iter();
        if let (Some(line), None) = (lines.next(), lines.next()) {
            self.value = Some(line.clone());
        } else {
            let lines = headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes);
            self.format = Some(negotiate(lines, formats).unwrap_or(Format::Json));
        }
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

/// What only a log line, a hook or an RPC error needs.
pub(super) struct LogContext {
    /// Whether a log line or a hook will read method and path.
    pub(super) is_read: bool,
    pub(super) method: Method,
    pub(super) path: Option<PathAndQuery>,
    pub(super) request_id: Option<HeaderValue>,
    #[cfg(feature = "axum")]
    pub(super) route: Option<axum::extract::MatchedPath>,
}

impl LogContext {
    /// Returns `None` if nothing will read it. A method of more than 15 bytes is copied.
    #[inline]
    pub(super) fn read<B>(request: &Request<B>, info: &RequestInfo, is_read: bool) -> Option<Self> {
        if !is_read && !info.protocol.is_rpc() && !info.has_request_id {
            return None;
        }
        Some(Self {
            is_read,
            method: if is_read { request.method().clone() } else { Method::GET },
            // An RPC error names the service, which is in the path.
            path: (is_read || info.protocol.is_rpc()).then(|| path(request).cloned()).flatten(),
            request_id: info.has_request_id.then(|| request.headers().get(&X_REQUEST_ID).cloned()).flatten(),
            #[cfg(feature = "axum")]
            route: is_read.then(|| request.extensions().get().cloned()).flatten(),
        })
    }
}

/// The path that the client has sent: axum's routers remove the prefix of a nested one.
fn path<B>(request: &Request<B>) -> Option<&PathAndQuery> {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri.path_and_query();
    }
    request.uri().path_and_query()
}

/// Returns the id, if it can do no harm where it is shown.
pub(super) fn request_id(value: &HeaderValue) -> Option<&str> {
    let id = value.to_str().ok()?;
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._:+/=-".contains(&byte);
    ((1..=128).contains(&id.len()) && id.bytes().all(is_harmless)).then_some(id)
}
