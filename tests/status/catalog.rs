//! The catalog matches the IANA registry, the RFCs and the texts that the project requires.
//!
//! The expected values are copied by hand from those, never from our own output.

use std::error::Error;

use http::{HeaderName, StatusCode, header};
use tower_status::catalog::{self, ALL, Entry, GrpcCode, Permanence};

type Result = std::result::Result<(), Box<dyn Error>>;

fn entry(code: u16) -> std::result::Result<&'static Entry, Box<dyn Error>> {
    catalog::get(StatusCode::from_u16(code)?).ok_or_else(|| format!("no entry for {code}").into())
}

/// <https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml>, with the section
/// of each reference, and 550.
#[rustfmt::skip]
const REGISTRY: &[(u16, &str, &str)] = &[
    (100, "Continue",                        "RFC 9110 §15.2.1"),
    (101, "Switching Protocols",             "RFC 9110 §15.2.2"),
    (102, "Processing",                      "RFC 2518 §10.1"),
    (103, "Early Hints",                     "RFC 8297 §2"),
    (200, "OK",                              "RFC 9110 §15.3.1"),
    (201, "Created",                         "RFC 9110 §15.3.2"),
    (202, "Accepted",                        "RFC 9110 §15.3.3"),
    (203, "Non-Authoritative Information",   "RFC 9110 §15.3.4"),
    (204, "No Content",                      "RFC 9110 §15.3.5"),
    (205, "Reset Content",                   "RFC 9110 §15.3.6"),
    (206, "Partial Content",                 "RFC 9110 §15.3.7"),
    (207, "Multi-Status",                    "RFC 4918 §11.1"),
    (208, "Already Reported",                "RFC 5842 §7.1"),
    (226, "IM Used",                         "RFC 3229 §10.4.1"),
    (300, "Multiple Choices",                "RFC 9110 §15.4.1"),
    (301, "Moved Permanently",               "RFC 9110 §15.4.2"),
    (302, "Found",                           "RFC 9110 §15.4.3"),
    (303, "See Other",                       "RFC 9110 §15.4.4"),
    (304, "Not Modified",                    "RFC 9110 §15.4.5"),
    (305, "Use Proxy",                       "RFC 9110 §15.4.6"),
    (306, "(Unused)",                        "RFC 9110 §15.4.7"),
    (307, "Temporary Redirect",              "RFC 9110 §15.4.8"),
    (308, "Permanent Redirect",              "RFC 9110 §15.4.9"),
    (400, "Bad Request",                     "RFC 9110 §15.5.1"),
    (401, "Unauthorized",                    "RFC 9110 §15.5.2"),
    (402, "Payment Required",                "RFC 9110 §15.5.3"),
    (403, "Forbidden",                       "RFC 9110 §15.5.4"),
    (404, "Not Found",                       "RFC 9110 §15.5.5"),
    (405, "Method Not Allowed",              "RFC 9110 §15.5.6"),
    (406, "Not Acceptable",                  "RFC 9110 §15.5.7"),
    (407, "Proxy Authentication Required",   "RFC 9110 §15.5.8"),
    (408, "Request Timeout",                 "RFC 9110 §15.5.9"),
    (409, "Conflict",                        "RFC 9110 §15.5.10"),
    (410, "Gone",                            "RFC 9110 §15.5.11"),
    (411, "Length Required",                 "RFC 9110 §15.5.12"),
    (412, "Precondition Failed",             "RFC 9110 §15.5.13"),
    (413, "Content Too Large",               "RFC 9110 §15.5.14"),
    (414, "URI Too Long",                    "RFC 9110 §15.5.15"),
    (415, "Unsupported Media Type",          "RFC 9110 §15.5.16"),
    (416, "Range Not Satisfiable",           "RFC 9110 §15.5.17"),
    (417, "Expectation Failed",              "RFC 9110 §15.5.18"),
    (418, "(Unused)",                        "RFC 9110 §15.5.19"),
    (421, "Misdirected Request",             "RFC 9110 §15.5.20"),
    (422, "Unprocessable Content",           "RFC 9110 §15.5.21"),
    (423, "Locked",                          "RFC 4918 §11.3"),
    (424, "Failed Dependency",               "RFC 4918 §11.4"),
    (425, "Too Early",                       "RFC 8470 §5.2"),
    (426, "Upgrade Required",                "RFC 9110 §15.5.22"),
    (428, "Precondition Required",           "RFC 6585 §3"),
    (429, "Too Many Requests",               "RFC 6585 §4"),
    (431, "Request Header Fields Too Large", "RFC 6585 §5"),
    (451, "Unavailable For Legal Reasons",   "RFC 7725 §3"),
    (500, "Internal Server Error",           "RFC 9110 §15.6.1"),
    (501, "Not Implemented",                 "RFC 9110 §15.6.2"),
    (502, "Bad Gateway",                     "RFC 9110 §15.6.3"),
    (503, "Service Unavailable",             "RFC 9110 §15.6.4"),
    (504, "Gateway Timeout",                 "RFC 9110 §15.6.5"),
    (505, "HTTP Version Not Supported",      "RFC 9110 §15.6.6"),
    (506, "Variant Also Negotiates",         "RFC 2295 §8.1"),
    (507, "Insufficient Storage",            "RFC 4918 §11.5"),
    (508, "Loop Detected",                   "RFC 5842 §7.2"),
    (510, "Not Extended (OBSOLETED)",        "RFC 2774 §7"),
    (511, "Network Authentication Required", "RFC 6585 §6"),
    (550, "Permission Denied",               "not registered with IANA"),
];

#[test]
fn entries_are_the_registry_and_550_in_ascending_order() {
    let row = |entry: &Entry| (entry.code.as_u16(), entry.title, entry.spec.section);
    assert_eq!(ALL.iter().map(row).collect::<Vec<_>>(), REGISTRY);
    assert!(ALL.is_sorted_by(|a, b| a.code < b.code));
}

#[test]
fn get_finds_every_registered_code_and_no_other() -> Result {
    for code in 100..=999 {
        let title = catalog::get(StatusCode::from_u16(code)?).map(|entry| entry.title);
        let row = REGISTRY.iter().find(|row| row.0 == code);
        assert_eq!(title, row.map(|row| row.1), "{code}");
    }
    for code in [104, 419, 420, 499, 509] {
        assert!(entry(code).is_err(), "{code}");
    }
    Ok(())
}

#[test]
fn titles_are_those_of_the_http_crate_except_for_five() {
    let differences = ALL.iter().filter_map(|entry| {
        let theirs = entry.code.canonical_reason()?;
        (theirs != entry.title).then_some((entry.code.as_u16(), theirs, entry.title))
    });
    #[rustfmt::skip]
    let known = [
        (203, "Non Authoritative Information", "Non-Authoritative Information"),
        (413, "Payload Too Large",             "Content Too Large"),     // renamed by RFC 9110
        (418, "I'm a teapot",                  "(Unused)"),              // reserved, never registered
        (422, "Unprocessable Entity",          "Unprocessable Content"), // renamed by RFC 9110
        (510, "Not Extended",                  "Not Extended (OBSOLETED)"),
    ];
    assert_eq!(differences.collect::<Vec<_>>(), known);
}

#[test]
fn links_point_to_the_section() {
    let registry = "https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml";
    for entry in ALL {
        let reference = entry.spec.section.strip_prefix("RFC ");
        let link = match reference.and_then(|reference| reference.split_once(" §")) {
            Some((rfc, s)) => format!("https://www.rfc-editor.org/rfc/rfc{rfc}.html#section-{s}"),
            None => registry.to_owned(),
        };
        assert_eq!(entry.spec.link, link, "{}", entry.code);
    }
}

#[test]
fn required_headers_are_those_of_the_rfc() {
    let rows: &[(u16, HeaderName)] = &[
        (301, header::LOCATION),           // §15.4.2: SHOULD
        (302, header::LOCATION),           // §15.4.3: SHOULD
        (303, header::LOCATION),           // §15.4.4: implied by the meaning of the status
        (307, header::LOCATION),           // §15.4.8: SHOULD
        (308, header::LOCATION),           // §15.4.9: SHOULD
        (401, header::WWW_AUTHENTICATE),   // §15.5.2: MUST
        (405, header::ALLOW),              // §15.5.6: MUST
        (407, header::PROXY_AUTHENTICATE), // §15.5.8: MUST
        (416, header::CONTENT_RANGE),      // §15.5.17: SHOULD
        (426, header::UPGRADE),            // §15.5.22: MUST
    ];
    let required = ALL.iter().flat_map(|entry| {
        let code = entry.code.as_u16();
        entry.required_headers.iter().map(move |name| (code, name.clone()))
    });
    assert_eq!(required.collect::<Vec<_>>(), rows);
}

#[test]
fn a_grpc_code_is_that_of_the_row_or_of_the_class() {
    #[rustfmt::skip]
    let rows: &[(&[u16], GrpcCode)] = &[
        (&[400, 422],           GrpcCode::InvalidArgument),
        (&[401],                GrpcCode::Unauthenticated),
        (&[403, 451, 550],      GrpcCode::PermissionDenied),
        (&[404, 410],           GrpcCode::NotFound),
        (&[405, 415, 501],      GrpcCode::Unimplemented),
        (&[408, 504],           GrpcCode::DeadlineExceeded),
        (&[409],                GrpcCode::Aborted),
        (&[412, 428],           GrpcCode::FailedPrecondition),
        (&[413, 429, 431, 507], GrpcCode::ResourceExhausted),
        (&[416],                GrpcCode::OutOfRange),
        (&[500],                GrpcCode::Internal),
        (&[421, 425, 502, 503], GrpcCode::Unavailable),
    ];
    for entry in ALL {
        let code = entry.code.as_u16();
        let row = rows.iter().find(|row| row.0.contains(&code)).map(|row| row.1);
        let class = match code {
            200..300 => GrpcCode::Ok,
            400..500 => GrpcCode::FailedPrecondition,
            500..600 => GrpcCode::Internal,
            _ => GrpcCode::Unknown,
        };
        assert_eq!(entry.grpc, row.unwrap_or(class), "{code}");
    }
    for code in rows.iter().flat_map(|row| row.0) {
        assert!(ALL.iter().any(|entry| entry.code.as_u16() == *code), "{code} has no entry");
    }
}

/// <https://grpc.io/docs/guides/status-codes/>
#[test]
fn grpc_codes_have_the_names_and_numbers_of_grpc() {
    #[rustfmt::skip]
    let rows = [
        (GrpcCode::Ok,                  0, "OK"),
        (GrpcCode::Cancelled,           1, "CANCELLED"),
        (GrpcCode::Unknown,             2, "UNKNOWN"),
        (GrpcCode::InvalidArgument,     3, "INVALID_ARGUMENT"),
        (GrpcCode::DeadlineExceeded,    4, "DEADLINE_EXCEEDED"),
        (GrpcCode::NotFound,            5, "NOT_FOUND"),
        (GrpcCode::AlreadyExists,       6, "ALREADY_EXISTS"),
        (GrpcCode::PermissionDenied,    7, "PERMISSION_DENIED"),
        (GrpcCode::ResourceExhausted,   8, "RESOURCE_EXHAUSTED"),
        (GrpcCode::FailedPrecondition,  9, "FAILED_PRECONDITION"),
        (GrpcCode::Aborted,            10, "ABORTED"),
        (GrpcCode::OutOfRange,         11, "OUT_OF_RANGE"),
        (GrpcCode::Unimplemented,      12, "UNIMPLEMENTED"),
        (GrpcCode::Internal,           13, "INTERNAL"),
        (GrpcCode::Unavailable,        14, "UNAVAILABLE"),
        (GrpcCode::DataLoss,           15, "DATA_LOSS"),
        (GrpcCode::Unauthenticated,    16, "UNAUTHENTICATED"),
    ];
    for (code, number, name) in rows {
        assert_eq!((code as i32, code.to_string().as_str()), (number, name));
    }
    assert_eq!(format!("[{:>10}]", GrpcCode::NotFound), "[ NOT_FOUND]");
}

#[test]
fn each_code_has_its_permanence() {
    #[rustfmt::skip]
    let rows: &[(Permanence, &[u16])] = &[
        (Permanence::Interim,   &[100, 101, 102, 103]),
        (Permanence::Fulfilled, &[200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 304]),
        (Permanence::Permanent, &[301, 308, 400, 401, 405, 406, 407, 410, 411, 412, 414, 415, 417,
                                  422, 426, 428, 431, 501, 505]),
        (Permanence::Temporary, &[302, 307, 408, 421, 423, 425, 429, 502, 503, 504, 507, 511]),
        (Permanence::Unknown,   &[300, 303, 305, 306, 402, 403, 404, 409, 413, 416, 418, 424, 451,
                                  500, 506, 508, 510, 550]),
    ];
    for (permanence, expected) in rows {
        let found = ALL.iter().filter(|entry| entry.permanence == *permanence);
        let found: Vec<_> = found.map(|entry| entry.code.as_u16()).collect();
        assert_eq!(&found, expected, "{permanence:?}");
    }
}

/// Phrases that the texts of a status must have, in any case.
struct Phrases {
    code: u16,
    explanation: &'static [&'static str],
    advice: &'static [&'static str],
    for_developers: &'static [&'static str],
}

// More than 60 lines: one table.
#[test]
fn texts_of_the_required_fifteen_have_the_required_phrases() -> Result {
    #[rustfmt::skip]
    let rows = [
        Phrases { code: 200, explanation: &["request", "succeeded"], advice: &[], for_developers: &[] },
        Phrases {
            code: 300,
            explanation: &["several choices", "cannot be resolved into one", "choices are listed"],
            advice: &["choose one"],
            for_developers: &["cannot resolve the choice into one"],
        },
        Phrases {
            code: 301,
            explanation: &["new, permanent address", "use the new one in future"],
            advice: &["new address"],
            for_developers: &["location", "from now on"],
        },
        Phrases {
            code: 302,
            explanation: &["temporarily at another address", "change again", "keep using the original"],
            advice: &["original address"],
            for_developers: &["location", "later requests to the original uri"],
        },
        Phrases {
            code: 304,
            explanation: &["access", "not been modified", "not sent again"],
            advice: &["copy that you have"],
            for_developers: &["conditional get", "access is allowed", "not been modified", "no body"],
        },
        Phrases {
            code: 307,
            explanation: &["temporarily at another address", "change again", "keep using the original"],
            advice: &["original address"],
            for_developers: &["without changing its method", "later requests to the original uri"],
        },
        Phrases {
            code: 400,
            explanation: &["did not understand", "usually"],
            advice: &[],
            for_developers: &["did not understand", "usually", "syntax"],
        },
        Phrases {
            code: 401,
            explanation: &["not signed in"],
            advice: &["sign in"],
            for_developers: &["authentication is required", "www-authenticate"],
        },
        Phrases {
            code: 403,
            explanation: &["understood", "refused", "signing in again with the same account will not help"],
            advice: &["another account"],
            for_developers: &["understood", "will not fulfill", "access is not allowed", "authorization"],
        },
        Phrases {
            code: 404,
            explanation: &["nothing at this address", "may be temporary or permanent"],
            advice: &[],
            for_developers: &["nothing matches", "may be temporary or permanent"],
        },
        Phrases {
            code: 410,
            explanation: &["no longer available", "no forwarding address", "likely to be permanent"],
            advice: &["remove any bookmarks or links"],
            for_developers: &["no forwarding address", "likely to be permanent"],
        },
        Phrases {
            code: 500,
            explanation: &["unexpected", "prevented", "completed"],
            advice: &[],
            for_developers: &["unexpected condition", "prevented", "fulfilled"],
        },
        Phrases {
            code: 501,
            explanation: &["does not support", "requires"],
            advice: &[],
            for_developers: &["server does not support", "functionality", "requires"],
        },
        Phrases {
            code: 503,
            explanation: &["cannot complete the request at this time", "usually temporary"],
            advice: &["try again later"],
            for_developers: &["cannot fulfill the request at this time", "typically temporary", "retry-after"],
        },
        Phrases {
            code: 550,
            explanation: &["account", "signed in", "not have permission", "action"],
            advice: &["account that has permission"],
            for_developers: &["account", "logged in", "no permission", "action", "not registered with iana"],
        },
    ];
    assert_eq!(rows.len(), 15);
    for Phrases { code, explanation, advice, for_developers } in rows {
        let entry = entry(code)?;
        let texts = [entry.explanation, entry.advice, entry.for_developers.unwrap_or_default()];
        for (text, phrases) in texts.into_iter().zip([explanation, advice, for_developers]) {
            for phrase in phrases {
                assert!(text.to_lowercase().contains(phrase), "{code}: {phrase:?} in {text:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn causes_of_503_are_its_six_common_reasons() -> Result {
    let phrases = ["crash", "maintenance", "overload", "attack", "bandwidth that is used up", "forbidden to return"];
    let causes = entry(503)?.causes;
    assert_eq!(causes.len(), phrases.len());
    for (cause, phrase) in causes.iter().zip(phrases) {
        assert!(cause.contains(phrase), "{phrase:?} in {cause:?}");
    }
    Ok(())
}

/// RFC 9110 §15.5.22, RFC 6585 §3, §4 and §6: the response explains how to repeat the request.
#[test]
fn retry_is_explained_where_the_status_requires_it() -> Result {
    for (code, phrase) in [(426, "Upgrade"), (428, "If-Match"), (429, "Retry-After"), (511, "Sign in")] {
        let text = entry(code)?.for_developers.unwrap_or_default();
        assert!(text.contains(phrase), "{code}: {text:?}");
    }
    Ok(())
}

/// These texts are for the reader of a page.
#[test]
fn headlines_explanations_advice_and_causes_name_no_header_field() {
    let names =
        ["Accept", "Allow", "Content-", "Cookie:", "Expect", "If-", "Location", "Range", "Retry-After", "Upgrade"];
    for entry in ALL {
        let texts = [entry.headline, entry.explanation, entry.advice];
        for text in texts.iter().chain(entry.causes) {
            let found = names.iter().find(|name| text.contains(*name) && *text != "Accepted");
            assert_eq!(found, None, "{}: {text:?}", entry.code);
            assert!(!text.contains("RFC") && !text.contains("field of"), "{}: {text:?}", entry.code);
        }
    }
}

/// An RPC error without a detail has the explanation as its message, and its client is not a browser.
#[test]
fn explanations_of_errors_name_no_browser() {
    for entry in ALL.iter().filter(|entry| entry.code.as_u16() >= 400) {
        assert!(!entry.explanation.contains("browser"), "{}: {:?}", entry.code, entry.explanation);
    }
}

/// A page, a problem document and a `grpc-message` can show them unescaped.
#[test]
fn texts_need_no_escaping() {
    for entry in ALL {
        let texts = [entry.title, entry.headline, entry.explanation, entry.advice, entry.default_detail()];
        for text in texts.iter().chain(entry.causes) {
            let code = entry.code;
            let plain = |c: char| matches!(c, ' '..='~') && !r#""\<>&"#.contains(c);
            assert!(text.chars().all(plain), "{code}: {text:?}");
            assert!(!text.contains("  "), "{code}: {text:?}");
            assert_eq!(text.trim(), *text, "{code}");
        }
    }
}

#[test]
fn explanations_and_advice_are_one_or_two_sentences() {
    for entry in ALL {
        for text in [entry.explanation, entry.advice, entry.default_detail()] {
            let code = entry.code;
            assert!(text.split(". ").count() <= 2, "{code}: {text:?}");
            // Some sentences for developers begin with the code.
            let is_start = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            assert!(text.starts_with(is_start), "{code}: {text:?}");
            assert!(text.ends_with('.'), "{code}: {text:?}");
        }
    }
}

#[test]
fn headlines_are_short_and_without_a_full_stop() {
    for entry in ALL {
        let (code, headline) = (entry.code, entry.headline);
        assert!((4..=40).contains(&headline.len()), "{code}: {headline:?}");
        assert!(headline.starts_with(|c: char| c.is_ascii_uppercase()), "{code}: {headline:?}");
        assert!(!headline.ends_with('.'), "{code}: {headline:?}");
    }
}

#[test]
fn causes_are_phrases_without_a_full_stop() {
    for entry in ALL {
        let code = entry.code;
        assert!(!entry.causes.is_empty(), "{code}");
        for cause in entry.causes {
            assert!(!cause.is_empty(), "{code}");
            assert!(!cause.ends_with('.'), "{code}: {cause:?}");
        }
    }
}
