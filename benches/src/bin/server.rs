//! `server bare|layer`: one file with an entity tag, on one thread, HTTP/1.1 and HTTP/2, bare axum or with the layer.

use std::{env, io};

use axum::{Router, http::header, response::IntoResponse, routing::get};
use tower_status::StatusMapLayer;

const FILE: &str = include_str!("server.rs");

async fn file() -> impl IntoResponse {
    let fields = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::ETAG, "\"06b05ab6733a618578af5f94892f3950-400\""),
        (header::LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    (fields, FILE)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let app: Router = Router::new().route("/file", get(file));
    let app = match env::args().nth(1).as_deref() {
        Some("bare") => app,
        Some("layer") => app.layer(StatusMapLayer::new()),
        _ => return Err(io::Error::other("usage: server bare|layer")),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, app).await
}
