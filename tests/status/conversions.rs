//! Conversions into [`Status`], and what it prints.

// A test that meets the unexpected fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    cell::Cell,
    error::Error,
    fmt,
    future::ready,
    io::{self, ErrorKind},
};

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{BoxError, IntoStatus, OrStatus, Status, StatusMapLayer};

/// What it is, the error, its code, its detail, and its chain of sources.
type Row<E> = (&'static str, E, u16, Option<&'static str>, &'static [&'static str]);

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

/// Writes `written`, then fails.
#[derive(Debug)]
struct Mute(&'static str);

impl fmt::Display for Mute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        Err(fmt::Error)
    }
}

impl Error for Mute {}

impl IntoStatus for Mute {
    fn status(&self) -> Status {
        Status::conflict()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("wrapped")]
struct Wrapper(#[source] BoxError);

fn chain(status: &Status) -> Vec<String> {
    std::iter::successors(status.source(), |error| (*error).source()).map(ToString::to_string).collect()
}

/// The code and the detail that a client gets.
async fn answered<E: Into<Status>>(error: E) -> (u16, Option<String>) {
    let mut error = Some(error);
    let inner = service_fn(|_: Request<()>| ready(Err::<Response<String>, _>(error.take().unwrap())));
    let response = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
    let code = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem = serde_json::from_slice::<serde_json::Value>(&body).unwrap();
    let detail = problem["detail"].as_str().unwrap();
    let explanation = tower_status::catalog::get(code).unwrap().explanation;
    (code.as_u16(), (detail != explanation).then(|| detail.to_owned()))
}

#[test]
fn from() {
    let boxed = |error: BoxError| Status::from(error);
    let io = |kind| Status::from(io::Error::new(kind, "inside"));
    #[rustfmt::skip]
    let rows: [Row<Status>; 22] = [
        ("a code", StatusCode::GONE.into(), 410, None, &[]),
        ("an interim code", StatusCode::CONTINUE.into(), 500, None, &[]),
        ("an unregistered code", StatusCode::from_u16(499).unwrap().into(), 499, None, &[]),
        ("a code and a text", (StatusCode::GONE, "sold out").into(), 410, Some("sold out"), &[]),
        ("a code and a String", (StatusCode::GONE, String::from("sold out")).into(), 410, Some("sold out"), &[]),
        ("IntoStatus: Display is the detail", no_such_order(7).into(), 404, Some("order 7 does not exist"), &["order 7 does not exist", "the cause"]),
        ("IntoStatus: a detail of its own", no_such_order(0).into(), 404, Some("chosen"), &["order 0 does not exist", "the cause"]),
        ("io::Error, the client's fault?", io(ErrorKind::NotFound), 500, None, &["inside"]),
        ("io::Error, the client's fault?", io(ErrorKind::PermissionDenied), 500, None, &["inside"]),
        ("io::Error, the client's fault?", io(ErrorKind::InvalidInput), 500, None, &["inside"]),
        ("io::Error, the client's fault?", io(ErrorKind::TimedOut), 500, None, &["inside"]),
        ("io::Error, the client's fault?", io(ErrorKind::UnexpectedEof), 500, None, &["inside"]),
        ("io::Error without a cause", io::Error::from(ErrorKind::NotFound).into(), 500, None, &["entity not found"]),
        ("a boxed text", boxed("inside".into()), 500, None, &["inside"]),
        ("a boxed Status", boxed(Status::gone().with_detail("sold out").into()), 410, Some("sold out"), &[]),
        ("a boxed IntoStatus: the layer decides", boxed(no_such_order(7).into()), 500, None, &["order 7 does not exist", "the cause"]),
        ("from_error, a text", Status::from_error("inside"), 500, None, &["inside"]),
        ("from_error, a String", Status::from_error(String::from("inside")), 500, None, &["inside"]),
        ("from_error, an error", Status::from_error(no_such_order(7)), 500, None, &["order 7 does not exist", "the cause"]),
        ("from_error, a Status", Status::from_error(Status::gone()), 410, None, &[]),
        ("from_error, a Status in a box in a box", Status::from_error(BoxError::from(Status::gone())), 410, None, &[]),
        ("from_error, a wrapper: the layer decides", Status::from_error(Wrapper(Status::gone().into())), 500, None, &["wrapped", "410 Gone"]),
    ];
    for (what, status, code, detail, sources) in rows {
        assert_eq!(status.code(), code, "{what}");
        assert_eq!(status.detail(), detail, "{what}");
        assert_eq!(chain(&status), sources, "{what}");
        assert_eq!(status.headers().len() + status.extensions().len(), 0, "{what}");
    }
    assert!(Status::from(no_such_order(7)).source().unwrap().is::<NoSuchOrder>());
}

#[tokio::test]
async fn a_status_in_a_carrier_is_found() {
    let gone = || Status::gone().with_detail("sold out");
    let found = (410, Some("sold out".to_owned()));
    assert_eq!(answered(BoxError::from(gone())).await, found, "boxed");
    assert_eq!(answered(Status::from_error(Wrapper(gone().into()))).await, found, "wrapped");
    assert_eq!(answered(io::Error::other(gone())).await, found, "through get_ref");
    assert_eq!(answered(BoxError::from(io::Error::other(Wrapper(gone().into())))).await, found, "both");
    assert_eq!(answered(io::Error::new(ErrorKind::NotFound, "inside")).await, (500, None));
    assert_eq!(answered(BoxError::from("inside")).await, (500, None));
}

#[cfg(feature = "anyhow")]
#[tokio::test]
async fn anyhow_errors() {
    use anyhow::{Context, Error, anyhow};

    let gone = || Status::gone().with_detail("sold out");
    let context = |text: &'static str| Err::<(), _>(io::Error::other("the cause")).context(text).unwrap_err();
    #[rustfmt::skip]
    let rows: [Row<Error>; 7] = [
        ("a text", anyhow!("inside"), 500, None, &["inside"]),
        ("an error", Error::new(io::Error::other("the cause")), 500, None, &["the cause"]),
        ("an error with a context", context("reading"), 500, None, &["reading", "the cause"]),
        ("a Status", Error::new(gone()), 410, Some("sold out"), &[]),
        ("a Status with a context", Error::new(gone()).context("reading"), 410, Some("sold out"), &["reading", "410 Gone: sold out"]),
        ("a Status as the context", Error::new(io::Error::other("the cause")).context(gone()), 410, Some("sold out"), &["410 Gone: sold out", "the cause"]),
        ("a Status under two contexts", Error::new(gone()).context("a").context("b"), 410, Some("sold out"), &["b", "a", "410 Gone: sold out"]),
    ];
    for (what, error, code, detail, sources) in rows {
        let status = Status::from(error);
        let found = chain(&status);
        assert_eq!(found, sources, "{what}");
        assert_eq!(answered(status).await, (code, detail.map(str::to_owned)), "{what}");
    }
    let wrapped = Error::new(Wrapper(gone().into())).context("reading");
    assert_eq!(answered(wrapped).await, (410, Some("sold out".to_owned())), "deeper in the chain");
}

#[test]
fn or_status() {
    let asked = Cell::new(0);
    let lazy = || {
        asked.set(asked.get() + 1);
        Status::bad_gateway()
    };
    assert_eq!(Some(1).or_status(StatusCode::NOT_FOUND).unwrap(), 1);
    assert_eq!(Some(1).or_status_with(lazy).unwrap(), 1);
    assert_eq!(Ok::<_, io::Error>(1).or_status_with(lazy).unwrap(), 1);
    assert_eq!(asked.get(), 0, "made only where it is needed");

    let parsed = || "x".parse::<u32>();
    let message = parsed().unwrap_err().to_string();
    let boxed = || Err::<(), BoxError>("boxed".into());
    #[rustfmt::skip]
    let rows = [
        (None::<()>.or_status(StatusCode::NOT_FOUND).unwrap_err(), 404, None, None),
        (None::<()>.or_status((StatusCode::BAD_REQUEST, "say which")).unwrap_err(), 400, Some("say which"), None),
        (None::<()>.or_status_with(lazy).unwrap_err(), 502, None, None),
        (parsed().or_status(Status::bad_request()).unwrap_err(), 400, None, Some(message.as_str())),
        (parsed().or_status(Status::bad_request().with_source("old")).unwrap_err(), 400, None, Some(message.as_str())),
        (parsed().or_status_with(lazy).unwrap_err(), 502, None, Some(message.as_str())),
        (boxed().or_status(StatusCode::GONE).unwrap_err(), 410, None, Some("boxed")),
        (Err::<(), _>("a text").or_status(StatusCode::GONE).unwrap_err(), 410, None, Some("a text")),
    ];
    for (status, code, detail, source) in rows {
        assert_eq!(status.code(), code);
        assert_eq!(status.detail(), detail, "{code}");
        assert_eq!(status.source().map(ToString::to_string).as_deref(), source, "{code}");
    }
    assert_eq!(asked.get(), 2);
}

#[tokio::test]
async fn a_display_that_fails_keeps_what_it_wrote() {
    for (written, detail) in [("", None), ("half a sent", Some("half a sent"))] {
        let status = Status::from(Mute(written));
        assert_eq!((status.code().as_u16(), status.detail()), (409, detail));
        // Logged as well.
        let sink = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
        let sink = sink.with_writer(io::sink).finish();
        let guard = tracing_subscriber::util::SubscriberInitExt::set_default(sink);
        assert_eq!(answered(Mute(written)).await, (409, detail.map(str::to_owned)));
        assert_eq!(answered(Status::from_error(Mute(written))).await, (500, None));
        assert_eq!(answered(Status::from_error(Wrapper(Mute(written).into()))).await, (500, None));
        drop(guard);
    }
}

#[test]
fn display_is_what_a_client_would_see() {
    #[rustfmt::skip]
    let rows = [
        (Status::not_found(), "404 Not Found"),
        (Status::not_found().with_detail("order 8"), "404 Not Found: order 8"),
        (Status::not_found().with_title("No such order").with_detail("8"), "404 No such order: 8"),
        (Status::payload_too_large(), "413 Content Too Large"), // the registry's title
        (Status::internal_server_error().with_detail("secret"), "500 Internal Server Error"),
        (Status::internal_server_error().with_detail("shown").expose(), "500 Internal Server Error: shown"),
        (Status::permission_denied().with_detail("shown"), "550 Permission Denied: shown"), // counts as a 4xx
        (Status::from_error("secret"), "500 Internal Server Error"),
    ];
    for (status, expected) in rows {
        assert_eq!(status.to_string(), expected);
    }
}

#[test]
fn debug_says_everything_to_the_developer() {
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
fn a_clone_is_its_own() {
    let first = Status::gone().with_detail("first").with_header("x-a", "1").with_extension("e", 1);
    let second = first.clone().with_detail("second").with_header("x-a", "2").with_extension("e", 2).expose();
    assert_eq!((first.detail(), second.detail()), (Some("first"), Some("second")));
    assert_eq!((first.headers().len(), second.headers().len()), (1, 2));
    assert_eq!((first.is_exposed(), second.is_exposed()), (false, true));
    assert_eq!(first.extension("e").unwrap(), 1);
    assert_eq!(Error::source(&first.with_source("why")).unwrap().to_string(), "why");
}
