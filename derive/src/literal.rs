//! What may stand in a literal: what the layer would drop or answer with a 500 is refused while it can be mended.

use syn::{Error, LitStr};

/// A title (RFC 9457 §3.1.3).
pub(crate) fn title(literal: &LitStr) -> syn::Result<()> {
    let text = literal.value();
    refuse_if(text.trim().is_empty(), literal, "a title has words in it")?;
    refuse_if(text.contains(char::is_control), literal, "a title has no control characters")
}

/// A URI reference (RFC 3986 §4.1).
pub(crate) fn uri(literal: &LitStr) -> syn::Result<()> {
    let text = literal.value();
    refuse_if(text.is_empty(), literal, "a URI reference has at least one character")?;
    let wrong = text.chars().find(|c| c.is_control() || r#" "<>\^`{|}"#.contains(*c));
    match wrong {
        Some(wrong) => Err(Error::new(literal.span(), format!("a URI cannot hold {wrong:?}: percent-encode it"))),
        None => percent_signs(&text, literal),
    }
}

/// A percent sign begins an escape (RFC 3986 §2.1).
fn percent_signs(text: &str, literal: &LitStr) -> syn::Result<()> {
    let is_escape = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let wrong = text.split('%').skip(1).any(|after| !is_escape(after));
    refuse_if(wrong, literal, "in a URI two hexadecimal digits follow a percent sign")
}

/// Fields that only the writer of the body can say.
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

/// A field name (RFC 9110 §5.1), of a field that a status may set.
pub(crate) fn field_name(literal: &LitStr) -> syn::Result<()> {
    let name = literal.value();
    let is_token = !name.is_empty() && name.bytes().all(is_token);
    refuse_if(!is_token, literal, format!("{name:?} is no name of a header field"))?;
    let is_framing = FRAMING.contains(&&*name.to_ascii_lowercase());
    refuse_if(is_framing, literal, format!("{name} describes or frames the body: who writes that sets it"))
}

/// A field value (RFC 9110 §5.5).
pub(crate) fn field_value(literal: &LitStr) -> syn::Result<()> {
    let value = literal.value();
    refuse_if(value.trim().is_empty(), literal, "a header field has a value")?;
    let visible = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    refuse_if(!value.bytes().all(visible), literal, "the value of a header field is visible ASCII characters")
}

/// Methods (RFC 9110 §10.2.1); none is legal too.
pub(crate) fn allow(literal: &LitStr) -> syn::Result<()> {
    let value = literal.value();
    let is_method = |method: &str| !method.is_empty() && method.bytes().all(is_token);
    let is_list = value.trim().is_empty() || value.split(',').all(|method| is_method(method.trim()));
    refuse_if(!is_list, literal, "`allow` lists methods: \"GET, HEAD\"")
}

/// A member of the problem document (RFC 9457 §3.2).
pub(crate) fn extension(name: &str) -> Result<(), String> {
    match name {
        "" => Err("an extension has a name".into()),
        "type" | "title" | "status" | "detail" | "instance" => Err(format!(
            "`{name}` is a member of every problem document (RFC 9457 §3.1): give the extension another name"
        )),
        _ => Ok(()),
    }
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn refuse_if(wrong: bool, literal: &LitStr, message: impl std::fmt::Display) -> syn::Result<()> {
    if wrong { Err(Error::new(literal.span(), message)) } else { Ok(()) }
}
