//! Connections of hyper's client, and the count of what they got.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Request, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, time::timeout};

/// Longer than any response takes under load: a later one counts as hanging.
pub(crate) const HANGS: Duration = Duration::from_secs(30);

/// A response, read to its end: its header fields and trailers, and its body without its content coding.
pub(crate) struct Got {
    pub(crate) code: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    /// Returns the whole response as text.
    pub(crate) fn text(&self) -> String {
        let lines =
            self.headers.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        format!("{}\n{}", lines.collect::<String>(), String::from_utf8_lossy(&self.body))
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Returns the content of a body.
fn decoded(headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>, String> {
    match headers.get("content-encoding") {
        None => Ok(body),
        // A response to HEAD has the field without a body.
        Some(_) if body.is_empty() => Ok(body),
        Some(coding) if coding == "gzip" => {
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut GzDecoder::new(&*body), &mut content).map_err(|error| error.to_string())?;
            Ok(content)
        }
        Some(coding) => Err(format!("the content coding {coding:?}")),
    }
}

/// The number of responses by kind and code, and the failures.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) responses: Mutex<BTreeMap<(&'static str, u16), u64>>,
    pub(crate) wrong: Mutex<Vec<String>>,
}

impl Tally {
    pub(crate) fn count(&self, kind: &'static str, code: u16) {
        *self.responses.lock().unwrap().entry((kind, code)).or_default() += 1;
    }

    pub(crate) fn check(&self, wrong: Option<String>) {
        self.wrong.lock().unwrap().extend(wrong);
    }

    pub(crate) fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }
}

/// One connection.
pub(crate) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    pub(crate) async fn connect(address: &str, version: Version) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = TokioIo::new(stream);
        // If the connection fails, its requests fail with the same error.
        if version == Version::HTTP_2 {
            let (client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            return Self::Http2(client);
        }
        let (client, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Self::Http1(client)
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<http::Response<Incoming>> {
        match self {
            Self::Http1(client) => {
                client.ready().await?;
                client.send_request(request).await
            }
            Self::Http2(client) => client.send_request(request).await,
        }
    }

    /// Returns a response, read to its end.
    pub(crate) async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Got, String> {
        let response = async {
            let (mut parts, body) = self.send(request).await?.into_parts();
            let body = body.collect().await?;
            parts.headers.extend(body.trailers().cloned().unwrap_or_default());
            Ok::<_, hyper::Error>((parts, body.to_bytes().to_vec()))
        };
        let response = timeout(HANGS, response).await.map_err(|_| "it hangs".to_owned())?;
        let (parts, body) = response.map_err(|error| format!("{error:?}"))?;
        Ok(Got { code: parts.status, body: decoded(&parts.headers, body)?, headers: parts.headers })
    }
}

pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Request<Full<Bytes>> {
    let uri: Uri = format!("http://{address}{path}").parse().unwrap();
    let mut request = Request::builder().method(method).uri(uri).header("host", address);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}
