//! Method and content type ─► [`Protocol`].

use http::{HeaderMap, HeaderValue, Method, header};

/// What a request speaks, and so what form its answer has.
///
/// A POST is known by its content type ([gRPC over HTTP/2], [gRPC-Web]); everything else is plain HTTP.
///
/// [gRPC over HTTP/2]: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
/// [gRPC-Web]: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Plain HTTP: a problem document, a page, or text.
    #[default]
    Http,
    /// gRPC, `application/grpc`.
    Grpc,
    /// gRPC-Web, `application/grpc-web`.
    GrpcWeb,
    /// gRPC-Web in base64, `application/grpc-web-text`.
    GrpcWebText,
}

/// The longer ones first: each is the beginning of the next.
const TYPES: [(&str, Protocol); 3] = [
    ("application/grpc-web-text", Protocol::GrpcWebText),
    ("application/grpc-web", Protocol::GrpcWeb),
    ("application/grpc", Protocol::Grpc),
];

impl Protocol {
    /// Whether the answer is a gRPC status.
    pub const fn is_grpc(self) -> bool {
        !matches!(self, Self::Http)
    }

    /// The protocol of a request; the client of a gRPC-Web one may wish for another coding in Accept.
    pub(crate) fn of(method: &Method, content_type: &HeaderValue, headers: &HeaderMap) -> Self {
        if method != Method::POST {
            return Self::Http;
        }
        match Self::named(content_type.as_bytes()) {
            protocol @ (Self::GrpcWeb | Self::GrpcWebText) => {
                let lines = headers.get_all(header::ACCEPT).into_iter();
                let mut named = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b',')).map(Self::named);
                named.find(|wish| matches!(wish, Self::GrpcWeb | Self::GrpcWebText)).unwrap_or(protocol)
            }
            protocol => protocol,
        }
    }

    /// The protocol of a media type: its base, alone or followed by `+`.
    pub(crate) fn named(media_type: &[u8]) -> Self {
        split(media_type).map_or(Self::Http, |(protocol, _)| protocol)
    }

    /// The content type of an answer, with the subtype of the request's.
    pub(crate) fn content_type(self, request: Option<&HeaderValue>) -> HeaderValue {
        let base = match self {
            Self::Http | Self::Grpc => const { HeaderValue::from_static("application/grpc") },
            Self::GrpcWeb => const { HeaderValue::from_static("application/grpc-web") },
            Self::GrpcWebText => const { HeaderValue::from_static("application/grpc-web-text") },
        };
        if request.is_some_and(|value| *value == base) {
            return base;
        }
        let subtype = request.and_then(|value| split(value.as_bytes())).map_or(&[][..], |(_, subtype)| subtype);
        // A `+` and an RFC 6838 §4.2 restricted-name.
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(byte);
        let echoed = match subtype {
            [b'+', name @ ..] if (1..=127).contains(&name.len()) && name.iter().all(is_name) => {
                let mut text = [base.as_bytes(), subtype].concat();
                text.make_ascii_lowercase();
                HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
            }
            _ => None,
        };
        echoed.unwrap_or(base)
    }
}

/// A protocol, and what follows its base in a media type: nothing, or `+` and a name.
fn split(media_type: &[u8]) -> Option<(Protocol, &[u8])> {
    let essence = media_type.split(|&byte| byte == b';').next()?.trim_ascii();
    TYPES.iter().find_map(|(base, protocol)| {
        let (head, rest) = essence.split_at_checked(base.len())?;
        // Most write the small letters.
        let is_base = head == base.as_bytes() || head.eq_ignore_ascii_case(base.as_bytes());
        let is_it = is_base && matches!(rest.first(), None | Some(b'+'));
        is_it.then_some((*protocol, rest))
    })
}
