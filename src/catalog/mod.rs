//! Every registered HTTP status, explained.
//!
//! For each status of the [IANA registry], and for 550, there is one [`Entry`]: a headline, an explanation and advice for
//! the person who reads an error page, a sentence for developers, the required header fields, and where the status is
//! specified. The error pages and problem documents of this crate take their text from here; use [`get`] and [`ALL`] for
//! your own pages.
//!
//! The titles are the registry's, so 413 is `Content Too Large`, 422 `Unprocessable Content`, and 306 and 418 are
//! `(Unused)`; `http`'s [`StatusCode::canonical_reason`] has older names for some. Temporary registrations (104) are left
//! out, and so are codes that are common but not registered, such as 419, 420, 499 and 509.
//!
//! # 550 Permission Denied
//!
//! 550 is the one entry that is not registered with IANA. It means that the account that is logged in has no permission
//! for the action, and comes from the reply code of FTP ([RFC 959 §4.2]). Clients, caches and load balancers that do not
//! know it treat it as a 500 ([RFC 9110 §15]). Where that matters, turn it into a 403 with the layer's
//! [`map_status`](crate::StatusMapLayer::map_status). This crate counts 550 as a 4xx: its detail is shown, and it is
//! logged as an error of the client.
//!
//! [IANA registry]: https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml
//! [RFC 959 §4.2]: https://www.rfc-editor.org/rfc/rfc959.html#section-4.2
//! [RFC 9110 §15]: https://www.rfc-editor.org/rfc/rfc9110.html#section-15

use http::{HeaderName, StatusCode};

mod entries;
pub(crate) mod grpc;

pub use entries::ALL;
pub(crate) use grpc::GRPC_CODES;
pub use grpc::GrpcCode;

/// The description of one status.
///
/// All text is plain ASCII in English, without double quotes and without characters that HTML or JSON would have to
/// escape in text.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Entry {
    /// The status code.
    pub code: StatusCode,
    /// The phrase of the IANA registry, such as `Not Found`.
    pub title: &'static str,
    /// A title for people, such as `Page not found`.
    pub headline: &'static str,
    /// What happened, in one or two sentences for the person who reads the error page.
    pub explanation: &'static str,
    /// What usually causes this status: short phrases without a full stop.
    pub causes: &'static [&'static str],
    /// What the person who reads the error page can do now, in one or two sentences.
    pub advice: &'static str,
    /// What the developer of a client needs to know, with the names of header fields. Where a status has no detail, JSON
    /// and text show it as the detail; `None`: the explanation.
    pub for_developers: Option<&'static str>,
    /// Whether the same request can get another response later.
    pub permanence: Permanence,
    /// The header fields that a response with this status must have.
    ///
    /// A redirect or an error is incomplete without these, whether its section says MUST (401, 405, 407, 426) or SHOULD
    /// (416 and the redirects). Fields that depend on more than the status are not listed: what a 206 or a 304 repeats
    /// from the 200 ([RFC 9110 §15.3.7], [§15.4.5]), and what only the sender of a success or of an interim response can
    /// know, such as the Upgrade of a 101.
    ///
    /// [RFC 9110 §15.3.7]: https://www.rfc-editor.org/rfc/rfc9110.html#section-15.3.7
    /// [§15.4.5]: https://www.rfc-editor.org/rfc/rfc9110.html#section-15.4.5
    pub required_headers: &'static [HeaderName],
    /// The code for gRPC clients.
    pub grpc: GrpcCode,
    /// Where the status is specified.
    pub spec: Spec,
    /// Whether a response with this status may have content.
    pub(crate) has_content: bool,
    /// Whether caches must not store a response with this status, whatever its header fields are.
    pub(crate) never_stored: bool,
    /// Whether a response explains how to repeat the request, also beside its own detail.
    pub(crate) explains_retry: bool,
    /// Where the page leads to, if the application has named it.
    pub(crate) next_step: NextStep,
}

/// Where a page leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextStep {
    None,
    /// The sign-in page.
    SignIn,
    /// The home page and the search.
    Home,
}

impl Entry {
    /// Returns the detail of a problem document whose status has none: the text for developers, or the explanation.
    pub fn default_detail(&self) -> &'static str {
        self.for_developers.unwrap_or(self.explanation)
    }
}

/// Where a status is specified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spec {
    /// The document and its section, such as `RFC 9110 §15.5.5`; for 550 `not registered with IANA`.
    pub section: &'static str,
    /// The URL of that section; for 550 that of the IANA registry.
    pub link: &'static str,
}

/// Whether the same request can get another response later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permanence {
    /// No: the request has to be changed first.
    Permanent,
    /// Yes: the same request may succeed before long.
    Temporary,
    /// The status does not tell.
    Unknown,
    /// This is an interim response (1xx), and the final one follows.
    Interim,
    /// The client has what it asked for (2xx and 304).
    Fulfilled,
}

/// Returns the entry of a status; `None` for a code that is neither in the IANA registry nor 550.
///
/// Such a code has the meaning of its class ([RFC 9110 §15]).
///
/// # Example: explain a status
///
/// ```
/// use http::StatusCode;
/// use tower_status::catalog::{self, Permanence};
///
/// let gone = catalog::get(StatusCode::GONE).ok_or("410 is registered")?;
/// assert_eq!(gone.title, "Gone");
/// assert_eq!(gone.headline, "This page is gone");
/// assert_eq!(gone.permanence, Permanence::Permanent);
/// assert_eq!(gone.spec.section, "RFC 9110 §15.5.11");
///
/// assert!(catalog::get(StatusCode::from_u16(499)?).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [RFC 9110 §15]: https://www.rfc-editor.org/rfc/rfc9110.html#section-15
pub fn get(code: StatusCode) -> Option<&'static Entry> {
    let position = POSITIONS.get(usize::from(code.as_u16()))?;
    ALL.get(usize::from(*position))
}

/// Returns the entry of a code, or that of its class's x00. A code above 599 is invalid and treated as 500 (RFC 9110 §15).
pub(crate) fn entry(code: StatusCode) -> &'static Entry {
    let class = match code.as_u16() {
        ..200 => StatusCode::CONTINUE,
        200..300 => StatusCode::OK,
        300..400 => StatusCode::MULTIPLE_CHOICES,
        400..500 => StatusCode::BAD_REQUEST,
        500.. => StatusCode::INTERNAL_SERVER_ERROR,
    };
    get(code).or_else(|| get(class)).unwrap_or(FALLBACK)
}

/// Returns whether this is an error of the server, whose detail is hidden. 550 counts as a 4xx.
pub(crate) fn is_server_error(code: StatusCode) -> bool {
    code.as_u16() >= 500 && code.as_u16() != 550
}

/// The position of each code's entry in `ALL`; out of bounds if it has none.
#[expect(clippy::indexing_slicing, reason = "an index out of bounds would not compile")]
static POSITIONS: [u8; 600] = {
    let mut positions = [u8::MAX; 600];
    let (mut entries, mut position) = (ALL, 0);
    while let [entry, rest @ ..] = entries {
        positions[entry.code.as_u16() as usize] = position;
        (entries, position) = (rest, position + 1);
    }
    positions
};

/// The entry of 500. Without one the crate does not compile.
static FALLBACK: &Entry = {
    let mut entries = ALL;
    loop {
        match entries {
            [entry, ..] if entry.code.as_u16() == 500 => break entry,
            [_, rest @ ..] => entries = rest,
            [] => panic!("the catalog has no entry for 500"),
        }
    }
};

#[cfg(test)]
mod tests {
    use http::{StatusCode, status::InvalidStatusCode};

    use super::{FALLBACK, entry, is_server_error};

    #[test]
    fn code_without_an_entry_has_that_of_its_class() -> Result<(), InvalidStatusCode> {
        #[rustfmt::skip]
        let rows = [
            // Codes with an entry.
            (100, 100), (103, 103), (226, 226), (306, 306), (404, 404), (418, 418), (500, 500),
            (511, 511), (550, 550),
            // Codes without one, and the last code of each class.
            (104, 100), (199, 100), (209, 200), (299, 200), (309, 300), (399, 300), (419, 400),
            (420, 400), (427, 400), (430, 400), (499, 400), (509, 500), (549, 500), (551, 500),
            (599, 500),
            // Codes without a class.
            (600, 500), (799, 500), (999, 500),
        ];
        for (code, expected) in rows {
            let found = entry(StatusCode::from_u16(code)?);
            assert_eq!(found.code.as_u16(), expected, "{code}");
        }
        assert_eq!(FALLBACK.code, StatusCode::INTERNAL_SERVER_ERROR);
        Ok(())
    }

    #[test]
    fn codes_from_500_except_550_are_server_errors() -> Result<(), InvalidStatusCode> {
        #[rustfmt::skip]
        let rows = [
            (100, false), (200, false), (304, false), (400, false), (499, false),
            (500, true), (503, true), (549, true), (550, false), (551, true), (599, true),
            (600, true), (999, true),
        ];
        for (code, expected) in rows {
            let code = StatusCode::from_u16(code)?;
            assert_eq!(is_server_error(code), expected, "{code}");
        }
        Ok(())
    }
}
