//! The header fields that are metadata for RPC clients.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, header};

use super::{caching, headers};

/// Returns the fields that are metadata. A `-bin` field whose value is not base64 is none: no client could decode it.
pub(super) fn metadata(fields: &HeaderMap) -> HeaderMap {
    let mut metadata = HeaderMap::new();
    for (name, value) in fields {
        let binary = name.as_str().ends_with("-bin");
        let decodes =
            || STANDARD_NO_PAD.decode(value.as_bytes().trim_ascii_end()).is_ok() || STANDARD.decode(value).is_ok();
        if is_metadata(name) && (!binary || decodes()) {
            let _ = metadata.try_append(name.clone(), value.clone());
        }
    }
    metadata
}

/// Returns the cookies, which are always in the head.
pub(super) fn cookies(fields: &HeaderMap) -> HeaderMap {
    filter(fields, |name| *name == header::SET_COOKIE)
}

/// Returns the fields that a browser reads: they are always in the head.
pub(super) fn web_fields(fields: &HeaderMap) -> HeaderMap {
    filter(fields, is_for_browsers)
}

/// Returns whether a field of an inner response may be beside a gRPC status.
pub(crate) fn may_be_in_head(name: &HeaderName) -> bool {
    is_metadata(name) || is_for_browsers(name)
}

fn filter(fields: &HeaderMap, stays: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (name, value) in fields.iter().filter(|(name, _)| stays(name)) {
        let _ = kept.try_append(name.clone(), value.clone());
    }
    kept
}

/// Returns whether a field is metadata: it is neither reserved for gRPC, nor describes a body, nor belongs to HTTP alone.
fn is_metadata(name: &HeaderName) -> bool {
    let is_reserved = name.as_str().starts_with("grpc-") && !GRPC_METADATA.contains(name);
    !is_reserved && !is_for_browsers(name) && !is_http_only(name) && !headers::describes_body(name)
}

/// Returns whether a field has a meaning in HTTP alone.
pub(crate) fn is_http_only(name: &HeaderName) -> bool {
    HTTP_ONLY.contains(name) || caching::is_freshness(name)
}

/// Returns whether a field is for browsers: cookies, CORS (Fetch §3.3), and Vary.
fn is_for_browsers(name: &HeaderName) -> bool {
    matches!(*name, header::SET_COOKIE | header::VARY)
        || name.as_str() == "timing-allow-origin"
        || name.as_str().starts_with("access-control-")
}

/// The names with gRPC's prefix that an application may use: of gRFC A6, and of the census library.
static GRPC_METADATA: [HeaderName; 4] = [
    HeaderName::from_static("grpc-retry-pushback-ms"),
    HeaderName::from_static("grpc-server-stats-bin"),
    HeaderName::from_static("grpc-tags-bin"),
    HeaderName::from_static("grpc-trace-bin"),
];

static HTTP_ONLY: [HeaderName; 19] = [
    header::ALLOW,
    HeaderName::from_static("authentication-info"),
    header::CONNECTION,
    header::CONTENT_RANGE,
    header::CONTENT_SECURITY_POLICY,
    header::DATE,
    HeaderName::from_static("keep-alive"),
    header::LINK,
    header::LOCATION,
    header::PRAGMA,
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
    HeaderName::from_static("proxy-connection"),
    header::REFRESH,
    header::RETRY_AFTER,
    header::TE,
    header::UPGRADE,
    header::WWW_AUTHENTICATE,
    header::X_CONTENT_TYPE_OPTIONS,
];
