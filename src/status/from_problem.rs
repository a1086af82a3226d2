//! A [`Status`] from the problem document of an upstream (RFC 9457), and references that are relative to a document.

use http::{HeaderName, header, response::Parts};
use serde_json::{Map, Value};

use super::{RESERVED, Status};
use crate::fields::{
    media_type::MediaType,
    retry_after,
    uri_reference::{is_relative, resolve},
};

/// The properties of an upstream's status that have another meaning when it is sent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) type_uri: bool,
    pub(super) instance: bool,
    pub(super) challenge: bool,
}

/// Members that belong to one request, not to the problem.
const OF_REQUEST: [&str; 3] = ["request_id", "trace_id", "debug"];

impl Status {
    /// Reads an error response: of an upstream, or in a test. Returns `None` below 400.
    ///
    /// The code is that of the response, never the member `status` (RFC 9457 §3.1.2). Title, detail, type, instance and
    /// members are those of an `application/problem+json` body; a title or detail that is the catalog's is left unset. Any
    /// other body is ignored. Of the header fields, Retry-After, WWW-Authenticate and Allow are read. The members
    /// `request_id`, `trace_id` and `debug` are left out: they belong to the upstream's request.
    ///
    /// A 5xx hides its detail from clients again. When the status is sent on, a relative `type` or `instance` is
    /// dropped, because it is relative to the upstream, and so is WWW-Authenticate, which asks for credentials of the
    /// upstream: a 401 gets the layer's default challenge. Until then, [`headers`](Self::headers) has it.
    ///
    /// # Example: the error of an upstream as the source of a 502
    ///
    /// ```
    /// use http::Response;
    /// use tower_status::Status;
    ///
    /// fn checked(response: Response<Vec<u8>>) -> Result<Vec<u8>, Status> {
    ///     let (parts, body) = response.into_parts();
    ///     match Status::from_problem(&parts, &body) {
    ///         Some(problem) if problem.code() == 429 => Err(problem), // passed on, with its Retry-After
    ///         // A source is only in the log; exposed, with the detail that a 5xx hides.
    ///         Some(problem) => Err(Status::bad_gateway().with_source(problem.expose())),
    ///         None => Ok(body),
    ///     }
    /// }
    ///
    /// let upstream = Response::builder().status(404).body(b"no such page".to_vec())?;
    /// assert_eq!(checked(upstream).unwrap_err().code(), 502);
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Example: assert on a response in a test
    ///
    /// ```
    /// use http_body_util::BodyExt;
    /// use tower_status::Status;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let response = Status::not_found().with_extension("order_id", 8).into_http_response();
    /// let (parts, body) = response.into_parts();
    /// let status = Status::from_problem(&parts, &body.collect().await?.to_bytes()).ok_or("no error")?;
    /// assert_eq!(status.code(), 404);
    /// assert_eq!(status.extension("order_id").unwrap(), 8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_problem(response: &Parts, body: &[u8]) -> Option<Self> {
        if response.status.as_u16() < 400 {
            return None;
        }
        let mut status = Self::new(response.status);
        if is_problem(response)
            && let Ok(members) = serde_json::from_slice(body)
        {
            status = status.with_members(members);
        }
        for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW] {
            status = status.with_received(response, &name);
        }
        Some(status)
    }

    /// Sets the members of a problem document. A member with another type than in RFC 9457 §3.1 is ignored.
    fn with_members(mut self, members: Map<String, Value>) -> Self {
        let entry = self.entry();
        for (name, value) in members {
            self = match (&*name, value) {
                ("type", Value::String(uri)) if uri != "about:blank" => self.with_type(uri),
                ("title", Value::String(title)) if title != entry.title => self.with_title(title),
                ("detail", Value::String(detail)) if detail != entry.default_detail() => self.with_detail(detail),
                ("instance", Value::String(uri)) => self.with_instance(uri),
                ("advice", Value::String(advice)) if Some(&*advice) != entry.for_developers => self.with_advice(advice),
                ("advice", Value::String(_)) => self,
                (known, _) if RESERVED.contains(&known) || OF_REQUEST.contains(&known) => self,
                (_, value) => self.with_extension(name, value),
            };
        }
        if self.parts.is_some() {
            let parts = self.parts_mut();
            parts.received.type_uri = parts.type_uri.is_some();
            parts.received.instance = parts.instance.is_some();
        }
        self
    }

    /// Adds the lines of a field that are valid.
    fn with_received(mut self, response: &Parts, name: &HeaderName) -> Self {
        if let Some(delay) = retry_after(&response.headers).filter(|_| *name == header::RETRY_AFTER) {
            return self.with_retry_after(delay);
        }
        for value in response.headers.get_all(name) {
            let unchanged = self.clone();
            self = self.try_with_header(name.clone(), value.clone()).unwrap_or(unchanged);
        }
        if *name == header::WWW_AUTHENTICATE && self.headers().contains_key(name) {
            self.parts_mut().received.challenge = true;
        }
        self
    }

    /// Resolves a relative type (RFC 3986 §5.2).
    pub(crate) fn with_type_base(self, base: &str) -> Self {
        match self.type_uri().filter(|uri| is_relative(uri)).map(|uri| resolve(base, uri)) {
            Some(resolved) => self.with_type(resolved),
            None => self,
        }
    }

    /// Removes the parts that have another meaning for our clients than for those of the upstream.
    pub(crate) fn sent_on(mut self) -> Self {
        let Some(received) = self.parts().map(|parts| parts.received).filter(|it| *it != Received::default()) else {
            return self;
        };
        let parts = self.parts_mut();
        parts.received = Received::default();
        if received.type_uri {
            parts.type_uri = parts.type_uri.take().filter(|uri| !is_relative(uri));
        }
        if received.instance {
            parts.instance = parts.instance.take().filter(|uri| !is_relative(uri));
        }
        if received.challenge
            && let Some(headers) = &mut parts.headers
        {
            headers.remove(header::WWW_AUTHENTICATE);
        }
        self
    }
}

fn is_problem(response: &Parts) -> bool {
    let content_type = response.headers.get(header::CONTENT_TYPE);
    let media_type = content_type.and_then(|value| MediaType::parse(value.as_bytes()));
    media_type.is_some_and(|media_type| media_type.is("application/problem+json"))
}
