//! The body of an HTTP response in the format that the client reads, and the fields that describe it.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{self, Entry},
};
use http_body::Body;

use super::{
    body::StatusBody,
    built_in::{BuiltIn, built_in, set_language},
    context::Context,
    json,
    public_problem::{PublicProblem, RequestIds},
    render::{Render, Rendered},
};
use crate::{Format, Status, catalog, fields::list::has_token};

/// The layer's options that concern bodies.
pub(crate) struct RenderOptions<'a> {
    pub(crate) render: Option<&'a dyn Render>,
    pub(crate) negotiated: bool,
    pub(crate) content: Content,
}

/// What happens to the body that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Sent,
    /// Removed from a response to HEAD.
    Removed,
    /// Removed from a response to HEAD, and the content of GET's response is unknown.
    Unknown,
}

/// Writes the body of a status and the fields that describe it, but for `no-store`.
pub(crate) fn write<B: Body>(
    headers: &mut HeaderMap,
    status: &Status,
    context: &Context<'_>,
    options: &RenderOptions<'_>,
) -> StatusBody<B> {
    if !catalog::entry(status.code()).has_content {
        return StatusBody::empty();
    }
    let rendered =
        options.render.and_then(|render| render.render(&status.without_hidden(context.body.expose), context));
    let body = match rendered {
        Some(rendered) => apply_rendered(headers, rendered),
        None => write_built_in(headers, status, context, options.content),
    };
    let _ = headers.try_insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    if options.negotiated {
        add_vary(headers, "accept");
    }
    vary_by_language(headers, context);
    with_content(headers, body, options.content)
}

/// Returns the body. In a response to HEAD, Content-Length is that of GET's response, or absent (RFC 9110 §8.6).
pub(super) fn with_content<B: Body>(headers: &mut HeaderMap, body: Bytes, content: Content) -> StatusBody<B> {
    match content {
        Content::Sent => return StatusBody::written(body),
        Content::Removed => drop(headers.try_insert(header::CONTENT_LENGTH, body.len().into())),
        Content::Unknown => {}
    }
    StatusBody::empty()
}

/// Writes a body in one of the built-in formats, and the fields that describe it.
fn write_built_in(headers: &mut HeaderMap, status: &Status, context: &Context<'_>, becomes: Content) -> Bytes {
    let BuiltIn { content_type, body, language } = built_in(status, context);
    let _ = headers.try_insert(header::CONTENT_TYPE, content_type);
    if context.format == Format::Html {
        // The policy replaces any other: a browser applies all of them, and the page would have no style.
        let _ = headers.try_insert(header::CONTENT_SECURITY_POLICY, context.body.page.content_security_policy());
    }
    // The language of a hidden detail is not that of the body.
    let is_hidden = status.detail().is_some() && status.hides() && !context.body.expose;
    match language {
        // Handlers write English texts, and set the language of any other text.
        Some("en") if becomes == Content::Unknown || !is_hidden && headers.contains_key(header::CONTENT_LANGUAGE) => {}
        Some(language) => set_language(headers, language),
        None => {}
    }
    body
}

/// Writes a problem document without negotiation: for a response that no layer has handled yet.
pub(super) fn write_document<B: Body>(headers: &mut HeaderMap, status: &Status) -> StatusBody<B> {
    if !catalog::entry(status.code()).has_content {
        return StatusBody::empty();
    }
    let _ = headers.try_insert(header::CONTENT_TYPE, json::CONTENT_TYPE);
    let _ = headers.try_insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    StatusBody::document(status.clone(), |status| {
        json::render(&PublicProblem::new(status, false, RequestIds::default()))
    })
}

pub(super) const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Sets the fields of a custom body: each replaces one of the same name.
fn apply_rendered(headers: &mut HeaderMap, rendered: Rendered) -> Bytes {
    let _ = headers.try_insert(header::CONTENT_TYPE, rendered.content_type);
    for name in rendered.headers.keys() {
        headers.remove(name);
        for value in rendered.headers.get_all(name) {
            let _ = headers.try_append(name, value.clone());
        }
    }
    rendered.body
}

/// Adds `Vary: Accept-Language` if the language was negotiated, even if the texts are English.
pub(super) fn vary_by_language(headers: &mut HeaderMap, context: &Context<'_>) {
    if context.body.translate.is_some_and(|translate| translate.languages().len() > 1) {
        add_vary(headers, "accept-language");
    }
}

/// Adds a name to Vary, unless it has it already (RFC 9110 §12.5.5).
fn add_vary(headers: &mut HeaderMap, name: &'static str) {
    if let Ok(Entry::Vacant(vary)) = headers.try_entry(header::VARY) {
        let _ = vary.try_insert(HeaderValue::from_static(name));
        return;
    }
    let varies = |value: &HeaderValue| [name, "*"].iter().any(|name| has_token(value.as_bytes(), name.as_bytes()));
    if !headers.get_all(header::VARY).iter().any(varies) {
        let _ = headers.try_append(header::VARY, HeaderValue::from_static(name));
    }
}
