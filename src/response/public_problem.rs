//! The parts of a status that a client may see.

use std::borrow::Cow;

use http::{StatusCode, header};
use serde_json::Value;

use super::{DebugReport, translate::Translation};
use crate::{
    Status,
    catalog::Entry,
    status::{ADVICE, DEBUG, REQUEST_ID, TRACE_ID},
};

/// The content of a response. Hidden parts are removed, so no format can leak them.
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
    pub(crate) ids: RequestIds<'a>,
    pub(crate) debug: Option<&'a DebugReport>,
    /// The texts in the language of the client.
    pub(crate) translation: Option<&'a Translation<'a>>,
}

/// The ids of a request.
#[derive(Clone, Copy, Default)]
pub(crate) struct RequestIds<'a> {
    pub(crate) request: Option<&'a str>,
    pub(crate) trace: Option<&'a str>,
}

impl<'a> RequestIds<'a> {
    /// Returns each id as a member.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'static str, &'a str)> {
        [(REQUEST_ID, self.request), (TRACE_ID, self.trace)].into_iter().filter_map(|(name, id)| Some((name, id?)))
    }
}

impl<'a> PublicProblem<'a> {
    pub(crate) fn new(status: &'a Status, expose: bool, ids: RequestIds<'a>) -> Self {
        Self::with_hidden(status, status.hides() && !expose, ids)
    }

    /// Does the same as [`new`](Self::new); the caller decides whether detail and extension members are hidden.
    pub(super) fn with_hidden(status: &'a Status, hides: bool, ids: RequestIds<'a>) -> Self {
        let entry = status.entry();
        let extensions = if hides { status.public_extensions() } else { status.extensions() };
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
            ids,
            debug: None,
            translation: None,
        }
    }

    /// Returns the title in the language of the client.
    pub(super) fn shown_title(&self) -> &'a str {
        self.translation.and_then(|texts| texts.title.as_deref()).unwrap_or(self.title)
    }

    /// Returns the detail in the language of the client; without one, the text of the catalog for developers.
    pub(super) fn detail_for_programs(&self) -> &'a str {
        let translated =
            |of: fn(&'a Translation<'a>) -> &'a Option<String>| self.translation.and_then(|texts| of(texts).as_deref());
        match self.detail {
            Some(detail) => translated(|texts| &texts.detail).unwrap_or(detail),
            None => translated(|texts| &texts.explanation).unwrap_or(self.entry.default_detail()),
        }
    }

    /// Returns the language of the body: the client's if a text is translated, English if all text is the catalog's.
    pub(super) fn language(&self) -> Option<&'static str> {
        match self.translation.filter(|texts| !texts.is_empty()) {
            Some(texts) => Some(texts.language.tag),
            None => self.is_bare().then_some("en"),
        }
    }

    /// Returns the advice beside the detail: the status's own, or how to repeat the request where the code requires it.
    pub(super) fn advice_for_programs(&self) -> Option<&'a str> {
        let of_entry = self.entry.for_developers.filter(|_| self.entry.explains_retry && self.detail.is_some());
        let translated = self.translation.and_then(|texts| texts.advice.as_deref());
        self.advice.or(of_entry).map(|advice| translated.unwrap_or(advice))
    }

    /// Returns the extension members, without those that would shadow a member that is added.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let added = [
            (REQUEST_ID, self.ids.request.is_some()),
            (TRACE_ID, self.ids.trace.is_some()),
            (ADVICE, self.advice_for_programs().is_some()),
            (DEBUG, self.debug.is_some()),
        ];
        let members = self.extensions.iter().map(|(name, value)| (&**name, value));
        members.filter(move |(name, _)| !added.contains(&(*name, true)))
    }

    /// Returns whether all text is the catalog's.
    pub(super) fn is_bare(&self) -> bool {
        let own_texts = [self.detail, self.advice];
        self.title == self.entry.title
            && own_texts == [None, None]
            && self.extensions.is_empty()
            && self.debug.is_none()
    }
}
