//! How much is too much: what is stated here is read in full, or cut between characters with a mark that says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, response::Parts};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{ETag, Format, Status, StatusMapLayer, Validators, Verdict, evaluate, range_applies};

const MEBIBYTE: usize = 1024 * 1024;
/// The list of header fields that a gRPC client takes by default (RFC 9113 §10.5.1, §6.5.2).
const GRPC: usize = 8 * 1024;
/// The longest text of an inner answer that is taken over.
const TEXT: usize = 8 * 1024;

async fn answer(layer: &StatusMapLayer, request: Request<()>, status: &Status) -> (Parts, Bytes) {
    let inner = service_fn(|_: Request<()>| ready(Err::<Response<String>, _>(status.clone())));
    let (parts, body) = layer.layer(inner).oneshot(request).await.unwrap().into_parts();
    (parts, body.collect().await.unwrap().to_bytes())
}

async fn body(status: &Status, accept: &'static str) -> String {
    let request = Request::builder().header(header::ACCEPT, accept).body(()).unwrap();
    let (_, body) = answer(&StatusMapLayer::new(), request, status).await;
    String::from_utf8(body.into()).unwrap()
}

/// The header fields of a gRPC answer, whose size is checked.
async fn grpc(status: &Status, path: &str, id: &str) -> HeaderMap {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/grpc").header("x-request-id", id);
    let (parts, body) = answer(&StatusMapLayer::new(), request.body(()).unwrap(), status).await;
    assert!(body.is_empty());
    let fields = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32);
    let size = fields.sum::<usize>() + ":status".len() + "200".len() + 32;
    assert!(size <= GRPC, "{size} for {path:.20}");
    parts.headers
}

/// The message of a gRPC answer, and whether it is whole.
fn message(fields: &HeaderMap) -> (String, bool) {
    let message = fields["grpc-message"].to_str().unwrap();
    let message = percent_decode_str(message).decode_utf8().unwrap().into_owned();
    message.strip_suffix('…').map_or((message.clone(), true), |kept| (kept.to_owned(), false))
}

// ----- header fields of 1 MiB -----

#[tokio::test]
async fn a_mebibyte_of_request_fields_is_read() {
    // One line that long, and as many lines as that takes.
    let filler = |piece: &str, total: usize| piece.repeat(total / piece.len());
    let one = vec![filler("image/png;q=0.9, ", MEBIBYTE) + "text/html;q=0.1"];
    let mut many = vec![filler("image/png;q=0.9, ", 1000); MEBIBYTE / 1000];
    many.push("text/html;q=0.1".to_owned());
    let quoted = vec![format!("text/plain;x=\"{}\"", filler("\\\",", MEBIBYTE)), "text/html;q=0.1".to_owned()];
    for lines in [one, many, quoted] {
        let mut request = Request::new(());
        for line in &lines {
            request.headers_mut().append(header::ACCEPT, line.parse().unwrap());
        }
        // Of no meaning here, and no shorter.
        request.headers_mut().insert("x-filler", filler("x", MEBIBYTE).parse().unwrap());
        request.headers_mut().insert("x-request-id", filler("7", MEBIBYTE).parse().unwrap());
        let (parts, body) = answer(&StatusMapLayer::new(), request, &Status::not_found()).await;
        assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(body.len() < 16 * 1024, "no id of that length is shown: {}", body.len());
    }
}

#[tokio::test]
async fn a_mebibyte_of_a_status_fields_goes_out() {
    let value = "v".repeat(1024);
    let name = |n: usize| HeaderName::try_from(format!("x-{n}")).unwrap();
    let status = (0..1024).fold(Status::conflict(), |status, n| status.with_header(name(n), &*value));
    let (parts, _) = answer(&StatusMapLayer::new(), Request::new(()), &status).await;
    assert!((0..1024).all(|n| parts.headers[&name(n)] == value));
    // gRPC's clients take 8 KiB: what fits goes out, the status first.
    let fields = grpc(&status, "/a/b", "7").await;
    assert_eq!(fields["grpc-status"], "10");
    assert!((1..8).contains(&fields.keys().filter(|name| name.as_str().starts_with("x-")).count()));
}

#[tokio::test]
async fn a_mebibyte_of_an_inner_answers_fields_stays() {
    for code in [200, 404, 500] {
        let mut theirs = Response::new(Full::<Bytes>::default());
        *theirs.status_mut() = StatusCode::from_u16(code).unwrap();
        for n in 0..1024 {
            let line = format!("{n}={}", "v".repeat(1020));
            theirs.headers_mut().append(header::SET_COOKIE, line.parse().unwrap());
        }
        let cookies: Vec<_> = theirs.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        let inner = service_fn(|_: Request<()>| ready(Ok::<_, Status>(theirs.clone())));
        let answer = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
        assert_eq!(answer.status(), code);
        assert!(answer.headers().get_all(header::SET_COOKIE).iter().eq(&cookies));
    }
}

// ----- 100,000 tags -----

#[test]
fn a_hundred_thousand_tags_are_compared() {
    let tags = |from: usize, to: usize| (from..to).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
    let current = Validators::new().with_etag(ETag::strong("last").unwrap());
    let lines = |name: &HeaderName, lines: &[String]| {
        let mut request = HeaderMap::new();
        for line in lines {
            request.append(name, line.parse().unwrap());
        }
        request
    };
    let one = vec![tags(0, 100_000)];
    let many: Vec<_> = (0..1000).map(|line| tags(line * 100, line * 100 + 100)).collect();
    for without in [one, many] {
        let with = [without.clone(), vec!["\"last\"".to_owned()]].concat();
        for (name, found, missing) in [
            (header::IF_NONE_MATCH, Verdict::NotModified, Verdict::Proceed),
            (header::IF_MATCH, Verdict::Proceed, Verdict::PreconditionFailed),
        ] {
            assert_eq!(evaluate(&Method::GET, &lines(&name, &with), Some(&current)), found, "{name}");
            assert_eq!(evaluate(&Method::GET, &lines(&name, &without), Some(&current)), missing, "{name}");
        }
        // One tag or one date, so never a list.
        assert!(!range_applies(&lines(&header::IF_RANGE, &with), &current));
    }
    // A tag of 1 MiB is a tag.
    let long = "t".repeat(MEBIBYTE);
    let current = Validators::new().with_etag(ETag::weak(&long).unwrap());
    let request = lines(&header::IF_NONE_MATCH, &[format!("\"{long}\"")]);
    assert_eq!(evaluate(&Method::GET, &request, Some(&current)), Verdict::NotModified);
}

// ----- a detail of 10 MiB -----

#[tokio::test]
async fn a_detail_of_ten_mebibytes_is_told_in_full() {
    // Characters of one to four bytes, none of which a form escapes.
    let detail = "aä漢🌷".repeat(MEBIBYTE);
    assert_eq!(detail.len(), 10 * MEBIBYTE);
    let status = Status::conflict().with_detail(detail.clone());
    let problem: Value = serde_json::from_str(&body(&status, "application/json").await).unwrap();
    assert!(problem["detail"] == detail);
    assert!(body(&status, "text/html").await.contains(&format!(">{detail}</p>")));
    assert!(body(&status, "text/plain").await.contains(&format!("\n{detail}\n")));
    let fields = grpc(&status, "/a/b", "7").await;
    let (kept, whole) = message(&fields);
    assert!(!whole && detail.starts_with(&kept) && kept.len() > 2000, "{}", kept.len());
}

/// Wherever the cut falls: at each byte of characters of one to four bytes, that are encoded or not.
#[tokio::test]
async fn a_grpc_message_is_cut_between_characters_and_says_so() {
    for unit in ["a", "ä", "漢", "🌷", "%", " ", "a🌷", "\r\n"] {
        let encoded: usize =
            unit.bytes().map(|byte| if matches!(byte, b' '..=b'~') && byte != b'%' { 1 } else { 3 }).sum();
        let text = unit.repeat(GRPC / encoded + 1);
        for shift in 0..13 {
            let detail = format!("{}{text}.", "x".repeat(shift));
            let (kept, whole) = message(&grpc(&Status::conflict().with_detail(detail.clone()), "/a/b", "7").await);
            assert!(!whole && detail.starts_with(&kept), "{unit:?} {shift}");
            // No more than a character of room is left.
            assert!(kept.len() * encoded / unit.len() > GRPC - 300, "{unit:?} {shift}: {}", kept.len());
        }
    }
    // The longest that fits is not cut.
    let whole = async |length: usize| {
        let status = Status::conflict().with_detail("x".repeat(length));
        message(&grpc(&status, "/a/b", "").await).1
    };
    let lengths: Vec<usize> = (GRPC - 300..GRPC).collect();
    let mut longest = 0;
    for length in lengths {
        if whole(length).await {
            longest = length;
        } else {
            assert!(longest > 0 && longest + 1 == length || longest + 1 < length, "a longer one fits");
        }
    }
    // `:status: 200`, `date` (the server's), `content-type: application/grpc` and `grpc-status: 10` with 32 bytes each, and
    // `grpc-message`.
    let others = (7 + 3 + 32) + (4 + 29 + 32) + (12 + 16 + 32) + (11 + 2 + 32) + (12 + 32);
    assert!((GRPC - 1..=GRPC).contains(&(longest + others)), "{longest}");
}

#[tokio::test]
async fn grpc_details_go_before_the_message_is_cut() {
    let id = "7";
    let small = Status::conflict().with_extension("order_id", 7);
    assert!(grpc(&small, "/shop.Orders/Get", id).await.contains_key("grpc-status-details-bin"));
    // A detail, a member, a type, a path that leave no room.
    let long = "x".repeat(GRPC);
    let rows = [
        (small.clone().with_detail(long.clone()), "/shop.Orders/Get".to_owned(), false),
        (small.clone().with_extension("long", &long), "/shop.Orders/Get".to_owned(), true),
        (small.clone().with_type(format!("https://example.org/{long}")), "/shop.Orders/Get".to_owned(), true),
        (small.clone(), format!("/{long}/Get"), true),
        (small.clone().with_detail("y".repeat(7000)), "/shop.Orders/Get".to_owned(), true),
        (small.clone().with_detail("y".repeat(3000)), "/shop.Orders/Get".to_owned(), true),
    ];
    for (status, path, whole) in rows {
        let fields = grpc(&status, &path, id).await;
        assert_eq!(message(&fields).1, whole);
        let detailed = fields.contains_key("grpc-status-details-bin");
        assert_eq!(detailed, status.detail().is_some_and(|detail| detail.len() == 3000));
    }
}

// ----- inner texts -----

fn text(code: u16, length: usize) -> Response<Full<Bytes>> {
    let mut theirs = Response::new(Full::from(Bytes::from("ä".repeat(length / 2))));
    *theirs.status_mut() = StatusCode::from_u16(code).unwrap();
    theirs.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    theirs
}

#[tokio::test]
async fn an_inner_text_is_a_detail_up_to_8_kib_and_beyond_its_own() {
    for (length, taken) in [(TEXT, true), (TEXT + 2, false), (10 * MEBIBYTE, false)] {
        let inner = service_fn(|_: Request<()>| ready(Ok::<_, Status>(text(404, length))));
        let (parts, body) = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let form = if taken { "application/problem+json" } else { "text/plain; charset=utf-8" };
        assert_eq!(parts.headers[header::CONTENT_TYPE], form);
        let told = "ä".repeat(length / 2);
        if taken {
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["detail"], told);
        } else {
            assert!(body == told);
        }
    }
}

#[tokio::test]
async fn an_inner_text_of_a_5xx_is_cut_for_the_log() {
    for (length, whole) in [(TEXT, true), (TEXT + 2, false), (10 * MEBIBYTE, false)] {
        let told = Arc::<Mutex<String>>::default();
        let written = Arc::clone(&told);
        let layer = StatusMapLayer::new()
            .on_error(move |status, _| *written.lock().unwrap() = status.detail().unwrap().to_owned());
        // An `x` before: the cut falls into a character.
        let mut theirs = text(500, length - 2);
        *theirs.body_mut() = Full::from(Bytes::from("x".to_owned() + &"ä".repeat(length / 2 - 1) + "x"));
        let inner = service_fn(|_: Request<()>| ready(Ok::<_, Status>(theirs.clone())));
        let answer = layer.layer(inner).oneshot(Request::new(())).await.unwrap();
        assert_eq!(answer.status(), 500);
        let told = told.lock().unwrap().clone();
        if whole {
            assert_eq!(told.len(), TEXT);
        } else {
            let kept = told.strip_suffix('…').expect("an ellipsis");
            assert!(kept.len() == TEXT - 1 && kept.chars().skip(1).all(|c| c == 'ä'), "{}", kept.len());
        }
    }
}

#[tokio::test]
async fn a_body_of_nothing_but_empty_frames_is_no_reason_to_stay() {
    for code in [404, 500] {
        let inner = service_fn(|_: Request<()>| {
            let mut theirs = Response::new(Nothing(100_000));
            *theirs.status_mut() = StatusCode::from_u16(code).unwrap();
            ready(Ok::<_, Status>(theirs))
        });
        let answer = StatusMapLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
        assert_eq!(answer.status(), code);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.is_empty(), code == 404, "a 5xx's is replaced");
    }
}

/// A body of so many empty frames.
struct Nothing(u32);

impl Body for Nothing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(None) };
        self.0 = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::new()))))
    }
}

// ----- 10,000 extensions, nesting -----

#[tokio::test]
async fn ten_thousand_extensions_are_told() {
    let status = (0..10_000).fold(Status::conflict(), |status, n| status.with_extension(format!("member-{n}"), n));
    let problem: Value = serde_json::from_str(&body(&status, "application/json").await).unwrap();
    assert!((0..10_000).all(|n| problem[format!("member-{n}")] == n));
    assert_eq!(problem.as_object().unwrap().len(), 10_004);
    assert_eq!(body(&status, "text/html").await.matches("<dt>").count(), 10_000);
    assert_eq!(body(&status, "text/plain").await.matches("\nmember-").count(), 10_000);
    let fields = grpc(&status, "/a/b", "7").await;
    assert!(message(&fields).1 && !fields.contains_key("grpc-status-details-bin"));
    // And 10,000 errors of a form.
    let errors: Vec<_> = (0..10_000).map(|n| json!({ "pointer": format!("/{n}"), "detail": "missing" })).collect();
    let status = Status::unprocessable_entity().with_extension("errors", errors);
    assert_eq!(body(&status, "text/html").await.matches("<code>/").count(), 10_000);
}

#[tokio::test]
async fn nesting_is_told() {
    // serde_json reads 127 levels, one of which is the document itself.
    let nest = |levels: usize| (0..levels).fold(json!("in the middle"), |inner, _| json!([inner]));
    for levels in [1, 126, 1000] {
        let status = Status::conflict().with_extension("nested", nest(levels));
        for (accept, opens) in [("application/json", "[".repeat(levels)), ("text/plain", "[".repeat(levels))] {
            assert!(body(&status, accept).await.contains(&opens), "{levels} {accept}");
        }
        assert!(body(&status, "text/html").await.contains(&"[".repeat(levels)), "{levels}");
        let _ = grpc(&status, "/a/b", "7").await;
    }
    let status = Status::conflict().with_extension("nested", nest(126));
    let problem: Value = serde_json::from_str(&body(&status, "application/json").await).unwrap();
    assert_eq!(problem["nested"], nest(126));
}

/// An error with a cause.
#[derive(Debug)]
struct Link(Option<Box<Link>>);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link")
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|link| link as _)
    }
}

#[tokio::test]
async fn a_chain_of_causes_is_followed_128_links() {
    #[derive(Debug, thiserror::Error)]
    #[error("the root")]
    struct Root;
    #[derive(Debug, thiserror::Error)]
    #[error("a wrapper")]
    struct Wrapper(#[source] Box<dyn Error + Send + Sync>);

    let layer = StatusMapLayer::new().map_error(|_: &Root| Some(Status::im_a_teapot()));
    for (links, code) in [(0, 418), (127, 418), (128, 500), (1000, 500)] {
        let error =
            (0..links).fold(Box::new(Root) as Box<dyn Error + Send + Sync>, |error, _| Box::new(Wrapper(error)));
        let (parts, _) = answer(&layer, Request::new(()), &Status::from_error(error)).await;
        assert_eq!(parts.status, code, "{links} links");
    }
    let long = (0..10_000).fold(Link(None), |link, _| Link(Some(Box::new(link))));
    let (parts, _) = answer(&layer, Request::new(()), &Status::from_error(long)).await;
    assert_eq!(parts.status, 500);
    // Carriers that carry carriers.
    for (carriers, code) in [(60, 410), (70, 500)] {
        let carried = (0..carriers).fold(Status::gone(), |status, _| Status::from_error(std::io::Error::other(status)));
        assert_eq!(answer(&layer, Request::new(()), &carried).await.0.status, code, "{carriers} carriers");
    }
}

// ----- everything at once -----

#[tokio::test]
async fn a_name_a_title_and_uris_of_a_mebibyte_are_told() {
    let long = "x".repeat(MEBIBYTE);
    let status = Status::conflict()
        .with_title(long.clone())
        .with_type(format!("/{long}"))
        .with_instance(format!("/{long}"))
        .with_extension(long.clone(), 1);
    let problem: Value = serde_json::from_str(&body(&status, "application/json").await).unwrap();
    assert!(problem["title"] == long && problem["type"] == format!("/{long}") && problem[&long] == 1);
    assert!(body(&status, "text/html").await.contains(&format!("<title>409 {long}</title>")));
    assert!(body(&status, "text/plain").await.starts_with(&format!("409 {long}\n")));
    assert!(message(&grpc(&status, "/a/b", "7").await).1);
    let layer = StatusMapLayer::new().formats(&[Format::Json]);
    let path = format!("/{}", "p".repeat(60_000)); // `http` takes 65,534 bytes
    let request = Request::builder().uri(&path).body(()).unwrap();
    assert_eq!(answer(&layer, request, &status).await.0.status, 409);
}
