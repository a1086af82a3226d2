//! What the layers do with a [`Status`].

use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{Malformed, Parts, Rpc, Source, Status, field};
use crate::{catalog, warning::warning};

impl Status {
    pub(super) fn parts(&self) -> Option<&Parts> {
        self.parts.as_deref()
    }

    pub(super) fn parts_mut(&mut self) -> &mut Parts {
        Arc::make_mut(self.parts.get_or_insert_default())
    }

    pub(super) fn demands(&self, name: &HeaderName) -> bool {
        self.entry().required_headers.contains(name)
    }

    pub(super) fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        let value = field::encoded(&name, value);
        let parts = self.parts_mut();
        if name == header::RETRY_AFTER {
            // Another delay than the one that was set before.
            parts.retry_after = None;
        }
        let headers = parts.headers.get_or_insert_default();
        let stored = if field::is_single(&name) {
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

    pub(crate) fn sourced(mut self, source: Source) -> Self {
        self.set_source(source);
        self
    }

    pub(crate) fn set_source(&mut self, source: Source) {
        self.parts_mut().source = Some(source);
    }

    /// Takes an error's `Display` as the detail where none was set.
    pub(crate) fn set_detail_from(&mut self, error: &dyn fmt::Display) {
        // The message of a gRPC status is its detail, also where there is none.
        if self.detail().is_none() && self.rpc().is_none() {
            let mut text = String::new();
            // A Display that fails keeps what it wrote; `to_string` would panic.
            let _ = fmt::Write::write_fmt(&mut text, format_args!("{error}"));
            if !text.is_empty() {
                self.parts_mut().detail = Some(text.into());
                self.display_detail = true;
            }
        }
    }

    pub(crate) const fn is_carrier(&self) -> bool {
        self.carrier
    }

    /// A carrier that nobody recognised is a 500 of its own.
    pub(crate) fn settled(mut self) -> Self {
        self.carrier = false;
        self
    }

    /// Takes over what the application said on the carrier in which this status was recognised.
    pub(crate) fn within(mut self, carrier: &Status) -> Self {
        self.exposed |= carrier.exposed;
        self.grpc_code = self.grpc_code.or(carrier.grpc_code);
        let Some(outer) = carrier.parts() else { return self };
        let chosen = if carrier.display_detail { &None } else { &outer.detail };
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

    /// The same with another code, because someone outside changed the response's.
    ///
    /// What was inside a 5xx stays inside.
    pub(crate) fn recoded(mut self, code: StatusCode) -> Self {
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
        // Who names a code has decided what the carried error is.
        self.settled()
    }

    /// Whether detail and extension members stay inside.
    pub(crate) fn hides(&self) -> bool {
        catalog::is_server_error(self.code) && !self.exposed
    }

    /// What a custom renderer may see: nothing that must stay inside.
    pub(crate) fn masked(&self, expose: bool) -> Self {
        let mut masked = self.clone().without_source();
        if masked.hides() && !expose && masked.parts.is_some() {
            let parts = masked.parts_mut();
            parts.detail = None;
            parts.extensions.retain_public();
        }
        masked
    }

    /// Whether it has words of its own, so that a body that somebody else wrote does not say it all.
    pub(crate) fn has_words(&self) -> bool {
        self.parts().is_some_and(|parts| {
            let texts = [&parts.title, &parts.detail, &parts.type_uri, &parts.instance, &parts.advice];
            texts.into_iter().any(Option::is_some) || !parts.extensions.all().is_empty()
        })
    }

    /// Whether nothing was changed since `other` was cloned from it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.code == other.code
            && self.exposed == other.exposed
            && self.grpc_code == other.grpc_code
            && self.parts.as_ref().map(Arc::as_ptr) == other.parts.as_ref().map(Arc::as_ptr)
    }

    /// Marks it as answered: an outer layer neither renders nor reports it again.
    pub(crate) fn sent_as(mut self, code: StatusCode) -> Self {
        self.sent = Some(code);
        self
    }

    pub(crate) fn unsent(mut self) -> Self {
        self.sent = None;
        self
    }

    pub(crate) const fn sent(&self) -> Option<StatusCode> {
        self.sent
    }
}
