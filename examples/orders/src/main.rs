//! `cargo run -p orders`: then open the address that it prints. The address and the file may be given.

use std::{env, error::Error, path::PathBuf};

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:3000".into());
    let file: PathBuf = arguments.next().unwrap_or("orders.db".into()).into();

    let app = orders::app(orders::open(&file, 8).await?);
    let listener = TcpListener::bind(address).await?;
    println!("the orders are kept in {}", file.display());
    println!("tokens: manager-token, clerk-token, auditor-token, as in");
    println!(
        "curl -i -X DELETE -H 'authorization: Bearer clerk-token' -H 'if-match: \"v1\"' http://{}/orders/1",
        listener.local_addr()?
    );
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
