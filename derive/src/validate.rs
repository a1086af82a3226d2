//! What is wrong only when seen together.

use proc_macro2::Span;
use syn::Data;

use crate::{errors::Errors, parse::Input, variant::Variant};

pub(crate) fn validate(input: &Input<'_>, errors: &mut Errors) {
    for lifetime in input.item.generics.lifetimes() {
        errors.on(
            &lifetime.lifetime,
            format!(
                "an error with a status outlives its request, so it cannot borrow for `{}`: own what it holds, or borrow for `'static`",
                lifetime.lifetime
            ),
        );
    }
    for (span, key, is_on) in
        [(input.axum, "axum", cfg!(feature = "axum")), (input.tonic, "tonic", cfg!(feature = "tonic"))]
    {
        if let Some(span) = span.filter(|_| !is_on) {
            errors.at(span, missing_feature(key));
        }
    }
    for variant in &input.variants {
        one(input, variant, errors);
    }
}

fn missing_feature(key: &str) -> String {
    format!("`#[status({key})]` needs the feature `{key}` of tower-status")
}

fn one(input: &Input<'_>, variant: &Variant<'_>, errors: &mut Errors) {
    for again in variant.fields.iter().filter_map(|field| field.source).skip(1) {
        errors.at(again, "a second `source`: an error has one");
    }
    match (variant.keys.transparent.span(), variant.keys.from_error.span()) {
        (Some(_), Some(from_error)) => {
            errors.at(from_error, "either `transparent` or `from_error`: the inner error has a status, or it has none");
        }
        (Some(transparent), None) => {
            if variant.fields.len() != 1 {
                let here = match variant.fields.len() {
                    0 => "is none".to_owned(),
                    count => format!("are {count}"),
                };
                let message = format!("`transparent` is for exactly one field, which answers for itself; here {here}");
                errors.at(transparent, message);
            }
            beside(variant, "transparent", "the inner error answers for itself", errors);
        }
        (None, Some(from_error)) => {
            if variant.inner().is_none() {
                let message = match variant.fields.len() {
                    0 => "`from_error` is for a field that holds the foreign error; here is none",
                    _ => "which field is the foreign error? Mark it with `#[source]`, `#[from]` or `#[status(source)]`",
                };
                errors.at(from_error, message);
            }
            beside(variant, "from_error", "the layer's `map_error` says the whole status", errors);
        }
        (None, None) => plain(input, variant, errors),
    }
}

/// Where another answers, nothing else is said.
fn beside(variant: &Variant<'_>, key: &str, why: &str, errors: &mut Errors) {
    let of_fields = variant.fields.iter().flat_map(|field| {
        let extension = field.extension.as_ref().map(|(_, span)| *span);
        [("`extension`", extension), ("`retry_after`", field.retry_after), ("`location`", field.location)]
    });
    let of_fields = of_fields.filter_map(|(name, span)| Some((name, span?)));
    for (name, span) in variant.keys.beside().into_iter().chain(of_fields) {
        errors.at(span, format!("{name} beside `{key}`: {why}"));
    }
}

fn plain(input: &Input<'_>, variant: &Variant<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    twice("retry_after", keys.retry_after.span(), |field| field.retry_after, variant, errors);
    twice("location", keys.location.span(), |field| field.location, variant, errors);
    let mut names: Vec<&str> = Vec::new();
    for (name, span) in variant.fields.iter().filter_map(|field| field.extension.as_ref()) {
        if names.contains(&&**name) {
            errors.at(*span, format!("a second extension `{name}`"));
        }
        names.push(name);
    }
    headers(variant, errors);

    let (code, at) = match (keys.code.span(), input.default.span()) {
        (Some(span), _) => (keys.code.said(), span),
        (None, Some(_)) => (input.default.said(), variant.span),
        (None, None) if keys.is_unreadable => return,
        (None, None) => {
            let example = "`#[status(404)]`, `#[status(transparent)]` or `#[status(from_error)]`";
            let message = match (variant.ident, &input.item.data) {
                (Some(ident), Data::Enum(_)) => {
                    format!("`{ident}` has no status: add {example}, or `#[status(default = 500)]` to the enum")
                }
                _ => format!("`{}` has no status: add {example}", input.item.ident),
            };
            return errors.at(variant.span, message);
        }
    };
    if let Some(&code) = code {
        demanded(code, at, variant, errors);
        fitting(code, variant, errors);
    }
}

/// What the section of the code demands (RFC 9110 §15).
fn demanded(code: u16, at: Span, variant: &Variant<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    if keys.is_unreadable {
        return;
    }
    let has_location = keys.location.is_given() || variant.fields.iter().any(|field| field.location.is_some());
    let (field, is_given, how) = match code {
        301 | 302 | 303 | 307 | 308 => {
            ("Location", has_location, "add `location = \"/..\"` or mark a field with `#[status(location)]`")
        }
        405 => ("Allow", keys.allow.is_given(), "add `allow = \"GET, HEAD\"`"),
        407 => ("Proxy-Authenticate", keys.challenge.is_given(), "add `challenge = \"Basic realm=..\"`"),
        426 => ("Upgrade", false, "add `header(\"Upgrade\" = \"..\")`"),
        _ => return,
    };
    if !is_given && !keys.has_header(field) {
        errors.at(at, format!("{code} demands the header field {field}: {how}"));
    }
}

/// Keys that mean nothing beside this code.
fn fitting(code: u16, variant: &Variant<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    if let Some(challenge) = keys.challenge.span().filter(|_| !matches!(code, 401 | 407)) {
        errors.at(
            challenge,
            format!(
                "`challenge` is for 401 and 407; if {code} shall carry one: `header(\"WWW-Authenticate\" = \"..\")`"
            ),
        );
    }
    let locations = keys.location.span().into_iter();
    let locations = locations.chain(variant.fields.iter().filter_map(|field| field.location));
    for location in locations.filter(|_| !matches!(code, 300..=399)) {
        errors.at(
            location,
            format!("`location` is for redirects: no client follows that of a {code}; if it shall carry one: `header(\"Location\" = \"..\")`"),
        );
    }
    // 550 counts as a 4xx.
    if let Some(expose) = keys.expose.span().filter(|_| code < 500 || code == 550) {
        errors.at(expose, format!("`expose` is for what a 5xx hides: a {code} shows its detail and extensions anyway"));
    }
}

/// What is said by a key and by a field, or by two fields.
fn twice(
    key: &str,
    of_variant: Option<Span>,
    of_field: fn(&crate::field::Field<'_>) -> Option<Span>,
    variant: &Variant<'_>,
    errors: &mut Errors,
) {
    for again in of_variant.into_iter().chain(variant.fields.iter().filter_map(of_field)).skip(1) {
        errors.at(again, format!("a second `{key}`: an answer has one"));
    }
}

/// Fields of which one line is all that may stand (RFC 9110 §5.3).
fn headers(variant: &Variant<'_>, errors: &mut Errors) {
    const SINGLE: [&str; 11] = [
        "location",
        "retry-after",
        "content-range",
        "content-location",
        "content-disposition",
        "etag",
        "last-modified",
        "expires",
        "date",
        "age",
        "server",
    ];
    let keys = &variant.keys;
    let is_said = |name: &str| match name {
        "location" => keys.location.is_given() || variant.fields.iter().any(|field| field.location.is_some()),
        "retry-after" => keys.retry_after.is_given() || variant.fields.iter().any(|field| field.retry_after.is_some()),
        _ => false,
    };
    let mut seen: Vec<String> = Vec::new();
    for (literal, _) in &keys.headers {
        let name = literal.value().to_ascii_lowercase();
        if SINGLE.contains(&&*name) && (is_said(&name) || seen.contains(&name)) {
            errors.at(literal.span(), format!("a second {}: an answer has one", literal.value()));
        }
        seen.push(name);
    }
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_quote};

    use crate::{errors::Errors, expand::expand, parse::parse, validate::validate};

    fn derived(item: &DeriveInput) -> String {
        let mut errors = Errors::default();
        let input = parse(item, &mut errors);
        validate(&input, &mut errors);
        expand(&input, &errors).to_string()
    }

    /// Whichever feature is off: tower-status switches them.
    #[test]
    fn a_conversion_needs_its_feature() {
        for (key, trait_of, is_on) in
            [("axum", "IntoResponse", cfg!(feature = "axum")), ("tonic", "tonic :: Status", cfg!(feature = "tonic"))]
        {
            let key_ident = quote::format_ident!("{key}");
            let text = derived(&parse_quote! {
                #[status(404, #key_ident)]
                struct Shop;
            });
            let message = super::missing_feature(key);
            assert_eq!(text.contains(&message), !is_on, "{text}");
            assert_eq!(text.contains(trait_of), is_on, "{text}");
            // It answers all the same.
            assert!(text.contains("IntoStatus for Shop"), "{text}");
        }
    }

    /// All that the derive names is below the path that it is given.
    #[test]
    fn another_name_of_the_crate_is_the_only_one() {
        let text = derived(&parse_quote! {
            #[status(crate = "renamed::by_us", default = 500)]
            enum Shop {
                #[status(303, location = "/x/{0}", detail = "{0}", title = "x", header("x-y" = "z"))]
                Moved(#[status(extension = "id")] u64, #[status(source)] Other),
                #[status(transparent)]
                Stock(Stock),
                #[status(from_error)]
                Db(Option<Box<Db>>),
            }
        });
        assert!(text.contains("renamed :: by_us :: __private"), "{text}");
        assert!(
            !text.contains("tower_status") && !text.contains(":: std ::") && !text.contains(":: core ::"),
            "{text}"
        );
    }
}
