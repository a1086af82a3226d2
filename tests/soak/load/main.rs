//! The soak's own load, beside that of wrk and h2load: the table of requests over HTTP/1.1 and HTTP/2, gRPC and Connect,
//! writers that race, caches that revalidate, and clients that disconnect at every stage. Each response is read to its end
//! and checked. `tests/soak/run` starts it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod client;
mod rpc;

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use client::{Client, Got, HANGS, Tally, request};
use http::Version;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// Texts that no client may see: parts of the server's own errors.
const SECRETS: [&str; 4] = ["tulip@10.0.0.7", "refused", "/no/such", "os error"];

struct Row {
    method: &'static str,
    path: &'static str,
    fields: Vec<(&'static str, &'static str)>,
    body: &'static str,
    code: u16,
    text: &'static str,
}

fn table() -> Vec<Row> {
    let lines = include_str!("../requests").lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let columns: Vec<_> = line.splitn(6, '|').map(str::trim).collect();
        let fields = columns[2].split(" & ").filter_map(|field| field.split_once(": ")).collect();
        let code = columns[4].parse().unwrap();
        Row { method: columns[0], path: columns[1], fields, body: columns[3], code, text: columns[5] }
    });
    rows.collect()
}

/// Returns what is wrong with a response.
fn failure(row: &Row, method: &str, id: &str, got: &Got) -> Option<String> {
    let (code, text) = (got.code, got.text());
    let empty = method == "HEAD" || matches!(code.as_u16(), 204 | 304);
    let is_problem = got.field("content-type") == "application/problem+json";
    let is_json = |body: &[u8]| {
        serde_json::from_slice(body).is_ok_and(|json: Value| {
            json["status"] == code.as_u16() && (code.as_u16() < 400 || json["request_id"] == id)
        })
    };
    let is_connect = row.path.starts_with("/connect/");
    let wrong = if code != row.code {
        "unexpected status"
    } else if method != "HEAD" && !text.contains(row.text) {
        "missing text"
    } else if SECRETS.iter().any(|secret| text.contains(secret)) {
        "a secret"
    } else if empty && !got.body.is_empty() {
        "content without a body"
    } else if code.as_u16() >= 400 && got.field("cache-control") != "no-store" && !is_connect {
        "cacheable"
    } else if is_problem && !empty && !is_json(&got.body) {
        "wrong problem document"
    } else {
        return None;
    };
    Some(format!("{method} {} {:?}: {wrong}: {code}\n{text}", row.path, row.fields))
}

#[derive(Clone)]
struct Load {
    address: Arc<str>,
    rows: Arc<Vec<Row>>,
    tally: Arc<Tally>,
    end: Instant,
}

impl Load {
    /// Sends the whole table repeatedly, with a new connection every eight rounds.
    async fn table(self, version: Version, first: usize) {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let kind = if version == Version::HTTP_2 { "HTTP/2" } else { "HTTP/1.1" };
        let mut at = first;
        while Instant::now() < self.end {
            let mut client = Client::connect(&self.address, version).await;
            for _ in 0..8 * self.rows.len() {
                let row = &self.rows[at % self.rows.len()];
                // Every third GET is sent as HEAD, which has the same status.
                let method = if row.method == "GET" && at.is_multiple_of(3) { "HEAD" } else { row.method };
                at += 1;
                let id = format!("s-{}", IDS.fetch_add(1, Ordering::Relaxed));
                let coding = if at % 5 < 3 { "gzip" } else { "identity" };
                let added = [("x-request-id", &*id), ("accept-encoding", coding)];
                let fields: Vec<_> = row.fields.iter().copied().chain(added).collect();
                match client.ask(request(&self.address, method, row.path, &fields, row.body)).await {
                    Ok(response) => {
                        self.tally.count(kind, response.code.as_u16());
                        self.tally.check(failure(row, method, &id, &response));
                    }
                    Err(error) => return self.tally.wrong(format!("{kind}: {method} {}: {error}", row.path)),
                }
            }
        }
    }

    /// Takes the next number and revalidates as a cache does: after its own order, or another writer's, the tag is stale.
    async fn race(self, version: Version) {
        let mut client = Client::connect(&self.address, version).await;
        let mut pace = paced();
        while Instant::now() < self.end {
            pace.tick().await;
            if let Err(error) = self.round(&mut client).await {
                return self.tally.wrong(format!("race: {error}"));
            }
        }
    }

    async fn round(&self, client: &mut Client) -> Result<(), String> {
        let mut ask = async |request, expected: &[u16]| {
            let got: Got = client.ask(request).await?;
            let code = got.code.as_u16();
            self.tally.count("race", code);
            let tag = Some(got.field("etag").to_owned()).filter(|tag| !tag.is_empty());
            if expected.contains(&code) { Ok(tag) } else { Err(format!("{code}, not {expected:?}: {}", got.text())) }
        };
        // A generated tag, with and without a content coding.
        let bulbs = |method, fields: &[(&str, &str)]| request(&self.address, method, "/bulbs", fields, "");
        let fresh = ask(bulbs("GET", &[("accept-encoding", "gzip")]), &[200]).await?.ok_or("no tag")?;
        for (method, coding) in [("GET", "gzip"), ("GET", "identity"), ("HEAD", "gzip")] {
            let fields = [("if-none-match", &*fresh), ("accept-encoding", coding)];
            // The content of a response to HEAD has no tag, so its condition is not evaluated.
            ask(bulbs(method, &fields), if method == "HEAD" { &[200] } else { &[304] }).await?;
        }
        let get = |fields: &[(&str, &str)]| request(&self.address, "GET", "/orders", fields, "");
        let tag = ask(get(&[]), &[200]).await?.ok_or("no tag")?;
        ask(get(&[("if-none-match", &tag)]), &[200, 304]).await?;
        let order = format!(r#"{{"id":{},"item":"tulip"}}"#, tag.trim_matches('"'));
        let post = request(&self.address, "POST", "/orders", &[("content-type", "application/json")], order);
        ask(post, &[201, 409]).await?;
        ask(get(&[("if-match", &tag)]), &[412]).await?;
        let next = ask(get(&[("if-none-match", &tag)]), &[200]).await?.ok_or("no tag")?;
        let number = |tag: &str| tag.trim_matches('"').parse::<u64>().unwrap();
        if number(&next) > number(&tag) { Ok(()) } else { Err(format!("{tag} became {next}")) }
    }

    /// Disconnects in the middle, then sends a complete request.
    async fn abort(self) {
        let mut pace = paced();
        for at in 0.. {
            pace.tick().await;
            if Instant::now() >= self.end {
                return;
            }
            let stage = at % (ABORTED.len() + 2);
            match ABORTED.get(stage) {
                Some((bytes, leave)) => self.leave(bytes, *leave).await,
                None => self.reset(stage == ABORTED.len()).await,
            }
            let (row, id) = (&self.rows[at % self.rows.len()], "after");
            let mut client = Client::connect(&self.address, Version::HTTP_11).await;
            let fields: Vec<_> = row.fields.iter().copied().chain([("x-request-id", id)]).collect();
            match client.ask(request(&self.address, row.method, row.path, &fields, row.body)).await {
                Ok(response) => {
                    self.tally.count("after an abort", response.code.as_u16());
                    self.tally.check(failure(row, row.method, id, &response));
                }
                Err(error) => return self.tally.wrong(format!("after an abort: {error}")),
            }
        }
    }

    async fn leave(&self, bytes: &[u8], leave: Leave) {
        let mut stream = TcpStream::connect(&*self.address).await.unwrap();
        let _ = stream.write_all(bytes).await;
        match leave {
            Leave::Close => {}
            Leave::Reset => stream.set_zero_linger().unwrap(),
            Leave::ReadSome => drop(stream.read_u8().await),
            // The server closes a connection that it cannot parse.
            Leave::ReadAll => {
                if timeout(HANGS, stream.read_to_end(&mut Vec::new())).await.is_err() {
                    self.tally.wrong(format!("{:?} hangs", String::from_utf8_lossy(bytes)));
                }
            }
        }
        self.tally.count("aborted", 0);
    }

    /// Resets streams of HTTP/2; other requests on the connection get their responses, unless it is closed as well.
    async fn reset(&self, stay: bool) {
        let stream = TokioIo::new(TcpStream::connect(&*self.address).await.unwrap());
        let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let slow: Vec<_> =
            (0..4).map(|_| client.send_request(request(&self.address, "GET", "/slow", &[], ""))).collect();
        let mut client = Client::Http2(client);
        // When this response arrives, the server has the requests before it.
        let beside = client.ask(request(&self.address, "GET", "/orders/8", &[], "")).await;
        if stay {
            drop(slow);
        } else {
            connection.abort();
        }
        let after = client.ask(request(&self.address, "GET", "/orders/9", &[], "")).await;
        let code = |got: &Result<Got, _>| got.as_ref().ok().map(|got| got.code.as_u16());
        let codes = (code(&beside), code(&after));
        if codes != (Some(404), stay.then_some(410)) {
            self.tally.wrong(format!("beside a reset, and after it: {codes:?}"));
        }
        self.tally.count("aborted", 0);
    }
}

/// Limits the rate, so that loopback's ports are not exhausted and most requests are of the other kinds.
fn paced() -> tokio::time::Interval {
    let mut pace = interval(Duration::from_millis(10));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

#[derive(Clone, Copy)]
enum Leave {
    Close,
    Reset,
    ReadSome,
    ReadAll,
}

const ABORTED: [(&[u8], Leave); 14] = [
    (b"", Leave::Close),
    (b"", Leave::Reset),
    (b"GET /orders/8 HT", Leave::Close),
    (b"GET /orders/8 HTTP/1.1\r\nhost: a\r\nacc", Leave::Reset),
    (b"POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{", Leave::Close),
    (b"POST /orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{", Leave::Reset),
    (b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n", Leave::Close),
    (b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n", Leave::Reset),
    (b"GET /status/404 HTTP/1.1\r\nhost: a\r\n\r\n", Leave::ReadSome),
    (b"GET /pay HTTP/1.1\r\nhost: a\r\n\r\nGET /pay HTTP/1.1\r\nhost: a\r\n\r\nGET /slow HTTP/1.1\r\nhost: a\r\n\r\n", Leave::Reset),
    (b"GET / HTTP/9.9\r\n\r\n", Leave::ReadAll),
    (b"GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n", Leave::ReadAll),
    (b"POST /orders HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", Leave::ReadAll),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno frame at all", Leave::ReadAll),
];

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let seconds: u64 = env::var("SOAK_SECONDS").unwrap().parse().unwrap();
    let load = Load {
        address: env::var("SOAK_ADDRESS").unwrap().into(),
        rows: Arc::new(table()),
        tally: Arc::default(),
        end: Instant::now() + Duration::from_secs(seconds),
    };
    let mut tasks = JoinSet::new();
    for (at, version) in [Version::HTTP_11, Version::HTTP_2].into_iter().cycle().take(6).enumerate() {
        tasks.spawn(load.clone().table(version, at * 5));
    }
    for version in [Version::HTTP_11, Version::HTTP_11, Version::HTTP_2] {
        tasks.spawn(load.clone().race(version));
    }
    for _ in 0..2 {
        tasks.spawn(load.clone().grpc());
        tasks.spawn(load.clone().connect(Version::HTTP_11));
        tasks.spawn(load.clone().connect(Version::HTTP_2));
        tasks.spawn(load.clone().abort());
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    for ((kind, code), count) in &*load.tally.responses.lock().unwrap() {
        println!("soak: {kind}: {code}: {count}");
    }
    let wrong = load.tally.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} wrong, first:\n{}", wrong.len(), wrong[0]);
}
