//! Run `cargo run -p orders` and open the address that it prints. Arguments: another address, another database file.

use std::{
    env,
    error::Error,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::ExitCode,
};

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:3000".into());
    let file: PathBuf = arguments.next().unwrap_or("orders.db".into()).into();
    match serve(&address, &file).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str, file: &Path) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            format!("{address} is already in use; add another address to the command: -- 127.0.0.1:3001")
        }
        _ => format!("cannot listen on {address}: {error}"),
    })?;
    let app = orders::app(orders::open(file, 8).await?);
    println!("the orders are stored in {}", file.display());
    println!("tokens: manager-token, clerk-token, auditor-token; for example:");
    println!(
        "curl -i -X DELETE -H 'authorization: Bearer clerk-token' -H 'if-match: \"v1\"' http://{}/orders/1",
        listener.local_addr()?
    );
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
