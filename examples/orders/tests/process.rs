//! The program itself: its log, a second instance, and a kill -9 during writes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic)] // a test may panic

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::{Client, Method, header};
use serde_json::{Value, json};

/// A running instance. It ends with the test.
struct Instance {
    process: Child,
    address: String,
}

impl Instance {
    fn start(file: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_orders"))
            .args(["127.0.0.1:0".as_ref(), file.as_os_str()])
            // Without colors, which would be inside the span.
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut addresses = output.filter_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let address = addresses.next().expect("the address");
        Self { process, address }
    }

    /// Kills the instance like kill -9: no destructor runs.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn log(mut self) -> String {
        self.kill();
        let mut log = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_occupied_port_is_explained_in_a_sentence() {
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = occupied.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_orders")).arg(&address).output().unwrap();
    let expected =
        format!("error: {address} is already in use; add another address to the command: -- 127.0.0.1:3001\n");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    assert_eq!(output.status.code(), Some(1));
}

/// Returns the tag and the document of every order.
async fn all_orders(client: &Client, address: &str) -> BTreeMap<i64, (String, String)> {
    let list: Vec<Value> = client.get(format!("{address}/orders")).send().await.unwrap().json().await.unwrap();
    let mut all = BTreeMap::new();
    for id in list.iter().filter_map(|order| order["id"].as_i64()) {
        let response = client.get(format!("{address}/orders/{id}")).send().await.unwrap();
        let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
        all.insert(id, (tag, response.text().await.unwrap()));
    }
    all
}

#[tokio::test]
async fn a_hidden_error_is_in_the_log_with_its_request_id() {
    let folder = tempfile::tempdir().unwrap();
    let instance = Instance::start(&folder.path().join("orders.db"));
    let request = Client::new().get(format!("{}/internal/audit", instance.address));
    let response = request.header("x-request-id", "request-4711").send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "request-4711");
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["status"], &body["request_id"]), (&json!(500), &json!("request-4711")));
    assert_eq!(body["title"], "Internal Server Error");

    let log = instance.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("request-4711")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let span = "request{method=GET uri=/internal/audit version=HTTP/1.1}";
    for part in ["ERROR", span, "the database failed", "no such table: audit_log", "/internal/audit", "500"] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
}

/// `curl --compressed` and browsers send such requests.
#[tokio::test]
async fn a_client_that_reads_gzip_gets_a_problem_document_or_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let instance = Instance::start(&folder.path().join("orders.db"));
    let rows = [("*/*", "application/problem+json"), ("text/html,*/*;q=0.8", "text/html; charset=utf-8")];
    for (accept, content_type) in rows {
        let request =
            |client: Client| client.get(format!("{}/orders/tulip", instance.address)).header("accept", accept);
        let coded = Client::builder().no_gzip().build().unwrap();
        let coded = request(coded).header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(coded.headers()[header::CONTENT_ENCODING], "gzip", "{accept}");

        // Sends `accept-encoding: gzip`, and decodes.
        let response = request(Client::new()).send().await.unwrap();
        assert_eq!(response.status(), 400, "{accept}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], content_type, "{accept}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "{accept}");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        assert!(text.contains("Cannot parse `tulip` to a `i64`") && text.contains(&id), "{accept}: {text}");
    }
}

#[tokio::test]
async fn two_instances_with_one_file_send_equal_responses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let (one, other) = (Instance::start(&file), Instance::start(&file));
    let client = Client::new();
    assert_eq!(all_orders(&client, &one.address).await, all_orders(&client, &other.address).await);
    for path in ["/orders", "/orders/1", "/orders/99", "/customers/Ada", "/problems", "/assets/orders.js"] {
        for accept in ["application/json", "text/html"] {
            let mut responses = Vec::new();
            for address in [&one.address, &other.address] {
                let request = client.get(format!("{address}{path}")).header("accept", accept);
                let response = request.header("x-request-id", "same").send().await.unwrap();
                let mut fields = response.headers().clone();
                fields.remove(header::DATE);
                responses.push((response.status(), fields, response.text().await.unwrap()));
            }
            assert_eq!(responses[0], responses[1], "{path} {accept}");
        }
    }
    let switch =
        |on: bool| client.put(format!("{}/internal/stock-taking", one.address)).bearer_auth("manager-token").json(&on);
    switch(true).send().await.unwrap();
    assert_eq!(client.get(format!("{}/orders", other.address)).send().await.unwrap().status(), 503);
    switch(false).send().await.unwrap();
    // After a change through one, the tag is stale for the other.
    let change = json!({ "reference": "A-1", "customer": 1, "item": "red tulips", "quantity": 8 });
    for (address, expected) in [(&one.address, 200), (&other.address, 412)] {
        let request = client.put(format!("{address}/orders/1")).bearer_auth("clerk-token").json(&change);
        assert_eq!(request.header(header::IF_MATCH, "\"v1\"").send().await.unwrap().status(), expected);
    }
}

/// 50 clients write until the process is killed. Every acknowledged write is stored, with its tag.
// More than 60 lines: one scenario, from the first write to the last check.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost() {
    const CLIENTS: usize = 50;
    const ENOUGH: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let mut instance = Instance::start(&file);
    let client = Client::new();
    let before = all_orders(&client, &instance.address).await;

    let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let mut writers = Vec::new();
    for number in 0..CLIENTS {
        let (client, address, acknowledged, count) =
            (client.clone(), instance.address.clone(), Arc::clone(&acknowledged), Arc::clone(&count));
        writers.push(tokio::spawn(async move {
            for turn in 0.. {
                let order =
                    json!({ "reference": format!("{number}-{turn}"), "customer": 1, "item": "bulbs", "quantity": 1 });
                let request = client.post(format!("{address}/orders")).bearer_auth("clerk-token").json(&order);
                // The process has ended.
                let Ok(response) = request.send().await else { return };
                if response.status() != 201 {
                    assert!([409, 503].contains(&response.status().as_u16()), "{}", response.status());
                    continue;
                }
                let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
                let Ok(document) = response.text().await else { return };
                let id = serde_json::from_str::<Value>(&document).unwrap()["id"].as_i64().unwrap();
                let mut last = Some((tag, document));
                // Every second order is changed, every third one deleted. A write without a response may be stored or not.
                for (method, every) in [(Method::PUT, 2), (Method::DELETE, 3)] {
                    let Some((tag, _)) = last.clone().filter(|_| turn % every == 0) else { continue };
                    let request =
                        client.request(method.clone(), format!("{address}/orders/{id}")).bearer_auth("manager-token");
                    let Ok(response) = request.header(header::IF_MATCH, tag).json(&order).send().await else { return };
                    last = match response.status().as_u16() {
                        204 => None,
                        503 => last,
                        200 => {
                            let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
                            let Ok(document) = response.text().await else { return };
                            Some((tag, document))
                        }
                        code => panic!("{method}: {code}"),
                    };
                }
                acknowledged.lock().unwrap().insert(id, last);
                count.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    while count.load(Ordering::Relaxed) < ENOUGH {
        tokio::task::yield_now().await;
    }
    instance.kill();
    for writer in writers {
        writer.await.unwrap();
    }

    let again = Instance::start(&file);
    let after = all_orders(&client, &again.address).await;
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    assert!(acknowledged.len() >= ENOUGH);
    for (id, expected) in &before {
        assert_eq!(after.get(id), Some(expected), "order {id}");
    }
    let mut deleted = 0;
    for (id, expected) in &acknowledged {
        assert_eq!(after.get(id), expected.as_ref(), "order {id}");
        if expected.is_none() {
            let response = client.get(format!("{}/orders/{id}", again.address)).send().await.unwrap();
            assert_eq!(response.status(), 410, "order {id}");
            deleted += 1;
        }
    }
    assert!(deleted > 0 && acknowledged.values().flatten().any(|(tag, _)| tag == "\"v2\""), "all kinds of writes");
}
