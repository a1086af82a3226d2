//! `map_status`: the response whose code it changes.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use tower_status::{Context, KeepBody, Status, StatusMapLayer};

use crate::common::{Reports, fail, full, get, send, text};

type Outcome = Result<Response<Full<Bytes>>, Status>;

const TEXT: (&str, &str) = ("content-type", "text/plain");
const COOKIE: (&str, &str) = ("set-cookie", "a=1");

/// An outcome that `map_status` changes, and the expected response.
struct Case {
    name: &'static str,
    layer: StatusMapLayer,
    outcome: Outcome,
    code: u16,
    /// Part of the body; an empty text if there is none.
    body: &'static str,
    removed: &'static [&'static str],
    present: &'static [&'static str],
}

impl Case {
    fn removed(self, removed: &'static [&'static str]) -> Self {
        Self { removed, ..self }
    }

    fn present(self, present: &'static [&'static str]) -> Self {
        Self { present, ..self }
    }

    async fn check(self) {
        let Self { name, layer, outcome, code, body, removed, present } = self;
        let reports = Reports::default();
        let (parts, bytes) = send(&reports.record(layer), get("/", &[]), outcome).await;
        let seen = text(&bytes);
        assert_eq!(parts.status, code, "{name}");
        assert!(seen.contains(body) && (!body.is_empty() || seen.is_empty()), "{name}: {seen}");
        assert!(!seen.contains("secret"), "{name}: {seen}");
        for field in removed {
            assert!(!parts.headers.contains_key(*field), "{name}: {field} in {parts:?}");
        }
        for field in present {
            assert!(parts.headers.contains_key(*field), "{name}: no {field} in {parts:?}");
        }
        let reported = if code < 400 { vec![] } else { vec![code] };
        assert_eq!(reports.take(), reported, "{name}");
    }
}

/// Returns a 403 whose parts are all secret.
fn forbidden() -> Status {
    let status = Status::forbidden().with_detail("secret").with_title("secret").with_header("x-secret", "1");
    status.with_extension("secret", 1).with_type("/secret").with_instance("/secret")
}

#[allow(clippy::unnecessary_wraps)] // the outcome of a service
fn json(code: u16) -> Outcome {
    let fields = [("content-type", "application/json"), ("etag", "\"secret\""), COOKIE];
    Ok(full(code, &fields, "{\"secret\":1}"))
}

#[allow(clippy::unnecessary_wraps)] // the outcome of a service
fn with_keep_body(code: u16) -> Outcome {
    let mut response = full(code, &[TEXT, COOKIE], "secret");
    response.extensions_mut().insert(KeepBody);
    Ok(response)
}

#[tokio::test]
async fn a_concealed_status_leaves_only_unrelated_fields() {
    let case = |name, outcome| Case {
        name,
        layer: StatusMapLayer::new().map_status(|_, _| Status::not_found()),
        outcome,
        code: 404,
        body: "Not Found",
        removed: &[],
        present: &[],
    };
    let text = Ok(full(403, &[TEXT, ("content-length", "6")], "secret"));
    let five_hundred = Err((StatusCode::INTERNAL_SERVER_ERROR, "secret").into());
    for case in [
        case("a Status", Err(forbidden())).removed(&["x-secret"]),
        case("a challenge", Err(Status::unauthorized("secret"))).removed(&["www-authenticate"]),
        case("the default challenge", Err(StatusCode::UNAUTHORIZED.into())).removed(&["www-authenticate"]),
        case("an unmapped error", Err(Status::from_error("secret"))),
        case("a 5xx with a detail", five_hundred),
        case("an empty response", Ok(full(403, &[COOKIE], ""))).present(&["set-cookie"]),
        case("a text", text).removed(&["content-length"]),
        case("JSON", json(403)).removed(&["etag"]).present(&["set-cookie"]),
        case("JSON of a 5xx", json(500)).removed(&["etag"]).present(&["set-cookie"]),
        case("KeepBody", with_keep_body(403)).present(&["set-cookie"]),
    ] {
        case.check().await;
    }
}

#[tokio::test]
async fn a_status_mapped_to_a_redirect_has_only_the_fields_of_the_redirect() {
    let redirect = |_: Status, _: &Context<'_>| Status::see_other("/login").with_header("x-new", "1");
    let case = |name, outcome| Case {
        name,
        layer: StatusMapLayer::new().map_status(redirect),
        outcome,
        code: 303,
        body: "See Other",
        removed: &[],
        present: &["location", "x-new"],
    };
    for case in [
        case("a Status", Err(forbidden())).removed(&["x-secret", "cache-control"]),
        case("JSON", json(401)).removed(&["etag", "www-authenticate"]),
        case("a text of a 5xx", Ok(full(500, &[TEXT], "secret"))),
    ] {
        case.check().await;
    }
}

#[tokio::test]
async fn a_status_mapped_to_a_204_has_no_body() {
    let case = |name, outcome| Case {
        name,
        layer: StatusMapLayer::new().map_status(|_, _| StatusCode::NO_CONTENT.into()),
        outcome,
        code: 204,
        body: "",
        removed: &["etag", "content-type"],
        present: &["set-cookie"],
    };
    for case in [case("JSON", json(404)), case("KeepBody", with_keep_body(404))] {
        case.check().await;
    }
}

#[tokio::test]
async fn a_status_whose_code_is_unchanged_keeps_a_json_body_and_its_fields() {
    let layer = StatusMapLayer::new().map_status(|status, _| status);
    let inner = full(404, &[("content-type", "application/json"), ("etag", "\"a\""), COOKIE], "{\"a\":1}");
    let (parts, body) = send(&layer, get("/", &[]), Ok::<_, Status>(inner)).await;
    assert_eq!((parts.status.as_u16(), text(&body)), (404, "{\"a\":1}"));
    assert!(parts.headers.contains_key("etag") && parts.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_title_that_map_status_sets_is_written() {
    let layer = StatusMapLayer::new().map_status(|status, _| status.with_title("New title"));
    let (_, body) = send(&layer, get("/", &[]), Ok::<_, Status>(full(404, &[TEXT], "it"))).await;
    assert!(text(&body).contains("New title"), "{body:?}");
}

#[tokio::test]
async fn a_carrier_that_map_status_returns_is_resolved() {
    let layer = StatusMapLayer::new()
        .map_error(|_: &std::fmt::Error| Some(Status::conflict()))
        .map_status(|_, _| Status::from_error(std::fmt::Error));
    assert_eq!(fail(&layer, get("/", &[]), Status::not_found()).await.0.status, 409);
}
