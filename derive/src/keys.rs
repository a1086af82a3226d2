//! The keys of a status, as a variant or a struct says them.

use proc_macro2::{Span, TokenStream};
use syn::{Error, Ident, LitInt, LitStr, Token, ext::IdentExt, parse::ParseStream, parse::Parser, spanned::Spanned};

use crate::{
    attribute::{Item, Key, Value, an_errors},
    codes::{self, meant},
    errors::Errors,
    field::{self, Field, text},
    literal,
    template::{self, Template},
};

pub(crate) const KEYS: [&str; 13] = [
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

/// Where a key stands, and what it says; without the latter it was wrong, and that is reported already.
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

    pub(crate) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn said(&self) -> Option<&T> {
        self.0.as_ref()?.1.as_ref()
    }

    /// The first one stands.
    pub(crate) fn put(&mut self, span: Span, value: Option<T>, name: &str, errors: &mut Errors) {
        if self.is_given() {
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
    /// Something about it could not be read, so that nothing is missed in it.
    pub(crate) is_unreadable: bool,
}

impl Keys {
    pub(crate) fn read(&mut self, item: Item, fields: &[Field<'_>], errors: &mut Errors) {
        let Item { key, span, value } = item;
        let name = match key {
            Key::Code(code) => {
                let value = errors.ok(an_errors(code, span));
                return self.code.put(span, value, "status", errors);
            }
            Key::Name(name) => name,
        };
        let mut given = Reader { name: &name, span, value, errors };
        match &*name {
            "transparent" => given.flag(&mut self.transparent),
            "from_error" => given.flag(&mut self.from_error),
            "expose" => given.flag(&mut self.expose),
            "title" => {
                given.literal(&mut self.title, |title| without(fields, title).and_then(|()| literal::title(title)));
            }
            "type" => given.literal(&mut self.type_uri, |uri| without(fields, uri).and_then(|()| literal::uri(uri))),
            "challenge" => given.literal(&mut self.challenge, literal::field_value),
            "allow" => given.literal(&mut self.allow, literal::allow),
            "detail" => given.template(&mut self.detail, fields, |_| Ok(())),
            "instance" => given.template(&mut self.instance, fields, uri_texts),
            "retry_after" => given.with(&mut self.retry_after, |tokens| delay(tokens, fields)),
            "location" => given.with(&mut self.location, |tokens| location(tokens, fields)),
            "grpc" => given.with(&mut self.grpc, grpc),
            "header" => given.header(&mut self.headers),
            _ => {
                errors.at(span, unknown(&name));
                self.is_unreadable = true;
            }
        }
    }

    /// All that stands beside a `transparent` or a `from_error`.
    pub(crate) fn beside(&self) -> Vec<(&'static str, Span)> {
        let keys = [
            ("a status", self.code.span()),
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
        "default" => "`default` belongs on an enum, and gives the status of the variants that have none".into(),
        "axum" | "tonic" | "crate" => format!("`{name}` belongs on the type, not on a variant"),
        "extension" | "source" => format!("`{name}` belongs on a field"),
        _ => match codes::status(&codes::screaming(name)) {
            Ok(_) => format!("unknown key `{name}`: did you mean `{}`?", codes::screaming(name)),
            Err(_) => format!("unknown key `{name}`{}", meant(name, KEYS)),
        },
    }
}

/// One key and its value, on the way into its slot.
struct Reader<'a> {
    name: &'a str,
    span: Span,
    value: Value,
    errors: &'a mut Errors,
}

impl Reader<'_> {
    fn flag(&mut self, slot: &mut Slot<()>) {
        let value = matches!(self.value, Value::Flag).then_some(());
        if value.is_none() {
            self.errors.at(self.span, format!("`{}` takes no value", self.name));
        }
        slot.put(self.span, value, self.name, self.errors);
    }

    fn with<T>(&mut self, slot: &mut Slot<T>, read: impl FnOnce(TokenStream) -> syn::Result<T>) {
        let value = if let Value::Is(tokens) = std::mem::replace(&mut self.value, Value::Flag) {
            self.errors.ok(read(tokens))
        } else {
            self.errors.at(self.span, format!("`{0}` takes a value: `{0} = ..`", self.name));
            None
        };
        slot.put(self.span, value, self.name, self.errors);
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

    /// Repeated, unlike the others.
    fn header(&mut self, headers: &mut Vec<(LitStr, LitStr)>) {
        const USAGE: &str = "a header field is written `header(\"name\" = \"value\")`";
        let pair = |input: ParseStream| {
            let name: LitStr = input.parse()?;
            input.parse::<Token![=]>()?;
            let value: LitStr = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
            Ok((name, value))
        };
        let Value::Of(tokens) = std::mem::replace(&mut self.value, Value::Flag) else {
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

/// Title and type are the same for every occurrence of the problem (RFC 9457 §3.1.1, §3.1.3).
fn without(fields: &[Field<'_>], literal: &LitStr) -> syn::Result<()> {
    let text = literal.value();
    match fields.iter().find(|field| text.contains(&format!("{{{}}}", field.name))) {
        Some(field) => Err(Error::new(
            literal.span(),
            format!(
                "it is the same for every occurrence, so `{{{}}}` cannot stand in it; in `detail` it can",
                field.name
            ),
        )),
        None => Ok(()),
    }
}

/// `30`, or the name of a field.
fn delay(tokens: TokenStream, fields: &[Field<'_>]) -> syn::Result<Delay> {
    let span = tokens.span();
    if let Ok(seconds) = syn::parse2::<LitInt>(tokens.clone()) {
        return seconds.base10_parse().map(Delay::Seconds);
    }
    match Ident::parse_any.parse2(tokens) {
        Ok(ident) => named(&ident, fields).map(Delay::Field),
        Err(_) => Err(Error::new(span, "`retry_after` is whole seconds, or the name of a field")),
    }
}

/// `"/orders/{order_id}"`, or the name of a field.
fn location(tokens: TokenStream, fields: &[Field<'_>]) -> syn::Result<Reference> {
    let span = tokens.span();
    if let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) {
        let template = Template::parse(&literal, fields)?;
        uri_texts(&template)?;
        return Ok(Reference::Template(template));
    }
    match Ident::parse_any.parse2(tokens) {
        Ok(ident) => named(&ident, fields).map(Reference::Field),
        Err(_) => Err(Error::new(span, "`location` is a URI reference in quotes, or the name of a field")),
    }
}

fn named(ident: &Ident, fields: &[Field<'_>]) -> syn::Result<usize> {
    template::find(&ident.unraw().to_string(), fields).map_err(|message| Error::new(ident.span(), message))
}

/// The texts between the fields, with letters for what stands there.
fn uri_texts(template: &Template) -> syn::Result<()> {
    let text = LitStr::new(&template.texts.join("x"), template.literal.span());
    literal::uri(&text)
}

/// `UNAVAILABLE`, `Unavailable`, `GrpcCode::Unavailable`.
fn grpc(tokens: TokenStream) -> syn::Result<&'static str> {
    let span = tokens.span();
    let Ok(path) = syn::parse2::<syn::Path>(tokens) else {
        return Err(Error::new(span, "`grpc` is the name of a gRPC code: `grpc = UNAVAILABLE`"));
    };
    let name = path.segments.last().map(|segment| segment.ident.unraw().to_string()).unwrap_or_default();
    codes::grpc(&name).map_err(|message| Error::new(span, message))
}

pub(crate) fn is_known(name: &str) -> bool {
    KEYS.contains(&name) || field::KEYS.contains(&name)
}
