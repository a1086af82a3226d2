//! Hostile input, limits, faults, and properties that hold for every input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod bounds;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod faults_hooks;
mod faults_server;
mod faults_wire;
mod properties;
mod security;
mod strategies;
mod upstream;
