//! The where clauses of the implementations, which users do not have to write.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{GenericArgument, GenericParam, Generics, Ident, PathArguments, Type, WhereClause, parse_quote};

use crate::parse::{Input, variant::Variant};

/// The type and const parameters of a type.
pub(super) struct Parameters<'a>(Vec<&'a Ident>);

impl<'a> Parameters<'a> {
    pub(super) fn of(generics: &'a Generics) -> Self {
        let idents = generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        });
        Self(idents.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the tokens contain one of the parameters.
    pub(super) fn are_in(&self, tokens: impl ToTokens) -> bool {
        let tokens = tokens.to_token_stream();
        self.0.iter().any(|parameter| contains(&tokens, parameter))
    }
}

/// Returns whether the tokens contain the identifier at any depth.
pub(super) fn contains(tokens: impl ToTokens, name: &Ident) -> bool {
    tokens.to_token_stream().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => *name == ident,
        TokenTree::Group(group) => contains(group.stream(), name),
        _ => false,
    })
}

/// The outermost type around the error in a field.
pub(super) enum Wrapper<'a> {
    Option(&'a Type),
    /// `Box` or `Arc`.
    Pointer(&'a Type),
    None,
}

pub(super) fn wrapper(ty: &Type) -> Wrapper<'_> {
    let path = match ty {
        Type::Path(path) => path,
        // A `$ty:ty` of a `macro_rules!`.
        Type::Group(group) => return wrapper(&group.elem),
        Type::Paren(paren) => return wrapper(&paren.elem),
        _ => return Wrapper::None,
    };
    let Some(last) = path.path.segments.last() else { return Wrapper::None };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return Wrapper::None };
    let [GenericArgument::Type(inner)] = &*arguments.args.iter().collect::<Vec<_>>() else { return Wrapper::None };
    match last.ident.to_string().as_str() {
        "Option" => Wrapper::Option(inner),
        "Box" | "Arc" => Wrapper::Pointer(inner),
        _ => Wrapper::None,
    }
}

/// Returns the type inside `Option`, `Box` and `Arc`.
fn innermost(ty: &Type) -> &Type {
    match wrapper(ty) {
        Wrapper::Option(inner) | Wrapper::Pointer(inner) => innermost(inner),
        Wrapper::None => ty,
    }
}

/// Returns the type inside `Box` and `Arc`.
pub(super) fn without_pointers(ty: &Type) -> &Type {
    match wrapper(ty) {
        Wrapper::Pointer(inner) => without_pointers(inner),
        Wrapper::Option(_) | Wrapper::None => ty,
    }
}

/// Returns the where clause of `IntoStatus`.
pub(super) fn of_trait(input: &Input<'_>, with_fields: bool) -> WhereClause {
    let mut clause = own_clause(input);
    let root = input.private();
    let parameters = Parameters::of(&input.item.generics);
    clause.predicates.push(if parameters.is_empty() {
        // With a `for`, the bound may be false, and the compiler reports only the field or the missing `Error`.
        parse_quote!(for<'__status> Self: #root::ImplementsError + #root::Send + #root::Sync)
    } else {
        // This includes the bounds of thiserror's implementation.
        parse_quote!(Self: #root::Error + #root::Send + #root::Sync + 'static)
    });
    if with_fields {
        for variant in &input.variants {
            for predicate in of_variant(&root, &parameters, variant) {
                clause.predicates.push(parse_quote!(#predicate));
            }
        }
    }
    clause
}

/// Returns what the fields of a variant must implement.
fn of_variant(root: &TokenStream, parameters: &Parameters<'_>, variant: &Variant<'_>) -> Vec<TokenStream> {
    let mut predicates = Vec::new();
    if let Some(field) = variant.transparent() {
        let inner = without_pointers(field.ty);
        let may_be_false = if parameters.are_in(inner) { None } else { Some(quote!(for<'__status>)) };
        predicates.push(quote!(#may_be_false #inner: #root::IntoStatus));
    } else if let Some(field) = variant.linked() {
        let inner = innermost(field.ty);
        if parameters.are_in(inner) && !matches!(inner, Type::TraitObject(_)) {
            predicates.push(quote!(#inner: #root::Error + 'static));
        }
    }
    let extensions = variant.fields.iter().filter(|field| field.extension.is_some());
    let required = (extensions.map(|field| (field, format_ident!("Serialize"))))
        .chain(variant.code().map(|field| (field, format_ident!("Code"))))
        .chain(variant.retry_after().map(|field| (field, format_ident!("RetryAfter"))))
        .chain(variant.location().map(|field| (field, format_ident!("Display"))))
        .chain(variant.formatted());
    for (field, bound) in required.filter(|(field, _)| parameters.are_in(field.ty)) {
        let ty = field.ty;
        predicates.push(quote!(#ty: #root::#bound));
    }
    predicates
}

/// Returns the where clause of a conversion that uses the `IntoStatus` implementation.
pub(super) fn of_conversion(input: &Input<'_>) -> WhereClause {
    let mut clause = own_clause(input);
    let root = input.private();
    let name = &input.item.ident;
    let (_, arguments, _) = input.item.generics.split_for_impl();
    clause.predicates.push(if Parameters::of(&input.item.generics).is_empty() {
        parse_quote!(for<'__status> #name #arguments: #root::IntoStatus)
    } else {
        parse_quote!(#name #arguments: #root::IntoStatus)
    });
    clause
}

/// Returns the where clause of the type itself.
pub(super) fn own_clause(input: &Input<'_>) -> WhereClause {
    let mut generics = input.item.generics.clone();
    let lifetimes: Vec<_> = generics.lifetimes().map(|parameter| parameter.lifetime.clone()).collect();
    let clause = generics.make_where_clause();
    // A lifetime is already reported; this avoids a second error.
    for lifetime in lifetimes {
        clause.predicates.push(parse_quote!(#lifetime: 'static));
    }
    clause.clone()
}
