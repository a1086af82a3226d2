//! A successful gRPC call allocates no more than without the layer.

use std::{
    fmt::Debug,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response};
use http_body::Body;
use tower::{Layer, Service};
use tower_status::Status;

use crate::common::{Fields, request, response, returns_once};
use crate::grpc_inner::{bodies, layer};

/// The fields of a call of grpc-go.
const CALL: [(&str, &str); 7] = [
    ("content-type", "application/grpc+proto"),
    ("te", "trailers"),
    ("user-agent", "grpc-go/1.80.0"),
    ("grpc-timeout", "999m"),
    ("grpc-accept-encoding", "gzip"),
    ("x-request-id", "0198c0de-7000-7000-8000-000000000000"),
    ("authorization", "Bearer 0123456789abcdef"),
];

/// The fields of a call of grpc-web.
const WEB: [(&str, &str); 6] = [
    ("accept", "application/grpc-web-text"),
    ("content-type", "application/grpc-web-text"),
    ("x-grpc-web", "1"),
    ("x-user-agent", "grpc-web-javascript/0.1"),
    ("origin", "https://shop.example"),
    ("accept", "*/*"),
];

/// Builds a call whose values are in the binary.
fn from_static(fields: &[(&'static str, &'static str)]) -> Request<()> {
    let mut request = request("POST", "/", &[]);
    *request.uri_mut() = http::Uri::from_static("/shop.Orders/Get");
    for (name, value) in fields {
        request.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    request
}

/// Builds a call whose values share the buffer that a server read them into.
fn from_buffer(fields: &[(&'static str, &'static str)]) -> Request<()> {
    const PATH: &str = "/shop.Orders/Get";
    let mut block = BytesMut::from(PATH);
    for (_, value) in fields {
        block.extend_from_slice(value.as_bytes());
    }
    let length = block.len();
    block.extend_from_slice(b"the next request");
    let received = block.split_to(length).freeze();
    let mut request = Request::post("/").body(()).unwrap();
    *request.uri_mut() = http::Uri::from_maybe_shared(received.slice(..PATH.len())).unwrap();
    let mut start = PATH.len();
    for (name, value) in fields {
        let value = HeaderValue::from_maybe_shared(received.slice(start..start + value.len())).unwrap();
        start += value.len();
        request.headers_mut().append(*name, value);
    }
    request
}

/// Returns the allocations of one call and of reading its response.
fn drive<S, B>(mut service: S, request: Request<()>) -> u64
where
    S: Service<Request<()>, Response = Response<B>, Error: Debug>,
    B: Body<Data = Bytes, Error = &'static str>,
{
    let cx = &mut Context::from_waker(Waker::noop());
    measure(|| {
        let Poll::Ready(Ok(())) = service.poll_ready(cx) else { panic!("not ready") };
        let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(cx) else { panic!("no response") };
        let mut body = pin!(response.into_body());
        // An endless body stays pending.
        for _ in 0..20 {
            match body.as_mut().poll_frame(cx) {
                Poll::Pending => {}
                Poll::Ready(Some(frame)) => drop(frame.unwrap()),
                Poll::Ready(None) => break,
            }
        }
    })
    .count_total
}

#[test]
fn a_success_allocates_as_much_as_without_the_layer() {
    let layers = [
        ("default", layer()),
        ("on_error", layer().on_error(|_, _| panic!("called for a success"))),
        ("map_status", layer().map_status(|_, _| panic!("called for a success"))),
        ("fill(false)", layer().fill(false)),
    ];
    #[rustfmt::skip]
    let heads: [Fields<'_>; 4] = [
        &[("content-type", "application/grpc+proto")],
        &[("content-type", "application/grpc"), ("grpc-status", "0")],
        &[("content-type", "application/grpc-web+proto"), ("grpc-encoding", "identity")],
        &[],
    ];
    for (layer_name, layer) in &layers {
        for (call_name, call) in [("gRPC", &CALL[..]), ("gRPC-Web", &WEB)] {
            for (request_name, request) in [("static", from_static(call)), ("shared", from_buffer(call))] {
                for fields in heads {
                    // `drive` unwraps every frame, so no body may fail.
                    for (body_name, body) in bodies().into_iter().filter(|(name, _)| *name != "failing") {
                        let bare = response(200, fields, body.clone());
                        let mut extended = response(200, fields, body);
                        // The layer may allocate neither for empty extensions nor for those that have an entry.
                        extended.extensions_mut().insert(7_u8);
                        for inner in [bare, extended] {
                            let row = format!("{layer_name} {call_name} {request_name} {fields:?} {body_name}");
                            let inner = || returns_once(Ok::<_, Status>(inner.clone()));
                            let without = drive(inner(), request.clone());
                            let with = drive(layer.layer(inner()), request.clone());
                            assert_eq!(with, without, "{row}");
                        }
                    }
                }
            }
        }
    }
}
