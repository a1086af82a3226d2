//! A variant, or a struct, which is handled like an enum's only variant.

use proc_macro2::Span;
use syn::{Attribute, DeriveInput, Fields, Ident, LitStr, Meta, parse::ParseStream, parse::Parser};

use super::{
    attribute::{self, Item},
    field::{self, Field},
    keys::{Delay, Keys, Reference},
    template::Template,
};
use crate::errors::Errors;

pub(crate) struct Variant<'a> {
    /// `None` for a struct.
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) span: Span,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) keys: Keys,
    /// The text of thiserror's `#[error("..")]`.
    pub(crate) message: Option<LitStr>,
}

impl<'a> Variant<'a> {
    pub(super) fn of_struct(
        item: &'a DeriveInput,
        fields: &'a Fields,
        items: Vec<Item>,
        errors: &mut Errors,
    ) -> Variant<'a> {
        let message = error_attribute(&item.attrs).and_then(message);
        Self::new(None, item.ident.span(), fields, items, message, errors)
    }

    pub(super) fn of_enum(item: &'a DeriveInput, variant: &'a syn::Variant, errors: &mut Errors) -> Variant<'a> {
        let before = errors.len();
        let items = attribute::items(&variant.attrs, errors);
        let has_syntax_error = errors.len() > before;
        // thiserror uses the enum's attribute for a variant that has none.
        let error = error_attribute(&variant.attrs).or_else(|| error_attribute(&item.attrs));
        let message = error.and_then(message);
        let (ident, fields) = (&variant.ident, &variant.fields);
        let mut parsed = Self::new(Some(ident), ident.span(), fields, items, message, errors);
        parsed.keys.is_incomplete |= has_syntax_error;
        parsed
    }

    fn new(
        ident: Option<&'a Ident>,
        span: Span,
        fields: &'a Fields,
        items: Vec<Item>,
        message: Option<LitStr>,
        errors: &mut Errors,
    ) -> Self {
        let fields = field::parse(fields, errors);
        let mut keys = Keys::default();
        for item in items {
            keys.read(item, &fields, errors);
        }
        Self { ident, span, fields, keys, message }
    }
}

impl<'a> Variant<'a> {
    /// Returns the field that holds the inner error of a `transparent` or `from_error` variant.
    pub(crate) fn inner(&self) -> Option<&Field<'a>> {
        match &*self.fields {
            [only] => Some(only),
            _ => self.source(),
        }
    }

    /// Returns the field that the attributes mark as the source.
    fn source(&self) -> Option<&Field<'a>> {
        let marked = self.fields.iter().find(|field| field.source.is_some());
        marked.or_else(|| self.fields.iter().find(|field| field.is_thiserror_source))
    }

    /// Returns the field whose status is used.
    pub(crate) fn transparent(&self) -> Option<&Field<'a>> {
        self.inner().filter(|_| self.keys.transparent.is_set())
    }

    /// Returns the field that is in the chain of causes whether `Error::source` returns it or not.
    pub(crate) fn linked(&self) -> Option<&Field<'a>> {
        if self.keys.transparent.is_set() || self.keys.from_error.is_set() {
            self.inner()
        } else {
            self.fields.iter().find(|field| field.source.is_some())
        }
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

    /// Returns the fields that templates format, each with the formatting trait that it needs.
    pub(crate) fn formatted(&self) -> Vec<(&Field<'a>, Ident)> {
        let formatted = self.templates().flat_map(Template::formatted);
        formatted.filter_map(|(index, bound)| Some((self.fields.get(index)?, bound))).collect()
    }

    /// Returns whether `status()` reads the field.
    pub(crate) fn uses(&self, field: &Field<'_>) -> bool {
        let in_template = self.templates().flat_map(Template::fields).filter_map(|index| self.fields.get(index));
        let mut used = in_template.chain(self.retry_after()).chain(self.location());
        field.extension.is_some() || used.any(|used| used.name == field.name)
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let location = match self.keys.location.get() {
            Some(Reference::Template(template)) => Some(template),
            _ => None,
        };
        [self.keys.detail.get(), self.keys.instance.get(), location].into_iter().flatten()
    }
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
