//! The code of `shop/v1.proto`. It was made by `.ci/proto/renew`, so that nobody else needs protoc.

#[allow(dead_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]
pub(crate) mod v1;
