//! tower-status in each host: a recipe, and what a client gets from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod jsonrpsee;
mod lambda;
mod poem;
mod reverse_proxy;
mod salvo;
mod warp;

use http::StatusCode;

/// Checks the response to a request for a path that does not exist.
fn check_not_found(code: u16, content_type: &str, body: &[u8], path: &str) {
    assert_eq!((code, content_type), (StatusCode::NOT_FOUND.as_u16(), "application/problem+json"));
    let document: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(document["detail"], format!("there is nothing at {path}"));
    assert_eq!((&document["status"], &document["shop"]), (&404.into(), &"tulips".into()));
}
