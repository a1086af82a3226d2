//! An arbitrary status, and the parts of it that a response must show.

use std::{borrow::Cow, time::Duration};

use arbitrary::{Arbitrary, Unstructured};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use serde_json::Value;
use tower_status::{Status, catalog::GrpcCode};

/// The values that an application or its client can put into a status.
#[derive(Arbitrary, Clone, Debug)]
pub struct StatusInput<'a> {
    pub kind: Kind<'a>,
    pub title: Option<Word<'a>>,
    pub detail: Option<Word<'a>>,
    pub type_uri: Option<Word<'a>>,
    pub instance: Option<Word<'a>>,
    pub headers: Vec<(Word<'a>, Raw<'a>)>,
    pub extensions: Vec<(Word<'a>, Tree<'a>)>,
    pub retry_after: Option<Duration>,
    pub grpc_code: Option<u8>,
    pub exposed: bool,
    /// Of the request.
    pub request_id: Option<Word<'a>>,
    /// Of the request.
    pub path: Word<'a>,
}

#[derive(Arbitrary, Clone, Debug)]
pub enum Kind<'a> {
    Code(u16),
    Unauthorized(Raw<'a>),
    Found(Raw<'a>),
    Choices(Vec<Raw<'a>>),
    Range(u64),
}

/// A text: usually one that has a meaning in some format, otherwise an arbitrary one.
#[derive(Clone, Debug)]
pub struct Word<'a>(pub Cow<'a, str>);

/// The bytes of a field value.
#[derive(Clone, Debug)]
pub struct Raw<'a>(pub Cow<'a, [u8]>);

const WORDS: [&str; 32] = [
    "errors",
    "choices",
    "request_id",
    "detail",
    "pointer",
    "type",
    "title",
    "status",
    "instance",
    "#/user/a~1b~0c",
    "about:blank",
    "https://example.org/problems#sold-out",
    "//example.org/x?y=z&amp;q='",
    "javascript:alert(1)",
    "JaVaScRiPt:alert`1`//http://",
    "data:text/html,<script>alert(1)</script>",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></style></p></main><!-- --><base href=//evil>",
    "two\r\nlines\u{2028}three\tand \0",
    "Not Found",
    "ünïcödé 日本語 🌷\u{202e}\u{2066}\u{fdd0}",
    " \u{a0} ",
    "%41%zz%",
    "location",
    "link",
    "www-authenticate",
    "retry-after",
    "x-key-bin",
    "/shop.Orders/Get",
    "cache-control",
    "content-range",
];

impl<'a> Arbitrary<'a> for Word<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let known = WORDS.get(usize::from(input.arbitrary::<u8>()?) % (2 * WORDS.len()));
        Ok(Self(Cow::Borrowed(match known {
            Some(known) => known,
            None => input.arbitrary()?,
        })))
    }
}

impl<'a> Arbitrary<'a> for Raw<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let known = WORDS.get(usize::from(input.arbitrary::<u8>()?) % (2 * WORDS.len()));
        Ok(Self(Cow::Borrowed(match known {
            Some(known) => known.as_bytes(),
            None => input.arbitrary()?,
        })))
    }
}

impl Raw<'_> {
    fn tame(&self) -> Raw<'static> {
        Raw(self.0.iter().map(|byte| tame(char::from(*byte)).map_or(*byte, |tame| tame as u8)).collect())
    }
}

/// Returns the replacement of a markup character.
///
/// A character that a URI may have is replaced by another one that it may have, so that a link remains a link.
fn tame(character: char) -> Option<char> {
    match character {
        '&' | '\'' => Some('~'),
        '<' | '>' | '"' => Some('^'),
        _ => None,
    }
}

impl Word<'_> {
    fn tame(&self) -> Word<'static> {
        Word(self.0.chars().map(|character| tame(character).unwrap_or(character)).collect::<String>().into())
    }

    fn owned(&self) -> String {
        self.0.clone().into_owned()
    }
}

/// A JSON value, as deep as `serde_json` reads one.
#[derive(Arbitrary, Clone, Debug)]
pub enum Tree<'a> {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(Word<'a>),
    List(Vec<Tree<'a>>),
    Object(Vec<(Word<'a>, Tree<'a>)>),
}

impl Tree<'_> {
    #[must_use]
    pub fn value(&self, depth: usize) -> Value {
        match self {
            _ if depth > 100 => Value::Null,
            Self::Null => Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Signed(value) => (*value).into(),
            Self::Unsigned(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(value) => value.owned().into(),
            Self::List(values) => values.iter().map(|value| value.value(depth + 1)).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, value)| (name.owned(), value.value(depth + 1))).collect()
            }
        }
    }

    fn tame(&self) -> Tree<'static> {
        match self {
            Self::Null => Tree::Null,
            Self::Bool(value) => Tree::Bool(*value),
            Self::Signed(value) => Tree::Signed(*value),
            Self::Unsigned(value) => Tree::Unsigned(*value),
            Self::Float(value) => Tree::Float(*value),
            Self::Text(value) => Tree::Text(value.tame()),
            Self::List(values) => Tree::List(values.iter().map(Tree::tame).collect()),
            Self::Object(members) => {
                Tree::Object(members.iter().map(|(name, value)| (name.tame(), value.tame())).collect())
            }
        }
    }
}

const CODES: [GrpcCode; 17] = [
    GrpcCode::Ok,
    GrpcCode::Cancelled,
    GrpcCode::Unknown,
    GrpcCode::InvalidArgument,
    GrpcCode::DeadlineExceeded,
    GrpcCode::NotFound,
    GrpcCode::AlreadyExists,
    GrpcCode::PermissionDenied,
    GrpcCode::ResourceExhausted,
    GrpcCode::FailedPrecondition,
    GrpcCode::Aborted,
    GrpcCode::OutOfRange,
    GrpcCode::Unimplemented,
    GrpcCode::Internal,
    GrpcCode::Unavailable,
    GrpcCode::DataLoss,
    GrpcCode::Unauthenticated,
];

impl StatusInput<'_> {
    /// Returns the status with all of this.
    pub fn status(&self) -> Status {
        let status = match &self.kind {
            Kind::Code(code) => Status::new(StatusCode::from_u16(100 + code % 900).unwrap_or_default()),
            Kind::Unauthorized(challenge) => Status::unauthorized(&*challenge.0),
            Kind::Found(location) => Status::found(&location.0),
            Kind::Choices(choices) => Status::multiple_choices(choices.iter().map(|choice| &choice.0)),
            Kind::Range(length) => Status::range_not_satisfiable(*length),
        };
        // Header fields first: with a malformed required field it becomes another status.
        let status = self.headers.iter().fold(status, |status, (name, value)| status.with_header(&*name.0, &*value.0));
        let status = self.title.iter().fold(status, |status, text| status.with_title(text.owned()));
        let status = self.detail.iter().fold(status, |status, text| status.with_detail(text.owned()));
        let status = self.type_uri.iter().fold(status, |status, text| status.with_type(text.owned()));
        let status = self.instance.iter().fold(status, |status, text| status.with_instance(text.owned()));
        let status = self.retry_after.iter().fold(status, |status, delay| status.with_retry_after(*delay));
        let add =
            |status: Status, (name, value): &(Word<'_>, Tree<'_>)| status.with_extension(name.owned(), value.value(0));
        let status = self.extensions.iter().fold(status, add);
        let status = self.grpc_code().into_iter().fold(status, Status::with_grpc_code);
        if self.exposed { status.expose() } else { status }
    }

    #[must_use]
    pub fn grpc_code(&self) -> Option<GrpcCode> {
        self.grpc_code.map(|code| CODES[usize::from(code) % CODES.len()])
    }

    /// Returns a request with the path, the request id, and one more header field.
    #[must_use]
    pub fn request(&self, name: HeaderName, value: &'static str) -> Request<()> {
        let mut request = Request::new(());
        if let Ok(path) = self.path.0.parse() {
            *request.uri_mut() = path;
        }
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        if let Some(id) = self.request_id.as_ref().and_then(|id| HeaderValue::from_bytes(id.0.as_bytes()).ok()) {
            request.headers_mut().insert("x-request-id", id);
        }
        request
    }

    /// Returns whether detail and members are hidden.
    #[must_use]
    pub fn is_hidden(&self, code: StatusCode) -> bool {
        is_server_error(code) && !self.exposed
    }

    /// Returns the title that must be shown; `None`: the catalog's.
    #[must_use]
    pub fn shown_title(&self) -> Option<&str> {
        self.title.as_ref().map(|title| &*title.0).filter(|text| !text.is_empty() && !text.contains(char::is_control))
    }

    /// Returns the detail that must be shown.
    #[must_use]
    pub fn shown_detail(&self, code: StatusCode) -> Option<&str> {
        self.detail.as_ref().map(|detail| &*detail.0).filter(|text| !text.is_empty() && !self.is_hidden(code))
    }

    /// Returns the members that must be shown, in their order, with the `choices` of a 300.
    #[must_use]
    pub fn shown_members(&self, status: &Status) -> Vec<(String, Value)> {
        let mut members: Vec<(String, Value)> = Vec::new();
        if self.is_hidden(status.code()) {
            return members;
        }
        if let (Kind::Choices(_), Some(choices)) = (&self.kind, status.extension("choices")) {
            members.push(("choices".into(), choices.clone()));
        }
        for (name, value) in &self.extensions {
            if ["", "type", "title", "status", "detail", "instance"].contains(&&*name.0) {
                continue;
            }
            match members.iter_mut().find(|(known, _)| *known == name.0) {
                Some((_, old)) => *old = value.value(0),
                None => members.push((name.owned(), value.value(0))),
            }
        }
        let added = [("request_id", self.shown_id().is_some()), ("advice", self.shown_advice(status).is_some())];
        members.retain(|(name, _)| !added.contains(&(name, true)));
        members
    }

    /// Returns the advice how to repeat the request, if the status has a detail and requires it.
    #[must_use]
    pub fn shown_advice(&self, status: &Status) -> Option<&'static str> {
        let is_required = [426, 428, 429, 511].contains(&status.code().as_u16());
        let is_shown = is_required && self.shown_detail(status.code()).is_some();
        status.entry().for_developers.filter(|_| is_shown)
    }

    /// Returns the request id if it is valid.
    #[must_use]
    pub fn shown_id(&self) -> Option<String> {
        let request = self.request_id.as_ref().map(Word::owned);
        let is_valid = |id: &String| {
            (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:+/=-".contains(&b))
        };
        request.filter(is_valid)
    }

    /// Returns the same without markup characters, whose page has the same structure; `None` if two names become equal.
    #[must_use]
    pub fn tame(&self) -> Option<StatusInput<'static>> {
        let tame = |word: &Option<Word<'_>>| word.as_ref().map(Word::tame);
        let input = StatusInput {
            kind: match &self.kind {
                Kind::Code(code) => Kind::Code(*code),
                Kind::Unauthorized(challenge) => Kind::Unauthorized(challenge.tame()),
                Kind::Found(location) => Kind::Found(location.tame()),
                Kind::Choices(choices) => Kind::Choices(choices.iter().map(Raw::tame).collect()),
                Kind::Range(length) => Kind::Range(*length),
            },
            title: tame(&self.title),
            detail: tame(&self.detail),
            type_uri: tame(&self.type_uri),
            instance: tame(&self.instance),
            headers: self.headers.iter().map(|(name, value)| (name.tame(), value.tame())).collect(),
            extensions: self.extensions.iter().map(|(name, value)| (name.tame(), value.tame())).collect(),
            retry_after: self.retry_after,
            grpc_code: self.grpc_code,
            exposed: self.exposed,
            request_id: tame(&self.request_id),
            path: self.path.tame(),
        };
        let count = |input: &StatusInput<'_>| input.status().extensions().len();
        (count(&input) == count(self)).then_some(input)
    }
}

/// Returns whether a code counts as a 5xx; 550 counts as a 4xx.
fn is_server_error(code: StatusCode) -> bool {
    code.as_u16() >= 500 && code != 550
}

/// Checks that a response has every header field of its status.
///
/// # Panics
///
/// If a field is missing.
pub fn check_headers(status: &Status, sent: &HeaderMap) {
    const CACHING: [&str; 7] =
        ["age", "edge-control", "expires", "pragma", "surrogate-control", "warning", "x-accel-expires"];
    let caching = |name: &HeaderName| name.as_str().ends_with("cache-control") || CACHING.contains(&name.as_str());
    for (name, value) in status.headers() {
        // RFC 6585 forbids to store the responses with these codes.
        let never_stored = [428, 429, 431, 511].contains(&status.code().as_u16());
        let may_differ = (is_server_error(status.code()) || never_stored) && caching(name)
            || [header::X_CONTENT_TYPE_OPTIONS, header::CONTENT_LANGUAGE].contains(name);
        let is_sent = sent.get_all(name).iter().any(|sent| sent == value);
        assert!(may_differ || is_sent || status.code().as_u16() == 304, "{name}: {value:?} of {status:?} in {sent:?}");
    }
}
