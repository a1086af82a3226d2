//! gRPC and gRPC-Web.

mod error_response;
mod grpc;
mod grpc_codes;
mod grpc_details;
mod grpc_inner;
mod grpc_limit;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(feature = "tonic")]
mod tonic_server;
