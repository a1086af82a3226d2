//! [`Status`] ─► response: what may be problem, in the form that this client reads.

use std::{borrow::Cow, sync::LazyLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, response};
use http_body::Body;
use serde_json::Value;

use crate::{Format, Status, catalog::Entry};

pub(crate) mod body;
mod context;
pub(crate) mod grpc;
pub(crate) mod headers;
pub(crate) mod html;
pub(crate) mod json;
mod text;

use body::StatusBody;
pub use context::Context;
use headers as complete;

use crate::warning::warning;

/// Writes bodies in an application's own form, for plain HTTP; gRPC statuses have one form only.
///
/// What must stay inside is not in the status that it is given: no source, and of a masked 5xx neither detail nor
/// extension members.
///
/// # Example: an API that promised XML
///
/// ```
/// use http::HeaderValue;
/// use tower_status::{Context, Format, Render, Rendered, Status, StatusMapLayer};
///
/// struct Xml;
///
/// impl Render for Xml {
///     fn render(&self, status: &Status, context: &Context<'_>) -> Option<Rendered> {
///         if context.format == Format::Html {
///             return None; // browsers get the built-in page
///         }
///         let body = format!("<error code=\"{}\"/>", status.code().as_u16());
///         Some(Rendered::new(HeaderValue::from_static("application/xml"), body))
///     }
/// }
///
/// let layer = StatusMapLayer::new().render(Xml);
/// ```
pub trait Render: Send + Sync + 'static {
    /// Returns the body and its media type; `None` for the built-in form.
    fn render(&self, status: &Status, context: &Context<'_>) -> Option<Rendered>;
}

/// A body that a [`Render`] returns, with its media type and further header fields.
///
/// # Example: a page that loads a style sheet
///
/// ```
/// use http::HeaderValue;
/// use tower_status::Rendered;
///
/// let page = "<!doctype html><title>Sorry</title><link rel=stylesheet href=/style.css>";
/// let rendered = Rendered::new(HeaderValue::from_static("text/html; charset=utf-8"), page)
///     .with_header("content-security-policy", "default-src 'none'; style-src 'self'");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a Rendered does nothing until a Render returns it"]
pub struct Rendered {
    content_type: HeaderValue,
    body: Bytes,
    headers: HeaderMap,
}

impl Rendered {
    /// A body of this media type.
    pub fn new(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { content_type, body: body.into(), headers: HeaderMap::new() }
    }

    /// Adds a header field; one of the same name that the response already has is replaced.
    ///
    /// A malformed name or value is dropped with a warning.
    pub fn with_header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => drop(self.headers.try_append(name, value)),
            _ => warning!("dropped a malformed header field of a rendered body"),
        }
        self
    }

    /// Returns the body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// What an answer may show: what must stay inside is gone, so that no form can leak it.
pub(crate) struct PublicProblem<'a> {
    pub(crate) code: StatusCode,
    pub(crate) entry: &'static Entry,
    pub(crate) title: &'a str,
    pub(crate) type_uri: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) instance: Option<&'a str>,
    pub(crate) location: Option<&'a str>,
    pub(crate) extensions: &'a [(Cow<'static, str>, Value)],
    pub(crate) request_id: Option<&'a str>,
}

impl<'a> PublicProblem<'a> {
    pub(crate) fn new(status: &'a Status, expose: bool, request_id: Option<&'a str>) -> Self {
        Self::of(status, status.hides() && !expose, request_id)
    }

    /// Where the form itself says whether detail and extension members stay inside.
    fn of(status: &'a Status, hides: bool, request_id: Option<&'a str>) -> Self {
        let entry = status.entry();
        let extensions = if hides { &[] } else { status.extensions() };
        // An application's own member of that name is not shadowed.
        let request_id = request_id.filter(|_| !extensions.iter().any(|(name, _)| name == "request_id"));
        Self {
            code: status.code(),
            entry,
            title: status.title().unwrap_or(entry.title),
            type_uri: status.type_uri(),
            detail: status.detail().filter(|_| !hides),
            instance: status.instance(),
            location: status.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()),
            extensions,
            request_id,
        }
    }

    /// Whether all the text is the catalogue's.
    fn is_bare(&self) -> bool {
        self.title == self.entry.title && self.detail.is_none() && self.extensions.is_empty()
    }
}

/// How the layer was told to write.
pub(crate) struct RenderOptions<'a> {
    pub(crate) render: Option<&'a dyn Render>,
    pub(crate) expose: bool,
    pub(crate) negotiated: bool,
    pub(crate) content: Content,
}

/// What becomes of the body that is written.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Sent,
    /// To HEAD.
    Withheld,
    /// To HEAD, and what GET would have sent is not known.
    Unknown,
}

/// Writes the body and what describes it.
pub(crate) fn write<B: Body>(
    headers: &mut HeaderMap,
    status: &Status,
    context: &Context<'_>,
    style: &RenderOptions<'_>,
) -> StatusBody<B> {
    let code = status.code();
    if has_no_content(code) {
        return no_content(code);
    }
    let theirs = style.render.and_then(|render| render.render(&status.masked(style.expose), context));
    let body = if let Some(Rendered { content_type, body, headers: further }) = theirs {
        Representation { content_type, policy: None, english: false, negotiated: style.negotiated }
            .describe(headers, code);
        for name in further.keys() {
            headers.remove(name);
            for value in further.get_all(name) {
                let _ = headers.try_append(name, value.clone());
            }
        }
        body
    } else {
        let problem = PublicProblem::new(status, style.expose, context.request_id);
        let english = !matches!(style.content, Content::Unknown) && problem.is_bare();
        describe(headers, code, context.format, english, style.negotiated);
        match context.format {
            Format::Json => json::render(&problem),
            Format::Text => text::render(&problem),
            Format::Html => html::render(&problem).into(),
        }
    };
    // RFC 9110 §8.6: to HEAD, Content-Length is what GET would have sent, or absent.
    match style.content {
        Content::Sent => return StatusBody::written(body),
        Content::Withheld => drop(headers.try_insert(header::CONTENT_LENGTH, body.len().into())),
        Content::Unknown => {}
    }
    StatusBody::withheld()
}

/// A status as a response that a layer outside negotiates, renders and reports; without one it is complete, too.
pub(crate) fn unnegotiated<B: Body>(status: Status, mut parts: response::Parts) -> Response<StatusBody<B>> {
    // It may come from another response, where a layer has answered with it.
    let status = status.unsent();
    let code = status.code();
    let headers = &mut parts.headers;
    complete::undescribe(headers, code, status.headers());
    complete::say(headers, status.headers());
    complete::complete(headers, code, Some(&complete::DEFAULT_CHALLENGE), true);
    let body = if has_no_content(code) {
        no_content(code)
    } else {
        let english = PublicProblem::new(&status, false, None).is_bare();
        describe(headers, code, Format::Json, english, false);
        StatusBody::document(status.clone(), document)
    };
    parts.status = code;
    parts.extensions.insert(status);
    Response::from_parts(parts, body)
}

/// Whether the body is what `unnegotiated` described, or none: nobody has written another since.
pub(crate) fn is_unnegotiated(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|value| *value == json::CONTENT_TYPE)
}

/// Whether there is nothing but what `unnegotiated` says of the document of a 4xx or 5xx without fields of its own.
pub(crate) fn is_untouched(headers: &HeaderMap, said: &Status) -> bool {
    let is_as_written = |english| headers.iter().eq(usual(Format::Json, english, false));
    said.headers().is_empty() && (is_as_written(false) || is_as_written(true))
}

/// The problem document of a status that no layer has negotiated.
fn document(status: &Status) -> Bytes {
    json::render(&PublicProblem::new(status, false, None))
}

/// What a body is.
struct Representation {
    content_type: HeaderValue,
    /// Beside an application's own it only adds to it.
    policy: Option<HeaderValue>,
    /// All the text is the catalogue's.
    english: bool,
    negotiated: bool,
}

impl Representation {
    /// One of the built-in forms.
    fn of(format: Format, english: bool, negotiated: bool) -> Self {
        let (content_type, policy) = match format {
            Format::Json => (json::CONTENT_TYPE, None),
            Format::Text => (text::CONTENT_TYPE, None),
            Format::Html => (html::CONTENT_TYPE, Some(html::CONTENT_SECURITY_POLICY)),
        };
        Self { content_type, policy, english, negotiated }
    }

    fn describe(self, headers: &mut HeaderMap, code: StatusCode) {
        if self.english {
            let _ = headers.try_insert(header::CONTENT_LANGUAGE, ENGLISH);
        }
        if let Some(policy) = self.policy {
            let _ = headers.try_append(header::CONTENT_SECURITY_POLICY, policy);
        }
        complete::uncached(headers, code);
        let _ = headers.try_insert(header::CONTENT_TYPE, self.content_type);
        let _ = headers.try_insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if self.negotiated {
            vary_by_accept(headers);
        }
    }
}

/// Says what a body in one of the built-in forms is.
fn describe(headers: &mut HeaderMap, code: StatusCode, format: Format, english: bool, negotiated: bool) {
    // Where nothing stands yet the same fields are added again and again: a copy takes half as long.
    if headers.capacity() == 0 && code.as_u16() >= 400 {
        headers.clone_from(usual(format, english, negotiated));
    } else {
        Representation::of(format, english, negotiated).describe(headers, code);
    }
}

/// What an answer of 400 and above in one of the built-in forms has that nothing else is said of.
fn usual(format: Format, english: bool, negotiated: bool) -> &'static HeaderMap {
    static JSON_HTML_TEXT: LazyLock<[[HeaderMap; 4]; 3]> = LazyLock::new(|| {
        [Format::Json, Format::Html, Format::Text].map(|format| {
            [(false, false), (false, true), (true, false), (true, true)].map(|(english, negotiated)| {
                let mut headers = HeaderMap::new();
                Representation::of(format, english, negotiated).describe(&mut headers, StatusCode::NOT_FOUND);
                headers
            })
        })
    });
    let [json, html, text] = &*JSON_HTML_TEXT;
    let [theirs, theirs_negotiated, english_only, english_negotiated] = match format {
        Format::Json => json,
        Format::Html => html,
        Format::Text => text,
    };
    match (english, negotiated) {
        (false, false) => theirs,
        (false, true) => theirs_negotiated,
        (true, false) => english_only,
        (true, true) => english_negotiated,
    }
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const ENGLISH: HeaderValue = HeaderValue::from_static("en");

/// RFC 9110 §6.4.1, §15.3.6: what never has content.
pub(crate) fn has_no_content(code: StatusCode) -> bool {
    matches!(code.as_u16(), 100..=199 | 204 | 205 | 304)
}

/// RFC 9110 §8.6: a 204 has no Content-Length, a 304 none but the 200's; that of a 205 is 0.
pub(crate) fn no_content<B: Body>(code: StatusCode) -> StatusBody<B> {
    if code == StatusCode::RESET_CONTENT { StatusBody::default() } else { StatusBody::withheld() }
}

/// RFC 9110 §12.5.5.
fn vary_by_accept(headers: &mut HeaderMap) {
    const ACCEPT: HeaderValue = HeaderValue::from_static("accept");
    let varies = |value: &HeaderValue| complete::lists(value, b"accept") || complete::lists(value, b"*");
    if !headers.get_all(header::VARY).iter().any(varies) {
        let _ = headers.try_append(header::VARY, ACCEPT);
    }
}
