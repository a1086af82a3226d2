//! Checks of literals: a value that the crate would drop or turn into a 500 at run time does not compile.

use syn::{Error, LitStr};

/// Checks a title (RFC 9457 §3.1.3).
pub(super) fn title(literal: &LitStr) -> syn::Result<()> {
    let text = literal.value();
    ensure(!text.trim().is_empty(), literal, "a title must not be empty")?;
    ensure(!text.contains(char::is_control), literal, "a title must not contain control characters")
}

/// Checks a detail or advice; an empty one would be ignored.
pub(super) fn text(key: &str, literal: &LitStr) -> syn::Result<()> {
    ensure(!literal.value().trim().is_empty(), literal, format!("`{key}` must not be empty"))
}

/// Checks a URI reference (RFC 3986 §4.1).
pub(super) fn uri(literal: &LitStr) -> syn::Result<()> {
    let text = literal.value();
    ensure(!text.is_empty(), literal, "a URI reference must not be empty")?;
    let invalid = text.chars().find(|c| c.is_control() || r#" "<>\^`{|}"#.contains(*c));
    match invalid {
        Some(invalid) => {
            Err(Error::new(literal.span(), format!("a URI cannot contain {invalid:?}: percent-encode it")))
        }
        None => percent_signs(&text, literal),
    }
}

/// Checks that each percent sign begins an escape (RFC 3986 §2.1).
fn percent_signs(text: &str, literal: &LitStr) -> syn::Result<()> {
    let is_escape = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let valid = text.split('%').skip(1).all(is_escape);
    ensure(valid, literal, "in a URI, two hexadecimal digits must follow a percent sign")
}

/// The header fields that describe or frame the body, which a status cannot set.
const FRAMING: [&str; 8] = [
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "te",
    "trailer",
    "keep-alive",
];

/// Checks the name of a header field (RFC 9110 §5.1) that a status can set.
pub(super) fn field_name(literal: &LitStr) -> syn::Result<()> {
    let name = literal.value();
    let valid = !name.is_empty() && name.bytes().all(is_token);
    ensure(valid, literal, format!("{name:?} is not a valid header field name"))?;
    let is_framing = FRAMING.contains(&&*name.to_ascii_lowercase());
    ensure(!is_framing, literal, format!("`{name}` describes or frames the body, so it is set with the body"))
}

/// Checks the value of a header field (RFC 9110 §5.5).
pub(super) fn field_value(literal: &LitStr) -> syn::Result<()> {
    let value = literal.value();
    ensure(!value.trim().is_empty(), literal, "a header field value must not be empty")?;
    let visible = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    ensure(value.bytes().all(visible), literal, "a header field value must consist of visible ASCII characters")
}

/// Checks a list of methods (RFC 9110 §10.2.1), which may be empty.
pub(super) fn allow(literal: &LitStr) -> syn::Result<()> {
    let value = literal.value();
    let is_method = |method: &str| !method.is_empty() && method.bytes().all(is_token);
    let is_list = value.trim().is_empty() || value.split(',').all(|method| is_method(method.trim()));
    ensure(is_list, literal, "`allow` takes a list of methods: \"GET, HEAD\"")
}

/// The standard members of a problem document (RFC 9457 §3.1).
const RESERVED: [&str; 5] = ["type", "title", "status", "detail", "instance"];

/// Checks the name of an extension member (RFC 9457 §3.2).
pub(super) fn extension(name: &str) -> Result<(), String> {
    match name {
        "" => Err("an extension must have a name".into()),
        name if RESERVED.contains(&name) => {
            Err(format!("`{name}` is a standard member of a problem document: give the extension another name"))
        }
        _ => Ok(()),
    }
}

/// Returns whether a token may contain the byte (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn ensure(valid: bool, literal: &LitStr, message: impl std::fmt::Display) -> syn::Result<()> {
    if valid { Ok(()) } else { Err(Error::new(literal.span(), message)) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use tower_status::__private as private;

    use super::*;

    #[test]
    fn framing_fields_are_those_of_the_crate() {
        let of_crate = private::FRAMING.each_ref().map(HeaderName::as_str);
        assert_eq!(FRAMING, of_crate);
    }

    #[test]
    fn reserved_members_are_those_of_the_crate() {
        assert_eq!(RESERVED, private::RESERVED);
    }
}
