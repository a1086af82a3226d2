//! The crate's own part of the work, without a server: one file for each kind of work.

use std::hint::black_box;

use crate::{Case, Run};

mod accept;
mod errors;
mod grpc;
mod into_response;
mod pass;
mod preconditions;

pub(crate) use accept::accept;
pub(crate) use errors::{bare, html, json};
pub(crate) use grpc::grpc;
pub(crate) use into_response::{check, into_response};
pub(crate) use pass::{logged, pass};
pub(crate) use preconditions::{evaluate, not_modified};

/// Collects the cases.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) cases: Vec<Case>,
    row: &'static str,
    work: &'static str,
}

impl Table {
    /// Sets the row and the work of the next cases.
    fn work(&mut self, row: &'static str, work: &'static str) {
        (self.row, self.work) = (row, work);
    }

    /// Adds one way to do it.
    fn by(&mut self, who: &'static str, make: impl Fn() -> Run + 'static) {
        self.cases.push(Case { row: self.row, work: self.work, who, make: Box::new(make) });
    }
}

/// Repeats work whose result the compiler must not leave out.
fn repeated<T>(mut work: impl FnMut() -> T + 'static) -> Run {
    Box::new(move |times| {
        for _ in 0..times {
            black_box(work());
        }
    })
}

/// The request head of curl.
const CURL: &str = "GET /orders/7?full
    host: shop.example
    user-agent: curl/8.14.1
    accept: */*";

/// The request head of Firefox over HTTP/1.1.
const FIREFOX: &str = "GET /orders/7?full
    host: shop.example
    user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0
    accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
    accept-language: en-US,en;q=0.5
    accept-encoding: gzip, deflate, br, zstd
    connection: keep-alive
    upgrade-insecure-requests: 1
    sec-fetch-dest: document
    sec-fetch-mode: navigate
    sec-fetch-site: none
    sec-fetch-user: ?1
    priority: u=0, i";

/// The Accept field of Chromium.
const CHROMIUM: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
