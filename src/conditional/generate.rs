//! Entity tags generated from the content of a response (RFC 9110 §8.8.3).

use std::task::Context;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body;

use super::etag::ETag;
use crate::response::{StatusBody, caching, peek::Peeked};

/// The options of [`generate_etags`](crate::ConditionalLayer::generate_etags).
#[derive(Clone, Copy, Debug)]
pub(super) struct GeneratedETags {
    pub(super) max_bytes: u64,
    pub(super) weak: bool,
}

/// Whether the layer knows if a response has a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generated {
    /// It does: the tag was added, or the response has none.
    Known,
    /// It does not: the response to a GET may have one, or the content is not available yet.
    Unknown,
}

impl GeneratedETags {
    /// Adds the tag of the content to a response to GET or QUERY, if all of it is already available.
    pub(super) fn add_to<B: Body>(
        self,
        response: Response<B>,
        hasher: Option<&impl Fn(&[Bytes]) -> Option<ETag>>,
        cx: &mut Context<'_>,
    ) -> (Response<StatusBody<B>>, Generated) {
        let (mut parts, body) = response.into_parts();
        let size = body.size_hint().exact().filter(|size| *size <= self.max_bytes);
        let size = size.and_then(|size| usize::try_from(size).ok());
        let Some(size) = size.filter(|_| may_have_generated_etag(parts.status, &parts.headers)) else {
            return (Response::from_parts(parts, StatusBody::inner(body)), Generated::Known);
        };
        let body = Peeked::new(body, size, cx);
        let generated = match (body.content(), hasher) {
            (None, _) => Generated::Unknown,
            (Some(content), hasher) => {
                let etag = match hasher {
                    None => Some(ETag::of_frames(content.map(Bytes::as_ref), self.weak)),
                    Some(hasher) => hasher(&content.cloned().collect::<Vec<_>>()),
                };
                if let Some(etag) = etag {
                    let _ = parts.headers.try_insert(header::ETAG, etag.into());
                }
                Generated::Known
            }
        };
        (Response::from_parts(parts, body.into()), generated)
    }

    /// Returns whether the response to GET could have a tag that the response to HEAD lacks.
    pub(super) fn of_head<B: Body>(self, response: &Response<B>) -> Generated {
        let length = response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let length = length.unwrap_or(0).max(response.body().size_hint().lower());
        let is_too_long = length > self.max_bytes;
        if may_have_generated_etag(response.status(), response.headers()) && !is_too_long {
            Generated::Unknown
        } else {
            Generated::Known
        }
    }
}

/// Returns whether a tag may be added: one of the handler is never replaced, and a response that must not be stored needs
/// none.
fn may_have_generated_etag(code: StatusCode, response: &HeaderMap) -> bool {
    code == StatusCode::OK && !response.contains_key(header::ETAG) && !caching::has_no_store(response)
}
