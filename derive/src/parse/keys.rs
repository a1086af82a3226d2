//! The keys of a variant or a struct.

use proc_macro2::Span;
use syn::{Error, LitStr};

use super::{
    attribute::{Item, Key, error_code},
    field::Field,
    literal,
    slot::Slot,
    template::Template,
    unknown::{self, Place},
    value::{self, Constant, Delay, Reader, Reference},
};
use crate::errors::Errors;

#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) code: Slot<u16>,
    pub(crate) transparent: Slot<()>,
    pub(crate) from_error: Slot<()>,
    pub(crate) title: Slot<LitStr>,
    pub(crate) type_uri: Slot<LitStr>,
    pub(crate) detail: Slot<Template>,
    pub(crate) instance: Slot<Template>,
    pub(crate) advice: Slot<Template>,
    pub(crate) challenge: Slot<LitStr>,
    pub(crate) retry_after: Slot<Delay>,
    pub(crate) location: Slot<Reference>,
    pub(crate) allow: Slot<LitStr>,
    pub(crate) headers: Vec<(LitStr, LitStr)>,
    pub(crate) extensions: Vec<Constant>,
    pub(crate) grpc: Slot<&'static str>,
    pub(crate) expose: Slot<()>,
    /// Whether a key was unknown or malformed, also one of a field or of the enum. If so, nothing is reported as missing.
    pub(crate) is_incomplete: bool,
}

impl Keys {
    pub(super) fn read(&mut self, item: Item, place: Place, fields: &[Field<'_>], errors: &mut Errors) {
        let Item { key, span, value } = item;
        let name = match key {
            Key::Code(code) => {
                let value = errors.ok(error_code(code, span));
                return self.code.set(span, value, "status code", errors);
            }
            Key::Name(name) => name,
        };
        let mut reader = Reader { name: &name, span, value, fields, errors };
        match &*name {
            "transparent" => reader.flag(&mut self.transparent),
            "from_error" => reader.flag(&mut self.from_error),
            "expose" => reader.flag(&mut self.expose),
            "title" => reader.literal(&mut self.title, |title| {
                check_constant("title", title, fields)?;
                literal::title(title)
            }),
            "type" => reader.literal(&mut self.type_uri, |uri| {
                check_constant("type", uri, fields)?;
                literal::uri(uri)
            }),
            "challenge" => reader.literal(&mut self.challenge, literal::field_value),
            "allow" => reader.literal(&mut self.allow, literal::allow),
            "detail" => reader.template(&mut self.detail, |detail| literal::text("detail", &detail.sample())),
            "advice" => reader.template(&mut self.advice, |advice| literal::text("advice", &advice.sample())),
            "instance" => reader.template(&mut self.instance, |instance| literal::uri(&instance.sample())),
            "retry_after" => reader.with(&mut self.retry_after, |tokens| value::delay(tokens, fields)),
            "location" => reader.with(&mut self.location, |tokens| value::location(tokens, fields)),
            "grpc" => reader.with(&mut self.grpc, value::grpc),
            "header" => self.is_incomplete |= !reader.header(&mut self.headers),
            "extension" => reader.extension(&mut self.extensions),
            _ => {
                reader.errors.at(span, unknown::message(&name, &reader.value, place));
                self.is_incomplete = true;
            }
        }
    }

    /// Returns the keys that describe the status of the type itself, with the names that messages use. They have no effect
    /// together with `transparent` or `from_error`.
    pub(crate) fn keys_of_own_status(&self) -> Vec<(&'static str, Span)> {
        let keys = [
            ("a status code", self.code.span()),
            ("`title`", self.title.span()),
            ("`type`", self.type_uri.span()),
            ("`detail`", self.detail.span()),
            ("`instance`", self.instance.span()),
            ("`advice`", self.advice.span()),
            ("`challenge`", self.challenge.span()),
            ("`retry_after`", self.retry_after.span()),
            ("`location`", self.location.span()),
            ("`allow`", self.allow.span()),
            ("`header`", self.headers.first().map(|(name, _)| name.span())),
            ("`extension`", self.extensions.first().map(|extension| extension.name.span())),
            ("`grpc`", self.grpc.span()),
            ("`expose`", self.expose.span()),
        ];
        keys.into_iter().filter_map(|(name, span)| Some((name, span?))).collect()
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.value().eq_ignore_ascii_case(name))
    }
}

/// Checks that the text names no field: title and type are the same for every occurrence (RFC 9457 §3.1.1, §3.1.3).
fn check_constant(key: &str, literal: &LitStr, fields: &[Field<'_>]) -> syn::Result<()> {
    let text = literal.value();
    match fields.iter().find(|field| text.contains(&format!("{{{}}}", field.name))) {
        Some(Field { name, .. }) => Err(Error::new(
            literal.span(),
            format!("`{key}` is the same for every occurrence, so it cannot contain `{{{name}}}`: use `detail`"),
        )),
        None => Ok(()),
    }
}
