//! What a client may see of a status.

use std::borrow::Cow;

use http::{StatusCode, header};
use serde_json::Value;

use crate::{Status, catalog::Entry};

/// What a response may show. What is hidden has been removed, so no format can leak it.
pub(crate) struct PublicProblem<'a> {
    pub(crate) code: StatusCode,
    pub(crate) entry: &'static Entry,
    pub(crate) title: &'a str,
    pub(crate) type_uri: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) instance: Option<&'a str>,
    pub(crate) location: Option<&'a str>,
    pub(crate) extensions: &'a [(Cow<'static, str>, Value)],
    /// The status's own advice.
    pub(crate) advice: Option<&'a str>,
    pub(crate) request_id: Option<&'a str>,
}

impl<'a> PublicProblem<'a> {
    pub(crate) fn new(status: &'a Status, expose: bool, request_id: Option<&'a str>) -> Self {
        Self::with_hidden(status, status.hides() && !expose, request_id)
    }

    /// As [`new`](Self::new), where the format decides whether detail and extension members are hidden.
    pub(super) fn with_hidden(status: &'a Status, hides: bool, request_id: Option<&'a str>) -> Self {
        let entry = status.entry();
        let extensions = if hides { status.public_extensions() } else { status.extensions() };
        // An application's own member of that name wins.
        let request_id = request_id.filter(|_| !extensions.iter().any(|(name, _)| name == "request_id"));
        Self {
            code: status.code(),
            entry,
            title: status.title().unwrap_or(entry.title),
            type_uri: status.type_uri(),
            detail: status.detail().filter(|_| !hides),
            instance: status.instance(),
            location: status.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()),
            extensions,
            advice: status.advice(),
            request_id,
        }
    }

    /// Returns the advice beside the detail: the status's own, or how to repeat the request where the code requires it.
    pub(super) fn advice_for_programs(&self) -> Option<&'a str> {
        let of_entry = self.entry.for_developers.filter(|_| self.entry.explains_retry && self.detail.is_some());
        let is_member = |(name, _): &(Cow<'static, str>, Value)| name == "advice";
        self.advice.or(of_entry).filter(|_| !self.extensions.iter().any(is_member))
    }

    /// Whether all text is the catalogue's.
    pub(super) fn is_bare(&self) -> bool {
        let own_texts = [self.detail, self.advice];
        self.title == self.entry.title && own_texts == [None, None] && self.extensions.is_empty()
    }
}
