//! The responses that are reported, nested layers, and responses without content.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tower::{Layer, ServiceExt};
use tower_status::{Format, KeepBody, Status, StatusMapLayer};

use crate::{
    common::{Fields, Reports, code, fail, field, full, get, lines, read, returns, rpc, send, text},
    context::Echo,
};

type Outcome = Result<Response<Full<Bytes>>, Status>;

const TEXT: (&str, &str) = ("content-type", "text/plain");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Returns every kind of error response, and the code with which it is reported.
fn kinds() -> Vec<(&'static str, Outcome, u16)> {
    let mut with_keep_body = full(500, &[TEXT], "kept");
    with_keep_body.extensions_mut().insert(KeepBody);
    vec![
        ("an error", Err(Status::not_found()), 404),
        ("a 5xx error", Err(Status::bad_gateway().with_detail("secret")), 502),
        ("550", Err(Status::permission_denied()), 550),
        ("a carrier", Err(Status::from_error("secret")), 500),
        ("an empty 404", Ok(full(404, &[], "")), 404),
        ("a text 404", Ok(full(404, &[TEXT], "it")), 404),
        ("a JSON 422", Ok(full(422, &[JSON], "{}")), 422),
        ("a 401", Ok(full(401, &[], "")), 401),
        ("a text 500", Ok(full(500, &[TEXT], "secret")), 500),
        ("a JSON 500", Ok(full(500, &[JSON], "{}")), 500),
        ("a 500 with KeepBody", Ok(with_keep_body), 500),
        ("a 500 with a grpc-status of OK", Ok(full(500, &[TEXT, ("grpc-status", "0")], "secret")), 500),
        ("a 503 with a grpc-status of UNAVAILABLE", Ok(full(503, &[("grpc-status", "14")], "")), 503),
        ("an empty 499", Ok(full(499, &[], "")), 499),
        ("an empty 599", Ok(full(599, &[], "")), 599),
    ]
}

#[tokio::test]
async fn on_error_is_called_once_per_error_response() {
    for fill in [true, false] {
        let reports = Reports::default();
        let layer = reports.record(StatusMapLayer::new().fill(fill));
        for (name, outcome, code) in kinds() {
            assert_eq!(send(&layer, get("/", &[]), outcome).await.0.status, code);
            assert_eq!(reports.take(), [code], "{name}, fill({fill})");
        }
        for success in [200, 204, 304, 302, 399] {
            send(&layer, get("/", &[]), Ok::<_, Status>(full(success, &[], ""))).await;
            fail(&layer, get("/", &[]), code(success)).await;
            assert!(reports.take().is_empty(), "{success}, fill({fill})");
        }
    }
}

#[tokio::test]
async fn of_two_layers_the_inner_one_renders_and_reports() {
    for (name, outcome, code) in kinds() {
        for fill in [true, false] {
            let (inner_reports, outer_reports) = (Reports::default(), Reports::default());
            let inner = inner_reports.record(StatusMapLayer::new().fill(fill));
            let (alone, alone_body) = send(&inner, get("/", &[]), outcome.clone()).await;
            let outer = outer_reports.record(
                StatusMapLayer::new()
                    .formats(&[Format::Html])
                    .default_challenge("Outer")
                    .expose_server_errors(true)
                    .map_status(|_, _| Status::im_a_teapot())
                    .render(Echo),
            );
            let service = outer.layer(inner.layer(returns(outcome.clone())));
            let (nested, nested_body) = read(service.oneshot(get("/", &[])).await.unwrap()).await;
            assert_eq!(
                (nested.status, nested.headers, nested_body),
                (alone.status, alone.headers, alone_body),
                "{name}"
            );
            assert_eq!(inner_reports.take(), [code, code], "{name}");
            assert!(outer_reports.take().is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_response_whose_code_is_changed_between_two_layers_is_reported_again() {
    for (name, outcome, inner_code) in kinds() {
        for new_code in [401, 409, 503, 550, 200] {
            if new_code == inner_code {
                continue;
            }
            let row = format!("{name} to {new_code}");
            let reports = Reports::default();
            let inner = StatusMapLayer::new().layer(returns(outcome.clone())).map_response(move |mut response| {
                *response.status_mut() = code(new_code);
                response
            });
            let service = reports.record(StatusMapLayer::new()).layer(inner);
            let (parts, body) = read(service.oneshot(get("/", &[])).await.unwrap()).await;
            assert_eq!(parts.status, new_code, "{row}");
            assert_eq!(reports.take(), if new_code < 400 { vec![] } else { vec![new_code] }, "{row}");
            assert!(!text(&body).contains("secret"), "{row}: {body:?}");
            assert!(new_code != 401 || parts.headers.contains_key("www-authenticate"), "{row}");
        }
    }
}

/// RFC 9110 §6.4.1, §8.6.
#[tokio::test]
async fn a_204_205_and_304_lose_their_body_and_the_fields_that_describe_it() {
    const PLAIN: Fields<'_> = &[("content-length", "4"), ("content-encoding", "gzip"), ("x-other", "1")];
    const GRPC: Fields<'_> = &[("content-type", "application/grpc"), ("grpc-status", "0")];
    let rows = [
        ("plain HTTP", get("/", &[]), PLAIN.to_vec()),
        ("gRPC", rpc("application/grpc"), [PLAIN, &GRPC[..1]].concat()),
        ("gRPC fields over plain HTTP", get("/", &[]), [PLAIN, GRPC].concat()),
    ];
    for (name, request, fields) in rows {
        for (code, content_length) in [(204, None), (205, None), (304, Some("4"))] {
            let inner = full(code, &fields, "body");
            let (parts, body) = send(&StatusMapLayer::new(), request.clone(), Ok::<_, Status>(inner)).await;
            assert_eq!((parts.status.as_u16(), text(&body)), (code, ""), "{name}");
            assert_eq!(field(&parts.headers, "x-other").as_deref(), Some("1"), "{name} {code}");
            assert_eq!(field(&parts.headers, "content-length").as_deref(), content_length, "{name} {code}");
            assert_eq!(field(&parts.headers, "content-encoding"), None, "{name} {code}");
        }
    }
}

/// RFC 9110 §13.1.3: with If-None-Match, If-Modified-Since is ignored. Browsers send both.
#[tokio::test]
async fn request_with_both_validators_gets_a_304() {
    const MODIFIED: (&str, &str) = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    let conditions = [("if-none-match", "\"v1\""), ("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT")];
    for (tag, code) in [("\"v1\"", 304), ("\"v2\"", 200)] {
        let inner = full(200, &[("etag", tag), MODIFIED], "it");
        let (parts, _) = send(&StatusMapLayer::new(), get("/", &conditions), Ok::<_, Status>(inner)).await;
        assert_eq!(parts.status, code, "{tag}");
    }
}

/// A quadratic algorithm would take minutes.
#[tokio::test]
async fn twenty_thousand_lines_of_one_field_are_sent() {
    let uris: Vec<_> = (0..20_000).map(|number| format!("/{number}")).collect();
    let (parts, _) = fail(&StatusMapLayer::new(), get("/", &[]), Status::multiple_choices(&uris)).await;
    assert_eq!(lines(&parts.headers, "link").len(), 20_000);
}
