//! [`Status`]: constructors, setters, and invalid input.

use std::{collections::HashMap, time::Duration};

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use tower_status::{InvalidHeader, Status, StatusMapLayer, catalog};

use crate::common::{code, fail, get, lines};

const BARE: Status = Status::not_found();
static SHARED: Status = Status::new(StatusCode::IM_A_TEAPOT);
const INTERIM: Status = Status::new(StatusCode::EARLY_HINTS);
const DENIED: Status = Status::permission_denied();
const EXPOSED: Status = Status::service_unavailable().expose();

#[test]
fn a_status_is_16_bytes_and_can_be_const() {
    assert_eq!(size_of::<Status>(), 16);
    assert_eq!(size_of::<Result<(), Status>>(), 16);
    let codes = [&BARE, &SHARED, &INTERIM, &DENIED, &EXPOSED].map(|status| status.code().as_u16());
    assert_eq!(codes, [404, 418, 500, 550, 503]);
    assert!(EXPOSED.is_exposed() && !BARE.is_exposed());
}

#[test]
fn constructors_have_the_names_of_https_constants() {
    let mut codes = Vec::new();
    macro_rules! rows {
        ($($name:ident $(($($argument:expr),+))? $constant:ident;)*) => {$(
            assert_eq!(stringify!($name).to_uppercase(), stringify!($constant));
            let status = Status::$name($($($argument),+)?);
            assert_eq!(status.code(), StatusCode::$constant, "{}", stringify!($name));
            assert!(status.source().is_none(), "{}", stringify!($name));
            let required = catalog::get(status.code()).unwrap().required_headers;
            assert!(required.iter().all(|name| status.headers().contains_key(name)), "{}", stringify!($name));
            codes.push(status.code().as_u16());
        )*};
    }
    rows! {
        multiple_choices(["/a"]) MULTIPLE_CHOICES; moved_permanently("/a") MOVED_PERMANENTLY; found("/a") FOUND;
        see_other("/a") SEE_OTHER; not_modified NOT_MODIFIED; use_proxy USE_PROXY;
        temporary_redirect("/a") TEMPORARY_REDIRECT; permanent_redirect("/a") PERMANENT_REDIRECT;
        bad_request BAD_REQUEST; unauthorized("Basic") UNAUTHORIZED; payment_required PAYMENT_REQUIRED;
        forbidden FORBIDDEN; not_found NOT_FOUND; method_not_allowed("GET") METHOD_NOT_ALLOWED;
        not_acceptable NOT_ACCEPTABLE; proxy_authentication_required("Basic") PROXY_AUTHENTICATION_REQUIRED;
        request_timeout REQUEST_TIMEOUT; conflict CONFLICT; gone GONE; length_required LENGTH_REQUIRED;
        precondition_failed PRECONDITION_FAILED; payload_too_large PAYLOAD_TOO_LARGE; uri_too_long URI_TOO_LONG;
        unsupported_media_type UNSUPPORTED_MEDIA_TYPE; range_not_satisfiable(0) RANGE_NOT_SATISFIABLE;
        expectation_failed EXPECTATION_FAILED; im_a_teapot IM_A_TEAPOT; misdirected_request MISDIRECTED_REQUEST;
        unprocessable_entity UNPROCESSABLE_ENTITY; locked LOCKED; failed_dependency FAILED_DEPENDENCY;
        too_early TOO_EARLY; upgrade_required("h2c") UPGRADE_REQUIRED; precondition_required PRECONDITION_REQUIRED;
        too_many_requests TOO_MANY_REQUESTS; request_header_fields_too_large REQUEST_HEADER_FIELDS_TOO_LARGE;
        unavailable_for_legal_reasons UNAVAILABLE_FOR_LEGAL_REASONS; internal_server_error INTERNAL_SERVER_ERROR;
        not_implemented NOT_IMPLEMENTED; bad_gateway BAD_GATEWAY; service_unavailable SERVICE_UNAVAILABLE;
        gateway_timeout GATEWAY_TIMEOUT; http_version_not_supported HTTP_VERSION_NOT_SUPPORTED;
        variant_also_negotiates VARIANT_ALSO_NEGOTIATES; insufficient_storage INSUFFICIENT_STORAGE;
        loop_detected LOOP_DETECTED; not_extended NOT_EXTENDED;
        network_authentication_required NETWORK_AUTHENTICATION_REQUIRED;
    }
    codes.push(Status::permission_denied().code().as_u16());
    // Every registered 3xx, 4xx and 5xx except the unused 306, and 550.
    let registered = catalog::ALL.iter().map(|entry| entry.code.as_u16()).filter(|code| *code >= 300 && *code != 306);
    assert_eq!(codes, registered.collect::<Vec<_>>());
}

#[test]
fn a_1xx_code_becomes_500_and_any_other_is_kept() {
    for number in 100..=999 {
        let expected = if number < 200 { 500 } else { number };
        assert_eq!(Status::new(code(number)).code(), expected, "{number}");
        assert_eq!(Status::from(code(number)).code(), expected, "{number}");
    }
}

// More than 60 lines: one table.
#[test]
fn a_malformed_required_field_makes_a_500_whose_source_names_it() {
    let with = |code, name: HeaderName, value: &'static str| Status::new(code).with_header(name, value);
    let bytes = |bytes: &'static [u8]| Status::found(bytes);
    // The required field, the code that requires it, and statuses made with a malformed value.
    let rows = [
        (
            "www-authenticate",
            401,
            vec![
                Status::unauthorized("Basic\r\nset-cookie: a=b"),
                Status::unauthorized("Basic\n"),
                Status::unauthorized("NUL\0"),
                Status::unauthorized(String::from("\u{7f}")),
                Status::unauthorized(""), // at least one challenge: RFC 9110 §11.6.1
                with(StatusCode::UNAUTHORIZED, header::WWW_AUTHENTICATE, "a\nb"),
            ],
        ),
        (
            "proxy-authenticate",
            407,
            vec![Status::proxy_authentication_required("a\nb"), Status::proxy_authentication_required(" ")],
        ),
        (
            "allow",
            405,
            vec![Status::method_not_allowed("GET\r\n"), with(StatusCode::METHOD_NOT_ALLOWED, header::ALLOW, "a\nb")],
        ),
        (
            "upgrade",
            426,
            vec![
                Status::upgrade_required("h2c\0"),
                Status::upgrade_required(""), // at least one protocol: RFC 9110 §7.8
                with(StatusCode::UPGRADE_REQUIRED, header::UPGRADE, "a\nb"),
            ],
        ),
        ("content-range", 416, vec![with(StatusCode::RANGE_NOT_SATISFIABLE, header::CONTENT_RANGE, "a\nb")]),
        ("location", 301, vec![Status::moved_permanently("/a\nb")]),
        (
            "location",
            302,
            vec![
                Status::found("/a\r\nset-cookie: a=b"),
                Status::found(""),
                bytes(b"/\0"),
                bytes(b"/\x7f"),
                with(StatusCode::FOUND, header::LOCATION, "a\nb"),
                Status::new(StatusCode::FOUND).with_header("LOCATION", "a\nb"),
            ],
        ),
        ("location", 303, vec![Status::see_other("\t/a")]),
        ("location", 307, vec![Status::temporary_redirect("/\u{1b}")]),
        ("location", 308, vec![Status::permanent_redirect("\n")]),
    ];
    for (field, code, statuses) in rows {
        for (n, status) in statuses.into_iter().enumerate() {
            assert_eq!(status.code(), 500, "{field} {code}, {n}");
            let source = status.source().expect("a source").to_string();
            assert!(source.to_lowercase().contains(field) && source.contains(&code.to_string()), "{source}");
            assert!(!status.headers().contains_key(field), "{field} {code}, {n}");
            assert_eq!(status.to_string(), "500 Internal Server Error");
        }
    }
}

#[test]
fn valid_field_values_are_kept() {
    #[rustfmt::skip]
    let rows = [
        (Status::method_not_allowed(""), 405, ("allow", "")), // no method at all: RFC 9110 §10.2.1
        (Status::method_not_allowed("GET, HEAD"), 405, ("allow", "GET, HEAD")),
        (Status::unauthorized(r#"Basic realm="a", Bearer"#), 401, ("www-authenticate", r#"Basic realm="a", Bearer"#)),
        (Status::unauthorized(HeaderValue::from_static("Basic")), 401, ("www-authenticate", "Basic")),
        (Status::unauthorized(String::from("Basic")), 401, ("www-authenticate", "Basic")),
        (Status::range_not_satisfiable(0), 416, ("content-range", "bytes */0")),
        (Status::range_not_satisfiable(u64::MAX), 416, ("content-range", "bytes */18446744073709551615")),
        (Status::not_found().with_header("x-a", ""), 404, ("x-a", "")),
        (Status::not_found().with_header("X-A", "b\tc"), 404, ("x-a", "b\tc")),
        // Whitespace around a value is not part of it (RFC 9110 §5.5).
        (Status::not_found().with_header("x-a", " \tb c\t "), 404, ("x-a", "b c")),
        (Status::unauthorized(" Basic"), 401, ("www-authenticate", "Basic")),
    ];
    for (status, code, (name, value)) in rows {
        assert_eq!(status.code(), code, "{name}");
        assert_eq!(status.headers()[name], value);
    }
}

#[test]
fn try_with_header_returns_the_error() {
    let name = |name: &'static str| HeaderName::from_static(name);
    let rows = [
        ("x-a", " b ", Ok("b")),
        ("location", "/käse", Ok("/k%C3%A4se")),
        ("x b", "c", Err(InvalidHeader::Name)),
        ("", "c", Err(InvalidHeader::Name)),
        ("x-a", "b\nc", Err(InvalidHeader::Value(name("x-a")))),
        // The status requires it, so it must not be empty.
        ("location", "", Err(InvalidHeader::Value(name("location")))),
        ("location", "a\nb", Err(InvalidHeader::Value(name("location")))),
        ("location", "a\tb", Err(InvalidHeader::Value(name("location")))),
        ("Content-Type", "text/html", Err(InvalidHeader::Framing(name("content-type")))),
        ("content-length", "a\nb", Err(InvalidHeader::Framing(name("content-length")))),
    ];
    for (field, value, expected) in rows {
        let result = Status::new(StatusCode::FOUND).try_with_header(field, value);
        let set = result.as_ref().map(|status| status.headers()[field].to_str().unwrap()).map_err(Clone::clone);
        assert_eq!(set, expected, "{field}: {value:?}");
    }
}

#[test]
fn other_malformed_input_is_dropped_and_the_rest_is_kept() {
    struct Fails;
    impl serde::Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    let gone = || Status::gone().with_detail("d").with_title("T").with_header("x-a", "b").with_extension("e", 1);
    #[rustfmt::skip]
    let rows = [
        ("a value with a newline", gone().with_header("x-b", "a\nb")),
        ("a value with CR", gone().with_header("x-b", "a\rb")),
        ("a value with NUL", gone().with_header("x-b", "a\0b")),
        ("a value with DEL", gone().with_header("x-b", "\u{7f}")),
        ("a name with a space", gone().with_header("x b", "c")),
        ("a name with a newline", gone().with_header("x-b\r\nx-c", "d")),
        ("a name with a colon", gone().with_header("x-b:", "c")),
        ("a name that is not ASCII", gone().with_header("x-ü", "c")),
        ("an empty name", gone().with_header("", "c")),
        ("a field that another code requires", gone().with_header("location", "a\nb")),
        ("a title with a newline", gone().with_title("a\nb")),
        ("a title with ESC", gone().with_title("\u{1b}[31m")),
        ("a title with a C1 control", gone().with_title("a\u{85}b")),
        ("an empty title", gone().with_title("")),
        ("a type with a newline", gone().with_type("/a\nb")),
        ("a type with a tab", gone().with_type(String::from("/a\tb"))),
        ("an empty type", gone().with_type("")),
        ("an instance with NUL", gone().with_instance("/\0")),
        ("an empty instance", gone().with_instance("")),
        ("an extension named type", gone().with_extension("type", "x")),
        ("an extension named title", gone().with_extension("title", "x")),
        ("an extension named status", gone().with_extension("status", 200)),
        ("an extension named detail", gone().with_extension(String::from("detail"), "x")),
        ("an extension named instance", gone().with_extension("instance", "x")),
        ("an extension without a name", gone().with_extension("", "x")),
        ("a value that cannot be serialized", gone().with_extension("e2", Fails)),
        ("a map whose keys are not strings", gone().with_extension("e2", HashMap::from([((1, 2), 3)]))),
        ("a value that cannot be serialized, for a name that is set", gone().with_extension("e", Fails)),
    ];
    for (what, status) in rows {
        assert_eq!(status.code(), 410, "{what}");
        assert!(status.source().is_none(), "{what}");
        assert_eq!((status.title(), status.detail()), (Some("T"), Some("d")), "{what}");
        assert_eq!((status.type_uri(), status.instance()), (None, None), "{what}");
        assert_eq!(status.headers().iter().map(|(name, _)| name).collect::<Vec<_>>(), ["x-a"], "{what}");
        assert_eq!(status.extensions(), [("e".into(), json!(1))], "{what}");
    }
}

#[test]
fn a_location_is_percent_encoded_once() {
    // RFC 3986 §2: every byte that is neither reserved nor unreserved is encoded.
    #[rustfmt::skip]
    let rows: [(&[u8], &str); 15] = [
        (b"/a/b?c=d&e=%2F#f", "/a/b?c=d&e=%2F#f"),
        (b"https://example.org:8080/a;b,c", "https://example.org:8080/a;b,c"),
        ("/käse".as_bytes(), "/k%C3%A4se"),
        ("/日本".as_bytes(), "/%E6%97%A5%E6%9C%AC"),
        ("/🌷?q=ä#ö".as_bytes(), "/%F0%9F%8C%B7?q=%C3%A4#%C3%B6"),
        (b"/k%C3%A4se", "/k%C3%A4se"),
        ("/%C3%A4/ä".as_bytes(), "/%C3%A4/%C3%A4"),
        (b"/100%25", "/100%25"),
        (b"/a b", "/a%20b"),
        (b"/\"<>\\^`{|}", "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        (b"/\xff", "/%FF"),
        (b"//[::1]/a!$&'()*+,;=:@", "//[::1]/a!$&'()*+,;=:@"),
        (b"../a~b_c-d.e", "../a~b_c-d.e"),
        // One byte alone.
        (b"\\", "%5C"),
        (b"\xff", "%FF"),
    ];
    for (location, expected) in rows {
        let statuses = [
            (301, Status::moved_permanently(location)),
            (302, Status::found(location)),
            (303, Status::see_other(location)),
            (307, Status::temporary_redirect(location)),
            (308, Status::permanent_redirect(location)),
        ];
        for (code, status) in statuses {
            assert_eq!((status.code().as_u16(), status.headers()["location"].to_str().unwrap()), (code, expected));
        }
        let field = HeaderValue::from_bytes(location).unwrap();
        assert_eq!(Status::new(StatusCode::FOUND).with_header("location", field).headers()["location"], expected);
        let choices = Status::multiple_choices([location]);
        assert_eq!(choices.headers()["link"], format!("<{expected}>; rel=\"alternate\""));
        assert_eq!(choices.extension("choices"), Some(&json!([expected])));
        // A type and an instance are URI references, too.
        if let Ok(text) = str::from_utf8(location) {
            let status = Status::gone().with_type(text.to_owned()).with_instance(text.to_owned());
            assert_eq!((status.type_uri(), status.instance()), (Some(expected), Some(expected)));
        }
    }
}

#[test]
fn a_location_that_with_header_sets_is_percent_encoded() {
    let status = Status::new(StatusCode::FOUND).with_header(header::LOCATION, "/käse");
    assert_eq!(status.headers()["location"], "/k%C3%A4se");
}

#[test]
fn malformed_choices_are_dropped() {
    let status = Status::multiple_choices(["/a", "", "/b\nc", "/d"]);
    assert_eq!(status.code(), 300);
    assert_eq!(status.extension("choices"), Some(&json!(["/a", "/d"])));
    let links: Vec<_> = status.headers().get_all(header::LINK).iter().collect();
    assert_eq!(links, [r#"</a>; rel="alternate""#, r#"</d>; rel="alternate""#]);
    assert_eq!(Status::multiple_choices([] as [&str; 0]).code(), 300);
}

#[test]
fn retry_after_is_rounded_up_to_whole_seconds_and_at_least_one() {
    let second = Duration::from_secs(1);
    #[rustfmt::skip]
    let rows = [
        (Duration::ZERO, "1"),
        (Duration::from_nanos(1), "1"),
        (Duration::from_millis(999), "1"),
        (second, "1"),
        (second + Duration::from_nanos(1), "2"),
        (Duration::from_millis(1500), "2"),
        (Duration::from_secs(120), "120"),
        (Duration::new(u64::MAX, 0), "18446744073709551615"),
        (Duration::MAX, "18446744073709551615"), // the largest u64
    ];
    for (delay, expected) in rows {
        let status = Status::too_many_requests().with_retry_after(Duration::from_secs(7)).with_retry_after(delay);
        let lines: Vec<_> = status.headers().get_all(header::RETRY_AFTER).iter().collect();
        assert_eq!(lines, [expected], "{delay:?}");
        assert_eq!(status.retry_after(), Some(delay));
    }
    assert_eq!(Status::too_many_requests().retry_after(), None);
}

#[test]
fn a_single_valued_field_is_replaced_and_any_other_gets_another_line() {
    let names = ["location", "content-range", "etag", "set-cookie", "link", "www-authenticate"];
    let set_twice = |status: Status, name| status.with_header(name, "a").with_header(name, "b");
    let status = names.into_iter().fold(Status::not_found(), set_twice);
    let found = names.map(|name| lines(status.headers(), name));
    assert_eq!(found, [&["b"][..], &["b"], &["b"], &["a", "b"], &["a", "b"], &["a", "b"]]);
    let replaced = Status::gone().with_extension("a", 1).with_extension("b", 2).with_extension("a", 3);
    assert_eq!(replaced.extensions(), [("a".into(), json!(3)), ("b".into(), json!(2))]);
}

/// Returns the number of header fields of the response.
async fn sent_fields(status: Status) -> usize {
    let (parts, body) = fail(&StatusMapLayer::new(), get("/", &[]), status.clone()).await;
    assert_eq!(parts.status, status.code());
    assert!(!body.is_empty());
    parts.headers.len()
}

#[tokio::test]
async fn more_header_fields_than_a_map_holds_do_not_panic() {
    let many = |status: Status| (0..40_000).fold(status, |status, n| status.with_header(format!("x-{n}"), "v"));
    for status in [Status::unauthorized("Basic"), Status::new(StatusCode::UPGRADE_REQUIRED), Status::found("/a")] {
        let status = many(status).with_retry_after(Duration::from_secs(1)).with_detail("d");
        assert!((1..=32_768).contains(&status.headers().len()), "{}", status.headers().len());
        assert!(sent_fields(status.clone()).await <= 32_768);
        #[cfg(feature = "axum")]
        assert!(axum::response::IntoResponse::into_response(status).headers().len() <= 32_768);
    }
    let full = many(Status::new(StatusCode::UNAUTHORIZED));
    sent_fields(full.with_header("www-authenticate", "Basic")).await;
    sent_fields((0..5000).fold(Status::gone(), |status, n| status.with_header("set-cookie", format!("c={n}")))).await;
}
