//! A status inside of another crate's error.

use std::{error::Error, fmt};

use super::Status;

/// Wraps the status that another crate's error was built from. Shows no more than a client may see, and no source.
pub(crate) struct Hidden(pub(crate) Status);

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Hidden {}
