//! Connect's codes: those of gRPC, in lower case.

use tower::load_shed::error::Overloaded;

use crate::{
    Status,
    catalog::{GRPC_CODES, GrpcCode},
    response::grpc,
    status::Source,
};

/// Returns the code for Connect clients: that of gRPC, except for an overload, which clients should retry.
pub(super) fn code(status: &Status) -> GrpcCode {
    let code = grpc::code(status);
    let is_overload = status.source_link().is_some_and(Source::is::<Overloaded>);
    if is_overload && code == GrpcCode::ResourceExhausted { GrpcCode::Unavailable } else { code }
}

/// Returns the name of a code, such as `not_found`.
pub(super) fn name(code: GrpcCode) -> String {
    // Connect spells it with one L.
    if code == GrpcCode::Cancelled { "canceled".to_owned() } else { code.to_string().to_ascii_lowercase() }
}

/// Returns the code of a name; `None` if it is none of the sixteen.
pub(super) fn from_name(text: &str) -> Option<GrpcCode> {
    GRPC_CODES.into_iter().find(|code| *code != GrpcCode::Ok && name(*code) == text)
}
