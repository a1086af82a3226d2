//! A second implementation of rules of `StatusMapLayer`: the fields that a response that it writes must not have.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};

/// Returns whether a field controls how long caches may keep a response (RFC 9111, RFC 9213, and fields of CDNs).
#[must_use]
pub fn is_freshness(name: &HeaderName) -> bool {
    let name = name.as_str();
    let single = ["cache-control", "expires", "surrogate-control", "edge-control", "x-accel-expires"];
    single.contains(&name) || name.ends_with("-cache-control") || ["age", "pragma", "warning"].contains(&name)
}

/// Returns whether a field stays when the code of a response changes.
#[must_use]
pub fn stays(name: &HeaderName) -> bool {
    let names = [
        "date",
        "server",
        "via",
        "alt-svc",
        "connection",
        "set-cookie",
        "vary",
        "strict-transport-security",
        "timing-allow-origin",
        "origin-agent-cluster",
        "content-security-policy",
        "content-security-policy-report-only",
        "x-content-type-options",
        "x-frame-options",
        "referrer-policy",
        "permissions-policy",
        "reporting-endpoints",
        "report-to",
        "nel",
        "x-request-id",
    ];
    let name = name.as_str();
    names.contains(&name) || name.starts_with("access-control-") || name.starts_with("cross-origin-")
}

/// Returns whether a 5xx body of this type is kept, or `None` if the type is not one clean line.
#[must_use]
pub fn is_chosen_by_an_application(headers: &HeaderMap) -> Option<bool> {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    let line = line.to_str().ok()?.to_ascii_lowercase();
    let (main, sub) = line.split_once('/')?;
    let is_clean =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    if !is_clean(main) || !is_clean(sub) {
        return None;
    }
    let listed = ["json", "xml", "protobuf", "x-protobuf", "proto", "cbor", "msgpack", "x-msgpack", "grpc", "grpc-web"];
    let is_application = main == "application"
        && (listed.contains(&sub)
            || ["vnd.", "grpc+", "grpc-web", "connect+"].iter().any(|start| sub.starts_with(start)));
    let is_structured = sub.ends_with("+json") || sub.ends_with("+xml");
    Some(is_application || is_structured || main == "text" && ["html", "xml"].contains(&sub))
}

/// The form of an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Http,
    Grpc,
    Connect,
    ConnectStream,
}

impl Form {
    /// Returns the form that a request asks for.
    #[must_use]
    pub fn of(request: &Request<()>) -> Self {
        let first = request.headers().get(header::CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
        let essence = first.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let after = |base: &str| essence.strip_prefix(base.as_bytes());
        let is_name = |name: &[u8]| {
            let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(byte);
            !name.is_empty() && name.len() <= 127 && name.iter().all(is_of_name)
        };
        let versions: Vec<_> = request.headers().get_all("connect-protocol-version").iter().collect();
        match *request.method() {
            Method::POST if is_grpc(&essence) => Self::Grpc,
            Method::POST if after("application/connect+").is_some_and(is_name) => Self::ConnectStream,
            Method::POST if versions == ["1"] && after("application/").is_some_and(is_name) => Self::Connect,
            Method::GET | Method::HEAD if is_unary_get(request.uri().query().unwrap_or_default()) => Self::Connect,
            _ => Self::Http,
        }
    }
}

fn is_grpc(essence: &[u8]) -> bool {
    let bases = ["application/grpc", "application/grpc-web", "application/grpc-web-text"];
    let rests = bases.iter().filter_map(|base| essence.strip_prefix(base.as_bytes()));
    rests.into_iter().any(|rest| rest.is_empty() || rest.starts_with(b"+"))
}

/// Returns whether a query has `connect=v1`, `encoding` and `message`.
fn is_unary_get(query: &str) -> bool {
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let first = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
    first("connect") == Some("v1") && first("encoding").is_some() && first("message").is_some()
}
