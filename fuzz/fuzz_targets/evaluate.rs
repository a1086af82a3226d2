//! `evaluate`, `Preconditions` and both layers, with sources that return any validator and tags that could not be
//! generated, compared with a literal reading of RFC 9110 §13.2.2.
#![no_main]

use std::{
    cell::Cell,
    convert::Infallible,
    future::ready,
    pin::Pin,
    task::{Context, Poll},
};

use arbitrary::Arbitrary;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use libfuzzer_sys::fuzz_target;
use tower::{Layer, service_fn};
use tower_status::{
    ConditionalLayer, Preconditions, Status, StatusMapLayer, Validators, Verdict, evaluate, range_applies,
};
use tower_status_fuzz::{
    ask,
    preconditions::{self, Source},
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: Word<'a>,
    lines: Vec<(Field, Value<'a>)>,
    /// The fields of the representation, if there is one.
    current: Option<Vec<(Validator, Value<'a>)>>,
    /// The fields of the handler's response, if they are not those of the representation.
    response: Option<Vec<(Validator, Value<'a>)>>,
    code: Code,
    /// Whether the layer generates tags, but the content is not ready.
    tag_not_made: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Code {
    Ok,
    Part,
    Other(u8),
}

#[derive(Arbitrary, Debug)]
enum Word<'a> {
    Get,
    Head,
    Put,
    Patch,
    Delete,
    Post,
    Query,
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
        Word::Query => Method::QUERY,
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
    let validators = |lines: &Vec<_>| {
        fields(lines, |validator| match validator {
            Validator::ETag => header::ETAG,
            Validator::LastModified => header::LAST_MODIFIED,
        })
    };
    let named = input.current.as_ref().map(validators);
    let current = named.as_ref().map(Validators::from_headers);
    check_rules(&method, &request, named.as_ref(), current.as_ref());

    let handled = Handled {
        code: match input.code {
            Code::Ok => StatusCode::OK,
            Code::Part => StatusCode::PARTIAL_CONTENT,
            Code::Other(code) => StatusCode::from_u16(200 + u16::from(code)).unwrap_or_default(),
        },
        fields: input.response.as_ref().map(validators).or(named.clone()).unwrap_or_default(),
        tag_not_made: input.tag_not_made,
    };
    let mut made = Request::new(());
    *made.method_mut() = method;
    *made.headers_mut() = request;
    made.headers_mut().insert(header::RANGE, HeaderValue::from_static("bytes=0-"));
    check_layers(&made, named.as_ref(), current, &handled);
});

/// Checks `evaluate`, `Preconditions` and `range_applies`.
fn check_rules(method: &Method, request: &HeaderMap, named: Option<&HeaderMap>, current: Option<&Validators>) {
    let expected = preconditions::verdict(method, request, named);
    assert_eq!(evaluate(method, request, current), expected, "{method} {request:?} {named:?}");
    let range = named.map(|named| preconditions::range_applies(request, named));
    assert_eq!(current.map(|current| range_applies(request, current)), range, "{request:?} {named:?}");
    let code = match expected {
        Verdict::Proceed => 200,
        Verdict::NotModified => 304,
        Verdict::PreconditionFailed => 412,
        other => panic!("{other:?}"),
    };
    let checked = Preconditions::new(method, request).check(current);
    assert_eq!(checked.map_or_else(|status| status.code().as_u16(), |()| 200), code);
}

/// What the handler responds with.
struct Handled {
    code: StatusCode,
    fields: HeaderMap,
    tag_not_made: bool,
}

/// Content that is never ready.
struct Pending;

impl Body for Pending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(2)
    }
}

/// Checks both layers, without a source and with one, and one inside the other.
fn check_layers(request: &Request<()>, named: Option<&HeaderMap>, current: Option<Validators>, handled: &Handled) {
    let ranged = Cell::new(None);
    let inner = service_fn(|request: Request<()>| {
        ranged.set(Some(request.headers().contains_key(header::RANGE)));
        let mut response = Response::new(Pending);
        *response.status_mut() = handled.code;
        handled.fields.clone_into(response.headers_mut());
        ready(Ok::<_, Status>(response))
    });
    let layer = || match handled.tag_not_made {
        true => ConditionalLayer::new().generate_etags(64),
        false => ConditionalLayer::new(),
    };
    let tag_unknown = handled.tag_not_made && !handled.fields.contains_key(header::ETAG);
    let expected = |source, tag_unknown| {
        let response = (handled.code.as_u16(), &handled.fields, tag_unknown);
        preconditions::layered(request.method(), request.headers(), source, response)
    };
    let shown = || format!("{request:?} {named:?} {:?} {} {}", handled.fields, handled.code, handled.tag_not_made);

    let plain = ask::ask(&mut StatusMapLayer::new().layer(inner), request.clone()).status();
    assert_eq!(plain, expected(Source::Unasked, false), "StatusMapLayer: {}", shown());
    let conditional = || layer().layer(inner);
    let alone = ask::ask(&mut conditional(), request.clone()).status();
    let outside = ask::ask(&mut StatusMapLayer::new().layer(conditional()), request.clone()).status();
    assert_eq!([alone, outside], [expected(Source::Unasked, tag_unknown); 2], "{}", shown());

    let source = |_: &http::request::Parts| ready(Ok(current.clone()));
    let asking = || layer().validators(source).layer(inner);
    let known = named.map_or(Source::Nothing, Source::Names);
    ranged.set(None);
    let alone = ask::ask(&mut asking(), request.clone()).status();
    let ran = ranged.take();
    let outside = ask::ask(&mut StatusMapLayer::new().layer(asking()), request.clone()).status();
    assert_eq!([alone, outside], [expected(known, tag_unknown); 2], "with a source: {}", shown());

    // A source decides whether the handler of a GET gets `Range`; a generated tag could decide it as well.
    if let Some(kept) = ran.filter(|_| !handled.tag_not_made) {
        let applies = match named {
            Some(named) => preconditions::range_applies(request.headers(), named),
            None => !request.headers().contains_key(header::IF_RANGE),
        };
        assert_eq!(kept, *request.method() != Method::GET || applies, "{}", shown());
    }
}
