//! Conditional requests (RFC 9110 §13): `evaluate`, entity tags, and `ConditionalLayer`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

#[path = "../common/mod.rs"]
mod common;
mod etag;
mod etag_list;
mod every_source;
mod generated;
mod layer;
mod naive;
mod nested;
mod options;
#[cfg(feature = "axum")]
mod other_layers;
mod per_field;
mod precondition;
mod query;
mod send;
mod sizes;
mod source;
mod validators;
