//! Writes the constant `STATUSES`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{GenericArgument, LitStr, PathArguments, Type, ext::IdentExt};

use super::{
    bounds::{self, Wrapper},
    status,
};
use crate::{
    parse::{Input, value::ConstantValue, variant::Variant},
    validate::is_server_error,
};

pub(super) fn constant(input: &Input<'_>) -> TokenStream {
    let root = input.private();
    let documented = input.variants.iter().map(|variant| documented(input, variant));
    quote! {
        const STATUSES: #root::Option<&'static [#root::Documented]> = #root::Option::Some(&[#(#documented),*]);
    }
}

fn documented(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let root = input.private();
    if let Some(field) = variant.transparent() {
        let inner = bounds::without_pointers(field.ty);
        let name = inner.to_token_stream().to_string().replace(' ', "");
        return quote!(#root::documented::<#inner>(#name));
    }
    let keys = &variant.keys;
    let code = status::code(input, variant);
    let new = code.map_or_else(|| quote!(any_code()), |code| quote!(new(#root::code(#code))));
    let name = variant.ident.unraw().to_string();
    let title = keys.title.get().map(|title| quote!(.with_title(#title)));
    let uri = keys.type_uri.get().map(|uri| quote!(.with_type(#uri)));
    let detail = detail(code, variant).map(|detail| quote!(.with_detail(#detail)));
    let advice = keys.advice.get().map(|advice| &advice.literal).map(|advice| quote!(.with_advice(#advice)));
    let description = variant.description.as_ref().map(|text| quote!(.with_description(#text)));
    let headers = non_empty(headers(code, variant)).map(|names| quote!(.with_headers(&[#(#names),*])));
    let extensions = non_empty(extensions(&root, code, variant));
    let extensions = extensions.map(|members| quote!(.with_extensions(&[#(#members),*])));
    let grpc = keys.grpc.get().map(|code| {
        let code = format_ident!("{code}");
        quote!(.with_grpc_code(#root::GrpcCode::#code))
    });
    quote! {
        #root::Documented::One(
            #root::DocumentedStatus::#new.with_name(#name)
                #title #uri #detail #advice #description #headers #extensions #grpc
        )
    }
}

fn non_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// Returns whether detail and extensions are hidden. A code that is set at run time may be a 4xx.
fn is_hidden(code: Option<u16>, variant: &Variant<'_>) -> bool {
    code.is_some_and(is_server_error) && !variant.keys.expose.is_set()
}

/// Returns the template of the detail, unless it is hidden.
fn detail<'a>(code: Option<u16>, variant: &'a Variant<'_>) -> Option<&'a LitStr> {
    let own = variant.keys.detail.get().map(|detail| &detail.literal);
    let is_shown = !variant.keys.from_error.is_set() && !is_hidden(code, variant);
    own.or(variant.message.as_ref()).filter(|_| is_shown)
}

/// Returns the names of the header fields, each once.
fn headers(code: Option<u16>, variant: &Variant<'_>) -> Vec<String> {
    let keys = &variant.keys;
    let mut names: Vec<String> = Vec::new();
    names.extend(keys.challenge.get().map(|_| status::challenge_field(code).into()));
    names.extend(keys.allow.get().map(|_| "allow".into()));
    names.extend(keys.headers.iter().map(|(name, _)| name.value().to_ascii_lowercase()));
    if keys.retry_after.is_set() || variant.retry_after().is_some() {
        names.push("retry-after".into());
    }
    if keys.location.is_set() || variant.location().is_some() {
        names.push("location".into());
    }
    let mut seen: Vec<String> = Vec::new();
    names.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
    names
}

/// Returns the extension members that clients see, each with its schema.
fn extensions(root: &TokenStream, code: Option<u16>, variant: &Variant<'_>) -> Vec<TokenStream> {
    let is_hidden = is_hidden(code, variant);
    let constants = variant.keys.extensions.iter().filter(|constant| !is_hidden || constant.public.is_some());
    let constants = constants.map(|constant| {
        let name = &constant.name;
        let schema = match &constant.value {
            ConstantValue::String(text) => quote!(Constant(#text)),
            ConstantValue::Integer(_) => quote!(Integer),
            ConstantValue::Number(_) => quote!(Number),
            ConstantValue::Boolean(_) => quote!(Boolean),
        };
        quote!((#name, #root::MemberSchema::#schema))
    });
    let fields = variant.fields.iter().filter(|field| !is_hidden || field.public.is_some());
    let fields = fields.filter_map(|field| {
        let name = &field.extension.as_ref()?.name;
        let schema = schema(root, field.ty);
        Some(quote!((#name, #schema)))
    });
    constants.chain(fields).collect()
}

/// Writes the schema of a field's type: collections are recognized by their name, the type inside by the traits that it
/// implements.
fn schema(root: &TokenStream, ty: &Type) -> TokenStream {
    if let Wrapper::Option(inner) = bounds::wrapper(ty) {
        let inner = schema(root, inner);
        return quote!(#root::MemberSchema::Nullable(&#inner));
    }
    if let Wrapper::Pointer(inner) = bounds::wrapper(ty) {
        return schema(root, inner);
    }
    match ty {
        Type::Reference(reference) => schema(root, &reference.elem),
        Type::Group(group) => schema(root, &group.elem),
        Type::Paren(paren) => schema(root, &paren.elem),
        Type::Array(array) => array_of(root, &array.elem),
        Type::Slice(slice) => array_of(root, &slice.elem),
        ty => {
            let array = element(ty).map(|element| array_of(root, element));
            array.unwrap_or_else(|| quote!(#root::Member::<#ty>::SCHEMA))
        }
    }
}

fn array_of(root: &TokenStream, element: &Type) -> TokenStream {
    let element = schema(root, element);
    quote!(#root::MemberSchema::Array(&#element))
}

/// Returns the type of the elements of a standard collection.
fn element(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (&*last.ident.to_string(), arguments.args.first()?) {
        ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", GenericArgument::Type(element)) => Some(element),
        _ => None,
    }
}
