//! A running example, and the requests of the `curl` lines that it prints.

use std::{
    env::consts::EXE_SUFFIX,
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use reqwest::{Client, Method, Response, Version, redirect::Policy};

/// A running example. It ends with the test.
pub(crate) struct Example {
    child: Child,
    /// Its standard output, line by line.
    lines: Receiver<String>,
    pub(crate) url: String,
    /// The `curl` lines that it printed.
    pub(crate) curl_lines: Vec<String>,
}

impl Example {
    /// Starts an example on a free port, and waits for its address and this number of `curl` lines.
    pub(crate) fn start(name: &str, curl_lines: usize) -> Self {
        Self::start_with(name, &[], curl_lines)
    }

    /// Starts an example with further arguments.
    pub(crate) fn start_with(name: &str, arguments: &[&OsStr], curl_lines: usize) -> Self {
        let mut command = Command::new(program(name));
        command.arg("127.0.0.1:0").args(arguments).env("NO_COLOR", "1").stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        // Read to its end, so that the log never fills the pipe.
        thread::spawn(move || output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let mut example = Self { child, lines, url: String::new(), curl_lines: Vec::new() };
        let address = example.line("listening on http://");
        address.trim().trim_start_matches("listening on ").clone_into(&mut example.url);
        example.curl_lines = (0..curl_lines).map(|_| example.line("curl ")).collect();
        example
    }

    /// Returns the next line of its output that contains this text.
    pub(crate) fn line(&self, text: &str) -> String {
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

/// Returns the path of an example: `cargo test` builds the examples of all default members beside the tests.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = target.join("examples").join(format!("{name}{EXE_SUFFIX}"));
    assert!(program.exists(), "{} is missing: run `cargo build --examples` first", program.display());
    program
}

pub(crate) fn client(version: Version) -> Client {
    let builder = Client::builder().redirect(Policy::none()).no_proxy();
    let builder = if version == Version::HTTP_2 { builder.http2_prior_knowledge() } else { builder.http1_only() };
    builder.build().unwrap()
}

/// Sends the request of a printed `curl` line.
pub(crate) async fn curl(client: &Client, line: &str) -> Response {
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
            // The text behind the address is for the reader.
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

/// Splits a line as a shell does, as far as the printed lines need it.
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

pub(crate) fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
