//! The log: one line per error response, and warnings about mistakes of the application.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod common;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::{self, Debug},
    io,
    sync::Once,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use tower::Layer;
use tower_status::{BoxError, KeepBody, Status, StatusMapLayer};
use tracing::{Event, Level, Subscriber, field::Field, field::Visit};
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::common::{code, full, get, in_its_own_process, request, returns};

/// One event.
#[derive(Debug)]
struct Line {
    level: Level,
    target: &'static str,
    fields: BTreeMap<&'static str, String>,
}

impl Line {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
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
        let line = Line { level: *event.metadata().level(), target: event.metadata().target(), fields: fields.0 };
        LINES.with_borrow_mut(|lines| lines.push(line));
    }
}

/// Returns the lines that `work` logs in this thread. All threads share one subscriber, which is never removed.
fn logged<T>(work: impl FnOnce() -> T) -> Vec<Line> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Capture)).unwrap();
    });
    LINES.take();
    let _ = work();
    LINES.take().into_iter().filter(|line| line.target == "tower_status").collect()
}

type Outcome = Result<Response<Full<Bytes>>, Status>;

fn send(layer: &StatusMapLayer, request: Request<()>, outcome: Outcome) -> Vec<Line> {
    logged(|| common::now(common::send(layer, request, outcome)))
}

/// Returns the lines that are not warnings.
fn reports(lines: &[Line]) -> Vec<&Line> {
    lines.iter().filter(|line| line.level != Level::WARN).collect()
}

fn warnings(lines: &[Line]) -> Vec<&str> {
    lines.iter().filter(|line| line.level == Level::WARN).map(|line| line.field("message").unwrap()).collect()
}

/// Returns an inner response. An empty content type is left out.
fn inner(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let fields = [("content-type", content_type)];
    full(status, if content_type.is_empty() { &[] } else { &fields }, body)
}

fn status(status: u16) -> Status {
    code(status).into()
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Link(&'static str, #[source] Option<BoxError>);

fn link(text: &'static str, cause: impl Into<BoxError>) -> BoxError {
    Link(text, Some(cause.into())).into()
}

#[test]
fn a_4xx_is_logged_once_as_debug_and_a_5xx_once_as_error() {
    let with_keep_body = || {
        let mut response = inner(500, "text/plain", "it");
        response.extensions_mut().insert(KeepBody);
        response
    };
    let rows = [
        (Err(status(404)), Some(Level::DEBUG)),
        (Err(status(499)), Some(Level::DEBUG)),
        (Err(status(550)), Some(Level::DEBUG)),
        (Err(status(500)), Some(Level::ERROR)),
        (Err(status(503)), Some(Level::ERROR)),
        (Err(status(599)), Some(Level::ERROR)),
        (Err(Status::from_error("it")), Some(Level::ERROR)),
        (Ok(inner(404, "", "")), Some(Level::DEBUG)),
        (Ok(inner(404, "application/json", "{}")), Some(Level::DEBUG)),
        (Ok(inner(550, "text/plain", "it")), Some(Level::DEBUG)),
        (Ok(inner(500, "text/plain", "it")), Some(Level::ERROR)),
        (Ok(inner(500, "application/json", "{}")), Some(Level::ERROR)),
        (Ok(with_keep_body()), Some(Level::ERROR)),
        (Ok(inner(200, "", "")), None),
        (Ok(inner(304, "", "")), None),
        (Err(Status::found("/")), None),
    ];
    for fill in [true, false] {
        for (outcome, level) in &rows {
            let layer = StatusMapLayer::new().fill(fill);
            let lines = send(&layer, get("/", &[]), outcome.clone());
            assert_eq!(lines.iter().map(|line| line.level).collect::<Vec<_>>(), Vec::from_iter(*level), "{outcome:?}");

            let layers = (StatusMapLayer::new(), layer);
            let service = layers.layer(returns(outcome.clone()));
            let lines = logged(|| common::now(tower::ServiceExt::oneshot(service, get("/", &[]))));
            assert_eq!(lines.len(), usize::from(level.is_some()), "two layers: {outcome:?}");
        }
    }
}

#[test]
fn a_line_has_method_path_status_and_a_valid_request_id() {
    let outcomes = [Err(status(503)), Ok(inner(503, "", "")), Err(status(404)), Ok(inner(404, "text/html", "it"))];
    for outcome in outcomes {
        for id in [None, Some("r-1"), Some("a b")] {
            let fields = id.map(|id| ("x-request-id", id));
            let request = request("PUT", "/a/b?secret=1", fields.as_slice());
            let lines = send(&StatusMapLayer::new(), request, outcome.clone());
            let [line] = &*lines else { panic!("{lines:?}") };
            assert_eq!((line.field("method"), line.field("path")), (Some("PUT"), Some("/a/b")));
            assert!(["404", "503"].contains(&line.field("status").unwrap()), "{line:?}");
            assert_eq!(line.field("request_id"), id.filter(|id| *id == "r-1"));
            assert!(!format!("{line:?}").contains("secret"), "{line:?}");
        }
    }
}

#[test]
fn a_line_has_every_error_of_the_chain_once() {
    let layer = StatusMapLayer::new().map_error(|error: &Link| (error.0 == "known").then(Status::not_found));
    let chain = || link("first", io::Error::other(link("second", "third")));
    let below = |cause: Status| Status::from_error(link("above", cause));
    let detailed = || status(502).with_detail("the detail");
    let overloaded = Status::from_error(link("above", tower::load_shed::error::Overloaded::new()));
    #[rustfmt::skip]
    let rows: [(&str, Status, &[&str]); 12] = [
        ("boxed", Status::from_error(chain()), &["first", "second", "third"]),
        ("in an io::Error", io::Error::other(chain()).into(), &["first", "second", "third"]),
        ("a 4xx", status(404).with_source(chain()), &["first", "second", "third"]),
        ("a 5xx", status(502).with_source(chain()), &["first", "second", "third"]),
        ("a 5xx with a detail", detailed().with_source(chain()), &["first", "second", "third", "the detail"]),
        ("a mapped error", Status::from_error(link("known", chain())), &["known", "first", "second", "third"]),
        ("a mapped cause", Status::from_error(link("above", link("known", "below"))), &["above", "known", "below"]),
        ("a carrier as a cause", below(Status::from_error(chain())), &["above", "first", "second", "third"]),
        ("a Status as a cause", below(Status::gone().with_source(chain())), &["above", "first", "second", "third"]),
        ("a Status without a source as a cause", below(Status::gone()), &["above"]),
        ("a built-in error as a cause", overloaded, &["above", "service overloaded"]),
        ("a malformed required field", Status::unauthorized("a\nb"), &["www-authenticate", "401"]),
    ];
    for (name, status, expected) in rows {
        let lines = send(&layer, get("/", &[]), Err(status));
        let [line] = &*reports(&lines) else { panic!("{name}: {lines:?}") };
        let text = format!("{:?}", line.fields);
        for part in expected {
            assert_eq!(text.matches(part).count(), 1, "{name}: {part} in {text}");
        }
    }
}

#[test]
fn the_text_of_an_inner_5xx_is_logged() {
    for content_type in ["text/plain", ""] {
        let lines = send(&StatusMapLayer::new(), get("/", &[]), Ok(inner(500, content_type, "what happened")));
        assert_eq!(format!("{lines:?}").matches("what happened").count(), 1, "{lines:?}");
    }
}

#[test]
fn control_characters_are_escaped_in_every_field() {
    let rows = ["\n", "\r", "\0", "\x1b[31m", "\u{7f}", "\u{85}", "\u{9b}31m", "\u{2028}", "\u{2029}", "a\n\n\u{2028}"];
    for control in rows {
        let text = || format!("<{control}>");
        let source = || io::Error::other(text());
        let uri = http::uri::PathAndQuery::try_from(format!("/<{control}>"));
        let uri = uri.map_or_else(|_| "/".parse().unwrap(), http::Uri::from);
        let outcomes: [(&str, Outcome); 6] = [
            ("error", Err(source().into())),
            ("chain", Err(Status::from_error(link("above", source())))),
            ("detail", Err(status(404).with_detail(text()))),
            ("5xx detail", Err(status(500).with_detail(text()))),
            ("title", Err(status(404).with_title(text()))),
            ("inner text", Ok(inner(500, "text/plain", text()))),
        ];
        for (name, outcome) in outcomes {
            let request = Request::builder().uri(uri.clone()).body(()).unwrap();
            let lines = send(&StatusMapLayer::new(), request, outcome);
            assert_eq!(reports(&lines).len(), 1, "{name} {control:?}");
            for (field, value) in lines.iter().flat_map(|line| &line.fields) {
                let breaks = |c: char| c.is_control() || ['\u{2028}', '\u{2029}'].contains(&c);
                assert!(!value.contains(breaks), "{name}: {field} is {value:?}");
            }
            assert!(name == "title" || format!("{lines:?}").contains('<'), "{name}: {lines:?}");
        }
    }
}

#[test]
fn text_before_a_display_fails_is_logged() {
    #[derive(Debug)]
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far")?;
            Err(fmt::Error)
        }
    }
    impl std::error::Error for Fails {}
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(Status::from_error(link("above", Fails))));
    assert!(lines[0].field("error").is_some_and(|error| error.contains("above") && error.contains("so far")));
}

#[test]
fn a_missing_required_field_of_a_status_is_warned_about() {
    let required = [
        (405, "allow"),
        (407, "proxy-authenticate"),
        (416, "content-range"),
        (426, "upgrade"),
        (301, "location"),
        (302, "location"),
        (303, "location"),
        (307, "location"),
        (308, "location"),
    ];
    let send_over = |version, outcome| {
        let mut request = get("/", &[]);
        *request.version_mut() = version;
        send(&StatusMapLayer::new(), request, outcome)
    };
    for (code, name) in required {
        let lines = send_over(Version::HTTP_11, Err(status(code)));
        let [warning] = *warnings(&lines) else { panic!("{code}: {lines:?}") };
        assert!(warning.contains(name), "{code}: {warning}");
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let lines = send_over(version, Err(status(code).with_header(name, "it")));
            let warnings = warnings(&lines);
            // HTTP/2 has no Upgrade, so a client cannot do what a 426 requires.
            let is_misuse = code == 426 && version == Version::HTTP_2;
            assert_eq!(warnings.len(), usize::from(is_misuse), "{code} {version:?} with {name}: {lines:?}");
            assert!(warnings.iter().all(|warning| warning.contains("HTTP/2.0, which has no Upgrade")), "{warnings:?}");
        }
        // Middleware outside may add the field to a response of the inner service.
        let lines = send_over(Version::HTTP_11, Ok(inner(code, "", "")));
        assert!(warnings(&lines).is_empty(), "an inner {code}: {lines:?}");
    }
    assert_eq!(warnings(&send_over(Version::HTTP_2, Err(status(307)))).len(), 1);
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(status(404)));
    assert!(warnings(&lines).is_empty(), "{lines:?}");
}

#[test]
fn the_default_challenge_is_warned_about_once_per_process() {
    in_its_own_process("the_default_challenge_is_warned_about_once_per_process", || {
        let chosen = StatusMapLayer::new().default_challenge("Basic realm=\"shop\"");
        let default = StatusMapLayer::new();
        let send = |layer, outcome| send(layer, get("/", &[]), outcome);
        assert!(warnings(&send(&chosen, Err(status(401)))).is_empty(), "the application chose a challenge");
        assert!(warnings(&send(&default, Err(Status::unauthorized("A")))).is_empty(), "the status has a challenge");
        for expected in [1, 0, 0] {
            let lines = send(&default, Err(status(401)));
            assert_eq!(warnings(&lines).len(), expected, "{lines:?}");
            assert_eq!(reports(&lines).len(), 1);
        }
        assert!(warnings(&send(&default, Ok(inner(401, "", "")))).is_empty());
    });
}

#[cfg(feature = "problems")]
#[test]
fn an_undocumented_error_type_is_warned_about_once() {
    use tower_status::{IntoStatus, problems::Problems};

    #[derive(Debug, thiserror::Error)]
    #[error("sold out")]
    struct SoldOut;

    impl IntoStatus for SoldOut {
        fn status(&self) -> Status {
            Status::conflict()
        }
    }

    let lines = logged(|| (Problems::of::<SoldOut>(), Problems::of::<SoldOut>()));
    let [warning] = &*warnings(&lines) else { panic!("{lines:?}") };
    assert!(
        warning.starts_with("Problems does not show the statuses of `") && warning.contains("::SoldOut`"),
        "{warning}"
    );
}

#[cfg(feature = "utoipa")]
#[test]
fn an_undocumented_inner_type_is_warned_about_once_by_openapi() {
    use tower_status::{Documented, openapi};

    let documented = Documented::All(&[Documented::Undocumented("Card"), Documented::Undocumented("Stock")]);
    let lines = logged(|| (openapi::responses(&documented), openapi::responses(&documented)));
    let of_type =
        |name: &str| format!("OpenAPI does not show the statuses of `{name}`: its `IntoStatus::STATUSES` is `None`");
    assert_eq!(warnings(&lines), [of_type("Card"), of_type("Stock")], "{lines:?}");
}

#[cfg(feature = "derive")]
#[test]
fn a_code_field_below_300_is_warned_about() {
    use tower_status::IntoStatus;

    #[derive(Debug, thiserror::Error, IntoStatus)]
    #[error("refused")]
    struct Refused(#[status(code)] StatusCode);

    let lines = logged(|| {
        let codes = [StatusCode::MULTIPLE_CHOICES, StatusCode::IM_USED].map(|code| Refused(code).status().code());
        assert_eq!(codes, [StatusCode::MULTIPLE_CHOICES, StatusCode::INTERNAL_SERVER_ERROR]);
    });
    let expected = "an error has the status code 226 IM Used, which is not that of an error: the response is a 500";
    assert_eq!(warnings(&lines), [expected]);
}

/// A subscriber gets texts as strings, which it quotes, so that a text cannot look like another field.
#[test]
fn text_in_a_line_is_quoted_by_a_subscriber() {
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    let forged = "no such order status=200 path=/admin";
    let statuses = [
        status(404).with_detail(forged),
        status(404).with_source(forged),
        Status::from_error(forged),
        status(500).with_detail(forged),
    ];
    tracing::subscriber::with_default(subscriber, || {
        for status in statuses {
            common::now(common::send(&StatusMapLayer::new(), get("/", &[]), Err::<Response<Full<Bytes>>, _>(status)));
        }
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    for line in text.lines() {
        assert_eq!(line.matches(&format!("\"{forged}\"")).count(), 1, "{line}");
        assert_eq!(line.matches("path=").count(), 2, "the path of the request and the one in the quotes: {line}");
    }
}

#[derive(Debug, thiserror::Error)]
#[error("order 8 does not exist")]
struct NoSuchOrder;

impl tower_status::IntoStatus for NoSuchOrder {
    fn status(&self) -> Status {
        Status::not_found()
    }
}

#[test]
fn detail_that_is_the_text_of_the_error_is_logged_once() {
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(NoSuchOrder.into()));
    assert_eq!(format!("{lines:?}").matches("order 8 does not exist").count(), 1, "{lines:?}");
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(Status::from(NoSuchOrder).with_detail("other")));
    assert_eq!((lines[0].field("detail"), lines[0].field("error")), (Some("other"), Some("order 8 does not exist")));
}

#[test]
fn unmapped_error_is_logged_as_such() {
    let layer = || StatusMapLayer::new().map_error(|_: &NoSuchOrder| Some(Status::bad_gateway()));
    let inner = || Ok(inner(500, "text/plain", "it"));
    let rows = [
        ("unmapped", layer(), Err(Status::from_error("it")), Some("true")),
        ("mapped", layer(), Err(Status::from_error(NoSuchOrder)), None),
        ("a status", layer(), Err(status(500)), None),
        ("an inner response", layer(), inner(), None),
        ("changed", layer().map_status(|_, _| Status::not_found()), Err(Status::from_error("it")), None),
    ];
    for (name, layer, outcome, expected) in rows {
        let lines = send(&layer, get("/", &[]), outcome);
        assert_eq!(lines[0].field("unmapped"), expected, "{name}");
    }
}

#[cfg(feature = "anyhow")]
#[test]
fn backtrace_of_anyhow_is_logged_with_a_5xx_up_to_8_kib() {
    in_its_own_process("backtrace_of_anyhow_is_logged_with_a_5xx_up_to_8_kib", || {
        let error = || anyhow::anyhow!("it failed");
        let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(error().into()));
        let backtrace = lines[0].field("backtrace").unwrap();
        // An escaped line feed takes two bytes.
        assert!(backtrace.len() <= 2 * 8 * 1024 && !backtrace.contains('\n'), "{backtrace}");
        let layer = StatusMapLayer::new().map_status(|status, _| Status::not_found().with_source(status));
        let lines = send(&layer, get("/", &[]), Err(error().into()));
        assert_eq!(lines[0].field("backtrace"), None, "a 4xx");
    });
}

/// A subscriber that panics once, as a writer does when the disk is full.
#[test]
fn warning_that_panics_does_not_disturb_later_requests() {
    in_its_own_process("warning_that_panics_does_not_disturb_later_requests", || {
        use std::{
            panic::{AssertUnwindSafe, catch_unwind},
            sync::atomic::{AtomicBool, Ordering},
        };

        struct PanicsOnce(AtomicBool);

        impl<S: Subscriber> tracing_subscriber::Layer<S> for PanicsOnce {
            fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
                assert!(self.0.swap(true, Ordering::Relaxed), "the disk is full");
            }
        }

        let subscriber = tracing_subscriber::registry().with(PanicsOnce(AtomicBool::new(false)));
        tracing::subscriber::with_default(subscriber, || {
            let send = || {
                common::now(common::send(
                    &StatusMapLayer::new(),
                    get("/", &[]),
                    Err::<Response<Full<Bytes>>, _>(status(401)),
                ))
            };
            assert!(catch_unwind(AssertUnwindSafe(send)).is_err());
            for _ in 0..3 {
                assert_eq!(send().0.headers["www-authenticate"], "Bearer realm=\"api\"");
            }
        });
    });
}

/// The body is one byte and then 256 MiB: only the logged part is copied.
#[test]
fn text_of_an_inner_5xx_is_cut_at_8_kib() {
    let text = "a".repeat(1 << 20);
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Ok(inner(500, "text/plain", text)));
    assert_eq!(lines[0].field("detail").map(str::len), Some(8192 + '…'.len_utf8()));
}

#[test]
fn response_is_reported_before_the_replaced_body_is_dropped() {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    struct PanicsOnDrop;

    impl http_body::Body for PanicsOnDrop {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    let lines = logged(|| {
        catch_unwind(AssertUnwindSafe(|| {
            let mut response = Some(Response::new(PanicsOnDrop));
            *response.as_mut().unwrap().status_mut() = StatusCode::BAD_GATEWAY;
            let mut service = StatusMapLayer::new().layer(tower::service_fn(move |_: Request<()>| {
                std::future::ready(Ok::<_, Status>(response.take().unwrap()))
            }));
            let future = tower::Service::call(&mut service, get("/", &[]));
            common::now(future).unwrap().status()
        }))
        .is_err()
    });
    assert_eq!(reports(&lines).len(), 1, "{lines:?}");
    assert_eq!(lines[0].field("status"), Some("502"));
}

#[test]
fn the_warning_about_connection_recommends_a_tuple() {
    let lines = logged(|| Status::payload_too_large().with_header("connection", "close"));
    let [warning] = *warnings(&lines) else { panic!("{lines:?}") };
    assert!(warning.contains(r#"([("connection", "close")], status)"#), "{warning}");
    let lines = logged(|| Status::payload_too_large().with_header("content-type", "text/html"));
    let [warning] = *warnings(&lines) else { panic!("{lines:?}") };
    assert!(warning.contains("content-type") && !warning.contains("connection"), "{warning}");
}

/// The layer cannot read a text that a layer inside has compressed.
#[test]
fn an_encoded_4xx_text_is_warned_about_once_per_process() {
    in_its_own_process("an_encoded_4xx_text_is_warned_about_once_per_process", || {
        let encoded = |status, content_type| {
            let mut response = inner(status, content_type, "it");
            response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
            response
        };
        let kept = || {
            let mut response = encoded(400, "text/plain");
            response.extensions_mut().insert(KeepBody);
            response
        };
        let rows = [
            ("no encoding", inner(400, "text/plain", "it"), true, 0),
            ("JSON", encoded(400, "application/json"), true, 0),
            ("a 5xx", encoded(500, "text/plain"), true, 0),
            ("KeepBody", kept(), true, 0),
            ("fill(false)", encoded(400, "text/plain"), false, 0),
            ("a 4xx text", encoded(400, "text/plain"), true, 1),
            ("a second 4xx text", encoded(404, "text/plain"), true, 0),
        ];
        for (name, response, fill, count) in rows {
            let lines = send(&StatusMapLayer::new().fill(fill), get("/", &[]), Ok(response));
            let warnings = warnings(&lines);
            assert_eq!(warnings.len(), count, "{name}: {warnings:?}");
            assert!(warnings.iter().all(|warning| warning.contains("compression")), "{name}: {warnings:?}");
        }
    });
}
