//! The built-in formats of a body: problem document, page and text.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{context::Context, html, json, public_problem::PublicProblem, text, translate::Translation};
use crate::{Format, Status};

/// A body in one of the built-in formats.
pub(super) struct BuiltIn {
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
    /// `None`: it has texts of the application, whose language is not known.
    pub(super) language: Option<&'static str>,
}

/// Returns the body in the format of the client.
pub(super) fn built_in(status: &Status, context: &Context<'_>) -> BuiltIn {
    let options = &context.body;
    let translation = context.translated_to().map(|to| Translation::new(to, &status.without_hidden(options.expose)));
    let problem = PublicProblem {
        debug: options.debug,
        translation: translation.as_ref(),
        ..PublicProblem::new(status, options.expose, context.ids())
    };
    let (content_type, body) = match context.format {
        Format::Json => (json::CONTENT_TYPE, json::render(&problem)),
        Format::Text => (text::CONTENT_TYPE, text::render(&problem)),
        Format::Html => (html::CONTENT_TYPE, html::render(&problem, options).into()),
    };
    BuiltIn { content_type, body, language: problem.language() }
}

/// Sets Content-Language (RFC 9110 §8.5).
pub(super) fn set_language(headers: &mut HeaderMap, language: &'static str) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from_static(language.as_bytes())) {
        let _ = headers.try_insert(header::CONTENT_LANGUAGE, value);
    }
}
