//! Error pages with the name of the site, its links and its color. `cargo run --example pages`; with the arguments
//! `-- 127.0.0.1:3000 --debug`, developer's pages.

#[path = "pages/profile.rs"]
mod profile;

use std::{
    env, io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{
    Router,
    response::Html,
    routing::{get, post},
};
use profile::{profile, save};
use serde_json::json;
use tower_status::{Page, Status, StatusMapLayer, status_map::Accent};

/// Is busy once, so that the link of the error page leads to the report.
async fn report() -> Result<Html<String>, Status> {
    static WAS_BUSY: AtomicBool = AtomicBool::new(false);
    if !WAS_BUSY.swap(true, Ordering::Relaxed) {
        return Err(Status::service_unavailable().with_retry_after(Duration::from_secs(1)));
    }
    Ok(document("Report"))
}

/// Is always busy: a link would not send the form again.
async fn send() -> Status {
    Status::service_unavailable().with_retry_after(Duration::from_secs(60))
}

#[derive(Debug, thiserror::Error)]
#[error("the orders could not be counted")]
struct NotCounted(#[source] io::Error);

/// Fails with a chain of causes, which only the log and the developer's page have.
async fn broken() -> Status {
    let cause = io::Error::new(io::ErrorKind::ConnectionRefused, "connection to 10.0.0.7 refused");
    Status::from_error(NotCounted(cause)).with_header("x-request-id", "id-7")
}

async fn order() -> Status {
    let errors = json!([
        { "pointer": "#/email", "detail": "must contain an @" },
        { "pointer": "#/lines/0/count", "detail": "must be at least 1" },
    ]);
    Status::unprocessable_entity().with_detail("the order is not valid").with_extension("errors", errors)
}

fn document(title: &str) -> Html<String> {
    // The empty icon keeps browsers from asking for one.
    let head = format!("<title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">");
    Html(format!("<!DOCTYPE html>\n<html lang=\"en\">\n{head}\n<h1>{title}</h1>\n</html>\n"))
}

fn app() -> Router {
    let page = Page::new()
        .site("Tulip Shop")
        .home("/")
        .sign_in("/sign-in")
        .search("/search")
        .support("mailto:help@example.org")
        .accent(Accent::Teal);
    Router::new()
        .route("/", get(async || document("Home")))
        .route("/sign-in", get(async || document("Sign in")))
        .route("/search", get(async || document("Search")))
        .route("/account", get(async || Status::unauthorized(r#"Bearer realm="shop""#)))
        .route("/gone", get(async || Status::gone().with_title("Order deleted").with_detail("order 9 was deleted")))
        .route("/report", get(report).post(send))
        .route("/basket", post(async || document("Basket")))
        .route("/profile", get(profile).put(save))
        .route("/order", get(order))
        .route("/broken", get(broken))
        .layer(StatusMapLayer::new().page(page).debug(env::args().any(|argument| argument == "--debug")))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = examples::listen().await;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("Open in a browser:");
    println!("  {url}/account    401 with a link to sign in");
    println!("  {url}/basket     405: a page for forms only");
    println!("  {url}/gone       410 with links to the home page and the search");
    println!("  {url}/profile    412 if you save it in two tabs");
    println!("  {url}/order      422 with what is wrong, field by field");
    println!("  {url}/broken     500 with a link that writes to the support");
    println!("  {url}/report     503 with a link to try again");
    axum::serve(listener, app()).await
}
