//! What is logged: one line for each answer of 400 and above, and a warning for what an application got wrong.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::{self, Debug},
    io,
    sync::Once,
};

use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{BoxError, KeepBody, Status, StatusMapLayer};
use tracing::{Event, Level, Subscriber, field::Field, field::Visit};
use tracing_subscriber::layer::{Context, SubscriberExt};

/// One event: its level, target and fields.
#[derive(Debug)]
struct Line(Level, &'static str, BTreeMap<&'static str, String>);

impl Line {
    fn field(&self, name: &str) -> Option<&str> {
        self.2.get(name).map(String::as_str)
    }
}

thread_local! {
    static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

struct Capture;

impl<S: Subscriber> tracing_subscriber::Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Fields(BTreeMap<&'static str, String>);
        impl Visit for Fields {
            fn record_str(&mut self, field: &Field, value: &str) {
                self.0.insert(field.name(), value.to_owned());
            }
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0.insert(field.name(), format!("{value:?}"));
            }
        }
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        let line = Line(*event.metadata().level(), event.metadata().target(), fields.0);
        LINES.with_borrow_mut(|lines| lines.push(line));
    }
}

/// What this test's thread logs meanwhile: one subscriber for all, since those of other threads come and go.
fn capture() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Capture)).unwrap();
    });
    LINES.take();
}

fn lines() -> Vec<Line> {
    LINES.take().into_iter().filter(|line| line.1 == "tower_status").collect()
}

type Outcome = Result<Response<Full<bytes::Bytes>>, Status>;

async fn send(layer: &StatusMapLayer, request: Request<()>, outcome: Outcome) -> Vec<Line> {
    capture();
    let inner = service_fn(|_: Request<()>| std::future::ready(outcome.clone()));
    let _ = layer.layer(inner).oneshot(request).await.unwrap();
    lines()
}

fn answers(lines: &[Line]) -> Vec<&Line> {
    lines.iter().filter(|line| line.0 != Level::WARN).collect()
}

fn warnings(lines: &[Line]) -> Vec<&str> {
    lines.iter().filter(|line| line.0 == Level::WARN).map(|line| line.field("message").unwrap()).collect()
}

fn response(code: u16, of_type: &'static str, body: &'static str) -> Response<Full<bytes::Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    if !of_type.is_empty() {
        response.headers_mut().insert("content-type", of_type.parse().unwrap());
    }
    response
}

fn code(code: u16) -> Status {
    StatusCode::from_u16(code).unwrap().into()
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Link(&'static str, #[source] Option<BoxError>);

fn link(text: &'static str, cause: impl Into<BoxError>) -> BoxError {
    Link(text, Some(cause.into())).into()
}

#[tokio::test]
async fn one_line_for_each_answer_of_400_and_above() {
    let kept = || {
        let mut response = response(500, "text/plain", "it");
        response.extensions_mut().insert(KeepBody);
        response
    };
    let rows = [
        (Err(code(404)), Some(Level::DEBUG)),
        (Err(code(499)), Some(Level::DEBUG)),
        (Err(code(550)), Some(Level::DEBUG)),
        (Err(code(500)), Some(Level::ERROR)),
        (Err(code(503)), Some(Level::ERROR)),
        (Err(code(599)), Some(Level::ERROR)),
        (Err(Status::from_error("it")), Some(Level::ERROR)),
        (Ok(response(404, "", "")), Some(Level::DEBUG)),
        (Ok(response(404, "application/json", "{}")), Some(Level::DEBUG)),
        (Ok(response(550, "text/plain", "it")), Some(Level::DEBUG)),
        (Ok(response(500, "text/plain", "it")), Some(Level::ERROR)),
        (Ok(response(500, "application/json", "{}")), Some(Level::ERROR)),
        (Ok(kept()), Some(Level::ERROR)),
        (Ok(response(200, "", "")), None),
        (Ok(response(304, "", "")), None),
        (Err(Status::found("/")), None),
    ];
    for fill in [true, false] {
        for (outcome, level) in &rows {
            let layer = StatusMapLayer::new().fill(fill);
            let logged = send(&layer, Request::new(()), outcome.clone()).await;
            assert_eq!(logged.iter().map(|line| line.0).collect::<Vec<_>>(), Vec::from_iter(*level), "{outcome:?}");

            capture();
            let inner = layer.layer(service_fn(|_: Request<()>| std::future::ready(outcome.clone())));
            let _ = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
            assert_eq!(lines().len(), usize::from(level.is_some()), "nested: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn the_line_has_method_path_status_and_request_id() {
    let outcomes = [Err(code(503)), Ok(response(503, "", "")), Err(code(404)), Ok(response(404, "text/html", "it"))];
    for outcome in outcomes {
        for id in [None, Some("r-1"), Some("a b")] {
            let mut request = Request::builder().method("PUT").uri("/a/b?secret=1");
            if let Some(id) = id {
                request = request.header("x-request-id", id);
            }
            let logged = send(&StatusMapLayer::new(), request.body(()).unwrap(), outcome.clone()).await;
            let [line] = &*logged else { panic!("{logged:?}") };
            assert_eq!((line.field("method"), line.field("path")), (Some("PUT"), Some("/a/b")));
            assert!(["404", "503"].contains(&line.field("status").unwrap()), "{line:?}");
            assert_eq!(line.field("request_id"), id.filter(|id| *id == "r-1"));
            assert!(!format!("{line:?}").contains("secret"), "{line:?}");
        }
    }
}

#[tokio::test]
async fn the_error_and_its_whole_chain_are_logged_each_once() {
    let layer = StatusMapLayer::new().map_error(|error: &Link| (error.0 == "known").then(Status::not_found));
    let chain = || link("first", io::Error::other(link("second", "third")));
    let rows: [(&str, Status, &[&str]); 12] = [
        ("boxed", Status::from_error(chain()), &["first", "second", "third"]),
        ("io", io::Error::other(chain()).into(), &["first", "second", "third"]),
        ("a 4xx", code(404).with_source(chain()), &["first", "second", "third"]),
        ("a 5xx", code(502).with_source(chain()), &["first", "second", "third"]),
        (
            "a 5xx and its detail",
            code(502).with_detail("the detail").with_source(chain()),
            &["first", "second", "third", "the detail"],
        ),
        ("known", Status::from_error(link("known", chain())), &["known", "first", "second", "third"]),
        ("known below", Status::from_error(link("above", link("known", "below"))), &["above", "known", "below"]),
        (
            "a carrier below",
            Status::from_error(link("above", Status::from_error(chain()))),
            &["above", "first", "second", "third"],
        ),
        (
            "a status below",
            Status::from_error(link("above", Status::gone().with_source(chain()))),
            &["above", "first", "second", "third"],
        ),
        ("a bare status below", Status::from_error(link("above", Status::gone())), &["above"]),
        (
            "built in",
            Status::from_error(link("above", tower::load_shed::error::Overloaded::new())),
            &["above", "service overloaded"],
        ),
        ("malformed", Status::unauthorized("a\nb"), &["www-authenticate", "401"]),
    ];
    for (name, status, expected) in rows {
        let logged = send(&layer, Request::new(()), Err(status)).await;
        let [line] = &*answers(&logged) else { panic!("{name}: {logged:?}") };
        let text = format!("{:?}", line.2);
        for part in expected {
            assert_eq!(text.matches(part).count(), 1, "{name}: {part} in {text}");
        }
    }
}

#[tokio::test]
async fn the_text_of_an_inner_5xx_is_logged() {
    for of_type in ["text/plain", ""] {
        let logged = send(&StatusMapLayer::new(), Request::new(()), Ok(response(500, of_type, "what happened"))).await;
        assert_eq!(format!("{logged:?}").matches("what happened").count(), 1, "{logged:?}");
    }
}

#[tokio::test]
async fn nothing_from_outside_breaks_the_line() {
    let rows = ["\n", "\r", "\0", "\x1b[31m", "\u{7f}", "\u{85}", "\u{9b}31m", "\u{2028}", "\u{2029}", "a\n\n\u{2028}"];
    for dangerous in rows {
        let text = || format!("<{dangerous}>");
        let source = || io::Error::other(text());
        let uri = http::uri::PathAndQuery::try_from(format!("/<{dangerous}>"));
        let uri = uri.map_or_else(|_| "/".parse().unwrap(), http::Uri::from);
        let outcomes: [(&str, Outcome); 6] = [
            ("error", Err(source().into())),
            ("chain", Err(Status::from_error(link("above", source())))),
            ("detail", Err(code(404).with_detail(text()))),
            ("5xx detail", Err(code(500).with_detail(text()))),
            ("title", Err(code(404).with_title(text()))),
            ("inner text", Ok(response(500, "text/plain", Box::leak(text().into_boxed_str())))),
        ];
        for (name, outcome) in outcomes {
            let request = Request::builder().uri(uri.clone()).body(()).unwrap();
            let logged = send(&StatusMapLayer::new(), request, outcome).await;
            assert_eq!(answers(&logged).len(), 1, "{name} {dangerous:?}");
            for (field, value) in logged.iter().flat_map(|line| &line.2) {
                let breaks = |c: char| c.is_control() || ['\u{2028}', '\u{2029}'].contains(&c);
                assert!(!value.contains(breaks), "{name}: {field} is {value:?}");
            }
            assert!(name == "title" || format!("{logged:?}").contains('<'), "{name}: {logged:?}");
        }
    }
}

#[tokio::test]
async fn a_display_that_fails_is_logged_as_far_as_it_came() {
    #[derive(Debug)]
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far")?;
            Err(fmt::Error)
        }
    }
    impl std::error::Error for Fails {}
    let logged = send(&StatusMapLayer::new(), Request::new(()), Err(Status::from_error(link("above", Fails)))).await;
    assert!(logged[0].field("error").is_some_and(|error| error.contains("above") && error.contains("so far")));
}

#[tokio::test]
async fn a_status_without_what_its_code_demands_is_warned_of() {
    let said = |code: u16, name: &'static str| {
        let status: Status = StatusCode::from_u16(code).unwrap().into();
        if name.is_empty() { status } else { status.with_header(name, "it") }
    };
    let [v11, v2] = [Version::HTTP_11, Version::HTTP_2];
    let rows: [(Outcome, Version, Option<&str>); 20] = [
        (Err(said(405, "")), v11, Some("allow")),
        (Err(said(405, "allow")), v11, None),
        (Err(said(407, "")), v11, Some("proxy-authenticate")),
        (Err(said(407, "proxy-authenticate")), v11, None),
        (Err(said(416, "")), v11, Some("content-range")),
        (Err(Status::range_not_satisfiable(7)), v11, None),
        (Err(said(426, "")), v11, Some("upgrade")),
        (Err(said(426, "upgrade")), v11, None),
        // It was given; HTTP/2 has no place for it.
        (Err(said(426, "upgrade")), v2, None),
        (Err(said(301, "")), v11, Some("location")),
        (Err(said(302, "")), v11, Some("location")),
        (Err(said(303, "")), v11, Some("location")),
        (Err(said(307, "")), v2, Some("location")),
        (Err(said(308, "")), v11, Some("location")),
        (Err(Status::found("/")), v11, None),
        (Err(said(404, "")), v11, None),
        // The inner service's own may be completed outside.
        (Ok(response(405, "", "")), v11, None),
        (Ok(response(416, "", "")), v11, None),
        (Ok(response(426, "", "")), v11, None),
        (Ok(response(302, "", "")), v11, None),
    ];
    for (outcome, version, expected) in rows {
        let request = Request::builder().version(version).body(()).unwrap();
        let logged = send(&StatusMapLayer::new(), request, outcome.clone()).await;
        let warned = warnings(&logged);
        assert_eq!(warned.len(), usize::from(expected.is_some()), "{outcome:?} {version:?}: {warned:?}");
        assert!(warned.iter().all(|text| text.contains(expected.unwrap())), "{outcome:?}: {warned:?}");
    }
}

/// The only test of this process that needs the default challenge.
#[tokio::test]
async fn the_default_challenge_is_warned_of_once_per_process() {
    let own = StatusMapLayer::new().default_challenge("Basic realm=\"shop\"");
    assert!(warnings(&send(&own, Request::new(()), Err(code(401))).await).is_empty());
    assert!(warnings(&send(&StatusMapLayer::new(), Request::new(()), Err(Status::unauthorized("A"))).await).is_empty());
    for expected in [1, 0, 0] {
        let logged = send(&StatusMapLayer::new(), Request::new(()), Err(code(401))).await;
        assert_eq!(warnings(&logged).len(), expected, "{logged:?}");
        assert_eq!(answers(&logged).len(), 1);
    }
    assert!(warnings(&send(&StatusMapLayer::new(), Request::new(()), Ok(response(401, "", ""))).await).is_empty());
}

#[cfg(feature = "problems")]
#[test]
fn undocumented_error_type_is_warned_about_once() {
    use tower_status::{IntoStatus, problems::Problems};

    #[derive(Debug, thiserror::Error)]
    #[error("sold out")]
    struct SoldOut;

    impl IntoStatus for SoldOut {
        fn status(&self) -> Status {
            Status::conflict()
        }
    }

    capture();
    let _ = Problems::of::<SoldOut>();
    let _ = Problems::of::<SoldOut>();
    let lines = lines();
    let [warning] = &*warnings(&lines) else { panic!("{lines:?}") };
    assert!(
        warning.starts_with("Problems does not show the statuses of `") && warning.contains("::SoldOut`"),
        "{warning}"
    );
}

#[cfg(feature = "derive")]
#[test]
fn code_field_below_300_is_warned_about() {
    use tower_status::IntoStatus;

    #[derive(Debug, thiserror::Error, IntoStatus)]
    #[error("refused")]
    struct Refused(#[status(code)] StatusCode);

    capture();
    let codes = [StatusCode::MULTIPLE_CHOICES, StatusCode::IM_USED].map(|code| Refused(code).status().code());
    assert_eq!(codes, [StatusCode::MULTIPLE_CHOICES, StatusCode::INTERNAL_SERVER_ERROR]);
    let expected = "an error has the status code 226 IM Used, which is not that of an error: the response is a 500";
    assert_eq!(warnings(&lines()), [expected]);
}
