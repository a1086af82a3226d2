//! The report about an error that [`debug(true)`](crate::StatusMapLayer::debug) shows.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// The information about an error for the developer of the server.
pub(crate) struct DebugReport {
    /// The error and its causes, each with the name of its type where that is known.
    pub(crate) errors: Vec<String>,
    /// The option of the layer that gave the error its status; `None`: the error has its own.
    pub(crate) mapped_by: Option<String>,
    /// The lines of the backtrace; empty: there is none.
    pub(crate) backtrace: Vec<String>,
}

impl Serialize for DebugReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("errors", &self.errors)?;
        if let Some(mapped_by) = &self.mapped_by {
            members.serialize_entry("mapped_by", mapped_by)?;
        }
        if !self.backtrace.is_empty() {
            members.serialize_entry("backtrace", &self.backtrace)?;
        }
        members.end()
    }
}
