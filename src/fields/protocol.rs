//! [`Protocol`]: the protocol of a request.

/// The protocol of a request, which decides the form of its response.
///
/// The content type of a POST shows whether it is [gRPC over HTTP/2] or [gRPC-Web]. A [Connect] request has its version in
/// a header field or in the query, or the content type of a stream. Any other request is plain HTTP.
///
/// [Connect]: https://connectrpc.com/docs/protocol
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
    /// Connect, unary: a POST with `Connect-Protocol-Version: 1`, or a GET with `connect=v1` in its query.
    Connect,
    /// Connect, streaming, `application/connect+proto`.
    ConnectStream,
}

impl Protocol {
    /// Returns whether the response is a gRPC status.
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcWeb | Self::GrpcWebText)
    }

    /// Returns whether the response is a Connect error.
    pub const fn is_connect(self) -> bool {
        matches!(self, Self::Connect | Self::ConnectStream)
    }

    /// Returns whether the response is written for an RPC client.
    pub(crate) const fn is_rpc(self) -> bool {
        !matches!(self, Self::Http)
    }
}
