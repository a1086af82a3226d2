//! `tonic::Status`: as an error, in each carrier, deeper in a chain, and made of a `Status`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    error::Error,
    future::ready,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, response::Parts};
use http_body::Body;
use http_body_util::BodyExt;
use prost::Message;
use serde_json::Value;
use tonic::{
    Code, TimeoutExpired,
    metadata::{MetadataMap, MetadataValue},
};
use tonic_types::{ErrorDetails, StatusExt};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_status::{IntoStatus, Protocol, Status, StatusMapLayer, catalog, catalog::GrpcCode};

const CODES: [Code; 16] = [
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

/// What no client is shown.
fn masked(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

/// With everything that it can say.
fn said(code: Code) -> tonic::Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("x-shard", MetadataValue::from_static("7"));
    metadata.append("x-shard", MetadataValue::from_static("8"));
    metadata.insert_bin("trace-bin", MetadataValue::from_bytes(b"\0\xff trace"));
    let details = rpc(code);
    tonic::Status::with_details_and_metadata(code, "the größe is 50%\r\nwrong", details.into(), metadata)
}

fn rpc(code: Code) -> Vec<u8> {
    let (code, message) = (code.into(), "the größe is 50%\r\nwrong".to_owned());
    tonic_types::Status { code, message, details: vec![] }.encode_to_vec()
}

fn request(content_type: &str) -> Request<()> {
    Request::post("/shop.Orders/Get").header("content-type", content_type).body(()).unwrap()
}

async fn ask<B, E>(layer: &StatusMapLayer, request: Request<()>, outcome: Result<Response<B>, E>) -> (Parts, Bytes)
where
    B: Body<Error: std::fmt::Debug>,
    E: Into<Status>,
{
    let mut outcome = Some(outcome);
    let inner = service_fn(|_: Request<()>| ready(outcome.take().unwrap()));
    let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

fn failed<E>(error: E) -> Result<Response<String>, E> {
    Err(error)
}

/// As a tonic client reads it.
async fn over_grpc<E: Into<Status>>(layer: &StatusMapLayer, error: E) -> tonic::Status {
    let (parts, body) = ask(layer, request("application/grpc"), failed(error)).await;
    read(&parts, &body)
}

fn read(parts: &Parts, body: &Bytes) -> tonic::Status {
    assert_eq!((parts.status.as_u16(), body.len()), (200, 0));
    let mut fields = parts.headers.clone();
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin", "content-type"] {
        assert!(fields.get_all(name).iter().count() <= 1, "{name} stands once");
    }
    assert_eq!(fields.remove("content-type").unwrap(), "application/grpc");
    tonic::Status::from_header_map(&fields).expect("a grpc-status")
}

/// The status and the problem document.
async fn over_http<E: Into<Status>>(layer: &StatusMapLayer, error: E) -> (Parts, Value) {
    let (parts, body) = ask(layer, request("application/json"), failed(error)).await;
    assert_eq!(parts.headers["content-type"], "application/problem+json");
    assert!(!parts.headers.keys().any(|name| name.as_str().starts_with("grpc-")), "{:?}", parts.headers);
    (parts, serde_json::from_slice(&body).unwrap())
}

#[derive(Debug, thiserror::Error)]
#[error("around it")]
struct Around(#[source] BoxError);

#[derive(Debug, thiserror::Error)]
#[error("the shop failed")]
struct Carrier(#[source] tonic::Status);

impl IntoStatus for Carrier {
    fn status(&self) -> Status {
        Status::unresolved()
    }
}

type Way = (&'static str, fn(tonic::Status) -> Status);

/// As the error itself and directly in a carrier.
#[rustfmt::skip]
const VERBATIM: [Way; 9] = [
    ("the error", |status| status.into()),
    ("a BoxError", |status| Status::from(BoxError::from(status))),
    ("from_error", Status::from_error),
    ("an io::Error", |status| io::Error::other(status).into()),
    ("an io::Error in a BoxError", |status| Status::from(BoxError::from(io::Error::other(status)))),
    ("an io::Error in one", |status| io::Error::other(io::Error::other(status)).into()),
    ("a carrier in a carrier", |status| Status::from_error(Status::from_error(io::Error::other(status)))),
    ("a boxed carrier", |status| Status::from(BoxError::from(Status::from_error(status)))),
    ("an error that answers as a carrier", |status| Carrier(status).into()),
];

/// Deeper in a chain.
#[rustfmt::skip]
const UPSTREAM: [Way; 6] = [
    ("below another", |status| Status::from_error(Around(status.into()))),
    ("in a carrier below another", |status| Status::from_error(Around(io::Error::other(status).into()))),
    ("far below", |status| Status::from_error(Around(Around(Around(status.into()).into()).into()))),
    ("below another in an io::Error", |status| io::Error::other(Around(status.into())).into()),
    ("below another in a BoxError", |status| Status::from(BoxError::from(Around(status.into())))),
    ("below a carrier below another", |status| Status::from_error(Around(Status::from_error(status).into()))),
];

// ----- As an error -----

#[tokio::test]
async fn it_keeps_all_that_it_says() {
    for (way, make) in VERBATIM {
        for code in CODES.into_iter().filter(|code| !masked(*code)) {
            let seen = over_grpc(&StatusMapLayer::new(), make(said(code))).await;
            let row = format!("{way}, {code:?}");
            assert_eq!((seen.code(), seen.message()), (code, said(code).message()), "{row}");
            assert_eq!(seen.details(), rpc(code), "{row}");
            let shards: Vec<_> = seen.metadata().get_all("x-shard").iter().collect();
            assert_eq!(shards, ["7", "8"], "{row}");
            let trace = seen.metadata().get_bin("trace-bin").unwrap().to_bytes().unwrap();
            assert_eq!(trace, &b"\0\xff trace"[..], "{row}");
            assert_eq!(seen.metadata().len(), 3, "{row}: {:?}", seen.metadata());
        }
    }
}

#[tokio::test]
async fn internal_unknown_and_data_loss_are_masked() {
    for (way, make) in VERBATIM.into_iter().chain(UPSTREAM) {
        for code in [Code::Internal, Code::Unknown, Code::DataLoss] {
            let row = format!("{way}, {code:?}");
            let seen = over_grpc(&StatusMapLayer::new(), make(said(code))).await;
            assert_eq!(seen.code(), code, "{row}");
            let explanation = catalog::get(http::StatusCode::INTERNAL_SERVER_ERROR).unwrap().explanation;
            assert_eq!((seen.message(), seen.details()), (explanation, &b""[..]), "{row}");
            let (parts, problem) = over_http(&StatusMapLayer::new(), make(said(code))).await;
            assert_eq!((parts.status.as_u16(), &problem["detail"]), (500, &explanation.into()), "{row}");
            assert!(!problem.to_string().contains("größe"), "{row}");
        }
    }
    // A developer sees them, but never an upstream's.
    let exposing = StatusMapLayer::new().expose_server_errors(true);
    for (way, make) in VERBATIM {
        let seen = over_grpc(&exposing, make(said(Code::Internal))).await;
        assert_eq!((seen.message(), seen.details()), (said(Code::Internal).message(), &*rpc(Code::Internal)), "{way}");
    }
}

#[tokio::test]
async fn of_an_upstreams_only_the_code_is_taken() {
    for layer in [StatusMapLayer::new(), StatusMapLayer::new().expose_server_errors(true)] {
        for (way, make) in UPSTREAM {
            for code in CODES {
                let row = format!("{way}, {code:?}");
                let seen = over_grpc(&layer, make(said(code))).await;
                assert_eq!(seen.code(), code, "{row}");
                assert!(!seen.message().contains("größe"), "{row}: {}", seen.message());
                assert!(seen.details().is_empty() && seen.metadata().is_empty(), "{row}: {seen:?}");
                let (_, problem) = over_http(&layer, make(said(code))).await;
                assert!(!problem.to_string().contains("größe"), "{row}: {problem}");
            }
        }
    }
}

/// code.proto's table.
#[tokio::test]
async fn on_an_ordinary_request_it_is_an_http_status() {
    #[rustfmt::skip]
    let codes = [499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
    for (way, make) in VERBATIM.into_iter().chain(UPSTREAM) {
        for (code, http) in CODES.into_iter().zip(codes) {
            let row = format!("{way}, {code:?}");
            let (parts, problem) = over_http(&StatusMapLayer::new(), make(said(code))).await;
            assert_eq!((parts.status.as_u16(), &problem["status"]), (http, &http.into()), "{row}");
            let verbatim = VERBATIM.iter().any(|(known, _)| *known == way);
            let shown = verbatim && http < 500;
            assert_eq!(problem["detail"] == said(code).message(), shown, "{row}: {problem}");
            assert_eq!(parts.headers.contains_key("www-authenticate"), http == 401, "{row}");
        }
    }
}

#[tokio::test]
async fn an_empty_message_stays_empty() {
    for code in CODES.into_iter().filter(|code| !masked(*code)) {
        let seen = over_grpc(&StatusMapLayer::new(), tonic::Status::new(code, "")).await;
        assert_eq!((seen.code(), seen.message(), seen.details()), (code, "", &b""[..]));
    }
}

/// An error is never OK: to no one.
#[tokio::test]
async fn a_status_that_says_ok_is_unknown() {
    let seen = over_grpc(&StatusMapLayer::new(), tonic::Status::ok("secret")).await;
    assert_eq!(seen.code(), Code::Unknown);
}

#[tokio::test]
async fn a_status_that_says_ok_is_no_success_over_http() {
    let (parts, _) =
        ask(&StatusMapLayer::new(), request("application/json"), failed(tonic::Status::ok("secret"))).await;
    assert_eq!(parts.status, 500);
}

fn with_metadata(fields: &[(&'static str, &'static str)]) -> tonic::Status {
    let fields = fields.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
    let metadata = MetadataMap::from_headers(fields.collect());
    tonic::Status::with_metadata(Code::Aborted, "try again", metadata)
}

/// A client's status has the head of the response that it came with: it must not stand on ours.
#[tokio::test]
async fn the_metadata_of_a_status_that_a_client_received() {
    let fields = [("content-type", "application/grpc"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("x-shard", "7")];
    for (way, make) in VERBATIM {
        let seen = over_grpc(&StatusMapLayer::new(), make(with_metadata(&fields))).await; // which asks for one content-type
        assert_eq!((seen.code(), seen.metadata().get("x-shard").is_some()), (Code::Aborted, true), "{way}");
    }
}

/// Fields that belong to the protocol come from the status alone.
#[tokio::test]
async fn metadata_in_the_place_of_the_protocols_fields() {
    let fields = [
        ("grpc-status", "0"),
        ("grpc-message", "all is well"),
        ("grpc-status-details-bin", "AAAA"),
        ("grpc-encoding", "gzip"),
        ("content-type", "text/html"),
        ("content-length", "7"),
        ("content-encoding", "gzip"),
        ("te", "trailers"),
        ("www-authenticate", "Basic"),
        ("retry-after", "7"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
    ];
    for (way, make) in VERBATIM {
        for field in fields {
            let seen = over_grpc(&StatusMapLayer::new(), make(with_metadata(&[field, ("x-shard", "7")]))).await;
            let said = (seen.code(), seen.message(), seen.details());
            assert_eq!(said, (Code::Aborted, "try again", &b""[..]), "{way} {field:?}");
            let kept: Vec<_> = seen.metadata().clone().into_headers().keys().map(ToString::to_string).collect();
            assert_eq!(kept, ["x-shard"], "{way} {field:?}");
        }
    }
}

/// 8 KiB for all of it: details, then the message.
#[tokio::test]
async fn what_is_too_long_is_cut() {
    let long = "größe ".repeat(20_000);
    let mut metadata = MetadataMap::new();
    metadata.insert("x-shard", MetadataValue::from_static("7"));
    let status = |message: &str, details: usize| {
        let details = vec![7; details].into();
        tonic::Status::with_details_and_metadata(Code::Aborted, message, details, metadata.clone())
    };
    for (message, length) in [("short", 20_000), (&*long, 7), (&*long, 20_000), ("short", 6_100)] {
        let (parts, _) =
            ask(&StatusMapLayer::new(), request("application/grpc"), failed(status(message, length))).await;
        let size: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size + 42 < 8 * 1024, "{size}");
        let seen = read(&parts, &Bytes::new());
        assert_eq!(seen.code(), Code::Aborted);
        assert_eq!(seen.metadata().get("x-shard").unwrap(), "7");
        assert_eq!(seen.details().is_empty(), message.len() + length > 6_100, "{length}");
    }
}

/// A message that leaves no room in 8 KiB has no details beside it: they would repeat it.
#[test]
fn a_message_of_8_kib_has_no_details() {
    for (length, details) in [(10, true), (8 * 1024 - 1, true), (8 * 1024, false), (8 * 1024 + 1, false)] {
        let status = Status::conflict().with_type("/problems/x").with_detail("m".repeat(length));
        let made = tonic::Status::from(status);
        assert_eq!((made.message().len(), !made.details().is_empty()), (length, details));
    }
}

/// Each gRPC form keeps it.
#[tokio::test]
async fn over_grpc_web() {
    let (parts, _) = ask(&StatusMapLayer::new(), request("application/grpc-web"), failed(said(Code::NotFound))).await;
    let seen = tonic::Status::from_header_map(&parts.headers).unwrap();
    assert_eq!(
        (seen.code(), seen.message(), seen.details()),
        (Code::NotFound, said(Code::NotFound).message(), &*rpc(Code::NotFound))
    );
}

#[tokio::test]
async fn the_applications_own_mapping_comes_first() {
    let layer = StatusMapLayer::new().map_error(|status: &tonic::Status| {
        (status.code() == Code::NotFound).then(|| Status::gone().with_detail("it was deleted"))
    });
    for (way, make) in VERBATIM.into_iter().skip(1).chain(UPSTREAM) {
        let seen = over_grpc(&layer, make(said(Code::NotFound))).await;
        assert_eq!(
            (seen.code(), seen.message(), seen.details()),
            (Code::NotFound, "it was deleted", &b""[..]),
            "{way}"
        );
        assert_eq!(over_http(&layer, make(said(Code::NotFound))).await.0.status, 410, "{way}");
        assert_eq!(over_grpc(&layer, make(said(Code::Aborted))).await.code(), Code::Aborted, "{way}");
    }
}

/// The code inside the details is that of the answer, whoever changed it.
#[tokio::test]
async fn another_code_has_other_details() {
    let layer = StatusMapLayer::new().map_status(|status, _| status.with_grpc_code(GrpcCode::Aborted));
    for (way, make) in VERBATIM {
        let seen = over_grpc(&layer, make(said(Code::NotFound))).await;
        assert_eq!(seen.code(), Code::Aborted, "{way}");
        let inside = tonic_types::Status::decode(seen.details()).unwrap();
        assert!(seen.details().is_empty() || inside.code == 10, "{way}: {inside:?}");
    }
}

/// tonic's own, of a client's deadline.
#[tokio::test]
async fn timeout_expired() {
    let rows: [(&str, Status); 4] = [
        ("in a BoxError", BoxError::from(TimeoutExpired(())).into()),
        ("in an io::Error", io::Error::other(TimeoutExpired(())).into()),
        ("from_error", Status::from_error(TimeoutExpired(()))),
        ("below another", Status::from_error(Around(TimeoutExpired(()).into()))),
    ];
    for (row, status) in rows {
        assert_eq!(over_grpc(&StatusMapLayer::new(), status.clone()).await.code(), Code::DeadlineExceeded, "{row}");
        let (parts, _) = over_http(&StatusMapLayer::new(), status).await;
        assert!(matches!(parts.status.as_u16(), 503 | 504), "{row}: {}", parts.status);
    }
}

// ----- Made of a Status -----

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
fn a_status_becomes_one_of_tonics() {
    let explained = |code: u16| catalog::get(http::StatusCode::from_u16(code).unwrap()).unwrap().explanation;
    #[rustfmt::skip]
    let rows = [
        (Status::from(NoSuchOrder(8)), Code::NotFound, "order 8 does not exist"),
        (Status::not_found(), Code::NotFound, explained(404)),
        (Status::conflict().with_detail("größer um 100 %\r\n"), Code::Aborted, "größer um 100 %\r\n"),
        (Status::conflict().with_grpc_code(GrpcCode::AlreadyExists), Code::AlreadyExists, explained(409)),
        (Status::service_unavailable().with_detail("secret"), Code::Unavailable, explained(503)),
        (Status::internal_server_error().with_detail("secret"), Code::Internal, explained(500)),
        (Status::from_error("secret"), Code::Internal, explained(500)),
        (Status::service_unavailable().with_detail("until noon").expose(), Code::Unavailable, "until noon"),
        (Status::permission_denied().with_detail("read only"), Code::PermissionDenied, "read only"),
    ];
    for (status, code, message) in rows {
        let made = handler(status.clone()).unwrap_err();
        assert_eq!((made.code(), made.message()), (code, message), "{status:?}");
        assert!(made.source().unwrap().is::<Status>(), "{status:?}: for the layer outside");
    }
}

#[test]
fn its_details_can_be_read() {
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
fn round_trips() {
    for code in CODES {
        let made = tonic::Status::from(Status::from(said(code)));
        assert_eq!(made.code(), code);
        if masked(code) {
            assert!(!made.message().contains("größe") && made.details().is_empty(), "{code:?}");
            continue;
        }
        assert_eq!((made.message(), made.details()), (said(code).message(), &*rpc(code)), "{code:?}");
        assert_eq!(made.metadata().clone().into_headers(), said(code).metadata().clone().into_headers(), "{code:?}");
    }
    for code in CODES {
        assert_eq!(Code::from(GrpcCode::from(code)), code);
    }
    assert_eq!(Code::from(GrpcCode::from(Code::Ok)), Code::Ok);
}

// ----- What tonic made a response of -----

/// As tonic's server answers where a handler fails.
#[allow(clippy::unnecessary_wraps)] // the outcome of a service
fn answered(error: impl Into<Status>) -> Result<Response<tonic::body::Body>, Status> {
    Ok(tonic::Status::from(error.into()).into_http())
}

/// With the service's name, which the handler did not know.
#[tokio::test]
async fn a_handlers_error_is_answered_as_the_layers_own() {
    let layer = StatusMapLayer::new();
    let (parts, body) = ask(&layer, request("application/grpc"), answered(NoSuchOrder(8))).await;
    let seen = read(&parts, &body);
    let (parts, body) = ask(&layer, request("application/grpc"), failed(NoSuchOrder(8))).await;
    let own = read(&parts, &body);
    assert_eq!((seen.code(), seen.message(), seen.details()), (own.code(), own.message(), own.details()));
    assert_eq!(seen.get_details_error_info().unwrap().domain, "shop.Orders");
    assert_eq!(seen.metadata().clone().into_headers(), own.metadata().clone().into_headers());

    // The same over plain HTTP, which has more to say.
    let gone = || Status::gone().with_detail("order 9 was deleted").with_type("/problems/deleted");
    let (parts, body) = ask(&layer, request("application/json"), answered(gone())).await;
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((parts.status.as_u16(), &problem["type"]), (410, &"/problems/deleted".into()));
    assert_eq!(problem["detail"], "order 9 was deleted");
    assert!(!parts.headers.keys().any(|name| name.as_str().starts_with("grpc-")), "{:?}", parts.headers);
}

/// A carrier that a handler returned with `?` is still what the layer's `map_error` says.
#[tokio::test]
async fn map_error_sees_what_a_handler_carries() {
    let layer = StatusMapLayer::new().map_error(|error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => Some(Status::not_found().with_detail("no such file")),
        io::ErrorKind::StorageFull => Some(Status::insufficient_storage()),
        _ => None,
    });
    let of = |kind: io::ErrorKind| io::Error::from(kind);
    #[rustfmt::skip]
    let rows = [
        (Status::from(of(io::ErrorKind::NotFound)), Code::NotFound, 404, true),
        (Status::from_error(Around(of(io::ErrorKind::NotFound).into())), Code::NotFound, 404, true),
        (Status::from_error(of(io::ErrorKind::StorageFull)), Code::ResourceExhausted, 507, false),
        (Status::from_error(of(io::ErrorKind::TimedOut)), Code::Internal, 500, false),
        (Status::from_error("secret"), Code::Internal, 500, false),
    ];
    for (status, code, http, says) in rows {
        let (parts, body) = ask(&layer, request("application/grpc"), answered(status.clone())).await;
        let seen = read(&parts, &body);
        assert_eq!((seen.code(), seen.message() == "no such file"), (code, says), "{status:?}");
        let (parts, _) = ask(&layer, request("application/json"), answered(status.clone())).await;
        assert_eq!(parts.status, http, "{status:?}");
    }
}

/// A `tonic::Status` of the handler's own is gRPC already and passes; to plain HTTP it is code.proto's.
#[tokio::test]
async fn a_handlers_own_status_passes() {
    for code in CODES {
        let inner = || Ok::<_, Status>(said(code).into_http::<tonic::body::Body>());
        let (parts, body) = ask(&StatusMapLayer::new(), request("application/grpc"), inner()).await;
        assert_eq!(parts.headers, inner().unwrap().headers().clone(), "{code:?}");
        let seen = read(&parts, &body);
        assert_eq!((seen.code(), seen.message(), seen.details()), (code, said(code).message(), &*rpc(code)));

        let (parts, body) = ask(&StatusMapLayer::new(), request("application/json"), inner()).await;
        assert_eq!(parts.status, http::StatusCode::from(GrpcCode::from(code)), "{code:?}");
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["detail"] == said(code).message(), parts.status.as_u16() < 500, "{code:?}");
    }
}

#[tokio::test]
async fn on_error_is_told_once_with_the_chain() {
    type Told = Arc<Mutex<Vec<(u16, Option<GrpcCode>, Protocol, Vec<String>)>>>;
    let told = Told::default();
    let hook = Arc::clone(&told);
    let layer = StatusMapLayer::new().on_error(move |status, context| {
        let chain =
            std::iter::successors(status.source(), |error| (*error).source()).map(ToString::to_string).collect();
        hook.lock().unwrap().push((status.code().as_u16(), status.grpc_code(), context.protocol, chain));
    });
    let chained = || Around(io::Error::from(io::ErrorKind::StorageFull).into());
    let words = |chain: &[&str]| chain.iter().map(ToString::to_string).collect::<Vec<_>>();
    let full = io::Error::from(io::ErrorKind::StorageFull).to_string();
    let mut tonics = tonic::Status::aborted("try again");
    tonics.set_source(Arc::new(chained()));
    #[rustfmt::skip]
    let rows = [
        (answered(NoSuchOrder(8)), 404, None, words(&["order 8 does not exist"])),
        (answered(Status::conflict().with_source(chained())), 409, None, words(&["around it", &full])),
        (answered(Status::from_error(chained())), 500, None, words(&["around it", &full])),
        (Err(Status::conflict().with_source(chained())), 409, None, words(&["around it", &full])),
    ];
    for (outcome, code, grpc, chain) in rows {
        for (content_type, protocol) in [("application/grpc", Protocol::Grpc), ("application/json", Protocol::Http)] {
            let outcome = match &outcome {
                Ok(response) => Ok(Response::from_parts(response.clone_head(), tonic::body::Body::empty())),
                Err(status) => Err(status.clone()),
            };
            let _ = ask(&layer, request(content_type), outcome).await;
            let told = std::mem::take(&mut *told.lock().unwrap());
            assert_eq!(told, [(code, grpc, protocol, chain.clone())], "{content_type}");
        }
    }
    // A status of tonic's own has its causes, too.
    let _ = ask(&layer, request("application/grpc"), Ok::<_, Status>(tonics.into_http::<tonic::body::Body>())).await;
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!((told.len(), told[0].0, told[0].1), (1, 409, Some(GrpcCode::Aborted)));
    let tail = told[0].3.iter().rev().take(2).rev().cloned().collect::<Vec<_>>();
    assert_eq!(tail, words(&["around it", &full]), "{:?}", told[0].3);
}

/// A response whose body cannot be cloned.
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
