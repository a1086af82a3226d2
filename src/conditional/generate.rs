//! Entity tags generated from the content of a response (RFC 9110 §8.8.3).

use std::task::Context;

use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body;

use super::etag::ETag;
use crate::{
    fields::list,
    response::{StatusBody, peek::Peeked},
};

/// The options of [`generate_etags`](super::ConditionalLayer::generate_etags).
#[derive(Clone, Copy, Debug)]
pub(super) struct GeneratedETags {
    pub(super) max_bytes: u64,
    pub(super) weak: bool,
}

/// Adds the tag of the content to a response to GET, if all of it is already available.
pub(super) fn with_generated_etag<B: Body>(
    response: Response<B>,
    options: GeneratedETags,
    cx: &mut Context<'_>,
) -> Response<StatusBody<B>> {
    let (mut parts, body) = response.into_parts();
    let size = body.size_hint().exact().filter(|size| *size <= options.max_bytes);
    let size = size.and_then(|size| usize::try_from(size).ok());
    let Some(size) = size.filter(|_| may_have_generated_etag(parts.status, &parts.headers)) else {
        return Response::from_parts(parts, StatusBody::inner(body));
    };
    let body = Peeked::new(body, size, cx);
    if let Some(content) = body.content() {
        let _ = parts.headers.try_insert(header::ETAG, ETag::of_pieces(content, options.weak).into());
    }
    Response::from_parts(parts, body.into())
}

/// A tag of the handler is never replaced, and what nobody may store needs none.
fn may_have_generated_etag(code: StatusCode, response: &HeaderMap) -> bool {
    let cache_control = response.get_all(header::CACHE_CONTROL);
    code == StatusCode::OK
        && !response.contains_key(header::ETAG)
        && !cache_control.iter().any(|line| list::has_token(line.as_bytes(), b"no-store"))
}
