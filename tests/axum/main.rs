//! The layer and `Status` in axum.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod built_status;
#[path = "../common/mod.rs"]
mod common;
mod handlers;
mod layer_order;
mod nesting;
mod other_layers;
mod rejections;
mod uploads_and_websockets;
mod without_layer;
