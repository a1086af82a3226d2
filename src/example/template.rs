//! The template of a detail, such as `order {order_id} does not exist`.

use std::str::Chars;

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// The name of a field.
    Field(String),
    /// A value without a name.
    Unnamed,
}

/// Replaces a value without a name.
pub(crate) const UNNAMED: &str = "…";

/// Splits a format string (`std::fmt`) into texts and placeholders.
pub(crate) fn parts(template: &str) -> Vec<Part> {
    let (mut parts, mut text, mut chars) = (Vec::new(), String::new(), template.chars());
    while let Some(char) = chars.next() {
        match char {
            '{' | '}' if chars.as_str().starts_with(char) => {
                chars.next();
                text.push(char);
            }
            '{' => {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(placeholder(&mut chars));
            }
            char => text.push(char),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// Reads what follows `{`: an argument, perhaps a format, and `}`.
fn placeholder(chars: &mut Chars<'_>) -> Part {
    let inside: String = chars.by_ref().take_while(|char| *char != '}').collect();
    let argument = inside.split(':').next().unwrap_or_default().trim();
    let name = argument.strip_prefix("r#").unwrap_or(argument);
    let is_name = name.starts_with(|char: char| char.is_alphabetic() || char == '_')
        && name.chars().all(|char| char.is_alphanumeric() || char == '_');
    if is_name { Part::Field(name.to_owned()) } else { Part::Unnamed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_named_by_their_field() {
        let text = |text: &str| Part::Text(text.to_owned());
        let field = |name: &str| Part::Field(name.to_owned());
        for (template, expected) in [
            ("", vec![]),
            ("sold out", vec![text("sold out")]),
            ("order {order_id} is gone", vec![text("order "), field("order_id"), text(" is gone")]),
            ("{order_id:>4}{r#type:?}", vec![field("order_id"), field("type")]),
            ("order {0} of {}", vec![text("order "), Part::Unnamed, text(" of "), Part::Unnamed]),
            ("{0:?}{.0}{a.b}", vec![Part::Unnamed, Part::Unnamed, Part::Unnamed]),
            ("{{0}} }} {{", vec![text("{0} } {")]),
            ("{open", vec![field("open")]),
        ] {
            assert_eq!(parts(template), expected, "{template:?}");
        }
    }
}
