//! The type ─► [`Input`].

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Path, spanned::Spanned};

use crate::{
    attribute::{self, Item, Key, Value},
    codes::meant,
    errors::Errors,
    field::text,
    keys::{self, Slot},
    variant::Variant,
};

const KEYS: [&str; 4] = ["default", "axum", "tonic", "crate"];

pub(crate) struct Input<'a> {
    pub(crate) item: &'a DeriveInput,
    /// The path of tower-status.
    pub(crate) root: TokenStream,
    pub(crate) default: Slot<u16>,
    pub(crate) axum: Option<Span>,
    pub(crate) tonic: Option<Span>,
    pub(crate) variants: Vec<Variant<'a>>,
}

pub(crate) fn parse<'a>(item: &'a DeriveInput, errors: &mut Errors) -> Input<'a> {
    let mut input = Input {
        item,
        root: quote!(::tower_status),
        default: Slot::default(),
        axum: None,
        tonic: None,
        variants: Vec::new(),
    };
    let mut own = Vec::new();
    let before = errors.len();
    let items = attribute::items(&item.attrs, errors);
    let is_unreadable = errors.len() > before;
    for said in items {
        match said {
            Item { key: Key::Name(key), span, value } if KEYS.contains(&&*key) => {
                input.read(&key, span, value, errors);
            }
            said => own.push(said),
        }
    }
    match &item.data {
        Data::Struct(data) => {
            let mut variant = Variant::of_struct(item, &data.fields, own, errors);
            variant.keys.is_unreadable |= is_unreadable;
            input.variants.push(variant);
            if let Some(default) = input.default.span() {
                errors.at(default, "`default` is for enums: a struct has one status, written `#[status(404)]`");
            }
        }
        Data::Enum(data) => {
            for said in own {
                errors.at(said.span, misplaced(&said.key));
            }
            for variant in &data.variants {
                input.variants.push(Variant::of_enum(item, variant, errors));
            }
        }
        Data::Union(data) => {
            errors.at(data.union_token.span, "`IntoStatus` is derived for enums and structs; a union is no error");
        }
    }
    input
}

impl Input<'_> {
    /// Where all stands that the derive names.
    pub(crate) fn private(&self) -> TokenStream {
        let root = &self.root;
        quote!(#root::__private)
    }

    fn read(&mut self, key: &str, span: Span, value: Value, errors: &mut Errors) {
        let twice = match (key, value) {
            ("axum", Value::Flag) => self.axum.replace(span).is_some(),
            ("tonic", Value::Flag) => self.tonic.replace(span).is_some(),
            ("default", Value::Is(tokens)) => {
                let at = tokens.span();
                let value = errors.ok(attribute::code(tokens).and_then(|code| attribute::an_errors(code, at)));
                return self.default.put(span, value, key, errors);
            }
            ("crate", Value::Is(tokens)) => {
                let path = text("crate", tokens).and_then(|literal| literal.parse::<Path>());
                if let Some(path) = errors.ok(path) {
                    self.root = path.into_token_stream();
                }
                false
            }
            ("default" | "crate", _) => {
                let example = if key == "default" { "500" } else { "\"::renamed\"" };
                return errors.at(span, format!("`{key}` takes a value: `{key} = {example}`"));
            }
            _ => return errors.at(span, format!("`{key}` takes no value")),
        };
        if twice {
            errors.at(span, format!("duplicate key `{key}`"));
        }
    }
}

/// What to say of a key of something else on an enum.
fn misplaced(key: &Key) -> String {
    match key {
        Key::Code(_) => "on the enum itself it is the default: `default = ..`".into(),
        Key::Name(name) if keys::is_known(name) => format!("`{name}` belongs on a variant, not on the enum"),
        Key::Name(name) => format!("unknown key `{name}`{}", meant(name, KEYS)),
    }
}
