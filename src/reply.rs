//! [`Status`] ─► response: what may be shown, in the form that this client reads.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, response};
use http_body::Body;
use serde_json::Value;

use crate::{Context, Format, Status, body::StatusBody, catalog::Entry, complete};

pub(crate) mod grpc;
pub(crate) mod html;
pub(crate) mod json;
mod text;

/// Writes bodies in an application's own form, for plain HTTP; gRPC statuses have one form only.
///
/// What must stay inside is not in the status that it is given: no source, and of a masked 5xx neither detail nor
/// extension members.
///
/// # Example: an API that promised XML
///
/// ```
/// use bytes::Bytes;
/// use http::HeaderValue;
/// use tower_status::{Context, Format, Render, Status, StatusMapLayer};
///
/// struct Xml;
///
/// impl Render for Xml {
///     fn render(&self, status: &Status, context: &Context<'_>) -> Option<(HeaderValue, Bytes)> {
///         if context.format == Format::Html {
///             return None; // browsers get the built-in page
///         }
///         let body = format!("<error code=\"{}\"/>", status.code().as_u16());
///         Some((HeaderValue::from_static("application/xml"), body.into()))
///     }
/// }
///
/// let layer = StatusMapLayer::new().render(Xml);
/// ```
pub trait Render: Send + Sync + 'static {
    /// The content type and the body, or `None` for the built-in form.
    fn render(&self, status: &Status, context: &Context<'_>) -> Option<(HeaderValue, Bytes)>;
}

/// What an answer may show: what must stay inside is gone, so that no form can leak it.
pub(crate) struct Shown<'a> {
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

impl<'a> Shown<'a> {
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
pub(crate) struct Style<'a> {
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
    style: &Style<'_>,
) -> StatusBody<B> {
    let code = status.code();
    if has_no_content(code) {
        return no_content(code);
    }
    let (content_type, body) = rendered(headers, status, context, style);
    describe(headers, code, content_type);
    if style.negotiated {
        vary_by_accept(headers);
    }
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
        speak_english(headers, &Shown::new(&status, false, None));
        describe(headers, code, json::CONTENT_TYPE);
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

/// The problem document of a status that no layer has negotiated.
fn document(status: &Status) -> Bytes {
    json::render(&Shown::new(status, false, None))
}

fn describe(headers: &mut HeaderMap, code: StatusCode, content_type: HeaderValue) {
    complete::uncached(headers, code);
    let _ = headers.try_insert(header::CONTENT_TYPE, content_type);
    let _ = headers.try_insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
}

/// Says the language where all the text is the catalogue's.
fn speak_english(headers: &mut HeaderMap, shown: &Shown<'_>) {
    if shown.is_bare() {
        let _ = headers.try_insert(header::CONTENT_LANGUAGE, ENGLISH);
    }
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const ENGLISH: HeaderValue = HeaderValue::from_static("en");

fn rendered(
    headers: &mut HeaderMap,
    status: &Status,
    context: &Context<'_>,
    style: &Style<'_>,
) -> (HeaderValue, Bytes) {
    let rendered = style.render.and_then(|render| render.render(&status.masked(style.expose), context));
    if let Some(rendered) = rendered {
        return rendered;
    }
    let shown = Shown::new(status, style.expose, context.request_id);
    if !matches!(style.content, Content::Unknown) {
        speak_english(headers, &shown);
    }
    match context.format {
        Format::Json => (json::CONTENT_TYPE, json::render(&shown)),
        Format::Text => (text::CONTENT_TYPE, text::render(&shown)),
        Format::Html => {
            // Beside an application's own policy it only adds to it.
            let _ = headers.try_append(header::CONTENT_SECURITY_POLICY, html::CONTENT_SECURITY_POLICY);
            (html::CONTENT_TYPE, html::render(&shown).into())
        }
    }
}

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
