//! [`Page`]: what an application adds to the built-in pages.

use std::borrow::Cow;

use http::HeaderValue;

use super::link::{is_link, is_mail};
use crate::warning::warning;

/// The site's name, its links and its color, for the built-in HTML pages.
///
/// A link is only shown where it helps: the sign-in page with a 401, the home page and the search with a 404 and a 410,
/// the support with an error of the server. What is not set is not shown.
///
/// # Example: a shop
///
/// ```
/// use tower_status::{Page, StatusMapLayer, status_map::Accent};
///
/// let page = Page::new()
///     .site("Shop")
///     .home("/")
///     .sign_in("/login")
///     .search("/search")
///     .support("mailto:help@example.org")
///     .accent(Accent::Teal);
/// let layer = StatusMapLayer::new().page(page);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a Page does nothing until it is given to a layer"]
pub struct Page {
    pub(super) site: Option<Cow<'static, str>>,
    pub(super) home: Option<Cow<'static, str>>,
    pub(super) sign_in: Option<Cow<'static, str>>,
    pub(super) search: Option<Cow<'static, str>>,
    pub(super) support: Option<Cow<'static, str>>,
    pub(super) accent: Option<Accent>,
    pub(super) auto_refresh: bool,
}

impl Page {
    /// Returns a page without any of these.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name of the site, shown above the content and in the title.
    pub fn site(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.site = Some(name.into()).filter(|name| !name.trim().is_empty());
        self
    }

    /// Sets the address of the home page: a relative, http or https URI.
    ///
    /// Any other URI is dropped with a warning.
    pub fn home(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        self.home = link("home", uri.into());
        self
    }

    /// Sets the address of the sign-in page: a relative, http or https URI.
    ///
    /// Any other URI is dropped with a warning.
    pub fn sign_in(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        self.sign_in = link("sign_in", uri.into());
        self
    }

    /// Sets the address of the search page: a relative, http or https URI.
    ///
    /// Any other URI is dropped with a warning.
    pub fn search(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        self.search = link("search", uri.into());
        self
    }

    /// Sets where a visitor gets help: a mail address, or a `mailto:`, relative, http or https URI.
    ///
    /// The subject of a mail names the status and the request id. Any other URI is dropped with a warning.
    pub fn support(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        let uri = uri.into();
        let is_address = uri.contains('@') && !uri.contains([':', '/']);
        let uri = if is_address { format!("mailto:{uri}").into() } else { uri };
        self.support = if is_mail(&uri) { Some(uri) } else { link("support", uri) };
        self
    }

    /// Sets the color of links and buttons. Default: by the class of the status.
    pub fn accent(mut self, accent: Accent) -> Self {
        self.accent = Some(accent);
        self
    }

    /// Sets whether a page loads itself again after the delay of a Retry-After, if the request was a GET. Default: `false`.
    ///
    /// This interrupts visitors who read slowly or use a screen reader (WCAG 2.2.1).
    pub fn auto_refresh(mut self, auto_refresh: bool) -> Self {
        self.auto_refresh = auto_refresh;
        self
    }

    /// Returns the address of the home page.
    #[cfg(feature = "problems")]
    pub(crate) fn home_link(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// Returns the Content-Security-Policy of a page with this accent.
    pub(crate) const fn content_security_policy(&self) -> HeaderValue {
        match self.accent {
            Some(accent) => accent.content_security_policy(),
            None => HeaderValue::from_static(policy!("")),
        }
    }
}

fn link(option: &str, uri: Cow<'static, str>) -> Option<Cow<'static, str>> {
    if !is_link(&uri) {
        warning!("ignored {uri:?} as Page::{option}: it is no relative, http or https URI");
        return None;
    }
    Some(uri)
}

/// Nothing is loaded, run, framed or sent. Each style is named by its hash, which a test recomputes.
macro_rules! policy {
    ($accent:expr) => {
        concat!(
            "default-src 'none'; style-src 'sha256-XA/+w15wmGprySe4Si0kraTwhos+hOBvrwFe9lJxQOU='",
            $accent,
            "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
    };
}
use policy;

/// The color of links and buttons on the built-in pages.
///
/// Each has a contrast of at least 4.5 to 1 with the background, light and dark (WCAG 1.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Accent {
    /// Blue.
    Blue,
    /// Teal.
    Teal,
    /// Green.
    Green,
    /// Purple.
    Purple,
    /// Pink.
    Pink,
    /// Red.
    Red,
    /// Orange.
    Orange,
    /// Gray.
    Gray,
}

/// The color on a light and on a dark background, and the SHA-256 hash of the style.
macro_rules! accents {
    ($($accent:ident $light:literal $dark:literal $hash:literal;)*) => {
        impl Accent {
            /// Returns the style that follows that of the page.
            pub(super) const fn style(self) -> &'static str {
                match self {$(
                    Self::$accent => concat!(
                        ":root{--mark:", $light, ";--link:", $light,
                        "}@media screen and (prefers-color-scheme:dark){:root{--mark:", $dark, ";--link:", $dark, "}}",
                    ),
                )*}
            }

            const fn content_security_policy(self) -> HeaderValue {
                match self {$(
                    Self::$accent => HeaderValue::from_static(policy!(concat!(" 'sha256-", $hash, "'"))),
                )*}
            }

            #[cfg(test)]
            const ALL: &[(Self, &str, &str)] = &[$((Self::$accent, $light, $dark)),*];
        }
    };
}

accents! {
    Blue "#0a4ea6" "#80b3ff" "9lyXhCWy0fmgVYe1T7dI9wmmRvuaEuoXRuLoIvb4kJk=";
    Teal "#0b655c" "#5ccfc0" "a7MRroj58yzdwGH4X0VLrCtScGt/KCBcHe8QSCNDpEY=";
    Green "#256a2a" "#7fd184" "awm628JbWIWIZwZcEUN+F037bBAnuQAdtpxBxeQCSWI=";
    Purple "#6538b0" "#c0a3ff" "9/qMxeFAjxfovJjKjsSWO7TCoJzIIrK2BamBHdmPNA8=";
    Pink "#a61e64" "#ff9cc7" "beUdrYjZHoJ4kTu0++OwRO6mhGCXFheu/LFuHaxrpn4=";
    Red "#a11a10" "#ff8f85" "UAC15ENAOjhrBW5dYtYXzuh/XApklO8ruthBq5+oSSc=";
    Orange "#8a4700" "#f0a95a" "tCKf0xB3ktNIHpIESrs5FTxZoAYGSqhrOC1zo5p53Vo=";
    Gray "#4a535d" "#b6bec7" "TV4y8k7hVShIQc65oNCcmvqln9DeFICREVwPB3sEJkA=";
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::response::html::STYLE;

    /// Returns the relative luminance (WCAG 2.2).
    fn luminance(color: &str) -> f64 {
        let channel = |at: usize| {
            let byte = color.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or_default();
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    /// Returns the contrast ratio (WCAG 2.2).
    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn accents_have_enough_contrast_with_both_backgrounds() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.001);
        assert!(STYLE.contains("--page:#fff;") && STYLE.contains("--page:#14171a;"));
        for (accent, light, dark) in Accent::ALL {
            assert!(contrast(light, "#ffffff") >= 4.5, "{accent:?} light");
            assert!(contrast(dark, "#14171a") >= 4.5, "{accent:?} dark");
        }
    }

    #[test]
    fn policy_names_the_hash_of_each_style() -> Result<(), http::header::ToStrError> {
        let source = |style: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(style)));
        let policy = Page::new().content_security_policy();
        assert!(policy.to_str()?.contains(&format!("style-src {};", source(STYLE))), "{}", source(STYLE));
        for (accent, ..) in Accent::ALL {
            let policy = Page::new().accent(*accent).content_security_policy();
            let sources = format!("style-src {} {};", source(STYLE), source(accent.style()));
            assert!(policy.to_str()?.contains(&sources), "{accent:?}: {sources}");
        }
        Ok(())
    }

    #[test]
    fn only_links_are_accepted() {
        let page = |uri: &'static str| Page::new().home(uri).sign_in(uri).search(uri).support(uri);
        for uri in ["/", "/login?next=a", "https://example.org/"] {
            let Page { home, sign_in, search, support, .. } = page(uri);
            assert_eq!([home, sign_in, search, support].map(|link| link.as_deref() == Some(uri)), [true; 4], "{uri}");
        }
        for uri in
            ["", " ", "javascript:alert(1)", "data:text/html,x", "/a b", "ftp://example.org", "mailto:", "mailto:a b"]
        {
            let Page { home, sign_in, search, support, .. } = page(uri);
            assert_eq!([home, sign_in, search, support], [None, None, None, None], "{uri}");
        }
        let Page { home, support, .. } = page("mailto:help@example.org");
        assert_eq!((home, support.as_deref()), (None, Some("mailto:help@example.org")));
        assert_eq!(Page::new().support("help@example.org").support.as_deref(), Some("mailto:help@example.org"));
        assert_eq!(Page::new().support("/help?for=a@b").support.as_deref(), Some("/help?for=a@b"));
    }
}
