//! [`Status`] ─► code, message, details and metadata: what an RPC client sees of an error.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use http::HeaderMap;

use super::{PublicProblem, details, headers, metadata::metadata, trailers::LIMIT};
use crate::{Status, catalog::GrpcCode, status::Rpc};

/// What an RPC client sees of an error. What is hidden has been removed, so no format can leak it.
pub(crate) struct RpcError<'a> {
    pub(crate) code: GrpcCode,
    pub(crate) message: Cow<'a, str>,
    /// An encoded `google.rpc.Status`, or empty.
    pub(crate) details: Bytes,
    pub(crate) metadata: HeaderMap,
}

impl<'a> RpcError<'a> {
    /// Returns what may be shown of a status. `path` contains the name of the service; `delay` is the Retry-After of the
    /// response, for a status without a delay.
    pub(crate) fn of(
        status: &'a Status,
        path: &str,
        request_id: Option<&'a str>,
        delay: Option<Duration>,
        expose: bool,
    ) -> Self {
        let code = code(status);
        let rpc = status.rpc().filter(|rpc| rpc.code == code);
        let hides = hides(status, code, rpc) && !expose;
        let problem = PublicProblem::with_hidden(status, hides, request_id);
        let mut metadata = metadata(status.headers());
        let Some(Rpc { details, metadata: of_rpc, .. }) = rpc else {
            let message = problem.detail.unwrap_or_else(|| default_message(&problem, code));
            let delay = status.retry_after().or(delay);
            // They repeat the message, and are left out first.
            let details =
                if message.len() < LIMIT { details::encode(&problem, code, message, path, delay) } else { vec![] };
            return Self { code, message: message.into(), details: details.into(), metadata };
        };
        if hides {
            return Self { code, message: default_message(&problem, code).into(), details: Bytes::new(), metadata };
        }
        headers::apply(&mut metadata, &self::metadata(of_rpc));
        Self { code, message: problem.detail.unwrap_or_default().into(), details: details.clone(), metadata }
    }
}

/// Whether message, details and metadata are hidden: as for a 5xx. Those of a `tonic::Status` are meant for clients,
/// unless the code tells that something is wrong with the server or with an upstream's response.
fn hides(status: &Status, code: GrpcCode, rpc: Option<&Rpc>) -> bool {
    let is_hidden_code = matches!(code, GrpcCode::Internal | GrpcCode::Unknown | GrpcCode::DataLoss);
    (is_hidden_code || status.hides() && rpc.is_none()) && !status.is_exposed()
}

/// Returns the message of an error without a detail: the catalogue's, unless the code was set apart from it.
fn default_message(problem: &PublicProblem<'_>, code: GrpcCode) -> &'static str {
    if code == problem.entry.grpc { problem.entry.explanation } else { code.explanation() }
}

/// Returns the code for RPC clients. That of an error is never OK.
fn code(status: &Status) -> GrpcCode {
    match status.grpc_code().unwrap_or_else(|| GrpcCode::from(status.code())) {
        GrpcCode::Ok => GrpcCode::Unknown,
        code => code,
    }
}
