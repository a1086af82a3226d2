//! The log: one line per error response, and warnings about mistakes of the application.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod capture;
#[path = "../common/mod.rs"]
mod common;
mod lines;
mod warnings;
