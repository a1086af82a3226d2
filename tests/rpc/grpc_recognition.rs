//! The requests that are gRPC or gRPC-Web.

use tower_status::{
    Protocol::{Grpc, GrpcWeb, GrpcWebText, Http},
    Status,
};

use crate::common::{Fields, PROBLEM_JSON};
use crate::grpc::{field, post, send, send_failing};

#[tokio::test]
async fn a_post_is_recognized_by_its_content_type() {
    #[rustfmt::skip]
    let rows = [
        ("application/grpc", Grpc, "application/grpc"),
        ("application/grpc+proto", Grpc, "application/grpc+proto"),
        ("application/grpc+json", Grpc, "application/grpc+json"),
        ("application/grpc+vnd.shop-1_x.y", Grpc, "application/grpc+vnd.shop-1_x.y"),
        ("application/grpc; charset=utf-8", Grpc, "application/grpc"),
        ("application/grpc;x=\"application/grpc-web\"", Grpc, "application/grpc"),
        ("application/grpc+proto ; charset=utf-8", Grpc, "application/grpc+proto"),
        ("Application/GRPC", Grpc, "application/grpc"),
        ("APPLICATION/GRPC+PROTO", Grpc, "application/grpc+proto"),
        ("application/grpc-web", GrpcWeb, "application/grpc-web"),
        ("application/grpc-web+proto", GrpcWeb, "application/grpc-web+proto"),
        ("application/grpc-web+thrift", GrpcWeb, "application/grpc-web+thrift"),
        ("application/grpc-web;charset=utf-8", GrpcWeb, "application/grpc-web"),
        ("Application/gRPC-Web+Proto", GrpcWeb, "application/grpc-web+proto"),
        ("application/grpc-web-text", GrpcWebText, "application/grpc-web-text"),
        ("application/grpc-web-text+proto", GrpcWebText, "application/grpc-web-text+proto"),
        ("APPLICATION/grpc-web-TEXT;charset=utf-8", GrpcWebText, "application/grpc-web-text"),
    ];
    for (content_type, protocol, sent) in rows {
        let response = post(content_type, Status::not_found()).await;
        response.assert_protocol(protocol, content_type);
        assert_eq!(response.field("content-type").to_ascii_lowercase(), sent, "{content_type}");
    }
}

#[tokio::test]
async fn a_content_type_that_only_begins_like_grpc_is_plain_http() {
    let rows = [
        "application/grpcfoo",
        "application/grpc-webby",
        "application/grpc-web-textual",
        "application/grpc-web-tex",
        "application/grpc-we",
        "application/grpc-",
        "application/grpc/proto",
        "application/grpc.proto",
        "application/grpc proto",
        "application/grp",
        "application/x-grpc",
        "xapplication/grpc",
        "application",
        "grpc",
        "text/plain",
        "text/plain; x=application/grpc",
        "text/plain;application/grpc",
        "application/json",
        "application/json+grpc",
        "*/*",
        ";",
        "",
    ];
    for content_type in rows {
        let response = post(content_type, Status::not_found()).await;
        response.assert_protocol(Http, content_type);
        assert_eq!(response.parts.status, 404, "{content_type}");
        assert_eq!(response.field("content-type"), PROBLEM_JSON, "{content_type}");
    }
    send_failing("POST", &[], Status::not_found()).await.assert_protocol(Http, "no content type");
    let not_ascii = [("content-type", &b"application/grpc\xff"[..])];
    send("POST", &not_ascii, Err(Status::not_found())).await.assert_protocol(Http, "obs-text");
}

/// tonic reads the first line as well.
#[tokio::test]
async fn the_first_of_several_content_type_lines_decides() {
    let rows = [
        (["application/grpc", "application/grpc"], Grpc),
        (["application/grpc", "text/plain"], Grpc),
        (["text/plain", "application/grpc"], Http),
        (["application/grpc-web", "application/grpc"], GrpcWeb),
    ];
    for (lines, protocol) in rows {
        let fields = lines.map(|line| ("content-type", line));
        send_failing("POST", &fields, Status::not_found()).await.assert_protocol(protocol, &format!("{lines:?}"));
    }
}

#[tokio::test]
async fn a_method_other_than_post_gets_plain_http() {
    let types = ["application/grpc", "application/grpc+proto", "application/grpc-web", "application/grpc-web-text"];
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY", "post", "POSTS"] {
        for content_type in types {
            let row = format!("{method} {content_type}");
            let fields = [("content-type", content_type), ("accept", content_type)];
            let response = send_failing(method, &fields, Status::unauthorized(r#"Bearer realm="shop""#)).await;
            response.assert_protocol(Http, &row);
            assert_eq!(response.parts.status, 401, "{row}");
            assert_eq!(response.field("www-authenticate"), r#"Bearer realm="shop""#, "{row}");
            assert_eq!(response.field("content-type"), PROBLEM_JSON, "{row}");
        }
    }
}

#[tokio::test]
async fn a_content_type_other_than_grpc_gets_plain_http_whatever_accept_is() {
    for accept in ["application/grpc", "application/grpc-web", "application/grpc-web-text", "application/grpc, */*;q=0"]
    {
        for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
            for fields in [
                &[("content-type", content_type), ("accept", accept)][..],
                &[("accept", accept), ("content-type", content_type)],
                &[("accept", accept)],
                &[("accept", accept), ("te", "trailers"), ("grpc-timeout", "1S"), ("x-grpc-web", "1")],
            ] {
                for method in ["GET", "POST"] {
                    let response = send_failing(method, fields, Status::conflict()).await;
                    response.assert_protocol(Http, &format!("{method} {fields:?}"));
                    assert_eq!(response.parts.status, 409, "{method} {fields:?}");
                }
            }
        }
    }
}

/// PROTOCOL-WEB.md: Accept names the encoding of the response.
#[tokio::test]
async fn accept_chooses_the_encoding_of_grpc_web() {
    const TYPE: &str = "content-type";
    #[rustfmt::skip]
    let rows: [(Fields<'_>, &str); 14] = [
        (&[(TYPE, "application/grpc-web+proto"), ("accept", "application/grpc-web-text")], "application/grpc-web-text+proto"),
        (&[("accept", "application/grpc-web-text"), (TYPE, "application/grpc-web+proto")], "application/grpc-web-text+proto"),
        (&[(TYPE, "application/grpc-web"), ("accept", "application/grpc-web-text+proto")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "Application/GRPC-Web-Text; x=y")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "*/*, application/grpc-web-text")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "*/*"), ("accept", "application/grpc-web-text")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web"), ("accept", "application/grpc-web")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web"), ("accept", "application/grpc-web-textual")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web"), ("accept", "*/*")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web"), ("accept", "text/html")], "application/grpc-web"),
        (&[(TYPE, "application/grpc-web-text"), ("accept", "application/grpc-web-text")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web-text"), ("accept", "*/*")], "application/grpc-web-text"),
        (&[(TYPE, "application/grpc-web-text"), ("accept", "application/grpc-web+proto")], "application/grpc-web"),
        // gRPC has one encoding.
        (&[(TYPE, "application/grpc+proto"), ("accept", "application/grpc-web-text")], "application/grpc+proto"),
    ];
    for (fields, content_type) in rows {
        let response = send_failing("POST", fields, Status::not_found().with_detail("no such order")).await;
        // The suffix is that of the request's content type.
        assert_eq!(response.field("content-type"), content_type, "{fields:?}");
        let status = response.status_fields();
        assert_eq!((field(&status, "grpc-status"), field(&status, "grpc-message")), ("5", "no such order"));
    }
}

/// A client must not be able to inject into the content type or exceed the size limit.
#[tokio::test]
async fn an_invalid_or_long_suffix_of_the_content_type_is_dropped() {
    let long = [b"application/grpc+".as_slice(), &[b'x'; 10_000]].concat();
    let long_web = [b"application/grpc-web-text+".as_slice(), &[b'x'; 10_000]].concat();
    #[rustfmt::skip]
    let rows: [(&[u8], &str); 13] = [
        (b"application/grpc+", "application/grpc"),
        (b"application/grpc+;", "application/grpc"),
        (b"application/grpc+<x>", "application/grpc"),
        (b"application/grpc+<script>alert(1)</script>", "application/grpc"),
        (b"application/grpc+a b", "application/grpc"),
        (b"application/grpc+a/b", "application/grpc"),
        (b"application/grpc+a,text/html", "application/grpc"),
        (b"application/grpc+\"x", "application/grpc"),
        (b"application/grpc+\xc3\xa9", "application/grpc"),
        (b"application/grpc+a\tb", "application/grpc"),
        (b"application/grpc-web+", "application/grpc-web"),
        (&long, "application/grpc"),
        (&long_web, "application/grpc-web-text"),
    ];
    for (content_type, sent) in rows {
        let response = send("POST", &[("content-type", content_type)], Err(Status::not_found())).await;
        let row = String::from_utf8_lossy(content_type);
        assert_eq!(response.field("content-type"), sent, "{row:.60}");
        assert_eq!(response.protocol_by_bytes(), response.protocol, "{row:.60}");
        assert!(response.protocol.is_grpc(), "{row:.60}");
    }
}
