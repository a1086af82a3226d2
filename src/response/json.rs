//! Problem documents (RFC 9457).

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

use super::{
    PublicProblem,
    escape::{self, Escape, Out, Written},
};

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A bare status allocates nothing, any other once: what is written first is only counted.
pub(crate) fn render(problem: &PublicProblem<'_>) -> Bytes {
    let bare = problem.is_bare()
        && problem.code == problem.entry.code
        && problem.type_uri.is_none()
        && problem.instance.is_none()
        && problem.request_id.is_none();
    if bare {
        return Bytes::from_static(problem.entry.json.as_bytes());
    }
    Document(problem).to_text().into()
}

struct Document<'a>(&'a PublicProblem<'a>);

impl Written for Document<'_> {
    fn write(&self, out: &mut impl Out) {
        let Self(problem) = self;
        let entry = problem.entry;
        if problem.type_uri.is_none() && problem.title == entry.title && problem.code == entry.code {
            // All but the last member's value, which is a text.
            let end = entry.json.len().saturating_sub(entry.explanation.len() + r#"""}"#.len());
            out.raw(entry.json.get(..end).unwrap_or_default());
        } else {
            out.raw(r#"{"type":"#);
            write_text(out, problem.type_uri.unwrap_or("about:blank"));
            out.raw(r#","title":"#);
            write_text(out, problem.title);
            out.raw(r#","status":"#);
            out.raw(problem.code.as_str());
            out.raw(r#","detail":"#);
        }
        write_text(out, problem.detail.unwrap_or(entry.explanation));
        if let Some(instance) = problem.instance {
            out.raw(r#","instance":"#);
            write_text(out, instance);
        }
        for (name, value) in problem.extensions {
            out.raw(",");
            write_text(out, name);
            out.raw(":");
            write_value(out, value);
        }
        if let Some(id) = problem.request_id {
            out.raw(r#","request_id":"#);
            write_text(out, id);
        }
        out.raw("}");
    }
}

/// As `serde_json` prints it.
pub(super) fn write_value(out: &mut impl Out, value: &Value) {
    match value {
        Value::Null => out.raw("null"),
        Value::Bool(true) => out.raw("true"),
        Value::Bool(false) => out.raw("false"),
        Value::Number(number) => match number.as_u64() {
            Some(number) => out.raw(itoa::Buffer::new().format(number)),
            None => escape::print(out, number),
        },
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.raw("[");
            for (position, item) in items.iter().enumerate() {
                out.raw(if position == 0 { "" } else { "," });
                write_value(out, item);
            }
            out.raw("]");
        }
        Value::Object(members) => {
            out.raw("{");
            for (position, (name, value)) in members.iter().enumerate() {
                out.raw(if position == 0 { "" } else { "," });
                write_text(out, name);
                out.raw(":");
                write_value(out, value);
            }
            out.raw("}");
        }
    }
}

fn write_text(out: &mut impl Out, text: &str) {
    out.raw("\"");
    out.text::<Json>(text);
    out.raw("\"");
}

struct Json;

impl Escape for Json {
    fn special(byte: u8) -> u8 {
        u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\')
    }

    /// RFC 8259 §7.
    fn replacement(char: char) -> Option<&'static str> {
        #[rustfmt::skip]
        const CONTROLS: [&str; 32] = [
            r"\u0000", r"\u0001", r"\u0002", r"\u0003", r"\u0004", r"\u0005", r"\u0006", r"\u0007",
            r"\b", r"\t", r"\n", r"\u000b", r"\f", r"\r", r"\u000e", r"\u000f",
            r"\u0010", r"\u0011", r"\u0012", r"\u0013", r"\u0014", r"\u0015", r"\u0016", r"\u0017",
            r"\u0018", r"\u0019", r"\u001a", r"\u001b", r"\u001c", r"\u001d", r"\u001e", r"\u001f",
        ];
        match char {
            '"' => Some(r#"\""#),
            '\\' => Some(r"\\"),
            char => CONTROLS.get(char as usize).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_plain_needs_no_replacement() {
        for byte in 0..=u8::MAX {
            let stays = byte >= 0x80 || Json::replacement(char::from(byte)).is_none();
            assert_eq!(Json::special(byte) == 0, stays, "{byte:#x}");
        }
    }

    #[test]
    fn values_are_what_serde_json_prints() -> Result<(), serde_json::Error> {
        let all: String = ('\0'..=char::MAX).collect();
        let values = [
            json!([null, true, false, "", [], {}, [[{}]], {"a": {"b": [1]}, "\"\n": "\\"}]),
            json!([0, -1, u64::MAX, i64::MIN, 0.0, -0.0, 0.1, 1e300, 5e-324, f64::MAX, 0.1_f32]),
            json!([all, "ends in a quote\"", "\"begins with one", "sixteen bytes are looked at \"at once\" here"]),
        ];
        for value in values {
            let mut text = String::new();
            write_value(&mut text, &value);
            assert_eq!(text, serde_json::to_string(&value)?);
        }
        Ok(())
    }
}
