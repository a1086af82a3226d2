//! A literal with fields in it: `"order {order_id} is {0:?}"`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Ident, LitStr};

use crate::{codes::meant, field::Field};

/// The texts, and between each two of them a place: there is one text more than there are places.
pub(crate) struct Template {
    pub(crate) literal: LitStr,
    pub(crate) texts: Vec<String>,
    pub(crate) places: Vec<Place>,
}

/// One `{..}`.
pub(crate) struct Place {
    /// The index of the field that stands there.
    pub(crate) field: usize,
    /// What follows the colon; a field that it names as `width$` is named by its binding.
    spec: String,
    /// Fields that give a width or a precision.
    widths: Vec<usize>,
}

impl Template {
    pub(crate) fn parse(literal: &LitStr, fields: &[Field<'_>]) -> syn::Result<Self> {
        let text = literal.value();
        let wrong = |message: &str| Error::new(literal.span(), message);
        let (mut texts, mut places) = (vec![String::new()], Vec::new());
        let mut rest = text.as_str();
        while let Some(brace) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(brace);
            push(&mut texts, before);
            if let Some(after) = after.strip_prefix("{{").or_else(|| after.strip_prefix("}}")) {
                push(&mut texts, rest.get(brace..=brace).unwrap_or_default());
                rest = after;
            } else if let Some(opened) = after.strip_prefix('{') {
                let Some((inside, after)) = opened.split_once('}') else {
                    return Err(wrong("a `{` that no `}` closes: a brace as such is written twice"));
                };
                places.push(Place::parse(inside, literal, fields)?);
                texts.push(String::new());
                rest = after;
            } else {
                return Err(wrong("a `}` that no `{` opens: a brace as such is written twice"));
            }
        }
        push(&mut texts, rest);
        Ok(Self { literal: literal.clone(), texts, places })
    }

    /// A text without fields.
    pub(crate) fn constant(&self) -> Option<&str> {
        match (&*self.texts, &*self.places) {
            ([text], []) => Some(text),
            _ => None,
        }
    }

    /// The whole as one string.
    pub(crate) fn format(&self, root: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
        let mut text = String::new();
        let mut used = Vec::new();
        let mut places = self.places.iter();
        for literal in &self.texts {
            text.push_str(&literal.replace('{', "{{").replace('}', "}}"));
            if let Some(place) = places.next() {
                text.push_str(&place.written(fields));
                used.extend(place.fields());
            }
        }
        let text = LitStr::new(&text, self.literal.span());
        let arguments = arguments(used, fields, self.literal.span());
        quote!(#root::format!(#text #(, #arguments)*))
    }

    /// The texts, and what stands at the places: two arguments.
    pub(crate) fn parts(&self, root: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
        let texts = &self.texts;
        let values = self.places.iter().map(|place| {
            let text = LitStr::new(&place.written(fields), self.literal.span());
            let arguments = arguments(place.fields().collect(), fields, self.literal.span());
            quote!(#root::format_args!(#text #(, #arguments)*))
        });
        quote!(&[#(#texts),*], &[#(#values),*])
    }

    /// The fields that it shows, each with the trait that shows it.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (usize, Ident)> {
        self.places.iter().map(|place| (place.field, place.shows()))
    }

    /// All that it looks at.
    pub(crate) fn used(&self) -> impl Iterator<Item = usize> {
        self.places.iter().flat_map(Place::fields)
    }
}

impl Place {
    fn parse(inside: &str, literal: &LitStr, fields: &[Field<'_>]) -> syn::Result<Self> {
        let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
        let field = find(name.trim_end(), fields).map_err(|message| Error::new(literal.span(), message))?;
        let mut place = Self { field, spec: String::new(), widths: Vec::new() };
        let mut rest = spec;
        while let Some((before, after)) = rest.split_once('$') {
            let start = before
                .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                .map_or(0, |at| at + before.get(at..).and_then(|tail| tail.chars().next()).map_or(1, char::len_utf8));
            let (kept, name) = before.split_at(start);
            place.spec.push_str(kept);
            if !name.is_empty() {
                let width = find(name, fields).map_err(|message| Error::new(literal.span(), message))?;
                place.spec.push_str(&argument(width, fields));
                place.widths.push(width);
            }
            place.spec.push('$');
            rest = after;
        }
        place.spec.push_str(rest);
        Ok(place)
    }

    fn fields(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.field).chain(self.widths.iter().copied())
    }

    fn written(&self, fields: &[Field<'_>]) -> String {
        let colon = if self.spec.is_empty() { "" } else { ":" };
        format!("{{{}{colon}{}}}", argument(self.field, fields), self.spec)
    }

    fn shows(&self) -> Ident {
        let of = |name: &str| format_ident!("{name}");
        match self.spec.trim_end().chars().next_back() {
            Some('?') => of("Debug"),
            Some('o') => of("Octal"),
            Some('x') => of("LowerHex"),
            Some('X') => of("UpperHex"),
            Some('p') => of("Pointer"),
            Some('b') => of("Binary"),
            Some('e') => of("LowerExp"),
            Some('E') => of("UpperExp"),
            _ => of("Display"),
        }
    }
}

fn push(texts: &mut [String], text: &str) {
    if let Some(last) = texts.last_mut() {
        last.push_str(text);
    }
}

/// The index of the field that is named so.
pub(crate) fn find(name: &str, fields: &[Field<'_>]) -> Result<usize, String> {
    if name.is_empty() {
        return Err("an empty `{}` names no field: write `{0}` or `{name}`".into());
    }
    fields.iter().position(|field| field.name == name).ok_or_else(|| {
        let closest = meant(name, fields.iter().map(|field| &*field.name));
        format!("there is no field `{name}` here{closest}")
    })
}

fn argument(field: usize, fields: &[Field<'_>]) -> String {
    fields.get(field).map_or_else(String::new, |field| field.binding().to_string())
}

/// `__field_0 = *__field_0`, each once: a width must not be a reference.
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
