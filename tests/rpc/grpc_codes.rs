//! Which gRPC code an answer has: every status, however it was said, and tower's errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    future::{pending, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, load_shed::error::Overloaded, service_fn,
    timeout::error::Elapsed,
};
use tower_status::{IntoStatus, Protocol, Status, StatusMapLayer, catalog::GrpcCode};

/// The table; ranges from both ends included.
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

/// 550 stands inside of the last range.
fn expected(code: u16) -> i32 {
    if code == 550 {
        return 7;
    }
    let row = CODES.iter().find(|(first, last, _)| (*first..=*last).contains(&code));
    row.expect("every status has a row").2
}

fn grpc_request() -> Request<()> {
    Request::post("/shop.Orders/Get").header("content-type", "application/grpc+proto").body(()).unwrap()
}

/// The one field of that name, as text.
fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    assert!(headers.get_all(name).iter().count() <= 1, "{name} stands once");
    headers.get(name).map(|value| value.to_str().unwrap())
}

/// The code of an answer, which has to be a gRPC one.
fn code<B: Body>(response: &Response<B>) -> i32 {
    assert_eq!(response.status(), 200);
    assert_eq!(field(response.headers(), "content-type"), Some("application/grpc+proto"));
    assert!(response.body().is_end_stream());
    field(response.headers(), "grpc-status").expect("a grpc-status").parse().unwrap()
}

async fn ask<B: Body + 'static>(layer: StatusMapLayer, outcome: Result<Response<B>, Status>) -> i32
where
    B::Error: std::fmt::Debug,
{
    let mut outcome = Some(outcome);
    let inner = service_fn(|_: Request<()>| ready(outcome.take().unwrap()));
    code(&layer.layer(inner).oneshot(grpc_request()).await.unwrap())
}

fn failed(status: Status) -> Result<Response<String>, Status> {
    Err(status)
}

fn bare(code: u16) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

fn status(code: u16) -> Status {
    Status::new(StatusCode::from_u16(code).unwrap())
}

#[test]
fn the_table_has_every_status_once() {
    for code in 300..=599 {
        assert_eq!(CODES.iter().filter(|(first, last, _)| (*first..=*last).contains(&code)).count(), 1, "{code}");
    }
}

#[tokio::test]
async fn every_status_as_an_error() {
    let mut wrong = Vec::new();
    for number in 300..=599 {
        let found = ask(StatusMapLayer::new(), failed(status(number))).await;
        if found != expected(number) {
            wrong.push(format!("{number}: {found}, not {}", expected(number)));
        }
        assert_eq!(GrpcCode::from(StatusCode::from_u16(number).unwrap()) as i32, expected(number), "{number}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A bare 404 is a router's: no such method. Whatever is below 400 is no failure.
#[tokio::test]
async fn every_status_as_a_response_of_the_inner_service() {
    let mut wrong = Vec::new();
    for number in 400..=599 {
        let expected = if number == 404 { 12 } else { expected(number) };
        for body in ["", "a text", "<html>", "{}"] {
            for content_type in [None, Some("text/plain"), Some("text/html; charset=utf-8"), Some("application/json")] {
                let mut response = bare(number);
                body.clone_into(response.body_mut());
                if let Some(content_type) = content_type {
                    response.headers_mut().insert("content-type", content_type.parse().unwrap());
                }
                let found = ask(StatusMapLayer::new(), Ok(response)).await;
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
async fn every_status_as_a_response_that_axum_made() {
    use axum::response::IntoResponse;
    let mut wrong = Vec::new();
    for number in 300..=599 {
        let found = ask(StatusMapLayer::new(), Ok(status(number).into_response())).await;
        if found != expected(number) {
            wrong.push(format!("{number}: {found}, not {}", expected(number)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In an axum router: a handler's own 404 is a thing that was not found, the router's is a method.
#[cfg(feature = "axum")]
#[tokio::test]
async fn what_an_axum_router_answers() {
    use axum::{Json, Router, response::IntoResponse, routing::get, routing::post};
    let app = Router::new()
        .route("/shop.Orders/Missing", post(|| async { Status::not_found().with_detail("order 8") }))
        .route("/shop.Orders/Read", get(|| async { "only GET" }))
        .route("/shop.Orders/Bare", post(|| async { StatusCode::NOT_FOUND }))
        .route("/shop.Orders/Json", post(|| async { (StatusCode::CONFLICT, Json("sold out")).into_response() }))
        .route("/shop.Orders/Body", post(|_: Json<u8>| async { "never" }));
    // Around the router: of `Router::layer` axum adds Allow to a 405 outside, where no layer sees it.
    let app = StatusMapLayer::new().layer(app);
    #[rustfmt::skip]
    let rows = [
        ("/shop.Orders/Missing", 5, "order 8"),
        ("/shop.Orders/Unknown", 12, ""),
        ("/other.Service/Get", 12, ""),
        ("/shop.Orders/Read", 12, ""),
        ("/shop.Orders/Bare", 12, ""),
        ("/shop.Orders/Json", 10, ""),
        ("/shop.Orders/Body", 12, ""), // 415
    ];
    for (path, expected, message) in rows {
        let request = Request::post(path).header("content-type", "application/grpc+proto");
        let response = app.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        assert_eq!(code(&response), expected, "{path}");
        let said = field(response.headers(), "grpc-message").unwrap_or_default();
        assert!(message.is_empty() || said == message, "{path}: {said}");
        assert_eq!(field(response.headers(), "allow"), None, "{path}");
    }
}

#[tokio::test]
async fn with_grpc_code_overrides() {
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
            assert_eq!(ask(StatusMapLayer::new(), failed(status(http).with_grpc_code(chosen))).await, number, "{row}");
            #[cfg(feature = "axum")]
            {
                let response = axum::response::IntoResponse::into_response(status(http).with_grpc_code(chosen));
                assert_eq!(ask(StatusMapLayer::new(), Ok(response)).await, number, "{row}, as a response");
            }
        }
    }
}

/// The code is of gRPC alone: plain HTTP gets the status.
#[tokio::test]
async fn a_grpc_code_changes_nothing_of_plain_http() {
    let said = Status::conflict().with_grpc_code(GrpcCode::AlreadyExists).with_detail("order 8 exists");
    let with = plain(said).await;
    let without = plain(Status::conflict().with_detail("order 8 exists")).await;
    assert_eq!(with, without);
}

async fn plain(status: Status) -> (StatusCode, HeaderMap, Bytes) {
    let inner = service_fn(|_: Request<()>| ready(failed(status.clone())));
    let response = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

// ----- Tower's errors -----

/// Never ready, so that load-shed sheds.
struct NeverReady;

impl Service<Request<()>> for NeverReady {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = std::future::Pending<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

/// Fails before it is called.
struct Broken(Option<BoxError>);

impl Service<Request<()>> for Broken {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = std::future::Pending<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Err(self.0.take().expect("it is asked once")))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[tokio::test]
async fn towers_own_layers() {
    let timeout = ServiceBuilder::new()
        .layer(StatusMapLayer::new())
        .timeout(Duration::ZERO)
        .service_fn(|_: Request<()>| pending::<Result<Response<String>, BoxError>>());
    let response = timeout.oneshot(grpc_request()).await.unwrap();
    assert_eq!(code(&response), 4, "Elapsed");

    let shed = ServiceBuilder::new().layer(StatusMapLayer::new()).load_shed().service(NeverReady);
    let response = shed.oneshot(grpc_request()).await.unwrap();
    assert_eq!(code(&response), 8, "Overloaded");
    assert!(response.headers().contains_key("grpc-status-details-bin"), "when to try again");
    assert!(!response.headers().contains_key("retry-after"));
}

#[derive(Debug, thiserror::Error)]
#[error("sold out")]
struct SoldOut;

impl IntoStatus for SoldOut {
    fn status(&self) -> Status {
        Status::conflict()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("around it")]
struct Around(#[source] BoxError);

async fn too_long() -> BoxError {
    let error = Limited::new(Full::<Bytes>::from("123"), 2).collect().await.unwrap_err();
    assert!(error.is::<LengthLimitError>());
    error
}

/// As the error of a call, as that of readiness, and below another error.
#[tokio::test]
async fn every_known_error_has_its_code() {
    type Make = fn() -> BoxError;
    #[rustfmt::skip]
    let rows: [(&str, Make, i32); 9] = [
        ("Elapsed", || Elapsed::new().into(), 4),
        ("Overloaded", || Overloaded::new().into(), 8),
        ("a Status", || Status::gone().into(), 5),
        ("a Status with a code", || Status::conflict().with_grpc_code(GrpcCode::AlreadyExists).into(), 6),
        ("a bare 404", || Status::not_found().into(), 5),
        ("recognised", || SoldOut.into(), 10),
        ("mapped", || std::io::Error::from(std::io::ErrorKind::NotFound).into(), 5),
        ("unknown", || "secret".into(), 13),
        ("an io error", || std::io::Error::from(std::io::ErrorKind::TimedOut).into(), 13),
    ];
    let layer = || {
        let layer = StatusMapLayer::new().recognize::<SoldOut>();
        layer.map_error(|error: &std::io::Error| (error.kind() == std::io::ErrorKind::NotFound).then(Status::not_found))
    };
    let answer = async |error: BoxError| {
        let error = std::cell::Cell::new(Some(error));
        let inner = service_fn(|_: Request<()>| ready(Err::<Response<String>, BoxError>(error.take().unwrap())));
        layer().layer(inner).oneshot(grpc_request()).await.unwrap()
    };
    for (name, make, number) in rows {
        assert_eq!(code(&answer(make()).await), number, "{name}");
        assert_eq!(code(&answer(Around(make()).into()).await), number, "{name} below another");
        let response = layer().layer(Broken(Some(make()))).oneshot(grpc_request()).await.unwrap();
        assert_eq!(code(&response), number, "{name} of poll_ready");
        let message = field(response.headers(), "grpc-message").unwrap();
        assert!(!message.contains("secret"), "{name}: {message}");
    }
    assert_eq!(code(&answer(too_long().await).await), 8, "LengthLimitError is 413");
}

#[cfg(feature = "buffer")]
#[tokio::test]
async fn a_buffer() {
    use tower::buffer::Buffer;
    // A worker that failed: unless what it failed with is known, the service is unavailable.
    #[rustfmt::skip]
    let rows = [
        (BoxError::from("secret"), 14),
        (Elapsed::new().into(), 4),
        (Overloaded::new().into(), 8),
        (Status::permission_denied().into(), 7),
    ];
    for (error, number) in rows {
        let name = error.to_string();
        let service = StatusMapLayer::new().layer(Buffer::new(Broken(Some(error)), 2));
        assert_eq!(code(&service.oneshot(grpc_request()).await.unwrap()), number, "{name}");
    }
    let (buffer, worker) = Buffer::pair(NeverReady, 1);
    drop(worker);
    let service = StatusMapLayer::new().layer(buffer);
    assert_eq!(code(&service.oneshot(grpc_request()).await.unwrap()), 14, "Closed");
}

// ----- rewrite and the report -----

#[tokio::test]
async fn rewrite_decides_last() {
    let conceal = |status: Status, context: &tower_status::Context<'_>| {
        assert_eq!((context.protocol, context.path), (Protocol::Grpc, "/shop.Orders/Get"));
        match status.code().as_u16() {
            403 => Status::not_found().with_detail("nothing here"),
            409 => status.with_grpc_code(GrpcCode::AlreadyExists),
            503 => Status::too_many_requests(),
            _ => status,
        }
    };
    let layer = || StatusMapLayer::new().map_status(conceal);
    #[rustfmt::skip]
    let rows = [
        (403, 5, 5),
        (409, 6, 6),
        (503, 8, 8),
        (410, 5, 5),
        (404, 5, 12),
    ];
    for (http, said, inner) in rows {
        assert_eq!(ask(layer(), failed(status(http))).await, said, "{http} as an error");
        assert_eq!(ask(layer(), Ok(bare(http))).await, inner, "{http} as a response");
    }
}

/// With what the hook needs to know, and once, also where another layer stands outside.
#[tokio::test]
async fn reported_once() {
    type Row = (&'static str, Result<Response<String>, BoxError>, u16, Option<GrpcCode>);
    type Told = Arc<Mutex<Vec<(u16, Option<GrpcCode>, Protocol, String, String)>>>;
    let hooked = |told: &Told| {
        let told = Arc::clone(told);
        StatusMapLayer::new().on_error(move |status, context| {
            let (method, path) = (context.method.to_string(), context.path.to_owned());
            told.lock().unwrap().push((status.code().as_u16(), status.grpc_code(), context.protocol, method, path));
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
        let rows: [Row; 4] = [
            ("an error", Err(Status::conflict().into()), 409, None),
            ("tower's", Err(Elapsed::new().into()), 503, deadline),
            ("unknown", Err("secret".into()), 500, None),
            ("a response", Ok(bare(429)), 429, None),
        ];
        for (row, outcome, http, grpc) in rows {
            let (inner_told, outer_told) = (Told::default(), Told::default());
            let outcome = std::cell::Cell::new(Some(outcome));
            let inner = service_fn(|_: Request<()>| ready(outcome.take().unwrap()));
            let service = hooked(&outer_told).layer(hooked(&inner_told).layer(inner));
            let request = Request::post("/shop.Orders/Get?x").header("content-type", content_type).body(()).unwrap();
            let response = service.oneshot(request).await.unwrap();
            assert_eq!(
                response.headers().contains_key("grpc-status"),
                matches!(protocol, Protocol::Grpc | Protocol::GrpcWeb)
            );
            let told = inner_told.lock().unwrap();
            let expected = (http, grpc, protocol, "POST".to_owned(), "/shop.Orders/Get".to_owned());
            assert_eq!(told[..], [expected], "{row} {content_type}");
            assert!(outer_told.lock().unwrap().is_empty(), "{row} {content_type}: not twice");
        }
    }
}

/// What is below 400 is no error, so nobody is told.
#[tokio::test]
async fn a_success_is_not_reported() {
    let layer = || StatusMapLayer::new().on_error(|_, _| panic!("no error")).map_status(|_, _| panic!("nothing"));
    for fields in [&[][..], &[("grpc-status", "0")], &[("content-type", "application/grpc+proto")]] {
        let mut response = Response::new("frames".to_owned());
        for (name, value) in fields {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        let expected = response.headers().clone();
        let mut response = Some(response);
        let inner = service_fn(|_: Request<()>| ready(Ok::<_, Status>(response.take().unwrap())));
        let answer = layer().layer(inner).oneshot(grpc_request()).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()), (200, &expected));
    }
}

// ----- code.proto's table -----

#[test]
fn a_code_is_the_status_that_code_proto_names() {
    #[rustfmt::skip]
    let rows = [
        (GrpcCode::Ok, 0, "OK", 200),
        (GrpcCode::Cancelled, 1, "CANCELLED", 499),
        (GrpcCode::Unknown, 2, "UNKNOWN", 500),
        (GrpcCode::InvalidArgument, 3, "INVALID_ARGUMENT", 400),
        (GrpcCode::DeadlineExceeded, 4, "DEADLINE_EXCEEDED", 504),
        (GrpcCode::NotFound, 5, "NOT_FOUND", 404),
        (GrpcCode::AlreadyExists, 6, "ALREADY_EXISTS", 409),
        (GrpcCode::PermissionDenied, 7, "PERMISSION_DENIED", 403),
        (GrpcCode::ResourceExhausted, 8, "RESOURCE_EXHAUSTED", 429),
        (GrpcCode::FailedPrecondition, 9, "FAILED_PRECONDITION", 400),
        (GrpcCode::Aborted, 10, "ABORTED", 409),
        (GrpcCode::OutOfRange, 11, "OUT_OF_RANGE", 400),
        (GrpcCode::Unimplemented, 12, "UNIMPLEMENTED", 501),
        (GrpcCode::Internal, 13, "INTERNAL", 500),
        (GrpcCode::Unavailable, 14, "UNAVAILABLE", 503),
        (GrpcCode::DataLoss, 15, "DATA_LOSS", 500),
        (GrpcCode::Unauthenticated, 16, "UNAUTHENTICATED", 401),
    ];
    for (code, number, name, http) in rows {
        assert_eq!((code as i32, code.to_string().as_str()), (number, name));
        assert_eq!(StatusCode::from(code).as_u16(), http, "{name}");
        assert_eq!(Status::new(code.into()).code().as_u16(), http, "{name}");
    }
}
