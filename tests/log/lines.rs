//! One line per error response.

use std::{
    fmt::{self, Debug},
    io,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::Layer;
#[cfg(feature = "derive")]
use tower_status::IntoStatus as _;
use tower_status::{KeepBody, Status, StatusMapLayer};
use tracing::Level;

use crate::capture::{Link, Outcome, inner, link, logged, reports, send, status};
use crate::common::{get, request, returns};

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
            let lines = logged(|| crate::common::now(tower::ServiceExt::oneshot(service, get("/", &[]))));
            assert_eq!(lines.len(), usize::from(level.is_some()), "two layers: {outcome:?}");
        }
    }
}

#[test]
fn a_line_has_method_path_status_trace_id_and_a_valid_request_id() {
    let outcomes = [Err(status(503)), Ok(inner(503, "", "")), Err(status(404)), Ok(inner(404, "text/html", "it"))];
    for outcome in outcomes {
        for id in [None, Some("r-1"), Some("a b")] {
            let trace = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            let fields = id.map_or(vec![], |id| vec![("x-request-id", id), trace]);
            let request = request("PUT", "/a/b?secret=1", &fields);
            let lines = send(&StatusMapLayer::new(), request, outcome.clone());
            let [line] = &*lines else { panic!("{lines:?}") };
            assert_eq!((line.field("method"), line.field("path")), (Some("PUT"), Some("/a/b")));
            assert!(["404", "503"].contains(&line.field("status").unwrap()), "{line:?}");
            assert_eq!(line.field("request_id"), id.filter(|id| *id == "r-1"));
            assert_eq!(line.field("trace_id"), id.map(|_| "0af7651916cd43dd8448eb211c80319c"));
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
        status(404).with_title(forged),
    ];
    tracing::subscriber::with_default(subscriber, || {
        for status in statuses {
            crate::common::now(crate::common::send(
                &StatusMapLayer::new(),
                get("/", &[]),
                Err::<Response<Full<Bytes>>, _>(status),
            ));
        }
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 5, "{text}");
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

/// An error whose status is that of its cause.
#[cfg(feature = "derive")]
#[derive(Debug, thiserror::Error, tower_status::IntoStatus)]
enum Carrier {
    #[error("the database failed")]
    #[status(from_error)]
    Db(#[source] Status),
}

#[test]
fn unmapped_error_is_logged_as_such() {
    let layer = || StatusMapLayer::new().map_error(|_: &NoSuchOrder| Some(Status::bad_gateway()));
    let inner = || Ok(inner(500, "text/plain", "it"));
    let rows = [
        ("unmapped", layer(), Err(Status::from_error("it")), Some("true")),
        #[cfg(feature = "derive")]
        ("the status of a variant with `from_error`", layer(), Err(Carrier::Db(status(502)).status()), None),
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
    crate::common::in_its_own_process("lines::backtrace_of_anyhow_is_logged_with_a_5xx_up_to_8_kib", || {
        let error = || anyhow::anyhow!("it failed");
        let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(error().into()));
        let backtrace = lines[0].field("backtrace").unwrap();
        // An escaped line feed takes two bytes.
        assert!(backtrace.len() <= 2 * 8 * 1024 && !backtrace.contains('\n'), "{backtrace}");
        assert!(backtrace.contains("backtrace_of_anyhow_is_logged"), "{backtrace}");
        let layer = StatusMapLayer::new().map_status(|status, _| Status::not_found().with_source(status));
        let lines = send(&layer, get("/", &[]), Err(error().into()));
        assert_eq!(lines[0].field("backtrace"), None, "a 4xx");
    });
}

#[cfg(feature = "anyhow")]
#[test]
fn cause_of_a_report_is_logged_beside_its_status() {
    let report = anyhow::anyhow!("the cause").context(Status::gone());
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Err(report.into()));
    assert!(lines[0].field("error").unwrap().contains("the cause"), "{lines:?}");
}

#[test]
fn text_of_an_inner_5xx_is_cut_at_8_kib() {
    let text = "a".repeat(1 << 20);
    let lines = send(&StatusMapLayer::new(), get("/", &[]), Ok(inner(500, "text/plain", text)));
    assert_eq!(lines[0].field("detail").map(str::len), Some(8192 + '…'.len_utf8()));
}

#[test]
fn response_is_reported_before_the_replaced_body_is_dropped() {
    use std::{
        convert::Infallible,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::Pin,
        task::{Context, Poll},
    };

    use http_body::{Body, Frame};

    /// Its frames, or `None` if it is never ready.
    struct PanicsOnDrop(Option<Vec<&'static str>>);

    impl Body for PanicsOnDrop {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match &mut self.0 {
                None => Poll::Pending,
                Some(frames) => {
                    Poll::Ready(frames.pop().map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
                }
            }
        }
    }

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    let bodies = [None, Some(vec![]), Some(vec!["a text"]), Some(vec!["a text", "in frames"])];
    for frames in bodies {
        for code in [404, 500] {
            // A 404 whose text is not ready is kept.
            if code == 404 && frames.is_none() {
                continue;
            }
            let lines = logged(|| {
                catch_unwind(AssertUnwindSafe(|| {
                    let mut response = Response::new(PanicsOnDrop(frames.clone()));
                    *response.status_mut() = StatusCode::from_u16(code).unwrap();
                    response.headers_mut().insert("content-type", "text/plain".parse().unwrap());
                    let mut response = Some(response);
                    let inner = tower::service_fn(|_: Request<()>| {
                        std::future::ready(Ok::<_, Status>(response.take().unwrap()))
                    });
                    let mut service = StatusMapLayer::new().layer(inner);
                    crate::common::now(tower::Service::call(&mut service, get("/", &[]))).unwrap();
                }))
                .unwrap_err()
            });
            assert_eq!(reports(&lines).len(), 1, "{code} {frames:?}");
        }
    }
}
