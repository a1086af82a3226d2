//! Writes the method `status`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, ext::IdentExt, spanned::Spanned};

use super::{bounds, cause, pattern};
use crate::parse::{
    Input,
    template::Template,
    value::{ConstantValue, Delay, Reference},
    variant::Variant,
};

pub(super) fn method(input: &Input<'_>) -> TokenStream {
    let root = input.private();
    let arms = input.variants.iter().map(|variant| arm(input, variant));
    quote! {
        fn status(&self) -> #root::Status {
            match *self {
                #(#arms)*
            }
        }
    }
}

/// Returns the status code of a variant; `None` if a field sets it at run time.
pub(super) fn code(input: &Input<'_>, variant: &Variant<'_>) -> Option<u16> {
    if variant.code().is_some() {
        return None;
    }
    let default = input.default.get().filter(|_| !variant.keys.from_error.is_set());
    // Validation has rejected a variant that has neither, apart from `from_error`.
    Some(variant.keys.code.get().or(default).copied().unwrap_or(500))
}

fn arm(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let root = input.private();
    if variant.keys.from_error.is_set() {
        let (pattern, cause) = cause::arm(&root, variant);
        return quote!(#pattern => #root::carried(#cause),);
    }
    if let Some(inner) = variant.transparent() {
        let pattern = pattern(variant, |field| field.name == inner.name);
        let (binding, ty) = (inner.binding(), bounds::without_pointers(inner.ty));
        return quote!(#pattern => #root::transparent::<#ty>(#binding),);
    }
    let pattern = pattern(variant, |field| variant.uses(field));
    let code = code(input, variant);
    let start = match (code, variant.code()) {
        (_, Some(field)) => {
            let binding = field.binding();
            quote_spanned!(field.ty.span()=> #root::status_of(#binding))
        }
        (code, None) => {
            let code = code.unwrap_or(500);
            quote!(#root::Status::new(#root::code(#code)))
        }
    };
    let status = Ident::new("__status", Span::mixed_site());
    let mut steps = Steps { root: &root, variant, status: &status, list: Vec::new() };
    steps.texts();
    steps.headers(code);
    steps.extensions();
    steps.flags();
    steps.location();
    let steps = steps.list;
    quote! {
        #pattern => {
            let #status = #start;
            #(let #status = #steps;)*
            #status
        }
    }
}

/// Expressions that each take the status and return it.
struct Steps<'a> {
    root: &'a TokenStream,
    variant: &'a Variant<'a>,
    status: &'a Ident,
    list: Vec<TokenStream>,
}

impl Steps<'_> {
    fn add(&mut self, step: TokenStream) {
        self.list.push(step);
    }

    fn texts(&mut self) {
        let Self { root, variant, status, .. } = *self;
        let keys = &variant.keys;
        let name = variant.ident.unraw().to_string();
        let text = |template: &Template| {
            template.constant().map_or_else(|| template.format(root, &variant.fields), ToTokens::into_token_stream)
        };
        self.add(quote!(#root::named(#status, #name)));
        self.list.extend(keys.title.get().map(|title| quote!(#status.with_title(#title))));
        self.list.extend(keys.type_uri.get().map(|uri| quote!(#status.with_type(#uri))));
        let detail = keys.detail.get().map(text).map(|detail| quote!(#status.with_detail(#detail)));
        self.add(detail.unwrap_or_else(|| quote!(#root::detail_of(#status, self))));
        self.list.extend(keys.instance.get().map(|instance| {
            let parts = instance.parts(root, &variant.fields);
            quote!(#root::instance_of(#status, #parts))
        }));
        self.list.extend(keys.advice.get().map(|advice| {
            let advice = text(advice);
            quote!(#status.with_advice(#advice))
        }));
    }

    fn headers(&mut self, code: Option<u16>) {
        let Self { root, variant, status, .. } = *self;
        let keys = &variant.keys;
        let challenge = challenge_field(code);
        self.list.extend(keys.challenge.get().map(|value| quote!(#status.with_header(#challenge, #value))));
        self.list.extend(keys.allow.get().map(|methods| quote!(#status.with_header("allow", #methods))));
        self.list.extend(keys.headers.iter().map(|(name, value)| quote!(#status.with_header(#name, #value))));
        if let Some(Delay::Seconds(seconds)) = keys.retry_after.get() {
            self.add(quote!(#root::retry_after(#status, &#seconds)));
        }
        self.list.extend(variant.retry_after().map(|field| {
            let binding = field.binding();
            quote_spanned!(field.ty.span()=> #root::retry_after(#status, #binding))
        }));
    }

    fn extensions(&mut self) {
        let Self { root, variant, status, .. } = *self;
        for extension in &variant.keys.extensions {
            let (name, public) = (&extension.name, extension.public.is_some());
            let value = match &extension.value {
                ConstantValue::String(text) => text.into_token_stream(),
                ConstantValue::Integer(number) | ConstantValue::Number(number) => quote!(&(#number)),
                ConstantValue::Boolean(flag) => quote!(&#flag),
            };
            self.add(quote!(#root::extension(#status, #name, #value, #public)));
        }
        for field in &variant.fields {
            if let Some(extension) = &field.extension {
                let (name, binding, public) = (&extension.name, field.binding(), field.public.is_some());
                self.add(quote_spanned!(field.ty.span()=> #root::extension(#status, #name, #binding, #public)));
            }
        }
    }

    fn flags(&mut self) {
        let Self { root, variant, status, .. } = *self;
        if let Some(grpc) = variant.keys.grpc.get() {
            let grpc = format_ident!("{grpc}");
            self.add(quote!(#status.with_grpc_code(#root::GrpcCode::#grpc)));
        }
        if variant.keys.expose.is_set() {
            self.add(quote!(#status.expose()));
        }
    }

    /// Adds the last step: a malformed Location replaces the status.
    fn location(&mut self) {
        let Self { root, variant, status, .. } = *self;
        if let Some(Reference::Template(template)) = variant.keys.location.get() {
            let parts = template.parts(root, &variant.fields);
            self.add(quote!(#root::location_of(#status, #parts)));
        }
        self.list.extend(variant.location().map(|field| {
            let binding = field.binding();
            quote_spanned!(field.ty.span()=> #root::location(#status, #binding))
        }));
    }
}

/// Returns the header field that `challenge` sets.
pub(super) fn challenge_field(code: Option<u16>) -> &'static str {
    if code == Some(407) { "proxy-authenticate" } else { "www-authenticate" }
}
