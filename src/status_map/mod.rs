//! [`StatusMapLayer`](crate::StatusMapLayer): its service and future.
//!
//! A request flows in one direction: `request` reads its head; the inner service returns a response or an error;
//! `resolve` finds the status of an error; `plan` decides how the response is changed; `respond` writes it.

mod connect_response;
mod debug;
mod exchange;
mod inner_response;
pub(crate) mod layer;
mod log;
mod options;
mod plan;
mod request;
mod resolve;
mod respond;
mod setters;

pub use crate::response::{Accent, Text};
pub use layer::{StatusMap, StatusMapFuture};
