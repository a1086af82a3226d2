//! What hooks and renderers know about a request.

use http::{Method, uri::PathAndQuery};

use crate::{Format, Protocol};

/// The request that an answer belongs to, as [`map_status`](crate::StatusMapLayer::map_status),
/// [`on_error`](crate::StatusMapLayer::on_error) and [`Render`](crate::Render) see it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's path, without the query; `*` of `OPTIONS *`, empty of CONNECT.
    pub path: &'a str,
    /// The response's `x-request-id`, else the request's, if it matches `[A-Za-z0-9._:+/=-]{1,128}`.
    pub request_id: Option<&'a str>,
    /// What the request speaks.
    pub protocol: Protocol,
    /// The form that this client reads, where it speaks plain HTTP.
    pub format: Format,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        method: &'a Method,
        path: Option<&'a PathAndQuery>,
        request_id: Option<&'a str>,
        protocol: Protocol,
        format: Format,
    ) -> Self {
        Self { method, path: path.map_or("", PathAndQuery::path), request_id, protocol, format }
    }
}
