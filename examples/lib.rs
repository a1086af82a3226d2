//! What the examples share.

pub use quickstart::listen;
