//! Entity tags that are made from the content.

use std::{convert::Infallible, fmt::Write, hash::Hasher, hint::black_box};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Full};
use sha2::{Digest, Sha256};
use tower::{Layer, Service};
use tower_status::ConditionalLayer;
use twox_hash::XxHash3_128;

use super::{CURL, Table, pass::asked, repeated};
use crate::{
    Run,
    service::{Pieces, answering, call, now, read, request},
};

const FRAME: usize = 16 * 1024;

pub(crate) fn tag(table: &mut Table) {
    for (work, size, frame) in [
        ("1 KiB", 1 << 10, 1 << 10),
        ("64 KiB in one frame", 64 << 10, 64 << 10),
        ("64 KiB in frames", 64 << 10, FRAME),
        ("1 MiB in one frame", 1 << 20, 1 << 20),
        ("1 MiB in frames", 1 << 20, FRAME),
    ] {
        table.work("generated tag", work);
        let inner = move || {
            let pieces = Pieces::of(&content(size), frame);
            answering(move || Ok::<_, Infallible>(text(pieces.clone())))
        };
        table.by("floor: XXH3 on a slice", move || {
            let content = content(size);
            repeated(move || XxHash3_128::oneshot(black_box(&content)))
        });
        table.by("base: not tagged", move || asked(CURL, inner()));
        let layer = ConditionalLayer::new().generate_etags(1 << 20);
        table.by("tower-status", move || asked(CURL, layer.layer(inner())));
        // What no hash can be faster than.
        table.by("collect, no hash", move || collected(inner(), |_| 0));
        table.by("collect, XXH3", move || collected(inner(), XxHash3_128::oneshot));
        table.by("collect, FNV", move || collected(inner(), fnv));
        table.by("collect, SHA-256", move || collected(inner(), sha256));
    }
}

/// An answer that is not without fields: no handler's is, and the first one costs more than all others.
fn text(body: Pieces) -> Response<Pieces> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn content(size: usize) -> Bytes {
    (0..=250_u8).cycle().take(size).collect()
}

fn fnv(content: &[u8]) -> u128 {
    let mut hasher = fnv::FnvHasher::default();
    hasher.write(content);
    hasher.finish().into()
}

fn sha256(content: &[u8]) -> u128 {
    let (first, _) = Sha256::digest(content).split_first_chunk().map(|(first, rest)| (*first, rest.len())).unwrap();
    u128::from_be_bytes(first)
}

/// As a middleware of `axum::middleware::from_fn` does it, without its boxes.
fn collected<S>(mut service: S, hash: impl Fn(&[u8]) -> u128 + 'static) -> Run
where
    S: Service<http::Request<()>, Response = Response<Pieces>, Error = Infallible> + 'static,
{
    let request = request(CURL);
    repeated(move || {
        let (mut parts, body) = call(&mut service, request.clone()).into_parts();
        let content = now(body.collect()).unwrap().to_bytes();
        let mut tag = String::with_capacity(48);
        write!(tag, "\"{:032x}-{:x}\"", hash(&content), content.len()).unwrap();
        parts.headers.insert(header::ETAG, HeaderValue::try_from(tag).unwrap());
        read(Response::from_parts(parts, Full::new(content)))
    })
}
