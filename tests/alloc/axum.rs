//! Under axum: `Router::layer` boxes the body of every layer; `StatusMapLayer` allocates nothing beyond that.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use allocation_counter::{AllocationInfo, measure};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, header},
    routing::get,
};
use http_body::{Frame, SizeHint};
use tower::{Layer, Service, layer::util::Identity, service_fn};
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_status::{Status, StatusMapLayer};

/// The smallest wrapper of a body.
struct Wrapped(Body);

impl http_body::Body for Wrapped {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// Builds a request whose Accept is static: cloning a value with its own buffer would allocate.
fn get_request(target: &str, accept: &'static str) -> Request<Body> {
    Request::get(target).header(header::ACCEPT, HeaderValue::from_static(accept)).body(Body::empty()).unwrap()
}

/// Returns the allocations of one request and of reading its response.
fn cost<S, B>(service: &mut S, request: &dyn Fn() -> Request<Body>) -> AllocationInfo
where
    S: Service<Request<Body>, Response = Response<B>, Error: std::fmt::Debug>,
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let cx = &mut Context::from_waker(Waker::noop());
    let mut once = |request| {
        measure(|| {
            let Poll::Ready(Ok(())) = service.poll_ready(cx) else { panic!("not ready") };
            let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(cx) else { panic!("no response") };
            let mut body = pin!(response.into_body());
            while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(cx) {
                drop(frame.unwrap());
            }
        })
    };
    once(request()); // the first request may initialize statics
    once(request())
}

#[test]
fn a_success_allocates_as_much_as_with_any_layer_of_the_router() {
    let app = || Router::<()>::new().route("/orders/{id}", get(async || "seven tulips"));
    let ask = || get_request("/orders/7", "text/html,*/*;q=0.8");
    let identity = cost(&mut app().layer(Identity::new()), &ask).count_total;
    let stateless = cost(&mut app().layer(MapResponseBodyLayer::new(Wrapped)), &ask).count_total;
    let options = Arc::new(7);
    let wrap = move |body| {
        assert_eq!(*options, 7);
        Wrapped(body)
    };
    let wrapped = cost(&mut app().layer(MapResponseBodyLayer::new(wrap)), &ask).count_total;
    let mapped = cost(&mut app().layer(StatusMapLayer::new()), &ask).count_total;
    let hooked = StatusMapLayer::new().on_error(|_, _| ()).map_status(|status, _| status);
    let hooked = cost(&mut app().layer(hooked), &ask).count_total;
    // `Router::layer` boxes a body that a layer wraps; and for each request it clones the Box of its layer, which is an
    // allocation if the layer has state, such as options.
    assert_eq!((stateless, wrapped), (identity + 1, identity + 2), "axum has changed");
    assert_eq!((mapped, hooked), (wrapped, wrapped));
    // Around the whole router there is no Box.
    let around = cost(&mut StatusMapLayer::new().layer(app()), &ask).count_total;
    assert_eq!(around, cost(&mut app(), &ask).count_total);
}

#[test]
fn a_status_is_rendered_once_also_where_its_length_is_needed() {
    const LENGTH: usize = 1 << 20;
    let long = || Status::not_found().with_detail("x".repeat(LENGTH)).with_extension("secret", 7);
    for accept in ["*/*", "text/html", "text/plain"] {
        let ask = || get_request("/", accept);
        // An error is rendered once, by the layer.
        let mut error =
            StatusMapLayer::new().layer(service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(long())));
        let once = cost(&mut error, &ask).bytes_total;
        let app = || Router::<()>::new().route("/", get(async move || long()));
        let apps = [
            ("a layer", app().layer(StatusMapLayer::new())),
            ("two layers", app().layer(StatusMapLayer::new()).layer(StatusMapLayer::new())),
            ("nested", Router::new().nest("/in", app().layer(StatusMapLayer::new())).layer(StatusMapLayer::new())),
        ];
        for (name, mut app) in apps {
            let uri = if name == "nested" { "/in" } else { "/" };
            let bytes = cost(&mut app, &|| get_request(uri, accept)).bytes_total;
            assert!(bytes >= once && bytes - once < LENGTH as u64 / 2, "{name}, {accept}: {bytes}, once is {once}");
        }
    }
    // Without a layer: axum needs its length before it is read.
    let json = cost(
        &mut StatusMapLayer::new().layer(service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(long()))),
        &|| get_request("/", "*/*"),
    )
    .bytes_total;
    let mut bare = Router::<()>::new().route("/", get(async move || long()));
    let bytes = cost(&mut bare, &|| get_request("/", "*/*")).bytes_total;
    assert!(bytes < json + LENGTH as u64 / 2, "{bytes}, once is {json}");
}
