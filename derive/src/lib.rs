//! `#[derive(IntoStatus)]` of [tower-status](https://docs.rs/tower-status), which re-exports it with its documentation.
//!
//! Parse, validate, expand: what is wrong is collected on the way, and an implementation is written all the same, so that
//! one mistake is one message.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod attribute;
mod bounds;
mod codes;
mod errors;
mod expand;
mod field;
mod keys;
mod literal;
mod parse;
mod template;
mod validate;
mod variant;

/// See [`tower_status::IntoStatus`](https://docs.rs/tower-status/latest/tower_status/derive.IntoStatus.html).
#[proc_macro_derive(IntoStatus, attributes(status))]
pub fn into_status(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = errors::Errors::default();
    let parsed = parse::parse(&input, &mut errors);
    validate::validate(&parsed, &mut errors);
    expand::expand(&parsed, &errors).into()
}
