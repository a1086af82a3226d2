//! The memory that the layer adds to a request in flight and to a body.

use std::{convert::Infallible, future::Ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tower::{Layer, Service};
use tower_status::{StatusBody, StatusMapLayer};

use crate::common::{body::Script, returns};

type Inner = Ready<Result<Response<Full<Bytes>>, Infallible>>;

/// Also with every option: options are shared by all requests.
#[test]
fn a_future_is_at_most_200_bytes_larger_than_the_inner_future() {
    let options = StatusMapLayer::new().map_status(|status, _| status).on_error(|_, _| {}).default_challenge("Basic");
    for layer in [StatusMapLayer::new(), options] {
        let inner = returns(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
        let future = layer.layer(inner).call(Request::new(()));
        let added = size_of_val(&future) - size_of::<Inner>();
        assert!(added <= 200, "{added} bytes");
    }
}

#[test]
fn a_body_is_at_most_16_bytes_larger_than_the_inner_body() {
    let added = [
        size_of::<StatusBody<Full<Bytes>>>() - size_of::<Full<Bytes>>(),
        size_of::<StatusBody<Script>>() - size_of::<Script>(),
        // The bytes that the layer writes replace a smaller body.
        size_of::<StatusBody<Empty<Bytes>>>() - size_of::<Bytes>(),
        size_of::<StatusBody<String>>() - size_of::<Bytes>(),
    ];
    assert!(added.iter().all(|added| *added <= 16), "{added:?} bytes");
}
