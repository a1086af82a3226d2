//! `debug(true)`: the developer's page, and the same in every other format.

use std::{num::ParseIntError, time::Duration};

use serde_json::{Value, json};
use tower_status::{BoxError, IntoStatus, Status, StatusMapLayer};

use crate::common::{
    FORMATS, all_text,
    error::{SoldOut, wrapped},
    fail, full, get, json, send, text,
};

fn layer() -> StatusMapLayer {
    StatusMapLayer::new().debug(true)
}

#[derive(Debug, thiserror::Error)]
#[error("the shop failed")]
struct ShopFailed(#[source] BoxError);

impl IntoStatus for ShopFailed {
    fn status(&self) -> Status {
        Status::bad_gateway()
    }
}

fn parse_error() -> ParseIntError {
    "x".parse::<u8>().unwrap_err()
}

async fn elapsed() -> BoxError {
    let slow = tower::service_fn(|()| std::future::pending::<Result<(), BoxError>>());
    let slow = tower::timeout::Timeout::new(slow, Duration::ZERO);
    tower::ServiceExt::oneshot(slow, ()).await.unwrap_err()
}

#[tokio::test]
async fn debug_member_has_the_chain_with_known_types_and_what_mapped_the_error() {
    let of_mapper = || layer().map_error(|_: &ParseIntError| Some(Status::bad_request()));
    let recognizing = || layer().recognize::<SoldOut>();
    let shop = concat!(module_path!(), "::ShopFailed: the shop failed");
    let parse = "core::num::error::ParseIntError: invalid digit found in string";
    let sold_out = "status_map::common::error::SoldOut: sold out";
    let rows: Vec<(&str, StatusMapLayer, Status, Value)> = vec![
        ("no source", layer(), Status::not_found(), json!({ "errors": [] })),
        ("its own status", layer(), ShopFailed(parse_error().into()).into(), json!({ "errors": [shop, parse] })),
        ("with_source", layer(), Status::bad_request().with_source(parse_error()), json!({ "errors": [parse] })),
        (
            "an io::Error of a text",
            layer(),
            std::io::Error::other("it failed").into(),
            json!({ "errors": ["std::io::error::Error: it failed"], "mapped_by": "unmapped" }),
        ),
        ("a text", layer(), Status::bad_request().with_source("text"), json!({ "errors": ["text"] })),
        (
            "unmapped",
            layer(),
            Status::from_error(wrapped("cause")),
            json!({ "errors": ["secret wrapper", "cause"], "mapped_by": "unmapped" }),
        ),
        (
            "map_error",
            of_mapper(),
            Status::from_error(wrapped(parse_error())),
            json!({ "errors": ["secret wrapper", parse], "mapped_by": "map_error::<core::num::error::ParseIntError>" }),
        ),
        (
            "recognize",
            recognizing(),
            Status::from_error(BoxError::from(SoldOut)),
            json!({ "errors": [sold_out], "mapped_by": "recognize::<status_map::common::error::SoldOut>" }),
        ),
        (
            "built in",
            layer(),
            Status::from_error(elapsed().await),
            json!({ "errors": ["tower::timeout::error::Elapsed: request timed out"], "mapped_by": "built in" }),
        ),
        (
            "map_status",
            layer().map_status(|_, _| Status::from_error(parse_error())),
            Status::not_found(),
            json!({ "errors": [parse], "mapped_by": "unmapped" }),
        ),
        (
            "an io::Error",
            layer(),
            std::io::Error::other(parse_error()).into(),
            json!({ "errors": ["std::io::error::Error: invalid digit found in string", parse], "mapped_by": "unmapped" }),
        ),
    ];
    for (name, layer, status, expected) in rows {
        let (_, body) = fail(&layer, get("/", &[]), status).await;
        assert_eq!(json(&body)["debug"], expected, "{name}");
    }
}

#[tokio::test]
async fn nothing_is_shown_without_debug_and_all_of_it_in_every_format_with_it() {
    let status = || Status::from_error(ShopFailed("secret <cause>".into())).with_extension("order", "secret order");
    let status =
        || Status::bad_gateway().with_detail("the secret detail").with_extension("order", 8).with_source(status());
    for (accept, content_type) in FORMATS {
        let request = || get("/", &[("accept", accept), ("x-request-id", "r-1")]);
        let (parts, body) = fail(&StatusMapLayer::new().debug(false), request(), status()).await;
        assert!(!all_text(&parts, &body).contains("secret"), "{body:?}");
        let (parts, body) = fail(&layer(), request(), status()).await;
        assert_eq!(parts.headers["content-type"], content_type);
        let cause = if accept == "text/html" { "secret &lt;cause&gt;" } else { "secret <cause>" };
        for part in ["ShopFailed: the shop failed", cause, "secret detail", "r-1", "order"] {
            assert!(text(&body).contains(part), "{part}: {}", text(&body));
        }
        // GET's length.
        let mut head = request();
        *head.method_mut() = http::Method::HEAD;
        let (parts, empty) = fail(&layer(), head, status()).await;
        assert_eq!((parts.headers["content-length"].to_str().unwrap(), empty.len()), (&*body.len().to_string(), 0));
    }
    let page = |layer: StatusMapLayer| async move {
        let (_, body) = fail(&layer, get("/", &[("accept", "text/html")]), Status::from_error("it failed")).await;
        text(&body).to_owned()
    };
    let with = page(layer()).await;
    for part in ["For the developer of this server", "<li><code>it failed</code></li>", "<code>unmapped</code>"] {
        assert!(with.contains(part), "{part}: {with}");
    }
    assert!(!page(StatusMapLayer::new()).await.contains("developer"));
}

#[tokio::test]
async fn member_of_the_application_named_debug_is_shown_only_without_debug() {
    let status = Status::not_found().with_extension("debug", "own");
    let (_, body) = fail(&StatusMapLayer::new(), get("/", &[]), status.clone()).await;
    assert_eq!(json(&body)["debug"], "own");
    let (_, body) = fail(&layer(), get("/", &[]), status).await;
    assert_eq!(json(&body)["debug"], json!({ "errors": [] }));
    assert_eq!(text(&body).matches("debug").count(), 1);
}

#[tokio::test]
async fn kept_bodies_and_successes_are_unchanged_with_debug() {
    let json = ("content-type", "application/json");
    for status in [200, 404] {
        let (_, body) = send(&layer(), get("/", &[]), Ok::<_, Status>(full(status, &[json], "{}"))).await;
        assert_eq!(text(&body), "{}");
    }
}

#[tokio::test]
async fn long_texts_are_cut() {
    let status = Status::bad_request().with_source("ä".repeat(100_000));
    let (_, body) = fail(&layer(), get("/", &[]), status).await;
    assert_eq!(json(&body)["debug"]["errors"][0], format!("{}…", "ä".repeat(1024)));
}

#[cfg(feature = "anyhow")]
#[test]
fn backtrace_of_anyhow_is_shown() {
    // Its environment has RUST_BACKTRACE.
    crate::common::in_its_own_process("debug::backtrace_of_anyhow_is_shown", || {
        let error = || anyhow::anyhow!("it failed").context("the context");
        let (_, body) = crate::common::now(fail(&layer(), get("/", &[]), error()));
        let debug = &json(&body)["debug"];
        assert_eq!(debug["errors"], json!(["the context", "it failed"]));
        assert!(debug["backtrace"][0].as_str().unwrap().trim_start().starts_with("0: "), "{debug}");
        let html = get("/", &[("accept", "text/html")]);
        let (_, body) = crate::common::now(fail(&layer(), html, error()));
        assert!(text(&body).contains("<pre tabindex=\"0\">   0: "), "{}", text(&body));
    });
}
