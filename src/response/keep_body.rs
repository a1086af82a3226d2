//! Which bodies of an inner error response are kept: by their media type, or by [`KeepBody`].

use http::{HeaderMap, header};

use crate::fields::media_type::MediaType;

/// A response extension: the layer keeps the body of this response, even of a 5xx.
///
/// Missing header fields are still added. If [`map_status`](crate::StatusMapLayer::map_status) changes the code, the body
/// is replaced.
///
/// # Example: a plain 500 that is meant for the client
///
/// ```
/// use http::{Response, StatusCode};
/// use tower_status::KeepBody;
///
/// let mut response = Response::new("the report is too large to build");
/// *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
/// response.extensions_mut().insert(KeepBody);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct KeepBody;

/// The kinds of media types, from the least to the most specific.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ContentType {
    /// No media type, or a malformed one.
    Untyped,
    /// `text/plain`.
    Plain,
    OtherText,
    Other,
    /// A type that an application chooses deliberately for a 5xx body.
    Deliberate,
}

impl ContentType {
    /// Returns the least specific kind of all lines, because a client may read any of them.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let types = headers.get_all(header::CONTENT_TYPE).iter();
        types
            .map(|value| MediaType::parse(value.as_bytes()).map_or(Self::Untyped, Self::of_type))
            .min()
            .unwrap_or(Self::Untyped)
    }

    fn of_type(media_type: MediaType<'_>) -> Self {
        if media_type.is("text/plain") {
            Self::Plain
        } else if is_deliberate(&media_type) {
            Self::Deliberate
        } else if media_type.main_type().eq_ignore_ascii_case(b"text") {
            Self::OtherText
        } else {
            Self::Other
        }
    }

    /// Returns whether a 4xx body of this type may be empty or become the detail.
    pub(crate) fn may_be_replaced(self) -> bool {
        self <= Self::Plain
    }
}

/// Returns whether only an application that chooses this type deliberately writes such a 5xx body.
fn is_deliberate(media_type: &MediaType<'_>) -> bool {
    static TYPES: [&str; 12] = [
        "application/json",
        "application/xml",
        "text/xml",
        "text/html",
        "application/protobuf",
        "application/x-protobuf",
        "application/proto",
        "application/cbor",
        "application/msgpack",
        "application/x-msgpack",
        "application/grpc",
        "application/grpc-web",
    ];
    let subtype = media_type.subtype().to_ascii_lowercase();
    let is_application = media_type.main_type().eq_ignore_ascii_case(b"application");
    TYPES.iter().any(|known| media_type.is(known))
        || subtype.ends_with(b"+json")
        || subtype.ends_with(b"+xml")
        || is_application
            && [&b"vnd."[..], b"grpc+", b"grpc-web", b"connect+"].iter().any(|start| subtype.starts_with(start))
}
