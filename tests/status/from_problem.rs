//! A status from the error response of an upstream.

use std::time::Duration;

use http::{Response, response::Parts};
use serde_json::{Value, json};
use tower_status::{Status, StatusMapLayer};

use crate::common::{FORMATS, Fields, PROBLEM_JSON, fail, get, json as parsed, only_line, response, text};

fn parts(code: u16, fields: Fields<'_>) -> Parts {
    response(code, fields, ()).into_parts().0
}

fn read(code: u16, document: &Value) -> Status {
    let body = document.to_string();
    Status::from_problem(&parts(code, &[("content-type", PROBLEM_JSON)]), body.as_bytes()).unwrap()
}

/// What clients see of a status.
type Shown<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn shown(status: &Status) -> Shown<'_> {
    (status.type_uri(), status.title(), status.detail(), status.instance())
}

#[test]
fn a_response_below_400_is_no_error() {
    for code in [200, 204, 304, 308, 399] {
        assert!(Status::from_problem(&parts(code, &[("content-type", PROBLEM_JSON)]), b"{}").is_none(), "{code}");
    }
    assert_eq!(Status::from_problem(&parts(400, &[]), b"").unwrap().code(), 400);
}

/// RFC 9457 §3.1: the example of §3, and members of other types than the section defines.
#[test]
fn members_are_those_of_the_document() {
    let status = read(
        403,
        &json!({
            "type": "https://example.com/probs/out-of-credit",
            "title": "You do not have enough credit.",
            "detail": "Your current balance is 30, but that costs 50.",
            "instance": "/account/12345/msgs/abc",
            "balance": 30,
            "accounts": ["/account/12345", "/account/67890"],
        }),
    );
    assert_eq!(status.code(), 403);
    assert_eq!(
        shown(&status),
        (
            Some("https://example.com/probs/out-of-credit"),
            Some("You do not have enough credit."),
            Some("Your current balance is 30, but that costs 50."),
            Some("/account/12345/msgs/abc"),
        )
    );
    assert_eq!(status.extension("balance"), Some(&json!(30)));
    assert_eq!(status.extension("accounts"), Some(&json!(["/account/12345", "/account/67890"])));
    assert_eq!(status.extensions().len(), 2);

    let wrong = read(403, &json!({ "type": 1, "title": ["x"], "detail": {}, "instance": null, "status": "x" }));
    assert_eq!((shown(&wrong), wrong.extensions().len()), ((None, None, None, None), 0));
}

/// RFC 9457 §3.1.2: the member is advisory.
#[test]
fn the_code_is_that_of_the_response() {
    for status in [json!(200), json!(500), json!("404"), json!(null)] {
        assert_eq!(read(409, &json!({ "status": status })).code(), 409, "{status}");
    }
}

#[test]
fn texts_of_the_catalog_and_ids_of_the_request_are_left_out() {
    let entry = Status::too_many_requests().entry();
    let status = read(
        429,
        &json!({
            "type": "about:blank",
            "title": entry.title,
            "detail": entry.default_detail(),
            "advice": entry.for_developers,
            "request_id": "7f3a",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "debug": ["secret"],
        }),
    );
    assert_eq!(shown(&status), (None, None, None, None));
    assert_eq!((status.advice(), status.extensions().len()), (None, 0));
    assert_eq!(read(429, &json!({ "advice": "Wait." })).advice(), Some("Wait."));
}

#[test]
fn of_other_bodies_only_the_code_and_the_header_fields_are_read() {
    let document = br#"{"title":"x","detail":"y"}"#;
    let rows: [(&str, &[u8]); 6] = [
        ("application/json", document),
        ("text/plain", b"detail"),
        ("text/html", b"<title>x</title>"),
        ("", document),
        (PROBLEM_JSON, b"{\"title\":\"x\""),
        (PROBLEM_JSON, b"[]"),
    ];
    for (media_type, body) in rows {
        let parts = parts(503, &[("content-type", media_type), ("retry-after", "7"), ("x-other", "1")]);
        let status = Status::from_problem(&parts, body).unwrap();
        assert_eq!((status.code().as_u16(), shown(&status)), (503, (None, None, None, None)), "{media_type}");
        assert_eq!(status.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(status.headers().len(), 1, "only Retry-After");
    }
    // A parameter changes nothing (RFC 9110 §8.3.1).
    let with_charset = parts(404, &[("content-type", "Application/Problem+JSON; charset=utf-8")]);
    assert_eq!(Status::from_problem(&with_charset, document).unwrap().title(), Some("x"));
}

#[test]
fn each_line_of_the_fields_is_read_and_a_malformed_one_is_dropped() {
    let upstream = parts(
        401,
        &[
            ("www-authenticate", "Bearer realm=\"a\""),
            ("www-authenticate", "Basic realm=\"b\""),
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("allow", "GET"),
        ],
    );
    let status = Status::from_problem(&upstream, b"").unwrap();
    let challenges: Vec<_> = status.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(challenges, ["Bearer realm=\"a\"", "Basic realm=\"b\""]);
    assert_eq!(only_line(status.headers(), "retry-after"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(only_line(status.headers(), "allow"), Some("GET"));

    // A delay in seconds is read as a duration.
    let fields = [("www-authenticate", "Basic"), ("retry-after", "7"), ("allow", "GET")];
    let status = Status::from_problem(&parts(401, &fields), b"").unwrap();
    let kept = ["www-authenticate", "allow"].map(|name| only_line(status.headers(), name));
    assert_eq!((kept, status.retry_after()), ([Some("Basic"), Some("GET")], Some(Duration::from_secs(7))));

    // A 405 requires Allow (RFC 9110 §15.5.6), but its code stays that of the response.
    let malformed = Response::builder().status(405).header("allow", &b"\xff"[..]).body(()).unwrap();
    assert_eq!(Status::from_problem(&malformed.into_parts().0, b"").unwrap().code(), 405);
}

#[tokio::test]
async fn what_belongs_to_the_upstream_is_not_sent_on() {
    let body =
        json!({ "type": "/problems/x", "instance": "orders/8", "title": "Out of credit", "left": 0 }).to_string();
    let upstream = parts(401, &[("content-type", PROBLEM_JSON), ("www-authenticate", "Bearer realm=\"upstream\"")]);
    let received = Status::from_problem(&upstream, body.as_bytes()).unwrap();
    for (accept, _) in FORMATS {
        let layer = StatusMapLayer::new().default_challenge("Bearer realm=\"ours\"");
        let (parts, body) = fail(&layer, get("/", &[("accept", accept)]), received.clone()).await;
        assert_eq!(only_line(&parts.headers, "www-authenticate"), Some("Bearer realm=\"ours\""), "{accept}");
        assert!(text(&body).contains("Out of credit"), "{accept}");
        assert!(!text(&body).contains("/problems/x") && !text(&body).contains("orders/8"), "{accept}");
    }
    let response = received.clone().into_http_response();
    assert_eq!(only_line(response.headers(), "www-authenticate"), Some("Bearer realm=\"api\""));

    // What the application sets is its own.
    let own = received.with_type("/problems/y").with_instance("/8").with_header("www-authenticate", "Basic");
    let (parts, body) = fail(&StatusMapLayer::new(), get("/", &[]), own).await;
    assert_eq!(only_line(&parts.headers, "www-authenticate"), Some("Basic"));
    let document = parsed(&body);
    assert_eq!((&document["type"], &document["instance"]), (&json!("/problems/y"), &json!("/8")));
}

#[tokio::test]
async fn absolute_references_are_sent_on_and_a_5xx_hides_its_detail_again() {
    let uri = "https://example.org/x";
    let status = read(502, &json!({ "type": uri, "instance": "urn:x:7", "detail": "secret of the upstream" }));
    let (_, body) = fail(&StatusMapLayer::new(), get("/", &[]), status).await;
    let document = parsed(&body);
    assert_eq!((&document["type"], &document["instance"]), (&json!(uri), &json!("urn:x:7")));
    assert!(!text(&body).contains("secret"), "{document}");
}

#[cfg(feature = "tonic")]
#[test]
fn the_reason_of_grpc_is_not_that_of_the_upstream() {
    let error = tonic::Status::from(read(404, &json!({ "type": "/problems/secret-name" })));
    assert!(!error.details().windows(6).any(|part| part.eq_ignore_ascii_case(b"SECRET")), "{error:?}");
}
