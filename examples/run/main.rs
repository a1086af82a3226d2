//! Runs each example on a loopback port, and sends it requests with a real HTTP client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod connect;
mod example;
mod files;
#[path = "../shop/mod.rs"]
mod shop; // generated

use std::{net::TcpListener, process::Command};

use example::{Example, client, curl, field, program};
use reqwest::{Client, Response, StatusCode, Version};
use serde_json::{Value, json};
use shop::v1::{OrderReply, OrderRequest, shop_client::ShopClient};
use tonic::Code;
use tower_status::catalog::{self, GrpcCode};

const JSON: &str = "application/problem+json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The Accept field of Firefox when a person opens a page.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Parts of the examples' own errors. No response shows them.
const HIDDEN: [&str; 6] = ["10.0.0.7", "tulip:", "shop:tulip", "refused", "no/such", "space left"];

/// A printed `curl` line, and its response.
struct Row<'a> {
    /// A part of the line.
    line: &'a str,
    code: u16,
    content_type: &'a str,
    /// One more header field.
    field: (&'a str, &'a str),
    /// A part of the body.
    body: &'a str,
}

const fn row<'a>(line: &'a str, code: u16, content_type: &'a str, field: (&'a str, &'a str), body: &'a str) -> Row<'a> {
    Row { line, code, content_type, field, body }
}

async fn follow(example: &Example, client: &Client, version: Version, rows: &[Row<'_>]) {
    for (line, row) in example.curl_lines.iter().zip(rows) {
        assert!(line.contains(row.line), "{:?} is not the printed line: {line}", row.line);
        assert!(line.contains(&row.code.to_string()), "the line does not name {}: {line}", row.code);
        let response = curl(client, line).await;
        assert_eq!(response.status(), row.code, "{line}");
        assert_eq!(response.version(), version, "{line}");
        assert_eq!(field(&response, "content-type"), row.content_type, "{line}");
        assert_eq!(field(&response, row.field.0), row.field.1, "{line}");
        let length = field(&response, "content-length").to_owned();
        let body = response.text().await.unwrap();
        // axum writes 0 with a 204, which hyper removes over HTTP/1.1 (RFC 9110 §8.6). The length of a 304 is the 200's.
        let is_length = match row.code {
            204 => length.is_empty() || length == "0" && version == Version::HTTP_2,
            304 => body.is_empty(),
            _ => length == body.len().to_string(),
        };
        assert!(is_length, "{line}: {length}");
        assert!(body.contains(row.body), "{line}: {body}");
        assert!(HIDDEN.iter().all(|hidden| !body.contains(hidden)), "{line}: {body}");
        if row.content_type == JSON {
            let document: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(document["status"], row.code, "{line}");
        }
    }
}

/// Checks that HEAD has the header fields of GET, and that a browser gets a page.
async fn each_format(example: &Example, client: &Client, paths: &[(&str, u16)]) {
    for (path, code) in paths {
        let url = format!("{}{path}", example.url);
        for (accept, content_type) in [(BROWSER, HTML), ("*/*", JSON), ("text/plain", TEXT)] {
            let got = client.get(&url).header("accept", accept).send().await.unwrap();
            let head = client.head(&url).header("accept", accept).send().await.unwrap();
            let row = format!("{path} {accept}");
            assert_eq!((got.status().as_u16(), head.status().as_u16()), (*code, *code), "{row}");
            assert_eq!(field(&got, "content-type"), content_type, "{row}");
            let fields = |response: &Response| {
                let mut lines: Vec<_> =
                    response.headers().iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
                lines.retain(|(name, _)| name != "date" && name != "content-length");
                lines.sort();
                lines
            };
            assert_eq!(fields(&head), fields(&got), "{row}");
            let length = field(&head, "content-length").to_owned();
            let body = got.text().await.unwrap();
            assert!(length.is_empty() || length == body.len().to_string(), "{row}: {length}");
            assert_eq!(head.text().await.unwrap(), "", "{row}");
            assert_eq!(body.starts_with("<!DOCTYPE html>"), content_type == HTML, "{row}: {body}");
            assert!(body.contains(&code.to_string()), "{row}: {body}");
        }
    }
}

/// Checks each status from 200 to 599. A code without an entry is explained as the x00 of its class (RFC 9110 §15).
async fn every_status(example: &Example, client: &Client, version: Version) {
    for code in 200..=599 {
        let status = StatusCode::from_u16(code).unwrap();
        let class = StatusCode::from_u16(code / 100 * 100).unwrap();
        let entry = catalog::get(status).or_else(|| catalog::get(class)).unwrap();
        for (accept, content_type) in [("*/*", JSON), (BROWSER, HTML)] {
            let url = format!("{}/status/{code}", example.url);
            let response = client.get(&url).header("accept", accept).send().await.unwrap();
            assert_eq!(response.status(), code);
            let (media_type, length) =
                (field(&response, "content-type").to_owned(), field(&response, "content-length").to_owned());
            let body = response.text().await.unwrap();
            if matches!(code, 204 | 205 | 304) {
                // Of the three, only a 205 may have a Content-Length of 0 (RFC 9110 §8.6, §15.3.6). axum writes it with all
                // of them; hyper removes it over HTTP/1.1.
                let is_length = length.is_empty() || length == "0" && (code == 205 || version == Version::HTTP_2);
                assert_eq!((media_type.as_str(), body.as_str(), is_length), ("", "", true), "{code}: {length}");
                continue;
            }
            assert_eq!(media_type, content_type, "{code}");
            let text = if content_type == JSON { entry.default_detail() } else { entry.explanation };
            assert!(body.contains(text), "{code}: {body}");
            assert!(body.contains(&code.to_string()), "{code}: {body}");
        }
    }
    for (path, code) in [("199", 400), ("600", 400), ("0", 400), ("65536", 400), ("many", 400), ("", 404)] {
        let url = format!("{}/status/{path}", example.url);
        assert_eq!(client.get(&url).send().await.unwrap().status(), code, "{path:?}");
    }
}

/// Checks the header fields and members that complete a status.
async fn complete_statuses(example: &Example, client: &Client) {
    let rows = [
        (301, "location", "/orders"),
        (302, "location", "/orders"),
        (303, "location", "/orders"),
        (307, "location", "/orders"),
        (308, "location", "/orders"),
        (401, "www-authenticate", r#"Bearer realm="shop""#),
        (405, "allow", "GET, HEAD"),
        (407, "proxy-authenticate", r#"Basic realm="proxy""#),
        (416, "content-range", "bytes */1234"),
        (503, "retry-after", "30"),
    ];
    for (code, name, value) in rows {
        let response = client.get(format!("{}/status/{code}", example.url)).send().await.unwrap();
        assert_eq!((response.status().as_u16(), field(&response, name)), (code, value));
    }
    let choices = client.get(format!("{}/status/300", example.url)).send().await.unwrap();
    assert_eq!(choices.json::<Value>().await.unwrap()["choices"], json!(["/orders/7", "/orders"]));
    // Upgrade and Connection are fields of HTTP/1.1 only (RFC 9113 §8.2.2).
    let upgrade = client.get(format!("{}/status/426", example.url)).send().await.unwrap();
    let expected = if upgrade.version() == Version::HTTP_2 { "" } else { "websocket" };
    assert_eq!(field(&upgrade, "upgrade"), expected);
}

async fn quickstart(version: Version) {
    let not_found = catalog::get(StatusCode::NOT_FOUND).unwrap().default_detail();
    let failed = catalog::get(StatusCode::INTERNAL_SERVER_ERROR).unwrap().default_detail();
    let unavailable = catalog::get(StatusCode::SERVICE_UNAVAILABLE).unwrap().default_detail();
    let lawful = catalog::get(StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS).unwrap().default_detail();
    let rows = [
        row("/orders/7", 200, "application/json", ("cache-control", ""), "seven tulips"),
        row("/orders/8", 404, JSON, ("cache-control", "no-store"), "\"order_id\":8"),
        row("/orders/9", 410, JSON, ("cache-control", "no-store"), "Order deleted"),
        row("/orders/tulip", 400, JSON, ("cache-control", "no-store"), "Invalid URL"),
        row("/orders ", 200, TEXT, ("etag", "\"10\""), "the next order is number 10"),
        row("if-none-match", 304, "", ("etag", "\"10\""), ""),
        row("-X POST", 415, JSON, ("cache-control", "no-store"), "Content-Type: application/json"),
        row("-X DELETE", 405, JSON, ("allow", "GET,HEAD"), "Method Not Allowed"),
        row("/account", 401, JSON, ("www-authenticate", r#"Bearer realm="shop""#), "sign in to see your account"),
        row("/pay", 503, JSON, ("retry-after", "30"), unavailable),
        row("/invoice", 500, JSON, ("content-language", "en"), failed),
        row("/slow", 503, JSON, ("content-language", "en"), unavailable),
        row("/nowhere", 404, JSON, ("content-language", "en"), not_found),
        row("/status/451", 451, TEXT, ("content-language", "en"), lawful),
    ];
    let (example, client) = (Example::start("quickstart", rows.len()), client(version));
    follow(&example, &client, version, &rows).await;
    // The log has what the responses hide.
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
    each_format(&example, &client, &failing).await;
    every_status(&example, &client, version).await;
    complete_statuses(&example, &client).await;
}

async fn hyper(version: Version) {
    let rows = [
        row("/nowhere", 404, JSON, ("cache-control", "no-store"), "there is nothing at /nowhere"),
        row("-X POST", 405, JSON, ("allow", "GET"), "Method Not Allowed"),
        row("/slow", 503, JSON, ("content-language", "en"), "Service Unavailable"),
        row("/report", 500, JSON, ("content-language", "en"), "Internal Server Error"),
    ];
    let (example, client) = (Example::start("hyper", rows.len()), client(version));
    follow(&example, &client, version, &rows).await;
    let log = [example.line("/slow"), example.line("no space left on device")];
    assert!(log.iter().all(|line| line.contains("ERROR")), "{log:?}");
    let home = client.get(&example.url).send().await.unwrap();
    assert_eq!((home.status().as_u16(), home.version()), (200, version));
    assert_eq!(home.text().await.unwrap(), "seven tulips\n");
    each_format(&example, &client, &[("/nowhere", 404), ("/report", 500)]).await;
}

/// A client that keeps a response, and revalidates it (RFC 9111 §4.3).
struct Cache {
    client: Client,
    url: String,
    stored: Option<(String, String)>,
}

impl Cache {
    /// Returns the code of the response, the length of its body, and the text that the user sees.
    async fn get(&mut self) -> (u16, usize, String) {
        let mut request = self.client.get(&self.url);
        if let Some((tag, _)) = &self.stored {
            request = request.header("if-none-match", tag);
        }
        let response = request.send().await.unwrap();
        let (code, tag) = (response.status().as_u16(), field(&response, "etag").to_owned());
        let body = response.text().await.unwrap();
        if code == 200 {
            self.stored = Some((tag, body.clone()));
        }
        (code, body.len(), self.stored.as_ref().unwrap().1.clone())
    }
}

#[tokio::test]
async fn a_client_that_revalidates_gets_304_until_the_order_changes() {
    let example = Example::start("quickstart", 14);
    for (version, next) in [(Version::HTTP_11, 10), (Version::HTTP_2, 11)] {
        let client = client(version);
        let url = format!("{}/orders", example.url);
        let mut cache = Cache { client: client.clone(), url: url.clone(), stored: None };
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
    let rows = [
        row("/orders/7", 200, "application/json", ("etag", "\"order-7-v1\""), "seven tulips"),
        row("if-none-match", 304, "", ("etag", "\"order-7-v1\""), ""),
        row("-X POST", 200, TEXT, ("cache-control", ""), "version 2"),
        // XXH3-128 by Python's xxhash, and the length in hexadecimal.
        row("/catalog", 200, TEXT, ("etag", "\"7b20ca94aae16f5058dc7c06425fa0c9-5dc0\""), "a tulip, red"),
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
    let rows = [
        row("if-none-match: *", 204, "", ("etag", "\"v1\""), ""),
        row("-d blue", 428, JSON, ("cache-control", "no-store"), "Precondition Required"),
        row("-d blue", 204, "", ("etag", "\"v2\""), ""),
        row("-d green", 412, JSON, ("etag", "\"v2\""), "Precondition Failed"),
    ];
    let (example, client) = (Example::start("conditional_put", rows.len()), client(version));
    follow(&example, &client, version, &rows).await;
    let note = client.get(format!("{}/notes/tulips", example.url)).send().await.unwrap();
    assert_eq!((field(&note, "etag").to_owned(), note.text().await.unwrap()), ("\"v2\"".into(), "blue".into()));
}

#[tokio::test]
async fn tonic_returns_the_same_errors_over_grpc_and_plain_http() {
    let example = Example::start("tonic", 0);
    let mut grpc = ShopClient::connect(example.url.clone()).await.unwrap();
    let entry = catalog::get(StatusCode::SERVICE_UNAVAILABLE).unwrap();
    let unavailable = entry.default_detail();
    let deleted = "order 9 was deleted: 100 % of its 3 € is refunded";
    let rows = [
        (5, Code::Unavailable, entry.explanation, 503, unavailable),
        (6, Code::DeadlineExceeded, GrpcCode::DeadlineExceeded.explanation(), 503, unavailable),
        (8, Code::NotFound, "order 8 does not exist", 404, "order 8 does not exist"),
        (9, Code::NotFound, deleted, 410, deleted),
    ];
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let http = client(version);
        for (id, code, message, status, detail) in rows {
            let error = grpc.order(OrderRequest { id }).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (code, message), "{id}");
            let response = http.get(format!("{}/orders/{id}", example.url)).send().await.unwrap();
            assert_eq!((response.status().as_u16(), field(&response, "content-type")), (status, JSON), "{id}");
            let document: Value = response.json().await.unwrap();
            assert_eq!((&document["status"], &document["detail"]), (&json!(status), &json!(detail)), "{id}");
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
async fn languages_are_those_that_the_client_prefers() {
    let (example, client) = (Example::start("languages", 3), client(Version::HTTP_11));
    struct Row {
        language: &'static str,
        title: &'static str,
        detail: &'static str,
    }
    let rows = [
        Row { language: "", title: "Order not found", detail: "order 8 does not exist" },
        Row { language: "de", title: "Bestellung nicht gefunden", detail: "Die Bestellung 8 gibt es nicht." },
        Row { language: "ar", title: "الطلب غير موجود", detail: "لا يوجد طلب بالرقم 8." },
    ];
    for (line, Row { language, title, detail }) in example.curl_lines.iter().zip(rows) {
        let response = curl(&client, line).await;
        assert_eq!(field(&response, "content-language"), language);
        let problem: Value = response.json().await.unwrap();
        assert_eq!((&problem["title"], &problem["detail"]), (&json!(title), &json!(detail)));
    }
    // A missing text would be an English element of the page.
    for language in ["de", "ar"] {
        for path in ["/orders/8", "/nowhere", "/busy"] {
            let page = client.get(format!("{}{path}", example.url)).header("accept", BROWSER);
            let page = page.header("accept-language", language).send().await.unwrap().text().await.unwrap();
            assert!(page.contains(&format!("<html lang=\"{language}\"")) && !page.contains("lang=\"en\""), "{page}");
        }
    }
}

#[test]
fn an_occupied_port_is_explained_in_a_sentence() {
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = occupied.local_addr().unwrap().to_string();
    for name in [
        "conditional_get",
        "conditional_put",
        "connect",
        "files",
        "hyper",
        "interop",
        "languages",
        "pages",
        "quickstart",
        "tonic",
    ] {
        let output = Command::new(program(name)).arg(&address).output().unwrap();
        let expected =
            format!("error: {address} is already in use; add another address to the command: -- 127.0.0.1:3001\n");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected, "{name}");
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
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
async fn gateway() {
    let rows = [
        row("/orders/8", 404, JSON, ("cache-control", "no-store"), "\"order_id\":8"),
        row("/busy", 429, JSON, ("retry-after", "5"), "Too Many Requests"),
        row("/broken", 502, JSON, ("cache-control", "no-store"), "Bad Gateway"),
        row("/down", 502, JSON, ("cache-control", "no-store"), "Bad Gateway"),
    ];
    let (example, client) = (Example::start("gateway", rows.len()), client(Version::HTTP_11));
    follow(&example, &client, Version::HTTP_11, &rows).await;
    // The problem of the upstream is the source in the log of the gateway.
    let log = example.line("status=502");
    assert!(log.contains("tulip: no such table"), "{log}");
    let order = client.get(format!("{}/orders/7", example.url)).send().await.unwrap();
    assert_eq!((order.status().as_u16(), &*order.text().await.unwrap()), (200, "seven tulips\n"));
}

#[tokio::test]
async fn hyper_over_http_1_1() {
    hyper(Version::HTTP_11).await;
}

#[tokio::test]
async fn hyper_over_http_2() {
    hyper(Version::HTTP_2).await;
}
