//! gRPC, gRPC-Web and Connect.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "tonic")]
mod connect;
mod connect_conformance;
#[cfg(feature = "tonic")]
mod connect_inner;
#[cfg(feature = "tonic")]
mod connect_recognition;
#[cfg(all(feature = "connectrpc", feature = "tonic"))]
mod connectrpc;
mod error_response;
mod grpc;
mod grpc_alloc;
mod grpc_codes;
mod grpc_details;
mod grpc_error_info;
mod grpc_inner;
mod grpc_limit;
mod grpc_metadata;
mod grpc_recognition;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(feature = "tonic")]
mod tonic_converted;
#[cfg(feature = "tonic")]
mod tonic_hiding;
#[cfg(feature = "tonic")]
mod tonic_server;
#[cfg(feature = "tonic")]
mod tonic_shop;
#[cfg(feature = "tonic")]
mod tonic_web;
