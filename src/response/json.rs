//! Problem documents (RFC 9457).

use bytes::Bytes;
use http::HeaderValue;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::PublicProblem;
use crate::status::{ADVICE, DEBUG};

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Most documents are smaller.
const CAPACITY: usize = 256;

/// Returns the problem document.
pub(crate) fn render(problem: &PublicProblem<'_>) -> Bytes {
    let mut document = Vec::with_capacity(CAPACITY);
    // Strings and JSON values always serialize, and a Vec accepts all bytes.
    let _ = serde_json::to_writer(&mut document, &Document(problem));
    document.into()
}

/// A problem as its document.
pub(crate) struct Document<'a>(pub(crate) &'a PublicProblem<'a>);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(problem) = self;
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("type", problem.type_uri.unwrap_or("about:blank"))?;
        members.serialize_entry("title", problem.shown_title())?;
        members.serialize_entry("status", &problem.code.as_u16())?;
        members.serialize_entry("detail", problem.detail_for_programs())?;
        if let Some(instance) = problem.instance {
            members.serialize_entry("instance", instance)?;
        }
        for (name, value) in problem.members() {
            members.serialize_entry(name, value)?;
        }
        if let Some(advice) = problem.advice_for_programs() {
            members.serialize_entry(ADVICE, advice)?;
        }
        for (name, id) in problem.ids.members() {
            members.serialize_entry(name, id)?;
        }
        if let Some(debug) = problem.debug {
            members.serialize_entry(DEBUG, debug)?;
        }
        members.end()
    }
}
