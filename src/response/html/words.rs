//! The texts of a page and their languages.
//!
//! The language of the page is that of its catalog texts. A text of the application has an unknown language (`lang=""`),
//! and its letters decide its direction; one that is not translated is English.

use std::{borrow::Cow, time::Duration};

use super::{
    labels,
    markup::{Markup, non_blank},
};
use crate::{
    Status,
    response::{PublicProblem, Text, translate::is_right_to_left},
};

/// The attributes of an element that holds the application's text.
macro_rules! unknown_language {
    () => {
        r#" lang="" dir="auto""#
    };
}
pub(super) use unknown_language;

/// A text, and the attributes of its element.
pub(super) struct Words<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) attributes: &'static str,
}

impl Words<'_> {
    /// Writes an element with these words.
    pub(super) fn write(&self, html: &mut Markup, name: &str, attributes: &str) {
        html.raw("<").raw(name).raw(attributes).raw(self.attributes).raw(">").text(&self.text);
        html.raw("</").raw(name).raw(">");
    }
}

/// The words of one page.
impl<'a> PublicProblem<'a> {
    /// Returns the language of the page.
    pub(super) fn page_language(&self) -> &'static str {
        self.translation.filter(|texts| !texts.is_empty()).map_or("en", |texts| texts.language.tag)
    }

    /// Returns the language of a page that is not in English.
    fn foreign_language(&self) -> Option<&'static str> {
        let language = self.translation.filter(|texts| !texts.is_empty())?.language.tag;
        let primary = language.split('-').next().unwrap_or_default();
        (!primary.eq_ignore_ascii_case("en")).then_some(language)
    }

    /// Returns whether the page is in English.
    pub(super) fn is_english(&self) -> bool {
        self.foreign_language().is_none()
    }

    /// Returns whether the page is read from right to left.
    pub(super) fn is_right_to_left(&self) -> bool {
        self.foreign_language().is_some_and(is_right_to_left)
    }

    /// Returns a text in the language of the page, otherwise an English one.
    fn translated(&self, translation: Option<&'a String>, english: &'a str) -> Words<'a> {
        match translation {
            Some(text) => Words { text: text.into(), attributes: "" },
            None => Words { text: english.into(), attributes: self.of_english() },
        }
    }

    /// Returns a text of the application: in the language of the page, if it was translated.
    fn own(translation: Option<&'a String>, text: &'a str) -> Words<'a> {
        match translation {
            Some(text) => Words { text: text.into(), attributes: "" },
            None => Words { text: text.into(), attributes: unknown_language!() },
        }
    }

    fn of_english(&self) -> &'static str {
        match self.foreign_language() {
            None => "",
            Some(language) if is_right_to_left(language) => r#" lang="en" dir="ltr""#,
            Some(_) => r#" lang="en""#,
        }
    }

    /// Returns the title that the application has set, otherwise the headline of the code.
    pub(super) fn headline(&self) -> Words<'a> {
        let texts = self.translation;
        match non_blank(Some(self.title)).filter(|title| *title != self.entry.title) {
            Some(title) => Self::own(texts.and_then(|texts| texts.title.as_ref()), title),
            None => self.translated(texts.and_then(|texts| texts.headline.as_ref()), self.entry.headline),
        }
    }

    /// Returns the registered title of the code, which is left out where it repeats the headline or is that of another code.
    pub(super) fn registered_title(&self, headline: &str) -> Option<Words<'a>> {
        let title = match self.translate(Text::Title(&Status::new(self.code))) {
            Some(title) => Words { text: title.into(), attributes: "" },
            None => self.translated(None, self.entry.title),
        };
        let is_shown = self.entry.code == self.code && !title.text.eq_ignore_ascii_case(headline);
        is_shown.then_some(title)
    }

    pub(super) fn detail_in_words(&self) -> Option<Words<'a>> {
        let translation = self.translation.and_then(|texts| texts.detail.as_ref());
        non_blank(self.detail).map(|detail| Self::own(translation, detail))
    }

    pub(super) fn explanation(&self) -> Words<'a> {
        self.translated(self.translation.and_then(|texts| texts.explanation.as_ref()), self.entry.explanation)
    }

    /// Returns the advice that the application has set.
    pub(super) fn own_advice(&self) -> Option<Words<'a>> {
        let translation = self.translation.and_then(|texts| texts.advice.as_ref());
        non_blank(self.advice).map(|advice| Self::own(translation, advice))
    }

    pub(super) fn advice_of_code(&self) -> Words<'a> {
        self.translated(self.translation.and_then(|texts| texts.advice.as_ref()), self.entry.advice)
    }

    /// Returns a label of the page.
    pub(super) fn label(&self, label: &'static str) -> Words<'static> {
        match self.translate(Text::Label(label)) {
            Some(text) => Words { text: text.into(), attributes: "" },
            None => Words { text: label.into(), attributes: self.of_english() },
        }
    }

    /// Returns a label with its delay; without one, the other label.
    pub(super) fn label_with_delay(
        &self,
        (without, with): (&'static str, &'static str),
        seconds: Option<u64>,
    ) -> Words<'static> {
        let Some(seconds) = seconds.filter(|seconds| *seconds > 0) else { return self.label(without) };
        let Words { text, attributes } = self.label(with);
        let delay = match self.translate(Text::Delay(Duration::from_secs(seconds))) {
            Some(delay) if attributes.is_empty() => delay,
            _ if attributes.is_empty() && !self.is_english() => labels::symbols(seconds),
            _ => labels::delay(seconds),
        };
        Words { text: text.replace("{delay}", &delay).into(), attributes }
    }

    /// Translates words of a page that is not English.
    fn translate(&self, text: Text<'_>) -> Option<String> {
        self.translation.filter(|texts| !texts.is_empty())?.language.text(text)
    }
}
