//! The header fields of a response that stay when its code changes.

use http::{HeaderMap, HeaderName, header};

use super::{
    caching::is_freshness,
    headers::{describes_body, remove_all},
};

/// Removes every field that belongs to the old status, even one that a handler has set, so that a concealed response
/// equals a real one.
///
/// `keep` are the application's further names, `request_id` the name of the field with the request's id. Freshness and the
/// description of the old body never stay, because they would be wrong for the new response.
pub(crate) fn retain(headers: &mut HeaderMap, keep: &[HeaderName], request_id: &HeaderName) {
    let is_kept = |name: &HeaderName| keep.contains(name) && !is_freshness(name) && !describes_body(name);
    remove_all(headers, |name| !(stays(name) || is_kept(name) || name == request_id));
}

/// Returns whether a field stays: those of the connection, the server, the session and its security do not depend on the
/// status.
fn stays(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::DATE
            | header::SERVER
            | header::VIA
            | header::ALT_SVC
            | header::CONNECTION
            | header::SET_COOKIE
            | header::VARY
            | header::STRICT_TRANSPORT_SECURITY
            | header::CONTENT_SECURITY_POLICY
            | header::CONTENT_SECURITY_POLICY_REPORT_ONLY
            | header::X_CONTENT_TYPE_OPTIONS
            | header::X_FRAME_OPTIONS
            | header::REFERRER_POLICY
    ) || matches!(
        name.as_str(),
        "timing-allow-origin"
            | "origin-agent-cluster"
            | "permissions-policy"
            | "reporting-endpoints"
            | "report-to"
            | "nel"
    ) || name.as_str().starts_with("access-control-")
        || name.as_str().starts_with("cross-origin-")
}
