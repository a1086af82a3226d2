//! The claims of `docs/SECURITY_REVIEW.md` that no other test covers.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_status::{ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators, catalog::GrpcCode};

use crate::common::{self, Fields, full, lines, returns, send};

type Outcome = Result<Response<Full<Bytes>>, Status>;

const JSON: (&str, &str) = ("accept", "application/json");
const HTML: (&str, &str) = ("accept", "text/html");
const TEXT: (&str, &str) = ("accept", "text/plain");
const GRPC: (&str, &str) = ("content-type", "application/grpc");
const GRPC_WEB: (&str, &str) = ("content-type", "application/grpc-web");
const GRPC_WEB_TEXT: (&str, &str) = ("content-type", "application/grpc-web-text");
const CONNECT_STREAM: (&str, &str) = ("content-type", "application/connect+proto");
const CONNECT: Fields<'static> = &[("content-type", "application/json"), ("connect-protocol-version", "1")];

/// The method and the header field that select each form of a response.
const FORMS: [(&str, (&str, &str)); 8] = [
    ("GET", JSON),
    ("GET", HTML),
    ("GET", TEXT),
    ("HEAD", JSON),
    ("POST", GRPC),
    ("POST", GRPC_WEB),
    ("POST", GRPC_WEB_TEXT),
    ("POST", CONNECT_STREAM),
];

fn request(method: &str, fields: Fields<'_>) -> Request<()> {
    common::request(method, "/private/7", fields)
}

/// Returns everything that a client sees: the code, the header fields in their order, and the body.
async fn seen(layer: &StatusMapLayer, request: Request<()>, outcome: Outcome) -> (StatusCode, HeaderMap, Bytes) {
    let (parts, body) = send(layer, request, outcome).await;
    assert_eq!(parts.version, Version::HTTP_11);
    (parts.status, parts.headers, body)
}

// ----- response splitting (RFC 9110 §5.5, CWE-113) -----

/// Text that an application takes from a request adds no header field, and no line to the trailers of gRPC-Web.
#[tokio::test]
async fn hostile_text_adds_no_header_line() {
    for hostile in ["a\r\nx-split: 1", "a\nx-split: 1", "a\rx-split: 1", "a\0b", "\r\n\r\n<html>x-split: 1", "a\u{7f}"]
    {
        let text = || hostile.to_owned();
        let new = || Status::new(StatusCode::CONFLICT);
        let rows = [
            ("detail", new().with_detail(text())),
            ("title", new().with_title(text())),
            ("type", new().with_type(text())),
            ("instance", new().with_instance(text())),
            ("name of an extension", new().with_extension(text(), 1)),
            ("extension", new().with_extension("a", text())),
            ("name of a header field", new().with_header(text(), "1")),
            ("header field", new().with_header("x-a", text())),
            ("Link", new().with_header("link", text())),
            ("WWW-Authenticate", Status::unauthorized(text())),
            ("Proxy-Authenticate", Status::proxy_authentication_required(text())),
            ("Allow", Status::method_not_allowed(text())),
            ("Upgrade", Status::upgrade_required(text())),
            ("Location", Status::found(text())),
            ("choices", Status::multiple_choices([text()])),
            ("error", Status::from_error(text())),
        ];
        for (name, status) in rows {
            for (method, field) in FORMS {
                let layer = StatusMapLayer::new().rpc(true).default_challenge(text()).expose_server_errors(true);
                let request = request(method, &[field, ("x-request-id", "a b")]);
                let (_, headers, body) = seen(&layer, request, Err(status.clone())).await;
                assert!(!headers.contains_key("x-split"), "{name} {hostile:?}: {headers:?}");
                let clean = |value: &HeaderValue| value.as_bytes().iter().all(|byte| *byte >= b' ' && *byte != 0x7f);
                assert!(headers.values().all(clean), "{name} {hostile:?}: {headers:?}");
                // The trailers of gRPC-Web are lines in the body, after the 5 bytes of a frame head.
                if field == GRPC_WEB && !body.is_empty() {
                    let mut lines = std::str::from_utf8(&body[5..]).unwrap().split("\r\n");
                    assert!(lines.all(|line| !line.starts_with("x-split")), "{name} {hostile:?}: {body:?}");
                }
            }
        }
        // The header fields of a 304.
        let validators = Validators::new().with_etag(ETag::strong("a").unwrap()).with_field("vary", text());
        let get = request("GET", &[("if-none-match", "*")]);
        let failed = Preconditions::new(get.method(), get.headers()).check(Some(&validators)).unwrap_err();
        assert!(failed.code() == 304 && !failed.headers().contains_key("vary"), "{hostile:?}: {failed:?}");
        assert!(ETag::strong(text()).is_err() && ETag::weak(text()).is_err(), "{hostile:?}");
    }
}

// ----- cache poisoning -----

/// The key of a cache is method, URI and the fields in Vary, so no other field may change a response.
#[tokio::test]
async fn no_field_but_accept_changes_the_response_to_a_get() {
    let unkeyed = [
        GRPC,
        GRPC_WEB,
        CONNECT_STREAM,
        CONNECT[1],
        ("te", "trailers"),
        ("x-grpc-web", "1"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "evil"),
        ("x-original-url", "/evil"),
        ("x-http-method-override", "POST"),
        ("forwarded", "host=evil.example"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example"),
        ("cookie", "a=evil"),
        ("user-agent", "curl/8 evil"),
        ("accept-language", "evil"),
        ("accept-encoding", "gzip, evil"),
        ("accept-charset", "evil"),
        ("range", "bytes=0-0"),
        ("expect", "evil"),
        ("upgrade", "evil"),
        ("x-requested-with", "XMLHttpRequest"),
        // Invalid request ids.
        ("x-request-id", "<evil>"),
        ("x-request-id", ""),
    ];
    let outcomes: [Outcome; 9] = [
        Err(Status::not_found().with_header("cache-control", "max-age=60")),
        Err(Status::gone()),
        Err(Status::bad_gateway()),
        Err(Status::unauthorized("Basic")),
        Err(Status::moved_permanently("/")),
        Err(Status::multiple_choices(["/a", "/b"])),
        Ok(full(404, &[], "")),
        Ok(full(404, &[("content-type", "text/plain"), ("cache-control", "max-age=60")], "gone fishing")),
        Ok(full(500, &[("cache-control", "max-age=60")], "secret")),
    ];
    for outcome in outcomes {
        for method in ["GET", "HEAD"] {
            for accept in [JSON, HTML, TEXT] {
                let layer = StatusMapLayer::new().rpc(true);
                let plain = seen(&layer, request(method, &[accept]), outcome.clone()).await;
                for field in unkeyed {
                    let with_field = seen(&layer, request(method, &[accept, field]), outcome.clone()).await;
                    assert_eq!(with_field, plain, "{method} {field:?} {outcome:?}");
                }
                assert!(lines(&plain.1, "vary").contains(&"accept"), "{method} {outcome:?}: {:?}", plain.1);
            }
        }
    }
}

/// An error may show the request id of one client, and is temporary.
#[tokio::test]
async fn an_error_response_is_no_store() {
    for code in 400..600 {
        for fields in [&[JSON][..], &[JSON, ("x-request-id", "id-1")]] {
            let (_, headers, _) =
                seen(&StatusMapLayer::new().rpc(true), request("GET", fields), Err(common::code(code).into())).await;
            assert_eq!(headers["cache-control"], "no-store", "{code}");
        }
    }
}

// ----- the client's choice of protocol -----

/// A gRPC error has the HTTP status 200, which rate limits and alarms at the edge do not count.
#[tokio::test]
async fn the_fields_of_an_rpc_request_have_no_effect_unless_rpc_is_on() {
    let is_on = cfg!(any(feature = "connectrpc", feature = "tonic"));
    for code in [401, 404, 410, 429, 500] {
        let outcome: Outcome = Err(common::code(code).into());
        let fields = [&[JSON], CONNECT].concat();
        let plain = seen(&StatusMapLayer::new().rpc(false), request("POST", &[JSON]), outcome.clone()).await;
        let typed = seen(&StatusMapLayer::new().rpc(false), request("POST", &fields), outcome.clone()).await;
        assert_eq!(typed, plain, "{code}");
        let (_, headers, _) = seen(&StatusMapLayer::new(), request("POST", &fields), outcome).await;
        assert_eq!(headers["content-type"] == "application/json", is_on, "{code}");
    }
    for field in [GRPC, GRPC_WEB, GRPC_WEB_TEXT, CONNECT_STREAM] {
        for code in [401, 404, 429, 500, 503] {
            let outcome: Outcome = Err(common::code(code).into());
            let plain = seen(&StatusMapLayer::new().rpc(false), request("POST", &[JSON]), outcome.clone()).await;
            let typed = seen(&StatusMapLayer::new().rpc(false), request("POST", &[JSON, field]), outcome.clone()).await;
            assert_eq!(typed, plain, "{field:?} {code}");
            let (status, ..) = seen(&StatusMapLayer::new(), request("POST", &[field]), outcome.clone()).await;
            assert_eq!(status == 200, is_on, "{field:?} {code}");
            let (status, ..) = seen(&StatusMapLayer::new().rpc(true), request("POST", &[field]), outcome).await;
            assert_eq!(status, 200, "{field:?} {code}");
        }
    }
}

// ----- concealed resources -----

#[tokio::test]
async fn a_403_that_map_status_conceals_equals_a_404_in_every_form() {
    let conceal = StatusMapLayer::new().rpc(true).map_status(|status, context| match status.code() {
        StatusCode::FORBIDDEN if context.path.starts_with("/private/") => Status::not_found(),
        _ => status,
    });
    let forbidden: [(&str, Outcome); 5] = [
        ("bare", Err(Status::forbidden())),
        ("with text", Err(Status::forbidden().with_detail("order 7 is Ann's").with_type("/p").with_extension("x", 7))),
        ("with fields", Err(Status::forbidden().with_header("x-owner", "ann").with_header("cache-control", "private"))),
        ("with a gRPC code", Err(Status::forbidden().with_grpc_code(GrpcCode::Aborted))),
        ("with a source", Err(Status::forbidden().with_source("Ann's"))),
    ];
    for (method, field) in FORMS {
        let request = || request(method, &[field, ("x-request-id", "id-1")]);
        let absent = seen(&conceal, request(), Err(Status::not_found())).await;
        for (name, outcome) in &forbidden {
            assert_eq!(seen(&conceal, request(), outcome.clone()).await, absent, "{name}: {method} {field:?}");
        }
        // Responses of the inner service. A bare 404 is UNIMPLEMENTED in gRPC, because it is not about a resource.
        if method != "POST" {
            for inner in [full(403, &[], ""), full(403, &[("content-type", "text/plain")], "Ann's")] {
                assert_eq!(seen(&conceal, request(), Ok(inner)).await, absent, "{method} {field:?}");
            }
            assert_eq!(seen(&conceal, request(), Ok(full(404, &[], ""))).await, absent, "{method} {field:?}");
        }
    }
}

/// Returns a service that requires Authorization.
fn authenticated<S, B>(
    inner: S,
) -> impl Service<Request<()>, Response = Response<B>, Error = Status, Future: Send> + Clone
where
    S: Service<Request<()>, Response = Response<B>, Error = Status, Future: Send> + Clone + Send,
{
    service_fn(move |request: Request<()>| {
        let inner = inner.clone();
        async move {
            if !request.headers().contains_key("authorization") {
                return Err(Status::unauthorized("Basic"));
            }
            inner.oneshot(request).await
        }
    })
}

/// Inside authentication, nobody without access can test a guessed tag. A source outside is an oracle.
#[tokio::test]
async fn a_guessed_tag_reveals_nothing_unless_the_source_is_outside_of_authentication() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let source = ConditionalLayer::new().validators(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        ready(Ok(Some(Validators::new().with_etag(ETag::strong("right").unwrap()))))
    });
    let handler = returns(Ok::<_, Status>(full(200, &[("etag", "\"right\"")], "secret")));
    let inside = StatusMapLayer::new().rpc(true).layer(authenticated(source.clone().layer(handler.clone())));
    let outside = StatusMapLayer::new().rpc(true).layer(source.layer(authenticated(handler.clone())));
    let generated =
        StatusMapLayer::new().rpc(true).layer(authenticated(ConditionalLayer::new().generate_etags(99).layer(handler)));
    // For each method and field, the right tag and a wrong one have different results.
    for (method, field) in [("GET", "if-none-match"), ("GET", "if-match"), ("PUT", "if-match")] {
        let guess = |tag| request(method, &[(field, tag)]);
        let tags = ["\"right\"", "\"wrong\""];
        for tag in tags {
            assert_eq!(inside.clone().oneshot(guess(tag)).await.unwrap().status(), 401, "{method} {field}");
            assert_eq!(generated.clone().oneshot(guess(tag)).await.unwrap().status(), 401, "{method} {field}");
        }
        assert_eq!(calls.swap(0, Ordering::Relaxed), 0, "{method} {field}");
        let [right, wrong] = tags.map(|tag| outside.clone().oneshot(guess(tag)));
        let (right, wrong) = (right.await.unwrap().status(), wrong.await.unwrap().status());
        assert_ne!(right, wrong, "{method} {field}: the oracle that the documentation warns of");
        assert_eq!(calls.swap(0, Ordering::Relaxed), 2, "{method} {field}");
    }
}

// ----- entity tags -----

/// Returns the tag of a 200 whose tag the layer may generate.
async fn tag_of(response: Response<Full<Bytes>>, fields: Fields<'_>) -> HeaderValue {
    let service = ConditionalLayer::new().generate_etags(1 << 20).layer(returns(Ok::<_, Status>(response)));
    service.oneshot(request("GET", fields)).await.unwrap().headers()["etag"].clone()
}

#[tokio::test]
async fn a_generated_tag_depends_on_the_content_alone() {
    let tag = tag_of(full(200, &[], "tulips"), &[]).await;
    for field in [("cookie", "id=1"), ("authorization", "Basic YTpi"), ("user-agent", "b"), ("etag", "\"x\"")] {
        assert_eq!(tag_of(full(200, &[], "tulips"), &[field]).await, tag, "{field:?}");
    }
    assert_ne!(tag_of(full(200, &[], "tulip"), &[]).await, tag);
}

/// XXH3 has no key, so an author of content can make two contents with one tag. A tag of the handler is kept.
#[tokio::test]
async fn colliding_contents_have_one_generated_tag_and_the_tags_of_their_handlers() {
    // XXH3's default secret (xxHash specification 0.2.0, "XXH3 Algorithm Overview") at 0 and at 8. A lane whose low half
    // is that of the secret multiplies by zero, so that of its high half only the sum over the stripes counts.
    const SECRET: [[u8; 4]; 2] = [[0xb8, 0xfe, 0x6c, 0x39], [0x7c, 0x01, 0x81, 0x2c]];
    let content = |first: &[u8; 4], second: &[u8; 4]| {
        let mut content = vec![b'.'; 512];
        for (stripe, half) in [first, second].into_iter().enumerate() {
            content[stripe * 64..][..4].copy_from_slice(&SECRET[stripe]);
            content[stripe * 64 + 4..][..4].copy_from_slice(half);
        }
        Bytes::from(content)
    };
    let (one, other) = (content(b"good", b"evil"), content(b"evil", b"good"));
    assert_ne!(one, other);
    let generated = tag_of(full(200, &[], one.clone()), &[]).await;
    assert_eq!(tag_of(full(200, &[], other.clone()), &[]).await, generated);
    assert_ne!(tag_of(full(200, &[], content(b"good", b"good")), &[]).await, generated);
    for (tag, content) in [("\"1\"", one), ("\"2\"", other)] {
        assert_eq!(tag_of(full(200, &[("etag", tag)], content), &[]).await, tag);
    }
}

// ----- the gRPC status of an upstream -----

#[cfg(feature = "tonic")]
#[tokio::test]
async fn of_the_tonic_status_of_an_upstream_only_the_code_is_sent() {
    #[derive(Debug, thiserror::Error)]
    #[error("the stock is unknown")]
    struct Stock(#[source] tonic::Status);

    for code in 1..=16 {
        let mut upstream =
            tonic::Status::with_details(tonic::Code::from(code), "secret message", "secret details".into());
        upstream.metadata_mut().insert("x-secret", "secret".parse().unwrap());
        for (method, field) in FORMS {
            let outcome = Err(Status::from_error(Stock(upstream.clone())));
            let (status, headers, body) =
                seen(&StatusMapLayer::new().rpc(true), request(method, &[field]), outcome).await;
            let seen = format!("{status} {headers:?} {}", String::from_utf8_lossy(&body));
            assert!(!seen.contains("secret") && !seen.contains("stock"), "{code} {field:?}: {seen}");
            if field == GRPC {
                assert_eq!(headers["grpc-status"], code.to_string());
            }
        }
    }
}
