//! Rejections of axum's extractors as `Status`: code, text, and the member `errors`.

use std::{collections::BTreeMap, io};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{
        DefaultBodyLimit, FromRequest, FromRequestParts, MatchedPath, NestedPath, RawForm, RawPathParams,
        rejection::{JsonRejection, QueryRejection},
    },
    routing::{any, get, post},
};
use http::{Method, Request, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tower_status::{
    Documented, IntoStatus, Status, StatusMapLayer,
    extract::{Form, Json, Path, Query},
};

use crate::common::{PROBLEM_JSON, field, json as parsed, router::send, text};

const FORM: &str = "application/x-www-form-urlencoded";

fn request(method: &str, target: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(target);
    let request = if content_type.is_empty() { request } else { request.header(header::CONTENT_TYPE, content_type) };
    request.body(body.into()).unwrap()
}

/// Returns the status of a JSON body that is not a `T`.
async fn json_status<T: DeserializeOwned>(body: &'static str) -> Status {
    let request = request("POST", "/", "application/json", body);
    Json::<T>::from_request(request, &()).await.err().expect("the body is rejected")
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    reference: String,
    lines: Vec<Line>,
    payment: Option<Payment>,
    #[serde(default, rename = "a/b~c d%")]
    odd: BTreeMap<String, u8>,
    #[serde(default)]
    by_number: BTreeMap<u32, u8>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Line {
    item: String,
    count: u32,
}

#[derive(Debug, Deserialize, Serialize)]
enum Payment {
    Invoice,
    Card { number: String },
}

// More than 60 lines: one table.
#[tokio::test]
async fn wrong_json_has_a_pointer_instead_of_line_and_column() {
    struct Row {
        body: &'static str,
        pointer: &'static str,
        detail: &'static str,
    }

    const fn row(body: &'static str, pointer: &'static str, detail: &'static str) -> Row {
        Row { body, pointer, detail }
    }

    // Pointers: RFC 6901 §4 and §6 by hand. Details: serde's messages.
    let rows = [
        row("7", "#", "invalid type: integer `7`, expected struct Order"),
        row("{}", "#/reference", "missing field `reference`"),
        row(r#"{"reference":7}"#, "#/reference", "invalid type: integer `7`, expected a string"),
        row(r#"{"reference":"r"}"#, "#/lines", "missing field `lines`"),
        row(r#"{"reference":"r","lines":{}}"#, "#/lines", "invalid type: map, expected a sequence"),
        row(r#"{"reference":"r","lines":[{"item":"tulip"}]}"#, "#/lines/0/count", "missing field `count`"),
        row(
            r#"{"reference":"r","lines":[{"item":"a","count":1},{"item":"b","count":-2}]}"#,
            "#/lines/1/count",
            "invalid value: integer `-2`, expected u32",
        ),
        row(
            r#"{"reference":"r","lines":[],"payment":{"Card":{"number":7}}}"#,
            "#/payment/Card/number",
            "invalid type: integer `7`, expected a string",
        ),
        row(r#"{"reference":"r","lines":[],"payment":{"Card":{}}}"#, "#/payment/Card/number", "missing field `number`"),
        row(
            r#"{"reference":"r","lines":[],"payment":"Cash"}"#,
            "#/payment",
            "unknown variant `Cash`, expected `Invoice` or `Card`",
        ),
        row(
            r#"{"reference":"r","lines":[],"a/b~c d%":{"größe":300}}"#,
            "#/a~1b~0c%20d%25/gr%C3%B6%C3%9Fe",
            "invalid value: integer `300`, expected u8",
        ),
        row(
            r#"{"reference":"r","lines":[],"by_number":{"7":300}}"#,
            "#/by_number/7",
            "invalid value: integer `300`, expected u8",
        ),
        row(r#"{"reference":"r","reference":"r"}"#, "#/reference", "duplicate field `reference`"),
        row(
            r#"{"color":"red"}"#,
            "#/color",
            "unknown field `color`, expected one of `reference`, `lines`, `payment`, `a/b~c d%`, `by_number`",
        ),
    ];
    for Row { body, pointer, detail } in rows {
        let status = json_status::<Order>(body).await;
        assert_eq!(status.code(), 422, "{body}");
        assert_eq!(status.extension("errors").unwrap(), &json!([{ "detail": detail, "pointer": pointer }]), "{body}");
        let text = status.detail().unwrap();
        assert!(text.starts_with("Failed to deserialize the JSON body into the target type: "), "{body}: {text}");
        assert!(text.ends_with(detail), "{body}: {text}");
        assert!(status.source().unwrap().is::<JsonRejection>(), "{body}");
    }
}

#[tokio::test]
async fn text_that_is_not_json_keeps_line_and_column() {
    let status = json_status::<Order>("{\n\"reference\":").await;
    let expected = "Failed to parse the request body as JSON: reference: EOF while parsing a value at line 2 column 12";
    assert_eq!((status.code(), status.detail()), (StatusCode::BAD_REQUEST, Some(expected)));
    assert!(status.extensions().is_empty());
}

#[derive(Debug, Deserialize, Serialize)]
struct Page {
    page: u32,
    #[serde(default)]
    size: u8,
}

#[tokio::test]
async fn wrong_query_form_and_path_name_the_parameter() {
    struct Row {
        target: &'static str,
        code: u16,
        parameter: &'static str,
        detail: &'static str,
    }

    const fn row(target: &'static str, code: u16, parameter: &'static str, detail: &'static str) -> Row {
        Row { target, code, parameter, detail }
    }

    let app = Router::new()
        .route("/query", get(async |_: Query<Page>| ()))
        .route("/form", any(async |_: Form<Page>| ()))
        .route("/struct/{page}/{size}", get(async |_: Path<Page>| ()))
        .route("/tuple/{page}/{size}", get(async |_: Path<(u32, u8)>| ()))
        .route("/one/{page}", get(async |_: Path<u32>| ()))
        .route("/size/{size}", get(async |_: Path<Page>| ()))
        .route("/optional/{page}", get(async |_: Option<Path<u32>>| ()));
    let not_a_digit = "invalid digit found in string";
    let rows = [
        row("GET /query?page=x", 400, "page", not_a_digit),
        row("GET /query?page=1&size=300", 400, "size", "number too large to fit in target type"),
        row("GET /query", 400, "page", "missing field `page`"),
        row("GET /query?page=1&page=2", 400, "page", "duplicate field `page`"),
        row("GET /form?page=x", 400, "page", not_a_digit),
        row("POST /form page=x", 422, "page", not_a_digit),
        row("POST /form size=1", 422, "page", "missing field `page`"),
        row("GET /struct/x/1", 400, "page", "Cannot parse `page` with value `x` to a `u32`"),
        row("GET /struct/1/x", 400, "size", "Cannot parse `size` with value `x` to a `u8`"),
        row("GET /struct/1/%FF", 400, "size", "Invalid UTF-8 in `size`"),
        row("GET /tuple/1/x", 400, "size", "Cannot parse value at index 1 with value `x` to a `u8`"),
        row("GET /one/x", 400, "page", "Cannot parse `x` to a `u32`"),
        row("GET /optional/x", 400, "page", "Cannot parse `x` to a `u32`"),
        row("GET /size/1", 400, "page", "missing field `page`"),
    ];
    for Row { target, code, parameter, detail } in rows {
        let mut parts = target.split(' ');
        let (method, uri, body) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap_or_default());
        let (head, body) = send(&app, request(method, uri, FORM, body)).await;
        let problem = parsed(&body);
        assert_eq!(head.status, code, "{target}: {problem}");
        assert_eq!(field(&head.headers, "content-type").as_deref(), Some(PROBLEM_JSON), "{target}");
        assert_eq!(problem["errors"], json!([{ "detail": detail, "parameter": parameter }]), "{target}");
        assert!(problem["detail"].as_str().unwrap().ends_with(detail), "{target}: {problem}");
    }
}

/// A value that can never be extracted.
#[derive(Clone)]
struct SecretPool;

/// Returns one router with the extractors of this crate and one with axum's, so that their responses can be compared.
fn both() -> [Router; 2] {
    let ours = Router::new()
        .route("/json", any(async |_: Json<Page>| ()))
        .route("/form", any(async |_: Form<Page>| ()))
        .route("/query", any(async |_: Query<Page>| ()))
        .route("/path/{page}", any(async |_: Path<(u32, u8)>| ()));
    let axums = Router::new()
        .route("/json", any(async |_: axum::Json<Page>| ()))
        .route("/form", any(async |_: axum::Form<Page>| ()))
        .route("/query", any(async |_: axum::extract::Query<Page>| ()))
        .route("/path/{page}", any(async |_: axum::extract::Path<(u32, u8)>| ()));
    [ours, axums].map(|router| router.layer(DefaultBodyLimit::max(20)))
}

#[tokio::test]
async fn code_and_text_are_those_of_axum() {
    let [ours, axums] = both();
    struct Row {
        method: &'static str,
        target: &'static str,
        content_type: &'static str,
        body: &'static str,
        code: u16,
    }
    let rows = [
        Row { method: "POST", target: "/json", content_type: "application/json", body: "{", code: 400 },
        Row { method: "POST", target: "/json", content_type: "application/json", body: "", code: 400 },
        Row { method: "POST", target: "/json", content_type: "text/plain", body: "{}", code: 415 },
        Row { method: "POST", target: "/json", content_type: "", body: "{}", code: 415 },
        Row {
            method: "POST",
            target: "/json",
            content_type: "application/json",
            body: r#"{"page":1000000000000}"#,
            code: 413,
        },
        Row { method: "POST", target: "/form", content_type: "text/plain", body: "page=1", code: 415 },
        Row { method: "POST", target: "/form", content_type: FORM, body: "page=1", code: 200 },
        Row { method: "POST", target: "/form", content_type: FORM, body: "page=x", code: 422 },
        Row { method: "GET", target: "/form?page=x", content_type: "", body: "", code: 400 },
        Row { method: "GET", target: "/query?page=x", content_type: "", body: "", code: 400 },
        Row { method: "GET", target: "/query?page=1", content_type: "", body: "", code: 200 },
        Row { method: "POST", target: "/json", content_type: "application/json", body: r#"{"page":1}"#, code: 200 },
    ];
    for Row { method, target, content_type, body, code } in rows {
        let row = format!("{method} {target} {content_type} {body}");
        let (theirs, their_text) = send(&axums, request(method, target, content_type, body)).await;
        let (head, problem) = send(&ours, request(method, target, content_type, body)).await;
        assert_eq!((theirs.status.as_u16(), head.status.as_u16()), (code, code), "{row}");
        if code != 200 {
            assert_eq!(parsed(&problem)["detail"], text(&their_text), "{row}");
        }
    }
    // A mistake in the application is a 500 that hides the text.
    let (head, problem) = send(&ours, request("GET", "/path/1", "", "")).await;
    assert_eq!(head.status, 500);
    assert!(!text(&problem).contains("path arguments"), "{}", text(&problem));
}

/// Converts with `?`.
async fn with_question_mark(body: Result<axum::Json<Page>, JsonRejection>) -> Result<(), Status> {
    let axum::Json(_) = body?;
    Ok(())
}

/// An application's error around a rejection.
#[derive(Debug, thiserror::Error)]
#[error("the request was rejected")]
enum AppError {
    Json(#[from] JsonRejection),
    Query(#[from] QueryRejection),
}

impl IntoStatus for AppError {
    fn status(&self) -> Status {
        match self {
            Self::Json(rejection) => IntoStatus::status(rejection),
            Self::Query(_) => Status::unresolved(),
        }
    }
}

/// A layer in between boxes the error.
#[derive(Debug, thiserror::Error)]
#[error("boxed")]
struct Boxed(#[source] QueryRejection);

#[derive(FromRequest, Deserialize)]
#[from_request(via(axum::Json), rejection(Status))]
struct Derived {
    #[allow(dead_code)]
    page: u32,
}

async fn page(result: Result<axum::Json<Page>, JsonRejection>) -> Result<(), Status> {
    let _ = result.map_err(AppError::from)?;
    Ok(())
}

#[tokio::test]
async fn every_way_to_a_status_has_the_same_response() {
    let app = Router::new()
        .route("/extract", post(async |_: Json<Page>| ()))
        .route("/question-mark", post(with_question_mark))
        .route("/transparent", post(page))
        .route("/derived", post(async |_: Derived| ()))
        .layer(StatusMapLayer::new());
    let mut responses = Vec::new();
    for target in ["/extract", "/question-mark", "/transparent", "/derived"] {
        let (head, body) = send(&app, request("POST", target, "application/json", r#"{"page":"x"}"#)).await;
        responses.push((head.status, head.headers, parsed(&body)));
    }
    assert_eq!(responses[0].0, 422);
    assert_eq!(responses[0].2["errors"][0]["pointer"], "#/page");
    for response in &responses[1..] {
        assert_eq!(response, &responses[0]);
    }
}

#[tokio::test]
async fn carried_rejection_has_its_own_status() {
    let layer = StatusMapLayer::new();
    let query = || axum::extract::Query::<Page>::try_from_uri(&"/?page=x".parse().unwrap()).unwrap_err();
    let statuses =
        [Status::from(AppError::from(query())), Status::from_error(query()), Status::from_error(Boxed(query()))];
    for status in statuses {
        let app = Router::new()
            .route("/", get(move || std::future::ready(Err::<(), _>(status.clone()))))
            .layer(layer.clone());
        let (head, body) = send(&app, request("GET", "/", "", "")).await;
        assert_eq!(head.status, 400);
        assert_eq!(parsed(&body)["errors"][0]["parameter"], "page");
    }
    let mapped = layer.map_error(|_: &QueryRejection| Some(Status::not_found()));
    let app = Router::new().route("/", get(async move || Err::<(), _>(Status::from_error(query())))).layer(mapped);
    assert_eq!(send(&app, request("GET", "/", "", "")).await.0.status, 404, "the application decides first");
}

/// Reads a body without an extractor.
async fn by_hand(body: Body) -> Result<Bytes, Status> {
    axum::body::to_bytes(body, 4).await.map_err(Status::from_error)
}

#[tokio::test]
async fn upload_that_breaks_off_is_a_400_and_a_bare_error_of_a_body_a_500() {
    let broken = || {
        let parts = [Ok(Bytes::from_static(b"{")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        Body::from_stream(tokio_stream::iter(parts))
    };
    let status = Json::<Page>::from_request(request("POST", "/", "application/json", broken()), &()).await.unwrap_err();
    assert_eq!(status.code(), 400);
    assert!(!status.is_server_error());

    let app = Router::new().route("/", post(by_hand)).layer(StatusMapLayer::new());
    let rows = [(broken(), 500), (Body::from("12345"), 413), (Body::from("1234"), 200)];
    for (body, expected) in rows {
        assert_eq!(send(&app, request("POST", "/", "", body)).await.0.status, expected);
    }
}

#[tokio::test]
async fn each_rejection_documents_its_status() {
    async fn of_parts<E>() -> Status
    where
        E: FromRequestParts<(), Rejection: IntoStatus>,
    {
        let (mut parts, ()) = Request::new(()).into_parts();
        documented(E::from_request_parts(&mut parts, &()).await.err().unwrap())
    }
    async fn of_request<E>(request: Request<Body>) -> Status
    where
        E: FromRequest<(), Rejection: IntoStatus>,
    {
        documented(E::from_request(request, &()).await.err().unwrap())
    }
    /// Returns the status, after checking that its code and members are documented.
    fn documented<E: IntoStatus>(rejection: E) -> Status {
        let status = Status::from(rejection);
        let members: Vec<_> = status.extensions().iter().map(|(name, _)| &**name).collect();
        let is_documented = Documented::of::<E>().iter().any(|documented| {
            let names: Vec<_> = documented.extensions.iter().map(|(name, _)| *name).collect();
            documented.code == Some(status.code()) && names == members
        });
        assert!(is_documented, "{}: {status:?}", std::any::type_name::<E>());
        status
    }
    let bad = |content_type: &str, body: &'static [u8]| request("POST", "/", content_type, body);
    let statuses = [
        of_parts::<Extension<SecretPool>>().await,
        of_parts::<axum::extract::Path<u8>>().await,
        of_parts::<RawPathParams>().await,
        of_parts::<MatchedPath>().await,
        of_parts::<NestedPath>().await,
        of_parts::<axum::extract::Query<Page>>().await,
        of_request::<axum::Json<Page>>(bad("application/json", b"{")).await,
        of_request::<axum::Json<Page>>(bad("application/json", b"{}")).await,
        of_request::<axum::Json<Page>>(bad("", b"{}")).await,
        of_request::<axum::Form<Page>>(bad("", b"")).await,
        of_request::<axum::Form<Page>>(bad(FORM, b"")).await,
        of_request::<axum::Form<Page>>(request("GET", "/", "", "")).await,
        of_request::<RawForm>(bad("", b"")).await,
        of_request::<String>(bad("", b"\xff")).await,
    ];
    let codes: Vec<_> = statuses.iter().map(|status| status.code().as_u16()).collect();
    assert_eq!(codes, [500, 500, 500, 500, 500, 400, 400, 422, 415, 415, 422, 400, 415, 400]);
}

#[tokio::test]
async fn extractors_are_responses_and_convert_as_axums() {
    use axum::response::IntoResponse;

    let response = Json(json!({ "a": 1 })).into_response();
    assert_eq!(field(response.headers(), "content-type").as_deref(), Some("application/json"));
    assert_eq!(crate::common::read(response).await.1, &br#"{"a":1}"#[..]);
    let response = Form(BTreeMap::from([("a", 1)])).into_response();
    assert_eq!(field(response.headers(), "content-type").as_deref(), Some(FORM));
    // A key that is not a string cannot be serialized.
    let unserializable = Json(BTreeMap::from([((1, 2), 3)])).into_response();
    assert_eq!(unserializable.status(), 500);
    assert!(unserializable.extensions().get::<Status>().unwrap().source().is_some());

    let mut json: Json<Vec<u8>> = vec![1].into();
    json.push(2);
    assert_eq!(json.len(), 2);
    assert_eq!(*Json::<Vec<u8>>::from_bytes(b"[1]").unwrap(), [1]);
    assert_eq!(Json::<Vec<u8>>::from_bytes(b"[").unwrap_err().code(), 400);
    assert_eq!(Query::<Page>::try_from_uri(&"/?page=1".parse().unwrap()).unwrap().page, 1);

    let optional = Router::new()
        .route("/", post(async |page: Option<Json<Page>>| page.map_or_else(String::new, |page| page.page.to_string())))
        .route("/path", get(async |path: Option<Path<u8>>| format!("{:?}", path.map(|path| *path))));
    let rows = [
        ("application/json", r#"{"page":7}"#, 200, "7"),
        ("", "", 200, ""),
        ("text/plain", "", 415, ""),
        ("application/json", "{}", 422, ""),
    ];
    for (content_type, body, code, expected) in rows {
        let (head, body) = send(&optional, request("POST", "/", content_type, body)).await;
        assert_eq!(head.status, code, "{content_type}");
        if code == 200 {
            assert_eq!(text(&body), expected, "{content_type}");
        }
    }
    assert_eq!(send(&optional, request("GET", "/path", "", "")).await.1, "None");
}

#[tokio::test]
async fn method_and_body_limits_are_the_routers() {
    let app = Router::new().route("/", post(async |_: Json<Value>| ())).layer(StatusMapLayer::new());
    let (head, _) = send(&app, request(Method::GET.as_str(), "/", "", "")).await;
    assert_eq!((head.status.as_u16(), field(&head.headers, "allow").as_deref()), (405, Some("POST")));
}
