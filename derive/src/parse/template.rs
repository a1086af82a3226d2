//! Literals with fields in them: `"order {order_id} is {0:?}"`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Ident, LitStr};

use super::field::Field;
use crate::names::suggestion;

/// Texts with a placeholder between each two of them, so there is one more text than placeholders.
pub(crate) struct Template {
    pub(crate) literal: LitStr,
    texts: Vec<String>,
    placeholders: Vec<Placeholder>,
}

/// One `{..}`.
struct Placeholder {
    /// The index of the field.
    field: usize,
    /// The format specification after the colon; a field in `width$` is already replaced by its binding.
    spec: String,
    /// The fields that give a width or a precision.
    widths: Vec<usize>,
}

impl Template {
    pub(super) fn parse(literal: &LitStr, fields: &[Field<'_>]) -> syn::Result<Self> {
        let text = literal.value();
        let error = |message: &str| Error::new(literal.span(), message);
        let (mut texts, mut placeholders) = (vec![String::new()], Vec::new());
        let mut rest = text.as_str();
        while let Some(brace) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(brace);
            push(&mut texts, before);
            if let Some(after) = after.strip_prefix("{{").or_else(|| after.strip_prefix("}}")) {
                push(&mut texts, rest.get(brace..=brace).unwrap_or_default());
                rest = after;
            } else if let Some(opened) = after.strip_prefix('{') {
                let Some((inside, after)) = opened.split_once('}') else {
                    return Err(error("`{` without `}`: write `{{` for a literal brace"));
                };
                placeholders.push(Placeholder::parse(inside, literal, fields)?);
                texts.push(String::new());
                rest = after;
            } else {
                return Err(error("`}` without `{`: write `}}` for a literal brace"));
            }
        }
        push(&mut texts, rest);
        Ok(Self { literal: literal.clone(), texts, placeholders })
    }

    /// Returns the text of a template without fields.
    pub(crate) fn constant(&self) -> Option<&str> {
        match (&*self.texts, &*self.placeholders) {
            ([text], []) => Some(text),
            _ => None,
        }
    }

    /// Returns the template with a letter in place of each field.
    pub(super) fn sample(&self) -> LitStr {
        LitStr::new(&self.texts.join("x"), self.literal.span())
    }

    /// Writes the template as one formatted string.
    pub(crate) fn format(&self, root: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
        let mut text = String::new();
        let mut used = Vec::new();
        let mut placeholders = self.placeholders.iter();
        for literal in &self.texts {
            text.push_str(&literal.replace('{', "{{").replace('}', "}}"));
            if let Some(placeholder) = placeholders.next() {
                text.push_str(&placeholder.written(fields));
                used.extend(placeholder.fields());
            }
        }
        let text = LitStr::new(&text, self.literal.span());
        let arguments = arguments(used, fields, self.literal.span());
        quote!(#root::format!(#text #(, #arguments)*))
    }

    /// Writes two arguments: the texts, and the formatted fields between them.
    pub(crate) fn parts(&self, root: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
        let texts = &self.texts;
        let values = self.placeholders.iter().map(|placeholder| {
            let text = LitStr::new(&placeholder.written(fields), self.literal.span());
            let arguments = arguments(placeholder.fields().collect(), fields, self.literal.span());
            quote!(#root::format_args!(#text #(, #arguments)*))
        });
        quote!(&[#(#texts),*], &[#(#values),*])
    }

    /// Returns the formatted fields, each with the formatting trait that it needs.
    pub(crate) fn formatted(&self) -> impl Iterator<Item = (usize, Ident)> {
        self.placeholders.iter().map(|placeholder| (placeholder.field, placeholder.formatting_trait()))
    }

    /// Returns all fields that the template uses.
    pub(crate) fn fields(&self) -> impl Iterator<Item = usize> {
        self.placeholders.iter().flat_map(Placeholder::fields)
    }
}

impl Placeholder {
    fn parse(inside: &str, literal: &LitStr, fields: &[Field<'_>]) -> syn::Result<Self> {
        let index = |name: &str| find(name, fields).map_err(|message| Error::new(literal.span(), message));
        let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
        let mut placeholder = Self { field: index(name.trim_end())?, spec: String::new(), widths: Vec::new() };
        let mut rest = spec;
        while let Some((before, after)) = rest.split_once('$') {
            let start = before
                .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                .map_or(0, |at| at + before.get(at..).and_then(|tail| tail.chars().next()).map_or(1, char::len_utf8));
            let (kept, name) = before.split_at(start);
            placeholder.spec.push_str(kept);
            if !name.is_empty() {
                let width = index(name)?;
                placeholder.spec.push_str(&argument(width, fields));
                placeholder.widths.push(width);
            }
            placeholder.spec.push('$');
            rest = after;
        }
        placeholder.spec.push_str(rest);
        Ok(placeholder)
    }

    fn fields(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.field).chain(self.widths.iter().copied())
    }

    fn written(&self, fields: &[Field<'_>]) -> String {
        let colon = if self.spec.is_empty() { "" } else { ":" };
        format!("{{{}{colon}{}}}", argument(self.field, fields), self.spec)
    }

    fn formatting_trait(&self) -> Ident {
        format_ident!(
            "{}",
            match self.spec.trim_end().chars().next_back() {
                Some('?') => "Debug",
                Some('o') => "Octal",
                Some('x') => "LowerHex",
                Some('X') => "UpperHex",
                Some('p') => "Pointer",
                Some('b') => "Binary",
                Some('e') => "LowerExp",
                Some('E') => "UpperExp",
                _ => "Display",
            }
        )
    }
}

fn push(texts: &mut [String], text: &str) {
    if let Some(last) = texts.last_mut() {
        last.push_str(text);
    }
}

/// Returns the index of the field with this name.
pub(super) fn find(name: &str, fields: &[Field<'_>]) -> Result<usize, String> {
    if name.is_empty() {
        return Err("`{}` does not name a field: write `{0}` or `{name}`".into());
    }
    fields.iter().position(|field| field.name == name).ok_or_else(|| {
        let closest = suggestion(name, fields.iter().map(|field| &*field.name));
        format!("no field `{name}` here{closest}")
    })
}

fn argument(field: usize, fields: &[Field<'_>]) -> String {
    fields.get(field).map_or_else(String::new, |field| field.binding().to_string())
}

/// Writes `__field_0 = *__field_0` once per field, because a width must not be a reference.
fn arguments(mut used: Vec<usize>, fields: &[Field<'_>], at: Span) -> Vec<TokenStream> {
    used.sort_unstable();
    used.dedup();
    let bindings = used.into_iter().filter_map(|field| fields.get(field)).map(Field::binding);
    let arguments = bindings.map(|mut binding| {
        binding.set_span(Span::mixed_site().located_at(at));
        quote_spanned!(at=> #binding = *#binding)
    });
    arguments.collect()
}
