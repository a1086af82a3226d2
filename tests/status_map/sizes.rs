//! The memory that the layer adds to a request in flight and to a body.

use std::{convert::Infallible, future::Ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service};
use tower_status::{StatusBody, StatusMapLayer};

use crate::common::{body::Script, returns};

type Inner = Ready<Result<Response<Full<Bytes>>, Infallible>>;

/// The options, which all requests share, do not change the size.
#[test]
fn a_future_is_at_most_250_bytes_larger_than_the_inner_future() {
    let options = StatusMapLayer::new().map_status(|status, _| status).on_error(|_, _| {}).default_challenge("Basic");
    for layer in [StatusMapLayer::new(), options] {
        let inner = returns(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
        let future = layer.layer(inner).call(Request::new(()));
        let added = size_of_val(&future) - size_of::<Inner>();
        assert!(added <= 250, "{added} bytes");
    }
}

#[test]
fn a_body_is_at_most_16_bytes_larger_than_the_inner_body() {
    fn added<B: Body>() -> usize {
        size_of::<StatusBody<B>>() - size_of::<B>()
    }
    let added = [added::<Full<Bytes>>(), added::<Script>(), added::<String>()];
    assert!(added.iter().all(|added| *added <= 16), "{added:?} bytes");
}
