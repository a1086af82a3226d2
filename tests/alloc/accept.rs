//! Reading Accept allocates nothing: however long it is, an answer costs the same number of allocations.

// A test that meets the unexpected fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    future::ready,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use http::{HeaderValue, Request, Response, StatusCode, header};
use tower::{Layer, Service, service_fn};
use tower_status::{Format, Status, StatusMapLayer};

/// Allocations from the call to the answer, and the answer's content type. Nothing in it waits.
fn cost(code: StatusCode, lines: &[&str]) -> (u64, Option<HeaderValue>) {
    let inner = service_fn(move |_: Request<()>| {
        ready(if code == StatusCode::OK { Ok(Response::new(String::new())) } else { Err(Status::new(code)) })
    });
    let layer = StatusMapLayer::new().formats(&[Format::Json, Format::Html, Format::Text]);
    let mut service = layer.layer(inner);
    let mut request = Request::new(());
    for line in lines {
        request.headers_mut().append(header::ACCEPT, HeaderValue::from_str(line).unwrap());
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut response = None;
    let count = measure(|| {
        assert!(service.poll_ready(&mut context).is_ready());
        let mut future = pin!(service.call(request));
        let Poll::Ready(answer) = future.as_mut().poll(&mut context) else { panic!("it waits for nothing") };
        response = Some(answer.unwrap());
    })
    .count_total;
    let response = response.unwrap();
    assert_eq!(response.status(), code);
    (count, response.headers().get(header::CONTENT_TYPE).cloned())
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![1_u8]))).count_total, 1);
}

#[test]
fn ten_thousand_members_cost_what_one_costs() {
    // What stands 10,000 times before a member, the member, what stands 10,000 times after it; the form of both.
    #[rustfmt::skip]
    let rows = [
        ("image/png;q=0.5,", "text/html", "", "text/html; charset=utf-8"),
        ("text/html;q=0.1,", "text/html", "", "text/html; charset=utf-8"),
        (",", "text/html", "", "text/html; charset=utf-8"),
        ("", "text/html", ";charset=utf-8", "text/html; charset=utf-8"),
        ("*;q=.2,", "text/html", "", "text/html; charset=utf-8"),
        ("text/x;y=\"a,\\\"b\",", "text/html", "", "text/html; charset=utf-8"),
        ("text/html;q=9,", "text/plain", "", "text/plain; charset=utf-8"),
        ("", "text/plain", ",text/plain;x=\"", "text/plain; charset=utf-8"),
        ("*/*,", "*/*", "", "application/problem+json"),
        ("", "application/json", ",text/html;q=0.999", "application/problem+json"),
    ];
    // The first answer of all may fill tables of others.
    cost(StatusCode::NOT_FOUND, &["text/html"]);
    for (before, member, after, content_type) in rows {
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
fn a_thousand_field_lines_cost_what_two_cost() {
    cost(StatusCode::NOT_FOUND, &["text/html"]);
    let mut lines = ["image/png"; 1000];
    lines[999] = "text/html";
    for code in [StatusCode::NOT_FOUND, StatusCode::OK] {
        assert_eq!(cost(code, &["image/png", "text/html"]), cost(code, &lines), "{code}");
    }
}
