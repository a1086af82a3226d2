//! `server LAYER` serves `overloaded` on one thread, and prints its port.

use std::{env, io};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let layer = env::args().nth(1).unwrap_or_default();
    let Some(app) = benches::server::errors::overloaded(&layer) else {
        return Err(io::Error::other("usage: server StatusMapLayer|HandleErrorLayer"));
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, app).await
}
