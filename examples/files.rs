//! A folder of files whose interrupted downloads can be resumed. `cargo run --example files -- 127.0.0.1:0 FOLDER`
//!
//! tower-http's `ServeDir` sends ranges, but ignores If-Range: a client that resumes a download of a changed file would
//! join parts of two versions. The source of validators below decides If-Range, before `ServeDir` gets the request.

use std::{
    env,
    fs::Metadata,
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::Router;
use http::{Request, Response, header};
use percent_encoding::percent_decode_str;
use tower::ServiceBuilder;
use tower_http::services::ServeDir;
use tower_status::{ConditionalLayer, ETag, Status, StatusMapLayer, Validators, conditional::InvalidETag};

const PREFIX: &str = "/files/";

/// Returns the validators of the file that a path names; `None` if there is none.
async fn validators(folder: Arc<Path>, path: String) -> Result<Option<Validators>, Status> {
    let Some(path) = inside(&folder, &path) else { return Ok(None) };
    // `ServeDir` responds if the file is missing or cannot be read.
    let Ok(metadata) = tokio::fs::metadata(path).await else { return Ok(None) };
    if !metadata.is_file() {
        return Ok(None);
    }
    let modified = metadata.modified()?;
    let tag = etag(&metadata, modified).map_err(Status::from_error)?;
    Ok(Some(Validators::new().with_etag(tag).with_last_modified(modified)))
}

/// Returns a tag of the size and the time of the last change. It is weak during the second after a change, because the clocks
/// of file systems are coarse: another change may leave both unchanged.
fn etag(metadata: &Metadata, modified: SystemTime) -> Result<ETag, InvalidETag> {
    let nanoseconds = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let opaque = format!("{:x}-{nanoseconds:x}", metadata.len());
    let is_settled = modified.elapsed().is_ok_and(|elapsed| elapsed >= Duration::from_secs(1));
    if is_settled { ETag::strong(opaque) } else { ETag::weak(opaque) }
}

/// Returns the file that a URI path names, unless it is outside of the folder.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decode_str(path.strip_prefix(PREFIX)?).decode_utf8().ok()?;
    let is_inside = Path::new(&*path).components().all(|component| matches!(component, Component::Normal(_)));
    is_inside.then(|| folder.join(&*path))
}

fn app(folder: Arc<Path>) -> Router {
    let serve_dir = ServeDir::new(&folder);
    let layer =
        ConditionalLayer::new().validators(move |parts| validators(Arc::clone(&folder), parts.uri.path().to_owned()));
    let files = ServiceBuilder::new()
        .layer(layer)
        // `ServeDir` compares conditions with its own tag, which cannot be computed here.
        .map_request(|mut request: Request<_>| {
            for name in
                [header::IF_MATCH, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE]
            {
                request.headers_mut().remove(name);
            }
            request
        })
        .map_response(|mut response: Response<_>| {
            response.headers_mut().remove(header::ETAG);
            response
        })
        .service(serve_dir);
    Router::new().nest_service(PREFIX.trim_end_matches('/'), files).layer(StatusMapLayer::new())
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let folder = env::args().nth(2).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let listener = examples::listen().await;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -O {url}/files/Cargo.lock         downloads a file of the current folder");
    println!("  curl -C - -O {url}/files/Cargo.lock    resumes it");
    axum::serve(listener, app(folder.into())).await
}
