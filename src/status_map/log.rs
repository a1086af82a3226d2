//! One log line per error response.

#[cfg(feature = "tracing")]
use crate::warning::Escaped;
use crate::{Context, Status};

/// Whether a subscriber may read a log line. Its targets are not checked per request: that would take longer than keeping
/// what only a line shows.
#[inline]
pub(crate) fn is_enabled() -> bool {
    #[cfg(feature = "tracing")]
    return tracing::level_filters::LevelFilter::current() >= tracing::Level::ERROR;
    #[cfg(not(feature = "tracing"))]
    return false;
}

/// Logs an error response: a 5xx as an error, a 4xx for debugging. `is_read`: method and path are known.
#[cfg(feature = "tracing")]
pub(crate) fn log(status: &Status, context: &Context<'_>, is_read: bool) {
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "tower_status",
                tracing::Level::$level,
                status = status.code().as_u16(),
                // A subscriber that was not enabled when the request came gets neither.
                method = is_read.then(|| tracing::field::display(context.method)),
                path = is_read.then(|| tracing::field::display(Escaped(context.path))),
                route = context.route,
                request_id = context.request_id,
                detail = status.detail().map(|detail| tracing::field::display(Escaped(detail))),
                error = status.source_link().map(|source| tracing::field::display(Escaped(Chain(source)))),
                "{}", Escaped(status.title().unwrap_or(status.entry().title))
            )
        };
    }
    if crate::catalog::is_server_error(status.code()) {
        event!(ERROR);
    } else {
        event!(DEBUG);
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn log(_: &Status, _: &Context<'_>, _: bool) {}

#[cfg(feature = "tracing")]
pub(crate) use logged::*;

#[cfg(feature = "tracing")]
mod logged {
    use std::fmt::{self, Display, Write};

    use crate::status::Source;

    /// An error and its causes in one line. A text that repeats the one before is left out.
    pub(crate) struct Chain<'a>(pub(crate) &'a Source);

    impl Display for Chain<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let mut last = String::new();
            for error in self.0.chain() {
                let mut text = String::new();
                // A Display that fails keeps what it wrote.
                let _ = write!(text, "{error}");
                // A transparent error has the text of its cause.
                if text == last {
                    continue;
                }
                if !last.is_empty() {
                    f.write_str(": ")?;
                }
                f.write_str(&text)?;
                last = text;
            }
            Ok(())
        }
    }
}
