//! The setters of a [`Status`].

use std::{any::type_name_of_val, borrow::Cow, time::Duration};

use http::{HeaderName, HeaderValue, header};

use super::{InvalidHeader, RESERVED, Source, Status, header_values};
use crate::{BoxError, catalog::GrpcCode, warning::warning};

impl Status {
    /// Sets the detail, which explains this occurrence to the client (RFC 9457 §3.1.4).
    ///
    /// The detail of a 5xx is hidden, and only logged, unless the status is [exposed](Self::expose).
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        self.parts_mut().detail = (!detail.is_empty()).then_some(detail);
        self.detail_is_display = false;
        self
    }

    /// Sets the title, which names the type of problem (RFC 9457 §3.1.3). Default: the title of the catalog.
    ///
    /// Set a [type](Self::with_type), too: a client identifies the problem by its type (RFC 9457 §4.2.1). An empty title,
    /// or one with control characters, is dropped with a warning.
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        let title = title.into();
        if title.is_empty() || title.contains(char::is_control) {
            warning!("dropped the title {title:?} of {}: it is empty or has control characters", self.code);
        } else {
            self.parts_mut().title = Some(title);
        }
        self
    }

    /// Sets the URI reference that identifies the type of problem (RFC 9457 §3.1.1). Default: `about:blank`.
    ///
    /// Characters that a URI cannot contain are percent-encoded. An empty reference, or one with control characters, is
    /// dropped with a warning.
    pub fn with_type(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        if let Some(uri) = header_values::uri_or_warning("type", uri.into()) {
            let parts = self.parts_mut();
            parts.type_uri = Some(uri);
            parts.received.type_uri = false;
        }
        self
    }

    /// Sets the URI reference that identifies this occurrence (RFC 9457 §3.1.5). Malformed references are treated as by
    /// [`with_type`](Self::with_type).
    pub fn with_instance(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        if let Some(uri) = header_values::uri_or_warning("instance", uri.into()) {
            let parts = self.parts_mut();
            parts.instance = Some(uri);
            parts.received.instance = false;
        }
        self
    }

    /// Adds a header field to the response.
    ///
    /// A field that occurs once (Location, Retry-After, Content-Range, …) replaces an earlier value; any other field gets
    /// a further line. White space around the value is removed. Characters that a URI cannot contain are percent-encoded in
    /// a Location. The Cache-Control of a 5xx is always `no-store`.
    ///
    /// Fields that describe or frame the body (Content-Type, Content-Length, Transfer-Encoding, Connection, …) are dropped
    /// with a warning. To close the connection, return `([("connection", "close")], status)` from an axum handler.
    ///
    /// A malformed name or value is dropped with a warning. If the code requires that field (RFC 9110 §15), the status
    /// becomes a 500 whose [source](Self::source) explains why. To get the error instead, use
    /// [`try_with_header`](Self::try_with_header).
    ///
    /// # Example: a header field
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// let status = Status::unavailable_for_legal_reasons()
    ///     .with_header("link", r#"<https://example.org/law>; rel="blocked-by""#)
    ///     .with_header("x-injected", "no\r\nset-cookie: yes"); // malformed: dropped
    /// assert_eq!(status.headers().len(), 1);
    /// ```
    pub fn with_header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match self.valid_header(name, value) {
            Ok((name, value)) => self.set_header(name, value),
            Err(InvalidHeader::Value(name)) if self.requires(&name) => return self.malformed(name),
            Err(error) => warning!("dropped a header field of {}: {error}", self.code),
        }
        self
    }

    /// Adds a member to the problem document (RFC 9457 §3.2), or replaces the one with this name.
    ///
    /// The members of a 5xx are hidden unless the status is [exposed](Self::expose). A reserved name (`type`, `title`,
    /// `status`, `detail`, `instance`), an empty name, or a value that cannot be serialized is dropped with a warning.
    ///
    /// # Example: list the errors of a form
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_status::Status;
    ///
    /// let status = Status::unprocessable_entity()
    ///     .with_extension("errors", json!([{ "pointer": "#/age", "detail": "must be a number" }]));
    /// assert_eq!(status.extension("errors").unwrap()[0]["pointer"], "#/age");
    /// ```
    pub fn with_extension(self, name: impl Into<Cow<'static, str>>, value: impl serde::Serialize) -> Self {
        self.with_member(name.into(), value, false)
    }

    /// Adds a member to the problem document that is shown even on a 5xx whose detail is hidden.
    ///
    /// In everything else it is like [`with_extension`](Self::with_extension).
    ///
    /// # Example: an error code for clients
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// let status = Status::bad_gateway()
    ///     .with_detail("the card provider sent an invalid certificate") // hidden
    ///     .with_public_extension("code", "card_provider_failed");
    /// assert_eq!(status.extension("code").unwrap(), "card_provider_failed");
    /// ```
    pub fn with_public_extension(self, name: impl Into<Cow<'static, str>>, value: impl serde::Serialize) -> Self {
        self.with_member(name.into(), value, true)
    }

    fn with_member(mut self, name: Cow<'static, str>, value: impl serde::Serialize, is_public: bool) -> Self {
        match serde_json::to_value(value) {
            _ if name.is_empty() || RESERVED.contains(&&*name) => {
                warning!("dropped the extension {name:?} of {}: the name is reserved or empty", self.code);
            }
            Err(error) => warning!("dropped the extension {name:?} of {}: {error}", self.code),
            Ok(value) => self.parts_mut().extensions.set(name, value, is_public),
        }
        self
    }

    /// Sets the advice: what the client can do now. Default: the advice of the catalog.
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        let advice = advice.into();
        self.parts_mut().advice = (!advice.is_empty()).then_some(advice);
        self
    }

    /// Sets the error that led to this status. It is logged with its whole chain, and never shown to a client.
    ///
    /// Of more than 64 statuses that are the sources of each other, only the text is kept.
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        let type_name = type_name_of_val(&source);
        self.with_source_link(Source::boxed(source.into(), type_name))
    }

    /// Sets Retry-After (RFC 9110 §10.2.3), in whole seconds, rounded up, at least 1.
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        let seconds = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)).max(1);
        self.set_header(header::RETRY_AFTER, seconds.into());
        self.parts_mut().retry_after = Some(delay);
        self
    }

    /// Sets the code that gRPC clients get. Default: the code of the [catalog](crate::catalog::Entry::grpc).
    ///
    /// [`Ok`](GrpcCode::Ok) is no error and becomes [`Unknown`](GrpcCode::Unknown).
    ///
    /// # Example: a conflict with something that already exists
    ///
    /// ```
    /// use tower_status::{Status, catalog::GrpcCode};
    ///
    /// let status = Status::conflict().with_grpc_code(GrpcCode::AlreadyExists);
    /// assert_eq!(status.grpc_code(), Some(GrpcCode::AlreadyExists));
    /// ```
    pub const fn with_grpc_code(mut self, code: GrpcCode) -> Self {
        self.grpc_code = match code {
            GrpcCode::Ok => Some(GrpcCode::Unknown),
            code => Some(code),
        };
        self
    }

    /// Shows the detail and the extension members of a 5xx to clients.
    pub const fn expose(mut self) -> Self {
        self.exposed = true;
        self
    }
}
