//! A 403 that `map_status` changes to a 404 equals a real 404 of the same server, except for fields that do not depend on
//! the status. A response that `map_status` does not change stays as the inner service built it.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, response::Parts};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use tower::{Layer, ServiceExt};
use tower_status::{BoxError, IntoStatus, KeepBody, Status, StatusMapLayer};

use crate::common::{
    FORMATS, Fields, Reports, all_text,
    body::{data, script},
    full, header_map, json, read, request, response, returns_once,
};

type Inner = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// Fields that stay when a code changes: of the connection, the server, the session and its security.
const UNRELATED: Fields<'static> = &[
    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("server", "s"),
    ("via", "1.1 v"),
    ("alt-svc", "h3=\":443\""),
    ("set-cookie", "a=1"),
    ("set-cookie", "b=2"),
    ("strict-transport-security", "max-age=1"),
    ("access-control-allow-origin", "*"),
    ("timing-allow-origin", "*"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=()"),
    ("reporting-endpoints", "a=\"/r\""),
    ("report-to", "{}"),
    ("nel", "{}"),
    ("content-security-policy-report-only", "default-src 'none'"),
];

/// Fields that would reveal the subject of a 403.
const TELLING: Fields<'static> = &[
    ("x-owner", "ann"),
    ("link", "</private/7>"),
    ("allow", "GET, DELETE"),
    ("location", "/private/7"),
    ("content-location", "/private/7"),
    ("content-language", "de"),
    ("content-disposition", "attachment"),
    ("refresh", "5"),
    ("retry-after", "7"),
    ("www-authenticate", "Basic realm=\"private\""),
    ("etag", "\"v7\""),
    ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("accept-ranges", "bytes"),
    ("server-timing", "db;dur=1"),
    ("cache-control", "private, max-age=60"),
    ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ("cache-tag", "order-7"),
    ("surrogate-key", "order-7"),
    ("ratelimit-limit", "5"),
    ("x-ratelimit-limit", "5"),
    ("x-accel-redirect", "/internal/7"),
    ("content-digest", "sha-256=:AA==:"),
    ("signature", "s=:AA==:"),
    ("clear-site-data", "\"cache\""),
];

const REGION: (&str, &str) = ("x-region", "eu");

fn conceal() -> StatusMapLayer {
    StatusMapLayer::new().rpc(true).map_status(|status, _| match status.code() {
        StatusCode::FORBIDDEN => Status::not_found(),
        _ => status,
    })
}

async fn seen(layer: &StatusMapLayer, request: Request<()>, outcome: Result<Inner, Status>) -> (Parts, Bytes) {
    read(layer.layer(returns_once(outcome)).oneshot(request).await.unwrap()).await
}

fn fields(headers: &HeaderMap, is_compared: impl Fn(&str) -> bool) -> BTreeMap<String, Vec<String>> {
    let line = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let names = headers.keys().filter(|name| is_compared(name.as_str()));
    names.map(|name| (name.to_string(), headers.get_all(name).iter().map(line).collect())).collect()
}

fn boxed(response: Response<Full<Bytes>>) -> Inner {
    response.map(|body| body.map_err(BoxError::from).boxed_unsync())
}

/// Returns the 403s that are concealed. To HEAD, a handler has removed the body of some.
fn forbidden(all: Fields<'_>) -> Vec<(String, Result<Inner, Status>)> {
    let with_fields =
        |status: Status| all.iter().fold(status, |status, (name, value)| status.with_header(*name, *value));
    let telling = || Status::forbidden().with_detail("order 7 is Ann's").with_type("/p").with_extension("owner", "ann");
    let mut rows: Vec<(String, Result<Inner, Status>)> = vec![
        ("a bare Status".into(), Err(Status::forbidden())),
        ("a telling Status".into(), Err(with_fields(telling()))),
        ("a source".into(), Err(with_fields(Status::forbidden().with_source("Ann's")))),
        (
            "an instance".into(),
            Err(with_fields(Status::forbidden().with_instance("/private/7").with_advice("ask Ann"))),
        ),
        ("a response from a Status".into(), Ok(boxed_status(telling(), all))),
        (
            "a gRPC head".into(),
            Ok(boxed(full(200, &[&[("grpc-status", "7"), ("grpc-message", "Ann's")], all].concat(), ""))),
        ),
    ];
    let long = "Ann's, ".repeat(2000);
    struct Existing<'a> {
        name: &'a str,
        content_type: &'a str,
        body: &'a str,
    }
    let bodies = [
        Existing { name: "nothing", content_type: "", body: "" },
        Existing { name: "a text", content_type: "text/plain", body: "order 7 is Ann's" },
        Existing { name: "a removed text", content_type: "text/plain", body: "" },
        Existing { name: "a long text", content_type: "text/plain", body: &long },
        Existing { name: "JSON", content_type: "application/json", body: "{\"owner\":\"ann\"}" },
        Existing { name: "HTML", content_type: "text/html", body: "<p>Ann's" },
        Existing { name: "bytes", content_type: "application/octet-stream", body: "Ann's" },
    ];
    for Existing { name, content_type, body } in bodies {
        for extra in [&[][..], &[("content-length", "16")], &[("content-encoding", "gzip")]] {
            let typed = [("content-type", content_type)];
            let typed = if content_type.is_empty() { &[][..] } else { &typed };
            let fields = [typed, extra, all].concat();
            for keep in [false, true] {
                let mut response = boxed(full(403, &fields, body.to_owned()));
                if keep {
                    response.extensions_mut().insert(KeepBody);
                }
                rows.push((format!("{name}, {extra:?}, KeepBody: {keep}"), Ok(response)));
            }
            let stream = script([data(body.to_owned())]).map_err(BoxError::from).boxed_unsync();
            rows.push((format!("{name}, {extra:?}, a stream"), Ok(response(403, &fields, stream))));
        }
    }
    rows
}

fn boxed_status(status: Status, added: Fields<'_>) -> Inner {
    let mut response = status.into_http_response().map(|body| body.map_err(BoxError::from).boxed_unsync());
    for (name, value) in &header_map(added) {
        response.headers_mut().append(name, value.clone());
    }
    response
}

#[tokio::test]
async fn a_concealed_403_equals_a_real_404_in_all_but_unrelated_fields() {
    let is_unrelated = |name: &str| UNRELATED.iter().any(|(unrelated, _)| *unrelated == name);
    let all = [UNRELATED, TELLING, &[REGION]].concat();
    let region = REGION.0.parse().unwrap();
    for method in ["GET", "HEAD"] {
        for (accept, _) in FORMATS {
            for fill in [true, false] {
                for keeps_region in [false, true] {
                    let kept = std::slice::from_ref(&region);
                    let layer = conceal().fill(fill).keep_headers(if keeps_region { kept } else { &[] });
                    let asked = || request(method, "/private/7", &[("accept", accept), ("x-request-id", "id-1")]);
                    let (real, real_body) = seen(&layer, asked(), Err(Status::not_found())).await;
                    for (name, outcome) in forbidden(&all) {
                        if !fill && name == "a gRPC head" {
                            continue; // a success to a proxy
                        }
                        let row = format!("{name}: {method} {accept} fill({fill}) region: {keeps_region}");
                        let has_fields = match &outcome {
                            Ok(response) => response.headers().contains_key("x-owner"),
                            Err(status) => status.headers().contains_key("x-owner"),
                        };
                        let is_inner = outcome.is_ok();
                        let (parts, body) = seen(&layer, asked(), outcome).await;
                        assert_eq!(parts.status, 404, "{row}");
                        assert_eq!(body, real_body, "{row}");
                        let compared = |name: &str| !is_unrelated(name) && name != REGION.0;
                        assert_eq!(fields(&parts.headers, compared), fields(&real.headers, compared), "{row}");
                        // The fields of the response stay, those of the replaced status do not.
                        if is_inner {
                            let expected = fields(&header_map(UNRELATED), |_| true);
                            assert_eq!(fields(&parts.headers, is_unrelated), expected, "{row}");
                            assert_eq!(parts.headers.contains_key(REGION.0), keeps_region && has_fields, "{row}");
                        }
                    }
                }
            }
        }
    }
}

/// For gRPC clients, with the 403 as a response that a tonic handler or an interceptor has built.
#[tokio::test]
async fn a_concealed_permission_denied_equals_a_real_not_found() {
    let telling = [("grpc-message", "order%207 is Ann's"), ("x-owner", "ann"), ("grpc-status-details-bin", "AAAA")];
    let head = [&[("content-type", "application/grpc"), ("grpc-status", "7")], &telling[..]].concat();
    for fill in [true, false] {
        let layer = conceal().fill(fill);
        let asked = || request("POST", "/shop.Orders/Get", &[("content-type", "application/grpc")]);
        let (real, real_body) = seen(&layer, asked(), Err(Status::not_found())).await;
        for outcome in [Ok(boxed(full(200, &head, ""))), Err(Status::forbidden().with_detail("Ann's"))] {
            let (parts, body) = seen(&layer, asked(), outcome).await;
            assert_eq!((parts.status, &body), (real.status, &real_body));
            assert_eq!(fields(&parts.headers, |_| true), fields(&real.headers, |_| true), "fill({fill})");
        }
        // With another code of the same class the head is left alone.
        let kept = [&[("content-type", "application/grpc"), ("grpc-status", "9")], &telling[..]].concat();
        let (parts, _) = seen(&layer, asked(), Ok(boxed(full(200, &kept, "")))).await;
        assert_eq!(fields(&parts.headers, |_| true), fields(&header_map(&kept), |_| true), "fill({fill})");
    }
}

#[tokio::test]
async fn what_map_status_adds_to_an_inner_body_of_its_own_type_is_only_reported() {
    let add = |status: Status| status.with_instance("/log/7").with_extension("attempt", 2).with_title("Refused");
    let bodies =
        [("application/json", "{\"own\":1}"), ("text/html", "<p>own"), ("application/vnd.api+json", "{\"errors\":[]}")];
    for (content_type, body) in bodies {
        for fill in [true, false] {
            for method in ["GET", "HEAD"] {
                let row = format!("{content_type} {method} fill({fill})");
                let reports = Reports::default();
                let layer = reports.record(StatusMapLayer::new().fill(fill).map_status(move |status, _| add(status)));
                let inner = boxed(full(422, &[("content-type", content_type)], body));
                let (parts, sent) = seen(&layer, request(method, "/", &[]), Ok(inner)).await;
                assert_eq!((parts.status.as_u16(), &*sent), (422, body.as_bytes()), "{row}");
                assert_eq!(parts.headers["content-type"], content_type, "{row}");
                let status = parts.extensions.get::<Status>().unwrap();
                assert_eq!(
                    (status.instance(), status.extension("attempt")),
                    (Some("/log/7"), Some(&2.into())),
                    "{row}"
                );
                assert_eq!(reports.take(), [422], "{row}");
            }
        }
    }
    let layer = StatusMapLayer::new().map_status(move |status, _| add(status));
    let inner = boxed(full(422, &[("content-type", "text/plain")], "too many"));
    let (_, sent) = seen(&layer, request("GET", "/", &[]), Ok(inner)).await;
    let problem = json(&sent);
    assert_eq!(
        (&problem["detail"], &problem["title"], &problem["attempt"]),
        (&"too many".into(), &"Refused".into(), &2.into())
    );
}

/// A body of a type that frameworks write by themselves may contain any text.
// More than 60 lines: one table.
#[tokio::test]
async fn a_5xx_body_is_kept_only_if_an_application_has_chosen_its_type() {
    let kept = [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/problem+json",
        "application/ld+json",
        "text/html",
        "text/html; charset=utf-8",
        "application/xhtml+xml",
        "application/xml",
        "text/xml",
        "application/soap+xml",
        "application/protobuf",
        "application/x-protobuf",
        "application/cbor",
        "application/msgpack",
        "application/x-msgpack",
        "application/vnd.api+json",
        "application/vnd.ms-excel",
        "application/vnd.msgpack",
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web",
        "application/grpc-web-text+proto",
        "application/connect+proto",
        "application/proto",
    ];
    let replaced = [
        "text/plain",
        "text/plain; charset=utf-8",
        "application/octet-stream",
        "text/csv",
        "text/markdown",
        "text/javascript",
        "text/css",
        "text/event-stream",
        "text/x-json",
        "application/javascript",
        "application/pdf",
        "application/zip",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "image/png",
        "audio/ogg",
        "x-vnd.a/b",
        "text/vnd.a",
        "json",
        "application/",
        "application/json, text/plain",
        "",
    ];
    for (content_type, is_kept) in kept.map(|name| (name, true)).into_iter().chain(replaced.map(|name| (name, false))) {
        for number in [500, 502, 503, 599] {
            for method in ["GET", "POST"] {
                let row = format!("{content_type:?} {number} {method}");
                let inner = boxed(full(number, &[("content-type", content_type)], "secret"));
                let (parts, body) = seen(&StatusMapLayer::new(), request(method, "/", &[]), Ok(inner)).await;
                assert_eq!(parts.status, number, "{row}");
                assert_eq!(&*body == b"secret", is_kept, "{row}");
                assert_eq!(body.windows(6).any(|text| text == b"secret"), is_kept, "{row}");
            }
        }
    }
}

/// An error whose hand-written status is unresolved.
#[derive(Clone, Debug, thiserror::Error)]
#[error("secret display")]
struct Undecided {
    detail: Option<&'static str>,
}

impl IntoStatus for Undecided {
    fn status(&self) -> Status {
        let status = Status::unresolved().expose();
        self.detail.into_iter().fold(status, Status::with_detail)
    }
}

/// `expose` shows a detail that is meant for clients, which the `Display` of an unmapped error is not.
#[tokio::test]
async fn an_exposed_status_that_nothing_resolves_hides_the_display_of_its_error() {
    for (detail, shown) in [(None, false), (Some("Chosen detail"), true)] {
        let error = Undecided { detail };
        let mut seen_texts = vec![Status::from(error.clone()).to_string()];
        for (accept, _) in FORMATS {
            for layer in [StatusMapLayer::new(), StatusMapLayer::new().fill(false)] {
                let asked = || request("GET", "/", &[("accept", accept)]);
                let (parts, body) = seen(&layer, asked(), Err(error.clone().into())).await;
                assert_eq!(parts.status, 500, "{detail:?} {accept}");
                seen_texts.push(all_text(&parts, &body));
                // In a carrier, as a handler's `?` builds it.
                let (parts, body) = seen(&layer, asked(), Err(Status::from_error(Status::from(error.clone())))).await;
                seen_texts.push(all_text(&parts, &body));
            }
        }
        let (parts, body) = read(Status::from(error).into_http_response()).await;
        seen_texts.push(all_text(&parts, &body));
        for text in seen_texts {
            assert!(!text.contains("secret"), "{detail:?}: {text}");
            assert_eq!(text.contains("Chosen detail"), shown, "{detail:?}: {text}");
        }
    }
}
