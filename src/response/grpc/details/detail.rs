//! One detail of an error.

use std::borrow::Cow;

use bytes::Bytes;

/// A detail: the type and the bytes of a `google.protobuf.Any`.
#[derive(PartialEq)]
pub(crate) struct Detail {
    pub(crate) type_url: Cow<'static, str>,
    pub(crate) value: Bytes,
}

impl Detail {
    /// Returns the type's name, such as `google.rpc.ErrorInfo`.
    pub(crate) fn type_name(&self) -> &str {
        self.type_url.rsplit('/').next().unwrap_or_default()
    }
}
