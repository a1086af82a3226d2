//! [`Input`] ─► the implementation, or what is wrong and an implementation that serves until it is mended.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Data, Ident, LitStr, Type, spanned::Spanned};

use crate::{
    bounds::{self, Held, Parameters, is_in},
    errors::Errors,
    field::Field,
    keys::{Delay, Reference},
    parse::Input,
    variant::Variant,
};

pub(crate) fn expand(input: &Input<'_>, errors: &Errors) -> TokenStream {
    if let Data::Union(_) = input.item.data {
        return errors.to_compile_errors();
    }
    let root = input.private();
    let name = &input.item.ident;
    let (generics, arguments, _) = input.item.generics.split_for_impl();
    let is_right = errors.is_empty();
    let clause = bounds::of_trait(input, is_right);
    let (body, checks) = if is_right { (body(input), checks(input)) } else { (stub(&root), TokenStream::new()) };
    let conversions = conversions(input);
    let mistakes = errors.to_compile_errors();
    quote! {
        #mistakes

        #[automatically_derived]
        // A deprecated variant still answers, and paths are whole whatever their module imports.
        #[allow(deprecated, unused_qualifications)]
        impl #generics #root::IntoStatus for #name #arguments #clause {
            #body
        }

        #checks
        #conversions
    }
}

/// What answers until the mistakes are mended.
fn stub(root: &TokenStream) -> TokenStream {
    quote! {
        fn status(&self) -> #root::Status {
            #root::Status::internal_server_error()
        }
    }
}

fn conversions(input: &Input<'_>) -> TokenStream {
    let root = input.private();
    let name = &input.item.ident;
    let (generics, arguments, _) = input.item.generics.split_for_impl();
    let clause = bounds::of_conversion(input);
    let status = quote!(<#root::Status as #root::From<#name #arguments>>::from);
    let axum = input.axum.filter(|_| cfg!(feature = "axum")).map(|_| {
        quote! {
            #[automatically_derived]
            impl #generics #root::axum::IntoResponse for #name #arguments #clause {
                fn into_response(self) -> #root::axum::Response {
                    #root::axum::IntoResponse::into_response(#status(self))
                }
            }
        }
    });
    let tonic = input.tonic.filter(|_| cfg!(feature = "tonic")).map(|_| {
        quote! {
            #[automatically_derived]
            impl #generics #root::From<#name #arguments> for #root::tonic::Status #clause {
                fn from(error: #name #arguments) -> Self {
                    <#root::tonic::Status as #root::From<#root::Status>>::from(#status(error))
                }
            }
        }
    });
    quote!(#axum #tonic)
}

fn body(input: &Input<'_>) -> TokenStream {
    let root = input.private();
    let documented = input.variants.iter().map(|variant| documented(input, variant));
    let arms = input.variants.iter().map(|variant| arm(input, variant));
    let cause = cause(input);
    quote! {
        fn status(&self) -> #root::Status {
            match *self {
                #(#arms)*
            }
        }

        const STATUSES: &'static [#root::Documented] = &[#(#documented),*];

        #cause
    }
}

/// What the types of the fields must be, said at them.
fn checks(input: &Input<'_>) -> TokenStream {
    let root = input.private();
    let parameters = Parameters::of(&input.item.generics);
    let this = Ident::new("Self", Span::call_site());
    let mut calls = TokenStream::new();
    for variant in &input.variants {
        // A type that holds itself is as its other fields are.
        for field in variant.fields.iter().filter(|field| !parameters.are_in(field.ty) && !is_in(&this, field.ty)) {
            let ty = field.ty;
            calls.extend(quote_spanned!(ty.span()=> #root::Field::<#ty>::must_be_send_and_sync();));
        }
        if let Some(field) = variant.transparent() {
            let inner = bounds::unboxed(field.ty);
            if !parameters.are_in(inner) {
                calls.extend(quote_spanned!(inner.span()=> #root::answers_for_itself::<#inner>();));
            }
        }
    }
    // Not in the implementation, whose where clause takes for granted what is asked here.
    quote!(const _: () = { let _ = || { #calls }; };)
}

fn documented(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let root = input.private();
    if let Some(field) = variant.transparent() {
        let inner = bounds::unboxed(field.ty);
        return quote!(#root::Documented::All(<#inner as #root::IntoStatus>::STATUSES));
    }
    let code = code(input, variant);
    let keys = &variant.keys;
    let title = keys.title.said().map(|title| quote!(.with_title(#title)));
    let uri = keys.type_uri.said().map(|uri| quote!(.with_type(#uri)));
    let detail = detail_template(code, variant).map(|detail| quote!(.with_detail(#detail)));
    quote!(#root::Documented::One(#root::DocumentedStatus::new(#root::code(#code)) #title #uri #detail))
}

/// As the type says it; that of a 5xx is for nobody to read unless it is exposed.
fn detail_template<'a>(code: u16, variant: &'a Variant<'_>) -> Option<&'a LitStr> {
    let keys = &variant.keys;
    let is_masked = code >= 500 && code != 550 && !keys.expose.is_given();
    let said = keys.detail.said().map(|detail| &detail.literal);
    said.or(variant.message.as_ref()).filter(|_| !is_masked)
}

/// What is neither said nor a carrier has been refused.
fn code(input: &Input<'_>, variant: &Variant<'_>) -> u16 {
    let default = input.default.said().filter(|_| !variant.keys.from_error.is_given());
    variant.keys.code.said().or(default).copied().unwrap_or(500)
}

/// `Self::Deleted { 0: ref __field_0, .. }`
fn pattern(variant: &Variant<'_>, bound: impl Fn(&Field<'_>) -> bool) -> TokenStream {
    let path = variant.ident.map_or_else(|| quote!(Self), |ident| quote!(Self::#ident));
    let fields = variant.fields.iter().filter(|field| bound(field)).map(|field| {
        let (member, binding) = (&field.member, field.binding());
        quote!(#member: ref #binding)
    });
    quote!(#path { #(#fields,)* .. })
}

fn arm(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let root = input.private();
    let keys = &variant.keys;
    if keys.from_error.is_given() {
        let pattern = pattern(variant, |_| false);
        return quote!(#pattern => #root::Status::unresolved(),);
    }
    if let Some(field) = variant.transparent() {
        let pattern = pattern(variant, |_| true);
        let (binding, inner) = (field.binding(), bounds::unboxed(field.ty));
        return quote!(#pattern => #root::transparent::<#inner>(#binding),);
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

/// Each takes the status and gives it on.
fn steps(root: &TokenStream, code: u16, variant: &Variant<'_>, status: &Ident) -> Vec<TokenStream> {
    let keys = &variant.keys;
    let mut steps = Vec::new();
    steps.extend(keys.title.said().map(|title| quote!(#status.with_title(#title))));
    steps.extend(keys.type_uri.said().map(|uri| quote!(#status.with_type(#uri))));
    steps.extend(keys.detail.said().map(|detail| {
        let text = detail.constant().map_or_else(|| detail.format(root, &variant.fields), ToTokens::into_token_stream);
        quote!(#status.with_detail(#text))
    }));
    steps.extend(keys.instance.said().map(|instance| {
        let parts = instance.parts(root, &variant.fields);
        quote!(#root::instance_of(#status, #parts))
    }));
    let challenges = if code == 407 { "proxy-authenticate" } else { "www-authenticate" };
    steps.extend(keys.challenge.said().map(|challenge| quote!(#status.with_header(#challenges, #challenge))));
    steps.extend(keys.allow.said().map(|methods| quote!(#status.with_header("allow", #methods))));
    steps.extend(keys.headers.iter().map(|(name, value)| quote!(#status.with_header(#name, #value))));
    if let Some(Delay::Seconds(seconds)) = keys.retry_after.said() {
        steps.push(quote!(#root::retry_after(#status, &#seconds)));
    }
    steps.extend(variant.delay().map(|field| {
        let binding = field.binding();
        quote_spanned!(field.ty.span()=> #root::retry_after(#status, #binding))
    }));
    for field in &variant.fields {
        if let Some((name, _)) = &field.extension {
            let binding = field.binding();
            steps.push(quote_spanned!(field.ty.span()=> #root::extension(#status, #name, #binding)));
        }
    }
    if let Some(grpc) = keys.grpc.said() {
        let grpc = format_ident!("{grpc}");
        steps.push(quote!(#status.with_grpc_code(#root::GrpcCode::#grpc)));
    }
    if keys.expose.is_given() {
        steps.push(quote!(#status.expose()));
    }
    // Last: a malformed one makes it another status.
    if let Some(Reference::Template(template)) = keys.location.said() {
        let parts = template.parts(root, &variant.fields);
        steps.push(quote!(#root::location_of(#status, #parts)));
    }
    steps.extend(variant.location().map(|field| {
        let binding = field.binding();
        quote_spanned!(field.ty.span()=> #root::location(#status, #binding))
    }));
    steps
}

/// The causes that `Error::source` need not know.
fn cause(input: &Input<'_>) -> Option<TokenStream> {
    let root = input.private();
    if input.variants.iter().all(|variant| variant.linked().is_none()) {
        return None;
    }
    let (error, this) = (Ident::new("__error", Span::mixed_site()), Ident::new("__this", Span::mixed_site()));
    let arms = input.variants.iter().map(|variant| {
        let Some(field) = variant.linked() else {
            let pattern = pattern(variant, |_| false);
            return quote!(#pattern => #root::Option::None,);
        };
        let pattern = pattern(variant, |other| other.name == field.name);
        let held = as_cause(&root, field.ty, &field.binding());
        quote!(#pattern => #held,)
    });
    let mut known: Vec<&Type> = Vec::new();
    for variant in input.variants.iter().filter(|variant| variant.keys.transparent.is_given()) {
        known.extend(variant.inner().map(|field| bounds::unboxed(field.ty)));
    }
    Some(quote! {
        const __CAUSE: #root::Option<#root::CauseOf> = #root::Option::Some(|#error| {
            // Unused where a cause is no error, and that is said already.
            #[allow(unused_imports)]
            use #root::Cause as _;
            if let #root::Option::Some(#this) = #error.downcast_ref::<Self>() {
                return match *#this {
                    #(#arms)*
                };
            }
            #(
                // Nested, for users of an edition before 2024.
                if let #root::Option::Some(__known) = <#known as #root::IntoStatus>::__CAUSE {
                    if let #root::Option::Some(__cause) = __known(#error) {
                        return #root::Option::Some(__cause);
                    }
                }
            )*
            #root::Option::None
        });
    })
}

/// A reference to what the field holds, as an error.
fn as_cause(root: &TokenStream, ty: &Type, binding: &Ident) -> TokenStream {
    match bounds::held(ty) {
        Held::Option(inner) => {
            let held = as_cause(root, inner, binding);
            quote! {
                match *#binding {
                    #root::Option::Some(ref #binding) => #held,
                    #root::Option::None => #root::Option::None,
                }
            }
        }
        Held::Pointer(inner) => {
            let held = as_cause(root, inner, binding);
            quote!({ let #binding = &**#binding; #held })
        }
        Held::Itself => quote_spanned!(ty.span()=> #root::Option::Some((*#binding).__as_cause())),
    }
}
