//! Every registered HTTP status, explained.
//!
//! For each status of the [IANA registry], and for 550, there is one [`Entry`]: what the status
//! means in plain words, what usually leads to it, what the reader can do, which header fields it
//! must carry, and where it is specified. The error pages and problem documents of this crate take
//! their text from here; [`get`] and [`ALL`] give the same text to your own pages.
//!
//! The titles are the registry's, so 413 is `Content Too Large`, 422 `Unprocessable Content`, and
//! 306 and 418 are `(Unused)`; `http`'s [`StatusCode::canonical_reason`] has older names for some.
//! Registrations that IANA marks as temporary (104) are left out, as are codes that are widely
//! seen but not registered, such as 419, 420, 499 and 509.
//!
//! # 550 Permission Denied
//!
//! The one exception: 550 is not registered with IANA. It says that the account that is logged in
//! has no permission for the action, and comes from the reply code of FTP ([RFC 959 §4.2]).
//! Clients that do not know it treat it as 500 ([RFC 9110 §15]); where that matters, the option
//! `map_status` of the layer can turn it into 403. Everywhere in this crate 550 counts as a 4xx: its
//! detail is shown, and it is logged as the client's affair.
//!
//! [IANA registry]: https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml
//! [RFC 959 §4.2]: https://www.rfc-editor.org/rfc/rfc959.html#section-4.2
//! [RFC 9110 §15]: https://www.rfc-editor.org/rfc/rfc9110.html#section-15

use http::{HeaderName, StatusCode};

mod entries;
pub(crate) mod grpc;

pub use entries::ALL;
pub use grpc::GrpcCode;

/// What is known of one status.
///
/// All text is plain ASCII in English, without quotation marks and without characters that HTML or
/// JSON would have to escape.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The status code.
    pub code: StatusCode,
    /// The phrase of the IANA registry, such as `Not Found`.
    pub title: &'static str,
    /// What the status means, in one or two sentences for the person who reads the error page.
    pub explanation: &'static str,
    /// What usually leads to this status: short phrases without a full stop, to be listed.
    pub causes: &'static [&'static str],
    /// What the reader can do now, in one or two sentences.
    pub advice: &'static str,
    /// Whether an unchanged request can expect another answer later.
    pub permanence: Permanence,
    /// The header fields that an answer with this status has to carry.
    ///
    /// These are the fields that a redirect or an error is incomplete without, whether its section
    /// says MUST (as for 401, 405, 407, 426) or SHOULD (as for 416 and the redirects). Fields that
    /// depend on more than the status are not listed: what a 206 or a 304 repeats is what the 200
    /// in its place would have had ([RFC 9110 §15.3.7], [§15.4.5]), and a 206 of several parts
    /// must not have the Content-Range that one of a single part needs. Nor are those that only
    /// the maker of a success or of an interim answer can know, such as the Upgrade of a 101.
    ///
    /// [RFC 9110 §15.3.7]: https://www.rfc-editor.org/rfc/rfc9110.html#section-15.3.7
    /// [§15.4.5]: https://www.rfc-editor.org/rfc/rfc9110.html#section-15.4.5
    pub required_headers: &'static [HeaderName],
    /// The gRPC code that says the same to a gRPC client.
    pub grpc: GrpcCode,
    /// Where the status is specified.
    pub spec: Spec,
    /// Whether a response with this status may have content.
    pub(crate) has_content: bool,
    /// Whether caches must not store a response with this status, whatever its header fields are.
    pub(crate) never_stored: bool,
}

/// Where a status is specified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spec {
    /// The document and its section, such as `RFC 9110 §15.5.5`; for 550 `not registered with
    /// IANA`.
    pub section: &'static str,
    /// The address of that section; for 550 that of the IANA registry.
    pub link: &'static str,
}

/// Whether an unchanged request can expect another answer later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permanence {
    /// Expected to last: the same request will be answered in the same way, until something about
    /// it is changed.
    Permanent,
    /// Expected to pass: the same request may well be answered differently before long.
    Temporary,
    /// Either: the status does not say.
    Unknown,
    /// Not an outcome yet: the final answer follows (1xx).
    Interim,
    /// The client has what it asked for, so there is nothing to wait for (2xx and 304).
    Fulfilled,
}

/// The entry of a status; `None` for a code that is not in the IANA registry and is not 550.
///
/// What such a code means is then only what its class means ([RFC 9110 §15]).
///
/// # Example: explain a status
///
/// ```
/// use http::StatusCode;
/// use tower_status::catalog::{self, Permanence};
///
/// let gone = catalog::get(StatusCode::GONE).ok_or("410 is registered")?;
/// assert_eq!(gone.title, "Gone");
/// assert_eq!(gone.permanence, Permanence::Permanent);
/// assert_eq!(gone.spec.section, "RFC 9110 §15.5.11");
/// println!("{} {}\n{}", gone.code.as_u16(), gone.explanation, gone.advice);
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

/// The entry that speaks for a code: its own, else that of its class's x00. A code above 599 is
/// invalid and stands for 500 (RFC 9110 §15).
pub(crate) fn entry(code: StatusCode) -> &'static Entry {
    let class = match code.as_u16() {
        ..200 => StatusCode::CONTINUE,
        200..300 => StatusCode::OK,
        300..400 => StatusCode::MULTIPLE_CHOICES,
        400..500 => StatusCode::BAD_REQUEST,
        500.. => StatusCode::INTERNAL_SERVER_ERROR,
    };
    get(code).or_else(|| get(class)).unwrap_or(LAST_RESORT)
}

/// Whether the server is at fault, so that what it says of the error stays inside. 550 counts as
/// a 4xx.
pub(crate) fn is_server_error(code: StatusCode) -> bool {
    code.as_u16() >= 500 && code.as_u16() != 550
}

/// Where the entry of each code stands; where there is none, beyond all.
#[expect(clippy::indexing_slicing, reason = "a code beyond it would not compile")]
static POSITIONS: [u8; 600] = {
    let mut positions = [u8::MAX; 600];
    let (mut entries, mut position) = (ALL, 0);
    while let [entry, rest @ ..] = entries {
        positions[entry.code.as_u16() as usize] = position;
        (entries, position) = (rest, position + 1);
    }
    positions
};

/// The entry of 500, found while compiling: without one the crate does not build.
static LAST_RESORT: &Entry = {
    let mut entries = ALL;
    loop {
        match entries {
            [entry, ..] if entry.code.as_u16() == 500 => break entry,
            [_, rest @ ..] => entries = rest,
            [] => panic!("the catalogue has no entry for 500"),
        }
    }
};

#[cfg(test)]
mod tests {
    use http::{StatusCode, status::InvalidStatusCode};

    use super::{LAST_RESORT, entry, is_server_error};

    #[test]
    fn a_code_without_an_entry_takes_that_of_its_class() -> Result<(), InvalidStatusCode> {
        #[rustfmt::skip]
        let rows = [
            // own entries
            (100, 100), (103, 103), (226, 226), (306, 306), (404, 404), (418, 418), (500, 500),
            (511, 511), (550, 550),
            // gaps inside a class, and its last code
            (104, 100), (199, 100), (209, 200), (299, 200), (309, 300), (399, 300), (419, 400),
            (420, 400), (427, 400), (430, 400), (499, 400), (509, 500), (549, 500), (551, 500),
            (599, 500),
            // no class at all
            (600, 500), (799, 500), (999, 500),
        ];
        for (code, expected) in rows {
            let found = entry(StatusCode::from_u16(code)?);
            assert_eq!(found.code.as_u16(), expected, "{code}");
        }
        assert_eq!(LAST_RESORT.code, StatusCode::INTERNAL_SERVER_ERROR);
        Ok(())
    }

    #[test]
    fn server_errors() -> Result<(), InvalidStatusCode> {
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
