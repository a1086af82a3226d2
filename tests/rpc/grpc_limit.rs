//! The limit on the size of an error response.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use tower_status::{Status, StatusMapLayer};

use crate::error_response::{CALL, Call, LIMIT, error_response, send, send_unlimited};

/// Returns whether a message is the beginning of another, perhaps with an ellipsis.
fn is_cut_of(cut: &str, whole: &str) -> bool {
    let kept = cut.strip_suffix('…').unwrap_or(cut);
    kept.len() < whole.len() && whole.starts_with(kept)
}

/// As the message grows, the details are left out and then the message is cut, each as late as possible.
#[tokio::test]
async fn growing_message_first_removes_the_details_and_then_is_cut() {
    let subtype = format!("application/grpc+{}", "x".repeat(100));
    let types = ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text", &*subtype];
    // A space at the edge takes three bytes in the field.
    let rows = types.iter().flat_map(|content_type| [(content_type, ""), (content_type, " ")]);
    for (content_type, before) in rows {
        for with_metadata in [false, true] {
            let call = Call { content_type, ..CALL };
            let row = format!("{content_type} {with_metadata} {before:?}");
            let grown = async |length: usize| {
                let whole = format!("{before}{}", "m".repeat(length));
                let mut status = Status::conflict().with_type("/problems/x").with_detail(whole.clone());
                if with_metadata {
                    status = status.with_header("x-shard", "s".repeat(500));
                }
                let response = send(StatusMapLayer::new().rpc(true), &call, Err(status)).await;
                assert_eq!(
                    (response.code, response.metadata.contains_key("x-shard")),
                    (10, with_metadata),
                    "{row} {length}"
                );
                let cut = response.message != whole;
                assert!(!cut || is_cut_of(&response.message, &whole), "{row} {length}");
                assert!(!cut || response.size > LIMIT - 12, "{row} {length}: {} is cut too short", response.size);
                assert!(!cut || response.rpc.is_none(), "{row} {length}: the details are left out first");
                (response.rpc.is_some(), cut, response.size)
            };
            // Bisects to the last length for which the condition holds.
            let last = async |holds: fn((bool, bool, usize)) -> bool| {
                let (mut low, mut high) = (1, 4_000);
                assert!(holds(grown(low).await) && !holds(grown(high).await), "{row}");
                while high - low > 1 {
                    let middle = usize::midpoint(low, high);
                    *(if holds(grown(middle).await) { &mut low } else { &mut high }) = middle;
                }
                low
            };
            let with_details = last(|(details, ..)| details).await;
            let whole = last(|(_, cut, _)| !cut).await;
            assert!(with_details < whole, "{row}");
            // Each limit is passed once.
            for length in (with_details - 20..with_details + 20).chain(whole - 20..whole + 20) {
                let (details, cut, _) = grown(length).await;
                assert_eq!((details, cut), (length <= with_details, length > whole), "{row} {length}");
            }
            // A byte of the message takes one byte in the field and four thirds in the details.
            assert!(grown(with_details).await.2 >= LIMIT - 8, "{row}: there was room for details");
            assert_eq!(grown(whole).await.2, LIMIT - 1, "{row}: there was room for the message");
        }
    }
}

/// It is not cut within a UTF-8 sequence or its percent-encoding.
#[tokio::test]
async fn long_message_is_cut_between_characters() {
    const ENCODED: &AsciiSet = &CONTROLS.add(b'%');
    for unit in ["m", "é", "日", "🌷", "%", "\n", " ", "e\u{301}", "a🌷", "%41", "  x"] {
        for before in 0..13 {
            let whole = format!("{}{}", "a".repeat(before), unit.repeat(20_000));
            let response = error_response(Status::conflict().with_detail(whole.clone())).await;
            assert!(is_cut_of(&response.message, &whole), "{unit:?} after {before}");
            let kept = response.message.trim_end_matches('…');
            let next = whole[kept.len()..].chars().next().unwrap().to_string();
            let next = utf8_percent_encode(&next, ENCODED).to_string();
            assert!(response.size + next.len() >= LIMIT, "{unit:?} after {before}: {} is cut too short", response.size);
            let raw = response.metadata["grpc-message"].to_str().unwrap();
            assert_eq!(raw.trim(), raw, "{unit:?} after {before}");
        }
    }
}

/// Metadata and a message, and the parts of the response that fit.
struct Filled {
    lines: usize,
    length: usize,
    message: usize,
    all_lines: bool,
    details: bool,
    whole_message: bool,
}

#[tokio::test]
async fn metadata_counts_towards_the_limit() {
    let filled = |status: Status, lines: usize, length: usize| {
        (0..lines).fold(status, |status, line| status.with_header(format!("x-{line}"), "v".repeat(length)))
    };
    #[rustfmt::skip]
    let rows = [
        Filled { lines: 1, length: 10, message: 10, all_lines: true, details: true, whole_message: true },
        Filled { lines: 10, length: 20, message: 10, all_lines: true, details: true, whole_message: true },
        Filled { lines: 10, length: 20, message: 2_000, all_lines: true, details: false, whole_message: true },
        Filled { lines: 10, length: 190, message: 10, all_lines: true, details: true, whole_message: true },
        Filled { lines: 10, length: 190, message: 2_000, all_lines: true, details: false, whole_message: false },
        Filled { lines: 30, length: 30, message: 2_000, all_lines: true, details: false, whole_message: false },
        Filled { lines: 1, length: 4_000, message: 10, all_lines: false, details: false, whole_message: true },
        Filled { lines: 400, length: 10, message: 10, all_lines: false, details: false, whole_message: false },
        Filled { lines: 1, length: 1_000_000, message: 10_000, all_lines: false, details: false, whole_message: false },
        Filled { lines: 9, length: 400, message: 10_000, all_lines: false, details: false, whole_message: false },
    ];
    for Filled { lines, length, message, all_lines, details, whole_message } in rows {
        let row = format!("{lines} lines of {length}, {message}");
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let call = Call { content_type, ..CALL };
            let text = "m".repeat(message);
            let status = filled(Status::conflict().with_type("/problems/x").with_detail(text.clone()), lines, length);
            let response = send(StatusMapLayer::new().rpc(true), &call, Err(status)).await; // which checks the limit
            assert_eq!(response.code, 10, "{row}");
            let kept = response.metadata.keys().filter(|name| name.as_str().starts_with("x-")).count();
            if all_lines {
                assert_eq!(
                    (kept, response.rpc.is_some(), response.message == text),
                    (lines, details, whole_message),
                    "{row}"
                );
            } else {
                assert!(kept < lines, "{row}");
            }
        }
    }
}

/// RFC 9113 §6.5.2: a field is sent as long as the sum stays below the limit, to the byte.
#[tokio::test]
async fn metadata_is_sent_up_to_the_last_byte_of_the_limit() {
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let call = Call { content_type, ..CALL };
        let shard = async |length: usize| {
            let status = Status::conflict().with_header("x-shard", "s".repeat(length));
            let response = send(StatusMapLayer::new().rpc(true), &call, Err(status)).await; // which checks the limit
            let sizes = ["grpc-message", "grpc-status-details-bin"]
                .map(|name| response.metadata.get(name).map_or(0, |value| size(name, value.to_str().unwrap())));
            (response.metadata.contains_key("x-shard"), response.size - sizes.iter().sum::<usize>())
        };
        let (is_sent, size) = shard(1).await;
        assert!(is_sent, "{content_type}");
        // Message and details are left out before the metadata.
        let longest = 1 + (LIMIT - 1) - size;
        for (length, fits) in [(longest - 1, true), (longest, true), (longest + 1, false)] {
            assert_eq!(shard(length).await.0, fits, "{content_type}: {length}");
        }
    }
}

#[tokio::test]
async fn fields_of_the_inner_response_count_towards_the_limit() {
    check_inner_response(&[(1, 10), (1, 1_500), (10, 150), (30, 20), (1, 1_900)]).await;
}

#[tokio::test]
async fn large_fields_of_the_inner_response_are_left_out() {
    check_inner_response(&[(1, 4_000), (20, 150), (100, 20), (1, 1_000_000)]).await;
}

/// The limit is exact to the byte.
#[tokio::test]
async fn fields_of_the_inner_response_leave_a_third_of_the_limit_for_the_status() {
    let servers = size(":status", "200") + size("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
        let before = servers + size("content-type", content_type) + size("x-region", "eu") + size("x-shard", "");
        let longest = LIMIT - LIMIT / 3 - 1 - before;
        for (length, fits) in [(longest - 1, true), (longest, true), (longest + 1, false)] {
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::CONFLICT;
            response.headers_mut().insert("x-region", HeaderValue::from_static("eu"));
            response.headers_mut().insert("x-shard", "s".repeat(length).parse().unwrap());
            let response = send(StatusMapLayer::new().rpc(true), &Call { content_type, ..CALL }, Ok(response)).await;
            let kept = ["x-region", "x-shard"].map(|name| response.metadata.contains_key(name));
            assert_eq!(kept, [true, fits], "{content_type}: {length}");
        }
    }
}

/// Returns the size of a field (RFC 9113 §6.5.2).
fn size(name: &str, value: &str) -> usize {
    name.len() + value.len() + 32
}

async fn check_inner_response(rows: &[(usize, usize)]) {
    for &(lines, length) in rows {
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let mut response = Response::new("m".repeat(8_000));
            *response.status_mut() = StatusCode::CONFLICT;
            response.headers_mut().insert("content-type", "text/plain".parse().unwrap());
            for line in 0..lines {
                let name = HeaderName::try_from(format!("x-{line}")).unwrap();
                response.headers_mut().insert(name, "v".repeat(length).parse().unwrap());
            }
            let call = Call { content_type, ..CALL };
            assert_eq!(
                send(StatusMapLayer::new().rpc(true), &call, Ok(response)).await.code,
                10,
                "{lines} of {length}"
            );
        }
    }
}

#[tokio::test]
async fn mebibytes_in_any_field_stay_within_the_limit() {
    let longest = "🌷".repeat(10 * 1024 * 1024 / 4);
    let long = "🌷".repeat(128 * 1024);
    let many: Vec<Value> =
        (0..100_000).map(|n| json!({ "pointer": format!("/items/{n}"), "detail": "is wrong" })).collect();
    let rows = [
        ("detail", Status::conflict().with_detail(longest.clone())),
        ("title", Status::conflict().with_title(long.clone())),
        ("type", Status::conflict().with_type(long.clone())),
        ("a resolvable type", Status::conflict().with_type(format!("https://shop.example/{long}"))),
        ("an extension", Status::conflict().with_extension("order", longest)),
        ("a name", Status::conflict().with_extension(long, 7)),
        ("errors", Status::unprocessable_entity().with_extension("errors", many)),
    ];
    for (row, status) in rows {
        for content_type in ["application/grpc", "application/grpc-web-text"] {
            let call = Call { content_type, ..CALL };
            let response = send(StatusMapLayer::new().rpc(true), &call, Err(status.clone())).await;
            assert!(matches!(response.code, 3 | 10), "{row}");
            assert!(!response.message.is_empty(), "{row}");
        }
    }
}

/// Any limit is exact to the byte.
#[tokio::test]
async fn another_limit_is_kept_as_long_as_the_code_fits() {
    for limit in [256, 1_000, 4 * 1024, 8 * 1024, 64 * 1024] {
        let layer = || StatusMapLayer::new().rpc(true).grpc_limit(limit);
        let row = format!("{limit}");
        for content_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let call = Call { content_type, ..CALL };
            let status = Status::conflict().with_detail("m".repeat(100_000));
            let response = send_unlimited(layer(), &call, Err(status)).await;
            assert_eq!(response.code, 10, "{row} {content_type}");
            // The fields of gRPC-Web alone take more than the smallest limit.
            if limit > 256 {
                assert_eq!(response.size, limit - 1, "{row} {content_type}");
            }
            let inner = Response::builder().status(409).header("x-shard", "s".repeat(limit / 2));
            let response = send_unlimited(layer(), &call, Ok(inner.body(String::new()).unwrap())).await;
            assert_eq!(response.metadata.contains_key("x-shard"), limit > 1_000, "{row} {content_type}");
        }
    }
    for limit in [0, 1, 45, 150] {
        let layer = StatusMapLayer::new().rpc(true).grpc_limit(limit);
        let status = Status::conflict().with_header("x-shard", "7").with_detail("sold out");
        let response = send_unlimited(layer, &CALL, Err(status)).await;
        assert_eq!((response.code, &*response.message, response.rpc.is_none()), (10, "", true), "{limit}");
        assert!(!response.metadata.contains_key("x-shard"), "{limit}");
    }
    let response = send_unlimited(StatusMapLayer::new().rpc(true).grpc_limit(usize::MAX), &CALL, Err(Status::gone()));
    assert_eq!(response.await.code, 5);
}

/// `ErrorInfo` is left out last.
#[tokio::test]
async fn details_are_left_out_one_by_one() {
    let errors = |count: usize| vec![json!({ "pointer": "#/lines/0/count", "detail": "must not be negative" }); count];
    let long = |length: usize| format!("https://shop.example/{}", "p".repeat(length));
    let status = |errors_of_client: usize, length: usize| {
        let status = Status::service_unavailable().expose().with_type(long(length)).with_detail("not now");
        let status = status.with_retry_after(Duration::from_secs(7));
        if errors_of_client == 0 { status } else { status.with_extension("errors", errors(errors_of_client)) }
    };
    #[rustfmt::skip]
    let rows: [(Status, &[&str]); 4] = [
        (status(0, 10), &["ErrorInfo", "RetryInfo", "Help"]),
        (status(3, 10), &["ErrorInfo", "RetryInfo", "BadRequest", "Help"]),
        (status(3, 2_500), &["ErrorInfo", "RetryInfo", "BadRequest"]),
        (status(300, 10), &["ErrorInfo", "RetryInfo"]),
    ];
    for (status, kinds) in rows {
        assert_eq!(error_response(status).await.kinds(), kinds);
    }
    // A longer message leaves less room.
    let mut seen: Vec<Vec<String>> = Vec::new();
    for length in 900..1_200 {
        let response = error_response(status(0, 10).with_detail("m".repeat(length))).await;
        let kinds = response.kinds().into_iter().map(str::to_owned).collect();
        if seen.last() != Some(&kinds) {
            seen.push(kinds);
        }
    }
    let expected = [&["ErrorInfo", "RetryInfo", "Help"][..], &["ErrorInfo", "RetryInfo"], &["ErrorInfo"], &[]];
    assert_eq!(seen, expected);
}

/// gRPC-Web lists a name once, however many lines it has, and not at all if it is exposed already.
#[tokio::test]
async fn name_that_is_exposed_counts_once() {
    let name = HeaderName::try_from(format!("x-{}", "n".repeat(300))).unwrap();
    let long = || Status::conflict().with_detail("m".repeat(10_000));
    let repeated = long().with_header(&name, "7").with_header(&name, "8").with_header(&name, "9");
    let exposed = long().with_header("access-control-expose-headers", &*name.to_string()).with_header(&name, "7");
    let call = Call { content_type: "application/grpc-web", ..CALL };
    for (status, lines) in [(repeated, 3), (exposed, 1)] {
        let response = send(StatusMapLayer::new().rpc(true), &call, Err(status)).await;
        assert_eq!((response.metadata.get_all(&name).iter().count(), response.size), (lines, LIMIT - 1));
    }
}
