//! Splits `#[status(..)]` into items at the commas, so that a mistake in one item leaves the others intact.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Attribute, Error, Ident, LitInt, LitStr, Meta, Token, ext::IdentExt, parse::ParseStream, parse::Parser,
    spanned::Spanned, token,
};

use crate::{errors::Errors, names};

/// One item of an attribute: `404`, `expose`, `title = ".."`, `header(..)`.
pub(crate) struct Item {
    pub(crate) key: Key,
    pub(crate) span: Span,
    pub(crate) value: Value,
}

pub(crate) enum Key {
    /// A status code, as a number or a constant.
    Code(u16),
    Name(String),
}

pub(crate) enum Value {
    /// No value.
    None,
    /// `= ..`
    Assigned(TokenStream),
    /// `(..)`
    List(TokenStream),
}

/// Returns the items of all `#[status(..)]` attributes.
pub(super) fn items(attributes: &[Attribute], errors: &mut Errors) -> Vec<Item> {
    let mut items = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("status")) {
        let Meta::List(list) = &attribute.meta else {
            errors.on(attribute, "expected `#[status(..)]`, for example `#[status(404)]`");
            continue;
        };
        for tokens in split_at_commas(&list.tokens) {
            items.extend(errors.ok(parse_item(tokens)));
        }
    }
    items
}

fn split_at_commas(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => parts.push(std::mem::take(&mut part)),
            token => part.push(token),
        }
    }
    parts.push(part);
    parts.into_iter().filter(|part| !part.is_empty()).map(TokenStream::from_iter).collect()
}

fn parse_item(tokens: TokenStream) -> syn::Result<Item> {
    let end = tokens.span();
    let whole = |input: ParseStream| {
        let item = item(input)?;
        if input.is_empty() { Ok(item) } else { Err(input.error("expected `,`")) }
    };
    whole.parse2(tokens).map_err(|error| match error.to_string().strip_prefix("unexpected end of input, ") {
        // The end of a stream has only the span of the whole derive.
        Some(expected) => Error::new(end, expected),
        None => error,
    })
}

fn item(input: ParseStream) -> syn::Result<Item> {
    let span = input.span();
    if input.peek(LitInt) {
        return Ok(Item { key: Key::Code(number(&input.parse()?)?), span, value: Value::None });
    }
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let hint = if text.value().parse::<u16>().is_ok() { "; write the status code without quotes" } else { "" };
        return Err(Error::new(span, format!("expected a status code or a key{hint}")));
    }
    if input.peek(Token![::]) || input.peek2(Token![::]) {
        return constant(input);
    }
    if !input.peek(Ident::peek_any) {
        return Err(Error::new(span, "expected a status code or a key"));
    }
    let mut name = input.call(Ident::parse_any)?.unraw().to_string();
    // `retry-after` is not a key, but the message about it names it as one word.
    while input.peek(Token![-]) && input.peek2(Ident::peek_any) {
        input.parse::<Token![-]>()?;
        name = format!("{name}-{}", input.call(Ident::parse_any)?.unraw());
    }
    let value = value(&name, span, input)?;
    let is_constant = name.len() > 1 && !name.contains(|c: char| c.is_ascii_lowercase());
    let key = match value {
        Value::None if is_constant => Key::Code(names::status(&name).map_err(|message| Error::new(span, message))?),
        _ => Key::Name(name),
    };
    Ok(Item { key, span, value })
}

fn value(name: &str, span: Span, input: ParseStream) -> syn::Result<Value> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() {
            return Err(Error::new(span, format!("expected a value: `{name} = ..`")));
        }
        Ok(Value::Assigned(input.parse()?))
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        Ok(Value::List(content.parse()?))
    } else {
        Ok(Value::None)
    }
}

/// Parses `StatusCode::NOT_FOUND` with a path of any length.
fn constant(input: ParseStream) -> syn::Result<Item> {
    input.parse::<Option<Token![::]>>()?;
    let mut last = input.call(Ident::parse_any)?;
    while input.parse::<Option<Token![::]>>()?.is_some() {
        last = input.call(Ident::parse_any)?;
    }
    let code = names::status(&last.to_string()).map_err(|message| Error::new(last.span(), message))?;
    Ok(Item { key: Key::Code(code), span: last.span(), value: Value::None })
}

/// Parses a status code by its number or its constant's name.
pub(super) fn code(tokens: TokenStream) -> syn::Result<u16> {
    let span = tokens.span();
    match parse_item(tokens)? {
        Item { key: Key::Code(code), .. } => error_code(code, span),
        _ => Err(Error::new(span, "expected a status code, for example 500 or INTERNAL_SERVER_ERROR")),
    }
}

/// Parses the string value of a key.
pub(super) fn text(key: &str, tokens: TokenStream) -> syn::Result<LitStr> {
    let span = tokens.span();
    syn::parse2(tokens).map_err(|_| Error::new(span, format!("`{key}` takes a string: `{key} = \"..\"`")))
}

fn number(literal: &LitInt) -> syn::Result<u16> {
    literal.base10_parse().map_err(|_| Error::new(literal.span(), OUT_OF_RANGE))
}

const OUT_OF_RANGE: &str = "the status code of an error must be between 300 and 599";

/// Checks that an error can have this status code.
pub(super) fn error_code(code: u16, span: Span) -> syn::Result<u16> {
    match code {
        304 => Err(Error::new(span, "304 is not an error: the layers and `Preconditions::check` return it")),
        300..=599 => Ok(code),
        _ => Err(Error::new(span, OUT_OF_RANGE)),
    }
}
