//! The keys of a variant or a struct.

use proc_macro2::{Span, TokenStream};
use syn::{Error, Ident, LitInt, LitStr, Token, ext::IdentExt, parse::ParseStream, parse::Parser, spanned::Spanned};

use super::{
    attribute::{Item, Key, Value, error_code},
    field::{self, Field, text},
    literal,
    template::{self, Template},
};
use crate::{
    errors::Errors,
    names::{self, suggestion},
};

pub(super) const KEYS: [&str; 13] = [
    "transparent",
    "from_error",
    "title",
    "type",
    "detail",
    "instance",
    "challenge",
    "retry_after",
    "location",
    "allow",
    "header",
    "grpc",
    "expose",
];

/// The span and the value of a key; the value is `None` if it was invalid, which is already reported.
pub(crate) struct Slot<T>(Option<(Span, Option<T>)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    pub(crate) fn span(&self) -> Option<Span> {
        self.0.as_ref().map(|(span, _)| *span)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()?.1.as_ref()
    }

    /// Sets the value, or reports a duplicate.
    pub(super) fn set(&mut self, span: Span, value: Option<T>, name: &str, errors: &mut Errors) {
        if self.is_set() {
            errors.at(span, format!("duplicate key `{name}`"));
        } else {
            self.0 = Some((span, value));
        }
    }
}

pub(crate) enum Delay {
    Seconds(u64),
    Field(usize),
}

pub(crate) enum Reference {
    Template(Template),
    Field(usize),
}

#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) code: Slot<u16>,
    pub(crate) transparent: Slot<()>,
    pub(crate) from_error: Slot<()>,
    pub(crate) title: Slot<LitStr>,
    pub(crate) type_uri: Slot<LitStr>,
    pub(crate) detail: Slot<Template>,
    pub(crate) instance: Slot<Template>,
    pub(crate) challenge: Slot<LitStr>,
    pub(crate) retry_after: Slot<Delay>,
    pub(crate) location: Slot<Reference>,
    pub(crate) allow: Slot<LitStr>,
    pub(crate) headers: Vec<(LitStr, LitStr)>,
    pub(crate) grpc: Slot<&'static str>,
    pub(crate) expose: Slot<()>,
    /// A key could not be read, so that nothing is reported as missing.
    pub(crate) is_incomplete: bool,
}

impl Keys {
    pub(super) fn read(&mut self, item: Item, fields: &[Field<'_>], errors: &mut Errors) {
        let Item { key, span, value } = item;
        let name = match key {
            Key::Code(code) => {
                let value = errors.ok(error_code(code, span));
                return self.code.set(span, value, "status code", errors);
            }
            Key::Name(name) => name,
        };
        let mut reader = Reader { name: &name, span, value, errors };
        match &*name {
            "transparent" => reader.flag(&mut self.transparent),
            "from_error" => reader.flag(&mut self.from_error),
            "expose" => reader.flag(&mut self.expose),
            "title" => {
                reader.literal(&mut self.title, |title| {
                    is_constant("title", title, fields).and_then(|()| literal::title(title))
                });
            }
            "type" => reader
                .literal(&mut self.type_uri, |uri| is_constant("type", uri, fields).and_then(|()| literal::uri(uri))),
            "challenge" => reader.literal(&mut self.challenge, literal::field_value),
            "allow" => reader.literal(&mut self.allow, literal::allow),
            "detail" => reader.template(&mut self.detail, fields, |_| Ok(())),
            "instance" => reader.template(&mut self.instance, fields, uri_texts),
            "retry_after" => reader.with(&mut self.retry_after, |tokens| delay(tokens, fields)),
            "location" => reader.with(&mut self.location, |tokens| location(tokens, fields)),
            "grpc" => reader.with(&mut self.grpc, grpc),
            "header" => reader.header(&mut self.headers),
            _ => {
                errors.at(span, unknown(&name));
                self.is_incomplete = true;
            }
        }
    }

    /// Returns the keys that cannot be combined with `transparent` and `from_error`.
    pub(crate) fn exclusive(&self) -> Vec<(&'static str, Span)> {
        let keys = [
            ("a status code", self.code.span()),
            ("`title`", self.title.span()),
            ("`type`", self.type_uri.span()),
            ("`detail`", self.detail.span()),
            ("`instance`", self.instance.span()),
            ("`challenge`", self.challenge.span()),
            ("`retry_after`", self.retry_after.span()),
            ("`location`", self.location.span()),
            ("`allow`", self.allow.span()),
            ("`header`", self.headers.first().map(|(name, _)| name.span())),
            ("`grpc`", self.grpc.span()),
            ("`expose`", self.expose.span()),
        ];
        keys.into_iter().filter_map(|(name, span)| Some((name, span?))).collect()
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.value().eq_ignore_ascii_case(name))
    }
}

fn unknown(name: &str) -> String {
    match name {
        "default" => "`default` belongs on the enum: it is the status code of the variants without one".into(),
        "axum" | "tonic" | "crate" => format!("`{name}` belongs on the type, not on a variant"),
        "extension" | "source" => format!("`{name}` belongs on a field"),
        _ => match names::status(&names::screaming(name)) {
            Ok(_) => format!("unknown key `{name}`: did you mean `{}`?", names::screaming(name)),
            Err(_) => format!("unknown key `{name}`{}", suggestion(name, KEYS)),
        },
    }
}

/// Reads one key's value into its slot.
struct Reader<'a> {
    name: &'a str,
    span: Span,
    value: Value,
    errors: &'a mut Errors,
}

impl Reader<'_> {
    fn flag(&mut self, slot: &mut Slot<()>) {
        let value = matches!(self.value, Value::None).then_some(());
        if value.is_none() {
            self.errors.at(self.span, format!("`{}` takes no value", self.name));
        }
        slot.set(self.span, value, self.name, self.errors);
    }

    fn with<T>(&mut self, slot: &mut Slot<T>, read: impl FnOnce(TokenStream) -> syn::Result<T>) {
        let value = if let Value::Assigned(tokens) = std::mem::replace(&mut self.value, Value::None) {
            self.errors.ok(read(tokens))
        } else {
            self.errors.at(self.span, format!("`{0}` takes a value: `{0} = ..`", self.name));
            None
        };
        slot.set(self.span, value, self.name, self.errors);
    }

    fn literal(&mut self, slot: &mut Slot<LitStr>, check: impl FnOnce(&LitStr) -> syn::Result<()>) {
        let name = self.name;
        self.with(slot, |tokens| {
            let literal = text(name, tokens)?;
            check(&literal)?;
            Ok(literal)
        });
    }

    fn template(&mut self, slot: &mut Slot<Template>, fields: &[Field<'_>], check: fn(&Template) -> syn::Result<()>) {
        let name = self.name;
        self.with(slot, |tokens| {
            let template = Template::parse(&text(name, tokens)?, fields)?;
            check(&template)?;
            Ok(template)
        });
    }

    /// Reads a header field; the key may be repeated.
    fn header(&mut self, headers: &mut Vec<(LitStr, LitStr)>) {
        const USAGE: &str = "expected `header(\"name\" = \"value\")`";
        let pair = |input: ParseStream| {
            let name: LitStr = input.parse()?;
            input.parse::<Token![=]>()?;
            let value: LitStr = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
            Ok((name, value))
        };
        let Value::List(tokens) = std::mem::replace(&mut self.value, Value::None) else {
            return self.errors.at(self.span, USAGE);
        };
        let at = if tokens.is_empty() { self.span } else { tokens.span() };
        let Ok((name, value)) = pair.parse2(tokens) else { return self.errors.at(at, USAGE) };
        self.errors.ok(literal::field_name(&name));
        // Allow may be empty.
        let check = if name.value().eq_ignore_ascii_case("allow") { literal::allow } else { literal::field_value };
        self.errors.ok(check(&value));
        headers.push((name, value));
    }
}

/// Checks that no field is meant: title and type are the same for every occurrence (RFC 9457 §3.1.1, §3.1.3).
fn is_constant(key: &str, literal: &LitStr, fields: &[Field<'_>]) -> syn::Result<()> {
    let text = literal.value();
    match fields.iter().find(|field| text.contains(&format!("{{{}}}", field.name))) {
        Some(Field { name, .. }) => Err(Error::new(
            literal.span(),
            format!("`{key}` is the same for every occurrence, so it cannot contain `{{{name}}}`: use `detail`"),
        )),
        None => Ok(()),
    }
}

/// Parses `30` or the name of a field.
fn delay(tokens: TokenStream, fields: &[Field<'_>]) -> syn::Result<Delay> {
    let span = tokens.span();
    if let Ok(seconds) = syn::parse2::<LitInt>(tokens.clone()) {
        return seconds.base10_parse().map(Delay::Seconds);
    }
    match Ident::parse_any.parse2(tokens) {
        Ok(ident) => named(&ident, fields).map(Delay::Field),
        Err(_) => Err(Error::new(span, "`retry_after` takes whole seconds or the name of a field")),
    }
}

/// Parses `"/orders/{order_id}"` or the name of a field.
fn location(tokens: TokenStream, fields: &[Field<'_>]) -> syn::Result<Reference> {
    let span = tokens.span();
    if let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) {
        let template = Template::parse(&literal, fields)?;
        uri_texts(&template)?;
        return Ok(Reference::Template(template));
    }
    match Ident::parse_any.parse2(tokens) {
        Ok(ident) => named(&ident, fields).map(Reference::Field),
        Err(_) => Err(Error::new(span, "`location` takes a URI reference in quotes or the name of a field")),
    }
}

fn named(ident: &Ident, fields: &[Field<'_>]) -> syn::Result<usize> {
    template::find(&ident.unraw().to_string(), fields).map_err(|message| Error::new(ident.span(), message))
}

fn uri_texts(template: &Template) -> syn::Result<()> {
    literal::uri(&template.sample())
}

/// Parses `UNAVAILABLE`, `Unavailable` or `GrpcCode::Unavailable`.
fn grpc(tokens: TokenStream) -> syn::Result<&'static str> {
    let span = tokens.span();
    let Ok(path) = syn::parse2::<syn::Path>(tokens) else {
        return Err(Error::new(span, "`grpc` takes the name of a gRPC code: `grpc = UNAVAILABLE`"));
    };
    let name = path.segments.last().map(|segment| segment.ident.unraw().to_string()).unwrap_or_default();
    names::grpc(&name).map_err(|message| Error::new(span, message))
}

pub(super) fn is_known(name: &str) -> bool {
    KEYS.contains(&name) || field::KEYS.contains(&name)
}
