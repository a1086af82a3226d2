//! Writes the constant `__CAUSE`: the causes that `Error::source` may leave out.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Type, spanned::Spanned};

use super::{
    bounds::{self, Wrapper},
    pattern,
};
use crate::parse::{Input, variant::Variant};

pub(super) fn constant(input: &Input<'_>) -> Option<TokenStream> {
    let root = input.private();
    if input.variants.iter().all(|variant| variant.linked().is_none()) {
        return None;
    }
    let (error, this) = (Ident::new("__error", Span::mixed_site()), Ident::new("__this", Span::mixed_site()));
    let arms = input.variants.iter().map(|variant| {
        let (pattern, cause) = arm(&root, variant);
        quote!(#pattern => #cause,)
    });
    let inner = input.variants.iter().filter_map(Variant::transparent);
    let inner = inner.map(|field| bounds::without_pointers(field.ty));
    Some(quote! {
        const __CAUSE: #root::Option<#root::CauseOf> = #root::Option::Some(|#error| {
            if let #root::Option::Some(#this) = #error.downcast_ref::<Self>() {
                return match *#this {
                    #(#arms)*
                };
            }
            #(
                // Nested, because editions before 2024 have no let chains.
                if let #root::Option::Some(__inner) = <#inner as #root::IntoStatus>::__CAUSE {
                    if let #root::Option::Some(__cause) = __inner(#error) {
                        return #root::Option::Some(__cause);
                    }
                }
            )*
            #root::Option::None
        });
    })
}

/// Returns a pattern of the variant, and its cause as an `Option<Cause>`.
pub(super) fn arm(root: &TokenStream, variant: &Variant<'_>) -> (TokenStream, TokenStream) {
    let Some(linked) = variant.linked() else {
        return (pattern(variant, |_| false), quote!(#root::Option::None));
    };
    let pattern = pattern(variant, |field| field.name == linked.name);
    let cause = cause(root, linked.ty, &linked.binding());
    let expression = quote! {{
        // Unused if a cause is not an error, which is reported elsewhere.
        #[allow(unused_imports)]
        use #root::{AsCause as _, ReportAsCause as _};
        #cause
    }};
    (pattern, expression)
}

/// Writes the error in the field, as an `Option<Cause>`.
fn cause(root: &TokenStream, ty: &Type, binding: &Ident) -> TokenStream {
    match bounds::wrapper(ty) {
        Wrapper::Option(inner) => {
            let cause = cause(root, inner, binding);
            quote! {
                match *#binding {
                    #root::Option::Some(ref #binding) => #cause,
                    #root::Option::None => #root::Option::None,
                }
            }
        }
        Wrapper::Pointer(inner) => {
            let cause = cause(root, inner, binding);
            quote!({ let #binding = &**#binding; #cause })
        }
        Wrapper::None => quote_spanned!(ty.span()=> #root::Option::Some((*#binding).__as_cause())),
    }
}
