//! Runs each example on a loopback port and talks to it with a real HTTP client.
// A test says what is wrong by failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod shop; // generated

use std::{
    env::consts::EXE_SUFFIX,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use reqwest::{Client, Method, Response, StatusCode, Version, redirect::Policy};
use serde_json::{Value, json};
use shop::v1::{OrderReply, OrderRequest, shop_client::ShopClient};
use tonic::Code;
use tower_status::catalog;

const JSON: &str = "application/problem+json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// What Firefox sends when a person opens a page.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A running example; it ends with the test.
struct Example {
    child: Child,
    /// Its standard output, line by line.
    lines: Receiver<String>,
    url: String,
    /// The `curl` lines that it printed.
    tour: Vec<String>,
}

impl Example {
    /// `cargo test` builds the examples beside the tests.
    fn start(name: &str, tour: usize) -> Self {
        let test = std::env::current_exe().unwrap();
        let target = test.parent().and_then(|deps| deps.parent()).unwrap();
        let binary = target.join("examples").join(format!("{name}{EXE_SUFFIX}"));
        let mut child = Command::new(&binary)
            .arg("127.0.0.1:0")
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; `cargo test -p examples` builds it", binary.display()));
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        // Reads on, so that the log never fills the pipe.
        thread::spawn(move || output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let mut example = Self { child, lines, url: String::new(), tour: Vec::new() };
        let address = example.line("listening on http://");
        address.trim().trim_start_matches("listening on ").clone_into(&mut example.url);
        example.tour = (0..tour).map(|_| example.line("curl ")).collect();
        example
    }

    /// The next line of its output that has this text.
    fn line(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60));
            let line = line.unwrap_or_else(|error| panic!("no line with {text:?}: {error}"));
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client(version: Version) -> Client {
    let builder = Client::builder().redirect(Policy::none()).no_proxy();
    let builder = if version == Version::HTTP_2 { builder.http2_prior_knowledge() } else { builder.http1_only() };
    builder.build().unwrap()
}

/// Sends what a printed `curl` line sends.
async fn curl(client: &Client, line: &str) -> Response {
    let mut words = words(line.split(" # ").next().unwrap()).into_iter();
    assert_eq!(words.next().as_deref(), Some("curl"), "{line}");
    let (mut method, mut url, mut fields, mut data) = (Method::GET, None, vec![("accept".into(), "*/*".into())], None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-i" | "--http2-prior-knowledge" => {}
            "-X" => method = words.next().unwrap().parse().unwrap(),
            "-d" => data = words.next(),
            "-H" => {
                let field = words.next().unwrap();
                let (name, value) = field.split_once(": ").unwrap();
                fields.retain(|(known, _): &(String, String)| known != name);
                fields.push((name.to_owned(), value.to_owned()));
            }
            _ if word.starts_with("http://") && url.is_none() => url = Some(word),
            // What stands after the address is said to the reader.
            _ if url.is_some() => break,
            _ => panic!("{word:?} of {line}"),
        }
    }
    let mut request = client.request(method, url.unwrap());
    for (name, value) in fields {
        request = request.header(name, value);
    }
    if let Some(data) = data {
        request = request.header("content-type", "application/x-www-form-urlencoded").body(data);
    }
    request.send().await.unwrap()
}

/// Splits as a shell does, as far as the printed lines need it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// What a printed line is about; its code, type, one more field, and what its body says.
type Row = (&'static str, u16, &'static str, (&'static str, &'static str), &'static str);

/// Nothing of what stays inside is ever shown.
const INSIDE: [&str; 6] = ["10.0.0.7", "tulip:", "shop:tulip", "refused", "no/such", "space left"];

async fn follow(example: &Example, client: &Client, version: Version, rows: &[Row]) {
    for (line, &(request, code, content_type, (name, value), says)) in example.tour.iter().zip(rows) {
        assert!(line.contains(request), "{request:?} is not what is printed: {line}");
        assert!(line.contains(&code.to_string()), "{line} does not promise {code}");
        let response = curl(client, line).await;
        assert_eq!(response.status(), code, "{line}");
        assert_eq!(response.version(), version, "{line}");
        assert_eq!(field(&response, "content-type"), content_type, "{line}");
        assert_eq!(field(&response, name), value, "{line}");
        let length = field(&response, "content-length").to_owned();
        let body = response.text().await.unwrap();
        // RFC 9110 §8.6: a 204 says no length, a 304 none but that of the 200 in its place.
        assert!(
            length == body.len().to_string() || matches!(code, 204 | 304) && body.is_empty() && length.is_empty(),
            "{line}: {length}"
        );
        assert!(body.contains(says), "{line}: {body}");
        assert!(INSIDE.iter().all(|inside| !body.contains(inside)), "{line}: {body}");
        if content_type == JSON {
            let document: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(document["status"], code, "{line}");
        }
    }
}

/// HEAD gets the fields of GET, and a person gets a page.
async fn as_a_browser(example: &Example, client: &Client, paths: &[(&str, u16)]) {
    for (path, code) in paths {
        let url = format!("{}{path}", example.url);
        for (accept, content_type) in [(BROWSER, HTML), ("*/*", JSON), ("text/plain", TEXT)] {
            let got = client.get(&url).header("accept", accept).send().await.unwrap();
            let head = client.head(&url).header("accept", accept).send().await.unwrap();
            let row = format!("{path} {accept}");
            assert_eq!((got.status().as_u16(), head.status().as_u16()), (*code, *code), "{row}");
            assert_eq!(field(&got, "content-type"), content_type, "{row}");
            let described = |response: &Response| {
                let mut lines: Vec<_> =
                    response.headers().iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
                lines.retain(|(name, _)| name != "date" && name != "content-length");
                lines.sort();
                lines
            };
            assert_eq!(described(&head), described(&got), "{row}");
            let length = field(&head, "content-length").to_owned();
            let body = got.text().await.unwrap();
            assert!(length.is_empty() || length == body.len().to_string(), "{row}: {length}");
            assert_eq!(head.text().await.unwrap(), "", "{row}");
            assert_eq!(body.starts_with("<!DOCTYPE html>"), content_type == HTML, "{row}: {body}");
            assert!(body.contains(&code.to_string()), "{row}: {body}");
        }
    }
}

/// The page of every status from 200 to 599; a code without an entry is explained as its class's x00 (RFC 9110 §15).
async fn every_status(example: &Example, client: &Client) {
    let mut wrong = Vec::new();
    for code in 200..=599 {
        let status = StatusCode::from_u16(code).unwrap();
        let class = StatusCode::from_u16(code / 100 * 100).unwrap();
        let entry = catalog::get(status).or_else(|| catalog::get(class)).unwrap();
        for (accept, content_type) in [("*/*", JSON), (BROWSER, HTML)] {
            let url = format!("{}/status/{code}", example.url);
            let response = client.get(&url).header("accept", accept).send().await.unwrap();
            assert_eq!(response.status(), code);
            let (kind, length) =
                (field(&response, "content-type").to_owned(), field(&response, "content-length").to_owned());
            let body = response.text().await.unwrap();
            if matches!(code, 204 | 205 | 304) {
                // RFC 9110 §8.6, §15.3.6: of the three only a 205 may say 0.
                assert_eq!((kind.as_str(), body.as_str()), ("", ""), "{code}");
                if !length.is_empty() && code != 205 {
                    wrong.push(format!("{code}: content-length: {length}"));
                }
                continue;
            }
            assert_eq!(kind, content_type, "{code}");
            assert!(body.contains(entry.explanation), "{code}: {body}");
            assert!(body.contains(&code.to_string()), "{code}: {body}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    for (outside, code) in [("199", 400), ("600", 400), ("0", 400), ("65536", 400), ("many", 400), ("", 404)] {
        let url = format!("{}/status/{outside}", example.url);
        assert_eq!(client.get(&url).send().await.unwrap().status(), code, "{outside:?}");
    }
}

async fn quickstart(version: Version) {
    let not_found = catalog::get(StatusCode::NOT_FOUND).unwrap().explanation;
    let failed = catalog::get(StatusCode::INTERNAL_SERVER_ERROR).unwrap().explanation;
    let unavailable = catalog::get(StatusCode::SERVICE_UNAVAILABLE).unwrap().explanation;
    let lawful = catalog::get(StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS).unwrap().explanation;
    let rows: [Row; 14] = [
        ("/orders/7", 200, "application/json", ("cache-control", ""), "seven tulips"),
        ("/orders/8", 404, JSON, ("cache-control", "no-store"), "\"order_id\":8"),
        ("/orders/9", 410, JSON, ("cache-control", "no-store"), "Order deleted"),
        ("/orders/tulip", 400, JSON, ("cache-control", "no-store"), "Invalid URL"),
        ("/orders ", 200, TEXT, ("etag", "\"10\""), "the next order is number 10"),
        ("if-none-match", 304, "", ("etag", "\"10\""), ""),
        ("-X POST", 415, JSON, ("cache-control", "no-store"), "Content-Type: application/json"),
        ("-X DELETE", 405, JSON, ("allow", "GET,HEAD"), "Method Not Allowed"),
        ("/account", 401, JSON, ("www-authenticate", r#"Bearer realm="shop""#), "sign in to see your account"),
        ("/pay", 503, JSON, ("retry-after", "30"), unavailable),
        ("/invoice", 500, JSON, ("content-language", "en"), failed),
        ("/slow", 503, JSON, ("content-language", "en"), unavailable),
        ("/nowhere", 404, JSON, ("content-language", "en"), not_found),
        ("/status/451", 451, TEXT, ("content-language", "en"), lawful),
    ];
    let (example, client) = (Example::start("quickstart", rows.len()), client(version));
    follow(&example, &client, version, &rows).await;
    // What no client was told is in the log.
    let log = [example.line("refused"), example.line("No such file"), example.line("/slow")];
    assert!(log.iter().all(|line| line.contains("ERROR")), "{log:?}");
    let failing = [
        ("/orders/8", 404),
        ("/orders/9", 410),
        ("/account", 401),
        ("/pay", 503),
        ("/invoice", 500),
        ("/nowhere", 404),
        ("/orders/tulip", 400),
        ("/status/550", 550),
    ];
    as_a_browser(&example, &client, &failing).await;
    every_status(&example, &client).await;
}

async fn hyper(version: Version) {
    let rows: [Row; 4] = [
        ("/nowhere", 404, JSON, ("cache-control", "no-store"), "nothing is at /nowhere"),
        ("-X POST", 405, JSON, ("allow", "GET"), "Method Not Allowed"),
        ("/slow", 503, JSON, ("content-language", "en"), "Service Unavailable"),
        ("/report", 500, JSON, ("content-language", "en"), "Internal Server Error"),
    ];
    let (example, client) = (Example::start("hyper", rows.len()), client(version));
    follow(&example, &client, version, &rows).await;
    let log = [example.line("/slow"), example.line("no space left on device")];
    assert!(log.iter().all(|line| line.contains("ERROR")), "{log:?}");
    let home = client.get(&example.url).send().await.unwrap();
    assert_eq!((home.status().as_u16(), home.version()), (200, version));
    assert_eq!(home.text().await.unwrap(), "seven tulips\n");
    as_a_browser(&example, &client, &[("/nowhere", 404), ("/report", 500)]).await;
}

/// A client that keeps what it got and asks whether that is still right (RFC 9111 §4.3).
struct Cache {
    client: Client,
    url: String,
    kept: Option<(String, String)>,
}

impl Cache {
    /// The code of the answer, how long its body was, and what the user sees.
    async fn get(&mut self) -> (u16, usize, String) {
        let mut request = self.client.get(&self.url);
        if let Some((tag, _)) = &self.kept {
            request = request.header("if-none-match", tag);
        }
        let response = request.send().await.unwrap();
        let (code, tag) = (response.status().as_u16(), field(&response, "etag").to_owned());
        let body = response.text().await.unwrap();
        if code == 200 {
            self.kept = Some((tag, body.clone()));
        }
        (code, body.len(), self.kept.as_ref().unwrap().1.clone())
    }
}

#[tokio::test]
async fn a_client_that_caches_sees_200_then_304_then_200_after_a_change() {
    let example = Example::start("quickstart", 14);
    for (version, next) in [(Version::HTTP_11, 10), (Version::HTTP_2, 11)] {
        let client = client(version);
        let url = format!("{}/orders", example.url);
        let mut cache = Cache { client: client.clone(), url: url.clone(), kept: None };
        let before = format!("the next order is number {next}\n");
        assert_eq!(cache.get().await, (200, before.len(), before.clone()));
        assert_eq!(cache.get().await, (304, 0, before.clone()));
        let order = client.post(&url).header("content-type", "application/json");
        let order = order.body(format!(r#"{{"id":{next},"item":"a tulip"}}"#)).send().await.unwrap();
        assert_eq!(order.status(), 201);
        let after = format!("the next order is number {}\n", next + 1);
        assert_eq!(cache.get().await, (200, after.len(), after.clone()));
        assert_eq!(cache.get().await, (304, 0, after));
    }
}

async fn conditional_get(version: Version) {
    let rows: [Row; 4] = [
        ("/orders/7", 200, "application/json", ("etag", "\"order-7-v1\""), "seven tulips"),
        ("if-none-match", 304, "", ("etag", "\"order-7-v1\""), ""),
        ("-X POST", 200, TEXT, ("cache-control", ""), "version 2"),
        // XXH3-128 by Python's xxhash, and the length in hexadecimal.
        ("/catalogue", 200, TEXT, ("etag", "\"7b20ca94aae16f5058dc7c06425fa0c9-5dc0\""), "a tulip, red"),
    ];
    let (example, client) = (Example::start("conditional_get", rows.len()), client(version));
    follow(&example, &client, version, &rows).await;
    let got = client.get(format!("{}/orders/7", example.url)).header("if-none-match", "\"order-7-v1\"");
    let got = got.send().await.unwrap();
    assert_eq!((got.status().as_u16(), field(&got, "etag")), (200, "\"order-7-v2\""));
    let date = field(&got, "last-modified").to_owned();
    let again = client.get(format!("{}/orders/7", example.url)).header("if-modified-since", date);
    assert_eq!(again.send().await.unwrap().status(), 304);
}

async fn conditional_put(version: Version) {
    let rows: [Row; 4] = [
        ("if-none-match: *", 204, "", ("etag", "\"v1\""), ""),
        ("-d blue", 428, JSON, ("cache-control", "no-store"), "Precondition Required"),
        ("-d blue", 204, "", ("etag", "\"v2\""), ""),
        ("-d green", 412, JSON, ("etag", "\"v2\""), "Precondition Failed"),
    ];
    let (example, client) = (Example::start("conditional_put", rows.len()), client(version));
    follow(&example, &client, version, &rows).await;
    let kept = client.get(format!("{}/notes/tulips", example.url)).send().await.unwrap();
    assert_eq!((field(&kept, "etag").to_owned(), kept.text().await.unwrap()), ("\"v2\"".into(), "blue".into()));
}

#[tokio::test]
async fn tonic_tells_grpc_and_plain_http_the_same() {
    let example = Example::start("tonic", 0);
    let mut grpc = ShopClient::connect(example.url.clone()).await.unwrap();
    let unavailable = catalog::get(StatusCode::SERVICE_UNAVAILABLE).unwrap().explanation;
    let deleted = "order 9 was deleted: 100 % of its 3 € come back";
    let rows = [
        (5, Code::Unavailable, 503, unavailable),
        (6, Code::DeadlineExceeded, 503, unavailable),
        (8, Code::NotFound, 404, "order 8 does not exist"),
        (9, Code::NotFound, 410, deleted),
    ];
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let http = client(version);
        for (id, code, status, says) in rows {
            let error = grpc.order(OrderRequest { id }).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (code, says), "{id}");
            let response = http.get(format!("{}/orders/{id}", example.url)).send().await.unwrap();
            assert_eq!((response.status().as_u16(), field(&response, "content-type")), (status, JSON), "{id}");
            let document: Value = response.json().await.unwrap();
            assert_eq!((&document["status"], &document["detail"]), (&json!(status), &json!(says)), "{id}");
        }
        let response = http.get(format!("{}/orders/7", example.url)).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &*response.text().await.unwrap()), (200, "seven tulips"));
    }
    let mut orders = grpc.watch(OrderRequest { id: 7 }).await.unwrap().into_inner();
    for asked in 0..3 {
        let order = OrderReply { id: 7, item: "seven tulips".into(), asked };
        assert_eq!(orders.message().await.unwrap(), Some(order));
        grpc.order(OrderRequest { id: 7 }).await.unwrap();
    }
    assert_eq!(grpc.watch(OrderRequest { id: 9 }).await.unwrap_err().message(), deleted);
}

#[tokio::test]
async fn conditional_get_over_http_1_1() {
    conditional_get(Version::HTTP_11).await;
}

#[tokio::test]
async fn conditional_get_over_http_2() {
    conditional_get(Version::HTTP_2).await;
}

#[tokio::test]
async fn conditional_put_over_http_1_1() {
    conditional_put(Version::HTTP_11).await;
}

#[tokio::test]
async fn conditional_put_over_http_2() {
    conditional_put(Version::HTTP_2).await;
}

#[tokio::test]
async fn quickstart_over_http_1_1() {
    quickstart(Version::HTTP_11).await;
}

#[tokio::test]
async fn quickstart_over_http_2() {
    quickstart(Version::HTTP_2).await;
}

#[tokio::test]
async fn hyper_over_http_1_1() {
    hyper(Version::HTTP_11).await;
}

#[tokio::test]
async fn hyper_over_http_2() {
    hyper(Version::HTTP_2).await;
}
