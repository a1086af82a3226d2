//! Hooks and renderers that panic, and renderers that write bodies of any length.

use std::future::ready;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_status::{Format, Render, Rendered, Status, StatusMapLayer};

use crate::common::{all_text, code, field, get, read, request, returns};

/// Renders so many bytes, and panics at 418.
struct Writes(usize);

impl Render for Writes {
    fn render(&self, status: &Status, context: &tower_status::Context<'_>) -> Option<Rendered> {
        assert_ne!(status.code(), 418, "secret");
        let content_type = if context.format == Format::Html { "text/html" } else { "application/xml" };
        Some(Rendered::new(HeaderValue::from_static(content_type), vec![b'x'; self.0]))
    }
}

/// A `CatchPanicLayer` outside turns the panic into a 500.
#[tokio::test]
async fn after_a_panic_in_a_hook_the_service_serves_on() {
    let not_418 = |status: &Status| assert_ne!(status.code(), 418, "secret");
    let map_status = StatusMapLayer::new().rpc(true).map_status(move |status, _| {
        not_418(&status);
        status
    });
    let map_error = StatusMapLayer::new().rpc(true).map_error(|error: &std::io::Error| {
        assert_ne!(error.kind(), std::io::ErrorKind::NotFound, "secret");
        None
    });
    let rows = [
        ("render", StatusMapLayer::new().rpc(true).render(Writes(1))),
        ("on_error", StatusMapLayer::new().rpc(true).on_error(move |status, _| not_418(status))),
        ("map_status", map_status),
        ("map_error", map_error),
    ];
    for (name, layer) in rows {
        let inner = service_fn(|request: Request<()>| {
            ready(Err::<Response<Full<Bytes>>, Status>(match request.uri().path() {
                "/teapot" => Status::im_a_teapot(),
                "/io" => std::io::Error::from(std::io::ErrorKind::NotFound).into(),
                _ => Status::gone(),
            }))
        });
        let panics = if name == "map_error" { "/io" } else { "/teapot" };
        let service = layer.layer(inner);
        let failed = tokio::spawn(service.clone().oneshot(get(panics, &[]))).await;
        assert!(failed.unwrap_err().is_panic(), "{name}");
        assert_eq!(service.clone().oneshot(get("/gone", &[])).await.unwrap().status(), 410, "{name}");
        let caught = CatchPanicLayer::new().layer(service).oneshot(get(panics, &[])).await.unwrap();
        let (parts, body) = read(caught).await;
        assert_eq!(parts.status, 500, "{name}");
        assert!(!all_text(&parts, &body).contains("secret"), "{name}");
    }
}

#[tokio::test]
async fn a_rendered_body_of_any_length_is_sent_with_its_length() {
    for length in [0, 1, 8 << 20] {
        for (status, accept) in [(404, "*/*"), (500, "*/*"), (404, "text/html")] {
            for method in ["GET", "HEAD"] {
                let row = format!("{status} {accept} {length} {method}");
                let inner = returns(Err::<Response<Full<Bytes>>, Status>(code(status).into()));
                let service = StatusMapLayer::new().rpc(true).render(Writes(length)).layer(inner);
                let response = service.oneshot(request(method, "/", &[("accept", accept)])).await.unwrap();
                let size = response.body().size_hint().exact();
                let (parts, body) = read(response).await;
                let content_length = field(&parts.headers, "content-length");
                if method == "HEAD" {
                    assert_eq!((content_length, body.len()), (Some(length.to_string()), 0), "{row}");
                } else {
                    assert_eq!((content_length, size), (None, Some(length as u64)), "{row}");
                    assert!(body.len() == length && body.iter().all(|byte| *byte == b'x'), "{row}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_renderer_is_not_called_for_grpc() {
    let inner = returns(Err::<Response<Full<Bytes>>, Status>(Status::im_a_teapot()));
    let service = StatusMapLayer::new().rpc(true).render(Writes(1)).layer(inner);
    let response = service.oneshot(crate::common::rpc("application/grpc")).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "9", "FAILED_PRECONDITION, as for any other 4xx");
}
