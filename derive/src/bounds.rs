//! Where clauses that the user need not write.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{GenericArgument, GenericParam, Generics, Ident, PathArguments, Type, WhereClause, parse_quote};

use crate::parse::Input;

/// The parameters of a type.
pub(crate) struct Parameters<'a>(Vec<&'a Ident>);

impl<'a> Parameters<'a> {
    pub(crate) fn of(generics: &'a Generics) -> Self {
        let idents = generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        });
        Self(idents.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is named in there.
    pub(crate) fn are_in(&self, tokens: impl ToTokens) -> bool {
        let tokens = tokens.to_token_stream();
        self.0.iter().any(|parameter| is_in(parameter, &tokens))
    }
}

/// Whether the name stands anywhere in the tokens.
pub(crate) fn is_in(name: &Ident, tokens: impl ToTokens) -> bool {
    tokens.to_token_stream().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => *name == ident,
        TokenTree::Group(group) => is_in(name, group.stream()),
        _ => false,
    })
}

/// What a field's type is around the error that it holds.
pub(crate) enum Held<'a> {
    Option(&'a Type),
    Pointer(&'a Type),
    Itself,
}

pub(crate) fn held(ty: &Type) -> Held<'_> {
    let path = match ty {
        Type::Path(path) => path,
        // A fragment of a `macro_rules!`.
        Type::Group(group) => return held(&group.elem),
        Type::Paren(paren) => return held(&paren.elem),
        _ => return Held::Itself,
    };
    let Some(last) = path.path.segments.last() else { return Held::Itself };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return Held::Itself };
    let [GenericArgument::Type(inner)] = &*arguments.args.iter().collect::<Vec<_>>() else { return Held::Itself };
    match last.ident.to_string().as_str() {
        "Option" => Held::Option(inner),
        "Box" | "Arc" => Held::Pointer(inner),
        _ => Held::Itself,
    }
}

/// The error in boxes and, where it may be absent, in an `Option`.
pub(crate) fn innermost(ty: &Type) -> &Type {
    match held(ty) {
        Held::Option(inner) | Held::Pointer(inner) => innermost(inner),
        Held::Itself => ty,
    }
}

/// The error in boxes.
pub(crate) fn unboxed(ty: &Type) -> &Type {
    match held(ty) {
        Held::Pointer(inner) => unboxed(inner),
        Held::Option(_) | Held::Itself => ty,
    }
}

/// The where clause of the implementation.
pub(crate) fn of_trait(input: &Input<'_>, with_fields: bool) -> WhereClause {
    let mut clause = written(input);
    let root = input.private();
    let parameters = Parameters::of(&input.item.generics);
    let mut add = |predicate: TokenStream| clause.predicates.push(parse_quote!(#predicate));
    if parameters.is_empty() {
        // Under a `for` a bound may be false: then the message is that of the field, not a second one of the type.
        add(quote!(for<'__status> Self: #root::Send + #root::Sync));
    } else {
        // thiserror's bounds among them.
        add(quote!(Self: #root::Error + #root::Send + #root::Sync + 'static));
    }
    if !with_fields {
        return clause;
    }
    for variant in &input.variants {
        if let Some(field) = variant.transparent() {
            let inner = unboxed(field.ty);
            let unless_its_own = if parameters.are_in(inner) { None } else { Some(quote!(for<'__status>)) };
            add(quote!(#unless_its_own #inner: #root::IntoStatus));
        } else if let Some(field) = variant.linked() {
            let inner = innermost(field.ty);
            if parameters.are_in(inner) && !matches!(inner, Type::TraitObject(_)) {
                add(quote!(#inner: #root::Error + 'static));
            }
        }
        let extensions = variant.fields.iter().filter(|field| field.extension.is_some());
        let needs = (extensions.map(|field| (field, format_ident!("Serialize"))))
            .chain(variant.delay().map(|field| (field, format_ident!("RetryAfter"))))
            .chain(variant.location().map(|field| (field, format_ident!("Display"))))
            .chain(variant.shown());
        for (field, bound) in needs.filter(|(field, _)| parameters.are_in(field.ty)) {
            let ty = field.ty;
            add(quote!(#ty: #root::#bound));
        }
    }
    clause
}

/// The where clause of a conversion that builds on the trait.
pub(crate) fn of_conversion(input: &Input<'_>) -> WhereClause {
    let mut clause = written(input);
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

fn written(input: &Input<'_>) -> WhereClause {
    let mut generics = input.item.generics.clone();
    let lifetimes: Vec<_> = generics.lifetimes().map(|parameter| parameter.lifetime.clone()).collect();
    let clause = generics.make_where_clause();
    // Only where that is refused already.
    for lifetime in lifetimes {
        clause.predicates.push(parse_quote!(#lifetime: 'static));
    }
    clause.clone()
}
