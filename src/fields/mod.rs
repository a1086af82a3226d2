//! Rules about header fields that several parts share.

mod accept;
pub(crate) mod list;
pub(crate) mod media_type;
mod protocol;

pub use accept::Format;
pub(crate) use accept::negotiate;
pub use protocol::Protocol;
