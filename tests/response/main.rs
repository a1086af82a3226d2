//! The body and the header fields of an error response.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod accept;
#[path = "../common/mod.rs"]
mod common;
mod formats;
mod headers;
mod translate;
