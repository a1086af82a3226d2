//! Texts in languages other than English.

use std::{fmt, time::Duration};

use crate::Status;

/// Translates the texts of this crate and of the application, for [`translate`](crate::StatusMapLayer::translate).
///
/// The language is the one that Accept-Language prefers (RFC 9110 §12.5.4, RFC 4647 §3.4). JSON, pages and texts are
/// written in it, with Content-Language and `Vary: Accept-Language`; gRPC and Connect clients get a
/// `google.rpc.LocalizedMessage` beside the English message. A text that is missing is sent in English, or as the
/// application has set it.
///
/// The status has no source, and for a hidden 5xx neither a detail nor extension members.
///
/// # Example: German, by the type of the problem
///
/// ```
/// use tower_status::{StatusMapLayer, Translate, status_map::Text};
///
/// struct German;
///
/// impl Translate for German {
///     fn languages(&self) -> &[&'static str] {
///         &["en", "de"]
///     }
///
///     fn text(&self, language: &str, text: Text<'_>) -> Option<String> {
///         if language != "de" {
///             return None;
///         }
///         let german = match text {
///             Text::Title(status) if status.type_uri() == Some("/problems/order-deleted") => "Bestellung gelöscht",
///             Text::Headline(status) if status.code() == 404 => "Seite nicht gefunden",
///             Text::Label(Text::HOME) => "Startseite",
///             _ => return None,
///         };
///         Some(german.to_owned())
///     }
/// }
///
/// let layer = StatusMapLayer::new().translate(German);
/// ```
pub trait Translate: Send + Sync + 'static {
    /// Returns the languages (RFC 5646), such as `en` and `pt-BR`. The first is the default.
    fn languages(&self) -> &[&'static str];

    /// Returns a text in one of the [`languages`](Self::languages); `None` if it is missing.
    fn text(&self, language: &str, text: Text<'_>) -> Option<String>;
}

/// A text to translate.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Text<'a> {
    /// The title: that of the status, otherwise that of its code.
    Title(&'a Status),
    /// The title of the page of a status that sets no title.
    Headline(&'a Status),
    /// What happened; shown if the status has no detail.
    Explanation(&'a Status),
    /// What the reader can do now: the advice of the status, otherwise that of its code.
    Advice(&'a Status),
    /// The detail of the status, if it has one.
    Detail(&'a Status),
    /// Words of the page: one of [`LABELS`](Text::LABELS).
    Label(&'static str),
    /// An amount of time, such as `30 seconds`, which takes the place of `{delay}` in a label.
    Delay(Duration),
}

macro_rules! labels {
    ($($name:ident = $text:literal: $doc:literal;)*) => {
        /// The labels of the page.
        impl Text<'_> {
            $(
                #[doc = $doc]
                pub const $name: &'static str = $text;
            )*

            /// Every label, in English.
            pub const LABELS: &'static [&'static str] = &[$($text),*];
        }
    };
}

labels! {
    TRY_AGAIN = "Try again": "A link that loads the page again.";
    TRY_AGAIN_IN = "Try again in {delay}": "A link that loads the page again after a delay.";
    SUBMIT_AGAIN = "Go back and submit again": "What to do after a form.";
    SUBMIT_AGAIN_IN = "Go back and submit again in {delay}": "What to do after a form, with a delay.";
    SIGN_IN = "Sign in": "The link to the sign-in page.";
    HOME = "Home": "The link to the home page.";
    SEARCH = "Search": "The link to the search.";
    SUPPORT = "Contact support": "The link to the support.";
    GO_TO = "Go to": "The words before the address of a redirect.";
    ABOUT_PROBLEM = "About this problem": "The link to the page of the problem's type.";
    TECHNICAL_DETAILS = "Technical details": "The title of the members that are meant for programs.";
    REQUEST_ID = "Request id": "The words before the id of the request.";
    ABOUT_STATUS = "About this status": "The words before the link to the RFC.";
}

/// The language that a client prefers, of those that the application translates to.
#[derive(Clone, Copy)]
pub(crate) struct Language<'a> {
    pub(crate) translate: &'a dyn Translate,
    pub(crate) tag: &'static str,
}

impl fmt::Debug for Language<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Language").field(&self.tag).finish()
    }
}

impl Language<'_> {
    pub(crate) fn text(self, text: Text<'_>) -> Option<String> {
        self.translate.text(self.tag, text).filter(|text| !text.trim().is_empty())
    }
}

/// The texts of one status in the language of the client; some may be missing.
pub(crate) struct Translation<'a> {
    pub(crate) language: Language<'a>,
    pub(crate) title: Option<String>,
    pub(crate) headline: Option<String>,
    pub(crate) explanation: Option<String>,
    pub(crate) advice: Option<String>,
    pub(crate) detail: Option<String>,
}

impl<'a> Translation<'a> {
    /// Translates the texts of a status that a client may see.
    pub(crate) fn new(language: Language<'a>, shown: &Status) -> Self {
        Self {
            language,
            title: language.text(Text::Title(shown)),
            headline: language.text(Text::Headline(shown)),
            explanation: language.text(Text::Explanation(shown)),
            advice: language.text(Text::Advice(shown)),
            detail: shown.detail().and_then(|_| language.text(Text::Detail(shown))),
        }
    }

    /// Returns whether no text is translated.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.title, &self.headline, &self.explanation, &self.advice, &self.detail].iter().all(|text| text.is_none())
    }
}

/// Returns whether a language is written from right to left: by its script (RFC 5646 §2.2.3), otherwise by its usual one.
pub(crate) fn is_right_to_left(language: &str) -> bool {
    const SCRIPTS: [&str; 10] = ["adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"];
    const LANGUAGES: [&str; 18] = [
        "ar", "arc", "azb", "ckb", "dv", "fa", "glk", "he", "iw", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur",
        "yi",
    ];
    let is_one_of = |known: &[&str], subtag: &str| known.iter().any(|known| known.eq_ignore_ascii_case(subtag));
    let mut subtags = language.split('-');
    let primary = subtags.next().unwrap_or_default();
    let is_script = |subtag: &&str| subtag.len() == 4 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
    // A single letter begins an extension or private use.
    match subtags.take_while(|subtag| subtag.len() > 1).take(2).find(is_script) {
        Some(script) => is_one_of(&SCRIPTS, script),
        None => is_one_of(&LANGUAGES, primary),
    }
}

#[cfg(test)]
mod tests {
    use super::is_right_to_left;

    #[test]
    fn direction_is_that_of_the_script_or_of_the_language() {
        for (language, expected) in [
            ("ar", true),
            ("AR-EG", true),
            ("he", true),
            ("fa-IR", true),
            ("ur", true),
            ("yi", true),
            ("az-Arab", true),
            ("az-Arab-IR", true),
            ("ff-Adlm", true),
            ("az", false),
            ("ar-Latn", false),
            ("de", false),
            ("de-1996", false),
            ("en-x-arab", false),
            ("zh-Hant", false),
            ("", false),
        ] {
            assert_eq!(is_right_to_left(language), expected, "{language}");
        }
    }
}
