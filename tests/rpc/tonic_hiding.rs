//! A `tonic::Status` that was converted from a `Status`: its Display and Debug, and its concealment.

use std::{error::Error, io};

use http::{HeaderMap, Request, Response, StatusCode, response::Parts};
use tonic::{Code, metadata::MetadataMap};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_status::{IntoStatus, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{Reports, all_text, error::Wrapper, full, read, request, rpc, send};

// ----- Display and Debug -----

/// An error whose texts are all secret.
#[derive(Debug, thiserror::Error)]
#[error("secret message")]
struct Failed(#[source] io::Error);

impl IntoStatus for Failed {
    fn status(&self) -> Status {
        Status::bad_gateway()
    }
}

fn failed() -> Failed {
    Failed(io::Error::other("secret cause"))
}

/// Returns each status whose detail, members or source a gRPC client must not see.
fn secretive() -> Vec<(&'static str, Status)> {
    let detailed = |status: Status| status.with_detail("secret detail").with_extension("key", "secret member");
    let internal = |code| detailed(Status::conflict()).with_grpc_code(code);
    vec![
        ("a 5xx", detailed(Status::internal_server_error())),
        ("a 503 with a source", detailed(Status::service_unavailable()).with_source(failed())),
        ("an IntoStatus", failed().into()),
        ("a carried error", Status::from_error(failed())),
        ("a carried cause", Status::from_error(Wrapper(failed().into()))),
        ("the source of a 4xx", Status::not_found().with_source(failed())),
        ("a 5xx with the code of a 4xx", detailed(Status::bad_gateway()).with_grpc_code(GrpcCode::NotFound)),
        // gRPC hides the details of these codes, even with a 4xx.
        ("a 4xx with INTERNAL", internal(GrpcCode::Internal)),
        ("a 4xx with UNKNOWN", internal(GrpcCode::Unknown)),
        ("a 4xx with DATA_LOSS", internal(GrpcCode::DataLoss)),
        ("an upstream's INTERNAL", tonic::Status::internal("secret upstream").into()),
        ("a tonic::Status in a Status", Status::from_error(tonic::Status::data_loss("secret upstream"))),
        (
            "a 4xx around a converted status",
            Status::not_found().with_source(tonic::Status::from(Status::from(failed()))),
        ),
    ]
}

/// Returns everything that code without this crate can print of an error: the error and each of its causes.
fn printed(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(|error| format!("{error} {error:?} {error:#?}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_converted_status_prints_no_more_than_the_client_may_see() {
    for (row, status) in secretive() {
        let converted = tonic::Status::from(status);
        let printed = printed(&converted);
        assert!(!printed.contains("secret"), "{row}: {printed}");
        assert!(!String::from_utf8_lossy(converted.details()).contains("secret"), "{row}");
        let mut trailers = HeaderMap::new();
        converted.add_header(&mut trailers).unwrap();
        assert!(!format!("{trailers:?}").contains("secret"), "{row}: {trailers:?}");
    }
}

/// The layer shows the text of a 4xx.
#[tokio::test]
async fn a_converted_status_can_be_the_text_of_a_4xx() {
    for (row, status) in secretive() {
        let converted = tonic::Status::from(status);
        for text in [converted.to_string(), format!("{converted:?}"), printed(&converted)] {
            let layer = StatusMapLayer::new().rpc(true);
            let wrapping = Status::bad_request().with_detail(text.clone());
            let inner = full(400, &[("content-type", "text/plain")], text);
            for content_type in ["application/grpc", "application/json"] {
                let outcomes = [Err(wrapping.clone()), Ok(inner.clone())];
                for outcome in outcomes {
                    let (parts, body) = send(&layer, rpc(content_type), outcome).await;
                    let text = all_text(&parts, &body);
                    assert!(!text.contains("secret"), "{row} {content_type}: {text}");
                }
            }
        }
    }
}

/// The layer finds the status and its source again.
#[tokio::test]
async fn the_layer_reports_the_source_of_a_converted_status() {
    let chains = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let hook = std::sync::Arc::clone(&chains);
    let layer = StatusMapLayer::new().rpc(true).on_error(move |status, _| {
        hook.lock().unwrap().push(printed(status.source().unwrap()));
    });
    let inner = || Ok::<_, Status>(tonic::Status::from(Status::from(failed())).into_http::<tonic::body::Body>());
    let (parts, body) = send(&layer, rpc("application/grpc"), inner()).await;
    assert!(!all_text(&parts, &body).contains("secret"));
    let chains = std::mem::take(&mut *chains.lock().unwrap());
    assert!(
        chains.len() == 1 && chains[0].contains("secret message") && chains[0].contains("secret cause"),
        "{chains:?}"
    );
}

/// A detail that clients see is printed.
#[test]
fn a_converted_status_prints_what_is_shown() {
    let shown = [
        Status::not_found().with_detail("order 8 does not exist"),
        Status::service_unavailable().with_detail("order 8 does not exist").expose(),
    ];
    for status in shown {
        assert!(tonic::Status::from(status).to_string().contains("order 8 does not exist"));
    }
}

// ----- concealment -----

/// Conceals a 403.
fn concealing() -> StatusMapLayer {
    StatusMapLayer::new().rpc(true).map_status(|status, _| match status.code().as_u16() {
        403 => Status::not_found(),
        _ => status,
    })
}

/// Returns a status as a handler or an interceptor builds it, each part of which would reveal what is concealed.
fn forbidden() -> tonic::Status {
    let fields = [("x-owner", "secret"), ("x-shard", "secret")];
    let fields = fields.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let metadata = MetadataMap::from_headers(fields.into_iter().collect());
    tonic::Status::with_details_and_metadata(
        Code::PermissionDenied,
        "secret order",
        b"secret"[..].to_vec().into(),
        metadata,
    )
}

fn head(parts: &Parts) -> tonic::Status {
    tonic::Status::from_header_map(&parts.headers).unwrap()
}

/// The clients speak gRPC and plain HTTP, with `fill` on and off.
#[tokio::test]
async fn a_status_that_a_handler_returned_can_be_concealed() {
    for fill in [true, false] {
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let layer = concealing().fill(fill);
            let inner = || Ok::<_, Status>(forbidden().into_http::<tonic::body::Body>());
            let (parts, body) = send(&layer, rpc(content_type), inner()).await;
            let real = send(&layer, rpc(content_type), Err::<Response<String>, _>(Status::not_found())).await;
            assert_eq!((&parts.headers, &body), (&real.0.headers, &real.1), "{content_type}, fill({fill})");
            assert!(!all_text(&parts, &body).contains("secret"), "{content_type}");
        }
    }
    let inner = || Ok::<_, Status>(forbidden().into_http::<tonic::body::Body>());
    let (parts, body) = send(&concealing(), request("POST", "/a", &[]), inner()).await;
    assert_eq!(parts.status, StatusCode::NOT_FOUND);
    assert!(!all_text(&parts, &body).contains("secret"), "{:?}", parts.headers);
}

#[tokio::test]
async fn a_status_that_an_interceptor_returned_can_be_concealed() {
    let interceptor = |_: tonic::Request<()>| Err(forbidden());
    let unreachable = service_fn(async |_: Request<tonic::body::Body>| {
        Ok::<_, std::convert::Infallible>(Response::new(tonic::body::Body::empty()))
    });
    for fill in [true, false] {
        let service = ServiceBuilder::new()
            .layer(concealing().fill(fill))
            .layer(tonic::service::InterceptorLayer::new(interceptor))
            .service(unreachable);
        let call = rpc("application/grpc").map(|()| tonic::body::Body::empty());
        let (parts, body) = read(service.oneshot(call).await.unwrap()).await;
        assert_eq!(head(&parts).code(), Code::NotFound, "fill({fill})");
        assert!(!all_text(&parts, &body).contains("secret"), "fill({fill}): {:?}", parts.headers);
    }
}

/// `map_status` is called, but changes nothing.
#[tokio::test]
async fn a_status_whose_code_does_not_change_is_left_alone() {
    for fill in [true, false] {
        let reports = Reports::default();
        let asked = std::sync::Arc::<std::sync::Mutex<Vec<u16>>>::default();
        let hook = std::sync::Arc::clone(&asked);
        let layer = StatusMapLayer::new().rpc(true).fill(fill).map_status(move |status, _| {
            hook.lock().unwrap().push(status.code().as_u16());
            status.with_detail("other words").with_header("x-added", "1")
        });
        let inner = || Ok::<_, Status>(forbidden().into_http::<tonic::body::Body>());
        let (parts, _) = send(&reports.record(layer), rpc("application/grpc"), inner()).await;
        assert_eq!(&parts.headers, inner().unwrap().headers(), "fill({fill})");
        assert_eq!((&asked.lock().unwrap()[..], &reports.take()[..]), (&[403][..], &[403][..]), "fill({fill})");
    }
}

/// The response is not gRPC's, for instance that of a proxy's upstream.
#[tokio::test]
async fn an_inner_response_under_fill_false_can_be_concealed() {
    let fields = [("content-type", "text/plain"), ("x-owner", "secret")];
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let layer = concealing().fill(false);
        let inner = Ok::<_, Status>(full(403, &fields, "secret order"));
        let (parts, body) = send(&layer, rpc(content_type), inner).await;
        let real = send(&layer, rpc(content_type), Err::<Response<String>, _>(Status::not_found())).await;
        assert_eq!((&parts.headers, &body), (&real.0.headers, &real.1), "{content_type}");
        // Without a change of the code it passes.
        let inner = || full(402, &fields, "secret order");
        let (parts, body) = send(&layer, rpc(content_type), Ok::<_, Status>(inner())).await;
        assert_eq!((parts.status.as_u16(), &parts.headers, &body[..]), (402, inner().headers(), &b"secret order"[..]));
    }
}
