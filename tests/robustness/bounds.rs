//! Limits: input of any size is processed in full, or cut between two characters, with an ellipsis.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, header};
use http_body::{Body, Frame};
use http_body_util::Full;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tower_status::{ETag, Format, Status, StatusMapLayer, Validators, Verdict, evaluate, range_applies};

use crate::common::{self, error::Wrapper, fail, full, get, request, response, send};

const MEBIBYTE: usize = 1024 * 1024;
/// The default limit of the size of a gRPC error's header fields (RFC 9113 §6.5.2).
const GRPC: usize = 3 * 1024;
/// The longest text of an inner response that becomes a detail.
const TEXT: usize = 8 * 1024;

async fn body(status: &Status, accept: &str) -> String {
    let (_, body) = fail(&StatusMapLayer::new().rpc(true), get("/", &[("accept", accept)]), status.clone()).await;
    String::from_utf8(body.into()).unwrap()
}

async fn problem(status: &Status) -> serde_json::Value {
    common::json(body(status, "application/json").await.as_bytes())
}

/// Returns the header fields of a gRPC response, whose size it checks.
async fn grpc(status: &Status, path: &str, id: &str) -> HeaderMap {
    let request = request("POST", path, &[("content-type", "application/grpc"), ("x-request-id", id)]);
    let (parts, body) = fail(&StatusMapLayer::new().rpc(true), request, status.clone()).await;
    assert!(body.is_empty());
    let fields = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32);
    let size = fields.sum::<usize>() + ":status".len() + "200".len() + 32;
    assert!(size <= GRPC, "{size} for {path:.20}");
    parts.headers
}

/// A gRPC message without the ellipsis of a cut.
struct Message {
    text: String,
    cut: bool,
}

fn message(fields: &HeaderMap) -> Message {
    let encoded = fields["grpc-message"].to_str().unwrap();
    let text = percent_decode_str(encoded).decode_utf8().unwrap().into_owned();
    match text.strip_suffix('…') {
        Some(kept) => Message { text: kept.to_owned(), cut: true },
        None => Message { text, cut: false },
    }
}

// ----- header fields of 1 MiB -----

#[tokio::test]
async fn a_mebibyte_of_request_fields_is_read() {
    let filler = |piece: &str, total: usize| piece.repeat(total / piece.len());
    let one_line = vec![filler("image/png;q=0.9, ", MEBIBYTE) + "text/html;q=0.1"];
    let mut many_lines = vec![filler("image/png;q=0.9, ", 1000); MEBIBYTE / 1000];
    many_lines.push("text/html;q=0.1".to_owned());
    let quoted = vec![format!("text/plain;x=\"{}\"", filler("\\\",", MEBIBYTE)), "text/html;q=0.1".to_owned()];
    for lines in [one_line, many_lines, quoted] {
        let mut request = Request::new(());
        for line in &lines {
            request.headers_mut().append(header::ACCEPT, line.parse().unwrap());
        }
        // An unrelated field, and an id that is too long to be used.
        request.headers_mut().insert("x-filler", filler("x", MEBIBYTE).parse().unwrap());
        request.headers_mut().insert("x-request-id", filler("7", MEBIBYTE).parse().unwrap());
        let (parts, body) = fail(&StatusMapLayer::new().rpc(true), request, Status::not_found()).await;
        assert_eq!(parts.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(body.len() < 16 * 1024, "the page does not show the id: {}", body.len());
    }
}

#[tokio::test]
async fn a_mebibyte_of_fields_of_a_status_is_sent_over_http_and_cut_for_grpc() {
    let value = "v".repeat(1024);
    let name = |n: usize| HeaderName::try_from(format!("x-{n}")).unwrap();
    let status = (0..1024).fold(Status::conflict(), |status, n| status.with_header(name(n), &*value));
    let (parts, _) = fail(&StatusMapLayer::new().rpc(true), get("/", &[]), status.clone()).await;
    assert!((0..1024).all(|n| parts.headers[&name(n)] == value));
    // The response has as many fields as fit, and always the status.
    let fields = grpc(&status, "/a/b", "7").await;
    assert_eq!(fields["grpc-status"], "10");
    assert!((1..8).contains(&fields.keys().filter(|name| name.as_str().starts_with("x-")).count()));
}

#[tokio::test]
async fn a_mebibyte_of_fields_of_an_inner_response_is_kept() {
    for code in [200, 404, 500] {
        let mut inner = full(code, &[], "");
        for n in 0..1024 {
            let line = format!("{n}={}", "v".repeat(1020));
            inner.headers_mut().append(header::SET_COOKIE, line.parse().unwrap());
        }
        let cookies: Vec<_> = inner.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        let (parts, _) = send(&StatusMapLayer::new().rpc(true), get("/", &[]), Ok::<_, Status>(inner)).await;
        assert_eq!(parts.status, code);
        assert!(parts.headers.get_all(header::SET_COOKIE).iter().eq(&cookies));
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
        // If-Range is one tag or one date, never a list.
        assert!(!range_applies(&lines(&header::IF_RANGE, &with), &current));
    }
    // A tag of 1 MiB is valid.
    let long = "t".repeat(MEBIBYTE);
    let current = Validators::new().with_etag(ETag::weak(&long).unwrap());
    let request = lines(&header::IF_NONE_MATCH, &[format!("\"{long}\"")]);
    assert_eq!(evaluate(&Method::GET, &request, Some(&current)), Verdict::NotModified);
}

// ----- a detail of 10 MiB -----

#[tokio::test]
async fn a_detail_of_ten_mebibytes_is_sent_in_full_over_http_and_cut_for_grpc() {
    // Characters of one to four bytes that no format escapes.
    let detail = "Aä漢🌷".repeat(MEBIBYTE);
    assert_eq!(detail.len(), 10 * MEBIBYTE);
    let status = Status::conflict().with_detail(detail.clone());
    assert!(problem(&status).await["detail"] == detail);
    assert!(body(&status, "text/html").await.contains(&format!(">{detail}</p>")));
    assert!(body(&status, "text/plain").await.contains(&format!("\n{detail}\n")));
    let Message { text, cut } = message(&grpc(&status, "/a/b", "7").await);
    assert!(cut && detail.starts_with(&text) && text.len() > 700, "{}", text.len());
}

/// The limit is at each byte of characters of one to four bytes, percent-encoded or not.
#[tokio::test]
async fn a_grpc_message_is_cut_between_characters_and_ends_with_an_ellipsis() {
    for unit in ["a", "ä", "漢", "🌷", "%", " ", "a🌷", "\r\n"] {
        let encoded: usize =
            unit.bytes().map(|byte| if matches!(byte, b' '..=b'~') && byte != b'%' { 1 } else { 3 }).sum();
        let long = unit.repeat(GRPC / encoded + 1);
        for shift in 0..13 {
            let detail = format!("{}{long}.", "x".repeat(shift));
            let fields = grpc(&Status::conflict().with_detail(detail.clone()), "/a/b", "7").await;
            let Message { text, cut } = message(&fields);
            assert!(cut && detail.starts_with(&text), "{unit:?} {shift}");
            // The message uses all of the space.
            assert!(text.len() * encoded / unit.len() > GRPC - 300, "{unit:?} {shift}: {}", text.len());
        }
    }
    // The longest message that fits is not cut, and a longer one always is.
    let mut longest = 0;
    for length in GRPC - 300..GRPC {
        let fields = grpc(&Status::conflict().with_detail("x".repeat(length)), "/a/b", "").await;
        if !message(&fields).cut {
            assert!(longest == 0 || longest + 1 == length, "{length} fits, but {longest} is not one less");
            longest = length;
        }
    }
    // `:status: 200`, `date` (the server's), `content-type: application/grpc` and `grpc-status: 10` with 32 bytes each, and
    // `grpc-message`.
    let others = (7 + 3 + 32) + (4 + 29 + 32) + (12 + 16 + 32) + (11 + 2 + 32) + (12 + 32);
    assert!((GRPC - 1..=GRPC).contains(&(longest + others)), "{longest}");
}

#[tokio::test]
async fn grpc_details_are_dropped_before_the_message_is_cut() {
    let path = "/shop.Orders/Get";
    let small = Status::conflict().with_extension("order_id", 7);
    assert!(grpc(&small, path, "7").await.contains_key("grpc-status-details-bin"));
    let long = "x".repeat(GRPC);
    let long_path = format!("/{long}/Get");
    let long_type = small.clone().with_type(format!("https://example.org/{long}"));
    struct Row<'a> {
        name: &'a str,
        status: Status,
        path: &'a str,
        has_details: bool,
    }
    let rows = [
        Row { name: "a long member", status: small.clone().with_extension("long", &long), path, has_details: false },
        Row { name: "a long path", status: small.clone(), path: &long_path, has_details: false },
        Row {
            name: "a detail of 2,500 bytes",
            status: small.clone().with_detail("y".repeat(2500)),
            path,
            has_details: false,
        },
        Row {
            name: "a detail of 1,000 bytes",
            status: small.clone().with_detail("y".repeat(1000)),
            path,
            has_details: true,
        },
        // Without the link of `Help`.
        Row { name: "a long type", status: long_type, path, has_details: true },
    ];
    for Row { name, status, path, has_details } in rows {
        let fields = grpc(&status, path, "7").await;
        assert!(!message(&fields).cut, "{name}");
        assert_eq!(fields.contains_key("grpc-status-details-bin"), has_details, "{name}");
    }
    let fields = grpc(&small.with_detail(long), path, "7").await;
    assert!(message(&fields).cut && !fields.contains_key("grpc-status-details-bin"));
}

// ----- inner texts -----

fn text(code: u16, text: String) -> Response<Full<Bytes>> {
    full(code, &[("content-type", "text/plain; charset=utf-8")], text)
}

#[tokio::test]
async fn an_inner_text_up_to_8_kib_becomes_the_detail_and_a_longer_one_is_kept() {
    for length in [TEXT, TEXT + 2, 10 * MEBIBYTE] {
        let inner = "ä".repeat(length / 2);
        let outcome = Ok::<_, Status>(text(404, inner.clone()));
        let (parts, body) = send(&StatusMapLayer::new().rpc(true), get("/", &[]), outcome).await;
        if length == TEXT {
            assert_eq!(parts.headers[header::CONTENT_TYPE], common::PROBLEM_JSON);
            assert_eq!(common::json(&body)["detail"], inner);
        } else {
            assert_eq!(parts.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
            assert!(body == inner);
        }
    }
}

#[tokio::test]
async fn an_inner_text_of_a_5xx_is_cut_at_8_kib_for_the_log() {
    for length in [TEXT, TEXT + 2, 10 * MEBIBYTE] {
        let logged = Arc::<Mutex<String>>::default();
        let hook = Arc::clone(&logged);
        let layer = StatusMapLayer::new()
            .rpc(true)
            .on_error(move |status, _| *hook.lock().unwrap() = status.detail().unwrap().to_owned());
        // With an `x` in front, the limit is in the middle of a character.
        let inner = text(500, "x".to_owned() + &"ä".repeat(length / 2 - 1) + "x");
        let (parts, _) = send(&layer, get("/", &[]), Ok::<_, Status>(inner)).await;
        assert_eq!(parts.status, 500);
        let logged = logged.lock().unwrap();
        if length == TEXT {
            assert_eq!(logged.len(), TEXT);
        } else {
            let kept = logged.strip_suffix('…').expect("an ellipsis");
            assert!(kept.len() == TEXT - 1 && kept.chars().skip(1).all(|c| c == 'ä'), "{}", kept.len());
        }
    }
}

#[tokio::test]
async fn a_body_of_empty_frames_is_kept_for_a_4xx_and_replaced_for_a_5xx() {
    for code in [404, 500] {
        let inner = response(code, &[], EmptyFrames(100_000));
        let (parts, body) = send(&StatusMapLayer::new().rpc(true), get("/", &[]), Ok::<_, Status>(inner)).await;
        assert_eq!(parts.status, code);
        assert_eq!(body.is_empty(), code == 404);
    }
}

/// A body of this many empty frames.
struct EmptyFrames(u32);

impl Body for EmptyFrames {
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
async fn ten_thousand_extension_members_are_written() {
    let status = (0..10_000).fold(Status::conflict(), |status, n| status.with_extension(format!("member-{n}"), n));
    let problem = problem(&status).await;
    assert!((0..10_000).all(|n| problem[format!("member-{n}")] == n));
    assert_eq!(problem.as_object().unwrap().len(), 10_004);
    assert_eq!(body(&status, "text/html").await.matches("<dt>").count(), 10_000);
    assert_eq!(body(&status, "text/plain").await.matches("\nmember-").count(), 10_000);
    let fields = grpc(&status, "/a/b", "7").await;
    assert!(!message(&fields).cut && !fields.contains_key("grpc-status-details-bin"));
    // And 10,000 errors of a form.
    let errors: Vec<_> = (0..10_000).map(|n| json!({ "pointer": format!("/{n}"), "detail": "missing" })).collect();
    let status = Status::unprocessable_entity().with_extension("errors", errors);
    assert_eq!(body(&status, "text/html").await.matches(": missing</span></li>").count(), 10_000);
}

#[tokio::test]
async fn a_thousand_levels_of_nesting_are_written() {
    // serde_json reads 127 levels, one of which is the document itself.
    let nest = |levels: usize| (0..levels).fold(json!("in the middle"), |inner, _| json!([inner]));
    for levels in [1, 126, 1000] {
        let status = Status::conflict().with_extension("nested", nest(levels));
        for accept in ["application/json", "text/plain", "text/html"] {
            assert!(body(&status, accept).await.contains(&"[".repeat(levels)), "{levels} {accept}");
        }
        let _ = grpc(&status, "/a/b", "7").await;
    }
    let status = Status::conflict().with_extension("nested", nest(126));
    assert_eq!(problem(&status).await["nested"], nest(126));
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
async fn a_chain_of_sources_is_searched_for_128_links() {
    #[derive(Debug, thiserror::Error)]
    #[error("the root")]
    struct Root;

    let layer = StatusMapLayer::new().rpc(true).map_error(|_: &Root| Some(Status::im_a_teapot()));
    let code = async |error: Status| fail(&layer, get("/", &[]), error).await.0.status;
    for (links, expected) in [(0, 418), (127, 418), (128, 500), (1000, 500)] {
        let root = Box::new(Root) as Box<dyn Error + Send + Sync>;
        let error = (0..links).fold(root, |error, _| Box::new(Wrapper(error)));
        assert_eq!(code(Status::from_error(error)).await, expected, "{links} links");
    }
    let long = (0..10_000).fold(Link(None), |link, _| Link(Some(Box::new(link))));
    assert_eq!(code(Status::from_error(long)).await, 500);
    // Carriers in carriers.
    for (carriers, expected) in [(60, 410), (70, 500)] {
        let carried = (0..carriers).fold(Status::gone(), |status, _| Status::from_error(std::io::Error::other(status)));
        assert_eq!(code(carried).await, expected, "{carriers} carriers");
    }
}

// ----- long names and URIs -----

#[tokio::test]
async fn a_title_uris_and_a_member_name_of_a_mebibyte_are_written() {
    let long = "x".repeat(MEBIBYTE);
    let status = Status::conflict()
        .with_title(long.clone())
        .with_type(format!("/{long}"))
        .with_instance(format!("/{long}"))
        .with_extension(long.clone(), 1);
    let problem = problem(&status).await;
    assert!(problem["title"] == long && problem["type"] == format!("/{long}") && problem[&long] == 1);
    assert!(body(&status, "text/html").await.contains(&format!("<title>{long}</title>")));
    assert!(body(&status, "text/plain").await.starts_with(&format!("409 {long}\n")));
    assert!(!message(&grpc(&status, "/a/b", "7").await).cut);
    let layer = StatusMapLayer::new().rpc(true).formats(&[Format::Json]);
    let path = format!("/{}", "p".repeat(60_000)); // `http` takes 65,534 bytes
    assert_eq!(fail(&layer, get(&path, &[]), status).await.0.status, 409);
}
