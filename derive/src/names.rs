//! The names of `http`'s status constants and of gRPC's codes, and suggestions for misspelled names.

/// The constants of `http::StatusCode`.
const STATUS: [(u16, &str); 62] = [
    (100, "CONTINUE"),
    (101, "SWITCHING_PROTOCOLS"),
    (102, "PROCESSING"),
    (103, "EARLY_HINTS"),
    (200, "OK"),
    (201, "CREATED"),
    (202, "ACCEPTED"),
    (203, "NON_AUTHORITATIVE_INFORMATION"),
    (204, "NO_CONTENT"),
    (205, "RESET_CONTENT"),
    (206, "PARTIAL_CONTENT"),
    (207, "MULTI_STATUS"),
    (208, "ALREADY_REPORTED"),
    (226, "IM_USED"),
    (300, "MULTIPLE_CHOICES"),
    (301, "MOVED_PERMANENTLY"),
    (302, "FOUND"),
    (303, "SEE_OTHER"),
    (304, "NOT_MODIFIED"),
    (305, "USE_PROXY"),
    (307, "TEMPORARY_REDIRECT"),
    (308, "PERMANENT_REDIRECT"),
    (400, "BAD_REQUEST"),
    (401, "UNAUTHORIZED"),
    (402, "PAYMENT_REQUIRED"),
    (403, "FORBIDDEN"),
    (404, "NOT_FOUND"),
    (405, "METHOD_NOT_ALLOWED"),
    (406, "NOT_ACCEPTABLE"),
    (407, "PROXY_AUTHENTICATION_REQUIRED"),
    (408, "REQUEST_TIMEOUT"),
    (409, "CONFLICT"),
    (410, "GONE"),
    (411, "LENGTH_REQUIRED"),
    (412, "PRECONDITION_FAILED"),
    (413, "PAYLOAD_TOO_LARGE"),
    (414, "URI_TOO_LONG"),
    (415, "UNSUPPORTED_MEDIA_TYPE"),
    (416, "RANGE_NOT_SATISFIABLE"),
    (417, "EXPECTATION_FAILED"),
    (418, "IM_A_TEAPOT"),
    (421, "MISDIRECTED_REQUEST"),
    (422, "UNPROCESSABLE_ENTITY"),
    (423, "LOCKED"),
    (424, "FAILED_DEPENDENCY"),
    (425, "TOO_EARLY"),
    (426, "UPGRADE_REQUIRED"),
    (428, "PRECONDITION_REQUIRED"),
    (429, "TOO_MANY_REQUESTS"),
    (431, "REQUEST_HEADER_FIELDS_TOO_LARGE"),
    (451, "UNAVAILABLE_FOR_LEGAL_REASONS"),
    (500, "INTERNAL_SERVER_ERROR"),
    (501, "NOT_IMPLEMENTED"),
    (502, "BAD_GATEWAY"),
    (503, "SERVICE_UNAVAILABLE"),
    (504, "GATEWAY_TIMEOUT"),
    (505, "HTTP_VERSION_NOT_SUPPORTED"),
    (506, "VARIANT_ALSO_NEGOTIATES"),
    (507, "INSUFFICIENT_STORAGE"),
    (508, "LOOP_DETECTED"),
    (510, "NOT_EXTENDED"),
    (511, "NETWORK_AUTHENTICATION_REQUIRED"),
];

/// The variants of `GrpcCode`, without `Ok`, which is not an error.
const GRPC: [&str; 16] = [
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// Returns the number of a constant of `http::StatusCode`.
///
/// # Errors
///
/// Returns the message for an unknown name.
pub(crate) fn status(name: &str) -> Result<u16, String> {
    match STATUS.iter().find(|(_, known)| *known == name) {
        Some((code, _)) => Ok(*code),
        None => Err(format!(
            "`{name}` is not a constant of `http::StatusCode`{}",
            suggestion(&name.to_ascii_uppercase(), STATUS.iter().map(|(_, name)| *name))
        )),
    }
}

/// Returns the variant of `GrpcCode` for its own name or gRPC's spelling.
///
/// # Errors
///
/// Returns the message for an unknown name.
pub(crate) fn grpc(name: &str) -> Result<&'static str, String> {
    if matches!(name, "OK" | "Ok") {
        return Err("`OK` is not an error: a gRPC client would take the response for a success".into());
    }
    let found = GRPC.iter().find(|known| **known == name || screaming(known) == name);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = GRPC.iter().map(|known| screaming(known)).collect();
        let closest = suggestion(&screaming(name), names.iter().map(String::as_str));
        format!("`{name}` is not a gRPC code{closest}")
    })
}

/// Turns `NotFound` into `NOT_FOUND`.
pub(crate) fn screaming(name: &str) -> String {
    let mut screaming = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_lower {
            screaming.push('_');
        }
        after_lower = c.is_ascii_lowercase();
        screaming.push(c.to_ascii_uppercase());
    }
    screaming
}

/// Returns `: did you mean ..?` if a known name is close enough, otherwise an empty string.
pub(crate) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let closest = known.into_iter().map(|known| (distance(name, known), known)).min();
    match closest {
        // If more than a third of the letters differ, it is another word.
        Some((distance, known)) if distance <= known.len().max(name.len()) / 3 => format!(": did you mean `{known}`?"),
        _ => String::new(),
    }
}

/// Returns the optimal string alignment distance: insertions, deletions, substitutions, and swaps of neighbors.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // The two rows of the table above the current one.
    let mut second_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut fewest = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                fewest = fewest.min(at(&second_last, j - 1) + 1);
            }
            row.push(fewest);
        }
        second_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    // A test fails by panicking.
    #![allow(clippy::unwrap_used)]

    use tower_status::{__private::GRPC_CODES, catalog::GrpcCode};

    use super::*;

    #[test]
    fn status_names_are_those_of_http() {
        // `http` derives its constants' names from the reason phrases, with these exceptions.
        let name = |code: u16, reason: &str| match code {
            418 => "IM_A_TEAPOT".to_owned(),
            _ => reason.to_ascii_uppercase().replace([' ', '-'], "_"),
        };
        let of_http: Vec<(u16, String)> = (100..1000)
            .filter_map(|code| {
                let reason = axum::http::StatusCode::from_u16(code).unwrap().canonical_reason()?;
                Some((code, name(code, reason)))
            })
            .collect();
        let ours: Vec<_> = STATUS.iter().map(|(code, name)| (*code, (*name).to_owned())).collect();
        assert_eq!(ours, of_http);
    }

    #[test]
    fn grpc_names_are_the_variants_of_grpc_code() {
        let of_crate: Vec<_> = GRPC_CODES.into_iter().filter(|code| *code != GrpcCode::Ok).collect();
        let names: Vec<_> = of_crate.iter().map(|code| format!("{code:?}")).collect();
        assert_eq!(GRPC.to_vec(), names);
        let spellings: Vec<_> = of_crate.iter().map(ToString::to_string).collect();
        assert_eq!(GRPC.map(screaming).to_vec(), spellings);
    }

    #[test]
    fn misspelled_status_names_get_a_suggestion() {
        let rows = [
            ("NOT_FUOND", ": did you mean `NOT_FOUND`?"),
            ("NOTFOUND", ": did you mean `NOT_FOUND`?"),
            ("TEAPOT", ""),
            ("IM_A_TEAPOTS", ": did you mean `IM_A_TEAPOT`?"),
            ("SERVICE_UNAVAILIBLE", ": did you mean `SERVICE_UNAVAILABLE`?"),
            ("NONSENSE", ""),
        ];
        for (name, expected) in rows {
            assert_eq!(suggestion(name, STATUS.iter().map(|(_, known)| *known)), expected, "{name}");
        }
    }

    #[test]
    fn distances_are_those_counted_by_hand() {
        let rows = [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("title", "titel", 1),
            ("a", "b", 1),
            ("kitten", "sitting", 3),
        ];
        for (a, b, expected) in rows {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn grpc_codes_are_found_in_both_spellings() {
        for (name, expected) in [("NOT_FOUND", "NotFound"), ("NotFound", "NotFound"), ("DATA_LOSS", "DataLoss")] {
            assert_eq!(grpc(name), Ok(expected), "{name}");
        }
        let wrong = "`UNAVAILBLE` is not a gRPC code: did you mean `UNAVAILABLE`?";
        assert_eq!(grpc("UNAVAILBLE"), Err(wrong.to_owned()));
    }
}
