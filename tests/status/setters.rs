//! [`Status`]: constructors and setters, and what becomes of bad input.

// A test that meets the unexpected fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{collections::HashMap, time::Duration};

use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{Status, StatusMapLayer, catalog};

const BARE: Status = Status::not_found();
static SHARED: Status = Status::new(StatusCode::IM_A_TEAPOT);
const INTERIM: Status = Status::new(StatusCode::EARLY_HINTS);
const DENIED: Status = Status::permission_denied();
const EXPOSED: Status = Status::service_unavailable().expose();

#[test]
fn sixteen_bytes_and_const() {
    assert_eq!(size_of::<Status>(), 16);
    assert_eq!(size_of::<Result<(), Status>>(), 16);
    let codes = [&BARE, &SHARED, &INTERIM, &DENIED, &EXPOSED].map(|status| status.code().as_u16());
    assert_eq!(codes, [404, 418, 500, 550, 503]);
    assert!(EXPOSED.is_exposed() && !BARE.is_exposed());
}

#[test]
fn constructors_are_named_as_the_constants_of_http() {
    let mut codes = Vec::new();
    macro_rules! rows {
        ($($name:ident $(($($argument:expr),+))? $constant:ident;)*) => {$(
            assert_eq!(stringify!($name).to_uppercase(), stringify!($constant));
            let status = Status::$name($($($argument),+)?);
            assert_eq!(status.code(), StatusCode::$constant, "{}", stringify!($name));
            assert!(status.source().is_none(), "{}", stringify!($name));
            // Nothing that the code demands is missing.
            let demands = catalog::get(status.code()).unwrap().required_headers;
            assert!(demands.iter().all(|name| status.headers().contains_key(name)), "{}", stringify!($name));
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
    // Each 3xx to 5xx of the registry but the unused 306, and 550.
    let registered = catalog::ALL.iter().map(|entry| entry.code.as_u16()).filter(|code| *code >= 300 && *code != 306);
    assert_eq!(codes, registered.collect::<Vec<_>>());
}

#[test]
fn any_code_but_1xx_stays() {
    for code in 100..=999 {
        let expected = if code < 200 { 500 } else { code };
        let code = StatusCode::from_u16(code).unwrap();
        assert_eq!(Status::new(code).code(), expected, "{code}");
        assert_eq!(Status::from(code).code(), expected, "{code}");
    }
}

#[test]
fn what_a_code_demands_and_is_malformed_makes_a_500_that_says_so() {
    let with = |code, name: HeaderName, value: &'static str| Status::new(code).with_header(name, value);
    let bytes = |bytes: &'static [u8]| Status::found(bytes);
    #[rustfmt::skip]
    let rows = [
        (Status::unauthorized("Basic\r\nset-cookie: a=b"), "www-authenticate", "401"),
        (Status::unauthorized("Basic\n"), "www-authenticate", "401"),
        (Status::unauthorized("NUL\0"), "www-authenticate", "401"),
        (Status::unauthorized(String::from("\u{7f}")), "www-authenticate", "401"),
        (Status::unauthorized(""), "www-authenticate", "401"), // at least one challenge: RFC 9110 §11.6.1
        (Status::proxy_authentication_required("a\nb"), "proxy-authenticate", "407"),
        (Status::proxy_authentication_required(" "), "proxy-authenticate", "407"),
        (Status::method_not_allowed("GET\r\n"), "allow", "405"),
        (Status::upgrade_required("h2c\0"), "upgrade", "426"),
        (Status::upgrade_required(""), "upgrade", "426"), // at least one protocol: RFC 9110 §7.8
        (Status::moved_permanently("/a\nb"), "location", "301"),
        (Status::found("/a\r\nset-cookie: a=b"), "location", "302"),
        (Status::found(""), "location", "302"),
        (bytes(b"/\0"), "location", "302"),
        (bytes(b"/\x7f"), "location", "302"),
        (Status::see_other("\t/a"), "location", "303"),
        (Status::temporary_redirect("/\u{1b}"), "location", "307"),
        (Status::permanent_redirect("\n"), "location", "308"),
        (with(StatusCode::UNAUTHORIZED, header::WWW_AUTHENTICATE, "a\nb"), "www-authenticate", "401"),
        (with(StatusCode::METHOD_NOT_ALLOWED, header::ALLOW, "a\nb"), "allow", "405"),
        (with(StatusCode::FOUND, header::LOCATION, "a\nb"), "location", "302"),
        (with(StatusCode::RANGE_NOT_SATISFIABLE, header::CONTENT_RANGE, "a\nb"), "content-range", "416"),
        (with(StatusCode::UPGRADE_REQUIRED, header::UPGRADE, "a\nb"), "upgrade", "426"),
        (Status::new(StatusCode::FOUND).with_header("LOCATION", "a\nb"), "location", "302"),
    ];
    for (status, field, code) in rows {
        assert_eq!(status.code(), 500, "{field}");
        let source = status.source().expect("a source").to_string();
        assert!(source.to_lowercase().contains(field) && source.contains(code), "{source}");
        assert!(!status.headers().contains_key(field), "{field}");
        assert_eq!(status.to_string(), "500 Internal Server Error");
    }
}

#[test]
fn what_may_stand_stands() {
    #[rustfmt::skip]
    let rows = [
        (Status::method_not_allowed(""), 405, "allow", ""), // no method at all: RFC 9110 §10.2.1
        (Status::method_not_allowed("GET, HEAD"), 405, "allow", "GET, HEAD"),
        (Status::unauthorized(r#"Basic realm="a", Bearer"#), 401, "www-authenticate", r#"Basic realm="a", Bearer"#),
        (Status::unauthorized(HeaderValue::from_static("Basic")), 401, "www-authenticate", "Basic"),
        (Status::unauthorized(String::from("Basic")), 401, "www-authenticate", "Basic"),
        (Status::range_not_satisfiable(0), 416, "content-range", "bytes */0"),
        (Status::range_not_satisfiable(u64::MAX), 416, "content-range", "bytes */18446744073709551615"),
        (Status::not_found().with_header("x-a", ""), 404, "x-a", ""),
        (Status::not_found().with_header("X-A", "b\tc"), 404, "x-a", "b\tc"),
        // White space around a value is no part of it (RFC 9110 §5.5).
        (Status::not_found().with_header("x-a", " \tb c\t "), 404, "x-a", "b c"),
        (Status::unauthorized(" Basic"), 401, "www-authenticate", "Basic"),
    ];
    for (status, code, name, value) in rows {
        assert_eq!(status.code(), code, "{name}");
        assert_eq!(status.headers()[name], value);
    }
}

#[test]
fn any_other_malformed_input_is_dropped_and_the_rest_stays() {
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
        ("a demanded field of another code", gone().with_header("location", "a\nb")),
        ("a title with a newline", gone().with_title("a\nb")),
        ("a title with ESC", gone().with_title("\u{1b}[31m")),
        ("a title with a C1 control", gone().with_title("a\u{85}b")),
        ("an empty title", gone().with_title("")),
        ("a type with a newline", gone().with_type("/a\nb")),
        ("a type with a tab", gone().with_type(String::from("/a\tb"))),
        ("an empty type", gone().with_type("")),
        ("an instance with NUL", gone().with_instance("/\0")),
        ("an empty instance", gone().with_instance("")),
        ("the extension type", gone().with_extension("type", "x")),
        ("the extension title", gone().with_extension("title", "x")),
        ("the extension status", gone().with_extension("status", 200)),
        ("the extension detail", gone().with_extension(String::from("detail"), "x")),
        ("the extension instance", gone().with_extension("instance", "x")),
        ("an extension without a name", gone().with_extension("", "x")),
        ("a value that cannot be serialised", gone().with_extension("e2", Fails)),
        ("a key that is no text", gone().with_extension("e2", HashMap::from([((1, 2), 3)]))),
        ("a value that cannot be, in place of one that can", gone().with_extension("e", Fails)),
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
    // RFC 3986 §2: what is neither reserved nor unreserved, byte by byte of its UTF-8.
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
        // A lone one.
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
        // Types and instances are URI references as well.
        if let Ok(text) = str::from_utf8(location) {
            let status = Status::gone().with_type(text.to_owned()).with_instance(text.to_owned());
            assert_eq!((status.type_uri(), status.instance()), (Some(expected), Some(expected)));
        }
    }
}

#[test]
fn a_location_is_percent_encoded_also_where_it_is_said_as_any_field_is() {
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
fn retry_after_is_in_whole_seconds_rounded_up_at_least_one() {
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
        (Duration::MAX, "18446744073709551615"), // there is no larger u64
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
fn a_field_that_stands_once_is_replaced_and_any_other_is_a_further_line() {
    let status = ["location", "content-range", "etag", "set-cookie", "link", "www-authenticate"]
        .into_iter()
        .fold(Status::not_found(), |status, name| status.with_header(name, "a").with_header(name, "b"));
    let lines = |name| status.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    let found = ["location", "content-range", "etag", "set-cookie", "link", "www-authenticate"].map(lines);
    assert_eq!(found, [&["b"][..], &["b"], &["b"], &["a", "b"], &["a", "b"], &["a", "b"]]);
    let replaced = Status::gone().with_extension("a", 1).with_extension("b", 2).with_extension("a", 3);
    assert_eq!(replaced.extensions(), [("a".into(), json!(3)), ("b".into(), json!(2))]);
}

async fn fields(status: Status) -> usize {
    let inner = service_fn(|_: Request<()>| std::future::ready(Err::<Response<String>, _>(status.clone())));
    let response = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), status.code());
    let fields = response.headers().len();
    assert!(!response.into_body().collect().await.unwrap().to_bytes().is_empty());
    fields
}

#[tokio::test]
async fn more_header_fields_than_a_map_holds_do_not_panic() {
    let many = |status: Status| (0..40_000).fold(status, |status, n| status.with_header(format!("x-{n}"), "v"));
    for status in [Status::unauthorized("Basic"), Status::new(StatusCode::UPGRADE_REQUIRED), Status::found("/a")] {
        let status = many(status).with_retry_after(Duration::from_secs(1)).with_detail("d");
        assert!((1..=32_768).contains(&status.headers().len()), "{}", status.headers().len());
        assert!(fields(status.clone()).await <= 32_768);
        #[cfg(feature = "axum")]
        assert!(axum::response::IntoResponse::into_response(status).headers().len() <= 32_768);
    }
    let full = many(Status::new(StatusCode::UNAUTHORIZED));
    fields(full.with_header("www-authenticate", "Basic")).await;
    fields((0..5000).fold(Status::gone(), |status, n| status.with_header("set-cookie", format!("c={n}")))).await;
}
