//! How much is allocated. The counts are exact: `allocation_counter` counts each thread alone.

mod accept;
#[cfg(feature = "axum")]
mod axum;
mod layer;
mod precondition;
