//! The delay after which a client may try again.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::RpcError;
use crate::{Status, catalog::GrpcCode, fields::retry_after};

static PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// Returns the delay of a status, otherwise the Retry-After of its fields, otherwise that of the response that it replaces.
pub(super) fn delay(status: &Status, headers: &HeaderMap) -> Option<Duration> {
    status.retry_after().or_else(|| retry_after(status.headers())).or_else(|| retry_after(headers))
}

/// Adds `grpc-retry-pushback-ms`, which clients with a retry policy obey (gRFC A6), unless the application has set it.
pub(super) fn set_pushback(error: &mut RpcError<'_>, head: &mut HeaderMap, delay: Option<Duration>) {
    if let Some(own) = error.metadata.get_all(&PUSHBACK).iter().next_back().cloned() {
        // Replaces the inner response's value, because clients do not retry if the field has several.
        let _ = error.metadata.try_insert(&PUSHBACK, own);
        head.remove(&PUSHBACK);
    } else if !head.contains_key(&PUSHBACK)
        && let Some(value) = pushback(error.code, delay)
    {
        let _ = error.metadata.try_insert(&PUSHBACK, value);
    }
}

/// Returns the delay in milliseconds, rounded up; `None` if clients do not retry this code, or the delay does not fit into
/// an `i32`.
fn pushback(code: GrpcCode, delay: Option<Duration>) -> Option<HeaderValue> {
    if !matches!(code, GrpcCode::Unavailable | GrpcCode::ResourceExhausted) {
        return None;
    }
    // Clients parse a signed 32-bit integer.
    let milliseconds = delay?.as_nanos().div_ceil(1_000_000);
    i32::try_from(milliseconds).ok().map(HeaderValue::from)
}
