//! `tonic::Status` converted from a `Status`, and the responses that tonic builds from it.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Response, StatusCode, response::Parts};
use prost::Message;
use tonic::Code;
use tonic_types::{ErrorDetails, StatusExt};
use tower_status::{IntoStatus, Protocol, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{code as http_code, error::Wrapper, explanation, json, lines, rpc, send};
use crate::tonic::{
    CODES, MESSAGE, assert_only_error_info, complete, details, has_grpc_fields, is_hidden, over_grpc, read,
};

#[derive(Debug, thiserror::Error)]
#[error("order {0} does not exist")]
struct NoSuchOrder(u64);

impl IntoStatus for NoSuchOrder {
    fn status(&self) -> Status {
        Status::not_found().with_type("/problems/no-such-order").with_extension("order", self.0)
    }
}

fn handler(error: impl Into<Status>) -> Result<(), tonic::Status> {
    Err(error.into())?
}

#[test]
fn a_status_converts_to_a_tonic_status_with_what_may_be_shown() {
    let explained = |status| explanation(http_code(status));
    #[rustfmt::skip]
    let rows = [
        (Status::from(NoSuchOrder(8)), Code::NotFound, "order 8 does not exist"),
        (Status::not_found(), Code::NotFound, explained(404)),
        (Status::conflict().with_detail("größer um 100 %\r\n"), Code::Aborted, "größer um 100 %\r\n"),
        // The code was set apart from the catalog's.
        (
            Status::conflict().with_grpc_code(GrpcCode::AlreadyExists),
            Code::AlreadyExists,
            GrpcCode::AlreadyExists.explanation(),
        ),
        (Status::service_unavailable().with_detail("secret"), Code::Unavailable, explained(503)),
        (Status::internal_server_error().with_detail("secret"), Code::Internal, explained(500)),
        (Status::from_error("secret"), Code::Internal, explained(500)),
        (Status::service_unavailable().with_detail("until noon").expose(), Code::Unavailable, "until noon"),
        (Status::permission_denied().with_detail("read only"), Code::PermissionDenied, "read only"),
    ];
    for (status, code, message) in rows {
        let made = handler(status.clone()).unwrap_err();
        assert_eq!((made.code(), made.message()), (code, message), "{status:?}");
    }
}

#[test]
fn its_source_shows_code_and_title_alone() {
    let made = handler(Status::conflict().with_title("Sold out").with_detail("order 8")).unwrap_err();
    let source = std::error::Error::source(&made).unwrap();
    assert_eq!([source.to_string(), format!("{source:?}")], ["409 Sold out", "409 Sold out"]);
}

#[test]
fn its_details_and_metadata_are_those_of_the_status() {
    let status = Status::from(NoSuchOrder(8)).with_retry_after(Duration::from_millis(1500)).with_header("x-shard", "7");
    let made = handler(status).unwrap_err();
    let details: ErrorDetails = made.check_error_details().unwrap();
    let info = details.error_info().unwrap();
    assert_eq!((&*info.reason, info.metadata.get("order").map(String::as_str)), ("NO_SUCH_ORDER", Some("8")));
    assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_millis(1500)));
    assert_eq!(tonic_types::Status::decode(made.details()).unwrap().code, 5);
    assert_eq!(made.metadata().get("x-shard").unwrap(), "7");
    assert!(made.metadata().get("retry-after").is_none());
}

#[test]
fn a_tonic_status_converts_to_a_status_and_back() {
    for code in CODES {
        let made = tonic::Status::from(Status::from(complete(code)));
        assert_eq!(made.code(), code);
        if is_hidden(code) {
            assert!(!made.message().contains("größe"), "{code:?}");
            assert_only_error_info(&made, "INTERNAL_SERVER_ERROR", "hidden");
            continue;
        }
        assert_eq!((made.message(), made.details()), (MESSAGE, &*details(code)), "{code:?}");
        assert_eq!(
            made.metadata().clone().into_headers(),
            complete(code).metadata().clone().into_headers(),
            "{code:?}"
        );
    }
    for code in CODES {
        assert_eq!(Code::from(GrpcCode::from(code)), code);
    }
    assert_eq!(Code::from(GrpcCode::from(Code::Ok)), Code::Ok);
}

// ----- a response that tonic built -----

/// Returns the response of tonic's server to an error of a handler.
#[allow(clippy::unnecessary_wraps)] // the outcome of a service
fn built(error: impl Into<Status>) -> Result<Response<tonic::body::Body>, Status> {
    Ok(tonic::Status::from(error.into()).into_http())
}

/// The only difference is the name of the service, which the handler does not know.
#[tokio::test]
async fn the_error_of_a_handler_is_sent_like_an_error_inside_the_layer() {
    let layer = StatusMapLayer::new().rpc(true);
    let (parts, body) = send(&layer, rpc("application/grpc"), built(NoSuchOrder(8))).await;
    let seen = read(&parts, &body);
    let expected = over_grpc(&layer, NoSuchOrder(8)).await;
    assert_eq!(
        (seen.code(), seen.message(), seen.details()),
        (expected.code(), expected.message(), expected.details())
    );
    assert_eq!(seen.get_details_error_info().unwrap().domain, "shop.Orders");
    assert_eq!(seen.metadata().clone().into_headers(), expected.metadata().clone().into_headers());

    // Over plain HTTP there is a type as well.
    let gone = || Status::gone().with_detail("order 9 was deleted").with_type("/problems/deleted");
    let (parts, body) = send(&layer, rpc("application/json"), built(gone())).await;
    let problem = json(&body);
    assert_eq!((parts.status.as_u16(), &problem["type"]), (410, &"/problems/deleted".into()));
    assert_eq!(problem["detail"], "order 9 was deleted");
    assert!(!has_grpc_fields(&parts), "{:?}", parts.headers);
}

/// Over plain HTTP the code changes, and with it the meaning of other fields.
#[tokio::test]
async fn fields_beside_the_error_of_a_handler_stay_over_grpc_and_go_over_plain_http() {
    let layer = StatusMapLayer::new().rpc(true);
    for (content_type, stays) in [("application/grpc", true), ("application/json", false)] {
        let mut inner = built(Status::conflict().with_header("x-shard", "7")).unwrap();
        inner.headers_mut().insert("x-owner", http::HeaderValue::from_static("8"));
        let (parts, _) = send(&layer, rpc(content_type), Ok::<_, Status>(inner)).await;
        assert_eq!(lines(&parts.headers, "x-shard"), ["7"], "{content_type}");
        assert_eq!(parts.headers.contains_key("x-owner"), stays, "{content_type}");
    }
}

/// The handler returns the status with `?`.
#[tokio::test]
async fn map_error_maps_the_source_of_a_status_that_a_handler_returned() {
    struct Row {
        status: Status,
        code: Code,
        http: u16,
        message: Option<&'static str>,
    }
    let not_found = Some("no such file");
    let layer = StatusMapLayer::new().rpc(true).map_error(move |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => Some(Status::not_found().with_detail("no such file")),
        io::ErrorKind::StorageFull => Some(Status::insufficient_storage()),
        _ => None,
    });
    let io = |kind: io::ErrorKind| io::Error::from(kind);
    let cause = Status::from_error(Wrapper(io(io::ErrorKind::NotFound).into()));
    let full = Status::from_error(io(io::ErrorKind::StorageFull));
    #[rustfmt::skip]
    let rows = [
        Row { status: io(io::ErrorKind::NotFound).into(), code: Code::NotFound, http: 404, message: not_found },
        Row { status: cause, code: Code::NotFound, http: 404, message: not_found },
        Row { status: full, code: Code::ResourceExhausted, http: 507, message: None },
        Row { status: io(io::ErrorKind::TimedOut).into(), code: Code::Internal, http: 500, message: None },
        Row { status: Status::from_error("secret"), code: Code::Internal, http: 500, message: None },
    ];
    for Row { status, code, http, message } in rows {
        let (parts, body) = send(&layer, rpc("application/grpc"), built(status.clone())).await;
        let seen = read(&parts, &body);
        let message = message.unwrap_or(explanation(http_code(http)));
        assert_eq!((seen.code(), seen.message()), (code, message), "{status:?}");
        let (parts, _) = send(&layer, rpc("application/json"), built(status.clone())).await;
        assert_eq!(parts.status, http, "{status:?}");
    }
}

#[tokio::test]
async fn a_tonic_status_of_a_handler_passes_to_grpc_and_is_mapped_for_plain_http() {
    for code in CODES {
        let inner = || Ok::<_, Status>(complete(code).into_http::<tonic::body::Body>());
        let (parts, body) = send(&StatusMapLayer::new().rpc(true), rpc("application/grpc"), inner()).await;
        assert_eq!(parts.headers, inner().unwrap().headers().clone(), "{code:?}");
        let seen = read(&parts, &body);
        assert_eq!((seen.code(), seen.message(), seen.details()), (code, MESSAGE, &*details(code)));

        let (parts, body) = send(&StatusMapLayer::new().rpc(true), rpc("application/json"), inner()).await;
        assert_eq!(parts.status, StatusCode::from(GrpcCode::from(code)), "{code:?}");
        assert_eq!(json(&body)["detail"] == MESSAGE, parts.status.as_u16() < 500, "{code:?}");
    }
}

/// The arguments of one call of `on_error`.
#[derive(Debug, PartialEq)]
struct Report {
    code: u16,
    grpc: Option<GrpcCode>,
    protocol: Protocol,
    chain: Vec<String>,
}

#[tokio::test]
async fn on_error_is_called_once_with_the_chain_of_the_error() {
    let reports = Arc::<Mutex<Vec<Report>>>::default();
    let hook = Arc::clone(&reports);
    let layer = StatusMapLayer::new().rpc(true).on_error(move |status, context| {
        let chain = std::iter::successors(status.source(), |error| (*error).source());
        hook.lock().unwrap().push(Report {
            code: status.code().as_u16(),
            grpc: status.grpc_code(),
            protocol: context.protocol,
            chain: chain.map(ToString::to_string).collect(),
        });
    });
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    let chain = || Wrapper(full().into());
    let expected_chain = ["secret wrapper".to_owned(), full().to_string()];
    #[rustfmt::skip]
    let rows = [
        (built(NoSuchOrder(8)), 404, vec!["order 8 does not exist".to_owned()]),
        (built(Status::conflict().with_source(chain())), 409, expected_chain.to_vec()),
        (built(Status::from_error(chain())), 500, expected_chain.to_vec()),
        (Err(Status::conflict().with_source(chain())), 409, expected_chain.to_vec()),
    ];
    for (outcome, code, chain) in rows {
        for (content_type, protocol) in [("application/grpc", Protocol::Grpc), ("application/json", Protocol::Http)] {
            let outcome = match &outcome {
                Ok(response) => Ok(Response::from_parts(response.clone_head(), tonic::body::Body::empty())),
                Err(status) => Err(status.clone()),
            };
            let _ = send(&layer, rpc(content_type), outcome).await;
            let reports = std::mem::take(&mut *reports.lock().unwrap());
            assert_eq!(reports, [Report { code, grpc: None, protocol, chain: chain.clone() }], "{content_type}");
        }
    }
    // The source of a `tonic::Status` is part of the chain.
    let mut aborted = tonic::Status::aborted("try again");
    aborted.set_source(Arc::new(chain()));
    let _ = send(&layer, rpc("application/grpc"), Ok::<_, Status>(aborted.into_http::<tonic::body::Body>())).await;
    let reports = std::mem::take(&mut *reports.lock().unwrap());
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((report.code, report.grpc), (409, Some(GrpcCode::Aborted)));
    assert!(report.chain.ends_with(&expected_chain), "{report:?}");
}

/// Clones the head of a response whose body cannot be cloned.
trait CloneHead {
    fn clone_head(&self) -> Parts;
}

impl<B> CloneHead for Response<B> {
    fn clone_head(&self) -> Parts {
        let mut head = Response::new(());
        *head.status_mut() = self.status();
        head.headers_mut().clone_from(self.headers());
        head.extensions_mut().clone_from(self.extensions());
        head.into_parts().0
    }
}
