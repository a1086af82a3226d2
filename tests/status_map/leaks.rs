//! What must stay inside appears nowhere in head or body, in no format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::io;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_status::{IntoStatus, KeepBody, Status, StatusMapLayer};

type Outcome = Result<Response<Full<Bytes>>, Status>;

const ACCEPTS: [&str; 4] = ["application/json", "text/html", "text/plain", "image/png"];

/// All that the client gets, as text, in each format, to GET and HEAD.
async fn told(layer: StatusMapLayer, outcome: &Outcome) -> Vec<String> {
    let mut told = Vec::new();
    for (accept, method) in ACCEPTS.iter().flat_map(|accept| ["GET", "HEAD"].map(|method| (accept, method))) {
        let request = Request::builder().method(method).header("accept", *accept).body(()).unwrap();
        let inner = service_fn(|_: Request<()>| std::future::ready(outcome.clone()));
        let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        told.push(format!("{} {:?}\n{}", parts.status, parts.headers, String::from_utf8_lossy(&body)));
    }
    told
}

#[allow(clippy::unnecessary_wraps)] // as the rows need it
fn inner(code: u16, of_type: &'static str, body: impl Into<Bytes>) -> Outcome {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    if !of_type.is_empty() {
        response.headers_mut().insert("content-type", of_type.parse().unwrap());
    }
    Ok(response)
}

fn fine_to_grpc(outcome: Outcome) -> Outcome {
    outcome.map(|mut response| {
        response.headers_mut().insert("grpc-status", HeaderValue::from_static("0"));
        response
    })
}

#[derive(Debug, thiserror::Error)]
#[error("secret of its own")]
struct Failed(#[source] BoxError);

impl IntoStatus for Failed {
    fn status(&self) -> Status {
        Status::bad_gateway()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("public words")]
struct Public(#[source] BoxError);

impl IntoStatus for Public {
    fn status(&self) -> Status {
        Status::not_found()
    }
}

fn secret() -> BoxError {
    Failed(io::Error::other("secret cause").into()).into()
}

#[tokio::test]
async fn a_secret_appears_nowhere() {
    let status = Status::internal_server_error;
    let rows: [(&str, Outcome); 28] = [
        ("a boxed error", Err(Status::from_error("secret"))),
        ("its chain", Err(Status::from_error(secret()))),
        ("an io::Error", Err(io::Error::other("secret").into())),
        ("of a kind", Err(io::Error::new(io::ErrorKind::NotFound, "secret").into())),
        ("an IntoStatus", Err(Failed(secret()).into())),
        ("the source of a 4xx", Err(Public(secret()).into())),
        ("a source of a 4xx", Err(Status::not_found().with_source(secret()))),
        ("a source of 550", Err(Status::permission_denied().with_source(secret()))),
        ("a source of a redirect", Err(Status::found("/").with_source(secret()))),
        ("a detail", Err(status().with_detail("secret"))),
        ("an extension", Err(status().with_extension("secret", 1))),
        ("in an extension", Err(status().with_extension("x", ["secret"]))),
        ("errors", Err(Status::bad_gateway().with_extension("errors", ["secret"]))),
        ("choices", Err(Status::bad_gateway().with_extension("choices", ["/secret"]))),
        ("request_id", Err(status().with_extension("request_id", "secret"))),
        ("StatusCode and text", Err((StatusCode::SERVICE_UNAVAILABLE, "secret").into())),
        ("599", Err((StatusCode::from_u16(599).unwrap(), "secret").into())),
        ("999", Err((StatusCode::from_u16(999).unwrap(), "secret").into())),
        ("a nested status", Err(Status::from_error(io::Error::other(status().with_detail("secret"))))),
        ("a malformed challenge", Err(Status::unauthorized("secret\n"))),
        ("a malformed location", Err(Status::found("secret\n"))),
        ("a text", inner(500, "text/plain; charset=utf-8", "secret")),
        ("an untyped body", inner(500, "", "secret")),
        ("another charset", inner(503, "text/plain; charset=iso-8859-1", "secret")),
        ("a long text", inner(500, "text/plain", format!("{}secret", "a".repeat(9000)))),
        ("not UTF-8", inner(599, "TEXT/PLAIN", [b"secret".as_slice(), &[0xff]].concat())),
        ("an unknown code", inner(999, "text/plain", "secret")),
        ("a text that is OK to gRPC", fine_to_grpc(inner(500, "text/plain", "secret"))),
    ];
    for (name, outcome) in rows {
        for text in told(StatusMapLayer::new(), &outcome).await {
            assert!(!text.contains("secret"), "{name}: {text}");
        }
        for text in told(StatusMapLayer::new().map_error(|_: &Failed| Some(Status::locked())), &outcome).await {
            assert!(!text.contains("secret"), "mapped, {name}: {text}");
        }
    }
}

#[tokio::test]
async fn what_is_exposed_is_shown() {
    let exposing = || StatusMapLayer::new().expose_server_errors(true);
    let new = StatusMapLayer::new;
    let said = || Status::bad_gateway().with_detail("the detail").with_extension("member", "the value");
    let kept = inner(500, "text/plain", "the detail and the value").map(|mut response| {
        response.extensions_mut().insert(KeepBody);
        response
    });
    let rows = [
        ("expose()", new(), Err(said().expose()), true, true),
        ("expose_server_errors(true)", exposing(), Err(said()), true, true),
        ("expose_server_errors(false)", exposing().expose_server_errors(false), Err(said()), false, false),
        ("neither", new(), Err(said()), false, false),
        ("4xx", new(), Err((StatusCode::CONFLICT, "the detail").into()), true, false),
        ("550", new(), Err((StatusCode::from_u16(550).unwrap(), "the detail").into()), true, false),
        ("an inner text", exposing(), inner(500, "text/plain", "the detail"), true, false),
        ("KeepBody", new(), kept, true, true),
    ];
    for (name, layer, outcome, detail, value) in rows {
        // Every second is the answer to HEAD.
        for text in told(layer, &outcome).await.into_iter().step_by(2) {
            assert_eq!(text.contains("the detail"), detail, "{name}: {text}");
            assert_eq!(text.contains("the value"), value, "{name}: {text}");
        }
    }
}

#[tokio::test]
async fn a_source_is_never_shown() {
    for status in [Status::not_found(), Status::bad_gateway(), Status::bad_gateway().expose()] {
        for layer in [StatusMapLayer::new(), StatusMapLayer::new().expose_server_errors(true)] {
            for text in told(layer, &Err(status.clone().with_source(secret()))).await {
                assert!(!text.contains("secret"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn no_accept_encoding_unmasks() {
    for (code, of_type) in [(500, "text/plain"), (503, ""), (500, "text/plain; charset=utf-8")] {
        for coding in ["gzip", "br", "deflate", "zstd", "identity"] {
            let service = ServiceBuilder::new()
                .layer(StatusMapLayer::new())
                .layer(CompressionLayer::new())
                .service_fn(|_: Request<()>| std::future::ready(inner(code, of_type, "secret ".repeat(500))));
            let request = Request::builder().header("accept-encoding", coding).body(()).unwrap();
            let response = service.oneshot(request).await.unwrap();
            assert!(!response.headers().contains_key("content-encoding"), "{coding}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(json["status"], code, "{coding}");
            assert!(!json.to_string().contains("secret"), "{coding}: {json}");
        }
    }
}

/// RFC 9110 §8.3.1: what is no media type says nothing of a body.
#[tokio::test]
async fn a_malformed_type_hides_no_secret() {
    for of_type in [" ", "text", ";charset=utf-8", "text /plain", "text/plain, text/plain", "/plain", "text/", "a b/c"]
    {
        for answer in told(StatusMapLayer::new(), &inner(500, of_type, "secret")).await {
            assert!(!answer.contains("secret"), "{of_type:?}: {answer}");
        }
    }
    let mut lines = inner(500, "application/json", "secret").unwrap();
    lines.headers_mut().append("content-type", "text/plain".parse().unwrap());
    for answer in told(StatusMapLayer::new(), &Ok(lines)).await {
        assert!(!answer.contains("secret"), "{answer}");
    }
}
