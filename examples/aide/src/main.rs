//! Notes, with an OpenAPI document that aide writes from the types of the handlers. `cargo run -p notes`

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use aide::{
    OperationInput,
    axum::{
        ApiRouter, IntoApiResponse,
        routing::{get, post_with},
    },
    openapi::{OpenApi, SecurityScheme},
    scalar::Scalar,
    transform::TransformOperation,
};
use axum::{
    Extension,
    extract::{FromRequestParts, State},
    http::{header, request::Parts},
    response::IntoResponse,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tower_status::{
    ETag, IntoStatus, Preconditions, Status, StatusMapLayer, Validators,
    extract::{Json, Path, Query},
    openapi::{self, ProblemDetails},
};

#[derive(Debug, thiserror::Error, IntoStatus)]
#[status(axum, aide)]
enum NoteError {
    /// No note has this number.
    #[error("note {id} does not exist")]
    #[status(404, type = "/problems/no-such-note", title = "No such note")]
    NoSuchNote {
        #[status(extension)]
        id: u32,
    },
    /// The Authorization field has no known token.
    #[error("sign in to change notes")]
    #[status(401, challenge = r#"Bearer realm="notes""#)]
    SignIn,
    /// There is another note with this text.
    #[error("a note with this text already exists")]
    #[status(409, extension("code" = "duplicate"))]
    Duplicate,
}

/// The text of a note.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
struct Note {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Number {
    id: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Filter {
    /// A part of the text.
    contains: Option<String>,
}

type Notes = Arc<Mutex<BTreeMap<u32, Note>>>;

/// A caller with the token `secret`.
struct Account;

impl<S: Sync> FromRequestParts<S> for Account {
    type Rejection = NoteError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoteError> {
        let token = parts.headers.get(header::AUTHORIZATION).filter(|value| *value == "Bearer secret");
        token.map(|_| Self).ok_or(NoteError::SignIn)
    }
}

// Empty: each handler that extracts an `Account` documents the 401 itself.
impl OperationInput for Account {}

async fn list(State(notes): State<Notes>, Query(filter): Query<Filter>) -> Result<Json<Vec<Note>>, Status> {
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let part = filter.contains.unwrap_or_default();
    Ok(Json(notes.values().filter(|note| note.text.contains(&part)).cloned().collect()))
}

async fn read(State(notes): State<Notes>, Path(Number { id }): Path<Number>) -> Result<Json<Note>, NoteError> {
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    notes.get(&id).cloned().map(Json).ok_or(NoteError::NoSuchNote { id })
}

async fn create(_: Account, State(notes): State<Notes>, Json(note): Json<Note>) -> Result<Json<Note>, NoteError> {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    if notes.values().any(|other| other.text == note.text) {
        return Err(NoteError::Duplicate);
    }
    let id = notes.last_key_value().map_or(1, |(id, _)| id + 1);
    notes.insert(id, note.clone());
    Ok(Json(note))
}

async fn replace(
    _: Account,
    State(notes): State<Notes>,
    Path(Number { id }): Path<Number>,
    preconditions: Preconditions,
    Json(note): Json<Note>,
) -> Result<Json<Note>, Status> {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let current = notes.get_mut(&id).ok_or(NoteError::NoSuchNote { id })?;
    preconditions.check(Some(&Validators::new().with_etag(ETag::of_bytes(current.text.as_bytes()))))?;
    *current = note.clone();
    Ok(Json(note))
}

/// Documents what the types do not show: the token, and the errors of a handler that returns a `Status`.
fn document_replace(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation.security_requirement("token").response::<404, NoteError>().response::<401, NoteError>()
}

async fn document(Extension(api): Extension<Arc<OpenApi>>) -> impl IntoApiResponse {
    axum::Json(&*api).into_response()
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().init();
    let listener = quickstart::listen().await;
    let mut api = OpenApi::default();
    let app = ApiRouter::new()
        .api_route("/notes", get(list).merge(post_with(create, |operation| operation.security_requirement("token"))))
        .api_route("/notes/{id}", get(read).put_with(replace, document_replace))
        .route("/openapi.json", axum::routing::get(document))
        .route("/", Scalar::new("/openapi.json").axum_route())
        .finish_api_with(&mut api, |api| {
            let token = SecurityScheme::Http {
                scheme: "bearer".into(),
                bearer_format: None,
                description: None,
                extensions: [].into_iter().collect(),
            };
            let api = api.title("Notes").version("1.0.0").security_scheme("token", token);
            ProblemDetails.transform(openapi::defaults().transform(api))
        })
        .with_state(Notes::default())
        .layer(Extension(Arc::new(api)))
        .layer(StatusMapLayer::new());
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await
}
