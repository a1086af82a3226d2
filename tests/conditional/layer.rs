//! `ConditionalLayer` and the same way inside `StatusMapLayer`: what the answer's own validators decide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_status::{ConditionalLayer, ETag, StatusBody, StatusMapLayer};

type Fields = &'static [(&'static str, &'static str)];

fn map(fields: Fields) -> HeaderMap {
    fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn request(method: &Method, fields: Fields) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = method.clone();
    *request.headers_mut() = map(fields);
    request
}

fn response<B>(code: u16, fields: Fields, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in fields {
        response.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    response
}

/// Frames that are there at once, then nothing for ever or the end; whether it was ever polled shows.
struct Frames {
    left: VecDeque<Frame<Bytes>>,
    then: Poll<()>,
    /// What it says of its size, where that is not the truth.
    size: Option<SizeHint>,
    may_be_polled: bool,
}

fn frames(data: &[&'static str]) -> Frames {
    let left = data.iter().map(|data| Frame::data(Bytes::from_static(data.as_bytes()))).collect();
    Frames { left, then: Poll::Ready(()), size: None, may_be_polled: true }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(self.may_be_polled, "the body was read");
        match self.left.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => self.then.map(|()| None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let size = self.left.iter().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
        self.size.unwrap_or(SizeHint::with_exact(size))
    }
}

async fn both(request: Request<()>, answer: Response<Full<Bytes>>) -> [Response<Bytes>; 2] {
    let inner = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(answer.clone())));
    let one = ConditionalLayer::new().layer(inner).oneshot(request.clone()).await.unwrap();
    let two = StatusMapLayer::new().layer(inner).oneshot(request).await.unwrap();
    let (one, two) = (one.into_parts(), two.into_parts());
    let read = |(parts, body): (http::response::Parts, Bytes)| Response::from_parts(parts, body);
    [read((one.0, one.1.collect().await.unwrap().to_bytes())), read((two.0, two.1.collect().await.unwrap().to_bytes()))]
}

const GET: Method = Method::GET;
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

#[tokio::test]
async fn judged_by_what_the_answer_carries() {
    let tag: Fields = &[("etag", "\"v1\"")];
    let dated: Fields = &[("last-modified", DATE)];
    let same: Fields = &[("if-none-match", "\"v1\"")];
    let other: Fields = &[("if-none-match", "\"v0\"")];
    let second: Fields = &[("if-none-match", "\"v0\""), ("if-none-match", "W/\"v1\"")];
    let since: Fields = &[("if-modified-since", DATE)];
    let matching: Fields = &[("if-match", "\"v0\"")];
    let unmodified: Fields = &[("if-unmodified-since", DATE)];
    let before: Fields = &[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT")];
    let tag_first: Fields = &[("if-match", "\"v1\""), ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT")];
    let none_first: Fields = &[("if-none-match", "\"v0\""), ("if-modified-since", DATE)];
    let whole: Fields = &[("etag", "\"v1\""), ("last-modified", DATE)];
    #[rustfmt::skip]
    let rows: &[(&str, Method, Fields, u16, Fields, u16)] = &[
        ("the same tag",                  GET,             same,     200, tag,   304),
        ("to HEAD",                       Method::HEAD,    same,     200, tag,   304),
        ("a range",                       GET,             same,     206, tag,   304),
        ("another tag",                   GET,             other,    200, tag,   200),
        ("the second line, weakly",       GET,             second,   200, tag,   304),
        ("the same date",                 GET,             since,    200, dated, 304),
        ("an answer without validators",  GET,             same,     200, &[],   200),
        ("If-Match with another tag",     GET,             matching, 200, tag,   412),
        ("not modified since",            GET,             unmodified, 200, dated, 200),
        ("modified since",                GET,             before,   200, dated, 412),
        ("If-Match counts, no date",      GET,             tag_first, 200, whole, 200),
        ("If-None-Match counts, no date", GET,             none_first, 200, whole, 200),
        ("POST is never judged after",    Method::POST,    same,     200, tag,   200),
        ("nor PUT",                       Method::PUT,     matching, 200, tag,   200),
        ("nor OPTIONS",                   Method::OPTIONS, same,     200, tag,   200),
        ("401 wins over 304",             GET,             same,     401, tag,   401),
        ("403 wins",                      GET,             same,     403, tag,   403),
        ("404 wins",                      GET,             same,     404, tag,   404),
        ("410 wins over 412",             GET,             matching, 410, tag,   410),
        ("500 wins",                      GET,             same,     500, tag,   500),
        ("301 wins",                      GET,             same,     301, tag,   301),
        ("201 is not judged",             GET,             same,     201, tag,   201),
    ];
    for (name, method, fields, code, validators, expected) in rows {
        let json: Fields = &[("content-type", "application/json")];
        let mut answer = response(*code, validators, Full::from("x"));
        answer.headers_mut().extend(map(json));
        for answer in both(request(method, fields), answer).await {
            assert_eq!(answer.status().as_u16(), *expected, "{name}");
            assert_eq!(answer.body().is_empty(), *expected == 304, "{name}");
        }
    }
}

/// RFC 9110 §15.4.5.
#[tokio::test]
async fn a_304_is_the_200_edited_in_place() {
    #[rustfmt::skip]
    let rows: &[(&str, &[&str], bool)] = &[
        ("cache-control", &["private", "max-age=5"], true), ("content-location", &["/a"], true), ("date", &[DATE], true),
        ("expires", &[DATE], true), ("vary", &["accept", "origin"], true), ("set-cookie", &["a=1", "b=2"], true),
        ("access-control-allow-origin", &["*"], true), ("strict-transport-security", &["max-age=1"], true),
        ("x-request-id", &["7"], true), ("content-type", &["text/plain"], false), ("content-length", &["5"], false),
        ("content-encoding", &["gzip"], false), ("content-language", &["en"], false), ("content-range", &["bytes 0-4/9"], false),
        ("content-digest", &["sha-256=:x:"], false), ("repr-digest", &["sha-256=:x:"], false), ("digest", &["x"], false),
        ("content-md5", &["x"], false), ("signature", &["s=:x:"], false), ("signature-input", &["s=(\"content-digest\")"], false),
        ("content-security-policy", &["script-src 'nonce-1'"], true), ("transfer-encoding", &["chunked"], false), ("trailer", &["x"], false),
        ("last-modified", &[DATE], false),
    ];
    let mut answer = response(200, &[("etag", "\"v1\"")], Full::from("tulip"));
    for (name, values, _) in rows {
        for value in *values {
            answer.headers_mut().append(*name, value.parse().unwrap());
        }
    }
    for answer in both(request(&GET, &[("if-none-match", "\"v1\"")]), answer.clone()).await {
        assert_eq!(answer.status(), 304);
        assert_eq!(answer.headers()["etag"], "\"v1\"");
        for (name, values, stays) in rows {
            let left: Vec<_> = answer.headers().get_all(*name).iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(left, if *stays { *values } else { &[] }, "{name}");
        }
    }
    answer.headers_mut().remove("etag");
    for answer in both(request(&GET, &[("if-modified-since", DATE)]), answer).await {
        assert_eq!((answer.status().as_u16(), answer.headers()["last-modified"].to_str().unwrap()), (304, DATE));
    }
}

#[tokio::test]
async fn the_body_of_a_304_is_dropped_unread() {
    let inner = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(response(200, &[("etag", "\"v1\"")], Frames { may_be_polled: false, ..frames(&["x"]) }))
    });
    for layered in [
        ConditionalLayer::new().layer(inner).oneshot(request(&GET, &[("if-none-match", "\"v1\"")])).await.unwrap(),
        StatusMapLayer::new().layer(inner).oneshot(request(&GET, &[("if-none-match", "\"v1\"")])).await.unwrap(),
    ] {
        assert_eq!(layered.status(), 304);
        assert!(layered.body().is_end_stream());
        assert_eq!(layered.into_body().collect().await.unwrap().to_bytes(), "");
    }
}

#[tokio::test]
async fn the_layer_can_leave_conditions_to_others() {
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(response(200, &[("etag", "\"v1\"")], frames(&["x"]))));
    let layer = StatusMapLayer::new().conditional(false);
    let answer = layer.layer(inner).oneshot(request(&GET, &[("if-none-match", "\"v1\"")])).await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// RFC 9110 §13.2.1: what failed is no success that a precondition could decide.
#[tokio::test]
async fn what_failed_in_grpcs_terms_is_no_304() {
    let rows: [(Fields, u16); 2] =
        [(&[("etag", "\"v1\""), ("grpc-status", "0")], 304), (&[("etag", "\"v1\""), ("grpc-status", "5")], 404)];
    for (fields, expected) in rows {
        let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(response(200, fields, frames(&[]))));
        let conditional = ConditionalLayer::new().layer(inner);
        let request = || request(&GET, &[("if-none-match", "\"v1\"")]);
        let answers = [
            StatusMapLayer::new().rpc(true).layer(inner).oneshot(request()).await.unwrap().status(),
            StatusMapLayer::new().rpc(true).layer(conditional).oneshot(request()).await.unwrap().status(),
        ];
        assert_eq!(answers.map(|code| code.as_u16()), [expected; 2], "{fields:?}");
    }
}

#[tokio::test]
async fn a_412_is_explained_reported_and_keeps_what_is_not_the_body() {
    let inner = service_fn(async |_: Request<()>| {
        let fields: Fields = &[("etag", "\"v1\""), ("content-type", "text/plain"), ("set-cookie", "a=1")];
        Ok::<_, Infallible>(response(200, fields, frames(&["x"])))
    });
    let reported = Arc::new(Mutex::new(Vec::new()));
    let log = reported.clone();
    let outer = StatusMapLayer::new()
        .conditional(false)
        .on_error(move |status, _| log.lock().unwrap().push(status.code().as_u16()));
    let service = outer.layer(ConditionalLayer::new().layer(inner));
    let fields: Fields = &[("if-match", "\"v0\""), ("accept", "text/plain")];
    let answer = service.oneshot(request(&GET, fields)).await.unwrap();
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.headers()["set-cookie"], "a=1");
    assert!(!answer.headers().contains_key("etag"));
    assert!(answer.into_body().collect().await.unwrap().to_bytes().starts_with(b"412 Precondition Failed"));
    assert_eq!(*reported.lock().unwrap(), [412]);
}

// ----- Generated tags -----

/// What a layer makes of one answer.
async fn once(layer: ConditionalLayer, method: &Method, answer: Response<Frames>) -> Response<StatusBody<Frames>> {
    let answer = Mutex::new(Some(answer));
    let inner = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(answer.lock().unwrap().take().unwrap())));
    layer.layer(inner).oneshot(request(method, &[])).await.unwrap()
}

/// The data that is there.
async fn what_is_there<B: Body<Data = Bytes, Error = Infallible>>(body: B) -> Bytes {
    let mut body = std::pin::pin!(body);
    let mut all = Vec::new();
    std::future::poll_fn(|cx| {
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(cx) {
            all.extend_from_slice(&frame.unwrap().into_data().unwrap_or_default());
        }
        Poll::Ready(())
    })
    .await;
    all.into()
}

#[tokio::test]
async fn tags_are_made_where_they_are_allowed() {
    let on = || ConditionalLayer::new().generate_etags(8);
    let on_weak = || ConditionalLayer::new().generate_weak_etags(8);
    let here = || frames(&["seven", " "]);
    let unread = || Frames { may_be_polled: false, ..frames(&["seven", " "]) };
    let strong = || Some(ETag::of_bytes(b"seven ").to_string());
    let never = Frames { then: Poll::Pending, size: Some(SizeHint::with_exact(8)), ..here() };
    let lies = Frames { size: Some(SizeHint::with_exact(3)), ..here() };
    #[rustfmt::skip]
    let rows = [
        ("content that is there",   on(),                                     GET,           response(200, &[], here()), strong()),
        ("weak",                    on_weak(),                              GET,           response(200, &[], here()), strong().map(|tag| format!("W/{tag}"))),
        ("exactly the limit",       ConditionalLayer::new().generate_etags(6), GET,          response(200, &[], here()), strong()),
        ("one byte too much",       ConditionalLayer::new().generate_etags(5), GET,          response(200, &[], unread()), None),
        ("not switched on",         ConditionalLayer::new(),                  GET,           response(200, &[], unread()), None),
        ("to HEAD",                 on(),                                     Method::HEAD,  response(200, &[], unread()), None),
        ("to PUT",                  on(),                                     Method::PUT,   response(200, &[], unread()), None),
        ("a 201",                   on(),                                     GET,           response(201, &[], unread()), None),
        ("a 206",                   on(),                                     GET,           response(206, &[], unread()), None),
        ("a 404",                   on(),                                     GET,           response(404, &[], unread()), None),
        ("no-store",                on(),                                     GET,           response(200, &[("cache-control", "private"), ("cache-control", "max-age=0, No-Store")], unread()), None),
        ("a tag of its own",        on(),                                     GET,           response(200, &[("etag", "\"own\"")], unread()), Some("\"own\"".into())),
        ("unknown size",            on(),                                     GET,           response(200, &[], Frames { size: Some(SizeHint::default()), ..unread() }), None),
        ("content that lets wait",  on(),                                     GET,           response(200, &[], never), None),
        ("more than its size says", on(),                                     GET,           response(200, &[], lies), None),
    ];
    for (name, layer, method, answer, expected) in rows {
        let unread = !answer.body().may_be_polled;
        let answer = once(layer, &method, answer).await;
        let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        assert_eq!(tag, expected, "{name}");
        if !unread {
            assert_eq!(what_is_there(answer.into_body()).await, "seven ", "{name}");
        }
    }
}

#[tokio::test]
async fn a_tag_does_not_depend_on_the_frames_and_leaves_them_alone() {
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("x-sum"), HeaderValue::from_static("7"))]);
    let cuts: &[&[&'static str]] = &[
        &["seven tulips"],
        &["seven", " ", "tulips"],
        &["", "seven tulips", ""],
        &["s", "even tulip", "s"],
        &[],
        &[""],
        &["", ""],
    ];
    for cut in cuts {
        for trailed in [false, true] {
            let mut body = frames(cut);
            body.left.extend(trailed.then(|| Frame::trailers(trailers.clone())));
            let layer = ConditionalLayer::new().generate_etags(1 << 20);
            let answer = once(layer, &GET, response(200, &[], body)).await;
            let content = cut.concat();
            assert_eq!(answer.headers()["etag"], ETag::of_bytes(content.as_bytes()).to_string(), "{cut:?}");
            assert_eq!(answer.body().size_hint().lower(), content.len() as u64, "{cut:?}");
            let mut body = answer.into_body();
            let mut seen = Vec::new();
            let mut trailing = None;
            while let Some(frame) = body.frame().await {
                match frame.unwrap().into_data() {
                    Ok(data) => seen.push(data),
                    Err(frame) => trailing = frame.into_trailers().ok(),
                }
            }
            assert_eq!(seen, *cut);
            assert_eq!(trailing, trailed.then(|| trailers.clone()), "{cut:?}");
        }
    }
}

#[tokio::test]
async fn a_generated_tag_answers_the_next_request() {
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(response(200, &[], frames(&["tulips"]))));
    let service = StatusMapLayer::new().layer(ConditionalLayer::new().generate_etags(64).layer(inner));
    let first = service.clone().oneshot(request(&GET, &[])).await.unwrap();
    let mut again = request(&GET, &[]);
    again.headers_mut().insert("if-none-match", first.headers()["etag"].clone());
    let second = service.oneshot(again).await.unwrap();
    assert_eq!(second.status(), 304);
    assert_eq!(second.headers()["etag"], first.headers()["etag"]);
    assert!(second.body().is_end_stream());
}

#[tokio::test]
async fn many_large_streams_are_not_buffered() {
    for size in [SizeHint::with_exact(64 << 20), SizeHint::default()] {
        let mut answers = Vec::new();
        for _ in 0..200 {
            let body = Frames { size: Some(size), may_be_polled: false, ..frames(&["x"]) };
            let layer = ConditionalLayer::new().generate_etags(1 << 20);
            answers.push(once(layer, &GET, response(200, &[], body)).await);
        }
        assert!(answers.iter().all(|answer| !answer.headers().contains_key("etag")));
    }
}

/// The second event is sent only when the first has arrived, so a layer that waits for the end would hang here.
#[tokio::test]
async fn an_event_stream_passes_frame_by_frame_at_once() {
    let (mut events, stream) = http_body_util::channel::Channel::<Bytes, Infallible>::new(1);
    let answer = Mutex::new(Some(response(200, &[("content-type", "text/event-stream")], stream)));
    let inner = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(answer.lock().unwrap().take().unwrap())));
    let service = StatusMapLayer::new().layer(ConditionalLayer::new().generate_etags(1 << 20).layer(inner));
    let answer = service.oneshot(request(&GET, &[])).await.unwrap();
    assert_eq!(answer.headers().get("etag"), None);
    let mut stream = answer.into_body();
    for event in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
        events.send_data(Bytes::from_static(event.as_bytes())).await.unwrap();
        assert_eq!(stream.frame().await.unwrap().unwrap().into_data().unwrap(), event);
    }
    let trailers = map(&[("x-sum", "3")]);
    events.send_trailers(trailers.clone()).await.unwrap();
    assert_eq!(stream.frame().await.unwrap().unwrap().into_trailers().unwrap(), trailers);
    drop(events);
    assert!(stream.frame().await.is_none());
}

/// Ready when the inner service is, never before, and failing as it does.
#[test]
fn readiness_is_that_of_the_inner_service() {
    struct Unready(Poll<Result<(), &'static str>>);
    impl Service<Request<()>> for Unready {
        type Response = Response<Full<Bytes>>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            self.0
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            ready(Err("called"))
        }
    }
    for state in [Poll::Pending, Poll::Ready(Ok(())), Poll::Ready(Err("closed"))] {
        let mut service = ConditionalLayer::new().layer(Unready(state));
        assert_eq!(service.poll_ready(&mut Context::from_waker(Waker::noop())), state);
    }
}
