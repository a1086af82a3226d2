//! Bodies that an application writes.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    built_in::{BuiltIn, built_in, set_language},
    context::Context,
};
use crate::{Format, Status, warning::warning};

/// Writes bodies in an application's own form, for plain HTTP; gRPC statuses have one form only.
///
/// The status that it gets has no source, and for a hidden 5xx neither a detail nor extension members, except public ones.
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
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
}

impl Rendered {
    /// Creates a body with this media type.
    pub fn new(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { content_type, body: body.into(), headers: HeaderMap::new() }
    }

    /// Adds a header field; one of the same name that the response already has is replaced.
    ///
    /// A malformed name or value is dropped with a warning.
    pub fn with_header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match (name.try_into(), value.try_into()) {
            // The policy of the built-in page is replaced, because a browser would apply both.
            (Ok(name), Ok(value)) if name == header::CONTENT_SECURITY_POLICY || name == header::CONTENT_LANGUAGE => {
                let _ = self.headers.try_insert(name, value);
            }
            (Ok(name), Ok(value)) => drop(self.headers.try_append(name, value)),
            _ => warning!("dropped a malformed header field of a rendered body"),
        }
        self
    }

    /// Returns the built-in page, problem document or text, which is sent without a [`Render`], to change or wrap its
    /// [`body`](Self::body).
    ///
    /// # Example: a banner above the page
    ///
    /// ```
    /// use http::HeaderValue;
    /// use tower_status::{Context, Format, Render, Rendered, Status, StatusMapLayer};
    ///
    /// struct Banner;
    ///
    /// impl Render for Banner {
    ///     fn render(&self, status: &Status, context: &Context<'_>) -> Option<Rendered> {
    ///         if context.format != Format::Html {
    ///             return None;
    ///         }
    ///         let page = Rendered::built_in(status, context);
    ///         let html = String::from_utf8_lossy(page.body()).replacen("<main>", "<p>Maintenance tonight</p>\n<main>", 1);
    ///         Some(page.with_body(html))
    ///     }
    /// }
    ///
    /// let layer = StatusMapLayer::new().render(Banner);
    /// ```
    pub fn built_in(status: &Status, context: &Context<'_>) -> Self {
        let BuiltIn { content_type, body, language } = built_in(status, context);
        let mut headers = HeaderMap::new();
        if context.format == Format::Html {
            let _ = headers.try_insert(header::CONTENT_SECURITY_POLICY, context.body.page.content_security_policy());
        }
        if let Some(language) = language {
            set_language(&mut headers, language);
        }
        Self { content_type, body, headers }
    }

    /// Replaces the body, and keeps the media type and the header fields.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Returns the body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}
