//! `server layer|hand`: lets one request in at a time, and responds to all others with a 503, on one thread.

use std::{env, io, time::Duration};

use axum::{BoxError, Router, error_handling::HandleErrorLayer, http::StatusCode, routing::get};
use tower::{limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_status::StatusMapLayer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let app: Router = Router::new().route("/work", get(async || tokio::time::sleep(Duration::from_millis(10)).await));
    let limit = (LoadShedLayer::new(), GlobalConcurrencyLimitLayer::new(1));
    let app = match env::args().nth(1).as_deref() {
        Some("layer") => app.layer((StatusMapLayer::new(), limit)),
        Some("hand") => {
            let shed = async |_: BoxError| (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], "try again");
            app.layer((HandleErrorLayer::new(shed), limit))
        }
        _ => return Err(io::Error::other("usage: server layer|hand")),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, app).await
}
