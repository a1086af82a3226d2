//! Reads the type and its attributes into [`Input`].

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Path};

use crate::errors::Errors;
use attribute::{Item, Key, Value, text};
use slot::Slot;
use unknown::Place;
use variant::Variant;

pub(crate) mod attribute;
pub(crate) mod field;
mod key_names;
pub(crate) mod keys;
mod literal;
mod slot;
pub(crate) mod template;
mod unknown;
pub(crate) mod value;
pub(crate) mod variant;

pub(crate) struct Input<'a> {
    pub(crate) item: &'a DeriveInput,
    /// The path of tower-status, if it is given.
    root: Slot<Path>,
    /// Whether a key of the type was unknown or malformed.
    is_incomplete: bool,
    pub(crate) default: Slot<u16>,
    pub(crate) axum: Option<Span>,
    pub(crate) tonic: Option<Span>,
    pub(crate) connect: Option<Span>,
    pub(crate) utoipa: Option<Span>,
    pub(crate) aide: Option<Span>,
    pub(crate) variants: Vec<Variant<'a>>,
}

pub(crate) fn parse<'a>(item: &'a DeriveInput, errors: &mut Errors) -> Input<'a> {
    let mut input = Input {
        item,
        root: Slot::default(),
        is_incomplete: false,
        default: Slot::default(),
        axum: None,
        tonic: None,
        connect: None,
        utoipa: None,
        aide: None,
        variants: Vec::new(),
    };
    let before = errors.len();
    let items = attribute::items(&item.attrs, errors);
    input.is_incomplete = errors.len() > before;
    let mut others = Vec::new();
    for read in items {
        match read {
            Item { key: Key::Name(key), span, value } if key_names::TYPE.contains(&&*key) => {
                input.read(&key, span, value, errors);
            }
            other => others.push(other),
        }
    }
    match &item.data {
        Data::Struct(data) => input.read_struct(data, others, errors),
        Data::Enum(data) => input.read_enum(data, &others, errors),
        Data::Union(data) => {
            errors.at(data.union_token.span, "`IntoStatus` can be derived for enums and structs, not for unions");
        }
    }
    for variant in &mut input.variants {
        variant.keys.is_incomplete |= input.is_incomplete;
    }
    input
}

impl<'a> Input<'a> {
    /// Returns the module whose items the derive uses.
    pub(crate) fn private(&self) -> TokenStream {
        if let Some(root) = self.root.get() { quote!(#root::__private) } else { quote!(::tower_status::__private) }
    }

    fn read_struct(&mut self, data: &'a DataStruct, items: Vec<Item>, errors: &mut Errors) {
        self.variants.push(Variant::of_struct(self.item, &data.fields, items, errors));
        if let Some(default) = self.default.span() {
            errors.at(default, "`default` is for enums; a struct has one status code: `#[status(404)]`");
        }
    }

    fn read_enum(&mut self, data: &'a DataEnum, misplaced: &[Item], errors: &mut Errors) {
        self.is_incomplete |= !misplaced.is_empty();
        for item in misplaced {
            errors.at(
                item.span,
                match &item.key {
                    Key::Code(_) => {
                        "on an enum, the status code of the variants without one is written `default = ..`".into()
                    }
                    Key::Name(name) => unknown::message(name, &item.value, Place::Enum),
                },
            );
        }
        for variant in &data.variants {
            self.variants.push(Variant::of_enum(self.item, variant, errors));
        }
    }

    /// Reads a key of the type.
    fn read(&mut self, key: &str, span: Span, value: Value, errors: &mut Errors) {
        let is_duplicate = match (key, value) {
            ("axum", Value::None) => self.axum.replace(span).is_some(),
            ("tonic", Value::None) => self.tonic.replace(span).is_some(),
            ("connect", Value::None) => self.connect.replace(span).is_some(),
            ("utoipa", Value::None) => self.utoipa.replace(span).is_some(),
            ("aide", Value::None) => self.aide.replace(span).is_some(),
            ("default", Value::Assigned(tokens)) => {
                let value = errors.ok(attribute::code(tokens));
                return self.default.set(span, value, key, errors);
            }
            ("crate", Value::Assigned(tokens)) => {
                let path = errors.ok(text("crate", tokens).and_then(|literal| literal.parse()));
                return self.root.set(span, path, key, errors);
            }
            ("default" | "crate", _) => {
                self.is_incomplete = true;
                let example = if key == "default" { "500" } else { "\"::renamed\"" };
                return errors.at(span, format!("`{key}` takes a value: `{key} = {example}`"));
            }
            _ => return errors.at(span, format!("`{key}` takes no value")),
        };
        if is_duplicate {
            errors.at(span, format!("duplicate key `{key}`"));
        }
    }
}
