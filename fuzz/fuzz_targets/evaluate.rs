//! `evaluate`, `Preconditions` and both layers, compared with a literal reading of RFC 9110 §13.2.2.
#![no_main]

use arbitrary::Arbitrary;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use libfuzzer_sys::fuzz_target;
use tower::{Layer, service_fn};
use tower_status::{
    ConditionalLayer, Preconditions, Status, StatusMapLayer, Validators, Verdict, evaluate, range_applies,
};
use tower_status_fuzz::{ask, preconditions};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: Word<'a>,
    lines: Vec<(Field, Value<'a>)>,
    /// The fields of the representation, if there is one.
    current: Option<Vec<(Validator, Value<'a>)>>,
}

#[derive(Arbitrary, Debug)]
enum Word<'a> {
    Get,
    Head,
    Put,
    Patch,
    Delete,
    Post,
    Options,
    Other(&'a [u8]),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Field {
    Match,
    NoneMatch,
    ModifiedSince,
    UnmodifiedSince,
    Range,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Validator {
    ETag,
    LastModified,
}

#[derive(Arbitrary, Debug)]
enum Value<'a> {
    Any,
    Empty,
    Strong(u8),
    Weak(u8),
    Tags(Vec<(bool, u8)>),
    Fixdate(u8),
    Asctime(u8),
    Weekly(u8),
    Bytes(&'a [u8]),
}

impl Value<'_> {
    fn value(&self) -> Option<HeaderValue> {
        let tag = |weak: bool, tag: u8| format!("{}\"{}\"", if weak { "W/" } else { "" }, char::from(b'a' + tag % 4));
        HeaderValue::try_from(match self {
            Self::Any => "*".to_owned(),
            Self::Empty => String::new(),
            Self::Strong(name) => tag(false, *name),
            Self::Weak(name) => tag(true, *name),
            Self::Tags(tags) => tags.iter().map(|(weak, name)| tag(*weak, *name)).collect::<Vec<_>>().join(", "),
            Self::Fixdate(second) => format!("Sun, 06 Nov 1994 08:49:{:02} GMT", second % 62),
            Self::Asctime(second) => format!("Sun Nov  6 08:49:{:02} 1994", second % 62),
            Self::Weekly(second) => format!("Sunday, 06-Nov-94 08:49:{:02} GMT", second % 62),
            Self::Bytes(bytes) => return HeaderValue::from_bytes(bytes).ok(),
        })
        .ok()
    }
}

fn fields<'a, N: Copy + 'a>(lines: &'a [(N, Value<'a>)], name: impl Fn(N) -> HeaderName) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (field, value) in lines {
        if let Some(value) = value.value() {
            headers.append(name(*field), value);
        }
    }
    headers
}

fuzz_target!(|input: Input| {
    let method = match input.method {
        Word::Get => Method::GET,
        Word::Head => Method::HEAD,
        Word::Put => Method::PUT,
        Word::Patch => Method::PATCH,
        Word::Delete => Method::DELETE,
        Word::Post => Method::POST,
        Word::Options => Method::OPTIONS,
        Word::Other(bytes) => match Method::from_bytes(bytes) {
            Ok(method) => method,
            Err(_) => return,
        },
    };
    let request = fields(&input.lines, |field| match field {
        Field::Match => header::IF_MATCH,
        Field::NoneMatch => header::IF_NONE_MATCH,
        Field::ModifiedSince => header::IF_MODIFIED_SINCE,
        Field::UnmodifiedSince => header::IF_UNMODIFIED_SINCE,
        Field::Range => header::IF_RANGE,
    });
    let response = input.current.map(|lines| {
        fields(&lines, |validator| match validator {
            Validator::ETag => header::ETAG,
            Validator::LastModified => header::LAST_MODIFIED,
        })
    });
    let current = response.as_ref().map(Validators::from_headers);

    let expected = preconditions::verdict(&method, &request, response.as_ref());
    assert_eq!(evaluate(&method, &request, current.as_ref()), expected, "{method} {request:?} {response:?}");
    let range = response.as_ref().map(|response| preconditions::range_applies(&request, response));
    assert_eq!(current.as_ref().map(|current| range_applies(&request, current)), range, "{request:?} {response:?}");

    let code = match expected {
        Verdict::Proceed => 200,
        Verdict::NotModified => 304,
        Verdict::PreconditionFailed => 412,
        other => panic!("{other:?}"),
    };
    let checked = Preconditions::new(&method, &request).check(current.as_ref());
    assert_eq!(checked.map_or_else(|status| status.code().as_u16(), |()| 200), code);

    let with = || {
        let mut made = Request::new(());
        method.clone_into(made.method_mut());
        request.clone_into(made.headers_mut());
        made.headers_mut().insert(header::RANGE, HeaderValue::from_static("bytes=0-"));
        made
    };
    // The response has the validators: they decide for GET and HEAD, and not for other methods.
    let reads = matches!(method, Method::GET | Method::HEAD);
    if let Some(response) = &response {
        let inner = |_: Request<()>| {
            let mut inner = Response::new("content".to_owned());
            response.clone_into(inner.headers_mut());
            std::future::ready(Ok::<_, Status>(inner))
        };
        let codes = [
            ask::ask(&mut StatusMapLayer::new().layer(service_fn(inner)), with()).status(),
            ask::ask(&mut ConditionalLayer::new().layer(service_fn(inner)), with()).status(),
        ];
        assert_eq!(codes, [if reads { code } else { 200 }; 2], "{method} {request:?} {response:?}");
    }
    // A source is asked before the handler; without a representation the handler decides about GET, HEAD and DELETE.
    let source = |_: &http::request::Parts| std::future::ready(Ok(current.clone()));
    let ranged = std::cell::Cell::new(None);
    let inner = |request: Request<()>| {
        ranged.set(Some(request.headers().contains_key(header::RANGE)));
        std::future::ready(Ok::<_, Status>(Response::new("content".to_owned())))
    };
    let source = ConditionalLayer::new().validators(source);
    let response = ask::ask(&mut source.layer(service_fn(inner)), with());
    let handler_decides = current.is_none() && (reads || method == Method::DELETE);
    let status = response.status();
    assert_eq!(status, if handler_decides { 200 } else { code }, "{method} {request:?} {current:?}");
    let is_evaluated = !matches!(method, Method::CONNECT | Method::OPTIONS | Method::TRACE) && !request.is_empty();
    let keeps = !is_evaluated || range.unwrap_or(!request.contains_key(header::IF_RANGE));
    assert_eq!(ranged.get(), (status == 200).then_some(keeps), "{method} {request:?} {current:?}");
});
