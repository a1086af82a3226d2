//! What hooks and renderers know about a request.

use http::Method;

use crate::{Format, Protocol};

/// The request of a response, as [`map_status`](crate::StatusMapLayer::map_status),
/// [`on_error`](crate::StatusMapLayer::on_error) and [`Render`](crate::Render) see it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's path without the query, as the client has sent it; `*` for `OPTIONS *`, empty for CONNECT.
    pub path: &'a str,
    /// The route that matched, such as `/orders/{id}`: axum's `MatchedPath`, with the feature `axum`. A label for metrics.
    pub route: Option<&'a str>,
    /// The response's `x-request-id`, else the request's, if it matches `[A-Za-z0-9._:+/=-]{1,128}`.
    pub request_id: Option<&'a str>,
    /// The protocol of the request.
    pub protocol: Protocol,
    /// The format that this client reads over plain HTTP.
    pub format: Format,
}
