//! Writes the implementation. After a mistake it writes the errors and a minimal implementation, so that the rest of the
//! user's crate compiles.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Data, Ident, spanned::Spanned};

use crate::{
    errors::Errors,
    parse::{Input, field::Field, variant::Variant},
    validate::Features,
};
use bounds::{Parameters, contains};

mod bounds;
mod cause;
mod documented;
mod status;

pub(crate) fn expand(input: &Input<'_>, features: Features, errors: &Errors) -> TokenStream {
    let compile_errors = errors.to_compile_errors();
    if let Data::Union(_) = input.item.data {
        return compile_errors;
    }
    let root = input.private();
    let name = &input.item.ident;
    let (generics, arguments, _) = input.item.generics.split_for_impl();
    let is_valid = errors.is_empty();
    let clause = bounds::of_trait(input, is_valid);
    let (body, checks) = if is_valid { (body(input), checks(input)) } else { (stub(&root), TokenStream::new()) };
    let witness = witness(input);
    let conversions = conversions(input, features);
    quote! {
        #compile_errors

        const _: () = {
            // Unused without an extension member.
            #[allow(unused_imports)]
            use #root::AnyMember as _;

            #[automatically_derived]
            // A deprecated variant has a status as well, and the paths do not depend on the imports of the module.
            #[allow(deprecated, unused_qualifications)]
            impl #generics #root::IntoStatus for #name #arguments #clause {
                #body
            }

            #witness
            #checks
            #conversions
        };
    }
}

/// Writes the implementation that the compiler rejects for a type that does not implement `Error`.
///
/// The where clause of `IntoStatus` assumes `Error`, so that the compiler does not also reject the uses of the type.
fn witness(input: &Input<'_>) -> Option<TokenStream> {
    let root = input.private();
    let name = &input.item.ident;
    // A type with parameters may implement `Error` only for some of them.
    if !Parameters::of(&input.item.generics).is_empty() {
        return None;
    }
    let (generics, arguments, _) = input.item.generics.split_for_impl();
    let clause = bounds::own_clause(input);
    Some(quote! {
        #[automatically_derived]
        impl #generics #root::ImplementsError for #name #arguments #clause {}
    })
}

fn body(input: &Input<'_>) -> TokenStream {
    let status = status::method(input);
    let statuses = documented::constant(input);
    let cause = cause::constant(input);
    quote!(#status #statuses #cause)
}

fn stub(root: &TokenStream) -> TokenStream {
    quote! {
        fn status(&self) -> #root::Status {
            #root::Status::internal_server_error()
        }
    }
}

/// Writes checks of the types of the fields, so that the compiler reports a wrong type at its field.
fn checks(input: &Input<'_>) -> TokenStream {
    let root = input.private();
    let parameters = Parameters::of(&input.item.generics);
    let this = Ident::new("Self", Span::call_site());
    let mut calls = TokenStream::new();
    for variant in &input.variants {
        // A type that contains itself depends on its other fields.
        for field in variant.fields.iter().filter(|field| !parameters.are_in(field.ty) && !contains(field.ty, &this)) {
            let ty = field.ty;
            calls.extend(quote_spanned!(ty.span()=> #root::Field::<#ty>::must_be_send_and_sync();));
        }
        if let Some(field) = variant.transparent() {
            let inner = bounds::without_pointers(field.ty);
            if !parameters.are_in(inner) {
                calls.extend(quote_spanned!(inner.span()=> #root::must_have_a_status::<#inner>();));
            }
        }
    }
    // Outside of the implementation, whose where clause already assumes these bounds.
    quote!(let _ = || { #calls };)
}

// More than 60 lines: one list of implementations.
fn conversions(input: &Input<'_>, features: Features) -> TokenStream {
    let root = input.private();
    let name = &input.item.ident;
    let (generics, arguments, _) = input.item.generics.split_for_impl();
    let clause = bounds::of_conversion(input);
    let status = quote!(<#root::Status as #root::From<#name #arguments>>::from);
    let axum = input.axum.filter(|_| features.has("axum")).map(|_| {
        quote! {
            #[automatically_derived]
            impl #generics #root::axum::IntoResponse for #name #arguments #clause {
                fn into_response(self) -> #root::axum::Response {
                    #root::axum::IntoResponse::into_response(#status(self))
                }
            }
        }
    });
    let tonic = input.tonic.filter(|_| features.has("tonic")).map(|_| quote!(#root::tonic::Status));
    let connect = input.connect.filter(|_| features.has("connectrpc")).map(|_| quote!(#root::connectrpc::ConnectError));
    let others = tonic.into_iter().chain(connect).map(|other| {
        quote! {
            #[automatically_derived]
            impl #generics #root::From<#name #arguments> for #other #clause {
                fn from(error: #name #arguments) -> Self {
                    <#other as #root::From<#root::Status>>::from(#status(error))
                }
            }
        }
    });
    let utoipa = input.utoipa.filter(|_| features.has("utoipa")).map(|_| {
        quote! {
            #[automatically_derived]
            impl #generics #root::utoipa::IntoResponses for #name #arguments #clause {
                fn responses() -> #root::UtoipaResponses {
                    #root::utoipa_responses::<Self>()
                }
            }
        }
    });
    let aide = input.aide.filter(|_| features.has("aide")).map(|_| {
        quote! {
            #[automatically_derived]
            impl #generics #root::aide::OperationOutput for #name #arguments #clause {
                type Inner = Self;

                fn operation_response(
                    _: &mut #root::aide::generate::GenContext,
                    _: &mut #root::aide::openapi::Operation,
                ) -> #root::Option<#root::aide::openapi::Response> {
                    #root::aide_response()
                }

                fn inferred_responses(
                    _: &mut #root::aide::generate::GenContext,
                    __operation: &mut #root::aide::openapi::Operation,
                ) -> #root::AideResponses {
                    #root::aide_responses::<Self>(__operation)
                }
            }
        }
    });
    quote!(#axum #(#others)* #utoipa #aide)
}

/// Writes `Self::Deleted { 0: ref __field_0, .. }` with the selected fields.
fn pattern(variant: &Variant<'_>, is_selected: impl Fn(&Field<'_>) -> bool) -> TokenStream {
    let ident = variant.ident;
    let path = if variant.is_struct { quote!(Self) } else { quote!(Self::#ident) };
    let fields = variant.fields.iter().filter(|field| is_selected(field)).map(|field| {
        let (member, binding) = (&field.member, field.binding());
        quote!(#member: ref #binding)
    });
    quote!(#path { #(#fields,)* .. })
}
