//! Hidden texts appear in no header field and no body, in any format.

use std::io;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_http::compression::CompressionLayer;
use tower_status::{IntoStatus, KeepBody, Status, StatusMapLayer};

use crate::common::{all_text, code, full, get, json, read, request, send};

type Outcome = Result<Response<Full<Bytes>>, Status>;

const ACCEPTS: [&str; 4] = ["application/json", "text/html", "text/plain", "image/png"];

/// Returns everything that a client sees in each format, for a method.
async fn seen(method: &str, layer: StatusMapLayer, outcome: &Outcome) -> Vec<String> {
    let mut seen = Vec::new();
    for accept in ACCEPTS {
        let (parts, body) = send(&layer, request(method, "/", &[("accept", accept)]), outcome.clone()).await;
        seen.push(format!("{} {}", parts.status, all_text(&parts, &body)));
    }
    seen
}

/// Checks that no response to GET or HEAD has the secret.
async fn hides(name: &str, layer: StatusMapLayer, outcome: &Outcome) {
    for method in ["GET", "HEAD"] {
        for text in seen(method, layer.clone(), outcome).await {
            assert!(!text.contains("secret"), "{name}, {method}: {text}");
        }
    }
}

/// Returns an inner response. An empty content type is left out.
#[allow(clippy::unnecessary_wraps)] // the outcome of a service
fn inner(status: u16, content_type: &str, body: impl Into<Bytes>) -> Outcome {
    let fields = [("content-type", content_type)];
    Ok(full(status, if content_type.is_empty() { &[] } else { &fields }, body))
}

/// Adds a `grpc-status` of OK.
fn with_grpc_ok(outcome: Outcome) -> Outcome {
    outcome.map(|mut response| {
        response.headers_mut().insert("grpc-status", HeaderValue::from_static("0"));
        response
    })
}

#[derive(Debug, thiserror::Error)]
#[error("secret message")]
struct Failed(#[source] BoxError);

impl IntoStatus for Failed {
    fn status(&self) -> Status {
        Status::bad_gateway()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("public message")]
struct Public(#[source] BoxError);

impl IntoStatus for Public {
    fn status(&self) -> Status {
        Status::not_found()
    }
}

/// Returns a chain of errors, each of which has a secret message.
fn secret() -> BoxError {
    Failed(io::Error::other("secret cause").into()).into()
}

#[tokio::test]
async fn a_hidden_text_appears_nowhere() {
    let status = Status::internal_server_error;
    let rows: [(&str, Outcome); 28] = [
        ("a boxed error", Err(Status::from_error("secret"))),
        ("a chain of errors", Err(Status::from_error(secret()))),
        ("an io::Error", Err(io::Error::other("secret").into())),
        ("an io::Error of a kind", Err(io::Error::new(io::ErrorKind::NotFound, "secret").into())),
        ("an IntoStatus of a 5xx", Err(Failed(secret()).into())),
        ("the source of an IntoStatus of a 4xx", Err(Public(secret()).into())),
        ("a source of a 4xx", Err(Status::not_found().with_source(secret()))),
        ("the source of 550", Err(Status::permission_denied().with_source(secret()))),
        ("the source of a redirect", Err(Status::found("/").with_source(secret()))),
        ("a detail", Err(status().with_detail("secret"))),
        ("the name of an extension", Err(status().with_extension("secret", 1))),
        ("the value of an extension", Err(status().with_extension("x", ["secret"]))),
        ("the extension errors", Err(Status::bad_gateway().with_extension("the extension errors", ["secret"]))),
        ("the extension choices", Err(Status::bad_gateway().with_extension("the extension choices", ["/secret"]))),
        ("the extension request_id", Err(status().with_extension("the extension request_id", "secret"))),
        ("a StatusCode and a text", Err((StatusCode::SERVICE_UNAVAILABLE, "secret").into())),
        ("599", Err((code(599), "secret").into())),
        ("999", Err((code(999), "secret").into())),
        ("a Status in an io::Error", Err(Status::from_error(io::Error::other(status().with_detail("secret"))))),
        ("a malformed challenge", Err(Status::unauthorized("secret\n"))),
        ("a malformed location", Err(Status::found("secret\n"))),
        ("an inner text", inner(500, "text/plain; charset=utf-8", "secret")),
        ("an inner body without a type", inner(500, "", "secret")),
        ("an inner text in another charset", inner(503, "text/plain; charset=iso-8859-1", "secret")),
        ("a long inner text", inner(500, "text/plain", format!("{}secret", "a".repeat(9000)))),
        ("an inner text that is not UTF-8", inner(599, "TEXT/PLAIN", [b"secret".as_slice(), &[0xff]].concat())),
        ("an inner text of an unknown code", inner(999, "text/plain", "secret")),
        ("an inner text with a grpc-status of OK", with_grpc_ok(inner(500, "text/plain", "secret"))),
    ];
    for (name, outcome) in rows {
        hides(name, StatusMapLayer::new(), &outcome).await;
        let mapping = StatusMapLayer::new().map_error(|_: &Failed| Some(Status::locked()));
        hides(&format!("{name}, with map_error"), mapping, &outcome).await;
    }
}

#[tokio::test]
async fn only_what_the_status_or_the_layer_exposes_is_shown() {
    /// Texts that a response may show.
    const DETAIL: &str = "The detail";
    const MEMBER: &str = "the value";
    let exposing = || StatusMapLayer::new().expose_server_errors(true);
    let new = StatusMapLayer::new;
    let status = || Status::bad_gateway().with_detail(DETAIL).with_extension("member", MEMBER);
    let with_keep_body = inner(500, "text/plain", "The detail and the value").map(|mut response| {
        response.extensions_mut().insert(KeepBody);
        response
    });
    let rows: [(&str, StatusMapLayer, Outcome, &[&str]); 8] = [
        ("expose()", new(), Err(status().expose()), &[DETAIL, MEMBER]),
        ("expose_server_errors(true)", exposing(), Err(status()), &[DETAIL, MEMBER]),
        ("expose_server_errors(false)", exposing().expose_server_errors(false), Err(status()), &[]),
        ("neither", new(), Err(status()), &[]),
        ("a 4xx", new(), Err((StatusCode::CONFLICT, DETAIL).into()), &[DETAIL]),
        ("550", new(), Err((code(550), DETAIL).into()), &[DETAIL]),
        ("an inner text", exposing(), inner(500, "text/plain", DETAIL), &[DETAIL]),
        ("KeepBody", new(), with_keep_body, &[DETAIL, MEMBER]),
    ];
    for (name, layer, outcome, shown) in rows {
        for text in seen("GET", layer, &outcome).await {
            for part in [DETAIL, MEMBER] {
                assert_eq!(text.contains(part), shown.contains(&part), "{name}: {part} in {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_source_is_never_shown() {
    for status in [Status::not_found(), Status::bad_gateway(), Status::bad_gateway().expose()] {
        for layer in [StatusMapLayer::new(), StatusMapLayer::new().expose_server_errors(true)] {
            let name = format!("{status:?} {layer:?}");
            hides(&name, layer, &Err(status.clone().with_source(secret()))).await;
        }
    }
}

#[tokio::test]
async fn a_text_of_a_5xx_that_a_layer_inside_compresses_is_hidden() {
    for (status, content_type) in [(500, "text/plain"), (503, ""), (500, "text/plain; charset=utf-8")] {
        for coding in ["gzip", "br", "deflate", "zstd", "identity"] {
            let service = ServiceBuilder::new()
                .layer(StatusMapLayer::new())
                .layer(CompressionLayer::new())
                .service_fn(|_: Request<()>| std::future::ready(inner(status, content_type, "secret ".repeat(500))));
            let (parts, body) = read(service.oneshot(get("/", &[("accept-encoding", coding)])).await.unwrap()).await;
            assert!(!parts.headers.contains_key("content-encoding"), "{coding}");
            let problem = json(&body);
            assert_eq!(problem["status"], status, "{coding}");
            assert!(!problem.to_string().contains("secret"), "{coding}: {problem}");
        }
    }
}

/// RFC 9110 §8.3.1
#[tokio::test]
async fn a_5xx_body_with_a_malformed_media_type_is_hidden() {
    for content_type in
        [" ", "text", ";charset=utf-8", "text /plain", "text/plain, text/plain", "/plain", "text/", "a b/c"]
    {
        hides(content_type, StatusMapLayer::new(), &inner(500, content_type, "secret")).await;
    }
    let mut two_lines = full(500, &[("content-type", "application/json")], "secret");
    two_lines.headers_mut().append("content-type", HeaderValue::from_static("text/plain"));
    hides("two lines", StatusMapLayer::new(), &Ok(two_lines)).await;
}
