//! Whole requests to a server: the same work by tower-status, and as a user would write it by hand.

use crate::Case;
use connection::{Protocol, Received, Sent, Serve};

mod connect;
mod connection;
pub mod errors;
mod grpc;
pub mod memory;
mod success;

/// The header fields of curl, for JSON.
const CURL: &str = "host: shop.example
user-agent: curl/8.14.1
accept: */*";

/// The twelve header fields of Firefox, for a page.
const FIREFOX: &str = "host: shop.example
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

/// The name of the way in which a user would do it without tower-status.
pub const BY_HAND: &str = "by hand";
/// The name of the server without any layer.
const BARE: &str = "bare server";
/// The server that has a layer that does nothing in the place of tower-status.
pub const IDENTITY: &str = "identity layer";
/// The name of this crate's way.
pub const OURS: &str = "tower-status";

/// One way to handle a request.
struct Way {
    row: &'static str,
    who: &'static str,
    sent: Sent,
    serve: fn() -> Serve,
}

/// Who does it, and the server that does it.
type Server = (&'static str, fn() -> Serve);

/// Collects the ways of one row after the other.
#[derive(Default)]
struct Ways(Vec<Way>);

impl Ways {
    fn add(&mut self, row: &'static str, sent: Sent, ways: &[Server]) {
        self.0.extend(ways.iter().map(|(who, serve)| Way { row, who, sent, serve: *serve }));
    }
}

fn ways() -> Vec<Way> {
    let mut ways = Ways::default();
    success::add(&mut ways);
    errors::add(&mut ways);
    grpc::add(&mut ways);
    connect::add(&mut ways);
    ways.0
}

fn http1(head: &'static str, body: &'static [u8]) -> Sent {
    Sent { protocol: Protocol::Http1, head, body }
}

/// Returns a request line with header fields.
fn head(first: &str, fields: &str) -> &'static str {
    format!("{first}\n{fields}").leak()
}

pub(crate) fn cases() -> Vec<Case> {
    let case = |way: Way| {
        let make = move || connection::repeat(&(way.serve)(), way.sent);
        Case { row: way.row, work: "server", who: way.who, make: Box::new(make) }
    };
    ways().into_iter().map(case).collect()
}

/// Checks that all ways of a row send the same response.
pub(crate) fn check() {
    let ways = ways();
    let receive = |way: &Way| -> Received { connection::once(&(way.serve)(), way.sent) };
    for ours in ways.iter().filter(|way| way.who == OURS) {
        let received = receive(ours);
        for other in ways.iter().filter(|way| way.row == ours.row && way.who != OURS) {
            // The identity layer sends the 200.
            if received.0 == 304 && other.who == IDENTITY {
                continue;
            }
            assert_eq!(received, receive(other), "{}: left: tower-status, right: {}", ours.row, other.who);
        }
        println!("{}: the same {}, {} bytes", ours.row, received.0, received.2.len());
    }
}
