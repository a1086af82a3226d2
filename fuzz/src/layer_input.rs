//! The input of the target `layer`: a request, and the outcome of the inner service.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::{Body, Frame};
use tower::BoxError;
use tower_status::{IntoStatus, KeepBody, Status};

/// A hidden text, which no response contains.
pub const SECRET: &str = "secret:Xv9";

/// An error of the application, a 418.
#[derive(Clone, Debug)]
pub struct Teapot;

impl std::fmt::Display for Teapot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("short and stout")
    }
}

impl std::error::Error for Teapot {}

impl IntoStatus for Teapot {
    fn status(&self) -> Status {
        Status::im_a_teapot()
    }
}

/// A body of these frames. `None` is pending.
#[derive(Clone, Debug, Default)]
pub struct Frames(VecDeque<Option<Result<Step, &'static str>>>);

/// The result of one poll of the body.
#[derive(Clone, Debug)]
pub enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(None) => Poll::Pending,
            Some(Some(step)) => Poll::Ready(Some(step.map(|step| match step {
                Step::Data(data) => Frame::data(data),
                Step::Trailers(trailers) => Frame::trailers(trailers),
            }))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

impl Frames {
    /// Reads one frame from each line.
    #[must_use]
    pub fn of<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let step = |line: &[u8]| match line.split_first() {
            Some((b'=', data)) => Some(Ok(Step::Data(Bytes::copy_from_slice(data)))),
            Some((b'%', field)) => Some(Ok(Step::Trailers(fields(std::iter::once(field))))),
            Some((b'!', _)) => Some(Err("the body broke off")),
            _ => None,
        };
        Self(lines.map(step).collect())
    }
}

/// Reads header fields; malformed ones are skipped.
fn fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// Reads a request head.
#[must_use]
pub fn request(head: &[&[u8]]) -> Option<Request<()>> {
    let (first, lines) = head.split_first()?;
    let mut words = first.split(|byte| *byte == b' ');
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(words.next()?).ok()?;
    *request.uri_mut() = Uri::try_from(words.next()?).ok()?;
    *request.version_mut() = match words.next() {
        Some(b"HTTP/2") => Version::HTTP_2,
        Some(b"HTTP/1.0") => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    *request.headers_mut() = fields(lines.iter().copied());
    Some(request)
}

/// The outcome of the inner service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Response,
    /// Whether the response has `KeepBody`.
    Kept,
    Status,
    Boxed,
    Carried,
    Tonic,
    Io,
    Known,
}

/// The inner service.
#[derive(Clone, Debug)]
pub struct Inner {
    pub kind: Kind,
    pub code: StatusCode,
    pub headers: HeaderMap,
    pub body: Frames,
}

impl Inner {
    /// Reads the outcome; its body has been read already.
    #[must_use]
    pub fn of(head: &[&[u8]], body: Frames) -> Option<Self> {
        let (first, lines) = head.split_first()?;
        let (kind, code) = first.split_at_checked(first.iter().position(|byte| *byte == b' ')?)?;
        let kind = match kind {
            b"response" => Kind::Response,
            b"kept" => Kind::Kept,
            b"status" => Kind::Status,
            b"boxed" => Kind::Boxed,
            b"carried" => Kind::Carried,
            b"tonic" => Kind::Tonic,
            b"io" => Kind::Io,
            b"known" => Kind::Known,
            _ => return None,
        };
        let code = StatusCode::from_bytes(code.trim_ascii()).ok()?;
        Some(Self { kind, code, headers: fields(lines.iter().copied()), body })
    }

    fn status(&self) -> Status {
        let status = Status::new(self.code);
        let status = self.headers.iter().fold(status, |status, (name, value)| status.with_header(name, value));
        if self.code.as_u16() < 500 || self.code == 550 {
            return status.with_detail("shown").with_extension("shown", "too");
        }
        status.with_detail(SECRET).with_extension(SECRET, SECRET).with_source(SECRET)
    }

    /// Returns the outcome.
    ///
    /// # Errors
    ///
    /// If it is an error.
    pub fn outcome(&self) -> Result<Response<Frames>, BoxError> {
        let io = |error: BoxError| Box::new(std::io::Error::other(error));
        match self.kind {
            Kind::Response | Kind::Kept => {
                let mut response = Response::new(self.body.clone());
                *response.status_mut() = self.code;
                response.headers_mut().clone_from(&self.headers);
                if self.kind == Kind::Kept {
                    response.extensions_mut().insert(KeepBody);
                }
                Ok(response)
            }
            Kind::Status => Err(Box::new(self.status())),
            Kind::Boxed => Err(SECRET.into()),
            Kind::Carried => Err(io(Box::new(Status::from_error(self.status())))),
            Kind::Tonic => {
                let code = i32::from(self.code.as_u16() % 17);
                Err(Box::new(tonic::Status::new(tonic::Code::from_i32(code), "a message of tonic")))
            }
            Kind::Io => Err(io(SECRET.into())),
            Kind::Known => Err(io(Box::new(Teapot))),
        }
    }
}
