//! The fields of a variant, and what their attributes say.

use proc_macro2::{Span, TokenStream};
use syn::{Ident, Index, LitStr, Member, Type, ext::IdentExt, spanned::Spanned};

use crate::{
    attribute::{self, Item, Key, Value},
    codes::meant,
    errors::Errors,
    keys, literal,
};

pub(crate) const KEYS: [&str; 4] = ["extension", "retry_after", "location", "source"];

pub(crate) struct Field<'a> {
    pub(crate) member: Member,
    /// As a template names it: `order_id`, `0`.
    pub(crate) name: String,
    pub(crate) ty: &'a Type,
    /// The name of the member, and where it is said.
    pub(crate) extension: Option<(String, Span)>,
    pub(crate) retry_after: Option<Span>,
    pub(crate) location: Option<Span>,
    pub(crate) source: Option<Span>,
    /// thiserror takes it for the source.
    pub(crate) is_thiserrors_source: bool,
}

impl Field<'_> {
    /// What the field is called where it is matched.
    pub(crate) fn binding(&self) -> Ident {
        // Where the compiler finds fault with it, it points at the type.
        Ident::new(&format!("__field_{}", self.name), Span::mixed_site().located_at(self.ty.span()))
    }
}

pub(crate) fn parse<'a>(fields: &'a syn::Fields, errors: &mut Errors) -> Vec<Field<'a>> {
    fields.iter().enumerate().map(|(index, field)| parse_one(index, field, errors)).collect()
}

fn parse_one<'a>(index: usize, field: &'a syn::Field, errors: &mut Errors) -> Field<'a> {
    let member = match &field.ident {
        Some(ident) => Member::Named(ident.clone()),
        None => Member::Unnamed(Index { index: u32::try_from(index).unwrap_or(u32::MAX), span: field.ty.span() }),
    };
    let name = match &field.ident {
        Some(ident) => ident.unraw().to_string(),
        None => index.to_string(),
    };
    let is_thiserrors_source = name == "source"
        || field.attrs.iter().any(|attribute| attribute.path().is_ident("source") || attribute.path().is_ident("from"));
    let mut parsed = Field {
        member,
        name,
        ty: &field.ty,
        extension: None,
        retry_after: None,
        location: None,
        source: None,
        is_thiserrors_source,
    };
    for item in attribute::items(&field.attrs, errors) {
        read(&mut parsed, item, field.ident.is_some(), errors);
    }
    parsed
}

fn read(field: &mut Field<'_>, item: Item, is_named: bool, errors: &mut Errors) {
    let Item { key, span, value } = item;
    let Key::Name(key) = key else {
        return errors.at(span, "a status belongs on the variant, not on its field");
    };
    let slot = match (&*key, &value) {
        ("extension", _) => return read_extension(field, span, value, is_named, errors),
        ("retry_after", Value::Flag) => &mut field.retry_after,
        ("location", Value::Flag) => &mut field.location,
        ("source", Value::Flag) => &mut field.source,
        (known, _) if KEYS.contains(&known) => {
            return errors.at(span, format!("on a field it is `{key}` alone"));
        }
        (known, _) if keys::KEYS.contains(&known) => {
            return errors.at(span, format!("`{key}` belongs on the variant, not on its field"));
        }
        (unknown, _) => return errors.at(span, format!("unknown key `{key}`{}", meant(unknown, KEYS))),
    };
    if slot.replace(span).is_some() {
        errors.at(span, format!("duplicate key `{key}`"));
    }
}

fn read_extension(field: &mut Field<'_>, span: Span, value: Value, is_named: bool, errors: &mut Errors) {
    let given = match value {
        Value::Flag if is_named => (field.name.clone(), span),
        Value::Flag => return errors.at(span, "a field without a name: write `extension = \"name\"`"),
        Value::Is(tokens) => match errors.ok(text("extension", tokens)) {
            Some(name) => (name.value(), name.span()),
            None => return,
        },
        Value::Of(_) => return errors.at(span, "write `extension = \"name\"`"),
    };
    if let Err(message) = literal::extension(&given.0) {
        errors.at(given.1, message);
    }
    if field.extension.replace(given).is_some() {
        errors.at(span, "duplicate key `extension`");
    }
}

/// The string that a key is given.
pub(crate) fn text(key: &str, tokens: TokenStream) -> syn::Result<LitStr> {
    let span = tokens.span();
    syn::parse2(tokens).map_err(|_| syn::Error::new(span, format!("`{key}` takes a string: `{key} = \"..\"`")))
}
