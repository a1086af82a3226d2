//! A status inside another crate's error.

use std::{error::Error, fmt};

use super::Status;

/// Wraps the status that another crate's error was built from. Shows code and title only, and no source: whether the
/// detail is hidden depends on the protocol, and the error around it has the detail where it may be shown.
pub(crate) struct StatusSource(pub(crate) Status);

impl fmt::Display for StatusSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(status) = self;
        write!(f, "{} {}", status.code().as_str(), status.title().unwrap_or(status.entry().title))
    }
}

impl fmt::Debug for StatusSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for StatusSource {}
