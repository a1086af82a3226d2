//! What `docs/SECURITY_REVIEW.md` claims and no other test shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_status::{ConditionalLayer, ETag, Preconditions, Status, StatusMapLayer, Validators};

type Outcome = Result<Response<Full<Bytes>>, Status>;

const JSON: (&str, &str) = ("accept", "application/json");
const HTML: (&str, &str) = ("accept", "text/html");
const TEXT: (&str, &str) = ("accept", "text/plain");
const GRPC: (&str, &str) = ("content-type", "application/grpc");
const GRPC_WEB: (&str, &str) = ("content-type", "application/grpc-web");
const GRPC_WEB_TEXT: (&str, &str) = ("content-type", "application/grpc-web-text");

/// Every form that an answer may have: the method and the field that ask for it.
const FORMS: [(Method, (&str, &str)); 7] = [
    (Method::GET, JSON),
    (Method::GET, HTML),
    (Method::GET, TEXT),
    (Method::HEAD, JSON),
    (Method::POST, GRPC),
    (Method::POST, GRPC_WEB),
    (Method::POST, GRPC_WEB_TEXT),
];

fn request(method: &Method, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri("/private/7");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn response(code: u16, fields: &[(&'static str, &str)], body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in fields {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    response
}

/// All that a client sees: status, fields in their order, body.
async fn seen(layer: &StatusMapLayer, request: Request<()>, outcome: Outcome) -> (StatusCode, HeaderMap, Bytes) {
    let inner = service_fn(|_: Request<()>| std::future::ready(outcome.clone()));
    let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
    assert_eq!(parts.version, Version::HTTP_11);
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

// ----- response splitting (RFC 9110 §5.5, CWE-113) -----

/// Whatever text an application takes from a request, it ends no line of a head, and no line of gRPC-Web's trailers.
#[tokio::test]
async fn no_text_becomes_a_header_line() {
    for hostile in ["a\r\nx-split: 1", "a\nx-split: 1", "a\rx-split: 1", "a\0b", "\r\n\r\n<html>x-split: 1", "a\u{7f}"]
    {
        let text = || hostile.to_owned();
        let new = || Status::new(StatusCode::CONFLICT);
        let rows = [
            ("detail", new().with_detail(text())),
            ("title", new().with_title(text())),
            ("type", new().with_type(text())),
            ("instance", new().with_instance(text())),
            ("extension's name", new().with_extension(text(), 1)),
            ("extension", new().with_extension("a", text())),
            ("field's name", new().with_header(text(), "1")),
            ("field", new().with_header("x-a", text())),
            ("field that links", new().with_header("link", text())),
            ("challenge", Status::unauthorized(text())),
            ("proxy's challenge", Status::proxy_authentication_required(text())),
            ("allow", Status::method_not_allowed(text())),
            ("upgrade", Status::upgrade_required(text())),
            ("location", Status::found(text())),
            ("choices", Status::multiple_choices([text()])),
            ("error", Status::from_error(text())),
        ];
        for (name, status) in rows {
            for (method, field) in FORMS {
                let layer = StatusMapLayer::new().default_challenge(text()).expose_server_errors(true);
                let request = request(&method, &[field, ("x-request-id", "a b")]);
                let (_, headers, body) = seen(&layer, request, Err(status.clone())).await;
                assert!(!headers.contains_key("x-split"), "{name} {hostile:?}: {headers:?}");
                let clean = |value: &HeaderValue| value.as_bytes().iter().all(|byte| *byte >= b' ' && *byte != 0x7f);
                assert!(headers.values().all(clean), "{name} {hostile:?}: {headers:?}");
                // The trailers of gRPC-Web are lines of a body (length-prefixed, the frame's head is 5 bytes).
                if field == GRPC_WEB && !body.is_empty() {
                    let lines = std::str::from_utf8(&body[5..]).unwrap().split("\r\n");
                    assert!(lines.clone().all(|line| !line.starts_with("x-split")), "{name} {hostile:?}: {body:?}");
                }
            }
        }
        // A 304's fields.
        let validators = Validators::new().with_etag(ETag::strong("a").unwrap()).with_field("vary", text());
        let get = request(&Method::GET, &[("if-none-match", "*")]);
        let refused = Preconditions::new(get.method(), get.headers()).check(Some(&validators)).unwrap_err();
        assert!(refused.code() == 304 && !refused.headers().contains_key("vary"), "{hostile:?}: {refused:?}");
        assert!(ETag::strong(text()).is_err() && ETag::weak(text()).is_err(), "{hostile:?}");
    }
}

// ----- cache poisoning -----

/// A cache's key is method, URI and what Vary names: no other field of a request changes an answer that may be kept.
#[tokio::test]
async fn nothing_but_accept_changes_the_answer_to_a_get() {
    let unkeyed = [
        GRPC,
        GRPC_WEB,
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
        // Not of a form that can do no harm.
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
        Ok(response(404, &[], "")),
        Ok(response(404, &[("content-type", "text/plain"), ("cache-control", "max-age=60")], "gone fishing")),
        Ok(response(500, &[("cache-control", "max-age=60")], "secret")),
    ];
    for outcome in outcomes {
        for method in [Method::GET, Method::HEAD] {
            for accept in [JSON, HTML, TEXT] {
                let layer = StatusMapLayer::new();
                let plain = seen(&layer, request(&method, &[accept]), outcome.clone()).await;
                for field in unkeyed {
                    let answer = seen(&layer, request(&method, &[accept, field]), outcome.clone()).await;
                    assert_eq!(answer, plain, "{method} {field:?} {outcome:?}");
                }
                // And what Accept changes, Vary names.
                let varies = plain.1.get_all("vary").iter().any(|value| value == "accept");
                assert!(varies, "{method} {outcome:?}: {:?}", plain.1);
            }
        }
    }
}

/// An answer that shows a client's request id, or a mistake, is not kept unless the application says so.
#[tokio::test]
async fn what_is_written_at_400_and_above_is_not_kept() {
    for code in 400..600 {
        let code = StatusCode::from_u16(code).unwrap();
        for fields in [&[JSON][..], &[JSON, ("x-request-id", "id-1")]] {
            let (_, headers, _) = seen(&StatusMapLayer::new(), request(&Method::GET, fields), Err(code.into())).await;
            assert_eq!(headers["cache-control"], "no-store", "{code}");
        }
    }
}

// ----- what exists -----

/// With `map_status`, what is forbidden is what does not exist, to the last byte, in every form.
#[tokio::test]
async fn a_concealed_403_is_a_404_to_the_last_byte() {
    let conceal = StatusMapLayer::new().map_status(|status, context| match status.code() {
        StatusCode::FORBIDDEN if context.path.starts_with("/private/") => Status::not_found(),
        _ => status,
    });
    let forbidden: [(&str, Outcome); 5] = [
        ("bare", Err(Status::forbidden())),
        ("with words", Err(Status::forbidden().with_detail("order 7 is Ann's").with_type("/p").with_extension("x", 7))),
        ("with fields", Err(Status::forbidden().with_header("x-owner", "ann").with_header("cache-control", "private"))),
        ("with a gRPC code", Err(Status::forbidden().with_grpc_code(tower_status::catalog::GrpcCode::Aborted))),
        ("with a source", Err(Status::forbidden().with_source("Ann's"))),
    ];
    for (method, field) in FORMS {
        let asked = || request(&method, &[field, ("x-request-id", "id-1")]);
        let absent = seen(&conceal, asked(), Err(Status::not_found())).await;
        for (name, outcome) in &forbidden {
            assert_eq!(seen(&conceal, asked(), outcome.clone()).await, absent, "{name}: {method} {field:?}");
        }
        // What the inner service answered itself; gRPC says UNIMPLEMENTED of a bare 404, which is no resource.
        if method != Method::POST {
            for inner in [response(403, &[], ""), response(403, &[("content-type", "text/plain")], "Ann's")] {
                assert_eq!(seen(&conceal, asked(), Ok(inner)).await, absent, "{method} {field:?}");
            }
            assert_eq!(seen(&conceal, asked(), Ok(response(404, &[], ""))).await, absent, "{method} {field:?}");
        }
    }
}

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

/// A source of validators that stands inside of authentication is not asked for who may not read, and an answer that
/// is no 200 is not judged: neither is an oracle. One that stands outside is.
#[tokio::test]
async fn a_guessed_tag_tells_nothing_unless_the_source_stands_outside_of_authentication() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let source = ConditionalLayer::new().validators(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(Some(Validators::new().with_etag(ETag::strong("right").unwrap()))))
    });
    let handler = service_fn(|_: Request<()>| {
        std::future::ready(Ok::<_, Status>(response(200, &[("etag", "\"right\"")], "secret")))
    });
    let inside = StatusMapLayer::new().layer(authenticated(source.clone().layer(handler)));
    let outside = StatusMapLayer::new().layer(source.layer(authenticated(handler)));
    let after = StatusMapLayer::new().layer(authenticated(ConditionalLayer::new().generate_etags(99).layer(handler)));
    // The method, and a precondition that a right and a wrong guess answer differently.
    let rows = [(Method::GET, "if-none-match"), (Method::GET, "if-match"), (Method::PUT, "if-match")];
    for (method, field) in rows {
        let guess = |tag| request(&method, &[(field, tag)]);
        let [right, wrong] = ["\"right\"", "\"wrong\""];
        for tag in [right, wrong] {
            assert_eq!(inside.clone().oneshot(guess(tag)).await.unwrap().status(), 401, "{method} {field}");
            assert_eq!(after.clone().oneshot(guess(tag)).await.unwrap().status(), 401, "{method} {field}");
        }
        assert_eq!(asked.swap(0, Ordering::Relaxed), 0, "{method} {field}");
        let told = [right, wrong].map(|tag| outside.clone().oneshot(guess(tag)));
        let [right, wrong] = told;
        let (right, wrong) = (right.await.unwrap().status(), wrong.await.unwrap().status());
        assert_ne!(right, wrong, "{method} {field}: the oracle that the documentation warns of");
        assert_eq!(asked.swap(0, Ordering::Relaxed), 2, "{method} {field}");
    }
}

// ----- entity tags -----

async fn tag_of(content: Bytes, fields: &[(&str, &str)]) -> HeaderValue {
    let handler = service_fn(|_: Request<()>| {
        std::future::ready(Ok::<_, Status>(Response::new(Full::<Bytes>::from(content.clone()))))
    });
    let service = ConditionalLayer::new().generate_etags(1 << 20).layer(handler);
    service.oneshot(request(&Method::GET, fields)).await.unwrap().headers()["etag"].clone()
}

/// A generated tag is one of the content alone, so it names no client.
#[tokio::test]
async fn a_generated_tag_is_no_tracker() {
    let tag = tag_of("tulips".into(), &[]).await;
    for fields in [[("cookie", "id=1")], [("authorization", "Basic YTpi")], [("user-agent", "b")], [("etag", "\"x\"")]]
    {
        assert_eq!(tag_of("tulips".into(), &fields).await, tag, "{fields:?}");
    }
    assert_ne!(tag_of("tulip".into(), &[]).await, tag);
}

/// XXH3 has no key: who writes the content can write two contents of one tag. A tag of the handler's own stands.
#[tokio::test]
async fn content_made_to_collide_has_one_tag_unless_the_handler_says_its_own() {
    // XXH3's default secret (xxHash specification 0.2.0, "XXH3 Algorithm Overview") at 0 and at 8. A lane whose low half is that of
    // the secret multiplies by zero, so that of its high half only the sum over the stripes counts.
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
    assert_eq!(tag_of(one.clone(), &[]).await, tag_of(other.clone(), &[]).await);
    assert_ne!(tag_of(content(b"good", b"good"), &[]).await, tag_of(one.clone(), &[]).await);
    for (version, content) in [("1", one), ("2", other)] {
        let said = ETag::strong(version).unwrap();
        let mut response = Response::new(Full::<Bytes>::from(content));
        response.headers_mut().insert("etag", HeaderValue::from(&said));
        let handler = service_fn(|_: Request<()>| std::future::ready(Ok::<_, Status>(response.clone())));
        let service = ConditionalLayer::new().generate_etags(1 << 20).layer(handler);
        let answer = service.oneshot(request(&Method::GET, &[])).await.unwrap();
        assert_eq!(answer.headers()["etag"], HeaderValue::from(&said));
    }
}

// ----- an upstream's gRPC status -----

/// Only the code of an upstream's status is taken: not its message, not its details, not its metadata.
#[cfg(feature = "tonic")]
#[tokio::test]
async fn an_upstreams_status_in_a_chain_tells_its_code_alone() {
    #[derive(Debug, thiserror::Error)]
    #[error("the stock is unknown")]
    struct Stock(#[source] tonic::Status);

    for code in 1..=16 {
        let mut upstream =
            tonic::Status::with_details(tonic::Code::from(code), "secret message", "secret details".into());
        upstream.metadata_mut().insert("x-secret", "secret".parse().unwrap());
        for (method, field) in FORMS {
            let outcome = Err(Status::from_error(Stock(upstream.clone())));
            let (status, headers, body) = seen(&StatusMapLayer::new(), request(&method, &[field]), outcome).await;
            let text = format!("{status} {headers:?} {}", String::from_utf8_lossy(&body));
            assert!(!text.contains("secret") && !text.contains("stock"), "{code} {field:?}: {text}");
            if field == GRPC {
                assert_eq!(headers["grpc-status"], code.to_string());
            }
        }
    }
}
