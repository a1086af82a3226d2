//! Calls over gRPC, gRPC-Web and Connect, each of their messages checked.

use bytes::Bytes;
use http::Version;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use crate::{
    Load, SECRETS,
    client::{Client, Got, HANGS, request},
};

struct Call {
    method: &'static str,
    /// The number of the order.
    id: u8,
    /// The number of messages before the end.
    messages: usize,
    /// Texts of the end.
    texts: &'static [&'static str],
}

#[rustfmt::skip]
const GRPC: [Call; 9] = [
    Call { method: "Order", id: 7, messages: 1, texts: &["grpc-status: 0"] },
    Call { method: "Order", id: 8, messages: 0, texts: &["grpc-status: 5", "grpc-message: order 8 does not exist", "grpc-status-details-bin: "] },
    Call { method: "Order", id: 9, messages: 0, texts: &["grpc-status: 5", "grpc-message: order 9 was deleted"] },
    Call { method: "Order", id: 5, messages: 0, texts: &["grpc-status: 14", "grpc-retry-pushback-ms: 30000"] },
    Call { method: "None", id: 7, messages: 0, texts: &["grpc-status: 12"] },
    Call { method: "Watch", id: 7, messages: 3, texts: &["grpc-status: 0"] },
    // tonic writes the trailers after a message.
    Call { method: "Watch", id: 10, messages: 1, texts: &["grpc-status: 5", "grpc-message: order%2010%20was%20deleted"] },
    Call { method: "Watch", id: 8, messages: 0, texts: &["grpc-status: 5", "grpc-message: order 8 does not exist"] },
    Call { method: "Watch", id: 5, messages: 0, texts: &["grpc-status: 14"] },
];

#[rustfmt::skip]
const CONNECT: [Call; 4] = [
    Call { method: "Watch", id: 7, messages: 3, texts: &["{}"] },
    Call { method: "Watch", id: 10, messages: 1, texts: &[r#""code":"not_found""#, "order 10 was deleted"] },
    Call { method: "Watch", id: 8, messages: 0, texts: &[r#""code":"not_found""#, "order 8 does not exist"] },
    Call { method: "Watch", id: 5, messages: 0, texts: &[r#""code":"unavailable""#] },
];

/// Returns a message with its prefix: five bytes, of which the last is the length.
fn framed(message: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, u8::try_from(message.len()).unwrap()], message].concat()
}

/// Returns the flags and the content of each message.
fn frames(mut body: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut frames = Vec::new();
    while let Some((prefix, rest)) = body.split_first_chunk::<5>() {
        let [flags, length @ ..] = *prefix;
        let (content, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(length)).ok()?)?;
        frames.push((flags, content));
        body = rest;
    }
    body.is_empty().then_some(frames)
}

/// Returns what is wrong with a response to a call.
fn failure(call: &Call, content_type: &str, ends: u8, got: &Got) -> Option<String> {
    let Call { method, id, messages, texts } = call;
    let fail = |what: &str| Some(format!("{method} {id} over {content_type}: {what}: {}\n{}", got.code, got.text()));
    let Some(frames) = frames(&got.body) else { return fail("a truncated message") };
    let (ends, data): (Vec<_>, Vec<_>) = frames.iter().partition(|(flags, _)| flags & ends != 0);
    // gRPC-Web has trailers without a space, in the body.
    let end = got.text().replace("grpc-status:", "grpc-status: ").replace("grpc-message:", "grpc-message: ");
    let end = end.replace(":  ", ": ");
    if got.code != 200 || got.field("content-type") != content_type {
        fail("another response")
    } else if data.len() != *messages
        || !data.iter().all(|(_, data)| data.windows(12).any(|text| text == b"seven tulips"))
    {
        fail("other messages")
    } else if ends.len() > 1 || !texts.iter().all(|text| end.contains(text)) {
        fail("another end")
    } else if SECRETS.iter().any(|secret| end.contains(secret)) {
        fail("a secret")
    } else {
        None
    }
}

impl Load {
    /// Calls each method over gRPC and gRPC-Web, and leaves a stream that never ends.
    pub(crate) async fn grpc(self) {
        while Instant::now() < self.end {
            let mut client = Client::connect(&self.address, Version::HTTP_2).await;
            let mut web = Client::connect(&self.address, Version::HTTP_11).await;
            for call in GRPC.iter().cycle().take(8 * GRPC.len()) {
                let (kinds, message) = (["application/grpc", "application/grpc-web+proto"], framed(&[8, call.id]));
                for (kind, client) in kinds.into_iter().zip([&mut client, &mut web]) {
                    let fields = [("content-type", kind), ("te", "trailers"), ("accept-encoding", "gzip")];
                    let path = format!("/shop.v1.Shop/{}", call.method);
                    match client.ask(request(&self.address, "POST", &path, &fields, message.clone())).await {
                        Ok(got) => {
                            self.tally.count(kind, got.code.as_u16());
                            self.tally.check(failure(call, kind, 0x80, &got));
                        }
                        Err(error) => return self.tally.wrong(format!("{kind}: {path} {}: {error}", call.id)),
                    }
                }
            }
            let fields = [("content-type", "application/grpc"), ("te", "trailers")];
            self.leave_stream(&mut client, "/shop.v1.Shop/Watch", &fields, framed(&[8, 6])).await;
        }
    }

    /// Opens streams over Connect, and leaves one that never ends. The table has the unary calls.
    pub(crate) async fn connect(self, version: Version) {
        let (kind, path) = ("application/connect+json", "/connect/shop.v1.Shop/Watch");
        let fields = [("content-type", kind), ("connect-protocol-version", "1"), ("accept-encoding", "gzip")];
        let message = |id: u8| framed(format!(r#"{{"id":"{id}"}}"#).as_bytes());
        while Instant::now() < self.end {
            let mut client = Client::connect(&self.address, version).await;
            for call in CONNECT.iter().cycle().take(8 * CONNECT.len()) {
                match client.ask(request(&self.address, "POST", path, &fields, message(call.id))).await {
                    Ok(got) => {
                        self.tally.count(kind, got.code.as_u16());
                        self.tally.check(failure(call, kind, 2, &got));
                    }
                    Err(error) => return self.tally.wrong(format!("{kind}: {} {}: {error}", call.method, call.id)),
                }
            }
            self.leave_stream(&mut client, path, &fields, message(6)).await;
        }
    }

    /// Reads the first message of a stream that never ends, and leaves.
    async fn leave_stream(&self, client: &mut Client, path: &str, fields: &[(&str, &str)], message: Vec<u8>) {
        let first = async {
            let mut body = client.send(request(&self.address, "POST", path, fields, message)).await.ok()?.into_body();
            body.frame().await?.ok()?.into_data().ok()
        };
        match timeout(HANGS, first).await {
            Ok(Some(data)) if is_tulips(&data) => self.tally.count("left a stream", 0),
            got => self.tally.wrong(format!("the first message of {path}: {got:?}")),
        }
    }
}

fn is_tulips(data: &Bytes) -> bool {
    data.windows(12).any(|text| text == b"seven tulips")
}
