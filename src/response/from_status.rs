//! A [`Status`] as a complete response, without a layer.

use bytes::Bytes;
use http::{Response, Version, header, response};
use http_body::Body;
use http_body_util::Empty;

use super::{
    body::StatusBody, caching, code_change, headers, keep_body::KeepBody, reason_phrase::remove_reason_phrase,
    record::Record, representation::write_document,
};
use crate::{Status, fields::X_REQUEST_ID};

impl Status {
    /// Returns a complete response: code, header fields, and a problem document (RFC 9457) as the body.
    ///
    /// A [`StatusMapLayer`](crate::StatusMapLayer) outside writes it in the format that the client reads, and reports it.
    /// Without that layer nothing logs what a 5xx hides. With the feature `axum`, `into_response` does the same.
    ///
    /// # Example: an error response of a hyper service
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// let response = Status::not_found().with_detail("order 8 does not exist").into_http_response();
    /// assert_eq!(response.status(), 404);
    /// assert_eq!(response.headers()["content-type"], "application/problem+json");
    /// assert_eq!(response.headers()["cache-control"], "no-store");
    /// ```
    pub fn into_http_response(self) -> Response<StatusBody<Empty<Bytes>>> {
        from_status(self, Response::new(()).into_parts().0)
    }
}

/// Builds a complete response in place of a response with another code, and keeps only those of its fields that do not
/// depend on the code.
pub(crate) fn replace_response<B: Body>(status: Status, mut parts: response::Parts) -> Response<StatusBody<B>> {
    remove_reason_phrase(&mut parts.extensions);
    // It is about the body that is replaced.
    parts.extensions.remove::<KeepBody>();
    let no_store = caching::has_no_store(&parts.headers);
    code_change::retain(&mut parts.headers, &[], &X_REQUEST_ID);
    if no_store {
        caching::keep_no_store(&mut parts.headers);
    }
    from_status(status, parts)
}

/// Builds a complete response from a status and the head that it is added to.
pub(crate) fn from_status<B: Body>(status: Status, mut parts: response::Parts) -> Response<StatusBody<B>> {
    let (code, status) = (status.code(), status.sent_on());
    headers::apply(&mut parts.headers, status.headers());
    let mut filled_in = headers::add_required(&mut parts.headers, code, None, Version::HTTP_11);
    filled_in.no_store = caching::set_no_store(&mut parts.headers, code);
    let body = write_document(&mut parts.headers, &status);
    parts.status = code;
    let mut response = Response::from_parts(parts, body);
    Record::insert(&mut response, status, filled_in, false);
    response
}

/// Removes the body of a response to HEAD, and keeps the length of GET's (RFC 9110 §8.6, §9.3.2).
pub(crate) fn without_body<B: Body>(response: Response<StatusBody<B>>) -> Response<StatusBody<B>> {
    let (mut parts, body) = response.into_parts();
    // The empty body of a 304 does not have the length of the 200.
    let length = body.size_hint().exact().filter(|length| *length > 0);
    if let Some(length) = length.filter(|_| !parts.headers.contains_key(header::CONTENT_LENGTH)) {
        let _ = parts.headers.try_insert(header::CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, StatusBody::empty())
}
