//! One log line per error response.

#[cfg(feature = "tracing")]
use crate::warning::Escaped;
use crate::{Context, Status};

/// Whether a log line of 400 and above can be of interest to anyone. Which targets are read is not asked for each
/// request: that would take longer than to note what only a line would show.
#[inline]
pub(crate) fn is_watched() -> bool {
    #[cfg(feature = "tracing")]
    return tracing::level_filters::LevelFilter::current() >= tracing::Level::ERROR;
    #[cfg(not(feature = "tracing"))]
    return false;
}

/// Logs an answer: a 5xx as an error, a 4xx for those who debug.
#[cfg(feature = "tracing")]
pub(crate) fn log(status: &Status, context: &Context<'_>, watched: bool) {
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "tower_status",
                tracing::Level::$level,
                status = status.code().as_u16(),
                // A reader that did not show when the request came (the `log` crate's) gets neither.
                method = watched.then(|| tracing::field::display(context.method)),
                path = watched.then(|| tracing::field::display(Escaped(context.path))),
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

    /// An error and its causes in one line, each said once.
    pub(crate) struct Chain<'a>(pub(crate) &'a Source);

    impl Display for Chain<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let mut last = String::new();
            for error in self.0.chain() {
                let mut text = String::new();
                // A Display that fails keeps what it wrote.
                let _ = write!(text, "{error}");
                // A transparent error says what its cause says.
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
