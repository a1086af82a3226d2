//! Sends a request through a `ConditionalLayer`, alone and with `StatusMapLayer` outside.

use std::{convert::Infallible, fmt::Debug, future::ready};

use bytes::Bytes;
use http::{Request, Response, request::Parts as RequestParts, response::Parts};
use http_body::Body;
use tower::{Layer, Service, service_fn};
use tower_status::{Status, StatusMapLayer, Validators};

use crate::common::{full, header_map, now, read, response};

pub(crate) type Fields = &'static [(&'static str, &'static str)];

/// Sends a request to a service that never waits.
pub(crate) fn send<S, B>(service: &S, request: &Request<()>) -> (Parts, Bytes)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Error: Debug>,
{
    now(async { read(service.clone().call(request.clone()).await.unwrap()).await })
}

/// Sends a request to a service alone, and with `StatusMapLayer` outside.
pub(crate) fn send_twice<S, B>(service: &S, request: &Request<()>) -> [(Parts, Bytes); 2]
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Error: Debug>,
{
    [send(service, request), send(&StatusMapLayer::new().layer(service.clone()), request)]
}

/// Returns the codes of responses.
pub(crate) fn codes(responses: &[(Parts, Bytes); 2]) -> [u16; 2] {
    responses.each_ref().map(|(parts, _)| parts.status.as_u16())
}

/// Returns a handler that responds with this code, these fields and the body `seven`, which is empty for HEAD.
pub(crate) fn handler(
    code: u16,
    fields: Fields,
) -> impl Service<Request<()>, Response = Response<http_body_util::Full<Bytes>>, Error = Infallible, Future: Send> + Clone
{
    service_fn(move |request: Request<()>| {
        let body = if request.method() == http::Method::HEAD { "" } else { "seven" };
        ready(Ok(full(code, fields, body)))
    })
}

/// Returns a source of the validators that [`Validators::from_headers`] reads from these fields.
pub(crate) fn source(
    fields: Option<Fields>,
) -> impl Fn(&RequestParts) -> std::future::Ready<Result<Option<Validators>, Status>> + Clone {
    move |_| ready(Ok(fields.map(|fields| Validators::from_headers(&header_map(fields)))))
}

/// Returns a 200 whose body is pending at its first poll.
pub(crate) fn waits(fields: Fields) -> Response<crate::common::body::Script> {
    use crate::common::body::{Step, data, script};
    response(200, fields, script([Step::Waits, data("seven")]).exact(5))
}
