//! The inputs of an RPC error beside its status.

use std::time::Duration;

use crate::response::{DebugReport, RequestIds, translate::Language};

/// The inputs of an error beside its status.
#[derive(Default)]
pub(crate) struct RpcRequest<'a> {
    /// The domain of `ErrorInfo`.
    pub(crate) domain: &'a str,
    pub(crate) ids: RequestIds<'a>,
    /// The delay until the client should try again.
    pub(crate) delay: Option<Duration>,
    /// Whether clients see hidden details.
    pub(crate) expose: bool,
    pub(crate) debug: Option<&'a DebugReport>,
    /// The language of a `LocalizedMessage`.
    pub(crate) language: Option<Language<'a>>,
}
