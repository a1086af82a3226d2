//! Writes the method `status`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, spanned::Spanned};

use super::{bounds, pattern};
use crate::parse::{
    Input,
    keys::{Delay, Reference},
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

/// Returns the status code of a variant; validation has refused a variant without one.
pub(super) fn code(input: &Input<'_>, variant: &Variant<'_>) -> u16 {
    let default = input.default.get().filter(|_| !variant.keys.from_error.is_set());
    variant.keys.code.get().or(default).copied().unwrap_or(500)
}

fn arm(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let root = input.private();
    if variant.keys.from_error.is_set() {
        let pattern = pattern(variant, |_| false);
        return quote!(#pattern => #root::Status::unresolved(),);
    }
    if let Some(inner) = variant.transparent() {
        let pattern = pattern(variant, |field| field.name == inner.name);
        let (binding, ty) = (inner.binding(), bounds::without_pointers(inner.ty));
        return quote!(#pattern => #root::transparent::<#ty>(#binding),);
    }
    let pattern = pattern(variant, |field| variant.uses(field));
    let code = code(input, variant);
    let status = Ident::new("__status", Span::mixed_site());
    let steps = steps(&root, code, variant, &status);
    quote! {
        #pattern => {
            let #status = #root::Status::new(#root::code(#code));
            #(let #status = #steps;)*
            #status
        }
    }
}

/// Writes expressions that each take the status and return it.
fn steps(root: &TokenStream, code: u16, variant: &Variant<'_>, status: &Ident) -> Vec<TokenStream> {
    let keys = &variant.keys;
    let mut steps = Vec::new();
    steps.extend(keys.title.get().map(|title| quote!(#status.with_title(#title))));
    steps.extend(keys.type_uri.get().map(|uri| quote!(#status.with_type(#uri))));
    steps.extend(keys.detail.get().map(|detail| {
        let text = detail.constant().map_or_else(|| detail.format(root, &variant.fields), ToTokens::into_token_stream);
        quote!(#status.with_detail(#text))
    }));
    steps.extend(keys.instance.get().map(|instance| {
        let parts = instance.parts(root, &variant.fields);
        quote!(#root::instance_of(#status, #parts))
    }));
    headers(root, code, variant, status, &mut steps);
    for field in &variant.fields {
        if let Some(extension) = &field.extension {
            let (name, binding) = (&extension.name, field.binding());
            steps.push(quote_spanned!(field.ty.span()=> #root::extension(#status, #name, #binding)));
        }
    }
    if let Some(grpc) = keys.grpc.get() {
        let grpc = format_ident!("{grpc}");
        steps.push(quote!(#status.with_grpc_code(#root::GrpcCode::#grpc)));
    }
    if keys.expose.is_set() {
        steps.push(quote!(#status.expose()));
    }
    location(root, variant, status, &mut steps);
    steps
}

fn headers(root: &TokenStream, code: u16, variant: &Variant<'_>, status: &Ident, steps: &mut Vec<TokenStream>) {
    let keys = &variant.keys;
    let challenge = if code == 407 { "proxy-authenticate" } else { "www-authenticate" };
    steps.extend(keys.challenge.get().map(|value| quote!(#status.with_header(#challenge, #value))));
    steps.extend(keys.allow.get().map(|methods| quote!(#status.with_header("allow", #methods))));
    steps.extend(keys.headers.iter().map(|(name, value)| quote!(#status.with_header(#name, #value))));
    if let Some(Delay::Seconds(seconds)) = keys.retry_after.get() {
        steps.push(quote!(#root::retry_after(#status, &#seconds)));
    }
    steps.extend(variant.retry_after().map(|field| {
        let binding = field.binding();
        quote_spanned!(field.ty.span()=> #root::retry_after(#status, #binding))
    }));
}

/// Writes the last step: a malformed Location replaces the status.
fn location(root: &TokenStream, variant: &Variant<'_>, status: &Ident, steps: &mut Vec<TokenStream>) {
    if let Some(Reference::Template(template)) = variant.keys.location.get() {
        let parts = template.parts(root, &variant.fields);
        steps.push(quote!(#root::location_of(#status, #parts)));
    }
    steps.extend(variant.location().map(|field| {
        let binding = field.binding();
        quote_spanned!(field.ty.span()=> #root::location(#status, #binding))
    }));
}
