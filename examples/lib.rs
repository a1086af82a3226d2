//! Code that the examples share.

pub use quickstart::listen;
