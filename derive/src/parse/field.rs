//! The fields of a variant with their attributes.

use proc_macro2::Span;
use syn::{Ident, Index, Member, Type, ext::IdentExt, spanned::Spanned};

use super::{
    attribute::{self, Item, Key, Value, text},
    key_names, literal,
    unknown::{self, Place},
};
use crate::errors::Errors;

pub(crate) struct Field<'a> {
    pub(crate) member: Member,
    /// The name in a template: `order_id`, `0`.
    pub(crate) name: String,
    pub(crate) ty: &'a Type,
    pub(crate) extension: Option<Extension>,
    pub(crate) public: Option<Span>,
    pub(crate) code: Option<Span>,
    pub(crate) retry_after: Option<Span>,
    pub(crate) location: Option<Span>,
    pub(crate) source: Option<Span>,
    pub(crate) transparent: Option<Span>,
    /// Whether thiserror uses the field as the source.
    pub(crate) is_thiserror_source: bool,
}

/// A field that is an extension member.
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) span: Span,
}

impl Field<'_> {
    /// Returns the name to which patterns bind the field.
    pub(crate) fn binding(&self) -> Ident {
        // The span is that of the field's type, where the compiler reports a wrong type.
        Ident::new(&format!("__field_{}", self.name), Span::mixed_site().located_at(self.ty.span()))
    }
}

pub(super) fn parse<'a>(fields: &'a syn::Fields, errors: &mut Errors) -> Vec<Field<'a>> {
    fields.iter().enumerate().map(|(index, field)| parse_one(index, field, errors)).collect()
}

fn parse_one<'a>(index: usize, field: &'a syn::Field, errors: &mut Errors) -> Field<'a> {
    let position = Index { index: u32::try_from(index).unwrap_or(u32::MAX), span: field.ty.span() };
    let (member, name) = match &field.ident {
        Some(ident) => (Member::Named(ident.clone()), ident.unraw().to_string()),
        None => (Member::Unnamed(position), index.to_string()),
    };
    let has = |name| field.attrs.iter().any(|attribute| attribute.path().is_ident(name));
    let mut parsed = Field {
        member,
        is_thiserror_source: name == "source" || has("source") || has("from"),
        name,
        ty: &field.ty,
        extension: None,
        public: None,
        code: None,
        retry_after: None,
        location: None,
        source: None,
        transparent: None,
    };
    for item in attribute::items(&field.attrs, errors) {
        read(&mut parsed, item, field.ident.is_some(), errors);
    }
    parsed
}

fn read(field: &mut Field<'_>, item: Item, is_named: bool, errors: &mut Errors) {
    let Item { key, span, value } = item;
    let Key::Name(key) = key else {
        return errors.at(span, "a status code belongs on the variant, not on its field");
    };
    let slot = match (&*key, &value) {
        ("extension", _) => return read_extension(field, span, value, is_named, errors),
        ("public", Value::None) => &mut field.public,
        ("code", Value::None) => &mut field.code,
        ("retry_after", Value::None) => &mut field.retry_after,
        ("location", Value::None) => &mut field.location,
        ("source", Value::None) => &mut field.source,
        ("transparent", Value::None) => &mut field.transparent,
        (known, _) if key_names::FIELD.contains(&known) => {
            return errors.at(span, format!("on a field, `{key}` takes no value"));
        }
        _ => return errors.at(span, unknown::message(&key, &value, Place::Field)),
    };
    if slot.replace(span).is_some() {
        errors.at(span, format!("duplicate key `{key}`"));
    }
}

fn read_extension(field: &mut Field<'_>, span: Span, value: Value, is_named: bool, errors: &mut Errors) {
    let extension = match value {
        Value::None if is_named => Extension { name: field.name.clone(), span },
        Value::None => return errors.at(span, "this field has no name: write `extension = \"name\"`"),
        Value::Assigned(tokens) => match errors.ok(text("extension", tokens)) {
            Some(name) => Extension { name: name.value(), span: name.span() },
            None => return,
        },
        Value::List(_) => return errors.at(span, "on a field, write `extension = \"name\"`"),
    };
    if let Err(message) = literal::extension(&extension.name) {
        errors.at(extension.span, message);
    }
    if field.extension.replace(extension).is_some() {
        errors.at(span, "duplicate key `extension`");
    }
}
