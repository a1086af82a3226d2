//! How a [`Status`] is printed: `Display` shows what a client may see, `Debug` shows everything.

use std::{error::Error, fmt};

use super::Status;

/// Prints the code, the title, and the detail unless it is hidden from clients.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.as_str(), self.title().unwrap_or(self.entry().title))?;
        match self.detail() {
            Some(detail) if !self.hides() => write!(f, ": {detail}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Status");
        debug.field("code", &self.code);
        if let Some(code) = self.grpc_code {
            debug.field("grpc_code", &code);
        }
        if let Some(name) = self.name() {
            debug.field("name", &name);
        }
        if let Some(parts) = self.parts() {
            for (name, value) in [
                ("title", &parts.title),
                ("detail", &parts.detail),
                ("type", &parts.type_uri),
                ("instance", &parts.instance),
                ("advice", &parts.advice),
            ] {
                if let Some(value) = value {
                    debug.field(name, value);
                }
            }
            if let Some(headers) = &parts.headers {
                debug.field("headers", headers);
            }
            if !parts.extensions.all().is_empty() {
                debug.field("extensions", &parts.extensions.all());
            }
            if let Some(source) = self.source() {
                debug.field("source", &source);
            }
        }
        debug.finish_non_exhaustive()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Status::source(self)
    }
}
