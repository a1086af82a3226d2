//! The values of keys.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Error, Ident, Lit, LitInt, LitStr, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use super::{
    attribute::{Value, text},
    field::Field,
    literal,
    slot::Slot,
    template::{self, Template},
};
use crate::{errors::Errors, names};

pub(crate) enum Delay {
    Seconds(u64),
    Field(usize),
}

pub(crate) enum Reference {
    Template(Template),
    Field(usize),
}

/// An extension member that is the same for every occurrence.
pub(crate) struct Constant {
    pub(crate) name: LitStr,
    pub(crate) value: ConstantValue,
    pub(crate) public: Option<Span>,
}

pub(crate) enum ConstantValue {
    String(LitStr),
    Integer(TokenStream),
    Number(TokenStream),
    Boolean(bool),
}

/// Reads one key's value into its slot.
pub(super) struct Reader<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) value: Value,
    pub(super) fields: &'a [Field<'a>],
    pub(super) errors: &'a mut Errors,
}

impl Reader<'_> {
    pub(super) fn flag(&mut self, slot: &mut Slot<()>) {
        let value = matches!(self.value, Value::None).then_some(());
        if value.is_none() {
            self.errors.at(self.span, format!("`{}` takes no value", self.name));
        }
        slot.set(self.span, value, self.name, self.errors);
    }

    pub(super) fn with<T>(&mut self, slot: &mut Slot<T>, read: impl FnOnce(TokenStream) -> syn::Result<T>) {
        let value = if let Value::Assigned(tokens) = std::mem::replace(&mut self.value, Value::None) {
            self.errors.ok(read(tokens))
        } else {
            self.errors.at(self.span, format!("`{0}` takes a value: `{0} = ..`", self.name));
            None
        };
        slot.set(self.span, value, self.name, self.errors);
    }

    pub(super) fn literal(&mut self, slot: &mut Slot<LitStr>, check: impl FnOnce(&LitStr) -> syn::Result<()>) {
        let name = self.name;
        self.with(slot, |tokens| {
            let literal = text(name, tokens)?;
            check(&literal)?;
            Ok(literal)
        });
    }

    pub(super) fn template(&mut self, slot: &mut Slot<Template>, check: fn(&Template) -> syn::Result<()>) {
        let (name, fields) = (self.name, self.fields);
        self.with(slot, |tokens| {
            let template = Template::parse(&text(name, tokens)?, fields)?;
            check(&template)?;
            Ok(template)
        });
    }

    /// Reads a header field, and returns whether it was well-formed. The key may be repeated.
    pub(super) fn header(&mut self, headers: &mut Vec<(LitStr, LitStr)>) -> bool {
        let pair = |input: ParseStream| {
            let (name, value) = (input.parse::<LitStr>()?, assigned(input)?);
            input.parse::<Option<Token![,]>>()?;
            Ok((name, value))
        };
        let Some((name, value)) = self.list(pair, "expected `header(\"name\" = \"value\")`") else { return false };
        self.errors.ok(literal::field_name(&name));
        // Only Allow may be empty.
        let check = if name.value().eq_ignore_ascii_case("allow") { literal::allow } else { literal::field_value };
        self.errors.ok(check(&value));
        headers.push((name, value));
        true
    }

    /// Reads a constant extension member; the key may be repeated.
    pub(super) fn extension(&mut self, extensions: &mut Vec<Constant>) {
        let usage = "expected `extension(\"name\" = value)` or `extension(\"name\" = value, public)`, where the value is a \
                     string, a number or a boolean; mark a field with `#[status(extension)]`";
        let Some(extension) = self.list(constant, usage) else { return };
        if let Err(message) = literal::extension(&extension.name.value()) {
            self.errors.at(extension.name.span(), message);
        }
        extensions.push(extension);
    }

    fn list<T>(&mut self, parse: impl FnOnce(ParseStream) -> syn::Result<T>, usage: &str) -> Option<T> {
        let (tokens, at) = match std::mem::replace(&mut self.value, Value::None) {
            Value::List(tokens) if tokens.is_empty() => (tokens, self.span),
            Value::List(tokens) => {
                let at = tokens.span();
                (tokens, at)
            }
            Value::Assigned(_) | Value::None => {
                self.errors.at(self.span, usage);
                return None;
            }
        };
        let parsed = parse.parse2(tokens).ok();
        if parsed.is_none() {
            self.errors.at(at, usage);
        }
        parsed
    }
}

fn assigned<T: syn::parse::Parse>(input: ParseStream) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn constant(input: ParseStream) -> syn::Result<Constant> {
    let name = input.parse()?;
    input.parse::<Token![=]>()?;
    let value = constant_value(input)?;
    let mut public = None;
    if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
        let flag: Ident = input.parse()?;
        if flag != "public" {
            return Err(Error::new(flag.span(), "expected `public`"));
        }
        public = Some(flag.span());
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(Constant { name, value, public })
}

fn constant_value(input: ParseStream) -> syn::Result<ConstantValue> {
    let minus: Option<Token![-]> = input.parse()?;
    match input.parse()? {
        Lit::Str(text) if minus.is_none() => Ok(ConstantValue::String(text)),
        Lit::Bool(flag) if minus.is_none() => Ok(ConstantValue::Boolean(flag.value)),
        // Without a type, a literal above `i32::MAX` does not compile.
        Lit::Int(literal) if literal.suffix().is_empty() => {
            let typed = LitInt::new(&format!("{}i64", literal.base10_digits()), literal.span());
            Ok(ConstantValue::Integer(minus.into_token_stream().into_iter().chain(typed.into_token_stream()).collect()))
        }
        Lit::Int(literal) => Ok(ConstantValue::Integer(signed(minus, literal))),
        Lit::Float(literal) => Ok(ConstantValue::Number(signed(minus, literal))),
        other => Err(Error::new(other.span(), "expected a string, a number or a boolean")),
    }
}

fn signed(minus: Option<Token![-]>, literal: impl ToTokens) -> TokenStream {
    let mut tokens = minus.into_token_stream();
    literal.to_tokens(&mut tokens);
    tokens
}

/// Parses `30` or the name of a field.
pub(super) fn delay(tokens: TokenStream, fields: &[Field<'_>]) -> syn::Result<Delay> {
    let span = tokens.span();
    if let Ok(seconds) = syn::parse2::<LitInt>(tokens.clone()) {
        return seconds.base10_parse().map(Delay::Seconds);
    }
    match Ident::parse_any.parse2(tokens) {
        Ok(ident) => field(&ident, fields).map(Delay::Field),
        Err(_) => Err(Error::new(span, "`retry_after` takes whole seconds or the name of a field")),
    }
}

/// Parses `"/orders/{order_id}"` or the name of a field.
pub(super) fn location(tokens: TokenStream, fields: &[Field<'_>]) -> syn::Result<Reference> {
    let span = tokens.span();
    if let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) {
        let template = Template::parse(&literal, fields)?;
        literal::uri(&template.sample())?;
        return Ok(Reference::Template(template));
    }
    match Ident::parse_any.parse2(tokens) {
        Ok(ident) => field(&ident, fields).map(Reference::Field),
        Err(_) => Err(Error::new(span, "`location` takes a URI reference in quotes or the name of a field")),
    }
}

fn field(ident: &Ident, fields: &[Field<'_>]) -> syn::Result<usize> {
    template::find(&ident.unraw().to_string(), fields).map_err(|message| Error::new(ident.span(), message))
}

/// Parses `UNAVAILABLE`, `Unavailable` or `GrpcCode::Unavailable`.
pub(super) fn grpc(tokens: TokenStream) -> syn::Result<&'static str> {
    let span = tokens.span();
    let Ok(path) = syn::parse2::<syn::Path>(tokens) else {
        return Err(Error::new(span, "`grpc` takes the name of a gRPC code: `grpc = UNAVAILABLE`"));
    };
    let name = path.segments.last().map(|segment| segment.ident.unraw().to_string()).unwrap_or_default();
    names::grpc(&name).map_err(|message| Error::new(span, message))
}
