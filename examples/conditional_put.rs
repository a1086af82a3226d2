//! A write that is based on an old version gets a 412: no update is lost. `cargo run --example conditional_put`

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
    routing::get,
};
use tower_status::{ConditionalLayer, ETag, OrStatus, Preconditions, Status, StatusMapLayer, Validators};

struct Note {
    version: u64,
    text: String,
}

impl Note {
    fn validators(&self) -> Result<Validators, Status> {
        let tag = ETag::strong(format!("v{}", self.version)).map_err(Status::from_error)?;
        Ok(Validators::new().with_etag(tag))
    }
}

type Notes = Arc<Mutex<HashMap<String, Note>>>;

async fn read(State(notes): State<Notes>, Path(name): Path<String>) -> Result<impl IntoResponse, Status> {
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let note = notes.get(&name).or_status(Status::not_found().with_extension("note", &name))?;
    Ok((note.validators()?, note.text.clone()))
}

async fn write(
    State(notes): State<Notes>,
    Path(name): Path<String>,
    preconditions: Preconditions,
    text: String,
) -> Result<impl IntoResponse, Status> {
    // The lock is the transaction: there is no other write between the check and this one.
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let current = notes.get(&name).map(Note::validators).transpose()?;
    preconditions.check(current.as_ref())?;

    let note = notes.entry(name).or_insert(Note { version: 0, text: String::new() });
    *note = Note { version: note.version + 1, text };
    Ok((note.validators()?, StatusCode::NO_CONTENT))
}

fn app() -> Router {
    let notes = || Router::new().route("/notes/{name}", get(read).put(write));
    let layer = || ConditionalLayer::new().require_preconditions();
    // For a proxy that changes tags: nginx weakens those of compressed responses, Apache appends `-gzip`.
    let proxied = notes().route_layer(layer().weak_if_match().strip_tag_suffixes(["-gzip"]));
    notes().route_layer(layer()).nest("/proxied", proxied).layer(StatusMapLayer::new()).with_state(Notes::default())
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = examples::listen().await;
    let url = format!("http://{}/notes/tulips", listener.local_addr()?);
    println!("listening on http://{}", listener.local_addr()?);
    println!("  curl -i -X PUT -H 'if-none-match: *' -d red {url}       204 with its entity tag: created");
    println!("  curl -i -X PUT -d blue {url}                            428: a precondition is required");
    println!("  curl -i -X PUT -H 'if-match: \"v1\"' -d blue {url}        204 with the next tag");
    println!("  curl -i -X PUT -H 'if-match: \"v1\"' -d green {url}       412: the note has changed since");
    axum::serve(listener, app()).await
}
