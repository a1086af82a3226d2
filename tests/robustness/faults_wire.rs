//! The fault matrix over connections: hyper's server around the layers, and clients that disconnect, reset, pipeline and
//! upgrade.
//!
//! No step sleeps: the server sends an event when a handler begins, and when everything that it held is dropped.

use http_body_util::BodyExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::faults_server::{
    Event::{self, Begun, Closed, Dropped},
    Panic, Server, assert_problem, next_response, to_end,
};

// ----- clients that disconnect -----

/// A client that disconnects.
struct Leaving {
    stage: &'static str,
    sent: String,
    /// The events before it disconnects.
    reached: &'static [Event],
    /// The end of the bytes that it reads before it disconnects.
    read: &'static str,
    /// The events when it disconnects.
    after: &'static [Event],
    reports: usize,
}

impl Leaving {
    /// Returns a row in which no handler runs.
    fn idle(stage: &'static str, sent: impl Into<String>) -> Self {
        Self { stage, sent: sent.into(), reached: &[], read: "", after: &[Closed], reports: 0 }
    }

    /// Returns a row in which a handler or its body runs.
    fn running(stage: &'static str, sent: impl Into<String>) -> Self {
        Self { reached: &[Begun], after: &[Dropped, Closed], ..Self::idle(stage, sent) }
    }

    fn read(self, read: &'static str) -> Self {
        Self { read, ..self }
    }

    fn reported(self) -> Self {
        Self { reports: 1, ..self }
    }
}

#[tokio::test]
async fn a_client_that_disconnects_at_any_stage_leaves_nothing_behind() {
    const BODY: &str = "POST /reads HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n";
    const CHUNKED: &str = "POST /reads HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc";
    let rows = [
        Leaving::idle("before a byte", ""),
        Leaving::idle("in the request line", "GET /ha"),
        Leaving::idle("in the head", "GET /hangs HTTP/1.1\r\nhost: a\r\nacce"),
        // The handler's 400 is reported, although no client reads it.
        Leaving::running("before the content", BODY).reported(),
        Leaving::running("in the content", format!("{BODY}abc")).reported(),
        Leaving::running("in a chunk", CHUNKED).reported(),
        Leaving::running("while the handler runs", "GET /hangs HTTP/1.1\r\nhost: a\r\n\r\n"),
        Leaving::running("in the body of the response", "GET /body/hangs HTTP/1.1\r\nhost: a\r\n\r\n").read("begun"),
        Leaving::idle("after the response", "GET / HTTP/1.1\r\nhost: a\r\n\r\n").read("good"),
    ];
    for reset in [false, true] {
        for Leaving { stage, sent, reached, read, after, reports } in &rows {
            let name = &*format!("{stage}, reset: {reset}");
            let mut server = Server::start(Panic::Uncaught).await;
            let mut stream = server.connect().await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            server.expect(reached, name).await;
            let mut seen = Vec::new();
            while !seen.ends_with(read.as_bytes()) {
                seen.push(stream.read_u8().await.unwrap());
            }
            if reset {
                stream.set_zero_linger().unwrap();
            }
            drop(stream);
            server.expect(after, name).await;
            // A reset may drop the handler before its 400.
            let seen = server.reports();
            assert!(seen == *reports || reset && seen < *reports, "{name}: {seen} reports");
            server.serves_on(name).await;
        }
    }
}

#[tokio::test]
async fn a_reset_stream_of_http2_does_not_disturb_its_connection() {
    let mut server = Server::start(Panic::Uncaught).await;
    let mut client = server.connect_http2().await;
    // While the handler runs.
    let hanging = tokio::spawn(client.send_request(server.request("/hangs")));
    server.expect(&[Begun], "hangs").await;
    hanging.abort();
    server.expect(&[Dropped], "hangs").await;
    // In the body of the response.
    let response = client.send_request(server.request("/body/hangs")).await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "begun");
    server.expect(&[Begun], "body").await;
    drop(body);
    server.expect(&[Dropped], "body").await;
    assert_eq!(server.reports(), 0);
    // The connection serves on until its client disconnects.
    for _ in 0..3 {
        let response = client.send_request(server.request("/nowhere")).await.unwrap();
        assert_eq!(response.status(), 404);
        assert_problem(std::str::from_utf8(&response.into_body().collect().await.unwrap().to_bytes()).unwrap(), 404);
    }
    let hanging = tokio::spawn(client.send_request(server.request("/hangs")));
    server.expect(&[Begun], "disconnects").await;
    drop(client);
    hanging.abort();
    server.expect_in_any_order(&[Dropped, Closed], "disconnects").await;
    server.serves_on("disconnects").await;
}

// ----- services and bodies that fail -----

/// A request for a handler or a body that fails.
struct Failing {
    path: &'static str,
    panics: Panic,
    /// `None`: the connection or stream ends before a response.
    code: Option<u16>,
    complete: bool,
}

impl Failing {
    /// Returns a row whose response is complete.
    fn complete(path: &'static str, panics: Panic, code: u16) -> Self {
        Self { path, panics, code: Some(code), complete: true }
    }

    /// Returns a row whose response ends early.
    fn cut(path: &'static str, panics: Panic, code: u16) -> Self {
        Self { path, panics, code: Some(code), complete: false }
    }

    fn none(path: &'static str, panics: Panic) -> Self {
        Self { path, panics, code: None, complete: false }
    }
}

fn failing() -> [Failing; 13] {
    [
        Failing::none("/panics", Panic::Uncaught),
        Failing::complete("/panics", Panic::Caught, 500),
        Failing::cut("/body/panics", Panic::Uncaught, 200),
        Failing::cut("/body/panics", Panic::Caught, 200),
        // `ConditionalLayer` reads this body, so its future panics, which a layer around it can catch.
        Failing::none("/body/panics/tagged", Panic::Uncaught),
        Failing::complete("/body/panics/tagged", Panic::Caught, 500),
        // `StatusMapLayer` reads this one, and no layer is around it.
        Failing::none("/body/panics/text", Panic::Caught),
        Failing::cut("/body/fails", Panic::Uncaught, 200),
        Failing::cut("/body/fails/tagged", Panic::Uncaught, 200),
        Failing::cut("/body/short", Panic::Uncaught, 200),
        // A body that was read has its true length.
        Failing::complete("/body/short/tagged", Panic::Uncaught, 200),
        Failing::complete("/body/trailers", Panic::Uncaught, 200),
        Failing::complete("/body/trailers/error", Panic::Uncaught, 404),
    ]
}

#[tokio::test]
async fn over_http1_a_failure_ends_only_its_own_connection() {
    for Failing { path, panics, code, complete } in failing() {
        let name = &*format!("{path}, {panics:?}");
        let server = Server::start(panics).await;
        let mut other = server.connect().await;
        other.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert_eq!(next_response(&mut other).await.2, "good", "{name}");
        let mut stream = server.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let text = to_end(&mut stream).await;
        let seen = text.split(' ').nth(1).map(|code| code.parse().unwrap());
        // The head of an incomplete response may not have been sent.
        assert!(seen == code || !complete && seen.is_none(), "{name}: {text}");
        if code == Some(500) {
            assert_problem(text.split_once("\r\n\r\n").unwrap().1, 500);
        }
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let ended = match length {
            Some(length) => length == body.len().to_string(),
            None => body.ends_with("0\r\n\r\n"),
        };
        assert_eq!(ended, complete, "{name}: {text}");
        assert!(!text.contains("secret"), "{name}: {text}");
        other.write_all(b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert_eq!(next_response(&mut other).await.0, 404, "{name}: the connection that was open before");
        drop((other, server.connect().await));
    }
}

#[tokio::test]
async fn over_http2_a_failure_ends_only_its_own_stream() {
    for Failing { path, panics, code, complete } in failing() {
        let name = &*format!("{path}, {panics:?}");
        let mut server = Server::start(panics).await;
        let mut client = server.connect_http2().await;
        let hanging = tokio::spawn(client.send_request(server.request("/hangs")));
        server.expect(&[Begun], name).await;
        let response = client.send_request(server.request(path)).await;
        let (seen, read) = match response {
            Err(_) => (None, None),
            Ok(response) => (Some(response.status().as_u16()), response.into_body().collect().await.ok()),
        };
        // The head of an incomplete response may not have been sent.
        assert!(seen == code || !complete && seen.is_none(), "{name}: {seen:?}");
        assert_eq!(read.is_some(), complete, "{name}");
        if let Some(read) = read {
            let trailers = read.trailers().cloned().unwrap_or_default();
            assert_eq!(trailers.contains_key("server-timing"), path.contains("trailers"), "{name}");
            if code == Some(500) {
                assert_problem(std::str::from_utf8(&read.to_bytes()).unwrap(), 500);
            }
        }
        assert!(!hanging.is_finished(), "{name}: the stream that was open before");
        assert_eq!(client.send_request(server.request("/nowhere")).await.unwrap().status(), 404, "{name}");
        hanging.abort();
    }
}

/// A client takes neither a cut response for a complete one, nor a byte of it for the next response.
#[tokio::test]
async fn a_wrong_exact_size_does_not_shift_the_next_response() {
    // The body is as long as its Content-Length. hyper cuts the second one.
    let complete = ["/body/short/tagged", "/body/long"];
    // The body is shorter. The size of the second one is the size of the part that was read and of the rest that the body
    // still promises.
    let short = ["/body/short", "/body/long/tagged"];
    for path in complete.into_iter().chain(short) {
        let complete = complete.contains(&path);
        let server = Server::start(Panic::Uncaught).await;
        let mut stream = server.connect().await;
        for path in [path, "/"] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
            let _ = stream.write_all(request.as_bytes()).await;
        }
        let text = to_first_end(&mut stream).await;
        // A connection that is reset may lose bytes that were sent.
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            assert!(!complete && text.is_empty(), "{path}: {text}");
            continue;
        };
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        assert_eq!(rest.len() >= length, complete, "{path}: {text}");
        let next = rest.get(length..).unwrap_or_default();
        assert!(next.is_empty() || next.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {text}");
    }
}

/// Reads to the end of the connection, or to the response of `/`.
async fn to_first_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\ngood") {
        match stream.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(bytes).unwrap()
}

// ----- 100-continue, unread bodies, pipelines -----

/// RFC 9110 §10.1.1: a final status in place of 100 if the handler does not read the content.
#[tokio::test]
async fn an_early_error_is_sent_in_place_of_100_continue() {
    let rows = [("/rejects", 413), ("/nowhere", 404), ("/panics", 500)];
    for (path, code) in rows {
        let mut server = Server::start(Panic::Caught).await;
        let mut stream = server.connect().await;
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // The content is not sent, so the server closes: the next bytes could be content or a request.
        let text = to_end(&mut stream).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {code} ")), "{path}: {text}");
        assert_problem(body, code);
        assert_eq!(server.reports(), 1, "{path}");
        server.expect(&[Closed], path).await;
        server.serves_on(path).await;
    }
    // If the handler reads the content, the connection goes on after its error.
    let server = Server::start(Panic::Caught).await;
    let mut stream = server.connect().await;
    let head = b"POST /reads HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    stream.write_all(head).await.unwrap();
    assert_eq!(next_response(&mut stream).await.0, 100);
    stream.write_all(b"ninebytesGET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let (code, _, body) = next_response(&mut stream).await;
    assert!(code == 409 && body.contains("9 bytes"), "{body}");
    assert_eq!(next_response(&mut stream).await.2, "good");
}

#[tokio::test]
async fn unread_content_is_never_read_as_the_next_request() {
    const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let chunk = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let post =
        |path: &str, fields: &str, body: &str| format!("POST {path} HTTP/1.1\r\nhost: a\r\n{fields}\r\n\r\n{body}");
    let sized = format!("content-length: {}", SMUGGLED.len());
    let many = SMUGGLED.repeat(20_000);
    let rows = [
        ("413, sized", post("/rejects", &sized, SMUGGLED), 413),
        ("413, chunked", post("/rejects", "transfer-encoding: chunked", &chunk), 413),
        ("404, sized", post("/nowhere", &sized, SMUGGLED), 404),
        ("500, sized", post("/panics", &sized, SMUGGLED), 500),
        ("409, read", post("/reads", &sized, SMUGGLED), 409),
        ("409, read, chunked", post("/reads", "transfer-encoding: chunked", &chunk), 409),
        ("413, of 800 KB", post("/rejects", &format!("content-length: {}", many.len()), &many), 413),
        ("413, never sent", post("/rejects", "content-length: 4000", SMUGGLED), 413),
    ];
    for (name, first, code) in rows {
        let server = Server::start(Panic::Caught).await;
        let stream = server.connect().await;
        let (mut reader, mut writer) = stream.into_split();
        // Writes and reads at the same time, because a server that closes early does not read all of the request.
        let rest = "GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let all = first + if name.ends_with("never sent") { "" } else { rest };
        let writing = tokio::spawn(async move {
            let _ = writer.write_all(all.as_bytes()).await;
            writer
        });
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes).await;
        drop(writing.await.unwrap());
        let text = String::from_utf8(bytes).unwrap();
        // All three responses in order, or the first and the end of the connection.
        let codes: Vec<_> = text.split("HTTP/1.1 ").skip(1).map(|response| &response[..3]).collect();
        let all = [&*code.to_string(), "404", "200"];
        assert!(codes == all || codes == all[..1], "{name}: {text}");
        assert!(name.starts_with("413, of") || name.ends_with("sent") || codes == all, "{name}: {codes:?}");
        assert!(!text.contains("smuggled"), "{name}: {text}");
    }
}

#[tokio::test]
async fn pipelined_requests_get_their_errors_in_order() {
    let server = Server::start(Panic::Caught).await;
    let mut stream = server.connect().await;
    let paths = ["/1", "/panics", "/2", "/rejects", "/", "/upgrade/required", "/3"];
    let all = paths.map(|path| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
    stream.write_all(all.concat().as_bytes()).await.unwrap();
    for (path, code) in paths.into_iter().zip([404, 500, 404, 413, 200, 426, 404]) {
        let (seen, _, body) = next_response(&mut stream).await;
        assert_eq!(seen, code, "{path}");
        assert!(code != 404 || body.contains(&format!("there is nothing at {path}\"")), "{path}: {body}");
    }
    assert_eq!(server.reports(), 6);
}

// ----- upgrades -----

#[tokio::test]
async fn a_101_passes_unchanged_and_a_426_is_explained() {
    let mut server = Server::start(Panic::Caught).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /upgrade/required HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let (code, head, body) = next_response(&mut stream).await;
    assert!(code == 426 && head.contains("upgrade: echo\r\n") && head.contains("connection: upgrade\r\n"), "{head}");
    assert_problem(&body, 426);
    let upgrade = b"GET /upgrades HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(upgrade).await.unwrap();
    let (code, head, _) = next_response(&mut stream).await;
    assert!(code == 101 && head.contains("upgrade: echo\r\n"), "{head}");
    for field in ["content-length", "content-type", "transfer-encoding", "vary"] {
        assert!(!head.contains(field), "{head}");
    }
    server.expect(&[Begun], "upgrade").await;
    for text in ["GET / HTTP/1.1\r\n\r\n", "\0\u{1}"] {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut echoed = vec![0; text.len()];
        stream.read_exact(&mut echoed).await.unwrap();
        assert_eq!(echoed, text.as_bytes());
    }
    assert_eq!(server.reports(), 1);
    drop(stream);
    server.expect_in_any_order(&[Closed, Dropped], "upgrade").await;
    server.serves_on("upgrade").await;
}
