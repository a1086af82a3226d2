//! The data of the catalog: one short block for each status, in one file for each class.

use super::Entry;

mod client_error;
mod informational;
mod redirection;
mod server_error;
mod successful;

/// Makes a slice of entries from blocks of the form
///
/// ```text
/// CODE "Title" [RFC NUMBER "SECTION"] requires HEADER {
///     Permanence, grpc GrpcCode,
///     headline: "A title for the person who reads the error page",
///     explanation: "What happened, for this person.",
///     causes: ["a short phrase"],
///     advice: "What this person can do now.",
///     for_developers: "The same for the developer of a client.",
/// }
/// ```
///
/// where `requires HEADER` is a constant of `http::header`. It and `for_developers` may be missing. Text is plain ASCII
/// without `"`, `\`, `<`, `>` and `&`, so that no format needs to escape it.
macro_rules! entries {
    ($(
        $code:literal $title:literal [$($spec:tt)+] $(requires $header:ident)? {
            $permanence:ident, grpc $grpc:ident,
            headline: $headline:literal,
            explanation: $explanation:literal,
            causes: [$($cause:literal),+ $(,)?],
            advice: $advice:literal,
            $(for_developers: $for_developers:literal,)?
        }
    )+) => {
        &[$(Entry {
            code: match http::StatusCode::from_u16($code) {
                Ok(code) => code,
                Err(_) => panic!("a status code has three digits"),
            },
            title: $title,
            headline: $headline,
            explanation: $explanation,
            causes: &[$($cause),+],
            advice: $advice,
            for_developers: $crate::catalog::entries::optional!($($for_developers)?),
            permanence: $crate::catalog::Permanence::$permanence,
            required_headers: &[$(http::header::$header)?],
            grpc: $crate::catalog::GrpcCode::$grpc,
            spec: $crate::catalog::entries::spec![$($spec)+],
            // RFC 9110 §6.4.1, §15.3.6.
            has_content: !matches!($code, 100..=199 | 204 | 205 | 304),
            // RFC 6585: "MUST NOT be stored by a cache".
            never_stored: matches!($code, 428 | 429 | 431 | 511),
            // RFC 9110 §15.5.22, RFC 6585 §3, §4, §6: the response explains how to repeat the request.
            explains_retry: matches!($code, 426 | 428 | 429 | 511),
            next_step: match $code {
                401 => $crate::catalog::NextStep::SignIn,
                404 | 410 => $crate::catalog::NextStep::Home,
                _ => $crate::catalog::NextStep::None,
            },
        }),+]
    };
}

macro_rules! optional {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

/// `RFC 9110 "15.5.5"`, or `unregistered`.
macro_rules! spec {
    (RFC $rfc:literal $section:literal) => {
        $crate::catalog::Spec {
            section: concat!("RFC ", $rfc, " §", $section),
            link: concat!("https://www.rfc-editor.org/rfc/rfc", $rfc, ".html#section-", $section,),
        }
    };
    (unregistered) => {
        $crate::catalog::Spec {
            section: "not registered with IANA",
            link: "https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml",
        }
    };
}

use {entries, optional, spec};

/// Every entry, in ascending order of its code.
///
/// # Example: list the server errors that are usually temporary
///
/// ```
/// use tower_status::catalog::{ALL, Permanence};
///
/// let temporary: Vec<_> = ALL
///     .iter()
///     .filter(|entry| entry.permanence == Permanence::Temporary && entry.code.as_u16() >= 500)
///     .map(|entry| entry.code.as_u16())
///     .collect();
/// assert_eq!(temporary, [502, 503, 504, 507, 511]);
/// ```
pub static ALL: &[Entry] = &JOINED;

const CLASSES: &[&[Entry]] =
    &[informational::ENTRIES, successful::ENTRIES, redirection::ENTRIES, client_error::ENTRIES, server_error::ENTRIES];

const COUNT: usize = {
    let (mut classes, mut count) = (CLASSES, 0);
    while let [class, rest @ ..] = classes {
        (classes, count) = (rest, count + class.len());
    }
    count
};

#[expect(clippy::indexing_slicing, reason = "an index out of bounds would not compile")]
static JOINED: [Entry; COUNT] = {
    let (mut joined, mut position) = ([informational::ENTRIES[0]; COUNT], 0);
    let mut classes = CLASSES;
    while let [class, rest @ ..] = classes {
        let mut entries = *class;
        while let [entry, others @ ..] = entries {
            joined[position] = *entry;
            (entries, position) = (others, position + 1);
        }
        classes = rest;
    }
    joined
};
