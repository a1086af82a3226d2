//! The layer and `Status` under axum.
#![cfg(feature = "axum")]

mod built_status;
mod handlers;
mod other_layers;
mod without_layer;
