//! gRPC and gRPC-Web.

mod grpc;
mod grpc_codes;
mod grpc_details;
mod grpc_inner;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(feature = "tonic")]
mod tonic_server;
