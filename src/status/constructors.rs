//! One constructor for each registered 3xx, 4xx and 5xx, named after the constant of `http`.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{Malformed, Status, header_values as field};
use crate::warning::warning;

/// Codes that require no header field.
macro_rules! bare {
    ($($name:ident $code:literal $title:literal, RFC $rfc:literal $section:literal;)*) => {
        impl Status {$(
            #[doc = concat!(
                $code, " ", $title, ", [RFC ", $rfc, " §", $section, "](https://www.rfc-editor.org/rfc/rfc", $rfc,
                ".html#section-", $section, ").",
            )]
            pub const fn $name() -> Self {
                match StatusCode::from_u16($code) {
                    Ok(code) => Self::new(code),
                    Err(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR),
                }
            }
        )*}
    };
}

bare! {
    not_modified 304 "Not Modified", RFC 9110 "15.4.5";
    use_proxy 305 "Use Proxy (deprecated)", RFC 9110 "15.4.6";
    bad_request 400 "Bad Request", RFC 9110 "15.5.1";
    payment_required 402 "Payment Required", RFC 9110 "15.5.3";
    forbidden 403 "Forbidden", RFC 9110 "15.5.4";
    not_found 404 "Not Found", RFC 9110 "15.5.5";
    not_acceptable 406 "Not Acceptable", RFC 9110 "15.5.7";
    request_timeout 408 "Request Timeout", RFC 9110 "15.5.9";
    conflict 409 "Conflict", RFC 9110 "15.5.10";
    gone 410 "Gone", RFC 9110 "15.5.11";
    length_required 411 "Length Required", RFC 9110 "15.5.12";
    precondition_failed 412 "Precondition Failed", RFC 9110 "15.5.13";
    payload_too_large 413 "Content Too Large", RFC 9110 "15.5.14";
    uri_too_long 414 "URI Too Long", RFC 9110 "15.5.15";
    unsupported_media_type 415 "Unsupported Media Type", RFC 9110 "15.5.16";
    expectation_failed 417 "Expectation Failed", RFC 9110 "15.5.18";
    im_a_teapot 418 "(Unused)", RFC 9110 "15.5.19";
    misdirected_request 421 "Misdirected Request", RFC 9110 "15.5.20";
    unprocessable_entity 422 "Unprocessable Content", RFC 9110 "15.5.21";
    locked 423 "Locked", RFC 4918 "11.3";
    failed_dependency 424 "Failed Dependency", RFC 4918 "11.4";
    too_early 425 "Too Early", RFC 8470 "5.2";
    precondition_required 428 "Precondition Required", RFC 6585 "3";
    too_many_requests 429 "Too Many Requests", RFC 6585 "4";
    request_header_fields_too_large 431 "Request Header Fields Too Large", RFC 6585 "5";
    unavailable_for_legal_reasons 451 "Unavailable For Legal Reasons", RFC 7725 "3";
    internal_server_error 500 "Internal Server Error", RFC 9110 "15.6.1";
    not_implemented 501 "Not Implemented", RFC 9110 "15.6.2";
    bad_gateway 502 "Bad Gateway", RFC 9110 "15.6.3";
    service_unavailable 503 "Service Unavailable", RFC 9110 "15.6.4";
    gateway_timeout 504 "Gateway Timeout", RFC 9110 "15.6.5";
    http_version_not_supported 505 "HTTP Version Not Supported", RFC 9110 "15.6.6";
    variant_also_negotiates 506 "Variant Also Negotiates", RFC 2295 "8.1";
    insufficient_storage 507 "Insufficient Storage", RFC 4918 "11.5";
    loop_detected 508 "Loop Detected", RFC 5842 "7.2";
    not_extended 510 "Not Extended (obsoleted)", RFC 2774 "7";
    network_authentication_required 511 "Network Authentication Required", RFC 6585 "6";
}

/// Codes that require a header field. Its value is not changed.
macro_rules! requiring {
    ($($name:ident($value:ident) $code:ident $field:ident $title:literal, $section:literal $example:literal;)*) => {
        impl Status {$(
            #[doc = concat!(
                $title, ", [RFC 9110 §", $section, "](https://www.rfc-editor.org/rfc/rfc9110.html#section-", $section,
                "), for example `Status::", stringify!($name), "(", $example, ")`.",
            )]
            ///
            /// A malformed value makes the status a 500 whose [source](Self::source) explains why.
            pub fn $name($value: impl TryInto<HeaderValue>) -> Self {
                Self::new(StatusCode::$code).with_header(header::$field, $value)
            }
        )*}
    };
}

requiring! {
    unauthorized(challenge) UNAUTHORIZED WWW_AUTHENTICATE "401 Unauthorized with its WWW-Authenticate",
        "15.5.2" "r#\"Bearer realm=\"shop\"\"#";
    proxy_authentication_required(challenge) PROXY_AUTHENTICATION_REQUIRED PROXY_AUTHENTICATE
        "407 Proxy Authentication Required with its Proxy-Authenticate", "15.5.8" "\"Basic realm=\\\"proxy\\\"\"";
    method_not_allowed(allow) METHOD_NOT_ALLOWED ALLOW "405 Method Not Allowed with its Allow",
        "15.5.6" "\"GET, HEAD\"";
    upgrade_required(protocols) UPGRADE_REQUIRED UPGRADE "426 Upgrade Required with its Upgrade",
        "15.5.22" "\"websocket\"";
}

/// Redirects.
macro_rules! redirect {
    ($($name:ident $code:ident $title:literal, $section:literal;)*) => {
        impl Status {$(
            #[doc = concat!(
                $title, " with its Location, [RFC 9110 §", $section,
                "](https://www.rfc-editor.org/rfc/rfc9110.html#section-", $section, ").",
            )]
            ///
            /// Characters that a URI cannot contain are percent-encoded. An empty location, or one with control
            /// characters, makes the status a 500 whose [source](Self::source) explains why.
            pub fn $name(location: impl AsRef<[u8]>) -> Self {
                Self::redirect(StatusCode::$code, location.as_ref())
            }
        )*}
    };
}

redirect! {
    moved_permanently MOVED_PERMANENTLY "301 Moved Permanently", "15.4.2";
    found FOUND "302 Found", "15.4.3";
    see_other SEE_OTHER "303 See Other", "15.4.4";
    temporary_redirect TEMPORARY_REDIRECT "307 Temporary Redirect", "15.4.8";
    permanent_redirect PERMANENT_REDIRECT "308 Permanent Redirect", "15.4.9";
}

impl Status {
    /// 300 Multiple Choices with a `Link` line (`rel="alternate"`, RFC 8288) for each choice and all of them in the
    /// extension `choices`, [RFC 9110 §15.4.1](https://www.rfc-editor.org/rfc/rfc9110.html#section-15.4.1).
    ///
    /// A choice that is empty or has control characters is dropped with a warning.
    ///
    /// # Example: which of the two?
    ///
    /// ```
    /// use tower_status::Status;
    ///
    /// let status = Status::multiple_choices(["/customers/7", "/customers/19"]);
    /// assert_eq!(status.headers()["link"], r#"</customers/7>; rel="alternate""#);
    /// assert_eq!(status.extension("choices").unwrap()[1], "/customers/19");
    /// ```
    pub fn multiple_choices(uris: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut status = Self::new(StatusCode::MULTIPLE_CHOICES);
        let mut choices = Vec::new();
        for uri in uris {
            let Some(uri) = field::uri_reference(&uri) else {
                warning!("dropped a malformed choice of a 300");
                continue;
            };
            if let Ok(link) = HeaderValue::try_from(format!("<{uri}>; rel=\"alternate\"")) {
                status.set_header(header::LINK, link);
            }
            choices.push(Value::String(uri.into_owned()));
        }
        status.with_extension("choices", choices)
    }

    /// 416 Range Not Satisfiable with the complete length in bytes as `Content-Range: bytes */length`,
    /// [RFC 9110 §15.5.17](https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.17).
    pub fn range_not_satisfiable(complete_length: u64) -> Self {
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE)
            .with_header(header::CONTENT_RANGE, format!("bytes */{complete_length}"))
    }

    /// 550, not 403: Permission Denied, for an account that is signed in and has no permission for the action.
    ///
    /// Most APIs want [`forbidden`](Self::forbidden). 550 is not registered with IANA: caches, load balancers and clients
    /// treat it as a 500, so a public service may change it to 403 with
    /// [`map_status`](crate::StatusMapLayer::map_status). This crate counts it as a 4xx: its detail is shown, and
    /// [`is_server_error`](Self::is_server_error) is `false`.
    pub const fn permission_denied() -> Self {
        match StatusCode::from_u16(550) {
            Ok(code) => Self::new(code),
            Err(_) => Self::forbidden(),
        }
    }

    fn redirect(code: StatusCode, location: &[u8]) -> Self {
        let field: HeaderName = header::LOCATION;
        let value = field::uri_reference(location).and_then(|uri| HeaderValue::try_from(uri.into_owned()).ok());
        match value {
            Some(value) => Self::new(code).with_header(field, value),
            None => Self::internal_server_error().with_source(Malformed { field, code }),
        }
    }
}
