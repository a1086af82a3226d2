//! Warnings for the operator.

/// Warns the operator about a mistake in the application. Does nothing without the feature `tracing`.
macro_rules! warning {
    ($($message:tt)+) => {{
        #[cfg(feature = "tracing")]
        tracing::warn!(target: "tower_status", "{}", $crate::warning::Escaped(format_args!($($message)+)));
        #[cfg(not(feature = "tracing"))]
        let _ = format_args!($($message)+);
    }};
}
pub(crate) use warning;

/// Warns only once. If the subscriber panics, later requests are not affected.
macro_rules! warn_once {
    ($($message:tt)+) => {{
        static WARNED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        if !WARNED.swap(true, std::sync::atomic::Ordering::Relaxed) {
            $crate::warning::warning!($($message)+);
        }
    }};
}
pub(crate) use warn_once;

#[cfg(feature = "tracing")]
pub(crate) use escaped::Escaped;

#[cfg(feature = "tracing")]
mod escaped {
    use std::fmt::{self, Display, Write};

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
