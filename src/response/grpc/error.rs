//! [`Status`] ─► code, message, details and metadata: the error that an RPC client sees.

use std::borrow::Cow;

use http::HeaderMap;

use super::{
    PublicProblem,
    details::{self, Details},
    headers, metadata,
    request::RpcRequest,
};
use crate::{Status, catalog::GrpcCode, response::translate::Text, status::Rpc};

/// The error that an RPC client sees. Hidden parts are removed, so no format can leak them.
pub(crate) struct RpcError<'a> {
    pub(crate) code: GrpcCode,
    pub(crate) message: Cow<'a, str>,
    pub(crate) details: Details,
    pub(crate) metadata: HeaderMap,
    /// The status's own fields that are header fields even if metadata is sent elsewhere.
    pub(crate) header_fields: HeaderMap,
}

impl<'a> RpcError<'a> {
    /// Returns the visible parts of a status that is sent with this code.
    pub(crate) fn new(status: &'a Status, code: GrpcCode, request: &RpcRequest<'a>) -> Self {
        let rpc = status.rpc().filter(|rpc| rpc.code == code);
        let hides = hides(status, code, rpc) && !request.expose;
        let problem = PublicProblem::with_hidden(status, hides, request.ids);
        let shown_rpc = rpc.filter(|_| !hides);
        let message = match problem.detail {
            Some(detail) => detail,
            // An application's `tonic::Status` may have an empty message.
            None if shown_rpc.is_some() => "",
            None => default_message(&problem, code),
        };
        let mut fields = status.headers().clone();
        // The translated explanation is that of the HTTP status: not of a code that was set apart from it.
        let is_translated = problem.detail.is_some() || code == problem.entry.grpc && shown_rpc.is_none();
        let localized = request.language.filter(|_| is_translated).and_then(|language| {
            let shown = status.shown(hides);
            let text = if problem.detail.is_some() { Text::Detail(&shown) } else { Text::Explanation(&shown) };
            Some((language.tag, language.text(text)?))
        });
        let mut details = details::of(status, &problem, code, request, localized);
        if let Some(rpc) = shown_rpc {
            headers::apply(&mut fields, &rpc.metadata);
            details = Details::complete(&rpc.details, details);
        }
        Self {
            code,
            message: message.into(),
            details,
            metadata: metadata::metadata(&fields),
            header_fields: metadata::web_fields(&fields),
        }
    }
}

/// Returns whether message, details and metadata are hidden, as those of a 5xx are. Those of a `tonic::Status` are meant
/// for clients, unless its code means that the server or an upstream has failed.
fn hides(status: &Status, code: GrpcCode, rpc: Option<&Rpc>) -> bool {
    let is_hidden_code = matches!(code, GrpcCode::Internal | GrpcCode::Unknown | GrpcCode::DataLoss);
    (is_hidden_code || status.hides() && rpc.is_none()) && !status.is_exposed()
}

/// Returns the message of an error without a detail: that of the catalog's entry, or of the code if that was set
/// separately.
fn default_message(problem: &PublicProblem<'_>, code: GrpcCode) -> &'static str {
    if code == problem.entry.grpc { problem.entry.explanation } else { code.explanation() }
}

/// Returns the code for gRPC clients. That of an error is never OK.
pub(crate) fn code(status: &Status) -> GrpcCode {
    match status.grpc_code().unwrap_or_else(|| GrpcCode::from(status.code())) {
        GrpcCode::Ok => GrpcCode::Unknown,
        code => code,
    }
}
