//! The information about a request that hooks and renderers get.

use std::fmt;

use http::Method;

use super::capture::Captured;
use super::{DebugReport, Page, RequestIds, Translate, translate::Language};
use crate::{Format, Protocol};

/// The request of a response, as [`map_status`](crate::StatusMapLayer::map_status),
/// [`on_error`](crate::StatusMapLayer::on_error) and [`Render`](crate::Render) see it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's path without the query, as the client has sent it; `*` for `OPTIONS *`, empty for CONNECT.
    pub path: &'a str,
    /// The route that matched, such as `/orders/{id}`: axum's `MatchedPath`, with the feature `axum`. A label for metrics.
    pub route: Option<&'a str>,
    /// The id in `x-request-id`, or in the field of [`request_id_header`](crate::StatusMapLayer::request_id_header): that of
    /// the response, else of the request, if it matches `[A-Za-z0-9._:+/=-]{1,128}`.
    pub request_id: Option<&'a str>,
    /// The trace id of the request's `traceparent` (W3C Trace Context).
    pub trace_id: Option<&'a str>,
    /// The protocol of the request.
    pub protocol: Protocol,
    /// The format that this client reads over plain HTTP.
    pub format: Format,
    /// The language that this client prefers, of those of [`translate`](crate::StatusMapLayer::translate).
    pub language: Option<&'static str>,
    pub(crate) captured: Option<&'a Captured>,
    pub(crate) body: BodyOptions<'a>,
}

/// The inputs of a body beside its status.
#[derive(Clone, Copy)]
pub(crate) struct BodyOptions<'a> {
    /// The application's additions to the page.
    pub(crate) page: &'a Page,
    /// Whether loading the address again repeats the request.
    pub(crate) can_reload: bool,
    /// The delay of the response's Retry-After, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// Whether clients see hidden details.
    pub(crate) expose: bool,
    pub(crate) debug: Option<&'a DebugReport>,
    pub(crate) translate: Option<&'a dyn Translate>,
}

impl<'a> Context<'a> {
    /// Returns the language of the client, if the application translates.
    pub(crate) fn translated_to(&self) -> Option<Language<'a>> {
        Some(Language { translate: self.body.translate?, tag: self.language? })
    }

    pub(crate) fn ids(&self) -> RequestIds<'a> {
        RequestIds { request: self.request_id, trace: self.trace_id }
    }

    /// Returns the value of this type that [`capture`](crate::StatusMapLayer::capture) has kept; `None` if there is none.
    pub fn captured<T: 'static>(&self) -> Option<&'a T> {
        self.captured?.get()
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("route", &self.route)
            .field("request_id", &self.request_id)
            .field("trace_id", &self.trace_id)
            .field("protocol", &self.protocol)
            .field("format", &self.format)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}
