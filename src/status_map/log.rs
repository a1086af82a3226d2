//! One log line per error response.

use crate::{Context, Status};

/// Returns whether a subscriber may read a log line. Its targets are not checked for each request, which would take
/// longer than keeping the data of a line.
#[inline]
pub(crate) fn is_enabled() -> bool {
    #[cfg(feature = "tracing")]
    return tracing::level_filters::LevelFilter::current() >= tracing::Level::ERROR;
    #[cfg(not(feature = "tracing"))]
    return false;
}

/// Logs an error response: a 5xx as an error, a 4xx for debugging. `is_read`: method and path are known.
///
/// Texts are recorded as strings, which subscribers quote, so that a text cannot look like another field.
#[cfg(feature = "tracing")]
pub(super) fn log(status: &Status, context: &Context<'_>, is_read: bool) {
    let is_server_error = status.is_server_error();
    let is_enabled = if is_server_error {
        tracing::enabled!(target: "tower_status", tracing::Level::ERROR)
    } else {
        tracing::enabled!(target: "tower_status", tracing::Level::DEBUG)
    };
    if !is_enabled {
        return;
    }
    let error = status.source_link().map(logged::chain);
    // A subscriber does not quote the message, so it is the catalog's.
    let title = status.title().filter(|title| *title != status.entry().title).map(logged::escaped);
    // The detail is often the error's own text.
    let detail = status.detail().map(logged::escaped);
    let detail = detail.filter(|detail| !error.as_ref().is_some_and(|error| error.starts_with(detail)));
    let backtrace = status.source_link().filter(|_| is_server_error).and_then(logged::backtrace);
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "tower_status",
                tracing::Level::$level,
                status = status.code().as_u16(),
                // A subscriber that was not enabled when the request arrived gets neither.
                method = is_read.then(|| context.method.as_str()),
                path = is_read.then(|| logged::escaped(context.path)).as_deref(),
                route = context.route,
                request_id = context.request_id,
                trace_id = context.trace_id,
                title = title.as_deref(),
                detail = detail.as_deref(),
                error = error.as_deref(),
                unmapped = status.is_unmapped().then_some(true),
                backtrace = backtrace.as_deref(),
                "{}", status.entry().title
            )
        };
    }
    if is_server_error {
        event!(ERROR);
    } else {
        event!(DEBUG);
    }
}

#[cfg(not(feature = "tracing"))]
pub(super) fn log(_: &Status, _: &Context<'_>, _: bool) {}

#[cfg(feature = "tracing")]
mod logged {
    use std::fmt::Write;

    use crate::{status::Source, warning::Escaped};

    /// The limit of the logged part of a backtrace, in bytes.
    const BACKTRACE: usize = 8 * 1024;

    /// Returns the text with its control characters escaped.
    pub(super) fn escaped(text: &str) -> String {
        Escaped(text).to_string()
    }

    /// Returns an error and its causes in one line. A text that repeats the one before is left out.
    pub(super) fn chain(source: &Source) -> String {
        let (mut chain, mut last) = (String::new(), String::new());
        for error in source.errors() {
            let mut text = String::new();
            // If Display fails, the text so far is kept; `to_string` would panic.
            let _ = write!(text, "{error}");
            // A transparent error has the text of its cause.
            if text == last {
                continue;
            }
            if !last.is_empty() {
                chain.push_str(": ");
            }
            chain.push_str(&text);
            last = text;
        }
        escaped(&chain)
    }

    /// Returns the first lines of the source's backtrace, if it has one.
    pub(super) fn backtrace(source: &Source) -> Option<String> {
        let text = source.backtrace()?.to_string();
        let head = text.as_bytes().get(..BACKTRACE).unwrap_or(text.as_bytes());
        Some(escaped(&String::from_utf8_lossy(head)))
    }
}
