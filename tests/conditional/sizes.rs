//! The memory that a request in flight takes.

use std::{convert::Infallible, future::Ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use tower_status::ConditionalLayer;

type Inner = Ready<Result<Response<Full<Bytes>>, Infallible>>;

#[test]
fn future_is_at_most_160_bytes_larger_than_the_inner_future() {
    let inner = service_fn(|_: Request<()>| -> Inner { std::future::ready(Ok(Response::default())) });
    for layer in [ConditionalLayer::new(), ConditionalLayer::new().generate_etags(1).require_preconditions()] {
        let future = layer.layer(inner).call(Request::new(()));
        let added = size_of_val(&future) - size_of::<Inner>();
        assert!(added <= 160, "{added}");
    }
}
