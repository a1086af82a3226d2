//! The number of allocations. The counts are exact: `allocation_counter` counts each thread separately.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod accept;
#[cfg(feature = "axum")]
mod axum;
#[path = "../common/mod.rs"]
mod common;
mod layer;
mod precondition;
