//! A variant, or a struct as if it were one.

use proc_macro2::Span;
use syn::{Attribute, DeriveInput, Fields, Ident, LitStr, Meta, parse::ParseStream, parse::Parser};

use crate::{
    attribute::{self, Item},
    errors::Errors,
    field::{self, Field},
    keys::{Delay, Keys, Reference},
    template::Template,
};

pub(crate) struct Variant<'a> {
    /// `None` of a struct.
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) span: Span,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) keys: Keys,
    /// The text of thiserror's `#[error("..")]`.
    pub(crate) message: Option<LitStr>,
}

impl<'a> Variant<'a> {
    pub(crate) fn of_struct(
        item: &'a DeriveInput,
        fields: &'a Fields,
        said: Vec<Item>,
        errors: &mut Errors,
    ) -> Variant<'a> {
        let message = error_attribute(&item.attrs).and_then(message);
        Self::new(None, item.ident.span(), fields, said, message, errors)
    }

    pub(crate) fn of_enum(item: &'a DeriveInput, variant: &'a syn::Variant, errors: &mut Errors) -> Variant<'a> {
        let before = errors.len();
        let said = attribute::items(&variant.attrs, errors);
        let is_unreadable = errors.len() > before;
        // thiserror takes the enum's where the variant has none.
        let error = error_attribute(&variant.attrs).or_else(|| error_attribute(&item.attrs));
        let message = error.and_then(message);
        let mut parsed = Self::new(Some(&variant.ident), variant.ident.span(), &variant.fields, said, message, errors);
        parsed.keys.is_unreadable |= is_unreadable;
        parsed
    }

    fn new(
        ident: Option<&'a Ident>,
        span: Span,
        fields: &'a Fields,
        said: Vec<Item>,
        message: Option<LitStr>,
        errors: &mut Errors,
    ) -> Self {
        let fields = field::parse(fields, errors);
        let mut keys = Keys::default();
        for item in said {
            keys.read(item, &fields, errors);
        }
        Self { ident, span, fields, keys, message }
    }

    /// The field that is the cause, as far as the attributes say it.
    pub(crate) fn source(&self) -> Option<&Field<'a>> {
        let marked = self.fields.iter().find(|field| field.source.is_some());
        marked.or_else(|| self.fields.iter().find(|field| field.is_thiserrors_source))
    }

    /// The field that a `transparent` or a `from_error` is about: the marked one, else the only one.
    pub(crate) fn inner(&self) -> Option<&Field<'a>> {
        match &*self.fields {
            [only] => Some(only),
            _ => self.source(),
        }
    }
}

impl Variant<'_> {
    /// The field that answers for itself.
    pub(crate) fn transparent(&self) -> Option<&Field<'_>> {
        self.inner().filter(|_| self.keys.transparent.is_given())
    }

    /// The field that stands in the chain of causes, whatever `Error::source` says.
    pub(crate) fn linked(&self) -> Option<&Field<'_>> {
        if self.keys.transparent.is_given() || self.keys.from_error.is_given() {
            self.inner()
        } else {
            self.fields.iter().find(|field| field.source.is_some())
        }
    }

    /// The field that says how long to wait.
    pub(crate) fn delay(&self) -> Option<&Field<'_>> {
        match self.keys.retry_after.said() {
            Some(Delay::Field(index)) => self.fields.get(*index),
            _ => self.fields.iter().find(|field| field.retry_after.is_some()),
        }
    }

    /// The field that is the Location.
    pub(crate) fn location(&self) -> Option<&Field<'_>> {
        match self.keys.location.said() {
            Some(Reference::Field(index)) => self.fields.get(*index),
            _ => self.fields.iter().find(|field| field.location.is_some()),
        }
    }

    /// Fields that templates show, each with the trait that shows it.
    pub(crate) fn shown(&self) -> Vec<(&Field<'_>, Ident)> {
        let shown = self.templates().flat_map(Template::shown);
        shown.filter_map(|(index, bound)| Some((self.fields.get(index)?, bound))).collect()
    }

    /// Whether the status is made with the field.
    pub(crate) fn uses(&self, field: &Field<'_>) -> bool {
        let in_template = self.templates().flat_map(Template::used).filter_map(|index| self.fields.get(index));
        let mut used = in_template.chain(self.delay()).chain(self.location());
        field.extension.is_some() || used.any(|used| used.name == field.name)
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let location = match self.keys.location.said() {
            Some(Reference::Template(template)) => Some(template),
            _ => None,
        };
        [self.keys.detail.said(), self.keys.instance.said(), location].into_iter().flatten()
    }
}

fn error_attribute(attributes: &[Attribute]) -> Option<&Attribute> {
    attributes.iter().find(|attribute| attribute.path().is_ident("error"))
}

/// The text of an `#[error(..)]`, if it has one.
fn message(attribute: &Attribute) -> Option<LitStr> {
    let Meta::List(list) = &attribute.meta else { return None };
    let first = |input: ParseStream| {
        let literal: LitStr = input.parse()?;
        input.parse::<proc_macro2::TokenStream>()?;
        Ok(literal)
    };
    first.parse2(list.tokens.clone()).ok()
}
