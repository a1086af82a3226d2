//! The layers over HTTP/2 with real frames, compression on both sides: through axum, and through hyper alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

#[path = "../common/mod.rs"]
mod common;
mod no_content;
