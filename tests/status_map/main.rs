//! `StatusMapLayer`: how it resolves errors, and how it handles responses of the inner service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod caching;
#[path = "../common/mod.rs"]
mod common;
mod concealment;
mod context;
mod debug;
mod inner_response;
mod inner_response_fields;
mod layer;
mod layer_bounds;
mod leaks;
mod map_status;
mod no_content;
mod public_members;
mod readiness;
mod reason_phrase;
#[cfg(feature = "axum")]
mod records;
mod resolve;
mod resolve_built_in;
mod sizes;
mod type_base;
mod upgrade;
mod wrapped_errors;
