//! Accept (RFC 9110 §12.5.1) decides the format of an error response; tested through the layer.

use http::{HeaderMap, HeaderValue, Request, header};
use tower_status::{
    Format::{self, Html, Json, Text},
    Status, StatusMapLayer,
};

use crate::common::{self, fail, full, get, lines, send};

const ALL: &[Format] = &[Json, Html, Text];

fn request(lines: &[&[u8]]) -> Request<()> {
    let mut request = Request::new(());
    for line in lines {
        request.headers_mut().append(header::ACCEPT, HeaderValue::from_bytes(line).unwrap());
    }
    request
}

/// Returns the format of a 404, by its content type and by its body, which must agree.
async fn not_found(layer: StatusMapLayer, request: Request<()>) -> (Format, HeaderMap) {
    let (parts, body) = fail(&layer, request, Status::not_found()).await;
    // If nothing is acceptable the first format is sent, never a 406.
    assert_eq!(parts.status, 404);
    let format = match parts.headers[header::CONTENT_TYPE].to_str().unwrap() {
        "application/problem+json" => Json,
        "text/html; charset=utf-8" => Html,
        "text/plain; charset=utf-8" => Text,
        other => panic!("unexpected content type {other}"),
    };
    let start = match body.first() {
        Some(b'{') => Json,
        Some(b'<') => Html,
        _ => Text,
    };
    assert_eq!(start, format, "body and content type differ");
    (format, parts.headers)
}

async fn format_of(formats: &[Format], lines: &[&[u8]]) -> Format {
    let request = request(lines);
    let preferred = Format::preferred(request.headers(), formats);
    let (format, _) = not_found(StatusMapLayer::new().formats(formats), request).await;
    // `Format::preferred` agrees with the layer. The layer ignores an empty list.
    assert_eq!(preferred, (!formats.is_empty()).then_some(format));
    format
}

/// Checks all rows before failing, so that one run names every wrong row.
async fn check(rows: &[(&str, Format, &str)]) {
    let mut failed = Vec::new();
    for (accept, expected, source) in rows {
        let found = format_of(ALL, &[accept.as_bytes()]).await;
        if found != *expected {
            failed.push(format!("{accept:?} ({source}): {found:?}, expected {expected:?}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn accept_of_common_clients_selects_the_expected_format() {
    #[rustfmt::skip]
    let rows = [
        // Navigations (MDN, “List of default Accept values”).
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Html, "Firefox since 132, Safari"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8", Html, "Firefox 128 to 131"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", Html, "Firefox 92 to 127"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7", Html, "Chromium, Edge, Opera"),
        ("text/html, application/xhtml+xml, image/jxr, */*", Html, "Edge before Chromium"),
        ("text/vnd.turbo-stream.html, text/html, application/xhtml+xml", Html, "Turbo's form submissions"),
        // Programs.
        ("*/*", Json, "curl, wget, fetch, XMLHttpRequest, Python requests, Node"),
        ("application/json, text/plain, */*", Json, "axios, Angular"),
        ("application/json, text/javascript, */*; q=0.01", Json, "jQuery's getJSON"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", Html, "Java before 19"),
        ("text/html, image/gif, image/jpeg, */*; q=0.2", Html, "Java since 19"),
        ("application/json", Json, "an API's client"),
        ("application/problem+json", Json, "a client that knows RFC 9457"),
        ("application/vnd.github+json", Json, "GitHub's media type: none is acceptable"),
        ("application/xml", Json, "none is acceptable"),
        // Resources that a page loads.
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", Json, "img in Chromium"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", Json, "img in Firefox"),
        ("image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", Json, "img in Safari"),
        ("text/css,*/*;q=0.1", Json, "style in all three"),
        ("*/*", Json, "script, font in all three"),
        ("video/webm,video/ogg,video/*;q=0.9,application/ogg;q=0.7,audio/*;q=0.6,*/*;q=0.5", Json, "video in Firefox"),
    ];
    check(&rows).await;
}

#[tokio::test]
async fn weight_decides_and_then_specificity() {
    #[rustfmt::skip]
    let rows = [
        ("", Json, "empty: the first format"),
        (" \t", Json, "white space only"),
        (",, ,", Json, "empty members (RFC 9110 §5.6.1.2)"),
        (", ,text/html", Html, "empty members before"),
        ("application/*", Json, "satisfied by a problem document"),
        ("text/html, */*", Html, "at equal q the more specific range"),
        ("*/*, text/html", Html, "the same, the other way round"),
        ("*/*, text/plain", Text, "the same for text"),
        ("text/*", Html, "both in one range: the order of formats"),
        ("text/*, text/plain", Text, "at equal q the more specific range"),
        ("application/*, text/html", Html, "at equal q the more specific range"),
        ("text/*, */*", Html, "a type is more specific than none"),
        ("text/html, application/json", Json, "equally specific: the order of formats"),
        ("text/plain, text/html", Html, "equally specific: the order of formats"),
        ("text/html, application/problem+json", Json, "equally specific: the order of formats"),
        ("text/plain;q=0.9, text/html;q=0.8, */*;q=0.7", Text, "q decides first"),
        ("text/html;q=0.9, */*", Json, "q before specificity"),
        ("text/html;q=0.2, application/json;q=0.199", Html, "thousandths count"),
        ("application/json;q=0.5, text/plain;q=0.501", Text, "thousandths count"),
        ("application/json;q=0.001, text/html;q=0", Json, "the least that is not 0"),
        ("text/html;q=0", Json, "nothing acceptable"),
        ("*/*;q=0", Json, "nothing acceptable"),
        ("application/json;q=0, */*", Html, "q=0 of the more specific range"),
        ("application/json;q=0, text/html;q=0, */*;q=0.1", Text, "two excluded"),
        ("application/json;q=0", Json, "nothing acceptable: the first all the same"),
        ("*/*;q=0, text/plain", Text, "all but one excluded"),
        ("text/*;q=0, text/html;q=0.1", Html, "the more specific range decides for a type"),
        ("text/html;q=0.1, text/*;q=0.9", Text, "the more specific range decides for a type"),
        ("application/*;q=0.1, application/json, text/html;q=0.5", Json, "the more specific range decides for a type"),
        ("application/json;q=0.1, application/problem+json, text/html;q=0.5", Json, "the exact type"),
        ("application/problem+json;q=0.1, application/json, text/html;q=0.5", Html, "the exact type, at a lower q"),
        ("text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5", Text, "RFC 9110 §12.5.1's table"),
        ("audio/*; q=0.2, audio/basic, text/html;q=0.1", Html, "RFC 9110 §12.5.1, with one of ours"),
        ("text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c", Html, "RFC 9110 §12.5.1"),
        ("text/html;q=1, text/plain;q=1.", Html, "`1.` is a qvalue (RFC 9110 §12.4.2)"),
        ("text/plain;q=1.000, text/html;q=0.999", Text, "three zeros"),
        ("text/plain;q=0.1, text/html;q=0.", Text, "`0.` is a qvalue, and 0"),
        ("text/plain;q=0.1, text/html;q=0.000", Text, "three zeros are 0"),
    ];
    check(&rows).await;
}

#[tokio::test]
async fn only_malformed_members_are_skipped() {
    #[rustfmt::skip]
    let rows = [
        ("text/html;q=2, text/plain;q=0.1", Text, "q above 1"),
        ("text/html;q=1.001, text/plain;q=0.1", Text, "q above 1"),
        ("text/html;q=1.0001, text/plain;q=0.1", Text, "four digits"),
        ("text/html;q=0.9999, text/plain;q=0.1", Text, "four digits"),
        ("text/html;q=10, text/plain;q=0.1", Text, "two digits before the point"),
        ("text/html;q=00.9, text/plain;q=0.1", Text, "two digits before the point"),
        ("text/html;q=.5, text/plain;q=0.1", Text, "no digit before the point"),
        ("text/html;q=, text/plain;q=0.1", Text, "no value"),
        ("text/html;q, text/plain;q=0.1", Text, "no equals sign"),
        ("text/html;q=a, text/plain;q=0.1", Text, "a letter"),
        ("text/html;q=0.a, text/plain;q=0.1", Text, "a letter"),
        ("text/html;q=0,9, text/plain;q=0.1", Text, "a decimal comma"),
        ("text/html;q=-1, text/plain;q=0.1", Text, "a sign"),
        ("text/html;q=+1, text/plain;q=0.1", Text, "a sign"),
        ("text/html;q=1e0, text/plain;q=0.1", Text, "an exponent"),
        ("text/html;q=\"0.9\", text/plain;q=0.1", Text, "quoted: no qvalue"),
        ("text/html;q =0.9, text/plain;q=0.1", Text, "space before the equals sign (RFC 9110 §5.6.6)"),
        ("text/html;q= 0.9, text/plain;q=0.1", Text, "space after it"),
        ("html, text/plain;q=0.1", Text, "missing slash"),
        ("*, text/plain;q=0.1", Text, "missing slash: Java's star"),
        ("*;q=1, text/plain;q=0.1", Text, "missing slash: Java's star"),
        ("/html, text/plain;q=0.1", Text, "no type"),
        ("text/, text/plain;q=0.1", Text, "no subtype"),
        ("/, text/plain;q=0.1", Text, "neither"),
        ("text/html/x, text/plain;q=0.1", Text, "two slashes"),
        ("text//html, text/plain;q=0.1", Text, "two slashes"),
        ("*/html, text/plain;q=0.1", Text, "no range of RFC 9110 §12.5.1"),
        ("text /html, text/plain;q=0.1", Text, "space in the type"),
        ("text/ht ml, text/plain;q=0.1", Text, "space in the subtype"),
        ("text/html text/plain, text/plain;q=0.1", Text, "a missing comma"),
        ("te(x)t/html, text/plain;q=0.1", Text, "no token"),
        ("text/html@, text/plain;q=0.1", Text, "no token"),
        ("text/htm*, text/plain;q=0.1", Text, "a token, and not ours"),
        ("text/htmlx, text/plain;q=0.1", Text, "longer than ours"),
        ("text/htm, text/plain;q=0.1", Text, "shorter than ours"),
        ("xtext/html, text/plain;q=0.1", Text, "longer than ours"),
        ("text/plain;q=0.1, text/html;x=\"", Text, "a quote that is not closed, at the end"),
        ("text/plain;q=0.1, text/html;x=\"\\\"", Text, "closed by an escaped quote: not closed"),
        ("text/plain;q=0.1, \", text/html", Text, "no known type after an unclosed quote"),
        ("text/plain;x=\"a,text/html,b\", text/plain;q=0.1", Text, "a comma inside quotes ends no member"),
        ("text/plain;x=\"a\\\",text/html,b\", text/plain;q=0.1", Text, "nor after an escaped quote"),
        ("text/plain;x=\"a\\\\\",text/html", Html, "but after an escaped backslash the quote is closed"),
        ("text/plain;q=0.1, text/html;x=\\\", application/json", Text, "outside of quotes a backslash escapes none (RFC 9110 §5.6.4)"),
        ("text/plain;x=\";q=0.9;\", text/html;q=0.1", Html, "a semicolon inside quotes ends no parameter"),
    ];
    check(&rows).await;
}

#[tokio::test]
async fn obs_text_makes_only_its_member_malformed() {
    #[rustfmt::skip]
    let rows: [(&[&[u8]], Format); 8] = [
        (&[b"text/html\xe4, text/plain;q=0.1"], Text),
        (&[b"t\xc3\xa4xt/html, text/plain;q=0.1"], Text),
        (&[b"\xff/\xff, text/plain;q=0.1"], Text),
        (&[b"\xff, text/html;q=0.1"], Html),
        (&[b"text/html;q=\xb9, text/plain;q=0.1"], Text),
        (&[b"text/html;q=0.9\x80, text/plain;q=0.1"], Text),
        (&[b"text/html, \xfe\xff"], Html),
        (&[b"\x80\x81\x82", b"text/html"], Html),
    ];
    for (lines, expected) in rows {
        assert_eq!(format_of(ALL, lines).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn charset_is_ignored_and_other_parameters_match_nothing() {
    #[rustfmt::skip]
    let rows = [
        ("text/html;charset=utf-8, */*;q=0.1", Html, "charset is ignored"),
        ("text/plain; charset=\"utf-8\", */*;q=0.1", Text, "charset is ignored, quoted"),
        ("text/html;charset=koi8-r, */*;q=0.1", Html, "charset is ignored, whichever"),
        ("application/json;charset=utf-8, text/html;q=0.9", Json, "charset is ignored"),
        ("text/plain;charset=utf-8;q=0.5, text/html;charset=utf-8;q=0.4", Text, "and q after it counts"),
        ("text/plain;q=0.5;charset=utf-8, text/html;q=0.4;charset=utf-8", Text, "q in any place (RFC 9110 §12.5.1)"),
        ("*/*;charset=utf-8, text/plain;q=0.1", Json, "charset is ignored on a wildcard"),
        ("text/html;level=1, text/plain;q=0.1", Text, "ours has no such parameter (RFC 9110 §12.5.1)"),
        ("text/html;level=1;q=0.9, */*;q=0.1", Json, "ours has no such parameter"),
        ("text/html;, text/plain;q=0.1", Html, "an empty parameter (RFC 9110 §5.6.6)"),
        ("text/html;;q=0.5, text/plain;q=0.4", Html, "an empty parameter"),
        ("text/html \t;\t q=0.5, text/plain;q=0.4", Html, "white space around the semicolon"),
        ("text/html \t;\t q=0.5, text/plain;q=0.6", Text, "white space around the semicolon"),
        ("\ttext/html\t,\ttext/plain;q=0.4\t", Html, "white space around members"),
        ("text/plain;q=0.4,text/html;q=0.5", Html, "no white space at all"),
    ];
    check(&rows).await;
}

#[tokio::test]
async fn types_and_parameter_names_are_case_insensitive() {
    #[rustfmt::skip]
    let rows = [
        ("TEXT/HTML", Html, "RFC 9110 §8.3.1"),
        ("Text/Html, */*;q=0.8", Html, "RFC 9110 §8.3.1"),
        ("tExT/pLaIn, */*;q=0.8", Text, "RFC 9110 §8.3.1"),
        ("Application/JSON, text/html;q=0.9", Json, "RFC 9110 §8.3.1"),
        ("Application/Problem+JSON, text/html;q=0.9", Json, "RFC 9110 §8.3.1"),
        ("APPLICATION/*, text/html;q=0.9", Json, "RFC 9110 §8.3.1"),
        ("TEXT/*;q=0.9, application/json;q=0.8", Html, "RFC 9110 §8.3.1"),
        ("text/html;Q=0.1, text/plain;Q=0.2", Text, "RFC 9110 §5.6.6"),
        ("text/html;CHARSET=UTF-8, */*;q=0.1", Html, "RFC 9110 §5.6.6"),
    ];
    check(&rows).await;
}

#[tokio::test]
async fn all_field_lines_are_combined() {
    #[rustfmt::skip]
    let rows: [(&[&[u8]], Format); 10] = [
        (&[], Json),
        (&[b"text/plain", b"text/html;q=0.9"], Text),
        (&[b"text/plain;q=0.5", b"text/html"], Html),
        (&[b"application/json;q=0.5", b"text/plain;q=0.6", b"text/html;q=0.7"], Html),
        (&[b"*/*", b"text/plain"], Text),
        (&[b"*/*", b"application/json;q=0"], Html),
        (&[b"", b"text/html"], Html),
        (&[b"text/html", b""], Html),
        (&[b"text/html;q=7", b"text/plain;q=0.1"], Text),
        (&[b"image/png;x=\"", b"text/html"], Html),
    ];
    for (lines, expected) in rows {
        assert_eq!(format_of(ALL, lines).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn order_of_formats_decides_between_equal_preferences() {
    #[rustfmt::skip]
    let rows: [(&[Format], &str, Format); 20] = [
        (&[Html, Json], "*/*", Html),
        (&[Html, Json], "", Html),
        (&[Html, Json], "text/html;q=0", Html),
        (&[Html, Json], "text/html;q=0, */*", Json),
        (&[Html, Json], "application/json", Json),
        (&[Html, Json], "application/json, text/html", Html),
        (&[Html, Json], "application/problem+json, text/html", Html),
        (&[Html, Json], "text/plain", Html),
        (&[Html, Json], "text/plain, */*;q=0.1", Html),
        (&[Text, Html], "text/*", Text),
        (&[Html, Text], "text/*", Html),
        (&[Text, Html, Json], "image/png,image/*;q=0.8,*/*;q=0.5", Text),
        (&[Text, Json], "application/json, text/plain, */*", Text),
        (&[Text, Json], "application/*, */*;q=0.9", Json),
        (&[Json, Html], "text/*;q=0.3, text/plain;q=0.7, */*;q=0.5", Json),
        (&[Text], "text/html", Text),
        (&[Text], "text/plain;q=0", Text),
        (&[Html], "application/json", Html),
        (&[Json, Text, Json], "*/*", Json),
        (&[], "text/plain", Text), // ignored: all three are offered
    ];
    for (formats, accept, expected) in rows {
        assert_eq!(format_of(formats, &[accept.as_bytes()]).await, expected, "{formats:?} {accept:?}");
    }
    assert_eq!(format_of(&[Text, Html], &[]).await, Text, "no Accept");
}

#[tokio::test]
async fn replaced_body_has_accept_in_vary_once() {
    // The formats, Vary of the inner 404, and Vary of the response; the body is replaced each time.
    #[rustfmt::skip]
    let rows: [(&[Format], &[&str], &[&str]); 14] = [
        (ALL, &[], &["accept"]),
        (&[Html, Text], &[], &["accept"]),
        (ALL, &["origin"], &["origin", "accept"]),
        (ALL, &["origin", "cookie"], &["origin", "cookie", "accept"]),
        (ALL, &["Accept"], &["Accept"]),
        (ALL, &["ACCEPT"], &["ACCEPT"]),
        (ALL, &["accept-encoding, accept"], &["accept-encoding, accept"]),
        (ALL, &["origin", "cookie ,\taccept\t, x"], &["origin", "cookie ,\taccept\t, x"]),
        (ALL, &["accept-encoding"], &["accept-encoding", "accept"]),
        (ALL, &["x-accept, accept-language"], &["x-accept, accept-language", "accept"]),
        (&[Json], &[], &[]),
        (&[Html, Html], &[], &[]),
        (&[Text], &["origin", "cookie"], &["origin", "cookie"]),
        (&[Json], &["accept"], &["accept"]),
    ];
    for (formats, inner_vary, expected) in rows {
        for (method, accept) in [("GET", "*/*"), ("HEAD", "text/html"), ("POST", "image/png")] {
            let fields: Vec<_> = inner_vary.iter().map(|line| ("vary", *line)).collect();
            let request = common::request(method, "/", &[("accept", accept)]);
            let layer = StatusMapLayer::new().formats(formats);
            let (parts, _) = send(&layer, request, Ok::<_, Status>(full(404, &fields, ""))).await;
            assert_eq!(lines(&parts.headers, "vary"), expected, "{method} {formats:?} {inner_vary:?}");
        }
    }
}

#[tokio::test]
async fn vary_is_unchanged_if_the_inner_body_is_kept() {
    let rows = [(200, None), (302, None), (404, Some("application/xml")), (503, Some("application/json"))];
    for (code, content_type) in rows {
        let fields = content_type.map(|content_type| ("content-type", content_type));
        let inner = full(code, fields.as_slice(), "inner");
        let request = get("/", &[("accept", "text/html")]);
        let (parts, body) = send(&StatusMapLayer::new(), request, Ok::<_, Status>(inner)).await;
        assert!(!parts.headers.contains_key(header::VARY), "{code}");
        assert_eq!(body, "inner", "{code}");
    }
}

/// An Accept with a part that is repeated 10,000 times.
struct Long {
    before: &'static str,
    repeated: &'static str,
    after: &'static str,
    expected: Format,
}

#[tokio::test]
async fn ten_thousand_members_are_all_read() {
    #[rustfmt::skip]
    let rows = [
        Long { before: "", repeated: "image/png;q=0.9,", after: "text/html;q=0.1", expected: Html },
        Long { before: "text/plain;q=0.5,", repeated: "text/html;q=0.4,", after: "", expected: Text },
        Long { before: "", repeated: "*/*;q=0.1,", after: "text/plain;q=0.2", expected: Text },
        Long { before: "text/html,", repeated: ",", after: "", expected: Html },
        Long { before: "text/html", repeated: ";", after: ",text/plain;q=0.1", expected: Html },
        Long { before: "", repeated: "text/html;q=2,", after: "text/plain;q=0.001", expected: Text },
        Long { before: "text/html;x=", repeated: "\"\"", after: ",text/plain;q=0.1", expected: Text },
        Long { before: "text/plain;q=0.5,text/html;x=\"", repeated: "\\\"", after: "", expected: Text },
        Long { before: "text/plain;q=0.5,text/html;q=0.", repeated: "9", after: "", expected: Text },
        Long { before: "text/plain;q=0.5,text/", repeated: "x", after: "/html", expected: Text },
    ];
    for Long { before, repeated, after, expected } in rows {
        let accept = [before, &repeated.repeat(10_000), after].concat();
        assert_eq!(format_of(ALL, &[accept.as_bytes()]).await, expected, "{before}{repeated}…{after}");
    }
}

#[tokio::test]
async fn ten_thousand_field_lines_are_all_read() {
    let mut lines = vec![&b"image/png;q=0.9"[..]; 10_000];
    lines.push(b"text/html;q=0.1");
    assert_eq!(format_of(ALL, &lines).await, Html);
}
