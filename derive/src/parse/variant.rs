//! A variant, or a struct, which is handled like the only variant of an enum.

use proc_macro2::Span;
use syn::{Attribute, DeriveInput, Expr, ExprLit, Fields, Ident, Lit, LitStr, Meta, parse::ParseStream, parse::Parser};

use super::{
    attribute::{self, Item},
    field::{self, Field},
    keys::Keys,
    template::Template,
    unknown::Place,
    value::{Delay, Reference},
};
use crate::errors::Errors;

pub(crate) struct Variant<'a> {
    /// The variant's or the struct's name.
    pub(crate) ident: &'a Ident,
    pub(crate) is_struct: bool,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) keys: Keys,
    /// The text of thiserror's `#[error("..")]`.
    pub(crate) message: Option<LitStr>,
    /// The doc comment.
    pub(crate) description: Option<String>,
}

impl<'a> Variant<'a> {
    pub(super) fn of_struct(item: &'a DeriveInput, fields: &'a Fields, items: Vec<Item>, errors: &mut Errors) -> Self {
        let (fields, keys) = parse(fields, items, Place::Struct, errors);
        Self {
            ident: &item.ident,
            is_struct: true,
            fields,
            keys,
            message: error_attribute(&item.attrs).and_then(message),
            description: doc_comment(&item.attrs),
        }
    }

    pub(super) fn of_enum(item: &'a DeriveInput, variant: &'a syn::Variant, errors: &mut Errors) -> Self {
        let before = errors.len();
        let items = attribute::items(&variant.attrs, errors);
        let has_syntax_error = errors.len() > before;
        let (fields, mut keys) = parse(&variant.fields, items, Place::Variant, errors);
        keys.is_incomplete |= has_syntax_error;
        // thiserror uses the enum's attribute for a variant that has none.
        let error = error_attribute(&variant.attrs).or_else(|| error_attribute(&item.attrs));
        Self {
            ident: &variant.ident,
            is_struct: false,
            fields,
            keys,
            message: error.and_then(message),
            description: doc_comment(&variant.attrs),
        }
    }

    /// Returns the field with the inner error of a `transparent` or `from_error` variant.
    pub(crate) fn inner(&self) -> Option<&Field<'a>> {
        match &*self.fields {
            [only] => Some(only),
            fields => fields.iter().find(|field| field.transparent.is_some()).or_else(|| self.source()),
        }
    }

    /// Returns where the variant or one of its fields is marked as `transparent`.
    pub(crate) fn transparent_span(&self) -> Option<Span> {
        self.keys.transparent.span().or_else(|| self.fields.iter().find_map(|field| field.transparent))
    }

    /// Returns the field that the attributes mark as the source.
    fn source(&self) -> Option<&Field<'a>> {
        let marked = self.fields.iter().find(|field| field.source.is_some());
        marked.or_else(|| self.fields.iter().find(|field| field.is_thiserror_source))
    }

    /// Returns the field whose status is used.
    pub(crate) fn transparent(&self) -> Option<&Field<'a>> {
        self.inner().filter(|_| self.transparent_span().is_some())
    }

    /// Returns the field that is in the chain of causes even if `Error::source` does not return it.
    pub(crate) fn linked(&self) -> Option<&Field<'a>> {
        if self.transparent_span().is_some() || self.keys.from_error.is_set() {
            self.inner()
        } else {
            self.fields.iter().find(|field| field.source.is_some())
        }
    }

    /// Returns the field that is the status code.
    pub(crate) fn code(&self) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.code.is_some())
    }

    /// Returns the field that is the Retry-After.
    pub(crate) fn retry_after(&self) -> Option<&Field<'a>> {
        match self.keys.retry_after.get() {
            Some(Delay::Field(index)) => self.fields.get(*index),
            _ => self.fields.iter().find(|field| field.retry_after.is_some()),
        }
    }

    /// Returns the field that is the Location.
    pub(crate) fn location(&self) -> Option<&Field<'a>> {
        match self.keys.location.get() {
            Some(Reference::Field(index)) => self.fields.get(*index),
            _ => self.fields.iter().find(|field| field.location.is_some()),
        }
    }

    /// Returns where extension members are marked as `public`.
    pub(crate) fn public_spans(&self) -> impl Iterator<Item = Span> {
        let constants = self.keys.extensions.iter().filter_map(|constant| constant.public);
        constants.chain(self.fields.iter().filter_map(|field| field.public))
    }

    /// Returns the fields that templates format, each with the formatting trait that it needs.
    pub(crate) fn formatted(&self) -> Vec<(&Field<'a>, Ident)> {
        let formatted = self.templates().flat_map(Template::formatted);
        formatted.filter_map(|(index, bound)| Some((self.fields.get(index)?, bound))).collect()
    }

    /// Returns whether `status()` reads the field.
    pub(crate) fn uses(&self, field: &Field<'_>) -> bool {
        let in_template = self.templates().flat_map(Template::fields).filter_map(|index| self.fields.get(index));
        let mut used = in_template.chain(self.code()).chain(self.retry_after()).chain(self.location());
        field.extension.is_some() || used.any(|used| used.name == field.name)
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let location = match self.keys.location.get() {
            Some(Reference::Template(template)) => Some(template),
            _ => None,
        };
        [self.keys.detail.get(), self.keys.instance.get(), self.keys.advice.get(), location].into_iter().flatten()
    }
}

fn parse<'a>(fields: &'a Fields, items: Vec<Item>, place: Place, errors: &mut Errors) -> (Vec<Field<'a>>, Keys) {
    let before = errors.len();
    let fields = field::parse(fields, errors);
    let mut keys = Keys { is_incomplete: errors.len() > before, ..Keys::default() };
    for item in items {
        keys.read(item, place, &fields, errors);
    }
    (fields, keys)
}

/// Returns the lines of the doc comment without the space after `///`.
fn doc_comment(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<_> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta.require_name_value().ok()?.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        })
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned())
        .collect();
    Some(lines.join("\n").trim().to_owned()).filter(|text| !text.is_empty())
}

fn error_attribute(attributes: &[Attribute]) -> Option<&Attribute> {
    attributes.iter().find(|attribute| attribute.path().is_ident("error"))
}

/// Returns the text of `#[error("..")]`, if it has one.
fn message(attribute: &Attribute) -> Option<LitStr> {
    let Meta::List(list) = &attribute.meta else { return None };
    let first = |input: ParseStream| {
        let literal: LitStr = input.parse()?;
        input.parse::<proc_macro2::TokenStream>()?;
        Ok(literal)
    };
    first.parse2(list.tokens.clone()).ok()
}
