//! gRPC, gRPC-Web and Connect.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "tonic")]
mod connect;
mod connect_conformance;
#[cfg(all(feature = "connectrpc", feature = "tonic"))]
mod connectrpc;
mod error_response;
mod grpc;
mod grpc_codes;
mod grpc_details;
mod grpc_inner;
mod grpc_limit;
mod grpc_metadata;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(feature = "tonic")]
mod tonic_hiding;
#[cfg(feature = "tonic")]
mod tonic_server;
