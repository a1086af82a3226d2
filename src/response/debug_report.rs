//! What [`debug(true)`](crate::StatusMapLayer::debug) shows of an error.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// What a developer sees of an error.
pub(crate) struct DebugReport {
    /// The error and its causes, each with the name of its type where that is known.
    pub(crate) errors: Vec<String>,
    /// What gave the error its status: an option of the layer, `built in` or `unmapped`. `None` if the error has its own.
    pub(crate) mapped_by: Option<String>,
    /// The lines of the backtrace. Empty if the error has none.
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
