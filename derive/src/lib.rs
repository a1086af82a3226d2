//! `#[derive(IntoStatus)]` of [tower-status](https://docs.rs/tower-status), which re-exports it with its documentation.
//!
//! `parse` reads the type and its attributes, `validate` checks what needs more than one key or field, `expand` writes
//! the implementation. Each step collects the mistakes that it finds. An implementation is written in any case, so that
//! one mistake is one message.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod errors;
mod expand;
mod names;
mod parse;
mod validate;

/// See [`tower_status::IntoStatus`](https://docs.rs/tower-status/latest/tower_status/derive.IntoStatus.html).
#[proc_macro_derive(IntoStatus, attributes(status))]
pub fn into_status(input: TokenStream) -> TokenStream {
    let item = parse_macro_input!(input as DeriveInput);
    let mut errors = errors::Errors::default();
    let input = parse::parse(&item, &mut errors);
    validate::validate(&input, validate::Features::ENABLED, &mut errors);
    expand::expand(&input, validate::Features::ENABLED, &errors).into()
}
