//! QUERY (RFC 10008): the response decides, as for GET.

use std::{convert::Infallible, future::ready};

use http::{Method, Request};
use tower::{Layer, service_fn};
use tower_status::{ConditionalLayer, ETag, StatusMapLayer};

use crate::{
    common::{field, full, request},
    send::{Fields, codes, handler, send, send_twice, source},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const FOUND: Fields = &[
    ("etag", "\"h1\""),
    ("last-modified", DATE),
    ("location", "/queries/7"),
    ("content-location", "/results/7"),
    ("accept-query", "application/json"),
    ("content-type", "application/json"),
];

#[test]
fn response_decides() {
    struct Row {
        fields: Fields,
        inner: u16,
        expected: u16,
    }
    let rows = [
        Row { fields: &[], inner: 200, expected: 200 },
        Row { fields: &[("if-none-match", "\"h1\"")], inner: 200, expected: 304 },
        Row { fields: &[("if-none-match", "*")], inner: 200, expected: 304 },
        Row { fields: &[("if-none-match", "\"h0\"")], inner: 200, expected: 200 },
        Row { fields: &[("if-modified-since", DATE)], inner: 200, expected: 304 },
        Row { fields: &[("if-match", "\"h0\"")], inner: 200, expected: 412 },
        Row { fields: &[("if-match", "\"h1\"")], inner: 200, expected: 200 },
        Row { fields: &[("if-match", "\"h0\"")], inner: 404, expected: 404 },
        Row { fields: &[("if-none-match", "\"h1\"")], inner: 415, expected: 415 },
    ];
    for Row { fields, inner: code, expected } in rows {
        let query = request("QUERY", "/", fields);
        let plain = send(&StatusMapLayer::new().layer(handler(code, FOUND)), &query).0.status.as_u16();
        let layer = ConditionalLayer::new().layer(handler(code, FOUND));
        assert_eq!((plain, codes(&send_twice(&layer, &query))), (expected, [expected; 2]), "{fields:?}");
    }
}

#[test]
fn response_304_keeps_the_fields_of_a_query() {
    let layer = ConditionalLayer::new().layer(handler(200, FOUND));
    for (parts, body) in send_twice(&layer, &request("QUERY", "/", &[("if-none-match", "\"h1\"")])) {
        assert_eq!((parts.status.as_u16(), body.len()), (304, 0));
        let kept = ["location", "content-location", "accept-query", "etag"].map(|name| field(&parts.headers, name));
        let expected = ["/queries/7", "/results/7", "application/json", "\"h1\""].map(|value| Some(value.to_owned()));
        assert_eq!(kept, expected);
        assert_eq!(field(&parts.headers, "content-type"), None);
    }
}

#[test]
fn tag_is_generated_as_for_get() {
    let layer = ConditionalLayer::new().generate_etags(64).layer(handler(200, &[]));
    let generated = ETag::of_bytes(b"seven").to_string();
    for (parts, _) in send_twice(&layer, &request("QUERY", "/", &[])) {
        assert_eq!(field(&parts.headers, "etag"), Some(generated.clone()));
    }
    let again = request("QUERY", "/", &[("if-none-match", &generated)]);
    assert_eq!(codes(&send_twice(&layer, &again)), [304; 2]);
}

/// The handler's own 4xx, for content without a type or with an unknown one, takes precedence.
#[test]
fn source_is_not_asked() {
    let typed = service_fn(|request: Request<()>| {
        let code = if request.headers().contains_key("content-type") { 200 } else { 415 };
        ready(Ok::<_, Infallible>(full(code, &[], "seven")))
    });
    let layer = ConditionalLayer::new().validators(source(Some(&[("etag", "\"h1\"")]))).layer(typed);
    for (fields, expected) in [
        (&[("if-none-match", "\"h1\""), ("content-type", "application/json")][..], 200),
        (&[("if-none-match", "\"h1\"")], 415),
        (&[("if-match", "\"h0\"")], 415),
    ] {
        let responses = send_twice(&layer, &request("QUERY", "/", fields));
        assert_eq!(codes(&responses), [expected; 2], "{fields:?}");
        assert!(responses.iter().all(|(parts, _)| field(&parts.headers, "etag").is_none()));
    }
}

#[test]
fn condition_is_not_required_for_a_query() {
    let layer = ConditionalLayer::new().require_preconditions().layer(handler(200, &[]));
    assert_eq!(codes(&send_twice(&layer, &request("QUERY", "/", &[]))), [200; 2]);
    assert_eq!(Method::QUERY.as_str(), "QUERY");
}

/// Requests through real servers: axum's `any`, and bare hyper.
#[cfg(feature = "axum")]
mod served {
    use axum::{Router, response::IntoResponse, routing::any};
    use bytes::Bytes;
    use http::{HeaderMap, Method, Request, Response, StatusCode};
    use http_body_util::{BodyExt, Full};
    use hyper_util::{
        rt::{TokioExecutor, TokioIo},
        server::conn::auto::Builder,
        service::TowerToHyperService,
    };
    use tower::{Layer, Service, service_fn};
    use tower_status::{ConditionalLayer, StatusMapLayer};

    async fn search(method: Method, body: Bytes) -> impl IntoResponse {
        assert_eq!(method, Method::QUERY);
        let tag = tower_status::ETag::of_bytes(&body).to_string();
        ([("etag", tag), ("location", "/queries/7".to_owned())], body)
    }

    /// Sends a QUERY over HTTP/1.1 in memory; returns the status and the header fields.
    async fn query<S, B>(service: S, content: &str, tag: Option<&str>) -> (StatusCode, HeaderMap)
    where
        S: Service<Request<hyper::body::Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<tower_status::BoxError>,
        B: http_body::Body<Data: Send, Error: Into<tower_status::BoxError>> + Send + 'static,
    {
        let (client, server) = tokio::io::duplex(4096);
        tokio::spawn(async move {
            let connection = Builder::new(TokioExecutor::new());
            let _ = connection.serve_connection(TokioIo::new(server), TowerToHyperService::new(service)).await;
        });
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(Method::QUERY).uri("/search").header("host", "shop.example");
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let request = request.body(Full::<Bytes>::from(content.to_owned())).unwrap();
        let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(body.is_empty(), parts.status == 304);
        (parts.status, parts.headers)
    }

    async fn revalidates<S, B>(service: S)
    where
        S: Service<Request<hyper::body::Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<tower_status::BoxError>,
        B: http_body::Body<Data: Send, Error: Into<tower_status::BoxError>> + Send + 'static,
    {
        let (code, headers) = query(service.clone(), "red tulips", None).await;
        assert_eq!(code, 200);
        let tag = headers["etag"].to_str().unwrap();
        let (code, headers) = query(service.clone(), "red tulips", Some(tag)).await;
        assert_eq!((code.as_u16(), headers["location"].to_str().unwrap()), (304, "/queries/7"));
        let (code, _) = query(service, "white tulips", Some(tag)).await;
        assert_eq!(code, 200, "other content");
    }

    #[tokio::test]
    async fn by_axum() {
        let app = || Router::new().route("/search", any(search));
        revalidates(app().layer(StatusMapLayer::new())).await;
        revalidates(app().layer(ConditionalLayer::new())).await;
        revalidates(app().layer((StatusMapLayer::new(), ConditionalLayer::new()))).await;
    }

    #[tokio::test]
    async fn by_hyper() {
        let bare = service_fn(async |request: Request<hyper::body::Incoming>| {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, std::convert::Infallible>(search(Method::QUERY, body).await.into_response())
        });
        revalidates(StatusMapLayer::new().layer(bare)).await;
        revalidates(ConditionalLayer::new().layer(bare)).await;
    }
}
