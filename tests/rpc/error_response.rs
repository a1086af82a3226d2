//! A gRPC error as a client reads it.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, Response};
use percent_encoding::percent_decode;
use prost::Message;
use tonic_types::{ErrorDetails, RpcStatusExt};
use tower_status::{Status, StatusMapLayer};

use crate::common::{self, Fields, only_line, request};

/// An error as a client reads it.
pub(crate) struct ErrorResponse {
    pub(crate) code: i32,
    pub(crate) message: String,
    /// The decoded `grpc-status-details-bin`.
    pub(crate) rpc: Option<tonic_types::Status>,
    /// RFC 9113 §6.5.2: the length of all names and values, and 32 bytes per field.
    pub(crate) size: usize,
    pub(crate) metadata: HeaderMap,
}

impl ErrorResponse {
    pub(crate) fn details(&self) -> ErrorDetails {
        let Some(rpc) = &self.rpc else { return ErrorDetails::new() };
        rpc.check_error_details().expect("messages of error_details.proto")
    }

    pub(crate) fn kinds(&self) -> Vec<&str> {
        let details = self.rpc.iter().flat_map(|rpc| &rpc.details);
        details.map(|any| any.type_url.strip_prefix("type.googleapis.com/google.rpc.").unwrap()).collect()
    }

    pub(crate) fn reason(&self) -> Option<String> {
        self.details().error_info().map(|info| info.reason.clone())
    }

    pub(crate) fn metadata_of_error_info(&self) -> HashMap<String, String> {
        self.details().error_info().map(|info| info.metadata.clone()).unwrap_or_default()
    }

    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let details = self.details();
        let violations = details.bad_request().into_iter().flat_map(|request| &request.field_violations);
        violations.map(|violation| (violation.field.clone(), violation.description.clone())).collect()
    }
}

/// The default limit: a response is smaller.
pub(crate) const LIMIT: usize = 3 * 1024;

pub(crate) struct Call<'a> {
    pub(crate) path: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) fields: Fields<'a>,
}

pub(crate) const CALL: Call<'_> =
    Call { path: "/shop.Orders/Get", content_type: "application/grpc+proto", fields: &[] };

pub(crate) async fn send(
    layer: StatusMapLayer,
    call: &Call<'_>,
    outcome: Result<Response<String>, Status>,
) -> ErrorResponse {
    let response = send_unlimited(layer, call, outcome).await;
    assert!(response.size < LIMIT, "{}", response.size);
    response
}

/// Sends a call to a layer with another limit.
pub(crate) async fn send_unlimited(
    layer: StatusMapLayer,
    call: &Call<'_>,
    outcome: Result<Response<String>, Status>,
) -> ErrorResponse {
    let request = request("POST", call.path, &[&[("content-type", call.content_type)], call.fields].concat());
    let (parts, body) = common::send(&layer, request, outcome).await;
    assert_eq!(parts.status, 200);
    // With the Date that the server adds (RFC 9110 §6.6.1).
    let mut size = ":status".len() + "200".len() + 32 + "date".len() + "Sun, 06 Nov 1994 08:49:37 GMT".len() + 32;
    let mut fields = parts.headers;
    size += fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>();
    if !body.is_empty() {
        let trailers = trailers(&STANDARD.decode(&body).expect("padded base64"));
        size += trailers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum::<usize>();
        fields.extend(trailers);
    }
    let message = only_line(&fields, "grpc-message").unwrap_or_default().as_bytes();
    let rpc = only_line(&fields, "grpc-status-details-bin").map(|value| {
        let bytes = STANDARD_NO_PAD.decode(value).expect("standard alphabet, unpadded");
        tonic_types::Status::decode(&*bytes).expect("google.rpc.Status")
    });
    let response = ErrorResponse {
        code: only_line(&fields, "grpc-status").unwrap().parse().unwrap(),
        message: percent_decode(message).decode_utf8().expect("cut between characters").into_owned(),
        rpc,
        size,
        metadata: fields,
    };
    if let Some(rpc) = &response.rpc {
        assert_eq!(rpc.code, response.code, "the code in the details, and grpc-status");
        assert_eq!(rpc.message, response.message, "the message in the details, and grpc-message");
        // A client that decodes `Any` must know each type.
        let known = ["ErrorInfo", "RetryInfo", "BadRequest", "Help", "DebugInfo", "LocalizedMessage"];
        assert!(response.kinds().iter().all(|kind| known.contains(kind)), "{:?}", response.kinds());
        response.details();
    }
    response
}

/// Returns the fields of a gRPC-Web trailer frame.
fn trailers(frame: &[u8]) -> HeaderMap {
    assert_eq!((frame[0], frame.len() - 5), (0x80, u32::from_be_bytes(frame[1..5].try_into().unwrap()) as usize));
    let lines = str::from_utf8(&frame[5..]).unwrap().split_terminator("\r\n");
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.trim().parse().unwrap())
    };
    lines.map(field).collect()
}

pub(crate) async fn error_response(status: Status) -> ErrorResponse {
    send(StatusMapLayer::new().rpc(true), &CALL, Err(status)).await
}
