//! Names that stand for a number: `http`'s status constants and gRPC's codes; and what a misspelt name was meant to be.

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

/// gRPC's codes as `GrpcCode` names them; OK is no error.
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

/// The number of a constant of `http::StatusCode`.
///
/// # Errors
///
/// What to say of a name that is none.
pub(crate) fn status(name: &str) -> Result<u16, String> {
    match STATUS.iter().find(|(_, known)| *known == name) {
        Some((code, _)) => Ok(*code),
        None => Err(format!(
            "`{name}` is no constant of `http::StatusCode`{}",
            meant(&name.to_ascii_uppercase(), STATUS.iter().map(|(_, name)| *name))
        )),
    }
}

/// The variant of `GrpcCode`, from gRPC's spelling or its own.
///
/// # Errors
///
/// What to say of a name that is none.
pub(crate) fn grpc(name: &str) -> Result<&'static str, String> {
    if matches!(name, "OK" | "Ok") {
        return Err("OK is no error: a gRPC client would take the answer for a success".into());
    }
    let found = GRPC.iter().find(|known| **known == name || screaming(known) == name);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = GRPC.iter().map(|known| screaming(known)).collect();
        let closest = meant(&screaming(name), names.iter().map(String::as_str));
        format!("`{name}` is no gRPC code{closest}")
    })
}

/// `NotFound` as gRPC writes it: `NOT_FOUND`.
pub(crate) fn screaming(name: &str) -> String {
    let mut spelt = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_lower {
            spelt.push('_');
        }
        after_lower = c.is_ascii_lowercase();
        spelt.push(c.to_ascii_uppercase());
    }
    spelt
}

/// `: did you mean ..?`, where a known name is close enough.
pub(crate) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let closest = known.into_iter().map(|known| (distance(name, known), known)).min();
    match closest {
        // A third of the letters: more is another word.
        Some((distance, known)) if distance <= known.len().max(name.len()) / 3 => format!(": did you mean `{known}`?"),
        _ => String::new(),
    }
}

/// How many letters must be put in, left out, changed, or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Rows of the table: two before, one before, this one.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut fewest = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                fewest = fewest.min(at(&before, j - 1) + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_find_what_was_meant() {
        let rows = [
            ("NOT_FUOND", ": did you mean `NOT_FOUND`?"),
            ("NOTFOUND", ": did you mean `NOT_FOUND`?"),
            ("TEAPOT", ""),
            ("IM_A_TEAPOTS", ": did you mean `IM_A_TEAPOT`?"),
            ("SERVICE_UNAVAILIBLE", ": did you mean `SERVICE_UNAVAILABLE`?"),
            ("NONSENSE", ""),
        ];
        for (name, expected) in rows {
            assert_eq!(meant(name, STATUS.iter().map(|(_, known)| *known)), expected, "{name}");
        }
    }

    #[test]
    fn distances() {
        // Counted by hand.
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
    fn both_spellings_of_a_grpc_code() {
        for (name, expected) in [("NOT_FOUND", "NotFound"), ("NotFound", "NotFound"), ("DATA_LOSS", "DataLoss")] {
            assert_eq!(grpc(name), Ok(expected), "{name}");
        }
        let wrong = "`UNAVAILBLE` is no gRPC code: did you mean `UNAVAILABLE`?";
        assert_eq!(grpc("UNAVAILBLE"), Err(wrong.to_owned()));
    }
}
