//! Nested layers share one decision.

use std::convert::Infallible;

use http::{HeaderMap, HeaderValue, Request, Response, header::ETAG};
use http_body::Body;
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_status::{ConditionalLayer, ETag};

use crate::{
    common::{field, request},
    send::{Fields, codes, handler, send_twice, source},
};

const STRONG: Fields = &[("etag", "\"h1\"")];

/// Returns middleware that rebuilds the response, without its extensions and with a changed tag.
fn rebuilds<S, B>(
    inner: S,
    change: fn(&mut HeaderMap),
) -> impl Service<Request<()>, Response = Response<B>, Error = Infallible> + Clone
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body,
{
    ServiceBuilder::new().service(inner).map_response(move |response: Response<B>| {
        let (parts, body) = response.into_parts();
        let mut rebuilt = Response::new(body);
        (*rebuilt.status_mut(), *rebuilt.headers_mut()) = (parts.status, parts.headers);
        change(rebuilt.headers_mut());
        rebuilt
    })
}

fn weaken(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get_mut(ETAG) {
        *tag = HeaderValue::try_from(format!("W/{}", tag.to_str().unwrap())).unwrap();
    }
}

fn rename(headers: &mut HeaderMap) {
    if headers.contains_key(ETAG) {
        headers.insert(ETAG, HeaderValue::from_static("\"renamed\""));
    }
}

fn remove(headers: &mut HeaderMap) {
    headers.remove(ETAG);
}

#[test]
fn decision_of_an_inner_layer_is_final() {
    type Row = (&'static str, fn(&mut HeaderMap), Fields, u16);
    let rows: [Row; 7] = [
        ("weakened, If-Match", weaken, &[("if-match", "\"h1\"")], 200),
        ("weakened, stale If-Match", weaken, &[("if-match", "\"h0\"")], 412),
        ("renamed, If-Match", rename, &[("if-match", "\"h1\"")], 200),
        ("renamed, If-None-Match", rename, &[("if-none-match", "\"renamed\"")], 200),
        ("renamed, the same tag", rename, &[("if-none-match", "\"h1\"")], 304),
        ("removed, If-Match", remove, &[("if-match", "\"h1\"")], 200),
        ("removed, both", remove, &[("if-match", "\"h1\""), ("if-none-match", "\"h0\"")], 200),
    ];
    for (name, change, fields, expected) in rows {
        let inner = ConditionalLayer::new().layer(handler(200, STRONG));
        let outer = ConditionalLayer::new().layer(rebuilds(inner, change));
        for method in ["GET", "HEAD", "QUERY"] {
            assert_eq!(codes(&send_twice(&outer, &request(method, "/", fields))), [expected; 2], "{method}: {name}");
        }
    }
}

/// The outer layer generates a tag only if the response has none.
#[test]
fn tag_that_the_client_got_is_compared() {
    let generated = ETag::of_bytes(b"seven").to_string();
    let named: Fields = &[("etag", "\"s1\"")];
    let dated: Fields = &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")];
    for (current, expected) in
        [(Some(named), "\"s1\""), (Some(dated), &*generated), (Some(&[][..]), &*generated), (None, &*generated)]
    {
        let inner = ConditionalLayer::new().validators(source(current)).layer(handler(200, &[]));
        let service = ConditionalLayer::new().generate_etags(64).layer(rebuilds(inner, |_| ()));
        for (parts, _) in send_twice(&service, &request("GET", "/", &[])) {
            assert_eq!(field(&parts.headers, "etag").as_deref(), Some(expected), "{current:?}");
        }
        for (condition, code) in [("if-none-match", 304), ("if-match", 200)] {
            let again = request("GET", "/", &[(condition, expected)]);
            assert_eq!(codes(&send_twice(&service, &again)), [code; 2], "{condition} {current:?}");
        }
        for condition in ["if-none-match", "if-match"] {
            let other = request("GET", "/", &[(condition, "\"other\"")]);
            let code = if condition == "if-match" { 412 } else { 200 };
            assert_eq!(codes(&send_twice(&service, &other)), [code; 2], "{condition} {current:?}");
        }
    }
}

/// The outer layer finds out that the tag is unknown, even if the response was rebuilt.
#[test]
fn unknown_tag_is_unknown_outside() {
    let inner = ConditionalLayer::new().generate_etags(64).layer(handler(200, &[]));
    let service = ConditionalLayer::new().layer(rebuilds(inner, |_| ()));
    let head = |fields| request("HEAD", "/", fields);
    assert_eq!(codes(&send_twice(&service, &head(&[("if-match", "\"e\"")]))), [200; 2]);
    assert_eq!(codes(&send_twice(&service, &head(&[("if-none-match", "*")]))), [304; 2]);
}

/// A part without a tag fails If-Match, even if the tag of the whole is unknown.
#[test]
fn unknown_tag_of_a_200_that_becomes_a_206_fails_if_match() {
    let inner = ConditionalLayer::new().generate_etags(64).layer(handler(200, &[]));
    let part = ServiceBuilder::new().service(inner).map_response(|mut response| {
        *response.status_mut() = http::StatusCode::PARTIAL_CONTENT;
        response
    });
    let service = ConditionalLayer::new().layer(part);
    let head = |fields| request("HEAD", "/", fields);
    assert_eq!(codes(&send_twice(&service, &head(&[("if-match", "\"e\"")]))), [412; 2]);
    assert_eq!(codes(&send_twice(&service, &head(&[("if-match", "*")]))), [206; 2]);
}

/// Middleware may call the inner service again: only the last response counts.
#[test]
fn decision_on_an_earlier_response_is_forgotten() {
    let tags = ["\"h0\"", "\"h1\""];
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counting = tower::service_fn(move |_: Request<()>| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::future::ready(Ok::<_, Infallible>(crate::common::full(200, &[("etag", tags[call % 2])], "seven")))
    });
    let inner = ConditionalLayer::new().layer(counting);
    let retries = tower::service_fn(move |request: Request<()>| {
        let mut inner = inner.clone();
        async move {
            let _ = inner.call(request.clone()).await?;
            inner.call(request).await
        }
    });
    let again = request("GET", "/", &[("if-none-match", "\"h1\"")]);
    assert_eq!(codes(&send_twice(&retries, &again)), [304; 2]);
}

/// A source outside decides before the handler; a response inside with another tag does not decide again.
#[test]
fn decision_of_an_outer_source_is_final() {
    let inner = ConditionalLayer::new().layer(handler(200, STRONG));
    let named: Fields = &[("etag", "\"s1\"")];
    let service = ConditionalLayer::new().validators(source(Some(named))).layer(rebuilds(inner, |_| ()));
    let rows: [(Fields, u16); 4] = [
        (&[("if-match", "\"s1\"")], 200),
        (&[("if-match", "\"h1\"")], 412),
        (&[("if-none-match", "\"s1\"")], 304),
        (&[("if-none-match", "\"h1\"")], 200),
    ];
    for (fields, expected) in rows {
        assert_eq!(codes(&send_twice(&service, &request("GET", "/", fields))), [expected; 2], "{fields:?}");
    }
}
