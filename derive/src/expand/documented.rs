//! Writes the constant `STATUSES`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use super::{bounds, status};
use crate::{
    parse::{Input, variant::Variant},
    validate::is_server_error,
};

pub(super) fn constant(input: &Input<'_>) -> TokenStream {
    let root = input.private();
    let documented = input.variants.iter().map(|variant| documented(input, variant));
    quote!(const STATUSES: &'static [#root::Documented] = &[#(#documented),*];)
}

fn documented(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let root = input.private();
    if let Some(field) = variant.transparent() {
        let inner = bounds::without_pointers(field.ty);
        return quote!(#root::Documented::All(<#inner as #root::IntoStatus>::STATUSES));
    }
    let code = status::code(input, variant);
    let keys = &variant.keys;
    let title = keys.title.get().map(|title| quote!(.with_title(#title)));
    let uri = keys.type_uri.get().map(|uri| quote!(.with_type(#uri)));
    let detail = detail(code, variant).map(|detail| quote!(.with_detail(#detail)));
    quote!(#root::Documented::One(#root::DocumentedStatus::new(#root::code(#code)) #title #uri #detail))
}

/// Returns the template of the detail, unless it is hidden.
fn detail<'a>(code: u16, variant: &'a Variant<'_>) -> Option<&'a LitStr> {
    let keys = &variant.keys;
    let is_hidden = is_server_error(code) && !keys.expose.is_set();
    let own = keys.detail.get().map(|detail| &detail.literal);
    own.or(variant.message.as_ref()).filter(|_| !is_hidden)
}
