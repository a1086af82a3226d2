//! One log line for each answer of 400 and above, and what the hooks are told.

use http::{Method, uri::PathAndQuery};

use crate::{Format, Protocol, Status};

/// The request that an answer belongs to, as [`rewrite`](crate::StatusMapLayer::rewrite),
/// [`on_error`](crate::StatusMapLayer::on_error) and [`Render`](crate::Render) see it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's path, without the query; `*` of `OPTIONS *`, empty of CONNECT.
    pub path: &'a str,
    /// The response's `x-request-id`, else the request's, if it matches `[A-Za-z0-9._:+/=-]{1,128}`.
    pub request_id: Option<&'a str>,
    /// What the request speaks.
    pub protocol: Protocol,
    /// The form that this client reads, where it speaks plain HTTP.
    pub format: Format,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        method: &'a Method,
        path: Option<&'a PathAndQuery>,
        request_id: Option<&'a str>,
        protocol: Protocol,
        format: Format,
    ) -> Self {
        Self { method, path: path.map_or("", PathAndQuery::path), request_id, protocol, format }
    }
}

/// Warns the operator of what an application got wrong; without the feature `tracing`, nothing.
macro_rules! warning {
    ($($message:tt)+) => {{
        #[cfg(feature = "tracing")]
        tracing::warn!(target: "tower_status", "{}", $crate::report::Escaped(format_args!($($message)+)));
        #[cfg(not(feature = "tracing"))]
        let _ = format_args!($($message)+);
    }};
}
pub(crate) use warning;

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

    use crate::recognize::Source;

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

    /// Text with its control characters escaped, so that it stays in its field and on its line.
    pub(crate) struct Escaped<D>(pub(crate) D);

    impl<D: Display> Display for Escaped<D> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(Escape(f), "{}", self.0)
        }
    }

    struct Escape<'a, 'f>(&'a mut fmt::Formatter<'f>);

    impl Write for Escape<'_, '_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            // Line separators end a line for some readers (U+2028, U+2029).
            let unsafe_in_a_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            for piece in text.split_inclusive(unsafe_in_a_line) {
                let plain = piece.trim_end_matches(unsafe_in_a_line);
                self.0.write_str(plain)?;
                for control in piece.chars().skip(plain.chars().count()) {
                    write!(self.0, "{}", control.escape_default())?;
                }
            }
            Ok(())
        }
    }
}
