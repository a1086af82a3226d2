//! `#[derive(IntoStatus)]`.
#![cfg(feature = "derive")]
// A test fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod causes;
mod cfg;
mod compared;
mod documented;
mod generics;
mod hygiene;
mod keys;
mod raw;
mod renamed;
mod shapes;
