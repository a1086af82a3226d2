//! The getters of a [`Status`].

use std::{borrow::Cow, error::Error, sync::LazyLock, time::Duration};

use http::HeaderMap;
use serde_json::Value;

use super::Status;
use crate::catalog::GrpcCode;

impl Status {
    /// Returns the title that was set; `None` means the catalog's.
    pub fn title(&self) -> Option<&str> {
        self.parts()?.title.as_deref()
    }

    /// Returns the detail that was set.
    pub fn detail(&self) -> Option<&str> {
        self.parts()?.detail.as_deref()
    }

    /// Returns the type that was set with [`with_type`](Self::with_type).
    pub fn type_uri(&self) -> Option<&str> {
        self.parts()?.type_uri.as_deref()
    }

    /// Returns the URI reference of this occurrence.
    pub fn instance(&self) -> Option<&str> {
        self.parts()?.instance.as_deref()
    }

    /// Returns the advice that was set with [`with_advice`](Self::with_advice).
    pub fn advice(&self) -> Option<&str> {
        self.parts()?.advice.as_deref()
    }

    /// Returns the header fields that the status adds to the response.
    pub fn headers(&self) -> &HeaderMap {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        self.parts().and_then(|parts| parts.headers.as_deref()).unwrap_or_else(|| &NONE)
    }

    /// Returns an extension member.
    pub fn extension(&self, name: &str) -> Option<&Value> {
        self.extensions().iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Returns all extension members in the order in which they were set, the public ones first.
    pub fn extensions(&self) -> &[(Cow<'static, str>, Value)] {
        self.parts().map_or(&[], |parts| parts.extensions.all())
    }

    /// Returns the delay that was set with [`with_retry_after`](Self::with_retry_after), unrounded.
    pub fn retry_after(&self) -> Option<Duration> {
        self.parts()?.retry_after
    }

    /// Returns the code that was set with [`with_grpc_code`](Self::with_grpc_code); `None` means the catalog's.
    pub const fn grpc_code(&self) -> Option<GrpcCode> {
        self.grpc_code
    }

    /// Returns whether [`expose`](Self::expose) was called.
    pub const fn is_exposed(&self) -> bool {
        self.exposed
    }

    /// Returns the error that led to this status.
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source_link()?.error()
    }
}
