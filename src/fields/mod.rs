//! Rules about request header fields that several parts share.

mod accept;
mod protocol;

pub use accept::Format;
pub(crate) use accept::negotiate;
pub use protocol::Protocol;
