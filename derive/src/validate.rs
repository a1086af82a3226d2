//! Checks that need more than one key or field.

use proc_macro2::Span;

use crate::{
    errors::Errors,
    parse::{Input, field::Field, variant::Variant},
};

/// The enabled features of tower-status, which enables those of this crate.
#[derive(Clone, Copy)]
pub(crate) struct Features(&'static [&'static str]);

impl Features {
    pub(crate) const ENABLED: Self = Self(&[
        #[cfg(feature = "aide")]
        "aide",
        #[cfg(feature = "axum")]
        "axum",
        #[cfg(feature = "connectrpc")]
        "connectrpc",
        #[cfg(feature = "tonic")]
        "tonic",
        #[cfg(feature = "utoipa")]
        "utoipa",
    ]);

    pub(crate) fn has(self, feature: &str) -> bool {
        self.0.contains(&feature)
    }
}

pub(crate) fn validate(input: &Input<'_>, features: Features, errors: &mut Errors) {
    for lifetime in input.item.generics.lifetimes() {
        let lifetime = &lifetime.lifetime;
        errors.on(
            lifetime,
            format!("an error with a status must be `'static`, so it cannot borrow for `{lifetime}`: store owned data"),
        );
    }
    for (span, key, feature) in [
        (input.axum, "axum", "axum"),
        (input.tonic, "tonic", "tonic"),
        (input.connect, "connect", "connectrpc"),
        (input.utoipa, "utoipa", "utoipa"),
        (input.aide, "aide", "aide"),
    ] {
        if let Some(span) = span.filter(|_| !features.has(feature)) {
            errors.at(span, missing_feature(key, feature));
        }
    }
    for variant in &input.variants {
        check_variant(input, variant, errors);
    }
}

fn missing_feature(key: &str, feature: &str) -> String {
    format!("`{key}` requires the feature `{feature}` of tower-status: `cargo add tower-status --features {feature}`")
}

fn check_variant(input: &Input<'_>, variant: &Variant<'_>, errors: &mut Errors) {
    check_single("source", None, |field| field.source, variant, errors);
    check_single("transparent", None, |field| field.transparent, variant, errors);
    match (variant.transparent_span(), variant.keys.from_error.span()) {
        (Some(_), Some(from_error)) => {
            errors.at(
                from_error,
                "use `from_error` or `transparent`, not both: the inner error has a status or it has none",
            );
        }
        (Some(transparent), None) => {
            check_inner(variant, transparent, "transparent", "Mark it with `#[status(transparent)]`", errors);
            check_no_own_status(variant, "transparent", "the inner error's status is used", errors);
        }
        (None, Some(from_error)) => {
            let how = "Mark it with `#[source]`, `#[from]` or `#[status(source)]`";
            check_inner(variant, from_error, "from_error", how, errors);
            check_no_own_status(variant, "from_error", "the layer's `map_error` sets the whole status", errors);
        }
        (None, None) => check_own_status(input, variant, errors),
    }
}

/// Reports a variant without a field for the inner error.
fn check_inner(variant: &Variant<'_>, span: Span, key: &str, how: &str, errors: &mut Errors) {
    if variant.inner().is_none() {
        errors.at(
            span,
            match variant.fields.len() {
                0 => format!("`{key}` requires a field with the inner error"),
                _ => format!("which field is the inner error? {how}"),
            },
        );
    }
}

/// Reports keys together with `transparent` or `from_error`, where they would have no effect.
fn check_no_own_status(variant: &Variant<'_>, key: &str, reason: &str, errors: &mut Errors) {
    let of_fields = variant.fields.iter().flat_map(|field| {
        let extension = field.extension.as_ref().map(|extension| extension.span);
        [
            ("`extension`", extension),
            ("`public`", field.public),
            ("`code`", field.code),
            ("`retry_after`", field.retry_after),
            ("`location`", field.location),
        ]
    });
    let of_fields = of_fields.filter_map(|(name, span)| Some((name, span?)));
    for (name, span) in variant.keys.keys_of_own_status().into_iter().chain(of_fields) {
        errors.at(span, format!("{name} has no effect together with `{key}`: {reason}"));
    }
}

fn check_own_status(input: &Input<'_>, variant: &Variant<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    check_single("code", None, |field| field.code, variant, errors);
    check_single("retry_after", keys.retry_after.span(), |field| field.retry_after, variant, errors);
    check_single("location", keys.location.span(), |field| field.location, variant, errors);
    check_extensions(variant, errors);
    check_headers(variant, errors);
    if let Some(field) = variant.code() {
        return check_code_at_run_time(variant, field, errors);
    }
    let (code, span) = match (keys.code.span(), input.default.span()) {
        (Some(span), _) => (keys.code.get(), span),
        (None, Some(_)) => (input.default.get(), variant.ident.span()),
        (None, None) if keys.is_incomplete => return,
        (None, None) => return errors.at(variant.ident.span(), missing_status(variant)),
    };
    if let Some(&code) = code {
        check_required_header(code, span, variant, errors);
        check_keys_for_code(code, variant, errors);
    }
}

fn missing_status(variant: &Variant<'_>) -> String {
    let default = if variant.is_struct { "" } else { ", or `#[status(default = 500)]` to the enum" };
    format!(
        "`{}` has no status: add `#[status(404)]`, `#[status(transparent)]` or `#[status(from_error)]`{default}",
        variant.ident
    )
}

/// Reports keys that need a status code that is known at compile time.
fn check_code_at_run_time(variant: &Variant<'_>, field: &Field<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    if let Some(code) = keys.code.span() {
        errors.at(code, format!("the status code is set twice: the field `{}` is the status code", field.name));
    }
    let of_keys =
        [("`challenge`", keys.challenge.span()), ("`allow`", keys.allow.span()), ("`location`", keys.location.span())];
    let of_fields = variant.fields.iter().map(|field| ("`location`", field.location));
    for (name, span) in of_keys.into_iter().chain(of_fields) {
        if let Some(span) = span {
            let message =
                format!("{name} requires a fixed status code, but the field `{}` sets it at run time", field.name);
            errors.at(span, message);
        }
    }
}

/// Reports a property that is set by a key and by a field, or by two fields.
fn check_single(
    key: &str,
    of_variant: Option<Span>,
    of_field: fn(&Field<'_>) -> Option<Span>,
    variant: &Variant<'_>,
    errors: &mut Errors,
) {
    for second in of_variant.into_iter().chain(variant.fields.iter().filter_map(of_field)).skip(1) {
        errors.at(second, format!("`{key}` is set twice"));
    }
}

fn check_extensions(variant: &Variant<'_>, errors: &mut Errors) {
    let mut names: Vec<String> = Vec::new();
    let constants = variant.keys.extensions.iter().map(|constant| (constant.name.value(), constant.name.span()));
    let of_fields = variant.fields.iter().filter_map(|field| field.extension.as_ref());
    for (name, span) in constants.chain(of_fields.map(|extension| (extension.name.clone(), extension.span))) {
        if names.contains(&name) {
            errors.at(span, format!("extension `{name}` is set twice"));
        }
        names.push(name);
    }
    for field in variant.fields.iter().filter(|field| field.extension.is_none()) {
        if let Some(public) = field.public {
            errors.at(public, "`public` requires `extension` on the same field");
        }
    }
}

/// The header fields that have a single line in a response (RFC 9110 §5.3).
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

fn check_headers(variant: &Variant<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    let mut seen: Vec<String> = Vec::new();
    if keys.location.is_set() || variant.fields.iter().any(|field| field.location.is_some()) {
        seen.push("location".into());
    }
    if keys.retry_after.is_set() || variant.fields.iter().any(|field| field.retry_after.is_some()) {
        seen.push("retry-after".into());
    }
    for (literal, _) in &keys.headers {
        let name = literal.value().to_ascii_lowercase();
        if SINGLE.contains(&&*name) && seen.contains(&name) {
            errors.at(literal.span(), format!("`{}` is set twice, but a response has it once", literal.value()));
        }
        seen.push(name);
    }
}

/// Returns the header field that a status code requires (RFC 9110 §15) and the layer does not set, and how to set it.
fn required_header(code: u16) -> Option<(&'static str, &'static str)> {
    match code {
        301 | 302 | 303 | 307 | 308 => {
            Some(("Location", "add `location = \"/..\"` or mark a field with `#[status(location)]`"))
        }
        405 => Some(("Allow", "add `allow = \"GET, HEAD\"`")),
        407 => Some(("Proxy-Authenticate", "add `challenge = \"Basic realm=..\"`")),
        426 => Some(("Upgrade", "add `header(\"Upgrade\" = \"..\")`")),
        _ => None,
    }
}

fn check_required_header(code: u16, span: Span, variant: &Variant<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    let Some((name, how)) = required_header(code).filter(|_| !keys.is_incomplete) else { return };
    let is_set = keys.has_header(name)
        || match name {
            "Location" => keys.location.is_set() || variant.fields.iter().any(|field| field.location.is_some()),
            "Allow" => keys.allow.is_set(),
            "Proxy-Authenticate" => keys.challenge.is_set(),
            _ => false,
        };
    if !is_set {
        errors.at(span, format!("{code} requires the header field {name}: {how}"));
    }
}

/// Reports keys that have no effect with this status code.
fn check_keys_for_code(code: u16, variant: &Variant<'_>, errors: &mut Errors) {
    let keys = &variant.keys;
    if let Some(challenge) = keys.challenge.span().filter(|_| !matches!(code, 401 | 407)) {
        errors.at(
            challenge,
            format!(
                "`challenge` is for 401 and 407; to send one with {code}, add `header(\"WWW-Authenticate\" = \"..\")`"
            ),
        );
    }
    let of_fields = variant.fields.iter().filter_map(|field| field.location);
    for location in keys.location.span().into_iter().chain(of_fields).filter(|_| !matches!(code, 300..=399)) {
        errors.at(
            location,
            format!("`location` is for redirects, and clients do not follow that of a {code}; to send it anyway, add `header(\"Location\" = \"..\")`"),
        );
    }
    if !is_server_error(code) {
        if let Some(expose) = keys.expose.span() {
            errors.at(expose, format!("`expose` is for a 5xx; the detail and extensions of a {code} are always shown"));
        }
        for public in variant.public_spans() {
            errors.at(public, format!("`public` is for a 5xx; the extensions of a {code} are always shown"));
        }
    }
}

/// Returns whether detail and extensions are hidden; 550 counts as a 4xx.
pub(crate) fn is_server_error(code: u16) -> bool {
    code >= 500 && code != 550
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use syn::{DeriveInput, parse_quote};
    use tower_status::{__private as private, catalog};

    use super::*;
    use crate::{expand::expand, parse::parse};

    fn derived(item: &DeriveInput, features: Features) -> String {
        let mut errors = Errors::default();
        let input = parse(item, &mut errors);
        validate(&input, features, &mut errors);
        expand(&input, features, &errors).to_string()
    }

    #[test]
    fn conversion_without_its_feature_is_one_error() {
        for (key, feature, implemented) in [
            ("axum", "axum", "IntoResponse"),
            ("tonic", "tonic", "tonic :: Status"),
            ("connect", "connectrpc", "connectrpc :: ConnectError"),
            ("utoipa", "utoipa", "utoipa :: IntoResponses"),
            ("aide", "aide", "aide :: OperationOutput"),
        ] {
            for is_enabled in [true, false] {
                let key_ident = quote::format_ident!("{key}");
                let item = parse_quote! {
                    #[status(404, #key_ident)]
                    struct Shop;
                };
                let features =
                    Features(if is_enabled { &["aide", "axum", "connectrpc", "tonic", "utoipa"] } else { &[] });
                let text = derived(&item, features);
                assert_eq!(text.contains(&missing_feature(key, feature)), !is_enabled, "{text}");
                assert_eq!(text.contains(implemented), is_enabled, "{text}");
                assert!(text.contains("IntoStatus for Shop"), "{text}");
            }
        }
    }

    #[test]
    fn every_path_begins_with_the_given_name_of_the_crate() {
        let item = parse_quote! {
            #[status(crate = "renamed::by_us", default = 500)]
            enum Shop {
                #[status(303, location = "/x/{0}", detail = "{0}", title = "x", header("x-y" = "z"))]
                Moved(#[status(extension = "id")] u64, #[status(source)] Other),
                #[status(transparent)]
                Stock(Stock),
                #[status(from_error)]
                Db(Option<Box<Db>>),
            }
        };
        let text = derived(&item, Features::ENABLED);
        assert!(text.contains("renamed :: by_us :: __private"), "{text}");
        let other = ["tower_status", ":: std ::", ":: core ::"].into_iter().find(|path| text.contains(path));
        assert_eq!(other, None, "{text}");
    }

    #[test]
    fn single_fields_are_those_of_the_crate() {
        assert_eq!(SINGLE, private::SINGLE.each_ref().map(HeaderName::as_str));
    }

    #[test]
    fn required_fields_are_those_of_the_catalog() {
        for entry in catalog::ALL.iter().filter(|entry| matches!(entry.code.as_u16(), 300..=599)) {
            let of_crate: Vec<_> = entry.required_headers.iter().map(HeaderName::as_str).collect();
            let expected = match entry.code.as_u16() {
                // The layer has a default challenge, and only the application knows whether to send a Content-Range.
                401 | 416 => None,
                _ => of_crate.first().copied(),
            };
            let ours = required_header(entry.code.as_u16()).map(|(name, _)| name.to_ascii_lowercase());
            assert_eq!(ours.as_deref(), expected, "{}", entry.code);
        }
    }

    #[test]
    fn server_errors_are_those_of_the_crate() {
        for code in 300..=599 {
            assert_eq!(is_server_error(code), private::Status::new(private::code(code)).is_server_error());
        }
    }
}
