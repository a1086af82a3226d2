//! The requests that are recognized as Connect's (Connect Protocol Reference).

use std::sync::{Arc, Mutex};

use tower_status::{
    Protocol::{self, Connect, ConnectStream, Grpc, Http},
    Status, StatusMapLayer,
};

use crate::common::{Fields, PROBLEM_JSON, fail, json, request};
use crate::connect::{GET, PATH, STREAM, UNARY, layer};

/// Returns the protocol in the context, and the form of the response.
async fn protocol(method: &str, target: &str, fields: Fields<'_>) -> Protocol {
    let protocols = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&protocols);
    let layer = layer().on_error(move |_, context| hook.lock().unwrap().push(context.protocol));
    let (parts, body) = fail(&layer, request(method, target, fields), Status::not_found()).await;
    let protocols = protocols.lock().unwrap();
    assert_eq!(protocols.len(), 1);
    let content_type = parts.headers["content-type"].to_str().unwrap();
    match protocols[0] {
        Http => assert_eq!((content_type, parts.status.as_u16()), (PROBLEM_JSON, 404)),
        Connect => {
            assert_eq!((content_type, parts.status.as_u16()), ("application/json", 404));
            assert!(!parts.headers.contains_key("vary"), "Accept is not negotiated");
            assert!(method == "HEAD" || json(&body)["code"] == "not_found");
        }
        ConnectStream => assert!(content_type.starts_with("application/connect+") && parts.status == 200),
        _ => assert!(content_type.starts_with("application/grpc") && parts.status == 200),
    }
    protocols[0]
}

#[tokio::test]
async fn a_unary_post_is_recognized_by_its_version_and_content_type() {
    const V: (&str, &str) = ("connect-protocol-version", "1");
    #[rustfmt::skip]
    let rows: [(Fields<'_>, Protocol); 20] = [
        (&[("content-type", "application/json"), V], Connect),
        (&[V, ("content-type", "application/proto")], Connect),
        (&[("content-type", "Application/JSON; charset=utf-8"), V], Connect),
        (&[("content-type", "application/vnd.shop-1_x.y"), V], Connect),
        (&[("content-type", "application/grpcfoo"), V], Connect),
        (&[("content-type", "application/json"), V, ("accept", "text/html")], Connect),
        // gRPC comes first.
        (&[("content-type", "application/grpc+proto"), V], Grpc),
        // Another version, or not exactly one.
        (&[("content-type", "application/json")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "2")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "01")], Http),
        (&[("content-type", "application/json"), ("connect-protocol-version", "1, 1")], Http),
        (&[("content-type", "application/json"), V, V], Http),
        // Another content type.
        (&[V], Http),
        (&[("content-type", "text/json"), V], Http),
        (&[("content-type", "application"), V], Http),
        (&[("content-type", "application/"), V], Http),
        (&[("content-type", "application/ json"), V], Http),
        (&[("content-type", "application/<x>"), V], Http),
        (&[("content-type", ""), V], Http),
    ];
    for (fields, expected) in rows {
        assert_eq!(protocol("POST", PATH, fields).await, expected, "{fields:?}");
    }
    // The query of a POST is ignored.
    assert_eq!(protocol("POST", GET, &[("content-type", "application/json")]).await, Http);
}

#[tokio::test]
async fn a_stream_is_recognized_by_its_content_type() {
    let long = format!("application/connect+{}", "x".repeat(128));
    let rows = [
        ("application/connect+json", ConnectStream),
        ("application/connect+proto", ConnectStream),
        ("Application/Connect+Proto; charset=utf-8", ConnectStream),
        ("application/connect+vnd.shop-1", ConnectStream),
        ("application/connect", Http),
        ("application/connect+", Http),
        ("application/connect-json", Http),
        ("application/connect+<script>", Http),
        ("text/connect+json", Http),
        (&*long, Http),
    ];
    for (content_type, expected) in rows {
        assert_eq!(protocol("POST", PATH, &[("content-type", content_type)]).await, expected, "{content_type}");
    }
    let (parts, _) =
        fail(&layer(), request("POST", PATH, &[("content-type", "Application/Connect+PROTO; a=b")]), Status::gone())
            .await;
    assert_eq!(parts.headers["content-type"], "application/connect+proto");
}

#[tokio::test]
async fn a_unary_get_is_recognized_by_its_query() {
    #[rustfmt::skip]
    let rows = [
        ("connect=v1&encoding=json&message=%7B%7D", Connect),
        ("message=%7B%7D&encoding=json&connect=v1", Connect),
        ("a=b&message=&encoding=proto&base64=1&connect=v1&x", Connect),
        ("%63onnect=v%31&%65ncoding=json&%6dessage=x", Connect),
        ("connect=v1&connect=v2&encoding=json&message=x", Connect),
        ("connect=v2&connect=v1&encoding=json&message=x", Http),
        ("connect=v2&encoding=json&message=x", Http),
        ("connect=V1&encoding=json&message=x", Http),
        ("encoding=json&message=x", Http),
        ("connect=v1&message=x", Http),
        ("connect=v1&encoding=json", Http),
        // The shortest, and longer ones that lack one of the three.
        ("connect=v1&encoding&message", Connect),
        ("encoding=json&message=x&a=1&b=2&c=3", Http),
        ("connect=v1&message=x&a=1&b=2&c=3", Http),
        ("connect=v1&encoding=json&a=1&b=2&c=3", Http),
        ("xconnect=v1&encoding=json&message=x", Http),
        ("connect=v1;encoding=json;message=x", Http),
        ("", Http),
        ("%", Http),
    ];
    for (query, expected) in rows {
        let target = format!("{PATH}?{query}");
        for method in ["GET", "HEAD"] {
            assert_eq!(protocol(method, &target, &[]).await, expected, "{method} {query}");
        }
    }
    assert_eq!(protocol("GET", PATH, UNARY).await, Http, "without a query");
}

/// CORS preflights are among them.
#[tokio::test]
async fn any_other_method_is_plain_http() {
    for method in ["OPTIONS", "PUT", "PATCH", "DELETE", "QUERY", "TRACE", "get", "post"] {
        for (target, fields) in [(PATH, UNARY), (PATH, STREAM), (GET, &[][..])] {
            assert_eq!(protocol(method, target, fields).await, Http, "{method} {target}");
        }
    }
}

#[tokio::test]
async fn rpc_false_turns_the_recognition_off() {
    for (method, target, fields) in [("POST", PATH, UNARY), ("POST", PATH, STREAM), ("GET", GET, &[][..])] {
        let (parts, _) = fail(&StatusMapLayer::new().rpc(false), request(method, target, fields), Status::gone()).await;
        assert_eq!((parts.status.as_u16(), &parts.headers["content-type"]), (410, &PROBLEM_JSON.parse().unwrap()));
    }
}
