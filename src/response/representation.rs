//! The body of an HTTP response in the format that the client reads, and the fields that describe it.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{self, Entry},
};
use http_body::Body;

use super::{
    body::StatusBody,
    caching,
    context::Context,
    html::{self, Page, PageRequest},
    json,
    public_problem::PublicProblem,
    render::{Render, Rendered},
    text,
};
use crate::{
    Format, Status, catalog,
    fields::{list::has_token, retry_after},
};

/// The layer's options that concern bodies.
pub(crate) struct RenderOptions<'a> {
    pub(crate) render: Option<&'a dyn Render>,
    pub(crate) expose: bool,
    pub(crate) negotiated: bool,
    pub(crate) content: Content,
    /// What the application adds to the page.
    pub(crate) page: &'a Page,
    /// Whether loading the address again repeats the request.
    pub(crate) can_reload: bool,
}

/// What becomes of the body that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Sent,
    /// Removed from a response to HEAD.
    Removed,
    /// Removed from a response to HEAD, and the content of GET's response is unknown.
    Unknown,
}

/// Writes the body of a status and the fields that describe it.
pub(crate) fn write<B: Body>(
    headers: &mut HeaderMap,
    status: &Status,
    context: &Context<'_>,
    options: &RenderOptions<'_>,
) -> StatusBody<B> {
    let code = status.code();
    if !catalog::entry(code).has_content {
        return StatusBody::empty();
    }
    let rendered = options.render.and_then(|render| render.render(&status.without_hidden(options.expose), context));
    let body = match rendered {
        Some(rendered) => apply_rendered(headers, rendered),
        None => write_built_in(headers, status, context, options),
    };
    caching::set_no_store(headers, code);
    let _ = headers.try_insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    if options.negotiated {
        vary_by_accept(headers);
    }
    with_content(headers, body, options.content)
}

/// Returns the body. RFC 9110 §8.6: to HEAD, Content-Length is that of GET's response, or absent.
pub(super) fn with_content<B: Body>(headers: &mut HeaderMap, body: Bytes, content: Content) -> StatusBody<B> {
    match content {
        Content::Sent => return StatusBody::written(body),
        Content::Removed => drop(headers.try_insert(header::CONTENT_LENGTH, body.len().into())),
        Content::Unknown => {}
    }
    StatusBody::empty()
}

/// Writes a body in one of the built-in formats, and the fields that describe it.
fn write_built_in(
    headers: &mut HeaderMap,
    status: &Status,
    context: &Context<'_>,
    options: &RenderOptions<'_>,
) -> Bytes {
    let problem = PublicProblem::new(status, options.expose, context.request_id);
    let (content_type, body) = match context.format {
        Format::Json => (json::CONTENT_TYPE, json::render(&problem)),
        Format::Text => (text::CONTENT_TYPE, text::render(&problem)),
        Format::Html => {
            let retry_after = retry_after(headers).map(|delay| delay.as_secs());
            let request = PageRequest { page: options.page, can_reload: options.can_reload, retry_after };
            (html::CONTENT_TYPE, html::render(&problem, &request).into())
        }
    };
    let _ = headers.try_insert(header::CONTENT_TYPE, content_type);
    if context.format == Format::Html {
        // Beside another policy the page would have no style: a browser applies all of them.
        let _ = headers.try_insert(header::CONTENT_SECURITY_POLICY, options.page.content_security_policy());
    }
    // The language of a hidden detail is not that of the body.
    let is_masked = status.detail().is_some() && status.hides() && !options.expose;
    let is_english = options.content != Content::Unknown && problem.is_bare();
    if is_english && (is_masked || !headers.contains_key(header::CONTENT_LANGUAGE)) {
        let _ = headers.try_insert(header::CONTENT_LANGUAGE, ENGLISH);
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
    StatusBody::document(status.clone(), |status| json::render(&PublicProblem::new(status, false, None)))
}

pub(super) const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const ENGLISH: HeaderValue = HeaderValue::from_static("en");

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

/// Adds `Vary: Accept`, unless it is there (RFC 9110 §12.5.5).
fn vary_by_accept(headers: &mut HeaderMap) {
    const ACCEPT: HeaderValue = HeaderValue::from_static("accept");
    if let Ok(Entry::Vacant(vary)) = headers.try_entry(header::VARY) {
        let _ = vary.try_insert(ACCEPT);
        return;
    }
    let varies = |value: &HeaderValue| [&b"accept"[..], b"*"].iter().any(|name| has_token(value.as_bytes(), name));
    if !headers.get_all(header::VARY).iter().any(varies) {
        let _ = headers.try_append(header::VARY, ACCEPT);
    }
}
