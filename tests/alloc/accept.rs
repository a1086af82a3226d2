//! Negotiation does not allocate: a response costs the same number of allocations however long Accept is.

use std::{
    future::ready,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use http::{HeaderValue, Request, Response, StatusCode, header};
use tower::{Layer, Service, service_fn};
use tower_status::{Format, Status, StatusMapLayer};

use crate::common::get;

/// Returns the allocations of a call, and the content type of the response. Nothing in it waits.
fn cost(code: StatusCode, lines: &[&str]) -> (u64, Option<HeaderValue>) {
    let inner = service_fn(move |_: Request<()>| {
        ready(if code == StatusCode::OK { Ok(Response::new(String::new())) } else { Err(Status::new(code)) })
    });
    let layer = StatusMapLayer::new().formats(&[Format::Json, Format::Html, Format::Text]);
    let mut service = layer.layer(inner);
    let fields: Vec<_> = lines.iter().map(|line| ("accept", *line)).collect();
    let request = get("/", &fields);
    let mut context = Context::from_waker(Waker::noop());
    let mut response = None;
    let count = measure(|| {
        assert!(service.poll_ready(&mut context).is_ready());
        let mut future = pin!(service.call(request));
        let Poll::Ready(result) = future.as_mut().poll(&mut context) else { panic!("the future is pending") };
        response = Some(result.unwrap());
    })
    .count_total;
    let response = response.unwrap();
    assert_eq!(response.status(), code);
    (count, response.headers().get(header::CONTENT_TYPE).cloned())
}

#[test]
fn counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![1_u8]))).count_total, 1);
}

/// A member, the text that is repeated 10,000 times before and after it, and the content type of both responses.
struct Long {
    before: &'static str,
    member: &'static str,
    after: &'static str,
    content_type: &'static str,
}

#[test]
fn ten_thousand_members_allocate_no_more_than_one() {
    #[rustfmt::skip]
    let rows = [
        Long { before: "image/png;q=0.5,", member: "text/html", after: "", content_type: "text/html; charset=utf-8" },
        Long { before: "text/html;q=0.1,", member: "text/html", after: "", content_type: "text/html; charset=utf-8" },
        Long { before: ",", member: "text/html", after: "", content_type: "text/html; charset=utf-8" },
        Long { before: "", member: "text/html", after: ";charset=utf-8", content_type: "text/html; charset=utf-8" },
        Long { before: "*;q=.2,", member: "text/html", after: "", content_type: "text/html; charset=utf-8" },
        Long { before: "text/x;y=\"a,\\\"b\",", member: "text/html", after: "", content_type: "text/html; charset=utf-8" },
        Long { before: "text/html;q=9,", member: "text/plain", after: "", content_type: "text/plain; charset=utf-8" },
        Long { before: "", member: "text/plain", after: ",text/plain;x=\"", content_type: "text/plain; charset=utf-8" },
        Long { before: "*/*,", member: "*/*", after: "", content_type: "application/problem+json" },
        Long { before: "", member: "application/json", after: ",text/html;q=0.999", content_type: "application/problem+json" },
    ];
    // The first response may initialize statics.
    cost(StatusCode::NOT_FOUND, &["text/html"]);
    for Long { before, member, after, content_type } in rows {
        let many = [&before.repeat(10_000), member, &after.repeat(10_000)].concat();
        for code in [StatusCode::NOT_FOUND, StatusCode::OK] {
            let (one, ten_thousand) = (cost(code, &[member]), cost(code, &[&many]));
            assert_eq!(one, ten_thousand, "{code} {before}…{member}…{after}");
            let expected = (code == StatusCode::NOT_FOUND).then(|| HeaderValue::from_static(content_type));
            assert_eq!(one.1, expected, "{code} {member}");
        }
    }
}

#[test]
fn thousand_field_lines_allocate_no_more_than_two() {
    cost(StatusCode::NOT_FOUND, &["text/html"]);
    let mut lines = ["image/png"; 1000];
    lines[999] = "text/html";
    for code in [StatusCode::NOT_FOUND, StatusCode::OK] {
        assert_eq!(cost(code, &["image/png", "text/html"]), cost(code, &lines), "{code}");
    }
}
