//! Request head ─► [`Protocol`].

use http::{HeaderMap, HeaderValue, header};

use super::{connect_request, list, media_type, protocol::Protocol};

/// The longest base first: each of the others is a prefix of the one before it.
const TYPES: [(&str, Protocol); 3] = [
    ("application/grpc-web-text", Protocol::GrpcWebText),
    ("application/grpc-web", Protocol::GrpcWeb),
    ("application/grpc", Protocol::Grpc),
];

impl Protocol {
    /// Returns the protocol of a POST. With gRPC-Web, Accept may ask for the other encoding in the response.
    #[inline]
    pub(crate) fn of_post(content_type: &HeaderValue, headers: &HeaderMap, has_connect_version: bool) -> Self {
        // Most requests are plain HTTP, which the first letter of the subtype shows.
        let may_be = matches!(content_type.as_bytes().get("application/".len()), Some(b'C' | b'G' | b'c' | b'g'));
        if may_be || has_connect_version {
            Self::of_rpc_post(content_type, headers, has_connect_version)
        } else {
            Self::Http
        }
    }

    #[inline(never)]
    fn of_rpc_post(content_type: &HeaderValue, headers: &HeaderMap, has_connect_version: bool) -> Self {
        match Self::of_media_type(content_type.as_bytes()) {
            protocol @ (Self::GrpcWeb | Self::GrpcWebText) => {
                let lines = headers.get_all(header::ACCEPT).into_iter();
                let mut accepted = lines.flat_map(|line| list::members(line.as_bytes())).map(Self::of_media_type);
                accepted.find(|accepted| matches!(accepted, Self::GrpcWeb | Self::GrpcWebText)).unwrap_or(protocol)
            }
            Self::Http => connect_request::of_post(content_type, headers, has_connect_version),
            protocol => protocol,
        }
    }

    /// Returns gRPC's protocol of a media type: its base, alone or followed by `+` and a message format.
    pub(crate) fn of_media_type(media_type: &[u8]) -> Self {
        split(media_type).map_or(Self::Http, |(protocol, _)| protocol)
    }

    /// Returns the content type of a response, with the message format of the request's.
    pub(crate) fn content_type(self, request: Option<&HeaderValue>) -> HeaderValue {
        let base = match self {
            Self::Connect | Self::ConnectStream => return connect_request::streaming_content_type(request),
            Self::Http | Self::Grpc => const { HeaderValue::from_static("application/grpc") },
            Self::GrpcWeb => const { HeaderValue::from_static("application/grpc-web") },
            Self::GrpcWebText => const { HeaderValue::from_static("application/grpc-web-text") },
        };
        let suffix = request.and_then(|value| split(value.as_bytes())).map_or(&[][..], |(_, suffix)| suffix);
        // `+` and a restricted-name (RFC 6838 §4.2).
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(byte);
        match suffix {
            [b'+', name @ ..] if (1..=127).contains(&name.len()) && name.iter().all(is_name) => {
                let content_type = [base.as_bytes(), suffix].concat().to_ascii_lowercase();
                HeaderValue::from_maybe_shared(bytes::Bytes::from(content_type)).unwrap_or(base)
            }
            _ => base,
        }
    }
}

/// Splits a media type into its protocol and the text after the base: nothing, or `+` and a message format.
fn split(media_type: &[u8]) -> Option<(Protocol, &[u8])> {
    let essence = media_type::essence(media_type);
    TYPES.iter().find_map(|(base, protocol)| {
        let (head, suffix) = essence.split_at_checked(base.len())?;
        let matches = head.eq_ignore_ascii_case(base.as_bytes()) && matches!(suffix.first(), None | Some(b'+'));
        matches.then_some((*protocol, suffix))
    })
}
