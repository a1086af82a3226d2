//! `#[status(..)]` ─► items, one for each comma: a mistake in one leaves the others as they are.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Attribute, Error, Ident, LitInt, LitStr, Meta, Token, ext::IdentExt, parse::ParseStream, parse::Parser,
    spanned::Spanned, token,
};

use crate::{codes, errors::Errors};

/// One thing that an attribute says.
pub(crate) struct Item {
    pub(crate) key: Key,
    pub(crate) span: Span,
    pub(crate) value: Value,
}

pub(crate) enum Key {
    /// A status by itself.
    Code(u16),
    Name(String),
}

pub(crate) enum Value {
    Flag,
    /// `= ..`
    Is(TokenStream),
    /// `(..)`
    Of(TokenStream),
}

/// What all `#[status(..)]` among the attributes say.
pub(crate) fn items(attributes: &[Attribute], errors: &mut Errors) -> Vec<Item> {
    let mut items = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("status")) {
        let Meta::List(list) = &attribute.meta else {
            errors.on(attribute, "expected `#[status(..)]`, for example `#[status(404)]`");
            continue;
        };
        for chunk in chunks(&list.tokens) {
            items.extend(errors.ok(parse_item(chunk)));
        }
    }
    items
}

/// The tokens between the commas.
fn chunks(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut chunks = Vec::new();
    let mut chunk = Vec::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => chunks.push(std::mem::take(&mut chunk)),
            token => chunk.push(token),
        }
    }
    chunks.push(chunk);
    chunks.into_iter().filter(|chunk| !chunk.is_empty()).map(TokenStream::from_iter).collect()
}

fn parse_item(tokens: TokenStream) -> syn::Result<Item> {
    let end = tokens.span();
    let item = |input: ParseStream| {
        let item = one(input)?;
        if input.is_empty() { Ok(item) } else { Err(input.error("expected `,`")) }
    };
    item.parse2(tokens).map_err(|error| match error.to_string().strip_prefix("unexpected end of input, ") {
        // Of its end a stream knows only the whole macro.
        Some(expected) => Error::new(end, expected),
        None => error,
    })
}

fn one(input: ParseStream) -> syn::Result<Item> {
    let span = input.span();
    if input.peek(LitInt) {
        return Ok(Item { key: Key::Code(number(&input.parse()?)?), span, value: Value::Flag });
    }
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let hint = if text.value().parse::<u16>().is_ok() { ": a status is written without quotes" } else { "" };
        return Err(Error::new(span, format!("expected a status or a key{hint}")));
    }
    let is_path = input.peek(Token![::]) || input.peek2(Token![::]);
    if is_path {
        return constant(input);
    }
    if !input.peek(Ident::peek_any) {
        return Err(Error::new(span, "expected a status or a key"));
    }
    let ident = input.call(Ident::parse_any)?;
    let name = ident.unraw().to_string();
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() {
            return Err(Error::new(span, format!("expected a value: `{name} = ..`")));
        }
        Value::Is(input.parse()?)
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        Value::Of(content.parse()?)
    } else {
        Value::Flag
    };
    let is_constant = name.len() > 1 && !name.contains(|c: char| c.is_ascii_lowercase());
    let key = match value {
        Value::Flag if is_constant => Key::Code(codes::status(&name).map_err(|message| Error::new(span, message))?),
        _ => Key::Name(name),
    };
    Ok(Item { key, span, value })
}

/// `StatusCode::NOT_FOUND`, however long the path.
fn constant(input: ParseStream) -> syn::Result<Item> {
    input.parse::<Option<Token![::]>>()?;
    let mut last = input.call(Ident::parse_any)?;
    while input.parse::<Option<Token![::]>>()?.is_some() {
        last = input.call(Ident::parse_any)?;
    }
    let code = codes::status(&last.to_string()).map_err(|message| Error::new(last.span(), message))?;
    Ok(Item { key: Key::Code(code), span: last.span(), value: Value::Flag })
}

/// A status by its number or its constant's name.
pub(crate) fn code(tokens: TokenStream) -> syn::Result<u16> {
    let span = tokens.span();
    match parse_item(tokens)? {
        Item { key: Key::Code(code), .. } => Ok(code),
        _ => Err(Error::new(span, "expected a status, for example 500 or INTERNAL_SERVER_ERROR")),
    }
}

fn number(literal: &LitInt) -> syn::Result<u16> {
    literal.base10_parse().map_err(|_| Error::new(literal.span(), OUTSIDE))
}

const OUTSIDE: &str = "the status of an error is from 300 to 599";

/// A status that an error can have.
pub(crate) fn an_errors(code: u16, span: Span) -> syn::Result<u16> {
    match code {
        304 => Err(Error::new(span, "304 is no error: the layers and `Preconditions::check` answer with it")),
        300..=599 => Ok(code),
        _ => Err(Error::new(span, OUTSIDE)),
    }
}
