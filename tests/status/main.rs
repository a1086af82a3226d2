//! [`Status`](tower_status::Status) and the catalog.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod catalog;
#[path = "../common/mod.rs"]
mod common;
mod conversions;
mod depth;
mod from_problem;
mod setters;
