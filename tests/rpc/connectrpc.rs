//! `connectrpc::ConnectError`, converted from a `Status`.

use std::{error::Error, io, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use connectrpc::{ConnectError, ErrorCode};
use prost::Message;
use serde_json::Value;
use tonic_types::pb;
use tower_status::{Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{fail, json, request};

/// Returns the error that the layer itself writes for a status.
async fn written(status: Status) -> Value {
    let fields = [("content-type", "application/json"), ("connect-protocol-version", "1")];
    // Not the service in the path, which a handler does not know.
    let layer = StatusMapLayer::new().error_domain("");
    json(&fail(&layer, request("POST", "/shop.Orders/Get", &fields), status).await.1)
}

#[tokio::test]
async fn converted_error_has_the_code_the_message_and_the_details_that_the_layer_writes() {
    let rows = [
        Status::not_found(),
        Status::gone().with_type("https://shop.example/problems/deleted").with_detail("größe \"🌷\""),
        Status::conflict().with_grpc_code(GrpcCode::AlreadyExists),
        Status::service_unavailable().with_detail("secret").with_retry_after(Duration::from_secs(7)),
        Status::new(http::StatusCode::OK).with_grpc_code(GrpcCode::Ok),
        tonic::Status::aborted("").into(),
    ];
    for status in rows {
        let converted = ConnectError::from(status.clone());
        let mut made: Value = serde_json::from_slice(&converted.to_json()).unwrap();
        // The layer leaves an empty message out.
        if made["message"] == "" {
            made.as_object_mut().unwrap().remove("message");
        }
        let expected = written(status.clone()).await;
        assert_eq!(made, expected, "{status:?}");
    }
}

#[test]
fn converted_error_has_the_metadata_of_the_status() {
    let status = Status::unauthorized("Bearer").with_header("x-shard", "7").with_header("trace-bin", "AAECAw==");
    let converted = ConnectError::from(status.with_header("connect-x", "1").with_header("set-cookie", "a=1"));
    let fields: Vec<_> = converted.response_headers().iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(fields, [("x-shard", &"7".parse().unwrap()), ("trace-bin", &"AAECAw".parse().unwrap())]);
    assert!(converted.trailers().is_empty());
}

#[test]
fn converted_error_prints_no_more_than_the_client_may_see() {
    let secret = |status: Status| status.with_detail("secret").with_extension("key", "secret").with_source("secret");
    let rows = [
        secret(Status::internal_server_error()),
        secret(Status::conflict()).with_grpc_code(GrpcCode::DataLoss),
        secret(Status::bad_gateway()).with_grpc_code(GrpcCode::NotFound),
        Status::from_error(io::Error::other("secret")),
        Status::not_found().with_source("secret"),
        tonic::Status::internal("secret").into(),
    ];
    for status in rows {
        let converted = ConnectError::from(status);
        let causes = std::iter::successors(Some(&converted as &dyn Error), |error| (*error).source());
        let printed: Vec<_> = causes.map(|error| format!("{error} {error:?} {error:#?}")).collect();
        let sent = String::from_utf8(converted.to_json().to_vec()).unwrap();
        assert!(!printed.concat().contains("secret") && !sent.contains("secret"), "{printed:?} {sent}");
        assert!(!sent.contains(&STANDARD_NO_PAD.encode("secret")), "{sent}");
    }
}

#[cfg(feature = "derive")]
#[test]
fn a_derived_error_converts_with_a_question_mark() {
    #[derive(Debug, thiserror::Error, tower_status::IntoStatus)]
    #[status(connect, tonic)]
    enum Failure {
        #[error("order {0} does not exist")]
        #[status(404)]
        NoSuchOrder(u64),
        #[error("secret")]
        #[status(500)]
        Database,
    }
    fn handler(error: Failure) -> Result<(), ConnectError> {
        Err(error)?
    }
    let error = handler(Failure::NoSuchOrder(8)).unwrap_err();
    assert_eq!((error.code, error.message.as_deref()), (ErrorCode::NotFound, Some("order 8 does not exist")));
    let value = STANDARD_NO_PAD.decode(error.details[0].value.as_ref().unwrap()).unwrap();
    assert_eq!(pb::ErrorInfo::decode(&*value).unwrap().reason, "NO_SUCH_ORDER");
    let error = handler(Failure::Database).unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert_eq!(tonic::Status::from(Failure::NoSuchOrder(8)).code(), tonic::Code::NotFound);
}

/// Each of the sixteen codes has its own.
#[test]
fn every_code_has_its_counterpart() {
    for number in 1..=16 {
        let code = GrpcCode::from(tonic::Code::from_i32(number));
        let converted = ConnectError::from(Status::conflict().with_grpc_code(code));
        assert_eq!(i32::try_from(converted.code.grpc_code()).unwrap(), number, "{code}");
        assert_eq!(converted.http_status(), http::StatusCode::from(code), "{code}");
    }
}
