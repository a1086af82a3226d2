//! [`Status`]: what went wrong, said once.

use std::{
    borrow::Cow,
    error::Error,
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::{
    BoxError,
    catalog::{self, Entry, GrpcCode},
    warning::warning,
};

mod constructors;
mod documented;
mod extension_members;
mod header_values;
mod hidden;
mod internal;
mod into_status;
mod invalid_header;
mod source;

pub use documented::{Documented, DocumentedStatus, MemberSchema};
use extension_members::Members;
use header_values as field;
pub(crate) use header_values::is_singleton;
pub use header_values::{FRAMING, SINGLE};
#[cfg(feature = "tonic")]
pub(crate) use hidden::Hidden;
pub use into_status::{IntoStatus, OrStatus};
pub use invalid_header::InvalidHeader;
pub use source::{Cause, CauseOf};
pub(crate) use source::{LINKS, Source};

/// A status with all that its answer needs: code, header fields, and the words that explain it.
///
/// A handler returns it as its error, a layer turns it into the response. It takes 16 bytes, a bare one allocates
/// nothing, and a clone copies nothing (the first setter allocates once).
///
/// # Example: a handler's error
///
/// ```
/// use tower_status::{OrStatus, Status};
///
/// fn order(id: u64) -> Result<&'static str, Status> {
///     let found = (id == 7).then_some("seven tulips");
///     found.or_status(Status::not_found().with_extension("order_id", id))
/// }
///
/// assert_eq!(order(8).unwrap_err().code(), 404);
/// ```
///
/// # Example: everything that can be said
///
/// ```
/// use std::time::Duration;
/// use tower_status::Status;
///
/// let status = Status::service_unavailable()
///     .with_type("/problems/stock-taking")
///     .with_title("Stock-taking")
///     .with_detail("The warehouse counts its tulips until noon.")
///     .with_extension("until", "12:00")
///     .with_retry_after(Duration::from_secs(1800))
///     .expose(); // a 5xx keeps detail and extensions inside unless it says so
///
/// assert_eq!(status.to_string(), "503 Stock-taking: The warehouse counts its tulips until noon.");
/// assert_eq!(status.headers()["retry-after"], "1800");
/// ```
#[derive(Clone)]
#[must_use = "a Status does nothing until it is returned as an error or a response"]
pub struct Status {
    code: StatusCode,
    exposed: bool,
    resolution: Resolution,
    /// The detail is the error's `Display`: the application has not chosen it for clients.
    detail_is_display: bool,
    grpc_code: Option<GrpcCode>,
    parts: Option<Arc<Parts>>,
}

/// Whether the layer has to find the status in the source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resolution {
    Final,
    Unresolved,
    /// As `Unresolved`, but the status is that of a report, and is used if the layer finds no other one outside of it.
    Provisional,
    /// Final: nothing maps the carried error.
    Unmapped,
}

/// What most statuses do not have.
#[derive(Clone, Default)]
struct Parts {
    title: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
    type_uri: Option<Cow<'static, str>>,
    instance: Option<Cow<'static, str>>,
    advice: Option<Cow<'static, str>>,
    /// The name of the error's variant or struct.
    name: Option<&'static str>,
    retry_after: Option<Duration>,
    /// Most have none, and an empty one takes 96 bytes.
    headers: Option<Box<HeaderMap>>,
    extensions: Members,
    source: Option<Source>,
    rpc: Option<Box<Rpc>>,
}

/// What a `tonic::Status` has beside its message: kept for gRPC clients.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) code: GrpcCode,
    pub(crate) details: Bytes,
    pub(crate) metadata: HeaderMap,
}

/// RFC 9457 §3.1: an extension member must not shadow these.
pub const RESERVED: [&str; 5] = ["type", "title", "status", "detail", "instance"];

/// A field that the status code demands was given a value that no header field can carry.
#[derive(Debug)]
struct Malformed {
    field: HeaderName,
    code: StatusCode,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the header field {}, which {} demands, was given a malformed value", self.field, self.code)
    }
}

impl Error for Malformed {}

impl Status {
    /// A status with nothing but its code; what is shown comes from the [catalogue](crate::catalog).
    ///
    /// Allocates nothing. A 1xx is no final answer (RFC 9110 §15.2) and becomes 500.
    ///
    /// # Example: any code
    ///
    /// ```
    /// use http::StatusCode;
    /// use tower_status::Status;
    ///
    /// const LOCKED: Status = Status::new(StatusCode::LOCKED);
    /// assert_eq!(LOCKED.code(), 423);
    /// assert_eq!(Status::new(StatusCode::CONTINUE).code(), 500);
    /// ```
    pub const fn new(code: StatusCode) -> Self {
        let code = match code.as_u16() {
            ..=199 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => code,
        };
        Self {
            code,
            exposed: false,
            resolution: Resolution::Final,
            detail_is_display: false,
            grpc_code: None,
            parts: None,
        }
    }

    /// Carries an error that has no status, for `?` on foreign errors.
    ///
    /// The layer maps it with `map_error` and `recognize`; an error that nothing maps is a 500 that shows nothing of it.
    /// A `Status` in a `Box` or `Arc` is returned. An `anyhow::Error` or `eyre::Report` keeps its contexts (features
    /// `anyhow` and `eyre`).
    ///
    /// # Example: a database error in a handler
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// fn count() -> Result<u64, Status> {
    ///     "many".parse().map_err(Status::from_error)
    /// }
    ///
    /// assert_eq!(count().unwrap_err().to_string(), "500 Internal Server Error");
    /// ```
    pub fn from_error(error: impl Into<BoxError> + 'static) -> Self {
        #[cfg(any(feature = "anyhow", feature = "eyre"))]
        let error = {
            let mut error = Some(error);
            #[cfg(feature = "anyhow")]
            if let Some(report) = source::take::<_, anyhow::Error>(&mut error) {
                return report.into();
            }
            #[cfg(feature = "eyre")]
            if let Some(report) = source::take::<_, eyre::Report>(&mut error) {
                return report.into();
            }
            let Some(error) = error else { return Self::unresolved() };
            error
        };
        let error: BoxError = error.into();
        match source::downcast::<Status>(&*error) {
            Some(status) => status.clone(),
            None => Self::carrying(Source::new(Arc::from(error))),
        }
    }

    /// Returns the status of an error whose source has to be resolved, for a hand-written
    /// [`status`](crate::IntoStatus::status).
    ///
    /// The layer maps the source with `map_error` and `recognize`; a source that nothing maps is a 500. Allocates nothing.
    pub const fn unresolved() -> Self {
        let mut status = Self::internal_server_error();
        status.resolution = Resolution::Unresolved;
        status
    }

    pub(crate) fn carrying(source: Source) -> Self {
        let mut status = Self::unresolved();
        status.set_source(source);
        status
    }

    /// The status code.
    pub const fn code(&self) -> StatusCode {
        self.code
    }

    /// Whether the server is at fault: 500 and above, except 550, which counts as a 4xx everywhere in this crate.
    ///
    /// # Example: count what the server got wrong
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// assert!(Status::bad_gateway().is_server_error());
    /// assert!(!Status::permission_denied().is_server_error());
    /// assert!(Status::permission_denied().code().is_server_error()); // `http` only looks at the class
    /// ```
    pub fn is_server_error(&self) -> bool {
        catalog::is_server_error(self.code)
    }

    /// What the catalogue says of this code; a code without an entry takes its class's x00 (RFC 9110 §15).
    pub fn entry(&self) -> &'static Entry {
        catalog::entry(self.code)
    }

    // ----- Setters -----

    /// Explains this occurrence to the client (RFC 9457 §3.1.4).
    ///
    /// That of a 5xx stays inside, in the log line, unless the status is [exposed](Self::expose).
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        self.parts_mut().detail = (!detail.is_empty()).then_some(detail);
        self.detail_is_display = false;
        self
    }

    /// Names the kind of problem (RFC 9457 §3.1.3), in place of the registry's phrase.
    ///
    /// An empty one, or one with control characters, is dropped with a warning.
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        let title = title.into();
        if title.is_empty() || title.contains(char::is_control) {
            warning!("dropped the title {title:?} of {}: it is empty or has control characters", self.code);
        } else {
            self.parts_mut().title = Some(title);
        }
        self
    }

    /// The URI reference that identifies the kind of problem (RFC 9457 §3.1.1).
    ///
    /// What a URI cannot hold is percent-encoded; an empty one, or one with control characters, is dropped with a
    /// warning.
    pub fn with_type(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        if let Some(uri) = field::uri_or_warning("type", uri.into()) {
            self.parts_mut().type_uri = Some(uri);
        }
        self
    }

    /// The URI reference that identifies this occurrence (RFC 9457 §3.1.5); malformed ones as in
    /// [`with_type`](Self::with_type).
    pub fn with_instance(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        if let Some(uri) = field::uri_or_warning("instance", uri.into()) {
            self.parts_mut().instance = Some(uri);
        }
        self
    }

    /// Adds a header field to the answer.
    ///
    /// What a URI cannot hold is percent-encoded in a Location. White space around a value is no part of it.
    ///
    /// A field that stands once (Location, Retry-After, Content-Range, …) replaces what was there, any other is a
    /// further line. What describes or frames the body (Content-Type, Content-Length, Transfer-Encoding, …) belongs to
    /// the layer and is dropped with a warning. The Cache-Control of a 5xx is always `no-store`.
    ///
    /// A malformed name or value is dropped with a warning; if the code requires that field (RFC 9110 §15), the
    /// status becomes a 500 whose [source](Self::source) explains it. To get the error instead, use
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

    /// Adds a member to the problem document (RFC 9457 §3.2); a name that stands already is replaced.
    ///
    /// Those of a 5xx stay inside unless the status is [exposed](Self::expose). A reserved name (`type`, `title`,
    /// `status`, `detail`, `instance`), an empty one, or a value that cannot be serialised is dropped with a warning.
    ///
    /// # Example: what a form got wrong
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

    /// Replaces the catalogue's advice: what the client can do now.
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        let advice = advice.into();
        self.parts_mut().advice = (!advice.is_empty()).then_some(advice);
        self
    }

    /// The error that led to it: logged with its whole chain, never shown to a client.
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.set_source(Source::new(Arc::from(source.into())));
        self
    }

    /// When to try again (RFC 9110 §10.2.3): whole seconds, rounded up, at least 1.
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        let seconds = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)).max(1);
        self.set_header(header::RETRY_AFTER, seconds.into());
        self.parts_mut().retry_after = Some(delay);
        self
    }

    /// The code that gRPC clients get, where the [catalogue](crate::catalog::Entry::grpc)'s does not fit.
    ///
    /// Allocates nothing. [`Ok`](GrpcCode::Ok) is no error and becomes [`Unknown`](GrpcCode::Unknown).
    ///
    /// # Example: what was to be created exists
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

    /// Shows the detail and the extension members to the client even though this is a 5xx.
    pub const fn expose(mut self) -> Self {
        self.exposed = true;
        self
    }

    // ----- Getters -----

    /// The title that was set; `None`: the registry's phrase is shown.
    pub fn title(&self) -> Option<&str> {
        self.parts()?.title.as_deref()
    }

    /// The detail that was set.
    pub fn detail(&self) -> Option<&str> {
        self.parts()?.detail.as_deref()
    }

    /// The problem type that was set with [`with_type`](Self::with_type).
    pub fn type_uri(&self) -> Option<&str> {
        self.parts()?.type_uri.as_deref()
    }

    /// The URI reference of this occurrence.
    pub fn instance(&self) -> Option<&str> {
        self.parts()?.instance.as_deref()
    }

    /// The advice that was set with [`with_advice`](Self::with_advice).
    pub fn advice(&self) -> Option<&str> {
        self.parts()?.advice.as_deref()
    }

    /// The header fields that the answer will carry, as far as the status says them.
    pub fn headers(&self) -> &HeaderMap {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        self.parts().and_then(|parts| parts.headers.as_deref()).unwrap_or_else(|| &NONE)
    }

    /// One extension member.
    pub fn extension(&self, name: &str) -> Option<&Value> {
        self.extensions().iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Returns all extension members in the order in which they were set, the public ones first.
    pub fn extensions(&self) -> &[(Cow<'static, str>, Value)] {
        self.parts().map_or(&[], |parts| parts.extensions.all())
    }

    /// The delay that was set with [`with_retry_after`](Self::with_retry_after), unrounded.
    pub fn retry_after(&self) -> Option<Duration> {
        self.parts()?.retry_after
    }

    /// The code that was set with [`with_grpc_code`](Self::with_grpc_code); `None`: the catalogue's.
    pub const fn grpc_code(&self) -> Option<GrpcCode> {
        self.grpc_code
    }

    /// Whether [`expose`](Self::expose) was called.
    pub const fn is_exposed(&self) -> bool {
        self.exposed
    }

    /// The error that led to it.
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source_link()?.error()
    }
}

/// The code and its title, and the detail where a client would see it.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.as_str(), self.title().unwrap_or(self.entry().title))?;
        match self.detail() {
            Some(detail) if !self.hides() => write!(f, ": {detail}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Status");
        debug.field("code", &self.code);
        if let Some(code) = self.grpc_code {
            debug.field("grpc_code", &code);
        }
        if let Some(name) = self.name() {
            debug.field("name", &name);
        }
        if let Some(parts) = self.parts() {
            for (name, value) in [
                ("title", &parts.title),
                ("detail", &parts.detail),
                ("type", &parts.type_uri),
                ("instance", &parts.instance),
                ("advice", &parts.advice),
            ] {
                if let Some(value) = value {
                    debug.field(name, value);
                }
            }
            if let Some(headers) = &parts.headers {
                debug.field("headers", headers);
            }
            if !parts.extensions.all().is_empty() {
                debug.field("extensions", &parts.extensions.all());
            }
            if let Some(source) = self.source() {
                debug.field("source", &source);
            }
        }
        debug.finish_non_exhaustive()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Status::source(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes() {
        assert_eq!(size_of::<Status>(), 16);
        assert_eq!(size_of::<Option<Status>>(), 16);
    }
}
