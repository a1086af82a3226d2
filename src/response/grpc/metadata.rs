//! Which header fields are metadata for RPC clients.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, header};

use super::{caching, headers};

/// Returns the fields that are metadata. The value of a `-bin` field is base64, or no client could decode it.
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

/// Whether a field may be beside a gRPC status: it is neither gRPC's own, nor describes a body, nor is HTTP's alone.
pub(super) fn is_metadata(name: &HeaderName) -> bool {
    static HTTP_ONLY: [HeaderName; 17] = [
        header::ALLOW,
        header::CONNECTION,
        header::CONTENT_RANGE,
        header::CONTENT_SECURITY_POLICY,
        header::DATE,
        HeaderName::from_static("keep-alive"),
        header::LINK,
        header::LOCATION,
        header::PRAGMA,
        header::PROXY_AUTHENTICATE,
        HeaderName::from_static("proxy-connection"),
        header::REFRESH,
        header::RETRY_AFTER,
        header::TE,
        header::UPGRADE,
        header::WWW_AUTHENTICATE,
        header::X_CONTENT_TYPE_OPTIONS,
    ];
    let http_only = HTTP_ONLY.contains(name) || caching::is_freshness(name) || headers::describes_body(name);
    !name.as_str().starts_with("grpc-") && !http_only
}
