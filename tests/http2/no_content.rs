//! Responses without content (RFC 9110 §6.4.1) have no DATA frame. A compression layer outside compresses an empty body of
//! unknown size, and the client would see a `PROTOCOL_ERROR` (RFC 9113 §8.1.1).

use std::{
    fmt::Debug,
    future::{Ready, ready},
};

use axum::{Router, body::Body, routing::any};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header, request, response::Parts};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::{compression::CompressionLayer, decompression::Decompression};
use tower_status::{BoxError, ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators};

use crate::common::{
    Fields,
    body::{data, script},
    code,
    connection::{Client, http2},
    field, request as build_request,
};

/// Longer than the 32 bytes below which tower-http compresses nothing.
const TEXT: &str = "seven tulips, seven tulips, seven tulips, seven tulips";
const LENGTH: &str = "54";

// ----- handlers -----

/// Returns the outcome that the path names: `/200/text` is a 200 with a text of known size, `/error/404` an error with
/// this status.
fn handle(request: &request::Parts) -> Result<Response<Body>, Status> {
    let (first, second) = request.uri.path().trim_start_matches('/').split_once('/').unwrap_or_default();
    match first {
        "" => Ok(response(404, "empty")),
        "checked" => {
            let tag = ETag::weak("v1").map_err(Status::from_error)?;
            Preconditions::new(&request.method, &request.headers).check(Some(&Validators::new().with_etag(tag)))?;
            Ok(response(200, "text"))
        }
        "error" => Err(error(second.parse().unwrap())),
        number => Ok(response(number.parse().unwrap(), second)),
    }
}

fn error(number: u16) -> Status {
    match number {
        300 => Status::multiple_choices(["/orders/1", "/orders/2"]),
        301 => Status::moved_permanently("/orders"),
        303 => Status::see_other("/orders"),
        307 => Status::temporary_redirect("/orders"),
        308 => Status::permanent_redirect("/orders"),
        number => Status::new(code(number)).with_detail("there is no such order, there is no such order"),
    }
}

/// Builds a response with a body of this kind.
fn response(number: u16, kind: &str) -> Response<Body> {
    let mut response = Response::new(match kind {
        "empty" | "removed" => Body::empty(),
        "empty-stream" => Body::new(script([])),
        "stream" => Body::new(script([data(TEXT)])),
        _ => TEXT.into(),
    });
    *response.status_mut() = code(number);
    let headers = response.headers_mut();
    if kind != "empty" {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    }
    if kind == "coded" {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if matches!(number, 200 | 304) {
        headers.insert(header::ETAG, HeaderValue::from_static("W/\"v1\""));
    }
    if number == 302 {
        headers.insert(header::LOCATION, HeaderValue::from_static("/orders"));
    }
    response
}

fn complete(outcome: Result<Response<Body>, Status>) -> Response<Body> {
    outcome.unwrap_or_else(|status| status.into_http_response().map(Body::new))
}

/// Removes the body of a response to HEAD, which hyper would send. axum removes it outside of its layers.
fn without_body_for_head(method: &Method, response: Response<Body>) -> Response<Body> {
    if *method != Method::HEAD {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        parts.headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, Body::empty())
}

// ----- servers -----

#[derive(Clone, Copy, Debug, PartialEq)]
enum Server {
    Hyper,
    Axum,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layers {
    StatusMap,
    Conditional,
    /// A source of validators, which decides before the handler.
    Source,
    Both,
}

/// Serves the handlers with compression outermost.
async fn serve(server: Server, layers: Layers) -> Client {
    if server == Server::Axum {
        let router = Router::new()
            .route("/{*path}", any(async |request: Request<Body>| complete(handle(&request.into_parts().0))));
        let compression = CompressionLayer::new();
        return http2(match layers {
            Layers::StatusMap => router.layer((compression, StatusMapLayer::new())),
            Layers::Conditional => router.layer((compression, conditional())),
            Layers::Source => router.layer((compression, conditional().validators(source))),
            Layers::Both => router.layer((compression, StatusMapLayer::new(), conditional())),
        })
        .await;
    }
    let fallible = service_fn(async |request: Request<Incoming>| {
        let (parts, _) = request.into_parts();
        handle(&parts).map(|response| without_body_for_head(&parts.method, response))
    });
    let infallible = service_fn(async |request: Request<Incoming>| {
        let (parts, _) = request.into_parts();
        Ok::<_, BoxError>(without_body_for_head(&parts.method, complete(handle(&parts))))
    });
    let compression = ServiceBuilder::new().layer(CompressionLayer::new());
    match layers {
        Layers::StatusMap => http2(compression.layer(StatusMapLayer::new()).service(fallible)).await,
        Layers::Conditional => http2(compression.layer(conditional()).service(infallible)).await,
        Layers::Source => http2(compression.layer(conditional().validators(source)).service(infallible)).await,
        Layers::Both => http2(compression.layer(StatusMapLayer::new()).layer(conditional()).service(fallible)).await,
    }
}

fn conditional() -> ConditionalLayer {
    ConditionalLayer::new().require_preconditions()
}

fn source(_: &request::Parts) -> Ready<Result<Option<Validators>, Status>> {
    ready(ETag::weak("v1").map(|tag| Some(Validators::new().with_etag(tag))).map_err(Status::from_error))
}

// ----- rows -----

/// The Content-Length of a response.
#[derive(Clone, Copy)]
enum Length {
    /// Absent; with axum `0`, which it adds to a body that is known to be empty.
    Absent,
    Is(&'static str),
    /// That of the response to GET without a content coding.
    OfGet,
    /// Absent because the content is compressed.
    Compressed,
}
use Length::{Absent, Compressed, Is, OfGet};

struct Row {
    method: &'static str,
    path: &'static str,
    fields: Fields<'static>,
    code: u16,
    length: Length,
}

const fn row(method: &'static str, path: &'static str, fields: Fields<'static>, code: u16, length: Length) -> Row {
    Row { method, path, fields, code, length }
}

const CURRENT: Fields<'static> = &[("if-none-match", "W/\"v1\"")];
const STALE: Fields<'static> = &[("if-match", "\"v0\"")];

/// Returns the rows for `ConditionalLayer`.
static CONDITIONAL: [Row; 13] = [
    row("GET", "/200/text", CURRENT, 304, Is(LENGTH)),
    row("HEAD", "/200/text", CURRENT, 304, Is(LENGTH)),
    row("GET", "/200/stream", CURRENT, 304, Absent),
    row("HEAD", "/200/stream", CURRENT, 304, Absent),
    row("GET", "/200/coded", CURRENT, 304, Absent),
    row("HEAD", "/200/coded", CURRENT, 304, Absent),
    row("GET", "/checked/", CURRENT, 304, Absent),
    row("HEAD", "/checked/", CURRENT, 304, Absent),
    row("GET", "/200/text", STALE, 412, Compressed),
    row("HEAD", "/200/text", STALE, 412, OfGet),
    row("GET", "/200/stream", STALE, 412, Compressed),
    row("HEAD", "/200/stream", STALE, 412, OfGet),
    row("PUT", "/200/text", &[], 428, Compressed),
];

/// Returns the rows for a source, which does not know the length of the 200.
static SOURCE: [Row; 6] = [
    row("GET", "/200/text", CURRENT, 304, Absent),
    row("HEAD", "/200/text", CURRENT, 304, Absent),
    row("GET", "/200/text", STALE, 412, Compressed),
    row("HEAD", "/200/text", STALE, 412, OfGet),
    row("PUT", "/200/text", STALE, 412, Compressed),
    row("PUT", "/200/text", &[], 428, Compressed),
];

/// Returns the rows for `StatusMapLayer`: responses and errors of handlers, and responses of a router.
static STATUS_MAP: [Row; 38] = [
    row("GET", "/204/empty", &[], 204, Absent),
    row("HEAD", "/204/empty", &[], 204, Absent),
    row("GET", "/204/empty-stream", &[], 204, Absent),
    row("GET", "/204/text", &[], 204, Absent),
    row("GET", "/204/stream", &[], 204, Absent),
    row("GET", "/204/coded", &[], 204, Absent),
    row("DELETE", "/204/empty", STALE, 204, Absent),
    row("GET", "/205/empty", &[], 205, Absent),
    row("GET", "/205/empty-stream", &[], 205, Absent),
    row("GET", "/205/text", &[], 205, Absent),
    row("GET", "/205/coded", &[], 205, Absent),
    row("GET", "/304/empty", &[], 304, Absent),
    row("HEAD", "/304/empty", &[], 304, Absent),
    row("GET", "/304/empty-stream", &[], 304, Absent),
    row("GET", "/304/text", &[], 304, Absent),
    row("GET", "/304/stream", &[], 304, Absent),
    row("GET", "/304/coded", &[], 304, Absent),
    row("GET", "/error/304", &[], 304, Absent),
    row("HEAD", "/error/304", &[], 304, Absent),
    row("GET", "/error/404", &[], 404, Compressed),
    row("HEAD", "/error/404", &[], 404, OfGet),
    row("GET", "/404/empty", &[], 404, Compressed),
    row("HEAD", "/404/empty", &[], 404, OfGet),
    row("GET", "/404/text", &[], 404, Compressed),
    row("HEAD", "/404/removed", &[], 404, Absent),
    row("GET", "/", &[], 404, Compressed),
    row("HEAD", "/", &[], 404, OfGet),
    row("HEAD", "/error/503", &[], 503, OfGet),
    row("HEAD", "/500/text", &[], 500, OfGet),
    row("HEAD", "/error/300", &[], 300, OfGet),
    row("GET", "/error/301", &[], 301, Compressed),
    row("HEAD", "/error/301", &[], 301, OfGet),
    row("GET", "/error/303", &[], 303, Compressed),
    row("HEAD", "/error/307", &[], 307, OfGet),
    row("HEAD", "/error/308", &[], 308, OfGet),
    row("GET", "/302/empty", &[], 302, Absent),
    row("HEAD", "/302/empty", &[], 302, Absent),
    row("GET", "/302/empty", CURRENT, 302, Absent),
];

async fn send<B>(
    client: impl Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    method: &str,
    path: &str,
    fields: Fields<'_>,
) -> (Parts, Bytes)
where
    B: http_body::Body<Error: Debug>,
{
    let request = build_request(method, path, fields).map(|()| Full::default());
    let response =
        client.oneshot(request).await.unwrap_or_else(|error| panic!("{method} {path} {fields:?}: {error:?}"));
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap_or_else(|error| panic!("{method} {path} {fields:?}: {error:?}"));
    (parts, body.to_bytes())
}

async fn check(server: Server, layers: Layers, client: &Client, row: &Row) {
    let Row { method, path, fields, code, length } = *row;
    let name = format!("{server:?} {layers:?} {method} {path} {fields:?}");
    let accepts = [fields, &[("accept-encoding", "gzip")]].concat();
    let (parts, body) = send(client.clone(), method, path, &accepts).await;
    let expected = match length {
        Absent if server == Server::Axum => Some("0".to_owned()),
        Absent | Compressed => None,
        Is(length) => Some(length.to_owned()),
        OfGet => {
            let (get, content) = send(client.clone(), "GET", path, fields).await;
            assert_eq!(get.status, code, "{name}");
            assert!(!content.is_empty(), "{name}");
            Some(content.len().to_string())
        }
    };
    let has_content = matches!(length, Compressed);
    assert_eq!(parts.status, code, "{name}");
    assert_eq!(parts.headers.contains_key(header::CONTENT_ENCODING), has_content, "{name}");
    assert_eq!(field(&parts.headers, "content-length"), expected, "{name}");
    assert_eq!(body.is_empty(), !has_content, "{name}");

    let (decoded, text) = send(Decompression::new(client.clone()), method, path, fields).await;
    assert_eq!(decoded.status, code, "{name}");
    assert_eq!(text.starts_with(b"{\"type\""), has_content, "{name}: {text:?}");
}

#[tokio::test]
async fn responses_without_content_have_no_data_frame_when_compression_is_outside() {
    for server in [Server::Hyper, Server::Axum] {
        for layers in [Layers::StatusMap, Layers::Conditional, Layers::Source, Layers::Both] {
            let client = serve(server, layers).await;
            let rows: Vec<_> = match layers {
                Layers::StatusMap => CONDITIONAL.iter().filter(|row| row.code != 428).chain(&STATUS_MAP).collect(),
                Layers::Both => CONDITIONAL.iter().chain(&STATUS_MAP).collect(),
                Layers::Source => SOURCE.iter().collect(),
                Layers::Conditional => CONDITIONAL.iter().collect(),
            };
            for row in rows {
                check(server, layers, &client, row).await;
            }
        }
    }
}

#[tokio::test]
async fn responses_to_head_that_a_conditional_layer_builds_have_no_data_frame() {
    let handler = || {
        service_fn(async |request: Request<Incoming>| {
            let (parts, _) = request.into_parts();
            Ok::<_, BoxError>(complete(handle(&parts)))
        })
    };
    let required = ConditionalLayer::new().require_preconditions_for([Method::GET, Method::HEAD]);
    let with_tags = ConditionalLayer::new().generate_weak_etags(1024).head_as_get();
    let compression = || ServiceBuilder::new().layer(CompressionLayer::new());
    let rows = [
        ("428", http2(compression().layer(required).service(handler())).await, 428),
        ("head_as_get", http2(compression().layer(with_tags).service(handler())).await, 200),
    ];
    for (name, client, code) in rows {
        let (get, content) = send(client.clone(), "GET", "/200/text", &[]).await;
        assert_eq!(get.status, code, "{name}");
        for coding in [&[][..], &[("accept-encoding", "gzip")]] {
            let (head, body) = send(client.clone(), "HEAD", "/200/text", coding).await;
            assert_eq!((head.status.as_u16(), body.is_empty()), (code, true), "{name}");
            assert_eq!(field(&head.headers, "content-length"), Some(content.len().to_string()), "{name}");
            assert_eq!(head.headers.get(header::ETAG), get.headers.get(header::ETAG), "{name}");
            assert!(!head.headers.contains_key(header::CONTENT_ENCODING), "{name}");
        }
    }
}
