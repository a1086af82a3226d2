//! The body and the header fields of an error response.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod accept;
mod advice;
#[path = "../common/mod.rs"]
mod common;
mod formats;
mod headers;
mod translate;
