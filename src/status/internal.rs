//! The methods of a [`Status`] that only this crate uses.

use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue, StatusCode, header};

#[cfg(any(feature = "anyhow", feature = "eyre"))]
use super::source::Root;
use super::{Malformed, Parts, Resolution, Rpc, Source, Status, header_values as field};
use crate::warning::warning;

impl Status {
    pub(super) fn parts(&self) -> Option<&Parts> {
        self.parts.as_deref()
    }

    pub(super) fn parts_mut(&mut self) -> &mut Parts {
        Arc::make_mut(self.parts.get_or_insert_default())
    }

    pub(super) fn requires(&self, name: &HeaderName) -> bool {
        self.entry().required_headers.contains(name)
    }

    pub(super) fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        let value = field::encoded(&name, value);
        let parts = self.parts_mut();
        if name == header::RETRY_AFTER {
            // The value replaces the delay that was set before.
            parts.retry_after = None;
        }
        if name == header::WWW_AUTHENTICATE && std::mem::take(&mut parts.received.challenge) {
            // The challenge of an upstream asks for other credentials.
            parts.headers.as_mut().and_then(|headers| headers.remove(&name));
        }
        let headers = parts.headers.get_or_insert_default();
        let stored = if field::is_singleton(&name) {
            headers.try_insert(name, value).is_ok()
        } else {
            headers.try_append(name, value).is_ok()
        };
        if !stored {
            warning!("dropped a header field of {}: there are too many", self.code);
        }
    }

    pub(super) fn malformed(self, field: HeaderName) -> Self {
        Self::internal_server_error().with_source(Malformed { field, code: self.code })
    }

    #[cfg(feature = "tonic")]
    pub(crate) fn with_rpc(mut self, rpc: Rpc) -> Self {
        self.parts_mut().rpc = Some(Box::new(rpc));
        self
    }

    pub(crate) fn rpc(&self) -> Option<&Rpc> {
        self.parts()?.rpc.as_deref()
    }

    /// Sets the name of the error's variant or struct, from which gRPC's `ErrorInfo` takes its reason.
    pub(crate) fn with_name(mut self, name: &'static str) -> Self {
        self.parts_mut().name = Some(name);
        self
    }

    pub(crate) fn name(&self) -> Option<&'static str> {
        self.parts()?.name
    }

    pub(crate) fn source_link(&self) -> Option<&Source> {
        self.parts()?.source.as_ref()
    }

    pub(crate) fn without_source(mut self) -> Self {
        if self.source_link().is_some() {
            self.parts_mut().source = None;
        }
        self
    }

    pub(crate) fn with_source_link(mut self, source: Source) -> Self {
        self.set_source(source);
        self
    }

    pub(crate) fn set_source(&mut self, source: Source) {
        self.parts_mut().source = Some(source.bounded());
    }

    /// Sets the detail to an error's `Display` if none is set.
    pub(crate) fn set_detail_from(&mut self, error: &dyn fmt::Display) {
        // The message of a gRPC status is its detail, even an empty one. A status from the chain of causes does not take
        // the text of an error around it.
        if self.detail().is_none() && self.rpc().is_none() && !self.is_provisional() {
            let mut text = String::new();
            // If Display fails, the text so far is used; `to_string` would panic.
            let _ = fmt::Write::write_fmt(&mut text, format_args!("{error}"));
            if !text.is_empty() {
                self.parts_mut().detail = Some(text.into());
                self.detail_is_display = true;
            }
        }
    }

    /// Returns whether the code is unknown until the layer searches the source.
    pub(super) fn is_carrier(&self) -> bool {
        self.resolution == Resolution::Unresolved
    }

    /// Returns whether the layer has to find the status in the source.
    pub(crate) fn is_unresolved(&self) -> bool {
        matches!(self.resolution, Resolution::Unresolved | Resolution::Provisional)
    }

    /// Returns a status that the layer still resolves. `own` is used if it finds no other one.
    pub(crate) fn provisional(own: Option<Status>) -> Self {
        let mut status = own.unwrap_or(Self::unresolved());
        if !status.is_carrier() {
            status.resolution = Resolution::Provisional;
        }
        status
    }

    /// Converts a report.
    #[cfg(any(feature = "anyhow", feature = "eyre"))]
    pub(super) fn of_report(report: Root) -> Self {
        let cause = report.cause();
        // Without a context, the report is nothing but the status.
        if let Some(status) = cause.error().downcast_ref::<Self>() {
            return status.clone();
        }
        let own = report.status().or_else(|| cause.status()).cloned();
        let mut status = Self::provisional(own);
        status.set_source(report.into());
        status
    }

    /// Returns whether the status is used only if the layer finds no other one in the source.
    pub(crate) fn is_provisional(&self) -> bool {
        self.resolution == Resolution::Provisional
    }

    /// Marks the status as final.
    pub(crate) fn resolved(mut self) -> Self {
        self.resolution = Resolution::Final;
        self
    }

    /// Returns the 500 of a carried error that nothing maps. Its `Display` is hidden: it is not meant for clients.
    pub(crate) fn unmapped(mut self) -> Self {
        self.exposed &= !self.detail_is_display;
        self.resolution = Resolution::Unmapped;
        self
    }

    /// Returns whether nothing maps the carried error.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_unmapped(&self) -> bool {
        self.resolution == Resolution::Unmapped
    }

    /// Adds what the application has set on the carrier that contained this status.
    pub(crate) fn inherit_from(mut self, carrier: &Status) -> Self {
        self.exposed |= carrier.exposed;
        self.grpc_code = self.grpc_code.or(carrier.grpc_code);
        let Some(outer) = carrier.parts() else { return self };
        let chosen = if carrier.detail_is_display { &None } else { &outer.detail };
        let parts = self.parts_mut();
        for (mine, theirs) in [
            (&mut parts.title, &outer.title),
            (&mut parts.detail, chosen),
            (&mut parts.type_uri, &outer.type_uri),
            (&mut parts.instance, &outer.instance),
            (&mut parts.advice, &outer.advice),
        ] {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        parts.retry_after = parts.retry_after.or(outer.retry_after);
        parts.extensions.complete(&outer.extensions);
        if let Some(outer) = &outer.headers {
            let headers = parts.headers.get_or_insert_default();
            let absent: Vec<_> = outer.iter().filter(|(name, _)| !headers.contains_key(*name)).collect();
            for (name, value) in absent {
                let _ = headers.try_append(name.clone(), value.clone());
            }
        }
        self
    }

    /// Returns the same status with another code, because middleware has changed the response's.
    ///
    /// The detail and the members of a 5xx stay hidden.
    pub(crate) fn with_code(mut self, code: StatusCode) -> Self {
        if self.hides() {
            let parts = self.parts_mut();
            parts.detail = None;
            parts.extensions.retain_public();
        }
        self.code = Self::new(code).code;
        self.grpc_code = None;
        if self.rpc().is_some() {
            self.parts_mut().rpc = None;
        }
        // A code that was set from outside is final.
        self.resolved()
    }
}
