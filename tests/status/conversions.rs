//! Conversions into [`Status`], and its Display and Debug.

use std::{
    cell::Cell,
    error::Error,
    fmt,
    io::{self, ErrorKind},
};

use http::StatusCode;
use tower_status::{BoxError, IntoStatus, OrStatus, Status, StatusMapLayer};

use crate::common::{self, default_detail, error::Wrapper, get, json};

/// An error, and the expected status.
struct Case<E> {
    name: &'static str,
    error: E,
    code: u16,
    detail: Option<&'static str>,
    /// The chain of sources.
    sources: &'static [&'static str],
}

fn case<E>(name: &'static str, error: E, code: u16) -> Case<E> {
    Case { name, error, code, detail: None, sources: &[] }
}

impl<E> Case<E> {
    fn detail(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    fn sources(self, sources: &'static [&'static str]) -> Self {
        Self { sources, ..self }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("order {0} does not exist")]
struct NoSuchOrder(u64, #[source] io::Error);

impl IntoStatus for NoSuchOrder {
    fn status(&self) -> Status {
        let status = Status::not_found().with_source("replaced");
        if self.0 == 0 { status.with_detail("chosen") } else { status }
    }
}

fn no_such_order(id: u64) -> NoSuchOrder {
    NoSuchOrder(id, io::Error::other("the cause"))
}

/// Its `Display` writes the text, then fails.
#[derive(Debug)]
struct Unprintable(&'static str);

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        Err(fmt::Error)
    }
}

impl Error for Unprintable {}

impl IntoStatus for Unprintable {
    fn status(&self) -> Status {
        Status::conflict()
    }
}

fn chain(status: &Status) -> Vec<String> {
    std::iter::successors(status.source(), |error| (*error).source()).map(ToString::to_string).collect()
}

/// Returns the code and the detail of the response, unless the detail is the default one of the code.
async fn shown<E: Into<Status>>(error: E) -> (u16, Option<String>) {
    let (parts, body) = common::fail(&StatusMapLayer::new(), get("/", &[]), error).await;
    let problem = json(&body);
    let detail = problem["detail"].as_str().unwrap();
    (parts.status.as_u16(), (detail != default_detail(parts.status)).then(|| detail.to_owned()))
}

#[test]
fn each_conversion_keeps_code_detail_and_source() {
    let boxed = |error: BoxError| Status::from(error);
    let io = |kind| Status::from(io::Error::new(kind, "inside"));
    #[rustfmt::skip]
    let rows = [
        case("a code", StatusCode::GONE.into(), 410),
        case("a 1xx code", StatusCode::CONTINUE.into(), 500),
        case("an unregistered code", common::code(499).into(), 499),
        case("a code and a &str", (StatusCode::GONE, "sold out").into(), 410).detail("sold out"),
        case("a code and a String", (StatusCode::GONE, String::from("sold out")).into(), 410).detail("sold out"),
        case("IntoStatus without a detail", no_such_order(7).into(), 404)
            .detail("order 7 does not exist").sources(&["order 7 does not exist", "the cause"]),
        case("IntoStatus with a detail", no_such_order(0).into(), 404)
            .detail("chosen").sources(&["order 0 does not exist", "the cause"]),
        // The kind of an `io::Error` never means that the client is at fault.
        case("io::Error, NotFound", io(ErrorKind::NotFound), 500).sources(&["inside"]),
        case("io::Error, PermissionDenied", io(ErrorKind::PermissionDenied), 500).sources(&["inside"]),
        case("io::Error, InvalidInput", io(ErrorKind::InvalidInput), 500).sources(&["inside"]),
        case("io::Error, TimedOut", io(ErrorKind::TimedOut), 500).sources(&["inside"]),
        case("io::Error, UnexpectedEof", io(ErrorKind::UnexpectedEof), 500).sources(&["inside"]),
        case("io::Error without a cause", io::Error::from(ErrorKind::NotFound).into(), 500).sources(&["entity not found"]),
        case("a boxed text", boxed("inside".into()), 500).sources(&["inside"]),
        case("a boxed Status", boxed(Status::gone().with_detail("sold out").into()), 410).detail("sold out"),
        case("a boxed IntoStatus, which the layer resolves", boxed(no_such_order(7).into()), 500)
            .sources(&["order 7 does not exist", "the cause"]),
        case("from_error, a &str", Status::from_error("inside"), 500).sources(&["inside"]),
        case("from_error, a String", Status::from_error(String::from("inside")), 500).sources(&["inside"]),
        case("from_error, an error", Status::from_error(no_such_order(7)), 500)
            .sources(&["order 7 does not exist", "the cause"]),
        case("from_error, a Status", Status::from_error(Status::gone()), 410),
        case("from_error, a boxed Status", Status::from_error(BoxError::from(Status::gone())), 410),
        case("from_error, a wrapper, which the layer resolves", Status::from_error(Wrapper(Status::gone().into())), 500)
            .sources(&["secret wrapper", "410 Gone"]),
    ];
    for Case { name, error: status, code, detail, sources } in rows {
        assert_eq!(status.code(), code, "{name}");
        assert_eq!(status.detail(), detail, "{name}");
        assert_eq!(chain(&status), sources, "{name}");
        assert_eq!(status.headers().len() + status.extensions().len(), 0, "{name}");
    }
    assert!(Status::from(no_such_order(7)).source().unwrap().is::<NoSuchOrder>());
}

#[tokio::test]
async fn a_status_in_a_carrier_is_resolved() {
    let gone = || Status::gone().with_detail("sold out");
    let found = (410, Some("sold out".to_owned()));
    assert_eq!(shown(BoxError::from(gone())).await, found, "in a box");
    assert_eq!(shown(Status::from_error(Wrapper(gone().into()))).await, found, "as the cause of an error");
    assert_eq!(shown(io::Error::other(gone())).await, found, "in an io::Error");
    assert_eq!(shown(BoxError::from(io::Error::other(Wrapper(gone().into())))).await, found, "in all three");
    assert_eq!(shown(io::Error::new(ErrorKind::NotFound, "inside")).await, (500, None));
    assert_eq!(shown(BoxError::from("inside")).await, (500, None));
}

#[cfg(feature = "anyhow")]
#[tokio::test]
async fn an_anyhow_error_keeps_its_chain_and_a_status_in_it_is_resolved() {
    use anyhow::{Context, Error, anyhow};

    let gone = || Status::gone().with_detail("sold out");
    let cause = || Error::new(io::Error::other("the cause"));
    let context = |text: &'static str| Err::<(), _>(io::Error::other("the cause")).context(text).unwrap_err();
    #[rustfmt::skip]
    let rows = [
        case("a text", anyhow!("inside"), 500).sources(&["inside"]),
        case("an error", cause(), 500).sources(&["the cause"]),
        case("an error with a context", context("reading"), 500).sources(&["reading", "the cause"]),
        case("a Status", Error::new(gone()), 410).detail("sold out"),
        case("a Status with a context", Error::new(gone()).context("reading"), 410)
            .detail("sold out").sources(&["reading", "410 Gone: sold out"]),
        case("a Status as the context", cause().context(gone()), 410)
            .detail("sold out").sources(&["410 Gone: sold out", "the cause"]),
        case("a Status with two contexts", Error::new(gone()).context("a").context("b"), 410)
            .detail("sold out").sources(&["b", "a", "410 Gone: sold out"]),
    ];
    for Case { name, error, code, detail, sources } in rows {
        let status = Status::from(error);
        assert_eq!(chain(&status), sources, "{name}");
        assert_eq!(shown(status).await, (code, detail.map(str::to_owned)), "{name}");
    }
    let wrapped = Error::new(Wrapper(gone().into())).context("reading");
    assert_eq!(shown(wrapped).await, (410, Some("sold out".to_owned())), "deeper in the chain");
}

#[test]
fn or_status_turns_none_and_err_into_the_status_with_the_error_as_its_source() {
    let calls = Cell::new(0);
    let lazy = || {
        calls.set(calls.get() + 1);
        Status::bad_gateway()
    };
    assert_eq!(Some(1).or_status(StatusCode::NOT_FOUND).unwrap(), 1);
    assert_eq!(Some(1).or_status_with(lazy).unwrap(), 1);
    assert_eq!(Ok::<_, io::Error>(1).or_status_with(lazy).unwrap(), 1);
    assert_eq!(calls.get(), 0, "a value needs no status");

    let parse = || "x".parse::<u32>();
    let boxed = || Err::<(), BoxError>("boxed".into());
    let invalid = &["invalid digit found in string"];
    #[rustfmt::skip]
    let rows = [
        case("None", None::<()>.or_status(StatusCode::NOT_FOUND).unwrap_err(), 404),
        case("None, a detail", None::<()>.or_status((StatusCode::BAD_REQUEST, "which one?")).unwrap_err(), 400)
            .detail("which one?"),
        case("None, lazy", None::<()>.or_status_with(lazy).unwrap_err(), 502),
        case("Err", parse().or_status(Status::bad_request()).unwrap_err(), 400).sources(invalid),
        case("Err, a status with a source", parse().or_status(Status::bad_request().with_source("old")).unwrap_err(), 400)
            .sources(invalid),
        case("Err, lazy", parse().or_status_with(lazy).unwrap_err(), 502).sources(invalid),
        case("a boxed error", boxed().or_status(StatusCode::GONE).unwrap_err(), 410).sources(&["boxed"]),
        case("a text", Err::<(), _>("a text").or_status(StatusCode::GONE).unwrap_err(), 410).sources(&["a text"]),
    ];
    for Case { name, error: status, code, detail, sources } in rows {
        assert_eq!(status.code(), code, "{name}");
        assert_eq!(status.detail(), detail, "{name}");
        assert_eq!(chain(&status), sources, "{name}");
    }
    assert_eq!(calls.get(), 2);
}

#[tokio::test]
async fn text_before_a_display_fails_becomes_the_detail() {
    for (written, detail) in [("", None), ("half a sent", Some("half a sent"))] {
        let status = Status::from(Unprintable(written));
        assert_eq!((status.code().as_u16(), status.detail()), (409, detail));
        // The log line prints it as well.
        let sink = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
        let sink = sink.with_writer(io::sink).finish();
        let guard = tracing_subscriber::util::SubscriberInitExt::set_default(sink);
        assert_eq!(shown(Unprintable(written)).await, (409, detail.map(str::to_owned)));
        assert_eq!(shown(Status::from_error(Unprintable(written))).await, (500, None));
        assert_eq!(shown(Status::from_error(Wrapper(Unprintable(written).into()))).await, (500, None));
        drop(guard);
    }
}

#[test]
fn display_shows_what_the_client_may_see() {
    #[rustfmt::skip]
    let rows = [
        (Status::not_found(), "404 Not Found"),
        (Status::not_found().with_detail("order 8"), "404 Not Found: order 8"),
        (Status::not_found().with_title("No such order").with_detail("8"), "404 No such order: 8"),
        (Status::payload_too_large(), "413 Content Too Large"), // the title in the registry
        (Status::internal_server_error().with_detail("secret"), "500 Internal Server Error"),
        (Status::internal_server_error().with_detail("shown").expose(), "500 Internal Server Error: shown"),
        (Status::permission_denied().with_detail("shown"), "550 Permission Denied: shown"), // 550 counts as a 4xx
        (Status::from_error("secret"), "500 Internal Server Error"),
    ];
    for (status, expected) in rows {
        assert_eq!(status.to_string(), expected);
    }
}

#[test]
fn debug_shows_everything() {
    let status = Status::service_unavailable()
        .with_title("the title")
        .with_detail("the detail")
        .with_type("/the-type")
        .with_instance("/the-instance")
        .with_header("x-the-header", "the value")
        .with_extension("the-member", 42)
        .with_source(io::Error::other("the source"));
    for form in [format!("{status:?}"), format!("{status:#?}")] {
        for part in ["Status", "503", "the title", "the detail", "/the-type", "/the-instance"] {
            assert!(form.contains(part), "{part}: {form}");
        }
        for part in ["x-the-header", "the value", "the-member", "42", "the source"] {
            assert!(form.contains(part), "{part}: {form}");
        }
    }
    assert!(format!("{:?}", Status::gone()).contains("410"));
}

#[test]
fn a_changed_clone_leaves_the_original_unchanged() {
    let first = Status::gone().with_detail("first").with_header("x-a", "1").with_extension("e", 1);
    let second = first.clone().with_detail("second").with_header("x-a", "2").with_extension("e", 2).expose();
    assert_eq!((first.detail(), second.detail()), (Some("first"), Some("second")));
    assert_eq!((first.headers().len(), second.headers().len()), (1, 2));
    assert_eq!((first.is_exposed(), second.is_exposed()), (false, true));
    assert_eq!(first.extension("e").unwrap(), 1);
    assert_eq!(Error::source(&first.with_source("why")).unwrap().to_string(), "why");
}
