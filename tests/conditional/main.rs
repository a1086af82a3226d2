//! Conditional requests (RFC 9110 §13): `evaluate`, entity tags, and `ConditionalLayer`.

mod etag;
mod layer;
#[cfg(feature = "axum")]
mod other_layers;
mod precondition;
mod sizes;
mod source;
