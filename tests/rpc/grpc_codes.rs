//! The gRPC code of an error response: for every status, and for tower's errors.

use std::{
    fmt::Debug,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use http_body::Body;
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, load_shed::error::Overloaded, timeout::error::Elapsed};
use tower_status::{Protocol, Status, StatusMapLayer, catalog::GrpcCode};

use crate::common::{
    self, Fields, code,
    error::{SoldOut, length_limit_error, wrapped},
    fail, only_line as field, request, response, returns_once, rpc, send,
    service::{Broken, NeverReady},
};

/// The first and the last status of a range, and the gRPC code of both and all between.
#[rustfmt::skip]
const CODES: [(u16, u16, i32); 37] = [
    (300, 399, 2), // UNKNOWN
    (400, 400, 3), // INVALID_ARGUMENT
    (401, 401, 16), // UNAUTHENTICATED
    (402, 402, 9), // FAILED_PRECONDITION
    (403, 403, 7), // PERMISSION_DENIED
    (404, 404, 5), // NOT_FOUND
    (405, 405, 12), // UNIMPLEMENTED
    (406, 407, 9),
    (408, 408, 4), // DEADLINE_EXCEEDED
    (409, 409, 10), // ABORTED
    (410, 410, 5),
    (411, 411, 9),
    (412, 412, 9),
    (413, 413, 8), // RESOURCE_EXHAUSTED
    (414, 414, 9),
    (415, 415, 12),
    (416, 416, 11), // OUT_OF_RANGE
    (417, 420, 9),
    (421, 421, 14), // UNAVAILABLE
    (422, 422, 3),
    (423, 424, 9),
    (425, 425, 14),
    (426, 428, 9),
    (429, 429, 8),
    (430, 430, 9),
    (431, 431, 8),
    (432, 450, 9),
    (451, 451, 7),
    (452, 498, 9),
    (499, 499, 1), // CANCELLED
    (500, 500, 13), // INTERNAL
    (501, 501, 12),
    (502, 503, 14),
    (504, 504, 4),
    (505, 506, 13),
    (507, 507, 8),
    (508, 599, 13),
];

/// Returns the code of the table; 550, which is inside the last range, has its own code.
fn expected(code: u16) -> i32 {
    if code == 550 {
        return 7;
    }
    let row = CODES.iter().find(|(first, last, _)| (*first..=*last).contains(&code));
    row.expect("every status has a row").2
}

fn call() -> Request<()> {
    rpc("application/grpc+proto")
}

/// Returns the code of a Trailers-Only response.
fn grpc_code<B: Body>(response: &Response<B>) -> i32 {
    assert_eq!(response.status(), 200);
    assert_eq!(field(response.headers(), "content-type"), Some("application/grpc+proto"));
    assert!(response.body().is_end_stream());
    field(response.headers(), "grpc-status").expect("a grpc-status").parse().unwrap()
}

/// Sends a call through `layer`, and returns the code.
async fn code_of<B: Body<Error: Debug>>(layer: StatusMapLayer, outcome: Result<Response<B>, Status>) -> i32 {
    grpc_code(&layer.layer(returns_once(outcome)).oneshot(call()).await.unwrap())
}

fn failing(status: Status) -> Result<Response<String>, Status> {
    Err(status)
}

fn bare(status: u16) -> Response<String> {
    response(status, &[], String::new())
}

fn status(status: u16) -> Status {
    Status::new(code(status))
}

#[test]
fn the_table_has_each_status_once() {
    for code in 300..=599 {
        assert_eq!(CODES.iter().filter(|(first, last, _)| (*first..=*last).contains(&code)).count(), 1, "{code}");
    }
}

#[tokio::test]
async fn every_status_as_an_error_has_the_code_of_the_table() {
    let mut wrong = Vec::new();
    for number in 300..=599 {
        let found = code_of(StatusMapLayer::new().rpc(true), failing(status(number))).await;
        if found != expected(number) {
            wrong.push(format!("{number}: {found}, not {}", expected(number)));
        }
        assert_eq!(GrpcCode::from(code(number)) as i32, expected(number), "{number}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A bare 404 is a router's, so UNIMPLEMENTED: no such method.
#[tokio::test]
async fn every_inner_error_response_has_the_code_of_the_table_except_404() {
    let mut wrong = Vec::new();
    for number in 400..=599 {
        let expected = if number == 404 { 12 } else { expected(number) };
        for body in ["", "a text", "<html>", "{}"] {
            for content_type in [None, Some("text/plain"), Some("text/html; charset=utf-8"), Some("application/json")] {
                let fields = content_type.map(|content_type| ("content-type", content_type));
                let inner = response(number, fields.as_slice(), body.to_owned());
                let found = code_of(StatusMapLayer::new().rpc(true), Ok(inner)).await;
                if found != expected {
                    wrong.push(format!("{number} {content_type:?} {body:?}: {found}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn every_status_that_axum_turned_into_a_response_has_the_code_of_the_table() {
    use axum::response::IntoResponse;
    let mut wrong = Vec::new();
    for number in 300..=599 {
        let found = code_of(StatusMapLayer::new().rpc(true), Ok(status(number).into_response())).await;
        if found != expected(number) {
            wrong.push(format!("{number}: {found}, not {}", expected(number)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A 404 that a handler returns is about a resource; the router's is about a method.
#[cfg(feature = "axum")]
#[tokio::test]
async fn in_an_axum_router_a_404_of_a_handler_is_not_found_and_the_routers_unimplemented() {
    use axum::{Json, Router, body::Body, response::IntoResponse, routing::get, routing::post};
    let app = Router::new()
        .route("/shop.Orders/Missing", post(|| async { Status::not_found().with_detail("order 8") }))
        .route("/shop.Orders/Read", get(|| async { "only GET" }))
        .route("/shop.Orders/Bare", post(|| async { StatusCode::NOT_FOUND }))
        .route("/shop.Orders/Json", post(|| async { (StatusCode::CONFLICT, Json("sold out")).into_response() }))
        .route("/shop.Orders/Body", post(|_: Json<u8>| async { "never" }));
    // Around the router: with `Router::layer` axum would add Allow to a 405 outside of the layer.
    let app = StatusMapLayer::new().rpc(true).layer(app);
    #[rustfmt::skip]
    let rows = [
        ("/shop.Orders/Missing", 5, Some("order 8")),
        ("/shop.Orders/Unknown", 12, None),
        ("/other.Service/Get", 12, None),
        ("/shop.Orders/Read", 12, None),
        ("/shop.Orders/Bare", 12, None),
        ("/shop.Orders/Json", 10, None),
        ("/shop.Orders/Body", 12, None), // 415
    ];
    for (path, expected, message) in rows {
        let request = request("POST", path, &[("content-type", "application/grpc+proto")]).map(|()| Body::empty());
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(grpc_code(&response), expected, "{path}");
        assert!(message.is_none() || field(response.headers(), "grpc-message") == message, "{path}");
        assert_eq!(field(response.headers(), "allow"), None, "{path}");
    }
}

#[tokio::test]
async fn with_grpc_code_replaces_the_code_of_the_status() {
    #[rustfmt::skip]
    let codes = [
        (GrpcCode::Cancelled, 1), (GrpcCode::Unknown, 2), (GrpcCode::InvalidArgument, 3),
        (GrpcCode::DeadlineExceeded, 4), (GrpcCode::NotFound, 5), (GrpcCode::AlreadyExists, 6),
        (GrpcCode::PermissionDenied, 7), (GrpcCode::ResourceExhausted, 8), (GrpcCode::FailedPrecondition, 9),
        (GrpcCode::Aborted, 10), (GrpcCode::OutOfRange, 11), (GrpcCode::Unimplemented, 12), (GrpcCode::Internal, 13),
        (GrpcCode::Unavailable, 14), (GrpcCode::DataLoss, 15), (GrpcCode::Unauthenticated, 16),
        (GrpcCode::Ok, 2), // an error is never OK
    ];
    for (chosen, number) in codes {
        for http in [302, 404, 409, 499, 500, 503, 550] {
            let row = format!("{http} with {chosen}");
            let found = code_of(StatusMapLayer::new().rpc(true), failing(status(http).with_grpc_code(chosen))).await;
            assert_eq!(found, number, "{row}");
            #[cfg(feature = "axum")]
            {
                let response = axum::response::IntoResponse::into_response(status(http).with_grpc_code(chosen));
                assert_eq!(
                    code_of(StatusMapLayer::new().rpc(true), Ok(response)).await,
                    number,
                    "{row}, as a response"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_grpc_code_changes_nothing_over_plain_http() {
    let status = || Status::conflict().with_detail("order 8 exists");
    let plain = async |status| {
        let (parts, body) = fail(&StatusMapLayer::new().rpc(true), common::get("/", &[]), status).await;
        (parts.status, parts.headers, body)
    };
    assert_eq!(plain(status().with_grpc_code(GrpcCode::AlreadyExists)).await, plain(status()).await);
}

#[tokio::test]
async fn a_grpc_code_from_map_status_keeps_the_body_over_plain_http() {
    for fill in [true, false] {
        let layer = StatusMapLayer::new().rpc(true).fill(fill);
        let layer = layer.map_status(|status, _| status.with_grpc_code(GrpcCode::FailedPrecondition));
        let mut inner = Response::new(r#"{"mine":1}"#.to_owned());
        *inner.status_mut() = http::StatusCode::CONFLICT;
        inner.headers_mut().insert("content-type", "application/json".parse().unwrap());
        inner.headers_mut().insert("etag", "\"v7\"".parse().unwrap());
        let fields = inner.headers().clone();
        let (parts, body) = common::send(&layer, common::get("/", &[]), Ok::<_, Status>(inner)).await;
        assert_eq!((parts.headers, &body[..]), (fields, &br#"{"mine":1}"#[..]), "fill({fill})");
    }
}

// ----- tower's errors -----

#[tokio::test]
async fn towers_timeout_is_deadline_exceeded_and_its_load_shed_resource_exhausted() {
    let timeout = ServiceBuilder::new()
        .layer(StatusMapLayer::new().rpc(true))
        .timeout(Duration::ZERO)
        .service_fn(|_: Request<()>| pending::<Result<Response<String>, BoxError>>());
    assert_eq!(grpc_code(&timeout.oneshot(call()).await.unwrap()), 4);

    let shed = ServiceBuilder::new().layer(StatusMapLayer::new().rpc(true)).load_shed().service(NeverReady);
    let response = shed.oneshot(call()).await.unwrap();
    assert_eq!(grpc_code(&response), 8);
    assert!(response.headers().contains_key("grpc-status-details-bin"), "with RetryInfo");
    assert!(!response.headers().contains_key("retry-after"));
}

/// The errors come from `call`, from `poll_ready`, and as the cause of another error.
#[tokio::test]
async fn every_error_that_is_resolved_has_its_code() {
    type Make = fn() -> BoxError;
    #[rustfmt::skip]
    let rows: [(&str, Make, i32); 9] = [
        ("Elapsed", || Elapsed::new().into(), 4),
        ("Overloaded", || Overloaded::new().into(), 8),
        ("a Status", || Status::gone().into(), 5),
        ("a Status with a gRPC code", || Status::conflict().with_grpc_code(GrpcCode::AlreadyExists).into(), 6),
        ("a 404", || Status::not_found().into(), 5),
        ("a recognized error", || SoldOut.into(), 10),
        ("a mapped error", || std::io::Error::from(std::io::ErrorKind::NotFound).into(), 5),
        ("an unmapped error", || "secret".into(), 13),
        ("an unmapped io::Error", || std::io::Error::from(std::io::ErrorKind::TimedOut).into(), 13),
    ];
    let layer = || {
        let layer = StatusMapLayer::new().rpc(true).recognize::<SoldOut>();
        layer.map_error(|error: &std::io::Error| (error.kind() == std::io::ErrorKind::NotFound).then(Status::not_found))
    };
    let code_of = async |error: BoxError| {
        let inner = returns_once(Err::<Response<String>, _>(error));
        grpc_code(&layer().layer(inner).oneshot(call()).await.unwrap())
    };
    for (name, make, number) in rows {
        assert_eq!(code_of(make()).await, number, "{name}");
        assert_eq!(code_of(wrapped(make())).await, number, "{name} as a cause");
        let response = layer().layer(Broken::new(make())).oneshot(call()).await.unwrap();
        assert_eq!(grpc_code(&response), number, "{name} from poll_ready");
        let message = field(response.headers(), "grpc-message").unwrap();
        assert!(!message.contains("secret"), "{name}: {message}");
    }
    assert_eq!(code_of(length_limit_error().await).await, 8, "LengthLimitError is a 413");
}

#[cfg(feature = "buffer")]
#[tokio::test]
async fn the_error_of_a_buffer_is_unavailable_unless_its_cause_is_resolved() {
    use tower::buffer::Buffer;
    #[rustfmt::skip]
    let rows = [
        (BoxError::from("secret"), 14),
        (Elapsed::new().into(), 4),
        (Overloaded::new().into(), 8),
        (Status::permission_denied().into(), 7),
    ];
    for (error, number) in rows {
        let name = error.to_string();
        let service = StatusMapLayer::new().rpc(true).layer(Buffer::new(Broken::new(error), 2));
        assert_eq!(grpc_code(&service.oneshot(call()).await.unwrap()), number, "{name}");
    }
    let (buffer, worker) = Buffer::pair(NeverReady, 1);
    drop(worker);
    let service = StatusMapLayer::new().rpc(true).layer(buffer);
    assert_eq!(grpc_code(&service.oneshot(call()).await.unwrap()), 14, "Closed");
}

// ----- map_status and on_error -----

#[tokio::test]
async fn map_status_decides_the_code() {
    let conceal = |status: Status, context: &tower_status::Context<'_>| {
        assert_eq!((context.protocol, context.path), (Protocol::Grpc, "/shop.Orders/Get"));
        match status.code().as_u16() {
            403 => Status::not_found().with_detail("nothing here"),
            409 => status.with_grpc_code(GrpcCode::AlreadyExists),
            503 => Status::too_many_requests(),
            _ => status,
        }
    };
    let layer = || StatusMapLayer::new().rpc(true).map_status(conceal);
    // The status, and the code where it is an error and where it is an inner response.
    #[rustfmt::skip]
    let rows = [
        (403, 5, 5),
        (409, 6, 6),
        (503, 8, 8),
        (410, 5, 5),
        (404, 5, 12),
    ];
    for (http, of_error, of_response) in rows {
        assert_eq!(code_of(layer(), failing(status(http))).await, of_error, "{http} as an error");
        assert_eq!(code_of(layer(), Ok(bare(http))).await, of_response, "{http} as a response");
    }
}

/// The arguments of one call of `on_error`.
#[derive(Debug, PartialEq)]
struct Report {
    code: u16,
    grpc: Option<GrpcCode>,
    protocol: Protocol,
    method: String,
    path: String,
}

#[tokio::test]
async fn on_error_is_called_once_by_the_inner_of_two_layers() {
    type Reports = Arc<Mutex<Vec<Report>>>;
    struct Row {
        name: &'static str,
        outcome: Result<Response<String>, BoxError>,
        code: u16,
        grpc: Option<GrpcCode>,
    }
    let report_to = |reports: &Reports| {
        let reports = Arc::clone(reports);
        StatusMapLayer::new().rpc(true).on_error(move |status, context| {
            reports.lock().unwrap().push(Report {
                code: status.code().as_u16(),
                grpc: status.grpc_code(),
                protocol: context.protocol,
                method: context.method.to_string(),
                path: context.path.to_owned(),
            });
        })
    };
    let types = [
        ("application/grpc", Protocol::Grpc),
        ("application/grpc-web", Protocol::GrpcWeb),
        ("application/grpc-web-text+proto", Protocol::GrpcWebText),
        ("application/json", Protocol::Http),
    ];
    let deadline = Some(GrpcCode::DeadlineExceeded);
    for (content_type, protocol) in types {
        let rows = [
            Row { name: "a Status", outcome: Err(Status::conflict().into()), code: 409, grpc: None },
            Row { name: "tower's error", outcome: Err(Elapsed::new().into()), code: 503, grpc: deadline },
            Row { name: "an unmapped error", outcome: Err("secret".into()), code: 500, grpc: None },
            Row { name: "a response", outcome: Ok(bare(429)), code: 429, grpc: None },
        ];
        for Row { name, outcome, code, grpc } in rows {
            let (inner, outer) = (Reports::default(), Reports::default());
            // tonic's body drops one that has ended, such as that of a Trailers-Only response.
            let wrap = |response: Response<_>| response.map(tonic::body::Body::new);
            let service = report_to(&inner).layer(returns_once(outcome)).map_response(wrap);
            let service = report_to(&outer).layer(service);
            let request = request("POST", "/shop.Orders/Get?x", &[("content-type", content_type)]);
            let response = service.oneshot(request).await.unwrap();
            let in_head = matches!(protocol, Protocol::Grpc | Protocol::GrpcWeb);
            assert_eq!(response.headers().contains_key("grpc-status"), in_head, "{name} {content_type}");
            let (method, path) = ("POST".to_owned(), "/shop.Orders/Get".to_owned());
            let expected = Report { code, grpc, protocol, method, path };
            assert_eq!(inner.lock().unwrap()[..], [expected], "{name} {content_type}");
            assert!(outer.lock().unwrap().is_empty(), "{name} {content_type}");
        }
    }
}

#[tokio::test]
async fn a_success_passes_unchanged_and_calls_no_hook() {
    let layer =
        StatusMapLayer::new().rpc(true).on_error(|_, _| panic!("no error")).map_status(|_, _| panic!("no error"));
    let rows: [Fields<'_>; 3] = [&[], &[("grpc-status", "0")], &[("content-type", "application/grpc+proto")]];
    for fields in rows {
        let inner = response(200, fields, "frames".to_owned());
        let (parts, body) = send(&layer, call(), Ok::<_, Status>(inner)).await;
        assert_eq!((parts.status.as_u16(), parts.headers), (200, common::header_map(fields)));
        assert_eq!(body, "frames");
    }
}

// ----- the table of code.proto -----

#[test]
fn a_grpc_code_has_the_name_number_and_status_of_code_proto() {
    struct Row {
        code: GrpcCode,
        number: i32,
        name: &'static str,
        http: u16,
    }
    let row = |code, number, name, http| Row { code, number, name, http };
    #[rustfmt::skip]
    let rows = [
        row(GrpcCode::Ok, 0, "OK", 200),
        row(GrpcCode::Cancelled, 1, "CANCELLED", 499),
        row(GrpcCode::Unknown, 2, "UNKNOWN", 500),
        row(GrpcCode::InvalidArgument, 3, "INVALID_ARGUMENT", 400),
        row(GrpcCode::DeadlineExceeded, 4, "DEADLINE_EXCEEDED", 504),
        row(GrpcCode::NotFound, 5, "NOT_FOUND", 404),
        row(GrpcCode::AlreadyExists, 6, "ALREADY_EXISTS", 409),
        row(GrpcCode::PermissionDenied, 7, "PERMISSION_DENIED", 403),
        row(GrpcCode::ResourceExhausted, 8, "RESOURCE_EXHAUSTED", 429),
        row(GrpcCode::FailedPrecondition, 9, "FAILED_PRECONDITION", 400),
        row(GrpcCode::Aborted, 10, "ABORTED", 409),
        row(GrpcCode::OutOfRange, 11, "OUT_OF_RANGE", 400),
        row(GrpcCode::Unimplemented, 12, "UNIMPLEMENTED", 501),
        row(GrpcCode::Internal, 13, "INTERNAL", 500),
        row(GrpcCode::Unavailable, 14, "UNAVAILABLE", 503),
        row(GrpcCode::DataLoss, 15, "DATA_LOSS", 500),
        row(GrpcCode::Unauthenticated, 16, "UNAUTHENTICATED", 401),
    ];
    for Row { code, number, name, http } in rows {
        assert_eq!((code as i32, code.to_string().as_str()), (number, name));
        assert_eq!(StatusCode::from(code).as_u16(), http, "{name}");
        assert_eq!(Status::new(code.into()).code().as_u16(), http, "{name}");
    }
}
