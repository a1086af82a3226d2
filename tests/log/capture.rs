//! The lines that a test logs.

use std::{cell::RefCell, collections::BTreeMap, fmt::Debug, sync::Once};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower_status::{BoxError, Status, StatusMapLayer};
use tracing::{Event, Level, Subscriber, field::Field, field::Visit};
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::common::{code, full};

/// One event.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: &'static str,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Line {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
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
pub(crate) fn logged<T>(work: impl FnOnce() -> T) -> Vec<Line> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Capture)).unwrap();
    });
    LINES.take();
    let _ = work();
    LINES.take().into_iter().filter(|line| line.target == "tower_status").collect()
}

pub(crate) type Outcome = Result<Response<Full<Bytes>>, Status>;

pub(crate) fn send(layer: &StatusMapLayer, request: Request<()>, outcome: Outcome) -> Vec<Line> {
    logged(|| crate::common::now(crate::common::send(layer, request, outcome)))
}

/// Returns the lines that are not warnings.
pub(crate) fn reports(lines: &[Line]) -> Vec<&Line> {
    lines.iter().filter(|line| line.level != Level::WARN).collect()
}

pub(crate) fn warnings(lines: &[Line]) -> Vec<&str> {
    lines.iter().filter(|line| line.level == Level::WARN).map(|line| line.field("message").unwrap()).collect()
}

/// Returns an inner response. An empty content type is left out.
pub(crate) fn inner(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let fields = [("content-type", content_type)];
    full(status, if content_type.is_empty() { &[] } else { &fields }, body)
}

pub(crate) fn status(status: u16) -> Status {
    code(status).into()
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Link(pub(crate) &'static str, #[source] Option<BoxError>);

pub(crate) fn link(text: &'static str, cause: impl Into<BoxError>) -> BoxError {
    Link(text, Some(cause.into())).into()
}
